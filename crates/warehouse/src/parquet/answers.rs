//! Answers given before, for as long as they would be the same.
//!
//! What a statement answers depends on its text with the values in it, on the files of the tables it names, and on the limits it ran
//! under; all three are the key. Which files those are is looked up for every request ([`Catalog::version`]), so new data is seen
//! with the next question. Statements that look at the clock are not kept.
//!
//! [`Catalog::version`]: sightline_lake::Catalog::version

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::Volatility;
use datafusion::sql::sqlparser::ast::{Expr, Statement, visit_expressions};
use lru::LruCache;
use serde_json::Value as Json;

use crate::result::ResultSet;

/// What an answer depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct AnswerKey {
    /// The project's name within the caches.
    pub(super) project: Arc<str>,
    /// Which files its tables consist of.
    pub(super) version: String,
    /// The statement, with its values and limits.
    pub(super) statement: String,
}

/// Answers of all projects of an isolate, those used least recently forgotten first.
#[derive(Debug)]
pub(super) struct Answers {
    capacity_bytes: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    answers: LruCache<AnswerKey, Arc<ResultSet>>,
    bytes: usize,
}

impl Answers {
    /// Keeps at most `capacity_bytes`, and no answer that takes more than an eighth of it.
    pub(super) fn new(capacity_bytes: usize) -> Self {
        let kept = Kept {
            answers: LruCache::unbounded(),
            bytes: 0,
        };
        Self {
            capacity_bytes,
            kept: Mutex::new(kept),
        }
    }

    /// What was answered to the same before.
    pub(super) fn get(&self, key: &AnswerKey) -> Option<Arc<ResultSet>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.answers.get(key).cloned()
    }

    /// Keeps an answer.
    pub(super) fn put(&self, key: AnswerKey, answer: ResultSet) {
        let size = bytes_of(&key, &answer);
        if size > self.capacity_bytes / 8 {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let replaced = kept.answers.push(key, Arc::new(answer));
        kept.bytes += size;
        if let Some((key, answer)) = replaced {
            kept.bytes -= bytes_of(&key, &answer);
        }
        while kept.bytes > self.capacity_bytes {
            let Some((key, answer)) = kept.answers.pop_lru() else {
                break;
            };
            kept.bytes -= bytes_of(&key, &answer);
        }
    }
}

/// The bytes an entry takes: an estimate, the same whenever it is made.
fn bytes_of(key: &AnswerKey, answer: &ResultSet) -> usize {
    let cells = answer.rows.iter().flatten().map(json_bytes).sum::<usize>();
    let rows = answer.rows.len() * size_of::<Vec<Json>>();
    size_of::<(AnswerKey, ResultSet)>() + key.version.len() + key.statement.len() + rows + cells
}

fn json_bytes(value: &Json) -> usize {
    let inside = match value {
        Json::String(text) => text.len(),
        Json::Array(values) => values.iter().map(json_bytes).sum(),
        Json::Object(fields) => fields
            .iter()
            .map(|(name, value)| name.len() + 2 * size_of::<usize>() + json_bytes(value))
            .sum(),
        Json::Null | Json::Bool(_) | Json::Number(_) => 0,
    };
    size_of::<Json>() + inside
}

/// Whether a statement answers the same whenever it is asked of the same data: a query, and none of its functions looks at anything
/// but its arguments.
pub(super) fn is_repeatable(statement: &Statement, state: &SessionState) -> bool {
    let is_query = matches!(statement, Statement::Query(_));
    let impure = visit_expressions(statement, |expression| match expression {
        Expr::Function(call) => {
            let name = call.name.to_string().to_lowercase();
            let volatility = state
                .scalar_functions()
                .get(&name)
                .map(|function| function.signature().volatility);
            match volatility {
                Some(Volatility::Stable | Volatility::Volatile) => ControlFlow::Break(()),
                Some(Volatility::Immutable) | None => ControlFlow::Continue(()),
            }
        }
        _ => ControlFlow::Continue(()),
    });
    is_query && impure.is_continue()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key(statement: &str) -> AnswerKey {
        AnswerKey {
            project: "p".into(),
            version: "1".into(),
            statement: statement.into(),
        }
    }

    fn answer(text: usize) -> ResultSet {
        ResultSet {
            rows: vec![vec![json!("x".repeat(text))]],
            ..ResultSet::default()
        }
    }

    #[test]
    fn the_oldest_answers_make_room_and_large_ones_are_not_kept() {
        let answers = Answers::new(16_000);
        for number in 0..20 {
            answers.put(key(&number.to_string()), answer(1_000));
            // Asked for all the time, so never the oldest.
            assert!(answers.get(&key("0")).is_some());
        }
        assert!(answers.get(&key("19")).is_some());
        assert!(answers.get(&key("1")).is_none());
        answers.put(key("large"), answer(3_000));
        assert!(answers.get(&key("large")).is_none());
        assert!(answers.get(&key("19")).is_some());
    }

    #[test]
    fn what_is_put_again_is_counted_once() {
        let answers = Answers::new(16_000);
        for _ in 0..100 {
            answers.put(key("0"), answer(1_000));
        }
        answers.put(key("1"), answer(1_000));
        assert!(answers.get(&key("0")).is_some() && answers.get(&key("1")).is_some());
    }
}
