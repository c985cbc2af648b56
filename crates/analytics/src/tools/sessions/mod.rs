//! Sessions, the friction in them, and what happened moment by moment.

mod aggregate_sessions;
mod session_measure;

pub(crate) use aggregate_sessions::AggregateSessions;
