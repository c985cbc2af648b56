//! One live Parquet file of a table, as far as it is known without opening it.

use std::{ops::Range, sync::Arc};

use bytes::Bytes;
use chrono::NaiveDate;
use object_store::{ObjectMeta, path::Path};

use crate::layout::{self, DayRange};

/// A Parquet file of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFile {
    /// Its path inside the project.
    pub path: Path,
    /// Its length in bytes.
    pub size: u64,
    /// The store's mark of this very content, where known.
    pub etag: Option<String>,
    /// The UTC day of its rows, where its folder says it.
    pub day: Option<NaiveDate>,
    /// Number of rows, where the manifest says it.
    pub rows: Option<u64>,
    /// Earliest and latest instant in the table's time column (Unix milliseconds, both included), where the manifest says it.
    pub time_ms: Option<(i64, i64)>,
    /// Where a copy of its footer lies, where the manifest says it.
    pub footer: Option<FooterCopy>,
}

/// A copy of a file's footer, beside those of a project's other files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FooterCopy {
    /// The object that holds it.
    pub object: Arc<FooterObject>,
    /// Where in it.
    pub range: Range<u64>,
}

/// An object of footers. It is written once and never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FooterObject {
    /// Its path inside the project.
    pub path: Path,
    /// Its length in bytes.
    pub size: u64,
}

impl FooterCopy {
    /// The copy, out of the object's bytes.
    pub(crate) fn of(&self, object: &Bytes) -> Option<Bytes> {
        let start = usize::try_from(self.range.start).ok()?;
        let end = usize::try_from(self.range.end).ok()?;
        (start <= end && end <= object.len()).then(|| object.slice(start..end))
    }
}

impl DataFile {
    /// A file as a listing shows it.
    #[must_use]
    pub fn from_listing(object: ObjectMeta) -> Self {
        Self {
            day: layout::day_of_path(&object.location),
            path: object.location,
            size: object.size,
            etag: object.e_tag,
            rows: None,
            time_ms: None,
            footer: None,
        }
    }

    /// What tells this content from another under the same path: the etag, or lacking one the size.
    #[must_use]
    pub fn version(&self) -> String {
        self.etag.clone().unwrap_or_else(|| self.size.to_string())
    }

    /// Whether the file can hold rows of these UTC days, by its folder or by its earliest and latest instant.
    #[must_use]
    pub fn may_hold(&self, days: DayRange) -> bool {
        if let Some(day) = self.day {
            return days.contains(day);
        }
        let span = match self.time_ms {
            Some((min, max)) => layout::day_of(min).zip(layout::day_of(max)),
            None => layout::days_of_folder(&self.path).map(|span| (span.first, span.last)),
        };
        span.is_none_or(|(first, last)| days.overlaps(&DayRange::new(first, last)))
    }
}
