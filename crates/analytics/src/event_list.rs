//! Single events in a total order: the statement, and the rows it answers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use sightline_warehouse::{InstantMs, Sql, Statement, Value, sql};

use crate::columns::Column;
use crate::context::Context;
use crate::event_row::{EventRow, Pick};
use crate::failure::Failure;
use crate::filters::Conditions;
use crate::interval::instant;
use crate::keyset;
use crate::range::Range;

/// Which end comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(description = "")]
pub(crate) enum Order {
    #[default]
    Newest,
    Oldest,
}

/// What events are sorted by; a file without one of these columns has null there.
const KEY: [&str; 6] = [
    "timestamp",
    "coalesce(event_id, '')",
    "coalesce(profile_id, '')",
    "coalesce(session_id, '')",
    "coalesce(name, '')",
    "coalesce(path, '')",
];

/// Events to ask for.
pub(crate) struct EventList<'a> {
    /// When they were.
    pub(crate) range: &'a Range,
    /// Their names; nothing: any.
    pub(crate) event_names: &'a [String],
    /// What must hold of them.
    pub(crate) conditions: &'a Conditions,
    /// Which end comes first.
    pub(crate) order: Order,
    /// What is told of each.
    pub(crate) picks: &'a [Pick],
    /// The most to answer.
    pub(crate) rows: usize,
}

/// Events found.
pub(crate) struct EventsFound {
    /// What is told of each.
    pub(crate) events: Vec<EventRow>,
    /// What they are in order of.
    pub(crate) keys: Vec<Json>,
    /// The newest of them.
    pub(crate) newest: Option<InstantMs>,
    /// Whether there are more.
    pub(crate) more: bool,
    /// Whether any has a revenue.
    pub(crate) has_revenue: bool,
}

impl EventList<'_> {
    /// The first of them, or those after the call's cursor.
    pub(crate) async fn found(&self, context: &Context<'_>) -> Result<EventsFound, Failure> {
        let mut found = context.run(self.statement(context)?).await?.rows;
        let more = found.len() > self.rows;
        found.truncate(self.rows);
        let mut events = Vec::with_capacity(found.len());
        let mut keys = Vec::with_capacity(found.len());
        let mut newest: Option<InstantMs> = None;
        for cells in &found {
            let (key, cells) = cells.split_at(KEY.len().min(cells.len()));
            let time = instant(key.first().and_then(Json::as_str).unwrap_or_default())?;
            newest = newest.max(Some(time));
            keys.push(json!([time, &key[1..]]));
            events.push(EventRow::of(self.picks, cells, context)?);
        }
        let has_revenue = self.picks.iter().zip(KEY.len()..).any(|(pick, at)| {
            let is_revenue = matches!(pick, Pick::Column(column) if column.name == "revenue");
            is_revenue
                && found
                    .iter()
                    .any(|cells| cells.get(at).is_some_and(|cell| !cell.is_null()))
        });
        Ok(EventsFound {
            events,
            keys,
            newest,
            more,
            has_revenue,
        })
    }

    fn statement(&self, context: &Context<'_>) -> Result<Statement, Failure> {
        let mut query = context.query();
        let key = Sql::join(
            KEY.iter()
                .zip(0_usize..)
                .map(|(column, n)| sql!("{column} AS key_{n}", column, n)),
            ", ",
        );
        let mut columns = Vec::new();
        for (pick, n) in self.picks.iter().zip(0_usize..) {
            let value = match pick {
                Pick::Column(Column { name: "name", .. }) => {
                    context.project.event_names.shown_sql(&mut query)
                }
                Pick::Column(column) => column.sql(),
                Pick::Property(key) => {
                    let key = query.bind(key);
                    query.dialect().property(&Sql::from("properties"), &key)
                }
            };
            columns.push(sql!("{value} AS column_{n}", value, n));
        }
        let columns = Sql::join(columns, ", ");
        let within = self.range.contains(&mut query, "timestamp");
        let mut filters = self
            .conditions
            .on_events(&mut query, context.project, self.range);
        if !self.event_names.is_empty() {
            let named = context
                .project
                .event_names
                .is_any(&mut query, self.event_names.iter().map(String::as_str));
            filters = sql!("{filters} AND {named}", filters, named);
        }
        let order = keyset::Order {
            by: KEY.iter().map(|column| Sql::from(*column)).collect(),
            descending: self.order == Order::Newest,
        };
        let mut skip = 0;
        if let Some(cursor) = &context.cursor {
            let (time, rest): (InstantMs, [String; KEY.len() - 1]) = cursor.key()?;
            let key = [Value::TimestampMs(time)]
                .into_iter()
                .chain(rest.map(Value::from))
                .collect();
            let from = order.from(&mut query, key);
            filters = sql!("{filters} AND {from}", filters, from);
            skip = cursor.skip;
        }
        let (sorted, rows) = (order.sql(), self.rows + 1);
        Ok(query.finish(sql!(
            "SELECT {key}, {columns} FROM events WHERE {within}{filters} ORDER BY {sorted} LIMIT {rows} OFFSET {skip}",
            key,
            columns,
            within,
            filters,
            sorted,
            rows,
            skip
        )))
    }
}
