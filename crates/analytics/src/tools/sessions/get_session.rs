//! `get_session`: what happened in one session, moment by moment.

mod moments;
mod parts;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use sightline_warehouse::{InstantMs, Query, Sql, Statement, Value, sql};

use crate::answer::Answer;
use crate::context::Context;
use crate::failure::{Failure, Mistake};
use crate::family::{Family, Product, Scope};
use crate::filters::LONGEST_SESSION_MS;
use crate::interval::instant;
use crate::limit::Limit;
use crate::session_row::{COLUMNS, RULE, SessionRow, Stored};
use crate::tool::{About, Tool};
use moments::{Event, Moments};
use parts::{Element, ErrorSeen, Feedback, Form, Idle, TimelineRow};

/// What happened in one session, moment by moment.
pub(crate) struct GetSession;

/// Events of one session that are looked at.
const MOST_EVENTS: usize = 5_000;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    session_id: String,
    /// Default all but feedback
    include: Option<Vec<Part>>,
    #[serde(default)]
    limit: Limit<100, 500>,
}

/// A part of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(description = "")]
enum Part {
    Timeline,
    Clicks,
    Errors,
    Forms,
    Idle,
    Feedback,
}

/// What is told where nothing is asked for.
const USUAL: [Part; 5] = [
    Part::Timeline,
    Part::Clicks,
    Part::Errors,
    Part::Forms,
    Part::Idle,
];

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// ISO 4217 code of `revenue`, if there is any.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    /// The session.
    session: SessionRow,
    /// The elements that confused, the worst first.
    #[serde(skip_serializing_if = "Option::is_none")]
    clicks: Option<Vec<Element>>,
    /// The errors, the commonest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Vec<ErrorSeen>>,
    /// Forms begun and not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    forms: Option<Vec<Form>>,
    /// Pauses of over a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    idle: Option<Vec<Idle>>,
    /// What the visitor said.
    #[serde(skip_serializing_if = "Option::is_none")]
    feedback: Option<Vec<Feedback>>,
    /// Every event in order of time.
    #[serde(skip_serializing_if = "Option::is_none")]
    timeline: Option<Vec<TimelineRow>>,
}

