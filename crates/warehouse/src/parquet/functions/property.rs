//! `property(properties, key)`: the text under a key of a map column, or of a column of JSON text.
//!
//! In JSON, `a.b` is the key `a.b` if there is one, else the key `b` of the object `a`. Text is given as it is, anything else as
//! JSON; a missing key, a JSON null and text that is not a JSON object give null.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, MapArray, StringViewBuilder};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use serde_json::{Map, Value as Json};

use super::bucket_start::literal;

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Property {
    signature: Signature,
}

impl Property {
    pub(super) fn new() -> Self {
        Self {
            signature: Signature::any(2, Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for Property {
    fn name(&self) -> &str {
        "property"
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
            ) => Ok(DataType::Utf8View),
            _ => exec_err!("property takes a map column, or a column of JSON text, and a key"),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let key = literal("property", "the key", arguments.args.get(1))?;
        let Some(column) = arguments.args.first() else {
            return exec_err!("property needs a column");
        };
        let column = column.to_array(arguments.number_rows)?;
        let texts = match column.data_type() {
            DataType::Map(..) => from_maps(column.as_map(), key)?,
            _ => from_json(&column, key)?,
        };
        Ok(ColumnarValue::Array(texts))
    }
}

fn from_maps(maps: &MapArray, key: &str) -> Result<ArrayRef> {
    let keys = cast(maps.keys(), &DataType::Utf8View)?;
    let values = cast(maps.values(), &DataType::Utf8View)?;
    let (keys, values) = (keys.as_string_view(), values.as_string_view());
    let mut texts = StringViewBuilder::with_capacity(maps.len());
    for (row, bounds) in maps.offsets().windows(2).enumerate() {
        let (Ok(start), Ok(end)) = (usize::try_from(bounds[0]), usize::try_from(bounds[1])) else {
            texts.append_null();
            continue;
        };
        let entry = (start..end).find(|entry| maps.is_valid(row) && keys.value(*entry) == key);
        texts.append_option(
            entry
                .filter(|entry| values.is_valid(*entry))
                .map(|entry| values.value(entry)),
        );
    }
    Ok(Arc::new(texts.finish()))
}

fn from_json(column: &ArrayRef, key: &str) -> Result<ArrayRef> {
    let column = cast(column, &DataType::Utf8View)?;
    let mut texts = StringViewBuilder::with_capacity(column.len());
    for json in column.as_string_view() {
        let object = json.and_then(|json| serde_json::from_str::<Map<String, Json>>(json).ok());
        match object.as_ref().and_then(|object| look_up(object, key)) {
            None | Some(Json::Null) => texts.append_null(),
            Some(Json::String(text)) => texts.append_value(text),
            Some(other) => texts.append_value(other.to_string()),
        }
    }
    Ok(Arc::new(texts.finish()))
}

fn look_up<'a>(object: &'a Map<String, Json>, key: &str) -> Option<&'a Json> {
    object.get(key).or_else(|| {
        let (outer, inner) = key.split_once('.')?;
        look_up(object.get(outer)?.as_object()?, inner)
    })
}
