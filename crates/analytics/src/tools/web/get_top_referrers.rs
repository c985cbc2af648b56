//! `get_top_referrers`: where sessions came from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::traffic::{Asked, ORDER_RULE, Output};
use crate::answer::Answer;
use crate::breakdown::{COMPARED_RULE, Dimension, OTHER_RULE, SESSIONS_RULE, VALUE_RULE};
use crate::context::Context;
use crate::failure::Failure;
use crate::family::{Family, Product, Scope};
use crate::tool::{About, Tool};

/// Where sessions came from.
pub(crate) struct GetTopReferrers;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    #[serde(default)]
    breakdown: Origin,
    #[serde(flatten)]
    asked: Asked,
}

#[derive(Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(description = "")]
enum Origin {
    #[default]
    #[serde(rename = "referrerName")]
    ReferrerName,
    #[serde(rename = "referrerType")]
    ReferrerType,
    Referrer,
    UtmSource,
    UtmMedium,
    UtmCampaign,
    UtmContent,
    UtmTerm,
}

impl Origin {
    fn dimension(self) -> Dimension {
        match self {
            Self::ReferrerName => Dimension::REFERRER_NAME,
            Self::ReferrerType => Dimension::REFERRER_TYPE,
            Self::Referrer => Dimension::REFERRER,
            Self::UtmSource => Dimension::UTM_SOURCE,
            Self::UtmMedium => Dimension::UTM_MEDIUM,
            Self::UtmCampaign => Dimension::UTM_CAMPAIGN,
            Self::UtmContent => Dimension::UTM_CONTENT,
            Self::UtmTerm => Dimension::UTM_TERM,
        }
    }
}

