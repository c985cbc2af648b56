//! The guard against statements that must run, statements that must not, and statements nobody meant to write.

mod abuse;
mod accepted;
mod attacks;
mod clickhouse;
mod messages;
mod mutations;
mod rules;

use super::{Checked, GuardError, Rules, check};

const TABLES: &[&str] = &["events", "sessions", "profiles", "groups", "gsc_daily"];

fn checked(sql: &str) -> Result<Checked, GuardError> {
    check(sql, &Rules::datafusion(TABLES))
}

fn checked_for_clickhouse(sql: &str) -> Result<Checked, GuardError> {
    check(sql, &Rules::clickhouse(TABLES))
}
