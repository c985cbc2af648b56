//! One file per page: its data, its HTML.

mod account;
mod api_clients;
mod audit;
mod connections;
mod consent;
mod departure;
mod error;
mod handover;
mod invitation;
mod landing;
mod members;
mod projects;
mod reset;
mod set_up;
mod sign_in;
mod teams;

pub use account::{AccountPage, SessionRow, account};
pub use api_clients::{ApiClientRow, ApiClientsPage, NewToken, api_clients};
pub use audit::{AuditPage, AuditRow, audit};
pub use connections::{ConnectionRow, ConnectionsPage, connections};
pub use consent::{AppIdentity, ConsentPage, RedirectTarget, ScopeTick, consent};
pub use departure::{DeparturePage, departure};
pub use error::{ErrorPage, error};
pub use handover::{HandoverPage, handover};
pub use invitation::{InvitationPage, Invited, invitation};
pub use landing::{LandingPage, landing};
pub use members::{InvitationRow, MemberRow, MembersPage, members};
pub use projects::{ProjectRow, ProjectsPage, projects};
pub use reset::{RecoverPage, ResetPage, recover, reset};
pub use set_up::{SetUpPage, set_up};
pub use sign_in::{SignInPage, sign_in};
pub use teams::{TeamRow, TeamsPage, teams};
