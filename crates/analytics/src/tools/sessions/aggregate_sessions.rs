//! `aggregate_sessions`: measures of sessions by up to two dimensions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::session_measure::{SessionMeasure, USUAL, measured};
use crate::answer::Answer;
use crate::breakdown::{
    Breakdown, COMPARED_RULE, Counted, Counts, Dimension, OTHER_RULE, Pair, Rank, SESSIONS_RULE,
    VALUE_RULE,
};
use crate::compare::{Changes, Compare, Comparison};
use crate::context::Context;
use crate::failure::{Failure, Mistake};
use crate::family::{Family, Product, Scope};
use crate::filters::Filters;
use crate::limit::Limit;
use crate::range::DateRange;
use crate::tool::{About, Tool};

/// Measures of sessions by up to two dimensions.
pub(crate) struct AggregateSessions;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    #[serde(default)]
    #[schemars(length(max = 2))]
    group_by: Vec<GroupBy>,
    #[serde(default)]
    measures: Vec<SessionMeasure>,
    /// A measure; default sessions, or time where grouped by it
    sort_by: Option<String>,
    #[serde(flatten)]
    range: DateRange,
    #[serde(default)]
    filters: Filters,
    #[serde(default = "previous")]
    compare: Compare,
    #[serde(default)]
    limit: Limit<25, 500>,
}

fn previous() -> Compare {
    Compare::Previous
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(description = "")]
enum GroupBy {
    Country,
    Region,
    City,
    Device,
    Browser,
    Os,
    EntryPath,
    ExitPath,
    ReferrerName,
    ReferrerType,
    Referrer,
    #[serde(rename = "utm_source")]
    UtmSource,
    #[serde(rename = "utm_medium")]
    UtmMedium,
    #[serde(rename = "utm_campaign")]
    UtmCampaign,
    #[serde(rename = "utm_content")]
    UtmContent,
    #[serde(rename = "utm_term")]
    UtmTerm,
    Hour,
    Day,
    Week,
    Month,
}

