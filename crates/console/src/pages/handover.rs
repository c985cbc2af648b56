//! The way back to an app: a page of our own, which ends the form's navigation and begins another.
//!
//! Chromium applies `form-action` to every redirect that follows a form, those of the host redirected to included. With a redirect here, consent would end
//! at a blocked navigation for every app on this device or another host; with this page the policy can stay `'self'`. The URL was verified against the
//! client's registration before.

use maud::html;

use crate::shell::{Page, Shell};

/// What the page needs.
#[derive(Debug, Clone)]
pub struct HandoverPage<'a> {
    /// What the app calls itself.
    pub app_name: &'a str,
    /// The verified redirect URI with its answer.
    pub url: &'a str,
    /// Whether the person agreed.
    pub allowed: bool,
}

/// The page.
pub fn handover(shell: &Shell<'_>, data: &HandoverPage<'_>) -> Page {
    let body = html! {
        h1 { @if data.allowed { "Almost done" } @else { "Not connected" } }
        p class="lead" {
            @if data.allowed { "Taking you back to " bdi { (data.app_name) } ", which completes the connection." }
            @else { "Nothing was shared with " bdi { (data.app_name) } "." }
        }
        p { a class="button full" href=(data.url) { "Return to " bdi { (data.app_name) } } }
        p class="hint" { "This happens by itself. If nothing opens, press the button; afterwards this page can be closed." }
    };
    shell.narrow_going_on("Return to the app", &body, data.url)
}
