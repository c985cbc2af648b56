//! `private_key_jwt`: an app proves itself by signing a short statement with a key its document names (RFC 7523 §3).

use chrono::{DateTime, Utc};
use jwt_compact::alg::{Ed25519, Es256};
use jwt_compact::jwk::JsonWebKey;
use jwt_compact::{Algorithm, AlgorithmExt, Claims, UntrustedToken};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::realm::Realm;
use crate::secret::SecretHash;

/// `client_assertion_type` (RFC 7523 §2.2).
pub(crate) const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The algorithms accepted: asymmetric ones only.
pub(crate) const ALGORITHMS: [&str; 2] = ["ES256", "EdDSA"];

/// Longest time an assertion may be good for, in ms: its id is remembered that long.
const MAX_LIFE_MS: i64 = 600_000;

/// Clock difference forgiven, in ms.
const SKEW_MS: i64 = 60_000;

/// Most keys of an app that are tried.
const MAX_KEYS: usize = 10;

#[derive(Deserialize)]
struct Body {
    iss: String,
    sub: String,
    aud: Value,
    jti: Option<String>,
}

/// An assertion that holds. It may be used once: its id must not have been seen before.
#[derive(Debug)]
pub(crate) struct Assertion {
    /// What is remembered of its id, bound to the app.
    pub id: SecretHash,
    /// Until when it must be remembered, in ms since 1970 UTC.
    pub expires_at_ms: i64,
}

/// The app an assertion claims to be of. Proves nothing.
pub(crate) fn claimed_app(text: &str) -> Option<String> {
    let token = UntrustedToken::new(text).ok()?;
    let claims: Claims<Body> = token.deserialize_claims_unchecked().ok()?;
    Some(claims.custom.sub)
}

/// Checks an assertion of the app `app_id` with the keys `jwks` (RFC 7523 §3); the error is a slug for the log.
pub(crate) fn verify(
    text: &str,
    jwks: &Value,
    app_id: &str,
    realm: &Realm,
    now_ms: i64,
) -> Result<Assertion, &'static str> {
    let token = UntrustedToken::new(text).map_err(|_| "assertion_malformed")?;
    let key_id = token.header().key_id.as_deref();
    let keys = jwks["keys"].as_array().map_or(&[][..], Vec::as_slice);
    let candidates = keys
        .iter()
        .filter(|key| key_id.is_none_or(|id| key["kid"] == id))
        .take(MAX_KEYS);
    let claims = candidates
        .filter_map(|key| match token.algorithm() {
            "ES256" => claims(&Es256, &token, key),
            "EdDSA" => claims(&Ed25519, &token, key),
            _ => None,
        })
        .next()
        .ok_or("assertion_forged")?;
    let body = &claims.custom;
    if body.iss != app_id || body.sub != app_id {
        return Err("assertion_of_another_client");
    }
    // The issuer, or the token endpoint (RFC 7523 §3, and its update for the confusion of the two).
    let is_ours = |value: &Value| {
        value
            .as_str()
            .is_some_and(|text| text == realm.issuer() || text == realm.token_endpoint())
    };
    let for_us = match &body.aud {
        Value::Array(values) => values.iter().any(is_ours),
        value => is_ours(value),
    };
    if !for_us {
        return Err("assertion_audience_wrong");
    }
    let instant = |at: Option<DateTime<Utc>>| at.map(|at| at.timestamp_millis());
    let expires_at_ms = instant(claims.expiration).ok_or("assertion_without_end")?;
    let not_yet = |at: Option<DateTime<Utc>>| instant(at).is_some_and(|at| at > now_ms + SKEW_MS);
    if expires_at_ms <= now_ms || not_yet(claims.not_before) || not_yet(claims.issued_at) {
        return Err("assertion_expired");
    }
    if expires_at_ms > now_ms + MAX_LIFE_MS + SKEW_MS {
        return Err("assertion_too_long_lived");
    }
    let id = body.jti.as_deref().ok_or("assertion_without_id")?;
    let digest = Sha256::new()
        .chain_update(app_id.as_bytes())
        .chain_update([0])
        .chain_update(id.as_bytes())
        .finalize();
    Ok(Assertion {
        id: SecretHash::from_bytes(digest.into()),
        expires_at_ms,
    })
}

