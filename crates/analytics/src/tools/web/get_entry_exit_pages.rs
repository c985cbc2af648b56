//! `get_entry_exit_pages`: the pages on which sessions begin or end.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sightline_warehouse::{Statement, sql};

use crate::answer::Answer;
use crate::breakdown::{
    Breakdown, COMPARED_RULE, Counted, Counts, Dimension, GroupKey, NOT_SET, Pair, Rank, alias,
    key, text_or,
};
use crate::compare::{Changes, Compare, Comparison};
use crate::context::Context;
use crate::event_names::SCREEN_VIEW;
use crate::failure::Failure;
use crate::family::{Family, Product, Scope};
use crate::filters::{Conditions, Filters, LONGEST_SESSION_MS};
use crate::limit::Limit;
use crate::numbers::{mean_seconds, percent};
use crate::range::{DateRange, Range};
use crate::tool::{About, Tool};

/// The pages on which sessions begin or end.
pub(crate) struct GetEntryExitPages;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    #[serde(default)]
    mode: Mode,
    #[serde(flatten)]
    range: DateRange,
    #[serde(default)]
    filters: Filters,
    #[serde(default)]
    compare: Compare,
    #[serde(default)]
    limit: Limit<50, 500>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(description = "")]
enum Mode {
    #[default]
    Entry,
    Exit,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    /// Whether sessions began (`entry`) or ended (`exit`) on the pages.
    mode: Mode,
    /// All sessions of the range.
    totals: Measures,
    /// The totals of the earlier range, when `compare` asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<Comparison>,
    /// The sessions that are in no row because of `limit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    other: Option<Row>,
    /// The pages with the most sessions.
    pages: Vec<Row>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Row {
    /// The page's scheme and host, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
    /// The page's path; `(not set)` for sessions that name no page.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(flatten)]
    measures: Measures,
    /// Each measure's earlier value and change, when `compare` asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Changes>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Measures {
    /// Sessions that began, or ended, there.
    sessions: i64,
    /// 100 · sessions / all sessions of the range.
    #[serde(skip_serializing_if = "Option::is_none")]
    share_percent: Option<f64>,
    /// Views of the page in all sessions of the range.
    #[serde(skip_serializing_if = "Option::is_none")]
    page_views: Option<i64>,
    /// 100 · sessions with fewer than two screen views / sessions that began there (`entry`).
    #[serde(skip_serializing_if = "Option::is_none")]
    bounce_rate_percent: Option<f64>,
    /// 100 · sessions that ended there / pageViews (`exit`); absent without views.
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_rate_percent: Option<f64>,
    /// Mean over the sessions that began, or ended, there.
    avg_session_duration_seconds: f64,
}

impl Mode {
    fn dimensions(self) -> [Dimension; 2] {
        match self {
            Self::Entry => [Dimension::ENTRY_ORIGIN, Dimension::ENTRY_PATH],
            Self::Exit => [Dimension::EXIT_ORIGIN, Dimension::EXIT_PATH],
        }
    }
}

impl Tool for GetEntryExitPages {
    const ABOUT: About = About {
        name: "get_entry_exit_pages",
        title: "Entry and exit pages",
        description: "Ranks the pages on which sessions begin or end, with bounce or exit rate. Use get_page_performance for all pages.",
        family: Family::Web,
        scope: Some(Scope::Insights),
        products: &[(Product::OpenPanel, "get_entry_exit_pages")],
        pages: false,
        needs: None,
        rules: &[
            "Sessions count that **started** in the range and pass the filters. Their entry and exit page is that of the first and last screen view that names one, or of the first and last event with a path if there is no screen view; else it is `(not set)`.",
            "`pageViews` are the screen views of the page in all those sessions, wherever they began or ended. `exitRatePercent` = 100 · sessions that ended on it / `pageViews`.",
            "Sorted by sessions, then origin and path. `other` is the pages beyond `limit`.",
            COMPARED_RULE,
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        let range = context.range(&input.range)?;
        let conditions = context.conditions(&input.filters).await?;
        let earlier = input.compare.earlier(&range, context.calendar());
        let dimensions = input.mode.dimensions();
        let breakdown = Breakdown {
            dimensions: &dimensions,
            conditions: &conditions,
            counted: &[Counted::Bounced, Counted::Duration],
            rank: Rank::Sessions,
            limit: input.limit.rows(),
        };
        let groups = breakdown.of(&range, earlier.as_ref(), context).await?;
        let views = Views::of(&groups.rows, &range, &conditions, context).await?;
        let earlier_views = match &earlier {
            Some(earlier) => Views::of(&groups.rows, earlier, &conditions, context).await?,
            None => Views::default(),
        };

        let all = groups.total.now.sessions;
        let all_before = groups.total.earlier.unwrap_or_default().sessions;
        let row = |pair: &Pair, key: Option<&GroupKey>| {
            let of = |counts: &Counts, all: i64, views: &Views| {
                Measures::of(input.mode, counts, Some(all), key.map(|key| views.at(key)))
            };
            let measures = of(&pair.now, all, &views);
            let changes =
                pair.changes(&measures, |earlier| of(earlier, all_before, &earlier_views))?;
            let part = |place| key.and_then(|key| key.value(place)).map(str::to_owned);
            Ok::<_, Failure>(Row {
                origin: part(0).filter(|origin| origin != NOT_SET),
                path: part(1),
                measures,
                changes,
            })
        };
        let pages = groups
            .rows
            .iter()
            .map(|(key, pair)| row(pair, Some(key)))
            .collect::<Result<_, _>>()?;
        let other = groups.other.map(|pair| row(&pair, None)).transpose()?;
        let of = |counts: &Counts| Measures::of(input.mode, counts, None, None);
        let totals = of(&groups.total.now);
        let changes = groups.total.changes(&totals, of)?;
        let notes = groups.notes();
        let output = Output {
            mode: input.mode,
            totals,
            comparison: Comparison::with(earlier.as_ref(), changes),
            other,
            pages,
        };
        Ok(Answer::of(output)
            .over(&range)
            .through(groups.newest)
            .notes(notes)
            .notes(range.note(context.environment.now_ms))
            .ranking(
                &["pages"],
                groups.more,
                input.limit.larger(),
                "Filter by `entry_path` or `exit_path`.",
            ))
    }
}

impl Measures {
    fn of(mode: Mode, counts: &Counts, all: Option<i64>, page_views: Option<i64>) -> Self {
        let sessions = counts.sessions;
        let exit_rate = || {
            page_views
                .filter(|views| *views > 0)
                .map(|views| percent(sessions, views))
        };
        Self {
            sessions,
            share_percent: all.map(|all| percent(sessions, all)),
            page_views,
            bounce_rate_percent: (mode == Mode::Entry).then(|| percent(counts.bounced, sessions)),
            exit_rate_percent: (mode == Mode::Exit).then(exit_rate).flatten(),
            avg_session_duration_seconds: mean_seconds(counts.duration_ms, sessions),
        }
    }
}

/// How often pages were viewed, by their keys' texts.
#[derive(Default)]
struct Views(HashMap<String, i64>);

#[derive(Deserialize)]
struct Viewed {
    page: String,
    page_views: i64,
}

impl Views {
    async fn of(
        pages: &[(GroupKey, Pair)],
        range: &Range,
        conditions: &Conditions,
        context: &Context<'_>,
    ) -> Result<Self, Failure> {
        if pages.is_empty() {
            return Ok(Self::default());
        }
        let pages: Vec<String> = pages.iter().map(|(key, _)| key.text()).collect();
        let rows: Vec<Viewed> = context
            .rows(views(&pages, range, conditions, context))
            .await?;
        Ok(Self(
            rows.into_iter()
                .map(|row| (row.page, row.page_views))
                .collect(),
        ))
    }

