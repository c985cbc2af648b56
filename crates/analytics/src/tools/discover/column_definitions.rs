//! The columns of events, for `get_property_definitions`: how many events have a value there, and which.

use serde_json::Value as Json;
use sightline_warehouse::{Query, Sql, Statement, sql};

use super::get_property_definitions::{Definition, Question, example, has_few};
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
        let cells = self.first_row(self.counts(&asked)).await?;
        let (Some(events), newest) = (
            cells.first().and_then(Json::as_i64),
            cells.get(1).and_then(Json::as_str),
        ) else {
            return Err(Failure::fault(
                "the statement over columns answered no count",
            ));
        };
        let mut found: Vec<(&'static Column, Definition)> = Vec::new();
        for (column, cells) in asked
            .into_iter()
            .zip(cells.get(2..).unwrap_or_default().chunks(CELLS))
        {
            let carriers = cells.first().and_then(Json::as_i64).unwrap_or_default();
            if carriers > 0 {
                found.push((column, self.column(column, carriers, events, cells)));
            }
        }
        self.recount(&mut found).await?;
        Ok((
            events,
            newest.map(str::to_owned),
            found
                .into_iter()
                .map(|(_, definition)| definition)
                .collect(),
        ))
    }

    fn column(&self, column: &Column, carriers: i64, events: i64, cells: &[Json]) -> Definition {
        let distinct_values = cells.get(1).and_then(Json::as_i64);
        let mut examples: Vec<String> = cells
            .iter()
            .skip(2)
            .filter_map(|cell| self.example(column, cell))
            .collect();
        examples.dedup();
        let examples = examples.into_iter().map(example).collect();
        Definition {
            name: column.name.to_owned(),
            events: carriers,
            share_percent: percent(carriers, events),
            likely_type: match column.kind {
                Kind::Text | Kind::Map => "text",
                Kind::TextList => "list",
                Kind::Number | Kind::Money => "number",
                Kind::Truth => "boolean",
                Kind::Instant => "date",
            },
            distinct_values,
            approximate: distinct_values.is_some(),
            examples,
        }
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

    /// Count, newest event, and [`CELLS`] measures of every column.
    fn counts(&self, columns: &[&'static Column]) -> Statement {
        let mut query = self.context.query();
        let mut measures = vec![sql!("count(*) AS events"), sql!("max(timestamp) AS newest")];
        for (column, n) in columns.iter().zip(0_usize..) {
            let value = self.carried(&mut query, column);
            let dialect = query.dialect();
            let measure = if column.kind == Kind::TextList {
                let has_texts = dialect.has_texts(&column.sql());
                sql!(
                    "sum(CASE WHEN {has_texts} THEN 1 ELSE 0 END) AS n_{n}, NULL AS d_{n}, NULL AS lo_{n}, NULL AS hi_{n}",
                    has_texts,
                    n
                )
            } else {
                // An engine may count texts approximately, but not floats.
                let counted = if column.kind == Kind::Number {
                    dialect.as_text(&value)
                } else {
                    value.clone()
                };
                let distinct = dialect.approximate_count_distinct(&counted);
                sql!(
                    "count({value}) AS n_{n}, {distinct} AS d_{n}, min({value}) AS lo_{n}, max({value}) AS hi_{n}",
                    value,
                    distinct,
                    n
                )
            };
            measures.push(measure);
        }
        let measures = Sql::join(measures, ", ");
        let within = self.within(&mut query);
        query.finish(sql!(
            "SELECT {measures} FROM events WHERE {within}",
            measures,
            within
        ))
    }

    /// Counts exactly where there are few values.
    async fn recount(&self, found: &mut [(&'static Column, Definition)]) -> Result<(), Failure> {
        let few: Vec<usize> = (0..found.len())
            .filter(|at| has_few(found[*at].1.distinct_values))
            .collect();
        if few.is_empty() {
            return Ok(());
        }
        let mut query = self.context.query();
        let counts = few
            .iter()
            .map(|at| {
                let value = self.carried(&mut query, found[*at].0);
                query.dialect().count_distinct(&value)
            })
            .collect::<Vec<_>>();
        let counts = counts
            .into_iter()
            .zip(0_usize..)
            .map(|(count, n)| sql!("{count} AS d_{n}", count, n));
        let counts = Sql::join(counts.collect::<Vec<_>>(), ", ");
        let within = self.within(&mut query);
        let cells = self
            .first_row(query.finish(sql!(
                "SELECT {counts} FROM events WHERE {within}",
                counts,
                within
            )))
            .await?;
        for (at, cell) in few.into_iter().zip(cells) {
            found[at].1.distinct_values = cell.as_i64();
            found[at].1.approximate = false;
        }
        Ok(())
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

    async fn first_row(&self, statement: Statement) -> Result<Vec<Json>, Failure> {
        let rows = self.context.run(statement).await?.rows;
        rows.into_iter()
            .next()
            .ok_or_else(|| Failure::fault("an aggregate without groups answered no row"))
    }
}

/// Measures of a column: carriers, distinct values, lowest, highest.
const CELLS: usize = 4;
