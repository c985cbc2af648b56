//! `get_event_definitions`: which events there are, and how many.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sightline_warehouse::{Sql, Statement, sql};

use crate::answer::Answer;
use crate::context::Context;
use crate::failure::Failure;
use crate::family::{Family, Product, Scope};
use crate::limit::Limit;
use crate::numbers::percent;
use crate::range::{DateRange, Range};
use crate::tool::{About, Tool};

/// Which events there are, and how many.
pub(crate) struct GetEventDefinitions;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    #[serde(flatten)]
    range: DateRange,
    /// Part of the name
    search: Option<String>,
    #[serde(default)]
    limit: Limit<50, 500>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The events, the commonest first.
    events: Vec<Definition>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Definition {
    /// The event's name; empty for events without one.
    name: String,
    /// Events of that name in the range.
    count: i64,
    /// Distinct profiles that had one.
    users: i64,
    /// Of all events in the range.
    share_percent: f64,
    /// First in the range.
    first_seen: String,
    /// Last in the range.
    last_seen: String,
}

#[derive(Deserialize)]
struct Row {
    event: String,
    events: i64,
    users: i64,
    first_seen: String,
    last_seen: String,
    total: i64,
    newest: String,
}

impl Tool for GetEventDefinitions {
    const ABOUT: About = About {
        name: "get_event_definitions",
        title: "Event names",
        description: "Lists the event names of a range with count, users, share, first and last seen. \
                      Use to learn what is tracked before asking about an event.",
        family: Family::Discover,
        scope: Some(Scope::Schema),
        products: &[
            (Product::SessionVision, "get_event_definitions"),
            (Product::OpenPanel, "list_event_names"),
        ],
        pages: false,
        needs: None,
        rules: &[
            "Sorted by count, then name. `sharePercent` is of all events in the range, whatever `search` leaves.",
            "`$pageview` is counted as `screen_view`. `users` are distinct profiles; events with an empty profile id are nobody.",
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        let range = context.range(&input.range)?;
        let statement = definitions(
            &range,
            input.search.as_deref(),
            input.limit.and_one(),
            context,
        );
        let mut rows: Vec<Row> = context.rows(statement).await?;
        let more = rows.len() > input.limit.rows();
        rows.truncate(input.limit.rows());
        let newest = context.newest(rows.first().map(|row| &row.newest))?;
        let mut notes: Vec<String> = range.note(context.environment.now_ms).into_iter().collect();
        if rows.is_empty() {
            notes.push(match &input.search {
                Some(search) => format!("No event in this range has a name with `{search}` in it."),
                None => String::from("There are no events in this range."),
            });
        }
        let events = rows
            .into_iter()
            .map(|row| {
                Ok(Definition {
                    share_percent: percent(row.events, row.total),
                    first_seen: context.local(&row.first_seen)?,
                    last_seen: context.local(&row.last_seen)?,
                    name: row.event,
                    count: row.events,
                    users: row.users,
                })
            })
            .collect::<Result<_, Failure>>()?;
        Ok(Answer::of(Output { events })
            .over(&range)
            .through(newest)
            .notes(notes)
            .ranking(
                &["events"],
                more,
                input.limit.larger(),
                "Narrow it with `search` or a shorter range.",
            ))
    }
}

fn definitions(
    range: &Range,
    search: Option<&str>,
    rows: usize,
    context: &Context<'_>,
) -> Statement {
    let mut query = context.query();
    let event = context.project.event_names.shown_sql(&mut query);
    let users = query
        .dialect()
        .count_distinct(&Sql::from("nullif(profile_id, '')"));
    let within = range.contains(&mut query, "timestamp");
    let matching = match search {
        Some(search) => {
            let search = query.bind(search);
            let contains = query.dialect().contains(&Sql::from("event"), &search);
            sql!(" WHERE {contains}", contains)
        }
        None => Sql::default(),
    };
    query.finish(sql!(
        "WITH counted AS (SELECT {event} AS event, count(*) AS events, {users} AS users, min(timestamp) AS first_seen, \
         max(timestamp) AS last_seen FROM events WHERE {within} GROUP BY event), \
         measured AS (SELECT event, events, users, first_seen, last_seen, sum(events) OVER () AS total, \
         max(last_seen) OVER () AS newest FROM counted) \
         SELECT event, events, users, first_seen, last_seen, total, newest FROM measured{matching} \
         ORDER BY events DESC, event LIMIT {rows}",
        event,
        users,
        within,
        matching,
        rows
    ))
}

#[cfg(test)]
mod tests {
    use crate::testing::Asked;
    use serde_json::{Value as Json, json};

