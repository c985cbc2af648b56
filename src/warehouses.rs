//! Opens projects' data for one request: engine and server are the isolate's, handles the project's.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use async_trait::async_trait;
use getrandom_04::fill;
use sightline_analytics::{Project, Warehouses};
use sightline_warehouse::clickhouse::ClickHouseProject;
use sightline_warehouse::parquet::{Engine, EngineConfig, ParquetProject, Reads};
use sightline_warehouse::{Warehouse, WarehouseError, WarehouseKind};
use worker::Env;

use crate::clickhouse;
use crate::host::EventLoop;
use crate::r2::ProjectBucket;

thread_local! {
    /// Made when the isolate's first query comes: start-up builds nothing.
    static ENGINE: OnceCell<Rc<Engine>> = const { OnceCell::new() };
}

/// The engine of this isolate.
fn engine() -> Result<Rc<Engine>, WarehouseError> {
    ENGINE.with(|made| {
        if let Some(engine) = made.get() {
            return Ok(Rc::clone(engine));
        }
        let mut config = EngineConfig::default();
        fill(&mut config.fingerprint_key)
            .map_err(|error| WarehouseError::internal(format!("no randomness: {error}")))?;
        Ok(Rc::clone(made.get_or_init(|| Rc::new(Engine::new(config)))))
    })
}

/// Where this deployment's data is, for one request.
pub struct Stores {
    env: Env,
    /// Where a project's data is whose row says nothing else.
    usual: Option<WarehouseKind>,
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

impl Stores {
    /// The bucket bound as `LAKE`, and the ClickHouse the variables name; `WAREHOUSE` says which is the usual one.
    pub fn new(env: Env) -> Self {
        let usual = match env.var("WAREHOUSE").map(|name| name.to_string()) {
            Ok(name) if !name.is_empty() => WarehouseKind::from_name(&name),
            _ => Some(WarehouseKind::Parquet),
        };
        Self {
            env,
            usual,
            reads: RefCell::default(),
        }
    }

    /// What has been read from the lake so far.
    pub fn used(&self) -> LakeUse {
        let reads = self.reads.borrow();
        LakeUse {
            reads: reads.iter().map(|reads| reads.requests()).sum(),
            bytes: reads.iter().map(|reads| reads.bytes()).sum(),
        }
    }

    fn in_lake(&self, project: &Project) -> Result<Rc<dyn Warehouse>, WarehouseError> {
        let bucket = self
            .env
            .bucket("LAKE")
            .map_err(|error| WarehouseError::internal(format!("no bucket LAKE: {error}")))?;
        let reads = Reads::new();
        self.reads.borrow_mut().push(Arc::clone(&reads));
        let rooted = Arc::new(ProjectBucket::new(bucket, &project.id, Arc::clone(&reads)));
        let engine = engine()?;
        Ok(Rc::new(ParquetProject::new(
            engine,
            Rc::new(EventLoop),
            rooted,
            reads,
            &project.id,
        )))
    }

    fn in_clickhouse(&self, project: &Project) -> Result<Rc<dyn Warehouse>, WarehouseError> {
        let server = clickhouse::server(&self.env)?;
        Ok(Rc::new(ClickHouseProject::new(server, &project.id)))
    }
}

#[async_trait(?Send)]
impl Warehouses for Stores {
    async fn open(&self, project: &Project) -> Result<Rc<dyn Warehouse>, WarehouseError> {
        match project.warehouse.or(self.usual) {
            Some(WarehouseKind::Parquet) => self.in_lake(project),
            Some(WarehouseKind::ClickHouse) => self.in_clickhouse(project),
            None => Err(WarehouseError::Misconfigured(
                "This server's WAREHOUSE is neither `parquet` nor `clickhouse`. Whoever runs it has to mend that.".into(),
            )),
        }
    }
}
