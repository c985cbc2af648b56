//! `manifest.json`, at a project's root: which files are live.
//!
//! A table named in the manifest has exactly the files named there; others in its folder are leftovers of an interrupted
//! import and are not read. A table that is not named is found by listing. Since an import writes its files first and swaps
//! the manifest last, readers see either all of it or nothing.
//!
//! It may also name an object that holds copies of the files' footers, so that a reader who needs many of them makes one read.

#[cfg(feature = "write")]
use std::collections::HashSet;
use std::{collections::BTreeMap, sync::Arc};

use chrono::NaiveDate;
use object_store::path::Path;
use serde::{Deserialize, Serialize};

use crate::{DataFile, FooterCopy, FooterObject, LakeError, Table};

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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    footers: Option<Footers>,
    tables: BTreeMap<String, Vec<Entry>>,
}

/// The object of footers.
#[derive(Serialize, Deserialize)]
struct Footers {
    path: String,
    size: u64,
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
    /// Where in the object of footers its copy begins, and its length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    footer: Option<(u64, u64)>,
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
        let footers = document.footers.map(Footers::into_object).transpose();
        let footers = footers.map_err(bad)?;
        let mut tables = BTreeMap::new();
        for (table, entries) in document.tables {
            let files = entries
                .into_iter()
                .map(|entry| entry.into_file(footers.as_ref()))
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
            footers: self.footers().map(|object| Footers::of_object(object)),
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

    /// The object of copies of footers it names.
    pub(crate) fn footers(&self) -> Option<&Arc<FooterObject>> {
        let copy = self.all_files().find_map(|file| file.footer.as_ref())?;
        Some(&copy.object)
    }

    /// All files it names, table by table.
    pub(crate) fn all_files(&self) -> impl Iterator<Item = &DataFile> {
        self.tables.values().flatten()
    }

    /// The paths of all it names: files, and the object of their footers.
    #[cfg(feature = "write")]
    pub(crate) fn paths(&self) -> HashSet<&Path> {
        let files = self.all_files().map(|file| &file.path);
        files
            .chain(self.footers().map(|object| &object.path))
            .collect()
    }

    /// The same files, to be given copies of their footers.
    #[cfg(feature = "write")]
    pub(crate) fn all_files_mut(&mut self) -> impl Iterator<Item = &mut DataFile> {
        self.tables.values_mut().flatten()
    }
}

impl Footers {
    fn into_object(self) -> Result<Arc<FooterObject>, String> {
        Ok(Arc::new(FooterObject {
            path: parse(&self.path)?,
            size: self.size,
        }))
    }

    fn of_object(object: &FooterObject) -> Self {
        Self {
            path: object.path.to_string(),
            size: object.size,
        }
    }
}

fn parse(path: &str) -> Result<Path, String> {
    Path::parse(path).map_err(|_| format!("`{path}` is not a path inside the project"))
}

impl Entry {
    fn into_file(self, footers: Option<&Arc<FooterObject>>) -> Result<DataFile, String> {
        let copy = |(start, length): (u64, u64), object: &Arc<FooterObject>| {
            let range = start..start.checked_add(length)?;
            (range.end <= object.size).then(|| FooterCopy {
                object: Arc::clone(object),
                range,
            })
        };
        Ok(DataFile {
            path: parse(&self.path)?,
            size: self.size,
            etag: self.etag,
            day: self.day,
            rows: self.rows,
            time_ms: self.min_time_ms.zip(self.max_time_ms),
            footer: self
                .footer
                .zip(footers)
                .and_then(|(place, object)| copy(place, object)),
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
            footer: file
                .footer
                .as_ref()
                .map(|copy| (copy.range.start, copy.range.end - copy.range.start)),
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
                footer: Some(FooterCopy {
                    object: Arc::new(FooterObject {
                        path: Path::from("footers/a.bin"),
                        size: 9,
                    }),
                    range: 2..7,
                }),
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
        let footers = r#"{"version":1,"footers":{"path":"../other/f.bin","size":1},"tables":{}}"#;
        assert!(reason(footers).contains("is not a path inside the project"));
    }

    #[test]
    fn a_footer_beyond_its_object_is_no_copy() {
        let json = r#"{"version":1,"footers":{"path":"footers/a.bin","size":9},"tables":{"events":[
            {"path":"events/a.parquet","size":1,"footer":[4,5]},{"path":"events/b.parquet","size":1,"footer":[4,6]}]}}"#;
        let manifest = Manifest::from_json(json.as_bytes()).unwrap();
        let files = manifest.files(Table::Events).unwrap();
        let copied: Vec<bool> = files.iter().map(|file| file.footer.is_some()).collect();
        assert_eq!(copied, [true, false]);
    }
}
