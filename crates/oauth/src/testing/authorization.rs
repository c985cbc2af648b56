//! The authorization server's state in memory, with the semantics of the database: each method happens at once, and only between
//! methods may another request come in. Where it does is decided by [`MemoryAuthorization::delays`].

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::task::Poll;

use async_trait::async_trait;

use crate::app::AppRecord;
use crate::audit::{AuditEntry, RevokedBecause};
use crate::authorization_store::{
    AuthorizationStore, CodeRecord, PendingConsent, PurgeBefore, Redemption, RefreshState, Rotation,
};
use crate::connection::Connection;
use crate::secret::SecretHash;
use crate::signing_key::KeyRecord;
use crate::store::StoreFault;

#[derive(Debug)]
struct Family {
    connection: Connection,
    current: SecretHash,
    previous: Option<SecretHash>,
}

#[derive(Debug)]
struct Issued {
    connection_id: String,
    superseded_at_ms: Option<i64>,
    expires_at_ms: i64,
}

#[derive(Debug, Default)]
struct Tables {
    keys: Vec<KeyRecord>,
    apps: BTreeMap<String, AppRecord>,
    pending: BTreeMap<String, PendingConsent>,
    codes: BTreeMap<String, CodeRecord>,
    families: BTreeMap<String, Family>,
    refresh: BTreeMap<String, Issued>,
    assertions: BTreeMap<String, i64>,
    audit: Vec<AuditEntry>,
}

/// Tables in memory.
#[derive(Debug, Default)]
pub struct MemoryAuthorization {
    tables: RefCell<Tables>,
    /// How many turns each call waits before it happens, one after the other and over again; none waits if it is empty.
    pub delays: Vec<u8>,
    /// Fails every call from the one of that number on; the first is 0.
    pub fails_from: Option<usize>,
    calls: Cell<usize>,
}