    fn at(&self, page: &GroupKey) -> i64 {
        self.0.get(&page.text()).copied().unwrap_or(0)
    }
}

fn views(
    pages: &[String],
    range: &Range,
    conditions: &Conditions,
    context: &Context<'_>,
) -> Statement {
    let mut query = context.query();
    let started = range.contains(&mut query, "started_at");
    let filters = conditions.on_sessions(&mut query, context.project, range);
    let viewed = context
        .project
        .event_names
        .is_any(&mut query, [SCREEN_VIEW]);
    let within = range
        .lengthened(LONGEST_SESSION_MS)
        .contains(&mut query, "timestamp");
    let (origin, path) = (text_or("origin", NOT_SET), text_or("path", NOT_SET));
    let page = key(&query, &Mode::Entry.dimensions());
    let pages = query.bind_all(pages.iter());
    let (d1, d2) = (alias(0), alias(1));
    // The sessions come first in the join: the first side is held, while events pass by.
    query.finish(sql!(
        "SELECT page, count(*) AS page_views FROM (SELECT session_id FROM sessions WHERE {started}{filters}) AS started JOIN \
         (SELECT session_id, {page} AS page FROM (SELECT session_id, {origin} AS {d1}, {path} AS {d2} FROM events \
         WHERE {within} AND {viewed}) AS views) AS viewed ON started.session_id = viewed.session_id \
         WHERE page IN ({pages}) GROUP BY page",
        page,
        origin,
        path,
        d1,
        d2,
        within,
        viewed,
        pages,
        started,
        filters
    ))
}

#[cfg(test)]
mod tests {
    use crate::testing::Asked;
    use serde_json::{Value as Json, json};

