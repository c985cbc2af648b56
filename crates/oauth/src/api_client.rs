//! API clients: how scripts, CI and clients configured by hand get in.

use crate::secret::SecretHash;
use crate::token::ClientId;

/// What an API client may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiClientKind {
    /// One project.
    Read {
        /// Which.
        project_id: String,
    },
    /// Every project of its organization.
    Root,
    /// Made to send events. It never gets in here, where everything only reads.
    Write,
}

/// An API client as it is stored.
#[derive(Debug, Clone)]
pub struct ApiClientRecord {
    /// The public half of its token.
    pub id: ClientId,
    /// What its owner calls it.
    pub name: String,
    /// The organization it belongs to.
    pub organization_id: String,
    /// What it may see.
    pub kind: ApiClientKind,
    /// What is kept of the other half of its token.
    pub secret_hash: SecretHash,
    /// From when on it is no longer valid, in ms since 1970 UTC. Never, if there is none.
    pub expires_at_ms: Option<i64>,
    /// When it was revoked, in ms since 1970 UTC.
    pub revoked_at_ms: Option<i64>,
    /// Requests it may make in a minute, where that differs from the default.
    pub requests_per_minute: Option<u32>,
}
