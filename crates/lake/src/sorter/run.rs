//! One sorted run of rows, in memory or in a file, read batch by batch.

use std::{
    fs::File,
    io::{BufReader, BufWriter},
    path::Path,
};

use arrow::{
    array::{AsArray as _, BooleanArray, RecordBatch},
    compute::interleave_record_batch,
    datatypes::{DataType, Field, Schema},
    error::ArrowError,
    ipc::{
        CompressionType,
        reader::StreamReader,
        writer::{IpcWriteOptions, StreamWriter},
    },
};

use super::Origin;
use crate::{LakeError, Table};

/// Rows in a batch of a run: what every run holds in memory while they are merged.
const BATCH_ROWS: usize = 4_096;

/// Name of the column that tells new rows in a run's file.
const IS_NEW: &str = "\u{0}is_new";

/// Rows in order.
#[derive(Debug)]
pub(super) enum Run {
    Memory {
        held: Vec<(RecordBatch, Origin)>,
        order: std::vec::IntoIter<(usize, usize)>,
    },
    File(Box<StreamReader<BufReader<File>>>),
}

impl Run {
    /// A run of the rows of `held` in the given order.
    pub(super) fn in_memory(held: Vec<(RecordBatch, Origin)>, order: Vec<(usize, usize)>) -> Self {
        Self::Memory {
            held,
            order: order.into_iter(),
        }
    }

    /// A run written to `path`, ready to be read from its start.
    pub(super) fn in_file(
        table: Table,
        path: &Path,
        held: &[(RecordBatch, Origin)],
        order: &[(usize, usize)],
    ) -> Result<Self, LakeError> {
        let columns = table.schema();
        let is_new = Field::new(IS_NEW, DataType::Boolean, false);
        let fields = columns.fields().iter().cloned().chain([is_new.into()]);
        let schema = Schema::new(fields.collect::<Vec<_>>());
        let options = IpcWriteOptions::default()
            .try_with_compression(Some(CompressionType::LZ4_FRAME))
            .map_err(|error| failed(table, error))?;
        let file = BufWriter::new(File::create(path).map_err(LakeError::Spill)?);
        let mut writer = StreamWriter::try_new_with_options(file, &schema, options)
            .map_err(|error| failed(table, error))?;
        for part in order.chunks(BATCH_ROWS) {
            let (rows, origins) = gather(table, held, part)?;
            let is_new = origins
                .iter()
                .map(|origin| Some(*origin == Origin::New))
                .collect::<BooleanArray>();
            let mut columns = rows.columns().to_vec();
            columns.push(std::sync::Arc::new(is_new));
            RecordBatch::try_new(schema.clone().into(), columns)
                .and_then(|rows| writer.write(&rows))
                .map_err(|error| failed(table, error))?;
        }
        writer.finish().map_err(|error| failed(table, error))?;
        drop(writer);
        let file = BufReader::new(File::open(path).map_err(LakeError::Spill)?);
        let reader = StreamReader::try_new(file, None).map_err(|error| failed(table, error))?;
        Ok(Self::File(Box::new(reader)))
    }

    /// The next rows of the run and where they come from; none at its end.
    pub(super) fn next(
        &mut self,
        table: Table,
    ) -> Result<Option<(RecordBatch, Vec<Origin>)>, LakeError> {
        match self {
            Self::Memory { held, order } => {
                let part: Vec<_> = order.by_ref().take(BATCH_ROWS).collect();
                if part.is_empty() {
                    Ok(None)
                } else {
                    gather(table, held, &part).map(Some)
                }
            }
            Self::File(reader) => {
                let Some(rows) = reader
                    .next()
                    .transpose()
                    .map_err(|error| failed(table, error))?
                else {
                    return Ok(None);
                };
                let mut columns = rows.columns().to_vec();
                let is_new = columns.pop();
                let is_new = is_new.as_ref().and_then(|column| column.as_boolean_opt());
                let origin = |is_new: Option<bool>| {
                    if is_new == Some(true) {
                        Origin::New
                    } else {
                        Origin::Stored
                    }
                };
                let origins = is_new.into_iter().flatten().map(origin).collect();
                let rows = RecordBatch::try_new(table.schema(), columns)
                    .map_err(|error| failed(table, error))?;
                Ok(Some((rows, origins)))
            }
        }
    }
}

fn gather(
    table: Table,
    held: &[(RecordBatch, Origin)],
    part: &[(usize, usize)],
) -> Result<(RecordBatch, Vec<Origin>), LakeError> {
    let batches: Vec<_> = held.iter().map(|(rows, _)| rows).collect();
    let rows = interleave_record_batch(&batches, part).map_err(|error| failed(table, error))?;
    Ok((rows, part.iter().map(|(batch, _)| held[*batch].1).collect()))
}

fn failed(table: Table, error: ArrowError) -> LakeError {
    match error {
        ArrowError::IoError(_, error) => LakeError::Spill(error),
        error => LakeError::Encode {
            table,
            reason: error.to_string(),
        },
    }
}
