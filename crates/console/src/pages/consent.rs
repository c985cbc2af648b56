//! The question before an app is connected: who asks, where the answer goes, what it may read.
//!
//! What an app says of itself is shown as its own words; what was verified is its host. The form posts to this host, and the answer is
//! [`super::handover`], never a redirect.

use maud::{Markup, html};

use crate::field::{Choice, Csrf, select, ticks};
use crate::path;
use crate::shell::{Page, Shell};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppIdentity {
    /// Its document lies on this host: nobody else can claim it.
    Verified {
        /// The host.
        host: String,
    },
    /// The operator of this server named it.
    Preregistered,
    /// It registered itself: the name is its own word.
    SelfRegistered,
}

/// Where the answer goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedirectTarget {
    /// To a site.
    Host(String),
    /// To a program on the person's own machine, at this address; the port is any (RFC 8252 §7.3).
    ThisDevice(String),
    /// To whatever program answers to this scheme.
    Scheme(String),
}

/// One scope, to be ticked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeTick {
    /// The scope.
    pub name: String,
    /// What it is called.
    pub title: String,
    /// What it allows, in a sentence.
    pub sentence: String,
    /// Whether it is ticked.
    pub ticked: bool,
}

/// What the page needs.
#[derive(Debug, Clone)]
pub struct ConsentPage {
    /// The form's token.
    pub csrf: Csrf,
    /// The handle of the request that waits.
    pub handle: String,
    /// What the app calls itself.
    pub app_name: String,
    /// What is known of it.
    pub identity: AppIdentity,
    /// Where the answer goes.
    pub redirect: RedirectTarget,
    /// The scopes asked for.
    pub scopes: Vec<ScopeTick>,
    /// The address of the person signed in.
    pub email: String,
    /// The organizations they may connect.
    pub organizations: Vec<Choice>,
    /// The projects they see in them. Ticking none shares all that they see.
    pub projects: Vec<Choice>,
}

/// The page.
pub fn consent(shell: &Shell<'_>, data: &ConsentPage) -> Page {
    let body = html! {
        h1 { "Connect " bdi { (data.app_name) } "?" }
        p class="lead" { bdi { (data.app_name) } " asks to read your analytics through " (shell.brand.name()) "." }
        (facts(data))
        (warning(data))
        form method="post" action=(path::CONSENT) {
            (data.csrf.field())
            input type="hidden" name="handle" value=(data.handle);
            fieldset class="scopes" {
                legend { "It may" }
                @for (index, scope) in data.scopes.iter().enumerate() {
                    @let id = format!("scope-{index}");
                    @let says = format!("scope-{index}-says");
                    div class="scope" {
                        input type="checkbox" id=(id) name="scope" value=(scope.name) checked[scope.ticked] aria-describedby=(says);
                        div {
                            label for=(id) { (scope.title) }
                            p id=(says) { (scope.sentence) }
                        }
                    }
                }
            }
            @if data.organizations.len() > 1 {
                (select("organization-shared", "organization", "Organization", &data.organizations))
            } @else if let Some(only) = data.organizations.first() {
                input type="hidden" name="organization" value=(only.value);
            }
            @if !data.projects.is_empty() {
                details class="projects" {
                    summary { "Projects: all you see" }
                    (ticks("project", "Tick some to share only these. None ticked means all, later ones included.", &data.projects))
                }
            }
            div class="decision" {
                button name="decision" value="allow" { "Allow" }
                button name="decision" value="deny" class="quiet" { "Deny" }
            }
        }
        p class="hint" { "It can never change data. You can end the connection at any time under Connections." }
    };
    shell.narrow(&format!("Connect {}?", data.app_name), &body)
}

fn facts(data: &ConsentPage) -> Markup {
    html! {
        dl class="facts" {
            div {
                dt { "App" }
                @match &data.identity {
                    AppIdentity::Verified { host } => dd { strong { bdi { (host) } } " " span class="tag good" { "verified host" } },
                    AppIdentity::Preregistered => dd { strong { bdi { (data.app_name) } } " " span class="tag good" { "known to this server" } },
                    AppIdentity::SelfRegistered => dd { strong { bdi { (data.app_name) } } " " span class="tag" { "its own words, not verified" } },
                }
            }
            div {
                dt { "Answer goes to" }
                @match &data.redirect {
                    RedirectTarget::Host(host) => dd { strong { bdi { (host) } } },
                    RedirectTarget::ThisDevice(host) => dd { strong { bdi { (host) } } " " span class="tag warn" { "this device" } },
                    RedirectTarget::Scheme(scheme) => dd { strong { bdi { (scheme) ":" } } " " span class="tag warn" { "an app on this device" } },
                }
            }
            div { dt { "Signed in as" } dd { bdi { (data.email) } } }
        }
    }
}

/// Any program on a machine may listen at a loopback address or claim a scheme.
fn warning(data: &ConsentPage) -> Markup {
    let what = match &data.redirect {
        RedirectTarget::Host(_) => return html! {},
        RedirectTarget::ThisDevice(_) => "The answer goes to a program on this device.",
        RedirectTarget::Scheme(_) => "The answer opens an app on this device.",
    };
    html! {
        p class="notice" role="note" {
            (what) " Allow it only if you have just started connecting " bdi { (data.app_name) } " yourself."
        }
    }
}
