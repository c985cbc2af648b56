//! The way to the sign-in provider: a page of our own between the form and the provider, for the reason [`super::handover`] gives.

use maud::html;

use crate::shell::{Page, Shell};

/// What the page needs.
#[derive(Debug, Clone)]
pub struct DeparturePage<'a> {
    /// What the provider is called.
    pub provider: &'a str,
    /// Where it is asked.
    pub url: &'a str,
}

/// The page.
pub fn departure(shell: &Shell<'_>, data: &DeparturePage<'_>) -> Page {
    let body = html! {
        h1 { "Sign in at " bdi { (data.provider) } }
        p class="lead" { "Taking you to " bdi { (data.provider) } ", which sends you back here afterwards." }
        p { a class="button full" href=(data.url) { "Continue" } }
        p class="hint" { "This happens by itself." }
    };
    shell.narrow_going_on("Sign in", &body, data.url)
}
