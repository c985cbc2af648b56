//! What the engine's errors mean to whoever asked.

use arrow::error::ArrowError;
use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;

use super::faults::Faults;
use crate::author::Author;
use crate::error::WarehouseError;

/// The meaning of an error that came out of planning or running a statement.
pub(super) fn explain(
    error: &DataFusionError,
    author: Author,
    faults: &Faults,
    memory_bytes: usize,
) -> WarehouseError {
    if let Some(fault) = faults.first() {
        return fault;
    }
    let root = error.find_root();
    match root {
        DataFusionError::ResourcesExhausted(_) => WarehouseError::TooLarge(format!(
            "The query needs more than the {} MB of memory a query may use. Ask for a shorter range or fewer columns, group by \
             something with fewer values, or add a LIMIT to a sorted query.",
            memory_bytes / 1_000_000
        )),
        DataFusionError::ParquetError(_) => {
            let file = faults
                .last_opened()
                .map_or_else(String::new, |path| format!(" `{path}`"));
            WarehouseError::BadData(format!(
                "The file{file} cannot be decoded: {}.",
                first_line(&root.strip_backtrace())
            ))
        }
        DataFusionError::SchemaError(schema, _) if author == Author::User => {
            WarehouseError::Invalid(unknown_column(schema))
        }
        DataFusionError::ArrowError(arrow, _) if matches!(**arrow, ArrowError::ParquetError(_)) => {
            let file = faults
                .last_opened()
                .map_or_else(String::new, |path| format!(" `{path}`"));
            WarehouseError::BadData(format!("The file{file} cannot be decoded: {arrow}."))
        }
        DataFusionError::Internal(_) => WarehouseError::internal(root.strip_backtrace()),
        _ if author == Author::User => WarehouseError::Invalid(format!(
            "The query does not work: {}",
            first_line(&root.strip_backtrace())
        )),
        _ => WarehouseError::internal(root.strip_backtrace()),
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or(text).trim_end_matches('.')
}

/// Names the columns nearest to one that does not exist.
fn unknown_column(error: &SchemaError) -> String {
    let SchemaError::FieldNotFound {
        field,
        valid_fields,
    } = error
    else {
        return format!("The query does not work: {error}");
    };
    let mut names: Vec<&str> = valid_fields
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    names.sort_by(|a, b| {
        let nearness = |name: &str| strsim::jaro_winkler(name, &field.name);
        nearness(b).total_cmp(&nearness(a)).then(a.cmp(b))
    });
    names.truncate(5);
    let nearest: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!(
        "There is no column `{}` here. The nearest are {}. Names with capital letters must be in double quotes; get_schema lists every column.",
        field.name,
        nearest.join(", ")
    )
}
