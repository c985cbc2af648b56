//! The demo's projects, written: all tables, the manifest, and nothing else left.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use chrono::{Days, NaiveDate, NaiveTime};
use futures::TryStreamExt as _;
use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload, path::Path, prefix::PrefixStore};

use super::{
    DemoProject, PROJECTS, app, companies,
    dice::Dice,
    docs,
    people::{Person, Visitors},
    search_console, shop,
    visit::Visit,
};
use crate::{
    DataFile, LakeError, MANIFEST_PATH, Manifest, Rows, Table, Writer, footer_copies,
    layout::is_written_by_imports, sessions::Builder,
};

/// Days of data, today included.
const DAYS: u64 = 90;
const BATCH_ROWS: usize = 8_192;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// The file at the root that describes the projects.
const DESCRIPTION_PATH: &str = "demo.json";

/// Up to when the demo goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DemoOptions {
    /// The last day.
    pub today: NaiveDate,
    /// No event is later than this, Unix milliseconds.
    pub now_ms: i64,
    /// Other seeds give other data.
    pub seed: u64,
}

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DemoSummary {
    /// Events of all projects.
    pub events: u64,
    /// Sessions of all projects.
    pub sessions: u64,
    /// Profiles of all projects.
    pub profiles: u64,
    /// Data files of all projects.
    pub files: u64,
}

/// Writes the demo's projects, each under its id, and `demo.json`, which describes them. What was in these projects before is
/// replaced.
///
/// # Errors
/// [`LakeError::Storage`] when the store fails.
pub async fn write(
    root: &Arc<dyn ObjectStore>,
    options: DemoOptions,
) -> Result<DemoSummary, LakeError> {
    let mut summary = DemoSummary::default();
    for project in &PROJECTS {
        let store: Arc<dyn ObjectStore> = Arc::new(PrefixStore::new(Arc::clone(root), project.id));
        let rows = |files: &[DataFile]| files.iter().filter_map(|file| file.rows).sum::<u64>();
        let mut manifest = Manifest::default();
        for (table, files) in write_project(&store, project, options).await? {
            match table {
                Table::Events => summary.events += rows(&files),
                Table::Sessions => summary.sessions += rows(&files),
                Table::Profiles => summary.profiles += rows(&files),
                _ => {}
            }
            summary.files += files.len() as u64;
            manifest.set_files(table, files);
        }
        footer_copies::write(&store, &mut manifest, &name(options)).await?;
        let put = store
            .put(
                &Path::from(MANIFEST_PATH),
                PutPayload::from(manifest.to_json()),
            )
            .await;
        put.map_err(|error| LakeError::storage("write", MANIFEST_PATH, error))?;
        delete_others(&store, &manifest).await?;
    }
    let description =
        serde_json::json!({ "seed": options.seed, "today": options.today, "projects": PROJECTS });
    let put = root
        .put(
            &Path::from(DESCRIPTION_PATH),
            PutPayload::from(format!("{description:#}\n").into_bytes()),
        )
        .await;
    put.map_err(|error| LakeError::storage("write", DESCRIPTION_PATH, error))?;
    Ok(summary)
}

/// What the files are called. Two versions of a day must not share a name: readers cache footers by name and size where a store has no
/// etags.
fn name(options: DemoOptions) -> String {
    format!("demo-{}-{:x}", options.now_ms, options.seed)
}

async fn write_project(
    store: &Arc<dyn ObjectStore>,
    project: &DemoProject,
    options: DemoOptions,
) -> Result<Vec<(Table, Vec<DataFile>)>, LakeError> {
    let visits = visits(project, options);
    let mut order: Vec<(i64, &str, usize, usize)> = Vec::new();
    for (number, visit) in visits.iter().enumerate() {
        let moments = visit
            .moments
            .iter()
            .enumerate()
            .filter(|(_, moment)| moment.at_ms <= options.now_ms);
        order.extend(
            moments.map(|(at, moment)| (moment.at_ms, moment.event_id.as_str(), number, at)),
        );
    }
    order.sort_unstable();
    let name = name(options);
    let mut tables = events_and_sessions(store, &name, &visits, &order).await?;
    let profiles = profiles(project, options.seed, &visits, &order)?;
    tables.push((
        Table::Profiles,
        write_table(store, Table::Profiles, &name, &profiles).await?,
    ));
    if project.id == "app" {
        let groups = groups(options)?;
        tables.push((
            Table::Groups,
            write_table(store, Table::Groups, &name, &groups).await?,
        ));
    }
    if project.id == "shop" {
        for (table, rows) in search_console::tables(options.seed, options.today, DAYS)? {
            tables.push((table, write_table(store, table, &name, &rows).await?));
        }
    }
    Ok(tables)
}

/// Every visit of the project, in no particular order.
fn visits(project: &DemoProject, options: DemoOptions) -> Vec<Visit> {
    let DemoOptions { today, seed, .. } = options;
    let mut visitors = Visitors::default();
    let mut dice = Dice::of(seed, project.id, 0);
    let mut visits = Vec::new();
    for days_ago in (0..DAYS).rev() {
        let Some(day) = today.checked_sub_days(Days::new(days_ago)) else {
            continue;
        };
        let midnight_ms = midnight_ms(day);
        let days_ago = days_ago as i64;
        match project.id {
            "shop" => {
                for _ in 0..shop::visits(&mut dice, day, days_ago) {
                    visits.push(shop::visit(
                        seed,
                        visits.len() as u64,
                        &mut visitors,
                        midnight_ms,
                        days_ago,
                    ));
                }
            }
            "docs" => {
                for _ in 0..docs::visits(&mut dice, day, days_ago) {
                    visits.push(docs::visit(
                        seed,
                        visits.len() as u64,
                        &mut visitors,
                        midnight_ms,
                    ));
                }
            }
            _ => visits.extend(app::visits(seed, &mut visitors, day, midnight_ms, days_ago)),
        }
    }
    visits
}

