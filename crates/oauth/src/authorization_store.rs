//! The seam to whatever keeps the authorization server's state: D1 in the Worker, memory in tests.
//!
//! Every method is one conditional statement or one batch that holds together, and says whether it changed anything. That answer decides every
//! race: there is no reading first and writing later without the writing asking again. What is kept of secrets is their hash.

use async_trait::async_trait;

use crate::app::AppRecord;
use crate::audit::{AuditEntry, RevokedBecause};
use crate::connection::Connection;
use crate::redirect::RedirectUri;
use crate::scope::ScopeSet;
use crate::secret::SecretHash;
use crate::signing_key::KeyRecord;
use crate::store::StoreFault;

/// An authorization request that waits for its person's answer.
#[derive(Debug, Clone)]
pub struct PendingConsent {
    /// What is kept of the handle in the page's address.
    pub handle: SecretHash,
    /// What is kept of the cookie of the browser it belongs to.
    pub cookie: SecretHash,
    /// The app that asks.
    pub app_id: String,
    /// What it calls itself.
    pub app_name: String,
    /// The host proven to be its own.
    pub verified_host: Option<String>,
    /// Where the answer goes.
    pub redirect_uri: RedirectUri,
    /// What the app wants back with the answer.
    pub state: Option<String>,
    /// What it asks for.
    pub scopes: ScopeSet,
    /// Its PKCE challenge, by S256.
    pub code_challenge: String,
    /// Until when it waits, in ms since 1970 UTC.
    pub expires_at_ms: i64,
}

/// A code, as it is stored.
#[derive(Debug, Clone)]
pub struct CodeRecord {
    /// What is kept of the code.
    pub hash: SecretHash,
    /// The app it was made for.
    pub app_id: String,
    /// What the app calls itself.
    pub app_name: String,
    /// The person who agreed.
    pub user_id: String,
    /// The organization they chose.
    pub organization_id: String,
    /// The projects they chose; all, if there is no list.
    pub project_ids: Option<Vec<String>>,
    /// What they agreed to.
    pub scopes: ScopeSet,
    /// Where the code was sent.
    pub redirect_uri: RedirectUri,
    /// The challenge its verifier must meet.
    pub code_challenge: String,
    /// Until when it is good, in ms since 1970 UTC.
    pub expires_at_ms: i64,
    /// The connection it made, once it was redeemed.
    pub connection_id: Option<String>,
}

/// What redeeming a code makes.
#[derive(Debug, Clone)]
pub struct Redemption {
    /// The code.
    pub code: SecretHash,
    /// The new connection.
    pub connection: Connection,
    /// Its first refresh token.
    pub refresh: SecretHash,
    /// When, in ms since 1970 UTC.
    pub now_ms: i64,
    /// Until when the app's registration now lasts.
    pub app_expires_at_ms: i64,
}

/// A refresh token that was issued, with the state of its family.
#[derive(Debug, Clone)]
pub struct RefreshState {
    /// The family.
    pub connection: Connection,
    /// The token that is current in it.
    pub current: SecretHash,
    /// The token that was exchanged for the current one.
    pub previous: Option<SecretHash>,
    /// When the presented token stopped being current, in ms since 1970 UTC.
    pub superseded_at_ms: Option<i64>,
}

/// The exchange of a refresh token for the next.
#[derive(Debug, Clone)]
pub struct Rotation {
    /// The family.
    pub connection_id: String,
    /// The token that came.
    pub presented: SecretHash,
    /// The token that was current when it was looked up: the rotation happens only if it still is.
    pub current: SecretHash,
    /// The token that becomes current.
    pub next: SecretHash,
    /// When, in ms since 1970 UTC.
    pub now_ms: i64,
    /// Until when the app's registration now lasts.
    pub app_expires_at_ms: i64,
}