impl MemoryAuthorization {
    /// The slugs of the audit log, in order.
    pub fn audited(&self) -> Vec<&'static str> {
        let tables = self.tables.borrow();
        tables
            .audit
            .iter()
            .map(|entry| entry.event.slug())
            .collect()
    }

    /// The connections, alive or not.
    pub fn connections(&self) -> Vec<Connection> {
        let tables = self.tables.borrow();
        tables
            .families
            .values()
            .map(|family| family.connection.clone())
            .collect()
    }

    /// Rows in all tables that expire.
    pub fn rows(&self) -> usize {
        let tables = self.tables.borrow();
        tables.apps.len()
            + tables.pending.len()
            + tables.codes.len()
            + tables.families.len()
            + tables.refresh.len()
            + tables.assertions.len()
            + tables.audit.len()
    }

    /// How often it was called.
    pub fn calls(&self) -> usize {
        self.calls.get()
    }

    /// Everything it holds, printed: what a thief of the database would read.
    pub fn dump(&self) -> String {
        format!("{:?}", self.tables.borrow())
    }

    async fn turn(&self) -> Result<(), StoreFault> {
        let call = self.calls.get();
        self.calls.set(call + 1);
        let mut left = match self.delays.len() {
            0 => 0,
            count => self.delays[call % count],
        };
        poll_fn(|context| {
            if left == 0 {
                return Poll::Ready(());
            }
            left -= 1;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        match self.fails_from {
            Some(from) if call >= from => Err(StoreFault("the database is away".to_owned())),
            _ => Ok(()),
        }
    }

    fn slide(tables: &mut Tables, app_id: &str, expires_at_ms: i64) {
        if let Some(app) = tables.apps.get_mut(app_id) {
            app.expires_at_ms = app.expires_at_ms.max(Some(expires_at_ms));
        }
    }
}

#[async_trait(?Send)]
impl AuthorizationStore for MemoryAuthorization {
    async fn signing_keys(&self) -> Result<Vec<KeyRecord>, StoreFault> {
        self.turn().await?;
        Ok(self.tables.borrow().keys.clone())
    }

    async fn add_signing_key(
        &self,
        key: &KeyRecord,
        unless_after_ms: i64,
        audit: &AuditEntry,
    ) -> Result<bool, StoreFault> {
        self.turn().await?;
        let tables = &mut *self.tables.borrow_mut();
        if tables
            .keys
            .iter()
            .any(|known| known.created_at_ms > unless_after_ms)
        {
            return Ok(false);
        }
        tables.keys.push(key.clone());
        tables.audit.push(audit.clone());
        Ok(true)
    }

    async fn app(&self, id: &str) -> Result<Option<AppRecord>, StoreFault> {
        self.turn().await?;
        Ok(self.tables.borrow().apps.get(id).cloned())
    }

    async fn register_app(
        &self,
        app: &AppRecord,
        _now_ms: i64,
        audit: &AuditEntry,
    ) -> Result<bool, StoreFault> {
        self.turn().await?;
        let tables = &mut *self.tables.borrow_mut();
        if let Some(known) = tables.apps.get_mut(&app.id) {
            known.expires_at_ms = known.expires_at_ms.max(app.expires_at_ms);
            return Ok(false);
        }
        tables.apps.insert(app.id.clone(), app.clone());
        tables.audit.push(audit.clone());
        Ok(true)
    }

    async fn save_pending(&self, pending: &PendingConsent) -> Result<(), StoreFault> {
        self.turn().await?;
        let tables = &mut *self.tables.borrow_mut();
        tables
            .pending
            .insert(pending.handle.to_hex(), pending.clone());
        Ok(())
    }

    async fn pending(&self, handle: &SecretHash) -> Result<Option<PendingConsent>, StoreFault> {
        self.turn().await?;
        Ok(self.tables.borrow().pending.get(&handle.to_hex()).cloned())
    }

    async fn is_connected(
        &self,
        user_id: &str,
        app_id: &str,
        redirect_host: &str,
        now_ms: i64,
    ) -> Result<bool, StoreFault> {
        self.turn().await?;
        Ok(self.tables.borrow().families.values().any(|family| {
            let connection = &family.connection;
            connection.user_id == user_id
                && connection.app_id == app_id
                && connection.redirect_host == redirect_host
                && connection.is_alive(now_ms)
        }))
    }

    async fn grant(
        &self,
        handle: &SecretHash,
        code: &CodeRecord,
        now_ms: i64,
        audit: &AuditEntry,
    ) -> Result<bool, StoreFault> {
        self.turn().await?;
        let tables = &mut *self.tables.borrow_mut();
        let taken = tables.pending.remove(&handle.to_hex());
        if taken.is_none_or(|pending| pending.expires_at_ms <= now_ms) {
            return Ok(false);
        }
        tables.codes.insert(code.hash.to_hex(), code.clone());
        tables.audit.push(audit.clone());
        Ok(true)
    }

    async fn deny(
        &self,
        handle: &SecretHash,
        now_ms: i64,
        audit: &AuditEntry,
    ) -> Result<bool, StoreFault> {
        self.turn().await?;
        let tables = &mut *self.tables.borrow_mut();
        let taken = tables.pending.remove(&handle.to_hex());
        if taken.is_none_or(|pending| pending.expires_at_ms <= now_ms) {
            return Ok(false);
        }
        tables.audit.push(audit.clone());
        Ok(true)
    }

    async fn code(&self, hash: &SecretHash) -> Result<Option<CodeRecord>, StoreFault> {
        self.turn().await?;
        Ok(self.tables.borrow().codes.get(&hash.to_hex()).cloned())
    }

    async fn redeem(
        &self,
        redemption: &Redemption,
        audit: &AuditEntry,
    ) -> Result<bool, StoreFault> {
        self.turn().await?;
        let tables = &mut *self.tables.borrow_mut();
        let Some(code) = tables.codes.get_mut(&redemption.code.to_hex()) else {
            return Ok(false);
        };
        if code.connection_id.is_some() || code.expires_at_ms <= redemption.now_ms {
            return Ok(false);
        }
        let connection = &redemption.connection;
        code.connection_id = Some(connection.id.clone());
        tables.families.insert(
            connection.id.clone(),
            Family {
                connection: connection.clone(),
                current: redemption.refresh,
                previous: None,
            },
        );
        tables.refresh.insert(
            redemption.refresh.to_hex(),
            Issued {
                connection_id: connection.id.clone(),
                superseded_at_ms: None,
                expires_at_ms: connection.expires_at_ms,
            },
        );
        Self::slide(tables, &connection.app_id, redemption.app_expires_at_ms);
        tables.audit.push(audit.clone());
        Ok(true)
    }

    async fn refresh(&self, hash: &SecretHash) -> Result<Option<RefreshState>, StoreFault> {
        self.turn().await?;
        let tables = self.tables.borrow();
        let Some(issued) = tables.refresh.get(&hash.to_hex()) else {
            return Ok(None);
        };
        let family = tables.families.get(&issued.connection_id);
        Ok(family.map(|family| RefreshState {
            connection: family.connection.clone(),
            current: family.current,
            previous: family.previous,
            superseded_at_ms: issued.superseded_at_ms,
        }))
    }

    async fn rotate(&self, rotation: &Rotation, audit: &AuditEntry) -> Result<bool, StoreFault> {
        self.turn().await?;
        let tables = &mut *self.tables.borrow_mut();
        let Some(family) = tables.families.get_mut(&rotation.connection_id) else {
            return Ok(false);
        };
        if !family.current.matches(&rotation.current)
            || !family.connection.is_alive(rotation.now_ms)
        {
            return Ok(false);
        }
        family.previous = Some(rotation.presented);
        family.current = rotation.next;
        let (app_id, expires_at_ms) = (
            family.connection.app_id.clone(),
            family.connection.expires_at_ms,
        );
        for hash in [rotation.presented, rotation.current] {
            if let Some(issued) = tables.refresh.get_mut(&hash.to_hex()) {
                issued.superseded_at_ms.get_or_insert(rotation.now_ms);
            }
        }
        tables.refresh.insert(
            rotation.next.to_hex(),
            Issued {
                connection_id: rotation.connection_id.clone(),
                superseded_at_ms: None,
                expires_at_ms,
            },
        );
        Self::slide(tables, &app_id, rotation.app_expires_at_ms);
        tables.audit.push(audit.clone());
        Ok(true)
    }

    async fn revoke_connection(
        &self,
        id: &str,
        _because: RevokedBecause,
        now_ms: i64,
        audit: &AuditEntry,
    ) -> Result<bool, StoreFault> {
        self.turn().await?;
        let tables = &mut *self.tables.borrow_mut();
        let Some(family) = tables.families.get_mut(id) else {
            return Ok(false);
        };
        if family.connection.revoked_at_ms.is_some() {
            return Ok(false);
        }
        family.connection.revoked_at_ms = Some(now_ms);
        tables.audit.push(audit.clone());
        Ok(true)
    }

    async fn first_use_of_assertion(
        &self,
        id: &SecretHash,
        expires_at_ms: i64,
    ) -> Result<bool, StoreFault> {
        self.turn().await?;
        let tables = &mut *self.tables.borrow_mut();
        Ok(tables
            .assertions
            .insert(id.to_hex(), expires_at_ms)
            .is_none())
    }

    async fn audit(&self, entry: &AuditEntry) -> Result<(), StoreFault> {
        self.turn().await?;
        self.tables.borrow_mut().audit.push(entry.clone());
        Ok(())
    }

    async fn purge(&self, before: &PurgeBefore) -> Result<(), StoreFault> {
        self.turn().await?;
        let tables = &mut *self.tables.borrow_mut();
        let expired = before.expired_ms;
        tables
            .apps
            .retain(|_, app| app.expires_at_ms.is_none_or(|at_ms| at_ms > expired));
        tables
            .pending
            .retain(|_, pending| pending.expires_at_ms > expired);
        tables
            .codes
            .retain(|_, code| code.expires_at_ms > before.codes_ms);
        tables.assertions.retain(|_, at_ms| *at_ms > expired);
        tables.families.retain(|_, family| {
            let connection = &family.connection;
            let ended_ms = connection
                .revoked_at_ms
                .unwrap_or(connection.expires_at_ms)
                .min(connection.expires_at_ms);
            ended_ms > before.connections_ms
        });
        let families = &tables.families;
        tables.refresh.retain(|_, issued| {
            issued.expires_at_ms > expired && families.contains_key(&issued.connection_id)
        });
        tables.audit.retain(|entry| entry.at_ms > before.audit_ms);
        let mut keys: Vec<i64> = tables.keys.iter().map(|key| key.created_at_ms).collect();
        keys.sort_unstable_by(|a, b| b.cmp(a));
        if let Some(oldest_kept) = keys.get(crate::signing_key::KEPT - 1) {
            tables.keys.retain(|key| key.created_at_ms >= *oldest_kept);
        }
        Ok(())
    }
}
