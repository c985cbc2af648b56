//! Rows in, Parquet files of a table out.
//!
//! Files are what queries like best: zstd, instants as differences, row groups of 131,072 rows, statistics, bloom filters on the ids
//! people look up, at most 1,048,576 rows a file, one UTC day a file where the table is foldered. A file is put whole, so none is ever half
//! there. The writer makes files; which are live is the manifest's business.

use std::sync::Arc;

use arrow::{
    array::{Array as _, AsArray as _, RecordBatch},
    datatypes::TimestampMillisecondType,
};
use chrono::NaiveDate;
use object_store::{ObjectStore, ObjectStoreExt as _};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, Encoding, ZstdLevel},
    errors::ParquetError,
    file::{metadata::SortingColumn, properties::WriterProperties},
    schema::types::ColumnPath,
};

use crate::{
    ColumnKind, DataFile, LakeError, Table,
    layout::{day_of, file_path},
};

/// Rows in a row group.
pub const ROW_GROUP_ROWS: usize = 131_072;

/// Rows after which a new file begins, also bounding what is held in memory.
pub const FILE_ROWS: usize = 8 * ROW_GROUP_ROWS;

const ZSTD_LEVEL: i32 = 3;

/// Columns people look single values up in.
const BLOOM_COLUMNS: [&str; 4] = ["profile_id", "device_id", "session_id", "event_id"];
const BLOOM_FALSE_POSITIVES: f64 = 0.01;

/// Writes the rows of one table as Parquet files.
#[derive(Debug)]
pub struct Writer {
    store: Arc<dyn ObjectStore>,
    table: Table,
    name: String,
    open: Option<OpenFile>,
    written: Vec<DataFile>,
}

#[derive(Debug)]
struct OpenFile {
    day: Option<NaiveDate>,
    encoder: ArrowWriter<Vec<u8>>,
    rows: usize,
    time_ms: Option<(i64, i64)>,
}

impl Writer {
    /// A writer of files called `{name}-00000.parquet` and so on. The name must be fresh: existing files are overwritten.
    #[must_use]
    pub fn new(store: Arc<dyn ObjectStore>, table: Table, name: &str) -> Self {
        Self {
            store,
            table,
            name: name.to_owned(),
            open: None,
            written: Vec::new(),
        }
    }

    /// Takes in rows with the table's schema. Rows of foldered tables should come in order of time: each change of day
    /// ends a file.
    ///
    /// # Errors
    /// [`LakeError::Encode`] when the rows have another schema or lack an instant, [`LakeError::Storage`] when the store
    /// fails.
    pub async fn write(&mut self, rows: &RecordBatch) -> Result<(), LakeError> {
        let mut from = 0;
        while from < rows.num_rows() {
            let (day, same_day) = self.run_of_day(rows, from)?;
            if self
                .open
                .as_ref()
                .is_some_and(|open| open.day != day || open.rows >= FILE_ROWS)
            {
                self.end_file().await?;
            }
            let mut open = match self.open.take() {
                Some(open) => open,
                None => self.begin_file(day)?,
            };
            let length = same_day.min(FILE_ROWS - open.rows);
            self.append(&mut open, &rows.slice(from, length))?;
            self.open = Some(open);
            from += length;
        }
        Ok(())
    }

    /// Ends the last file, and returns all that were written, in the order of writing.
    ///
    /// # Errors
    /// [`LakeError::Encode`] or [`LakeError::Storage`], as for [`Writer::write`].
    pub async fn finish(mut self) -> Result<Vec<DataFile>, LakeError> {
        self.end_file().await?;
        Ok(self.written)
    }

    /// The day of the row at `from`, and how many rows from there on are of the same day.
    fn run_of_day(
        &self,
        rows: &RecordBatch,
        from: usize,
    ) -> Result<(Option<NaiveDate>, usize), LakeError> {
        let Some(time) = self.table.time_column() else {
            return Ok((None, rows.num_rows() - from));
        };
        let untimed = || LakeError::Encode {
            table: self.table,
            reason: format!("a row has no `{time}`"),
        };
        let instants = rows
            .column_by_name(time)
            .and_then(|column| column.as_primitive_opt::<TimestampMillisecondType>())
            .ok_or_else(untimed)?;
        let day_at = |row: usize| {
            (!instants.is_null(row))
                .then(|| day_of(instants.value(row)))
                .flatten()
        };
        let day = day_at(from).ok_or_else(untimed)?;
        let same = (from..rows.num_rows())
            .take_while(|row| day_at(*row) == Some(day))
            .count();
        Ok((Some(day), same))
    }

