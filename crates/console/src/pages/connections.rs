//! Connected apps: one's own, and for admins the organization's.

use maud::{Markup, html};

use crate::chart::requests_by_day;
use crate::field::{Csrf, danger};
use crate::moment::Moment;
use crate::path;
use crate::shell::{Page, Section, Shell};

/// A connection.
#[derive(Debug, Clone)]
pub struct ConnectionRow {
    /// The id.
    pub id: String,
    /// What it is called: the app's word, until the person renames it.
    pub name: String,
    /// Where its answers went.
    pub host: String,
    /// Whose it is, where it is not one's own.
    pub person: Option<String>,
    /// What its scopes are called.
    pub scopes: Vec<String>,
    /// The projects it is limited to; none means all that its person sees.
    pub projects: Vec<String>,
    /// When it was made.
    pub created: Moment,
    /// When it was last used.
    pub last_used: Option<Moment>,
    /// Requests by day, the last being today.
    pub requests_by_day: Vec<u64>,
}

/// What the page needs.
#[derive(Debug, Clone)]
pub struct ConnectionsPage {
    /// The forms' token.
    pub csrf: Csrf,
    /// One's own connections.
    pub own: Vec<ConnectionRow>,
    /// Everybody else's in the organization: some for admins only.
    pub others: Option<Vec<ConnectionRow>>,
}

/// The page.
pub fn connections(shell: &Shell<'_>, data: &ConnectionsPage) -> Page {
    let body = html! {
        h1 { "Connections" }
        p class="lead" { "Apps that read your analytics in your name. What you end here is out with its next request." }
        @if data.own.is_empty() {
            div class="empty" {
                p { "No app is connected yet." }
                a class="button" href=(path::HOME) { "Connect one" }
            }
        }
        (list(&data.own, &data.csrf))
        @if let Some(others) = &data.others {
            h2 { "Others in the organization" }
            @if others.is_empty() { p class="hint" { "Nobody else has connected an app." } }
            (list(others, &data.csrf))
        }
    };
    shell.wide("Connections", Section::Connections, &body)
}

fn list(rows: &[ConnectionRow], csrf: &Csrf) -> Markup {
    html! {
        ul class="rows" {
            @for row in rows { li class="row" { (connection(row, csrf)) } }
        }
    }
}

fn connection(row: &ConnectionRow, csrf: &Csrf) -> Markup {
    html! {
        div class="about" {
            h3 { bdi { (row.name) } }
            p class="hint" {
                bdi { (row.host) }
                @if let Some(person) = &row.person { " · " bdi { (person) } }
            }
            p class="tags" {
                @for scope in &row.scopes { span class="tag" { (scope) } " " }
                @for project in &row.projects { span class="tag good" { bdi { (project) } } " " }
            }
            p class="hint" {
                "Connected " (row.created) " · "
                @match row.last_used { Some(used) => { "last used " (used) }, None => "no use counted yet" }
            }
        }
        (requests_by_day(&row.requests_by_day, row.created.now_ms))
        div class="doing" {
            @if row.person.is_none() {
                details class="ask" {
                    summary class="button quiet" { "Rename" }
                    form method="post" action={ (path::CONNECTIONS) "/rename" } class="answer" {
                        (csrf.field())
                        input type="hidden" name="id" value=(row.id);
                        @let id = format!("name-{}", row.id);
                        label for=(id) { "Name" }
                        input id=(id) name="name" value=(row.name) required maxlength="200";
                        button { "Save" }
                    }
                }
            }
            (danger("The app loses access with its next request. It may ask to be connected again.", "Revoke", &format!("{}/revoke", path::CONNECTIONS), csrf, &row.id))
        }
    }
}
