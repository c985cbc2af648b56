//! What is done by the clock and not by a request: keys get successors, what has expired is deleted.

use crate::audit::{AuditEntry, AuditEvent};
use crate::authorization_store::{AuthorizationStore, PurgeBefore};
use crate::entropy::Entropy;
use crate::lifetimes::{DAY_MS, Lifetimes};
use crate::signing_key::{KeyRing, KeySecret, SigningKey};
use crate::store::StoreFault;

/// Everything the scheduled run needs.
pub struct Maintenance<'a> {
    /// The state.
    pub store: &'a dyn AuthorizationStore,
    /// What signing keys are sealed with.
    pub key_secret: &'a KeySecret,
    /// How long things last.
    pub lifetimes: Lifetimes,
    /// Random bytes.
    pub entropy: &'a Entropy,
    /// The time, in ms since 1970 UTC.
    pub now_ms: i64,
}

impl Maintenance<'_> {
    /// The keys in use, one made now if there is none.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn keys(&self) -> Result<KeyRing, StoreFault> {
        self.keys_after(|ring| ring.newest().is_none()).await
    }

    /// The keys in use, with a new one if the newest is due for a successor.
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
        let newest_ms = records.iter().map(|record| record.created_at_ms).max();
        // Later than every key there is, or a second request would take it for the same turn and make another.
        let made_at_ms = newest_ms.map_or(self.now_ms, |at_ms| self.now_ms.max(at_ms + 1));
        let key = SigningKey::generate(self.entropy, made_at_ms);
        let record = key
            .seal(self.key_secret, self.entropy)
            .ok_or_else(|| StoreFault("a signing key could not be sealed".to_owned()))?;
        let event = AuditEvent::KeyRotated {
            key_id: record.id.clone(),
        };
        let entry = AuditEntry::of_nobody(event, self.entropy, self.now_ms);
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

    /// Deletes what has expired.
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
}
