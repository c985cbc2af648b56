//! `get_country_breakdown`: where in the world sessions were.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::traffic::{Asked, ORDER_RULE, Output};
use crate::answer::Answer;
use crate::breakdown::{COMPARED_RULE, Dimension, OTHER_RULE, SESSIONS_RULE, VALUE_RULE};
use crate::context::Context;
use crate::failure::Failure;
use crate::family::{Family, Product, Scope};
use crate::tool::{About, Tool};

/// Where in the world sessions were.
pub(crate) struct GetCountryBreakdown;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    #[serde(default)]
    breakdown: Place,
    #[serde(flatten)]
    asked: Asked,
}

#[derive(Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(description = "")]
enum Place {
    #[default]
    Country,
    Region,
    City,
}

impl Place {
    fn dimensions(self) -> &'static [Dimension] {
        match self {
            Self::Country => &[Dimension::COUNTRY],
            Self::Region => &[Dimension::COUNTRY, Dimension::REGION],
            Self::City => &[Dimension::COUNTRY, Dimension::CITY],
        }
    }
}

impl Tool for GetCountryBreakdown {
    const ABOUT: About = About {
        name: "get_country_breakdown",
        title: "Countries, regions, cities",
        description: "Ranks countries, regions or cities by sessions. Use aggregate_sessions for two dimensions or other measures.",
        family: Family::Web,
        scope: Some(Scope::Insights),
        products: &[(Product::OpenPanel, "get_country_breakdown")],
        pages: false,
        needs: None,
        rules: &[
            SESSIONS_RULE,
            VALUE_RULE,
            "Regions and cities are told apart by their country: two cities of one name are two rows.",
            ORDER_RULE,
            OTHER_RULE,
            COMPARED_RULE,
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        let dimensions = input.breakdown.dimensions();
        input.asked.answer(dimensions, context).await
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Asked;
    use serde_json::{Value as Json, json};

    fn row(values: Option<(&str, &str)>, sessions: i64) -> Json {
        json!({
            "d1": values.map(|(country, _)| country), "d2": values.map(|(_, city)| city), "visitors": sessions, "sessions": sessions,
            "page_views": sessions, "bounced": sessions, "duration_ms": 0, "revenue": 0, "newest": "2026-11-02T20:00:00Z",
        })
    }

    #[test]
    fn cities_of_one_name_are_told_apart_by_their_country() {
        let arguments = json!({
            "startDate": "2026-11-01", "endDate": "2026-11-02", "breakdown": "city", "limit": 2, "compare": "previous",
        });
        let asked = Asked::of("get_country_breakdown", arguments)
            .rows(json!([
                {"d1": "DE", "d2": "Frankfurt"},
                {"d1": "US", "d2": "Frankfurt"},
                {"d1": "FR", "d2": "Lyon"},
            ]))
            .rows(json!([row(None, 9)]))
            .rows(json!([
                row(Some(("US", "Frankfurt")), 3),
                row(Some(("DE", "Frankfurt")), 5),
                row(None, 1),
            ]))
            .rows(json!([row(None, 7)]))
            .rows(json!([row(Some(("US", "Frankfurt")), 4), row(None, 3)]))
            .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT d1, d2 FROM (SELECT coalesce(nullif(country, ''), '(not set)') AS d1, coalesce(nullif(city, ''), '(not set)') AS d2 FROM sessions WHERE started_at >= $1 AND started_at < $2) AS visits GROUP BY d1, d2 ORDER BY sum(1) DESC, d1, d2 LIMIT 3
          [TimestampMs(1793491200000), TimestampMs(1793664000000)]
        SELECT sum(1) AS sessions, count(DISTINCT visitor) AS visitors, sum(page_views) AS page_views, sum(bounced) AS bounced, sum(duration_ms) AS duration_ms, sum(revenue) AS revenue, max(ended_at) AS newest FROM (SELECT nullif(profile_id, '') AS visitor, coalesce(screen_view_count, 0) AS page_views, CASE WHEN is_bounce THEN 1 ELSE 0 END AS bounced, coalesce(duration_ms, 0) AS duration_ms, coalesce(revenue, 0) AS revenue, ended_at FROM sessions WHERE started_at >= $1 AND started_at < $2) AS visits
          [TimestampMs(1793491200000), TimestampMs(1793664000000)]
        SELECT d1, d2, sum(1) AS sessions, count(DISTINCT visitor) AS visitors, sum(page_views) AS page_views, sum(bounced) AS bounced, sum(duration_ms) AS duration_ms, sum(revenue) AS revenue FROM (SELECT CASE WHEN concat(CAST(character_length(d1) AS VARCHAR), ':', d1, d2) IN ($3, $4) THEN d1 END AS d1, CASE WHEN concat(CAST(character_length(d1) AS VARCHAR), ':', d1, d2) IN ($3, $4) THEN d2 END AS d2, visitor, page_views, bounced, duration_ms, revenue FROM (SELECT coalesce(nullif(country, ''), '(not set)') AS d1, coalesce(nullif(city, ''), '(not set)') AS d2, nullif(profile_id, '') AS visitor, coalesce(screen_view_count, 0) AS page_views, CASE WHEN is_bounce THEN 1 ELSE 0 END AS bounced, coalesce(duration_ms, 0) AS duration_ms, coalesce(revenue, 0) AS revenue FROM sessions WHERE started_at >= $1 AND started_at < $2) AS visits) AS told GROUP BY d1, d2
          [TimestampMs(1793491200000), TimestampMs(1793664000000), Text("2:DEFrankfurt"), Text("2:USFrankfurt")]
        SELECT sum(1) AS sessions, count(DISTINCT visitor) AS visitors, sum(page_views) AS page_views, sum(bounced) AS bounced, sum(duration_ms) AS duration_ms, sum(revenue) AS revenue, max(ended_at) AS newest FROM (SELECT nullif(profile_id, '') AS visitor, coalesce(screen_view_count, 0) AS page_views, CASE WHEN is_bounce THEN 1 ELSE 0 END AS bounced, coalesce(duration_ms, 0) AS duration_ms, coalesce(revenue, 0) AS revenue, ended_at FROM sessions WHERE started_at >= $1 AND started_at < $2) AS visits
          [TimestampMs(1793318400000), TimestampMs(1793491200000)]
        SELECT d1, d2, sum(1) AS sessions, count(DISTINCT visitor) AS visitors, sum(page_views) AS page_views, sum(bounced) AS bounced, sum(duration_ms) AS duration_ms, sum(revenue) AS revenue FROM (SELECT CASE WHEN concat(CAST(character_length(d1) AS VARCHAR), ':', d1, d2) IN ($3, $4) THEN d1 END AS d1, CASE WHEN concat(CAST(character_length(d1) AS VARCHAR), ':', d1, d2) IN ($3, $4) THEN d2 END AS d2, visitor, page_views, bounced, duration_ms, revenue FROM (SELECT coalesce(nullif(country, ''), '(not set)') AS d1, coalesce(nullif(city, ''), '(not set)') AS d2, nullif(profile_id, '') AS visitor, coalesce(screen_view_count, 0) AS page_views, CASE WHEN is_bounce THEN 1 ELSE 0 END AS bounced, coalesce(duration_ms, 0) AS duration_ms, coalesce(revenue, 0) AS revenue FROM sessions WHERE started_at >= $1 AND started_at < $2) AS visits) AS told GROUP BY d1, d2
          [TimestampMs(1793318400000), TimestampMs(1793491200000), Text("2:DEFrankfurt"), Text("2:USFrankfurt")]
        "#);
        insta::assert_snapshot!(asked.text(), @r#"
        Countries, regions, cities: Acme (`acme`), 2026-11-01 to 2026-11-02, UTC. Data through 2026-11-02T20:00:00Z.

        currency: EUR

        **totals** visitors: 9 · sessions: 9 · pageViews: 9 · bounceRatePercent: 100 · avgSessionDurationSeconds: 0 · revenue: 0

        **comparison** range: start=2026-10-30; end=2026-10-31

        |measure|earlier|change|changePercent|
        |---|---|---|---|
        |visitors|7|2|28.57|
        |sessions|7|2|28.57|
        |pageViews|7|2|28.57|
        |bounceRatePercent|100|0|0|
        |avgSessionDurationSeconds|0|0||
        |revenue|0|0||

        **other** visitors: 1 · sessions: 1 · pageViews: 1 · bounceRatePercent: 100 · avgSessionDurationSeconds: 0 · revenue: 0 · sharePercent: 11.11

        |measure|earlier|change|changePercent|
        |---|---|---|---|
        |visitors|3|-2|-66.67|
        |sessions|3|-2|-66.67|
        |pageViews|3|-2|-66.67|
        |bounceRatePercent|100|0|0|
        |avgSessionDurationSeconds|0|0||
        |revenue|0|0||
        |sharePercent|42.86|-31.75|-74.08|

        **rows**

        |country|city|visitors|sessions|pageViews|bounceRatePercent|avgSessionDurationSeconds|revenue|sharePercent|changes.visitors.earlier|changes.visitors.change|changes.visitors.changePercent|changes.sessions.earlier|changes.sessions.change|changes.sessions.changePercent|changes.pageViews.earlier|changes.pageViews.change|changes.pageViews.changePercent|changes.bounceRatePercent.earlier|changes.bounceRatePercent.change|changes.bounceRatePercent.changePercent|changes.avgSessionDurationSeconds.earlier|changes.avgSessionDurationSeconds.change|changes.revenue.earlier|changes.revenue.change|changes.sharePercent.earlier|changes.sharePercent.change|changes.sharePercent.changePercent|
        |---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
        |DE|Frankfurt|5|5|5|100|0|0|55.56|0|5||0|5||0|5||0|100||0|0|0|0|0|55.56||
        |US|Frankfurt|3|3|3|100|0|0|33.33|4|-1|-25|4|-1|-25|4|-1|-25|100|0|0|0|0|0|0|57.14|-23.81|-41.67|

        Note: There is more: call `get_country_breakdown` with `{"startDate":"2026-11-01","endDate":"2026-11-02","breakdown":"city","limit":500,"compare":"previous"}`.
        "#);
    }
}
