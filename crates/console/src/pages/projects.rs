//! Projects: what there is to ask about.

use maud::{Markup, html};

use crate::field::{Csrf, TextField, danger};
use crate::path;
use crate::shell::{Page, Section, Shell};

/// A project.
#[derive(Debug, Clone)]
pub struct ProjectRow {
    /// The id, which is also the folder of its data.
    pub id: String,
    /// The name.
    pub name: String,
    /// Its site, if it has one.
    pub domain: Option<String>,
    /// The zone of its days.
    pub timezone: String,
    /// The currency of its amounts.
    pub currency: String,
}

/// What the page needs.
#[derive(Debug, Clone)]
pub struct ProjectsPage {
    /// The forms' token.
    pub csrf: Csrf,
    /// The projects the person sees, by name.
    pub projects: Vec<ProjectRow>,
    /// Whether they may change them.
    pub may_manage: bool,
}

/// The page.
pub fn projects(shell: &Shell<'_>, data: &ProjectsPage) -> Page {
    let field = |name, label, value, hint, required| {
        TextField {
            name,
            label,
            kind: "text",
            value,
            hint,
            autocomplete: "off",
            required,
        }
        .render()
    };
    let body = html! {
        h1 { "Projects" }
        p class="lead" { "What your assistant can ask about. Days and weeks are counted in each project's own time zone." }
        @if data.projects.is_empty() { div class="empty" { p { "There is no project you may see." } } }
        ul class="rows" { @for row in &data.projects { li class="row" { (project(row, data)) } } }
        @if data.may_manage {
            section class="panel" {
                h2 { "Create a project" }
                form method="post" action=(path::PROJECTS) class="grid" {
                    (data.csrf.field())
                    (field("name", "Name", "", None, true))
                    (field("id", "Id", "", Some("Letters, digits, hyphens. It names the folder of the data and stays."), true))
                    (field("domain", "Domain", "", None, false))
                    (field("timezone", "Time zone", "UTC", Some("Such as Europe/Stockholm."), true))
                    (field("currency", "Currency", "USD", None, true))
                    div class="field" { button { "Create" } }
                }
            }
        }
    };
    shell.wide("Projects", Section::Projects, &body)
}

fn project(row: &ProjectRow, data: &ProjectsPage) -> Markup {
    html! {
        div class="about" {
            h3 { bdi { (row.name) } }
            p class="hint" { code { (row.id) } @if let Some(domain) = &row.domain { " · " bdi { (domain) } } }
            p class="tags" { span class="tag" { (row.timezone) } " " span class="tag" { (row.currency) } }
        }
        @if data.may_manage {
            div class="doing" {
                details class="ask" {
                    summary class="button quiet" { "Rename" }
                    form method="post" action={ (path::PROJECTS) "/rename" } class="answer" {
                        (data.csrf.field())
                        input type="hidden" name="id" value=(row.id);
                        @let id = format!("name-{}", row.id);
                        label for=(id) { "Name" }
                        input id=(id) name="name" value=(row.name) required maxlength="200";
                        button { "Save" }
                    }
                }
                (danger("Nobody sees an archived project any more. Its data stays.", "Archive", &format!("{}/archive", path::PROJECTS), &data.csrf, &row.id))
            }
        }
    }
}
