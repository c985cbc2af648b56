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
use datafusion::execution::memory_pool::MemoryPool;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::execution::{FunctionRegistry, SessionStateDefaults};
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::single_distinct_to_groupby::SingleDistinctToGroupBy;
use datafusion::optimizer::{Optimizer, OptimizerRule};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::ensure_requirements::EnsureRequirements;
use datafusion::physical_optimizer::filter_pushdown::FilterPushdown;
use datafusion::physical_optimizer::join_selection::JoinSelection;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_optimizer::pushdown_sort::PushdownSort;
use datafusion::prelude::{SessionConfig, SessionContext};
use object_store::ObjectStore;

use super::build_sides::BUILD_SIDES;
use super::chunks::Chunks;
use super::cooperative_joins::COOPERATIVE_JOINS;
use super::first_rows_first::FirstRowsFirst;
use super::functions::{self, FingerprintKey, Ledger};
use super::grouping::group_by_numbers;
use super::identities_in_joins::identities_in_joins;
use super::in_step::GROUPED_UNIONS;
use super::lake_table::STORE_URL;
use super::own_buffers::OWN_BUFFERS_OF_SORTS;
use super::pool::Pool;
use super::scope::Caches;

/// What an isolate may spend on queries.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// Bytes all queries of the isolate may hold in operators together.
    pub memory_bytes: usize,
    /// Bytes of them that a query's exact distinct counts may hold; past that they are samples.
    pub distinct_bytes: usize,
    /// Bytes of decoded Parquet footers that are kept.
    pub footer_cache_bytes: usize,
    /// Bytes of compressed column chunks that are kept, in memory that queries leave.
    pub chunk_cache_bytes: usize,
    /// Bytes of answers that are kept.
    pub answer_cache_bytes: usize,
    /// Rows that move through a plan at a time.
    pub batch_rows: usize,
    /// Random bytes, so that nobody can make up texts that are counted as one.
    pub fingerprint_key: [u8; 16],
}

impl Default for EngineConfig {
    fn default() -> Self {
        // An isolate has 128 MB for everything: module, JS heap, what is fetched and decoded, and this.
        Self {
            memory_bytes: 52_000_000,
            distinct_bytes: 24_000_000,
            footer_cache_bytes: 8_000_000,
            chunk_cache_bytes: 16_000_000,
            answer_cache_bytes: 4_000_000,
            batch_rows: 8_192,
            fingerprint_key: [0; 16],
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
        let chunks = Arc::new(Chunks::new(config.chunk_cache_bytes));
        let pool: Arc<dyn MemoryPool> =
            Arc::new(Pool::new(config.memory_bytes, Arc::clone(&chunks)));
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
        // Not its default features: what else is among them, other file formats, their writers and table functions, no statement
        // reaches, and the module is smaller without.
        let mut builder = SessionStateBuilder::new()
            .with_config(settings)
            .with_expr_planners(SessionStateDefaults::default_expr_planners())
            .with_scalar_functions(SessionStateDefaults::default_scalar_functions())
            .with_aggregate_functions(SessionStateDefaults::default_aggregate_functions())
            .with_window_functions(SessionStateDefaults::default_window_functions())
            .with_optimizer_rules(optimizer_rules())
            .with_physical_optimizer_rules(physical_rules(config.fingerprint_key));
        builder
            .scalar_functions()
            .get_or_insert_default()
            .extend(functions::scalar(config.fingerprint_key));
        builder
            .aggregate_functions()
            .get_or_insert_default()
            .extend(functions::aggregate(&pool));
        Self {
            template: builder.build(),
            pool,
            caches: Arc::new(Caches::new(&config, chunks)),
            config,
        }
    }

    /// Bytes all queries may hold together.
    pub fn memory_bytes(&self) -> usize {
        self.config.memory_bytes
    }

    /// What every session begins with.
    pub(super) fn template(&self) -> &SessionState {
        &self.template
    }

    /// A ledger for a query's distinct counts.
    pub(super) fn ledger(&self) -> Arc<Ledger> {
        Ledger::new(self.config.distinct_bytes, &self.pool)
    }

    pub(super) fn caches(&self) -> &Arc<Caches> {
        &self.caches
    }

    /// A session that knows these tables and reads from this store, and nothing else. A plan that `learns` leaves out rows by what it
    /// has seen of others, and cannot be run again.
    pub(super) fn session(
        &self,
        store: &Arc<dyn ObjectStore>,
        tables: Vec<(&'static str, Arc<dyn TableProvider>)>,
        ledger: &Arc<Ledger>,
        learns: bool,
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
        let mut state = SessionStateBuilder::new_from_existing(self.template.clone())
            .with_runtime_env(Arc::new(runtime))
            .with_catalog_list(Arc::new(catalogs))
            .build();
        let optimizer = &mut state.config_mut().options_mut().optimizer;
        optimizer.enable_join_dynamic_filter_pushdown &= learns;
        optimizer.enable_aggregate_dynamic_filter_pushdown &= learns;
        let count = functions::count(self.config.fingerprint_key, Arc::clone(ledger));
        state.register_udaf(count)?;
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

/// DataFusion's, but for the one that turns a single `count(DISTINCT …)` into a grouping by what is counted: groups keep texts, and
/// this engine's [`count`](functions) does not.
fn optimizer_rules() -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    let mut rules = Optimizer::new().rules;
    rules.retain(|rule| rule.name() != SingleDistinctToGroupBy::new().name());
    rules
}

/// DataFusion's, [`BUILD_SIDES`] after its own choice of sides, [`GROUPED_UNIONS`] before it makes partitions one, [`FirstRowsFirst`] after it
/// handed sorts down, [`identities_in_joins`] before joins make filters of what they hold, and what puts other operators in the place of
/// DataFusion's, or between them, last.
fn physical_rules(key: FingerprintKey) -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let mut rules = PhysicalOptimizer::new().rules;
    let sides_chosen = rules
        .iter()
        .position(|rule| rule.name() == JoinSelection::new().name())
        .map_or(0, |place| place + 1);
    rules.insert(sides_chosen, Arc::new(BUILD_SIDES));
    let requirements_met = rules
        .iter()
        .position(|rule| rule.name() == EnsureRequirements::new().name())
        .unwrap_or(0);
    rules.insert(requirements_met, Arc::new(GROUPED_UNIONS));
    let sorts_handed_down = rules
        .iter()
        .position(|rule| rule.name() == PushdownSort::new().name())
        .map_or(rules.len(), |place| place + 1);
    rules.insert(sorts_handed_down, Arc::new(FirstRowsFirst));
    let filters_handed_down = rules
        .iter()
        .rposition(|rule| rule.name() == FilterPushdown::new_post_optimization().name())
        .unwrap_or(rules.len());
    rules.insert(filters_handed_down, Arc::new(identities_in_joins(key)));
    rules.push(Arc::new(group_by_numbers(key)));
    rules.push(Arc::new(OWN_BUFFERS_OF_SORTS));
    rules.push(Arc::new(COOPERATIVE_JOINS));
    rules
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
