//! The embedded engine: DataFusion over Parquet files in an object store.
//!
//! A request's way: [`ParquetProject`] (one project's handle) → the [driver](drive) → a session that knows only that project's
//! tables → scans that prune by day, row group and bloom filter → rows of JSON cells. [`Engine`] holds what an isolate's
//! requests share. Nothing here knows what a bucket or a Worker is: the place it runs in is a [`Host`](crate::Host) and an object store.

mod admission;
mod ahead;
mod answers;
mod bind;
mod build_sides;
mod chunks;
mod cooperative_joins;
mod derived_sessions;
mod described;
mod driver;
mod each_operator;
mod engine;
mod failure;
mod faults;
mod file_statistics;
mod first_rows_first;
mod functions;
mod grouping;
mod identities_in_joins;
mod in_step;
mod lake_table;
mod maps_of_json;
mod own_buffers;
mod passes;
mod pool;
mod project;
mod reader;
mod reads;
mod rows;
mod scanned;
mod scope;
mod sessioned_events;
mod store;
mod time_bounds;

pub use driver::drive;
pub use engine::{Engine, EngineConfig};
pub use project::ParquetProject;
pub use reads::{Flight, MAX_READS_IN_FLIGHT, Reads};
