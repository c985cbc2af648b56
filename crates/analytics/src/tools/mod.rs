//! The tools, by family. A new one is a file, its `mod` line, and its line in [`all`].

mod access;
mod behavior;
mod discover;
mod events;
mod groups;
mod profiles;
mod sessions;
mod sql;
mod web;

use crate::tool::{AnyTool, OfCaller, OfProject};

/// Every tool, in the order they are listed.
pub(crate) fn all() -> Vec<Box<dyn AnyTool>> {
    vec![
        OfCaller::<access::Whoami>::boxed(),
        OfCaller::<access::ListProjects>::boxed(),
        OfProject::<access::GetDashboardUrls>::boxed(),
        OfProject::<sql::RunQuery>::boxed(),
        OfProject::<sql::GetSchema>::boxed(),
        OfProject::<discover::GetEventDefinitions>::boxed(),
        OfProject::<discover::GetPropertyDefinitions>::boxed(),
        OfProject::<discover::GetEventPropertyValues>::boxed(),
        OfProject::<events::QueryEvents>::boxed(),
        OfProject::<sessions::FindSessions>::boxed(),
        OfProject::<sessions::GetSession>::boxed(),
        OfProject::<sessions::AggregateSessions>::boxed(),
        OfProject::<profiles::FindProfiles>::boxed(),
        OfProject::<profiles::GetProfile>::boxed(),
        OfProject::<profiles::GetProfileSessions>::boxed(),
        OfProject::<profiles::GetProfileMetrics>::boxed(),
        OfProject::<groups::ListGroupTypes>::boxed(),
        OfProject::<groups::FindGroups>::boxed(),
        OfProject::<groups::GetGroup>::boxed(),
        OfProject::<web::GetAnalyticsOverview>::boxed(),
        OfProject::<web::GetRollingActiveUsers>::boxed(),
        OfProject::<web::GetTopPages>::boxed(),
        OfProject::<web::GetPagePerformance>::boxed(),
        OfProject::<web::GetPageConversions>::boxed(),
        OfProject::<web::GetEntryExitPages>::boxed(),
        OfProject::<web::GetTopReferrers>::boxed(),
        OfProject::<web::GetCountryBreakdown>::boxed(),
        OfProject::<web::GetDeviceBreakdown>::boxed(),
        OfProject::<behavior::GetTrend>::boxed(),
        OfProject::<behavior::GetFunnel>::boxed(),
        OfProject::<behavior::GetRetentionCohort>::boxed(),
        OfProject::<behavior::GetWeeklyRetentionSeries>::boxed(),
        OfProject::<behavior::GetUserLastSeenDistribution>::boxed(),
        OfProject::<behavior::GetUserFlow>::boxed(),
        OfProject::<behavior::GetEngagementMetrics>::boxed(),
    ]
}
