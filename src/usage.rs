//! How much each client used the server, by day: counted by its Durable Object, kept in D1, shown by the console.
//!
//! A request writes nothing for it. The object that counts a client's minute holds what it granted anyway; before its alarm forgets that, it adds it up
//! here. So counts lag by a minute or two; should an alarm fail after D1 was written, its minute counts twice. They decide nothing.

use std::collections::HashMap;

use serde::Deserialize;
use sightline_oauth::StoreFault;
use worker::D1Type;

use crate::access::{Database, fault, instant};

/// A day, in ms.
pub const DAY_MS: i64 = 86_400_000;

/// Days that pages show, today included.
pub const DAYS_SHOWN: usize = 30;

const ADD: &str = "INSERT INTO requests_by_day (subject, day, requests) VALUES (?1, ?2, ?3) \
     ON CONFLICT (subject, day) DO UPDATE SET requests = requests + excluded.requests";

/// `?1` id, `?2` last use, `?3` requests.
const CONNECTION_USED: &str = "UPDATE connections SET last_used_at = max(coalesce(last_used_at, 0), ?2), requests = requests + ?3 WHERE id = ?1";

/// As above.
const CLIENT_USED: &str =
    "UPDATE api_clients SET last_used_at = max(coalesce(last_used_at, 0), ?2) WHERE id = ?1";

/// `?1` a JSON array of subjects, `?2` the first day.
const BY_DAY: &str = "SELECT subject, day, requests FROM requests_by_day \
     WHERE subject IN (SELECT value FROM json_each(?1)) AND day >= ?2";

/// What a client was granted on one day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Used {
    /// The day, in days since 1970 UTC.
    pub day: f64,
    /// Requests.
    pub requests: f64,
    /// When the last of them came, in ms since 1970 UTC.
    pub last_at_ms: f64,
}

impl Database {
    /// Adds to the counts of the client that is counted under `subject`.
    ///
    /// # Errors
    /// [`StoreFault`]; then nothing was added.
    pub async fn add_usage(&self, subject: &str, used: &[Used]) -> Result<(), StoreFault> {
        let mut statements = Vec::with_capacity(used.len() * 2);
        for used in used {
            let (day, requests) = (D1Type::Real(used.day), D1Type::Real(used.requests));
            statements.push(self.bound(ADD, &[D1Type::Text(subject), day, requests])?);
            let at = D1Type::Real(used.last_at_ms);
            match subject.split_once(':') {
                Some(("connection", id)) => {
                    let values = [D1Type::Text(id), at, D1Type::Real(used.requests)];
                    statements.push(self.bound(CONNECTION_USED, &values)?);
                }
                Some(("api_client", id)) => {
                    statements.push(self.bound(CLIENT_USED, &[D1Type::Text(id), at])?);
                }
                _ => {}
            }
        }
        if statements.is_empty() {
            return Ok(());
        }
        self.batch(statements).await.map(drop)
    }

    /// The counts of these clients by day, the last being the day of `now_ms`.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn usage(&self, subjects: &[String], now_ms: i64) -> Result<Usage, StoreFault> {
        let today = now_ms / DAY_MS;
        let first = today - i64::try_from(DAYS_SHOWN).unwrap_or(0) + 1;
        let subjects = serde_json::Value::from(subjects).to_string();
        #[expect(clippy::cast_precision_loss, reason = "days are far below 2^53")]
        let values = [D1Type::Text(&subjects), D1Type::Real(first as f64)];
        let result = self.bound(BY_DAY, &values)?.all().await.map_err(fault)?;
        let rows = result.results::<DayRow>().map_err(fault)?;
        Ok(Usage::of(rows, first))
    }
}

#[derive(Deserialize)]
struct DayRow {
    subject: String,
    day: f64,
    requests: f64,
}

/// Counts by subject and day.
#[derive(Debug, Default)]
pub struct Usage(HashMap<String, Vec<u64>>);

impl Usage {
    fn of(rows: Vec<DayRow>, first: i64) -> Self {
        let mut usage = Self::default();
        for row in rows {
            let day = instant(Some(row.day)).unwrap_or(0) - first;
            let requests = instant(Some(row.requests)).unwrap_or(0);
            let days = usage
                .0
                .entry(row.subject)
                .or_insert_with(|| vec![0; DAYS_SHOWN]);
            if let Some(slot) = usize::try_from(day).ok().and_then(|day| days.get_mut(day)) {
                *slot = u64::try_from(requests).unwrap_or(0);
            }
        }
        usage
    }

    /// The counts of one, zeros if there are none.
    pub fn of_subject(&mut self, subject: &str) -> Vec<u64> {
        self.0
            .remove(subject)
            .unwrap_or_else(|| vec![0; DAYS_SHOWN])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_stand_at_their_days_and_days_without_any_are_zero() {
        let row = |day: f64, requests: f64| DayRow {
            subject: "connection:c".to_owned(),
            day,
            requests,
        };
        let rows = vec![
            row(100.0, 3.0),
            row(129.0, 7.0),
            row(99.0, 5.0),
            row(130.0, 5.0),
        ];
        let mut usage = Usage::of(rows, 100);
        let days = usage.of_subject("connection:c");
        assert_eq!((days[0], days[29], days.iter().sum::<u64>()), (3, 7, 10));
        assert_eq!(usage.of_subject("api_client:x"), vec![0; DAYS_SHOWN]);
    }
}
