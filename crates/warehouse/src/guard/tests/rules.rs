//! The allow-lists themselves, and the limits one by one.

use super::super::{DATAFUSION_FUNCTIONS, GuardError, Rules, SqlDialect, SqlLimits, check};

#[test]
fn the_functions_are_sorted_and_distinct() {
    assert!(
        DATAFUSION_FUNCTIONS
            .windows(2)
            .all(|pair| pair[0] < pair[1])
    );
}

#[test]
fn names_are_folded_as_the_engine_folds_them() {
    assert_eq!(SqlDialect::DataFusion.fold("EVENTS", false), "events");
    assert_eq!(SqlDialect::DataFusion.fold("EVENTS", true), "EVENTS");
    assert_eq!(SqlDialect::ClickHouse.fold("EVENTS", false), "EVENTS");
}

#[test]
fn a_project_without_tables_still_computes() {
    let rules = Rules::datafusion(&[]);
    assert!(check("SELECT 1 + 1", &rules).is_ok());
    let refused = check("SELECT * FROM events", &rules).map_err(|error| error.to_string());
    assert_eq!(
        refused,
        Err("There is no table `events` (line 1, column 15). This project has no tables with data yet.".to_owned())
    );
}

#[test]
fn each_limit_holds_at_its_value_and_not_one_below() {
    let cte = "WITH a AS (SELECT 1 AS x), b AS (SELECT l.x FROM a l, a r) SELECT * FROM b, b c";
    let table = "WITH a AS (SELECT name AS x FROM events) SELECT l.x || r.x || l.x FROM a l, a r";
    type Lower = fn(&mut SqlLimits, usize);
    let cases: &[(&str, &str, usize, Lower)] = &[
        ("bytes", "SELECT 12345", 12, |limits, value| {
            limits.bytes = value
        }),
        ("tokens", "SELECT 1, 2, 3", 6, |limits, value| {
            limits.tokens = value
        }),
        ("nesting", "SELECT ((1))", 2, |limits, value| {
            limits.nesting = value
        }),
        ("chain", "SELECT 1 + 2 + 3", 4, |limits, value| {
            limits.chain = value
        }),
        ("operators", "SELECT 1 + 2, 3 + 4", 2, |limits, value| {
            limits.operators = value
        }),
        (
            "subqueries",
            "SELECT (SELECT (SELECT 1))",
            2,
            |limits, value| limits.subquery_depth = value,
        ),
        ("joins", cte, 2, |limits, value| limits.joins = value),
        (
            "set operations",
            "SELECT 1 UNION SELECT 2 UNION SELECT 3",
            2,
            |limits, value| limits.set_operations = value,
        ),
        ("reads", table, 2, |limits, value| {
            limits.reads = value as u64
        }),
        ("growth", table, 3, |limits, value| {
            limits.growth = value as u64
        }),
        (
            "groupings",
            "SELECT 1 FROM events GROUP BY CUBE (a, b)",
            4,
            |limits, value| limits.groupings = value as u64,
        ),
    ];
    for (name, sql, needed, set) in cases {
        let with = |value: usize| {
            let mut rules = Rules::datafusion(&["events"]);
            set(&mut rules.limits, value);
            check(sql, &rules)
        };
        assert!(with(*needed).is_ok(), "{name}: {:?}", with(*needed));
        assert!(
            matches!(
                with(needed - 1),
                Err(GuardError::TooComplex { .. } | GuardError::TooLong { .. })
            ),
            "{name} at {}: {:?}",
            needed - 1,
            with(needed - 1)
        );
    }
}
