//! Slowing down whoever guesses passwords, without locking anybody out.
//!
//! An attempt is counted *before* the password is looked at, by one statement, so that guesses sent side by side count as well. It counts
//! against the account and against the source; after some free ones each doubles the wait, up to a cap. A browser that has signed in to
//! the account before (it holds a cookie saying so) counts by itself: however much others guess, its owner gets in.

use sha2::{Digest, Sha256};

use crate::database::{Outcome, Statement, StoreFault};

/// How many attempts are free and how long the wait may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThrottlePolicy {
    /// Wrong passwords for one account before waits begin.
    pub free_per_account: i64,
    /// Longest wait of an account, in ms. Bounds what a guesser can do to an owner on a new device.
    pub account_cap_ms: i64,
    /// Wrong passwords from one source before waits begin: many people may share one.
    pub free_per_source: i64,
    /// Longest wait of a source or a known browser, in ms.
    pub source_cap_ms: i64,
    /// After this long without an attempt, counting begins anew, in ms.
    pub forget_after_ms: i64,
}

impl Default for ThrottlePolicy {
    fn default() -> Self {
        Self {
            free_per_account: 5,
            account_cap_ms: 60_000,
            free_per_source: 30,
            source_cap_ms: 15 * 60_000,
            forget_after_ms: 24 * 3_600_000,
        }
    }
}

/// What an attempt is counted against. The key is a hash: no address is kept.
#[derive(Clone)]
pub(crate) struct Counter {
    pub key: String,
    free: i64,
    cap_ms: i64,
}

impl ThrottlePolicy {
    pub(crate) fn account(&self, what: &str) -> Counter {
        Counter::new("account", what, self.free_per_account, self.account_cap_ms)
    }

    pub(crate) fn source(&self, what: &str) -> Counter {
        Counter::new("source", what, self.free_per_source, self.source_cap_ms)
    }

    pub(crate) fn browser(&self, what: &str) -> Counter {
        Counter::new("browser", what, self.free_per_account, self.source_cap_ms)
    }

    /// Counts one attempt against both, unless one of them has to wait: then neither is touched.
    ///
    /// The wait after attempt `n` is `1 s · 2^(n − free)`, capped.
    pub(crate) fn reserve(&self, first: &Counter, second: &Counter, now_ms: i64) -> Statement {
        Statement::new(
            "INSERT INTO sign_in_attempts (counter, attempts, blocked_until, expires_at) \
             SELECT c.counter, 1, CASE WHEN c.free < 1 THEN ?7 + MIN(1000, c.cap) ELSE 0 END, ?7 + ?8 \
             FROM (SELECT ?1 AS counter, ?2 AS free, ?3 AS cap UNION SELECT ?4, ?5, ?6) c \
             WHERE NOT EXISTS (SELECT 1 FROM sign_in_attempts a WHERE a.counter IN (?1, ?4) AND a.blocked_until > ?7) \
             ON CONFLICT (counter) DO UPDATE SET \
               attempts = CASE WHEN sign_in_attempts.expires_at <= ?7 THEN 1 ELSE sign_in_attempts.attempts + 1 END, \
               blocked_until = CASE \
                 WHEN sign_in_attempts.expires_at <= ?7 THEN 0 \
                 WHEN sign_in_attempts.attempts + 1 < (CASE sign_in_attempts.counter WHEN ?1 THEN ?2 ELSE ?5 END) THEN 0 \
                 ELSE ?7 + MIN( \
                   CASE sign_in_attempts.counter WHEN ?1 THEN ?3 ELSE ?6 END, \
                   1000 << MIN(sign_in_attempts.attempts + 1 - (CASE sign_in_attempts.counter WHEN ?1 THEN ?2 ELSE ?5 END), 20)) END, \
               expires_at = excluded.expires_at",
            [
                first.key.as_str().into(),
                first.free.into(),
                first.cap_ms.into(),
                second.key.as_str().into(),
                second.free.into(),
                second.cap_ms.into(),
                now_ms.into(),
                self.forget_after_ms.into(),
            ],
        )
    }

    /// When the later of both waits ends: asked when [`Self::reserve`] changed nothing.
    pub(crate) fn blocked_until(first: &Counter, second: &Counter) -> Statement {
        Statement::new(
            "SELECT MAX(blocked_until) AS blocked_until FROM sign_in_attempts WHERE counter IN (?1, ?2)",
            [first.key.as_str().into(), second.key.as_str().into()],
        )
    }

    /// Forgets the attempts of whoever has proven to be the owner.
    pub(crate) fn forget(counter: &Counter) -> Statement {
        Statement::new(
            "DELETE FROM sign_in_attempts WHERE counter = ?1",
            [counter.key.as_str().into()],
        )
    }

    /// Takes one attempt back from a shared counter: it was right.
    pub(crate) fn give_back(counter: &Counter) -> Statement {
        Statement::new(
            "UPDATE sign_in_attempts SET attempts = attempts - 1, blocked_until = 0 WHERE counter = ?1 AND attempts > 0",
            [counter.key.as_str().into()],
        )
    }
}

impl Counter {
    fn new(kind: &str, what: &str, free: i64, cap_ms: i64) -> Self {
        Self {
            key: hex::encode(Sha256::digest(format!("{kind}\0{what}"))),
            free,
            cap_ms,
        }
    }
}

/// Seconds to wait, at least one, from the outcome of [`ThrottlePolicy::blocked_until`].
pub(crate) fn retry_after_s(outcome: &Outcome, now_ms: i64) -> Result<i64, StoreFault> {
    let until = match outcome.rows.first() {
        Some(row) => row.integer_if_any("blocked_until")?.unwrap_or(now_ms),
        None => now_ms,
    };
    Ok(((until - now_ms + 999) / 1000).max(1))
}