impl Tool for GetSession {
    const ABOUT: About = About {
        name: "get_session",
        title: "Session",
        description: "Tells what happened in one session, moment by moment: pages, clicks that confused, errors with message and page, \
                      abandoned forms, pauses. Use with an id from find_sessions, to see why it went wrong.",
        family: Family::Sessions,
        scope: Some(Scope::Sessions),
        products: &[(Product::FullSession, "get_session")],
        pages: true,
        needs: None,
        rules: &[
            "`offsetSeconds` counts from the session's first event. `kind` is `page_view`, `click`, `js_error`, `network_error`, `form_start`, `form_submit`, `revenue`, `feedback`, `session_start`, `session_end`, or `event`; `label` is the page's title, what was clicked, the error's message, the form, the amount, or the event's name. An event that names no page is on the one before.",
            "`signals` of a moment: `rage_click` at the click that made a burst one, `dead_click`, `error_click`, and `quick_back` at the view returned to. They add up to the session's counts.",
            "`clicks` are the elements (of one page) with a signal, `errors` are told apart by kind, message and page, `forms` were begun and not sent by the session's end, `idle` are gaps of over 60 s.",
            "`feedback` is told only when asked for. No page content, no keystrokes, no recording and no properties beyond those named here are given.",
            "With `cursor` only the timeline follows. Of a session with more than 5,000 events the first 5,000 are told, and a note says so.",
            RULE,
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        let asked = Asked {
            id: &input.session_id,
            context,
        };
        let span = asked.span().await?;
        let stored = asked.session(span).await?;
        let events = match span {
            Some(span) => asked.events(span).await?,
            None => Vec::new(),
        };
        let (shown, all) = (events.len().min(MOST_EVENTS), events.len());
        let moments = Moments::of(&events[..shown], context)?;

        let wanted = match (&context.cursor, &input.include) {
            (Some(_), _) => vec![Part::Timeline],
            (None, Some(parts)) if !parts.is_empty() => parts.clone(),
            (None, _) => USUAL.to_vec(),
        };
        let with = |part: Part| wanted.contains(&part);
        let mut timeline = with(Part::Timeline).then(|| moments.timeline());
        let (mut keys, mut more) = (Vec::new(), false);
        if let Some(rows) = &mut timeline {
            keys = moments.keys();
            let start = resume(&keys, context)?;
            keys.drain(..start);
            rows.drain(..start);
            more = rows.len() > input.limit.rows();
            keys.truncate(input.limit.rows());
            rows.truncate(input.limit.rows());
        }
        let output = Output {
            currency: stored
                .has_revenue()
                .then(|| context.project.currency.clone()),
            session: stored.shown(context)?,
            clicks: with(Part::Clicks).then(|| moments.elements()),
            errors: with(Part::Errors).then(|| moments.errors()),
            forms: with(Part::Forms).then(|| moments.forms()),
            idle: with(Part::Idle).then(|| moments.idle()),
            feedback: with(Part::Feedback).then(|| moments.feedback()),
            timeline,
        };
        let has_timeline = output.timeline.is_some();
        let answer = Answer::of(output)
            .through(Some(stored.ended_ms()?))
            .notes(asked.notes(all));
        Ok(if has_timeline {
            answer.page(&["timeline"], keys, more)
        } else {
            answer
        })
    }
}

/// Where in the timeline a page begins.
fn resume(keys: &[Json], context: &Context<'_>) -> Result<usize, Failure> {
    let Some(cursor) = &context.cursor else {
        return Ok(0);
    };
    let after: (InstantMs, String) = cursor.key()?;
    let reached = keys
        .iter()
        .position(|key| {
            serde_json::from_value::<(InstantMs, String)>(key.clone()).is_ok_and(|key| key >= after)
        })
        .unwrap_or(keys.len());
    let shown = usize::try_from(cursor.skip).unwrap_or(usize::MAX);
    Ok(reached.saturating_add(shown).min(keys.len()))
}

/// First and last instant of a session's events.
type Span = (InstantMs, InstantMs);

#[derive(Deserialize)]
struct SpanRow {
    first: Option<String>,
    last: Option<String>,
}

/// One session to ask about.
struct Asked<'a> {
    id: &'a str,
    context: &'a Context<'a>,
}

