//! The keeper of one client's window: a Durable Object per [`limit key`](sightline_oauth::Principal::limit_key).
//!
//! One object is the only writer of its window, and decides about a request without waiting for anything in between: that is what
//! makes the count exact however many requests come at once. Grants are rows in the object's SQLite, so a restart
//! counts on; the answer leaves only once they are on disk (the platform's output gate). When the last grant has left the window,
//! an alarm deletes the object's storage: an idle client costs nothing.
//!
//! It believes who calls, which only this Worker can. Whether a caller may be counted under a key is `limits`' business.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use serde::Deserialize;
use sightline_limits::{Decision, Grant, WINDOW_MS, Window};
use worker::{
    Date, DurableObject, Env, Request, Response, Result, SqlStorage, SqlStorageValue, State,
    durable_object, wasm_bindgen,
};

/// A grant per row. Instants are ms since 1970 UTC.
const SCHEMA: &str =
    "CREATE TABLE IF NOT EXISTS grants (at_ms INTEGER PRIMARY KEY, units INTEGER NOT NULL) STRICT";

const READ: &str = "SELECT at_ms, units FROM grants";

const ADD: &str = "INSERT INTO grants (at_ms, units) VALUES (?, ?) ON CONFLICT (at_ms) DO UPDATE SET units = units + excluded.units";

const FORGET: &str = "DELETE FROM grants WHERE at_ms <= ?";

/// A Durable Object that counts one client's requests.
#[durable_object(alarm)]
pub struct RequestLimiter {
    state: State,
    /// What the rows say; read when the first request comes, and again after a write that failed.
    window: RefCell<Option<Window>>,
    /// Whether this instance has set the alarm.
    armed: Cell<bool>,
}

#[derive(Deserialize)]
struct GrantRow {
    at_ms: f64,
    units: u32,
}

/// What is asked of the object: `units` under `limit`, in the query of the URL, so that nothing is awaited before deciding.
#[derive(Deserialize)]
struct Ask {
    units: u32,
    limit: u32,
}

/// The address at which an object is asked. Only its query is read; the host is nobody's.
pub fn address(units: u32, limit: u32) -> String {
    format!("https://limiter.invalid/take?units={units}&limit={limit}")
}

impl DurableObject for RequestLimiter {
    fn new(state: State, _env: Env) -> Self {
        Self {
            state,
            window: RefCell::default(),
            armed: Cell::new(false),
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let ask: Ask = request.query()?;
        let decision = self.take(&ask).inspect_err(|_| {
            self.window.borrow_mut().take();
        })?;
        self.arm().await?;
        Response::from_json(&decision)
    }

    async fn alarm(&self) -> Result<Response> {
        self.armed.set(false);
        let now_ms = Date::now().as_millis();
        let is_empty = {
            let mut held = self.window.borrow_mut();
            let window = self.read(&mut held)?;
            window.forget(now_ms);
            window.empties_at_ms().is_none()
        };
        if is_empty {
            self.window.borrow_mut().take();
            self.state.storage().delete_all().await?;
        } else {
            self.sql().exec(FORGET, vec![expired(now_ms)?])?;
            self.arm().await?;
        }
        Response::empty()
    }
}

impl RequestLimiter {
    fn sql(&self) -> SqlStorage {
        self.state.storage().sql()
    }

    /// Decides, and writes down what was granted. Nothing is awaited here.
    fn take(&self, ask: &Ask) -> Result<Decision> {
        let mut held = self.window.borrow_mut();
        let window = self.read(&mut held)?;
        let (decision, grant) = window.take(Date::now().as_millis(), ask.units, ask.limit);
        if let Some(Grant { at_ms, units }) = grant {
            let units = SqlStorageValue::Integer(units.into());
            self.sql().exec(ADD, vec![instant(at_ms)?, units])?;
        }
        Ok(decision)
    }

    /// The window, read from the rows unless it is held already.
    fn read<'a>(&self, held: &'a mut Option<Window>) -> Result<&'a mut Window> {
        if held.is_none() {
            let sql = self.sql();
            sql.exec(SCHEMA, None)?;
            let rows: Vec<GrantRow> = sql.exec(READ, None)?.to_array()?;
            *held = Some(Window::of(rows.into_iter().map(Grant::from)));
        }
        held.as_mut()
            .ok_or_else(|| "a window that was just read is not there".into())
    }

    /// Sets the alarm for when what is held now will have left the window, unless one of this instance is still to come.
    async fn arm(&self) -> Result<()> {
        if self.armed.replace(true) {
            return Ok(());
        }
        let empties_at_ms = self
            .window
            .borrow()
            .as_ref()
            .and_then(Window::empties_at_ms);
        let wait_ms = empties_at_ms.map_or(WINDOW_MS, |empties_at_ms| {
            empties_at_ms.saturating_sub(Date::now().as_millis())
        });
        let storage = self.state.storage();
        storage
            .set_alarm(Duration::from_millis(wait_ms))
            .await
            .inspect_err(|_| self.armed.set(false))
    }
}

impl From<GrantRow> for Grant {
    /// SQLite hands numbers over as floats; ms since 1970 fit exactly.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "written from a `u64` far below 2^53"
    )]
    fn from(row: GrantRow) -> Self {
        Self {
            at_ms: row.at_ms as u64,
            units: row.units,
        }
    }
}

fn instant(at_ms: u64) -> Result<SqlStorageValue> {
    SqlStorageValue::try_from_i64(i64::try_from(at_ms).unwrap_or(i64::MAX))
}

/// The latest instant whose grants no longer count.
fn expired(now_ms: u64) -> Result<SqlStorageValue> {
    instant(now_ms.saturating_sub(WINDOW_MS))
}
