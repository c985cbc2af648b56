//! E-mail addresses, in the one spelling they are compared and stored in.

use std::fmt;

use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

/// Longest address (RFC 5321 §4.5.3.1.3 less the angle brackets).
const MAX_BYTES: usize = 254;
/// Longest part before the `@` (RFC 5321 §4.5.3.1.1).
const MAX_LOCAL_BYTES: usize = 64;

/// An address: trimmed, in lower case, in Unicode's composed form. `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Email(String);

/// A text that is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("Enter an e-mail address, such as name@example.com.")]
pub struct EmailRefused;

impl Email {
    /// The address that `text` is. Nothing is sent to it, so only its form is looked at.
    ///
    /// # Errors
    /// [`EmailRefused`] if it does not have the form of one.
    pub fn parse(text: &str) -> Result<Self, EmailRefused> {
        let address: String = text.trim().nfc().collect::<String>().to_lowercase();
        let (local, domain) = address.rsplit_once('@').ok_or(EmailRefused)?;
        let label_ok = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let form_ok = (1..=MAX_LOCAL_BYTES).contains(&local.len())
            && address.len() <= MAX_BYTES
            && !address
                .chars()
                .any(|c| c.is_whitespace() || c.is_control() || "<>()[]\\,;:\"".contains(c))
            && !local.contains('@')
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..")
            && domain.split('.').all(label_ok)
            && domain
                .chars()
                .all(|c| c.is_alphanumeric() || c == '-' || c == '.');
        form_ok.then_some(Self(address)).ok_or(EmailRefused)
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands behind the `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// What stands before the `@`.
    pub fn local(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(local, _)| local)
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_person_typing_differently_is_one_address() {
        let plain = Email::parse("ada@example.com");
        for spelling in [" Ada@Example.COM ", "ADA@EXAMPLE.com", "ada@example.com\n"] {
            assert_eq!(Email::parse(spelling), plain, "{spelling:?}");
        }
        // U+0061 U+0301 and U+00E1 look the same.
        assert_eq!(
            Email::parse("a\u{301}da@example.com"),
            Email::parse("\u{e1}da@example.com")
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "a@b@example.com",
            "a da@example.com",
            "ada@exa mple.com",
            "ada@-example.com",
            "ada@example..com",
            ".ada@example.com",
            "a..b@example.com",
            "ada@example.com\r\nBcc: x@example.com",
            "<ada@example.com>",
            "ada@[127.0.0.1]",
            &format!("{}@example.com", "a".repeat(65)),
            &format!("a@{}.com", "b".repeat(64)),
        ] {
            assert_eq!(Email::parse(text), Err(EmailRefused), "{text:?}");
        }
    }

    #[test]
    fn a_printed_address_shows_nothing() {
        assert_eq!(
            format!("{:?}", Email::parse("ada@example.com")),
            "Ok(Email(…))"
        );
    }

    proptest! {
        #[test]
        fn parsing_twice_changes_nothing(text in "\\PC{0,20}@[a-zA-Z0-9.]{1,20}") {
            if let Ok(email) = Email::parse(&text) {
                prop_assert_eq!(Email::parse(email.as_str()), Ok(email.clone()));
                prop_assert_eq!(format!("{}@{}", email.local(), email.domain()), email.as_str());
            }
        }
    }
}
