//! Passwords: which are taken, and how they are kept.
//!
//! Argon2id (RFC 9106) with the parameters OWASP names for machines with little memory, which fit a Worker: 19 MiB, two passes, one lane.
//! Rules follow NIST SP 800-63B §5.1.1.2: length counts, composition does not, well-known ones are refused, any character may be used.

use std::fmt;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

use crate::email::Email;
use crate::entropy::Entropy;

/// Fewest characters.
pub(crate) const MIN_CHARS: usize = 12;
/// Most characters.
pub(crate) const MAX_CHARS: usize = 256;

/// What anybody would try first among those long enough, without digits and signs at the end.
const OBVIOUS: [&str; 24] = [
    "password",
    "passwordpassword",
    "letmein",
    "letmeinplease",
    "iloveyou",
    "welcome",
    "administrator",
    "changeme",
    "changemenow",
    "qwertyuiop",
    "qwertyuiopasdf",
    "asdfghjkl",
    "zxcvbnm",
    "correcthorsebatterystaple",
    "trustno",
    "sightline",
    "sightlineadmin",
    "adminadminadmin",
    "adminpassword",
    "masterpassword",
    "superman",
    "football",
    "basketball",
    "mypassword",
];

/// A password as it was typed, in Unicode's compatibility form, so that two keyboards give one password. `Debug` hides it.
pub struct Password(String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Why a new password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PasswordRefused {
    /// Fewer than 12 characters.
    #[error("Use at least 12 characters. A few words in a row are easy to remember.")]
    TooShort,
    /// More than 256 characters.
    #[error("Use at most 256 characters.")]
    TooLong,
    /// One that is tried first.
    #[error("This password is easy to guess. Choose another.")]
    Obvious,
    /// The person's own address.
    #[error("Do not use your e-mail address as the password.")]
    Address,
}

impl Password {
    /// The password typed.
    pub fn new(text: &str) -> Self {
        // What is longer than any password stays recognisably so, and costs nothing to normalise.
        Self(text.chars().take(MAX_CHARS + 1).nfkc().collect())
    }

    /// Whether it may become the password of the person with `email`.
    ///
    /// # Errors
    /// [`PasswordRefused`] says why not.
    pub fn check_new(&self, email: &Email) -> Result<(), PasswordRefused> {
        let chars = self.0.chars().count();
        if chars < MIN_CHARS {
            return Err(PasswordRefused::TooShort);
        }
        if chars > MAX_CHARS {
            return Err(PasswordRefused::TooLong);
        }
        let lower = self.0.to_lowercase();
        if lower.contains(email.as_str())
            || lower.trim_end_matches(|c: char| !c.is_alphabetic()) == email.local()
        {
            return Err(PasswordRefused::Address);
        }
        if is_obvious(&lower) {
            return Err(PasswordRefused::Obvious);
        }
        Ok(())
    }
}

/// Whether a password (in lower case) is a well-known word with digits around it, a run, or a few characters repeated.
fn is_obvious(lower: &str) -> bool {
    let letters: String = lower.chars().filter(|c| c.is_alphabetic()).collect();
    if letters.is_empty() && lower.chars().all(|c| c.is_ascii_digit()) && is_run(lower) {
        return true;
    }
    let unleet: String = lower
        .trim_end_matches(|c: char| !c.is_alphabetic())
        .trim_start_matches(|c: char| !c.is_alphabetic())
        .chars()
        .map(|c| match c {
            '0' => 'o',
            '1' | '!' => 'i',
            '3' => 'e',
            '4' | '@' => 'a',
            '5' | '$' => 's',
            other => other,
        })
        .filter(|c| c.is_alphabetic())
        .collect();
    OBVIOUS.contains(&unleet.as_str()) || is_run(lower) || repeats(lower)
}

/// Whether each character is the last one's neighbour in the same direction: `abcdefghijkl`, `123456789012`.
fn is_run(text: &str) -> bool {
    let codes: Vec<i64> = text.chars().map(|c| i64::from(u32::from(c))).collect();
    let steps = |step: i64| {
        codes.windows(2).all(|pair| match pair {
            [a, b] => b - a == step || (b - a) == -9 * step,
            _ => true,
        })
    };
    steps(1) || steps(-1)
}

/// Whether the text is one piece of at most four characters, over and over.
fn repeats(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    (1..=4).any(|piece| {
        chars
            .iter()
            .zip(chars.iter().skip(piece))
            .all(|(a, b)| a == b)
    })
}

/// What hashing costs. Raise it, and hashes made cheaper are renewed as people sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

impl PasswordCost {
    /// What OWASP's Password Storage Cheat Sheet names first.
    pub const OWASP: Self = Self {
        memory_kib: 19 * 1024,
        passes: 2,
    };

    fn params(self) -> Option<Params> {
        Params::new(
            self.memory_kib,
            self.passes,
            1,
            Some(Params::DEFAULT_OUTPUT_LEN),
        )
        .ok()
    }

    fn argon2(self) -> Argon2<'static> {
        Argon2::new(
            Algorithm::Argon2id,
            Version::V0x13,
            self.params().unwrap_or_default(),
        )
    }

    /// The hash to store, as a PHC string with its own salt and parameters; none if Argon2 has no memory.
    pub(crate) fn hash(self, password: &Password, entropy: &dyn Entropy) -> Option<String> {
        let mut salt = [0; 16];
        entropy.fill(&mut salt);
        let salt = SaltString::encode_b64(&salt).ok()?;
        let hash = self
            .argon2()
            .hash_password(password.0.as_bytes(), &salt)
            .ok()?;
        Some(hash.to_string())
    }

    /// Whether `password` is the one `stored` was made of. Without a stored hash the same work is done, and the answer is no.
    pub(crate) fn verify(self, password: &Password, stored: Option<&str>) -> Verdict {
        let nobody = self.of_nobody();
        let hash = PasswordHash::new(stored.unwrap_or(&nobody));
        let right = hash.as_ref().is_ok_and(|hash| {
            self.argon2()
                .verify_password(password.0.as_bytes(), hash)
                .is_ok()
        });
        match (stored, right, hash) {
            (Some(_), true, Ok(hash)) => Verdict::Right {
                outdated: Params::try_from(&hash).ok() != self.params()
                    || hash.algorithm != Algorithm::Argon2id.ident(),
            },
            _ => Verdict::Wrong,
        }
    }

    /// A well-formed hash that no password is known to have.
    fn of_nobody(self) -> String {
        format!(
            "$argon2id$v=19$m={},t={},p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            self.memory_kib, self.passes
        )
    }
}

