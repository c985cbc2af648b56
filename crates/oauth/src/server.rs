//! The authorization server of one request: its rules' inputs in one place. The rules stand in the modules that extend it.

use crate::app::AppRecord;
use crate::audit::{AuditEntry, AuditEvent, RevokedBecause};
use crate::authorization_store::AuthorizationStore;
use crate::document::{self, Documents};
use crate::entropy::Entropy;
use crate::lifetimes::Lifetimes;
use crate::maintenance::Maintenance;
use crate::oauth_error::OAuthError;
use crate::realm::Realm;
use crate::signing_key::{KeyRing, KeySecret};
use crate::store::StoreFault;

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
        self.maintenance().keys().await
    }

    fn maintenance(&self) -> Maintenance<'_> {
        Maintenance {
            store: self.store,
            key_secret: self.key_secret,
            lifetimes: self.lifetimes,
            entropy: self.entropy,
            now_ms: self.now_ms,
        }
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

    /// A line of the audit log about nobody in particular.
    pub fn entry(&self, event: AuditEvent) -> AuditEntry {
        AuditEntry::of_nobody(event, self.entropy, self.now_ms)
    }
}
