//! Taking an invitation.

use maud::html;

use crate::field::{Csrf, PASSWORD_HINT, TextField};
use crate::path;
use crate::shell::{Page, Shell};

/// Who opens the link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invited<'a> {
    /// Somebody not signed in, who makes an account. What was typed comes back, but for the password.
    New {
        /// The name typed.
        name: &'a str,
        /// The address typed, or the one the invitation is for.
        email: &'a str,
    },
    /// Somebody signed in.
    SignedIn {
        /// Their address.
        email: &'a str,
    },
}

/// What the page needs.
#[derive(Debug, Clone)]
pub struct InvitationPage<'a> {
    /// The form's token.
    pub csrf: Csrf,
    /// The link's token: base64url, so it needs no escaping in a path.
    pub token: &'a str,
    /// The organization.
    pub organization: &'a str,
    /// Who invites.
    pub invited_by: &'a str,
    /// As what, in words.
    pub role: &'a str,
    /// Who opens the link.
    pub invited: Invited<'a>,
}

/// The page.
pub fn invitation(shell: &Shell<'_>, data: &InvitationPage<'_>) -> Page {
    let action = format!("{}/{}", path::INVITATION, data.token);
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
        h1 { "Join " bdi { (data.organization) } }
        p class="lead" { bdi { (data.invited_by) } " invites you as " (data.role) "." }
        form method="post" action=(action) {
            (data.csrf.field())
            @match data.invited {
                Invited::SignedIn { email } => {
                    p { "You are signed in as " strong { bdi { (email) } } "." }
                    button class="full" { "Join" }
                },
                Invited::New { name, email } => {
                    (field("name", "Your name", "text", name, "name", None))
                    (field("email", "E-mail", "email", email, "username", None))
                    (field("password", "Password", "password", "", "new-password", Some(PASSWORD_HINT)))
                    button class="full" { "Create account and join" }
                },
            }
        }
        @if let Invited::New { .. } = data.invited {
            p class="hint" { "You have an account? " a href={ (path::SIGN_IN) "?next=" (action) } { "Sign in first" } "." }
        }
    };
    shell.narrow(&format!("Join {}", data.organization), &body)
}
