//! PKCE (RFC 7636): only who began an authorization can finish it. S256 and nothing else.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Whether `text` can be the S256 challenge of anything: 32 bytes in base64url (RFC 7636 §4.2).
pub(crate) fn is_challenge(text: &str) -> bool {
    URL_SAFE_NO_PAD
        .decode(text)
        .is_ok_and(|digest| digest.len() == 32)
}

/// Whether `verifier` meets `challenge` (RFC 7636 §4.1, §4.6).
pub(crate) fn meets(verifier: &str, challenge: &str) -> bool {
    let is_verifier = (43..=128).contains(&verifier.len())
        && verifier
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'));
    let computed = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    is_verifier && bool::from(computed.as_bytes().ct_eq(challenge.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn rfc_7636_appendix_b_the_examples_verifier_meets_its_challenge() {
        assert!(is_challenge(CHALLENGE));
        assert!(meets(VERIFIER, CHALLENGE));
    }

    #[test]
    fn rfc_7636_4_6_no_other_verifier_does_and_plain_does_not() {
        assert!(!meets(CHALLENGE, CHALLENGE));
        assert!(!meets(&format!("{VERIFIER}a"), CHALLENGE));
        assert!(!meets("", CHALLENGE));
        for text in [
            "",
            "short",
            &CHALLENGE[..42],
            &format!("{CHALLENGE}="),
            "a b",
        ] {
            assert!(!is_challenge(text), "{text}");
        }
    }

    #[test]
    fn rfc_7636_4_1_a_verifier_has_43_to_128_plain_characters() {
        for (verifier, good) in [
            ("a".repeat(42), false),
            ("a".repeat(43), true),
            ("~".repeat(128), true),
            ("a".repeat(129), false),
            (format!("{} ", "a".repeat(50)), false),
        ] {
            let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
            assert_eq!(meets(&verifier, &challenge), good, "{verifier}");
        }
    }
}
