//! Column chunks, kept between questions as they lie in the bucket.
//!
//! People ask one thing after the other about the same columns of the same days, and many a tool asks twice itself. What is kept is the
//! compressed chunk, under its project, file and version: a new version of a file is another key. When the room is taken, what was used
//! least recently goes, but never for the sake of a scan that itself used what is there: a scan of more than fits would otherwise
//! push out each chunk just before it comes back to it. Chunks lie in memory that queries leave: they go when a query needs it.

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use lru::LruCache;
use object_store::path::Path;
use object_store::{ObjectStore, Result};
use sightline_lake::DataFile;

/// The share of the room that one chunk may take.
const LARGEST_SHARE: usize = 4;

/// Chunks of all projects an isolate was asked about.
#[derive(Debug)]
pub(super) struct Chunks {
    capacity_bytes: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    chunks: LruCache<Key, Chunk>,
    bytes: usize,
    /// Bytes there is room for now.
    room: usize,
    statements: u64,
}

/// Where a chunk lies: its file, and where in it.
type Key = (FileKey, u64);

#[derive(Debug)]
struct Chunk {
    bytes: Bytes,
    /// The statement that used it last.
    used_by: u64,
}

/// Project, path and version of a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct FileKey(Arc<(Arc<str>, Path, String)>);

impl FileKey {
    /// The key of a file of this project.
    pub(super) fn new(project: &Arc<str>, file: &DataFile) -> Self {
        let version = file.version();
        Self(Arc::new((Arc::clone(project), file.path.clone(), version)))
    }

    fn path(&self) -> &Path {
        &self.0.1
    }
}

impl Chunks {
    /// None yet, and room for so many bytes.
    pub(super) fn new(capacity_bytes: usize) -> Self {
        let kept = Kept {
            chunks: LruCache::unbounded(),
            bytes: 0,
            room: capacity_bytes,
            statements: 0,
        };
        Self {
            capacity_bytes,
            kept: Mutex::new(kept),
        }
    }

    /// Leaves them no more than `bytes` for now, nor more than their capacity ever.
    pub(super) fn leave(&self, bytes: usize) {
        let mut kept = self.lock();
        kept.room = bytes.min(self.capacity_bytes);
        while kept.bytes > kept.room {
            kept.drop_oldest();
        }
    }

    /// The number of a statement that begins.
    pub(super) fn begin_statement(&self) -> u64 {
        let mut kept = self.lock();
        kept.statements += 1;
        kept.statements
    }

