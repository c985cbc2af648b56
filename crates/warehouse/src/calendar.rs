//! Days, weeks and months as a project counts them.
//!
//! One definition for both sides of an answer: the `bucket_start` function inside the engine groups rows by it, and the
//! tools fill empty buckets and turn dates into instants by it. It knows the timezone's daylight-saving changes: a bucket's
//! start is the first instant whose local date (or hour) is the bucket's, even where midnight does not exist.

use chrono::{
    DateTime, Datelike, Days, Duration, LocalResult, Months, NaiveDate, NaiveDateTime, NaiveTime,
    Offset, TimeZone, Timelike, Utc,
};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// The width of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Interval {
    /// One hour of absolute time, starting where the local clock shows a full hour.
    Hour,
    /// A local calendar day.
    Day,
    /// Seven local calendar days.
    Week,
    /// A local calendar month.
    Month,
}

impl Interval {
    /// The name used in inputs, answers and SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The interval of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Hour, Self::Day, Self::Week, Self::Month]
            .into_iter()
            .find(|interval| interval.name() == name)
    }
}

/// The day a project's weeks begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WeekStart {
    /// ISO 8601 weeks.
    #[default]
    Monday,
    /// Weeks as in North America.
    Sunday,
}

impl WeekStart {
    /// The name used in configuration and SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Monday => "monday",
            Self::Sunday => "sunday",
        }
    }

    /// The week start of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Monday, Self::Sunday]
            .into_iter()
            .find(|start| start.name() == name)
    }
}

/// A timezone together with the day its weeks begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calendar {
    timezone: Tz,
    week_start: WeekStart,
}

/// An instant in milliseconds since 1970-01-01T00:00:00Z.
pub type InstantMs = i64;

/// 0001-01-03T00:00:00Z: a timezone's offset does not lead out of the year.
const YEAR_1_MS: InstantMs = -62_135_424_000_000;
/// 9999-12-30T00:00:00Z.
const YEAR_9999_MS: InstantMs = 253_402_128_000_000;

impl Calendar {
    /// A calendar for a timezone.
    pub fn new(timezone: Tz, week_start: WeekStart) -> Self {
        Self {
            timezone,
            week_start,
        }
    }

    /// A calendar for an IANA timezone name (`Europe/Berlin`); `None` when no such timezone is known.
    pub fn named(timezone: &str, week_start: WeekStart) -> Option<Self> {
        timezone
            .parse()
            .ok()
            .map(|timezone| Self::new(timezone, week_start))
    }

    /// A calendar for Coordinated Universal Time.
    pub fn utc(week_start: WeekStart) -> Self {
        Self::new(Tz::UTC, week_start)
    }

    /// The timezone.
    pub fn timezone(&self) -> Tz {
        self.timezone
    }

    /// The day weeks begin with.
    pub fn week_start(&self) -> WeekStart {
        self.week_start
    }

    /// The local date of an instant.
    pub fn date_of(&self, instant_ms: InstantMs) -> NaiveDate {
        self.local(instant_ms).date_naive()
    }

    /// The instant with which a local date begins.
    pub fn start_of_date(&self, date: NaiveDate) -> InstantMs {
        self.first_instant(date.and_time(NaiveTime::MIN))
    }

    /// The instant with which the bucket of `instant_ms` begins.
    pub fn bucket_start(&self, instant_ms: InstantMs, interval: Interval) -> InstantMs {
        match interval {
            Interval::Hour => self.hour_start(instant_ms),
            Interval::Day | Interval::Week | Interval::Month => {
                self.start_of_date(self.first_date(self.date_of(instant_ms), interval))
            }
        }
    }

    /// The instant with which the bucket after the one of `instant_ms` begins.
    pub fn next_bucket_start(&self, instant_ms: InstantMs, interval: Interval) -> InstantMs {
        if interval == Interval::Hour {
            return self.hour_start(self.hour_start(instant_ms).saturating_add(3_600_000));
        }
        let first = self.first_date(self.date_of(instant_ms), interval);
        let next = match interval {
            Interval::Week => first.checked_add_days(Days::new(7)),
            Interval::Month => first.checked_add_months(Months::new(1)),
            Interval::Hour | Interval::Day => first.checked_add_days(Days::new(1)),
        };
        next.map_or(InstantMs::MAX, |date| self.start_of_date(date))
    }

