//! `list_projects`: the projects the caller sees, and what each holds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sightline_warehouse::{Limits, ProjectSchema, Query, Warehouse, sql};

use crate::answer::Answer;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::family::{Family, Product};
use crate::interval::instant;
use crate::project::Project;
use crate::tool::{About, CallerTool};

/// The projects the caller sees, and what each holds.
pub(crate) struct ListProjects;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Part of a name, id or domain
    search: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The projects, by name.
    projects: Vec<Row>,
}

#[derive(Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Row {
    /// The id other tools take as `projectId`.
    id: String,
    /// Its name.
    name: String,
    /// The name of the organization it belongs to.
    organization: String,
    /// The domain it tracks.
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<String>,
    /// `website`, `app`, `backend`.
    types: Vec<String>,
    /// Its timezone.
    timezone: String,
    /// Events stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    event_count: Option<u64>,
    /// Time of the first event, in the project's timezone.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_event: Option<String>,
    /// Time of the last event, in the project's timezone.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_event: Option<String>,
    /// Session tools have data (sessions are stored, or built from events).
    #[serde(skip_serializing_if = "Option::is_none")]
    has_sessions: Option<bool>,
    /// Group tools have data.
    #[serde(skip_serializing_if = "Option::is_none")]
    has_groups: Option<bool>,
    /// Search Console tools have data.
    #[serde(skip_serializing_if = "Option::is_none")]
    has_search_console: Option<bool>,
    /// Some sessions have a replay.
    #[serde(skip_serializing_if = "Option::is_none")]
    has_replay: Option<bool>,
}

/// Projects beyond this many are listed without looking into their data.
const MOST_LOOKED_INTO: usize = 25;

