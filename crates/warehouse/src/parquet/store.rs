//! One project's objects, read-only, counted, and read six at a time.
//!
//! Wraps a store that is already rooted at the project's prefix. Nothing can be written through it (invariant 7), and ranges that
//! lie close together travel in one request.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::future::try_join_all;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetRange, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use super::reads::Reads;

/// Ranges no further apart than this are fetched together: reading this much more costs less than another request.
const MERGE_GAP_BYTES: u64 = 64 * 1024;

/// A project's objects.
#[derive(Debug)]
pub struct ProjectStore {
    rooted: Arc<dyn ObjectStore>,
    reads: Arc<Reads>,
}

impl ProjectStore {
    /// `rooted` begins at the project's prefix and cannot reach outside it.
    pub fn new(rooted: Arc<dyn ObjectStore>, reads: Arc<Reads>) -> Self {
        Self { rooted, reads }
    }

    fn read_only(&self, operation: &str) -> Error {
        Error::NotImplemented {
            operation: operation.to_owned(),
            implementer: self.to_string(),
        }
    }

    async fn fetch(&self, location: &Path, range: Range<u64>) -> Result<Bytes> {
        let options = GetOptions {
            range: Some(GetRange::Bounded(range)),
            ..GetOptions::default()
        };
        let _permit = self.reads.admit().await;
        let bytes = self
            .rooted
            .get_opts(location, options)
            .await?
            .bytes()
            .await?;
        self.reads.received(bytes.len() as u64);
        Ok(bytes)
    }
}

/// Merges ranges that overlap or lie within `gap` of each other; the answer is sorted.
fn merge(ranges: &[Range<u64>], gap: u64) -> Vec<Range<u64>> {
    let mut sorted = ranges.to_vec();
    sorted.sort_unstable_by_key(|range| range.start);
    let mut merged: Vec<Range<u64>> = Vec::with_capacity(sorted.len());
    for range in sorted {
        match merged.last_mut() {
            Some(last) if range.start <= last.end.saturating_add(gap) => {
                last.end = last.end.max(range.end)
            }
            _ => merged.push(range),
        }
    }
    merged
}

/// The part of a fetched run that `range` asked for.
fn cut(range: &Range<u64>, runs: &[Range<u64>], fetched: &[Bytes]) -> Option<Bytes> {
    let index = runs
        .partition_point(|run| run.start <= range.start)
        .checked_sub(1)?;
    let (run, bytes) = (runs.get(index)?, fetched.get(index)?);
    let start = usize::try_from(range.start.checked_sub(run.start)?).ok()?;
    let end = usize::try_from(range.end.checked_sub(run.start)?).ok()?;
    (end <= bytes.len()).then(|| bytes.slice(start..end))
}

#[async_trait]
impl ObjectStore for ProjectStore {
    async fn put_opts(&self, _: &Path, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        Err(self.read_only("put"))
    }

    async fn put_multipart_opts(
        &self,
        _: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Err(self.read_only("put_multipart"))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let _permit = self.reads.admit().await;
        let result = self.rooted.get_opts(location, options).await?;
        self.reads.received(result.range.end - result.range.start);
        Ok(result)
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let runs = merge(ranges, MERGE_GAP_BYTES);
        let fetched =
            try_join_all(runs.iter().map(|run| self.fetch(location, run.clone()))).await?;
        ranges
            .iter()
            .map(|range| {
                cut(range, &runs, &fetched).ok_or_else(|| Error::Generic {
                    store: "project",
                    source: format!("{location} ended before byte {}", range.end).into(),
                })
            })
            .collect()
    }

    fn delete_stream(
        &self,
        _: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let error = self.read_only("delete");
        Box::pin(futures::stream::once(async move { Err(error) }))
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.reads.requested();
        self.rooted.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let _permit = self.reads.admit().await;
        self.rooted.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(self.read_only("copy"))
    }
}

impl fmt::Display for ProjectStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the project's read-only store")
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use object_store::memory::InMemory;

    use super::*;

    fn store() -> (ProjectStore, Arc<Reads>, Path) {
        let inner = InMemory::new();
        let path = Path::from("events/a.parquet");
        let bytes: Vec<u8> = (0..200_000_u32).map(|index| (index % 251) as u8).collect();
        futures::executor::block_on(inner.put_opts(&path, bytes.into(), PutOptions::default()))
            .unwrap();
        let reads = Reads::new();
        (
            ProjectStore::new(Arc::new(inner), Arc::clone(&reads)),
            reads,
            path,
        )
    }

    #[test]
    fn ranges_close_together_travel_in_one_request() {
        let (store, reads, path) = store();
        let ranges = [100_000..100_010, 0..10, 20..30, 25..40];
        let parts = futures::executor::block_on(store.get_ranges(&path, &ranges)).unwrap();
        assert_eq!(reads.requests(), 2);
        for (range, part) in ranges.iter().zip(&parts) {
            let expected: Vec<u8> = range.clone().map(|index| (index % 251) as u8).collect();
            assert_eq!(part.as_ref(), expected);
        }
    }

    #[test]
    fn nothing_can_be_written() {
        let (store, _, path) = store();
        let put =
            futures::executor::block_on(store.put_opts(&path, "x".into(), PutOptions::default()));
        assert!(matches!(put, Err(Error::NotImplemented { .. })));
        let copy = futures::executor::block_on(store.copy_opts(
            &path,
            &Path::from("b"),
            CopyOptions::default(),
        ));
        assert!(matches!(copy, Err(Error::NotImplemented { .. })));
    }
}
