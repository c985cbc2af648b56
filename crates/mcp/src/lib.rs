//! The Model Context Protocol over HTTP, for the Sightline Worker.
//!
//! # What is here
//!
//! One path answers clients of five revisions in two eras: those that begin with `initialize`
//! (2024-11-05 to 2025-11-25) and those that send every request complete in itself (2026-07-28). No
//! sessions, nothing kept between requests.
//!
//! # The order of checks
//!
//! Clients depend on it: they tell the eras apart by which error comes first.
//!
//! ```text
//! Endpoint::admit       1  OPTIONS: CORS; any method but POST: 405             gate
//!                       2  Host or Origin not ours: 403                        gate
//!   (the caller)        3  credential: 401; over the limit: HttpAnswer::too_many_requests
//! Endpoint::admit_body  4  too large: 413; not JSON by its type: 415           endpoint
//! Endpoint::open        5  not JSON: -32700; not a JSON-RPC message: -32600    incoming, message
//!                       6  which era                                           era, revision
//!                       7  headers against `_meta` and body: -32020, -32022,   era
//!                          -32602; unknown method: -32601; params: -32602      call
//!   (the caller)           a batch over the limit: HttpAnswer::too_many_requests
//! Endpoint::serve          the service is asked                                dispatch, page, vintage
//!                          its answer is stamped and written                   outcome, answer
//!                          or streamed, with progress                          stream, progress
//! Endpoint::add_cors       on whatever leaves                                  gate
//! ```
//!
//! From step 5 on every error echoes the request's id. The HTTP status of a modern -32020, -32021 or
//! -32022 is 400, of -32601 404, of a malformed `_meta` 400; of anything else that was understood 200.
//!
//! A caller implements [`Service`] (what there is to list, call and read) and [`Timer`]. [`schema`]
//! turns generated JSON Schemas into the plain form hosts take, and says what is wrong with one.
//!
//! # What must stay true
//!
//! - No I/O, no clock, no randomness, no threads: everything is passed in, so that it is tested
//!   natively and runs in the Worker.
//! - Nothing here knows OAuth or analytics.
//! - Every error has a JSON-RPC body with a code, and the request's id if it could be read.
//! - No input panics.

mod answer;
mod call;
#[cfg(feature = "conformance")]
pub mod conformance;
mod dispatch;
mod endpoint;
mod era;
mod failure;
mod gate;
mod header;
mod incoming;
mod message;
mod outcome;
mod page;
mod progress;
mod revision;
pub mod schema;
mod service;
mod stream;
mod vintage;

pub use answer::{HttpAnswer, Reply};
pub use call::Capabilities;
pub use endpoint::{Endpoint, INSTRUCTIONS_CHARS, Settings, SettingsError};
pub use gate::Hosts;
pub use incoming::Incoming;
pub use message::request_id;
pub use outcome::Caching;
pub use revision::Revision;
/// The protocol's own types, as rmcp has them: tools, resources, prompts, content.
pub use rmcp::model;
pub use rmcp::model::{JsonObject, RequestId};
pub use service::{Progress, PromptText, Service, ServiceError, Timer, ToolResult};
