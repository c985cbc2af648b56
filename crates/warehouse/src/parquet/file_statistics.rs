//! What a file's footer says of its columns, in the planner's terms.
//!
//! With the least and the greatest instant of each file the engine reads the files first that hold the rows a `LIMIT` wants, newest or
//! oldest, and leaves out those that can hold none of them any more.

use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, ScalarValue, Statistics};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::statistics::Statistics as ChunkStatistics;

use super::described::units_per_ms;

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
    let chunks = footer.row_groups().iter().map(|group| {
        group
            .columns()
            .iter()
            .find(|chunk| chunk.column_path().parts() == [field.name().as_str()])
    });
    let bounds = chunks.map(|chunk| bounds(field.data_type(), chunk?));
    let (min, max) = bounds.reduce(|one, other| {
        let ((min, max), (other_min, other_max)) = (one?, other?);
        Some((
            if other_min < min { other_min } else { min },
            if other_max > max { other_max } else { max },
        ))
    })??;
    Some(ColumnStatistics {
        min_value: Precision::Exact(min),
        max_value: Precision::Exact(max),
        ..ColumnStatistics::default()
    })
}

fn bounds(data_type: &DataType, chunk: &ColumnChunkMetaData) -> Option<(ScalarValue, ScalarValue)> {
    match (data_type, chunk.statistics()?) {
        (DataType::Timestamp(TimeUnit::Millisecond, zone), ChunkStatistics::Int64(instants)) => {
            let is_ms = units_per_ms(chunk.column_descr().logical_type_ref())? == 1;
            let value = |ms| ScalarValue::TimestampMillisecond(Some(ms), zone.clone());
            is_ms.then_some((value(*instants.min_opt()?), value(*instants.max_opt()?)))
        }
        _ => None,
    }
}
