//! Columns as the lake defines them, out of whatever a file or a query gives.
//!
//! A missing column is null throughout; one of another type is cast where that is possible. Values that do not survive the
//! cast become null, the rows stay.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, new_null_array},
    compute::{can_cast_types, cast},
};

use crate::{
    Column, ColumnKind, LakeError, Table,
    text_map::{is_text, text_maps},
};

/// `batch` with exactly the columns of `table`, in the table's order and types. Other columns are left out.
///
/// # Errors
/// [`LakeError::WrongType`] when a column holds something that cannot be turned into the table's type at all.
pub fn conform(table: Table, batch: &RecordBatch) -> Result<RecordBatch, LakeError> {
    let columns = table.columns().iter();
    let arrays = columns
        .map(|column| conform_column(table, batch, column))
        .collect::<Result<Vec<_>, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(table.schema(), arrays, &options).map_err(|error| {
        LakeError::Encode {
            table,
            reason: error.to_string(),
        }
    })
}

/// The named column of `batch` in the type the table gives it; null throughout when it is missing.
///
/// # Errors
/// [`LakeError::WrongType`] when it holds something that cannot be turned into that type at all.
pub fn conform_column(
    table: Table,
    batch: &RecordBatch,
    column: &Column,
) -> Result<ArrayRef, LakeError> {
    let wanted = column.kind.data_type();
    let Some(found) = batch.column_by_name(column.name) else {
        return Ok(new_null_array(&wanted, batch.num_rows()));
    };
    if found.data_type() == &wanted {
        return Ok(Arc::clone(found));
    }
    let wrong = || LakeError::WrongType {
        table,
        column: column.name.to_owned(),
        found: found.data_type().to_string(),
        expected: wanted.to_string(),
    };
    if column.kind == ColumnKind::TextMap && is_text(found.data_type()) {
        let maps = text_maps(found).map_err(|_| wrong())?;
        return Ok(Arc::new(maps));
    }
    if !can_cast_types(found.data_type(), &wanted) {
        return Err(wrong());
    }
    cast(found, &wanted).map_err(|_| wrong())
}
