//! The first argument of the functions over properties: a map column, or a column of JSON text read as one
//! ([`sightline_lake::text_map`]).

use arrow::array::MapArray;
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::ScalarFunctionArgs;
use sightline_lake::text_map::{is_text, text_maps};

/// That it is one, when a statement is planned.
pub(super) fn check(function: &str, arguments: &[DataType]) -> Result<()> {
    match arguments.first() {
        Some(DataType::Map(..) | DataType::Null) => Ok(()),
        Some(text) if is_text(text) => Ok(()),
        _ => exec_err!("{function} takes a map column, or a column of JSON text, first"),
    }
}

/// Its maps.
pub(super) fn maps(function: &str, arguments: &ScalarFunctionArgs) -> Result<MapArray> {
    let Some(column) = arguments.args.first() else {
        return exec_err!("{function} needs a column");
    };
    Ok(text_maps(&column.to_array(arguments.number_rows)?)?)
}
