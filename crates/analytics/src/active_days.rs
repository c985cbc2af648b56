//! How many profiles were active on each day of a range, and in the `days` days that end with it, in one pass.
//!
//! A profile's days make stretches, and it is enough to count how many open and close with each day
//! ([`sightline_warehouse::stretches`]).

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use serde::Deserialize;
use sightline_warehouse::{Interval, Sql, Statement, StretchRule, sql};

use crate::context::Context;
use crate::failure::Failure;
use crate::filters::Conditions;
use crate::interval::Every;
use crate::range::Range;

const DAY_MS: i64 = 86_400_000;

/// Active profiles by day.
pub(crate) struct ActiveDays {
    /// The first day counted; what follows is of it and each day after it.
    first: NaiveDate,
    /// Active on the day.
    on_day: Vec<i64>,
    /// Active on it or on the days before it that count.
    within: Vec<i64>,
}

/// What was counted of the day that is so many days after the first.
#[derive(Deserialize)]
struct Row {
    day: u64,
    active: i64,
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
        let count = last.signed_duration_since(reach).num_days() + 1;
        let rule = StretchRule {
            days: u32::try_from(count).unwrap_or(0),
            gap: days,
        };
        let rows: Vec<Row> = context
            .rows(statement(&range, rule, conditions, context))
            .await?;
        let by_date: HashMap<NaiveDate, Row> = rows
            .into_iter()
            .filter_map(|row| Some((reach.checked_add_days(Days::new(row.day))?, row)))
            .collect();
        let mut counted = Self {
            first,
            on_day: Vec::new(),
            within: Vec::new(),
        };
        let mut active = 0;
        for date in reach.iter_days().take_while(|date| *date <= last) {
            let today = by_date.get(&date);
            let closing = date
                .checked_sub_days(Days::new(u64::from(days)))
                .and_then(|date| by_date.get(&date));
            active += today.and_then(|row| row.opened).unwrap_or(0);
            active -= closing.and_then(|row| row.closed).unwrap_or(0);
            if date >= first {
                counted.on_day.push(today.map_or(0, |row| row.active));
                counted.within.push(active);
            }
        }
        Ok(counted)
    }

    /// Those active in the days that end with a day; none outside of the days counted.
    pub(crate) fn within(&self, last: NaiveDate) -> Option<i64> {
        self.within.get(self.place(last)?).copied()
    }

    /// Those active on a day; none outside of the days counted.
    pub(crate) fn on(&self, date: NaiveDate) -> Option<i64> {
        self.on_day.get(self.place(date)?).copied()
    }

    fn place(&self, date: NaiveDate) -> Option<usize> {
        usize::try_from(date.signed_duration_since(self.first).num_days()).ok()
    }
}

/// What is counted of each day of `range`.
fn statement(
    range: &Range,
    rule: StretchRule,
    conditions: &Conditions,
    context: &Context<'_>,
) -> Statement {
    let mut query = context.query();
    let bucket = Every::Day.bucket(&mut query, context.calendar(), "timestamp");
    let within = range.contains(&mut query, "timestamp");
    let filters = conditions.on_events(&mut query, context.project, range);
    let start_ms = query.bind(range.start_ms);
    let dialect = query.dialect();
    let profile = dialect.identity(&Sql::from("profile_id"));
    let midnight_ms = dialect.epoch_ms(&bucket);
    let days = dialect.stretches(&Sql::from("day"), &rule);
    let each = dialect.unnest_list(&Sql::from("days"));
    let field = |name| dialect.field(&Sql::from("seen"), name);
    let (day, opened, closed) = (field("day"), field("opened"), field("closed"));
    // Midnights are whole days apart but for an hour or two where clocks change.
    query.finish(sql!(
        "SELECT {day} AS day, count(*) AS active, sum({opened}) AS opened, sum({closed}) AS closed FROM (SELECT {each} AS seen FROM \
         (SELECT {days} AS days FROM (SELECT {profile} AS profile, CAST(round(({midnight_ms} - {start_ms}) / {DAY_MS}.0) AS BIGINT) AS day \
         FROM events WHERE {within} AND profile_id <> ''{filters}) AS events_of_days GROUP BY profile) AS profiles) AS each_day GROUP BY day",
        day,
        opened,
        closed,
        each,
        days,
        profile,
        midnight_ms,
        start_ms,
        DAY_MS,
        within,
        filters
    ))
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
