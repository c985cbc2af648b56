//! The door: one per request.

use crate::database::{Database, Outcome, Statement, StoreFault, run};
use crate::entropy::{self, Entropy};
use crate::password::PasswordCost;
use crate::throttle::ThrottlePolicy;

/// What an operator may set. All times are in ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// What hashing a password costs.
    pub password_cost: PasswordCost,
    /// How guesses are slowed.
    pub throttle: ThrottlePolicy,
    /// A session nobody uses for this long is over.
    pub session_idle_ms: i64,
    /// A session is over after this long, used or not.
    pub session_ms: i64,
    /// A browser counts as known for this long after its last sign-in.
    pub known_browser_ms: i64,
    /// An invitation is good for this long.
    pub invitation_ms: i64,
    /// A link that sets a forgotten password is good for this long.
    pub reset_ms: i64,
    /// A person sent to a provider has this long to come back.
    pub oidc_request_ms: i64,
}

const DAY_MS: i64 = 24 * 3_600_000;

impl Default for Policy {
    fn default() -> Self {
        Self {
            password_cost: PasswordCost::OWASP,
            throttle: ThrottlePolicy::default(),
            session_idle_ms: 7 * DAY_MS,
            session_ms: 30 * DAY_MS,
            known_browser_ms: 180 * DAY_MS,
            invitation_ms: 7 * DAY_MS,
            reset_ms: DAY_MS,
            oidc_request_ms: 10 * 60_000,
        }
    }
}

/// Everything about people, for the length of one request.
pub struct Accounts<'a> {
    pub(crate) database: &'a dyn Database,
    pub(crate) entropy: &'a dyn Entropy,
    pub(crate) policy: Policy,
    pub(crate) now_ms: i64,
}

impl<'a> Accounts<'a> {
    /// For a request that came in at `now_ms` (ms since 1970 UTC).
    pub fn new(
        database: &'a dyn Database,
        entropy: &'a dyn Entropy,
        policy: Policy,
        now_ms: i64,
    ) -> Self {
        Self {
            database,
            entropy,
            policy,
            now_ms,
        }
    }

    pub(crate) fn id(&self) -> String {
        entropy::id(self.entropy)
    }

    pub(crate) async fn run<const N: usize>(
        &self,
        statements: [Statement; N],
    ) -> Result<[Outcome; N], StoreFault> {
        run(self.database, statements).await
    }
}
