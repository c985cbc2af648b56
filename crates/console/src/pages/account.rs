//! One's own account: password and sessions.

use maud::html;

use crate::field::{Csrf, PASSWORD_HINT, TextField, danger};
use crate::moment::Moment;
use crate::path;
use crate::shell::{Page, Section, Shell};

/// A browser signed in.
#[derive(Debug, Clone)]
pub struct SessionRow {
    /// The id.
    pub id: String,
    /// The browser, in words.
    pub browser: String,
    /// When it signed in.
    pub created: Moment,
    /// When it was last used.
    pub last_seen: Moment,
    /// Whether it is the one looking.
    pub is_this: bool,
}

/// What the page needs.
#[derive(Debug, Clone)]
pub struct AccountPage {
    /// The forms' token.
    pub csrf: Csrf,
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// Whether there is a password to change.
    pub has_password: bool,
    /// The sessions.
    pub sessions: Vec<SessionRow>,
}

/// The page.
pub fn account(shell: &Shell<'_>, data: &AccountPage) -> Page {
    let password = |name, label, autocomplete, hint| {
        TextField {
            name,
            label,
            kind: "password",
            value: "",
            hint,
            autocomplete,
            required: true,
        }
        .render()
    };
    let body = html! {
        h1 { "Account" }
        p class="lead" { bdi { (data.name) } " · " bdi { (data.email) } }
        @if data.has_password {
            section class="panel" {
                h2 { "Change password" }
                form method="post" action={ (path::ACCOUNT) "/password" } class="grid" {
                    (data.csrf.field())
                    // So that a password manager knows whose it is.
                    label class="unseen" for="username" { "E-mail" }
                    input class="unseen" id="username" type="text" value=(data.email) autocomplete="username" readonly tabindex="-1";
                    (password("current", "Current password", "current-password", None))
                    (password("new", "New password", "new-password", Some(PASSWORD_HINT)))
                    div class="field" {
                        button { "Change password" }
                        p class="hint" { "Other browsers are signed out." }
                    }
                }
            }
        }
        h2 { "Where you are signed in" }
        ul class="rows" {
            @for row in &data.sessions {
                li class="row" {
                    div class="about" {
                        h3 { bdi { (row.browser) } @if row.is_this { " " span class="tag good" { "this browser" } } }
                        p class="hint" { "Signed in " (row.created) " · last used " (row.last_seen) }
                    }
                    @if !row.is_this {
                        div class="doing" {
                            (danger("That browser has to sign in again.", "Sign out", &format!("{}/sessions/end", path::ACCOUNT), &data.csrf, &row.id))
                        }
                    }
                }
            }
        }
        form method="post" action={ (path::ACCOUNT) "/sessions/end-all" } {
            (data.csrf.field())
            button class="quiet danger" { "Sign out everywhere" }
        }
    };
    shell.wide("Account", Section::Account, &body)
}
