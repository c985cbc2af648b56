//! The first thing that went wrong with a project's files while a query ran.
//!
//! Arrow and Parquet flatten errors into text on their way up, so what failed is noted where it failed and asked for when
//! the query comes back with an error.

use std::sync::{Mutex, PoisonError};

use object_store::path::Path;
use sightline_lake::LakeError;

use crate::error::WarehouseError;

/// What a query noted about its files.
#[derive(Debug, Default)]
pub struct Faults {
    noted: Mutex<Option<Fault>>,
    last_opened: Mutex<Option<String>>,
}

#[derive(Debug, Clone)]
enum Fault {
    Storage(String),
    Data(String),
}

impl Faults {
    /// Notes that `path` is being read, for errors that do not say where they happened.
    pub(super) fn opening(&self, path: &Path) {
        *self
            .last_opened
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(path.to_string());
    }

    /// Notes that the storage failed while reading `path`.
    pub(super) fn storage(&self, path: &Path) {
        self.note(Fault::Storage(format!("reading `{path}`")));
    }

    /// Notes what the lake said.
    pub(super) fn lake(&self, error: &LakeError) {
        self.note(Fault::from(error));
    }

    /// Notes that a file's content is at fault.
    pub(super) fn data(&self, sentence: String) {
        self.note(Fault::Data(sentence));
    }

    /// The error for what was noted first, if anything was.
    pub(super) fn first(&self) -> Option<WarehouseError> {
        let noted = self
            .noted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()?;
        Some(noted.into())
    }

    /// The file opened last.
    pub(super) fn last_opened(&self) -> Option<String> {
        self.last_opened
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn note(&self, fault: Fault) {
        self.noted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(fault);
    }
}

impl From<&LakeError> for Fault {
    fn from(error: &LakeError) -> Self {
        match error {
            LakeError::Storage { action, path, .. } => Self::Storage(format!("{action} `{path}`")),
            other => Self::Data(other.to_string()),
        }
    }
}

impl From<Fault> for WarehouseError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Storage(what) => Self::Unavailable(what),
            Fault::Data(sentence) => Self::BadData(sentence),
        }
    }
}

impl From<LakeError> for WarehouseError {
    fn from(error: LakeError) -> Self {
        Fault::from(&error).into()
    }
}
