//! `get_profile_metrics`: one person in numbers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sightline_warehouse::{Sql, Statement, sql};

use crate::answer::Answer;
use crate::context::Context;
use crate::event_names::{NO_CONVERSION, REVENUE, SCREEN_VIEW};
use crate::failure::Failure;
use crate::family::{Family, Product, Scope};
use crate::interval::{Every, instant};
use crate::numbers::{mean_seconds, per, percent, rounded};
use crate::profile_row::Found;
use crate::tool::{About, Tool};

/// One person in numbers.
pub(crate) struct GetProfileMetrics;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    profile_id: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    /// Whose they are.
    profile_id: String,
    /// Its first event, if it has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_seen: Option<String>,
    /// Its last event.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen: Option<String>,
    /// Sessions.
    sessions: i64,
    /// Screen views.
    screen_views: i64,
    /// Events of any kind.
    total_events: i64,
    /// Events but for screen_view, session_start and session_end.
    conversion_events: i64,
    /// Days of the project with an event.
    active_days: i64,
    /// Mean duration of the sessions that have one.
    avg_session_duration_minutes: f64,
    /// The duration nine in ten of those sessions do not exceed.
    p90_session_duration_minutes: f64,
    /// totalEvents / sessions.
    events_per_session: f64,
    /// Mean time from the start of a session to the start of the next; absent for fewer than two.
    #[serde(skip_serializing_if = "Option::is_none")]
    avg_seconds_between_sessions: Option<f64>,
    /// 100 · sessions with fewer than two screen views / sessions.
    bounce_rate_percent: f64,
    /// Of its `revenue` events, in major units.
    revenue: f64,
    /// ISO 4217 code of `revenue`.
    currency: String,
}

#[derive(Deserialize)]
struct OfEvents {
    total: Option<i64>,
    views: Option<i64>,
    conversions: Option<i64>,
    days: i64,
    revenue: Option<i64>,
}

#[derive(Deserialize)]
struct OfSessions {
    sessions: i64,
    bounced: Option<i64>,
    lasting: Option<i64>,
    lasting_ms: Option<i64>,
    p90_ms: Option<f64>,
    first: Option<String>,
    last: Option<String>,
}

impl Tool for GetProfileMetrics {
    const ABOUT: About = About {
        name: "get_profile_metrics",
        title: "Profile in numbers",
        description: "Says in numbers what one person did: sessions, events, active days, duration, revenue, first and last seen. \
                      Use get_profile for who it is.",
        family: Family::Profiles,
        scope: Some(Scope::Persons),
        products: &[(Product::OpenPanel, "get_profile_metrics")],
        pages: false,
        needs: None,
        rules: &[
            "Everything is of all time. `conversionEvents` are all named events but `screen_view`, `session_start` and `session_end`; `activeDays` are days of the project's timezone with an event.",
            "Session measures are of the sessions whose `profileId` it is. The mean and the 90th percentile (interpolated linearly) of the duration are over sessions with a duration above 0, in minutes.",
            "`avgSecondsBetweenSessions` = (last start − first start) / (sessions − 1).",
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        let profile = Found::by_id(&input.profile_id, context).await?;
        let events: OfEvents = context.row(of_events(&profile, context)).await?;
        let sessions: OfSessions = context.row(of_sessions(&profile, context)).await?;
        let local = |ms| context.calendar().rfc3339(ms);
        let total = events.total.unwrap_or(0);
        let lasting = sessions.lasting.unwrap_or(0);
        let output = Output {
            first_seen: profile.span.map(|(first, _)| local(first)),
            last_seen: profile.span.map(|(_, last)| local(last)),
            profile_id: profile.id,
            sessions: sessions.sessions,
            screen_views: events.views.unwrap_or(0),
            total_events: total,
            conversion_events: events.conversions.unwrap_or(0),
            active_days: events.days,
            avg_session_duration_minutes: per(sessions.lasting_ms.unwrap_or(0), lasting * 60_000),
            p90_session_duration_minutes: rounded(sessions.p90_ms.unwrap_or(0.0) / 60_000.0),
            events_per_session: per(total, sessions.sessions),
            avg_seconds_between_sessions: sessions.apart()?,
            bounce_rate_percent: percent(sessions.bounced.unwrap_or(0), sessions.sessions),
            revenue: context.money(events.revenue.unwrap_or(0)),
            currency: context.project.currency.clone(),
        };
        Ok(Answer::of(output).through(profile.span.map(|(_, last)| last)))
    }
}

impl OfSessions {
    fn apart(&self) -> Result<Option<f64>, Failure> {
        let (Some(first), Some(last), 2..) = (&self.first, &self.last, self.sessions) else {
            return Ok(None);
        };
        let between = instant(last)? - instant(first)?;
        Ok(Some(mean_seconds(between, self.sessions - 1)))
    }
}

fn of_events(profile: &Found, context: &Context<'_>) -> Statement {
    let mut query = context.query();
    let names = &context.project.event_names;
    let view = names.is_any(&mut query, [SCREEN_VIEW]);
    let no_conversion = names.is_any(&mut query, NO_CONVERSION);
    let paid = names.is_any(&mut query, [REVENUE]);
    let day = Every::Day.bucket(&mut query, context.calendar(), "timestamp");
    let days = query.dialect().count_distinct(&Sql::from("day"));
    let id = query.bind(&profile.id);
    query.finish(sql!(
        "SELECT sum(1) AS total, sum(view) AS views, sum(conversion) AS conversions, {days} AS days, sum(minor) AS revenue FROM \
         (SELECT CASE WHEN {view} THEN 1 ELSE 0 END AS view, CASE WHEN {no_conversion} THEN 0 WHEN name IS NULL THEN 0 ELSE 1 END AS conversion, \
         {day} AS day, CASE WHEN {paid} THEN revenue END AS minor FROM events WHERE profile_id = {id} AND profile_id <> '') AS events",
        days,
        view,
        no_conversion,
        day,
        paid,
        id
    ))
}

fn of_sessions(profile: &Found, context: &Context<'_>) -> Statement {
    let mut query = context.query();
    let p90 = query.dialect().percentile(&Sql::from("lasting_ms"), 90);
    let of_profile = profile.sessions(&mut query);
    query.finish(sql!(
        "SELECT count(*) AS sessions, sum(CASE WHEN is_bounce THEN 1 ELSE 0 END) AS bounced, count(lasting_ms) AS lasting, \
         sum(lasting_ms) AS lasting_ms, {p90} AS p90_ms, min(started_at) AS first, max(started_at) AS last FROM \
         (SELECT is_bounce, started_at, CASE WHEN duration_ms > 0 THEN duration_ms END AS lasting_ms FROM sessions WHERE {of_profile}) AS visits",
        p90,
        of_profile
    ))
}

#[cfg(test)]
mod tests {
    use crate::testing::Asked;
    use serde_json::{Value as Json, json};

