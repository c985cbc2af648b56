//! Where files lie inside a project, and which days a folder covers.
//!
//! Written: `{table}/day=YYYY-MM-DD/{name}.parquet` (UTC day) for tables with a time column, `{table}/{name}.parquet` for the
//! others. Also read: `year=YYYY/month=MM/day=DD`, as other writers make them. Anything else below a table's folder is read
//! too, but never pruned by day. This module only parses and makes paths; it lists and reads nothing.

use chrono::{DateTime, Datelike, Days, NaiveDate};
use object_store::path::Path;

use crate::Table;

/// An inclusive range of UTC days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DayRange {
    /// The first day.
    pub first: NaiveDate,
    /// The last day, included.
    pub last: NaiveDate,
}

impl DayRange {
    /// The days from `first` to `last`, both included. Nothing is in it when `last` is before `first`.
    #[must_use]
    pub const fn new(first: NaiveDate, last: NaiveDate) -> Self {
        Self { first, last }
    }

    /// The UTC days touched by the instants from `start_ms` (included) to `end_ms` (excluded), Unix milliseconds.
    /// None when an instant is outside the calendar.
    #[must_use]
    pub fn of_instants(start_ms: i64, end_ms: i64) -> Option<Self> {
        let last_ms = end_ms.saturating_sub(1).max(start_ms);
        Some(Self {
            first: day_of(start_ms)?,
            last: day_of(last_ms)?,
        })
    }

    /// Whether `day` is in the range.
    #[must_use]
    pub fn contains(&self, day: NaiveDate) -> bool {
        self.first <= day && day <= self.last
    }

    /// Whether the two ranges share a day.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// The UTC day of an instant in Unix milliseconds, if the calendar has it.
#[must_use]
pub fn day_of(instant_ms: i64) -> Option<NaiveDate> {
    DateTime::from_timestamp_millis(instant_ms).map(|instant| instant.date_naive())
}

/// The folder of a table.
#[must_use]
pub fn table_folder(table: Table) -> Path {
    Path::from(table.name())
}

/// The path of a data file called `name` (without extension) in `table`, in the folder of `day` if there is one.
#[must_use]
pub fn file_path(table: Table, day: Option<NaiveDate>, name: &str) -> Path {
    match day {
        Some(day) => Path::from(format!("{}/day={day}/{name}.parquet", table.name())),
        None => Path::from(format!("{}/{name}.parquet", table.name())),
    }
}

/// The folder of copies of footers.
#[cfg(feature = "write")]
pub(crate) fn footers_folder() -> Path {
    Path::from("footers")
}

/// The path of the copies of footers called `name`.
#[cfg(feature = "write")]
pub(crate) fn footers_path(name: &str) -> Path {
    footers_folder().join(format!("{name}.bin"))
}

/// Whether an object is one that imports write and clear away: a data file, or copies of footers.
#[cfg(feature = "write")]
pub(crate) fn is_written_by_imports(path: &Path) -> bool {
    let is_footers = path.prefix_matches(&footers_folder()) && path.as_ref().ends_with(".bin");
    is_footers || is_data_file(path)
}

/// Whether an object is a data file: it ends in `.parquet` and no part of its path is hidden (`.` or `_` first).
#[must_use]
pub fn is_data_file(path: &Path) -> bool {
    let hidden = |part: object_store::path::PathPart<'_>| part.as_ref().starts_with(['.', '_']);
    path.as_ref().ends_with(".parquet") && !path.parts().any(hidden)
}

/// The UTC day a file belongs to by its folders, if they say so.
#[must_use]
pub fn day_of_path(path: &Path) -> Option<NaiveDate> {
    days_of_folder(path)
        .filter(|days| days.first == days.last)
        .map(|days| days.first)
}

/// The UTC days a folder (or file) can hold by its folders: a day, a month or a year. None when they do not say.
#[must_use]
pub fn days_of_folder(path: &Path) -> Option<DayRange> {
    let (mut year, mut month, mut day) = (None, None, None);
    for part in path.parts() {
        let part = part.as_ref();
        let Some((key, value)) = part.split_once('=') else {
            continue;
        };
        match key {
            "year" => year = value.parse::<i32>().ok(),
            "month" => month = value.parse::<u32>().ok(),
            "day" => match value.parse::<NaiveDate>() {
                Ok(date) => return Some(DayRange::new(date, date)),
                Err(_) => day = value.parse::<u32>().ok(),
            },
            _ => {}
        }
    }
    match (year?, month, day) {
        (year, Some(month), Some(day)) => {
            let date = NaiveDate::from_ymd_opt(year, month, day)?;
            Some(DayRange::new(date, date))
        }
        (year, Some(month), None) => {
            let first = NaiveDate::from_ymd_opt(year, month, 1)?;
            Some(DayRange::new(first, last_of_month(first)?))
        }
        (year, None, _) => {
            let first = NaiveDate::from_ymd_opt(year, 1, 1)?;
            Some(DayRange::new(first, NaiveDate::from_ymd_opt(year, 12, 31)?))
        }
    }
}

fn last_of_month(first: NaiveDate) -> Option<NaiveDate> {
    let next = match first.month() {
        12 => NaiveDate::from_ymd_opt(first.year().checked_add(1)?, 1, 1)?,
        month => NaiveDate::from_ymd_opt(first.year(), month + 1, 1)?,
    };
    next.checked_sub_days(Days::new(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap_or_default()
    }

    #[test]
    fn a_file_is_placed_under_its_utc_day_and_found_there_again() {
        let path = file_path(Table::Events, Some(day("2026-11-01")), "part-0");
        assert_eq!(path.as_ref(), "events/day=2026-11-01/part-0.parquet");
        assert_eq!(day_of_path(&path), Some(day("2026-11-01")));
        assert_eq!(day_of_path(&file_path(Table::Profiles, None, "all")), None);
    }

    #[test]
    fn hive_folders_say_a_day_a_month_or_a_year() {
        let of = |path: &str| days_of_folder(&Path::from(path));
        assert_eq!(
            of("events/year=2024/month=02/day=9/a.parquet"),
            Some(DayRange::new(day("2024-02-09"), day("2024-02-09")))
        );
        assert_eq!(
            of("events/year=2024/month=2"),
            Some(DayRange::new(day("2024-02-01"), day("2024-02-29")))
        );
        assert_eq!(
            of("events/year=2023/month=12"),
            Some(DayRange::new(day("2023-12-01"), day("2023-12-31")))
        );
        assert_eq!(
            of("events/year=2024"),
            Some(DayRange::new(day("2024-01-01"), day("2024-12-31")))
        );
        assert_eq!(of("events/year=2024/month=13"), None);
        assert_eq!(of("events/region=eu"), None);
    }

    #[test]
    fn hidden_and_foreign_objects_are_no_data_files() {
        assert!(is_data_file(&Path::from("events/day=2026-11-01/a.parquet")));
        assert!(!is_data_file(&Path::from("events/_temporary/a.parquet")));
        assert!(!is_data_file(&Path::from("events/.a.parquet")));
        assert!(!is_data_file(&Path::from("events/notes.txt")));
    }

    #[test]
    fn the_end_of_a_range_of_instants_is_excluded() {
        let midnight = 1_793_491_200_000; // 2026-11-01T00:00:00Z
        assert_eq!(day_of(midnight), Some(day("2026-11-01")));
        assert_eq!(
            DayRange::of_instants(midnight - 1, midnight),
            Some(DayRange::new(day("2026-10-31"), day("2026-10-31")))
        );
        assert_eq!(DayRange::of_instants(i64::MAX, i64::MAX), None);
    }
}
