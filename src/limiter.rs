//! The keeper of one client's window: a Durable Object per [`limit key`](sightline_oauth::Principal::limit_key).
//!
//! One object is the only writer of its window, and decides about a request without waiting for anything in between: that is what
//! makes the count exact however many requests come at once. Grants are rows in the object's SQLite, so a restart
//! counts on; the answer leaves only once they are on disk (the platform's output gate). When the last grant has left the window,
//! an alarm deletes the object's storage: an idle client costs nothing. Before a grant is forgotten it is added to the client's count of the
//! day (`usage`).
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

use crate::access::Database;
use crate::usage::Used;

/// How long an alarm that could not count waits for the next.
const RECOUNT_AFTER: Duration = Duration::from_secs(60);

/// A grant per row. Instants are ms since 1970 UTC.
const SCHEMA: &str =
    "CREATE TABLE IF NOT EXISTS grants (at_ms INTEGER PRIMARY KEY, units INTEGER NOT NULL) STRICT";

const READ: &str = "SELECT at_ms, units FROM grants";

const ADD: &str = "INSERT INTO grants (at_ms, units) VALUES (?, ?) ON CONFLICT (at_ms) DO UPDATE SET units = units + excluded.units";

const FORGET: &str = "DELETE FROM grants WHERE at_ms <= ?";

/// Grants about to be forgotten, by day.
const USED: &str = "SELECT at_ms / 86400000 AS day, SUM(units) AS requests, MAX(at_ms) AS last_at_ms FROM grants WHERE at_ms <= ? GROUP BY 1";

/// Whose requests are counted here: an alarm is not told.
const SUBJECT_SCHEMA: &str = "CREATE TABLE IF NOT EXISTS subject (one INTEGER PRIMARY KEY CHECK (one = 1), name TEXT NOT NULL) STRICT";

const NAME: &str = "INSERT INTO subject (one, name) VALUES (1, ?) ON CONFLICT (one) DO NOTHING";

const NAMED: &str = "SELECT name FROM subject";

/// A Durable Object that counts one client's requests.
#[durable_object(alarm)]
pub struct RequestLimiter {
    state: State,
    env: Env,
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

#[derive(Deserialize)]
struct UsedRow {
    day: f64,
    requests: f64,
    last_at_ms: f64,
}

#[derive(Deserialize)]
struct SubjectRow {
    name: String,
}

/// What is asked of the object: `units` under `limit` for `subject`, in the query of the URL, so that nothing is awaited before deciding.
#[derive(Deserialize)]
struct Ask {
    units: u32,
    limit: u32,
    subject: String,
}

/// The address at which an object is asked. Only its query is read; the host is nobody's.
pub fn address(subject: &str, units: u32, limit: u32) -> String {
    let subject: String = form_urlencoded::byte_serialize(subject.as_bytes()).collect();
    format!("https://limiter.invalid/take?units={units}&limit={limit}&subject={subject}")
}

impl DurableObject for RequestLimiter {
    fn new(state: State, env: Env) -> Self {
        Self {
            state,
            env,
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
        if let Err(fault) = self.count(now_ms).await {
            // What was granted stays in its rows, and is counted by the next alarm.
            let line =
                serde_json::json!({"limiter": "usage", "ok": false, "fault": fault.to_string()});
            worker::console_error!("{line}");
            self.armed.set(true);
            self.state.storage().set_alarm(RECOUNT_AFTER).await?;
            return Response::empty();
        }
        // A request may have come while D1 was waited for: then there is something to hold on to.
        let is_still_empty = is_empty && self.is_empty_now()?;
        if is_still_empty {
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

    fn is_empty_now(&self) -> Result<bool> {
        let mut held = self.window.borrow_mut();
        Ok(self.read(&mut held)?.empties_at_ms().is_none())
    }

    /// Adds what left the window by `now_ms` to the client's counts.
    async fn count(&self, now_ms: u64) -> Result<()> {
        let sql = self.sql();
        sql.exec(SUBJECT_SCHEMA, None)?;
        let named: Vec<SubjectRow> = sql.exec(NAMED, None)?.to_array()?;
        let rows: Vec<UsedRow> = sql.exec(USED, vec![expired(now_ms)?])?.to_array()?;
        let Some(subject) = named.first().filter(|_| !rows.is_empty()) else {
            return Ok(());
        };
        let used: Vec<Used> = rows.into_iter().map(Used::from).collect();
        let database = Database::of(&self.env).map_err(|fault| fault.to_string())?;
        let added = database.add_usage(&subject.name, &used).await;
        added.map_err(|fault| fault.to_string().into())
    }

    /// Decides, and writes down what was granted. Nothing is awaited here.
    fn take(&self, ask: &Ask) -> Result<Decision> {
        let mut held = self.window.borrow_mut();
        if held.is_none() {
            self.sql().exec(SUBJECT_SCHEMA, None)?;
            let subject = SqlStorageValue::String(ask.subject.clone());
            self.sql().exec(NAME, vec![subject])?;
        }
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

impl From<UsedRow> for Used {
    fn from(row: UsedRow) -> Self {
        Self {
            day: row.day.floor(),
            requests: row.requests,
            last_at_ms: row.last_at_ms,
        }
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
