//! The span of time a question is about.
//!
//! Days are the project's own and both ends count. Instants are half-open: `startDate` counts, `endDate` does not.

use chrono::{DateTime, Days, Months, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sightline_warehouse::{Calendar, InstantMs, Query, Sql, Value, sql};

use crate::failure::Mistake;

/// The rules of `startDate` and `endDate`, for the reference.
pub(crate) const RULES: &[&str] = &[
    "`YYYY-MM-DD` is a day in the project's timezone; both days are included. (OpenPanel drops the end day.)",
    "An RFC 3339 instant (`2026-11-01T09:00:00+01:00`) is exact to the millisecond; as `startDate` it is included, as `endDate` it is not.",
    "Neither given: the last 30 days, today included. Only `startDate`: up to today. Only `endDate`: the 30 days up to it.",
    "Start after end, an unreadable date, or more than 5 years is refused with the reason.",
];

/// How many days a range has when one end or both are left out.
const DEFAULT_DAYS: u64 = 30;
/// The longest range, in months.
const MOST_MONTHS: u32 = 60;

/// `startDate` and `endDate` as they are given.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DateRange {
    /// YYYY-MM-DD or RFC 3339; default last 30 days
    start_date: Option<String>,
    end_date: Option<String>,
}

/// A range as answers tell it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct RangeShown {
    /// First day, or first instant.
    pub(crate) start: String,
    /// Last day (included), or the instant before which the range ends.
    pub(crate) end: String,
}

/// A span of time: `[start_ms, end_ms)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Range {
    /// The first instant.
    pub(crate) start_ms: InstantMs,
    /// The instant before which it ends.
    pub(crate) end_ms: InstantMs,
    /// First and last day, if both ends were given as days.
    days: Option<(NaiveDate, NaiveDate)>,
    shown: RangeShown,
}

enum End {
    Day(NaiveDate),
    Instant(InstantMs),
}

impl DateRange {
    /// Whether either end is given.
    pub(crate) fn is_given(&self) -> bool {
        self.start_date.is_some() || self.end_date.is_some()
    }

    /// The range meant, at `now_ms`, for a project with that calendar.
    pub(crate) fn resolve(&self, calendar: &Calendar, now_ms: InstantMs) -> Result<Range, Mistake> {
        let today = calendar.date_of(now_ms);
        let start = self
            .start_date
            .as_deref()
            .map(|text| End::parse("startDate", text))
            .transpose()?;
        let end = self
            .end_date
            .as_deref()
            .map(|text| End::parse("endDate", text))
            .transpose()?;
        let end = end.unwrap_or(End::Day(today));
        let start = start.unwrap_or_else(|| {
            let last = match end {
                End::Day(date) => date,
                End::Instant(instant) => calendar.date_of(instant.saturating_sub(1)),
            };
            End::Day(
                last.checked_sub_days(Days::new(DEFAULT_DAYS - 1))
                    .unwrap_or(last),
            )
        });
        let range = Range::between(&start, &end, calendar);
        if range.start_ms >= range.end_ms {
            return Err(backwards(&start, &end, &range.shown, today));
        }
        if range.end_ms > months_after(calendar, range.start_ms, MOST_MONTHS) {
            return Err(Mistake::new(format!(
                "The range {} to {} is longer than 5 years, the most one question may cover.",
                range.shown.start, range.shown.end
            ))
            .next("Ask for a shorter range, or for several ranges one after the other."));
        }
        Ok(range)
    }
}

impl End {
    fn parse(input: &str, text: &str) -> Result<Self, Mistake> {
        let text = text.trim();
        let is_day = text.len() == 10
            && text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'-');
        if is_day && let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            return Ok(Self::Day(date));
        }
        if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self::Instant(instant.timestamp_millis()));
        }
        Err(Mistake::new(format!(
            "`{input}` is `{}`, which is neither a day that exists, written YYYY-MM-DD, nor an RFC 3339 instant such as \
             2026-11-01T09:00:00Z.",
            text.chars().take(40).collect::<String>()
        ))
        .next("Relative words (`yesterday`, `7d`) are not read: give the dates."))
    }
}

