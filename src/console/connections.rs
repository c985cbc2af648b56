//! Connected apps: one's own, and for whoever runs the organization everybody's.

use sightline_accounts::{AccountsError, Action, Actor, Name, Row, Statement};
use sightline_console::pages::{ConnectionRow, ConnectionsPage, connections as page_of};
use sightline_console::path;
use sightline_oauth::ScopeSet;

use crate::access::Database as D1;
use crate::console::answer::Answer;
use crate::console::authorize::title;
use crate::console::form::Form;
use crate::console::note::Note;
use crate::console::record::Event;
use crate::console::refused::Refused;
use crate::console::seat::Seat;
use crate::console::visit::Visit;
use crate::oauth::deployment::Deployment;
use crate::usage::Usage;
use sightline_accounts::Database as _;

/// Live connections of the organization `?1`; `?2` the person, `?3` whether everybody's, `?4` now. The latest first.
const LIST: &str = "SELECT c.id, c.user_id, c.app_name, c.redirect_host, c.scope, c.created_at, c.last_used_at, u.name AS person, \
     (SELECT json_group_array(p.name) FROM projects p WHERE p.organization_id = c.organization_id \
       AND p.id IN (SELECT value FROM json_each(c.project_ids))) AS projects \
     FROM connections c JOIN users u ON u.id = c.user_id \
     WHERE c.organization_id = ?1 AND (c.user_id = ?2 OR ?3 = 1) AND c.revoked_at IS NULL AND c.expires_at > ?4 \
     ORDER BY c.created_at DESC, c.id LIMIT 500";

/// `?1` organization, `?2` person, `?3` connection, `?4` name.
const RENAME: &str = "UPDATE connections SET app_name = ?4 \
     WHERE id = ?3 AND organization_id = ?1 AND user_id = ?2 AND revoked_at IS NULL";

/// A connection the actor may end, or could have: their own, or, if they run the organization now, anybody's in it. `?1` organization, `?2` person, `?3` connection.
const MAY_REVOKE: &str = "SELECT 1 AS one FROM connections c WHERE c.id = ?3 AND c.organization_id = ?1 \
     AND (c.user_id = ?2 OR EXISTS (SELECT 1 FROM members a WHERE a.organization_id = ?1 AND a.user_id = ?2 AND a.role IN ('owner', 'admin')))";

/// A row of the list.
struct Listed {
    user_id: String,
    person: String,
    row: ConnectionRow,
}

/// The page.
///
/// # Errors
/// [`Refused::SignIn`]; if the database fails.
pub async fn page(visit: &Visit<'_>) -> Result<Answer, Refused> {
    let seat = visit.seat().await?;
    shown(visit, &seat, None).await
}

async fn shown(
    visit: &Visit<'_>,
    seat: &Seat,
    error: Option<AccountsError>,
) -> Result<Answer, Refused> {
    let actor = seat.actor_who_may(Action::ManageOwnConnections)?;
    let sees_all = seat.may(Action::ManageAllConnections);
    let listed = list(visit, &actor, sees_all).await?;
    let (own, others): (Vec<_>, Vec<_>) = listed
        .into_iter()
        .partition(|listed| listed.user_id == actor.user_id);
    let others = others.into_iter().map(|listed| ConnectionRow {
        person: Some(listed.person),
        ..listed.row
    });
    let data = ConnectionsPage {
        csrf: seat.csrf(),
        own: own.into_iter().map(|listed| listed.row).collect(),
        others: sees_all.then(|| others.collect()),
    };
    Ok(visit.show(seat.nav(), error.as_ref(), |shell| page_of(shell, &data)))
}

