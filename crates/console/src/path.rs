//! Where pages live and forms go: named once, for pages and routes alike.

/// The landing page.
pub const HOME: &str = "/";
/// Set-up of the first owner: GET and POST.
pub const SET_UP: &str = "/set-up";
/// Signing in: GET and POST.
pub const SIGN_IN: &str = "/sign-in";
/// Signing in at the provider: POST.
pub const SIGN_IN_PROVIDER: &str = "/sign-in/provider";
/// The way back from the provider: GET. This is the redirect URI to register there.
pub const SIGN_IN_CALLBACK: &str = "/sign-in/provider/callback";
/// Signing out: POST.
pub const SIGN_OUT: &str = "/sign-out";
/// Where an app sends a person to be connected: GET.
pub const AUTHORIZE: &str = "/authorize";
/// The decision about an app: GET with `?handle=` shows the question, POST answers it.
pub const CONSENT: &str = "/authorize/decision";
/// An invitation: GET and POST of `/invite/{token}`.
pub const INVITATION: &str = "/invite";
/// A forgotten password: GET and POST of `/reset` by the operator's secret, of `/reset/{token}` by a link.
pub const RESET: &str = "/reset";
/// Connections: GET; POST to `/rename` and `/revoke` below.
pub const CONNECTIONS: &str = "/connections";
/// API clients: GET; POST here to create, and to `/limit` and `/revoke` below.
pub const API_CLIENTS: &str = "/api-clients";
/// Projects: GET; POST here to create, and to `/rename` and `/archive` below.
pub const PROJECTS: &str = "/projects";
/// Members: GET; POST to `/invite`, `/revoke-invitation`, `/change`, `/reset` and `/remove` below.
pub const MEMBERS: &str = "/members";
/// Teams: GET; POST here to create, and to `/change` and `/delete` below.
pub const TEAMS: &str = "/teams";
/// The audit log: GET.
pub const AUDIT: &str = "/audit";
/// One's account: GET; POST to `/password`, `/sessions/end` and `/sessions/end-all` below.
pub const ACCOUNT: &str = "/account";
/// Choosing the organization: POST.
pub const ORGANIZATION: &str = "/organization";
