//! Whole flows of the authorization server, from registration to the resource, over state in memory.

mod access;
mod authorization;
mod clients;
mod faults;
mod races;
mod refresh;
mod registration;
mod support;
mod tokens;
