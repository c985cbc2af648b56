//! The embedded engine: how DataFusion is set up for an isolate, and one statement's way through it.
//!
//! One engine per isolate holds what requests share: function registry, memory pool, caches. Everything else is made for a
//! query and dropped with it.

use std::sync::Arc;

use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList,
    MemorySchemaProvider, SchemaProvider, TableProvider,
};
use datafusion::common::config::Dialect as ParserDialect;
use datafusion::error::DataFusionError;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{GreedyMemoryPool, MemoryPool};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{SessionConfig, SessionContext};
use object_store::ObjectStore;

use super::cooperative_joins::CooperativeJoins;
use super::functions;
use super::lake_table::STORE_URL;
use super::scope::Caches;

/// What an isolate may spend on queries.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// Bytes all queries of the isolate may hold in operators together.
    pub memory_bytes: usize,
    /// Bytes of decoded Parquet footers that are kept.
    pub footer_cache_bytes: usize,
    /// Rows that move through a plan at a time.
    pub batch_rows: usize,
}

impl Default for EngineConfig {
    fn default() -> Self {
        // An isolate has 128 MB for everything: module, JS heap, fetched chunks, decoded batches and this. A hash table is accounted
        // for after it has doubled, with the old one still there: with 48 MB a join over 10 M events grew the heap to 133 MB
        // before it was refused, with this to 74 MB.
        Self {
            memory_bytes: 32_000_000,
            footer_cache_bytes: 8_000_000,
            batch_rows: 8_192,
        }
    }
}

/// The engine of an isolate.
pub struct Engine {
    template: SessionState,
    pool: Arc<dyn MemoryPool>,
    caches: Arc<Caches>,
    config: EngineConfig,
}

impl Engine {
    /// An engine. Costs some milliseconds: make one per isolate, when the first query comes.
    pub fn new(config: EngineConfig) -> Self {
        let mut settings = SessionConfig::new()
            .with_target_partitions(1)
            .with_batch_size(config.batch_rows)
            .with_information_schema(false)
            .with_create_default_catalog_and_schema(false);
        let options = settings.options_mut();
        options.sql_parser.dialect = ParserDialect::Generic;
        options.execution.parquet.enable_page_index = false;
        // Decided for each scan: see `LakeTable::scan_files`.
        options.execution.parquet.pushdown_filters = false;
        options.execution.parquet.bloom_filter_on_read = true;
        options.execution.collect_statistics = false;
        let mut builder = SessionStateBuilder::new()
            .with_config(settings)
            .with_default_features()
            .with_physical_optimizer_rule(Arc::new(CooperativeJoins));
        builder
            .scalar_functions()
            .get_or_insert_default()
            .extend(functions::scalar());
        builder
            .aggregate_functions()
            .get_or_insert_default()
            .extend(functions::aggregate());
        Self {
            template: builder.build(),
            pool: Arc::new(GreedyMemoryPool::new(config.memory_bytes)),
            caches: Arc::new(Caches::new(config.footer_cache_bytes)),
            config,
        }
    }

    /// Bytes all queries may hold together.
    pub fn memory_bytes(&self) -> usize {
        self.config.memory_bytes
    }

    pub(super) fn caches(&self) -> &Arc<Caches> {
        &self.caches
    }

    /// A session that knows these tables and reads from this store, and nothing else.
    pub(super) fn session(
        &self,
        store: &Arc<dyn ObjectStore>,
        tables: Vec<(&'static str, Arc<dyn TableProvider>)>,
    ) -> Result<SessionContext, DataFusionError> {
        let runtime = self.runtime(store)?;
        let schema = MemorySchemaProvider::new();
        for (name, table) in tables {
            schema.register_table(name.to_owned(), table)?;
        }
        let defaults = &self.template.config_options().catalog;
        let catalog = MemoryCatalogProvider::new();
        catalog.register_schema(&defaults.default_schema, Arc::new(schema))?;
        let catalogs = MemoryCatalogProviderList::new();
        catalogs.register_catalog(defaults.default_catalog.clone(), Arc::new(catalog));
        let state = SessionStateBuilder::new_from_existing(self.template.clone())
            .with_runtime_env(Arc::new(runtime))
            .with_catalog_list(Arc::new(catalogs))
            .build();
        Ok(SessionContext::new_with_state(state))
    }

    fn runtime(&self, store: &Arc<dyn ObjectStore>) -> Result<RuntimeEnv, DataFusionError> {
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::clone(&self.pool))
            .with_disk_manager_builder(
                DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled),
            )
            .build()?;
        let url = ObjectStoreUrl::parse(STORE_URL)?;
        runtime.register_object_store(url.as_ref(), Arc::clone(store));
        Ok(runtime)
    }
}

/// Whether a plan only explains another.
pub(super) fn is_explain(plan: &LogicalPlan) -> bool {
    matches!(plan, LogicalPlan::Explain(_) | LogicalPlan::Analyze(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::DATAFUSION_FUNCTIONS;

    #[test]
    fn every_function_the_guard_lets_pass_is_one_the_engine_has() {
        let engine = Engine::new(EngineConfig::default());
        let state = &engine.template;
        // `unnest` is part of the planner.
        let is_known = |name: &str| {
            name == "unnest"
                || state.scalar_functions().contains_key(name)
                || state.aggregate_functions().contains_key(name)
                || state.window_functions().contains_key(name)
        };
        let unknown: Vec<&str> = DATAFUSION_FUNCTIONS
            .iter()
            .copied()
            .filter(|name| !is_known(name))
            .collect();
        assert_eq!(unknown, [""; 0]);
    }
}
