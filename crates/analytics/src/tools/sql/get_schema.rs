//! `get_schema`: what there is to query, and in which SQL.

use chrono::SecondsFormat;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sightline_warehouse::{
    InstantMs, Interval, ProjectSchema, Sql, Statement, TableSchema, Value, sql,
};

use crate::answer::Answer;
use crate::context::Context;
use crate::failure::{Failure, Mistake};
use crate::family::{Family, Product, Scope};
use crate::nearest::{did_you_mean, listed};
use crate::tool::{About, Tool};

/// What there is to query, and in which SQL.
pub(crate) struct GetSchema;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Only this table
    table: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    /// The SQL that `query` takes.
    dialect: &'static str,
    /// The tables.
    tables: Vec<Table>,
    /// Their columns.
    columns: Vec<Column>,
    /// The commonest property keys.
    property_keys: Vec<PropertyKey>,
    /// Statements to start from.
    examples: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Table {
    /// Its name in SQL.
    name: String,
    /// Rows stored; absent for a derived table.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<u64>,
    /// First day with data, in the project's timezone.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_day: Option<String>,
    /// Last day with data.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_day: Option<String>,
    /// It is not stored but built from events while a query runs, which takes longer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    derived: bool,
}

#[derive(Serialize, JsonSchema)]
struct Column {
    /// The table it belongs to.
    table: String,
    /// Its name in SQL.
    name: String,
    /// Its type, in the dialect's words.
    #[serde(rename = "type")]
    data_type: String,
    /// What it holds, with its unit.
    meaning: String,
    /// The project's files do not have it: it is null in every row.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    empty: bool,
}

#[derive(Serialize, JsonSchema)]
struct PropertyKey {
    /// The table whose `properties` have it.
    table: &'static str,
    /// The key.
    key: String,
    /// Rows with that key.
    rows: i64,
}

/// Property keys given per table.
const MOST_KEYS: usize = 40;
/// Keys are counted over so many days of data.
const KEY_DAYS: i64 = 30;
const DAY_MS: i64 = 24 * 3_600_000;

