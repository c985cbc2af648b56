//! `property_entries(properties)`: the entries as a list of structures `{key, value}`, both text. A value may be null.

use std::sync::Arc;

use arrow::array::{Array, GenericListArray, StructArray};
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use super::map_argument;

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
        map_argument::check(self.name(), arguments)?;
        Ok(DataType::List(item()))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let maps = map_argument::maps(self.name(), &arguments)?;
        let columns = vec![Arc::clone(maps.keys()), Arc::clone(maps.values())];
        let entries = StructArray::try_new(fields(), columns, None)?;
        let lists = GenericListArray::<i32>::try_new(
            item(),
            maps.offsets().clone(),
            Arc::new(entries),
            maps.nulls().cloned(),
        )?;
        Ok(ColumnarValue::Array(Arc::new(lists)))
    }
}
