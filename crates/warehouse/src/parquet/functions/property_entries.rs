//! `property_entries(properties)`: the entries of a map column, or of a column of JSON text (nested objects as dotted keys), as a
//! list of structures `{key, value}`. Values are text, as [`super::property`] gives them; entries whose value is null are left out
//! of JSON and null in maps.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, GenericListArray, ListBuilder, MapArray, StringBuilder, StructArray,
    StructBuilder,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use serde_json::{Map, Value as Json};

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct PropertyEntries {
    signature: Signature,
}

impl PropertyEntries {
    pub(super) fn new() -> Self {
        Self {
            signature: Signature::any(1, Volatility::Immutable),
        }
    }
}

fn fields() -> Fields {
    Fields::from(vec![
        Field::new("key", DataType::Utf8, true),
        Field::new("value", DataType::Utf8, true),
    ])
}

fn item() -> Arc<Field> {
    Arc::new(Field::new_list_field(DataType::Struct(fields()), true))
}

impl ScalarUDFImpl for PropertyEntries {
    fn name(&self) -> &str {
        "property_entries"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments.first() {
            Some(
                DataType::Map(..)
                | DataType::Utf8
                | DataType::Utf8View
                | DataType::LargeUtf8
                | DataType::Null,
            ) => Ok(DataType::List(item())),
            _ => exec_err!("property_entries takes a map column or a column of JSON text"),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let Some(column) = arguments.args.first() else {
            return exec_err!("property_entries needs a column");
        };
        let column = column.to_array(arguments.number_rows)?;
        let entries = match column.data_type() {
            DataType::Map(..) => of_maps(column.as_map())?,
            _ => of_json(&column)?,
        };
        Ok(ColumnarValue::Array(entries))
    }
}

fn of_maps(maps: &MapArray) -> Result<ArrayRef> {
    let columns = vec![
        cast(maps.keys(), &DataType::Utf8)?,
        cast(maps.values(), &DataType::Utf8)?,
    ];
    let entries = StructArray::try_new(fields(), columns, None)?;
    Ok(Arc::new(GenericListArray::<i32>::try_new(
        item(),
        maps.offsets().clone(),
        Arc::new(entries),
        maps.nulls().cloned(),
    )?))
}

fn of_json(column: &ArrayRef) -> Result<ArrayRef> {
    let column = cast(column, &DataType::Utf8View)?;
    let mut lists =
        ListBuilder::new(StructBuilder::from_fields(fields(), column.len())).with_field(item());
    for json in column.as_string_view() {
        match json.and_then(|json| serde_json::from_str::<Map<String, Json>>(json).ok()) {
            Some(object) => {
                append_entries(&object, "", lists.values());
                lists.append(true);
            }
            None => lists.append(false),
        }
    }
    Ok(Arc::new(lists.finish()))
}

fn append_entries(object: &Map<String, Json>, prefix: &str, entries: &mut StructBuilder) {
    for (key, value) in object {
        let path = format!("{prefix}{key}");
        let text = match value {
            Json::Object(inner) => {
                append_entries(inner, &format!("{path}."), entries);
                continue;
            }
            Json::Null => continue,
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        for (at, text) in [path, text].into_iter().enumerate() {
            if let Some(builder) = entries.field_builder::<StringBuilder>(at) {
                builder.append_value(text);
            }
        }
        entries.append(true);
    }
}
