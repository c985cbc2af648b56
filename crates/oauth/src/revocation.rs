//! `/revoke` (RFC 7009): an app gives a token back, and with it the connection.

use crate::access_token::{AccessToken, has_jwt_shape};
use crate::app::AppRecord;
use crate::audit::{AuditEntry, AuditEvent, RevokedBecause};
use crate::oauth_error::OAuthError;
use crate::params::Params;
use crate::secret::Secret;
use crate::server::AuthorizationServer;

impl AuthorizationServer<'_> {
    /// Answers `POST /revoke` with an empty 200. A token that is unknown, another app's or void already is no error (RFC 7009 §2.2): what the
    /// app wants, that it no longer works for it, is so.
    ///
    /// # Errors
    /// `invalid_client`, `invalid_request` or `temporarily_unavailable`.
    pub async fn revoke(&self, body: &str, authorization: Option<&str>) -> Result<(), OAuthError> {
        let params = Params::parse(body)?;
        let app = self.authenticate_app(&params, authorization).await?;
        let token = params.need("token")?;
        let Some((connection_id, entry)) = self.connection_of(&app, token).await? else {
            return Ok(());
        };
        self.store
            .revoke_connection(&connection_id, RevokedBecause::App, self.now_ms, &entry)
            .await?;
        Ok(())
    }

    async fn connection_of(
        &self,
        app: &AppRecord,
        token: &str,
    ) -> Result<Option<(String, AuditEntry)>, OAuthError> {
        let event = |connection_id: &str| AuditEvent::ConnectionRevoked {
            connection_id: connection_id.to_owned(),
            because: RevokedBecause::App,
        };
        if has_jwt_shape(token) {
            let keys = self.keys().await?;
            let read = AccessToken::verify(token, self.realm, &keys, self.now_ms);
            return Ok(read.ok().filter(|read| read.app_id == app.id).map(|read| {
                let entry = AuditEntry {
                    user_id: Some(read.user_id),
                    ..self.entry(event(&read.connection_id))
                };
                (read.connection_id, entry)
            }));
        }
        let Some(secret) = Secret::parse(token) else {
            return Ok(None);
        };
        let state = self.store.refresh(&secret.hash()).await?;
        Ok(state
            .filter(|state| state.connection.app_id == app.id)
            .map(|state| {
                let id = state.connection.id.clone();
                (id.clone(), self.entry_of(&state.connection, event(&id)))
            }))
    }
}
