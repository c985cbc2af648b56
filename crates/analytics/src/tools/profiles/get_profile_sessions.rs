//! `get_profile_sessions`: one person's visits, newest first.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sightline_warehouse::{InstantMs, Sql, Statement, Value, sql};

use crate::answer::Answer;
use crate::context::Context;
use crate::failure::Failure;
use crate::family::{Family, Product, Scope};
use crate::keyset;
use crate::limit::Limit;
use crate::profile_row::Found;
use crate::session_row::{COLUMNS, RULE, SessionRow, Stored};
use crate::tool::{About, Tool};

/// One person's visits, newest first.
pub(crate) struct GetProfileSessions;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    profile_id: String,
    #[serde(default)]
    limit: Limit<20, 100>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    /// Whose they are.
    profile_id: String,
    /// ISO 4217 code of `revenue`, if any row has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    /// The sessions, newest first.
    sessions: Vec<SessionRow>,
}

impl Tool for GetProfileSessions {
    const ABOUT: About = About {
        name: "get_profile_sessions",
        title: "Profile's sessions",
        description: "Lists one person's sessions, newest first, each with a one-line summary. \
                      Use get_session for what happened in one.",
        family: Family::Profiles,
        scope: Some(Scope::Persons),
        products: &[(Product::OpenPanel, "get_profile_sessions")],
        pages: true,
        needs: None,
        rules: &[
            "The sessions whose `profileId` it is: a visitor who signs in takes the whole session along. Of all time, one row each, ties by id.",
            RULE,
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        let profile = Found::by_id(&input.profile_id, context).await?;
        let statement = statement(&profile, input.limit.and_one(), context)?;
        let mut found: Vec<Stored> = context.rows(statement).await?;
        let more = found.len() > input.limit.rows();
        found.truncate(input.limit.rows());
        let mut newest: Option<InstantMs> = None;
        let mut keys = Vec::with_capacity(found.len());
        let mut sessions = Vec::with_capacity(found.len());
        for row in &found {
            newest = newest.max(Some(row.ended_ms()?));
            keys.push(json!([row.started_ms()?, row.id()]));
            sessions.push(row.shown(context)?);
        }
        let output = Output {
            profile_id: profile.id,
            currency: found
                .iter()
                .any(Stored::has_revenue)
                .then(|| context.project.currency.clone()),
            sessions,
        };
        Ok(Answer::of(output)
            .through(newest)
            .page(&["sessions"], keys, more))
    }
}

fn statement(profile: &Found, rows: usize, context: &Context<'_>) -> Result<Statement, Failure> {
    let mut query = context.query();
    let of_profile = profile.sessions(&mut query);
    let order = keyset::Order {
        by: ["started_at", "coalesce(session_id, '')"]
            .map(Sql::from)
            .to_vec(),
        descending: true,
    };
    let (mut rest, mut skip) = (Sql::default(), 0);
    if let Some(cursor) = &context.cursor {
        let (started_ms, id): (InstantMs, String) = cursor.key()?;
        let key = vec![Value::TimestampMs(started_ms), id.into()];
        let from = order.from(&mut query, key);
        rest = sql!(" AND {from}", from);
        skip = cursor.skip;
    }
    let (columns, sorted) = (COLUMNS, order.sql());
    Ok(query.finish(sql!(
        "SELECT {columns} FROM sessions WHERE {of_profile}{rest} ORDER BY {sorted} LIMIT {rows} OFFSET {skip}",
        columns,
        of_profile,
        rest,
        sorted,
        rows,
        skip
    )))
}

#[cfg(test)]
mod tests {
    use crate::session_row::tests::stored;
    use crate::testing::Asked;
    use serde_json::{Value as Json, json};

    fn ask(arguments: Json) -> Asked {
        Asked::of("get_profile_sessions", arguments)
            .deriving_sessions()
            .rows(json!([{"first": "2026-11-01T10:00:00Z", "last": "2026-11-19T10:00:00Z"}]))
    }

    #[test]
    fn sessions_come_newest_first_and_go_on_where_they_stopped() {
        let first = ask(json!({"profileId": "p1", "limit": 1}))
            .rows(json!([stored("s2"), stored("s1")]))
            .go();
        insta::assert_snapshot!(first.statements(), @r#"
        SELECT min(timestamp) AS first, max(timestamp) AS last FROM events WHERE profile_id = $1 AND profile_id <> ''
          [Text("p1")]
        SELECT session_id, profile_id, started_at, ended_at, duration_ms, is_bounce, entry_path, exit_path, screen_view_count, event_count, revenue, country, city, device, browser, os, referrer_name, utm_source, utm_campaign, rage_clicks, dead_clicks, error_clicks, js_errors, network_errors, form_abandons, quick_backs, idle_ms, frustration_score, has_feedback, has_replay FROM sessions WHERE profile_id = $1 AND started_at >= $2 AND started_at <= $3 ORDER BY started_at DESC, coalesce(session_id, '') DESC LIMIT 2 OFFSET 0
          [Text("p1"), TimestampMs(1793440800000), TimestampMs(1795082400000)]
        "#);
        insta::assert_snapshot!(first.text(), @r#"
        Profile's sessions: Acme (`acme`), UTC. Data through 2026-11-19T10:01:12Z.

        profileId: p1 · currency: EUR

        **sessions**

        |sessionId|startedAt|summary|profileId|durationSeconds|pageViews|events|bounced|entryPath|exitPath|revenue|country|device|browser|utmSource|frustrationScore|signals|replayUrl|
        |---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
        |s2|2026-11-19T10:00:00Z|1 min 12 s, 4 page views, / → /checkout; mobile Safari, DE; 2 rage clicks, 1 error click, 5 JavaScript errors|p1|72|4|12|false|/|/checkout|19.99|DE|mobile|Safari|news|86.5|rageClicks=2; errorClicks=1; jsErrors=5; idleSeconds=61.5; feedback=true|https://app.example.com/org1/acme/sessions/s2|

        There is more. For the rest call `get_profile_sessions` with `{"profileId":"p1","limit":1,"cursor":"eyJxIjoiVTJrNlEtTHdVd1lnU1B0TyIsInQiOjE3OTUxNzYwMDAwMDAsImsiOlsxNzk1MDgyNDAwMDAwLCJzMiJdLCJuIjoxfQ"}`.
        "#);
        let second =
            ask(json!({"profileId": "p1", "limit": 1, "cursor": first.field("nextCursor")}))
                .rows(json!([stored("s1")]))
                .go();
        insta::assert_snapshot!(second.statements(), @r#"
        SELECT min(timestamp) AS first, max(timestamp) AS last FROM events WHERE profile_id = $1 AND profile_id <> ''
          [Text("p1")]
        SELECT session_id, profile_id, started_at, ended_at, duration_ms, is_bounce, entry_path, exit_path, screen_view_count, event_count, revenue, country, city, device, browser, os, referrer_name, utm_source, utm_campaign, rage_clicks, dead_clicks, error_clicks, js_errors, network_errors, form_abandons, quick_backs, idle_ms, frustration_score, has_feedback, has_replay FROM sessions WHERE profile_id = $1 AND started_at >= $2 AND started_at <= $3 AND started_at <= $4 AND (started_at < $4 OR (started_at = $4 AND coalesce(session_id, '') <= $5)) ORDER BY started_at DESC, coalesce(session_id, '') DESC LIMIT 2 OFFSET 1
          [Text("p1"), TimestampMs(1793440800000), TimestampMs(1795082400000), TimestampMs(1795082400000), Text("s2")]
        "#);
    }
}