    /// Reads chunks of a file for a statement: those that are kept, and the others from the store in one call.
    pub(super) async fn read(
        &self,
        store: &dyn ObjectStore,
        file: &FileKey,
        ranges: &[Range<u64>],
        statement: u64,
    ) -> Result<Vec<Bytes>> {
        let mut found: Vec<Option<Bytes>> = {
            let mut kept = self.lock();
            ranges
                .iter()
                .map(|range| kept.get(file, range, statement))
                .collect()
        };
        let missing: Vec<Range<u64>> = ranges
            .iter()
            .zip(&found)
            .filter(|(_, found)| found.is_none())
            .map(|(range, _)| range.clone())
            .collect();
        if !missing.is_empty() {
            let fetched = store.get_ranges(file.path(), &missing).await?;
            let mut kept = self.lock();
            let slots = found.iter_mut().filter(|slot| slot.is_none());
            for ((slot, range), bytes) in slots.zip(missing).zip(fetched) {
                kept.put(
                    self.capacity_bytes / LARGEST_SHARE,
                    file,
                    range.start,
                    &bytes,
                    statement,
                );
                *slot = Some(bytes);
            }
        }
        Ok(found.into_iter().flatten().collect())
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn get(&mut self, file: &FileKey, range: &Range<u64>, statement: u64) -> Option<Bytes> {
        let chunk = self.chunks.get_mut(&(file.clone(), range.start))?;
        chunk.used_by = statement;
        (chunk.bytes.len() as u64 == range.end - range.start).then(|| chunk.bytes.clone())
    }

    fn drop_oldest(&mut self) {
        if let Some((_, chunk)) = self.chunks.pop_lru() {
            self.bytes -= chunk.bytes.len();
        }
    }

    fn put(&mut self, largest: usize, file: &FileKey, start: u64, bytes: &Bytes, statement: u64) {
        if bytes.len() > largest.min(self.room) {
            return;
        }
        while self.bytes + bytes.len() > self.room {
            let oldest = self.chunks.peek_lru();
            if oldest.is_none_or(|(_, chunk)| chunk.used_by == statement) {
                return;
            }
            self.drop_oldest();
        }
        let chunk = Chunk {
            // What was fetched may be a small part of a longer run, which would be held with it.
            bytes: Bytes::copy_from_slice(bytes),
            used_by: statement,
        };
        self.bytes += bytes.len();
        if let Some(replaced) = self.chunks.put((file.clone(), start), chunk) {
            self.bytes -= replaced.bytes.len();
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use futures::executor::block_on;
    use object_store::ObjectStoreExt;
    use object_store::memory::InMemory;

    use super::*;

    fn file(path: &str, etag: &str) -> DataFile {
        DataFile {
            path: Path::from(path),
            size: 100,
            etag: Some(etag.to_owned()),
            day: None,
            rows: None,
            time_ms: None,
            footer: None,
        }
    }

    fn key(path: &str, etag: &str) -> FileKey {
        FileKey::new(&"p".into(), &file(path, etag))
    }

    fn store(content: u8) -> InMemory {
        let store = InMemory::new();
        block_on(store.put(&Path::from("a"), vec![content; 100].into())).unwrap();
        store
    }

    /// The first byte of each chunk. What comes from the store is 2, what was kept before is 1.
    fn read(chunks: &Chunks, file: &FileKey, ranges: &[Range<u64>], content: u8) -> Vec<u8> {
        let statement = chunks.begin_statement();
        let parts = block_on(chunks.read(&store(content), file, ranges, statement)).unwrap();
        assert!(
            parts
                .iter()
                .zip(ranges)
                .all(|(part, range)| part.len() as u64 == range.end - range.start)
        );
        parts.iter().map(|part| part[0]).collect()
    }

    #[test]
    fn a_chunk_is_read_once_and_another_version_or_project_is_another_chunk() {
        let chunks = Chunks::new(1_000);
        let ranges = [0..10, 20..30];
        assert_eq!(read(&chunks, &key("a", "x"), &ranges[..1], 1), [1]);
        assert_eq!(read(&chunks, &key("a", "x"), &ranges, 2), [1, 2]);
        assert_eq!(read(&chunks, &key("a", "y"), &ranges, 2), [2, 2]);
        let elsewhere = FileKey::new(&"q".into(), &file("a", "x"));
        assert_eq!(read(&chunks, &elsewhere, &ranges, 2), [2, 2]);
    }

    #[test]
    fn a_scan_of_more_than_fits_keeps_what_it_began_with() {
        let chunks = Chunks::new(40);
        let ranges: Vec<Range<u64>> = (0..6).map(|at| at * 10..at * 10 + 10).collect();
        let file = key("a", "x");
        assert_eq!(read(&chunks, &file, &ranges, 1), [1; 6]);
        assert_eq!(read(&chunks, &file, &ranges, 2), [1, 1, 1, 1, 2, 2]);
        // Another question takes the room over.
        assert_eq!(read(&chunks, &file, &ranges[4..], 1), [1, 1]);
        assert_eq!(read(&chunks, &file, &ranges, 2), [2, 2, 1, 1, 1, 1]);
        assert!(chunks.lock().bytes <= 40);
    }

    #[test]
    fn a_chunk_that_takes_too_large_a_share_is_not_kept() {
        let chunks = Chunks::new(40);
        let ranges = [0..11, 20..30];
        assert_eq!(read(&chunks, &key("a", "x"), &ranges, 1), [1, 1]);
        assert_eq!(read(&chunks, &key("a", "x"), &ranges, 2), [2, 1]);
    }
}
