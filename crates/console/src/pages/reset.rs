//! A forgotten password: by a link, and by the operator's secret.

use maud::html;

use crate::field::{Csrf, PASSWORD_HINT, TextField};
use crate::path;
use crate::shell::{Page, Shell};

/// What the page of a link needs.
#[derive(Debug, Clone)]
pub struct ResetPage<'a> {
    /// The form's token.
    pub csrf: Csrf,
    /// The link's token: base64url, so it needs no escaping in a path.
    pub token: &'a str,
    /// Whose password it is.
    pub email: &'a str,
}

/// The page of a link.
pub fn reset(shell: &Shell<'_>, data: &ResetPage<'_>) -> Page {
    let body = html! {
        h1 { "Set a new password" }
        p class="lead" { "For " strong { bdi { (data.email) } } ". Other browsers are signed out." }
        form method="post" action={ (path::RESET) "/" (data.token) } {
            (data.csrf.field())
            // For password managers: which account it is.
            input type="hidden" name="username" value=(data.email) autocomplete="username";
            (TextField { name: "password", label: "New password", kind: "password", value: "", hint: Some(PASSWORD_HINT), autocomplete: "new-password", required: true }.render())
            button class="full" { "Set password" }
        }
    };
    shell.narrow("Set a new password", &body)
}

/// What the operator's page needs. What was typed comes back, but for the secret.
#[derive(Debug, Clone)]
pub struct RecoverPage<'a> {
    /// The form's token.
    pub csrf: Csrf,
    /// The address typed.
    pub email: &'a str,
}

/// The operator's page.
pub fn recover(shell: &Shell<'_>, data: &RecoverPage<'_>) -> Page {
    let field = |name, label, kind, value, hint| {
        TextField {
            name,
            label,
            kind,
            value,
            hint,
            autocomplete: "off",
            required: true,
        }
        .render()
    };
    let body = html! {
        h1 { "Locked out" }
        p class="lead" { "If nobody can make you a link on the members page, whoever runs this server can let you set a new password." }
        form method="post" action=(path::RESET) {
            (data.csrf.field())
            (field("secret", "Set-up secret", "password", "", Some("From the deployment's configuration.")))
            (field("email", "E-mail of the account", "email", data.email, None))
            button class="full" { "Go on" }
        }
    };
    shell.narrow("Locked out", &body)
}
