//! Any number of events in the shape of the demo's shop, in batches, for benchmarks.

use arrow::array::RecordBatch;
use chrono::{Days, NaiveDate, NaiveTime};

use super::{people::Visitors, shop};
use crate::{LakeError, Rows, Table};

const BATCH_ROWS: usize = 8_192;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Batches of `events`, not in order of time within a day, exactly as many rows as asked for.
#[derive(Debug)]
pub struct Traffic {
    seed: u64,
    last_day: NaiveDate,
    visitors: Visitors,
    visit: u64,
    /// Events still to come, and the day they are to lie in.
    left: u64,
    days_ago: u64,
    left_today: u64,
    rows: Rows,
}

impl Traffic {
    /// `events` events, the same number on each of the `days` days that end with `last_day`.
    #[must_use]
    pub fn new(seed: u64, events: u64, days: u64, last_day: NaiveDate) -> Self {
        let days = days.max(1);
        let mut traffic = Self {
            seed,
            last_day,
            visitors: Visitors::default(),
            visit: 0,
            left: events,
            days_ago: days,
            left_today: 0,
            rows: Rows::new(Table::Events),
        };
        traffic.next_day();
        traffic
    }

    fn next_day(&mut self) {
        self.left_today = self.left / self.days_ago.max(1);
        self.days_ago = self.days_ago.saturating_sub(1);
        if self.days_ago == 0 {
            self.left_today = self.left;
        }
    }

    /// Appends the events of one visit, as far as they are still wanted.
    fn visit(&mut self) -> Option<()> {
        let day = self.last_day.checked_sub_days(Days::new(self.days_ago))?;
        let midnight_ms = day.and_time(NaiveTime::MIN).and_utc().timestamp_millis();
        let mut visit = shop::visit(
            self.seed,
            self.visit,
            &mut self.visitors,
            midnight_ms,
            i64::try_from(self.days_ago).ok()?,
        );
        self.visit += 1;
        // A visit over midnight is moved back, so that all its events lie in the day.
        let over_ms = visit
            .moments
            .last()
            .map_or(0, |last| last.at_ms - (midnight_ms + DAY_MS - 1))
            .max(0);
        visit
            .moments
            .iter_mut()
            .for_each(|moment| moment.at_ms -= over_ms);
        let wanted = usize::try_from(self.left_today).unwrap_or(usize::MAX);
        for moment in visit.moments.iter().take(wanted) {
            moment.append(&visit.setting, &mut self.rows);
            self.left_today -= 1;
            self.left -= 1;
        }
        Some(())
    }
}

impl Iterator for Traffic {
    type Item = Result<RecordBatch, LakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.left > 0 && self.rows.len() < BATCH_ROWS {
            if self.left_today == 0 {
                self.next_day();
            }
            if self.visit().is_none() {
                self.left = 0;
            }
        }
        (!self.rows.is_empty()).then(|| self.rows.finish())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use std::collections::BTreeMap;

    use arrow::{array::AsArray as _, datatypes::TimestampMillisecondType};

    use super::*;
    use crate::layout::day_of;

    #[test]
    fn exactly_as_many_events_come_as_were_asked_for_evenly_over_the_days() {
        let last_day = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
        let mut by_day = BTreeMap::<NaiveDate, u64>::new();
        for batch in Traffic::new(1, 10_000, 7, last_day) {
            let batch = batch.unwrap();
            let instants = batch
                .column_by_name("timestamp")
                .unwrap()
                .as_primitive::<TimestampMillisecondType>();
            for at_ms in instants.values() {
                *by_day.entry(day_of(*at_ms).unwrap()).or_default() += 1;
            }
        }
        assert_eq!(by_day.values().sum::<u64>(), 10_000);
        assert_eq!(by_day.len(), 7);
        assert_eq!(by_day.last_key_value().map(|(day, _)| *day), Some(last_day));
        assert!(
            by_day
                .values()
                .all(|events| (1_428..=1_429).contains(events)),
            "{by_day:?}"
        );
    }
}
