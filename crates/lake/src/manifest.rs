//! `manifest.json`, at a project's root: which files are live.
//!
//! A table named in the manifest has exactly the files named there; others in its folder are leftovers of an interrupted
//! import and are not read. A table that is not named is found by listing. Since an import writes its files first and swaps
//! the manifest last, readers see either all of it or nothing.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use object_store::path::Path;
use serde::{Deserialize, Serialize};

use crate::{DataFile, LakeError, Table};

/// Where the manifest lies inside a project.
pub const MANIFEST_PATH: &str = "manifest.json";

/// The version of the format this code reads and writes.
const VERSION: u32 = 1;

/// Which files of a project are live.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    /// Live files by table name. Names unknown to this version are kept as they are.
    tables: BTreeMap<String, Vec<DataFile>>,
}

#[derive(Serialize, Deserialize)]
struct Document {
    version: u32,
    tables: BTreeMap<String, Vec<Entry>>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    path: String,
    size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rows: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    day: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min_time_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_time_ms: Option<i64>,
}

impl Manifest {
    /// Reads a manifest from the bytes of `manifest.json`.
    ///
    /// # Errors
    /// [`LakeError::BadManifest`] when it is not JSON of this shape, of a newer version, or names a path that is none.
    pub fn from_json(bytes: &[u8]) -> Result<Self, LakeError> {
        let bad = |reason: String| LakeError::BadManifest { reason };
        let document: Document =
            serde_json::from_slice(bytes).map_err(|error| bad(error.to_string()))?;
        if document.version != VERSION {
            return Err(bad(format!(
                "it has version {}, and this program understands version {VERSION}",
                document.version
            )));
        }
        let mut tables = BTreeMap::new();
        for (table, entries) in document.tables {
            let files = entries
                .into_iter()
                .map(Entry::into_file)
                .collect::<Result<Vec<_>, _>>();
            tables.insert(table, files.map_err(bad)?);
        }
        Ok(Self { tables })
    }

    /// The manifest as the bytes of `manifest.json`.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let entries = |files: &Vec<DataFile>| files.iter().map(Entry::of_file).collect();
        let document = Document {
            version: VERSION,
            tables: self
                .tables
                .iter()
                .map(|(table, files)| (table.clone(), entries(files)))
                .collect(),
        };
        // Texts, integers and maps keyed by text: there is nothing in it that JSON cannot say.
        serde_json::to_vec_pretty(&document).unwrap_or_default()
    }

    /// The live files of a table, sorted by (day, path); none when the manifest does not name the table.
    #[must_use]
    pub fn files(&self, table: Table) -> Option<&[DataFile]> {
        self.tables.get(table.name()).map(Vec::as_slice)
    }

    /// Names the live files of a table, in place of those named before.
    pub fn set_files(&mut self, table: Table, mut files: Vec<DataFile>) {
        files.sort_by(|a, b| (a.day, &a.path).cmp(&(b.day, &b.path)));
        self.tables.insert(table.name().to_owned(), files);
    }
}

impl Entry {
    fn into_file(self) -> Result<DataFile, String> {
        let path = Path::parse(&self.path)
            .map_err(|_| format!("`{}` is not a path inside the project", self.path))?;
        Ok(DataFile {
            path,
            size: self.size,
            etag: self.etag,
            day: self.day,
            rows: self.rows,
            time_ms: self.min_time_ms.zip(self.max_time_ms),
        })
    }

    fn of_file(file: &DataFile) -> Self {
        Self {
            path: file.path.to_string(),
            size: file.size,
            etag: file.etag.clone(),
            rows: file.rows,
            day: file.day,
            min_time_ms: file.time_ms.map(|(min, _)| min),
            max_time_ms: file.time_ms.map(|(_, max)| max),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    #[test]
    fn a_manifest_survives_being_written_and_read() {
        let mut manifest = Manifest::default();
        manifest.set_files(
            Table::Events,
            vec![DataFile {
                path: Path::from("events/day=2026-11-01/a.parquet"),
                size: 10,
                etag: Some("x".to_owned()),
                day: NaiveDate::from_ymd_opt(2026, 11, 1),
                rows: Some(3),
                time_ms: Some((1, 2)),
            }],
        );
        manifest.set_files(Table::Profiles, Vec::new());
        let read = Manifest::from_json(&manifest.to_json()).unwrap();
        assert_eq!(read, manifest);
        assert_eq!(read.files(Table::Profiles), Some(&[][..]));
        assert_eq!(read.files(Table::Groups), None);
    }

    #[test]
    fn a_manifest_that_cannot_be_understood_says_why() {
        let reason = |json: &str| {
            Manifest::from_json(json.as_bytes())
                .unwrap_err()
                .to_string()
        };
        assert!(reason("{").starts_with("The project's `manifest.json` cannot be read: EOF"));
        assert!(reason(r#"{"version":2,"tables":{}}"#).contains("it has version 2"));
        let climbing =
            r#"{"version":1,"tables":{"events":[{"path":"../other/a.parquet","size":1}]}}"#;
        assert!(reason(climbing).contains("is not a path inside the project"));
    }
}
