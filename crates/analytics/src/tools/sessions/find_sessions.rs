//! `find_sessions`: single sessions, by what they were and what went wrong in them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sightline_warehouse::{InstantMs, Query, Sql, Statement, Value, sql};

use crate::answer::Answer;
use crate::context::Context;
use crate::event_names::{SCREEN_VIEW, unknown_names};
use crate::failure::{Failure, Mistake};
use crate::family::{Family, Product, Scope};
use crate::filters::{Conditions, Filters, LONGEST_SESSION_MS};
use crate::keyset;
use crate::limit::Limit;
use crate::order::Order;
use crate::range::{DateRange, Range};
use crate::session_row::{COLUMNS, RULE, SessionRow, Stored};
use crate::tool::{About, Tool};

/// Single sessions, by what they were and what went wrong in them.
pub(crate) struct FindSessions;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    #[serde(flatten)]
    range: DateRange,
    signals: Option<Vec<Signal>>,
    #[schemars(range(min = 0, max = 100))]
    min_frustration: Option<f64>,
    /// Viewed in it
    path: Option<String>,
    performed_event: Option<String>,
    entry_path: Option<String>,
    exit_path: Option<String>,
    #[schemars(range(min = 0))]
    min_duration_seconds: Option<f64>,
    #[schemars(range(min = 0))]
    max_duration_seconds: Option<f64>,
    bounced: Option<bool>,
    profile_id: Option<String>,
    session_id: Option<String>,
    country: Option<String>,
    region: Option<String>,
    city: Option<String>,
    device: Option<String>,
    browser: Option<String>,
    os: Option<String>,
    referrer: Option<String>,
    referrer_name: Option<String>,
    referrer_type: Option<String>,
    /// An event's exact values by key
    properties: Option<BTreeMap<String, String>>,
    #[serde(default)]
    filters: Filters,
    #[serde(default)]
    sort_by: SortBy,
    #[serde(default)]
    order: Order,
    #[serde(default)]
    limit: Limit<20, 100>,
}

/// What may go wrong in a session, or be said.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(description = "")]
enum Signal {
    RageClick,
    DeadClick,
    ErrorClick,
    JsError,
    NetworkError,
    FormAbandon,
    QuickBack,
    Feedback,
}

impl Signal {
    fn condition(self) -> &'static str {
        match self {
            Self::RageClick => "rage_clicks > 0",
            Self::DeadClick => "dead_clicks > 0",
            Self::ErrorClick => "error_clicks > 0",
            Self::JsError => "js_errors > 0",
            Self::NetworkError => "network_errors > 0",
            Self::FormAbandon => "form_abandons > 0",
            Self::QuickBack => "quick_backs > 0",
            Self::Feedback => "has_feedback",
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(description = "")]
enum SortBy {
    #[default]
    StartedAt,
    Duration,
    Frustration,
    Errors,
    RageClicks,
    PageViews,
    Revenue,
}

impl SortBy {
    /// A whole number to sort by before the start, which decides otherwise.
    fn number(self) -> Option<&'static str> {
        Some(match self {
            Self::StartedAt => return None,
            Self::Duration => "coalesce(duration_ms, 0)",
            // In tenths, which are whole.
            Self::Frustration => "coalesce(CAST(round(frustration_score * 10) AS BIGINT), 0)",
            Self::Errors => "coalesce(js_errors, 0) + coalesce(network_errors, 0)",
            Self::RageClicks => "coalesce(rage_clicks, 0)",
            Self::PageViews => "coalesce(screen_view_count, 0)",
            Self::Revenue => "coalesce(revenue, 0)",
        })
    }
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// ISO 4217 code of `revenue`, if any row has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    /// The sessions.
    sessions: Vec<SessionRow>,
}

