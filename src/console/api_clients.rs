//! API clients: made, limited, revoked by whoever runs the organization. A token is shown on the page that answers its making, and nowhere else.

use sightline_accounts::{AccountsError, Action, Actor, Database as _, Name, Row, Statement};
use sightline_console::pages::{ApiClientRow, ApiClientsPage, NewToken, api_clients as page_of};
use sightline_console::{Choice, path};
use sightline_limits::DEFAULT_LIMIT;
use sightline_oauth::{ApiClientToken, ClientId};

use crate::access::Database as D1;
use crate::console::answer::Answer;
use crate::console::form::Form;
use crate::console::note::Note;
use crate::console::projects;
use crate::console::record::Event;
use crate::console::refused::Refused;
use crate::console::seat::Seat;
use crate::console::visit::Visit;
use crate::usage::Usage;

/// What a client may read that reads every project of the organization.
const ALL: &str = "*";
/// Longest life, in days: ten years.
const MOST_DAYS: i64 = 3650;
/// As the database bounds it.
const MOST_A_MINUTE: u32 = 60_000;

/// `?1` organization. Live ones first.
const LIST: &str = "SELECT c.id, c.name, c.kind, c.created_at, c.expires_at, c.revoked_at, c.last_used_at, c.requests_per_minute, p.name AS project \
     FROM api_clients c LEFT JOIN projects p ON p.id = c.project_id AND p.organization_id = c.organization_id \
     WHERE c.organization_id = ?1 ORDER BY c.revoked_at IS NOT NULL, c.created_at DESC, c.id LIMIT 500";

/// `?3` id, `?4` project or null, `?5` kind, `?6` name, `?7` secret's hash, `?8` now, `?9` until or null.
const CREATE: &str = by_an_admin!(
    "INSERT INTO api_clients (id, organization_id, project_id, kind, name, secret_hash, created_at, expires_at) \
     SELECT ?3, ?1, ?4, ?5, ?6, ?7, ?8, ?9 WHERE",
    "AND (?4 IS NULL OR EXISTS (SELECT 1 FROM projects p WHERE p.id = ?4 AND p.organization_id = ?1 AND p.archived_at IS NULL))"
);

/// `?3` id, `?4` limit or null.
const LIMIT: &str = by_an_admin!(
    "UPDATE api_clients SET requests_per_minute = ?4 WHERE id = ?3 AND organization_id = ?1 AND revoked_at IS NULL AND",
    ""
);

/// `?3` id, `?4` now.
const REVOKE: &str = by_an_admin!(
    "UPDATE api_clients SET revoked_at = ?4 WHERE id = ?3 AND organization_id = ?1 AND revoked_at IS NULL AND",
    ""
);

/// The page.
///
/// # Errors
/// [`Refused::SignIn`]; 403 for members; if the database fails.
pub async fn page(visit: &Visit<'_>) -> Result<Answer, Refused> {
    let seat = visit.seat().await?;
    shown(visit, &seat, None, None).await
}

async fn shown(
    visit: &Visit<'_>,
    seat: &Seat,
    new: Option<NewToken>,
    error: Option<AccountsError>,
) -> Result<Answer, Refused> {
    let actor = seat.actor_who_may(Action::ManageApiClients)?;
    let mut scopes = projects::choices(visit, &actor, &[]).await?;
    scopes.push(Choice {
        value: ALL.to_owned(),
        label: "All projects".to_owned(),
        chosen: false,
    });
    let data = ApiClientsPage {
        csrf: seat.csrf(),
        clients: list(visit, &actor).await?,
        scopes,
        default_requests_per_minute: DEFAULT_LIMIT,
        new,
    };
    Ok(visit.show(seat.nav(), error.as_ref(), |shell| page_of(shell, &data)))
}

