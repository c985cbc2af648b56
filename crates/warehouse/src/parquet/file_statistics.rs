//! What a file's footer says of its columns, in the planner's terms.
//!
//! With the least and the greatest instant of each file the engine reads the files first that hold the rows a `LIMIT` wants, newest or
//! oldest, and leaves out those that can hold none of them any more.

use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, ScalarValue, Statistics};
use parquet::basic::{LogicalType, TimeUnit as StoredUnit};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::statistics::Statistics as ChunkStatistics;

/// The bounds of the instants that are needed, as far as they are known.
pub(super) fn of(schema: &Schema, needed: &[&Field], footer: &ParquetMetaData) -> Statistics {
    let mut statistics = Statistics::new_unknown(schema);
    let rows = usize::try_from(footer.file_metadata().num_rows());
    statistics.num_rows = rows.map_or(Precision::Absent, Precision::Exact);
    for (field, column) in schema
        .fields()
        .iter()
        .zip(&mut statistics.column_statistics)
    {
        if needed.iter().any(|needed| needed.name() == field.name()) {
            *column = column_of(field, footer).unwrap_or_default();
        }
    }
    statistics
}

fn column_of(field: &Field, footer: &ParquetMetaData) -> Option<ColumnStatistics> {
    let DataType::Timestamp(TimeUnit::Millisecond, zone) = field.data_type() else {
        return None;
    };
    let (mut min, mut max) = (i64::MAX, i64::MIN);
    for group in footer.row_groups() {
        let chunk = group
            .columns()
            .iter()
            .find(|chunk| chunk.column_path().parts() == [field.name().as_str()])?;
        // What is cut to milliseconds is no bound.
        let instants = Instants::of(chunk).filter(|instants| instants.per_ms == 1)?;
        (min, max) = (min.min(instants.min), max.max(instants.max));
    }
    let value = |ms| Precision::Exact(ScalarValue::TimestampMillisecond(Some(ms), zone.clone()));
    (min <= max).then(|| ColumnStatistics {
        min_value: value(min),
        max_value: value(max),
        ..ColumnStatistics::default()
    })
}

/// The least and the greatest instant of a column chunk, in the unit they are stored in.
pub(super) struct Instants {
    pub(super) min: i64,
    pub(super) max: i64,
    /// How many of the unit make a millisecond.
    pub(super) per_ms: i64,
}

impl Instants {
    /// What the chunk's statistics say; none if it holds no instants, or nothing is said of them.
    pub(super) fn of(chunk: &ColumnChunkMetaData) -> Option<Self> {
        let ChunkStatistics::Int64(bounds) = chunk.statistics()? else {
            return None;
        };
        Some(Self {
            min: *bounds.min_opt()?,
            max: *bounds.max_opt()?,
            per_ms: units_per_ms(chunk.column_descr().logical_type_ref())?,
        })
    }
}

/// How many of a stored timestamp's units make a millisecond.
fn units_per_ms(logical: Option<&LogicalType>) -> Option<i64> {
    let LogicalType::Timestamp(timestamp) = logical? else {
        return None;
    };
    Some(match timestamp.unit {
        StoredUnit::MILLIS => 1,
        StoredUnit::MICROS => 1_000,
        StoredUnit::NANOS => 1_000_000,
    })
}
