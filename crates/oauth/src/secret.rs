//! Secrets (of API clients and apps, codes, refresh tokens, handles), and what is kept of them.
//!
//! A secret is 32 random bytes. Only its SHA-256 is stored. A slow, salted hash (Argon2) is for what people choose, because that can be
//! guessed from a list; 256 random bits cannot, however fast the hash, and a salt would protect against a table nobody can
//! build. NIST SP 800-63B §5.1.2.2 draws that line: secrets of 112 bits of entropy or more are stored under an approved
//! one-way function, only those below it need salt and a key derivation function.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What every secret begins with, so that scanners recognise one that was published by mistake.
const PREFIX: &str = "sl_";

/// Length of the random part, in bytes.
const RANDOM_BYTES: usize = 32;

/// A secret as its holder knows it. Shown once, when it is made.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret made of these random bytes, which must come from a generator fit for keys.
    pub fn from_random(bytes: [u8; RANDOM_BYTES]) -> Self {
        Self(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The secret that `text` is, if it has the form of one.
    pub fn parse(text: &str) -> Option<Self> {
        let random = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        (random.len() == RANDOM_BYTES).then(|| Self(text.to_owned()))
    }

    /// What is stored in its place.
    pub fn hash(&self) -> SecretHash {
        SecretHash(Sha256::digest(self.0.as_bytes()).into())
    }

    /// The text itself, for the one place that hands it out.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The SHA-256 of a secret.
#[derive(Clone, Copy)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// The hash written as 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// The hash with these bytes.
    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// 64 lower-case hexadecimal digits, as it is stored.
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }

    /// A hash that no secret is known to have: stands in where there is no client to compare with.
    pub(crate) fn of_nothing() -> Self {
        Self([0; 32])
    }

    /// Whether both are the same, in a time that does not depend on where they differ.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_secret_has_a_prefix_that_scanners_recognise() {
        assert_eq!(
            Secret::from_random([0xAB; 32]).reveal(),
            "sl_q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s"
        );
    }

    #[test]
    fn a_stored_hash_is_the_sha_256_of_the_text() {
        // `printf 'sl_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' | sha256sum`
        assert_eq!(
            Secret::from_random([0; 32]).hash().to_hex(),
            "481b57c14c101e49eaa2b067325ddedce2cc21e1297954f0516386a0f06ae45f"
        );
    }

    #[test]
    fn what_is_not_a_secret_is_not_taken_for_one() {
        let good = Secret::from_random([7; 32]).reveal().to_owned();
        for text in [
            "",
            "sl_",
            "sl_short",
            &good[3..],
            &good[..45],
            &format!("{good}A"),
            &format!("{good}="),
        ] {
            assert_eq!(Secret::parse(text), None, "{text}");
        }
        // 43 characters carry 258 bits; the two spare ones must be zero, or one secret would have four spellings.
        let respelt = format!("{}d", &good[..45]);
        assert_ne!(respelt, good);
        assert_eq!(Secret::parse(&respelt), None);
    }

    #[test]
    fn neither_secret_nor_hash_can_be_printed() {
        let secret = Secret::from_random([1; 32]);
        assert_eq!(
            format!("{secret:?} {:?}", secret.hash()),
            "Secret(…) SecretHash(…)"
        );
    }

    #[test]
    fn a_hash_that_is_not_64_digits_is_refused() {
        assert!(SecretHash::from_hex("").is_none());
        assert!(SecretHash::from_hex(&"a".repeat(63)).is_none());
        assert!(SecretHash::from_hex(&"g".repeat(64)).is_none());
        assert!(SecretHash::from_hex(&"A".repeat(64)).is_some());
    }

    proptest! {
        #[test]
        fn every_secret_reads_back_and_matches_only_its_own_hash(random: [u8; 32], other: [u8; 32]) {
            let secret = Secret::from_random(random);
            prop_assert_eq!(Secret::parse(secret.reveal()), Some(secret.clone()));
            let stored = SecretHash::from_hex(&secret.hash().to_hex());
            prop_assert!(stored.is_some_and(|stored| stored.matches(&secret.hash())));
            prop_assert_eq!(Secret::from_random(other).hash().matches(&secret.hash()), random == other);
        }
    }
}
