//! The formats events are read from, and what their fields mean.

mod access_log;
mod csv;
mod fields;
mod instants;
mod jsonl;
mod parquet;

use anyhow::bail;

pub use fields::FieldMap;

use crate::{input::Input, intake::Intake, web::AccessLogRules};

/// A format of input files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Comma-separated values with a header line; tabs and semicolons are understood too.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// Apache Parquet.
    Parquet,
    /// Access log of a web server in the combined format.
    AccessLog,
}

/// Reads all rows of a file into `intake`.
pub fn read(
    mut input: Input,
    format: Option<Format>,
    map: &FieldMap,
    rules: &AccessLogRules,
    intake: &mut Intake,
) -> anyhow::Result<()> {
    let format = match format {
        Some(format) => Some(format),
        None => input.detect()?,
    };
    match format {
        Some(Format::Csv) => csv::read(input, map, intake),
        Some(Format::Jsonl) => jsonl::read(input, map, intake),
        Some(Format::Parquet) => parquet::read(input, map, intake),
        Some(Format::AccessLog) => access_log::read(input, rules, intake),
        None => bail!(
            "{}: the format cannot be told from its first line; say it with --format csv, jsonl, parquet or access-log",
            intake.file()
        ),
    }
}
