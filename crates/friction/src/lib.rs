//! The signals of trouble in a session, noticed while its events go by.
//!
//! Whoever builds sessions counts them, and whoever tells one session moment by moment says where they were: both feed the same
//! [`Friction`], so a session's counts are those of its moments. [`Kind::of`] says what an event is. No storage, no columns.

mod friction;
mod kind;
mod score;

pub use friction::{Friction, Moment, Signal, Signals, idle_ms};
pub use kind::{BuiltIn, Kind, Properties, identity, page};
pub use score::frustration_score;