async fn events_and_sessions(
    store: &Arc<dyn ObjectStore>,
    name: &str,
    visits: &[Visit],
    order: &[(i64, &str, usize, usize)],
) -> Result<Vec<(Table, Vec<DataFile>)>, LakeError> {
    let mut events = Writer::new(Arc::clone(store), Table::Events, name);
    let mut builder = Builder::new();
    let mut rows = Rows::new(Table::Events);
    for part in order.chunks(BATCH_ROWS) {
        for (_, _, visit, moment) in part {
            let visit = &visits[*visit];
            visit.moments[*moment].append(&visit.setting, &mut rows);
        }
        let batch = rows.finish()?;
        let session_ids = builder.push(&batch)?;
        events
            .write(&crate::event_ids::with_column(
                &batch,
                "session_id",
                Arc::new(session_ids),
            )?)
            .await?;
    }
    let built = builder.finish()?;
    let started = built.column_by_name("started_at");
    let by_start = started.map(|started| arrow::compute::sort_to_indices(started, None, None));
    let refused = |error: arrow::error::ArrowError| LakeError::Encode {
        table: Table::Sessions,
        reason: error.to_string(),
    };
    let built = match by_start {
        Some(by_start) => arrow::compute::take_record_batch(&built, &by_start.map_err(refused)?)
            .map_err(refused)?,
        None => built,
    };
    let sessions = write_table(store, Table::Sessions, name, &built).await?;
    Ok(vec![
        (Table::Events, events.finish().await?),
        (Table::Sessions, sessions),
    ])
}

/// Everybody seen, with a name where they are known.
fn profiles(
    project: &DemoProject,
    seed: u64,
    visits: &[Visit],
    order: &[(i64, &str, usize, usize)],
) -> Result<arrow::array::RecordBatch, LakeError> {
    let mut seen = BTreeMap::<&str, (i64, i64, &Visit)>::new();
    for (at_ms, _, visit, moment) in order {
        let visit = &visits[*visit];
        let profile_id = visit.moments[*moment].profile_id();
        seen.entry(profile_id)
            .and_modify(|seen| seen.1 = *at_ms)
            .or_insert((*at_ms, *at_ms, visit));
    }
    let users: HashMap<String, companies::User> =
        companies::users().map(|user| (user.id(), user)).collect();
    let mut rows = Rows::new(Table::Profiles);
    for (profile_id, (first_ms, last_ms, visit)) in seen {
        let user = users.get(profile_id).filter(|_| project.id == "app");
        let customer = profile_id
            .strip_prefix("cus_")
            .and_then(|number| number.parse().ok());
        let person = match (user, customer) {
            (Some(user), _) => Some(user.person(seed)),
            (None, Some(number)) => Some(Person::of(seed, number, "mail.example.com")),
            (None, None) => None,
        };
        rows.text("profile_id", profile_id)
            .boolean("is_identified", person.is_some())
            .instant("created_at", first_ms)
            .instant("last_seen_at", last_ms);
        if let Some(person) = &person {
            rows.text("first_name", person.first_name)
                .text("last_name", person.last_name)
                .text("email", &person.email);
        }
        let own = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        if let Some(user) = user {
            rows.list("groups", &[user.company.id]).pairs(
                "properties",
                &[
                    own("role", user.role()),
                    own("company.plan", user.company.plan),
                ],
            );
        } else if customer.is_some() {
            rows.pairs(
                "properties",
                &[
                    own("country", visit.setting.place.country),
                    own("newsletter", "true"),
                ],
            );
        }
        rows.end_row();
    }
    rows.finish()
}

fn groups(options: DemoOptions) -> Result<arrow::array::RecordBatch, LakeError> {
    let mut rows = Rows::new(Table::Groups);
    let ago_ms = |days: i64| midnight_ms(options.today) - days * DAY_MS + 9 * 3_600_000;
    for company in &companies::COMPANIES {
        let own = |key: &str, value: String| (key.to_owned(), value);
        rows.text("group_id", company.id)
            .text("type", "company")
            .text("name", company.name)
            .pairs(
                "properties",
                &[
                    own("plan", company.plan.to_owned()),
                    own("seats", company.seats.to_string()),
                    own("industry", company.industry.to_owned()),
                ],
            )
            .instant("created_at", ago_ms(company.since))
            .instant("updated_at", ago_ms(company.until.max(1)))
            .end_row();
    }
    rows.finish()
}

async fn write_table(
    store: &Arc<dyn ObjectStore>,
    table: Table,
    name: &str,
    rows: &arrow::array::RecordBatch,
) -> Result<Vec<DataFile>, LakeError> {
    let mut writer = Writer::new(Arc::clone(store), table, name);
    writer.write(rows).await?;
    writer.finish().await
}

/// Deletes the data files, and the copies of footers, that the manifest does not name.
async fn delete_others(store: &Arc<dyn ObjectStore>, manifest: &Manifest) -> Result<(), LakeError> {
    let failed = |error| LakeError::storage("list", "/", error);
    let objects: Vec<_> = store.list(None).try_collect().await.map_err(failed)?;
    let live = manifest.paths();
    for object in objects {
        if is_written_by_imports(&object.location) && !live.contains(&object.location) {
            let deleted = store.delete(&object.location).await;
            deleted.map_err(|error| LakeError::storage("delete", &object.location, error))?;
        }
    }
    Ok(())
}

fn midnight_ms(day: NaiveDate) -> i64 {
    day.and_time(NaiveTime::MIN).and_utc().timestamp_millis()
}
