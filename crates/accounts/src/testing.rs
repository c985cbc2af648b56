//! Doubles for tests of this crate and of those that build on it.
//!
//! [`MemoryDatabase`] is SQLite itself, in memory, with the migrations of this repository: what holds in it holds in D1.

#[cfg(test)]
mod world;

use std::cell::{Cell, RefCell};
use std::path::Path;

use async_trait::async_trait;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde_json::{Map, json};

use crate::database::{Database, Outcome, Row, Statement, StoreFault, Value};
use crate::entropy::Entropy;

#[cfg(test)]
pub(crate) use world::{World, cheap};

/// Bytes that are different each time and the same in each run.
#[derive(Default)]
pub struct CountingEntropy(Cell<u64>);

impl Entropy for CountingEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let n = self.0.get() + 1;
            self.0.set(n);
            // Scattered, so that neighbours share no prefix.
            let word = n.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes();
            chunk
                .iter_mut()
                .zip(word)
                .for_each(|(byte, new)| *byte = new);
        }
    }
}

/// A database in memory.
pub struct MemoryDatabase {
    connection: RefCell<Connection>,
    fault: Cell<bool>,
    batches: Cell<usize>,
    fail_at: Cell<Option<usize>>,
    meddler: RefCell<Option<(usize, String)>>,
}

fn fault(error: impl std::fmt::Display) -> StoreFault {
    StoreFault(error.to_string())
}

impl MemoryDatabase {
    /// An empty one, migrated.
    ///
    /// # Errors
    /// If the migrations cannot be read or do not run.
    pub fn new() -> Result<Self, StoreFault> {
        let connection = Connection::open_in_memory().map_err(fault)?;
        connection
            .pragma_update(None, "foreign_keys", true)
            .map_err(fault)?;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .map_err(fault)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
            .collect();
        files.sort();
        for file in files {
            let sql = std::fs::read_to_string(&file).map_err(fault)?;
            connection.execute_batch(&sql).map_err(fault)?;
        }
        Ok(Self {
            connection: RefCell::new(connection),
            fault: Cell::new(false),
            batches: Cell::new(0),
            fail_at: Cell::new(None),
            meddler: RefCell::new(None),
        })
    }

    /// Makes every batch fail, or none.
    pub fn fail(&self, fails: bool) {
        self.fault.set(fails);
    }

    /// Makes only the batch with this number (from 0, counted from now) fail.
    pub fn fail_at(&self, batch: usize) {
        self.batches.set(0);
        self.fail_at.set(Some(batch));
    }

    /// How many batches it was given since it was made, or since a failure or a meddler was set.
    pub fn batches(&self) -> usize {
        self.batches.get()
    }

    /// Runs `sql` right before the batch with this number (from 0, counted from now): somebody else, who came between.
    pub fn meddle_at(&self, batch: usize, sql: &str) {
        self.batches.set(0);
        self.meddler.replace(Some((batch, sql.to_owned())));
    }

    /// Runs statements of a test's own.
    ///
    /// # Errors
    /// If they do not run.
    pub fn execute(&self, sql: &str) -> Result<(), StoreFault> {
        self.connection.borrow().execute_batch(sql).map_err(fault)
    }

    /// The one number a query of a test's own answers.
    ///
    /// # Errors
    /// If it does not run.
    pub fn number(&self, sql: &str) -> Result<i64, StoreFault> {
        self.connection
            .borrow()
            .query_row(sql, [], |row| row.get(0))
            .map_err(fault)
    }

    /// Everything stored, as text: for tests that look for what must not be there.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn dump(&self) -> Result<String, StoreFault> {
        let connection = self.connection.borrow();
        let mut tables = connection
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
            .map_err(fault)?;
        let names: Vec<String> = tables
            .query_map([], |row| row.get(0))
            .map_err(fault)?
            .collect::<Result<_, _>>()
            .map_err(fault)?;
        let mut text = String::new();
        for name in names {
            let outcome = rows(&connection, &format!("SELECT * FROM {name}"), &[])?;
            for row in outcome {
                text.push_str(&format!("{name} {}\n", json!(row.0)));
            }
        }
        Ok(text)
    }
}

fn rows(connection: &Connection, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreFault> {
    let mut statement = connection.prepare(sql).map_err(fault)?;
    for (index, value) in values.iter().enumerate() {
        let bound = match value {
            Value::Null => statement.raw_bind_parameter(index + 1, rusqlite::types::Null),
            Value::Integer(number) => statement.raw_bind_parameter(index + 1, number),
            Value::Text(text) => statement.raw_bind_parameter(index + 1, text),
        };
        bound.map_err(fault)?;
    }
    let columns: Vec<String> = statement
        .column_names()
        .into_iter()
        .map(str::to_owned)
        .collect();
    let mut found = Vec::new();
    let mut cursor = statement.raw_query();
    while let Some(row) = cursor.next().map_err(fault)? {
        let mut cells = Map::new();
        for (index, column) in columns.iter().enumerate() {
            let cell = match row.get_ref(index).map_err(fault)? {
                ValueRef::Null => json!(null),
                // As D1 does: a number comes as a float.
                #[expect(clippy::cast_precision_loss, reason = "as in JavaScript")]
                ValueRef::Integer(number) => json!(number as f64),
                ValueRef::Real(number) => json!(number),
                ValueRef::Text(text) => json!(String::from_utf8_lossy(text)),
                ValueRef::Blob(bytes) => json!(bytes),
            };
            cells.insert(column.clone(), cell);
        }
        found.push(Row(cells));
    }
    Ok(found)
}

#[async_trait(?Send)]
impl Database for MemoryDatabase {
    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<Outcome>, StoreFault> {
        let number = self.batches.replace(self.batches.get() + 1);
        if self.fault.get() || self.fail_at.get() == Some(number) {
            return Err(StoreFault("the database is away".to_owned()));
        }
        let meddles = self
            .meddler
            .borrow()
            .as_ref()
            .is_some_and(|(at, _)| *at == number);
        if let Some((_, sql)) = self.meddler.borrow_mut().take_if(|_| meddles) {
            self.execute(&sql)?;
        }
        let mut connection = self.connection.borrow_mut();
        let transaction = connection.transaction().map_err(fault)?;
        let mut outcomes = Vec::with_capacity(statements.len());
        for statement in statements {
            let before = transaction.total_changes();
            let rows = rows(&transaction, statement.sql, &statement.values)?;
            outcomes.push(Outcome {
                rows,
                changes: transaction.total_changes() - before,
            });
        }
        transaction.commit().map_err(fault)?;
        Ok(outcomes)
    }
}
