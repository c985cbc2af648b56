//! The seam to the database: D1 in the Worker, SQLite in memory in tests.
//!
//! A [`Statement`]'s text is a program literal, so no text of a user can become SQL; values are bound by number. A batch is one
//! transaction (as D1's `batch()` is), and each statement tells how many rows it changed: that is how races are decided.

use async_trait::async_trait;
use serde_json::Map;
use thiserror::Error;

/// A bound value. Without `Debug`, since it may be an e-mail address or a hash.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A number. Instants are ms since 1970, far below 2^53.
    Integer(i64),
    /// A text.
    Text(String),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<Option<&str>> for Value {
    fn from(value: Option<&str>) -> Self {
        value.map_or(Self::Null, Self::from)
    }
}

/// One statement with the values for `?1`, `?2`, …
#[derive(Clone)]
pub struct Statement {
    /// The text.
    pub sql: &'static str,
    /// The values, in order of their numbers.
    pub values: Vec<Value>,
}

impl Statement {
    /// A statement.
    pub fn new(sql: &'static str, values: impl Into<Vec<Value>>) -> Self {
        Self {
            sql,
            values: values.into(),
        }
    }
}

/// What one statement did.
#[derive(Default)]
pub struct Outcome {
    /// The rows it returned.
    pub rows: Vec<Row>,
    /// How many rows it changed (`meta.changes` of D1).
    pub changes: u64,
}

impl Outcome {
    /// Whether it changed anything.
    pub fn changed(&self) -> bool {
        self.changes > 0
    }
}

/// One row, by column name.
#[derive(Clone, Default)]
pub struct Row(pub Map<String, serde_json::Value>);

impl Row {
    /// The text in `column`.
    ///
    /// # Errors
    /// If there is none.
    pub fn text(&self, column: &str) -> Result<String, StoreFault> {
        self.text_if_any(column)?
            .ok_or_else(|| StoreFault(format!("column {column} is empty")))
    }

    /// The text in `column`, none if it is null.
    ///
    /// # Errors
    /// If something else is there.
    pub fn text_if_any(&self, column: &str) -> Result<Option<String>, StoreFault> {
        match self.0.get(column) {
            Some(serde_json::Value::String(text)) => Ok(Some(text.clone())),
            Some(serde_json::Value::Null) => Ok(None),
            _ => Err(StoreFault(format!("column {column} is not a text"))),
        }
    }

    /// The number in `column`.
    ///
    /// # Errors
    /// If there is none.
    pub fn integer(&self, column: &str) -> Result<i64, StoreFault> {
        self.integer_if_any(column)?
            .ok_or_else(|| StoreFault(format!("column {column} is empty")))
    }

    /// The number in `column`, none if it is null. D1 may hand it over as a float.
    ///
    /// # Errors
    /// If something else is there.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "instants in ms and counts are far below 2^53"
    )]
    pub fn integer_if_any(&self, column: &str) -> Result<Option<i64>, StoreFault> {
        match self.0.get(column) {
            Some(serde_json::Value::Null) => Ok(None),
            Some(serde_json::Value::Number(number)) => Ok(number
                .as_i64()
                .or_else(|| number.as_f64().map(|float| float as i64))),
            _ => Err(StoreFault(format!("column {column} is not a number"))),
        }
    }
}

/// The database failed, could not be reached, or holds what it cannot hold. The text is for the log and carries no values.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("store: {0}")]
pub struct StoreFault(pub String);

/// Where accounts are kept.
#[async_trait(?Send)]
pub trait Database {
    /// Runs the statements in order, all or none, and answers one outcome for each.
    ///
    /// # Errors
    /// [`StoreFault`] if they did not all run.
    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<Outcome>, StoreFault>;
}

/// Runs exactly as many statements as are wanted back.
pub(crate) async fn run<const N: usize>(
    database: &dyn Database,
    statements: [Statement; N],
) -> Result<[Outcome; N], StoreFault> {
    database
        .batch(statements.into())
        .await?
        .try_into()
        .map_err(|_| StoreFault("the database answered part of a batch".to_owned()))
}
