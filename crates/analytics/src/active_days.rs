//! How many profiles were active in the `days` days that end with each day of a range, in one pass.
//!
//! Those of single days are distinct counts. For more, which is exact, the days on which a profile was seen become stretches: it is enough
//! to count how many open and close with each day ([`sightline_warehouse::stretches`]).

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use serde::Deserialize;
use sightline_warehouse::{Interval, Sql, StretchRule, sql};

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

/// How many stretches open on a day, and how many close `days` days after it.
#[derive(Deserialize)]
struct Turns {
    opened: Option<i64>,
    closed: Option<i64>,
}

/// The turns of the day that begins with `bucket`.
#[derive(Deserialize)]
struct OfBucket {
    bucket: String,
    #[serde(flatten)]
    turns: Turns,
}

/// The turns of the day that is so many days after the first.
#[derive(Deserialize)]
struct OfDay {
    day: u64,
    #[serde(flatten)]
    turns: Turns,
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
        let by_date: HashMap<NaiveDate, Turns> = match days {
            1 => each_day(&range, conditions, context).await?,
            _ => {
                let count = last.signed_duration_since(reach).num_days() + 1;
                let rule = StretchRule {
                    days: u32::try_from(count).unwrap_or(0),
                    gap: days,
                };
                stretches(&range, reach, rule, conditions, context).await?
            }
        };
        let mut active = 0;
        let mut counts = Vec::new();
        for date in reach.iter_days().take_while(|date| *date <= last) {
            let closing = date
                .checked_sub_days(Days::new(u64::from(days)))
                .and_then(|date| by_date.get(&date));
            active += by_date
                .get(&date)
                .and_then(|turns| turns.opened)
                .unwrap_or(0);
            active -= closing.and_then(|turns| turns.closed).unwrap_or(0);
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
async fn each_day(
    range: &Range,
    conditions: &Conditions,
    context: &Context<'_>,
) -> Result<HashMap<NaiveDate, Turns>, Failure> {
    let calendar = context.calendar();
    let mut query = context.query();
    let bucket = Every::Day.bucket(&mut query, calendar, "timestamp");
    let within = range.contains(&mut query, "timestamp");
    let filters = conditions.on_events(&mut query, context.project, range);
    let active = query.dialect().count_distinct(&Sql::from("profile_id"));
    let statement = query.finish(sql!(
        "SELECT bucket, active AS opened, active AS closed FROM \
         (SELECT {bucket} AS bucket, {active} AS active FROM events WHERE {within} AND profile_id <> ''{filters} GROUP BY bucket) AS days",
        bucket,
        active,
        within,
        filters
    ));
    let rows: Vec<OfBucket> = context.rows(statement).await?;
    rows.into_iter()
        .map(|row| Ok((calendar.date_of(instant(&row.bucket)?), row.turns)))
        .collect()
}

/// The turns of a range that begins with `first`.
async fn stretches(
    range: &Range,
    first: NaiveDate,
    rule: StretchRule,
    conditions: &Conditions,
    context: &Context<'_>,
) -> Result<HashMap<NaiveDate, Turns>, Failure> {
    let mut query = context.query();
    let bucket = Every::Day.bucket(&mut query, context.calendar(), "timestamp");
    let within = range.contains(&mut query, "timestamp");
    let filters = conditions.on_events(&mut query, context.project, range);
    let start_ms = query.bind(range.start_ms);
    let dialect = query.dialect();
    let profile = dialect.identity(&Sql::from("profile_id"));
    let midnight_ms = dialect.epoch_ms(&bucket);
    let turns = dialect.stretches(&Sql::from("day"), &rule);
    let each = dialect.unnest_list(&Sql::from("turns"));
    let field = |name| dialect.field(&Sql::from("turn"), name);
    let (day, opened, closed) = (field("day"), field("opened"), field("closed"));
    // Midnights are whole days apart but for an hour or two where clocks change.
    let statement = query.finish(sql!(
        "SELECT {day} AS day, sum({opened}) AS opened, sum({closed}) AS closed FROM (SELECT {each} AS turn FROM \
         (SELECT {turns} AS turns FROM (SELECT {profile} AS profile, CAST(round(({midnight_ms} - {start_ms}) / {DAY_MS}.0) AS BIGINT) AS day \
         FROM events WHERE {within} AND profile_id <> ''{filters}) AS seen GROUP BY profile) AS profiles) AS each_turn GROUP BY day",
        day,
        opened,
        closed,
        each,
        turns,
        profile,
        midnight_ms,
        start_ms,
        DAY_MS,
        within,
        filters
    ));
    let rows: Vec<OfDay> = context.rows(statement).await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| Some((first.checked_add_days(Days::new(row.day))?, row.turns)))
        .collect())
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
