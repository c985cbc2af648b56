//! Members and invitations, for whoever runs the organization.

use sightline_accounts::{
    AccountsError, Action, Actor, Invitation, Member, NewInvitation, Role, Sees,
};
use sightline_console::pages::{InvitationRow, MemberRow, MembersPage, members as page_of};
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
    shown(visit, &seat, Fresh::Nothing, None).await
}

/// A link just made.
enum Fresh {
    Nothing,
    Invitation(String),
    Reset(String),
}

async fn shown(
    visit: &Visit<'_>,
    seat: &Seat,
    fresh: Fresh,
    error: Option<AccountsError>,
) -> Result<Answer, Refused> {
    let actor = seat.actor_who_may(Action::SeeMembers)?;
    let accounts = visit.accounts();
    let members = accounts.members(&actor).await?;
    let invitations = accounts.invitations(&actor).await?;
    let projects = projects::choices(visit, &actor, &[]).await?;
    let (new_link, new_reset) = match fresh {
        Fresh::Nothing => (None, None),
        Fresh::Invitation(link) => (Some(link), None),
        Fresh::Reset(link) => (None, Some(link)),
    };
    let data = MembersPage {
        csrf: seat.csrf(),
        members: members
            .iter()
            .map(|member| row(&actor, member, &projects))
            .collect(),
        invitations: invitations
            .iter()
            .map(|invitation| open(visit, invitation))
            .collect(),
        roles: roles(Role::Member, |role| actor.role.may(Action::Invite { role })),
        projects,
        new_link,
        new_reset,
    };
    Ok(visit.show(seat.nav(), error.as_ref(), |shell| page_of(shell, &data)))
}

fn label(role: Role) -> &'static str {
    match role {
        Role::Member => "Member",
        Role::Admin => "Admin",
        Role::Owner => "Owner",
    }
}

fn roles(chosen: Role, may: impl Fn(Role) -> bool) -> Vec<Choice> {
    Role::ALL
        .into_iter()
        .filter(|role| may(*role))
        .map(|role| Choice {
            value: role.name().to_owned(),
            label: label(role).to_owned(),
            chosen: role == chosen,
        })
        .collect()
}

fn row(actor: &Actor, member: &Member, projects: &[Choice]) -> MemberRow {
    let from = member.role;
    let may_change = actor.role.may(Action::ChangeRole { from, to: from });
    let named: &[String] = match &member.sees {
        Sees::All => &[],
        Sees::Named(ids) => ids,
    };
    let ticks = projects.iter().map(|project| Choice {
        chosen: named.contains(&project.value),
        ..project.clone()
    });
    let off = if member.disabled {
        ", switched off"
    } else {
        ""
    };
    MemberRow {
        id: member.person.id.clone(),
        name: member.person.name.clone(),
        email: member.person.email.as_str().to_owned(),
        role: format!("{}{off}", label(from)),
        sees: sees_in_words(&member.sees, member.team_ids.len()),
        is_self: member.person.id == actor.user_id,
        roles: match may_change {
            true => roles(from, |to| actor.role.may(Action::ChangeRole { from, to })),
            false => Vec::new(),
        },
        projects: match from {
            Role::Member => ticks.collect(),
            Role::Admin | Role::Owner => Vec::new(),
        },
        sees_all: member.sees == Sees::All,
    }
}

fn sees_in_words(sees: &Sees, teams: usize) -> String {
    let count = |number: usize, what: &str| {
        format!("{number} {what}{}", if number == 1 { "" } else { "s" })
    };
    match (sees, teams) {
        (Sees::All, _) => "All projects".to_owned(),
        (Sees::Named(ids), 0) => count(ids.len(), "project"),
        (Sees::Named(ids), teams) => {
            format!("{}, {}", count(ids.len(), "project"), count(teams, "team"))
        }
    }
}

fn open(visit: &Visit<'_>, invitation: &Invitation) -> InvitationRow {
    InvitationRow {
        id: invitation.id.clone(),
        who: match &invitation.email {
            Some(email) => email.as_str().to_owned(),
            None => "Anyone with the link".to_owned(),
        },
        role: label(invitation.role).to_owned(),
        expires: visit.moment(invitation.expires_ms),
    }
}

/// What the form says of visibility. Who runs the organization sees all of it.
fn sees(form: &Form, role: Role) -> Sees {
    match (role, form.get("sees")) {
        (Role::Member, "named") => Sees::Named(form.list("project")),
        _ => Sees::All,
    }
}

fn role_of(form: &Form) -> Result<Role, Refused> {
    Role::from_name(form.get("role")).ok_or_else(|| Refused::malformed("Choose a role."))
}

/// Makes an invitation, and shows its link.
///
/// # Errors
/// [`Refused::SignIn`], [`Refused::Stale`]; 403 for members; if the database fails.
pub async fn invite(visit: &Visit<'_>, form: &Form) -> Result<Answer, Refused> {
    let seat = visit.seat_for(form).await?;
    let actor = seat.actor_who_may(Action::SeeMembers)?;
    let role = role_of(form)?;
    let new = NewInvitation {
        email: form.get("email"),
        role,
        sees: sees(form, role),
    };
    match visit.accounts().invite(&actor, &new).await {
        Ok((token, id)) => {
            let role = role.name();
            let event = Event::InvitationMade { id: &id, role };
            record(visit, &actor, event).await;
            let link = format!("{}/{}", path::INVITATION, token.reveal());
            shown(visit, &seat, Fresh::Invitation(visit.realm.at(&link)), None).await
        }
        Err(error) => refused(visit, &seat, error).await,
    }
}