impl CallerTool for ListProjects {
    const ABOUT: About = About {
        name: "list_projects",
        title: "Projects",
        description: "Lists the projects this connection sees, with their ids, timezones and what data each has. \
                      Use first when several projects are visible, to find the projectId other tools take.",
        family: Family::Access,
        scope: None,
        products: &[
            (Product::FullSession, "list_sites"),
            (Product::OpenPanel, "list_projects"),
        ],
        pages: false,
        needs: None,
        rules: &[
            "An API client of type `read` sees its one project, of type `root` all of its organization; a person what their memberships show.",
            "The data of the first 25 projects found is looked into; the others are listed without counts, which `search` brings.",
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(
        input: Input,
        environment: &Environment<'_>,
    ) -> Result<Answer<Output>, Failure> {
        let search = input.search.unwrap_or_default().to_lowercase();
        let found = |project: &&Project| {
            let texts = [
                Some(&project.id),
                Some(&project.name),
                project.domain.as_ref(),
            ];
            texts
                .into_iter()
                .flatten()
                .any(|text| text.to_lowercase().contains(&search))
        };
        let mut projects: Vec<&Project> =
            environment.caller.projects.iter().filter(found).collect();
        projects.sort_by(|one, other| {
            (one.name.to_lowercase(), &one.id).cmp(&(other.name.to_lowercase(), &other.id))
        });

        let mut notes = Vec::new();
        let mut rows = Vec::with_capacity(projects.len());
        for (project, place) in projects.iter().zip(0..) {
            let mut row = Row::of(project);
            if place < MOST_LOOKED_INTO
                && let Err(failure) = row.look_into(project, environment).await
            {
                let (told, _) = failure.told(environment.request_id);
                notes.push(format!(
                    "The data of `{}` could not be looked into: {told}",
                    project.id
                ));
            }
            rows.push(row);
        }
        if projects.is_empty() {
            notes.push(match environment.caller.projects.len() {
                0 => String::from("No project is visible to this connection. Ask an administrator of the organization for access."),
                1 => String::from("Nothing matches; without `search` there is one project."),
                all => format!("Nothing matches; without `search` there are {all} projects."),
            });
        }
        if projects.len() > MOST_LOOKED_INTO {
            notes.push(format!("Counts are given for the first {MOST_LOOKED_INTO} projects; `search` for others to see theirs."));
        }
        Ok(Answer::of(Output { projects: rows }).notes(notes).ranking(
            &["projects"],
            false,
            None,
            "Narrow it with `search`.",
        ))
    }
}

/// What the statement over events answers where the storage does not know by itself.
#[derive(Deserialize)]
struct Counted {
    events: u64,
    first: Option<String>,
    last: Option<String>,
}

#[derive(Deserialize)]
struct Found {
    found: u64,
}

impl Row {
    fn of(project: &Project) -> Self {
        Self {
            id: project.id.clone(),
            name: project.name.clone(),
            organization: project.organization.name.clone(),
            domain: project.domain.clone(),
            types: project.types.clone(),
            timezone: project.calendar.timezone().name().to_owned(),
            ..Self::default()
        }
    }

    async fn look_into(
        &mut self,
        project: &Project,
        environment: &Environment<'_>,
    ) -> Result<(), Failure> {
        let warehouse = environment.warehouses.open(project).await?;
        let schema = warehouse.schema().await?;
        let has = |table: &str| {
            schema
                .table(table)
                .is_some_and(|table| table.rows != Some(0))
        };
        self.has_groups = Some(has("groups"));
        self.has_search_console = Some(
            schema
                .tables
                .iter()
                .any(|table| table.name.starts_with("gsc_") && has(&table.name)),
        );
        self.look_into_events(project, warehouse.as_ref(), &schema)
            .await?;
        self.has_sessions = Some(if stored(&schema, "sessions") {
            has("sessions")
        } else {
            self.event_count > Some(0)
        });
        self.has_replay = Some(has_replay(warehouse.as_ref(), &schema).await?);
        Ok(())
    }

    async fn look_into_events(
        &mut self,
        project: &Project,
        warehouse: &dyn Warehouse,
        schema: &ProjectSchema,
    ) -> Result<(), Failure> {
        let Some(events) = schema.table("events") else {
            self.event_count = Some(0);
            return Ok(());
        };
        if let (Some(rows), Some((first, last))) = (events.rows, events.covers_ms) {
            self.event_count = Some(rows);
            self.first_event = Some(project.calendar.rfc3339(first));
            self.last_event = Some(project.calendar.rfc3339(last));
            return Ok(());
        }
        let query = Query::new(warehouse.dialect());
        let statement = query.finish(sql!(
            "SELECT count(*) AS events, min(timestamp) AS first, max(timestamp) AS last FROM events"
        ));
        let counted: Counted = warehouse
            .run(statement, &Limits::default())
            .await?
            .decode_one()?;
        let local = |text: Option<String>| {
            text.map(|text| Ok::<_, Failure>(project.calendar.rfc3339(instant(&text)?)))
                .transpose()
        };
        self.event_count = Some(counted.events);
        self.first_event = local(counted.first)?;
        self.last_event = local(counted.last)?;
        Ok(())
    }
}

fn stored(schema: &ProjectSchema, table: &str) -> bool {
    schema.table(table).is_some_and(|table| table.stored)
}

/// Only stored sessions can have a replay, and only if they say so.
async fn has_replay(warehouse: &dyn Warehouse, schema: &ProjectSchema) -> Result<bool, Failure> {
    if !schema
        .table("sessions")
        .is_some_and(|sessions| sessions.stored && sessions.has("has_replay"))
    {
        return Ok(false);
    }
    let statement = Query::new(warehouse.dialect())
        .finish(sql!("SELECT count(*) AS found FROM (SELECT session_id FROM sessions WHERE has_replay LIMIT 1) AS one"));
    let found: Found = warehouse
        .run(statement, &Limits::default())
        .await?
        .decode_one()?;
    Ok(found.found > 0)
}

#[cfg(test)]
mod tests {
    use crate::testing::{Asked, caller, project, table};
    use serde_json::json;
    use sightline_warehouse::{TableSchema, WarehouseError};

    fn known_events() -> TableSchema {
        TableSchema {
            covers_ms: Some((1_793_000_000_000, 1_795_000_000_000)),
            ..table("events", 1234, &[])
        }
    }

    #[test]
    fn what_the_storage_knows_is_not_asked_for() {
        let sessions = TableSchema {
            stored: false,
            ..table("sessions", 0, &[("has_replay", "Boolean")])
        };
        let asked = Asked::of("list_projects", json!({}))
            .timezone("Europe/Berlin")
            .tables(vec![
                known_events(),
                sessions,
                table("groups", 3, &[]),
                table("gsc_pages", 9, &[]),
            ])
            .go();
        assert_eq!(asked.statements(), "");
        insta::assert_snapshot!(asked.text(), @"
        Projects.

        **projects**

        |id|name|organization|domain|types|timezone|eventCount|firstEvent|lastEvent|hasSessions|hasGroups|hasSearchConsole|hasReplay|
        |---|---|---|---|---|---|---|---|---|---|---|---|---|
        |acme|Acme|Acme Inc|acme.com|website|Europe/Berlin|1234|2026-10-26T08:33:20+01:00|2026-11-18T12:06:40+01:00|true|true|true|false|
        ");
        insta::assert_snapshot!(asked.structured(), @r#"
        {
          "projects": [
            {
              "id": "acme",
              "name": "Acme",
              "organization": "Acme Inc",
              "domain": "acme.com",
              "types": [
                "website"
              ],
              "timezone": "Europe/Berlin",
              "eventCount": 1234,
              "firstEvent": "2026-10-26T08:33:20+01:00",
              "lastEvent": "2026-11-18T12:06:40+01:00",
              "hasSessions": true,
              "hasGroups": true,
              "hasSearchConsole": true,
              "hasReplay": false
            }
          ],
          "truncated": false,
          "notes": []
        }
        "#);
    }

    #[test]
    fn what_it_does_not_know_is_counted() {
        let asked = Asked::of("list_sites", json!({}))
            .tables(vec![TableSchema { rows: None, ..table("events", 0, &[]) }, table("sessions", 5, &[("has_replay", "Boolean")])])
            .rows(json!([{"events": 7, "first": "2026-11-01T00:00:00Z", "last": "2026-11-02T00:00:00Z"}]))
            .rows(json!([{"found": 1}]))
            .go();
        insta::assert_snapshot!(asked.statements(), @"
        SELECT count(*) AS events, min(timestamp) AS first, max(timestamp) AS last FROM events
          []
        SELECT count(*) AS found FROM (SELECT session_id FROM sessions WHERE has_replay LIMIT 1) AS one
          []
        ");
        assert_eq!(asked.field("projects")[0]["hasReplay"], json!(true));
        assert_eq!(asked.field("projects")[0]["eventCount"], json!(7));
    }

    #[test]
    fn a_project_that_cannot_be_read_does_not_hide_the_others() {
        let asked = Asked::of("list_projects", json!({"search": "ACME"}))
            .by(caller(vec![
                project("globex", "UTC"),
                project("acme", "UTC"),
            ]))
            .tables(vec![TableSchema {
                rows: None,
                ..table("events", 0, &[])
            }])
            .fails(WarehouseError::internal("key id 7"))
            .go();
        insta::assert_snapshot!(asked.text(), @"
        Projects.

        **projects**

        |id|name|organization|domain|types|timezone|hasGroups|hasSearchConsole|
        |---|---|---|---|---|---|---|---|
        |acme|Acme|Acme Inc|acme.com|website|UTC|false|false|

        Note: The data of `acme` could not be looked into: The question could not be answered because of a fault on the server's side (id req_1). Nothing is wrong with the input. Ask once more; if it stays, give that id to whoever runs this server.
        ");
    }

    #[test]
    fn nothing_found_says_what_there_is() {
        let asked = Asked::of("list_projects", json!({"search": "zzz"})).go();
        insta::assert_snapshot!(asked.text(), @"
        Projects.

        **projects** none

        Note: Nothing matches; without `search` there is one project.
        ");
    }
}
