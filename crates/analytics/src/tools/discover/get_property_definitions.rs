//! `get_property_definitions`: which columns and properties events carry, and what is in them.

use std::borrow::Cow;

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
    pub(super) likely_type: Cow<'static, str>,
    /// Distinct values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) distinct_values: Option<i64>,
    /// `distinctValues` is approximate.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) approximate: bool,
    /// Up to three values: of few the commonest; of more than 1,000 the first in order, one between, and the last.
    pub(super) examples: Vec<String>,
}

/// Examples are cut after so many characters.
const MOST_CHARACTERS: usize = 120;

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
        let mut properties = question.properties(input.limit.and_one(), events).await?;
        let more = properties.len() > input.limit.rows();
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

/// What the warehouse says of the values of a column or key ([`sightline_warehouse::Dialect::describe_values`]).
#[derive(Deserialize)]
pub(super) struct Described {
    carriers: i64,
    distinct_values: i64,
    is_exact: bool,
    likely_type: String,
    examples: Vec<String>,
}

impl Described {
    /// The definition of what is called `name`, of so many events.
    pub(super) fn definition(self, name: String, events: i64) -> Definition {
        Definition {
            name,
            events: self.carriers,
            share_percent: percent(self.carriers, events),
            likely_type: self.likely_type.into(),
            distinct_values: Some(self.distinct_values),
            approximate: !self.is_exact,
            examples: self.examples.into_iter().map(example).collect(),
        }
    }
}

/// What the statement over properties answers.
#[derive(Deserialize)]
struct KeyRow {
    key: String,
    described: Described,
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

    /// The commonest keys.
    async fn properties(&self, rows: usize, events: i64) -> Result<Vec<Definition>, Failure> {
        let found: Vec<KeyRow> = self.context.rows(self.keys(rows)).await?;
        let definitions = found
            .into_iter()
            .map(|row| row.described.definition(row.key, events));
        Ok(definitions.collect())
    }

    fn keys(&self, rows: usize) -> Statement {
        let mut query = self.context.query();
        let within = self.within(&mut query);
        let dialect = query.dialect();
        let entries = dialect.unnest_entries(&Sql::from("properties"));
        let (key, value) = (
            dialect.entry_key(&Sql::from("entry")),
            dialect.entry_value(&Sql::from("entry")),
        );
        let described = dialect.describe_values(&Sql::from("value"));
        let carriers = dialect.field(&Sql::from("described"), "carriers");
        let matching = match self.search {
            Some(search) => {
                let search = query.bind(search);
                let contains = query.dialect().contains(&Sql::from("key"), &search);
                sql!(" AND {contains}", contains)
            }
            None => Sql::default(),
        };
        query.finish(sql!(
            "SELECT key, described FROM (SELECT key, {described} AS described FROM (SELECT {key} AS key, {value} AS value FROM \
             (SELECT {entries} AS entry FROM events WHERE {within}) AS entries) AS pairs WHERE value <> ''{matching} GROUP BY key) AS keys \
             ORDER BY {carriers} DESC, key LIMIT {rows}",
            described,
            key,
            value,
            entries,
            within,
            matching,
            carriers,
            rows
        ))
    }
}

/// A value as an example; where it is cut, `…` says so.
pub(super) fn example(value: String) -> String {
    match value.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Asked;
    use serde_json::json;

    #[test]
    fn columns_and_keys_come_with_type_count_and_examples() {
        let arguments = json!({"startDate": "2026-11-01", "endDate": "2026-11-02", "eventName": "signup", "search": "LAN", "limit": 2});
        let asked = Asked::of("list_event_properties", arguments)
            .cells(json!([[100, "2026-11-02T10:00:00Z"]]))
            .rows(json!([
                {"key": "plan", "described": {"carriers": 90, "distinct_values": 2, "is_exact": true, "likely_type": "text", "examples": ["pro", "free"]}},
                {"key": "lane", "described": {"carriers": 50, "distinct_values": 40000, "is_exact": false, "likely_type": "number", "examples": ["1", "10", "99"]}},
                {"key": "planet", "described": {"carriers": 1, "distinct_values": 1, "is_exact": true, "likely_type": "text", "examples": ["x"]}},
            ]))
            .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT count(*) AS events, max(timestamp) AS newest FROM events WHERE timestamp >= $1 AND timestamp < $2 AND name IN ($3)
          [TimestampMs(1793491200000), TimestampMs(1793664000000), Text("signup")]
        SELECT key, described FROM (SELECT key, describe_values(value) AS described FROM (SELECT entry['key'] AS key, entry['value'] AS value FROM (SELECT unnest(property_entries(properties)) AS entry FROM events WHERE timestamp >= $1 AND timestamp < $2 AND name IN ($3)) AS entries) AS pairs WHERE value <> '' AND strpos(lower(key), lower($4)) > 0 GROUP BY key) AS keys ORDER BY described['carriers'] DESC, key LIMIT 3
          [TimestampMs(1793491200000), TimestampMs(1793664000000), Text("signup"), Text("LAN")]
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
    fn a_column_of_text_is_text_whatever_it_reads_as() {
        let asked = Asked::of(
            "get_property_definitions",
            json!({"startDate": "2026-11-01", "endDate": "2026-11-02", "search": "os"}),
        )
        .timezone("Europe/Berlin")
        .cells(json!([[
            10,
            "2026-11-02T10:00:00Z",
            {"carriers": 10, "distinct_values": 2, "is_exact": true, "likely_type": "text", "examples": ["iOS", "Android"]},
            {"carriers": 10, "distinct_values": 5000, "is_exact": false, "likely_type": "number", "examples": ["1", "10.2", "9"]}
        ]]))
        .rows(json!([]))
        .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT count(*) AS events, max(timestamp) AS newest, describe_values(nullif(os, '')) AS d_0, describe_values(nullif(os_version, '')) AS d_1 FROM events WHERE timestamp >= $1 AND timestamp < $2
          [TimestampMs(1793487600000), TimestampMs(1793660400000)]
        SELECT key, described FROM (SELECT key, describe_values(value) AS described FROM (SELECT entry['key'] AS key, entry['value'] AS value FROM (SELECT unnest(property_entries(properties)) AS entry FROM events WHERE timestamp >= $1 AND timestamp < $2) AS entries) AS pairs WHERE value <> '' AND strpos(lower(key), lower($3)) > 0 GROUP BY key) AS keys ORDER BY described['carriers'] DESC, key LIMIT 101
          [TimestampMs(1793487600000), TimestampMs(1793660400000), Text("os")]
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
                "iOS",
                "Android"
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
                "10.2",
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
}