    /// The starts of all buckets that touch `[start_ms, end_ms)`, in order.
    pub fn buckets(
        &self,
        start_ms: InstantMs,
        end_ms: InstantMs,
        interval: Interval,
    ) -> Vec<InstantMs> {
        let mut starts = Vec::new();
        let mut start = self.bucket_start(start_ms, interval);
        while start < end_ms {
            starts.push(start);
            start = self.next_bucket_start(start, interval);
        }
        starts
    }

    /// An instant as RFC 3339 text with the project's offset at that instant.
    pub fn rfc3339(&self, instant_ms: InstantMs) -> String {
        self.local(instant_ms)
            .to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
    }

    /// The name of the bucket that starts at `start_ms`: a local date, or date and hour with its offset.
    pub fn label(&self, start_ms: InstantMs, interval: Interval) -> String {
        match interval {
            Interval::Hour => self.local(start_ms).format("%Y-%m-%dT%H:%M%:z").to_string(),
            Interval::Day | Interval::Week => self.local(start_ms).format("%Y-%m-%d").to_string(),
            Interval::Month => self.local(start_ms).format("%Y-%m").to_string(),
        }
    }

    fn local(&self, instant_ms: InstantMs) -> DateTime<Tz> {
        // RFC 3339 knows the years 1 to 9999; beyond them the nearest end, so that no input panics.
        let utc = DateTime::<Utc>::from_timestamp_millis(instant_ms.clamp(YEAR_1_MS, YEAR_9999_MS))
            .unwrap_or_default();
        utc.with_timezone(&self.timezone)
    }

    fn hour_start(&self, instant_ms: InstantMs) -> InstantMs {
        let local = self.local(instant_ms);
        let into_hour = i64::from(local.minute()) * 60_000
            + i64::from(local.second()) * 1_000
            + i64::from(local.timestamp_subsec_millis());
        let start = instant_ms.saturating_sub(into_hour);
        let offset = local.offset().fix();
        if self.local(start).offset().fix() == offset {
            return start;
        }
        // The clocks changed inside this hour (by half an hour, on Lord Howe): the bucket begins with the change.
        (1..=60)
            .map(|minute| start.saturating_add(minute * 60_000))
            .find(|minute| self.local(*minute).offset().fix() == offset)
            .unwrap_or(start)
    }

    fn first_date(&self, date: NaiveDate, interval: Interval) -> NaiveDate {
        let back = match interval {
            Interval::Hour | Interval::Day => 0,
            Interval::Week => match self.week_start {
                WeekStart::Monday => date.weekday().num_days_from_monday(),
                WeekStart::Sunday => date.weekday().num_days_from_sunday(),
            },
            Interval::Month => date.day0(),
        };
        date.checked_sub_days(Days::new(u64::from(back)))
            .unwrap_or(date)
    }

    /// The first instant at or after a local wall-clock time; a time that does not exist (spring) gives the instant of
    /// the change, one that exists twice (autumn) gives the earlier.
    fn first_instant(&self, wall_clock: NaiveDateTime) -> InstantMs {
        match self.timezone.from_local_datetime(&wall_clock) {
            LocalResult::Single(instant) | LocalResult::Ambiguous(instant, _) => {
                instant.timestamp_millis()
            }
            LocalResult::None => self.end_of_gap(wall_clock),
        }
    }

