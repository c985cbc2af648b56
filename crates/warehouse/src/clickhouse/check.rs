//! What an operator should know before people ask: whether the server answers, has what the mapping says, and lets its user do no more
//! than read.

use sightline_lake::Table;

use super::failure::Failed;
use super::parameters::escaped;
use super::relations::{PROJECT, Relations};
use super::server::ClickHouse;
use super::settings;
use super::sources::Sources;
use super::transport::Question;
use crate::limits::Limits;
use crate::result::ResultSet;

/// Something to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is about: a table by its name here, `server` or `rights`.
    pub about: &'static str,
    /// What, in a sentence.
    pub what: String,
    /// Whether it must be mended: tools fail because of it, or rows are not safe.
    pub is_fatal: bool,
}

/// Looks at a server as the Worker would use it; `project` is one whose rows are to be found.
pub async fn check(server: &ClickHouse, project: Option<&str>) -> Vec<Finding> {
    let limits = Limits::default();
    let sources = match server.columns(&limits).await {
        Ok(columns) => columns.decode().map(Sources::of).unwrap_or_default(),
        Err(failed) => return vec![fatal("server", failed.in_full())],
    };
    let mut findings = sources.findings(server.mapping());
    let relations = Relations::of(server.mapping(), &sources);
    for relation in relations.iter() {
        let table = relation.table;
        let found = rows(server, &relations, table, project, &limits).await;
        match found {
            Err(failed) => findings.push(fatal(table.name(), failed.in_full())),
            Ok(0) if project.is_some() && table == Table::Events => findings.push(fatal(
                table.name(),
                "There is no event of that project.".to_owned(),
            )),
            Ok(_) => {}
        }
    }
    findings.extend(rights(server, &relations, &limits).await);
    findings
}

fn fatal(about: &'static str, what: String) -> Finding {
    Finding {
        about,
        what,
        is_fatal: true,
    }
}

/// How many rows of a table can be read, up to one: every expression of it is computed.
async fn rows(
    server: &ClickHouse,
    relations: &Relations,
    table: Table,
    project: Option<&str>,
    limits: &Limits,
) -> Result<usize, Failed> {
    let project = project.unwrap_or_default();
    let question = Question {
        query: relations.before(&format!("SELECT * FROM {} LIMIT 1", table.name())),
        parameters: vec![(PROJECT.to_owned(), escaped(project))],
        settings: settings::of_tool(limits, relations.filters(project)),
    };
    Ok(server.ask(&question, limits).await?.rows.len())
}

/// What the user may do beyond reading the mapped tables.
async fn rights(server: &ClickHouse, relations: &Relations, limits: &Limits) -> Vec<Finding> {
    let question = Question {
        query: "SHOW GRANTS".to_owned(),
        parameters: Vec::new(),
        settings: settings::of(limits, String::new()),
    };
    match server.ask(&question, limits).await {
        Ok(grants) => beyond(&grants, relations),
        Err(failed) => vec![Finding {
            about: "rights",
            what: format!(
                "What the user may do could not be read. {}",
                failed.in_full()
            ),
            is_fatal: false,
        }],
    }
}

/// The grants that are not a `SELECT` on a mapped table.
fn beyond(grants: &ResultSet, relations: &Relations) -> Vec<Finding> {
    let tables: Vec<String> = relations
        .iter()
        .map(|relation| relation.source_name().replace('`', ""))
        .collect();
    let texts = grants
        .rows
        .iter()
        .filter_map(|row| row.first().and_then(|cell| cell.as_str()));
    let too_many = texts.filter(|grant| {
        let grant = grant.replace('`', "");
        let rest = grant.strip_prefix("GRANT SELECT").map(str::trim_start);
        !rest.is_some_and(|rest| {
            // Perhaps of some columns only.
            let on = rest
                .starts_with('(')
                .then(|| rest.split_once(") "))
                .flatten()
                .map_or(rest, |(_, on)| on);
            tables.iter().any(|table| {
                on.starts_with(&format!("ON {table} TO ")) && !on.contains("WITH GRANT")
            })
        })
    });
    too_many
        .map(|grant| Finding {
            about: "rights",
            what: format!("The user may do more than read the project's tables: `{grant}`."),
            is_fatal: false,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use super::*;
    use crate::clickhouse::mapping::Mapping;
    use serde_json::json;

    #[test]
    fn every_right_but_to_read_the_mapped_tables_is_one_too_many() {
        let mapping = Mapping::of("sightline", Some("lake")).unwrap();
        let columns = ["project_id", "timestamp"].map(|name| {
            serde_json::from_value(json!({"table": "events", "name": name, "type": "String"}))
                .unwrap()
        });
        let relations = Relations::of(&mapping, &Sources::of(columns.into_iter().collect()));
        let grants = [
            ("GRANT SELECT ON lake.events TO reader", false),
            ("GRANT SELECT(name, path) ON lake.events TO reader", false),
            ("GRANT SELECT ON `lake`.`events` TO `reader`", false),
            (
                "GRANT SELECT ON lake.events TO reader WITH GRANT OPTION",
                true,
            ),
            ("GRANT SELECT ON lake.* TO reader", true),
            ("GRANT SELECT ON lake.events_of_others TO reader", true),
            ("GRANT SELECT, INSERT ON lake.events TO reader", true),
            ("GRANT URL ON *.* TO reader", true),
        ];
        for (grant, is_too_many) in grants {
            let answer = ResultSet {
                rows: vec![vec![json!(grant)]],
                ..ResultSet::default()
            };
            assert_eq!(
                !beyond(&answer, &relations).is_empty(),
                is_too_many,
                "{grant}"
            );
        }
    }
}
