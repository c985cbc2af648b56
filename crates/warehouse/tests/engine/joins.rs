//! Joins of groupings by an id: by a number where nothing else reads it, with the same answer.

use futures::executor::block_on;
use sightline_warehouse::parquet::ParquetProject;
use sightline_warehouse::{Limits, ResultSet, Sql, Warehouse, sql};

use super::grouping::{EVENTS, visits};
use super::support::{statement, with_memory};

const KINDS: [&str; 4] = ["INNER", "LEFT", "RIGHT", "FULL"];

fn run(project: &ParquetProject, sql: &Sql) -> ResultSet {
    let statement = statement(project, |_| sql.clone());
    block_on(project.run(statement, &Limits::default())).unwrap()
}

/// Visits by their views and their duration, joined as `kind` says. `more` is measured of them besides.
fn joined(kind: &'static str, more: &'static str) -> Sql {
    sql!(
        "SELECT count(*) AS visits, count(e.n) AS viewed, sum(e.n) AS views, sum(s.ms) AS ms{more} FROM \
         (SELECT session_id, count(*) AS n FROM events WHERE path <> '/7' GROUP BY session_id) e {kind} JOIN \
         (SELECT max(duration_ms) AS ms, session_id FROM sessions WHERE duration_ms > 70 GROUP BY session_id) s \
         ON e.session_id = s.session_id",
        more,
        kind
    )
}

#[test]
fn a_join_of_groupings_is_the_same_by_numbers_and_by_texts() {
    let project = with_memory(visits(&[]), 100_000_000);
    for kind in KINDS {
        let by_number = run(&project, &joined(kind, "")).rows;
        let by_text = run(&project, &joined(kind, ", max(e.session_id) AS last")).rows;
        assert!(by_number[0][0].as_u64().unwrap() > 1_000);
        assert_eq!(by_number[0][..4], by_text[0][..4], "{kind}");
    }
}

#[test]
fn only_what_nothing_else_reads_is_a_number() {
    let project = with_memory(visits(&[]), 100_000_000);
    let plan = |sql: Sql| {
        let rows = run(&project, &sql!("EXPLAIN {sql}", sql)).rows;
        let physical = rows.iter().find(|row| row[0] == "physical_plan");
        let plan = physical.and_then(|row| row[1].as_str()).unwrap();
        plan.matches("gby=[identity(").count()
    };
    for kind in KINDS {
        assert_eq!(plan(joined(kind, "")), 2, "{kind}");
        for read in [
            ", max(e.session_id) AS last",
            ", count(s.session_id) AS known",
        ] {
            assert_eq!(plan(joined(kind, read)), 0, "{kind}{read}");
        }
    }
}

#[test]
fn ids_that_do_not_fit_as_texts_are_joined_in_one_pass() {
    let read = |memory_bytes, more| {
        let project = with_memory(visits(&[]), memory_bytes);
        run(&project, &joined("INNER", more)).scanned.rows
    };
    let once = read(100_000_000, "");
    assert!(once >= EVENTS);
    assert_eq!(read(7_500_000, ""), once);
    assert!(read(7_500_000, ", max(e.session_id) AS last") > once);
}
