//! Sessions built from a stream of events.
//!
//! `Builder` says which session each event belongs to and when a session is over; a `Visit` is a session under way, and its
//! `Friction` the signals of trouble in it. Rules: the specification of the tables, section "Sessions are built from
//! events"; what it leaves open is decided in these modules' docs. Memory is bounded by the sessions open at one time. The
//! same events give the same sessions however they are cut into batches. Nothing here reads or writes files.

mod builder;
mod event;
mod names;
mod rows;
mod visit;

pub use builder::{Builder, EXPLICIT_GAP_MS, VISITOR_GAP_MS, given_session_id};
pub use names::EventNames;
