//! The rows of a file that is already in a project, batch by batch.
//!
//! Rows come with the table's own schema. Columns the table does not have are kept as properties, where it has those, so
//! that rewriting a file made by somebody else loses nothing it said.

use std::{ops::Range, sync::Arc};

use arrow::{
    array::{Array as _, ArrayRef, AsArray as _, MapArray, RecordBatch},
    util::display::{ArrayFormatter, FormatOptions},
};
use bytes::Bytes;
use futures::{FutureExt as _, TryStreamExt as _, future::BoxFuture};
use object_store::{ObjectStore, ObjectStoreExt as _};
use parquet::{
    arrow::{
        ParquetRecordBatchStreamBuilder, ProjectionMask,
        arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions},
        async_reader::{AsyncFileReader, ParquetRecordBatchStream},
    },
    errors::ParquetError,
    file::metadata::ParquetMetaData,
};

use crate::{
    DataFile, FileFault, LakeError, Table,
    conform::{conform, conform_column},
    event_ids::with_column,
    footer::read_footer,
    text_map::{append_pairs, text_map_builder},
};

const BATCH_ROWS: usize = 8_192;

/// The rows of one file.
pub(crate) struct StoredRows {
    table: Table,
    path: String,
    rows: ParquetRecordBatchStream<FileReader>,
}

impl StoredRows {
    /// Opens a file; of its columns only `columns` are read, if given, and the others are null.
    pub(crate) async fn open(
        store: &Arc<dyn ObjectStore>,
        table: Table,
        file: &DataFile,
        columns: Option<&[&str]>,
    ) -> Result<Self, LakeError> {
        let path = file.path.to_string();
        let footer = Arc::new(read_footer(store.as_ref(), file).await?);
        let metadata = ArrowReaderMetadata::try_new(Arc::clone(&footer), ArrowReaderOptions::new())
            .map_err(|error| failed(&path, error))?;
        let reader = FileReader {
            store: Arc::clone(store),
            path: file.path.clone(),
            footer,
        };
        let builder = ParquetRecordBatchStreamBuilder::new_with_metadata(reader, metadata);
        let mask = match columns {
            None => ProjectionMask::all(),
            Some(columns) => {
                let fields = builder.schema().fields().iter().enumerate();
                let roots = fields
                    .filter(|(_, field)| columns.contains(&field.name().as_str()))
                    .map(|(at, _)| at);
                ProjectionMask::roots(builder.parquet_schema(), roots)
            }
        };
        let rows = builder
            .with_projection(mask)
            .with_batch_size(BATCH_ROWS)
            .build();
        Ok(Self {
            table,
            rows: rows.map_err(|error| failed(&path, error))?,
            path,
        })
    }

    /// The next rows; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<RecordBatch>, LakeError> {
        match self
            .rows
            .try_next()
            .await
            .map_err(|error| failed(&self.path, error))?
        {
            Some(rows) => conform_with_properties(self.table, &rows).map(Some),
            None => Ok(None),
        }
    }
}

/// A file in the store, as the Parquet reader wants it.
struct FileReader {
    store: Arc<dyn ObjectStore>,
    path: object_store::path::Path,
    footer: Arc<ParquetMetaData>,
}

impl AsyncFileReader for FileReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes, ParquetError>> {
        let read = async move { self.store.get_range(&self.path, range).await };
        read.map(|bytes| bytes.map_err(|error| ParquetError::External(Box::new(error))))
            .boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>, ParquetError>> {
        let footer = Arc::clone(&self.footer);
        async move { Ok(footer) }.boxed()
    }
}

/// `rows` with exactly the columns of `table`; other columns become properties under their own name, as text, unless the
/// row has such a property already. Tables without properties lose them.
///
/// # Errors
/// [`LakeError::WrongType`] when a column holds something that cannot be turned into the table's type at all.
pub fn conform_with_properties(table: Table, rows: &RecordBatch) -> Result<RecordBatch, LakeError> {
    let conformed = conform(table, rows)?;
    let schema = rows.schema_ref();
    let others: Vec<(&str, &ArrayRef)> = schema
        .fields()
        .iter()
        .zip(rows.columns())
        .filter(|(field, array)| {
            table.column(field.name()).is_none() && array.null_count() < array.len()
        })
        .map(|(field, array)| (field.name().as_str(), array))
        .collect();
    let Some(properties) = table.column("properties").filter(|_| !others.is_empty()) else {
        return Ok(conformed);
    };
    let refused = |error: arrow::error::ArrowError| LakeError::Encode {
        table,
        reason: error.to_string(),
    };
    let options = FormatOptions::new().with_timestamp_tz_format(Some("%Y-%m-%dT%H:%M:%S%.3fZ"));
    let formatters = others
        .iter()
        .map(|(_, array)| ArrayFormatter::try_new(array.as_ref(), &options));
    let formatters = formatters.collect::<Result<Vec<_>, _>>().map_err(refused)?;
    let known = conform_column(table, rows, properties)?;
    let known = known.as_map();
    let mut maps = text_map_builder();
    for row in 0..rows.num_rows() {
        let mut pairs = pairs_at(known, row);
        for ((name, array), formatter) in others.iter().zip(&formatters) {
            if !array.is_null(row) && !pairs.iter().any(|(key, _)| key == name) {
                pairs.push((
                    (*name).to_owned(),
                    formatter.value(row).try_to_string().map_err(refused)?,
                ));
            }
        }
        append_pairs(&mut maps, (!pairs.is_empty()).then_some(&pairs));
    }
    with_column(&conformed, "properties", Arc::new(maps.finish()))
}

/// The pairs of one row of a text map; nulls left out.
fn pairs_at(maps: &MapArray, row: usize) -> Vec<(String, String)> {
    if maps.is_null(row) {
        return Vec::new();
    }
    let entries = maps.value(row);
    let (keys, values) = (
        entries.column(0).as_string::<i32>(),
        entries.column(1).as_string::<i32>(),
    );
    let pairs = keys
        .iter()
        .zip(values.iter())
        .filter_map(|(key, value)| key.zip(value));
    pairs
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

/// What reading a file failed at: the store, or the file.
fn failed(path: &str, error: ParquetError) -> LakeError {
    match error {
        ParquetError::External(source) => match source.downcast::<object_store::Error>() {
            Ok(error) => LakeError::storage("read", path, *error),
            Err(other) => LakeError::bad_file(path, FileFault::Corrupt(other.to_string())),
        },
        error => LakeError::bad_file(path, FileFault::Corrupt(error.to_string())),
    }
}
