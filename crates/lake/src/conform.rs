//! Columns as the lake defines them, out of whatever a file or a query gives.
//!
//! A missing column is null throughout; one of another type is cast where that is possible. Values that do not survive the
//! cast become null, the rows stay.

use std::sync::Arc;

use arrow::{
    array::{
        Array, ArrayRef, AsArray as _, MapBuilder, MapFieldNames, RecordBatch, RecordBatchOptions,
        StringBuilder, new_null_array,
    },
    compute::{can_cast_types, cast},
    datatypes::DataType,
};

use crate::{Column, ColumnKind, LakeError, Table};

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
        let texts = cast(found, &DataType::Utf8).map_err(|_| wrong())?;
        return Ok(json_to_map(&texts));
    }
    if !can_cast_types(found.data_type(), &wanted) {
        return Err(wrong());
    }
    cast(found, &wanted).map_err(|_| wrong())
}

/// Whether a column of this type is text, in any of Arrow's encodings.
#[must_use]
pub fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

/// The key and text value pairs of a JSON object, nested keys joined with dots. Lists are kept as JSON text, nulls left out.
/// None when the text is not a JSON object.
#[must_use]
pub fn flatten_json(text: &str) -> Option<Vec<(String, String)>> {
    let serde_json::Value::Object(object) = serde_json::from_str(text).ok()? else {
        return None;
    };
    let mut pairs = Vec::with_capacity(object.len());
    flatten_object("", &object, &mut pairs);
    Some(pairs)
}

/// Appends the pairs of a JSON object under `prefix`, nested keys joined with dots.
pub fn flatten_object(
    prefix: &str,
    object: &serde_json::Map<String, serde_json::Value>,
    pairs: &mut Vec<(String, String)>,
) {
    for (key, value) in object {
        let key = if prefix.is_empty() {
            key.clone()
        } else {
            format!("{prefix}.{key}")
        };
        match value {
            serde_json::Value::Null => {}
            serde_json::Value::Object(inner) => flatten_object(&key, inner, pairs),
            serde_json::Value::String(text) => pairs.push((key, text.clone())),
            other => pairs.push((key, other.to_string())),
        }
    }
}

fn json_to_map(texts: &ArrayRef) -> ArrayRef {
    let mut maps = text_map_builder();
    for text in texts.as_string::<i32>() {
        let pairs = text.and_then(flatten_json);
        append_pairs(&mut maps, pairs.as_deref());
    }
    Arc::new(maps.finish())
}

/// A builder of columns of kind [`ColumnKind::TextMap`].
pub(crate) fn text_map_builder() -> MapBuilder<StringBuilder, StringBuilder> {
    let names = MapFieldNames {
        entry: "entries".to_owned(),
        key: "keys".to_owned(),
        value: "values".to_owned(),
    };
    MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new())
}

/// Appends one row of pairs, or null.
pub(crate) fn append_pairs(
    maps: &mut MapBuilder<StringBuilder, StringBuilder>,
    pairs: Option<&[(String, String)]>,
) {
    for (key, value) in pairs.unwrap_or_default() {
        maps.keys().append_value(key);
        maps.values().append_value(value);
    }
    // Keys and values were appended in step, which is all that can fail.
    let _ = maps.append(pairs.is_some());
}
