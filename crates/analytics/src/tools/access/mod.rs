//! Who is asking, what they can see, and where the dashboard is.

mod get_dashboard_urls;
mod list_projects;
mod whoami;

pub(crate) use get_dashboard_urls::GetDashboardUrls;
pub(crate) use list_projects::ListProjects;
pub(crate) use whoami::Whoami;
