//! The seam to the network: the Worker's `fetch`, or a table in tests.

use async_trait::async_trait;
use thiserror::Error;

/// An answer.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The status.
    pub status: u16,
    /// The body. The implementation bounds it to 256 KiB.
    pub body: Vec<u8>,
}

/// Nothing came back. The text is for the log.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("fetch: {0}")]
pub struct FetchFault(pub String);

/// Requests to the provider. No redirects are followed, and none takes longer than ten seconds.
#[async_trait(?Send)]
pub trait Fetch {
    /// Gets a document. It may come from a cache of at most an hour, unless `fresh`.
    ///
    /// # Errors
    /// [`FetchFault`] if there was no answer.
    async fn get(&self, url: &str, fresh: bool) -> Result<Fetched, FetchFault>;

    /// Posts a form, with an `Authorization` header if there is one. Never cached, never logged.
    ///
    /// # Errors
    /// [`FetchFault`] if there was no answer.
    async fn post(
        &self,
        url: &str,
        form: String,
        authorization: Option<String>,
    ) -> Result<Fetched, FetchFault>;
}
