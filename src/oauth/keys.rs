//! The keys access tokens are checked with: read from D1 when an isolate first needs them, kept for a while.
//!
//! A key that verifies signatures decides nothing about access by itself, so it may be a few minutes old; what the connection may do is read on every
//! request. A token of a key not known here makes the keys be read again, since another isolate may just have made it.

use std::cell::RefCell;

use sightline_oauth::{AuthorizationStore, KeyRing, StoreFault, claimed_key};
use worker::Env;

use crate::access::Database;
use crate::oauth::deployment::key_secret;

/// How long keys are kept, in ms.
const KEPT_MS: i64 = 300_000;

thread_local! {
    static KEYS: RefCell<Option<(KeyRing, i64)>> = const { RefCell::new(None) };
}

/// The keys to check the bearer token `text` with.
///
/// # Errors
/// [`StoreFault`] if they must be read and cannot.
pub async fn verifying_keys(
    env: &Env,
    database: &Database,
    text: &str,
    now_ms: i64,
) -> Result<KeyRing, StoreFault> {
    // Not a token of any key: no need to ask for one.
    let Some(key) = claimed_key(text) else {
        return Ok(KeyRing::default());
    };
    let kept = KEYS.with_borrow(|keys| {
        let (ring, read_at_ms) = keys.as_ref()?;
        let is_fresh = now_ms < read_at_ms + KEPT_MS;
        (is_fresh && ring.find(&key).is_some()).then(|| ring.clone())
    });
    if let Some(ring) = kept {
        return Ok(ring);
    }
    let ring = KeyRing::open(&database.signing_keys().await?, &key_secret(env));
    KEYS.set(Some((ring.clone(), now_ms)));
    Ok(ring)
}
