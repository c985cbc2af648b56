//! Refresh tokens: families that turn, survive lost answers, and notice theft.
//!
//! Each use exchanges the token for the next (RFC 9700 §4.14.2). An answer can get lost, so the token just exchanged stays good until its successor is
//! used, and for a minute whatever happens:
//!
//! | what comes | answer |
//! | --- | --- |
//! | the current token | the next one becomes current |
//! | an exchanged one, within the minute | an access token, and the same refresh token again: nothing turns |
//! | the one before the current, later | its answer was lost: a next one takes the place of the unused current one |
//! | any other of the family | theft, or its consequence: the family ends |
//!
//! Of any number of simultaneous uses exactly one turns the family; the others fall under the second line, so none is signed out. A thief and the
//! owner, holding the same token, cannot both go on: whoever uses it first makes the other's a token of the last line.

use serde_json::Value;

use crate::app::AppRecord;
use crate::audit::{AuditEvent, RevokedBecause};
use crate::authorization_store::{RefreshState, Rotation};
use crate::authorize::parse_scopes;
use crate::oauth_error::{ErrorCode, OAuthError};
use crate::params::Params;
use crate::scope::ScopeSet;
use crate::secret::{Secret, SecretHash};
use crate::server::AuthorizationServer;
use crate::store::StoreFault;

/// How often a use that lost a race looks again. Each time another use won, and after the first the token is an exchanged one.
const ATTEMPTS: usize = 3;

/// What a refresh token of a family is at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Current,
    JustExchanged,
    AnswerLost,
    Replayed,
}

fn standing(state: &RefreshState, hash: &SecretHash, now_ms: i64, grace_ms: i64) -> Standing {
    if state.current.matches(hash) {
        return Standing::Current;
    }
    if state
        .superseded_at_ms
        .is_some_and(|at_ms| now_ms < at_ms + grace_ms)
    {
        return Standing::JustExchanged;
    }
    if state
        .previous
        .is_some_and(|previous| previous.matches(hash))
    {
        return Standing::AnswerLost;
    }
    Standing::Replayed
}

/// The scopes asked for, which may be fewer than were granted and never more (RFC 6749 §6).
fn narrowed(granted: ScopeSet, asked: Option<&str>) -> Result<ScopeSet, OAuthError> {
    let Some(text) = asked else {
        return Ok(granted);
    };
    let scopes = parse_scopes(text)?;
    if scopes == ScopeSet::NONE || !granted.includes(scopes) {
        return Err(OAuthError::new(
            ErrorCode::InvalidScope,
            "scope_wider",
            "The connection was granted less. Authorize again for more.",
        ));
    }
    Ok(scopes)
}

impl AuthorizationServer<'_> {
    pub(crate) async fn refresh(
        &self,
        app: &AppRecord,
        params: &Params,
    ) -> Result<Value, OAuthError> {
        let presented = Secret::parse(params.need("refresh_token")?)
            .ok_or_else(|| OAuthError::invalid_grant("refresh_malformed"))?;
        let hash = presented.hash();
        for _ in 0..ATTEMPTS {
            let state = self.store.refresh(&hash).await?;
            let state = state.ok_or_else(|| OAuthError::invalid_grant("refresh_unknown"))?;
            if state.connection.app_id != app.id {
                return Err(OAuthError::invalid_grant("refresh_of_another_app"));
            }
            self.check_alive(&state).await?;
            let scopes = narrowed(state.connection.scopes, params.get("scope"))?;
            let standing = standing(&state, &hash, self.now_ms, self.lifetimes.grace_ms);
            match standing {
                Standing::JustExchanged => {
                    return self.answer(&state.connection, scopes, &presented).await;
                }
                Standing::Replayed => return Err(self.family_ended(&state).await?),
                Standing::Current | Standing::AnswerLost => {}
            }
            let next = self.entropy.secret();
            // Before anything is changed: a key that cannot be had must not cost the token.
            let answer = self.answer(&state.connection, scopes, &next).await?;
            let rotation = Rotation {
                connection_id: state.connection.id.clone(),
                presented: hash,
                current: state.current,
                next: next.hash(),
                now_ms: self.now_ms,
                app_expires_at_ms: self.now_ms + self.lifetimes.used_app_ms,
            };
            let event = AuditEvent::RefreshRotated {
                connection_id: state.connection.id.clone(),
                after_lost_answer: standing == Standing::AnswerLost,
            };
            let entry = self.entry_of(&state.connection, event);
            if self.store.rotate(&rotation, &entry).await? {
                return Ok(answer);
            }
        }
        Err(StoreFault("a refresh token kept turning under its reader".to_owned()).into())
    }

    async fn check_alive(&self, state: &RefreshState) -> Result<(), OAuthError> {
        let connection = &state.connection;
        if connection.is_alive(self.now_ms) {
            return Ok(());
        }
        let reason = match connection.revoked_at_ms {
            Some(_) => "connection_revoked",
            None => "connection_expired",
        };
        let event = AuditEvent::RefreshRefused {
            connection_id: connection.id.clone(),
            reason,
        };
        self.store.audit(&self.entry_of(connection, event)).await?;
        Err(OAuthError::invalid_grant(reason))
    }

    async fn family_ended(&self, state: &RefreshState) -> Result<OAuthError, StoreFault> {
        let because = RevokedBecause::RefreshReplayed;
        let event = AuditEvent::ConnectionRevoked {
            connection_id: state.connection.id.clone(),
            because,
        };
        let entry = self.entry_of(&state.connection, event);
        self.store
            .revoke_connection(&state.connection.id, because, self.now_ms, &entry)
            .await?;
        Ok(OAuthError::invalid_grant("refresh_replayed"))
    }
}