impl Asked<'_> {
    /// When its events were. Ids of derived sessions end with their start, which spares looking at all time.
    async fn span(&self) -> Result<Option<Span>, Failure> {
        if let Some(start) = self.start_in_id()
            && let Some(span) = self.span_within(Some(start)).await?
        {
            return Ok(Some(span));
        }
        self.span_within(None).await
    }

    fn start_in_id(&self) -> Option<InstantMs> {
        self.id.rsplit_once('~')?.1.parse().ok()
    }

    async fn span_within(&self, start: Option<InstantMs>) -> Result<Option<Span>, Failure> {
        let mut query = self.context.query();
        let within = start.map_or_else(Sql::default, |start| {
            let last = start.saturating_add(2 * LONGEST_SESSION_MS);
            self.between(&mut query, "timestamp", (start, last))
        });
        let id = query.bind(self.id);
        let row: SpanRow = self
            .context
            .row(query.finish(sql!(
                "SELECT min(timestamp) AS first, max(timestamp) AS last FROM events WHERE session_id = {id}{within}",
                id,
                within
            )))
            .await?;
        match (row.first, row.last) {
            (Some(first), Some(last)) => Ok(Some((instant(&first)?, instant(&last)?))),
            _ => Ok(None),
        }
    }

    async fn session(&self, span: Option<Span>) -> Result<Stored, Failure> {
        let derived = self.context.derives_sessions().await?;
        if derived && span.is_none() {
            return Err(self.unknown().into());
        }
        let mut query = self.context.query();
        let within = match span {
            Some((first, last)) if derived => {
                let first = first.saturating_sub(LONGEST_SESSION_MS);
                self.between(&mut query, "started_at", (first, last))
            }
            _ => Sql::default(),
        };
        let id = query.bind(self.id);
        let columns = COLUMNS;
        let found: Vec<Stored> = self
            .context
            .rows(query.finish(sql!(
                "SELECT {columns} FROM sessions WHERE session_id = {id}{within} ORDER BY started_at LIMIT 1",
                columns,
                id,
                within
            )))
            .await?;
        found.into_iter().next().ok_or_else(|| match span {
            None => self.unknown().into(),
            Some(_) => Mistake::new(format!(
                "The session `{}` has events, but is not among the stored sessions yet.",
                self.id
            ))
            .next("`query_events` with this `sessionId` lists its events.")
            .into(),
        })
    }

    fn unknown(&self) -> Mistake {
        let shown: String = self.id.chars().take(80).collect();
        Mistake::new(format!("There is no session `{shown}` in this project."))
            .next("`find_sessions` lists sessions with their ids; copy `sessionId` from there.")
    }

    async fn events(&self, span: Span) -> Result<Vec<Event>, Failure> {
        self.context.rows(self.statement(span)).await
    }

    fn statement(&self, span: Span) -> Statement {
        let mut query = self.context.query();
        let within = self.between(&mut query, "timestamp", span);
        let name = self.context.project.event_names.shown_sql(&mut query);
        let (id, rows) = (query.bind(self.id), MOST_EVENTS + 1);
        query.finish(sql!(
            "SELECT timestamp AS at, coalesce(event_id, '') AS event_id, {name} AS name, origin, path, title, revenue, properties \
             FROM events WHERE session_id = {id}{within} \
             ORDER BY timestamp, coalesce(event_id, ''), name, coalesce(path, ''), coalesce(title, '') LIMIT {rows}",
            name,
            id,
            within,
            rows
        ))
    }

    /// The condition, after ` AND `, that an instant lies in a span.
    fn between(&self, query: &mut Query<'_>, column: &'static str, (first, last): Span) -> Sql {
        let (first, last) = (
            query.bind(Value::TimestampMs(first)),
            query.bind(Value::TimestampMs(last)),
        );
        sql!(
            " AND {column} >= {first} AND {column} <= {last}",
            column,
            first,
            last
        )
    }

    fn notes(&self, events: usize) -> Vec<String> {
        let mut notes = Vec::new();
        if events == 0 {
            notes.push("The session is stored, but none of its events are there any more.".into());
        }
        if events > MOST_EVENTS {
            let call = json!({"sessionId": self.id, "order": "oldest"});
            notes.push(format!(
                "The session has more than {MOST_EVENTS} events; this tells the first {MOST_EVENTS}. For all of them call `query_events` with `{call}`."
            ));
        }
        notes
    }
}

#[cfg(test)]
mod tests {
    use crate::session_row::tests::stored;
    use crate::testing::Asked;
    use serde_json::{Value as Json, json};

    fn span() -> Json {
        json!([{"first": "2026-11-19T10:00:00Z", "last": "2026-11-19T10:01:12Z"}])
    }

    fn event(second: f64, name: &str, path: Json, properties: Json) -> Json {
        let at = format!(
            "2026-11-19T10:{:02}:{:06.3}Z",
            second as i64 / 60,
            second % 60.0
        );
        json!({
            "at": at, "event_id": format!("e{second}"), "name": name, "origin": "https://acme.com", "path": path,
            "title": path.as_str().map(|path| format!("Page {path}")), "revenue": (name == "revenue").then_some(1_999),
            "properties": properties,
        })
    }

    /// A checkout that does not work.
    fn broken() -> Json {
        let pay = || json!({"selector": "#pay", "label": "Pay now"});
        let fails = json!({"message": "TypeError: total", "type": "js"});
        json!([
            event(0.0, "session_start", Json::Null, json!({})),
            event(0.1, "screen_view", json!("/"), json!({})),
            event(4.0, "screen_view", json!("/checkout"), json!({})),
            event(5.0, "$form_start", Json::Null, json!({"form": "checkout"})),
            event(6.0, "$click", Json::Null, pay()),
            event(6.2, "$error", Json::Null, fails.clone()),
            event(6.4, "$click", Json::Null, pay()),
            event(6.5, "$error", Json::Null, fails),
            event(6.8, "$click", Json::Null, pay()),
            event(
                70.0,
                "$error",
                json!("/checkout"),
                json!({"type": "network", "message": "request failed", "url": "/api/pay", "status": "500"})
            ),
            event(
                71.0,
                "$feedback",
                Json::Null,
                json!({"message": "I cannot pay!", "rating": "1"})
            ),
            event(71.5, "revenue", Json::Null, Json::Null),
            event(72.0, "plan_seen", Json::Null, json!({"secret": "x"})),
        ])
    }

