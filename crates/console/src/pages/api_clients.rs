//! API clients: tokens for scripts, CI and clients configured by hand.

use maud::{Markup, html};

use crate::chart::requests_by_day;
use crate::field::{Choice, Csrf, TextField, copyable, danger, select};
use crate::moment::Moment;
use crate::path;
use crate::shell::{Page, Section, Shell};

/// An API client.
#[derive(Debug, Clone)]
pub struct ApiClientRow {
    /// The id: the public half of its token.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What it reads, in words: a project's name, or all.
    pub reads: String,
    /// When it was made.
    pub created: Moment,
    /// When it was last used.
    pub last_used: Option<Moment>,
    /// Until when it is good.
    pub expires: Option<Moment>,
    /// Whether it was revoked.
    pub revoked: bool,
    /// Its own limit, in requests a minute; none means the default.
    pub requests_per_minute: Option<u32>,
    /// Requests by day, the last being today.
    pub requests_by_day: Vec<u64>,
}

/// A token just made: shown on this page only. Without `Debug`, so that no log shows it.
#[derive(Clone)]
pub struct NewToken {
    /// What the client is called.
    pub name: String,
    /// The token.
    pub token: String,
}

/// What the page needs.
#[derive(Clone)]
pub struct ApiClientsPage {
    /// The forms' token.
    pub csrf: Csrf,
    /// The clients, the latest first.
    pub clients: Vec<ApiClientRow>,
    /// What a new one may read: the projects, and all.
    pub scopes: Vec<Choice>,
    /// The default limit, in requests a minute.
    pub default_requests_per_minute: u32,
    /// One just made.
    pub new: Option<NewToken>,
}

/// The page.
pub fn api_clients(shell: &Shell<'_>, data: &ApiClientsPage) -> Page {
    let body = html! {
        h1 { "API clients" }
        p class="lead" { "Tokens for scripts, CI and clients that cannot open a browser. Each belongs to the organization, not to a person." }
        @if let Some(new) = &data.new {
            section class="panel fresh" aria-labelledby="new-token" {
                h2 id="new-token" { "Token of " bdi { (new.name) } }
                (copyable("token", "The token", &new.token))
                p class="hint" { "It is shown this once. Send it as " code { "Authorization: Bearer …" } "." }
            }
        }
        ul class="rows" {
            @for row in &data.clients { li class={ "row" @if row.revoked { " over" } } { (client(row, data)) } }
        }
        section class="panel" {
            h2 { "Create a client" }
            form method="post" action=(path::API_CLIENTS) class="grid" {
                (data.csrf.field())
                (TextField { name: "name", label: "Name", kind: "text", value: "", hint: Some("What will use it, such as “nightly report”."), autocomplete: "off", required: true }.render())
                (select("reads", "reads", "May read", &data.scopes))
                (TextField { name: "days", label: "Expires after days", kind: "number", value: "", hint: Some("Never, if left empty."), autocomplete: "off", required: false }.render())
                div class="field" { button { "Create" } }
            }
        }
    };
    shell.wide("API clients", Section::ApiClients, &body)
}

fn client(row: &ApiClientRow, data: &ApiClientsPage) -> Markup {
    html! {
        div class="about" {
            h3 { bdi { (row.name) } }
            p class="hint" { code { (row.id) } }
            p class="tags" {
                span class="tag" { bdi { (row.reads) } } " "
                span class="tag" { (row.requests_per_minute.unwrap_or(data.default_requests_per_minute)) " requests a minute" } " "
                @if row.revoked { span class="tag warn" { "revoked" } }
            }
            p class="hint" {
                "Created " (row.created) " · "
                @match row.last_used { Some(used) => { "last used " (used) }, None => "no use counted yet" }
                @if let Some(expires) = row.expires {
                    @if expires.at_ms > expires.now_ms { " · expires " (expires) } @else { " · expired " (expires) }
                }
            }
        }
        (requests_by_day(&row.requests_by_day, row.created.now_ms))
        @if !row.revoked {
            div class="doing" {
                details class="ask" {
                    summary class="button quiet" { "Limit" }
                    form method="post" action={ (path::API_CLIENTS) "/limit" } class="answer" {
                        (data.csrf.field())
                        input type="hidden" name="id" value=(row.id);
                        @let id = format!("limit-{}", row.id);
                        label for=(id) { "Requests a minute" }
                        input id=(id) name="requests" type="number" min="1" max="60000" placeholder=(data.default_requests_per_minute)
                            value=(row.requests_per_minute.map_or_else(String::new, |limit| limit.to_string()));
                        button { "Save" }
                    }
                }
                (danger("Whatever uses this token is refused with its next request.", "Revoke", &format!("{}/revoke", path::API_CLIENTS), &data.csrf, &row.id))
            }
        }
    }
}
