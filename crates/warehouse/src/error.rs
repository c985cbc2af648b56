//! What can go wrong between a question and its rows, told so that whoever asked can act.
//!
//! Everything but [`WarehouseError::Internal`] is written for the reader of an answer: it names the project's own tables,
//! columns and files and nothing of the installation. `Internal` carries details for the log alone.

use thiserror::Error;

use crate::guard::GuardError;

/// A query's failure.
#[derive(Debug, Error)]
pub enum WarehouseError {
    /// A user's SQL is not allowed, or not SQL.
    #[error(transparent)]
    Refused(#[from] GuardError),
    /// The statement does not fit the data: an unknown column, a wrong type.
    #[error("{0}")]
    Invalid(String),
    /// The query needs more memory than there is.
    #[error("{0}")]
    TooLarge(String),
    /// The time limit was reached.
    #[error(
        "The query was stopped after {limit_s} s, its time limit. Ask for a shorter range, fewer columns, or group by something coarser."
    )]
    TimedOut {
        /// The limit, in seconds.
        limit_s: u64,
    },
    /// One of the project's files cannot be read as what it should be.
    #[error("{0}")]
    BadData(String),
    /// The storage failed or could not be reached.
    #[error("The project's storage did not answer ({0}). Nothing was lost; ask again in a moment.")]
    Unavailable(String),
    /// The warehouse is not set up as it must be: for its operator to mend.
    #[error("{0}")]
    Misconfigured(String),
    /// A fault of the program's own; the text is for the log.
    #[error("internal: {0}")]
    Internal(String),
}

impl WarehouseError {
    /// A fault of the program's own, with what the log should say.
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::Internal(detail.into())
    }

    /// A short name for logs and metrics.
    pub fn slug(&self) -> &'static str {
        match self {
            Self::Refused(_) => "query_refused",
            Self::Invalid(_) => "query_invalid",
            Self::TooLarge(_) => "query_too_large",
            Self::TimedOut { .. } => "query_timed_out",
            Self::BadData(_) => "data_unreadable",
            Self::Unavailable(_) => "storage_unavailable",
            Self::Misconfigured(_) => "warehouse_misconfigured",
            Self::Internal(_) => "query_failed",
        }
    }
}
