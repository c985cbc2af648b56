//! One table of a project, as the engine scans it.
//!
//! The schema is the documented one plus whatever extra columns the newest file has; a documented column that a file lacks reads as
//! null. A scan opens only the files whose days the filters on the time column leave, and refuses files that could not be
//! decoded within an isolate before it reads any column.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::compute::can_cast_types;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result, Statistics, ToDFSchema};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, Operator, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use object_store::ObjectMeta;
use parquet::arrow::parquet_to_arrow_schema;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use sightline_lake::text_map::is_text;
use sightline_lake::{DataFile, LakeError, Table};

use super::admission;
use super::ahead::Ahead;
use super::file_statistics;
use super::maps_of_json::MapsOfJson;
use super::reader::Readers;
use super::scope::Scope;
use super::time_bounds::TimeBounds;
use crate::error::WarehouseError;

/// The store's name within a query's runtime: there is exactly one.
pub(super) const STORE_URL: &str = "lake://project/";

/// Filters run first where the columns they do not look at are this many times as large as those they do.
const MUCH_MORE: i64 = 4;

/// A table of one project.
#[derive(Debug)]
pub(super) struct LakeTable {
    table: Table,
    schema: SchemaRef,
    stored: Schema,
    files: Vec<DataFile>,
    scope: Arc<Scope>,
}

impl LakeTable {
    /// Finds the table's files and reads the newest one's footer for its columns.
    pub(super) async fn open(table: Table, scope: Arc<Scope>) -> Result<Self, WarehouseError> {
        let files = scope.catalog.files(table, None).await?;
        let stored = match files.last() {
            Some(newest) => stored_schema(&scope, newest).await?,
            None => Schema::empty(),
        };
        Ok(Self {
            table,
            schema: Arc::new(merged_schema(table, &stored)),
            stored,
            files,
            scope,
        })
    }

    /// Which table it is.
    pub(super) fn table(&self) -> Table {
        self.table
    }

    /// The columns the newest file has.
    pub(super) fn stored(&self) -> &Schema {
        &self.stored
    }

    /// All its files, whatever their day, in order of day.
    pub(super) fn files(&self) -> &[DataFile] {
        &self.files
    }

    /// The files that can hold rows of the days between `bounds`, in order of day.
    pub(super) fn files_within(&self, bounds: TimeBounds) -> Vec<&DataFile> {
        let days = bounds.days();
        self.files
            .iter()
            .filter(|file| days.is_none_or(|days| file.may_hold(days)))
            .collect()
    }

    /// The same, a list for each day. Files without a day cannot be put in order: then all are one list.
    pub(super) fn files_by_day(&self, bounds: TimeBounds) -> Vec<Vec<&DataFile>> {
        let files = self.files_within(bounds);
        if files.iter().any(|file| file.day.is_none()) {
            return vec![files];
        }
        files
            .chunk_by(|a, b| a.day == b.day)
            .map(<[&DataFile]>::to_vec)
            .collect()
    }

    /// Whether filters run while columns are decoded: what they look at is fetched first, and the rest only from row groups where rows
    /// remain. That second fetch, and picking rows out, pays where the rest is much more. For time alone it would buy
    /// nothing, since folders and statistics have done the work.
    fn filters_first(
        &self,
        filters: &[Expr],
        needed: &[&Field],
        footers: &[Arc<ParquetMetaData>],
    ) -> bool {
        let looked_at: HashSet<&str> = filters
            .iter()
            .flat_map(Expr::column_refs)
            .map(|column| column.name.as_str())
            .collect();
        let time = self.table.time_column();
        if looked_at.iter().all(|column| Some(*column) == time) {
            return false;
        }
        let needed: HashSet<&str> = needed.iter().map(|field| field.name().as_str()).collect();
        let (mut first, mut rest) = (0, 0);
        let groups = footers.iter().flat_map(|footer| footer.row_groups());
        for chunk in groups.flat_map(|group| group.columns()) {
            let column = root(chunk);
            if looked_at.contains(column) {
                first += chunk.compressed_size();
            } else if needed.contains(column) {
                rest += chunk.compressed_size();
            }
        }
        rest > first * MUCH_MORE
    }