    fn row(event: &str, events: i64) -> Json {
        json!({
            "event": event, "events": events, "users": 2, "first_seen": "2026-11-01T00:00:00Z",
            "last_seen": "2026-11-02T00:00:00Z", "total": 12, "newest": "2026-11-02T09:00:00Z",
        })
    }

    #[test]
    fn names_come_with_their_share_of_everything() {
        let asked = Asked::of(
            "list_event_names",
            json!({"startDate": "2026-11-01", "endDate": "2026-11-02", "search": "e", "limit": 2}),
        )
        .timezone("Europe/Berlin")
        .rows(json!([
            row("screen_view", 9),
            row("revenue", 2),
            row("signed", 1)
        ]))
        .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        WITH counted AS (SELECT CASE name WHEN $1 THEN $2 ELSE coalesce(name, '') END AS event, count(*) AS events, count(DISTINCT nullif(profile_id, '')) AS users, min(timestamp) AS first_seen, max(timestamp) AS last_seen FROM events WHERE timestamp >= $3 AND timestamp < $4 GROUP BY event), measured AS (SELECT event, events, users, first_seen, last_seen, sum(events) OVER () AS total, max(last_seen) OVER () AS newest FROM counted) SELECT event, events, users, first_seen, last_seen, total, newest FROM measured WHERE strpos(lower(event), lower($5)) > 0 ORDER BY events DESC, event LIMIT 3
          [Text("$pageview"), Text("screen_view"), TimestampMs(1793487600000), TimestampMs(1793660400000), Text("e")]
        "#);
        insta::assert_snapshot!(asked.text(), @r#"
        Event names: Acme (`acme`), 2026-11-01 to 2026-11-02, Europe/Berlin. Data through 2026-11-02T10:00:00+01:00.

        **events**

        |name|count|users|sharePercent|firstSeen|lastSeen|
        |---|---|---|---|---|---|
        |screen_view|9|2|75|2026-11-01T01:00:00+01:00|2026-11-02T01:00:00+01:00|
        |revenue|2|2|16.67|2026-11-01T01:00:00+01:00|2026-11-02T01:00:00+01:00|

        Note: There is more: call `list_event_names` with `{"startDate":"2026-11-01","endDate":"2026-11-02","search":"e","limit":500}`.
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
          "events": [
            {
              "name": "screen_view",
              "count": 9,
              "users": 2,
              "sharePercent": 75.0,
              "firstSeen": "2026-11-01T01:00:00+01:00",
              "lastSeen": "2026-11-02T01:00:00+01:00"
            },
            {
              "name": "revenue",
              "count": 2,
              "users": 2,
              "sharePercent": 16.67,
              "firstSeen": "2026-11-01T01:00:00+01:00",
              "lastSeen": "2026-11-02T01:00:00+01:00"
            }
          ],
          "truncated": true,
          "dataThrough": "2026-11-02T10:00:00+01:00",
          "notes": [
            "There is more: call `list_event_names` with `{\"startDate\":\"2026-11-01\",\"endDate\":\"2026-11-02\",\"search\":\"e\",\"limit\":500}`."
          ]
        }
        "#);
    }

    #[test]
    fn nothing_found_is_said() {
        let asked = Asked::of("get_event_definitions", json!({"search": "zzz"}))
            .rows(json!([]))
            .go();
        assert!(
            asked
                .text()
                .contains("No event in this range has a name with `zzz` in it."),
            "{}",
            asked.text()
        );
    }
}
