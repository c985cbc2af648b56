//! Tells a project's tables and columns in words ([`crate::ProjectSchema`]).

use arrow::datatypes::DataType;
use datafusion::catalog::TableProvider;
use parquet::file::metadata::ParquetMetaData;
use sightline_lake::{DataFile, Table};

use super::file_statistics::Instants;
use super::lake_table::LakeTable;
use crate::error::WarehouseError;
use crate::schema::{ColumnSchema, TableSchema};

/// Files whose footers are read to say what a table covers; beyond it the rows and the span are not told.
const FOOTERS_READ: usize = 64;

/// A type's name as SQL of this engine writes it.
pub(super) fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Int64 => "bigint".to_owned(),
        DataType::Int32 => "integer".to_owned(),
        DataType::Float64 => "double".to_owned(),
        DataType::Date32 => "date".to_owned(),
        DataType::Timestamp(..) => "timestamp".to_owned(),
        DataType::List(item) => format!("list({})", type_name(item.data_type())),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) if fields.len() == 2 => {
                format!(
                    "map({}, {})",
                    type_name(fields[0].data_type()),
                    type_name(fields[1].data_type())
                )
            }
            _ => "map".to_owned(),
        },
        DataType::Dictionary(_, value) => type_name(value),
        other => other.to_string().to_lowercase(),
    }
}

/// A table as `get_schema` tells it.
pub(super) async fn table(opened: &LakeTable) -> Result<TableSchema, WarehouseError> {
    let table = opened.table();
    let schema = opened.schema();
    let columns = schema.fields().iter().map(|field| ColumnSchema {
        name: field.name().clone(),
        data_type: type_name(field.data_type()),
        meaning: table
            .column(field.name())
            .map(|column| column.meaning.to_owned())
            .unwrap_or_default(),
        present: opened.stored().field_with_name(field.name()).is_ok(),
    });
    // Sessions that are not stored are derived from events: how many there are is not known before that is done.
    let stored = table != Table::Sessions || !opened.files().is_empty();
    let (rows, covers_ms) = if stored {
        extent(opened).await?
    } else {
        (None, None)
    };
    Ok(TableSchema {
        name: table.name().to_owned(),
        rows,
        covers_ms,
        columns: columns.collect(),
        stored,
    })
}

/// Rows and first and last instant: as the manifest says, else from footers.
async fn extent(opened: &LakeTable) -> Result<(Option<u64>, Option<(i64, i64)>), WarehouseError> {
    let files = opened.files();
    let rows_known: Option<u64> = files.iter().map(|file| file.rows).sum();
    let spans_known: Option<Vec<(i64, i64)>> = files.iter().map(|file| file.time_ms).collect();
    let timed = opened.table().time_column();
    if let (Some(rows), spans) = (rows_known, spans_known)
        && (timed.is_none() || spans.is_some())
    {
        return Ok((Some(rows), spans.and_then(|spans| cover(&spans))));
    }
    if files.len() > FOOTERS_READ {
        return Ok((None, None));
    }
    let files: Vec<&DataFile> = files.iter().collect();
    let footers = opened.footers(&files).await?;
    let extents: Vec<_> = footers
        .iter()
        .map(|footer| footer_extent(footer, timed))
        .collect();
    let spans: Vec<(i64, i64)> = extents.iter().filter_map(|(_, span)| *span).collect();
    Ok((
        Some(extents.iter().map(|(rows, _)| rows).sum()),
        cover(&spans),
    ))
}

fn cover(spans: &[(i64, i64)]) -> Option<(i64, i64)> {
    spans
        .iter()
        .copied()
        .reduce(|(first, last), (start, end)| (first.min(start), last.max(end)))
}

fn footer_extent(
    footer: &ParquetMetaData,
    timed: Option<&'static str>,
) -> (u64, Option<(i64, i64)>) {
    let rows = u64::try_from(footer.file_metadata().num_rows()).unwrap_or(0);
    let Some(column) = timed else {
        return (rows, None);
    };
    let spans: Vec<(i64, i64)> = footer
        .row_groups()
        .iter()
        .flat_map(|group| group.columns())
        .filter(|chunk| {
            chunk
                .column_path()
                .parts()
                .first()
                .is_some_and(|root| root == column)
        })
        .filter_map(|chunk| {
            let instants = Instants::of(chunk)?;
            let ms = |instant: i64| instant.div_euclid(instants.per_ms);
            Some((ms(instants.min), ms(instants.max)))
        })
        .collect();
    (rows, cover(&spans))
}