fn backwards(start: &End, end: &End, shown: &RangeShown, today: NaiveDate) -> Mistake {
    if let (End::Instant(start), End::Instant(end)) = (start, end)
        && start == end
    {
        return Mistake::new("`startDate` and `endDate` are the same instant, and an instant as `endDate` is not included.")
            .next("Give a later `endDate`, or days (YYYY-MM-DD), which are included whole.");
    }
    Mistake::new(format!(
        "`startDate` ({}) is after `endDate` ({}).",
        shown.start, shown.end
    ))
    .next(format!(
        "Swap them, or leave `endDate` out to mean today ({today})."
    ))
}

impl Range {
    fn between(start: &End, end: &End, calendar: &Calendar) -> Self {
        let (start_ms, start_shown) = match start {
            End::Day(date) => (calendar.start_of_date(*date), date.to_string()),
            End::Instant(instant) => (*instant, calendar.rfc3339(*instant)),
        };
        let (end_ms, end_shown) = match end {
            End::Day(date) => (after(calendar, *date), date.to_string()),
            End::Instant(instant) => (*instant, calendar.rfc3339(*instant)),
        };
        let days = match (start, end) {
            (End::Day(first), End::Day(last)) => Some((*first, *last)),
            _ => None,
        };
        Self {
            start_ms,
            end_ms,
            days,
            shown: RangeShown {
                start: start_shown,
                end: end_shown,
            },
        }
    }

    /// The range of whole days from `first` to `last`, both included.
    pub(crate) fn of_days(first: NaiveDate, last: NaiveDate, calendar: &Calendar) -> Self {
        Self::between(&End::Day(first), &End::Day(last), calendar)
    }

    /// All the time there may be events of.
    pub(crate) fn always(calendar: &Calendar) -> Self {
        // 1970 to the year 10000.
        Self::between(
            &End::Instant(0),
            &End::Instant(253_402_300_800_000),
            calendar,
        )
    }

    /// The range of equal length just before: as many days for days, as many milliseconds for instants.
    pub(crate) fn previous(&self, calendar: &Calendar) -> Self {
        if let Some((first, last)) = self.days {
            let length = Days::new(last.signed_duration_since(first).num_days().unsigned_abs() + 1);
            let back = |date: NaiveDate| date.checked_sub_days(length).unwrap_or(NaiveDate::MIN);
            return Self::of_days(back(first), back(last), calendar);
        }
        let length = self.end_ms.saturating_sub(self.start_ms);
        Self::between(
            &End::Instant(self.start_ms.saturating_sub(length)),
            &End::Instant(self.start_ms),
            calendar,
        )
    }

    /// The same dates a year before (29 February becomes 28 February), at the same time of day.
    pub(crate) fn year_before(&self, calendar: &Calendar) -> Self {
        if let Some((first, last)) = self.days {
            return Self::of_days(year_before(first), year_before(last), calendar);
        }
        let back = |instant: InstantMs| {
            let date = calendar.date_of(instant);
            End::Instant(
                calendar.start_of_date(year_before(date))
                    + (instant - calendar.start_of_date(date)),
            )
        };
        Self::between(&back(self.start_ms), &back(self.end_ms), calendar)
    }

    /// How answers tell it.
    pub(crate) fn shown(&self) -> RangeShown {
        self.shown.clone()
    }

    /// The range in words.
    pub(crate) fn in_words(&self) -> String {
        let included = if self.days.is_some() {
            ""
        } else {
            " (end not included)"
        };
        format!("{} to {}{included}", self.shown.start, self.shown.end)
    }

    /// A note when the range is not over, or has not begun.
    pub(crate) fn note(&self, now_ms: InstantMs) -> Option<String> {
        if self.start_ms > now_ms {
            return Some("The range lies in the future: there can be no data in it yet.".into());
        }
        (self.end_ms > now_ms).then(|| "The range is not over yet: its last day is partial.".into())
    }

    /// The condition that the instant `column` lies in the range.
    pub(crate) fn contains(&self, query: &mut Query<'_>, column: &'static str) -> Sql {
        let (start, end) = (
            query.bind(Value::TimestampMs(self.start_ms)),
            query.bind(Value::TimestampMs(self.end_ms)),
        );
        sql!(
            "{column} >= {start} AND {column} < {end}",
            column,
            start,
            end
        )
    }

