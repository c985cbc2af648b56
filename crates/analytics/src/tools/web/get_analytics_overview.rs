//! `get_analytics_overview`: the headline numbers of a range, and how they ran.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sightline_warehouse::{InstantMs, Sql, sql};

use crate::answer::Answer;
use crate::compare::{Compare, Comparison};
use crate::context::Context;
use crate::event_names::{REVENUE, SCREEN_VIEW};
use crate::failure::Failure;
use crate::family::{Family, Product, Scope};
use crate::filters::{Conditions, Filters};
use crate::interval::{Every, Series};
use crate::numbers::{mean_seconds, per, percent};
use crate::range::{DateRange, Range};
use crate::tool::{About, Tool};

/// The headline numbers of a range, and how they ran.
pub(crate) struct GetAnalyticsOverview;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    #[serde(flatten)]
    range: DateRange,
    #[serde(default)]
    interval: Every,
    #[serde(default)]
    filters: Filters,
    #[serde(default)]
    compare: Compare,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    /// ISO 4217 code of `revenue`.
    currency: String,
    /// Width of a bucket of the series.
    interval: Every,
    /// The whole range.
    totals: Measures,
    /// The totals of the earlier range, when `compare` asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<Comparison>,
    /// Every bucket of the range.
    series: Vec<Bucket>,
    /// Every bucket of the earlier range, when `compare` asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    earlier_series: Option<Vec<Bucket>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Measures {
    /// Distinct profiles with an event.
    visitors: i64,
    /// Sessions that started.
    sessions: i64,
    /// Events named `screen_view`.
    page_views: i64,
    /// pageViews / sessions.
    page_views_per_session: f64,
    /// 100 · sessions with fewer than two screen views / sessions.
    bounce_rate_percent: f64,
    /// Mean over all sessions, bounced ones included.
    avg_session_duration_seconds: f64,
    /// Sum of `revenue` over events named `revenue`, in major units.
    revenue: f64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Bucket {
    /// The bucket's name in the project's timezone.
    start: String,
    #[serde(flatten)]
    measures: Measures,
}

