//! Values that could complete an argument of a prompt, or a variable of a resource's address.
//!
//! They are the caller's own projects, and names out of their data: of the last [`DAYS`] days that have any, the commonest first, at
//! most [`MOST`]. Whoever lacks the scope that lists names gets none; so does whoever asks while the data cannot be read, since a
//! completion is a convenience that no one should have to see fail.

use chrono::Days;
use sightline_warehouse::{InstantMs, Sql, Statement, sql};

use crate::caller::Caller;
use crate::context::Context;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::family::Scope;
use crate::project::choose;
use crate::prompt::{self, PROJECT, Values};
use crate::range::Range;
use crate::toolbox::Toolbox;

/// How far back names are looked for.
const DAYS: u64 = 30;
/// The most values there are; the protocol lets a hundred of them be sent.
const MOST: usize = 200;
/// Longer values complete nothing anybody types.
const MOST_CHARS: usize = 200;

/// What is to be completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completed<'a> {
    /// An argument of that prompt.
    Prompt(&'a str),
    /// A variable of the address of a table's schema.
    SchemaAddress,
}

/// The values of `argument` that contain `typed`; `others` are the arguments whose values are known already.
pub async fn complete(
    what: Completed<'_>,
    argument: &str,
    typed: &str,
    others: &[(String, String)],
    toolbox: &Toolbox,
    environment: &Environment<'_>,
) -> Vec<String> {
    let values = match what {
        Completed::Prompt(name) => prompt::argument(toolbox, environment.caller, name, argument)
            .map(|argument| argument.values),
        Completed::SchemaAddress => match argument {
            "table" => return tables(typed, others, environment).await.unwrap_or_default(),
            "project" => Some(Values::Projects),
            _ => None,
        },
    };
    let Some(values) = values else {
        return Vec::new();
    };
    let other = |name: &str| {
        others
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    };
    let found = match values {
        Values::Projects => return projects(environment.caller, typed),
        Values::Text => return Vec::new(),
        Values::Events => {
            named(environment, others, |context, range| {
                events(typed, &range, context)
            })
            .await
        }
        Values::EventList => {
            // What stands before the last comma is kept.
            let (before, last) = match typed.rfind(',') {
                Some(comma) => (&typed[..=comma], typed[comma + 1..].trim_start()),
                None => ("", typed),
            };
            let found = named(environment, others, |context, range| {
                events(last, &range, context)
            })
            .await;
            let space = if before.is_empty() { "" } else { " " };
            found.map(|names| {
                names
                    .into_iter()
                    .map(|name| format!("{before}{space}{name}"))
                    .collect()
            })
        }
        Values::PropertyKeys => {
            named(environment, others, |context, range| {
                keys(typed, other("event"), &range, context)
            })
            .await
        }
        Values::OfProperty => match other("property") {
            Some(key) => {
                named(environment, others, |context, range| {
                    property_values(key, typed, other("event"), &range, context)
                })
                .await
            }
            None => return Vec::new(),
        },
    };
    found.unwrap_or_default()
}

fn projects(caller: &Caller, typed: &str) -> Vec<String> {
    let typed = typed.to_lowercase();
    let mut ids: Vec<String> = caller
        .projects
        .iter()
        .filter(|project| {
            project.id.to_lowercase().contains(&typed)
                || project.name.to_lowercase().contains(&typed)
        })
        .map(|project| project.id.clone())
        .collect();
    ids.sort_unstable();
    ids
}

/// The project meant, opened; an error without the scope that lists names.
async fn opened<'a>(
    environment: &'a Environment<'a>,
    others: &[(String, String)],
) -> Result<Context<'a>, Failure> {
    if !environment.caller.may(Scope::Schema) {
        return Err(Failure::fault("names are not this caller's to see"));
    }
    let named = others
        .iter()
        .find(|(known, _)| known == PROJECT.name)
        .map(|(_, id)| id.as_str());
    let project = choose(
        &environment.caller.projects,
        environment.pinned_project,
        named,
    )?;
    let warehouse = environment.warehouses.open(project).await?;
    Ok(Context::new(project, warehouse, None, environment))
}

