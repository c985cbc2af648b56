//! What a line of a web server's log says about a visit.

mod log_line;
mod referrer;
mod rules;
mod user_agent;

pub use log_line::LogLine;
pub use referrer::{Referrer, campaign};
pub use rules::AccessLogRules;
pub use user_agent::UserAgent;
