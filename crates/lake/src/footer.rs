//! Parquet footers, read once per version of a file and kept.
//!
//! Where the manifest names copies of the footers, one read of those brings all. Otherwise, and where a copy is gone or broken, one range
//! read of a file's last 64 KiB almost always holds its whole footer; a second read fetches what is missing. The page index is not
//! loaded. The cache is bounded by the footers' size in memory and forgets what was used least recently.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use futures::future::try_join_all;
use lru::LruCache;
use object_store::{ObjectStore, ObjectStoreExt as _};
use parquet::file::metadata::{FooterTail, ParquetMetaData, ParquetMetaDataReader};

use crate::{DataFile, FileFault, FooterObject, LakeError};

/// How much of a file's end is read at once.
const TAIL_BYTES: u64 = 64 * 1024;

/// The length field and magic that end a Parquet file.
const FOOTER_TAIL_BYTES: u64 = 8;

/// A file too short to hold the magic at both ends and a footer is none.
const SMALLEST_FILE_BYTES: u64 = 12;

/// An object of copies up to this size is read as a whole and kept; of a larger one, the ranges that are needed.
const WHOLE_OBJECT_BYTES: u64 = 1 << 20;

/// How many objects of copies are kept.
const OBJECTS_KEPT: NonZeroUsize = NonZeroUsize::new(2).unwrap();

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
    /// Objects of copies by project and path: there is one version of each.
    objects: LruCache<(String, String), Bytes>,
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
                objects: LruCache::new(OBJECTS_KEPT),
            }),
        }
    }

    /// Bytes of decoded footers kept now.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.lock().bytes
    }

    /// The footer of `file`, from the cache or from `store`. `scope` names the project the store is rooted at.
    ///
    /// # Errors
    /// As [`FooterCache::footers`].
    pub async fn footer(
        &self,
        scope: &str,
        store: &Arc<dyn ObjectStore>,
        file: &DataFile,
    ) -> Result<Arc<ParquetMetaData>, LakeError> {
        if let Some(footer) = self.known(&key(scope, file)) {
            return Ok(footer);
        }
        let copies = self.copies(scope, store, &[file]).await;
        self.read(scope, store, file, copies.into_iter().next().flatten())
            .await
    }

    /// The footers of `files`, in their order, from the cache or from `store`. `scope` names the project the store is rooted at.
    ///
    /// # Errors
    /// [`LakeError::BadFile`] when a file is empty, truncated or not Parquet; [`LakeError::Missing`] when it is gone;
    /// [`LakeError::Storage`] when the store fails.
    pub async fn footers(
        &self,
        scope: &str,
        store: &Arc<dyn ObjectStore>,
        files: &[&DataFile],
    ) -> Result<Vec<Arc<ParquetMetaData>>, LakeError> {
        let known: Vec<_> = files
            .iter()
            .map(|file| self.known(&key(scope, file)))
            .collect();
        let unknown: Vec<&DataFile> = files
            .iter()
            .zip(&known)
            .filter(|(_, known)| known.is_none())
            .map(|(file, _)| *file)
            .collect();
        let copies = self.copies(scope, store, &unknown).await;
        let read = unknown
            .into_iter()
            .zip(copies)
            .map(|(file, copy)| self.read(scope, store, file, copy));
        let mut read = try_join_all(read).await?.into_iter();
        Ok(known
            .into_iter()
            .filter_map(|known| known.or_else(|| read.next()))
            .collect())
    }

    /// A footer out of its copy, or out of the file itself.
    async fn read(
        &self,
        scope: &str,
        store: &Arc<dyn ObjectStore>,
        file: &DataFile,
        copy: Option<Bytes>,
    ) -> Result<Arc<ParquetMetaData>, LakeError> {
        let copied = copy.and_then(|copy| decode(file, &copy).ok());
        let footer = match copied {
            Some(footer) => footer,
            None => read_footer(store.as_ref(), file).await?,
        };
        let footer = Arc::new(footer);
        self.keep(key(scope, file), &footer);
        Ok(footer)
    }

    /// The copies of these files' footers, as far as there are any that can be read.
    async fn copies(
        &self,
        scope: &str,
        store: &Arc<dyn ObjectStore>,
        files: &[&DataFile],
    ) -> Vec<Option<Bytes>> {
        // They are of one manifest, which names one object.
        let copies = files.iter().filter_map(|file| file.footer.as_ref());
        let Some(object) = copies.clone().map(|copy| &copy.object).next() else {
            return vec![None; files.len()];
        };
        if object.size <= WHOLE_OBJECT_BYTES {
            let whole = self.whole_object(scope, store, object).await;
            let copy = |file: &&DataFile| file.footer.as_ref()?.of(whole.as_ref()?);
            return files.iter().map(copy).collect();
        }
        let ranges: Vec<Range<u64>> = copies.map(|copy| copy.range.clone()).collect();
        let read = store.get_ranges(&object.path, &ranges).await;
        let mut read = read.unwrap_or_default().into_iter();
        let copy = |file: &&DataFile| file.footer.as_ref().and_then(|_| read.next());
        files.iter().map(copy).collect()
    }

    /// An object of copies; none if it cannot be read.
    async fn whole_object(
        &self,
        scope: &str,
        store: &Arc<dyn ObjectStore>,
        object: &FooterObject,
    ) -> Option<Bytes> {
        let key = (scope.to_owned(), object.path.to_string());
        let known = self.lock().objects.get(&key).cloned();
        if known.is_some() {
            return known;
        }
        let whole = store.get(&object.path).await.ok()?.bytes().await.ok()?;
        self.lock().objects.put(key, whole.clone());
        Some(whole)
    }

    fn known(&self, key: &Key) -> Option<Arc<ParquetMetaData>> {
        self.lock().footers.get(key).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, key: Key, footer: &Arc<ParquetMetaData>) {
        let size = footer.memory_size();
        if size > self.capacity_bytes {
            return;
        }
        let mut kept = self.lock();
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

fn key(scope: &str, file: &DataFile) -> Key {
    (scope.to_owned(), file.path.to_string(), file.version())
}

/// Reads the footer of `file`.
pub(crate) async fn read_footer(
    store: &dyn ObjectStore,
    file: &DataFile,
) -> Result<ParquetMetaData, LakeError> {
    decode(file, &read_footer_bytes(store, file).await?)
}

fn decode(file: &DataFile, footer: &[u8]) -> Result<ParquetMetaData, LakeError> {
    ParquetMetaDataReader::decode_metadata(footer)
        .map_err(|error| LakeError::bad_file(&file.path, FileFault::Corrupt(error.to_string())))
}

/// Reads the footer of `file` as it is written there, without the eight bytes behind it.
pub(crate) async fn read_footer_bytes(
    store: &dyn ObjectStore,
    file: &DataFile,
) -> Result<Bytes, LakeError> {
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
    if length <= rest.len() {
        return Ok(tail.slice(rest.len() - length..rest.len()));
    }
    let mut whole = BytesMut::from(read(store, file, start..tail_start).await?);
    whole.extend_from_slice(rest);
    Ok(whole.freeze())
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