    fn row(page: Option<(&str, &str)>, sessions: i64) -> Json {
        json!({
            "d1": page.map(|(origin, _)| origin), "d2": page.map(|(_, path)| path), "sessions": sessions, "bounced": 1,
            "duration_ms": sessions * 30_000, "newest": "2026-11-02T20:00:00Z",
        })
    }

    #[test]
    fn entry_pages_have_the_bounces_of_the_sessions_that_began_there() {
        let arguments = json!({
            "startDate": "2026-11-01", "endDate": "2026-11-02", "limit": 2,
            "filters": [{"field": "country", "op": "is", "values": ["DE"]}],
        });
        let asked = Asked::of("get_entry_exit_pages", arguments)
            .rows(json!([
                {"d1": "https://acme.com", "d2": "/"},
                {"d1": "(not set)", "d2": "(not set)"},
                {"d1": "https://acme.com", "d2": "/a"},
            ]))
            .rows(json!([row(None, 8)]))
            .rows(json!([
                row(Some(("https://acme.com", "/")), 4),
                row(Some(("(not set)", "(not set)")), 3),
                row(None, 1),
            ]))
            .rows(json!([{"page": "16:https://acme.com/", "page_views": 7}]))
            .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT d1, d2 FROM (SELECT coalesce(nullif(entry_origin, ''), '(not set)') AS d1, coalesce(nullif(entry_path, ''), '(not set)') AS d2 FROM sessions WHERE started_at >= $1 AND started_at < $2 AND country IN ($3)) AS visits GROUP BY d1, d2 ORDER BY sum(1) DESC, d1, d2 LIMIT 3
          [TimestampMs(1793491200000), TimestampMs(1793664000000), Text("DE")]
        SELECT sum(1) AS sessions, sum(bounced) AS bounced, sum(duration_ms) AS duration_ms, max(ended_at) AS newest FROM (SELECT CASE WHEN is_bounce THEN 1 ELSE 0 END AS bounced, coalesce(duration_ms, 0) AS duration_ms, ended_at FROM sessions WHERE started_at >= $1 AND started_at < $2 AND country IN ($3)) AS visits
          [TimestampMs(1793491200000), TimestampMs(1793664000000), Text("DE")]
        SELECT d1, d2, sum(1) AS sessions, sum(bounced) AS bounced, sum(duration_ms) AS duration_ms FROM (SELECT CASE WHEN concat(CAST(character_length(d1) AS VARCHAR), ':', d1, d2) IN ($4, $5) THEN d1 END AS d1, CASE WHEN concat(CAST(character_length(d1) AS VARCHAR), ':', d1, d2) IN ($4, $5) THEN d2 END AS d2, bounced, duration_ms FROM (SELECT coalesce(nullif(entry_origin, ''), '(not set)') AS d1, coalesce(nullif(entry_path, ''), '(not set)') AS d2, CASE WHEN is_bounce THEN 1 ELSE 0 END AS bounced, coalesce(duration_ms, 0) AS duration_ms FROM sessions WHERE started_at >= $1 AND started_at < $2 AND country IN ($3)) AS visits) AS told GROUP BY d1, d2
          [TimestampMs(1793491200000), TimestampMs(1793664000000), Text("DE"), Text("16:https://acme.com/"), Text("9:(not set)(not set)")]
        SELECT page, count(*) AS page_views FROM (SELECT session_id FROM sessions WHERE started_at >= $1 AND started_at < $2 AND country IN ($3)) AS started JOIN (SELECT session_id, concat(CAST(character_length(d1) AS VARCHAR), ':', d1, d2) AS page FROM (SELECT session_id, coalesce(nullif(origin, ''), '(not set)') AS d1, coalesce(nullif(path, ''), '(not set)') AS d2 FROM events WHERE timestamp >= $6 AND timestamp < $7 AND name IN ($4, $5)) AS views) AS viewed ON started.session_id = viewed.session_id WHERE page IN ($8, $9) GROUP BY page
          [TimestampMs(1793491200000), TimestampMs(1793664000000), Text("DE"), Text("screen_view"), Text("$pageview"), TimestampMs(1793491200000), TimestampMs(1793750400000), Text("16:https://acme.com/"), Text("9:(not set)(not set)")]
        "#);
        insta::assert_snapshot!(asked.text(), @r#"
        Entry and exit pages: Acme (`acme`), 2026-11-01 to 2026-11-02, UTC. Data through 2026-11-02T20:00:00Z.

        mode: entry

        **totals** sessions: 8 · bounceRatePercent: 12.5 · avgSessionDurationSeconds: 30

        **other** sessions: 1 · sharePercent: 12.5 · bounceRatePercent: 100 · avgSessionDurationSeconds: 30

        **pages**

        |origin|path|sessions|sharePercent|pageViews|bounceRatePercent|avgSessionDurationSeconds|
        |---|---|---|---|---|---|---|
        |https://acme.com|/|4|50|7|25|30|
        ||(not set)|3|37.5|0|33.33|30|

        Note: There is more: call `get_entry_exit_pages` with `{"startDate":"2026-11-01","endDate":"2026-11-02","limit":500,"filters":[{"field":"country","op":"is","values":["DE"]}]}`.
        "#);
    }

    #[test]
    fn exit_pages_have_the_share_of_their_views_that_were_the_last() {
        let arguments = json!({
            "mode": "exit", "startDate": "2026-11-01", "endDate": "2026-11-02", "compare": "previous",
        });
        let asked = Asked::of("get_entry_exit_pages", arguments)
            .rows(json!([
                {"d1": "https://acme.com", "d2": "/pay"},
                {"d1": "https://acme.com", "d2": "/new"},
            ]))
            .rows(json!([row(None, 5)]))
            .rows(json!([
                row(Some(("https://acme.com", "/pay")), 4),
                row(Some(("https://acme.com", "/new")), 1),
            ]))
            .rows(json!([row(None, 4)]))
            .rows(json!([
                row(Some(("https://acme.com", "/pay")), 3),
                row(None, 1)
            ]))
            .rows(json!([
                {"page": "16:https://acme.com/pay", "page_views": 10},
                {"page": "16:https://acme.com/new", "page_views": 1},
            ]))
            .rows(json!([{"page": "16:https://acme.com/pay", "page_views": 6}]))
            .go();
        insta::assert_snapshot!(asked.text(), @"
        Entry and exit pages: Acme (`acme`), 2026-11-01 to 2026-11-02, UTC. Data through 2026-11-02T20:00:00Z.

        mode: exit

        **totals** sessions: 5 · avgSessionDurationSeconds: 30

        **comparison** range: start=2026-10-30; end=2026-10-31

        |measure|earlier|change|changePercent|
        |---|---|---|---|
        |sessions|4|1|25|
        |avgSessionDurationSeconds|30|0|0|

        **other** sessions: 0 · sharePercent: 0 · avgSessionDurationSeconds: 0

        |measure|earlier|change|changePercent|
        |---|---|---|---|
        |sessions|1|-1|-100|
        |sharePercent|25|-25|-100|
        |avgSessionDurationSeconds|30|-30|-100|

        **pages**

        |origin|path|sessions|sharePercent|pageViews|exitRatePercent|avgSessionDurationSeconds|changes.sessions.earlier|changes.sessions.change|changes.sessions.changePercent|changes.sharePercent.earlier|changes.sharePercent.change|changes.sharePercent.changePercent|changes.pageViews.earlier|changes.pageViews.change|changes.pageViews.changePercent|changes.exitRatePercent.earlier|changes.exitRatePercent.change|changes.exitRatePercent.changePercent|changes.avgSessionDurationSeconds.earlier|changes.avgSessionDurationSeconds.change|changes.avgSessionDurationSeconds.changePercent|
        |---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
        |https://acme.com|/pay|4|80|10|40|30|3|1|33.33|75|5|6.67|6|4|66.67|50|-10|-20|30|0|0|
        |https://acme.com|/new|1|20|1|100|30|0|1||0|20||0|1|||||0|30||
        ");
    }

    #[test]
    fn nothing_is_asked_of_events_where_no_session_is() {
        let asked = Asked::of("get_entry_exit_pages", json!({"mode": "exit"}))
            .rows(json!([]))
            .rows(json!([{"sessions": null}]))
            .go();
        assert_eq!(asked.field("pages"), json!([]));
        let told = Asked::of("get_entry_exit_pages", json!({"mode": "both"})).go();
        insta::assert_snapshot!(told.mistake(), @r#"`mode` must be `entry` or `exit`; it is "both"."#);
    }
}