impl Tool for GetSchema {
    const ABOUT: About = About {
        name: "get_schema",
        title: "Schema",
        description: "Describes the tables query can read: columns with types and meaning, rows, covered days, common property keys, \
                      the SQL dialect and examples. Use before writing SQL.",
        family: Family::Sql,
        scope: Some(Scope::Schema),
        products: &[(Product::SessionVision, "get_schema")],
        pages: false,
        needs: None,
        rules: &[
            "Property keys are counted over the last 30 days that have events, and over all profiles.",
            "The same is readable as the resources `sightline://schema` and `sightline://schema/TABLE` (the scheme is the operator's), with `?project=ID` where several projects are visible.",
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        let mut schema = context.schema().await?;
        tables(&schema, input.table.as_deref())?;
        for table in &mut schema.tables {
            let asked = input.table.as_ref().is_none_or(|name| *name == table.name);
            if asked || table.name == "events" {
                count(table, context).await?;
            }
        }
        let wanted = tables(&schema, input.table.as_deref())?;
        let covers = schema.table("events").and_then(|events| events.covers_ms);
        let newest = covers.map_or(context.environment.now_ms, |(_, newest)| newest);

        let mut property_keys = Vec::new();
        for table in ["events", "profiles"] {
            if wanted
                .iter()
                .any(|wanted| wanted.name == table && wanted.has("properties"))
            {
                let found: Vec<Found> = context.rows(keys(table, newest, context)).await?;
                property_keys.extend(found.into_iter().map(|found| PropertyKey {
                    table,
                    key: found.key,
                    rows: found.carriers,
                }));
            }
        }
        let key = property_keys
            .iter()
            .find(|key| key.table == "events")
            .map_or("plan", |key| key.key.as_str());
        let output = Output {
            dialect: context.dialect_name(),
            tables: wanted
                .iter()
                .map(|table| Table::of(table, context))
                .collect(),
            columns: wanted.iter().flat_map(|table| columns_of(table)).collect(),
            examples: examples(key, newest, context),
            property_keys,
        };
        let empty = schema
            .table("events")
            .is_none_or(|events| events.rows == Some(0));
        let note = empty.then(|| "This project has no data yet: once events are imported, its tables are listed here.".to_owned());
        Ok(Answer::of(output)
            .through(covers.map(|(_, newest)| newest))
            .notes(note)
            .ranking(
                &["columns"],
                false,
                None,
                "Call `get_schema` with `table` for one table's columns.",
            ))
    }
}

/// What the statement over property keys answers.
#[derive(Deserialize)]
struct Found {
    key: String,
    carriers: i64,
}

/// What a count of a table answers.
#[derive(Deserialize)]
struct Extent {
    rows: u64,
    first: Option<String>,
    last: Option<String>,
}

/// Fills in a stored table's rows and covered span where the warehouse does not know them without reading.
async fn count(table: &mut TableSchema, context: &Context<'_>) -> Result<(), Failure> {
    let (name, time) = match table.name.as_str() {
        "events" => ("events", Some("timestamp")),
        "sessions" => ("sessions", Some("started_at")),
        "profiles" => ("profiles", None),
        "groups" => ("groups", None),
        "gsc_daily" => ("gsc_daily", None),
        "gsc_pages" => ("gsc_pages", None),
        "gsc_queries" => ("gsc_queries", None),
        "gsc_query_pages" => ("gsc_query_pages", None),
        _ => return Ok(()),
    };
    let known = table.rows.is_some()
        && (time.is_none() || table.covers_ms.is_some() || table.rows == Some(0));
    if known || !table.stored {
        return Ok(());
    }
    let span = time.map_or_else(
        || sql!("NULL AS first, NULL AS last"),
        |time| sql!("min({time}) AS first, max({time}) AS last", time),
    );
    let counted: Extent = context
        .row(context.query().finish(sql!(
            "SELECT count(*) AS rows, {span} FROM {name}",
            span,
            name
        )))
        .await?;
    table.rows = Some(counted.rows);
    table.covers_ms = context
        .newest(counted.first.as_ref())?
        .zip(context.newest(counted.last.as_ref())?);
    Ok(())
}

fn tables<'s>(
    schema: &'s ProjectSchema,
    wanted: Option<&str>,
) -> Result<Vec<&'s TableSchema>, Mistake> {
    let Some(wanted) = wanted else {
        return Ok(schema.tables.iter().collect());
    };
    schema
        .table(wanted)
        .map(|table| vec![table])
        .ok_or_else(|| {
            let names = || schema.tables.iter().map(|table| table.name.as_str());
            let meant = did_you_mean(wanted, names());
            Mistake::new(format!(
                "There is no table `{wanted}`.{meant} This project has: {}.",
                listed(names(), 40)
            ))
        })
}

impl Table {
    fn of(table: &TableSchema, context: &Context<'_>) -> Self {
        let day = |instant: InstantMs| context.calendar().date_of(instant).to_string();
        Self {
            name: table.name.clone(),
            rows: table.rows,
            first_day: table.covers_ms.map(|(first, _)| day(first)),
            last_day: table.covers_ms.map(|(_, last)| day(last)),
            derived: !table.stored,
        }
    }
}

fn columns_of(table: &TableSchema) -> impl Iterator<Item = Column> + '_ {
    table.columns.iter().map(|column| Column {
        table: table.name.clone(),
        name: column.name.clone(),
        data_type: column.data_type.clone(),
        meaning: column.meaning.clone(),
        // A derived table's columns are computed.
        empty: table.stored && !column.present,
    })
}

fn keys(table: &'static str, newest: InstantMs, context: &Context<'_>) -> Statement {
    let mut query = context.query();
    let keys = query.dialect().unnest_keys(&Sql::from("properties"));
    let within = if table == "events" {
        let since = query.bind(Value::TimestampMs(newest.saturating_sub(KEY_DAYS * DAY_MS)));
        sql!(" WHERE timestamp >= {since}", since)
    } else {
        Sql::default()
    };
    query.finish(sql!(
        "SELECT key, count(*) AS carriers FROM (SELECT {keys} AS key FROM {table}{within}) AS keys \
         GROUP BY key ORDER BY carriers DESC, key LIMIT {MOST_KEYS}",
        keys,
        table,
        within,
        MOST_KEYS
    ))
}