impl Tool for GetAnalyticsOverview {
    const ABOUT: About = About {
        name: "get_analytics_overview",
        title: "Analytics overview",
        description: "Visitors, sessions, page views, bounce rate, session duration and revenue of a range, in total and over time. \
                      Use for how a site or app is doing; for single events use query_events, for anything else query.",
        family: Family::Web,
        scope: Some(Scope::Insights),
        products: &[(Product::OpenPanel, "get_analytics_overview")],
        pages: false,
        needs: None,
        rules: &[
            "`visitors` are distinct profiles with any event in the range or bucket; events with an empty profile id are nobody. The total is counted over the whole range, so it is not the sum of the series. (OpenPanel sums days.)",
            "`sessions`, `bounceRatePercent`, `avgSessionDurationSeconds` count sessions by when they **started**: a session that began before the range is not in it. `pageViews`, `visitors`, `revenue` count events by when they happened.",
            "`avgSessionDurationSeconds` is the mean over all sessions, those of zero seconds included. Rates of nothing are 0.",
            "With filters, `visitors`, `pageViews` and `revenue` count the events that pass; session measures count the sessions that pass (see Filters).",
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        let range = context.range(&input.range)?;
        let conditions = context.conditions(&input.filters).await?;
        let now = Overview::of(&range, input.interval, &conditions, context).await?;
        let earlier = input.compare.earlier(&range, context.calendar());
        let (mut comparison, mut earlier_series) = (None, None);
        if let Some(earlier) = &earlier {
            let before = Overview::of(earlier, input.interval, &conditions, context).await?;
            comparison = Some(Comparison::of(&now.totals, &before.totals, earlier)?);
            earlier_series = Some(before.series);
        }
        let starts = now
            .starts
            .iter()
            .map(|start| context.calendar().rfc3339(*start))
            .collect();
        let fields: &[&str] = if earlier.is_some() {
            &["series", "earlierSeries"]
        } else {
            &["series"]
        };
        let output = Output {
            currency: context.project.currency.clone(),
            interval: input.interval,
            totals: now.totals,
            comparison,
            series: now.series,
            earlier_series,
        };
        Ok(Answer::of(output)
            .over(&range)
            .through(now.newest)
            .notes(range.note(context.environment.now_ms))
            .series(fields, starts, "A coarser `interval` needs fewer rows."))
    }
}

/// One range's numbers.
struct Overview {
    totals: Measures,
    series: Vec<Bucket>,
    starts: Vec<InstantMs>,
    newest: Option<InstantMs>,
}

/// What a statement over events answers, for the range or a bucket.
#[derive(Clone, Default, Deserialize)]
struct OfEvents {
    visitors: i64,
    page_views: Option<i64>,
    revenue: Option<i64>,
    newest: Option<String>,
}

/// What the statement over sessions answers for a bucket.
#[derive(Clone, Copy, Default, Deserialize)]
struct OfSessions {
    sessions: i64,
    bounced: Option<i64>,
    duration_ms: Option<i64>,
}

#[derive(Deserialize)]
struct Row<T> {
    bucket: String,
    #[serde(flatten)]
    of: T,
}

impl Overview {
    async fn of(
        range: &Range,
        every: Every,
        conditions: &Conditions,
        context: &Context<'_>,
    ) -> Result<Self, Failure> {
        let starts = every.buckets(range, context.calendar())?;
        // Distinct visitors of the range are not the sum of the buckets', so they are counted by a statement of their own.
        let total: OfEvents = context
            .row(events(range, None, conditions, context))
            .await?;
        let by_bucket: Vec<Row<OfEvents>> = context
            .rows(events(range, Some(every), conditions, context))
            .await?;
        let sessions: Vec<Row<OfSessions>> = context
            .rows(sessions(range, every, conditions, context))
            .await?;

        let all_sessions = sessions
            .iter()
            .fold(OfSessions::default(), |sum, row| sum.and(row.of));
        let events = Series::new(by_bucket.into_iter().map(|row| (row.bucket, row.of)))?;
        let sessions = Series::new(sessions.into_iter().map(|row| (row.bucket, row.of)))?;
        let series = starts
            .iter()
            .map(|start| Bucket {
                start: context.calendar().label(*start, every.interval()),
                measures: Measures::of(&events.at(*start), sessions.at(*start), context),
            })
            .collect();
        let newest = context.newest(total.newest.as_ref())?;
        Ok(Self {
            totals: Measures::of(&total, all_sessions, context),
            series,
            starts,
            newest,
        })
    }
}

impl OfSessions {
    fn and(self, other: Self) -> Self {
        let sum =
            |one: Option<i64>, other: Option<i64>| Some(one.unwrap_or(0) + other.unwrap_or(0));
        Self {
            sessions: self.sessions + other.sessions,
            bounced: sum(self.bounced, other.bounced),
            duration_ms: sum(self.duration_ms, other.duration_ms),
        }
    }
}

impl Measures {
    fn of(events: &OfEvents, sessions: OfSessions, context: &Context<'_>) -> Self {
        let page_views = events.page_views.unwrap_or(0);
        Self {
            visitors: events.visitors,
            sessions: sessions.sessions,
            page_views,
            page_views_per_session: per(page_views, sessions.sessions),
            bounce_rate_percent: percent(sessions.bounced.unwrap_or(0), sessions.sessions),
            avg_session_duration_seconds: mean_seconds(
                sessions.duration_ms.unwrap_or(0),
                sessions.sessions,
            ),
            revenue: context.money(events.revenue.unwrap_or(0)),
        }
    }
}

fn events(
    range: &Range,
    every: Option<Every>,
    conditions: &Conditions,
    context: &Context<'_>,
) -> sightline_warehouse::Statement {
    let mut query = context.query();
    let visitors = query
        .dialect()
        .count_distinct(&Sql::from("nullif(profile_id, '')"));
    let page_view = context
        .project
        .event_names
        .is_any(&mut query, [SCREEN_VIEW]);
    let revenue = context.project.event_names.is_any(&mut query, [REVENUE]);
    let measures = sql!(
        "{visitors} AS visitors, sum(CASE WHEN {page_view} THEN 1 ELSE 0 END) AS page_views, \
         sum(CASE WHEN {revenue} THEN revenue END) AS revenue, max(timestamp) AS newest",
        visitors,
        page_view,
        revenue
    );
    let bucket = every.map(|every| every.bucket(&mut query, context.calendar(), "timestamp"));
    let within = range.contains(&mut query, "timestamp");
    let filters = conditions.on_events(&mut query, context.project, range);
    query.finish(match bucket {
        Some(bucket) => sql!(
            "SELECT {bucket} AS bucket, {measures} FROM events WHERE {within}{filters} GROUP BY bucket",
            bucket,
            measures,
            within,
            filters
        ),
        None => sql!("SELECT {measures} FROM events WHERE {within}{filters}", measures, within, filters),
    })
}

fn sessions(
    range: &Range,
    every: Every,
    conditions: &Conditions,
    context: &Context<'_>,
) -> sightline_warehouse::Statement {
    let mut query = context.query();
    let bucket = every.bucket(&mut query, context.calendar(), "started_at");
    let within = range.contains(&mut query, "started_at");
    let filters = conditions.on_sessions(&mut query, context.project, range);
    query.finish(sql!(
        "SELECT {bucket} AS bucket, count(*) AS sessions, sum(CASE WHEN is_bounce THEN 1 ELSE 0 END) AS bounced, \
         sum(duration_ms) AS duration_ms FROM sessions WHERE {within}{filters} GROUP BY bucket",
        bucket,
        within,
        filters
    ))
}

#[cfg(test)]
mod tests {
    use crate::testing::Asked;
    use serde_json::json;