    fn ask(events: Json, sessions: Json) -> crate::testing::Done {
        Asked::of("get_profile_metrics", json!({"profileId": "u1"}))
            .timezone("Europe/Berlin")
            .rows(json!([{"first": "2026-11-01T10:00:00Z", "last": "2026-11-19T10:00:00Z"}]))
            .rows(json!([events]))
            .rows(json!([sessions]))
            .go()
    }

    #[test]
    fn a_profile_is_told_in_numbers() {
        let asked = ask(
            json!({"total": 41, "views": 20, "conversions": 18, "days": 3, "revenue": 4_999}),
            json!({
                "sessions": 4, "bounced": 1, "lasting": 3, "lasting_ms": 400_000, "p90_ms": 312_345.6,
                "first": "2026-11-01T10:00:00Z", "last": "2026-11-19T09:00:00Z",
            }),
        );
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT min(timestamp) AS first, max(timestamp) AS last FROM events WHERE profile_id = $1 AND profile_id <> ''
          [Text("u1")]
        SELECT sum(1) AS total, sum(view) AS views, sum(conversion) AS conversions, count(DISTINCT day) AS days, sum(minor) AS revenue FROM (SELECT CASE WHEN name IN ($1, $2) THEN 1 ELSE 0 END AS view, CASE WHEN name IN ($3, $4, $5, $6) THEN 0 WHEN name IS NULL THEN 0 ELSE 1 END AS conversion, bucket_start(timestamp, 'day', $8, 'monday') AS day, CASE WHEN name IN ($7) THEN revenue END AS minor FROM events WHERE profile_id = $9 AND profile_id <> '') AS events
          [Text("screen_view"), Text("$pageview"), Text("screen_view"), Text("$pageview"), Text("session_start"), Text("session_end"), Text("revenue"), Text("Europe/Berlin"), Text("u1")]
        SELECT count(*) AS sessions, sum(CASE WHEN is_bounce THEN 1 ELSE 0 END) AS bounced, count(lasting_ms) AS lasting, sum(lasting_ms) AS lasting_ms, percentile_cont(CAST(90 AS DOUBLE) / 100.0) WITHIN GROUP (ORDER BY lasting_ms) AS p90_ms, min(started_at) AS first, max(started_at) AS last FROM (SELECT is_bounce, started_at, CASE WHEN duration_ms > 0 THEN duration_ms END AS lasting_ms FROM sessions WHERE profile_id = $1) AS visits
          [Text("u1")]
        "#);
        insta::assert_snapshot!(asked.text(), @"
        Profile in numbers: Acme (`acme`), Europe/Berlin. Data through 2026-11-19T11:00:00+01:00.

        profileId: u1 · firstSeen: 2026-11-01T11:00:00+01:00 · lastSeen: 2026-11-19T11:00:00+01:00 · sessions: 4 · screenViews: 20 · totalEvents: 41 · conversionEvents: 18 · activeDays: 3 · avgSessionDurationMinutes: 2.22 · p90SessionDurationMinutes: 5.21 · eventsPerSession: 10.25 · avgSecondsBetweenSessions: 517200 · bounceRatePercent: 25 · revenue: 49.99 · currency: EUR
        ");
    }

    #[test]
    fn of_one_session_there_is_no_time_between() {
        let asked = ask(
            json!({"total": 1, "views": 0, "conversions": 1, "days": 1, "revenue": null}),
            json!({
                "sessions": 1, "bounced": 1, "lasting": 0, "lasting_ms": null, "p90_ms": null,
                "first": "2026-11-01T10:00:00Z", "last": "2026-11-01T10:00:00Z",
            }),
        );
        assert_eq!(asked.field("avgSecondsBetweenSessions"), Json::Null);
        assert_eq!(asked.field("p90SessionDurationMinutes"), json!(0.0));
    }
}