/// Three statements in the warehouse's own SQL, over the last week of data.
fn examples(key: &str, newest: InstantMs, context: &Context<'_>) -> Vec<String> {
    let since = newest.saturating_sub(7 * DAY_MS);
    let written = |write: &dyn Fn(&mut sightline_warehouse::Query<'_>) -> Sql| {
        let mut query = context.query();
        let text = write(&mut query);
        as_text(query.finish(text), context)
    };
    vec![
        written(&|query| {
            let since = query.bind(Value::TimestampMs(since));
            sql!(
                "SELECT name, count(*) AS events, count(DISTINCT profile_id) AS people FROM events WHERE timestamp >= {since} \
                 GROUP BY name ORDER BY events DESC LIMIT 20",
                since
            )
        }),
        written(&|query| {
            let timezone = query.bind(context.calendar().timezone().name());
            let day = query.dialect().bucket(
                &Sql::from("started_at"),
                Interval::Day,
                &timezone,
                context.calendar().week_start(),
            );
            let since = query.bind(Value::TimestampMs(since));
            sql!(
                "SELECT {day} AS day, count(*) AS sessions, avg(duration_ms) / 1000 AS seconds FROM sessions \
                 WHERE started_at >= {since} GROUP BY day ORDER BY day",
                day,
                since
            )
        }),
        written(&|query| {
            let key = query.bind(key);
            let value = query.dialect().property(&Sql::from("properties"), &key);
            let since = query.bind(Value::TimestampMs(since));
            sql!(
                "SELECT {value} AS value, count(*) AS events FROM events WHERE timestamp >= {since} \
                 GROUP BY value ORDER BY events DESC LIMIT 20",
                value,
                since
            )
        }),
    ]
}

/// A statement as somebody would type it: with literals where it has placeholders. For reading, never for running.
fn as_text(statement: Statement, context: &Context<'_>) -> String {
    let mut text = statement.sql.as_str().to_owned();
    for (value, place) in statement
        .values
        .iter()
        .zip(1..)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
    {
        let literal = match value {
            Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
            Value::TimestampMs(instant) => format!("TIMESTAMP '{}'", day_start(*instant)),
            other => format!("{other:?}"),
        };
        text = text.replace(
            &context.query().dialect().placeholder(place, value),
            &literal,
        );
    }
    text
}

