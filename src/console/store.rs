//! What `sightline-accounts` asks of its surroundings: D1 behind its statements, random bytes.

use async_trait::async_trait;
use serde_json::{Map, Value as Json};
use sightline_accounts::{Entropy, Outcome, Row, Statement, StoreFault, Value};
use worker::{D1Type, Env};

use crate::access::Database;

/// D1, one call per batch.
pub struct AccountsStore(Database);

fn fault(error: impl std::fmt::Display) -> StoreFault {
    StoreFault(error.to_string())
}

/// A value as D1 takes it.
#[expect(
    clippy::cast_precision_loss,
    reason = "instants in ms and counts are far below 2^53"
)]
fn bound(value: &Value) -> D1Type<'_> {
    match value {
        Value::Null => D1Type::Null,
        Value::Integer(number) => D1Type::Real(*number as f64),
        Value::Text(text) => D1Type::Text(text),
    }
}

impl AccountsStore {
    /// The database of this deployment.
    ///
    /// # Errors
    /// [`StoreFault`] when there is no such binding.
    pub fn of(env: &Env) -> Result<Self, StoreFault> {
        Database::of(env).map(Self).map_err(fault)
    }
}

#[async_trait(?Send)]
impl sightline_accounts::Database for AccountsStore {
    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<Outcome>, StoreFault> {
        let prepared = statements
            .iter()
            .map(|statement| {
                let values: Vec<D1Type<'_>> = statement.values.iter().map(bound).collect();
                self.0.bound(statement.sql, &values).map_err(fault)
            })
            .collect::<Result<Vec<_>, _>>()?;
        let results = self.0.batch(prepared).await.map_err(fault)?;
        results
            .iter()
            .map(|result| {
                let rows = result.results::<Map<String, Json>>().map_err(fault)?;
                let meta = result.meta().map_err(fault)?;
                let changes = meta
                    .and_then(|meta| meta.changes)
                    .ok_or_else(|| fault("the database did not say what changed"))?;
                Ok(Outcome {
                    rows: rows.into_iter().map(Row).collect(),
                    changes: u64::try_from(changes).unwrap_or(u64::MAX),
                })
            })
            .collect()
    }
}

/// The random bytes of one request, from one seed of the platform.
pub struct Randomness(sightline_oauth::Entropy);

impl Randomness {
    /// Seeded now.
    ///
    /// # Errors
    /// [`StoreFault`] if the platform has no random bytes.
    pub fn new() -> Result<Self, StoreFault> {
        let mut seed = [0; 32];
        getrandom_04::fill(&mut seed).map_err(fault)?;
        Ok(Self(sightline_oauth::Entropy::from_seed(seed)))
    }

    /// The next 32 bytes.
    pub fn draw(&self) -> [u8; 32] {
        self.0.draw()
    }

    /// A new id behind `prefix`.
    pub fn id(&self, prefix: &str) -> String {
        self.0.id(prefix)
    }
}

impl Entropy for Randomness {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let drawn = self.draw();
            for (byte, random) in chunk.iter_mut().zip(drawn) {
                *byte = random;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_asked_for_is_filled_and_no_two_fillings_are_alike() {
        let randomness = Randomness(sightline_oauth::Entropy::from_seed([7; 32]));
        let mut first = [0; 100];
        let mut second = [0; 100];
        randomness.fill(&mut first);
        randomness.fill(&mut second);
        assert_ne!(first, second);
        // Of three hundred random bits in a row, not all are zero.
        assert!(
            first
                .chunks(40)
                .all(|chunk| chunk.iter().any(|byte| *byte != 0))
        );
    }
}
