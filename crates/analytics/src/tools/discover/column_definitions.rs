//! The columns of events, for `get_property_definitions`: how many events have a value there, and which.

use serde_json::Value as Json;
use sightline_warehouse::{Query, Sql, Statement, sql};

use super::get_property_definitions::{Definition, Described, Question};
use crate::columns::{Column, EVENTS, Kind};
use crate::failure::Failure;
use crate::numbers::percent;

impl Question<'_> {
    /// How many events there are, the newest, and the columns that have values.
    pub(super) async fn columns(&self) -> Result<(i64, Option<String>, Vec<Definition>), Failure> {
        let search = self.search.unwrap_or_default().to_lowercase();
        let asked: Vec<&'static Column> = EVENTS
            .iter()
            .filter(|column| column.kind != Kind::Map)
            .filter(|column| {
                column.name.contains(&search) || column.key().to_lowercase().contains(&search)
            })
            .collect();
        let rows = self.context.run(self.statement(&asked)).await?.rows;
        let mut cells = rows
            .into_iter()
            .next()
            .ok_or_else(|| Failure::fault("an aggregate without groups answered no row"))?
            .into_iter();
        let (Some(events), newest) = (
            cells.next().as_ref().and_then(Json::as_i64),
            cells
                .next()
                .as_ref()
                .and_then(Json::as_str)
                .map(str::to_owned),
        ) else {
            return Err(Failure::fault(
                "the statement over columns answered no count",
            ));
        };
        let mut found = Vec::new();
        for column in asked {
            let own: Vec<Json> = cells.by_ref().take(measures(column.kind)).collect();
            let definition = self.definition(column, own, events)?;
            found.extend(definition.filter(|definition| definition.events > 0));
        }
        Ok((events, newest, found))
    }

    /// A column, by what was measured of it; none of one that no event has a value in.
    fn definition(
        &self,
        column: &Column,
        measured: Vec<Json>,
        events: i64,
    ) -> Result<Option<Definition>, Failure> {
        let mut measured = measured.into_iter();
        let first = measured.next().unwrap_or_default();
        let name = column.name.to_owned();
        if column.kind == Kind::TextList {
            let carriers = first.as_i64().unwrap_or_default();
            return Ok(Some(Definition {
                name,
                events: carriers,
                share_percent: percent(carriers, events),
                likely_type: "list".into(),
                distinct_values: None,
                approximate: false,
                examples: Vec::new(),
            }));
        }
        let described: Option<Described> = serde_json::from_value(first).map_err(|error| {
            Failure::fault(format!(
                "the statement over columns described none: {error}"
            ))
        })?;
        let Some(described) = described else {
            return Ok(None);
        };
        let mut definition = described.definition(name, events);
        let likely_type = match column.kind {
            Kind::Text => {
                return Ok(Some(Definition {
                    likely_type: "text".into(),
                    ..definition
                }));
            }
            Kind::Number | Kind::Money => "number",
            Kind::Truth => "boolean",
            Kind::Instant => "date",
            Kind::Map | Kind::TextList => "list",
        };
        definition.likely_type = likely_type.into();
        // In the order of what they are, not of the texts they are written as.
        definition.examples = measured
            .filter_map(|cell| self.example(column, &cell))
            .collect();
        definition.examples.dedup();
        Ok(Some(definition))
    }

    fn example(&self, column: &Column, cell: &Json) -> Option<String> {
        match (column.kind, cell) {
            (_, Json::Null) => None,
            (Kind::Instant, Json::String(text)) => self.context.local(text).ok(),
            (Kind::Money, Json::Number(minor)) => {
                Some(self.context.money(minor.as_i64()?).to_string())
            }
            (_, Json::String(text)) => Some(text.clone()),
            (_, other) => Some(other.to_string()),
        }
    }

    /// Count, newest event, and the [`measures`] of every column.
    fn statement(&self, columns: &[&'static Column]) -> Statement {
        let mut query = self.context.query();
        let mut measured = vec![sql!("count(*) AS events"), sql!("max(timestamp) AS newest")];
        for (column, n) in columns.iter().zip(0_usize..) {
            let value = self.carried(&mut query, column);
            let dialect = query.dialect();
            measured.push(match column.kind {
                Kind::Text => {
                    let described = dialect.describe_values(&value);
                    sql!("{described} AS d_{n}", described, n)
                }
                Kind::TextList => {
                    let has_texts = dialect.has_texts(&value);
                    sql!(
                        "sum(CASE WHEN {has_texts} THEN 1 ELSE 0 END) AS n_{n}",
                        has_texts,
                        n
                    )
                }
                _ => {
                    let described = match column.kind {
                        Kind::Instant => dialect.describe_values(&dialect.epoch_ms(&value)),
                        _ => dialect.describe_values(&value),
                    };
                    sql!(
                        "{described} AS d_{n}, min({value}) AS lo_{n}, max({value}) AS hi_{n}",
                        described,
                        n,
                        value
                    )
                }
            });
        }
        let measured = Sql::join(measured, ", ");
        let within = self.within(&mut query);
        query.finish(sql!(
            "SELECT {measured} FROM events WHERE {within}",
            measured,
            within
        ))
    }

    /// A column's value as answers show it, null where it is empty.
    fn carried(&self, query: &mut Query<'_>, column: &Column) -> Sql {
        let name = column.sql();
        match column.kind {
            Kind::Text if column.name == "name" => {
                let shown = self.context.project.event_names.shown_sql(query);
                sql!("nullif({shown}, '')", shown)
            }
            Kind::Text => sql!("nullif({name}, '')", name),
            _ => name,
        }
    }
}

/// How many cells a column has in the answer: of values with an order of their own also the lowest and the highest.
fn measures(kind: Kind) -> usize {
    match kind {
        Kind::Text | Kind::TextList | Kind::Map => 1,
        Kind::Number | Kind::Money | Kind::Truth | Kind::Instant => 3,
    }
}
