//! The files of a project as an import finds them, and their exchange for others in one step.
//!
//! A project without manifest is given one that names what is there, before anything else is written: from then on,
//! half of an import is invisible. The exchange is one conditional put of the manifest.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use object_store::{
    Error, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload, PutResult,
    UpdateVersion, path::Path,
};

use crate::{
    Catalog, CatalogCache, DataFile, LakeError, MANIFEST_PATH, Manifest, Table, footer_copies,
    layout::{footers_folder, is_written_by_imports, table_folder},
};

/// The tables an import writes.
const TABLES: [Table; 3] = [Table::Events, Table::Sessions, Table::Profiles];

/// A project's manifest, and which version of it.
#[derive(Debug)]
pub(crate) struct ProjectFiles {
    manifest: Manifest,
    etag: Option<String>,
}

impl ProjectFiles {
    /// Reads the manifest. Where it is missing, or does not name a table an import writes, what is there is listed, named
    /// in it, and the manifest is written.
    pub(crate) async fn load_and_pin(store: &Arc<dyn ObjectStore>) -> Result<Self, LakeError> {
        let catalog = Catalog::load(store, &CatalogCache::new(), "").await?;
        let had_manifest = catalog.manifest().is_some();
        let mut manifest = catalog.manifest().cloned().unwrap_or_default();
        let mut etag = catalog.etag().map(str::to_owned);
        let unnamed: Vec<Table> = TABLES
            .into_iter()
            .filter(|table| manifest.files(*table).is_none())
            .collect();
        for table in &unnamed {
            manifest.set_files(*table, catalog.files(*table, None).await?);
        }
        if !unnamed.is_empty() {
            etag = put_manifest(store, &manifest, had_manifest, etag)
                .await?
                .e_tag;
        }
        Ok(Self { manifest, etag })
    }

    /// The files of a table an import writes.
    pub(crate) fn files(&self, table: Table) -> &[DataFile] {
        self.manifest.files(table).unwrap_or_default()
    }

    /// Names other files of these tables in the manifest, then deletes those that are no longer named, and leftovers of
    /// earlier imports. `name` is that of this import. Returns how many could not be deleted.
    pub(crate) async fn swap<const N: usize>(
        &self,
        store: &Arc<dyn ObjectStore>,
        name: &str,
        tables: [(Table, Vec<DataFile>); N],
    ) -> Result<u64, LakeError> {
        let mut manifest = self.manifest.clone();
        let mut newest = None;
        for (table, files) in tables {
            let is_fresh = |file: &&DataFile| {
                !self
                    .files(table)
                    .iter()
                    .any(|known| known.path == file.path)
            };
            newest = newest.or_else(|| files.iter().find(is_fresh).map(|file| file.path.clone()));
            manifest.set_files(table, files);
        }
        footer_copies::write(store, &mut manifest, name).await?;
        put_manifest(store, &manifest, true, self.etag.clone()).await?;
        let mut left_over = 0;
        for table in TABLES {
            let live = manifest.files(table).unwrap_or_default();
            let replaced = self
                .files(table)
                .iter()
                .filter(|file| !live.iter().any(|other| other.path == file.path));
            left_over += self.delete(store, replaced).await;
        }
        if let Some(newest) = newest {
            self.delete_leftovers(store, &manifest, &newest).await;
        }
        Ok(left_over)
    }

    /// Deletes files nobody reads. Returns how many could not be.
    pub(crate) async fn delete(
        &self,
        store: &Arc<dyn ObjectStore>,
        files: impl Iterator<Item = &DataFile>,
    ) -> u64 {
        let mut failed = 0;
        for file in files {
            let deleted = store.delete(&file.path).await;
            failed += u64::from(!matches!(deleted, Ok(()) | Err(Error::NotFound { .. })));
        }
        failed
    }

    /// Deletes files and copies of footers that no manifest names and that are older than this import's first: what interrupted
    /// imports left. An import that is still writing such files cannot succeed any more, since the manifest it read has been
    /// replaced.
    async fn delete_leftovers(
        &self,
        store: &Arc<dyn ObjectStore>,
        manifest: &Manifest,
        first_written: &Path,
    ) {
        let Ok(first_written) = store.head(first_written).await else {
            return;
        };
        let before: DateTime<Utc> = first_written.last_modified;
        let live = manifest.paths();
        for folder in TABLES.map(table_folder).iter().chain([&footers_folder()]) {
            let mut objects = store.list(Some(folder));
            while let Ok(Some(object)) = objects.try_next().await {
                let path = &object.location;
                let is_ours = is_written_by_imports(path);
                if is_ours && !live.contains(path) && object.last_modified < before {
                    // What cannot be deleted now is tried again by the next import.
                    let _ = store.delete(path).await;
                }
            }
        }
    }
}

/// Writes the manifest if it is still the one that was read (or still missing).
async fn put_manifest(
    store: &Arc<dyn ObjectStore>,
    manifest: &Manifest,
    exists: bool,
    etag: Option<String>,
) -> Result<PutResult, LakeError> {
    let path = Path::from(MANIFEST_PATH);
    let bytes = manifest.to_json();
    let mode = match (exists, &etag) {
        (false, _) => PutMode::Create,
        (true, Some(_)) => PutMode::Update(UpdateVersion {
            e_tag: etag.clone(),
            version: None,
        }),
        (true, None) => PutMode::Overwrite,
    };
    let put = store
        .put_opts(
            &path,
            PutPayload::from(bytes.clone()),
            PutOptions::from(mode),
        )
        .await;
    let put = match put {
        // A local folder cannot compare and swap: look, then replace. Two imports at the very same instant could both win.
        Err(Error::NotImplemented { .. }) => {
            let now = store
                .head(&path)
                .await
                .map_err(|error| LakeError::storage("read", MANIFEST_PATH, error))?;
            if now.e_tag != etag {
                return Err(LakeError::Conflict);
            }
            store.put(&path, PutPayload::from(bytes)).await
        }
        put => put,
    };
    put.map_err(|error| match error {
        Error::Precondition { .. } | Error::AlreadyExists { .. } => LakeError::Conflict,
        error => LakeError::storage("write", MANIFEST_PATH, error),
    })
}
