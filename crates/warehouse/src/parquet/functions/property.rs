//! `property(properties, key)`: the text under a key; null where there is none.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, MapArray, StringViewBuilder};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use super::bucket_start::literal;
use super::map_argument;

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
        map_argument::check(self.name(), arguments)?;
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let key = literal(self.name(), "the key", arguments.args.get(1))?;
        let maps = map_argument::maps(self.name(), &arguments)?;
        Ok(ColumnarValue::Array(values_under(key, &maps)))
    }
}

fn values_under(key: &str, maps: &MapArray) -> ArrayRef {
    let (keys, values) = (
        maps.keys().as_string::<i32>(),
        maps.values().as_string::<i32>(),
    );
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
    Arc::new(texts.finish())
}