impl Tool for FindSessions {
    const ABOUT: About = About {
        name: "find_sessions",
        title: "Sessions",
        description: "Lists single sessions by place, device, pages, events, errors or friction, each with a one-line summary. \
                      Use to find whom a problem hit; then get_session for one, aggregate_sessions for counts.",
        family: Family::Sessions,
        scope: Some(Scope::Sessions),
        products: &[
            (Product::FullSession, "find_sessions"),
            (Product::OpenPanel, "query_sessions"),
        ],
        pages: true,
        needs: None,
        rules: &[
            "Sessions that **started** in the range and pass everything asked. `country`, `region`, `city`, `device`, `browser`, `os`, `referrer`, `referrerName`, `referrerType`, `entryPath`, `exitPath`, `profileId` and `sessionId` are the session's own, and exact (case counts).",
            "`path` is that of a screen view anywhere in the session, `performedEvent` an event anywhere in it, also after the range's end; `properties` are all carried by one event in the range.",
            "`signals` are alternatives. `minDurationSeconds` and `maxDurationSeconds` are included.",
            "Sorted by `sortBy`, the greatest first (`order` `desc`), ties by start and then id in the same direction. `errors` counts JavaScript and network errors.",
            RULE,
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        let range = context.range(&input.range)?;
        input.check()?;
        let conditions = context.conditions(&input.filters()).await?;
        let statement = input.statement(&range, &conditions, context)?;
        let mut found: Vec<Found> = context.rows(statement).await?;
        let more = found.len() > input.limit.rows();
        found.truncate(input.limit.rows());

        let mut newest: Option<InstantMs> = None;
        let mut keys = Vec::with_capacity(found.len());
        let mut sessions = Vec::with_capacity(found.len());
        for row in &found {
            let session = &row.session;
            newest = newest.max(Some(session.ended_ms()?));
            keys.push(json!([row.number, session.started_ms()?, session.id()]));
            sessions.push(session.shown(context)?);
        }
        let has_revenue = found.iter().any(|row| row.session.has_revenue());
        let mut notes: Vec<String> = range.note(context.environment.now_ms).into_iter().collect();
        if sessions.is_empty() && context.cursor.is_none() {
            let names: Vec<String> = input.performed_event.into_iter().collect();
            notes.extend(unknown_names(&names, &range, context).await?);
        }
        let output = Output {
            currency: has_revenue.then(|| context.project.currency.clone()),
            sessions,
        };
        Ok(Answer::of(output)
            .over(&range)
            .through(newest)
            .notes(notes)
            .page(&["sessions"], keys, more))
    }
}

#[derive(Deserialize)]
struct Found {
    number: Option<i64>,
    #[serde(flatten)]
    session: Stored,
}

impl Input {
    fn check(&self) -> Result<(), Mistake> {
        if let (Some(least), Some(most)) = (self.min_duration_seconds, self.max_duration_seconds)
            && least > most
        {
            return Err(Mistake::new(format!(
                "`minDurationSeconds` ({least}) is greater than `maxDurationSeconds` ({most}), so no session can pass."
            ))
            .next("Swap them, or leave one out."));
        }
        Ok(())
    }

    /// The filters, with those written as inputs of their own.
    fn filters(&self) -> Filters {
        let exact = [
            ("entry_path", &self.entry_path),
            ("exit_path", &self.exit_path),
            ("profile_id", &self.profile_id),
            ("session_id", &self.session_id),
            ("country", &self.country),
            ("region", &self.region),
            ("city", &self.city),
            ("device", &self.device),
            ("browser", &self.browser),
            ("os", &self.os),
            ("referrer", &self.referrer),
            ("referrer_name", &self.referrer_name),
            ("referrer_type", &self.referrer_type),
        ];
        let filters = exact
            .into_iter()
            .fold(self.filters.clone(), |filters, (field, value)| {
                filters.and_is(field, value.clone())
            });
        let properties = self.properties.iter().flatten();
        properties.fold(filters, |filters, (key, value)| {
            filters.and_is(&format!("properties.{key}"), Some(value.clone()))
        })
    }

