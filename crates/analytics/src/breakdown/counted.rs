//! What is counted of a group of sessions.

use serde::{Deserialize, Deserializer};
use sightline_warehouse::{Query, Sql, sql};

/// What can be counted of sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    /// Distinct profiles.
    Visitors,
    /// Screen views in them.
    PageViews,
    /// Sessions with fewer than two screen views.
    Bounced,
    /// Milliseconds, summed.
    Duration,
    /// Milliseconds, the middle one.
    MedianDuration,
    /// Minor units.
    Revenue,
    /// Bursts of clicks.
    RageClicks,
    /// Clicks that did nothing.
    DeadClicks,
    /// JavaScript errors.
    JsErrors,
    /// Failed requests.
    NetworkErrors,
    /// Sessions with an error of either kind.
    WithErrors,
    /// Sessions with a frustration score above 0.
    WithFriction,
    /// Tenths of frustration scores, summed: whole numbers, so that the sum is the same in whatever order.
    Frustration,
}

impl Counted {
    /// What of a session is counted: a column's name, and its value as SQL over `sessions`.
    pub(super) fn column(self) -> (&'static str, &'static str) {
        match self {
            Self::Visitors => ("visitor", "nullif(profile_id, '')"),
            Self::PageViews => ("page_views", "coalesce(screen_view_count, 0)"),
            Self::Bounced => ("bounced", "CASE WHEN is_bounce THEN 1 ELSE 0 END"),
            Self::Duration | Self::MedianDuration => ("duration_ms", "coalesce(duration_ms, 0)"),
            Self::Revenue => ("revenue", "coalesce(revenue, 0)"),
            Self::RageClicks => ("rage_clicks", "coalesce(rage_clicks, 0)"),
            Self::DeadClicks => ("dead_clicks", "coalesce(dead_clicks, 0)"),
            Self::JsErrors => ("js_errors", "coalesce(js_errors, 0)"),
            Self::NetworkErrors => ("network_errors", "coalesce(network_errors, 0)"),
            Self::WithErrors => (
                "with_errors",
                "CASE WHEN js_errors > 0 OR network_errors > 0 THEN 1 ELSE 0 END",
            ),
            Self::WithFriction => (
                "with_friction",
                "CASE WHEN frustration_score > 0 THEN 1 ELSE 0 END",
            ),
            Self::Frustration => (
                "frustration_tenths",
                "coalesce(CAST(round(frustration_score * 10) AS BIGINT), 0)",
            ),
        }
    }

    /// The name of the count: a field of [`Counts`].
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Visitors => "visitors",
            Self::MedianDuration => "median_duration_ms",
            sum => sum.column().0,
        }
    }

    /// The count, as an aggregate of the column.
    pub(super) fn aggregate(self, query: &Query<'_>) -> Sql {
        let column = Sql::from(self.column().0);
        match self {
            Self::Visitors => query.dialect().count_distinct(&column),
            Self::MedianDuration => query.dialect().percentile(&column, 50),
            _ => sql!("sum({column})", column),
        }
    }
}

/// What was counted of a group; what was not asked for is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Counts {
    #[serde(deserialize_with = "or_zero")]
    pub(crate) sessions: i64,
    #[serde(deserialize_with = "or_zero")]
    pub(crate) visitors: i64,
    #[serde(deserialize_with = "or_zero")]
    pub(crate) page_views: i64,
    #[serde(deserialize_with = "or_zero")]
    pub(crate) bounced: i64,
    #[serde(deserialize_with = "or_zero")]
    pub(crate) duration_ms: i64,
    #[serde(deserialize_with = "or_zero")]
    pub(crate) median_duration_ms: f64,
    #[serde(deserialize_with = "or_zero")]
    pub(crate) revenue: i64,
    #[serde(deserialize_with = "or_zero")]
    pub(crate) rage_clicks: i64,
    #[serde(deserialize_with = "or_zero")]
    pub(crate) dead_clicks: i64,
    #[serde(deserialize_with = "or_zero")]
    pub(crate) js_errors: i64,
    #[serde(deserialize_with = "or_zero")]
    pub(crate) network_errors: i64,
    #[serde(deserialize_with = "or_zero")]
    pub(crate) with_errors: i64,
    #[serde(deserialize_with = "or_zero")]
    pub(crate) with_friction: i64,
    #[serde(deserialize_with = "or_zero")]
    pub(crate) frustration_tenths: i64,
}

/// The sum of nothing is null in SQL.
fn or_zero<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    value: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(value)?.unwrap_or_default())
}
