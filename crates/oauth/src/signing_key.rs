//! The keys our access tokens are signed with: ES256, made on first use, sealed at rest, rotated.
//!
//! The newest key signs; it and its predecessor are served and verify. ECDSA here is deterministic (RFC 6979), so signing draws no
//! randomness. A sealed key is bound to its id, so that no stored key can be put in another's place.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use jwt_compact::alg::{Es256, SigningKey as _};
use jwt_compact::jwk::JsonWebKey;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::entropy::Entropy;

type Es256SigningKey = <Es256 as jwt_compact::Algorithm>::SigningKey;
type Es256VerifyingKey = <Es256 as jwt_compact::Algorithm>::VerifyingKey;

/// Age at which the newest key gets a successor.
pub const ROTATE_AFTER_MS: i64 = 30 * 24 * 3_600_000;

/// How many keys are kept: the one that signs and the one before it.
pub const KEPT: usize = 2;

/// What signing keys are encrypted with at rest.
#[derive(Clone)]
pub enum KeySecret {
    /// Nothing: whoever reads the database can sign.
    None,
    /// XChaCha20-Poly1305 under a key made from the operator's secret.
    Sealed([u8; 32]),
}

impl KeySecret {
    /// From the operator's setting, whatever its length.
    pub fn from_setting(setting: Option<&str>) -> Self {
        match setting {
            None | Some("") => Self::None,
            Some(text) => Self::Sealed(
                Sha256::new()
                    .chain_update(b"sightline signing keys")
                    .chain_update(text.as_bytes())
                    .finalize()
                    .into(),
            ),
        }
    }
}

impl fmt::Debug for KeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "KeySecret::None",
            Self::Sealed(_) => "KeySecret::Sealed(…)",
        })
    }
}

/// A key as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// Its id: the thumbprint of its public half (RFC 7638).
    pub id: String,
    /// The private half, sealed or not.
    pub material: String,
    /// When it was made, in ms since 1970 UTC.
    pub created_at_ms: i64,
}

impl fmt::Debug for KeyRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRecord")
            .field("id", &self.id)
            .field("created_at_ms", &self.created_at_ms)
            .finish_non_exhaustive()
    }
}

/// One key, opened.
#[derive(Clone)]
pub struct SigningKey {
    id: String,
    created_at_ms: i64,
    private: Es256SigningKey,
}

impl SigningKey {
    /// A new key.
    pub fn generate(entropy: &Entropy, now_ms: i64) -> Self {
        // One in 2^32 draws lies outside the curve's order (FIPS 186-5 §A.2.2: then draw again).
        loop {
            if let Ok(private) = Es256SigningKey::from_slice(&entropy.draw()) {
                return Self {
                    id: thumbprint(&private.to_verifying_key()),
                    created_at_ms: now_ms,
                    private,
                };
            }
        }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The key as it is stored.
    pub fn seal(&self, secret: &KeySecret, entropy: &Entropy) -> Option<KeyRecord> {
        let private = self.private.to_bytes();
        let material = match secret {
            KeySecret::None => format!("plain.{}", URL_SAFE_NO_PAD.encode(private)),
            KeySecret::Sealed(key) => {
                let drawn = entropy.draw();
                let nonce: &[u8; 24] = drawn.first_chunk()?;
                let sealed = XChaCha20Poly1305::new(key.into())
                    .encrypt(
                        &XNonce::from(*nonce),
                        Payload {
                            msg: &private,
                            aad: self.id.as_bytes(),
                        },
                    )
                    .ok()?;
                format!(
                    "xc20p.{}.{}",
                    URL_SAFE_NO_PAD.encode(nonce),
                    URL_SAFE_NO_PAD.encode(sealed)
                )
            }
        };
        Some(KeyRecord {
            id: self.id.clone(),
            material,
            created_at_ms: self.created_at_ms,
        })
    }

    /// The stored key, if `secret` opens it.
    pub fn open(record: &KeyRecord, secret: &KeySecret) -> Option<Self> {
        let private = match (secret, record.material.split_once('.')?) {
            (_, ("plain", text)) => URL_SAFE_NO_PAD.decode(text).ok()?,
            (KeySecret::Sealed(key), ("xc20p", rest)) => {
                let (nonce, sealed) = rest.split_once('.')?;
                let nonce: [u8; 24] = URL_SAFE_NO_PAD.decode(nonce).ok()?.try_into().ok()?;
                XChaCha20Poly1305::new(key.into())
                    .decrypt(
                        &XNonce::from(nonce),
                        Payload {
                            msg: &URL_SAFE_NO_PAD.decode(sealed).ok()?,
                            aad: record.id.as_bytes(),
                        },
                    )
                    .ok()?
            }
            _ => return None,
        };
        let private = Es256SigningKey::from_slice(&private).ok()?;
        let id = thumbprint(&private.to_verifying_key());
        (id == record.id).then_some(Self {
            id,
            created_at_ms: record.created_at_ms,
            private,
        })
    }

    pub(crate) fn private(&self) -> &Es256SigningKey {
        &self.private
    }

    pub(crate) fn public(&self) -> Es256VerifyingKey {
        self.private.to_verifying_key()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.id)
    }
}

