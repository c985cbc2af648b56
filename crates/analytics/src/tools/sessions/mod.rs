//! Sessions, the friction in them, and what happened moment by moment.

mod aggregate_sessions;
mod find_sessions;
mod get_session;
mod session_measure;

pub(crate) use aggregate_sessions::AggregateSessions;
pub(crate) use find_sessions::FindSessions;
pub(crate) use get_session::GetSession;
