//! Random bytes, from one seed per request.
//!
//! The Worker fetches 32 bytes from the platform's generator and hands them in; whatever a request needs is drawn from them by hashing seed
//! and counter (the construction of NIST SP 800-90A §10.1.1, without reseeding: a request draws a handful). So nothing here
//! can fail half-way for want of randomness, and tests can repeat a run.

use std::cell::Cell;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::secret::Secret;

/// The random bytes of one request.
pub struct Entropy {
    seed: [u8; 32],
    drawn: Cell<u64>,
}

impl Entropy {
    /// From 32 bytes fit for keys. A seed is used once.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self {
            seed,
            drawn: Cell::new(0),
        }
    }

    /// The next 32 bytes.
    pub fn draw(&self) -> [u8; 32] {
        let count = self.drawn.get();
        self.drawn.set(count + 1);
        Sha256::new()
            .chain_update(b"sightline entropy")
            .chain_update(self.seed)
            .chain_update(count.to_be_bytes())
            .finalize()
            .into()
    }

    /// A new secret.
    pub fn secret(&self) -> Secret {
        Secret::from_random(self.draw())
    }

    /// A new id of 128 random bits behind `prefix`.
    pub fn id(&self, prefix: &str) -> String {
        let bytes = self.draw();
        format!("{prefix}{}", URL_SAFE_NO_PAD.encode(&bytes[..16]))
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_draws_are_alike_and_none_shows_the_seed() {
        let entropy = Entropy::from_seed([7; 32]);
        let drawn: BTreeSet<[u8; 32]> = (0..1000).map(|_| entropy.draw()).collect();
        assert_eq!(drawn.len(), 1000);
        assert!(!drawn.contains(&[7; 32]));
        assert_eq!(format!("{entropy:?}"), "Entropy(…)");
    }

    #[test]
    fn another_seed_gives_other_bytes() {
        assert_ne!(
            Entropy::from_seed([1; 32]).draw(),
            Entropy::from_seed([2; 32]).draw()
        );
    }

    #[test]
    fn an_id_has_its_prefix_and_22_characters() {
        let id = Entropy::from_seed([1; 32]).id("con_");
        assert_eq!(id.len(), 4 + 22);
        assert!(id.starts_with("con_"));
    }
}
