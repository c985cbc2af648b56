//! Web analytics. Session measures count a session in the bucket of its start.

mod get_analytics_overview;

pub(crate) use get_analytics_overview::GetAnalyticsOverview;
