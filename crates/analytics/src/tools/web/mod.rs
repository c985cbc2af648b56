//! Web analytics. Session measures count a session in the bucket of its start.

mod get_analytics_overview;
mod get_country_breakdown;
mod get_device_breakdown;
mod get_entry_exit_pages;
mod get_page_conversions;
mod get_page_performance;
mod get_rolling_active_users;
mod get_top_pages;
mod get_top_referrers;
mod traffic;

pub(crate) use get_analytics_overview::GetAnalyticsOverview;
pub(crate) use get_country_breakdown::GetCountryBreakdown;
pub(crate) use get_device_breakdown::GetDeviceBreakdown;
pub(crate) use get_entry_exit_pages::GetEntryExitPages;
pub(crate) use get_page_conversions::GetPageConversions;
pub(crate) use get_page_performance::GetPagePerformance;
pub(crate) use get_rolling_active_users::GetRollingActiveUsers;
pub(crate) use get_top_pages::GetTopPages;
pub(crate) use get_top_referrers::GetTopReferrers;