    /// The footers of some of its files.
    pub(super) async fn footers(
        &self,
        files: &[&DataFile],
    ) -> Result<Vec<Arc<ParquetMetaData>>, LakeError> {
        let Scope {
            project,
            store,
            caches,
            ..
        } = self.scope.as_ref();
        caches.footers.footers(project, store, files).await
    }

    /// Scans some of its files. Filters drop row groups and, as far as the reader can, rows; whoever calls filters again.
    pub(super) async fn scan_files(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
        files: &[&DataFile],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let projected = match projection {
            Some(indices) => Arc::new(self.schema.project(indices)?),
            None => self.schema(),
        };
        if files.is_empty() {
            return Ok(Arc::new(EmptyExec::new(projected)));
        }
        let footers = self
            .footers(files)
            .await
            .map_err(|error| self.scope.fault(error))?;
        let needed = needed_columns(&self.schema, &projected, filters);
        for (file, footer) in files.iter().zip(&footers) {
            self.check_types(file, footer, &needed)
                .and_then(|()| admission::check_row_groups(file, footer, &needed))
                .map_err(|sentence| {
                    self.scope.faults.data(sentence.clone());
                    DataFusionError::Execution(sentence)
                })?;
        }

        let in_order = files.iter().map(|file| (*file).clone());
        let readers = Readers {
            scope: Arc::clone(&self.scope),
            ahead: Arc::new(Ahead::new(
                Arc::clone(&self.scope),
                in_order.zip(footers.iter().map(Arc::clone)),
            )),
        };
        let mut options = state.default_table_options().parquet;
        options.global.bloom_filter_on_read = looks_up(filters, &footers);
        let mut source = ParquetSource::new(self.schema())
            .with_parquet_file_reader_factory(Arc::new(readers))
            .with_table_parquet_options(options)
            .with_pushdown_filters(self.filters_first(filters, &needed, &footers));
        if let Some(filter) = conjunction(filters.to_vec()) {
            let schema = self.schema.as_ref().clone().to_dfschema()?;
            source = source.with_predicate(state.create_physical_expr(filter, &schema)?);
        }
        let parts = files.iter().zip(&footers).map(|(file, footer)| {
            let statistics = file_statistics::of(&self.schema, &needed, footer);
            part(file).with_statistics(Arc::new(statistics))
        });
        let parts = parts.collect::<Vec<_>>();
        let scan = FileScanConfigBuilder::new(ObjectStoreUrl::parse(STORE_URL)?, Arc::new(source))
            .with_file_group(FileGroup::new(parts))
            .with_statistics(statistics(&self.schema, &footers))
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .with_expr_adapter(Some(Arc::new(MapsOfJson)))
            .build();
        Ok(DataSourceExec::from_data_source(scan))
    }

    /// That every needed column of a file can be read as the table's type.
    fn check_types(
        &self,
        file: &DataFile,
        footer: &ParquetMetaData,
        columns: &[&Field],
    ) -> Result<(), String> {
        let metadata = footer.file_metadata();
        let stored =
            parquet_to_arrow_schema(metadata.schema_descr(), metadata.key_value_metadata())
                .map_err(|error| {
                    format!(
                        "The columns of `{}` cannot be understood: {error}.",
                        file.path
                    )
                })?;
        if let Some(time) = self
            .table
            .time_column()
            .filter(|time| stored.field_with_name(time).is_err())
        {
            return Err(format!(
                "`{}` has no column `{time}`, which every row of `{}` needs. It is not a file of that table, or it was written \
                 under another name.",
                file.path, self.table
            ));
        }
        for column in columns {
            let Ok(found) = stored.field_with_name(column.name()) else {
                continue;
            };
            if !readable_as(found.data_type(), column.data_type()) {
                return Err(format!(
                    "The column `{}` of `{}` holds {}, which cannot be read as {}. Write it as documented, or leave the column out.",
                    column.name(),
                    file.path,
                    found.data_type(),
                    column.data_type()
                ));
            }
        }
        Ok(())
    }
}

/// Whether values of one type can be read as another without a row failing because of its type alone.
fn readable_as(found: &DataType, wanted: &DataType) -> bool {
    match (found, wanted) {
        // A number is not an instant: its unit would be a guess.
        (found, DataType::Timestamp(..)) if found.is_numeric() => false,
        (DataType::Map(..), DataType::Map(..)) => true,
        // JSON ([`MapsOfJson`]).
        (found, DataType::Map(..)) => is_text(found),
        (found, wanted) => can_cast_types(found, wanted),
    }
}

