//! What one query works with: one project's files and the caches it may use.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use datafusion::error::DataFusionError;
use object_store::ObjectStore;
use sightline_lake::{Catalog, CatalogCache, FooterCache, LakeError, Table};

use super::answers::Answers;
use super::chunks::{Chunks, FileKey};
use super::engine::EngineConfig;
use super::faults::Faults;

/// Caches that outlive a request. Entries are keyed by project, path and version, so they are right by construction.
#[derive(Debug)]
pub struct Caches {
    /// Manifests.
    pub catalogs: CatalogCache,
    /// Parquet footers.
    pub footers: FooterCache,
    /// What was answered.
    pub(super) answers: Answers,
    /// Column chunks.
    pub(super) chunks: Arc<Chunks>,
}

impl Caches {
    /// Empty caches, with the room that is configured.
    pub(super) fn new(config: &EngineConfig, chunks: Arc<Chunks>) -> Self {
        Self {
            catalogs: CatalogCache::new(),
            footers: FooterCache::new(config.footer_cache_bytes),
            answers: Answers::new(config.answer_cache_bytes),
            chunks,
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
    pub(super) catalog: Arc<Catalog>,
    /// What outlives the query.
    pub(super) caches: Arc<Caches>,
    /// What went wrong.
    pub(super) faults: Arc<Faults>,
    statement: u64,
    rows_scanned: AtomicU64,
    sessions_worked_out: AtomicBool,
}

impl Scope {
    /// What a query on these files works with.
    pub(super) fn new(
        project: Arc<str>,
        store: Arc<dyn ObjectStore>,
        catalog: Arc<Catalog>,
        caches: Arc<Caches>,
    ) -> Self {
        Self {
            statement: caches.chunks.begin_statement(),
            project,
            store,
            catalog,
            caches,
            faults: Arc::default(),
            rows_scanned: AtomicU64::new(0),
            sessions_worked_out: AtomicBool::new(false),
        }
    }

    /// Column chunks of a file: those kept from earlier on, and the others from the store.
    pub(super) async fn chunks(
        &self,
        file: &FileKey,
        ranges: &[Range<u64>],
    ) -> object_store::Result<Vec<Bytes>> {
        let store = self.store.as_ref();
        self.caches
            .chunks
            .read(store, file, ranges, self.statement)
            .await
    }

    /// Notes what the lake said, as an error of the engine.
    pub(super) fn fault(&self, error: LakeError) -> DataFusionError {
        self.faults.lake(&error);
        DataFusionError::External(Box::new(error))
    }

    /// Notes that events were given sessions because no sessions are stored, which the statement does not say.
    pub(super) fn worked_out_sessions(&self) {
        self.sessions_worked_out.store(true, Ordering::Relaxed);
    }

    /// Whether the answer depends on files of tables that the statement does not name, and that no manifest names either.
    pub(super) fn depends_on_more(&self) -> bool {
        let is_named = self
            .catalog
            .manifest()
            .is_some_and(|manifest| manifest.files(Table::Sessions).is_some());
        self.sessions_worked_out.load(Ordering::Relaxed) && !is_named
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
