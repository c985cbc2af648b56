//! Random bytes, handed in.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A generator of random bytes fit for keys.
pub trait Entropy {
    /// Fills all of `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// A new id of a row: 16 random bytes, 22 characters that are safe in a URL.
pub(crate) fn id(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 16];
    entropy.fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}
