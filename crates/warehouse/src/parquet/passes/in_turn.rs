//! The parts of an operator, one after the other: the next begins when the one before has ended and holds nothing any more.

use std::fmt;
use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, ReplaceChildrenOptions,
    SendableRecordBatchStream,
};
use futures::{StreamExt, stream};

use super::is_out_of_memory;
use super::part::Part;
use super::split::Split;

/// Gives the rows of an operator part by part. If the first part runs out of memory before it has given any row, there are half as many
/// parts more. A later one is done again as two, and so are those after it, which are about as large.
#[derive(Debug)]
pub(super) struct InTurn {
    split: Split,
    parts: u64,
    /// Parts there may be at most, if none but the smallest fit.
    most: u64,
    properties: Arc<PlanProperties>,
}

impl InTurn {
    /// At first so many parts, all of one partition.
    pub(super) fn new(split: Split, parts: u64, most: u64) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(split.plan.schema()),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self {
            split,
            parts,
            most,
            properties: Arc::new(properties),
        }
    }
}

impl DisplayAs for InTurn {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InTurn: {} parts", self.parts)
    }
}

impl ExecutionPlan for InTurn {
    fn name(&self) -> &'static str {
        "InTurn"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    /// The operator as a whole: what reads for its parts counts what it reads there.
    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.split.plan]
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (Some(plan), true) = (children.pop(), children.is_empty()) else {
            return internal_err!("what runs in turn is one operator");
        };
        let keys = self.split.keys.clone();
        Ok(Arc::new(Self::new(
            Split { plan, keys },
            self.parts,
            self.most,
        )))
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let options = ReplaceChildrenOptions::new(
            datafusion::physical_plan::ChildrenPropertiesMode::Recompute,
        );
        self.replace_children(children, options)
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let (split, most) = (self.split.clone(), self.most);
        let begin = move |part| split.part(part)?.execute(partition, Arc::clone(&context));
        let progress = Progress {
            left: Part::all(self.parts),
            under_way: None,
        };
        let rows = stream::try_unfold(progress, move |mut progress| {
            let begin = begin.clone();
            async move {
                loop {
                    let Some((part, rows, has_given)) = &mut progress.under_way else {
                        let Some(part) = progress.left.pop() else {
                            return Ok(None);
                        };
                        progress.under_way = Some((part, begin(part)?, false));
                        continue;
                    };
                    match rows.next().await {
                        Some(Ok(batch)) => {
                            *has_given = true;
                            return Ok(Some((batch, progress)));
                        }
                        Some(Err(error))
                            if is_out_of_memory(&error) && !*has_given && part.of < most =>
                        {
                            let Part { number, of } = *part;
                            progress.left.push(*part);
                            progress.left = if number == 0 {
                                Part::all((of + of.div_ceil(2)).min(most))
                            } else {
                                let left = progress.left.iter();
                                left.flat_map(|left| left.halves()).collect()
                            };
                            progress.under_way = None;
                        }
                        Some(Err(error)) => return Err(error),
                        None => progress.under_way = None,
                    }
                }
            }
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }
}

struct Progress {
    /// The last is taken first, and the one that is numbered 0 before all others.
    left: Vec<Part>,
    /// A part, what is still to come of it, and whether anything came.
    under_way: Option<(Part, SendableRecordBatchStream, bool)>,
}
