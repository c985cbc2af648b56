//! `query_events`: single events, newest or oldest first, page by page.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::context::Context;
use crate::event_list::{EventList, Order};
use crate::event_names::unknown_names;
use crate::event_row::{EventRow, Pick};
use crate::failure::Failure;
use crate::family::{Family, Product, Scope};
use crate::filters::Filters;
use crate::limit::Limit;
use crate::range::DateRange;
use crate::tool::{About, Tool};

/// Single events, newest or oldest first, page by page.
pub(crate) struct QueryEvents;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    #[serde(flatten)]
    range: DateRange,
    event_names: Option<Vec<String>>,
    path: Option<String>,
    country: Option<String>,
    city: Option<String>,
    device: Option<String>,
    browser: Option<String>,
    os: Option<String>,
    referrer: Option<String>,
    referrer_name: Option<String>,
    referrer_type: Option<String>,
    profile_id: Option<String>,
    session_id: Option<String>,
    /// Exact values by key
    properties: Option<BTreeMap<String, String>>,
    #[serde(default)]
    filters: Filters,
    /// Columns to return, properties.KEY
    fields: Option<Vec<String>>,
    #[serde(default)]
    order: Order,
    #[serde(default)]
    limit: Limit<20, 100>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    /// ISO 4217 code of `revenue`, if any row has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    /// The events; what one does not have is left out.
    events: Vec<EventRow>,
}