async fn list(visit: &Visit<'_>, actor: &Actor, all: bool) -> Result<Vec<Listed>, Refused> {
    let statement = Statement::new(
        LIST,
        [
            actor.organization_id.as_str().into(),
            actor.user_id.as_str().into(),
            i64::from(all).into(),
            visit.now_ms.into(),
        ],
    );
    let found = visit.store.batch(vec![statement]).await?;
    let rows = found.first().map_or(&[][..], |outcome| &outcome.rows[..]);
    let subjects = rows
        .iter()
        .map(|row| Ok(subject(&row.text("id")?)))
        .collect::<Result<Vec<_>, Refused>>()?;
    let mut usage = D1::of(visit.env)?.usage(&subjects, visit.now_ms).await?;
    rows.iter()
        .map(|row| read(visit, row, &mut usage))
        .collect()
}

/// As counters name a connection.
fn subject(id: &str) -> String {
    format!("connection:{id}")
}

fn read(visit: &Visit<'_>, row: &Row, usage: &mut Usage) -> Result<Listed, Refused> {
    let id = row.text("id")?;
    let scopes = ScopeSet::parse(&row.text("scope")?).unwrap_or_default();
    let projects = row.text_if_any("projects")?.unwrap_or_default();
    Ok(Listed {
        user_id: row.text("user_id")?,
        person: row.text("person")?,
        row: ConnectionRow {
            name: row.text("app_name")?,
            host: row.text("redirect_host")?,
            person: None,
            scopes: scopes.iter().map(|scope| title(scope).to_owned()).collect(),
            projects: serde_json::from_str(&projects).unwrap_or_default(),
            created: visit.moment(row.integer("created_at")?),
            last_used: row
                .integer_if_any("last_used_at")?
                .map(|at_ms| visit.moment(at_ms)),
            requests_by_day: usage.of_subject(&subject(&id)),
            id,
        },
    })
}

/// Gives one's own connection another name.
///
/// # Errors
/// [`Refused::SignIn`], [`Refused::Stale`]; if the database fails.
pub async fn rename(visit: &Visit<'_>, form: &Form) -> Result<Answer, Refused> {
    let seat = visit.seat_for(form).await?;
    let actor = seat.actor_who_may(Action::ManageOwnConnections)?;
    let (id, name) = (form.get("id"), Name::parse(form.get("name")));
    let name = match name {
        Ok(name) => name,
        Err(error) => return shown(visit, &seat, Some(error)).await,
    };
    let statement = Statement::new(
        RENAME,
        [
            actor.organization_id.as_str().into(),
            actor.user_id.as_str().into(),
            id.into(),
            name.as_str().into(),
        ],
    );
    let done = visit.store.batch(vec![statement]).await?;
    if !done.first().is_some_and(|outcome| outcome.changed()) {
        return shown(visit, &seat, Some(AccountsError::Gone)).await;
    }
    let event = Event::ConnectionRenamed(id);
    visit
        .record(Some(&actor.organization_id), &actor.user_id, event)
        .await;
    Ok(Answer::see_other(
        Note::ConnectionRenamed.at(path::CONNECTIONS),
    ))
}

/// Ends a connection: one's own, or anybody's in the organization one runs. Again does no harm.
///
/// # Errors
/// As [`rename`].
pub async fn revoke(visit: &Visit<'_>, form: &Form) -> Result<Answer, Refused> {
    let seat = visit.seat_for(form).await?;
    let actor = seat.actor_who_may(Action::ManageOwnConnections)?;
    let id = form.get("id");
    let statement = Statement::new(
        MAY_REVOKE,
        [
            actor.organization_id.as_str().into(),
            actor.user_id.as_str().into(),
            id.into(),
        ],
    );
    let allowed = visit.store.batch(vec![statement]).await?;
    let allowed = allowed
        .first()
        .is_some_and(|outcome| !outcome.rows.is_empty());
    let deployment = Deployment::of(visit.env)?;
    let server = deployment.server(&visit.realm);
    let (organization, person) = (&actor.organization_id, &actor.user_id);
    if !allowed {
        return shown(visit, &seat, Some(AccountsError::Gone)).await;
    }
    // One that has ended already is as its person wants it: perhaps an answer was lost.
    server.end_connection(id, organization, person).await?;
    Ok(Answer::see_other(
        Note::ConnectionRevoked.at(path::CONNECTIONS),
    ))
}
