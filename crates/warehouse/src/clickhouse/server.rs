//! One server: how it is asked, and what is known of its tables.

use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;

use futures::future::{Either, select};
use serde::Deserialize;

use super::failure::{Exception, Failed};
use super::mapping::Mapping;
use super::parameters::escaped;
use super::relations::Relations;
use super::rows;
use super::settings;
use super::sources::Sources;
use super::transport::{Question, Response, Transport, TransportFault};
use crate::author::Author;
use crate::error::WarehouseError;
use crate::host::Host;
use crate::limits::Limits;
use crate::result::{ResultSet, Scanned};

/// How long what is known of the tables is taken for true: a new column is seen after that.
const KNOWN_FOR_MS: u64 = 60_000;

/// How long to wait before the one further try.
const PAUSE_MS: u64 = 100;

/// What the server is given beyond its own time limit to say that it was reached.
const GRACE_MS: u64 = 2_000;

/// A server, shared by all requests of an isolate: it holds nothing that belongs to one of them.
pub struct ClickHouse {
    transport: Rc<dyn Transport>,
    host: Rc<dyn Host>,
    mapping: Mapping,
    known: RefCell<Option<(u64, Rc<Relations>)>>,
}

/// What a response's head says of the query.
#[derive(Deserialize, Default)]
struct Summary {
    #[serde(default)]
    read_rows: String,
    #[serde(default)]
    read_bytes: String,
}

impl ClickHouse {
    /// The server that `transport` reaches.
    pub fn new(transport: Rc<dyn Transport>, host: Rc<dyn Host>, mapping: Mapping) -> Self {
        Self {
            transport,
            host,
            mapping,
            known: RefCell::new(None),
        }
    }

    /// The mapping it is read by.
    pub(super) fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// The tables there are.
    pub(super) async fn relations(&self, limits: &Limits) -> Result<Rc<Relations>, WarehouseError> {
        let now_ms = self.host.now_ms();
        if let Some((at_ms, relations)) = &*self.known.borrow()
            && now_ms.saturating_sub(*at_ms) < KNOWN_FOR_MS
        {
            return Ok(Rc::clone(relations));
        }
        let sources = self.sources(limits).await?;
        let relations = Rc::new(Relations::of(&self.mapping, &sources));
        *self.known.borrow_mut() = Some((now_ms, Rc::clone(&relations)));
        Ok(relations)
    }

    /// The tables and columns the server shows to this user.
    async fn sources(&self, limits: &Limits) -> Result<Sources, WarehouseError> {
        let answer = self.columns(limits).await;
        let answer = answer.map_err(|failed| failed.explain(Author::Tool, limits, &[]))?;
        Ok(Sources::of(answer.decode()?))
    }

    /// A row for each column of the database.
    pub(super) async fn columns(&self, limits: &Limits) -> Result<ResultSet, Failed> {
        let question = Question {
            query: "SELECT table, name, type FROM system.columns WHERE database = {database:String} ORDER BY table, position"
                .to_owned(),
            parameters: vec![("database".to_owned(), escaped(self.mapping.database()))],
            settings: settings::of(limits, String::new()),
        };
        self.ask(&question, limits).await
    }

    /// Asks, within the time limit; once more if nothing came back.
    pub(super) async fn ask(
        &self,
        question: &Question,
        limits: &Limits,
    ) -> Result<ResultSet, Failed> {
        let started_ms = self.host.now_ms();
        let limit_ms = u64::try_from(limits.time.as_millis()).unwrap_or(u64::MAX);
        let alarm = self.host.sleep_ms(limit_ms.saturating_add(GRACE_MS));
        let answered = match select(pin!(self.answer(question, limits)), alarm).await {
            Either::Left((answered, _)) => answered,
            Either::Right(_) => Err(Failed::TimedOut),
        };
        if answered.as_ref().is_err_and(Failed::doubts_the_tables) {
            *self.known.borrow_mut() = None;
        }
        answered.map(|mut result| {
            result.elapsed_ms = self.host.now_ms().saturating_sub(started_ms);
            result
        })
    }

    async fn answer(&self, question: &Question, limits: &Limits) -> Result<ResultSet, Failed> {
        let mut response = self.transport.ask(question).await;
        if nothing_was_read(&response) {
            self.host.sleep_ms(PAUSE_MS).await;
            response = self.transport.ask(question).await;
        }
        let response = response?;
        if response.status != 200 {
            let text = rows::text(response.body).await.unwrap_or_default();
            return Err(Exception::in_text(&text)
                .map_or(Failed::Status(response.status), Failed::Exception));
        }
        let summary: Summary = response
            .summary
            .and_then(|summary| serde_json::from_str(&summary).ok())
            .unwrap_or_default();
        let mut result = rows::read(response.body, limits).await?;
        result.scanned = Scanned {
            rows: summary.read_rows.parse().unwrap_or(0),
            bytes: summary.read_bytes.parse().unwrap_or(0),
            reads: 1,
        };
        Ok(result)
    }
}

/// Whether a question may have got no further than the way to the server, so that asking again is the same as asking once.
fn nothing_was_read(response: &Result<Response, TransportFault>) -> bool {
    match response {
        Ok(response) => matches!(response.status, 502..=504),
        Err(fault) => *fault == TransportFault::Unreachable,
    }
}
