//! Opaque tokens: sessions, known browsers, invitations, states. 32 random bytes, kept as SHA-256.
//!
//! A plain hash suffices: the tokens have 256 bits, so guessing one from its hash is guessing it (NIST SP 800-63B §5.1.1.2 asks for a
//! slow hash only below 112 bits).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::entropy::Entropy;

const BYTES: usize = 32;

/// A token as its holder knows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; BYTES]);

impl Token {
    /// A new one.
    pub fn new(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; BYTES];
        entropy.fill(&mut bytes);
        Self(bytes)
    }

    /// The token that `text` is: 43 characters of base64url, in their one spelling.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// The text, for the cookie or link that carries it.
    pub fn reveal(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What is stored in its place.
    pub fn hash(&self) -> TokenHash {
        TokenHash(hex::encode(Sha256::digest(self.0)))
    }

    pub(crate) fn bytes(&self) -> &[u8; BYTES] {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// The SHA-256 of a token, as 64 lower-case hexadecimal digits. Rows are found by it, so that no comparison of secrets takes place.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenHash(String);

impl TokenHash {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_stored_hash_is_the_sha_256_of_the_bytes() {
        // `head -c 32 /dev/zero | sha256sum`
        assert_eq!(
            Token([0; 32]).hash().as_str(),
            "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925"
        );
    }

    #[test]
    fn neither_token_nor_hash_can_be_printed() {
        let token = Token([1; 32]);
        assert_eq!(
            format!("{token:?} {:?}", token.hash()),
            "Token(…) TokenHash(…)"
        );
    }

    proptest! {
        #[test]
        fn every_token_reads_back_and_has_one_spelling(bytes: [u8; 32], tail in "[A-Za-z0-9_=-]{1,3}") {
            let token = Token(bytes);
            let text = token.reveal();
            prop_assert_eq!(Token::parse(&text), Some(token.clone()));
            prop_assert_eq!(Token::parse(&format!("{text}{tail}")), None);
            prop_assert_eq!(Token::parse(&text[1..]), None);
        }
    }
}