    #[test]
    fn a_session_is_told_moment_by_moment() {
        let asked = Asked::of("get_session", json!({"sessionId": "s1"}))
            .deriving_sessions()
            .timezone("Europe/Berlin")
            .rows(span())
            .rows(json!([stored("s1")]))
            .rows(broken())
            .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT min(timestamp) AS first, max(timestamp) AS last FROM events WHERE session_id = $1
          [Text("s1")]
        SELECT session_id, profile_id, started_at, ended_at, duration_ms, is_bounce, entry_path, exit_path, screen_view_count, event_count, revenue, country, city, device, browser, os, referrer_name, utm_source, utm_campaign, rage_clicks, dead_clicks, error_clicks, js_errors, network_errors, form_abandons, quick_backs, idle_ms, frustration_score, has_feedback, has_replay FROM sessions WHERE session_id = $3 AND started_at >= $1 AND started_at <= $2 ORDER BY started_at LIMIT 1
          [TimestampMs(1794996000000), TimestampMs(1795082472000), Text("s1")]
        SELECT timestamp AS at, coalesce(event_id, '') AS event_id, CASE name WHEN $3 THEN $4 ELSE coalesce(name, '') END AS name, origin, path, title, revenue, properties FROM events WHERE session_id = $5 AND timestamp >= $1 AND timestamp <= $2 ORDER BY timestamp, coalesce(event_id, ''), name, coalesce(path, ''), coalesce(title, '') LIMIT 5001
          [TimestampMs(1795082400000), TimestampMs(1795082472000), Text("$pageview"), Text("screen_view"), Text("s1")]
        "#);
        insta::assert_snapshot!(asked.text(), @"
        Session: Acme (`acme`), Europe/Berlin. Data through 2026-11-19T11:01:12+01:00.

        currency: EUR

        **session** sessionId: s1 · startedAt: 2026-11-19T11:00:00+01:00 · summary: 1 min 12 s, 4 page views, / → /checkout; mobile Safari, DE; 2 rage clicks, 1 error click, 5 JavaScript errors · profileId: p1 · durationSeconds: 72 · pageViews: 4 · events: 12 · bounced: false · entryPath: / · exitPath: /checkout · revenue: 19.99 · country: DE · device: mobile · browser: Safari · utmSource: news · frustrationScore: 86.5 · signals: rageClicks=2; errorClicks=1; jsErrors=5; idleSeconds=61.5; feedback=true · replayUrl: https://app.example.com/org1/acme/sessions/s1

        **clicks**

        |page|element|label|clicks|rageClicks|deadClicks|errorClicks|
        |---|---|---|---|---|---|---|
        |/checkout|#pay|Pay now|3|1|1|2|

        **errors**

        |kind|message|page|count|firstOffsetSeconds|
        |---|---|---|---|---|
        |js_error|TypeError: total|/checkout|2|6.2|
        |network_error|request failed, /api/pay, 500|/checkout|1|70|

        **forms**

        |form|page|offsetSeconds|
        |---|---|---|
        |checkout|/checkout|5|

        **idle**

        |offsetSeconds|durationSeconds|page|
        |---|---|---|
        |6.8|63.2|/checkout|

        **timeline**

        |offsetSeconds|kind|page|label|signals|
        |---|---|---|---|---|
        |0|session_start||||
        |0.1|page_view|/|Page /||
        |4|page_view|/checkout|Page /checkout||
        |5|form_start|/checkout|checkout||
        |6|click|/checkout|Pay now (#pay)|error_click|
        |6.2|js_error|/checkout|TypeError: total||
        |6.4|click|/checkout|Pay now (#pay)|error_click|
        |6.5|js_error|/checkout|TypeError: total||
        |6.8|click|/checkout|Pay now (#pay)|rage_click, dead_click|
        |70|network_error|/checkout|request failed, /api/pay, 500||
        |71|feedback|/checkout|||
        |71.5|revenue|/checkout|19.99 EUR||
        |72|event|/checkout|plan_seen||
        ");
    }

    #[test]
    fn only_what_is_asked_for_is_told_and_feedback_only_then() {
        let asked = Asked::of(
            "get_session",
            json!({"sessionId": "s1", "include": ["feedback", "forms"]}),
        )
        .rows(span())
        .rows(json!([stored("s1")]))
        .rows(broken())
        .go();
        insta::assert_snapshot!(asked.text(), @"
        Session: Acme (`acme`), UTC. Data through 2026-11-19T10:01:12Z.

        currency: EUR

        **session** sessionId: s1 · startedAt: 2026-11-19T10:00:00Z · summary: 1 min 12 s, 4 page views, / → /checkout; mobile Safari, DE; 2 rage clicks, 1 error click, 5 JavaScript errors · profileId: p1 · durationSeconds: 72 · pageViews: 4 · events: 12 · bounced: false · entryPath: / · exitPath: /checkout · revenue: 19.99 · country: DE · device: mobile · browser: Safari · utmSource: news · frustrationScore: 86.5 · signals: rageClicks=2; errorClicks=1; jsErrors=5; idleSeconds=61.5; feedback=true · replayUrl: https://app.example.com/org1/acme/sessions/s1

        **forms**

        |form|page|offsetSeconds|
        |---|---|---|
        |checkout|/checkout|5|

        **feedback**

        |offsetSeconds|page|message|rating|
        |---|---|---|---|
        |71|/checkout|I cannot pay!|1|
        ");
    }

    #[test]
    fn the_timeline_goes_on_where_it_stopped_and_alone() {
        let ask = |arguments: Json| {
            Asked::of("get_session", arguments)
                .rows(span())
                .rows(json!([stored("s1")]))
                .rows(broken())
                .go()
        };
        let first = ask(json!({"sessionId": "s1", "limit": 10}));
        let second =
            ask(json!({"sessionId": "s1", "limit": 10, "cursor": first.field("nextCursor")}));
        insta::assert_snapshot!(second.structured(), @r#"
        {
          "project": {
            "id": "acme",
            "name": "Acme"
          },
          "timezone": "UTC",
          "currency": "EUR",
          "session": {
            "sessionId": "s1",
            "startedAt": "2026-11-19T10:00:00Z",
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
          },
          "timeline": [
            {
              "offsetSeconds": 71.0,
              "kind": "feedback",
              "page": "/checkout"
            },
            {
              "offsetSeconds": 71.5,
              "kind": "revenue",
              "page": "/checkout",
              "label": "19.99 EUR"
            },
            {
              "offsetSeconds": 72.0,
              "kind": "event",
              "page": "/checkout",
              "label": "plan_seen"
            }
          ],
          "truncated": false,
          "dataThrough": "2026-11-19T10:01:12Z",
          "notes": []
        }
        "#);
    }

    #[test]
    fn the_start_in_an_id_spares_looking_at_all_time() {
        let asked = Asked::of("get_session", json!({"sessionId": "dev~1795082400000"}))
            .deriving_sessions()
            .rows(json!([{"first": null, "last": null}]))
            .rows(json!([{"first": null, "last": null}]))
            .go();
        insta::assert_snapshot!(asked.mistake(), @"There is no session `dev~1795082400000` in this project. `find_sessions` lists sessions with their ids; copy `sessionId` from there.");
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT min(timestamp) AS first, max(timestamp) AS last FROM events WHERE session_id = $3 AND timestamp >= $1 AND timestamp <= $2
          [TimestampMs(1795082400000), TimestampMs(1795255200000), Text("dev~1795082400000")]
        SELECT min(timestamp) AS first, max(timestamp) AS last FROM events WHERE session_id = $1
          [Text("dev~1795082400000")]
        "#);
    }

    #[test]
    fn a_stored_session_whose_events_are_gone_is_still_told() {
        let asked = Asked::of("get_session", json!({"sessionId": "s1"}))
            .rows(json!([{"first": null, "last": null}]))
            .rows(json!([stored("s1")]))
            .go();
        insta::assert_snapshot!(asked.field("notes"), @r#"["The session is stored, but none of its events are there any more."]"#);
        let unknown = Asked::of("get_session", json!({"sessionId": "s1"}))
            .rows(span())
            .rows(json!([]))
            .go();
        insta::assert_snapshot!(unknown.mistake(), @"The session `s1` has events, but is not among the stored sessions yet. `query_events` with this `sessionId` lists its events.");
    }
}
