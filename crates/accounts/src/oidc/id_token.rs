//! Checking an ID token (OpenID Connect Core §3.1.3.7), clause by clause.

use serde_json::{Map, Value};

use super::OidcError;
use super::keys::KeySet;
use crate::email::Email;

/// How far the provider's clock may be off, in ms.
const LEEWAY_MS: i64 = 60_000;
/// Longest subject (§2).
const MAX_SUBJECT_CHARS: usize = 255;

/// What a token must agree with.
#[derive(Debug, Clone, Copy)]
pub struct Checks<'a> {
    /// The issuer it must come from.
    pub issuer: &'a str,
    /// The client it must be for: us.
    pub client_id: &'a str,
    /// The nonce sent along.
    pub nonce: &'a str,
    /// Now, in ms since 1970 UTC.
    pub now_ms: i64,
}

/// A token that passed.
#[derive(Clone)]
pub struct IdToken {
    /// Who it is at the provider. Only together with the issuer does it name somebody (§5.7).
    pub subject: String,
    /// All claims.
    pub claims: Map<String, Value>,
}

impl IdToken {
    /// The token, checked; none if `keys` does not hold its key, so that they may be fetched afresh.
    ///
    /// # Errors
    /// [`OidcError::IdToken`] names the check it failed.
    pub fn check(
        token: &str,
        keys: &KeySet,
        checks: &Checks<'_>,
    ) -> Result<Option<Self>, OidcError> {
        let Some(claims) = keys.verify(token)? else {
            return Ok(None);
        };
        let instant =
            |time: Option<chrono::DateTime<chrono::Utc>>| time.map(|time| time.timestamp_millis());
        let expires_ms =
            instant(claims.expiration).ok_or(OidcError::IdToken("id_token_no_expiry"))?;
        if expires_ms.saturating_add(LEEWAY_MS) <= checks.now_ms {
            return Err(OidcError::IdToken("id_token_expired"));
        }
        let early = checks.now_ms.saturating_add(LEEWAY_MS);
        if instant(claims.not_before).is_some_and(|from| from > early)
            || instant(claims.issued_at).is_none_or(|issued| issued > early)
        {
            return Err(OidcError::IdToken("id_token_early"));
        }
        let claims = claims.custom;
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        if text("iss") != Some(checks.issuer) {
            return Err(OidcError::IdToken("id_token_issuer"));
        }
        let audiences: Vec<&str> = match claims.get("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        // Clauses 3 to 5: for us, and if for others as well, made out to us.
        let party = text("azp");
        if !audiences.contains(&checks.client_id)
            || (audiences.len() > 1 && party.is_none())
            || party.is_some_and(|party| party != checks.client_id)
        {
            return Err(OidcError::IdToken("id_token_audience"));
        }
        if checks.nonce.is_empty() || text("nonce") != Some(checks.nonce) {
            return Err(OidcError::IdToken("id_token_nonce"));
        }
        let subject = text("sub")
            .filter(|subject| (1..=MAX_SUBJECT_CHARS).contains(&subject.chars().count()))
            .ok_or(OidcError::IdToken("id_token_subject"))?
            .to_owned();
        Ok(Some(Self { subject, claims }))
    }

    /// The address, if the provider says that it is verified (some say so as a text).
    pub fn verified_email(&self) -> Option<Email> {
        let verified = match self.claims.get("email_verified")? {
            Value::Bool(verified) => *verified,
            Value::String(text) => text == "true",
            _ => false,
        };
        let email = self.claims.get("email")?.as_str()?;
        verified.then(|| Email::parse(email).ok()).flatten()
    }

    /// What to call them.
    pub fn name(&self) -> Option<&str> {
        ["name", "preferred_username"]
            .into_iter()
            .find_map(|claim| self.claims.get(claim)?.as_str())
            .filter(|name| !name.trim().is_empty())
    }
}
