//! What one query works with: one project's files and the caches it may use.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::error::DataFusionError;
use object_store::ObjectStore;
use sightline_lake::{Catalog, CatalogCache, FooterCache, LakeError};

use super::faults::Faults;

/// Caches that outlive a request. Entries are keyed by project, path and version, so they are right by construction.
#[derive(Debug)]
pub struct Caches {
    /// Manifests.
    pub catalogs: CatalogCache,
    /// Parquet footers.
    pub footers: FooterCache,
}

impl Caches {
    /// Empty caches; footers may take up to `footer_bytes`.
    pub fn new(footer_bytes: usize) -> Self {
        Self {
            catalogs: CatalogCache::new(),
            footers: FooterCache::new(footer_bytes),
        }
    }
}

/// One project's files, as one query sees them.
#[derive(Debug)]
pub struct Scope {
    /// The project's name within the caches.
    pub(super) project: Arc<str>,
    /// The project's objects.
    pub(super) store: Arc<dyn ObjectStore>,
    /// Which files there are.
    pub(super) catalog: Catalog,
    /// What outlives the query.
    pub(super) caches: Arc<Caches>,
    /// What went wrong.
    pub(super) faults: Arc<Faults>,
    rows_scanned: AtomicU64,
}

impl Scope {
    /// What a query on these files works with.
    pub(super) fn new(
        project: Arc<str>,
        store: Arc<dyn ObjectStore>,
        catalog: Catalog,
        caches: Arc<Caches>,
    ) -> Self {
        Self {
            project,
            store,
            catalog,
            caches,
            faults: Arc::default(),
            rows_scanned: AtomicU64::new(0),
        }
    }

    /// Notes what the lake said, as an error of the engine.
    pub(super) fn fault(&self, error: LakeError) -> DataFusionError {
        self.faults.lake(&error);
        DataFusionError::External(Box::new(error))
    }

    /// Notes rows read by a scan that the query's plan does not show.
    pub(super) fn scanned(&self, rows: usize) {
        self.rows_scanned.fetch_add(rows as u64, Ordering::Relaxed);
    }

    /// The rows so noted.
    pub(super) fn rows_scanned(&self) -> u64 {
        self.rows_scanned.load(Ordering::Relaxed)
    }
}
