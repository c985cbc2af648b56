//! Teams, for whoever runs the organization.

use sightline_accounts::{AccountsError, Action, Actor, Team};
use sightline_console::pages::{TeamRow, TeamsPage, teams as page_of};
use sightline_console::{Choice, path};

use crate::console::answer::Answer;
use crate::console::form::Form;
use crate::console::note::Note;
use crate::console::projects;
use crate::console::record::Event;
use crate::console::refused::Refused;
use crate::console::seat::Seat;
use crate::console::visit::Visit;

/// The page.
///
/// # Errors
/// [`Refused::SignIn`]; 403 for members; if the database fails.
pub async fn page(visit: &Visit<'_>) -> Result<Answer, Refused> {
    let seat = visit.seat().await?;
    shown(visit, &seat, None).await
}

async fn shown(
    visit: &Visit<'_>,
    seat: &Seat,
    error: Option<AccountsError>,
) -> Result<Answer, Refused> {
    let actor = seat.actor_who_may(Action::ManageTeams)?;
    let accounts = visit.accounts();
    let teams = accounts.teams(&actor).await?;
    let people: Vec<Choice> = accounts
        .members(&actor)
        .await?
        .into_iter()
        .map(|member| Choice {
            value: member.person.id,
            label: member.person.name,
            chosen: false,
        })
        .collect();
    let projects = projects::choices(visit, &actor, &[]).await?;
    let data = TeamsPage {
        csrf: seat.csrf(),
        teams: teams
            .into_iter()
            .map(|team| TeamRow {
                members: ticked(&people, &team.user_ids),
                projects: ticked(&projects, &team.project_ids),
                id: team.id,
                name: team.name,
            })
            .collect(),
    };
    Ok(visit.show(seat.nav(), error.as_ref(), |shell| page_of(shell, &data)))
}

fn ticked(choices: &[Choice], ids: &[String]) -> Vec<Choice> {
    let tick = |choice: &Choice| Choice {
        chosen: ids.contains(&choice.value),
        ..choice.clone()
    };
    choices.iter().map(tick).collect()
}

/// Makes a team.
///
/// # Errors
/// [`Refused::SignIn`], [`Refused::Stale`]; 403 for members; if the database fails.
pub async fn create(visit: &Visit<'_>, form: &Form) -> Result<Answer, Refused> {
    let seat = visit.seat_for(form).await?;
    let actor = seat.actor_who_may(Action::ManageTeams)?;
    let made = visit.accounts().create_team(&actor, form.get("name")).await;
    match made {
        Ok(id) => done(visit, &actor, Event::TeamCreated(&id), Note::TeamCreated).await,
        Err(error) => refused(visit, &seat, error).await,
    }
}

/// Gives a team its name, members and projects.
///
/// # Errors
/// As [`create`].
pub async fn change(visit: &Visit<'_>, form: &Form) -> Result<Answer, Refused> {
    let seat = visit.seat_for(form).await?;
    let actor = seat.actor_who_may(Action::ManageTeams)?;
    let team = Team {
        id: form.get("id").to_owned(),
        name: form.get("name").to_owned(),
        user_ids: form.list("member"),
        project_ids: form.list("project"),
    };
    match visit.accounts().change_team(&actor, &team).await {
        Ok(()) => {
            done(
                visit,
                &actor,
                Event::TeamChanged(&team.id),
                Note::TeamChanged,
            )
            .await
        }
        Err(error) => refused(visit, &seat, error).await,
    }
}

/// Deletes a team.
///
/// # Errors
/// As [`create`].
pub async fn delete(visit: &Visit<'_>, form: &Form) -> Result<Answer, Refused> {
    let seat = visit.seat_for(form).await?;
    let actor = seat.actor_who_may(Action::ManageTeams)?;
    let id = form.get("id");
    match visit.accounts().delete_team(&actor, id).await {
        Ok(()) => done(visit, &actor, Event::TeamDeleted(id), Note::TeamDeleted).await,
        Err(error) => refused(visit, &seat, error).await,
    }
}

async fn done(
    visit: &Visit<'_>,
    actor: &Actor,
    event: Event<'_>,
    note: Note,
) -> Result<Answer, Refused> {
    visit
        .record(Some(&actor.organization_id), &actor.user_id, event)
        .await;
    Ok(Answer::see_other(note.at(path::TEAMS)))
}

async fn refused(visit: &Visit<'_>, seat: &Seat, error: AccountsError) -> Result<Answer, Refused> {
    match error {
        AccountsError::Unavailable(fault) => Err(fault.into()),
        error => shown(visit, seat, Some(error)).await,
    }
}
