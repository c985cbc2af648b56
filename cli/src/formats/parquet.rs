//! Parquet, column by column. A row whose value was lost in the cast to its column is bad.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use arrow::{
    array::{
        Array as _, ArrayRef, AsArray as _, BooleanArray, RecordBatch, TimestampMillisecondArray,
    },
    compute::{cast, filter_record_batch},
    datatypes::{DataType, Field, Float64Type, Schema},
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sightline_lake::{Table, conform_with_properties, text_map::is_text};

use super::{
    FieldMap,
    fields::Target,
    instants::{instant_of_number, instant_of_text},
};
use crate::{input::Input, intake::Intake};

const BATCH_ROWS: usize = 8_192;

/// Reads all rows.
pub fn read(input: Input, map: &FieldMap, intake: &mut Intake) -> anyhow::Result<()> {
    let file = input.into_file()?;
    let unreadable = || format!("{} cannot be read as Parquet", intake.file());
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).with_context(unreadable)?;
    let names: Vec<String> = builder
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect();
    map.check(
        intake.file(),
        &names.iter().map(String::as_str).collect::<Vec<_>>(),
    )?;
    let reader = builder
        .with_batch_size(BATCH_ROWS)
        .build()
        .with_context(unreadable)?;
    let mut first_row: usize = 1;
    for rows in reader {
        let rows = rows.with_context(|| format!("{} cannot be read as Parquet", intake.file()))?;
        let named = rename(&rows, map)?;
        let events = conform_with_properties(Table::Events, &named)?;
        let mut kept = Vec::with_capacity(rows.num_rows());
        for row in 0..rows.num_rows() {
            intake.count_row();
            let fault = fault(&named, &events, row);
            kept.push(fault.is_none());
            if let Some(fault) = fault {
                intake.bad(format_args!("row {}", first_row + row), &fault)?;
            }
        }
        first_row += rows.num_rows();
        intake.batch(&filter_record_batch(&events, &BooleanArray::from(kept))?)?;
    }
    Ok(())
}

/// The columns under the names of events; instants that are numbers or texts become instants.
fn rename(rows: &RecordBatch, map: &FieldMap) -> anyhow::Result<RecordBatch> {
    let mut fields = Vec::new();
    let mut columns = Vec::new();
    for (field, column) in rows.schema_ref().fields().iter().zip(rows.columns()) {
        let name = match map.target(field.name()) {
            Target::Column(at) => Table::Events
                .columns()
                .get(at)
                .map_or("", |column| column.name)
                .to_owned(),
            Target::Properties => "properties".to_owned(),
            Target::Property(key) => key,
        };
        if fields.iter().any(|field: &Field| *field.name() == name) {
            bail!("two columns are to become `{name}`");
        }
        let column = if name == "timestamp" {
            instants(column)?
        } else {
            Arc::clone(column)
        };
        fields.push(Field::new(name, column.data_type().clone(), true));
        columns.push(column);
    }
    Ok(RecordBatch::try_new(
        Arc::new(Schema::new(fields)),
        columns,
    )?)
}

fn instants(column: &ArrayRef) -> anyhow::Result<ArrayRef> {
    let instants: TimestampMillisecondArray = if is_text(column.data_type()) {
        let texts = cast(column, &DataType::Utf8)?;
        texts
            .as_string::<i32>()
            .iter()
            .map(|text| text.and_then(instant_of_text))
            .collect()
    } else if column.data_type().is_numeric() {
        let numbers = cast(column, &DataType::Float64)?;
        numbers
            .as_primitive::<Float64Type>()
            .iter()
            .map(|number| number.and_then(instant_of_number))
            .collect()
    } else {
        return Ok(Arc::clone(column));
    };
    Ok(Arc::new(instants.with_timezone("UTC")))
}

/// Why a row is bad, if it is.
fn fault(given: &RecordBatch, events: &RecordBatch, row: usize) -> Option<String> {
    for needed in ["timestamp", "name"] {
        let column = events.column_by_name(needed)?;
        let is_empty = column
            .as_string_opt::<i32>()
            .is_some_and(|texts| !texts.is_null(row) && texts.value(row).is_empty());
        if column.is_null(row) || is_empty {
            return Some(format!("`{needed}` is missing or cannot be read"));
        }
    }
    let lost = Table::Events.columns().iter().find(|column| {
        let was_set = given
            .column_by_name(column.name)
            .is_some_and(|given| !given.is_null(row));
        was_set
            && events
                .column_by_name(column.name)
                .is_some_and(|column| column.is_null(row))
    })?;
    Some(format!(
        "`{}` cannot be read as {}",
        lost.name,
        lost.kind.data_type()
    ))
}
