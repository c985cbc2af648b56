//! A ClickHouse server over HTTP.
//!
//! A request's way: [`ClickHouseProject`] (one project's handle) → [`relations`] in front of the statement, so that `events` means the
//! project's events and nothing else can be named → [`settings`] for the server, a filter for the project on each of its tables among
//! them → [`Transport`], which knows the address and the password → [`rows`], read line by line and bounded. [`ClickHouse`] is what an
//! isolate's requests share. What the server's tables are called and hold is a [`Mapping`].
//!
//! Nothing here knows an address or a secret, and nothing of a query is logged.

mod cell;
mod check;
mod failure;
mod mapping;
mod parameters;
mod project;
mod relations;
mod rows;
mod server;
mod settings;
mod sources;
mod transport;
mod written;

pub use check::{Finding, check};
pub use mapping::{Mapping, MappingError};
pub use project::ClickHouseProject;
pub use server::ClickHouse;
pub use transport::{Body, Question, Response, Transport, TransportFault};
