//! The platform's own rate limits: a shield, not the limit.
//!
//! They count per location and say only yes or no, but they answer from the machine the request is on and hold when a Durable Object or
//! the database does not. One stands behind the exact limit while that cannot be asked; the others stand before the
//! endpoints that ask for no credential. Both let through whatever they cannot judge: a shield that is not bound, or fails, must
//! not take the server down with it.

use http::HeaderMap;
use worker::Env;

/// Which shield.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shield {
    /// For requests whose exact limit cannot be asked, by their limit key. Bound as `LIMITS_SHIELD`.
    Limits,
    /// For endpoints open to everyone, by what names the sender best there. Bound as `OPEN_SHIELD`.
    Open,
    /// For the endpoints that apps' programs call, by app and by sender. Bound as `APPS_SHIELD`.
    Apps,
}

/// Seconds after which a refused client should ask again: the period of all bindings in `wrangler.toml`.
pub const RETRY_AFTER_S: u64 = 60;

impl Shield {
    fn binding(self) -> &'static str {
        match self {
            Self::Limits => "LIMITS_SHIELD",
            Self::Open => "OPEN_SHIELD",
            Self::Apps => "APPS_SHIELD",
        }
    }

    /// Counts a request under `key` and says whether it passes.
    pub async fn lets_through(self, env: &Env, key: &str) -> bool {
        let Ok(limiter) = env.rate_limiter(self.binding()) else {
            return true;
        };
        match limiter.limit(key.to_owned()).await {
            Ok(outcome) => outcome.success,
            Err(_) => true,
        }
    }
}

/// The address a request came from, as the platform says; for want of anything better that names a sender. Hosted clients share
/// addresses, so an endpoint that learns a host or a client's metadata counts by those first.
pub fn sender(headers: &HeaderMap) -> &str {
    headers
        .get("cf-connecting-ip")
        .and_then(|value| value.to_str().ok())
        .unwrap_or("unknown")
}
