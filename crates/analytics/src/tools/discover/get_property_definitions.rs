//! `get_property_definitions`: which columns and properties events carry, and what is in them.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sightline_warehouse::{Query, Sql, Statement, sql};

use crate::answer::Answer;
use crate::context::Context;
use crate::failure::Failure;
use crate::family::{Family, Product, Scope};
use crate::limit::Limit;
use crate::numbers::percent;
use crate::range::{DateRange, Range};
use crate::tool::{About, Tool};

/// Which columns and properties events carry, and what is in them.
pub(crate) struct GetPropertyDefinitions;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    #[serde(flatten)]
    range: DateRange,
    event_name: Option<String>,
    /// Part of a key or column
    search: Option<String>,
    #[serde(default)]
    limit: Limit<100, 500>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// Events looked at.
    events: i64,
    /// Columns that have values, in the table's order.
    columns: Vec<Definition>,
    /// Keys of `properties`, the commonest first.
    properties: Vec<Definition>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Definition {
    /// The column, or the key.
    pub(super) name: String,
    /// Events with a value there.
    pub(super) events: i64,
    /// Of the events looked at.
    pub(super) share_percent: f64,
    /// What its values read as: `text`, `number`, `boolean`, `date`, `list`.
    #[serde(rename = "type")]
    pub(super) likely_type: &'static str,
    /// Distinct values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) distinct_values: Option<i64>,
    /// `distinctValues` is approximate.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) approximate: bool,
    /// Up to three values: the commonest of a key with few; else the first two and the last in order.
    pub(super) examples: Vec<String>,
}

/// Up to 1,000 distinct values are counted exactly; an approximate count up to here may stand for that many.
const RECOUNT_UP_TO: i64 = 1_100;
/// Examples are cut after so many characters.
const MOST_CHARACTERS: usize = 120;
/// What a date begins with.
const DATE: &str = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?$";

impl Tool for GetPropertyDefinitions {
    const ABOUT: About = About {
        name: "get_property_definitions",
        title: "Event properties",
        description: "Lists the columns and property keys events carry, with how many events, likely type, distinct values and examples. \
                      Use before filtering or breaking down; get_event_property_values lists a key's values.",
        family: Family::Discover,
        scope: Some(Scope::Schema),
        products: &[
            (Product::SessionVision, "get_property_definitions"),
            (Product::OpenPanel, "list_event_properties"),
        ],
        pages: false,
        needs: None,
        rules: &[
            "An event carries a key or column if its value there is not empty. `sharePercent` is of all events looked at.",
            "The type is the one every value reads as; mixed values are `text`.",
            "Distinct values are exact up to 1,000; above, `approximate` is set and a note says by how much.",
            "`limit` is for property keys; columns without any value are left out.",
            "An example longer than 120 characters is cut and ends in `…`.",
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        let range = context.range(&input.range)?;
        let question = Question {
            range: &range,
            event_name: input.event_name.as_deref(),
            search: input.search.as_deref(),
            context,
        };
        let (events, newest, columns) = question.columns().await?;
        let (properties, more) = question.properties(input.limit.and_one(), events).await?;
        let mut properties = properties;
        properties.truncate(input.limit.rows());

        let mut notes: Vec<String> = range.note(context.environment.now_ms).into_iter().collect();
        if columns
            .iter()
            .chain(&properties)
            .any(|definition| definition.approximate)
        {
            let error = context
                .query()
                .dialect()
                .approximate_distinct_error_percent();
            notes.push(format!(
                "Approximate distinct counts have a standard error of {error} %."
            ));
        }
        if events == 0 {
            notes.push("There are no such events in this range; `get_event_definitions` lists those there are.".into());
        }
        let newest = context.newest(newest.as_ref())?;
        Ok(Answer::of(Output {
            events,
            columns,
            properties,
        })
        .over(&range)
        .through(newest)
        .notes(notes)
        .ranking(
            &["properties"],
            more,
            input.limit.larger(),
            "Narrow it with `search` or `eventName`.",
        ))
    }
}

pub(super) struct Question<'a> {
    pub(super) range: &'a Range,
    pub(super) event_name: Option<&'a str>,
    pub(super) search: Option<&'a str>,
    pub(super) context: &'a Context<'a>,
}

