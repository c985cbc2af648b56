//! `query`: one statement of the caller's own, read-only, over one project's tables.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use sightline_warehouse::{ColumnInfo, WarehouseError};

use crate::answer::Answer;
use crate::context::Context;
use crate::failure::{Failure, Mistake};
use crate::family::{Family, Product, Scope};
use crate::limit::Limit;
use crate::tool::{About, Tool};

/// One statement of the caller's own.
pub(crate) struct RunQuery;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// One SELECT
    sql: String,
    #[serde(default)]
    limit: Limit<100, 1000>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    /// Rows read from storage.
    rows_scanned: u64,
    /// Bytes read from storage.
    bytes_scanned: u64,
    /// Milliseconds it took.
    elapsed_ms: u64,
    /// The columns, in the statement's order.
    columns: Vec<Column>,
    /// The rows, by column.
    rows: Vec<Map<String, Json>>,
}

#[derive(Serialize, JsonSchema)]
struct Column {
    /// Its key in the rows; a second column of the same name is called `name_2`.
    name: String,
    /// Its type, in the dialect's words.
    #[serde(rename = "type")]
    data_type: String,
}

impl Tool for RunQuery {
    const ABOUT: About = About {
        name: "query",
        title: "SQL query",
        description: "Runs one read-only SQL statement over this project's tables. Use for what no other tool answers; \
                      call get_schema first for tables, columns and the dialect.",
        family: Family::Sql,
        scope: Some(Scope::Query),
        products: &[(Product::SessionVision, "query")],
        pages: true,
        needs: None,
        rules: &[
            "One statement that reads: `SELECT`, `WITH … SELECT`, set operations, `EXPLAIN`. Only this project's tables and functions known to be pure; anything else is refused with the reason and the nearest name.",
            "At most 20 s and a bounded amount of memory; what goes beyond is refused with what would make it fit.",
            "Instants are given in the project's timezone. `cursor` reads on by position, so a statement without a total `ORDER BY` may repeat or miss rows between pages.",
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        if input.sql.trim().is_empty() {
            return Err(Mistake::new("`sql` is empty.")
                .next("Write one SELECT; `get_schema` lists the tables.")
                .into());
        }
        let start: usize = context
            .cursor
            .as_ref()
            .map(|cursor| cursor.key())
            .transpose()?
            .unwrap_or(0);
        let answer = context
            .run_sql(&input.sql, start, input.limit.and_one())
            .await
            .map_err(with_next_step)?;
        let more = answer.rows.len() > input.limit.rows();
        let names = names(&answer.columns);
        let rows: Vec<Map<String, Json>> = answer
            .rows
            .iter()
            .take(input.limit.rows())
            .map(|cells| {
                let cells = cells
                    .iter()
                    .zip(&answer.columns)
                    .map(|(cell, column)| shown(cell, column, context));
                names.iter().cloned().zip(cells).collect()
            })
            .collect();
        let keys = (1..=rows.len()).map(|row| json!(start + row)).collect();
        let unordered = more && !input.sql.to_ascii_lowercase().contains("order by");
        let columns = names
            .into_iter()
            .zip(&answer.columns)
            .map(|(name, column)| Column {
                name,
                data_type: column.data_type.clone(),
            })
            .collect();
        let output = Output {
            rows_scanned: answer.scanned.rows,
            bytes_scanned: answer.scanned.bytes,
            elapsed_ms: answer.elapsed_ms,
            columns,
            rows,
        };
        let note = unordered
            .then(|| "The statement has no ORDER BY, so pages may repeat or miss rows.".to_owned());
        Ok(Answer::of(output).notes(note).page(&["rows"], keys, more))
    }
}

/// What does not fit the data is mended by looking at the data.
fn with_next_step(failure: Failure) -> Failure {
    match failure {
        Failure::Warehouse(WarehouseError::Invalid(told)) => Mistake::new(told)
            .next("`get_schema` lists tables, columns and functions' dialect.")
            .into(),
        other => other,
    }
}

/// The columns' names, each once.
fn names(columns: &[ColumnInfo]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(columns.len());
    for column in columns {
        let mut name = column.name.clone();
        let mut copy = 2;
        while names.contains(&name) {
            name = format!("{}_{copy}", column.name);
            copy += 1;
        }
        names.push(name);
    }
    names
}

/// A cell; instants with the project's offset.
fn shown(cell: &Json, column: &ColumnInfo, context: &Context<'_>) -> Json {
    let is_instant = column
        .data_type
        .to_ascii_lowercase()
        .starts_with("timestamp");
    match cell {
        // A timestamp without a timezone is not an instant, and stays as it is.
        Json::String(text) if is_instant => context
            .local(text)
            .map_or_else(|_| cell.clone(), Json::String),
        _ => cell.clone(),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Asked;
    use serde_json::json;
    use sightline_warehouse::WarehouseError;

    #[test]
    fn rows_come_by_column_with_what_they_cost() {
        let asked = Asked::of(
            "query",
            json!({"sql": "SELECT timestamp, n, n FROM events"}),
        )
        .timezone("Europe/Berlin")
        .typed(
            &[
                ("timestamp", "Timestamp(ms, \"UTC\")"),
                ("n", "Int64"),
                ("n", "Int64"),
            ],
            json!([["2026-11-01T00:00:00Z", 1, 2], [null, 3, 4]]),
        )
        .go();
        insta::assert_snapshot!(asked.statements(), @"user's, rows 0..101: SELECT timestamp, n, n FROM events");
        insta::assert_snapshot!(asked.text(), @r#"
        SQL query: Acme (`acme`), Europe/Berlin.

        rowsScanned: 1000 · bytesScanned: 2000 · elapsedMs: 12

        **columns**

        |name|type|
        |---|---|
        |timestamp|Timestamp(ms, "UTC")|
        |n|Int64|
        |n_2|Int64|

        **rows**

        |timestamp|n|n_2|
        |---|---|---|
        |2026-11-01T01:00:00+01:00|1|2|
        ||3|4|
        "#);
        insta::assert_snapshot!(asked.structured(), @r#"
        {
          "project": {
            "id": "acme",
            "name": "Acme"
          },
          "timezone": "Europe/Berlin",
          "rowsScanned": 1000,
          "bytesScanned": 2000,
          "elapsedMs": 12,
          "columns": [
            {
              "name": "timestamp",
              "type": "Timestamp(ms, \"UTC\")"
            },
            {
              "name": "n",
              "type": "Int64"
            },
            {
              "name": "n_2",
              "type": "Int64"
            }
          ],
          "rows": [
            {
              "timestamp": "2026-11-01T01:00:00+01:00",
              "n": 1,
              "n_2": 2
            },
            {
              "timestamp": null,
              "n": 3,
              "n_2": 4
            }
          ],
          "truncated": false,
          "notes": []
        }
        "#);
    }

    #[test]
    fn more_rows_come_by_position() {
        let rows = |from: i64| json!([[from], [from + 1], [from + 2]]);
        let arguments = json!({"sql": "SELECT n FROM events", "limit": 2});
        let first = Asked::of("query", arguments.clone())
            .typed(&[("n", "Int64")], rows(0))
            .go();
        assert!(first.text().contains("no ORDER BY"), "{}", first.text());
        let mut next = arguments.clone();
        next["cursor"] = first.field("nextCursor");
        let second = Asked::of("query", next.clone())
            .typed(&[("n", "Int64")], rows(2))
            .go();
        assert_eq!(
            second.statements(),
            "user's, rows 2..5: SELECT n FROM events"
        );
        next["sql"] = json!("SELECT n FROM sessions");
        insta::assert_snapshot!(Asked::of("query", next).go().mistake(), @"This `cursor` belongs to another question. Repeat the call that gave it with exactly the same arguments and this cursor, or leave `cursor` out to start over.");
    }

    #[test]
    fn what_goes_wrong_is_told_and_what_is_internal_is_not() {
        insta::assert_snapshot!(Asked::of("query", json!({})).go().mistake(), @"`sql` is missing; it must be text.");
        insta::assert_snapshot!(Asked::of("query", json!({"sql": " "})).go().mistake(), @"`sql` is empty. Write one SELECT; `get_schema` lists the tables.");
        let failing = |error| {
            Asked::of("query", json!({"sql": "SELECT 1"}))
                .fails(error)
                .go()
        };
        let unknown = failing(WarehouseError::Invalid(
            "There is no column `nme`. Did you mean `name`?".into(),
        ));
        insta::assert_snapshot!(unknown.mistake(), @"There is no column `nme`. Did you mean `name`? `get_schema` lists tables, columns and functions' dialect.");
        insta::assert_snapshot!(failing(WarehouseError::TimedOut { limit_s: 20 }).mistake(), @"The query was stopped after 20 s, its time limit. Ask for a shorter range, fewer columns, or group by something coarser.");
        let internal = failing(WarehouseError::internal("bucket key"));
        insta::assert_snapshot!(internal.mistake(), @"The question could not be answered because of a fault on the server's side (id req_1). Nothing is wrong with the input. Ask once more; if it stays, give that id to whoever runs this server.");
        assert_eq!(internal.slug(), "query_failed");
    }
}