/// The names a statement answers, one in each row.
async fn named(
    environment: &Environment<'_>,
    others: &[(String, String)],
    statement: impl FnOnce(&Context<'_>, Range) -> Statement,
) -> Result<Vec<String>, Failure> {
    let context = opened(environment, others).await?;
    let schema = context.schema().await?;
    let covered = schema.table("events").and_then(|table| table.covers_ms);
    let newest_ms = covered.map_or(context.asked_at_ms, |(_, last_ms)| last_ms);
    let answer = context
        .run(statement(&context, recent(&context, newest_ms)))
        .await?;
    Ok(answer
        .rows
        .iter()
        .filter_map(|row| row.first()?.as_str())
        .filter(|name| name.chars().count() <= MOST_CHARS)
        .map(str::to_owned)
        .collect())
}

async fn tables(
    typed: &str,
    others: &[(String, String)],
    environment: &Environment<'_>,
) -> Result<Vec<String>, Failure> {
    let schema = opened(environment, others).await?.schema().await?;
    let typed = typed.to_lowercase();
    Ok(schema
        .tables
        .into_iter()
        .map(|table| table.name)
        .filter(|name| name.contains(&typed))
        .collect())
}

/// The days names are looked for in: up to that of the newest event.
fn recent(context: &Context<'_>, newest_ms: InstantMs) -> Range {
    let last = context.calendar().date_of(newest_ms);
    let first = last.checked_sub_days(Days::new(DAYS - 1)).unwrap_or(last);
    Range::of_days(first, last, context.calendar())
}

fn events(typed: &str, range: &Range, context: &Context<'_>) -> Statement {
    let mut query = context.query();
    let value = context.project.event_names.shown_sql(&mut query);
    let within = range.contains(&mut query, "timestamp");
    commonest(query, &value, &within, typed)
}

fn keys(typed: &str, event: Option<&str>, range: &Range, context: &Context<'_>) -> Statement {
    let mut query = context.query();
    let value = query.dialect().unnest_keys(&Sql::from("properties"));
    let within = of_event(event, range, context, &mut query);
    commonest(query, &value, &within, typed)
}

fn property_values(
    key: &str,
    typed: &str,
    event: Option<&str>,
    range: &Range,
    context: &Context<'_>,
) -> Statement {
    let mut query = context.query();
    let key = query.bind(key);
    let value = query.dialect().property(&Sql::from("properties"), &key);
    let within = of_event(event, range, context, &mut query);
    commonest(query, &value, &within, typed)
}

fn of_event(
    event: Option<&str>,
    range: &Range,
    context: &Context<'_>,
    query: &mut sightline_warehouse::Query<'_>,
) -> Sql {
    let within = range.contains(query, "timestamp");
    match event {
        Some(event) => {
            let named = context.project.event_names.is_any(query, [event]);
            sql!("{within} AND {named}", within, named)
        }
        None => within,
    }
}

/// The commonest of these values that contain `typed`.
fn commonest(
    mut query: sightline_warehouse::Query<'_>,
    value: &Sql,
    within: &Sql,
    typed: &str,
) -> Statement {
    let matching = if typed.is_empty() {
        Sql::default()
    } else {
        let typed = query.bind(typed);
        let contains = query.dialect().contains(&Sql::from("value"), &typed);
        sql!(" AND {contains}", contains)
    };
    query.finish(sql!(
        "SELECT value FROM (SELECT {value} AS value FROM events WHERE {within}) AS named \
         WHERE value IS NOT NULL AND value <> ''{matching} GROUP BY value ORDER BY count(*) DESC, value LIMIT {MOST}",
        value,
        within,
        matching,
        MOST = MOST
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Site;
    use crate::testing::{NOW_MS, answering, caller, project};
    use serde_json::json;

    fn completed(
        what: Completed<'_>,
        argument: &str,
        typed: &str,
        others: &[(&str, &str)],
        scopes: Option<&[Scope]>,
        rows: serde_json::Value,
    ) -> (Vec<String>, String) {
        let mut caller = caller(vec![project("acme", "UTC"), project("globex", "UTC")]);
        if let Some(scopes) = scopes {
            caller.scopes = scopes.iter().map(|scope| scope.name().to_owned()).collect();
        }
        let others: Vec<(String, String)> = others
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let (warehouses, asked) = answering(rows);
        let site = Site::default();
        let environment = Environment {
            caller: &caller,
            warehouses: &warehouses,
            now_ms: NOW_MS,
            site: &site,
            pinned_project: None,
            request_id: "req_1",
            progress: None,
        };
        let toolbox = Toolbox::new();
        let values = futures::executor::block_on(complete(
            what,
            argument,
            typed,
            &others,
            &toolbox,
            &environment,
        ));
        (values, asked())
    }

    const FUNNEL: Completed<'static> = Completed::Prompt("funnel_diagnosis");
    const PRODUCT: Completed<'static> = Completed::Prompt("product_analysis");

    #[test]
    fn projects_are_the_callers_own_by_id_or_name() {
        let (values, asked) = completed(FUNNEL, "project", "AC", &[], None, json!([]));
        assert_eq!(
            (values.as_slice(), asked.as_str()),
            (["acme".to_owned()].as_slice(), "")
        );
    }

    #[test]
    fn the_last_name_of_a_list_is_completed_and_the_others_stay() {
        let (values, asked) = completed(
            FUNNEL,
            "steps",
            "signup, pur",
            &[("project", "acme")],
            None,
            json!([["purchase"], ["purchase_failed"]]),
        );
        assert_eq!(values, ["signup, purchase", "signup, purchase_failed"]);
        insta::assert_snapshot!(asked, @r#"
        SELECT value FROM (SELECT CASE name WHEN $1 THEN $2 ELSE coalesce(name, '') END AS value FROM events WHERE timestamp >= $3 AND timestamp < $4) AS named WHERE value IS NOT NULL AND value <> '' AND strpos(lower(value), lower($5)) > 0 GROUP BY value ORDER BY count(*) DESC, value LIMIT 200
          [Text("$pageview"), Text("screen_view"), TimestampMs(1792627200000), TimestampMs(1795219200000), Text("pur")]
        "#);
    }

    #[test]
    fn values_are_those_of_the_property_and_event_chosen_before() {
        let (values, asked) = completed(
            PRODUCT,
            "value",
            "",
            &[
                ("project", "acme"),
                ("event", "signup"),
                ("property", "plan"),
            ],
            None,
            json!([["pro"], ["x".repeat(300)]]),
        );
        assert_eq!(values, ["pro"]);
        insta::assert_snapshot!(asked, @r#"
        SELECT value FROM (SELECT property(properties, $1) AS value FROM events WHERE timestamp >= $2 AND timestamp < $3 AND name IN ($4)) AS named WHERE value IS NOT NULL AND value <> '' GROUP BY value ORDER BY count(*) DESC, value LIMIT 200
          [Text("plan"), TimestampMs(1792627200000), TimestampMs(1795219200000), Text("signup")]
        "#);
        let none = completed(
            PRODUCT,
            "value",
            "",
            &[("project", "acme")],
            None,
            json!([]),
        );
        assert_eq!(none, (Vec::new(), String::new()));
    }

    #[test]
    fn nothing_is_read_for_whoever_may_not_or_of_a_project_not_theirs() {
        let nothing = (Vec::new(), String::new());
        assert_eq!(
            completed(
                FUNNEL,
                "steps",
                "",
                &[("project", "hooli")],
                None,
                json!([["a"]])
            ),
            nothing
        );
        assert_eq!(
            completed(FUNNEL, "steps", "", &[], None, json!([["a"]])),
            nothing
        );
        let scopes = [Scope::Insights, Scope::Sessions];
        assert_eq!(
            completed(
                FUNNEL,
                "steps",
                "",
                &[("project", "acme")],
                Some(&scopes),
                json!([["a"]])
            ),
            nothing
        );
        assert_eq!(
            completed(
                FUNNEL,
                "nothing",
                "",
                &[("project", "acme")],
                None,
                json!([["a"]])
            ),
            nothing
        );
    }

    #[test]
    fn a_schemas_address_is_completed_by_the_tables_there_are() {
        let (values, _) = completed(
            Completed::SchemaAddress,
            "table",
            "EV",
            &[("project", "acme")],
            None,
            json!([]),
        );
        assert_eq!(values, ["events"]);
    }
}
