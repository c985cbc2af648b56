//! CSRF tokens: a MAC under the cookie's own secret, so that only a page given to this session can send a form in it.
//!
//! Each page carries a token of its own (a random salt and the MAC of it), so that a compressed page leaks nothing by its length. The
//! purpose is bound in: a token of one form does not pass in another.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::entropy::Entropy;
use crate::token::Token;

const SALT_BYTES: usize = 16;

/// What tokens are made and checked with: derived from the session's token, or from the form cookie's for people not signed in.
pub struct CsrfKey(Token);

/// A token, as a hidden field carries it.
#[derive(Clone, PartialEq, Eq)]
pub struct CsrfToken(String);

impl CsrfKey {
    /// The key of whoever holds the cookie with `token`.
    pub fn of(token: &Token) -> Self {
        Self(token.clone())
    }

    /// A new token for forms of this purpose.
    pub fn issue(&self, purpose: &str, entropy: &dyn Entropy) -> CsrfToken {
        let mut salt = [0; SALT_BYTES];
        entropy.fill(&mut salt);
        let mut bytes = salt.to_vec();
        if let Some(mac) = self.mac(purpose, &salt) {
            bytes.extend_from_slice(&mac.finalize().into_bytes());
        }
        CsrfToken(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Whether `text` is a token of this key and purpose. The comparison takes the same time wherever they differ.
    pub fn accepts(&self, purpose: &str, text: &str) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(text) else {
            return false;
        };
        let Some((salt, tag)) = bytes.split_at_checked(SALT_BYTES) else {
            return false;
        };
        self.mac(purpose, salt)
            .is_some_and(|mac| mac.verify_slice(tag).is_ok())
    }

    fn mac(&self, purpose: &str, salt: &[u8]) -> Option<Hmac<Sha256>> {
        // HMAC takes a key of any length, so this is always some.
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.bytes()).ok()?;
        mac.update(b"sightline csrf v1\0");
        mac.update(purpose.as_bytes());
        mac.update(b"\0");
        mac.update(salt);
        Some(mac)
    }
}

impl CsrfToken {
    /// The text for the hidden field.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::CountingEntropy;

    #[test]
    fn a_token_passes_only_in_its_own_session_and_form() {
        let entropy = CountingEntropy::default();
        let (mine, other) = (
            CsrfKey::of(&Token::new(&entropy)),
            CsrfKey::of(&Token::new(&entropy)),
        );
        let token = mine.issue("revoke", &entropy);
        assert!(mine.accepts("revoke", token.as_str()));
        assert!(!mine.accepts("rename", token.as_str()));
        assert!(!other.accepts("revoke", token.as_str()));
    }

    #[test]
    fn two_pages_of_one_session_carry_different_tokens_and_both_pass() {
        let entropy = CountingEntropy::default();
        let key = CsrfKey::of(&Token::new(&entropy));
        let (first, second) = (key.issue("x", &entropy), key.issue("x", &entropy));
        assert_ne!(first.as_str(), second.as_str());
        assert!(key.accepts("x", first.as_str()) && key.accepts("x", second.as_str()));
    }

    proptest! {
        #[test]
        fn nothing_else_passes(text in "\\PC{0,80}", bytes in proptest::collection::vec(any::<u8>(), 0..80), flip in 0_usize..48) {
            let entropy = CountingEntropy::default();
            let key = CsrfKey::of(&Token::new(&entropy));
            prop_assert!(!key.accepts("x", &text));
            prop_assert!(!key.accepts("x", &URL_SAFE_NO_PAD.encode(bytes)));
            let mut good = URL_SAFE_NO_PAD.decode(key.issue("x", &entropy).as_str()).unwrap();
            good[flip] ^= 1;
            prop_assert!(!key.accepts("x", &URL_SAFE_NO_PAD.encode(good)));
        }
    }
}