/// What the statement over properties answers.
#[derive(Deserialize)]
struct KeyRow {
    key: String,
    carriers: i64,
    distinct_values: i64,
    lowest: String,
    highest: String,
    numbers: i64,
    truths: i64,
    dates: i64,
}

/// What the statement over the values of keys that have few answers: at most three rows a key.
#[derive(Deserialize)]
struct ExampleRow {
    key: String,
    value: String,
    distinct_values: i64,
}

/// What the statement over the values of keys that have many answers.
#[derive(Deserialize)]
struct SecondRow {
    key: String,
    second: Option<String>,
}

impl Question<'_> {
    /// The condition that an event is looked at.
    pub(super) fn within(&self, query: &mut Query<'_>) -> Sql {
        let within = self.range.contains(query, "timestamp");
        match self.event_name {
            Some(name) => {
                let named = self.context.project.event_names.is_any(query, [name]);
                sql!("{within} AND {named}", within, named)
            }
            None => within,
        }
    }

    /// The commonest keys, and whether there are more than `rows - 1`.
    async fn properties(
        &self,
        rows: usize,
        events: i64,
    ) -> Result<(Vec<Definition>, bool), Failure> {
        let found: Vec<KeyRow> = self.context.rows(self.keys(rows)).await?;
        let more = found.len() == rows;
        let few: Vec<&str> = found
            .iter()
            .filter(|row| has_few(Some(row.distinct_values)))
            .map(|row| row.key.as_str())
            .collect();
        let mut examples: HashMap<String, (i64, Vec<String>)> = HashMap::new();
        if !few.is_empty() {
            let rows: Vec<ExampleRow> = self.context.rows(self.examples(&few)).await?;
            for row in rows {
                examples
                    .entry(row.key)
                    .or_insert((row.distinct_values, Vec::new()))
                    .1
                    .push(row.value);
            }
        }
        let many: Vec<&KeyRow> = found
            .iter()
            .filter(|row| !has_few(Some(row.distinct_values)))
            .collect();
        let mut seconds: HashMap<String, String> = HashMap::new();
        if !many.is_empty() {
            let rows: Vec<SecondRow> = self.context.rows(self.seconds(&many)).await?;
            seconds.extend(
                rows.into_iter()
                    .filter_map(|row| Some((row.key, row.second?))),
            );
        }
        let definitions = found
            .into_iter()
            .map(|row| {
                let counted = examples.remove(&row.key);
                let second = seconds.remove(&row.key);
                Definition {
                    events: row.carriers,
                    share_percent: percent(row.carriers, events),
                    likely_type: row.likely_type(),
                    approximate: counted.is_none(),
                    distinct_values: Some(
                        counted
                            .as_ref()
                            .map_or(row.distinct_values, |(distinct, _)| *distinct),
                    ),
                    examples: counted
                        .map_or_else(
                            || {
                                let ends = [Some(row.lowest), second, Some(row.highest)];
                                ends.into_iter().flatten().collect()
                            },
                            |(_, examples)| examples,
                        )
                        .into_iter()
                        .map(example)
                        .collect(),
                    name: row.key,
                }
            })
            .collect();
        Ok((definitions, more))
    }

    /// A subquery of every key and value carried: `pairs(key, value)`.
    fn pairs(&self, query: &mut Query<'_>) -> Sql {
        let dialect = query.dialect();
        let entries = dialect.unnest_entries(&Sql::from("properties"));
        let (key, value) = (
            dialect.entry_key(&Sql::from("entry")),
            dialect.entry_value(&Sql::from("entry")),
        );
        let within = self.within(query);
        sql!(
            "WITH entries AS (SELECT {entries} AS entry FROM events WHERE {within}), \
             pairs AS (SELECT {key} AS key, {value} AS value FROM entries)",
            entries,
            within,
            key,
            value
        )
    }

    fn keys(&self, rows: usize) -> Statement {
        let mut query = self.context.query();
        let pairs = self.pairs(&mut query);
        let value = Sql::from("value");
        let dialect = query.dialect();
        let (distinct, number) = (
            dialect.approximate_count_distinct(&value),
            dialect.as_number(&value),
        );
        let date = query.bind(DATE);
        let is_date = dialect.matches(&value, &date);
        let matching = match self.search {
            Some(search) => {
                let search = query.bind(search);
                let contains = dialect.contains(&Sql::from("key"), &search);
                sql!(" AND {contains}", contains)
            }
            None => Sql::default(),
        };
        query.finish(sql!(
            "{pairs} SELECT key, count(*) AS carriers, {distinct} AS distinct_values, min(value) AS lowest, max(value) AS highest, \
             sum(CASE WHEN {number} IS NOT NULL THEN 1 ELSE 0 END) AS numbers, \
             sum(CASE WHEN lower(value) IN ('true', 'false') THEN 1 ELSE 0 END) AS truths, \
             sum(CASE WHEN {is_date} THEN 1 ELSE 0 END) AS dates \
             FROM pairs WHERE value <> ''{matching} GROUP BY key ORDER BY carriers DESC, key LIMIT {rows}",
            pairs,
            distinct,
            number,
            is_date,
            matching,
            rows
        ))
    }

    fn examples(&self, keys: &[&str]) -> Statement {
        let mut query = self.context.query();
        let pairs = self.pairs(&mut query);
        let keys = query.bind_all(keys.iter().copied());
        query.finish(sql!(
            "{pairs}, counted AS (SELECT key, value, count(*) AS carriers FROM pairs WHERE value <> '' AND key IN ({keys}) \
             GROUP BY key, value), \
             ranked AS (SELECT key, value, row_number() OVER (PARTITION BY key ORDER BY carriers DESC, value) AS place, \
             count(*) OVER (PARTITION BY key) AS distinct_values FROM counted) \
             SELECT key, value, distinct_values FROM ranked WHERE place <= 3 ORDER BY key, place",
            pairs,
            keys
        ))
    }

    /// The second of each key's values in order: keys with many have one besides the first and the last.
    fn seconds(&self, keys: &[&KeyRow]) -> Statement {
        let mut query = self.context.query();
        let pairs = self.pairs(&mut query);
        let after_first = keys.iter().map(|row| {
            let (key, lowest) = (
                query.bind(row.key.as_str()),
                query.bind(row.lowest.as_str()),
            );
            sql!("key = {key} AND value > {lowest}", key, lowest)
        });
        let after_first = Sql::join(after_first.collect::<Vec<_>>(), " OR ");
        query.finish(sql!(
            "{pairs} SELECT key, min(value) AS second FROM pairs WHERE {after_first} GROUP BY key",
            pairs,
            after_first
        ))
    }
}

