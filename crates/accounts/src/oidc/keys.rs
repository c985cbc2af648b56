//! The provider's keys (RFC 7517), and checking a signature with the one the token names.
//!
//! The algorithm is never taken from the token alone: a key of one kind checks tokens of its own algorithm only, so neither `none` nor a MAC
//! under a public key can pass.

use jwt_compact::alg::{Ed25519, Es256, Rsa, RsaPublicKey, StrongAlg, StrongKey};
use jwt_compact::jwk::JsonWebKey;
use jwt_compact::{Algorithm, AlgorithmExt, Claims, UntrustedToken};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::OidcError;

/// Most keys looked at.
const MAX_KEYS: usize = 64;

/// A set of keys.
#[derive(Debug, Clone)]
pub struct KeySet(Vec<Value>);

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl KeySet {
    /// The set in `body`. Keys of kinds unknown here are passed over (RFC 7517 §5).
    ///
    /// # Errors
    /// If it is no key set.
    pub fn parse(body: &[u8]) -> Result<Self, OidcError> {
        let document: Document =
            serde_json::from_slice(body).map_err(|_| OidcError::Provider("keys_malformed"))?;
        Ok(Self(document.keys.into_iter().take(MAX_KEYS).collect()))
    }

    /// The key a token is to be checked with: the one it names; if it names none, the only one that fits (OpenID Connect Core §10.1).
    fn find(&self, kid: Option<&str>, algorithm: &str) -> Option<&Value> {
        let kind = match algorithm {
            "RS256" => "RSA",
            "ES256" => "EC",
            "EdDSA" => "OKP",
            _ => return None,
        };
        let text =
            |key: &Value, member: &str| key.get(member).and_then(Value::as_str).map(str::to_owned);
        let mut fitting = self.0.iter().filter(|key| {
            text(key, "kty").as_deref() == Some(kind)
                && text(key, "use").is_none_or(|used| used == "sig")
                && text(key, "alg").is_none_or(|alg| alg == algorithm)
                && (kid.is_none() || text(key, "kid").as_deref() == kid)
        });
        let first = fitting.next()?;
        (kid.is_some() || fitting.next().is_none()).then_some(first)
    }

    /// The claims of a token with a good signature; none if no key here is the token's, so that fresh keys may be fetched.
    ///
    /// # Errors
    /// If it is no JWT, of an algorithm not taken, or its signature is wrong.
    pub(super) fn verify(
        &self,
        token: &str,
    ) -> Result<Option<Claims<Map<String, Value>>>, OidcError> {
        let token =
            UntrustedToken::new(token).map_err(|_| OidcError::IdToken("id_token_malformed"))?;
        let algorithm = token.algorithm().to_owned();
        if !matches!(algorithm.as_str(), "RS256" | "ES256" | "EdDSA") {
            return Err(OidcError::IdToken("id_token_algorithm"));
        }
        let Some(key) = self.find(token.header().key_id.as_deref(), &algorithm) else {
            return Ok(None);
        };
        let key: JsonWebKey<'_> = serde_json::from_value(key.clone())
            .map_err(|_| OidcError::Provider("key_malformed"))?;
        match algorithm.as_str() {
            "RS256" => {
                let key = RsaPublicKey::try_from(&key)
                    .map_err(|_| OidcError::Provider("key_malformed"))?;
                // RFC 7518 §3.3: 2048 bits or more.
                let key = StrongKey::try_from(key).map_err(|_| OidcError::Provider("key_weak"))?;
                checked(&StrongAlg(Rsa::rs256()), &key, &token)
            }
            "ES256" => {
                let key = (&key)
                    .try_into()
                    .map_err(|_| OidcError::Provider("key_malformed"))?;
                checked(&Es256, &key, &token)
            }
            _ => {
                let key = (&key)
                    .try_into()
                    .map_err(|_| OidcError::Provider("key_malformed"))?;
                checked(&Ed25519, &key, &token)
            }
        }
        .map(Some)
    }
}

fn checked<A: Algorithm>(
    algorithm: &A,
    key: &A::VerifyingKey,
    token: &UntrustedToken<'_>,
) -> Result<Claims<Map<String, Value>>, OidcError> {
    algorithm
        .validator::<Map<String, Value>>(key)
        .validate(token)
        .map(|token| token.into_parts().1)
        .map_err(|_| OidcError::IdToken("id_token_signature"))
}