/// Where apps, consents, codes, connections and keys are kept.
///
/// Every method fails with [`StoreFault`] if it cannot be told what happened. Methods that return `bool` say whether *this* call made the
/// change; the audit entry they take is written with the change, or not at all.
#[async_trait(?Send)]
pub trait AuthorizationStore {
    /// The signing keys that are kept.
    async fn signing_keys(&self) -> Result<Vec<KeyRecord>, StoreFault>;

    /// Adds a signing key, unless there is one made after `unless_after_ms`.
    async fn add_signing_key(
        &self,
        key: &KeyRecord,
        unless_after_ms: i64,
        audit: &AuditEntry,
    ) -> Result<bool, StoreFault>;

    /// The registered app of that id.
    async fn app(&self, id: &str) -> Result<Option<AppRecord>, StoreFault>;

    /// Keeps a registration. One of the same id, which has the same metadata, only lasts longer; the answer tells whether it is new.
    async fn register_app(
        &self,
        app: &AppRecord,
        now_ms: i64,
        audit: &AuditEntry,
    ) -> Result<bool, StoreFault>;

    /// Keeps a request until its person has answered.
    async fn save_pending(&self, pending: &PendingConsent) -> Result<(), StoreFault>;

    /// The request of that handle.
    async fn pending(&self, handle: &SecretHash) -> Result<Option<PendingConsent>, StoreFault>;

    /// Whether this person has a live connection with this app that was sent to this host.
    async fn is_connected(
        &self,
        user_id: &str,
        app_id: &str,
        redirect_host: &str,
        now_ms: i64,
    ) -> Result<bool, StoreFault>;

    /// Takes the waiting request away and keeps the code it turned into, in one step: once, before it expires.
    async fn grant(
        &self,
        handle: &SecretHash,
        code: &CodeRecord,
        now_ms: i64,
        audit: &AuditEntry,
    ) -> Result<bool, StoreFault>;

    /// Takes the waiting request away: once, before it expires.
    async fn deny(
        &self,
        handle: &SecretHash,
        now_ms: i64,
        audit: &AuditEntry,
    ) -> Result<bool, StoreFault>;

    /// The code of that hash, redeemed and expired ones included.
    async fn code(&self, hash: &SecretHash) -> Result<Option<CodeRecord>, StoreFault>;

    /// Marks the code redeemed and makes its connection, in one step: once, before it expires.
    async fn redeem(&self, redemption: &Redemption, audit: &AuditEntry)
    -> Result<bool, StoreFault>;

    /// The refresh token of that hash with its family, whatever became of either.
    async fn refresh(&self, hash: &SecretHash) -> Result<Option<RefreshState>, StoreFault>;

    /// Makes the next token current, if the one that was current still is and the family is alive.
    async fn rotate(&self, rotation: &Rotation, audit: &AuditEntry) -> Result<bool, StoreFault>;

    /// Ends a connection, if it has not ended.
    async fn revoke_connection(
        &self,
        id: &str,
        because: RevokedBecause,
        now_ms: i64,
        audit: &AuditEntry,
    ) -> Result<bool, StoreFault>;

    /// Remembers an assertion's id until it expires; says whether it is the first time.
    async fn first_use_of_assertion(
        &self,
        id: &SecretHash,
        expires_at_ms: i64,
    ) -> Result<bool, StoreFault>;

    /// Writes a line of the audit log by itself.
    async fn audit(&self, entry: &AuditEntry) -> Result<(), StoreFault>;

    /// Deletes what has expired and can prove nothing any more. Running it twice does no more than once.
    async fn purge(&self, before: &PurgeBefore) -> Result<(), StoreFault>;
}

/// The instants before which rows are deleted, in ms since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PurgeBefore {
    /// Waiting requests, registrations, refresh tokens and assertion ids that expired before.
    pub expired_ms: i64,
    /// Codes that expired before: kept a day longer, so that a replay is still recognised.
    pub codes_ms: i64,
    /// Connections that ended before: kept for the connections page.
    pub connections_ms: i64,
    /// Audit lines written before.
    pub audit_ms: i64,
}
