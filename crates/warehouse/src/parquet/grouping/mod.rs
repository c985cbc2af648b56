//! Groupings by a number, such as an [`identity`](super::functions): of sessions and people, of which there are millions.
//!
//! DataFusion's own table doubles when it is full, and it tells all groups at once when it has seen all rows. This one takes about half of
//! the memory, and groups are told some thousands at a time, each as it is asked for.
//!
//! Where there is no memory for more, the groups that have been silent for longest are told before all rows are seen: data lies in the
//! order of time, and a session is over long before its table is full. Their keys stay known. If one of them comes again, the grouping fails
//! as one that is too large does, and what is too large is answered in [`passes`](super::passes): so what is told is exact
//! wherever rows lie.

mod groups;
mod numbers;

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, internal_err};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::{OrderingRequirements, PhysicalExpr};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::execution_plan::replace_children_if_necessary;
use datafusion::physical_plan::metrics::{
    BaselineMetrics, Count, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet, RecordOutput,
};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, InputOrderMode, PlanProperties,
    SendableRecordBatchStream,
};
use futures::{StreamExt, stream};

use super::each_operator::EachOperator;
use super::functions::FingerprintKey;
use groups::Groups;

/// The metric that is 1 once all rows are taken in.
const ALL_TAKEN: &str = "all_rows_taken";

/// The grouping a plan makes: DataFusion's own, or what is in its place.
pub(super) fn grouping(plan: &dyn ExecutionPlan) -> Option<&AggregateExec> {
    let any: &dyn Any = plan;
    any.downcast_ref::<NumberGrouping>()
        .map(|grouping| &grouping.aggregate)
        .or_else(|| any.downcast_ref::<AggregateExec>())
}

/// Whether a grouping has taken in all rows; none if it does not say.
pub(super) fn has_taken_all(plan: &dyn ExecutionPlan) -> Option<bool> {
    let any: &dyn Any = plan;
    any.downcast_ref::<NumberGrouping>()?;
    let metrics = plan.metrics()?;
    Some(metrics.sum_by_name(ALL_TAKEN)?.as_usize() > 0)
}

/// The plan with every grouping holding all groups until it has seen all rows.
pub(super) fn holding_all(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|node| {
        let any: &dyn Any = node.as_ref();
        Ok(match any.downcast_ref::<NumberGrouping>() {
            Some(NumberGrouping {
                aggregate, secret, ..
            }) => {
                let holding = NumberGrouping::new(aggregate.clone(), *secret, false);
                Transformed::yes(Arc::new(holding))
            }
            None => Transformed::no(node),
        })
    })
    .data()
}

/// Puts a [`NumberGrouping`] in the place of every grouping by one number. Nobody outside knows the key.
pub(super) fn group_by_numbers(key: FingerprintKey) -> impl PhysicalOptimizerRule + Send + Sync {
    let mut half = [0; 8];
    half.copy_from_slice(&key[..8]);
    let secret = u64::from_le_bytes(half);
    EachOperator {
        name: "GroupByNumbers",
        replace: move |node: Arc<dyn ExecutionPlan>| {
            let any: &dyn Any = node.as_ref();
            Ok(match any.downcast_ref::<AggregateExec>() {
                Some(aggregate) if is_by_number(aggregate)? => {
                    let grouping = NumberGrouping::new(aggregate.clone(), secret, true);
                    Transformed::yes(Arc::new(grouping) as _)
                }
                _ => Transformed::no(node),
            })
        },
    }
}

/// Whether every row is of one group, and every group is told.
pub(super) fn is_plain_grouping(aggregate: &AggregateExec) -> bool {
    matches!(
        aggregate.mode(),
        AggregateMode::Single | AggregateMode::SinglePartitioned
    ) && aggregate.group_expr().is_single()
        && aggregate.limit_options().is_none()
}

