//! The guard against statements that must run, statements that must not, and statements nobody meant to write.

mod abuse;
mod accepted;
mod attacks;
mod messages;
mod mutations;
mod rules;

use super::{Checked, GuardError, Rules, SqlDialect, SqlLimits, check};

const TABLES: &[&str] = &["events", "sessions", "profiles", "groups", "gsc_daily"];

fn checked(sql: &str) -> Result<Checked, GuardError> {
    check(sql, &Rules::datafusion(TABLES))
}

/// ClickHouse's rules with the few functions these tests call.
fn checked_for_clickhouse(sql: &str) -> Result<Checked, GuardError> {
    const FUNCTIONS: &[&str] = &[
        "count",
        "max",
        "quantile",
        "sum",
        "toStartOfDay",
        "uniqExact",
    ];
    let rules = Rules {
        dialect: SqlDialect::ClickHouse,
        tables: TABLES,
        functions: FUNCTIONS,
        limits: SqlLimits::default(),
    };
    check(sql, &rules)
}
