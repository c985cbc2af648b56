//! A rule that looks at each operator of a plan by itself, from those that read up, and what operators of our own have in common.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_expr::{EquivalenceProperties, Partitioning};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::{ExecutionPlan, PlanProperties};

/// What takes the place of an operator.
pub(super) type Replaced = Result<Transformed<Arc<dyn ExecutionPlan>>>;

/// Puts for each operator what `replace` says.
pub(super) struct EachOperator<F = fn(Arc<dyn ExecutionPlan>) -> Replaced> {
    pub(super) name: &'static str,
    pub(super) replace: F,
}

impl<F> fmt::Debug for EachOperator<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl<F> PhysicalOptimizerRule for EachOperator<F>
where
    F: Fn(Arc<dyn ExecutionPlan>) -> Replaced + Send + Sync + 'static,
{
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(&self.replace).data()
    }

    fn name(&self) -> &str {
        self.name
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The properties of an operator of our own that gives rows of one partition as they come, in no order.
pub(super) fn one_partition(schema: SchemaRef) -> Arc<PlanProperties> {
    Arc::new(PlanProperties::new(
        EquivalenceProperties::new(schema),
        Partitioning::UnknownPartitioning(1),
        EmissionType::Incremental,
        Boundedness::Bounded,
    ))
}
