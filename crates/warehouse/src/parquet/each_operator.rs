//! A rule that looks at each operator of a plan by itself, from those that read up.

use std::fmt;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;

/// What takes the place of an operator.
pub(super) type Replaced = Result<Transformed<Arc<dyn ExecutionPlan>>>;

/// Puts for each operator what `replace` says.
pub(super) struct EachOperator {
    pub(super) name: &'static str,
    pub(super) replace: fn(Arc<dyn ExecutionPlan>) -> Replaced,
}

impl fmt::Debug for EachOperator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PhysicalOptimizerRule for EachOperator {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(self.replace).data()
    }

    fn name(&self) -> &str {
        self.name
    }

    fn schema_check(&self) -> bool {
        true
    }
}
