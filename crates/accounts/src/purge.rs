//! Throwing away what is over, by index, from the daily cron.

use crate::accounts::Accounts;
use crate::database::{Statement, StoreFault};

/// Taken and expired invitations stay listed in the audit; the rows go after this long.
const INVITATIONS_KEPT_MS: i64 = 30 * 24 * 3_600_000;

impl Accounts<'_> {
    /// Deletes expired sessions, known browsers, attempts, invitations, links and requests to providers. Answers how many rows went.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn purge(&self) -> Result<u64, StoreFault> {
        let now = || [self.now_ms.into()];
        let outcomes = self
            .run([
                Statement::new("DELETE FROM browser_sessions WHERE expires_at <= ?1", now()),
                Statement::new("DELETE FROM known_browsers WHERE expires_at <= ?1", now()),
                Statement::new("DELETE FROM sign_in_attempts WHERE expires_at <= ?1", now()),
                Statement::new("DELETE FROM password_resets WHERE expires_at <= ?1", now()),
                Statement::new("DELETE FROM oidc_requests WHERE expires_at <= ?1", now()),
                Statement::new(
                    "DELETE FROM invitations WHERE expires_at <= ?1",
                    [(self.now_ms - INVITATIONS_KEPT_MS).into()],
                ),
            ])
            .await?;
        Ok(outcomes.iter().map(|outcome| outcome.changes).sum())
    }
}
