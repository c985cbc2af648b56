//! An error page: what happened, and what to do.

use maud::html;

use crate::path;
use crate::shell::{Page, Shell};

/// What the page needs.
#[derive(Debug, Clone)]
pub struct ErrorPage<'a> {
    /// What happened, in a few words.
    pub title: &'a str,
    /// What it means and what to do.
    pub text: &'a str,
    /// A number to quote to support, if it was our fault.
    pub reference: Option<&'a str>,
    /// Where to go on: path and label.
    pub next: Option<(&'a str, &'a str)>,
}

/// The page.
pub fn error(shell: &Shell<'_>, data: &ErrorPage<'_>) -> Page {
    let (href, label) = data.next.unwrap_or((path::HOME, "Go to the start"));
    let body = html! {
        h1 { (data.title) }
        p class="lead" { (data.text) }
        @if let Some(reference) = data.reference {
            p class="hint" { "If you ask for help, quote " code { (reference) } "." }
        }
        p { a class="button full quiet" href=(href) { (label) } }
    };
    shell.narrow(data.title, &body)
}