impl KeyRow {
    fn likely_type(&self) -> &'static str {
        match self.carriers {
            all if self.numbers == all => "number",
            all if self.truths == all => "boolean",
            all if self.dates == all => "date",
            _ => "text",
        }
    }
}

/// A value as an example; where it is cut, `…` says so.
pub(super) fn example(value: String) -> String {
    match value.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value,
    }
}

pub(super) fn has_few(distinct_values: Option<i64>) -> bool {
    distinct_values.is_some_and(|count| count <= RECOUNT_UP_TO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Asked;
    use serde_json::json;

    #[test]
    fn columns_and_keys_come_with_type_count_and_examples() {
        let arguments = json!({"startDate": "2026-11-01", "endDate": "2026-11-02", "eventName": "signup", "search": "LAN", "limit": 2});
        let asked = Asked::of("list_event_properties", arguments)
            .cells(json!([[100, "2026-11-02T10:00:00Z"]]))
            .rows(json!([
                {"key": "plan", "carriers": 90, "distinct_values": 2, "lowest": "free", "highest": "pro", "numbers": 0, "truths": 0, "dates": 0},
                {"key": "lane", "carriers": 50, "distinct_values": 40000, "lowest": "1", "highest": "99", "numbers": 50, "truths": 0, "dates": 0},
                {"key": "planet", "carriers": 1, "distinct_values": 1, "lowest": "x", "highest": "x", "numbers": 0, "truths": 0, "dates": 0},
            ]))
            .rows(json!([
                {"key": "plan", "value": "pro", "distinct_values": 2},
                {"key": "plan", "value": "free", "distinct_values": 2},
                {"key": "planet", "value": "x", "distinct_values": 1},
            ]))
            .rows(json!([{"key": "lane", "second": "10"}]))
            .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT count(*) AS events, max(timestamp) AS newest FROM events WHERE timestamp >= $1 AND timestamp < $2 AND name IN ($3)
          [TimestampMs(1793491200000), TimestampMs(1793664000000), Text("signup")]
        WITH entries AS (SELECT unnest(property_entries(properties)) AS entry FROM events WHERE timestamp >= $1 AND timestamp < $2 AND name IN ($3)), pairs AS (SELECT entry['key'] AS key, entry['value'] AS value FROM entries) SELECT key, count(*) AS carriers, CAST(approx_distinct(value) AS BIGINT) AS distinct_values, min(value) AS lowest, max(value) AS highest, sum(CASE WHEN try_cast(value AS DOUBLE) IS NOT NULL THEN 1 ELSE 0 END) AS numbers, sum(CASE WHEN lower(value) IN ('true', 'false') THEN 1 ELSE 0 END) AS truths, sum(CASE WHEN regexp_like(value, $4) THEN 1 ELSE 0 END) AS dates FROM pairs WHERE value <> '' AND strpos(lower(key), lower($5)) > 0 GROUP BY key ORDER BY carriers DESC, key LIMIT 3
          [TimestampMs(1793491200000), TimestampMs(1793664000000), Text("signup"), Text("^\\d{4}-\\d{2}-\\d{2}([T ]\\d{2}:\\d{2}.*)?$"), Text("LAN")]
        WITH entries AS (SELECT unnest(property_entries(properties)) AS entry FROM events WHERE timestamp >= $1 AND timestamp < $2 AND name IN ($3)), pairs AS (SELECT entry['key'] AS key, entry['value'] AS value FROM entries), counted AS (SELECT key, value, count(*) AS carriers FROM pairs WHERE value <> '' AND key IN ($4, $5) GROUP BY key, value), ranked AS (SELECT key, value, row_number() OVER (PARTITION BY key ORDER BY carriers DESC, value) AS place, count(*) OVER (PARTITION BY key) AS distinct_values FROM counted) SELECT key, value, distinct_values FROM ranked WHERE place <= 3 ORDER BY key, place
          [TimestampMs(1793491200000), TimestampMs(1793664000000), Text("signup"), Text("plan"), Text("planet")]
        WITH entries AS (SELECT unnest(property_entries(properties)) AS entry FROM events WHERE timestamp >= $1 AND timestamp < $2 AND name IN ($3)), pairs AS (SELECT entry['key'] AS key, entry['value'] AS value FROM entries) SELECT key, min(value) AS second FROM pairs WHERE key = $4 AND value > $5 GROUP BY key
          [TimestampMs(1793491200000), TimestampMs(1793664000000), Text("signup"), Text("lane"), Text("1")]
        "#);
        insta::assert_snapshot!(asked.text(), @r#"
        Event properties: Acme (`acme`), 2026-11-01 to 2026-11-02, UTC. Data through 2026-11-02T10:00:00Z.

        events: 100

        **columns** none

        **properties**

        |name|events|sharePercent|type|distinctValues|approximate|examples|
        |---|---|---|---|---|---|---|
        |plan|90|90|text|2||pro, free|
        |lane|50|50|number|40000|true|1, 10, 99|

        Note: Approximate distinct counts have a standard error of 0.81 %.
        Note: There is more: call `list_event_properties` with `{"startDate":"2026-11-01","endDate":"2026-11-02","eventName":"signup","search":"LAN","limit":500}`.
        "#);
    }

    #[test]
    fn columns_with_few_values_are_counted_exactly() {
        let asked = Asked::of(
            "get_property_definitions",
            json!({"startDate": "2026-11-01", "endDate": "2026-11-02", "search": "os"}),
        )
        .timezone("Europe/Berlin")
        .cells(json!([[
            10,
            "2026-11-02T10:00:00Z",
            10,
            3,
            "Android",
            "iOS",
            10,
            5000,
            "1",
            "9"
        ]]))
        .cells(json!([[2]]))
        .rows(json!([]))
        .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT count(*) AS events, max(timestamp) AS newest, count(nullif(os, '')) AS n_0, CAST(approx_distinct(nullif(os, '')) AS BIGINT) AS d_0, min(nullif(os, '')) AS lo_0, max(nullif(os, '')) AS hi_0, count(nullif(os_version, '')) AS n_1, CAST(approx_distinct(nullif(os_version, '')) AS BIGINT) AS d_1, min(nullif(os_version, '')) AS lo_1, max(nullif(os_version, '')) AS hi_1 FROM events WHERE timestamp >= $1 AND timestamp < $2
          [TimestampMs(1793487600000), TimestampMs(1793660400000)]
        SELECT count(DISTINCT nullif(os, '')) AS d_0 FROM events WHERE timestamp >= $1 AND timestamp < $2
          [TimestampMs(1793487600000), TimestampMs(1793660400000)]
        WITH entries AS (SELECT unnest(property_entries(properties)) AS entry FROM events WHERE timestamp >= $1 AND timestamp < $2), pairs AS (SELECT entry['key'] AS key, entry['value'] AS value FROM entries) SELECT key, count(*) AS carriers, CAST(approx_distinct(value) AS BIGINT) AS distinct_values, min(value) AS lowest, max(value) AS highest, sum(CASE WHEN try_cast(value AS DOUBLE) IS NOT NULL THEN 1 ELSE 0 END) AS numbers, sum(CASE WHEN lower(value) IN ('true', 'false') THEN 1 ELSE 0 END) AS truths, sum(CASE WHEN regexp_like(value, $3) THEN 1 ELSE 0 END) AS dates FROM pairs WHERE value <> '' AND strpos(lower(key), lower($4)) > 0 GROUP BY key ORDER BY carriers DESC, key LIMIT 101
          [TimestampMs(1793487600000), TimestampMs(1793660400000), Text("^\\d{4}-\\d{2}-\\d{2}([T ]\\d{2}:\\d{2}.*)?$"), Text("os")]
        "#);
        insta::assert_snapshot!(asked.structured(), @r#"
        {
          "project": {
            "id": "acme",
            "name": "Acme"
          },
          "timezone": "Europe/Berlin",
          "range": {
            "start": "2026-11-01",
            "end": "2026-11-02"
          },
          "events": 10,
          "columns": [
            {
              "name": "os",
              "events": 10,
              "sharePercent": 100.0,
              "type": "text",
              "distinctValues": 2,
              "examples": [
                "Android",
                "iOS"
              ]
            },
            {
              "name": "os_version",
              "events": 10,
              "sharePercent": 100.0,
              "type": "text",
              "distinctValues": 5000,
              "approximate": true,
              "examples": [
                "1",
                "9"
              ]
            }
          ],
          "properties": [],
          "truncated": false,
          "dataThrough": "2026-11-02T11:00:00+01:00",
          "notes": [
            "Approximate distinct counts have a standard error of 0.81 %."
          ]
        }
        "#);
    }

    #[test]
    fn a_type_is_what_every_value_reads_as() {
        let row = |numbers, truths, dates| KeyRow {
            key: "k".into(),
            carriers: 5,
            distinct_values: 5,
            lowest: String::new(),
            highest: String::new(),
            numbers,
            truths,
            dates,
        };
        assert_eq!(row(5, 0, 0).likely_type(), "number");
        assert_eq!(row(0, 5, 0).likely_type(), "boolean");
        assert_eq!(row(0, 0, 5).likely_type(), "date");
        assert_eq!(row(4, 1, 0).likely_type(), "text");
    }
}
