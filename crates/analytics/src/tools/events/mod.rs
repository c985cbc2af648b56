//! Single events.

mod query_events;

pub(crate) use query_events::QueryEvents;
