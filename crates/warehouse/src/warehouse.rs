//! The seam between the tools and whatever holds a project's data.

use async_trait::async_trait;

use crate::dialect::Dialect;
use crate::error::WarehouseError;
use crate::limits::Limits;
use crate::result::ResultSet;
use crate::schema::ProjectSchema;
use crate::sql::Statement;

/// A kind of warehouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarehouseKind {
    /// Parquet files in a bucket, read by the embedded engine.
    Parquet,
    /// A ClickHouse server.
    ClickHouse,
}

impl WarehouseKind {
    /// The kind of that name, as configuration and the database have it.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "parquet" => Some(Self::Parquet),
            "clickhouse" => Some(Self::ClickHouse),
            _ => None,
        }
    }
}

/// Whether a project has a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Its rows are stored.
    Stored,
    /// Its rows follow from other tables, while a query runs.
    Derived,
    /// There is no such table.
    Absent,
}

/// A handle on *one project's* data.
///
/// There is no way to name a project here: who holds a handle can reach that project's rows and no others (invariant 4).
#[async_trait(?Send)]
pub trait Warehouse {
    /// How this warehouse's SQL differs.
    fn dialect(&self) -> &dyn Dialect;

    /// Runs a statement of this program's own making.
    ///
    /// # Errors
    /// Any [`WarehouseError`]; [`WarehouseError::TooLarge`] also when more than `limits.rows` rows come.
    async fn run(&self, statement: Statement, limits: &Limits)
    -> Result<ResultSet, WarehouseError>;

    /// Runs a user's SQL after the guard has let it pass: rows `offset..offset + rows` of its answer.
    ///
    /// # Errors
    /// Any [`WarehouseError`]; [`WarehouseError::Refused`] for what the guard does not allow.
    async fn run_sql(
        &self,
        sql: &str,
        offset: usize,
        rows: usize,
        limits: &Limits,
    ) -> Result<ResultSet, WarehouseError>;

    /// Whether the project has a table of that name; cheaper than all of [`Warehouse::schema`].
    ///
    /// # Errors
    /// [`WarehouseError::Unavailable`] and [`WarehouseError::BadData`].
    async fn presence(&self, table: &str) -> Result<Presence, WarehouseError>;

    /// The project's tables and columns.
    ///
    /// # Errors
    /// [`WarehouseError::Unavailable`] and [`WarehouseError::BadData`].
    async fn schema(&self) -> Result<ProjectSchema, WarehouseError>;
}
