//! Reads one Parquet file for the engine: its footer out of the cache, its column chunks out of the project's store.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use datafusion::common::Result;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::ParquetFileReaderFactory;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt;
use futures::future::BoxFuture;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use sightline_lake::DataFile;

use super::ahead::Ahead;
use super::chunks::FileKey;
use super::scope::Scope;

/// Makes readers for the files of one scan.
#[derive(Debug)]
pub(super) struct Readers {
    pub(super) scope: Arc<Scope>,
    pub(super) ahead: Arc<Ahead>,
}

impl ParquetFileReaderFactory for Readers {
    fn create_reader(
        &self,
        _partition: usize,
        file: PartitionedFile,
        _metadata_size_hint: Option<usize>,
        _metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let file = file
            .extension::<DataFile>()
            .cloned()
            .unwrap_or_else(|| DataFile::from_listing(file.object_meta));
        self.scope.faults.opening(&file.path);
        Ok(Box::new(Reader {
            scope: Arc::clone(&self.scope),
            ahead: Arc::clone(&self.ahead),
            key: FileKey::new(&self.scope.project, &file),
            file,
        }))
    }
}

struct Reader {
    scope: Arc<Scope>,
    ahead: Arc<Ahead>,
    key: FileKey,
    file: DataFile,
}

impl Reader {
    fn storage_fault(&self, error: object_store::Error) -> ParquetError {
        self.scope.faults.storage(&self.file.path);
        ParquetError::External(Box::new(error))
    }
}

impl AsyncFileReader for Reader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, parquet::errors::Result<Bytes>> {
        async move {
            let read = self
                .scope
                .chunks(&self.key, std::slice::from_ref(&range))
                .await;
            let mut parts = read.map_err(|error| self.storage_fault(error))?;
            parts.pop().ok_or_else(|| {
                ParquetError::General("a read of one range answered none".to_owned())
            })
        }
        .boxed()
    }

    fn get_byte_ranges(
        &mut self,
        ranges: Vec<Range<u64>>,
    ) -> BoxFuture<'_, parquet::errors::Result<Vec<Bytes>>> {
        async move {
            self.ahead
                .read(&self.key, ranges)
                .await
                .map_err(|error| self.storage_fault(error))
        }
        .boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, parquet::errors::Result<Arc<ParquetMetaData>>> {
        async move {
            let Scope {
                project,
                store,
                caches,
                faults,
                ..
            } = self.scope.as_ref();
            caches
                .footers
                .footer(project, store, &self.file)
                .await
                .map_err(|error| {
                    faults.lake(&error);
                    ParquetError::External(Box::new(error))
                })
        }
        .boxed()
    }
}
