//! What people do over time: trends, funnels, retention, paths, engagement.

mod get_engagement_metrics;

pub(crate) use get_engagement_metrics::GetEngagementMetrics;
