//! Which files answer a question: the manifest where there is one, listings where there is none.
//!
//! A `Catalog` is made per request and costs one conditional read of `manifest.json`; what it listed it remembers. Parsed
//! manifests outlive the request in a `CatalogCache`, keyed by project and etag, so they are right by construction. It opens
//! no Parquet file.

use std::{
    collections::HashMap,
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

use lru::LruCache;
use object_store::{GetOptions, ObjectStore, path::Path};

use crate::{DataFile, LakeError, MANIFEST_PATH, Manifest, Table, layout::DayRange, listing};

/// How many projects' manifests an isolate keeps.
const MANIFESTS_KEPT: NonZeroUsize = NonZeroUsize::new(64).unwrap();

/// Manifests read before, shared by all requests of an isolate.
#[derive(Debug)]
pub struct CatalogCache {
    manifests: Mutex<LruCache<String, (String, Arc<Manifest>)>>,
}

impl Default for CatalogCache {
    fn default() -> Self {
        Self {
            manifests: Mutex::new(LruCache::new(MANIFESTS_KEPT)),
        }
    }
}

impl CatalogCache {
    /// An empty cache.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn get(&self, scope: &str) -> Option<(String, Arc<Manifest>)> {
        self.manifests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(scope)
            .cloned()
    }

    fn put(&self, scope: &str, etag: String, manifest: Arc<Manifest>) {
        let mut manifests = self
            .manifests
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        manifests.put(scope.to_owned(), (etag, manifest));
    }
}

/// What a listing was made for.
type Asked = (Table, Option<DayRange>);

/// The live files of one project, as of one moment.
#[derive(Debug)]
pub struct Catalog {
    store: Arc<dyn ObjectStore>,
    manifest: Option<Arc<Manifest>>,
    etag: Option<String>,
    listed: Mutex<HashMap<Asked, Vec<DataFile>>>,
    listed_tables: Mutex<Option<Vec<Table>>>,
}

impl Catalog {
    /// Reads the manifest of the project `store` is rooted at, or finds that there is none. `scope` names the project within
    /// the cache and is used for nothing else.
    ///
    /// # Errors
    /// [`LakeError::Storage`] when the store fails, [`LakeError::BadManifest`] when the manifest cannot be understood.
    pub async fn load(
        store: &Arc<dyn ObjectStore>,
        cache: &CatalogCache,
        scope: &str,
    ) -> Result<Self, LakeError> {
        let known = cache.get(scope);
        let options = GetOptions {
            if_none_match: known.as_ref().map(|(etag, _)| etag.clone()),
            ..GetOptions::default()
        };
        let failed = |error| LakeError::storage("read", MANIFEST_PATH, error);
        let (manifest, etag) = match store.get_opts(&Path::from(MANIFEST_PATH), options).await {
            Ok(object) => {
                let etag = object.meta.e_tag.clone();
                let manifest =
                    Arc::new(Manifest::from_json(&object.bytes().await.map_err(failed)?)?);
                if let Some(etag) = &etag {
                    cache.put(scope, etag.clone(), Arc::clone(&manifest));
                }
                (Some(manifest), etag)
            }
            Err(object_store::Error::NotModified { .. }) => known
                .map_or((None, None), |(etag, manifest)| {
                    (Some(manifest), Some(etag))
                }),
            Err(object_store::Error::NotFound { .. }) => (None, None),
            Err(error) => return Err(failed(error)),
        };
        Ok(Self {
            store: Arc::clone(store),
            manifest,
            etag,
            listed: Mutex::default(),
            listed_tables: Mutex::default(),
        })
    }

    /// The project's manifest, if it has one.
    #[must_use]
    pub fn manifest(&self) -> Option<&Manifest> {
        self.manifest.as_deref()
    }

    /// The etag of the manifest that was read. Equal etags mean equal files for every table the manifest names.
    #[must_use]
    pub fn etag(&self) -> Option<&str> {
        self.etag.as_deref()
    }

    /// The files of a table that the manifest names.
    fn named(&self, table: Table) -> Option<&[DataFile]> {
        self.manifest()?.files(table)
    }

    /// The live files of `table`, those that can hold `days` if given, sorted by (day, path).
    ///
    /// # Errors
    /// [`LakeError::Storage`] when the table has to be listed and the store fails.
    pub async fn files(
        &self,
        table: Table,
        days: Option<DayRange>,
    ) -> Result<Vec<DataFile>, LakeError> {
        if let Some(files) = self.named(table) {
            let needed = files
                .iter()
                .filter(|file| days.is_none_or(|days| file.may_hold(days)));
            return Ok(needed.cloned().collect());
        }
        let key = (table, days);
        let known = self
            .listed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .cloned();
        if let Some(files) = known {
            return Ok(files);
        }
        let mut files = listing::list(self.store.as_ref(), table, days).await?;
        files.sort_by(|a, b| (a.day, &a.path).cmp(&(b.day, &b.path)));
        self.listed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, files.clone());
        Ok(files)
    }

    /// Which files these tables consist of, as a text: another file or another version of one is another text.
    ///
    /// # Errors
    /// As [`Catalog::files`].
    pub async fn version(&self, tables: &[Table]) -> Result<String, LakeError> {
        let is_named = |table: &Table| self.named(*table).is_some();
        if let Some(etag) = self.etag().filter(|_| tables.iter().all(is_named)) {
            return Ok(etag.to_owned());
        }
        let mut version = String::new();
        for table in tables {
            for file in self.files(*table, None).await? {
                version.push_str(&format!("{}@{};", file.path, file.version()));
            }
        }
        Ok(version)
    }

    /// The tables that the manifest says have files: what is known without a listing.
    #[must_use]
    pub fn named_tables(&self) -> Vec<Table> {
        let has_files = |table: &Table| self.named(*table).is_some_and(|files| !files.is_empty());
        Table::ALL.into_iter().filter(has_files).collect()
    }

    /// The tables that have files, in the order of [`Table::ALL`].
    ///
    /// # Errors
    /// [`LakeError::Storage`] when the store fails to list the project's root.
    pub async fn tables(&self) -> Result<Vec<Table>, LakeError> {
        let known = self
            .listed_tables
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let listed = match known {
            Some(listed) => listed,
            None => {
                let listed = listing::tables(self.store.as_ref()).await?;
                *self
                    .listed_tables
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner) = Some(listed.clone());
                listed
            }
        };
        let has_files = |table: &Table| match self.named(*table) {
            Some(files) => !files.is_empty(),
            None => listed.contains(table),
        };
        Ok(Table::ALL.into_iter().filter(has_files).collect())
    }
}