    /// The same range ending at `end_ms`.
    pub(crate) fn until(&self, end_ms: InstantMs) -> Self {
        Self {
            end_ms,
            ..self.clone()
        }
    }

    /// The same range beginning `ms` earlier.
    pub(crate) fn widened_back(&self, ms: i64) -> Self {
        Self {
            start_ms: self.start_ms.saturating_sub(ms),
            ..self.clone()
        }
    }

    /// The same range ending `ms` later.
    pub(crate) fn lengthened(&self, ms: i64) -> Self {
        Self {
            end_ms: self.end_ms.saturating_add(ms),
            ..self.clone()
        }
    }
}

/// The instant with which the day after `date` begins.
fn after(calendar: &Calendar, date: NaiveDate) -> InstantMs {
    date.succ_opt()
        .map_or(InstantMs::MAX, |next| calendar.start_of_date(next))
}

fn year_before(date: NaiveDate) -> NaiveDate {
    date.checked_sub_months(Months::new(12)).unwrap_or(date)
}

/// The instant with the same time of day `months` months later.
fn months_after(calendar: &Calendar, instant: InstantMs, months: u32) -> InstantMs {
    let date = calendar.date_of(instant);
    let into_day = instant - calendar.start_of_date(date);
    date.checked_add_months(Months::new(months))
        .map_or(InstantMs::MAX, |later| {
            calendar.start_of_date(later) + into_day
        })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use super::*;
    use sightline_warehouse::WeekStart;

    fn calendar(timezone: &str) -> Calendar {
        Calendar::named(timezone, WeekStart::Monday).unwrap()
    }

    fn instant(text: &str) -> InstantMs {
        DateTime::parse_from_rfc3339(text)
            .unwrap()
            .timestamp_millis()
    }

    fn resolve(start: Option<&str>, end: Option<&str>, timezone: &str) -> Result<Range, Mistake> {
        let given = DateRange {
            start_date: start.map(str::to_owned),
            end_date: end.map(str::to_owned),
        };
        given.resolve(&calendar(timezone), instant("2026-11-20T01:30:00Z"))
    }

    #[test]
    fn the_default_is_the_last_30_days_with_today_in_the_projects_timezone() {
        let utc = resolve(None, None, "UTC").unwrap();
        assert_eq!(utc.in_words(), "2026-10-22 to 2026-11-20");
        // It is still the 19th in Los Angeles.
        assert_eq!(
            resolve(None, None, "America/Los_Angeles")
                .unwrap()
                .in_words(),
            "2026-10-21 to 2026-11-19"
        );
    }

    #[test]
    fn one_end_alone_finds_the_other() {
        assert_eq!(
            resolve(Some("2026-11-01"), None, "UTC").unwrap().in_words(),
            "2026-11-01 to 2026-11-20"
        );
        assert_eq!(
            resolve(None, Some("2026-01-31"), "UTC").unwrap().in_words(),
            "2026-01-02 to 2026-01-31"
        );
        assert_eq!(
            resolve(None, Some("2026-02-01T00:00:00Z"), "UTC")
                .unwrap()
                .in_words(),
            "2026-01-02 to 2026-02-01T00:00:00Z (end not included)"
        );
    }

    #[test]
    fn both_days_are_included_and_a_single_day_is_a_range() {
        let day = resolve(Some("2026-11-05"), Some("2026-11-05"), "Europe/Berlin").unwrap();
        assert_eq!(
            (day.start_ms, day.end_ms),
            (
                instant("2026-11-04T23:00:00Z"),
                instant("2026-11-05T23:00:00Z")
            )
        );
    }

    #[test]
    fn a_day_on_which_the_clocks_change_has_23_or_25_hours() {
        let hours = |day| {
            let range = resolve(Some(day), Some(day), "Europe/Berlin").unwrap();
            (range.end_ms - range.start_ms) / 3_600_000
        };
        assert_eq!((hours("2026-03-29"), hours("2026-10-25")), (23, 25));
    }

    #[test]
    fn previous_counts_days_not_hours() {
        let berlin = calendar("Europe/Berlin");
        let range = resolve(Some("2026-10-26"), Some("2026-11-01"), "Europe/Berlin").unwrap();
        let previous = range.previous(&berlin);
        assert_eq!(previous.in_words(), "2026-10-19 to 2026-10-25");
        assert_eq!(
            (previous.end_ms - previous.start_ms) / 3_600_000,
            7 * 24 + 1
        );
        assert_eq!(previous.end_ms, range.start_ms);
        let hour = resolve(
            Some("2026-11-01T10:00:00Z"),
            Some("2026-11-01T11:00:00Z"),
            "UTC",
        )
        .unwrap();
        assert_eq!(
            hour.previous(&calendar("UTC")).in_words(),
            "2026-11-01T09:00:00Z to 2026-11-01T10:00:00Z (end not included)"
        );
    }

    #[test]
    fn a_year_before_a_leap_day_is_28_february() {
        let range = resolve(Some("2024-02-29"), Some("2024-03-02"), "UTC").unwrap();
        assert_eq!(
            range.year_before(&calendar("UTC")).in_words(),
            "2023-02-28 to 2023-03-02"
        );
        let instants = resolve(
            Some("2026-07-01T12:00:00Z"),
            Some("2026-07-01T13:00:00Z"),
            "Europe/Berlin",
        )
        .unwrap();
        assert_eq!(
            instants.year_before(&calendar("Europe/Berlin")).in_words(),
            "2025-07-01T14:00:00+02:00 to 2025-07-01T15:00:00+02:00 (end not included)"
        );
    }

    #[test]
    fn five_years_are_allowed_and_a_day_more_is_not() {
        assert!(resolve(Some("2021-01-01"), Some("2025-12-31"), "Europe/Berlin").is_ok());
        insta::assert_snapshot!(resolve(Some("2021-01-01"), Some("2026-01-01"), "UTC").unwrap_err().text(), @"The range 2021-01-01 to 2026-01-01 is longer than 5 years, the most one question may cover. Ask for a shorter range, or for several ranges one after the other.");
    }

    #[test]
    fn what_cannot_be_a_range_is_told_why() {
        insta::assert_snapshot!(resolve(Some("2026-11-10"), Some("2026-11-01"), "UTC").unwrap_err().text(), @"`startDate` (2026-11-10) is after `endDate` (2026-11-01). Swap them, or leave `endDate` out to mean today (2026-11-20).");
        insta::assert_snapshot!(resolve(Some("2027-01-01"), None, "UTC").unwrap_err().text(), @"`startDate` (2027-01-01) is after `endDate` (2026-11-20). Swap them, or leave `endDate` out to mean today (2026-11-20).");
        insta::assert_snapshot!(resolve(Some("yesterday"), None, "UTC").unwrap_err().text(), @"`startDate` is `yesterday`, which is neither a day that exists, written YYYY-MM-DD, nor an RFC 3339 instant such as 2026-11-01T09:00:00Z. Relative words (`yesterday`, `7d`) are not read: give the dates.");
        insta::assert_snapshot!(resolve(Some("2026-02-30"), None, "UTC").unwrap_err().text(), @"`startDate` is `2026-02-30`, which is neither a day that exists, written YYYY-MM-DD, nor an RFC 3339 instant such as 2026-11-01T09:00:00Z. Relative words (`yesterday`, `7d`) are not read: give the dates.");
        let noon = Some("2026-11-01T12:00:00Z");
        insta::assert_snapshot!(resolve(noon, noon, "UTC").unwrap_err().text(), @"`startDate` and `endDate` are the same instant, and an instant as `endDate` is not included. Give a later `endDate`, or days (YYYY-MM-DD), which are included whole.");
        for text in [
            "",
            "2026-13-01",
            "99999-01-01",
            "2026-11-01T25:00:00Z",
            "١٢٣٤-٠١-٠١",
            "20261101",
        ] {
            assert!(resolve(Some(text), None, "UTC").is_err(), "{text}");
        }
    }

    #[test]
    fn a_range_that_is_not_over_says_so() {
        let now = instant("2026-11-20T01:30:00Z");
        assert_eq!(
            resolve(None, Some("2026-11-19"), "UTC").unwrap().note(now),
            None
        );
        assert!(
            resolve(None, None, "UTC")
                .unwrap()
                .note(now)
                .is_some_and(|note| note.contains("not over"))
        );
        let future = resolve(Some("2027-01-01"), Some("2027-01-02"), "UTC").unwrap();
        assert!(future.note(now).is_some_and(|note| note.contains("future")));
    }
}