async fn list(visit: &Visit<'_>, actor: &Actor) -> Result<Vec<ApiClientRow>, Refused> {
    let statement = Statement::new(LIST, [actor.organization_id.as_str().into()]);
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

/// As counters name a client.
fn subject(id: &str) -> String {
    format!("api_client:{id}")
}

fn read(visit: &Visit<'_>, row: &Row, usage: &mut Usage) -> Result<ApiClientRow, Refused> {
    let id = row.text("id")?;
    let moment = |column: &str| {
        let at_ms = row.integer_if_any(column)?;
        Ok::<_, Refused>(at_ms.map(|at_ms| visit.moment(at_ms)))
    };
    let reads = match row.text("kind")?.as_str() {
        "root" => "All projects".to_owned(),
        "write" => "Nothing: for ingestion elsewhere".to_owned(),
        _ => row.text_if_any("project")?.unwrap_or_default(),
    };
    let limit = row.integer_if_any("requests_per_minute")?;
    Ok(ApiClientRow {
        name: row.text("name")?,
        reads,
        created: visit.moment(row.integer("created_at")?),
        last_used: moment("last_used_at")?,
        expires: moment("expires_at")?,
        revoked: row.integer_if_any("revoked_at")?.is_some(),
        requests_per_minute: limit.and_then(|limit| u32::try_from(limit).ok()),
        requests_by_day: usage.of_subject(&subject(&id)),
        id,
    })
}

/// What the form of a new client says.
struct NewClient {
    name: Name,
    project_id: Option<String>,
    expires_at_ms: Option<i64>,
}

impl NewClient {
    fn read(form: &Form, now_ms: i64) -> Result<Self, AccountsError> {
        let name = Name::parse(form.get("name"))?;
        let project_id = match form.given("reads") {
            Some(ALL) => None,
            Some(id) => Some(id.to_owned()),
            None => return Err(AccountsError::Gone),
        };
        let days = form.given("days").map(str::parse::<i64>).transpose();
        // Whoever writes nonsense did not mean "never".
        let days = days.map_err(|_| AccountsError::Gone)?;
        let expires_at_ms = match days {
            None => None,
            Some(days @ 1..=MOST_DAYS) => Some(now_ms + days * crate::usage::DAY_MS),
            Some(_) => return Err(AccountsError::Gone),
        };
        Ok(Self {
            name,
            project_id,
            expires_at_ms,
        })
    }
}

/// Makes a client, and shows its token.
///
/// # Errors
/// [`Refused::SignIn`], [`Refused::Stale`]; 403 for members; if the database fails.
pub async fn create(visit: &Visit<'_>, form: &Form) -> Result<Answer, Refused> {
    let seat = visit.seat_for(form).await?;
    let actor = seat.actor_who_may(Action::ManageApiClients)?;
    let new = match NewClient::read(form, visit.now_ms) {
        Ok(new) => new,
        Err(AccountsError::Gone) => {
            return Err(Refused::malformed(
                "Choose what the client may read, and leave the days empty or give a number from 1 to 3650.",
            ));
        }
        Err(error) => return shown(visit, &seat, None, Some(error)).await,
    };
    let id = visit.randomness.id("client_");
    let client_id = ClientId::parse(&id).ok_or_else(|| Refused::malformed("It has no id."))?;
    let token = ApiClientToken::issue(client_id, visit.randomness.draw());
    let statement = Statement::new(
        CREATE,
        [
            actor.organization_id.as_str().into(),
            actor.user_id.as_str().into(),
            id.as_str().into(),
            new.project_id.as_deref().into(),
            new.project_id.as_ref().map_or("root", |_| "read").into(),
            new.name.as_str().into(),
            token.secret.hash().to_hex().into(),
            visit.now_ms.into(),
            new.expires_at_ms
                .map_or(sightline_accounts::Value::Null, Into::into),
        ],
    );
    let made = visit.store.batch(vec![statement]).await?;
    if !made.first().is_some_and(|outcome| outcome.changed()) {
        return shown(visit, &seat, None, Some(AccountsError::Gone)).await;
    }
    let reads = new.project_id.as_deref().unwrap_or(ALL);
    let event = Event::ClientCreated { id: &id, reads };
    visit
        .record(Some(&actor.organization_id), &actor.user_id, event)
        .await;
    let token = NewToken {
        name: new.name.as_str().to_owned(),
        token: token.encode(),
    };
    shown(visit, &seat, Some(token), None).await
}

/// Gives a client its own limit, or the default again.
///
/// # Errors
/// As [`create`].
pub async fn limit(visit: &Visit<'_>, form: &Form) -> Result<Answer, Refused> {
    let seat = visit.seat_for(form).await?;
    let actor = seat.actor_who_may(Action::ManageApiClients)?;
    let limit = match form.given("requests").map(str::parse::<u32>) {
        None => None,
        Some(Ok(limit @ 1..=MOST_A_MINUTE)) => Some(limit),
        Some(_) => {
            return Err(Refused::malformed(
                "Give a number of requests from 1 to 60000, or none for the default.",
            ));
        }
    };
    let value = limit.map_or(sightline_accounts::Value::Null, |limit| {
        i64::from(limit).into()
    });
    let id = form.get("id");
    let event = Event::ClientLimited { id, limit };
    change(
        visit,
        &seat,
        &actor,
        LIMIT,
        (id, value),
        event,
        Note::ClientLimited,
    )
    .await
}

/// Ends a client.
///
/// # Errors
/// As [`create`].
pub async fn revoke(visit: &Visit<'_>, form: &Form) -> Result<Answer, Refused> {
    let seat = visit.seat_for(form).await?;
    let actor = seat.actor_who_may(Action::ManageApiClients)?;
    let id = form.get("id");
    let value = visit.now_ms.into();
    let event = Event::ClientRevoked(id);
    change(
        visit,
        &seat,
        &actor,
        REVOKE,
        (id, value),
        event,
        Note::ClientRevoked,
    )
    .await
}

async fn change(
    visit: &Visit<'_>,
    seat: &Seat,
    actor: &Actor,
    sql: &'static str,
    (id, value): (&str, sightline_accounts::Value),
    event: Event<'_>,
    note: Note,
) -> Result<Answer, Refused> {
    let statement = Statement::new(
        sql,
        [
            actor.organization_id.as_str().into(),
            actor.user_id.as_str().into(),
            id.into(),
            value,
        ],
    );
    let done = visit.store.batch(vec![statement]).await?;
    if !done.first().is_some_and(|outcome| outcome.changed()) {
        return shown(visit, seat, None, Some(AccountsError::Gone)).await;
    }
    visit
        .record(Some(&actor.organization_id), &actor.user_id, event)
        .await;
    Ok(Answer::see_other(note.at(path::API_CLIENTS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_reads_one_project_or_all_and_never_all_by_mistake() {
        let read = |form: &str| NewClient::read(&Form::of_query(form.as_bytes()), 0);
        assert!(read("name=a&reads=*").is_ok_and(|new| new.project_id.is_none()));
        assert!(
            read("name=a&reads=shop").is_ok_and(|new| new.project_id.as_deref() == Some("shop"))
        );
        for form in ["name=a", "name=a&reads=", "name=a&reads=shop&reads=docs"] {
            assert!(read(form).is_err(), "{form}");
        }
        assert!(read("name=&reads=*").is_err_and(|error| error == AccountsError::Name));
    }

    #[test]
    fn days_are_a_number_within_bounds_and_none_means_never() {
        let read = |days: &str| {
            let form = format!("name=a&reads=*&days={days}");
            NewClient::read(&Form::of_query(form.as_bytes()), 1_000)
        };
        assert!(read("").is_ok_and(|new| new.expires_at_ms.is_none()));
        assert!(read("2").is_ok_and(|new| new.expires_at_ms == Some(1_000 + 2 * 86_400_000)));
        for days in ["0", "-1", "3651", "soon", "1e3", "9223372036854775807"] {
            assert!(read(days).is_err(), "{days}");
        }
    }
}
