//! How long things last.

const SECOND_MS: i64 = 1000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
pub(crate) const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// How long things last, in ms. Changed for tests and by operators who want shorter ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// An access token.
    pub access_ms: i64,
    /// A connection: how long it is renewed silently.
    pub connection_ms: i64,
    /// A code.
    pub code_ms: i64,
    /// A request that waits for consent.
    pub consent_ms: i64,
    /// A refresh token after its exchange, whatever its successor does.
    pub grace_ms: i64,
    /// A registration nobody used.
    pub unused_app_ms: i64,
    /// A registration since its last use.
    pub used_app_ms: i64,
    /// A line of the audit log.
    pub audit_ms: i64,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            access_ms: 60 * MINUTE_MS,
            connection_ms: 30 * DAY_MS,
            code_ms: MINUTE_MS,
            consent_ms: 10 * MINUTE_MS,
            grace_ms: MINUTE_MS,
            unused_app_ms: 7 * DAY_MS,
            used_app_ms: 90 * DAY_MS,
            audit_ms: 365 * DAY_MS,
        }
    }
}