impl GroupBy {
    fn dimension(self) -> Dimension {
        match self {
            Self::Country => Dimension::COUNTRY,
            Self::Region => Dimension::REGION,
            Self::City => Dimension::CITY,
            Self::Device => Dimension::DEVICE,
            Self::Browser => Dimension::BROWSER,
            Self::Os => Dimension::OS,
            Self::EntryPath => Dimension::ENTRY_PATH,
            Self::ExitPath => Dimension::EXIT_PATH,
            Self::ReferrerName => Dimension::REFERRER_NAME,
            Self::ReferrerType => Dimension::REFERRER_TYPE,
            Self::Referrer => Dimension::REFERRER,
            Self::UtmSource => Dimension::UTM_SOURCE,
            Self::UtmMedium => Dimension::UTM_MEDIUM,
            Self::UtmCampaign => Dimension::UTM_CAMPAIGN,
            Self::UtmContent => Dimension::UTM_CONTENT,
            Self::UtmTerm => Dimension::UTM_TERM,
            Self::Hour => Dimension::HOUR,
            Self::Day => Dimension::DAY,
            Self::Week => Dimension::WEEK,
            Self::Month => Dimension::MONTH,
        }
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    /// ISO 4217 code of `revenue`, where that is a measure.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    /// The measures of all sessions.
    totals: Map<String, Json>,
    /// The totals of the earlier range, unless `compare` is `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<Comparison>,
    /// The sessions that are in no row: of groups beyond `limit`, or that only the earlier range has.
    #[serde(skip_serializing_if = "Option::is_none")]
    other: Option<Row>,
    /// The groups, where `groupBy` asks for them: a value under each dimension's name, then the measures.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<Vec<Row>>,
}

#[derive(Serialize, JsonSchema)]
struct Row {
    #[serde(flatten)]
    values: Map<String, Json>,
    #[serde(flatten)]
    measures: Map<String, Json>,
    /// Each measure's earlier value and change, unless `compare` is `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Changes>,
}

impl Tool for AggregateSessions {
    const ABOUT: About = About {
        name: "aggregate_sessions",
        title: "Sessions by dimension",
        description: "Counts sessions, their duration, errors and friction, by up to two dimensions and against the period before. \
                      Use for which sessions go badly; find_sessions lists them.",
        family: Family::Sessions,
        scope: Some(Scope::Sessions),
        products: &[(Product::FullSession, "aggregate_sessions")],
        pages: false,
        needs: None,
        rules: &[
            SESSIONS_RULE,
            "`avgDurationSeconds` and `avgFrustration` are means over all sessions; the median lies halfway between the middle two where they are two. `sessionsWithErrors` have a JavaScript or network error, `sessionsWithFriction` a frustration score above 0.",
            "Without `measures`: sessions, visitors, avgDurationSeconds, bounceRatePercent, sessionsWithErrors, sessionsWithFriction. The measure sorted by is always shown.",
            VALUE_RULE,
            "`hour`, `day`, `week` and `month` are buckets of the session's start in the project's timezone; one without sessions has no row.",
            "Sorted by `sortBy`, the greatest first, ties by the values in the order of `groupBy`. Without `sortBy` by sessions, but by time, the earliest first, if grouped by it.",
            OTHER_RULE,
            COMPARED_RULE,
            "A bucket of time is compared with the bucket at the same place of the earlier range (its first with the first, and so on), and with nothing if there is none.",
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        let range = context.range(&input.range)?;
        let conditions = context.conditions(&input.filters).await?;
        let earlier = input.compare.earlier(&range, context.calendar());
        let dimensions = dimensions(&input.group_by)?;
        let time = dimensions.iter().position(|dimension| dimension.is_time());
        let sorted_by = match (&input.sort_by, time) {
            (Some(name), _) => Some(SessionMeasure::named(name)?),
            (None, Some(_)) => None,
            (None, None) => Some(SessionMeasure::Sessions),
        };
        let measures = shown(&input.measures, sorted_by);
        let counted: Vec<Counted> = measures
            .iter()
            .filter_map(|measure| measure.counted())
            .collect();
        let breakdown = Breakdown {
            dimensions: &dimensions,
            conditions: &conditions,
            counted: &counted,
            rank: match (sorted_by, time) {
                (Some(measure), _) => measure.rank(),
                (None, time) => time.map_or(Rank::Sessions, Rank::Time),
            },
            limit: input.limit.rows(),
        };
        let groups = breakdown.of(&range, earlier.as_ref(), context).await?;

        let of = |counts: &Counts| measured(&measures, counts, context);
        let row = |values: Map<String, Json>, pair: &Pair| {
            let measures = of(&pair.now);
            let changes = pair.changes(&measures, of)?;
            Ok::<_, Failure>(Row {
                values,
                measures,
                changes,
            })
        };
        let rows = groups
            .rows
            .iter()
            .map(|(key, pair)| row(key.shown(&dimensions, context), pair))
            .collect::<Result<Vec<_>, _>>()?;
        let other = groups
            .other
            .map(|pair| row(Map::new(), &pair))
            .transpose()?;
        let totals = of(&groups.total.now);
        let changes = groups.total.changes(&totals, of)?;
        let notes = groups.notes();
        let has_revenue = measures.contains(&SessionMeasure::Revenue);
        let output = Output {
            currency: has_revenue.then(|| context.project.currency.clone()),
            totals,
            comparison: Comparison::with(earlier.as_ref(), changes),
            other,
            rows: (!dimensions.is_empty()).then_some(rows),
        };
        let answer = Answer::of(output)
            .over(&range)
            .through(groups.newest)
            .notes(notes)
            .notes(range.note(context.environment.now_ms));
        if dimensions.is_empty() {
            return Ok(answer);
        }
        Ok(answer.ranking(
            &["rows"],
            groups.more,
            input.limit.larger(),
            "Ask for fewer `measures`, or filter for the values of interest.",
        ))
    }
}

/// The dimensions asked for, if they are different ones.
fn dimensions(group_by: &[GroupBy]) -> Result<Vec<Dimension>, Mistake> {
    if let [one, other] = group_by
        && one == other
    {
        return Err(Mistake::new("`groupBy` names the same dimension twice.")
            .next("Name it once, or two different ones."));
    }
    Ok(group_by.iter().map(|by| by.dimension()).collect())
}

/// The measures to show: those asked for, each once, and the one sorted by.
fn shown(asked: &[SessionMeasure], sorted_by: Option<SessionMeasure>) -> Vec<SessionMeasure> {
    let asked = if asked.is_empty() { &USUAL[..] } else { asked };
    let mut shown: Vec<SessionMeasure> = Vec::new();
    for measure in asked.iter().copied().chain(sorted_by) {
        if !shown.contains(&measure) {
            shown.push(measure);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use crate::testing::Asked;
    use serde_json::{Value as Json, json};

    fn row(values: [Option<&str>; 2], sessions: i64) -> Json {
        json!({
            "d1": values[0], "d2": values[1], "visitors": sessions, "sessions": sessions, "duration_ms": sessions * 61_500,
            "median_duration_ms": 1_500.0, "bounced": 1, "with_errors": 2, "with_friction": 1, "frustration_tenths": 333,
            "revenue": 1_250, "newest": "2026-11-02T20:00:00Z",
        })
    }

    const ALL: [Option<&str>; 2] = [None, None];

    #[test]
    fn ungrouped_sessions_are_totals_against_the_period_before() {
        let asked = Asked::of(
            "aggregate_sessions",
            json!({"startDate": "2026-11-01", "endDate": "2026-11-02"}),
        )
        .rows(json!([row(ALL, 4)]))
        .rows(json!([row(ALL, 3)]))
        .go();
        insta::assert_snapshot!(asked.statements(), @"
        SELECT sum(1) AS sessions, count(DISTINCT visitor) AS visitors, sum(duration_ms) AS duration_ms, sum(bounced) AS bounced, sum(with_errors) AS with_errors, sum(with_friction) AS with_friction, max(ended_at) AS newest FROM (SELECT nullif(profile_id, '') AS visitor, coalesce(duration_ms, 0) AS duration_ms, CASE WHEN is_bounce THEN 1 ELSE 0 END AS bounced, CASE WHEN js_errors > 0 OR network_errors > 0 THEN 1 ELSE 0 END AS with_errors, CASE WHEN frustration_score > 0 THEN 1 ELSE 0 END AS with_friction, ended_at FROM sessions WHERE started_at >= $1 AND started_at < $2) AS visits
          [TimestampMs(1793491200000), TimestampMs(1793664000000)]
        SELECT sum(1) AS sessions, count(DISTINCT visitor) AS visitors, sum(duration_ms) AS duration_ms, sum(bounced) AS bounced, sum(with_errors) AS with_errors, sum(with_friction) AS with_friction, max(ended_at) AS newest FROM (SELECT nullif(profile_id, '') AS visitor, coalesce(duration_ms, 0) AS duration_ms, CASE WHEN is_bounce THEN 1 ELSE 0 END AS bounced, CASE WHEN js_errors > 0 OR network_errors > 0 THEN 1 ELSE 0 END AS with_errors, CASE WHEN frustration_score > 0 THEN 1 ELSE 0 END AS with_friction, ended_at FROM sessions WHERE started_at >= $1 AND started_at < $2) AS visits
          [TimestampMs(1793318400000), TimestampMs(1793491200000)]
        ");
        insta::assert_snapshot!(asked.text(), @"
        Sessions by dimension: Acme (`acme`), 2026-11-01 to 2026-11-02, UTC. Data through 2026-11-02T20:00:00Z.

        **totals** sessions: 4 · visitors: 4 · avgDurationSeconds: 61.5 · bounceRatePercent: 25 · sessionsWithErrors: 2 · sessionsWithFriction: 1

        **comparison** range: start=2026-10-30; end=2026-10-31

        |measure|earlier|change|changePercent|
        |---|---|---|---|
        |sessions|3|1|33.33|
        |visitors|3|1|33.33|
        |avgDurationSeconds|61.5|0|0|
        |bounceRatePercent|33.33|-8.33|-24.99|
        |sessionsWithErrors|2|0|0|
        |sessionsWithFriction|1|0|0|
        ");
    }

    #[test]
    fn days_are_in_order_of_time_and_compared_place_by_place() {
        let arguments = json!({
            "groupBy": ["browser", "day"], "measures": ["avgFrustration", "revenue", "avgFrustration"],
            "startDate": "2026-10-24", "endDate": "2026-10-26",
        });
        let chrome = |day| [Some("Chrome"), Some(day)];
        let asked = Asked::of("aggregate_sessions", arguments)
            .timezone("Europe/Berlin")
            .rows(json!([
                {"d1": "Chrome", "d2": "2026-10-23T22:00:00Z"},
                {"d1": "Chrome", "d2": "2026-10-25T23:00:00Z"},
            ]))
            .rows(json!([row(ALL, 3)]))
            .rows(json!([
                row(chrome("2026-10-23T22:00:00Z"), 2),
                row(chrome("2026-10-25T23:00:00Z"), 1),
            ]))
            .rows(json!([row(ALL, 2)]))
            .rows(json!([row(chrome("2026-10-22T22:00:00Z"), 2)]))
            .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT d1, d2 FROM (SELECT coalesce(nullif(browser, ''), '(not set)') AS d1, bucket_start(started_at, 'day', $1, 'monday') AS d2 FROM sessions WHERE started_at >= $2 AND started_at < $3) AS visits GROUP BY d1, d2 ORDER BY d2, d1, d2 LIMIT 26
          [Text("Europe/Berlin"), TimestampMs(1792792800000), TimestampMs(1793055600000)]
        SELECT sum(1) AS sessions, sum(frustration_tenths) AS frustration_tenths, sum(revenue) AS revenue, max(ended_at) AS newest FROM (SELECT coalesce(CAST(round(frustration_score * 10) AS BIGINT), 0) AS frustration_tenths, coalesce(revenue, 0) AS revenue, ended_at FROM sessions WHERE started_at >= $1 AND started_at < $2) AS visits
          [TimestampMs(1792792800000), TimestampMs(1793055600000)]
        SELECT d1, d2, sum(1) AS sessions, sum(frustration_tenths) AS frustration_tenths, sum(revenue) AS revenue FROM (SELECT CASE WHEN concat(CAST(character_length(d1) AS VARCHAR), ':', d1, CAST(CAST(arrow_cast(d2, 'Timestamp(Millisecond, Some("UTC"))') AS BIGINT) AS VARCHAR)) IN ($4, $5) THEN d1 END AS d1, CASE WHEN concat(CAST(character_length(d1) AS VARCHAR), ':', d1, CAST(CAST(arrow_cast(d2, 'Timestamp(Millisecond, Some("UTC"))') AS BIGINT) AS VARCHAR)) IN ($4, $5) THEN d2 END AS d2, frustration_tenths, revenue FROM (SELECT coalesce(nullif(browser, ''), '(not set)') AS d1, bucket_start(started_at, 'day', $1, 'monday') AS d2, coalesce(CAST(round(frustration_score * 10) AS BIGINT), 0) AS frustration_tenths, coalesce(revenue, 0) AS revenue FROM sessions WHERE started_at >= $2 AND started_at < $3) AS visits) AS told GROUP BY d1, d2
          [Text("Europe/Berlin"), TimestampMs(1792792800000), TimestampMs(1793055600000), Text("6:Chrome1792792800000"), Text("6:Chrome1792969200000")]
        SELECT sum(1) AS sessions, sum(frustration_tenths) AS frustration_tenths, sum(revenue) AS revenue, max(ended_at) AS newest FROM (SELECT coalesce(CAST(round(frustration_score * 10) AS BIGINT), 0) AS frustration_tenths, coalesce(revenue, 0) AS revenue, ended_at FROM sessions WHERE started_at >= $1 AND started_at < $2) AS visits
          [TimestampMs(1792533600000), TimestampMs(1792792800000)]
        SELECT d1, d2, sum(1) AS sessions, sum(frustration_tenths) AS frustration_tenths, sum(revenue) AS revenue FROM (SELECT CASE WHEN concat(CAST(character_length(d1) AS VARCHAR), ':', d1, CAST(CAST(arrow_cast(d2, 'Timestamp(Millisecond, Some("UTC"))') AS BIGINT) AS VARCHAR)) IN ($4, $5) THEN d1 END AS d1, CASE WHEN concat(CAST(character_length(d1) AS VARCHAR), ':', d1, CAST(CAST(arrow_cast(d2, 'Timestamp(Millisecond, Some("UTC"))') AS BIGINT) AS VARCHAR)) IN ($4, $5) THEN d2 END AS d2, frustration_tenths, revenue FROM (SELECT coalesce(nullif(browser, ''), '(not set)') AS d1, bucket_start(started_at, 'day', $1, 'monday') AS d2, coalesce(CAST(round(frustration_score * 10) AS BIGINT), 0) AS frustration_tenths, coalesce(revenue, 0) AS revenue FROM sessions WHERE started_at >= $2 AND started_at < $3) AS visits) AS told GROUP BY d1, d2
          [Text("Europe/Berlin"), TimestampMs(1792533600000), TimestampMs(1792792800000), Text("6:Chrome1792533600000"), Text("6:Chrome1792706400000")]
        "#);
        insta::assert_snapshot!(asked.text(), @"
        Sessions by dimension: Acme (`acme`), 2026-10-24 to 2026-10-26, Europe/Berlin. Data through 2026-11-02T21:00:00+01:00.

        currency: EUR

        **totals** avgFrustration: 11.1 · revenue: 12.5

        **comparison** range: start=2026-10-21; end=2026-10-23

        |measure|earlier|change|changePercent|
        |---|---|---|---|
        |avgFrustration|16.65|-5.55|-33.33|
        |revenue|12.5|0|0|

        **rows**

        |browser|day|avgFrustration|revenue|changes.avgFrustration.earlier|changes.avgFrustration.change|changes.avgFrustration.changePercent|changes.revenue.earlier|changes.revenue.change|changes.revenue.changePercent|
        |---|---|---|---|---|---|---|---|---|---|
        |Chrome|2026-10-24|16.65|12.5|0|16.65||0|12.5||
        |Chrome|2026-10-26|33.3|12.5|16.65|16.65|100|12.5|0|0|
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
          "totals": {
            "avgFrustration": 11.1,
            "revenue": 12.5
          },
          "comparison": {
            "range": {
              "start": "2026-10-21",
              "end": "2026-10-23"
            },
            "measures": {
              "avgFrustration": {
                "earlier": 16.65,
                "change": -5.55,
                "changePercent": -33.33
              },
              "revenue": {
                "earlier": 12.5,
                "change": 0.0,
                "changePercent": 0.0
              }
            }
          },
          "rows": [
            {
              "browser": "Chrome",
              "day": "2026-10-24",
              "avgFrustration": 16.65,
              "revenue": 12.5,
              "changes": {
                "avgFrustration": {
                  "earlier": 0.0,
                  "change": 16.65,
                  "changePercent": null
                },
                "revenue": {
                  "earlier": 0.0,
                  "change": 12.5,
                  "changePercent": null
                }
              }
            },
            {
              "browser": "Chrome",
              "day": "2026-10-26",
              "avgFrustration": 33.3,
              "revenue": 12.5,
              "changes": {
                "avgFrustration": {
                  "earlier": 16.65,
                  "change": 16.65,
                  "changePercent": 100.0
                },
                "revenue": {
                  "earlier": 12.5,
                  "change": 0.0,
                  "changePercent": 0.0
                }
              }
            }
          ],
          "truncated": false,
          "dataThrough": "2026-11-02T21:00:00+01:00",
          "notes": []
        }
        "#);
    }

    #[test]
    fn an_hour_without_a_counterpart_is_compared_with_nothing() {
        let arguments = json!({
            "groupBy": ["hour"], "measures": ["sessions"], "startDate": "2026-10-25", "endDate": "2026-10-25",
        });
        let asked = Asked::of("aggregate_sessions", arguments)
            .timezone("Europe/Berlin")
            .rows(json!([{"d1": "2026-10-25T00:00:00Z"}, {"d1": "2026-10-25T22:00:00Z"}]))
            .rows(json!([row(ALL, 2)]))
            .rows(json!([
                row([Some("2026-10-25T00:00:00Z"), None], 1),
                row([Some("2026-10-25T22:00:00Z"), None], 1),
            ]))
            .rows(json!([row(ALL, 1)]))
            .rows(json!([row(ALL, 1)]))
            .go();
        let rows = asked.field("rows");
        assert_eq!(rows[0]["hour"], json!("2026-10-25T02:00+02:00"));
        assert_eq!(rows[0]["changes"]["sessions"]["earlier"], json!(0));
        assert_eq!(rows[1]["hour"], json!("2026-10-25T23:00+01:00"));
        assert_eq!(rows[1]["changes"], Json::Null);
        assert_eq!(
            asked.field("other")["changes"]["sessions"]["earlier"],
            json!(1)
        );
    }

    #[test]
    fn nothing_to_compare_with_is_said() {
        let arguments =
            json!({"measures": ["sessions"], "startDate": "2026-11-01", "endDate": "2026-11-02"});
        let asked = Asked::of("aggregate_sessions", arguments)
            .rows(json!([row(ALL, 4)]))
            .rows(json!([{"sessions": null, "newest": null}]))
            .go();
        assert_eq!(
            asked.field("notes"),
            json!(["No such session started in the range compared with."])
        );
    }

    #[test]
    fn what_is_sorted_by_is_shown_and_what_is_not_asked_for_is_not_counted() {
        let arguments = json!({
            "groupBy": ["os"], "measures": ["sessions"], "sortBy": "median_duration_seconds", "compare": "none", "limit": 1,
            "startDate": "2026-11-01", "endDate": "2026-11-02",
        });
        let asked = Asked::of("aggregate_sessions", arguments)
            .rows(json!([{"d1": "iOS"}, {"d1": "macOS"}]))
            .rows(json!([row(ALL, 4)]))
            .rows(json!([row([Some("iOS"), None], 2), row(ALL, 2)]))
            .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT d1 FROM (SELECT coalesce(nullif(os, ''), '(not set)') AS d1, coalesce(duration_ms, 0) AS duration_ms FROM sessions WHERE started_at >= $1 AND started_at < $2) AS visits GROUP BY d1 ORDER BY percentile_cont(CAST(50 AS DOUBLE) / 100.0) WITHIN GROUP (ORDER BY duration_ms) DESC, d1 LIMIT 2
          [TimestampMs(1793491200000), TimestampMs(1793664000000)]
        SELECT sum(1) AS sessions, percentile_cont(CAST(50 AS DOUBLE) / 100.0) WITHIN GROUP (ORDER BY duration_ms) AS median_duration_ms, max(ended_at) AS newest FROM (SELECT coalesce(duration_ms, 0) AS duration_ms, ended_at FROM sessions WHERE started_at >= $1 AND started_at < $2) AS visits
          [TimestampMs(1793491200000), TimestampMs(1793664000000)]
        SELECT d1, sum(1) AS sessions, percentile_cont(CAST(50 AS DOUBLE) / 100.0) WITHIN GROUP (ORDER BY duration_ms) AS median_duration_ms FROM (SELECT CASE WHEN d1 IN ($3) THEN d1 END AS d1, duration_ms FROM (SELECT coalesce(nullif(os, ''), '(not set)') AS d1, coalesce(duration_ms, 0) AS duration_ms FROM sessions WHERE started_at >= $1 AND started_at < $2) AS visits) AS told GROUP BY d1
          [TimestampMs(1793491200000), TimestampMs(1793664000000), Text("iOS")]
        "#);
        insta::assert_snapshot!(asked.text(), @r#"
        Sessions by dimension: Acme (`acme`), 2026-11-01 to 2026-11-02, UTC. Data through 2026-11-02T20:00:00Z.

        **totals** sessions: 4 · medianDurationSeconds: 1.5

        **other** sessions: 2 · medianDurationSeconds: 1.5

        **rows**

        |os|sessions|medianDurationSeconds|
        |---|---|---|
        |iOS|2|1.5|

        Note: There is more: call `aggregate_sessions` with `{"groupBy":["os"],"measures":["sessions"],"sortBy":"median_duration_seconds","compare":"none","limit":500,"startDate":"2026-11-01","endDate":"2026-11-02"}`.
        "#);
    }

    #[test]
    fn every_measure_can_be_shown_and_sorted_by() {
        for measure in super::super::session_measure::ALL {
            let name = serde_json::to_value(measure).unwrap_or_default();
            let arguments =
                json!({"groupBy": "country", "measures": [], "sortBy": name, "compare": "none"});
            let asked = Asked::of("aggregate_sessions", arguments)
                .rows(json!([{"d1": "DE"}]))
                .rows(json!([row(ALL, 2)]))
                .rows(json!([row([Some("DE"), None], 2)]))
                .go();
            let key = name.as_str().unwrap_or_default();
            assert!(
                asked.field("rows")[0][key].is_number(),
                "{key}: {}",
                asked.text()
            );
        }
    }

    #[test]
    fn what_is_wrong_with_a_question_is_told() {
        let told = |arguments| Asked::of("aggregate_sessions", arguments).go().mistake();
        insta::assert_snapshot!(told(json!({"groupBy": ["country", "country"]})), @"`groupBy` names the same dimension twice. Name it once, or two different ones.");
        insta::assert_snapshot!(told(json!({"groupBy": ["country", "device", "os"]})), @r#"`groupBy` must be a list out of `country`, `region`, `city`, `device`, `browser`, `os`, `entryPath`, `exitPath`, `referrerName`, `referrerType`, `referrer`, `utm_source`, `utm_medium`, `utm_campaign`, `utm_content`, `utm_term`, `hour`, `day`, `week` or `month` of at most 2 entries; it is ["country","device","os"]."#);
        insta::assert_snapshot!(told(json!({"groupBy": ["browser_version"]})), @r#"`groupBy[0]` must be `country`, `region`, `city`, `device`, `browser`, `os`, `entryPath`, `exitPath`, `referrerName`, `referrerType`, `referrer`, `utm_source`, `utm_medium`, `utm_campaign`, `utm_content`, `utm_term`, `hour`, `day`, `week` or `month`; it is "browser_version"."#);
        insta::assert_snapshot!(told(json!({"sortBy": "rageClick"})), @"`rageClick` is no measure of sessions. Did you mean `rageClicks`? Sort by `sessions`, `visitors`, `avgDurationSeconds`, `medianDurationSeconds`, `bounceRatePercent`, `pageViews`, `revenue`, `rageClicks`, `deadClicks`, `jsErrors`, `networkErrors`, `sessionsWithErrors`, `sessionsWithFriction` or `avgFrustration`.");
        insta::assert_snapshot!(told(json!({"measures": ["bounces"]})), @r#"`measures[0]` must be `sessions`, `visitors`, `avgDurationSeconds`, `medianDurationSeconds`, `bounceRatePercent`, `pageViews`, `revenue`, `rageClicks`, `deadClicks`, `jsErrors`, `networkErrors`, `sessionsWithErrors`, `sessionsWithFriction` or `avgFrustration`; it is "bounces"."#);
    }
}
