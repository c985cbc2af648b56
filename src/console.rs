//! The console in the Worker: its pages live, over D1.
//!
//! What is shown stands in `sightline-console`, who may do what in `sightline-accounts`, how apps are connected in `sightline-oauth`; here a request
//! is taken apart ([`visit`]), led to the file of its noun ([`router`]), and its answer put together ([`answer`]).
//!
//! What holds throughout:
//! - Whoever acts is read from D1 with every request, and every statement is bounded to their organization. Ids in forms are never trusted.
//! - Every POST carries a CSRF token, and answers with a page of its own or 303.
//! - A database that fails makes an error page with an id, and signs nobody out.

/// A statement with the condition between its two parts that `?1` is an organization which `?2` runs now: whoever lost the role a moment ago does nothing.
macro_rules! by_an_admin {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " EXISTS (SELECT 1 FROM members a WHERE a.organization_id = ?1 AND a.user_id = ?2 AND a.role IN ('owner', 'admin')) ",
            $after
        )
    };
}

mod account;
mod answer;
mod api_clients;
mod assets;
mod audit;
mod authorize;
mod connections;
mod destination;
mod form;
mod invitation;
mod landing;
mod members;
mod note;
mod organization;
mod projects;
mod provider;
mod record;
mod refused;
mod reset;
mod router;
mod scheduled;
mod seat;
mod set_up;
mod settings;
mod sign_in;
mod store;
mod teams;
mod visit;

pub use router::answer;
pub use scheduled::purge;