    fn statement(
        &self,
        range: &Range,
        conditions: &Conditions,
        context: &Context<'_>,
    ) -> Result<Statement, Failure> {
        let mut query = context.query();
        let within = range.contains(&mut query, "started_at");
        let filters = conditions.on_sessions(&mut query, context.project, range);
        let wanted = self.wanted(&mut query, range, context);
        let number = Sql::from(self.sort_by.number().unwrap_or("CAST(NULL AS BIGINT)"));
        let start = ["started_at", "coalesce(session_id, '')"];
        let by = self.sort_by.number().into_iter().chain(start);
        let order = keyset::Order {
            by: by.map(Sql::from).collect(),
            descending: self.order == Order::Desc,
        };
        let (mut rest, mut skip) = (Sql::default(), 0);
        if let Some(cursor) = &context.cursor {
            let (number, started_ms, id): (Option<i64>, InstantMs, String) = cursor.key()?;
            let key = number
                .map(Value::Int)
                .into_iter()
                .chain([Value::TimestampMs(started_ms), id.into()])
                .collect();
            let from = order.from(&mut query, key);
            rest = sql!(" AND {from}", from);
            skip = cursor.skip;
        }
        let (columns, sorted, rows) = (COLUMNS, order.sql(), self.limit.and_one());
        Ok(query.finish(sql!(
            "SELECT {number} AS number, {columns} FROM sessions WHERE {within}{filters}{wanted}{rest} ORDER BY {sorted} LIMIT {rows} OFFSET {skip}",
            number,
            columns,
            within,
            filters,
            wanted,
            rest,
            sorted,
            rows,
            skip
        )))
    }

    /// What is asked by inputs of its own, each condition with ` AND ` before it.
    fn wanted(&self, query: &mut Query<'_>, range: &Range, context: &Context<'_>) -> Sql {
        let mut conditions = Vec::new();
        if let Some(signals) = self.signals.as_ref().filter(|signals| !signals.is_empty()) {
            let any = signals.iter().map(|signal| Sql::from(signal.condition()));
            conditions.push(sql!("({any})", any = Sql::join(any, " OR ")));
        }
        if let Some(least) = self.min_frustration {
            let least = query.bind(least);
            conditions.push(sql!("frustration_score >= {least}", least));
        }
        let bounds = [
            (self.min_duration_seconds, ">="),
            (self.max_duration_seconds, "<="),
        ];
        for (seconds, compared) in bounds {
            if let Some(seconds) = seconds {
                let ms = query.bind(seconds * 1_000.0);
                conditions.push(sql!(
                    "coalesce(duration_ms, 0) {compared} {ms}",
                    compared,
                    ms
                ));
            }
        }
        if let Some(bounced) = self.bounced {
            let bounced = query.bind(bounced);
            conditions.push(sql!("coalesce(is_bounce, FALSE) = {bounced}", bounced));
        }
        let names = &context.project.event_names;
        let followed = range.lengthened(LONGEST_SESSION_MS);
        let happened = [
            (self.path.as_ref(), self.path.as_ref().map(|_| SCREEN_VIEW)),
            (None, self.performed_event.as_deref()),
        ];
        for (path, event) in happened {
            let Some(event) = event else { continue };
            let session = query.dialect().identity(&Sql::from("session_id"));
            let within = followed.contains(query, "timestamp");
            let named = names.is_any(query, [event]);
            let there = path.map_or_else(Sql::default, |path| {
                let path = query.bind(path);
                sql!(" AND path = {path}", path)
            });
            conditions.push(sql!(
                "{session} IN (SELECT {session} FROM events WHERE {within} AND {named}{there} AND session_id IS NOT NULL)",
                session,
                within,
                named,
                there
            ));
        }
        Sql::join(
            conditions
                .into_iter()
                .map(|condition| sql!(" AND {condition}", condition)),
            "",
        )
    }
}

#[cfg(test)]
mod tests {
    use crate::session_row::tests::stored;
    use crate::testing::Asked;
    use serde_json::{Value as Json, json};

    fn row(number: Json, id: &str) -> Json {
        let mut row = stored(id);
        row["number"] = number;
        row
    }