impl Tool for GetTopReferrers {
    const ABOUT: About = About {
        name: "get_top_referrers",
        title: "Top referrers",
        description: "Ranks where sessions came from: referring sites, their types, campaigns. \
                      Use get_entry_exit_pages for where they landed.",
        family: Family::Web,
        scope: Some(Scope::Insights),
        products: &[(Product::OpenPanel, "get_top_referrers")],
        pages: false,
        needs: None,
        rules: &[
            SESSIONS_RULE,
            VALUE_RULE,
            ORDER_RULE,
            OTHER_RULE,
            COMPARED_RULE,
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        let dimensions = [input.breakdown.dimension()];
        input.asked.answer(&dimensions, context).await
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Asked;
    use serde_json::{Value as Json, json};

    fn row(value: Option<&str>, sessions: i64, visitors: i64) -> Json {
        json!({
            "d1": value, "visitors": visitors, "sessions": sessions, "page_views": sessions * 2, "bounced": 1,
            "duration_ms": sessions * 90_500, "revenue": sessions * 1_999, "newest": "2026-11-02T20:00:00Z",
        })
    }

    #[test]
    fn sources_are_ranked_and_then_counted() {
        let asked = Asked::of(
            "get_top_referrers",
            json!({"startDate": "2026-11-01", "endDate": "2026-11-02"}),
        )
        .rows(json!([{"d1": "(direct)"}, {"d1": "Google"}]))
        .rows(json!([row(None, 9, 5)]))
        .rows(json!([
            row(Some("Google"), 3, 3),
            row(Some("(direct)"), 6, 4)
        ]))
        .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT d1 FROM (SELECT coalesce(nullif(referrer_name, ''), '(direct)') AS d1 FROM sessions WHERE started_at >= $1 AND started_at < $2) AS visits GROUP BY d1 ORDER BY sum(1) DESC, d1 LIMIT 26
          [TimestampMs(1793491200000), TimestampMs(1793664000000)]
        SELECT sum(1) AS sessions, count(DISTINCT visitor) AS visitors, sum(page_views) AS page_views, sum(bounced) AS bounced, sum(duration_ms) AS duration_ms, sum(revenue) AS revenue, max(ended_at) AS newest FROM (SELECT nullif(profile_id, '') AS visitor, coalesce(screen_view_count, 0) AS page_views, CASE WHEN is_bounce THEN 1 ELSE 0 END AS bounced, coalesce(duration_ms, 0) AS duration_ms, coalesce(revenue, 0) AS revenue, ended_at FROM sessions WHERE started_at >= $1 AND started_at < $2) AS visits
          [TimestampMs(1793491200000), TimestampMs(1793664000000)]
        SELECT d1, sum(1) AS sessions, count(DISTINCT visitor) AS visitors, sum(page_views) AS page_views, sum(bounced) AS bounced, sum(duration_ms) AS duration_ms, sum(revenue) AS revenue FROM (SELECT CASE WHEN d1 IN ($3, $4) THEN d1 END AS d1, visitor, page_views, bounced, duration_ms, revenue FROM (SELECT coalesce(nullif(referrer_name, ''), '(direct)') AS d1, nullif(profile_id, '') AS visitor, coalesce(screen_view_count, 0) AS page_views, CASE WHEN is_bounce THEN 1 ELSE 0 END AS bounced, coalesce(duration_ms, 0) AS duration_ms, coalesce(revenue, 0) AS revenue FROM sessions WHERE started_at >= $1 AND started_at < $2) AS visits) AS told GROUP BY d1
          [TimestampMs(1793491200000), TimestampMs(1793664000000), Text("(direct)"), Text("Google")]
        "#);
        insta::assert_snapshot!(asked.text(), @"
        Top referrers: Acme (`acme`), 2026-11-01 to 2026-11-02, UTC. Data through 2026-11-02T20:00:00Z.

        currency: EUR

        **totals** visitors: 5 · sessions: 9 · pageViews: 18 · bounceRatePercent: 11.11 · avgSessionDurationSeconds: 90.5 · revenue: 179.91

        **rows**

        |referrerName|visitors|sessions|pageViews|bounceRatePercent|avgSessionDurationSeconds|revenue|sharePercent|
        |---|---|---|---|---|---|---|---|
        |(direct)|4|6|12|16.67|90.5|119.94|66.67|
        |Google|3|3|6|33.33|90.5|59.97|33.33|
        ");
        insta::assert_snapshot!(asked.structured(), @r#"
        {
          "project": {
            "id": "acme",
            "name": "Acme"
          },
          "timezone": "UTC",
          "range": {
            "start": "2026-11-01",
            "end": "2026-11-02"
          },
          "currency": "EUR",
          "totals": {
            "visitors": 5,
            "sessions": 9,
            "pageViews": 18,
            "bounceRatePercent": 11.11,
            "avgSessionDurationSeconds": 90.5,
            "revenue": 179.91
          },
          "rows": [
            {
              "referrerName": "(direct)",
              "visitors": 4,
              "sessions": 6,
              "pageViews": 12,
              "bounceRatePercent": 16.67,
              "avgSessionDurationSeconds": 90.5,
              "revenue": 119.94,
              "sharePercent": 66.67
            },
            {
              "referrerName": "Google",
              "visitors": 3,
              "sessions": 3,
              "pageViews": 6,
              "bounceRatePercent": 33.33,
              "avgSessionDurationSeconds": 90.5,
              "revenue": 59.97,
              "sharePercent": 33.33
            }
          ],
          "truncated": false,
          "dataThrough": "2026-11-02T20:00:00Z",
          "notes": []
        }
        "#);
    }

    #[test]
    fn what_is_beyond_the_limit_is_counted_anew() {
        let arguments = json!({
            "startDate": "2026-11-01", "endDate": "2026-11-02", "breakdown": "utm_source", "limit": 1,
            "filters": [{"field": "country", "op": "is", "values": ["DE"]}],
        });
        let asked = Asked::of("get_top_referrers", arguments)
            .rows(json!([{"d1": "launch"}, {"d1": "(not set)"}]))
            .rows(json!([row(None, 9, 5)]))
            .rows(json!([row(None, 4, 4), row(Some("launch"), 5, 4)]))
            .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT d1 FROM (SELECT coalesce(nullif(utm_source, ''), '(not set)') AS d1 FROM sessions WHERE started_at >= $1 AND started_at < $2 AND country IN ($3)) AS visits GROUP BY d1 ORDER BY sum(1) DESC, d1 LIMIT 2
          [TimestampMs(1793491200000), TimestampMs(1793664000000), Text("DE")]
        SELECT sum(1) AS sessions, count(DISTINCT visitor) AS visitors, sum(page_views) AS page_views, sum(bounced) AS bounced, sum(duration_ms) AS duration_ms, sum(revenue) AS revenue, max(ended_at) AS newest FROM (SELECT nullif(profile_id, '') AS visitor, coalesce(screen_view_count, 0) AS page_views, CASE WHEN is_bounce THEN 1 ELSE 0 END AS bounced, coalesce(duration_ms, 0) AS duration_ms, coalesce(revenue, 0) AS revenue, ended_at FROM sessions WHERE started_at >= $1 AND started_at < $2 AND country IN ($3)) AS visits
          [TimestampMs(1793491200000), TimestampMs(1793664000000), Text("DE")]
        SELECT d1, sum(1) AS sessions, count(DISTINCT visitor) AS visitors, sum(page_views) AS page_views, sum(bounced) AS bounced, sum(duration_ms) AS duration_ms, sum(revenue) AS revenue FROM (SELECT CASE WHEN d1 IN ($4) THEN d1 END AS d1, visitor, page_views, bounced, duration_ms, revenue FROM (SELECT coalesce(nullif(utm_source, ''), '(not set)') AS d1, nullif(profile_id, '') AS visitor, coalesce(screen_view_count, 0) AS page_views, CASE WHEN is_bounce THEN 1 ELSE 0 END AS bounced, coalesce(duration_ms, 0) AS duration_ms, coalesce(revenue, 0) AS revenue FROM sessions WHERE started_at >= $1 AND started_at < $2 AND country IN ($3)) AS visits) AS told GROUP BY d1
          [TimestampMs(1793491200000), TimestampMs(1793664000000), Text("DE"), Text("launch")]
        "#);
        insta::assert_snapshot!(asked.text(), @r#"
        Top referrers: Acme (`acme`), 2026-11-01 to 2026-11-02, UTC. Data through 2026-11-02T20:00:00Z.

        currency: EUR

        **totals** visitors: 5 · sessions: 9 · pageViews: 18 · bounceRatePercent: 11.11 · avgSessionDurationSeconds: 90.5 · revenue: 179.91

        **other** visitors: 4 · sessions: 4 · pageViews: 8 · bounceRatePercent: 25 · avgSessionDurationSeconds: 90.5 · revenue: 79.96 · sharePercent: 44.44

        **rows**

        |utmSource|visitors|sessions|pageViews|bounceRatePercent|avgSessionDurationSeconds|revenue|sharePercent|
        |---|---|---|---|---|---|---|---|
        |launch|4|5|10|20|90.5|99.95|55.56|

        Note: There is more: call `get_top_referrers` with `{"startDate":"2026-11-01","endDate":"2026-11-02","breakdown":"utm_source","limit":500,"filters":[{"field":"country","op":"is","values":["DE"]}]}`.
        "#);
    }

    #[test]
    fn a_row_is_compared_with_the_same_value_before() {
        let arguments =
            json!({"startDate": "2026-11-01", "endDate": "2026-11-02", "compare": "previous"});
        let asked = Asked::of("get_top_referrers", arguments)
            .rows(json!([{"d1": "Google"}, {"d1": "Bing"}]))
            .rows(json!([row(None, 9, 5)]))
            .rows(json!([row(Some("Google"), 6, 4), row(Some("Bing"), 3, 3)]))
            .rows(json!([row(None, 12, 6)]))
            .rows(json!([row(Some("Google"), 8, 4), row(None, 4, 2)]))
            .go();
        insta::assert_snapshot!(asked.text(), @"
        Top referrers: Acme (`acme`), 2026-11-01 to 2026-11-02, UTC. Data through 2026-11-02T20:00:00Z.

        currency: EUR

        **totals** visitors: 5 · sessions: 9 · pageViews: 18 · bounceRatePercent: 11.11 · avgSessionDurationSeconds: 90.5 · revenue: 179.91

        **comparison** range: start=2026-10-30; end=2026-10-31

        |measure|earlier|change|changePercent|
        |---|---|---|---|
        |visitors|6|-1|-16.67|
        |sessions|12|-3|-25|
        |pageViews|24|-6|-25|
        |bounceRatePercent|8.33|2.78|33.37|
        |avgSessionDurationSeconds|90.5|0|0|
        |revenue|239.88|-59.97|-25|

        **other** visitors: 0 · sessions: 0 · pageViews: 0 · bounceRatePercent: 0 · avgSessionDurationSeconds: 0 · revenue: 0 · sharePercent: 0

        |measure|earlier|change|changePercent|
        |---|---|---|---|
        |visitors|2|-2|-100|
        |sessions|4|-4|-100|
        |pageViews|8|-8|-100|
        |bounceRatePercent|25|-25|-100|
        |avgSessionDurationSeconds|90.5|-90.5|-100|
        |revenue|79.96|-79.96|-100|
        |sharePercent|33.33|-33.33|-100|

        **rows**

        |referrerName|visitors|sessions|pageViews|bounceRatePercent|avgSessionDurationSeconds|revenue|sharePercent|changes.visitors.earlier|changes.visitors.change|changes.visitors.changePercent|changes.sessions.earlier|changes.sessions.change|changes.sessions.changePercent|changes.pageViews.earlier|changes.pageViews.change|changes.pageViews.changePercent|changes.bounceRatePercent.earlier|changes.bounceRatePercent.change|changes.bounceRatePercent.changePercent|changes.avgSessionDurationSeconds.earlier|changes.avgSessionDurationSeconds.change|changes.avgSessionDurationSeconds.changePercent|changes.revenue.earlier|changes.revenue.change|changes.revenue.changePercent|changes.sharePercent.earlier|changes.sharePercent.change|changes.sharePercent.changePercent|
        |---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
        |Google|4|6|12|16.67|90.5|119.94|66.67|4|0|0|8|-2|-25|16|-4|-25|12.5|4.17|33.36|90.5|0|0|159.92|-39.98|-25|66.67|0|0|
        |Bing|3|3|6|33.33|90.5|59.97|33.33|0|3||0|3||0|6||0|33.33||0|90.5||0|59.97||0|33.33||
        ");
    }

    #[test]
    fn where_there_is_nothing_now_all_of_before_is_in_no_row() {
        let arguments = json!({"startDate": "2026-11-01", "compare": "year"});
        let asked = Asked::of("get_top_referrers", arguments)
            .rows(json!([]))
            .rows(json!([{"sessions": null, "visitors": 0, "newest": null}]))
            .rows(json!([row(None, 2, 2)]))
            .go();
        assert_eq!(asked.field("rows"), json!([]));
        assert_eq!(asked.field("totals")["sessions"], json!(0));
        assert_eq!(
            asked.field("other")["changes"]["sessions"],
            json!({"earlier": 2, "change": -2, "changePercent": -100.0})
        );
        assert!(
            asked
                .text()
                .contains("No such session started in this range.")
        );
    }

    #[test]
    fn openpanels_spelling_of_a_breakdown_is_read_and_others_are_told() {
        let asked = Asked::of("get_top_referrers", json!({"breakdown": "referrer_type"}))
            .rows(json!([{"d1": "search"}]))
            .rows(json!([row(None, 1, 1)]))
            .rows(json!([row(Some("search"), 1, 1)]))
            .go();
        assert_eq!(asked.field("rows")[0]["referrerType"], json!("search"));
        let told = Asked::of("get_top_referrers", json!({"breakdown": "domain"}))
            .go()
            .mistake();
        insta::assert_snapshot!(told, @r#"`breakdown` must be `referrerName`, `referrerType`, `referrer`, `utm_source`, `utm_medium`, `utm_campaign`, `utm_content` or `utm_term`; it is "domain"."#);
    }
}
