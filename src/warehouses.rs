//! Opens projects' data for one request: the engine is the isolate's, the handle the project's.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use async_trait::async_trait;
use sightline_analytics::{Project, Warehouses};
use sightline_warehouse::parquet::{Engine, EngineConfig, ParquetProject, Reads};
use sightline_warehouse::{Warehouse, WarehouseError};
use worker::Env;

use crate::host::EventLoop;
use crate::r2::ProjectBucket;

thread_local! {
    /// Made when the isolate's first query comes: start-up builds nothing.
    static ENGINE: Rc<Engine> = Rc::new(Engine::new(EngineConfig::default()));
}

/// The lake, for one request.
pub struct Lake {
    env: Env,
    reads: RefCell<Vec<Arc<Reads>>>,
}

/// What a request read from the lake.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LakeUse {
    /// Requests to the bucket.
    pub reads: u64,
    /// Bytes received from it.
    pub bytes: u64,
}

impl Lake {
    /// The bucket bound as `LAKE`.
    pub fn new(env: Env) -> Self {
        Self {
            env,
            reads: RefCell::default(),
        }
    }

    /// What has been read so far.
    pub fn used(&self) -> LakeUse {
        let reads = self.reads.borrow();
        LakeUse {
            reads: reads.iter().map(|reads| reads.requests()).sum(),
            bytes: reads.iter().map(|reads| reads.bytes()).sum(),
        }
    }
}

#[async_trait(?Send)]
impl Warehouses for Lake {
    async fn open(&self, project: &Project) -> Result<Rc<dyn Warehouse>, WarehouseError> {
        let bucket = self
            .env
            .bucket("LAKE")
            .map_err(|error| WarehouseError::internal(format!("no bucket LAKE: {error}")))?;
        let reads = Reads::new();
        self.reads.borrow_mut().push(Arc::clone(&reads));
        let rooted = Arc::new(ProjectBucket::new(bucket, &project.id, Arc::clone(&reads)));
        let engine = ENGINE.with(Rc::clone);
        Ok(Rc::new(ParquetProject::new(
            engine,
            Rc::new(EventLoop),
            rooted,
            reads,
            &project.id,
        )))
    }
}
