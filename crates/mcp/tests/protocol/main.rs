//! The endpoint from outside: an HTTP request goes in, whole responses come out.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod gaps;
mod http_rules;
mod legacy;
mod malformed;
mod modern;
mod modern_errors;
mod sample;
mod streaming;
mod support;