impl Tool for QueryEvents {
    const ABOUT: About = About {
        name: "query_events",
        title: "Events",
        description: "Lists single events with their time, person, page, device and properties. \
                      Use to see what happened, to whom; for counts use get_event_definitions or query.",
        family: Family::Events,
        scope: Some(Scope::Events),
        products: &[
            (Product::SessionVision, "list_events"),
            (Product::OpenPanel, "query_events"),
        ],
        pages: true,
        needs: None,
        rules: &[
            "`path`, `country`, `city`, `device`, `browser`, `os`, `referrer`, `referrerName`, `referrerType`, `profileId`, `sessionId` and `properties` are exact (case counts); for anything else use `filters`. All must hold.",
            "`eventNames` are alternatives; `screen_view` also finds what is stored as `$pageview`, and is shown as `screen_view`.",
            "`fields` names columns (`utm_source` or `utmSource`), `properties` or `properties.KEY`; `timestamp` and `name` are always there. Without it the most asked-for columns are given. Columns without a value are left out of a row.",
            "Order is by time, then event id, profile, session, name and path, so it is the same every time.",
            "If nothing is found and an event name does not occur in the range, a note names the nearest that does.",
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        let range = context.range(&input.range)?;
        let picks = Pick::all(input.fields.as_deref())?;
        let (order, limit, event_names) = (
            input.order,
            input.limit,
            input.event_names.clone().unwrap_or_default(),
        );
        let conditions = context.conditions(&input.filters()).await?;
        let list = EventList {
            range: &range,
            event_names: &event_names,
            conditions: &conditions,
            order,
            picks: &picks,
            rows: limit.rows(),
        };
        let found = list.found(context).await?;
        let mut notes: Vec<String> = range.note(context.environment.now_ms).into_iter().collect();
        if found.events.is_empty() && context.cursor.is_none() {
            notes.extend(unknown_names(&event_names, &range, context).await?);
        }
        let output = Output {
            currency: found.has_revenue.then(|| context.project.currency.clone()),
            events: found.events,
        };
        Ok(Answer::of(output)
            .over(&range)
            .through(found.newest)
            .notes(notes)
            .page(&["events"], found.keys, found.more))
    }
}

impl Input {
    /// The filters, with those written as inputs of their own.
    fn filters(self) -> Filters {
        let exact = [
            ("path", self.path),
            ("country", self.country),
            ("city", self.city),
            ("device", self.device),
            ("browser", self.browser),
            ("os", self.os),
            ("referrer", self.referrer),
            ("referrer_name", self.referrer_name),
            ("referrer_type", self.referrer_type),
            ("profile_id", self.profile_id),
            ("session_id", self.session_id),
        ];
        let filters = exact
            .into_iter()
            .fold(self.filters, |filters, (field, value)| {
                filters.and_is(field, value)
            });
        let properties = self.properties.into_iter().flatten();
        properties.fold(filters, |filters, (key, value)| {
            filters.and_is(&format!("properties.{key}"), Some(value))
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Asked;
    use serde_json::{Value as Json, json};

    /// A row as the statement answers it: six keys, then the columns asked for.
    fn row(time: &str, id: &str, columns: &[Json]) -> Json {
        let key = [
            json!(time),
            json!(id),
            json!("p1"),
            json!("s1"),
            json!("purchase"),
            json!("/pay"),
        ];
        Json::Array(key.into_iter().chain(columns.iter().cloned()).collect())
    }

    #[test]
    fn the_default_question_is_the_newest_events_of_30_days() {
        let columns = [
            json!("e2"),
            json!("2026-11-19T10:00:00Z"),
            json!("revenue"),
            json!("p1"),
            json!("s1"),
            json!("https://acme.com"),
            json!("/pay"),
            json!("Pay | Acme"),
            Json::Null,
            json!("DE"),
            json!(""),
            json!("mobile"),
            json!("Safari"),
            json!("iOS"),
            Json::Null,
            json!(1999),
            json!([]),
            Json::Null,
            json!({"plan": "pro", "seats": "3"}),
        ];
        let asked = Asked::of("query_events", json!({}))
            .timezone("Europe/Berlin")
            .cells(json!([row("2026-11-19T10:00:00Z", "e2", &columns)]))
            .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT timestamp AS key_0, coalesce(event_id, '') AS key_1, coalesce(profile_id, '') AS key_2, coalesce(session_id, '') AS key_3, coalesce(name, '') AS key_4, coalesce(path, '') AS key_5, event_id AS column_0, timestamp AS column_1, CASE name WHEN $1 THEN $2 ELSE coalesce(name, '') END AS column_2, profile_id AS column_3, session_id AS column_4, origin AS column_5, path AS column_6, title AS column_7, referrer_name AS column_8, country AS column_9, city AS column_10, device AS column_11, browser AS column_12, os AS column_13, duration_ms AS column_14, revenue AS column_15, groups AS column_16, utm_source AS column_17, properties AS column_18 FROM events WHERE timestamp >= $3 AND timestamp < $4 ORDER BY timestamp DESC, coalesce(event_id, '') DESC, coalesce(profile_id, '') DESC, coalesce(session_id, '') DESC, coalesce(name, '') DESC, coalesce(path, '') DESC LIMIT 21 OFFSET 0
          [Text("$pageview"), Text("screen_view"), TimestampMs(1792620000000), TimestampMs(1795215600000)]
        "#);
        insta::assert_snapshot!(asked.text(), @r"
        Events: Acme (`acme`), 2026-10-22 to 2026-11-20, Europe/Berlin. Data through 2026-11-19T11:00:00+01:00.

        currency: EUR

        **events**

        |eventId|timestamp|name|profileId|sessionId|origin|path|title|country|device|browser|os|revenue|properties|
        |---|---|---|---|---|---|---|---|---|---|---|---|---|---|
        |e2|2026-11-19T11:00:00+01:00|revenue|p1|s1|https://acme.com|/pay|Pay \| Acme|DE|mobile|Safari|iOS|19.99|plan=pro; seats=3|

        Note: The range is not over yet: its last day is partial.
        ");
        insta::assert_snapshot!(asked.structured(), @r#"
        {
          "project": {
            "id": "acme",
            "name": "Acme"
          },
          "timezone": "Europe/Berlin",
          "range": {
            "start": "2026-10-22",
            "end": "2026-11-20"
          },
          "currency": "EUR",
          "events": [
            {
              "eventId": "e2",
              "timestamp": "2026-11-19T11:00:00+01:00",
              "name": "revenue",
              "profileId": "p1",
              "sessionId": "s1",
              "origin": "https://acme.com",
              "path": "/pay",
              "title": "Pay | Acme",
              "country": "DE",
              "device": "mobile",
              "browser": "Safari",
              "os": "iOS",
              "revenue": 19.99,
              "properties": {
                "plan": "pro",
                "seats": "3"
              }
            }
          ],
          "truncated": false,
          "dataThrough": "2026-11-19T11:00:00+01:00",
          "notes": [
            "The range is not over yet: its last day is partial."
          ]
        }
        "#);
    }

    #[test]
    fn every_input_becomes_a_bound_condition() {
        let asked = Asked::of(
            "list_events",
            json!({
                "startDate": "2026-11-01", "endDate": "2026-11-01", "eventNames": ["screen_view", "signup"], "path": "/a'b",
                "country": "DE", "profileId": "p", "properties": {"plan": "pro"}, "fields": ["country", "properties.plan"],
                "filters": [{"field": "browser", "op": "startsWith", "values": ["saf"]}], "order": "oldest", "limit": 5,
            }),
        )
        .cells(json!([row("2026-11-01T10:00:00Z", "e1", &[json!("2026-11-01T10:00:00Z"), json!("signup"), json!("DE"), json!("pro")])]))
        .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT timestamp AS key_0, coalesce(event_id, '') AS key_1, coalesce(profile_id, '') AS key_2, coalesce(session_id, '') AS key_3, coalesce(name, '') AS key_4, coalesce(path, '') AS key_5, timestamp AS column_0, CASE name WHEN $1 THEN $2 ELSE coalesce(name, '') END AS column_1, country AS column_2, property(properties, $3) AS column_3 FROM events WHERE timestamp >= $4 AND timestamp < $5 AND starts_with(lower(browser), lower($6)) AND path IN ($7) AND country IN ($8) AND profile_id IN ($9) AND property(properties, $10) IN ($11) AND name IN ($12, $13, $14) ORDER BY timestamp ASC, coalesce(event_id, '') ASC, coalesce(profile_id, '') ASC, coalesce(session_id, '') ASC, coalesce(name, '') ASC, coalesce(path, '') ASC LIMIT 6 OFFSET 0
          [Text("$pageview"), Text("screen_view"), Text("plan"), TimestampMs(1793491200000), TimestampMs(1793577600000), Text("saf"), Text("/a'b"), Text("DE"), Text("p"), Text("plan"), Text("pro"), Text("screen_view"), Text("$pageview"), Text("signup")]
        "#);
        insta::assert_snapshot!(asked.text(), @"
        Events: Acme (`acme`), 2026-11-01 to 2026-11-01, UTC. Data through 2026-11-01T10:00:00Z.

        **events**

        |timestamp|name|country|properties|
        |---|---|---|---|
        |2026-11-01T10:00:00Z|signup|DE|plan=pro|
        ");
    }

    #[test]
    fn a_page_is_followed_by_the_rows_after_its_last() {
        let arguments = json!({"fields": ["name"], "limit": 2});
        let rows = |ids: &[&str]| {
            let cells = [json!("2026-11-19T10:00:00Z"), json!("purchase")];
            Json::Array(
                ids.iter()
                    .map(|id| row("2026-11-19T10:00:00Z", id, &cells))
                    .collect(),
            )
        };
        let first = Asked::of("query_events", arguments.clone())
            .cells(rows(&["e9", "e8", "e7"]))
            .go();
        let cursor = first.field("nextCursor");
        assert_eq!(first.field("truncated"), json!(true));
        assert!(
            first
                .text()
                .contains("There is more. For the rest call `query_events` with"),
            "{}",
            first.text()
        );

        let with = |mut arguments: Json, more: &[(&str, Json)]| {
            for (name, value) in more {
                arguments[*name] = value.clone();
            }
            arguments
        };
        let second = Asked::of(
            "query_events",
            with(
                arguments.clone(),
                &[("cursor", cursor.clone()), ("limit", json!(50))],
            ),
        )
        .cells(rows(&["e7"]))
        .go();
        insta::assert_snapshot!(second.statements(), @r#"
        SELECT timestamp AS key_0, coalesce(event_id, '') AS key_1, coalesce(profile_id, '') AS key_2, coalesce(session_id, '') AS key_3, coalesce(name, '') AS key_4, coalesce(path, '') AS key_5, timestamp AS column_0, CASE name WHEN $1 THEN $2 ELSE coalesce(name, '') END AS column_1 FROM events WHERE timestamp >= $3 AND timestamp < $4 AND timestamp <= $5 AND (timestamp < $5 OR (timestamp = $5 AND (coalesce(event_id, '') < $6 OR (coalesce(event_id, '') = $6 AND (coalesce(profile_id, '') < $7 OR (coalesce(profile_id, '') = $7 AND (coalesce(session_id, '') < $8 OR (coalesce(session_id, '') = $8 AND (coalesce(name, '') < $9 OR (coalesce(name, '') = $9 AND coalesce(path, '') <= $10)))))))))) ORDER BY timestamp DESC, coalesce(event_id, '') DESC, coalesce(profile_id, '') DESC, coalesce(session_id, '') DESC, coalesce(name, '') DESC, coalesce(path, '') DESC LIMIT 51 OFFSET 1
          [Text("$pageview"), Text("screen_view"), TimestampMs(1792627200000), TimestampMs(1795219200000), TimestampMs(1795082400000), Text("e8"), Text("p1"), Text("s1"), Text("purchase"), Text("/pay")]
        "#);
        assert_eq!(second.field("nextCursor"), Json::Null);

        let elsewhere = with(
            arguments.clone(),
            &[("cursor", cursor.clone()), ("country", json!("DE"))],
        );
        insta::assert_snapshot!(Asked::of("query_events", elsewhere).go().mistake(), @"This `cursor` belongs to another question. Repeat the call that gave it with exactly the same arguments and this cursor, or leave `cursor` out to start over.");
        let other_project = Asked::of("query_events", with(arguments, &[("cursor", cursor)]))
            .project("globex")
            .go();
        assert!(
            other_project
                .mistake()
                .starts_with("This `cursor` belongs to another question.")
        );
    }

    #[test]
    fn an_event_name_nobody_tracked_is_noted_with_the_nearest() {
        let asked = Asked::of(
            "query_events",
            json!({"eventNames": ["chekout"], "startDate": "2026-11-01", "endDate": "2026-11-02"}),
        )
        .cells(json!([]))
        .cells(json!([["screen_view"], ["checkout"]]))
        .go();
        insta::assert_snapshot!(asked.text(), @"
        Events: Acme (`acme`), 2026-11-01 to 2026-11-02, UTC.

        **events** none

        Note: No event named `chekout` occurs in this range. Did you mean `checkout`? `get_event_definitions` lists those that do.
        ");
    }
}
