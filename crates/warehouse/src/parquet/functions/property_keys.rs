//! `property_keys(properties)`: the keys of a map column, or of a column of JSON text (nested objects as dotted keys), as a list.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, GenericListArray, ListBuilder, MapArray, StringBuilder,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use serde_json::{Map, Value as Json};

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct PropertyKeys {
    signature: Signature,
}

impl PropertyKeys {
    pub(super) fn new() -> Self {
        Self {
            signature: Signature::any(1, Volatility::Immutable),
        }
    }
}

fn item() -> Arc<Field> {
    Arc::new(Field::new_list_field(DataType::Utf8, true))
}

impl ScalarUDFImpl for PropertyKeys {
    fn name(&self) -> &str {
        "property_keys"
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
            _ => exec_err!("property_keys takes a map column or a column of JSON text"),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let Some(column) = arguments.args.first() else {
            return exec_err!("property_keys needs a column");
        };
        let column = column.to_array(arguments.number_rows)?;
        let keys = match column.data_type() {
            DataType::Map(..) => of_maps(column.as_map())?,
            _ => of_json(&column)?,
        };
        Ok(ColumnarValue::Array(keys))
    }
}

fn of_maps(maps: &MapArray) -> Result<ArrayRef> {
    let keys = cast(maps.keys(), &DataType::Utf8)?;
    Ok(Arc::new(GenericListArray::<i32>::try_new(
        item(),
        maps.offsets().clone(),
        keys,
        maps.nulls().cloned(),
    )?))
}

fn of_json(column: &ArrayRef) -> Result<ArrayRef> {
    let column = cast(column, &DataType::Utf8View)?;
    let mut lists = ListBuilder::new(StringBuilder::new());
    for json in column.as_string_view() {
        match json.and_then(|json| serde_json::from_str::<Map<String, Json>>(json).ok()) {
            Some(object) => {
                append_keys(&object, "", lists.values());
                lists.append(true);
            }
            None => lists.append(false),
        }
    }
    Ok(Arc::new(lists.finish()))
}

fn append_keys(object: &Map<String, Json>, prefix: &str, keys: &mut StringBuilder) {
    for (key, value) in object {
        let path = format!("{prefix}{key}");
        match value {
            Json::Object(inner) => append_keys(inner, &format!("{path}."), keys),
            _ => keys.append_value(path),
        }
    }
}
