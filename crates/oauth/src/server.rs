//! The authorization server of one request: its rules' inputs in one place. The rules stand in the modules that extend it.

use crate::app::AppRecord;
use crate::audit::{AuditEntry, AuditEvent, RevokedBecause};
use crate::authorization_store::{AuthorizationStore, PurgeBefore};
use crate::document::{self, Documents};
use crate::entropy::Entropy;
use crate::oauth_error::OAuthError;
use crate::realm::Realm;
use crate::signing_key::{KeyRing, KeySecret, SigningKey};
use crate::store::StoreFault;

const SECOND_MS: i64 = 1000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// How long things last, in ms. Changed for tests and by operators who want shorter ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// An access token.
    pub access_ms: i64,
    /// A connection: how long it is renewed silently.
    pub connection_ms: i64,
    /// A code.
    pub code_ms: i64,
    /// A request that waits for consent.
    pub consent_ms: i64,
    /// A refresh token after its exchange, whatever its successor does.
    pub grace_ms: i64,
    /// A registration nobody used.
    pub unused_app_ms: i64,
    /// A registration since its last use.
    pub used_app_ms: i64,
    /// A line of the audit log.
    pub audit_ms: i64,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            access_ms: 60 * MINUTE_MS,
            connection_ms: 30 * DAY_MS,
            code_ms: MINUTE_MS,
            consent_ms: 10 * MINUTE_MS,
            grace_ms: MINUTE_MS,
            unused_app_ms: 7 * DAY_MS,
            used_app_ms: 90 * DAY_MS,
            audit_ms: 365 * DAY_MS,
        }
    }
}

/// Everything a rule needs. Made for one request.
pub struct AuthorizationServer<'a> {
    /// Where the server is.
    pub realm: &'a Realm,
    /// Its state.
    pub store: &'a dyn AuthorizationStore,
    /// The way to apps' metadata documents.
    pub documents: &'a dyn Documents,
    /// What signing keys are sealed with.
    pub key_secret: &'a KeySecret,
    /// The apps the operator named.
    pub preregistered: &'a [AppRecord],
    /// How long things last.
    pub lifetimes: Lifetimes,
    /// Random bytes.
    pub entropy: &'a Entropy,
    /// The time, in ms since 1970 UTC.
    pub now_ms: i64,
}

impl AuthorizationServer<'_> {
    /// The app of that client id; none if there is no such app, or no longer.
    ///
    /// # Errors
    /// `temporarily_unavailable` if the store or the app's document cannot be reached; `invalid_client` if its document is none.
    pub async fn app(&self, id: &str) -> Result<Option<AppRecord>, OAuthError> {
        if let Some(app) = self.preregistered.iter().find(|app| app.id == id) {
            return Ok(Some(app.clone()));
        }
        if id.contains("://") {
            return document::app(self.documents, self.realm, id)
                .await
                .map(Some);
        }
        let app = self.store.app(id).await?;
        Ok(app.filter(|app| app.id == id && app.is_alive(self.now_ms)))
    }

    /// The keys in use, one made now if there is none.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn keys(&self) -> Result<KeyRing, StoreFault> {
        self.keys_after(|ring| ring.newest().is_none()).await
    }

    /// The keys in use, with a new one if the newest is due for a successor. For the scheduled run.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn rotate_keys(&self) -> Result<KeyRing, StoreFault> {
        self.keys_after(|ring| ring.is_due(self.now_ms)).await
    }

    async fn keys_after(
        &self,
        needs_another: impl Fn(&KeyRing) -> bool,
    ) -> Result<KeyRing, StoreFault> {
        let records = self.store.signing_keys().await?;
        let ring = KeyRing::open(&records, self.key_secret);
        if !needs_another(&ring) {
            return Ok(ring);
        }
        let key = SigningKey::generate(self.entropy, self.now_ms);
        let record = key
            .seal(self.key_secret, self.entropy)
            .ok_or_else(|| StoreFault("a signing key could not be sealed".to_owned()))?;
        let newest_ms = records.iter().map(|record| record.created_at_ms).max();
        let entry = self.entry(AuditEvent::KeyRotated {
            key_id: record.id.clone(),
        });
        // Whoever comes second finds a newer key and takes that.
        self.store
            .add_signing_key(&record, newest_ms.unwrap_or(-1), &entry)
            .await?;
        let ring = KeyRing::open(&self.store.signing_keys().await?, self.key_secret);
        if ring.newest().is_none() {
            return Err(StoreFault("no signing key can be opened".to_owned()));
        }
        Ok(ring)
    }

    /// Ends a connection for a person or an admin; whether it was alive. Who may do so is the caller's business.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn end_connection(
        &self,
        id: &str,
        organization_id: &str,
        by_user_id: &str,
    ) -> Result<bool, StoreFault> {
        let entry = AuditEntry {
            organization_id: Some(organization_id.to_owned()),
            user_id: Some(by_user_id.to_owned()),
            ..self.entry(AuditEvent::ConnectionRevoked {
                connection_id: id.to_owned(),
                because: RevokedBecause::Person,
            })
        };
        self.store
            .revoke_connection(id, RevokedBecause::Person, self.now_ms, &entry)
            .await
    }

    /// Deletes what has expired. For the scheduled run.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn purge(&self) -> Result<(), StoreFault> {
        self.store
            .purge(&PurgeBefore {
                expired_ms: self.now_ms,
                codes_ms: self.now_ms - DAY_MS,
                connections_ms: self.now_ms - self.lifetimes.connection_ms,
                audit_ms: self.now_ms - self.lifetimes.audit_ms,
            })
            .await
    }

    /// A line of the audit log about nobody in particular.
    pub fn entry(&self, event: AuditEvent) -> AuditEntry {
        AuditEntry {
            id: self.entropy.id("aud_"),
            at_ms: self.now_ms,
            organization_id: None,
            user_id: None,
            event,
        }
    }
}