    #[test]
    fn the_default_question_is_the_newest_sessions_of_30_days() {
        let asked = Asked::of("find_sessions", json!({}))
            .timezone("Europe/Berlin")
            .rows(json!([row(Json::Null, "s1")]))
            .go();
        insta::assert_snapshot!(asked.statements(), @"
        SELECT CAST(NULL AS BIGINT) AS number, session_id, profile_id, started_at, ended_at, duration_ms, is_bounce, entry_path, exit_path, screen_view_count, event_count, revenue, country, city, device, browser, os, referrer_name, utm_source, utm_campaign, rage_clicks, dead_clicks, error_clicks, js_errors, network_errors, form_abandons, quick_backs, idle_ms, frustration_score, has_feedback, has_replay FROM sessions WHERE started_at >= $1 AND started_at < $2 ORDER BY started_at DESC, coalesce(session_id, '') DESC LIMIT 21 OFFSET 0
          [TimestampMs(1792620000000), TimestampMs(1795215600000)]
        ");
        insta::assert_snapshot!(asked.text(), @"
        Sessions: Acme (`acme`), 2026-10-22 to 2026-11-20, Europe/Berlin. Data through 2026-11-19T11:01:12+01:00.

        currency: EUR

        **sessions**

        |sessionId|startedAt|summary|profileId|durationSeconds|pageViews|events|bounced|entryPath|exitPath|revenue|country|device|browser|utmSource|frustrationScore|signals|replayUrl|
        |---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
        |s1|2026-11-19T11:00:00+01:00|1 min 12 s, 4 page views, / → /checkout; mobile Safari, DE; 2 rage clicks, 1 error click, 5 JavaScript errors|p1|72|4|12|false|/|/checkout|19.99|DE|mobile|Safari|news|86.5|rageClicks=2; errorClicks=1; jsErrors=5; idleSeconds=61.5; feedback=true|https://app.example.com/org1/acme/sessions/s1|

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
          "sessions": [
            {
              "sessionId": "s1",
              "startedAt": "2026-11-19T11:00:00+01:00",
              "summary": "1 min 12 s, 4 page views, / → /checkout; mobile Safari, DE; 2 rage clicks, 1 error click, 5 JavaScript errors",
              "profileId": "p1",
              "durationSeconds": 72.0,
              "pageViews": 4,
              "events": 12,
              "bounced": false,
              "entryPath": "/",
              "exitPath": "/checkout",
              "revenue": 19.99,
              "country": "DE",
              "device": "mobile",
              "browser": "Safari",
              "utmSource": "news",
              "frustrationScore": 86.5,
              "signals": {
                "rageClicks": 2,
                "errorClicks": 1,
                "jsErrors": 5,
                "idleSeconds": 61.5,
                "feedback": true
              },
              "replayUrl": "https://app.example.com/org1/acme/sessions/s1"
            }
          ],
          "truncated": false,
          "dataThrough": "2026-11-19T11:01:12+01:00",
          "notes": [
            "The range is not over yet: its last day is partial."
          ]
        }
        "#);
    }

    #[test]
    fn every_input_becomes_a_bound_condition() {
        let asked = Asked::of(
            "query_sessions",
            json!({
                "startDate": "2026-11-01", "endDate": "2026-11-01", "signals": ["rage_click", "feedback"], "minFrustration": 20,
                "path": "/a'b", "performedEvent": "purchase", "minDurationSeconds": 1.5, "maxDurationSeconds": 60, "bounced": true,
                "country": "DE", "entryPath": "/", "properties": {"plan": "pro"}, "sortBy": "frustration", "order": "asc", "limit": 1,
                "filters": [{"field": "browser", "op": "startsWith", "values": ["saf"]}],
            }),
        )
        .rows(json!([row(json!(865), "s1"), row(json!(900), "s2")]))
        .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT coalesce(CAST(round(frustration_score * 10) AS BIGINT), 0) AS number, session_id, profile_id, started_at, ended_at, duration_ms, is_bounce, entry_path, exit_path, screen_view_count, event_count, revenue, country, city, device, browser, os, referrer_name, utm_source, utm_campaign, rage_clicks, dead_clicks, error_clicks, js_errors, network_errors, form_abandons, quick_backs, idle_ms, frustration_score, has_feedback, has_replay FROM sessions WHERE started_at >= $1 AND started_at < $2 AND starts_with(lower(browser), lower($3)) AND entry_path IN ($4) AND country IN ($5) AND identity(session_id) IN (SELECT identity(session_id) FROM events WHERE timestamp >= $6 AND timestamp < $7 AND session_id IS NOT NULL AND property(properties, $8) IN ($9)) AND (rage_clicks > 0 OR has_feedback) AND frustration_score >= $10 AND coalesce(duration_ms, 0) >= $11 AND coalesce(duration_ms, 0) <= $12 AND coalesce(is_bounce, FALSE) = $13 AND identity(session_id) IN (SELECT identity(session_id) FROM events WHERE timestamp >= $14 AND timestamp < $15 AND name IN ($16, $17) AND path = $18 AND session_id IS NOT NULL) AND identity(session_id) IN (SELECT identity(session_id) FROM events WHERE timestamp >= $19 AND timestamp < $20 AND name IN ($21) AND session_id IS NOT NULL) ORDER BY coalesce(CAST(round(frustration_score * 10) AS BIGINT), 0) ASC, started_at ASC, coalesce(session_id, '') ASC LIMIT 2 OFFSET 0
          [TimestampMs(1793491200000), TimestampMs(1793577600000), Text("saf"), Text("/"), Text("DE"), TimestampMs(1793491200000), TimestampMs(1793577600000), Text("plan"), Text("pro"), Float(20.0), Float(1500.0), Float(60000.0), Bool(true), TimestampMs(1793491200000), TimestampMs(1793664000000), Text("screen_view"), Text("$pageview"), Text("/a'b"), TimestampMs(1793491200000), TimestampMs(1793664000000), Text("purchase")]
        "#);
        let text = asked.text();
        assert!(
            text.contains("There is more. For the rest call `query_sessions` with"),
            "{text}"
        );
    }

    #[test]
    fn a_page_begins_where_the_last_one_ended() {
        let arguments = json!({"sortBy": "duration", "limit": 1, "startDate": "2026-11-01", "endDate": "2026-11-01"});
        let first = Asked::of("find_sessions", arguments.clone())
            .rows(json!([row(json!(72_000), "s2"), row(json!(72_000), "s1")]))
            .go();
        let mut arguments = arguments;
        arguments["cursor"] = first.field("nextCursor");
        let second = Asked::of("find_sessions", arguments)
            .rows(json!([row(json!(72_000), "s1")]))
            .go();
        insta::assert_snapshot!(second.statements(), @r#"
        SELECT coalesce(duration_ms, 0) AS number, session_id, profile_id, started_at, ended_at, duration_ms, is_bounce, entry_path, exit_path, screen_view_count, event_count, revenue, country, city, device, browser, os, referrer_name, utm_source, utm_campaign, rage_clicks, dead_clicks, error_clicks, js_errors, network_errors, form_abandons, quick_backs, idle_ms, frustration_score, has_feedback, has_replay FROM sessions WHERE started_at >= $1 AND started_at < $2 AND coalesce(duration_ms, 0) <= $3 AND (coalesce(duration_ms, 0) < $3 OR (coalesce(duration_ms, 0) = $3 AND (started_at < $4 OR (started_at = $4 AND coalesce(session_id, '') <= $5)))) ORDER BY coalesce(duration_ms, 0) DESC, started_at DESC, coalesce(session_id, '') DESC LIMIT 2 OFFSET 1
          [TimestampMs(1793491200000), TimestampMs(1793577600000), Int(72000), TimestampMs(1795082400000), Text("s2")]
        "#);
    }

    #[test]
    fn what_cannot_be_is_told() {
        let mistake = |arguments| Asked::of("find_sessions", arguments).go().mistake();
        insta::assert_snapshot!(mistake(json!({"signals": ["rageclicks"]})), @r#"`signals[0]` must be `rage_click`, `dead_click`, `error_click`, `js_error`, `network_error`, `form_abandon`, `quick_back` or `feedback`; it is "rageclicks"."#);
        insta::assert_snapshot!(mistake(json!({"minDurationSeconds": 9, "maxDurationSeconds": 3})), @"`minDurationSeconds` (9) is greater than `maxDurationSeconds` (3), so no session can pass. Swap them, or leave one out.");
        insta::assert_snapshot!(mistake(json!({"sortBy": "length"})), @r#"`sortBy` must be `startedAt`, `duration`, `frustration`, `errors`, `rageClicks`, `pageViews` or `revenue`; it is "length"."#);
        let asked = Asked::of("find_sessions", json!({"performedEvent": "purchse"}))
            .rows(json!([]))
            .cells(json!([["purchase"]]))
            .go();
        insta::assert_snapshot!(asked.field("notes"), @r#"["The range is not over yet: its last day is partial.","No event named `purchse` occurs in this range. Did you mean `purchase`? `get_event_definitions` lists those that do."]"#);
    }
}
