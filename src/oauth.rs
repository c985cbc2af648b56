//! The authorization server in the Worker: D1 behind its rules, other hosts' documents, its endpoints, its scheduled run.
//!
//! All rules stand in `sightline-oauth`; here they get their inputs and their answers become HTTP. The pages (sign-in, consent) make a
//! [`deployment::Deployment`] of their request as the endpoints do, and call its `server`.

mod authorization_rows;
mod database;
pub mod deployment;
mod documents;
mod endpoints;
mod keys;
mod people;
mod scheduled;
mod statements;

pub use deployment::realm;
pub use endpoints::answer;
pub use keys::verifying_keys;
pub use scheduled::run;