    #[test]
    fn totals_are_counted_over_the_range_and_the_series_has_every_day() {
        let asked = Asked::of("get_analytics_overview", json!({"startDate": "2026-10-24", "endDate": "2026-10-26"}))
            .timezone("Europe/Berlin")
            .rows(json!([{"visitors": 3, "page_views": 7, "revenue": 12345, "newest": "2026-10-26T20:00:00Z"}]))
            .rows(json!([
                {"bucket": "2026-10-23T22:00:00Z", "visitors": 2, "page_views": 3, "revenue": null, "newest": "2026-10-24T20:00:00Z"},
                {"bucket": "2026-10-25T23:00:00Z", "visitors": 2, "page_views": 4, "revenue": 12345, "newest": "2026-10-26T20:00:00Z"},
            ]))
            .rows(json!([
                {"bucket": "2026-10-23T22:00:00Z", "sessions": 2, "bounced": 1, "duration_ms": 61000},
                {"bucket": "2026-10-24T22:00:00Z", "sessions": 1, "bounced": 1, "duration_ms": 0},
            ]))
            .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT count(DISTINCT nullif(profile_id, '')) AS visitors, sum(CASE WHEN name IN ($1, $2) THEN 1 ELSE 0 END) AS page_views, sum(CASE WHEN name IN ($3) THEN revenue END) AS revenue, max(timestamp) AS newest FROM events WHERE timestamp >= $4 AND timestamp < $5
          [Text("screen_view"), Text("$pageview"), Text("revenue"), TimestampMs(1792792800000), TimestampMs(1793055600000)]
        SELECT bucket_start(timestamp, 'day', $4, 'monday') AS bucket, count(DISTINCT nullif(profile_id, '')) AS visitors, sum(CASE WHEN name IN ($1, $2) THEN 1 ELSE 0 END) AS page_views, sum(CASE WHEN name IN ($3) THEN revenue END) AS revenue, max(timestamp) AS newest FROM events WHERE timestamp >= $5 AND timestamp < $6 GROUP BY bucket
          [Text("screen_view"), Text("$pageview"), Text("revenue"), Text("Europe/Berlin"), TimestampMs(1792792800000), TimestampMs(1793055600000)]
        SELECT bucket_start(started_at, 'day', $1, 'monday') AS bucket, count(*) AS sessions, sum(CASE WHEN is_bounce THEN 1 ELSE 0 END) AS bounced, sum(duration_ms) AS duration_ms FROM sessions WHERE started_at >= $2 AND started_at < $3 GROUP BY bucket
          [Text("Europe/Berlin"), TimestampMs(1792792800000), TimestampMs(1793055600000)]
        "#);
        insta::assert_snapshot!(asked.text(), @"
        Analytics overview: Acme (`acme`), 2026-10-24 to 2026-10-26, Europe/Berlin. Data through 2026-10-26T21:00:00+01:00.

        currency: EUR · interval: day

        **totals** visitors: 3 · sessions: 3 · pageViews: 7 · pageViewsPerSession: 2.33 · bounceRatePercent: 66.67 · avgSessionDurationSeconds: 20.33 · revenue: 123.45

        **series**

        |start|visitors|sessions|pageViews|pageViewsPerSession|bounceRatePercent|avgSessionDurationSeconds|revenue|
        |---|---|---|---|---|---|---|---|
        |2026-10-24|2|2|3|1.5|50|30.5|0|
        |2026-10-25|0|1|0|0|100|0|0|
        |2026-10-26|2|0|4|0|0|0|123.45|
        ");
        insta::assert_snapshot!(asked.structured(), @r#"
        {
          "project": {
            "id": "acme",
            "name": "Acme"
          },
          "timezone": "Europe/Berlin",
          "range": {
            "start": "2026-10-24",
            "end": "2026-10-26"
          },
          "currency": "EUR",
          "interval": "day",
          "totals": {
            "visitors": 3,
            "sessions": 3,
            "pageViews": 7,
            "pageViewsPerSession": 2.33,
            "bounceRatePercent": 66.67,
            "avgSessionDurationSeconds": 20.33,
            "revenue": 123.45
          },
          "series": [
            {
              "start": "2026-10-24",
              "visitors": 2,
              "sessions": 2,
              "pageViews": 3,
              "pageViewsPerSession": 1.5,
              "bounceRatePercent": 50.0,
              "avgSessionDurationSeconds": 30.5,
              "revenue": 0.0
            },
            {
              "start": "2026-10-25",
              "visitors": 0,
              "sessions": 1,
              "pageViews": 0,
              "pageViewsPerSession": 0.0,
              "bounceRatePercent": 100.0,
              "avgSessionDurationSeconds": 0.0,
              "revenue": 0.0
            },
            {
              "start": "2026-10-26",
              "visitors": 2,
              "sessions": 0,
              "pageViews": 4,
              "pageViewsPerSession": 0.0,
              "bounceRatePercent": 0.0,
              "avgSessionDurationSeconds": 0.0,
              "revenue": 123.45
            }
          ],
          "truncated": false,
          "dataThrough": "2026-10-26T21:00:00+01:00",
          "notes": []
        }
        "#);
    }

    #[test]
    fn no_data_is_zeros() {
        let asked = Asked::of(
            "get_analytics_overview",
            json!({"startDate": "2026-11-01", "endDate": "2026-11-02"}),
        )
        .rows(json!([{"visitors": 0, "page_views": null, "revenue": null, "newest": null}]))
        .rows(json!([]))
        .rows(json!([]))
        .go();
        insta::assert_snapshot!(asked.text(), @"
        Analytics overview: Acme (`acme`), 2026-11-01 to 2026-11-02, UTC.

        currency: EUR · interval: day

        **totals** visitors: 0 · sessions: 0 · pageViews: 0 · pageViewsPerSession: 0 · bounceRatePercent: 0 · avgSessionDurationSeconds: 0 · revenue: 0

        **series**

        |start|visitors|sessions|pageViews|pageViewsPerSession|bounceRatePercent|avgSessionDurationSeconds|revenue|
        |---|---|---|---|---|---|---|---|
        |2026-11-01|0|0|0|0|0|0|0|
        |2026-11-02|0|0|0|0|0|0|0|
        ");
    }

    #[test]
    fn a_comparison_asks_the_same_of_the_range_before() {
        let asked = Asked::of(
            "get_analytics_overview",
            json!({"startDate": "2026-11-01", "endDate": "2026-11-02", "interval": "month", "compare": "previous"}),
        )
        .rows(json!([{"visitors": 30, "page_views": 60, "revenue": 5000, "newest": "2026-11-02T01:00:00Z"}]))
        .rows(json!([{"bucket": "2026-11-01T00:00:00Z", "visitors": 30, "page_views": 60, "revenue": 5000, "newest": null}]))
        .rows(json!([{"bucket": "2026-11-01T00:00:00Z", "sessions": 40, "bounced": 10, "duration_ms": 4000000}]))
        .rows(json!([{"visitors": 20, "page_views": 60, "revenue": null, "newest": "2026-10-31T01:00:00Z"}]))
        .rows(json!([{"bucket": "2026-10-01T00:00:00Z", "visitors": 20, "page_views": 60, "revenue": null, "newest": null}]))
        .rows(json!([{"bucket": "2026-10-01T00:00:00Z", "sessions": 20, "bounced": 10, "duration_ms": 1000000}]))
        .go();
        insta::assert_snapshot!(asked.text(), @"
        Analytics overview: Acme (`acme`), 2026-11-01 to 2026-11-02, UTC. Data through 2026-11-02T01:00:00Z.

        currency: EUR · interval: month

        **totals** visitors: 30 · sessions: 40 · pageViews: 60 · pageViewsPerSession: 1.5 · bounceRatePercent: 25 · avgSessionDurationSeconds: 100 · revenue: 50

        **comparison** range: start=2026-10-30; end=2026-10-31

        |measure|earlier|change|changePercent|
        |---|---|---|---|
        |visitors|20|10|50|
        |sessions|20|20|100|
        |pageViews|60|0|0|
        |pageViewsPerSession|3|-1.5|-50|
        |bounceRatePercent|50|-25|-50|
        |avgSessionDurationSeconds|50|50|100|
        |revenue|0|50||

        **series**

        |start|visitors|sessions|pageViews|pageViewsPerSession|bounceRatePercent|avgSessionDurationSeconds|revenue|
        |---|---|---|---|---|---|---|---|
        |2026-11|30|40|60|1.5|25|100|50|

        **earlierSeries**

        |start|visitors|sessions|pageViews|pageViewsPerSession|bounceRatePercent|avgSessionDurationSeconds|revenue|
        |---|---|---|---|---|---|---|---|
        |2026-10|20|20|60|3|50|50|0|
        ");
    }

    #[test]
    fn filters_are_asked_of_events_and_of_sessions() {
        let filters = json!([
            {"field": "country", "op": "is", "values": ["DE"]},
            {"field": "properties.plan", "op": "contains", "values": ["pro"]},
        ]);
        let asked = Asked::of(
            "get_analytics_overview",
            json!({"startDate": "2026-11-01", "endDate": "2026-11-02", "filters": filters}),
        )
        .rows(json!([{"visitors": 0, "page_views": null, "revenue": null, "newest": null}]))
        .rows(json!([]))
        .rows(json!([]))
        .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT count(DISTINCT nullif(profile_id, '')) AS visitors, sum(CASE WHEN name IN ($1, $2) THEN 1 ELSE 0 END) AS page_views, sum(CASE WHEN name IN ($3) THEN revenue END) AS revenue, max(timestamp) AS newest FROM events WHERE timestamp >= $4 AND timestamp < $5 AND country IN ($6) AND strpos(lower(property(properties, $7)), lower($8)) > 0
          [Text("screen_view"), Text("$pageview"), Text("revenue"), TimestampMs(1793491200000), TimestampMs(1793664000000), Text("DE"), Text("plan"), Text("pro")]
        SELECT bucket_start(timestamp, 'day', $4, 'monday') AS bucket, count(DISTINCT nullif(profile_id, '')) AS visitors, sum(CASE WHEN name IN ($1, $2) THEN 1 ELSE 0 END) AS page_views, sum(CASE WHEN name IN ($3) THEN revenue END) AS revenue, max(timestamp) AS newest FROM events WHERE timestamp >= $5 AND timestamp < $6 AND country IN ($7) AND strpos(lower(property(properties, $8)), lower($9)) > 0 GROUP BY bucket
          [Text("screen_view"), Text("$pageview"), Text("revenue"), Text("UTC"), TimestampMs(1793491200000), TimestampMs(1793664000000), Text("DE"), Text("plan"), Text("pro")]
        SELECT bucket_start(started_at, 'day', $1, 'monday') AS bucket, count(*) AS sessions, sum(CASE WHEN is_bounce THEN 1 ELSE 0 END) AS bounced, sum(duration_ms) AS duration_ms FROM sessions WHERE started_at >= $2 AND started_at < $3 AND country IN ($4) AND identity(session_id) IN (SELECT identity(session_id) FROM events WHERE timestamp >= $5 AND timestamp < $6 AND session_id IS NOT NULL AND strpos(lower(property(properties, $7)), lower($8)) > 0) GROUP BY bucket
          [Text("UTC"), TimestampMs(1793491200000), TimestampMs(1793664000000), Text("DE"), TimestampMs(1793491200000), TimestampMs(1793664000000), Text("plan"), Text("pro")]
        "#);
    }

    #[test]
    fn what_is_wrong_with_a_question_is_told() {
        let told = |arguments| {
            Asked::of("get_analytics_overview", arguments)
                .go()
                .mistake()
        };
        insta::assert_snapshot!(told(json!({"interval": "year", "compare": "last"})), @r#"
        `interval` must be `hour`, `day`, `week` or `month`; it is "year".
        `compare` must be `none`, `previous` or `year`; it is "last".
        "#);
        insta::assert_snapshot!(told(json!({"startDate": "2025-01-01", "interval": "hour"})), @"2025-01-01 to 2026-11-20 has 16536 hours, and one answer holds at most 2400 buckets. Use `interval` `day`, or a range of at most 100 days.");
        insta::assert_snapshot!(told(json!({"filters": [{"field": "profile.email", "op": "isSet"}]})), @"This project has no profiles, so nothing can be filtered by `profile.…`. `get_schema` lists what it has.");
    }
}
