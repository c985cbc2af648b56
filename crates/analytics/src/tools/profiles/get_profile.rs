//! `get_profile`: one person, and what they did last.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::context::Context;
use crate::dashboard::Dashboard;
use crate::event_list::{EventList, Order};
use crate::event_row::{EventRow, Pick};
use crate::failure::Failure;
use crate::family::{Family, Product, Scope};
use crate::filters::Filters;
use crate::limit::Limit;
use crate::profile_row::{Found, ProfileRow};
use crate::range::Range;
use crate::tool::{About, Tool};

/// One person, and what they did last.
pub(crate) struct GetProfile;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    profile_id: String,
    #[serde(default)]
    event_limit: Limit<20, 100>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// ISO 4217 code of `revenue`, if any event has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    /// The profile.
    profile: ProfileRow,
    /// Its page in the dashboard, if the operator has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<Links>,
    /// Its newest events.
    events: Vec<EventRow>,
}

#[derive(Serialize, JsonSchema)]
struct Links {
    /// The profile.
    profile: String,
}

impl Tool for GetProfile {
    const ABOUT: About = About {
        name: "get_profile",
        title: "Profile",
        description: "Gives one person's profile and newest events. \
                      Use get_profile_metrics for totals, get_profile_sessions for visits, find_profiles to find the id.",
        family: Family::Profiles,
        scope: Some(Scope::Persons),
        products: &[(Product::OpenPanel, "get_profile")],
        pages: false,
        needs: None,
        rules: &[
            "A profile is there if the `profiles` table has it or any event names it; of one that only events name, `createdAt` and `lastSeenAt` are its first and last event.",
            "`events` are the newest of all time, in the order of `query_events`.",
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        let found = Found::by_id(&input.profile_id, context).await?;
        let conditions = Filters::default()
            .and_is("profile_id", Some(found.id.clone()))
            .conditions(context.project)?;
        let picks = Pick::all(None)?;
        let always = Range::always(context.calendar());
        let list = EventList {
            range: &always,
            event_names: &[],
            conditions: &conditions,
            order: Order::Newest,
            picks: &picks,
            rows: input.event_limit.rows(),
        };
        let events = list.found(context).await?;
        let links = Dashboard::of(context).map(|dashboard| Links {
            profile: dashboard.profile(&found.id),
        });
        let output = Output {
            currency: events.has_revenue.then(|| context.project.currency.clone()),
            profile: found.shown(context)?,
            links,
            events: events.events,
        };
        Ok(Answer::of(output).through(events.newest).ranking(
            &["events"],
            events.more,
            None,
            "`query_events` with this `profileId` lists all of its events.",
        ))
    }
}

#[cfg(test)]
mod tests {
    use crate::profile_row::tests::stored;
    use crate::testing::{Asked, table};
    use serde_json::{Value as Json, json};

    fn ask(arguments: Json) -> Asked {
        Asked::of("get_profile", arguments)
            .tables(vec![table("events", 0, &[]), table("profiles", 0, &[])])
    }

    /// An event as a statement answers it: six keys, then the usual columns.
    fn event() -> Json {
        let mut cells = vec![
            json!("2026-11-19T10:00:00Z"),
            json!("e1"),
            json!("u1"),
            json!("s1"),
            json!("signup"),
            json!("/"),
            json!("e1"),
            json!("2026-11-19T10:00:00Z"),
            json!("signup"),
            json!("u1"),
        ];
        cells.resize(25, Json::Null);
        Json::Array(cells)
    }

    #[test]
    fn a_stored_profile_comes_with_its_newest_events() {
        let asked = ask(json!({"profileId": "u1", "eventLimit": 1}))
            .rows(json!([stored("u1")]))
            .rows(json!([{"first": "2026-11-01T10:00:00Z", "last": "2026-11-19T10:00:00Z"}]))
            .cells(json!([event(), event()]))
            .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT profile_id, is_identified, first_name, last_name, email, avatar, groups, created_at, last_seen_at, properties FROM profiles WHERE profile_id = $1 ORDER BY last_seen_at DESC LIMIT 1
          [Text("u1")]
        SELECT min(timestamp) AS first, max(timestamp) AS last FROM events WHERE profile_id = $1 AND profile_id <> ''
          [Text("u1")]
        SELECT timestamp AS key_0, coalesce(event_id, '') AS key_1, coalesce(profile_id, '') AS key_2, coalesce(session_id, '') AS key_3, coalesce(name, '') AS key_4, coalesce(path, '') AS key_5, event_id AS column_0, timestamp AS column_1, CASE name WHEN $1 THEN $2 ELSE coalesce(name, '') END AS column_2, profile_id AS column_3, session_id AS column_4, origin AS column_5, path AS column_6, title AS column_7, referrer_name AS column_8, country AS column_9, city AS column_10, device AS column_11, browser AS column_12, os AS column_13, duration_ms AS column_14, revenue AS column_15, groups AS column_16, utm_source AS column_17, properties AS column_18 FROM events WHERE timestamp >= $3 AND timestamp < $4 AND profile_id IN ($5) ORDER BY timestamp DESC, coalesce(event_id, '') DESC, coalesce(profile_id, '') DESC, coalesce(session_id, '') DESC, coalesce(name, '') DESC, coalesce(path, '') DESC LIMIT 2 OFFSET 0
          [Text("$pageview"), Text("screen_view"), TimestampMs(0), TimestampMs(253402300800000), Text("u1")]
        "#);
        insta::assert_snapshot!(asked.text(), @"
        Profile: Acme (`acme`), UTC. Data through 2026-11-19T10:00:00Z.

        **profile** profileId: u1 · identified: true · firstName: Ada · email: ada@acme.com · groups: g1 · createdAt: 2026-11-01T10:00:00Z · lastSeenAt: 2026-11-19T10:00:00Z · properties: plan=pro

        **links** profile: https://app.example.com/org1/acme/profiles/u1

        **events**

        |eventId|timestamp|name|profileId|
        |---|---|---|---|
        |e1|2026-11-19T10:00:00Z|signup|u1|

        Note: There is more. `query_events` with this `profileId` lists all of its events.
        ");
    }

    #[test]
    fn a_profile_that_only_events_name_is_there_too() {
        let asked = Asked::of("get_profile", json!({"profileId": "dev_1"}))
            .timezone("Europe/Berlin")
            .rows(json!([{"first": "2026-11-01T10:00:00Z", "last": "2026-11-19T10:00:00Z"}]))
            .cells(json!([event()]))
            .go();
        insta::assert_snapshot!(asked.field("profile"), @r#"{"profileId":"dev_1","createdAt":"2026-11-01T11:00:00+01:00","lastSeenAt":"2026-11-19T11:00:00+01:00"}"#);
    }

    #[test]
    fn an_unknown_profile_is_a_mistake() {
        let asked = ask(json!({"profileId": "nobody"}))
            .rows(json!([]))
            .rows(json!([{"first": null, "last": null}]))
            .go();
        insta::assert_snapshot!(asked.mistake(), @"There is no profile `nobody` in this project. `find_profiles` finds them by name or e-mail; copy `profileId` from there.");
    }
}
