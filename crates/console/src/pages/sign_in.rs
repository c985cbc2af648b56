//! Signing in.

use maud::html;

use crate::field::{Csrf, TextField};
use crate::path;
use crate::shell::{Page, Shell};

/// What the page needs.
#[derive(Debug, Clone)]
pub struct SignInPage<'a> {
    /// The form's token.
    pub csrf: Csrf,
    /// The path to go on to.
    pub next: &'a str,
    /// The address typed before.
    pub email: &'a str,
    /// Whether there are passwords here.
    pub by_password: bool,
    /// What the provider is called, if there is one.
    pub provider: Option<&'a str>,
    /// The app that waits, if one does.
    pub app: Option<&'a str>,
}

/// The page.
pub fn sign_in(shell: &Shell<'_>, data: &SignInPage<'_>) -> Page {
    let field = |name, label, kind, value, autocomplete| {
        TextField {
            name,
            label,
            kind,
            value,
            hint: None,
            autocomplete,
            required: true,
        }
        .render()
    };
    let body = html! {
        h1 { "Sign in" }
        @if let Some(app) = data.app {
            p class="lead" { "to connect " strong { bdi { (app) } } " to " (shell.brand.name()) ". You will see what it asks for before anything is shared." }
        }
        @if let Some(provider) = data.provider {
            form method="post" action=(path::SIGN_IN_PROVIDER) {
                (data.csrf.field())
                input type="hidden" name="next" value=(data.next);
                button class="full" { "Continue with " (provider) }
            }
            @if data.by_password { p class="or" { span { "or" } } }
        }
        @if data.by_password {
            form method="post" action=(path::SIGN_IN) {
                (data.csrf.field())
                input type="hidden" name="next" value=(data.next);
                (field("email", "E-mail", "email", data.email, "username"))
                (field("password", "Password", "password", "", "current-password"))
                button class=(if data.provider.is_some() { "full quiet" } else { "full" }) { "Sign in" }
            }
        }
        p class="hint" { "No account, or a password forgotten? Ask an owner of your organization for a link." }
    };
    shell.narrow("Sign in", &body)
}
