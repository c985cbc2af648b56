//! Projects: seen by whoever may, made, renamed and archived by whoever runs the organization.

use sightline_accounts::{
    AccountsError, Action, Actor, Database as _, Name, Row, Statement, Value,
};
use sightline_console::pages::{ProjectRow, ProjectsPage, projects as page_of};
use sightline_console::{Choice, path};
use sightline_warehouse::clickhouse::ClickHouseProject;
use sightline_warehouse::{Calendar, WarehouseError, WeekStart};

use crate::clickhouse;
use crate::console::answer::Answer;
use crate::console::form::Form;
use crate::console::note::Note;
use crate::console::record::Event;
use crate::console::refused::Refused;
use crate::console::seat::Seat;
use crate::console::visit::Visit;

/// `?1` organization, `?2` a JSON array of ids.
const LIST: &str = "SELECT id, name, domain, timezone, currency FROM projects \
     WHERE organization_id = ?1 AND archived_at IS NULL AND id IN (SELECT value FROM json_each(?2)) ORDER BY name, id";

/// `?1` organization.
const ALL: &str = "SELECT id, name FROM projects WHERE organization_id = ?1 AND archived_at IS NULL ORDER BY name, id LIMIT 1000";

/// Whether there is a second organization, whose data might lie in the bucket.
const SEVERAL: &str = "SELECT 1 AS one FROM organizations LIMIT 1 OFFSET 1";

/// `?3` id, `?4` name, `?5` domain or null, `?6` time zone, `?7` currency, `?8` now.
const CREATE: &str = by_an_admin!(
    "INSERT INTO projects (id, organization_id, name, domain, timezone, currency, created_at) SELECT ?3, ?1, ?4, ?5, ?6, ?7, ?8 WHERE",
    "ON CONFLICT (id) DO NOTHING"
);

/// `?3` id, `?4` name.
const RENAME: &str = by_an_admin!(
    "UPDATE projects SET name = ?4 WHERE id = ?3 AND organization_id = ?1 AND archived_at IS NULL AND",
    ""
);

/// `?3` id, `?4` now.
const ARCHIVE: &str = by_an_admin!(
    "UPDATE projects SET archived_at = ?4 WHERE id = ?3 AND organization_id = ?1 AND archived_at IS NULL AND",
    ""
);

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
    let actor = seat.actor_who_may(Action::UseProjects)?;
    let visible = visit
        .accounts()
        .visible_projects(&actor.user_id, &actor.organization_id)
        .await?;
    let visible = serde_json::Value::from(visible).to_string();
    let values = [actor.organization_id.as_str().into(), visible.into()];
    let found = visit
        .store
        .batch(vec![Statement::new(LIST, values)])
        .await?;
    let rows = found.first().map_or(&[][..], |outcome| &outcome.rows[..]);
    let data = ProjectsPage {
        csrf: seat.csrf(),
        projects: rows.iter().map(read).collect::<Result<_, _>>()?,
        may_manage: seat.may(Action::ManageProjects),
    };
    Ok(visit.show(seat.nav(), error.as_ref(), |shell| page_of(shell, &data)))
}

fn read(row: &Row) -> Result<ProjectRow, Refused> {
    Ok(ProjectRow {
        id: row.text("id")?,
        name: row.text("name")?,
        domain: row.text_if_any("domain")?,
        timezone: row.text("timezone")?,
        currency: row.text("currency")?,
    })
}

/// The organization's projects, to choose from; those of `chosen` are. For people who run it.
///
/// # Errors
/// If the database fails.
pub async fn choices(
    visit: &Visit<'_>,
    actor: &Actor,
    chosen: &[String],
) -> Result<Vec<Choice>, Refused> {
    let statement = Statement::new(ALL, [actor.organization_id.as_str().into()]);
    let found = visit.store.batch(vec![statement]).await?;
    let rows = found.first().map_or(&[][..], |outcome| &outcome.rows[..]);
    rows.iter()
        .map(|row| {
            let value = row.text("id")?;
            Ok(Choice {
                label: row.text("name")?,
                chosen: chosen.contains(&value),
                value,
            })
        })
        .collect()
}

/// What the form of a new project says.
struct NewProject<'a> {
    id: &'a str,
    name: Name,
    domain: Option<&'a str>,
    timezone: &'a str,
    currency: String,
}

impl<'a> NewProject<'a> {
    /// # Errors
    /// What to do about it.
    fn read(form: &'a Form) -> Result<Self, &'static str> {
        let name =
            Name::parse(form.get("name")).map_err(|_| "Enter a name of 1 to 200 characters.")?;
        let id = form.get("id").trim();
        let is_id = (1..=64).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if !is_id {
            return Err("An id has 1 to 64 letters, digits, hyphens and underscores.");
        }
        let domain = form.given("domain");
        let is_domain = |domain: &str| {
            domain.len() <= 253
                && domain
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b':'))
        };
        if !domain.is_none_or(is_domain) {
            return Err("Enter the domain alone, such as example.com.");
        }
        let timezone = form.given("timezone").unwrap_or("UTC");
        if timezone.len() > 64 || Calendar::named(timezone, WeekStart::default()).is_none() {
            return Err("Enter a time zone such as Europe/Stockholm.");
        }
        let currency = form.given("currency").unwrap_or("USD").to_ascii_uppercase();
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err("Enter a currency by its three letters, such as EUR.");
        }
        Ok(Self {
            id,
            name,
            domain,
            timezone,
            currency,
        })
    }
}

