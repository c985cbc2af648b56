//! Access tokens: JWTs by the profile of RFC 9068, signed here, read here, good for nothing elsewhere.
//!
//! The algorithm is ours to say, not the token's: whatever its header claims, it is checked with ES256 and a key found by its id, or
//! refused. That rules out `none` and a MAC keyed with the public key (RFC 8725 §2.1, §3.1). What a token says is only who came by
//! which connection; what that may see is read again on every request.

use chrono::DateTime;
use jwt_compact::alg::Es256;
use jwt_compact::{AlgorithmExt, Claims, Header, UntrustedToken};
use serde::{Deserialize, Serialize};

use crate::realm::Realm;
use crate::scope::ScopeSet;
use crate::signing_key::{KeyRing, SigningKey};

/// RFC 9068 §2.1.
const TYPE: &str = "at+jwt";

/// How far ahead of our clock a token's `iat` may lie, in ms: clocks of isolates differ.
const SKEW_MS: i64 = 60_000;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// The person (`sub`).
    pub user_id: String,
    /// The app (`client_id`).
    pub app_id: String,
    /// The connection it belongs to (`cid`).
    pub connection_id: String,
    /// Its own id (`jti`).
    pub id: String,
    /// What it allows.
    pub scopes: ScopeSet,
    /// Until when, in ms since 1970 UTC.
    pub expires_at_ms: i64,
}

/// Why a token of the right shape is not accepted. For the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFlaw {
    /// Its parts cannot be read.
    Malformed,
    /// Another `typ`: an ID token, an assertion.
    WrongType,
    /// No key of ours has its `kid`.
    UnknownKey,
    /// Another algorithm, or a signature that does not fit.
    Forged,
    /// Another issuer.
    WrongIssuer,
    /// Made for another resource.
    WrongAudience,
    /// Its time is over, or not yet come.
    Expired,
}

impl TokenFlaw {
    /// A stable name for logs.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Malformed => "jwt_malformed",
            Self::WrongType => "jwt_type_wrong",
            Self::UnknownKey => "jwt_key_unknown",
            Self::Forged => "jwt_forged",
            Self::WrongIssuer => "jwt_issuer_wrong",
            Self::WrongAudience => "jwt_audience_wrong",
            Self::Expired => "jwt_expired",
        }
    }
}

/// The claims of RFC 9068 §2.2 and ours; `exp` and `iat` are the library's.
#[derive(Serialize, Deserialize)]
struct Body {
    iss: String,
    aud: String,
    sub: String,
    client_id: String,
    scope: String,
    jti: String,
    cid: String,
}

/// Header fields that must not pass unnoticed.
#[derive(Clone, Deserialize)]
struct Critical {
    #[serde(default)]
    crit: Option<serde_json::Value>,
}

/// Whether a bearer token has the shape of a JWT: no API client's token has dots.
pub fn has_jwt_shape(text: &str) -> bool {
    text.bytes().filter(|byte| *byte == b'.').count() == 2
}

/// The id of the key a token says it is signed with: tells whether keys must be read anew. Proves nothing.
pub fn claimed_key(text: &str) -> Option<String> {
    UntrustedToken::new(text).ok()?.header().key_id.clone()
}

impl AccessToken {
    /// The signed token; none if the library cannot write it.
    pub fn sign(&self, realm: &Realm, key: &SigningKey, now_ms: i64) -> Option<String> {
        let header = Header::empty().with_token_type(TYPE).with_key_id(key.id());
        let mut claims = Claims::new(Body {
            iss: realm.issuer().to_owned(),
            aud: realm.resource(),
            sub: self.user_id.clone(),
            client_id: self.app_id.clone(),
            scope: self.scopes.to_string(),
            jti: self.id.clone(),
            cid: self.connection_id.clone(),
        });
        claims.issued_at = Some(DateTime::from_timestamp_millis(now_ms)?);
        claims.expiration = Some(DateTime::from_timestamp_millis(self.expires_at_ms)?);
        Es256.token(&header, &claims, key.private()).ok()
    }

    /// What the token `text` says, if it is one of ours for this resource and its time is not over (RFC 9068 §4).
    ///
    /// # Errors
    /// The first [`TokenFlaw`] found.
    pub fn verify(
        text: &str,
        realm: &Realm,
        keys: &KeyRing,
        now_ms: i64,
    ) -> Result<Self, TokenFlaw> {
        let token = UntrustedToken::<Critical>::try_from(text).map_err(|_| TokenFlaw::Malformed)?;
        // RFC 7515 §4.1.11: an extension that must be understood is none of ours.
        if token.header().other_fields.crit.is_some() {
            return Err(TokenFlaw::Malformed);
        }
        if !token.header().token_type.as_deref().is_some_and(is_type) {
            return Err(TokenFlaw::WrongType);
        }
        let key_id = token.header().key_id.as_deref();
        let key = key_id
            .and_then(|id| keys.find(id))
            .ok_or(TokenFlaw::UnknownKey)?;
        let verified = Es256
            .validator::<Body>(&key.public())
            .validate(&token)
            .map_err(|_| TokenFlaw::Forged)?;
        let claims = verified.claims();
        let body = &claims.custom;
        if body.iss != realm.issuer() {
            return Err(TokenFlaw::WrongIssuer);
        }
        if body.aud != realm.resource() {
            return Err(TokenFlaw::WrongAudience);
        }
        let instant = |at: Option<DateTime<chrono::Utc>>| at.map(|at| at.timestamp_millis());
        let expires_at_ms = instant(claims.expiration).ok_or(TokenFlaw::Malformed)?;
        let issued_at_ms = instant(claims.issued_at).ok_or(TokenFlaw::Malformed)?;
        if expires_at_ms <= now_ms || issued_at_ms > now_ms + SKEW_MS {
            return Err(TokenFlaw::Expired);
        }
        Ok(Self {
            user_id: body.sub.clone(),
            app_id: body.client_id.clone(),
            connection_id: body.cid.clone(),
            id: body.jti.clone(),
            scopes: ScopeSet::parse(&body.scope).map_err(|_| TokenFlaw::Malformed)?,
            expires_at_ms,
        })
    }
}

/// RFC 9068 §4 with RFC 7515 §4.1.9: `application/` may be left out, and case does not matter.
fn is_type(typ: &str) -> bool {
    let short = typ
        .get(..12)
        .filter(|prefix| prefix.eq_ignore_ascii_case("application/"))
        .map_or(typ, |_| &typ[12..]);
    short.eq_ignore_ascii_case(TYPE)
}

#[cfg(test)]
mod tests;
