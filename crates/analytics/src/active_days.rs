//! How many profiles were active in the `days` days that end with each day of a range, in one pass.
//!
//! Those of single days are distinct counts. For more, which is exact, the days on which a profile was active become stretches: a day opens one if the profile was not active in the `days` days
//! before it, and closes it `days` days later if it is not active until then. Counting the openings and closings of each day is
//! enough, and as much work as there are pairs of profile and day.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use serde::Deserialize;
use sightline_warehouse::{Interval, Query, Sql, sql};

use crate::context::Context;
use crate::failure::Failure;
use crate::filters::Conditions;
use crate::interval::{Every, instant};
use crate::range::Range;

const DAY_MS: i64 = 86_400_000;

/// Active profiles by day.
pub(crate) struct ActiveDays {
    /// The first day counted, and for it and each day after it the active profiles.
    first: NaiveDate,
    counts: Vec<i64>,
}

#[derive(Deserialize)]
struct Row {
    bucket: String,
    opened: Option<i64>,
    closed: Option<i64>,
}

impl ActiveDays {
    /// The profiles active in the `days` days ending with each of the days from `first` to `last`.
    pub(crate) async fn of(
        first: NaiveDate,
        last: NaiveDate,
        days: u32,
        conditions: &Conditions,
        context: &Context<'_>,
    ) -> Result<Self, Failure> {
        let calendar = context.calendar();
        let reach = first
            .checked_sub_days(Days::new(u64::from(days.saturating_sub(1))))
            .unwrap_or(first);
        let range = Range::of_days(reach, last, calendar);
        let mut query = context.query();
        let bucket = Every::Day.bucket(&mut query, calendar, "timestamp");
        let within = range.contains(&mut query, "timestamp");
        let filters = conditions.on_events(&mut query, context.project, &range);
        let each = match days {
            1 => each_day(&query, bucket, within, filters),
            _ => stretches(&query, days, bucket, within, filters),
        };
        let statement = query.finish(each);
        let rows: Vec<Row> = context.rows(statement).await?;
        let mut by_date: HashMap<NaiveDate, (i64, i64)> = HashMap::new();
        for row in rows {
            let date = calendar.date_of(instant(&row.bucket)?);
            by_date.insert(date, (row.opened.unwrap_or(0), row.closed.unwrap_or(0)));
        }
        let mut active = 0;
        let mut counts = Vec::new();
        for date in reach.iter_days().take_while(|date| *date <= last) {
            let closing = date
                .checked_sub_days(Days::new(u64::from(days)))
                .and_then(|date| by_date.get(&date));
            active += by_date.get(&date).map_or(0, |(opened, _)| *opened);
            active -= closing.map_or(0, |(_, closed)| *closed);
            if date >= first {
                counts.push(active);
            }
        }
        Ok(Self { first, counts })
    }

    /// The count of a day; none outside of the days counted.
    pub(crate) fn on(&self, date: NaiveDate) -> Option<i64> {
        let place = date.signed_duration_since(self.first).num_days();
        self.counts.get(usize::try_from(place).ok()?).copied()
    }
}

/// Where a stretch is a day: it closes as it opens.
fn each_day(query: &Query<'_>, bucket: Sql, within: Sql, filters: Sql) -> Sql {
    let active = query.dialect().count_distinct(&Sql::from("profile_id"));
    sql!(
        "SELECT bucket, active AS opened, active AS closed FROM \
         (SELECT {bucket} AS bucket, {active} AS active FROM events WHERE {within} AND profile_id <> ''{filters} GROUP BY bucket) AS days",
        bucket,
        active,
        within,
        filters
    )
}

/// How many stretches each day opens and closes.
fn stretches(query: &Query<'_>, days: u32, bucket: Sql, within: Sql, filters: Sql) -> Sql {
    let dialect = query.dialect();
    let (profile, day) = (Sql::from("profile"), Sql::from("day"));
    let (before, after) = (
        dialect.previous(&day, &profile, &day),
        dialect.next(&day, &profile, &day),
    );
    let ms = |column| dialect.epoch_ms(&Sql::from(column));
    let (day_ms, before_ms, after_ms) = (ms("day"), ms("day_before"), ms("day_after"));
    // Midnights are whole days apart but for an hour or two where clocks change.
    sql!(
        "SELECT day AS bucket, \
         sum(CASE WHEN day_before IS NULL OR round(({day_ms} - {before_ms}) / {DAY_MS}.0) >= {days} THEN 1 ELSE 0 END) AS opened, \
         sum(CASE WHEN day_after IS NULL OR round(({after_ms} - {day_ms}) / {DAY_MS}.0) >= {days} THEN 1 ELSE 0 END) AS closed \
         FROM (SELECT day, {before} AS day_before, {after} AS day_after FROM \
         (SELECT DISTINCT {identity} AS profile, {bucket} AS day FROM events WHERE {within} AND profile_id <> ''{filters}) AS active) AS stretches \
         GROUP BY day",
        day_ms,
        before_ms,
        after_ms,
        DAY_MS,
        days = i64::from(days),
        before,
        after,
        identity = dialect.identity(&Sql::from("profile_id")),
        bucket,
        within,
        filters
    )
}

/// The dates of the days a range touches, as far as they have begun.
pub(crate) fn days_begun(range: &Range, context: &Context<'_>) -> Vec<NaiveDate> {
    let calendar = context.calendar();
    let end_ms = range.end_ms.min(context.asked_at_ms + 1);
    calendar
        .buckets(range.start_ms, end_ms, Interval::Day)
        .into_iter()
        .map(|start| calendar.date_of(start))
        .collect()
}
