//! What a query answers: columns, rows of JSON cells, and what it took.
//!
//! Cells are plain JSON: instants are RFC 3339 text in UTC, dates `YYYY-MM-DD`, lists arrays, maps objects. Both warehouses
//! answer in this form, so that a tool reads rows without knowing where they came from.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::error::WarehouseError;

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnInfo {
    /// The name the query gave it.
    pub name: String,
    /// Its type in the warehouse's own words.
    pub data_type: String,
}

/// What a query read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scanned {
    /// Rows that came out of storage, before filters the storage could not apply.
    pub rows: u64,
    /// Bytes fetched from storage.
    pub bytes: u64,
    /// Requests made to storage.
    pub reads: u64,
}

/// The rows a query answered.
#[derive(Debug, Clone)]
pub struct ResultSet {
    /// The columns, in the query's order.
    pub columns: Vec<ColumnInfo>,
    /// The rows; each has one cell per column.
    pub rows: Vec<Vec<Json>>,
    /// Distinct counts are estimates from one in so many of the values; 1: they are exact. A count of `n` has the standard error
    /// `√((sampled_one_in − 1) · n)`.
    pub sampled_one_in: u64,
    /// What was read for them.
    pub scanned: Scanned,
    /// Wall-clock milliseconds from the start of planning to the last row.
    pub elapsed_ms: u64,
}

impl Default for ResultSet {
    fn default() -> Self {
        Self {
            columns: Vec::new(),
            rows: Vec::new(),
            sampled_one_in: 1,
            scanned: Scanned::default(),
            elapsed_ms: 0,
        }
    }
}

impl ResultSet {
    /// The rows as values of `T`, whose fields bear the columns' names.
    ///
    /// # Errors
    /// [`WarehouseError::Internal`] when a row does not fit `T`: the query and the type were not written for each other.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<Vec<T>, WarehouseError> {
        self.rows
            .iter()
            .map(|row| {
                let object: Map<String, Json> = self
                    .columns
                    .iter()
                    .map(|column| column.name.clone())
                    .zip(row.iter().cloned())
                    .collect();
                serde_json::from_value(Json::Object(object)).map_err(|error| {
                    WarehouseError::internal(format!("a row does not fit its type: {error}"))
                })
            })
            .collect()
    }

    /// The only row as a `T`.
    ///
    /// # Errors
    /// As [`ResultSet::decode`], and when there is not exactly one row.
    pub fn decode_one<T: DeserializeOwned>(&self) -> Result<T, WarehouseError> {
        let mut rows: Vec<T> = self.decode()?;
        match (rows.len(), rows.pop()) {
            (1, Some(row)) => Ok(row),
            (count, _) => Err(WarehouseError::internal(format!(
                "one row was expected, {count} came"
            ))),
        }
    }
}