fn claims<'a, A>(algorithm: &A, token: &UntrustedToken<'_>, key: &'a Value) -> Option<Claims<Body>>
where
    A: Algorithm,
    A::VerifyingKey: for<'k> TryFrom<&'k JsonWebKey<'a>>,
{
    let key = JsonWebKey::deserialize(key).ok()?;
    let key = A::VerifyingKey::try_from(&key).ok()?;
    let verified = algorithm.validator::<Body>(&key).validate(token).ok()?;
    Some(verified.into_parts().1)
}

#[cfg(test)]
mod tests {
    use jwt_compact::Header;
    use jwt_compact::alg::{Hs256, Hs256Key, SigningKey as _};
    use serde_json::json;

    use super::*;

    const NOW_MS: i64 = 1_790_000_000_000;
    const APP: &str = "https://app.example/client.json";

    type Es256Key = <Es256 as Algorithm>::SigningKey;

    fn key(byte: u8) -> Es256Key {
        match Es256Key::from_slice(&[byte; 32]) {
            Ok(key) => key,
            Err(error) => panic!("{error}"),
        }
    }

    fn jwks(key: &Es256Key) -> Value {
        let public = key.to_verifying_key();
        json!({"keys": [JsonWebKey::from(&public)]})
    }

    fn claims_of(change: impl Fn(&mut Value)) -> Claims<Value> {
        let mut body = json!({"iss": APP, "sub": APP, "aud": "https://mcp.example", "jti": "1"});
        change(&mut body);
        let mut claims = Claims::new(body);
        claims.expiration = DateTime::from_timestamp_millis(NOW_MS + 60_000);
        claims
    }

    fn read(claims: &Claims<Value>, signed_with: &Es256Key) -> Result<Assertion, &'static str> {
        let text = Es256
            .token(&Header::empty(), claims, signed_with)
            .unwrap_or_default();
        check(&text)
    }

    fn check(text: &str) -> Result<Assertion, &'static str> {
        match Realm::new("https://mcp.example") {
            Ok(realm) => verify(text, &jwks(&key(1)), APP, &realm, NOW_MS),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn rfc_7523_3_an_assertion_of_the_app_for_us_holds() {
        for audience in [
            json!("https://mcp.example"),
            json!("https://mcp.example/token"),
            json!(["https://x.example", "https://mcp.example"]),
        ] {
            let claims = claims_of(|body| body["aud"] = audience.clone());
            assert!(read(&claims, &key(1)).is_ok(), "{audience}");
        }
    }

    #[test]
    fn rfc_7523_3_another_key_app_audience_or_time_is_refused() {
        let slug = |claims: &Claims<Value>| read(claims, &key(1)).err();
        assert_eq!(
            read(&claims_of(|_| {}), &key(2)).err(),
            Some("assertion_forged")
        );
        for name in ["iss", "sub"] {
            let claims = claims_of(|body| body[name] = json!("https://app.example/other"));
            assert_eq!(slug(&claims), Some("assertion_of_another_client"));
        }
        let claims = claims_of(|body| body["aud"] = json!("https://other.example"));
        assert_eq!(slug(&claims), Some("assertion_audience_wrong"));
        let claims = claims_of(|body| body["jti"] = Value::Null);
        assert_eq!(slug(&claims), Some("assertion_without_id"));
        let mut claims = claims_of(|_| {});
        claims.expiration = DateTime::from_timestamp_millis(NOW_MS);
        assert_eq!(slug(&claims), Some("assertion_expired"));
        claims.expiration = DateTime::from_timestamp_millis(NOW_MS + 3_600_000);
        assert_eq!(slug(&claims), Some("assertion_too_long_lived"));
        claims.expiration = None;
        assert_eq!(slug(&claims), Some("assertion_without_end"));
    }

    #[test]
    fn rfc_8725_2_1_a_mac_made_with_the_public_key_is_refused() {
        let jwks = jwks(&key(1)).to_string();
        let text = Hs256
            .token(
                &Header::empty(),
                &claims_of(|_| {}),
                &Hs256Key::new(jwks.as_bytes()),
            )
            .unwrap_or_default();
        assert_eq!(check(&text).err(), Some("assertion_forged"));
    }
}
