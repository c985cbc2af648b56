//! Series: how wide a bucket is, and that none is missing.

use std::collections::HashMap;

use chrono::DateTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sightline_warehouse::{Calendar, InstantMs, Interval, Query, Sql};

use crate::failure::{Failure, Mistake};
use crate::range::Range;

/// The rules of `interval`, for the reference.
pub(crate) const RULES: &[&str] = &[
    "Buckets are hours, days, weeks or months of the project's timezone, daylight saving included; weeks start on Monday unless the project says Sunday.",
    "A series has a row for every bucket that touches the range, zeros where nothing happened; buckets cut off by the range hold only the part inside it.",
    "Buckets are labelled with the project's own dates: `2026-11-01`, `2026-11` for months, `2026-11-01T14:00+01:00` for hours.",
];

/// The most buckets one answer may have: a hundred days of hours, five years of days.
const MOST_BUCKETS: usize = 2_400;

/// The width of a bucket, as an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(description = "")]
pub(crate) enum Every {
    Hour,
    #[default]
    Day,
    Week,
    Month,
}

impl Every {
    /// The interval of the warehouse.
    pub(crate) fn interval(self) -> Interval {
        match self {
            Self::Hour => Interval::Hour,
            Self::Day => Interval::Day,
            Self::Week => Interval::Week,
            Self::Month => Interval::Month,
        }
    }

    /// The starts of the buckets of a range, or why there are too many.
    pub(crate) fn buckets(
        self,
        range: &Range,
        calendar: &Calendar,
    ) -> Result<Vec<InstantMs>, Mistake> {
        // Hours are the only ones that can be too many, and counting them first spares making the list.
        let hours = usize::try_from(range.end_ms.saturating_sub(range.start_ms) / 3_600_000)
            .unwrap_or(usize::MAX);
        if self == Self::Hour && hours > MOST_BUCKETS {
            return Err(Mistake::new(format!(
                "{} has {hours} hours, and one answer holds at most {MOST_BUCKETS} buckets.",
                range.in_words()
            ))
            .next("Use `interval` `day`, or a range of at most 100 days."));
        }
        Ok(calendar.buckets(range.start_ms, range.end_ms, self.interval()))
    }

    /// The bucket in which the instant `column` lies, as SQL.
    pub(crate) fn bucket(
        self,
        query: &mut Query<'_>,
        calendar: &Calendar,
        column: &'static str,
    ) -> Sql {
        let timezone = query.bind(calendar.timezone().name());
        query.dialect().bucket(
            &Sql::from(column),
            self.interval(),
            &timezone,
            calendar.week_start(),
        )
    }
}

/// Rows by the bucket they belong to.
pub(crate) struct Series<T>(HashMap<InstantMs, T>);

impl<T: Default + Clone> Series<T> {
    /// Rows and the instant, in RFC 3339, at which each one's bucket starts.
    pub(crate) fn new(rows: impl IntoIterator<Item = (String, T)>) -> Result<Self, Failure> {
        rows.into_iter()
            .map(|(start, row)| Ok((instant(&start)?, row)))
            .collect::<Result<_, Failure>>()
            .map(Self)
    }

    /// The row of a bucket; zeros if there is none.
    pub(crate) fn at(&self, start: InstantMs) -> T {
        self.0.get(&start).cloned().unwrap_or_default()
    }
}

/// An instant the warehouse answered.
pub(crate) fn instant(text: &str) -> Result<InstantMs, Failure> {
    DateTime::parse_from_rfc3339(text)
        .map(|instant| instant.timestamp_millis())
        .map_err(|error| {
            Failure::fault(format!(
                "the warehouse answered an instant that is none: {error}"
            ))
        })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use super::*;
    use chrono::NaiveDate;
    use sightline_warehouse::{DataFusionDialect, WeekStart, sql};

    fn days(first: &str, last: &str) -> (Range, Calendar) {
        let calendar = Calendar::named("Europe/Berlin", WeekStart::Sunday).unwrap();
        let date = |text: &str| text.parse::<NaiveDate>().unwrap();
        (Range::of_days(date(first), date(last), &calendar), calendar)
    }

    #[test]
    fn a_week_without_rows_still_has_every_day() {
        let (range, calendar) = days("2026-10-22", "2026-10-28");
        let buckets = Every::Day.buckets(&range, &calendar).unwrap();
        let labels: Vec<_> = buckets
            .iter()
            .map(|start| calendar.label(*start, Interval::Day))
            .collect();
        assert_eq!(labels.first().map(String::as_str), Some("2026-10-22"));
        assert_eq!(
            (labels.len(), labels.last().map(String::as_str)),
            (7, Some("2026-10-28"))
        );
        let series = Series::new([("2026-10-24T22:00:00Z".to_owned(), 5_i64)]).unwrap();
        let values: Vec<i64> = buckets.iter().map(|start| series.at(*start)).collect();
        assert_eq!(values, [0, 0, 0, 5, 0, 0, 0]);
    }

    #[test]
    fn the_day_of_the_autumn_change_has_25_hours() {
        let (range, calendar) = days("2026-10-25", "2026-10-25");
        assert_eq!(Every::Hour.buckets(&range, &calendar).unwrap().len(), 25);
    }

    #[test]
    fn too_many_hours_are_refused_with_what_would_do() {
        let (range, calendar) = days("2022-01-01", "2026-10-25");
        insta::assert_snapshot!(Every::Hour.buckets(&range, &calendar).unwrap_err().text(), @"2022-01-01 to 2026-10-25 has 42216 hours, and one answer holds at most 2400 buckets. Use `interval` `day`, or a range of at most 100 days.");
        assert!(Every::Day.buckets(&range, &calendar).is_ok());
    }

    #[test]
    fn the_timezone_is_bound_and_the_unit_is_the_programs_own() {
        let (_, calendar) = days("2026-10-25", "2026-10-25");
        let mut query = Query::new(&DataFusionDialect);
        let bucket = Every::Week.bucket(&mut query, &calendar, "timestamp");
        let statement = query.finish(sql!("SELECT {bucket}", bucket));
        assert_eq!(
            statement.sql.as_str(),
            "SELECT bucket_start(timestamp, 'week', $1, 'sunday')"
        );
        assert_eq!(statement.values, ["Europe/Berlin".into()]);
    }
}