/// What comparing a password gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is another, or there is none.
    Wrong,
    /// It is the one.
    Right {
        /// The hash was made with other parameters and should be renewed.
        outdated: bool,
    },
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::CountingEntropy;

    const CHEAP: PasswordCost = PasswordCost {
        memory_kib: 16,
        passes: 1,
    };

    fn ada() -> Email {
        Email::parse("ada.lovelace@example.com").unwrap()
    }

    #[test]
    fn length_is_what_counts() {
        let check = |text: &str| Password::new(text).check_new(&ada());
        assert_eq!(check("elevenchars"), Err(PasswordRefused::TooShort));
        assert_eq!(check("twelve chars"), Ok(()));
        assert_eq!(check("éèêëēėęàáâäæ"), Ok(()), "characters count, not bytes");
        let long: String = "pine cone ".chars().cycle().take(256).collect();
        assert_eq!(check(&long), Ok(()));
        assert_eq!(check(&format!("{long}x")), Err(PasswordRefused::TooLong));
        assert_eq!(
            check(&"x y z".repeat(100_000)),
            Err(PasswordRefused::TooLong)
        );
    }

    #[test]
    fn passwords_that_are_tried_first_are_refused() {
        for text in [
            "password1234",
            "Password2026!",
            "p@ssw0rd12345",
            "123456789012",
            "987654321098",
            "abcdefghijkl",
            "aaaaaaaaaaaa",
            "abababababab",
            "qwertyuiop12",
            "correcthorsebatterystaple",
            "Sightline2026",
            "12 letmein 99!",
            "changeme1234",
        ] {
            assert_eq!(
                Password::new(text).check_new(&ada()),
                Err(PasswordRefused::Obvious),
                "{text}"
            );
        }
        for text in [
            "ada.lovelace@example.com",
            "ADA.LOVELACE1",
            "x ada.lovelace@example.com x",
        ] {
            assert_eq!(
                Password::new(text).check_new(&ada()),
                Err(PasswordRefused::Address),
                "{text}"
            );
        }
    }

    #[test]
    fn the_usual_cost_is_nineteen_mib_two_passes_and_one_lane() {
        let phc = PasswordCost::OWASP
            .hash(
                &Password::new("a fine long one"),
                &CountingEntropy::default(),
            )
            .unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert_eq!(
            PasswordCost::OWASP.verify(&Password::new("a fine long one"), Some(&phc)),
            Verdict::Right { outdated: false }
        );
    }

    #[test]
    fn a_hash_made_at_another_cost_still_opens_and_is_outdated() {
        let password = Password::new("a fine long one");
        let phc = CHEAP.hash(&password, &CountingEntropy::default()).unwrap();
        let dearer = PasswordCost {
            memory_kib: 32,
            ..CHEAP
        };
        assert_eq!(
            dearer.verify(&password, Some(&phc)),
            Verdict::Right { outdated: true }
        );
        let argon2i = Argon2::new(Algorithm::Argon2i, Version::V0x13, CHEAP.params().unwrap())
            .hash_password(
                b"a fine long one",
                &SaltString::encode_b64(&[1; 16]).unwrap(),
            )
            .unwrap()
            .to_string();
        assert_eq!(
            CHEAP.verify(&password, Some(&argon2i)),
            Verdict::Right { outdated: true }
        );
    }

    #[test]
    fn the_hash_compared_with_when_there_is_none_is_a_real_one_that_costs_the_same() {
        let nobody = PasswordCost::OWASP.of_nobody();
        let hash = PasswordHash::new(&nobody).unwrap();
        assert_eq!(
            Params::try_from(&hash).unwrap(),
            PasswordCost::OWASP.params().unwrap()
        );
        assert_eq!(
            CHEAP.verify(&Password::new("anything at all"), None),
            Verdict::Wrong
        );
        assert_eq!(
            CHEAP.verify(&Password::new("anything at all"), Some("no hash")),
            Verdict::Wrong
        );
    }

    #[test]
    fn one_password_typed_on_two_keyboards_is_one_password() {
        let phc = CHEAP
            .hash(
                &Password::new("cafe\u{301} au lait"),
                &CountingEntropy::default(),
            )
            .unwrap();
        assert_eq!(
            CHEAP.verify(&Password::new("caf\u{e9} au lait"), Some(&phc)),
            Verdict::Right { outdated: false }
        );
    }

    #[test]
    fn a_printed_password_shows_nothing() {
        assert_eq!(format!("{:?}", Password::new("secret")), "Password(…)");
    }

    proptest! {
        #[test]
        fn only_the_password_itself_opens(text in "\\PC{1,30}", other in "\\PC{1,30}") {
            let phc = CHEAP.hash(&Password::new(&text), &CountingEntropy::default()).unwrap();
            let same = Password::new(&text).0 == Password::new(&other).0;
            prop_assert_eq!(CHEAP.verify(&Password::new(&other), Some(&phc)) != Verdict::Wrong, same);
        }
    }
}
