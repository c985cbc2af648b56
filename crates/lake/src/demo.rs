//! Demo data: three projects of two organizations, 90 days up to a given moment, the same for the same day and seed.
//!
//! A web shop (with a launch that spiked, and a checkout that was broken for three days), a product for companies, and a
//! documentation site. Visitors are not stored but computed from their number, so any amount of traffic can be made in
//! bounded memory. Nothing here describes real people or companies; addresses are under example.com.

mod app;
mod assortment;
mod companies;
mod dice;
mod docs;
mod people;
mod projects;
mod publish;
mod search_console;
mod shop;
mod traffic;
mod visit;
mod world;

pub use projects::{DemoProject, Organization, PROJECTS};
pub use publish::{DemoOptions, DemoSummary, write};
pub use traffic::Traffic;
