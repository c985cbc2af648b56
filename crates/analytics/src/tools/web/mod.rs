//! Web analytics. Session measures count a session in the bucket of its start.

mod get_analytics_overview;
mod get_country_breakdown;
mod get_device_breakdown;
mod get_entry_exit_pages;
mod get_top_referrers;
mod traffic;

pub(crate) use get_analytics_overview::GetAnalyticsOverview;
pub(crate) use get_country_breakdown::GetCountryBreakdown;
pub(crate) use get_device_breakdown::GetDeviceBreakdown;
pub(crate) use get_entry_exit_pages::GetEntryExitPages;
pub(crate) use get_top_referrers::GetTopReferrers;
