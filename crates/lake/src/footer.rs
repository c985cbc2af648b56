//! Parquet footers, read once per version of a file and kept.
//!
//! One range read of the file's last 64 KiB almost always holds the whole footer; a second read fetches what is missing. The
//! page index is not loaded. The cache is bounded by the footers' size in memory and forgets what was used least recently.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use lru::LruCache;
use object_store::{ObjectStore, ObjectStoreExt as _};
use parquet::file::metadata::{FooterTail, ParquetMetaData, ParquetMetaDataReader};

use crate::{DataFile, FileFault, LakeError};

/// How much of a file's end is read at once.
const TAIL_BYTES: u64 = 64 * 1024;

/// The length field and magic that end a Parquet file.
const FOOTER_TAIL_BYTES: u64 = 8;

/// A file too short to hold the magic at both ends and a footer is none.
const SMALLEST_FILE_BYTES: u64 = 12;

/// Footers of data files, shared by all requests of an isolate.
#[derive(Debug)]
pub struct FooterCache {
    capacity_bytes: usize,
    kept: Mutex<Kept>,
}

/// Project, path, and etag or size: a new version of a file is a new key.
type Key = (String, String, String);

#[derive(Debug)]
struct Kept {
    footers: LruCache<Key, Arc<ParquetMetaData>>,
    bytes: usize,
}

impl FooterCache {
    /// A cache that keeps at most `capacity_bytes` of decoded footers. A footer larger than that is read every time.
    #[must_use]
    pub fn new(capacity_bytes: usize) -> Self {
        Self {
            capacity_bytes,
            kept: Mutex::new(Kept {
                footers: LruCache::unbounded(),
                bytes: 0,
            }),
        }
    }

    /// Bytes of decoded footers kept now.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .bytes
    }

    /// The footer of `file`, from the cache or from `store`. `scope` names the project the store is rooted at.
    ///
    /// # Errors
    /// [`LakeError::BadFile`] when the file is empty, truncated or not Parquet; [`LakeError::Missing`] when it is gone;
    /// [`LakeError::Storage`] when the store fails.
    pub async fn footer(
        &self,
        scope: &str,
        store: &Arc<dyn ObjectStore>,
        file: &DataFile,
    ) -> Result<Arc<ParquetMetaData>, LakeError> {
        let version = file.etag.clone().unwrap_or_else(|| file.size.to_string());
        let key = (scope.to_owned(), file.path.to_string(), version);
        let known = self
            .kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .footers
            .get(&key)
            .cloned();
        if let Some(footer) = known {
            return Ok(footer);
        }
        let footer = Arc::new(read_footer(store.as_ref(), file).await?);
        self.keep(key, &footer);
        Ok(footer)
    }

    fn keep(&self, key: Key, footer: &Arc<ParquetMetaData>) {
        let size = footer.memory_size();
        if size > self.capacity_bytes {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(replaced) = kept.footers.put(key, Arc::clone(footer)) {
            kept.bytes = kept.bytes.saturating_sub(replaced.memory_size());
        }
        kept.bytes = kept.bytes.saturating_add(size);
        while kept.bytes > self.capacity_bytes {
            let Some((_, dropped)) = kept.footers.pop_lru() else {
                break;
            };
            kept.bytes = kept.bytes.saturating_sub(dropped.memory_size());
        }
    }
}

/// Reads the footer of `file`.
pub(crate) async fn read_footer(
    store: &dyn ObjectStore,
    file: &DataFile,
) -> Result<ParquetMetaData, LakeError> {
    let fault = |fault| LakeError::bad_file(&file.path, fault);
    if file.size == 0 {
        return Err(fault(FileFault::Empty));
    }
    if file.size < SMALLEST_FILE_BYTES {
        return Err(fault(FileFault::NotParquet));
    }
    let tail_start = file.size.saturating_sub(TAIL_BYTES);
    let tail = read(store, file, tail_start..file.size).await?;
    let (rest, last) = tail
        .split_last_chunk::<{ FOOTER_TAIL_BYTES as usize }>()
        .ok_or_else(|| fault(FileFault::Truncated))?;
    let footer_tail = match FooterTail::try_new(last) {
        Ok(footer_tail) => footer_tail,
        Err(_) => return Err(fault(end_fault(store, file).await?)),
    };
    if footer_tail.is_encrypted_footer() {
        return Err(fault(FileFault::Encrypted));
    }
    let length = footer_tail.metadata_length();
    let end = file.size - FOOTER_TAIL_BYTES;
    let start = end
        .checked_sub(length as u64)
        .filter(|start| *start >= 4)
        .ok_or_else(|| fault(FileFault::Truncated))?;
    let decoded = if length <= rest.len() {
        ParquetMetaDataReader::decode_metadata(&rest[rest.len() - length..])
    } else {
        let mut whole = BytesMut::from(read(store, file, start..tail_start).await?);
        whole.extend_from_slice(rest);
        ParquetMetaDataReader::decode_metadata(&whole)
    };
    decoded.map_err(|error| fault(FileFault::Corrupt(error.to_string())))
}

/// A file that does not end as Parquet: one that begins as Parquet was cut off, any other is something else.
async fn end_fault(store: &dyn ObjectStore, file: &DataFile) -> Result<FileFault, LakeError> {
    let head = read(store, file, 0..4).await?;
    Ok(if head.as_ref() == b"PAR1" {
        FileFault::Truncated
    } else {
        FileFault::NotParquet
    })
}

/// Reads a range of `file`; fewer bytes than asked for mean that the file is shorter than it is said to be.
async fn read(
    store: &dyn ObjectStore,
    file: &DataFile,
    range: std::ops::Range<u64>,
) -> Result<Bytes, LakeError> {
    let wanted = range.end - range.start;
    let bytes = match store.get_range(&file.path, range).await {
        Ok(bytes) => bytes,
        Err(error) => return Err(shorter_or_failed(store, file, error).await),
    };
    if bytes.len() as u64 == wanted {
        Ok(bytes)
    } else {
        Err(LakeError::bad_file(&file.path, FileFault::Truncated))
    }
}

/// Stores refuse a range beyond a file's end each in their own way, so the file's real length decides which it was.
async fn shorter_or_failed(
    store: &dyn ObjectStore,
    file: &DataFile,
    error: object_store::Error,
) -> LakeError {
    if matches!(error, object_store::Error::NotFound { .. }) {
        return LakeError::storage("read", &file.path, error);
    }
    match store.head(&file.path).await {
        Ok(meta) if meta.size == 0 => LakeError::bad_file(&file.path, FileFault::Empty),
        Ok(meta) if meta.size < file.size => LakeError::bad_file(&file.path, FileFault::Truncated),
        _ => LakeError::storage("read", &file.path, error),
    }
}
