//! The authorization server's rows, as D1 hands them over.

use serde::Deserialize;
use sightline_oauth::{
    AppOrigin, AppRecord, AuthMethod, CodeRecord, Connection, PendingConsent, RedirectUri,
    RefreshState, ScopeSet, SecretHash, StoreFault,
};

use crate::access::{fault, instant};

fn hash(text: &str) -> Result<SecretHash, StoreFault> {
    SecretHash::from_hex(text).ok_or_else(|| fault("a stored hash is not one"))
}

fn scopes(text: &str) -> Result<ScopeSet, StoreFault> {
    ScopeSet::parse(text).map_err(fault)
}

fn uri(text: &str) -> Result<RedirectUri, StoreFault> {
    RedirectUri::parse(text).map_err(fault)
}

fn list(text: Option<&str>) -> Result<Option<Vec<String>>, StoreFault> {
    text.map(|text| serde_json::from_str(text).map_err(fault))
        .transpose()
}

fn instant_of(value: f64) -> i64 {
    instant(Some(value)).unwrap_or_default()
}

/// A row of `apps`.
#[derive(Deserialize)]
pub struct AppRow {
    id: String,
    name: String,
    redirect_uris: String,
    auth_method: String,
    secret_hash: Option<String>,
    uri: Option<String>,
    expires_at: f64,
}

impl AppRow {
    pub fn into_record(self) -> Result<AppRecord, StoreFault> {
        let uris: Vec<String> = serde_json::from_str(&self.redirect_uris).map_err(fault)?;
        Ok(AppRecord {
            id: self.id,
            origin: AppOrigin::Registered,
            name: self.name,
            redirect_uris: uris
                .iter()
                .map(|text| uri(text))
                .collect::<Result<_, _>>()?,
            auth_method: AuthMethod::from_name(&self.auth_method)
                .ok_or_else(|| fault("an authentication method is not one"))?,
            secret_hash: self.secret_hash.as_deref().map(hash).transpose()?,
            keys: None,
            uri: self.uri,
            expires_at_ms: Some(instant_of(self.expires_at)),
        })
    }
}

/// A row of `pending_consents`.
#[derive(Deserialize)]
pub struct PendingRow {
    handle_hash: String,
    cookie_hash: String,
    app_id: String,
    app_name: String,
    verified_host: Option<String>,
    redirect_uri: String,
    state: Option<String>,
    scope: String,
    code_challenge: String,
    expires_at: f64,
}

impl PendingRow {
    pub fn into_pending(self) -> Result<PendingConsent, StoreFault> {
        Ok(PendingConsent {
            handle: hash(&self.handle_hash)?,
            cookie: hash(&self.cookie_hash)?,
            app_id: self.app_id,
            app_name: self.app_name,
            verified_host: self.verified_host,
            redirect_uri: uri(&self.redirect_uri)?,
            state: self.state,
            scopes: scopes(&self.scope)?,
            code_challenge: self.code_challenge,
            expires_at_ms: instant_of(self.expires_at),
        })
    }
}

/// A row of `codes`.
#[derive(Deserialize)]
pub struct CodeRow {
    code_hash: String,
    app_id: String,
    app_name: String,
    user_id: String,
    organization_id: String,
    project_ids: Option<String>,
    scope: String,
    redirect_uri: String,
    code_challenge: String,
    expires_at: f64,
    connection_id: Option<String>,
}

impl CodeRow {
    pub fn into_record(self) -> Result<CodeRecord, StoreFault> {
        Ok(CodeRecord {
            hash: hash(&self.code_hash)?,
            app_id: self.app_id,
            app_name: self.app_name,
            user_id: self.user_id,
            organization_id: self.organization_id,
            project_ids: list(self.project_ids.as_deref())?,
            scopes: scopes(&self.scope)?,
            redirect_uri: uri(&self.redirect_uri)?,
            code_challenge: self.code_challenge,
            expires_at_ms: instant_of(self.expires_at),
            connection_id: self.connection_id,
        })
    }
}

/// A row of `connections`.
#[derive(Deserialize)]
pub struct ConnectionRow {
    id: String,
    user_id: String,
    organization_id: String,
    app_id: String,
    app_name: String,
    redirect_host: String,
    scope: String,
    project_ids: Option<String>,
    created_at: f64,
    expires_at: f64,
    revoked_at: Option<f64>,
}

impl ConnectionRow {
    /// Up to the condition.
    pub const SELECT: &str = "SELECT c.id, c.user_id, c.organization_id, c.app_id, c.app_name, c.redirect_host, c.scope, \
         c.project_ids, c.created_at, c.expires_at, c.revoked_at FROM connections c";

    pub fn into_connection(self) -> Result<Connection, StoreFault> {
        Ok(Connection {
            id: self.id,
            user_id: self.user_id,
            organization_id: self.organization_id,
            app_id: self.app_id,
            app_name: self.app_name,
            redirect_host: self.redirect_host,
            scopes: scopes(&self.scope)?,
            project_ids: list(self.project_ids.as_deref())?,
            created_at_ms: instant_of(self.created_at),
            expires_at_ms: instant_of(self.expires_at),
            revoked_at_ms: instant(self.revoked_at),
        })
    }
}

/// A row of `refresh_tokens` with its family.
#[derive(Deserialize)]
pub struct RefreshRow {
    #[serde(flatten)]
    connection: ConnectionRow,
    refresh_hash: String,
    refresh_previous_hash: Option<String>,
    superseded_at: Option<f64>,
}

impl RefreshRow {
    pub fn into_state(self) -> Result<RefreshState, StoreFault> {
        Ok(RefreshState {
            connection: self.connection.into_connection()?,
            current: hash(&self.refresh_hash)?,
            previous: self
                .refresh_previous_hash
                .as_deref()
                .map(hash)
                .transpose()?,
            superseded_at_ms: instant(self.superseded_at),
        })
    }
}