fn thumbprint(public: &Es256VerifyingKey) -> String {
    URL_SAFE_NO_PAD.encode(JsonWebKey::from(public).thumbprint::<Sha256>())
}

/// The keys in use, newest first.
#[derive(Debug, Clone, Default)]
pub struct KeyRing(Vec<SigningKey>);

impl KeyRing {
    /// The stored keys that `secret` opens. One it does not open, because the secret was changed, is as if it were not there.
    pub fn open(records: &[KeyRecord], secret: &KeySecret) -> Self {
        let mut keys: Vec<SigningKey> = records
            .iter()
            .filter_map(|record| SigningKey::open(record, secret))
            .collect();
        keys.sort_by_key(|key| std::cmp::Reverse(key.created_at_ms));
        keys.truncate(KEPT);
        Self(keys)
    }

    /// The key that signs.
    pub fn newest(&self) -> Option<&SigningKey> {
        self.0.first()
    }

    /// The key of that id.
    pub fn find(&self, id: &str) -> Option<&SigningKey> {
        self.0.iter().find(|key| key.id == id)
    }

    /// Whether it is time for another key.
    pub fn is_due(&self, now_ms: i64) -> bool {
        self.newest()
            .is_none_or(|key| key.created_at_ms <= now_ms - ROTATE_AFTER_MS)
    }

    /// The public halves as a JWK set (RFC 7517 §5).
    pub fn jwks(&self) -> Value {
        let keys: Vec<Value> = self
            .0
            .iter()
            .filter_map(|key| {
                let public = key.public();
                let mut jwk = serde_json::to_value(JsonWebKey::from(&public)).ok()?;
                jwk["kid"] = json!(key.id);
                jwk["use"] = json!("sig");
                jwk["alg"] = json!("ES256");
                Some(jwk)
            })
            .collect();
        json!({ "keys": keys })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entropy() -> Entropy {
        Entropy::from_seed([3; 32])
    }

    fn sealed(secret: &KeySecret, now_ms: i64, entropy: &Entropy) -> KeyRecord {
        match SigningKey::generate(entropy, now_ms).seal(secret, entropy) {
            Some(record) => record,
            None => panic!("not sealed"),
        }
    }

    #[test]
    fn a_sealed_key_opens_with_its_secret_only() {
        let secret = KeySecret::from_setting(Some("one"));
        let record = sealed(&secret, 1, &entropy());
        assert!(record.material.starts_with("xc20p."));
        assert!(SigningKey::open(&record, &secret).is_some());
        assert!(SigningKey::open(&record, &KeySecret::from_setting(Some("two"))).is_none());
        assert!(SigningKey::open(&record, &KeySecret::None).is_none());
    }

    #[test]
    fn a_stored_key_cannot_take_anothers_place() {
        let entropy = entropy();
        for secret in [KeySecret::None, KeySecret::from_setting(Some("one"))] {
            let first = sealed(&secret, 1, &entropy);
            let second = sealed(&secret, 2, &entropy);
            let swapped = KeyRecord {
                id: first.id.clone(),
                ..second
            };
            assert!(SigningKey::open(&first, &secret).is_some());
            assert!(SigningKey::open(&swapped, &secret).is_none());
        }
    }

    #[test]
    fn the_newest_of_two_signs_and_both_are_served() {
        let entropy = entropy();
        let records: Vec<KeyRecord> = [5, 9, 7]
            .map(|now_ms| sealed(&KeySecret::None, now_ms, &entropy))
            .to_vec();
        let ring = KeyRing::open(&records, &KeySecret::None);
        assert_eq!(
            ring.newest().map(SigningKey::id),
            Some(records[1].id.as_str())
        );
        assert!(ring.find(&records[2].id).is_some());
        assert!(ring.find(&records[0].id).is_none());
        assert_eq!(ring.jwks()["keys"].as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn a_key_is_due_for_a_successor_after_thirty_days() {
        let record = sealed(&KeySecret::None, 1000, &entropy());
        let ring = KeyRing::open(&[record], &KeySecret::None);
        assert!(!ring.is_due(1000 + ROTATE_AFTER_MS - 1));
        assert!(ring.is_due(1000 + ROTATE_AFTER_MS));
        assert!(KeyRing::default().is_due(0));
    }

    #[test]
    fn rfc_7517_5_only_public_halves_are_served() {
        let record = sealed(&KeySecret::None, 1, &entropy());
        let jwks = KeyRing::open(&[record], &KeySecret::None).jwks();
        let jwk = &jwks["keys"][0];
        assert_eq!(
            (&jwk["kty"], &jwk["crv"], &jwk["alg"], &jwk["use"]),
            (
                &json!("EC"),
                &json!("P-256"),
                &json!("ES256"),
                &json!("sig")
            )
        );
        assert!(jwk.get("d").is_none());
    }

    #[test]
    fn nothing_printed_shows_a_private_key() {
        let record = sealed(&KeySecret::None, 1, &entropy());
        let secret = KeySecret::from_setting(Some("hush"));
        let shown = format!(
            "{record:?} {:?} {secret:?}",
            KeyRing::open(std::slice::from_ref(&record), &KeySecret::None)
        );
        let private = record.material.trim_start_matches("plain.");
        assert!(
            !shown.contains(private) && !shown.contains("hush"),
            "{shown}"
        );
    }
}
