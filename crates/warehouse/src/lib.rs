//! Runs SQL over one project's data.
//!
//! [`Warehouse`] is the seam: a handle on one project's tables, made for that project, that runs the tools' own statements and,
//! behind the [`guard`], a user's. [`parquet`] answers from Parquet files in an object store with DataFusion, [`clickhouse`] from a
//! ClickHouse server over HTTP.
//!
//! Invariants held here: a tool's SQL carries no user text ([`sql!`], [`Query::bind`]); a handle cannot name another project;
//! nothing can be written; no query's text, values or rows are logged.

#[cfg(feature = "clickhouse")]
pub mod clickhouse;
pub mod cohorts;
pub mod credit;
pub mod dialect;
pub mod funnel;
pub mod guard;
pub mod journey;
#[cfg(feature = "parquet")]
pub mod parquet;
pub mod stretches;

#[cfg(any(feature = "clickhouse", feature = "parquet"))]
mod author;
mod calendar;
mod error;
mod host;
mod limits;
mod result;
mod schema;
mod sql;
mod value;
mod warehouse;

pub use calendar::{Calendar, InstantMs, Interval, WeekStart};
pub use cohorts::CohortRule;
pub use credit::{CONVERSION, VIEW};
pub use dialect::{ClickHouseDialect, DataFusionDialect, Dialect};
pub use error::WarehouseError;
pub use funnel::{FunnelRule, MOST_STEPS};
pub use host::Host;
pub use journey::{END, JourneyMode, JourneyRule, START};
pub use limits::Limits;
pub use result::{ColumnInfo, ResultSet, Scanned};
pub use schema::{ColumnSchema, ProjectSchema, TableSchema};
pub use sql::{Fragment, Identifier, Placeholder, Query, Sql, Statement, fragment};
pub use stretches::StretchRule;
pub use value::Value;
pub use warehouse::{Presence, Warehouse, WarehouseKind};
