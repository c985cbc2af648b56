//! What the audit log remembers: typed events with stable slugs, without secrets and without e-mail addresses.

use serde_json::{Value, json};

use crate::entropy::Entropy;

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevokedBecause {
    /// A person or an admin ended it on the connections page.
    Person,
    /// The app gave its token back (RFC 7009).
    App,
    /// Its code was redeemed a second time.
    CodeReplayed,
    /// A refresh token came back that was long used.
    RefreshReplayed,
}

impl RevokedBecause {
    /// A stable name, as stored.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::App => "app",
            Self::CodeReplayed => "code_replayed",
            Self::RefreshReplayed => "refresh_replayed",
        }
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditEvent {
    /// An app registered itself.
    AppRegistered {
        /// Its id.
        app_id: String,
        /// What it calls itself.
        name: String,
    },
    /// A person agreed.
    ConsentGranted {
        /// To which app.
        app_id: String,
        /// For what.
        scope: String,
        /// Where it was sent.
        redirect_host: String,
    },
    /// A person refused.
    ConsentDenied {
        /// Which app.
        app_id: String,
    },
    /// An app redeemed its code.
    ConnectionMade {
        /// The connection.
        connection_id: String,
        /// The app.
        app_id: String,
    },
    /// A refresh token was exchanged for the next.
    RefreshRotated {
        /// The connection.
        connection_id: String,
        /// Whether the one before the last was used, because an answer was lost.
        after_lost_answer: bool,
    },
    /// A refresh token was refused.
    RefreshRefused {
        /// The connection.
        connection_id: String,
        /// Why, by slug.
        reason: &'static str,
    },
    /// A connection ended.
    ConnectionRevoked {
        /// The connection.
        connection_id: String,
        /// Why.
        because: RevokedBecause,
    },
    /// A new signing key took over.
    KeyRotated {
        /// Its id.
        key_id: String,
    },
}

impl AuditEvent {
    /// The stable name of what happened.
    pub fn slug(&self) -> &'static str {
        match self {
            Self::AppRegistered { .. } => "app.registered",
            Self::ConsentGranted { .. } => "consent.granted",
            Self::ConsentDenied { .. } => "consent.denied",
            Self::ConnectionMade { .. } => "connection.made",
            Self::RefreshRotated { .. } => "refresh.rotated",
            Self::RefreshRefused { .. } => "refresh.refused",
            Self::ConnectionRevoked { .. } => "connection.revoked",
            Self::KeyRotated { .. } => "key.rotated",
        }
    }

    /// The particulars.
    pub fn detail(&self) -> Value {
        match self {
            Self::AppRegistered { app_id, name } => json!({"app": app_id, "name": name}),
            Self::ConsentGranted {
                app_id,
                scope,
                redirect_host,
            } => json!({"app": app_id, "scope": scope, "redirectHost": redirect_host}),
            Self::ConsentDenied { app_id } => json!({"app": app_id}),
            Self::ConnectionMade {
                connection_id,
                app_id,
            } => json!({"connection": connection_id, "app": app_id}),
            Self::RefreshRotated {
                connection_id,
                after_lost_answer,
            } => json!({"connection": connection_id, "afterLostAnswer": after_lost_answer}),
            Self::RefreshRefused {
                connection_id,
                reason,
            } => json!({"connection": connection_id, "reason": reason}),
            Self::ConnectionRevoked {
                connection_id,
                because,
            } => json!({"connection": connection_id, "because": because.slug()}),
            Self::KeyRotated { key_id } => json!({"key": key_id}),
        }
    }
}

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its id.
    pub id: String,
    /// When, in ms since 1970 UTC.
    pub at_ms: i64,
    /// In which organization, where it is known.
    pub organization_id: Option<String>,
    /// Whose doing, where it is known.
    pub user_id: Option<String>,
    /// What.
    pub event: AuditEvent,
}

impl AuditEntry {
    /// A line about nobody in particular.
    pub(crate) fn of_nobody(event: AuditEvent, entropy: &Entropy, at_ms: i64) -> Self {
        Self {
            id: entropy.id("aud_"),
            at_ms,
            organization_id: None,
            user_id: None,
            event,
        }
    }
}
