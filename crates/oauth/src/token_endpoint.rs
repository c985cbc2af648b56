//! `/token`: a code, or a refresh token, for an access token.
//!
//! Whatever was fixed when the person agreed is asked for again: app, redirect URI, verifier, resource. A code is good once; seen twice, the
//! connection it made ends (RFC 6749 §4.1.2).

use serde_json::{Value, json};

use crate::access_token::AccessToken;
use crate::app::AppRecord;
use crate::audit::{AuditEntry, AuditEvent, RevokedBecause};
use crate::authorization_store::{CodeRecord, Redemption};
use crate::connection::Connection;
use crate::oauth_error::{ErrorCode, OAuthError};
use crate::params::Params;
use crate::pkce;
use crate::scope::ScopeSet;
use crate::secret::Secret;
use crate::server::AuthorizationServer;
use crate::store::StoreFault;

impl AuthorizationServer<'_> {
    /// Answers `POST /token`: the form body and the `Authorization` header, if one came. To be sent with `Cache-Control: no-store`.
    ///
    /// # Errors
    /// [`OAuthError`], with a code that leads the client on (RFC 6749 §5.2).
    pub async fn token(
        &self,
        body: &str,
        authorization: Option<&str>,
    ) -> Result<Value, OAuthError> {
        let params = Params::parse(body)?;
        let grant_type = params.need("grant_type")?;
        if !matches!(grant_type, "authorization_code" | "refresh_token") {
            return Err(OAuthError::new(
                ErrorCode::UnsupportedGrantType,
                "grant_type_unknown",
                "`grant_type` must be `authorization_code` or `refresh_token`.",
            ));
        }
        let app = self.authenticate_app(&params, authorization).await?;
        self.check_resource(&params)?;
        if grant_type == "authorization_code" {
            self.redeem(&app, &params).await
        } else {
            self.refresh(&app, &params).await
        }
    }

    async fn redeem(&self, app: &AppRecord, params: &Params) -> Result<Value, OAuthError> {
        let secret = Secret::parse(params.need("code")?)
            .ok_or_else(|| OAuthError::invalid_grant("code_malformed"))?;
        let hash = secret.hash();
        let code = self.store.code(&hash).await?;
        let code = code
            .filter(|code| code.hash.matches(&hash))
            .ok_or_else(|| OAuthError::invalid_grant("code_unknown"))?;
        if let Some(id) = &code.connection_id {
            return Err(self.replayed(&code, id).await?);
        }
        self.check_binding(app, &code, params)?;

        let connection = Connection {
            id: self.entropy.id("con_"),
            user_id: code.user_id.clone(),
            organization_id: code.organization_id.clone(),
            app_id: code.app_id.clone(),
            app_name: code.app_name.clone(),
            redirect_host: code.redirect_uri.host().to_owned(),
            scopes: code.scopes,
            project_ids: code.project_ids.clone(),
            created_at_ms: self.now_ms,
            expires_at_ms: self.now_ms + self.lifetimes.connection_ms,
            revoked_at_ms: None,
        };
        let refresh = self.entropy.secret();
        // Before anything is changed: a key that cannot be had must not cost the code.
        let answer = self
            .answer(&connection, connection.scopes, &refresh)
            .await?;
        let redemption = Redemption {
            code: hash,
            connection: connection.clone(),
            refresh: refresh.hash(),
            now_ms: self.now_ms,
            app_expires_at_ms: self.now_ms + self.lifetimes.used_app_ms,
        };
        let entry = self.entry_of(
            &connection,
            AuditEvent::ConnectionMade {
                connection_id: connection.id.clone(),
                app_id: app.id.clone(),
            },
        );
        if self.store.redeem(&redemption, &entry).await? {
            return Ok(answer);
        }
        // Somebody else was quicker with the same code, which makes this its second use.
        match self.store.code(&hash).await? {
            Some(CodeRecord {
                connection_id: Some(id),
                ..
            }) => Err(self.replayed(&code, &id).await?),
            _ => Err(OAuthError::invalid_grant("code_expired")),
        }
    }

    /// Ends the connection of a code that came a second time.
    async fn replayed(
        &self,
        code: &CodeRecord,
        connection_id: &str,
    ) -> Result<OAuthError, StoreFault> {
        let because = RevokedBecause::CodeReplayed;
        let entry = AuditEntry {
            organization_id: Some(code.organization_id.clone()),
            user_id: Some(code.user_id.clone()),
            ..self.entry(AuditEvent::ConnectionRevoked {
                connection_id: connection_id.to_owned(),
                because,
            })
        };
        self.store
            .revoke_connection(connection_id, because, self.now_ms, &entry)
            .await?;
        Ok(OAuthError::invalid_grant("code_replayed"))
    }

    /// RFC 6749 §4.1.3, RFC 7636 §4.6.
    fn check_binding(
        &self,
        app: &AppRecord,
        code: &CodeRecord,
        params: &Params,
    ) -> Result<(), OAuthError> {
        if code.app_id != app.id {
            return Err(OAuthError::invalid_grant("code_of_another_app"));
        }
        if code.expires_at_ms <= self.now_ms {
            return Err(OAuthError::invalid_grant("code_expired"));
        }
        if params.need("redirect_uri")? != code.redirect_uri.as_str() {
            return Err(OAuthError::invalid_grant("code_for_another_redirect"));
        }
        if !pkce::meets(params.need("code_verifier")?, &code.code_challenge) {
            return Err(OAuthError::invalid_grant("pkce_verifier_wrong"));
        }
        Ok(())
    }

    /// The body of a successful answer (RFC 6749 §5.1).
    pub(crate) async fn answer(
        &self,
        connection: &Connection,
        scopes: ScopeSet,
        refresh: &Secret,
    ) -> Result<Value, OAuthError> {
        let keys = self.keys().await?;
        let expires_at_ms = (self.now_ms + self.lifetimes.access_ms).min(connection.expires_at_ms);
        let token = AccessToken {
            user_id: connection.user_id.clone(),
            app_id: connection.app_id.clone(),
            connection_id: connection.id.clone(),
            id: self.entropy.id("jti_"),
            scopes,
            expires_at_ms,
        };
        let text = keys
            .newest()
            .and_then(|key| token.sign(self.realm, key, self.now_ms))
            .ok_or_else(|| StoreFault("an access token could not be signed".to_owned()))?;
        Ok(json!({
            "access_token": text,
            "token_type": "Bearer",
            "expires_in": (expires_at_ms - self.now_ms) / 1000,
            "refresh_token": refresh.reveal(),
            "scope": scopes.to_string(),
        }))
    }

    /// A line of the audit log about a connection.
    pub(crate) fn entry_of(&self, connection: &Connection, event: AuditEvent) -> AuditEntry {
        AuditEntry {
            organization_id: Some(connection.organization_id.clone()),
            user_id: Some(connection.user_id.clone()),
            ..self.entry(event)
        }
    }
}
