//! What people do over time.

mod get_engagement_metrics;
mod get_funnel;
mod get_retention_cohort;
mod get_trend;
mod get_user_flow;
mod get_user_last_seen_distribution;
mod get_weekly_retention_series;

pub(crate) use get_engagement_metrics::GetEngagementMetrics;
pub(crate) use get_funnel::GetFunnel;
pub(crate) use get_retention_cohort::GetRetentionCohort;
pub(crate) use get_trend::GetTrend;
pub(crate) use get_user_flow::GetUserFlow;
pub(crate) use get_user_last_seen_distribution::GetUserLastSeenDistribution;
pub(crate) use get_weekly_retention_series::GetWeeklyRetentionSeries;
