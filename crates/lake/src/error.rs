//! Everything that can go wrong between a project's files and the rest of the program.
//!
//! Messages are sentences for the person who owns the data: they name the file by its path inside the project and what is
//! wrong with it. They never carry a bucket, a URL or a credential; what an object store said is only in `source()`.

use std::fmt;

use crate::Table;

/// What is wrong with one Parquet file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileFault {
    /// The object has no bytes.
    Empty,
    /// The object does not end as a Parquet file does.
    NotParquet,
    /// The object ends before its own footer begins, or is shorter than the manifest or listing says.
    Truncated,
    /// The footer is encrypted, which is not supported.
    Encrypted,
    /// The footer cannot be decoded; the text is the decoder's reason.
    Corrupt(String),
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("it is an empty file"),
            Self::NotParquet => f.write_str("it is not Parquet"),
            Self::Truncated => f.write_str("it is truncated"),
            Self::Encrypted => f.write_str("its footer is encrypted, which is not supported"),
            Self::Corrupt(reason) => write!(f, "its footer cannot be decoded ({reason})"),
        }
    }
}

/// A failure of the lake.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// The object store itself failed. The file is not known to be bad, and trying again may work.
    #[error("The object store could not {action} `{path}`.")]
    Storage {
        /// What was attempted: `read`, `list`, `write`, `delete`.
        action: &'static str,
        /// Path inside the project.
        path: String,
        /// What the store said. May name buckets and URLs: for logs of the operator only.
        #[source]
        source: Box<object_store::Error>,
    },
    /// A file the manifest or listing named is gone, as happens when an import replaced it meanwhile.
    #[error("The file `{path}` no longer exists. The data has just changed; ask again.")]
    Missing {
        /// Path inside the project.
        path: String,
    },
    /// A data file that cannot be read.
    #[error("The file `{path}` cannot be read: {fault}.")]
    BadFile {
        /// Path inside the project.
        path: String,
        /// What is wrong with it.
        fault: FileFault,
    },
    /// `manifest.json` is there but cannot be understood.
    #[error("The project's `manifest.json` cannot be read: {reason}.")]
    BadManifest {
        /// Why, in words.
        reason: String,
    },
    /// A column has a type that cannot be turned into the table's own.
    #[error(
        "The column `{column}` of `{table}` holds {found}, which cannot be read as {expected}."
    )]
    WrongType {
        /// The table.
        table: Table,
        /// The column.
        column: String,
        /// Arrow's name of the type found.
        found: String,
        /// Arrow's name of the type wanted.
        expected: String,
    },
    /// Rows that had to come in order of time did not.
    #[error(
        "Rows of `{table}` must be in order of time, but one at {later} ms came before one at {earlier} ms."
    )]
    OutOfOrder {
        /// The table.
        table: Table,
        /// The earlier instant, Unix milliseconds.
        earlier: i64,
        /// The instant that came before it, Unix milliseconds.
        later: i64,
    },
    /// Somebody else changed the project while an import ran. Nothing of the import is visible.
    #[error(
        "Another import changed this project in the meantime. Nothing of this import was kept; run it again."
    )]
    Conflict,
    /// The local folder in which an import sorts failed.
    #[error("The temporary folder for sorting could not be used: {0}.")]
    Spill(#[source] std::io::Error),
    /// Arrow or Parquet refused rows that were to be written.
    #[error("Rows of `{table}` could not be encoded: {reason}.")]
    Encode {
        /// The table.
        table: Table,
        /// Why, in words.
        reason: String,
    },
}

impl LakeError {
    /// Wraps what an object store said while it was to do `action` to `path`; "not found" becomes [`LakeError::Missing`].
    pub(crate) fn storage(
        action: &'static str,
        path: impl fmt::Display,
        source: object_store::Error,
    ) -> Self {
        let path = path.to_string();
        match source {
            object_store::Error::NotFound { .. } => Self::Missing { path },
            source => Self::Storage {
                action,
                path,
                source: Box::new(source),
            },
        }
    }

    /// A data file with something wrong.
    pub(crate) fn bad_file(path: impl fmt::Display, fault: FileFault) -> Self {
        Self::BadFile {
            path: path.to_string(),
            fault,
        }
    }
}
