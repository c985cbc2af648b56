//! Turns the engine's columns into rows of JSON cells ([`crate::ResultSet`]).
//!
//! Instants become RFC 3339 text in UTC, dates `YYYY-MM-DD`, maps and structs objects, lists arrays; a float that JSON cannot
//! hold (`NaN`, infinities) becomes null. What has no JSON form of its own is given as the text Arrow shows.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Float64Type, Int64Type, TimeUnit, TimestampMillisecondType, UInt64Type,
};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value as Json};

/// The rows of a batch, each with one cell per column.
pub(super) fn of_batch(batch: &RecordBatch) -> Result<Vec<Vec<Json>>, ArrowError> {
    let mut rows: Vec<Vec<Json>> = (0..batch.num_rows())
        .map(|_| Vec::with_capacity(batch.num_columns()))
        .collect();
    for column in batch.columns() {
        for (row, cell) in rows.iter_mut().zip(cells(column.as_ref())?) {
            row.push(cell);
        }
    }
    Ok(rows)
}

fn cells(array: &dyn Array) -> Result<Vec<Json>, ArrowError> {
    let cells = match array.data_type() {
        DataType::Null => vec![Json::Null; array.len()],
        DataType::Boolean => array.as_boolean().iter().map(Json::from).collect(),
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => {
            cast(array, &DataType::Int64)?
                .as_primitive::<Int64Type>()
                .iter()
                .map(Json::from)
                .collect()
        }
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => {
            cast(array, &DataType::UInt64)?
                .as_primitive::<UInt64Type>()
                .iter()
                .map(Json::from)
                .collect()
        }
        DataType::Float16
        | DataType::Float32
        | DataType::Float64
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => cast(array, &DataType::Float64)?
            .as_primitive::<Float64Type>()
            .iter()
            .map(Json::from)
            .collect(),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            cast(array, &DataType::Utf8View)?
                .as_string_view()
                .iter()
                .map(Json::from)
                .collect()
        }
        DataType::Timestamp(..) => instants(array)?,
        DataType::Dictionary(_, value) => cells(cast(array, value)?.as_ref())?,
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            (0..list.len())
                .map(|row| {
                    nested(array, row, || {
                        cells(list.value(row).as_ref()).map(Json::Array)
                    })
                })
                .collect::<Result<_, _>>()?
        }
        DataType::Map(..) => {
            let map = array.as_map();
            (0..map.len())
                .map(|row| nested(array, row, || object(&map.value(row))))
                .collect::<Result<_, _>>()?
        }
        DataType::Struct(fields) => {
            let columns = array
                .as_struct()
                .columns()
                .iter()
                .map(|column| cells(column.as_ref()))
                .collect::<Result<Vec<_>, _>>()?;
            (0..array.len())
                .map(|row| {
                    nested(array, row, || {
                        let named = fields.iter().zip(&columns);
                        Ok(Json::Object(
                            named
                                .map(|(field, cells)| (field.name().clone(), cells[row].clone()))
                                .collect(),
                        ))
                    })
                })
                .collect::<Result<_, _>>()?
        }
        _ => shown(array)?,
    };
    Ok(cells)
}

fn nested(
    array: &dyn Array,
    row: usize,
    value: impl FnOnce() -> Result<Json, ArrowError>,
) -> Result<Json, ArrowError> {
    if array.is_null(row) {
        Ok(Json::Null)
    } else {
        value()
    }
}

/// A map's entries (a struct of key and value) as an object.
fn object(entries: &arrow::array::StructArray) -> Result<Json, ArrowError> {
    let keys = cells(entries.column(0).as_ref())?;
    let values = cells(entries.column(1).as_ref())?;
    let entries = keys.into_iter().zip(values).map(|(key, value)| match key {
        Json::String(key) => (key, value),
        other => (other.to_string(), value),
    });
    Ok(Json::Object(entries.collect::<Map<_, _>>()))
}

fn instants(array: &dyn Array) -> Result<Vec<Json>, ArrowError> {
    let array = cast(array, &DataType::Timestamp(TimeUnit::Millisecond, None))?;
    let instants = array.as_primitive::<TimestampMillisecondType>().iter();
    Ok(instants
        .map(
            |instant| match instant.and_then(DateTime::<Utc>::from_timestamp_millis) {
                Some(instant) => Json::String(instant.to_rfc3339_opts(SecondsFormat::Millis, true)),
                None => Json::Null,
            },
        )
        .collect())
}

fn shown(array: &dyn Array) -> Result<Vec<Json>, ArrowError> {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(array, &options)?;
    Ok((0..array.len())
        .map(|row| {
            if array.is_null(row) {
                Json::Null
            } else {
                Json::String(formatter.value(row).to_string())
            }
        })
        .collect())
}
