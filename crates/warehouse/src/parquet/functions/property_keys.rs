//! `property_keys(properties)`: the keys, as a list.

use std::sync::Arc;

use arrow::array::{Array, GenericListArray};
use arrow::datatypes::{DataType, Field};
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use super::map_argument;

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
        map_argument::check(self.name(), arguments)?;
        Ok(DataType::List(item()))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let maps = map_argument::maps(self.name(), &arguments)?;
        let keys = GenericListArray::<i32>::try_new(
            item(),
            maps.offsets().clone(),
            Arc::clone(maps.keys()),
            maps.nulls().cloned(),
        )?;
        Ok(ColumnarValue::Array(Arc::new(keys)))
    }
}