/// The columns of a file.
async fn stored_schema(scope: &Scope, file: &DataFile) -> Result<Schema, WarehouseError> {
    let footer = scope
        .caches
        .footers
        .footer(&scope.project, &scope.store, file)
        .await?;
    let metadata = footer.file_metadata();
    parquet_to_arrow_schema(metadata.schema_descr(), metadata.key_value_metadata()).map_err(
        |error| {
            WarehouseError::BadData(format!(
                "The columns of `{}` cannot be understood: {error}.",
                file.path
            ))
        },
    )
}

/// The documented columns, then a file's further ones.
fn merged_schema(table: Table, stored: &Schema) -> Schema {
    let documented = table.schema();
    let known = documented.fields().iter().map(|field| readable(field));
    let further = stored
        .fields()
        .iter()
        .filter(|field| documented.field_with_name(field.name()).is_err());
    Schema::new(
        known
            .chain(further.map(|field| readable(field)))
            .collect::<Vec<_>>(),
    )
}

/// The column in the form the engine works with fastest: text as views. Any column may be missing from a file.
fn readable(field: &Field) -> Field {
    let data_type = match field.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
        other => other.clone(),
    };
    Field::new(field.name(), data_type, true)
}

#[async_trait]
impl TableProvider for LakeTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let files = match self.table.time_column() {
            Some(time) => self.files_within(TimeBounds::of(filters, time)),
            None => self.files.iter().collect(),
        };
        self.scan_files(state, projection, filters, limit, &files)
            .await
    }
}

/// The columns a scan decodes: what it gives on and what its filters look at.
fn needed_columns<'a>(schema: &'a Schema, projected: &Schema, filters: &[Expr]) -> Vec<&'a Field> {
    let filtered: Vec<_> = filters
        .iter()
        .flat_map(Expr::column_refs)
        .map(|column| column.name.as_str())
        .collect();
    let is_needed =
        |name: &str| projected.field_with_name(name).is_ok() || filtered.contains(&name);
    schema
        .fields()
        .iter()
        .map(AsRef::as_ref)
        .filter(|field| is_needed(field.name()))
        .collect()
}

/// Whether filters ask for single values of a column with bloom filters. Those are read for other conditions as well, where they say
/// nothing.
fn looks_up(filters: &[Expr], footers: &[Arc<ParquetMetaData>]) -> bool {
    let mut equated: HashSet<&str> = HashSet::new();
    for filter in filters {
        let _ = filter.apply(|expr| {
            equated.extend(
                match expr {
                    Expr::BinaryExpr(binary) if binary.op == Operator::Eq => {
                        [column_name(&binary.left), column_name(&binary.right)]
                    }
                    Expr::InList(list) if !list.negated => [column_name(&list.expr), None],
                    _ => [None, None],
                }
                .into_iter()
                .flatten(),
            );
            Ok(TreeNodeRecursion::Continue)
        });
    }
    let groups = footers.iter().flat_map(|footer| footer.row_groups());
    let mut chunks = groups.flat_map(|group| group.columns());
    chunks.any(|chunk| chunk.bloom_filter_offset().is_some() && equated.contains(root(chunk)))
}

/// The column of the table that a chunk is of, or is part of.
fn root(chunk: &ColumnChunkMetaData) -> &str {
    let parts = chunk.column_path().parts();
    parts.first().map_or("", String::as_str)
}

fn column_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Column(column) => Some(&column.name),
        _ => None,
    }
}

fn part(file: &DataFile) -> PartitionedFile {
    PartitionedFile::new_from_meta(ObjectMeta {
        location: file.path.clone(),
        last_modified: chrono::DateTime::UNIX_EPOCH,
        size: file.size,
        e_tag: file.etag.clone(),
        version: None,
    })
    .with_extension(file.clone())
}

/// Rows and decoded bytes of the files, before any filter: exact, so that what cannot fit is known before it is read.
fn statistics(schema: &Schema, footers: &[Arc<ParquetMetaData>]) -> Statistics {
    let rows: i64 = footers
        .iter()
        .map(|footer| footer.file_metadata().num_rows())
        .sum();
    Statistics {
        num_rows: usize::try_from(rows).map_or(Precision::Absent, Precision::Exact),
        ..Statistics::new_unknown(schema)
    }
}
