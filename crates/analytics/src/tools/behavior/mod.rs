//! What people do over time.

mod get_engagement_metrics;
mod get_funnel;
mod get_user_flow;

pub(crate) use get_engagement_metrics::GetEngagementMetrics;
pub(crate) use get_funnel::GetFunnel;
pub(crate) use get_user_flow::GetUserFlow;