    /// The instant at which a gap around `wall_clock` ends. Gaps are whole minutes and at most a day long (a country
    /// that crossed the date line skipped one).
    fn end_of_gap(&self, wall_clock: NaiveDateTime) -> InstantMs {
        (1..=24 * 60)
            .find_map(|minutes| {
                let later = wall_clock.checked_add_signed(Duration::minutes(minutes))?;
                self.timezone.from_local_datetime(&later).earliest()
            })
            .map_or_else(
                || wall_clock.and_utc().timestamp_millis(),
                |instant| instant.timestamp_millis(),
            )
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;

    fn calendar(timezone: &str) -> Calendar {
        Calendar::named(timezone, WeekStart::Monday).unwrap()
    }

    fn instant(text: &str) -> InstantMs {
        DateTime::parse_from_rfc3339(text)
            .unwrap()
            .timestamp_millis()
    }

    #[test]
    fn a_day_of_daylight_saving_change_has_23_or_25_hours() {
        let berlin = calendar("Europe/Berlin");
        let spring = instant("2026-03-29T12:00:00+02:00");
        assert_eq!(
            berlin.next_bucket_start(spring, Interval::Day)
                - berlin.bucket_start(spring, Interval::Day),
            23 * 3_600_000
        );
        let autumn = instant("2026-10-25T12:00:00+01:00");
        assert_eq!(
            berlin.next_bucket_start(autumn, Interval::Day)
                - berlin.bucket_start(autumn, Interval::Day),
            25 * 3_600_000
        );
    }

    #[test]
    fn a_midnight_that_does_not_exist_is_the_instant_of_the_change() {
        // Cairo, 2026-04-24: clocks go from 00:00 to 01:00.
        let cairo = calendar("Africa/Cairo");
        let start = cairo.start_of_date(NaiveDate::from_ymd_opt(2026, 4, 24).unwrap());
        assert_eq!(cairo.rfc3339(start), "2026-04-24T01:00:00+03:00");
        assert_eq!(cairo.bucket_start(start, Interval::Day), start);
        assert_eq!(
            cairo.date_of(start - 1),
            NaiveDate::from_ymd_opt(2026, 4, 23).unwrap()
        );
    }

    #[test]
    fn the_repeated_hour_of_autumn_is_two_buckets() {
        let berlin = calendar("Europe/Berlin");
        let hours = berlin.buckets(
            instant("2026-10-25T00:00:00Z"),
            instant("2026-10-25T02:00:00Z"),
            Interval::Hour,
        );
        let labels: Vec<_> = hours
            .iter()
            .map(|start| berlin.label(*start, Interval::Hour))
            .collect();
        assert_eq!(labels, ["2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00"]);
    }

    #[test]
    fn weeks_start_when_the_project_says() {
        let wednesday = instant("2026-11-18T10:00:00Z");
        let monday = calendar("UTC");
        assert_eq!(
            monday.label(
                monday.bucket_start(wednesday, Interval::Week),
                Interval::Week
            ),
            "2026-11-16"
        );
        let sunday = Calendar::named("UTC", WeekStart::Sunday).unwrap();
        assert_eq!(
            sunday.label(
                sunday.bucket_start(wednesday, Interval::Week),
                Interval::Week
            ),
            "2026-11-15"
        );
    }

    #[test]
    fn half_hour_timezones_have_their_own_full_hours() {
        let kolkata = calendar("Asia/Kolkata");
        let start = kolkata.bucket_start(instant("2026-11-18T10:10:00Z"), Interval::Hour);
        assert_eq!(
            kolkata.label(start, Interval::Hour),
            "2026-11-18T15:00+05:30"
        );
    }

    #[test]
    fn every_instant_lies_in_its_own_bucket() {
        for timezone in [
            "UTC",
            "America/New_York",
            "Australia/Lord_Howe",
            "Asia/Kathmandu",
            "Pacific/Apia",
        ] {
            let calendar = calendar(timezone);
            for interval in [
                Interval::Hour,
                Interval::Day,
                Interval::Week,
                Interval::Month,
            ] {
                for step in 0..3_000 {
                    let at = instant("2011-03-01T00:00:00Z") + step * 9_876_543;
                    let start = calendar.bucket_start(at, interval);
                    let next = calendar.next_bucket_start(at, interval);
                    assert!(
                        start <= at && at < next,
                        "{timezone} {interval:?} {at}: {start}..{next}"
                    );
                    assert_eq!(calendar.bucket_start(start, interval), start);
                }
            }
        }
    }

    #[test]
    fn instants_beyond_the_calendar_do_not_panic() {
        for at in [i64::MIN, i64::MAX, 0] {
            let _ = calendar("Europe/Berlin").bucket_start(at, Interval::Month);
        }
    }
}