/// Whether a grouping is a plain one, with no order to make use of.
pub(super) fn is_unordered_grouping(aggregate: &AggregateExec) -> bool {
    is_plain_grouping(aggregate)
        && aggregate.dynamic_expressions_produced().is_empty()
        && *aggregate.input_order_mode() == InputOrderMode::Linear
}

fn is_by_number(aggregate: &AggregateExec) -> Result<bool> {
    let [(key, _)] = aggregate.group_expr().expr() else {
        return Ok(false);
    };
    let mut functions = aggregate.aggr_expr().iter();
    Ok(is_unordered_grouping(aggregate)
        && key.data_type(&aggregate.input_schema())? == DataType::Int64
        && functions.all(|function| function.groups_accumulator_supported()))
}

/// A grouping by one number.
#[derive(Debug)]
struct NumberGrouping {
    aggregate: AggregateExec,
    secret: u64,
    /// Whether silent groups may be told before all rows are seen.
    tells_early: bool,
    metrics: ExecutionPlanMetricsSet,
}

impl NumberGrouping {
    fn new(aggregate: AggregateExec, secret: u64, tells_early: bool) -> Self {
        Self {
            aggregate,
            secret,
            tells_early,
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }
}

impl DisplayAs for NumberGrouping {
    fn fmt_as(&self, format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NumberGrouping of ")?;
        self.aggregate.fmt_as(format, f)
    }
}

impl ExecutionPlan for NumberGrouping {
    fn name(&self) -> &'static str {
        "NumberGrouping"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.aggregate.properties()
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        self.aggregate.required_input_ordering()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.aggregate.children()
    }

    fn apply_expressions(
        &self,
        visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.aggregate.apply_expressions(visit)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let aggregate: Arc<dyn ExecutionPlan> = Arc::new(self.aggregate.clone());
        let aggregate = replace_children_if_necessary(aggregate, children)?;
        let any: &dyn Any = aggregate.as_ref();
        let Some(aggregate) = any.downcast_ref::<AggregateExec>() else {
            return internal_err!("a grouping stays one");
        };
        let aggregate = aggregate.clone();
        Ok(Arc::new(Self::new(
            aggregate,
            self.secret,
            self.tells_early,
        )))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let groups = Groups::new(&self.aggregate, self.secret, context.memory_pool())?;
        let running = Running {
            groups,
            input: self
                .aggregate
                .input()
                .execute(partition, Arc::clone(&context))?,
            tells_early: self.tells_early,
            waiting: None,
            to_tell: 0,
            has_ended: false,
            all_taken: MetricBuilder::new(&self.metrics).counter(ALL_TAKEN, partition),
        };
        let given = BaselineMetrics::new(&self.metrics, partition);
        let rows = stream::try_unfold((running, given), |(mut running, given)| async move {
            let batch = running.next().await?;
            Ok(batch.map(|batch| (batch.record_output(&given), (running, given))))
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }
}

/// A grouping under way.
struct Running {
    groups: Groups,
    input: SendableRecordBatchStream,
    tells_early: bool,
    /// Rows there was no room for.
    waiting: Option<RecordBatch>,
    /// Chunks of groups to be told before more rows are taken in.
    to_tell: usize,
    has_ended: bool,
    all_taken: Count,
}

impl Running {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if self.to_tell > 0 {
                self.to_tell -= 1;
                return self.groups.tell_chunk().map(Some);
            }
            if self.has_ended {
                self.to_tell = self.groups.chunks();
                if self.to_tell == 0 {
                    return Ok(None);
                }
                continue;
            }
            let batch = match self.waiting.take() {
                Some(batch) => Some(batch),
                None => self.input.next().await.transpose()?,
            };
            let Some(batch) = batch else {
                self.has_ended = true;
                self.all_taken.add(1);
                continue;
            };
            if let Err(error) = self.groups.check_room() {
                let silent = self.groups.silent_chunks();
                if !self.tells_early || silent == 0 {
                    return Err(error);
                }
                self.to_tell = silent;
                self.waiting = Some(batch);
                continue;
            }
            self.groups.take(&batch)?;
        }
    }
}