/// Takes an invitation back.
///
/// # Errors
/// As [`invite`].
pub async fn revoke_invitation(visit: &Visit<'_>, form: &Form) -> Result<Answer, Refused> {
    let seat = visit.seat_for(form).await?;
    let actor = seat.actor_who_may(Action::SeeMembers)?;
    let id = form.get("id");
    match visit.accounts().revoke_invitation(&actor, id).await {
        Ok(()) => {
            record(visit, &actor, Event::InvitationRevoked(id)).await;
            Ok(Answer::see_other(Note::InvitationRevoked.at(path::MEMBERS)))
        }
        Err(error) => refused(visit, &seat, error).await,
    }
}

/// Changes what a member is, or, where that stays, what they see: one of the two, so that nothing is half done.
///
/// # Errors
/// As [`invite`].
pub async fn change(visit: &Visit<'_>, form: &Form) -> Result<Answer, Refused> {
    let seat = visit.seat_for(form).await?;
    let actor = seat.actor_who_may(Action::SeeMembers)?;
    let (id, to) = (form.get("id"), role_of(form)?);
    let accounts = visit.accounts();
    let members = accounts.members(&actor).await?;
    let Some(member) = members.iter().find(|member| member.person.id == id) else {
        return refused(visit, &seat, AccountsError::Gone).await;
    };
    let sees = match form.given("sees") {
        Some(_) => sees(form, to),
        None => member.sees.clone(),
    };
    let changed = if member.role == to {
        accounts.change_visibility(&actor, id, &sees).await
    } else {
        accounts.change_role(&actor, id, to).await
    };
    match changed {
        Ok(()) => {
            let (role, sees) = (to.name(), sees.name());
            let event = Event::MemberChanged { id, role, sees };
            record(visit, &actor, event).await;
            Ok(Answer::see_other(Note::MemberChanged.at(path::MEMBERS)))
        }
        Err(error) => refused(visit, &seat, error).await,
    }
}

/// Makes a link for a member who forgot their password, and shows it.
///
/// # Errors
/// As [`invite`].
pub async fn offer_reset(visit: &Visit<'_>, form: &Form) -> Result<Answer, Refused> {
    let seat = visit.seat_for(form).await?;
    let actor = seat.actor_who_may(Action::SeeMembers)?;
    let id = form.get("id");
    match visit.accounts().offer_reset(&actor, id).await {
        Ok(token) => {
            record(visit, &actor, Event::ResetOffered(id)).await;
            let link = format!("{}/{}", path::RESET, token.reveal());
            shown(visit, &seat, Fresh::Reset(visit.realm.at(&link)), None).await
        }
        Err(error) => refused(visit, &seat, error).await,
    }
}

/// Removes a member; or oneself, whoever one is.
///
/// # Errors
/// As [`invite`].
pub async fn remove(visit: &Visit<'_>, form: &Form) -> Result<Answer, Refused> {
    let seat = visit.seat_for(form).await?;
    let actor = seat.actor()?;
    let id = form.get("id");
    match visit.accounts().remove_member(&actor, id).await {
        Ok(()) => {
            record(visit, &actor, Event::MemberRemoved(id)).await;
            Ok(Answer::see_other(if id == actor.user_id {
                Note::Left.at(path::ACCOUNT)
            } else {
                Note::MemberRemoved.at(path::MEMBERS)
            }))
        }
        Err(error) => refused(visit, &seat, error).await,
    }
}

async fn record(visit: &Visit<'_>, actor: &Actor, event: Event<'_>) {
    visit
        .record(Some(&actor.organization_id), &actor.user_id, event)
        .await;
}

/// The page again, saying why.
async fn refused(visit: &Visit<'_>, seat: &Seat, error: AccountsError) -> Result<Answer, Refused> {
    match error {
        AccountsError::Unavailable(fault) => Err(fault.into()),
        error => shown(visit, seat, Fresh::Nothing, Some(error)).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_runs_the_organization_sees_all_of_it_whatever_the_form_says() {
        let form = Form::of_query(b"sees=named&project=a&project=b");
        let named = Sees::Named(vec!["a".to_owned(), "b".to_owned()]);
        assert_eq!(sees(&form, Role::Member), named);
        assert_eq!(sees(&form, Role::Admin), Sees::All);
        assert_eq!(
            sees(&Form::of_query(b"sees=all&project=a"), Role::Member),
            Sees::All
        );
    }

    #[test]
    fn an_admin_is_offered_no_change_of_an_owner_and_nobody_is_made_one() {
        let actor = |role| Actor {
            user_id: "me".to_owned(),
            organization_id: "o".to_owned(),
            role,
        };
        let offered = |by: Role, from: Role| {
            roles(from, |to| {
                actor(by).role.may(Action::ChangeRole { from, to })
            })
            .into_iter()
            .map(|choice| choice.value)
            .collect::<Vec<_>>()
        };
        assert_eq!(offered(Role::Admin, Role::Owner), Vec::<String>::new());
        assert_eq!(offered(Role::Admin, Role::Member), ["member", "admin"]);
        assert_eq!(
            offered(Role::Owner, Role::Owner),
            ["member", "admin", "owner"]
        );
    }

    #[test]
    fn what_a_member_sees_is_told_in_words() {
        let named = |number| Sees::Named(vec!["p".to_owned(); number]);
        assert_eq!(sees_in_words(&Sees::All, 3), "All projects");
        assert_eq!(sees_in_words(&named(1), 0), "1 project");
        assert_eq!(sees_in_words(&named(2), 1), "2 projects, 1 team");
    }
}
