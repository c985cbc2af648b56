//! How a project's analytics lie in an object store, and how they are read and written.
//!
//! A project is a folder of tables; a table is a folder of Parquet files, by UTC day where rows carry an instant
//! (`layout`). `Manifest` says which files are live, `Catalog` answers which of them a question needs, `FooterCache` keeps
//! their footers, `sessions::Builder` turns a stream of events into sessions. With the feature `write`, `Writer` makes the
//! files and `Import` takes events in any order and puts them in place so that an interruption changes nothing.
//!
//! The object store handed in is already rooted at one project. Nothing here knows of projects, tenants or buckets, runs
//! SQL, reads a clock or draws random numbers: those are passed in.

mod catalog;
mod column;
pub mod conform;
mod data_file;
mod error;
mod footer;
pub mod layout;
mod listing;
mod manifest;
pub mod sessions;
mod table;
pub mod text_map;

#[cfg(feature = "write")]
pub mod demo;
#[cfg(feature = "write")]
mod event_ids;
#[cfg(feature = "write")]
mod footer_copies;
#[cfg(feature = "write")]
mod import;
#[cfg(feature = "write")]
mod profiles;
#[cfg(feature = "write")]
mod project_files;
#[cfg(feature = "write")]
mod rebuild;
#[cfg(feature = "write")]
mod rows;
#[cfg(feature = "write")]
mod sorter;
#[cfg(feature = "write")]
mod stored;
#[cfg(feature = "write")]
mod writer;

pub use catalog::{Catalog, CatalogCache};
pub use column::{Column, ColumnKind};
pub use data_file::{DataFile, FooterCopy, FooterObject};
pub use error::{FileFault, LakeError};
pub use footer::FooterCache;
pub use layout::DayRange;
pub use manifest::{MANIFEST_PATH, Manifest};
pub use table::Table;

#[cfg(feature = "write")]
pub use import::{Import, ImportOptions, ImportSummary};
#[cfg(feature = "write")]
pub use rows::Rows;
#[cfg(feature = "write")]
pub use stored::conform_with_properties;
#[cfg(feature = "write")]
pub use writer::{FILE_ROWS, ROW_GROUP_ROWS, Writer};
