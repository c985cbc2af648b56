//! Copies of the footers of all files a manifest names, in one object beside them.
//!
//! A reader needs the footer of every file a question touches before it can ask for columns; with the copies that is one read instead
//! of one for each file. What was copied before is taken from the last object, so an import reads its own files' footers alone. The
//! object is written under a fresh name before the manifest that names it.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload};

use crate::{
    DataFile, FooterCopy, FooterObject, LakeError, Manifest, footer::read_footer_bytes,
    layout::footers_path,
};

/// How many footers are read at a time.
const READS_AT_ONCE: usize = 8;

/// Writes the object `name` and has `manifest` name it. A file whose footer cannot be understood gets no copy.
pub(crate) async fn write(
    store: &Arc<dyn ObjectStore>,
    manifest: &mut Manifest,
    name: &str,
) -> Result<(), LakeError> {
    let before = Before::load(store, manifest).await;
    let footers: Vec<Option<Bytes>> = futures::stream::iter(manifest.all_files())
        .map(|file| footer(store, file, &before))
        .buffered(READS_AT_ONCE)
        .try_collect()
        .await?;
    let mut bytes = Vec::new();
    let places: Vec<Option<Range<u64>>> = footers
        .into_iter()
        .map(|footer| {
            let start = bytes.len() as u64;
            bytes.extend_from_slice(&footer?);
            Some(start..bytes.len() as u64)
        })
        .collect();
    let object = Arc::new(FooterObject {
        path: footers_path(name),
        size: bytes.len() as u64,
    });
    store
        .put(&object.path, PutPayload::from(bytes))
        .await
        .map_err(|error| LakeError::storage("write", &object.path, error))?;
    for (file, range) in manifest.all_files_mut().zip(places) {
        file.footer = range.map(|range| FooterCopy {
            object: Arc::clone(&object),
            range,
        });
    }
    Ok(())
}

async fn footer(
    store: &Arc<dyn ObjectStore>,
    file: &DataFile,
    before: &Before,
) -> Result<Option<Bytes>, LakeError> {
    if let Some(copied) = before.footer(file) {
        return Ok(Some(copied));
    }
    match read_footer_bytes(store.as_ref(), file).await {
        Ok(footer) => Ok(Some(footer)),
        // Whoever reads the file is told.
        Err(LakeError::BadFile { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The copies made before, if there are any.
struct Before(Option<(Arc<FooterObject>, Bytes)>);

impl Before {
    async fn load(store: &Arc<dyn ObjectStore>, manifest: &Manifest) -> Self {
        let Some(object) = manifest.footers().map(Arc::clone) else {
            return Self(None);
        };
        // Without it, the files themselves are read.
        let bytes = match store.get(&object.path).await {
            Ok(found) => found.bytes().await.ok(),
            Err(_) => None,
        };
        Self(bytes.map(|bytes| (object, bytes)))
    }

    fn footer(&self, file: &DataFile) -> Option<Bytes> {
        let (object, bytes) = self.0.as_ref()?;
        let copy = file.footer.as_ref()?;
        (copy.object.path == object.path)
            .then(|| copy.of(bytes))
            .flatten()
    }
}
