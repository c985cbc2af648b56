//! The embedded engine over files in memory.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod answers;
mod grouping;
mod joins;
mod passes;
mod properties;
mod queries;
mod sessions;
mod support;