    fn begin_file(&self, day: Option<NaiveDate>) -> Result<OpenFile, LakeError> {
        let encoder = ArrowWriter::try_new(
            Vec::new(),
            self.table.schema(),
            Some(properties(self.table)?),
        )
        .map_err(|error| refused(self.table, &error))?;
        Ok(OpenFile {
            day,
            encoder,
            rows: 0,
            time_ms: None,
        })
    }

    fn append(&self, open: &mut OpenFile, rows: &RecordBatch) -> Result<(), LakeError> {
        open.encoder
            .write(rows)
            .map_err(|error| refused(self.table, &error))?;
        open.rows += rows.num_rows();
        let instants = self
            .table
            .time_column()
            .and_then(|time| rows.column_by_name(time));
        let instants =
            instants.and_then(|column| column.as_primitive_opt::<TimestampMillisecondType>());
        for at_ms in instants.into_iter().flatten().flatten() {
            let (min, max) = open.time_ms.unwrap_or((at_ms, at_ms));
            open.time_ms = Some((min.min(at_ms), max.max(at_ms)));
        }
        Ok(())
    }

    async fn end_file(&mut self) -> Result<(), LakeError> {
        let Some(open) = self.open.take() else {
            return Ok(());
        };
        let bytes = open
            .encoder
            .into_inner()
            .map_err(|error| refused(self.table, &error))?;
        let name = format!("{}-{:05}", self.name, self.written.len());
        let path = file_path(self.table, open.day, &name);
        let size = bytes.len() as u64;
        let put = self.store.put(&path, bytes.into()).await;
        let put = put.map_err(|error| LakeError::storage("write", &path, error))?;
        self.written.push(DataFile {
            path,
            size,
            etag: put.e_tag,
            day: open.day,
            rows: Some(open.rows as u64),
            time_ms: open.time_ms,
            footer: None,
        });
        Ok(())
    }
}

fn properties(table: Table) -> Result<WriterProperties, LakeError> {
    let level = ZstdLevel::try_new(ZSTD_LEVEL).map_err(|error| refused(table, &error))?;
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        // Every value occurs once: a dictionary would only be built to be thrown away.
        .set_column_dictionary_enabled(ColumnPath::from("event_id"), false);
    // In order of time, instants lie close together: their differences take half the bytes, and less to decode.
    let instants = table
        .columns()
        .iter()
        .filter(|column| column.kind == ColumnKind::TimestampMs);
    for column in instants.map(|column| ColumnPath::from(column.name)) {
        properties = properties
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_encoding(column, Encoding::DELTA_BINARY_PACKED);
    }
    for column in BLOOM_COLUMNS
        .into_iter()
        .filter(|column| table.column(column).is_some())
    {
        properties = properties
            .set_column_bloom_filter_enabled(ColumnPath::from(column), true)
            .set_column_bloom_filter_fpp(ColumnPath::from(column), BLOOM_FALSE_POSITIVES)
            .set_column_bloom_filter_max_ndv(ColumnPath::from(column), ROW_GROUP_ROWS as u64);
    }
    // The columns before a time column are flat, so its position is that of its leaf.
    let position = table
        .columns()
        .iter()
        .position(|column| Some(column.name) == table.time_column());
    if let Some(column_idx) = position.and_then(|at| i32::try_from(at).ok()) {
        let by_time = SortingColumn {
            column_idx,
            descending: false,
            nulls_first: false,
        };
        properties = properties.set_sorting_columns(Some(vec![by_time]));
    }
    Ok(properties.build())
}

fn refused(table: Table, error: &ParquetError) -> LakeError {
    LakeError::Encode {
        table,
        reason: error.to_string(),
    }
}