/// The UTC day of an instant, as a timestamp literal has it.
fn day_start(instant: InstantMs) -> String {
    let day = instant - instant.rem_euclid(DAY_MS);
    chrono::DateTime::from_timestamp_millis(day)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use crate::testing::{Asked, NOW_MS, table};
    use serde_json::json;
    use sightline_warehouse::TableSchema;

    fn tables() -> Vec<TableSchema> {
        let mut events = table(
            "events",
            1234,
            &[
                ("timestamp", "Timestamp(ms)"),
                ("name", "Utf8"),
                ("properties", "Map"),
                ("city", "Utf8"),
            ],
        );
        events.covers_ms = Some((NOW_MS - 90 * 86_400_000, NOW_MS));
        events.columns[3].present = false;
        let sessions = TableSchema {
            rows: None,
            stored: false,
            ..table("sessions", 0, &[("session_id", "Utf8")])
        };
        vec![events, sessions]
    }

    #[test]
    fn everything_is_described_with_examples_from_the_projects_own_keys() {
        let asked = Asked::of("get_schema", json!({}))
            .timezone("Europe/Berlin")
            .tables(tables())
            .rows(json!([{"key": "plan's", "carriers": 900}, {"key": "seats", "carriers": 10}]))
            .go();
        insta::assert_snapshot!(asked.statements(), @"
        SELECT key, count(*) AS carriers FROM (SELECT unnest(property_keys(properties)) AS key FROM events WHERE timestamp >= $1) AS keys GROUP BY key ORDER BY carriers DESC, key LIMIT 40
          [TimestampMs(1792584000000)]
        ");
        insta::assert_snapshot!(asked.text(), @"
        Schema: Acme (`acme`), Europe/Berlin. Data through 2026-11-20T13:00:00+01:00.

        dialect: DataFusion SQL (PostgreSQL-like)

        **tables**

        |name|rows|firstDay|lastDay|derived|
        |---|---|---|---|---|
        |events|1234|2026-08-22|2026-11-20||
        |sessions||||true|

        **columns**

        |table|name|type|meaning|empty|
        |---|---|---|---|---|
        |events|timestamp|Timestamp(ms)|the timestamp||
        |events|name|Utf8|the name||
        |events|properties|Map|the properties||
        |events|city|Utf8|the city|true|
        |sessions|session_id|Utf8|the session_id||

        **propertyKeys**

        |table|key|rows|
        |---|---|---|
        |events|plan's|900|
        |events|seats|10|

        **examples**

        - SELECT name, count(*) AS events, count(DISTINCT profile_id) AS people FROM events WHERE timestamp >= TIMESTAMP '2026-11-13T00:00:00Z' GROUP BY name ORDER BY events DESC LIMIT 20
        - SELECT bucket_start(started_at, 'day', 'Europe/Berlin', 'monday') AS day, count(*) AS sessions, avg(duration_ms) / 1000 AS seconds FROM sessions WHERE started_at >= TIMESTAMP '2026-11-13T00:00:00Z' GROUP BY day ORDER BY day
        - SELECT property(properties, 'plan''s') AS value, count(*) AS events FROM events WHERE timestamp >= TIMESTAMP '2026-11-13T00:00:00Z' GROUP BY value ORDER BY events DESC LIMIT 20
        ");
        insta::assert_snapshot!(asked.structured(), @r#"
        {
          "project": {
            "id": "acme",
            "name": "Acme"
          },
          "timezone": "Europe/Berlin",
          "dialect": "DataFusion SQL (PostgreSQL-like)",
          "tables": [
            {
              "name": "events",
              "rows": 1234,
              "firstDay": "2026-08-22",
              "lastDay": "2026-11-20"
            },
            {
              "name": "sessions",
              "derived": true
            }
          ],
          "columns": [
            {
              "table": "events",
              "name": "timestamp",
              "type": "Timestamp(ms)",
              "meaning": "the timestamp"
            },
            {
              "table": "events",
              "name": "name",
              "type": "Utf8",
              "meaning": "the name"
            },
            {
              "table": "events",
              "name": "properties",
              "type": "Map",
              "meaning": "the properties"
            },
            {
              "table": "events",
              "name": "city",
              "type": "Utf8",
              "meaning": "the city",
              "empty": true
            },
            {
              "table": "sessions",
              "name": "session_id",
              "type": "Utf8",
              "meaning": "the session_id"
            }
          ],
          "propertyKeys": [
            {
              "table": "events",
              "key": "plan's",
              "rows": 900
            },
            {
              "table": "events",
              "key": "seats",
              "rows": 10
            }
          ],
          "examples": [
            "SELECT name, count(*) AS events, count(DISTINCT profile_id) AS people FROM events WHERE timestamp >= TIMESTAMP '2026-11-13T00:00:00Z' GROUP BY name ORDER BY events DESC LIMIT 20",
            "SELECT bucket_start(started_at, 'day', 'Europe/Berlin', 'monday') AS day, count(*) AS sessions, avg(duration_ms) / 1000 AS seconds FROM sessions WHERE started_at >= TIMESTAMP '2026-11-13T00:00:00Z' GROUP BY day ORDER BY day",
            "SELECT property(properties, 'plan''s') AS value, count(*) AS events FROM events WHERE timestamp >= TIMESTAMP '2026-11-13T00:00:00Z' GROUP BY value ORDER BY events DESC LIMIT 20"
          ],
          "truncated": false,
          "dataThrough": "2026-11-20T13:00:00+01:00",
          "notes": []
        }
        "#);
    }

    #[test]
    fn one_table_is_described_alone_and_an_unknown_one_names_the_nearest() {
        let asked = Asked::of("get_schema", json!({"table": "sessions"}))
            .tables(tables())
            .go();
        assert_eq!(asked.field("columns").as_array().map(Vec::len), Some(1));
        insta::assert_snapshot!(Asked::of("get_schema", json!({"table": "event"})).tables(tables()).go().mistake(), @"There is no table `event`. Did you mean `events`? This project has: `events`, `sessions`.");
    }

    #[test]
    fn an_empty_project_says_that_it_is() {
        let asked = Asked::of("get_schema", json!({})).tables(Vec::new()).go();
        assert!(asked.text().contains("has no data yet"), "{}", asked.text());
    }
}
