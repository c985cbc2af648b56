//! The measures of `aggregate_sessions`: what each counts, how it is computed, how groups are ranked by it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::breakdown::{Counted, Counts, Rank};
use crate::context::Context;
use crate::failure::Mistake;
use crate::nearest::{did_you_mean, fold, one_of};
use crate::numbers::{mean_seconds, per, percent, rounded};

/// A measure of a group of sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(description = "")]
pub(super) enum SessionMeasure {
    Sessions,
    Visitors,
    AvgDurationSeconds,
    MedianDurationSeconds,
    BounceRatePercent,
    PageViews,
    Revenue,
    RageClicks,
    DeadClicks,
    JsErrors,
    NetworkErrors,
    SessionsWithErrors,
    SessionsWithFriction,
    AvgFrustration,
}

/// All of them.
pub(super) const ALL: [SessionMeasure; 14] = [
    SessionMeasure::Sessions,
    SessionMeasure::Visitors,
    SessionMeasure::AvgDurationSeconds,
    SessionMeasure::MedianDurationSeconds,
    SessionMeasure::BounceRatePercent,
    SessionMeasure::PageViews,
    SessionMeasure::Revenue,
    SessionMeasure::RageClicks,
    SessionMeasure::DeadClicks,
    SessionMeasure::JsErrors,
    SessionMeasure::NetworkErrors,
    SessionMeasure::SessionsWithErrors,
    SessionMeasure::SessionsWithFriction,
    SessionMeasure::AvgFrustration,
];

/// Those shown where none are asked for.
pub(super) const USUAL: [SessionMeasure; 6] = [
    SessionMeasure::Sessions,
    SessionMeasure::Visitors,
    SessionMeasure::AvgDurationSeconds,
    SessionMeasure::BounceRatePercent,
    SessionMeasure::SessionsWithErrors,
    SessionMeasure::SessionsWithFriction,
];

impl SessionMeasure {
    /// The measure of that name, whatever its case and underscores. The names stand in the input's schema only once, at
    /// `measures`; elsewhere they are read here.
    pub(super) fn named(name: &str) -> Result<Self, Mistake> {
        let keys = || ALL.into_iter().map(Self::key);
        ALL.into_iter()
            .find(|measure| fold(measure.key()) == fold(name))
            .ok_or_else(|| {
                let meant = did_you_mean(name, keys());
                Mistake::new(format!("`{name}` is no measure of sessions.{meant}"))
                    .next(format!("Sort by {}.", one_of(keys())))
            })
    }

    /// Its key in answers.
    fn key(self) -> &'static str {
        match self {
            Self::Sessions => "sessions",
            Self::Visitors => "visitors",
            Self::AvgDurationSeconds => "avgDurationSeconds",
            Self::MedianDurationSeconds => "medianDurationSeconds",
            Self::BounceRatePercent => "bounceRatePercent",
            Self::PageViews => "pageViews",
            Self::Revenue => "revenue",
            Self::RageClicks => "rageClicks",
            Self::DeadClicks => "deadClicks",
            Self::JsErrors => "jsErrors",
            Self::NetworkErrors => "networkErrors",
            Self::SessionsWithErrors => "sessionsWithErrors",
            Self::SessionsWithFriction => "sessionsWithFriction",
            Self::AvgFrustration => "avgFrustration",
        }
    }

    /// What has to be counted for it, besides sessions.
    pub(super) fn counted(self) -> Option<Counted> {
        Some(match self {
            Self::Sessions => return None,
            Self::Visitors => Counted::Visitors,
            Self::AvgDurationSeconds => Counted::Duration,
            Self::MedianDurationSeconds => Counted::MedianDuration,
            Self::BounceRatePercent => Counted::Bounced,
            Self::PageViews => Counted::PageViews,
            Self::Revenue => Counted::Revenue,
            Self::RageClicks => Counted::RageClicks,
            Self::DeadClicks => Counted::DeadClicks,
            Self::JsErrors => Counted::JsErrors,
            Self::NetworkErrors => Counted::NetworkErrors,
            Self::SessionsWithErrors => Counted::WithErrors,
            Self::SessionsWithFriction => Counted::WithFriction,
            Self::AvgFrustration => Counted::Frustration,
        })
    }

    /// The order by it, the greatest first.
    pub(super) fn rank(self) -> Rank {
        match (self, self.counted()) {
            (_, None) => Rank::Sessions,
            (
                Self::AvgDurationSeconds | Self::BounceRatePercent | Self::AvgFrustration,
                Some(counted),
            ) => Rank::PerSession(counted),
            (_, Some(counted)) => Rank::Count(counted),
        }
    }

    fn value(self, counts: &Counts, context: &Context<'_>) -> Json {
        let sessions = counts.sessions;
        match self {
            Self::Sessions => sessions.into(),
            Self::Visitors => counts.visitors.into(),
            Self::AvgDurationSeconds => mean_seconds(counts.duration_ms, sessions).into(),
            Self::MedianDurationSeconds => rounded(counts.median_duration_ms / 1_000.0).into(),
            Self::BounceRatePercent => percent(counts.bounced, sessions).into(),
            Self::PageViews => counts.page_views.into(),
            Self::Revenue => context.money(counts.revenue).into(),
            Self::RageClicks => counts.rage_clicks.into(),
            Self::DeadClicks => counts.dead_clicks.into(),
            Self::JsErrors => counts.js_errors.into(),
            Self::NetworkErrors => counts.network_errors.into(),
            Self::SessionsWithErrors => counts.with_errors.into(),
            Self::SessionsWithFriction => counts.with_friction.into(),
            Self::AvgFrustration => per(counts.frustration_tenths, sessions * 10).into(),
        }
    }
}

/// The measures of a group, in the order they are asked for.
pub(super) fn measured(
    measures: &[SessionMeasure],
    counts: &Counts,
    context: &Context<'_>,
) -> Map<String, Json> {
    measures
        .iter()
        .map(|measure| (measure.key().to_owned(), measure.value(counts, context)))
        .collect()
}