/// Makes a project.
///
/// # Errors
/// [`Refused::SignIn`], [`Refused::Stale`]; 403 for members; if the database or the bucket fails.
pub async fn create(visit: &Visit<'_>, form: &Form) -> Result<Answer, Refused> {
    let seat = visit.seat_for(form).await?;
    let actor = seat.actor_who_may(Action::ManageProjects)?;
    let new = NewProject::read(form).map_err(Refused::malformed)?;
    if is_somebodys(visit, new.id).await? {
        return Err(Refused::malformed(
            "There is data under this id already. Choose another id, or ask whoever runs this server to make the project.",
        ));
    }
    let values: Vec<Value> = vec![
        actor.organization_id.as_str().into(),
        actor.user_id.as_str().into(),
        new.id.into(),
        new.name.as_str().into(),
        new.domain.into(),
        new.timezone.into(),
        new.currency.as_str().into(),
        visit.now_ms.into(),
    ];
    let event = Event::ProjectCreated(new.id);
    let taken = AccountsError::NameTaken;
    let statement = Statement::new(CREATE, values);
    change(
        visit,
        &seat,
        &actor,
        statement,
        event,
        (Note::ProjectCreated, taken),
    )
    .await
}

/// Whether data may be another organization's: with several of them, a project's id names a folder, and rows in a ClickHouse, that nobody
/// else may have filled. Where there is one organization, its people import first and name the project afterwards.
async fn is_somebodys(visit: &Visit<'_>, id: &str) -> Result<bool, Refused> {
    let several = visit.store.batch(vec![Statement::new(SEVERAL, [])]).await?;
    if several
        .first()
        .is_none_or(|outcome| outcome.rows.is_empty())
    {
        return Ok(false);
    }
    let unavailable = |error: worker::Error| Refused::Unavailable {
        slug: "bucket_unavailable",
        detail: error.to_string(),
    };
    let bucket = visit.env.bucket("LAKE").map_err(unavailable)?;
    let listed = bucket.list().prefix(format!("{id}/")).limit(1).execute();
    if !listed.await.map_err(unavailable)?.objects().is_empty() {
        return Ok(true);
    }
    if !clickhouse::is_configured(visit.env) {
        return Ok(false);
    }
    let unavailable = |error: WarehouseError| Refused::Unavailable {
        slug: error.slug(),
        detail: error.to_string(),
    };
    let server = clickhouse::server(visit.env).map_err(unavailable)?;
    let rows = ClickHouseProject::new(server, id);
    Ok(!rows.is_empty().await.map_err(unavailable)?)
}

/// Gives a project another name.
///
/// # Errors
/// As [`create`].
pub async fn rename(visit: &Visit<'_>, form: &Form) -> Result<Answer, Refused> {
    let seat = visit.seat_for(form).await?;
    let actor = seat.actor_who_may(Action::ManageProjects)?;
    let id = form.get("id");
    let name = match Name::parse(form.get("name")) {
        Ok(name) => name,
        Err(error) => return shown(visit, &seat, Some(error)).await,
    };
    let statement = Statement::new(RENAME, of_one(&actor, id, name.as_str().into()));
    let event = Event::ProjectRenamed(id);
    let gone = AccountsError::Gone;
    change(
        visit,
        &seat,
        &actor,
        statement,
        event,
        (Note::ProjectRenamed, gone),
    )
    .await
}

/// Takes a project out of sight.
///
/// # Errors
/// As [`create`].
pub async fn archive(visit: &Visit<'_>, form: &Form) -> Result<Answer, Refused> {
    let seat = visit.seat_for(form).await?;
    let actor = seat.actor_who_may(Action::ManageProjects)?;
    let id = form.get("id");
    let statement = Statement::new(ARCHIVE, of_one(&actor, id, visit.now_ms.into()));
    let event = Event::ProjectArchived(id);
    let gone = AccountsError::Gone;
    change(
        visit,
        &seat,
        &actor,
        statement,
        event,
        (Note::ProjectArchived, gone),
    )
    .await
}

fn of_one(actor: &Actor, id: &str, value: Value) -> [Value; 4] {
    [
        actor.organization_id.as_str().into(),
        actor.user_id.as_str().into(),
        id.into(),
        value,
    ]
}

async fn change(
    visit: &Visit<'_>,
    seat: &Seat,
    actor: &Actor,
    statement: Statement,
    event: Event<'_>,
    (done, not_done): (Note, AccountsError),
) -> Result<Answer, Refused> {
    let outcome = visit.store.batch(vec![statement]).await?;
    if !outcome.first().is_some_and(|outcome| outcome.changed()) {
        return shown(visit, seat, Some(not_done)).await;
    }
    visit
        .record(Some(&actor.organization_id), &actor.user_id, event)
        .await;
    Ok(Answer::see_other(done.at(path::PROJECTS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_is_named_in_ways_its_folder_its_days_and_its_amounts_can_have() {
        let flaw = |form: &str| NewProject::read(&Form::of_query(form.as_bytes())).err();
        let good = "name=Shop&id=shop-1&domain=shop.example&timezone=Europe/Stockholm&currency=sek";
        assert_eq!(flaw(good), None);
        assert_eq!(flaw("name=Shop&id=shop"), None);
        for form in [
            "name=&id=shop",
            "name=Shop&id=",
            "name=Shop&id=../other",
            "name=Shop&id=a.b",
            "name=Shop&id=a/b",
            "name=Shop&id=shop&timezone=Mars/Olympus",
            "name=Shop&id=shop&currency=euro",
            "name=Shop&id=shop&currency=12%24",
            "name=Shop&id=shop&domain=https://shop.example/",
        ] {
            assert!(flaw(form).is_some(), "{form}");
        }
    }
}
