//! What the scheduled run deletes of people's rows and of counts.

use sightline_accounts::{Accounts, Database, Policy, Statement, StoreFault};
use worker::Env;

use crate::console::store::{AccountsStore, Randomness};

/// Counts are kept for longer than any page shows them.
const COUNTS_KEPT_DAYS: i64 = 90;

/// Deletes expired sessions, attempts, invitations and requests to the provider, and old counts.
///
/// # Errors
/// [`StoreFault`]; what was not deleted goes with the next run.
pub async fn purge(env: &Env, now_ms: i64) -> Result<(), StoreFault> {
    let (store, randomness) = (AccountsStore::of(env)?, Randomness::new()?);
    Accounts::new(&store, &randomness, Policy::default(), now_ms)
        .purge()
        .await?;
    let oldest = now_ms / crate::usage::DAY_MS - COUNTS_KEPT_DAYS;
    store
        .batch(vec![Statement::new(
            "DELETE FROM requests_by_day WHERE day < ?1",
            [oldest.into()],
        )])
        .await?;
    Ok(())
}
