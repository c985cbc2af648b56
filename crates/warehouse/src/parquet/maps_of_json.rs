//! Map columns out of files that hold them as JSON text: whatever a file was written as, the engine sees a map.
//!
//! A scan's expressions are fitted to each file in turn. Where the table has a map and the file text, references to the column become
//! a conversion of it ([`sightline_lake::text_map`]); all else is DataFusion's own fitting.

use std::sync::Arc;

use arrow::array::Array;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_expr_adapter::{
    DefaultPhysicalExprAdapterFactory, PhysicalExprAdapter, PhysicalExprAdapterFactory,
};
use sightline_lake::ColumnKind;
use sightline_lake::text_map::{is_text, text_maps};

/// Fits a scan's expressions to files.
#[derive(Debug)]
pub(super) struct MapsOfJson;

impl PhysicalExprAdapterFactory for MapsOfJson {
    fn create(&self, table: SchemaRef, file: SchemaRef) -> Result<Arc<dyn PhysicalExprAdapter>> {
        let as_stored = |column: &Arc<Field>| {
            let stored = file.field_with_name(column.name()).ok()?;
            let is_json = is_map(column.data_type()) && is_text(stored.data_type());
            is_json.then(|| Arc::new(stored.clone()))
        };
        let columns: Vec<(Arc<Field>, Option<Arc<Field>>)> = table
            .fields()
            .iter()
            .map(|column| (Arc::clone(column), as_stored(column)))
            .collect();
        let json_columns: Vec<Arc<Field>> = columns
            .iter()
            .filter(|(_, stored)| stored.is_some())
            .map(|(column, _)| Arc::clone(column))
            .collect();
        let as_stored: Vec<Arc<Field>> = columns
            .into_iter()
            .map(|(column, stored)| stored.unwrap_or(column))
            .collect();
        let rest =
            DefaultPhysicalExprAdapterFactory.create(Arc::new(Schema::new(as_stored)), file)?;
        Ok(if json_columns.is_empty() {
            rest
        } else {
            Arc::new(Adapter {
                convert: Arc::new(ScalarUDF::new_from_impl(JsonToMap::new())),
                json_columns,
                rest,
            })
        })
    }
}

fn is_map(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Map(..))
}

#[derive(Debug)]
struct Adapter {
    convert: Arc<ScalarUDF>,
    json_columns: Vec<Arc<Field>>,
    rest: Arc<dyn PhysicalExprAdapter>,
}

impl PhysicalExprAdapter for Adapter {
    fn rewrite(&self, expression: Arc<dyn PhysicalExpr>) -> Result<Arc<dyn PhysicalExpr>> {
        // Upwards, so that the column within the conversion is not met again.
        let converted = expression.transform_up(|part| {
            let column = part.downcast_ref::<Column>();
            let json = column.and_then(|column| {
                self.json_columns
                    .iter()
                    .find(|json| json.name() == column.name())
            });
            let Some(json) = json else {
                return Ok(Transformed::no(part));
            };
            let map = ScalarFunctionExpr::new(
                self.convert.name(),
                Arc::clone(&self.convert),
                vec![part],
                Arc::clone(json),
                Arc::new(ConfigOptions::default()),
            );
            Ok(Transformed::yes(Arc::new(map)))
        });
        self.rest.rewrite(converted.data()?)
    }
}

/// The conversion, as a function of the engine. Scans use it; statements cannot name it.
#[derive(Debug, PartialEq, Eq, Hash)]
struct JsonToMap {
    signature: Signature,
}

impl JsonToMap {
    fn new() -> Self {
        Self {
            signature: Signature::any(1, Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for JsonToMap {
    fn name(&self) -> &str {
        "json_to_map"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(ColumnKind::TextMap.data_type())
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let texts = arguments.args.first().map_or_else(
            || {
                Ok(arrow::array::new_null_array(
                    &DataType::Utf8,
                    arguments.number_rows,
                ))
            },
            |texts| texts.to_array(arguments.number_rows),
        )?;
        Ok(ColumnarValue::Array(Arc::new(text_maps(
            &texts as &dyn Array,
        )?)))
    }
}
