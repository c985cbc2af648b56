//! Setting the deployment up: its first owner.

use maud::html;

use crate::field::{Csrf, PASSWORD_HINT, TextField};
use crate::path;
use crate::shell::{Page, Shell};

/// What the page needs. What was typed comes back, but for secrets.
#[derive(Debug, Clone)]
pub struct SetUpPage<'a> {
    /// The form's token.
    pub csrf: Csrf,
    /// The name typed.
    pub name: &'a str,
    /// The address typed.
    pub email: &'a str,
    /// The organization typed.
    pub organization: &'a str,
}

/// The page.
pub fn set_up(shell: &Shell<'_>, data: &SetUpPage<'_>) -> Page {
    let field = |name, label, kind, value, autocomplete, hint| {
        TextField {
            name,
            label,
            kind,
            value,
            hint,
            autocomplete,
            required: true,
        }
        .render()
    };
    let body = html! {
        h1 { "Set up " (shell.brand.name()) }
        p class="lead" { "Make the first account. It owns the organization and can invite the others." }
        form method="post" action=(path::SET_UP) {
            (data.csrf.field())
            (field("secret", "Set-up secret", "password", "", "off", Some("From the deployment's configuration. It works once.")))
            (field("organization", "Organization", "text", data.organization, "organization", None))
            (field("name", "Your name", "text", data.name, "name", None))
            (field("email", "E-mail", "email", data.email, "username", None))
            (field("password", "Password", "password", "", "new-password", Some(PASSWORD_HINT)))
            button class="full" { "Create account" }
        }
    };
    shell.narrow("Set up", &body)
}
