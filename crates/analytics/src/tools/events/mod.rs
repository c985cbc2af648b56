//! Single events.

mod query_events;
mod row;

pub(crate) use query_events::QueryEvents;
