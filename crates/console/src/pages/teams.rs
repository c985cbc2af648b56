//! Teams: members who see the same projects.

use maud::html;

use crate::field::{Choice, Csrf, TextField, danger, ticks};
use crate::moment::count;
use crate::path;
use crate::shell::{Page, Section, Shell};

/// A team.
#[derive(Debug, Clone)]
pub struct TeamRow {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
    /// The organization's members; those of the team are chosen.
    pub members: Vec<Choice>,
    /// The organization's projects; those of the team are chosen.
    pub projects: Vec<Choice>,
}

/// What the page needs.
#[derive(Debug, Clone)]
pub struct TeamsPage {
    /// The forms' token.
    pub csrf: Csrf,
    /// The teams, by name.
    pub teams: Vec<TeamRow>,
}

/// The page.
pub fn teams(shell: &Shell<'_>, data: &TeamsPage) -> Page {
    let chosen = |choices: &[Choice], what| {
        let number = choices.iter().filter(|choice| choice.chosen).count();
        count(i64::try_from(number).unwrap_or(i64::MAX), what)
    };
    let body = html! {
        h1 { "Teams" }
        p class="lead" { "Members of a team see its projects, beside what they see themselves." }
        @if data.teams.is_empty() { div class="empty" { p { "There is no team yet." } } }
        ul class="rows" {
            @for team in &data.teams {
                li class="row" {
                    div class="about" {
                        h3 { bdi { (team.name) } }
                        p class="hint" { (chosen(&team.members, "member")) " · " (chosen(&team.projects, "project")) }
                        p class="tags" {
                            @for project in team.projects.iter().filter(|project| project.chosen) { span class="tag good" { bdi { (project.label) } } " " }
                        }
                    }
                    div class="doing" {
                        details class="ask" {
                            summary class="button quiet" { "Change" }
                            form method="post" action={ (path::TEAMS) "/change" } class="answer" {
                                (data.csrf.field())
                                input type="hidden" name="id" value=(team.id);
                                @let id = format!("name-{}", team.id);
                                label for=(id) { "Name" }
                                input id=(id) name="name" value=(team.name) required maxlength="200";
                                (ticks("member", "Members", &team.members))
                                (ticks("project", "Projects", &team.projects))
                                button { "Save" }
                            }
                        }
                        (danger("Its members stay members, and lose the projects they saw by this team only.", "Delete", &format!("{}/delete", path::TEAMS), &data.csrf, &team.id))
                    }
                }
            }
        }
        section class="panel" {
            h2 { "Create a team" }
            form method="post" action=(path::TEAMS) class="grid" {
                (data.csrf.field())
                (TextField { name: "name", label: "Name", kind: "text", value: "", hint: None, autocomplete: "off", required: true }.render())
                div class="field" { button { "Create" } }
            }
        }
    };
    shell.wide("Teams", Section::Teams, &body)
}
