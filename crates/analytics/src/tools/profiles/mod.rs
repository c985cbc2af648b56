//! People, and devices while they are anonymous.

mod find_profiles;
mod get_profile;
mod get_profile_metrics;
mod get_profile_sessions;

pub(crate) use find_profiles::FindProfiles;
pub(crate) use get_profile::GetProfile;
pub(crate) use get_profile_metrics::GetProfileMetrics;
pub(crate) use get_profile_sessions::GetProfileSessions;
