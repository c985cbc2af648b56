//! Members and invitations.

use maud::{Markup, html};

use crate::field::{Choice, Csrf, TextField, copyable, danger, select, ticks};
use crate::moment::Moment;
use crate::path;
use crate::shell::{Page, Section, Shell};

/// A member.
#[derive(Debug, Clone)]
pub struct MemberRow {
    /// The person's id.
    pub id: String,
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// What they are, in words.
    pub role: String,
    /// What they see, in words.
    pub sees: String,
    /// Whether it is the person looking.
    pub is_self: bool,
    /// The roles the person looking may give them; none, if they may not change them.
    pub roles: Vec<Choice>,
    /// Whether the visibility is by project, and the projects. Empty where all are seen by role.
    pub projects: Vec<Choice>,
    /// Whether all projects are seen.
    pub sees_all: bool,
}

/// An open invitation.
#[derive(Debug, Clone)]
pub struct InvitationRow {
    /// The id.
    pub id: String,
    /// For whom, in words: an address, or anyone with the link.
    pub who: String,
    /// As what, in words.
    pub role: String,
    /// Until when.
    pub expires: Moment,
}

/// What the page needs.
#[derive(Clone)]
pub struct MembersPage {
    /// The forms' token.
    pub csrf: Csrf,
    /// The members, by name.
    pub members: Vec<MemberRow>,
    /// The open invitations.
    pub invitations: Vec<InvitationRow>,
    /// The roles one may invite to.
    pub roles: Vec<Choice>,
    /// The organization's projects.
    pub projects: Vec<Choice>,
    /// The link of an invitation just made: shown on this page only.
    pub new_link: Option<String>,
    /// The link just made for a member who forgot their password: shown on this page only.
    pub new_reset: Option<String>,
}

/// The page.
pub fn members(shell: &Shell<'_>, data: &MembersPage) -> Page {
    let body = html! {
        h1 { "Members" }
        @if let Some(link) = &data.new_link {
            section class="panel fresh" aria-labelledby="new-link" {
                h2 id="new-link" { "Invitation" }
                (copyable("link", "The invitation's link", link))
                p class="hint" { "It is shown this once, and lets in one person. Send it to them yourself." }
            }
        }
        @if let Some(link) = &data.new_reset {
            section class="panel fresh" aria-labelledby="new-reset" {
                h2 id="new-reset" { "New password" }
                (copyable("reset-link", "The link that sets it", link))
                p class="hint" { "It is shown this once, and good for a day. Give it to nobody but that person: it opens their account." }
            }
        }
        ul class="rows" { @for row in &data.members { li class="row" { (member(row, &data.csrf)) } } }
        @if !data.invitations.is_empty() {
            h2 { "Open invitations" }
            ul class="rows" {
                @for row in &data.invitations {
                    li class="row" {
                        div class="about" {
                            h3 { bdi { (row.who) } }
                            p class="hint" { (row.role) " · expires " (row.expires) }
                        }
                        div class="doing" {
                            (danger("The link stops working.", "Revoke", &format!("{}/revoke-invitation", path::MEMBERS), &data.csrf, &row.id))
                        }
                    }
                }
            }
        }
        section class="panel" {
            h2 { "Invite somebody" }
            form method="post" action={ (path::MEMBERS) "/invite" } {
                (data.csrf.field())
                div class="grid" {
                    (TextField { name: "email", label: "E-mail", kind: "email", value: "", hint: Some("Only they can use the link. Left empty, whoever has it can."), autocomplete: "off", required: false }.render())
                    (select("role", "role", "Role", &data.roles))
                }
                (visibility(&data.projects, true))
                button { "Make a link" }
            }
        }
    };
    shell.wide("Members", Section::Members, &body)
}

fn member(row: &MemberRow, csrf: &Csrf) -> Markup {
    html! {
        div class="about" {
            h3 { bdi { (row.name) } @if row.is_self { " " span class="tag" { "you" } } }
            p class="hint" { bdi { (row.email) } }
            p class="tags" { span class="tag" { (row.role) } " " span class="tag" { (row.sees) } }
        }
        div class="doing" {
            @if !row.roles.is_empty() {
                details class="ask" {
                    summary class="button quiet" { "Change" }
                    form method="post" action={ (path::MEMBERS) "/change" } class="answer" {
                        (csrf.field())
                        input type="hidden" name="id" value=(row.id);
                        (select(&format!("role-{}", row.id), "role", "Role", &row.roles))
                        @if !row.projects.is_empty() { (visibility(&row.projects, row.sees_all)) }
                        button { "Save" }
                    }
                }
            }
            @if row.is_self {
                (danger("You lose access to this organization, and your connections to it end.", "Leave", &format!("{}/remove", path::MEMBERS), csrf, &row.id))
            } @else if !row.roles.is_empty() {
                form method="post" action={ (path::MEMBERS) "/reset" } {
                    (csrf.field())
                    input type="hidden" name="id" value=(row.id);
                    button class="quiet" { "Password link" }
                }
                (danger("They lose access to this organization, and their connections to it end.", "Remove", &format!("{}/remove", path::MEMBERS), csrf, &row.id))
            }
        }
    }
}

fn visibility(projects: &[Choice], all: bool) -> Markup {
    html! {
        fieldset class="ticks" {
            legend { "Sees" }
            label class="tick" { input type="radio" name="sees" value="all" checked[all]; span { "All projects, later ones included" } }
            label class="tick" { input type="radio" name="sees" value="named" checked[!all]; span { "Only those ticked here, and those of their teams" } }
        }
        (ticks("project", "Projects", projects))
    }
}
