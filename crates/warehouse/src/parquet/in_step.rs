//! The rows of a union as one partition, in about the order of time where that matters.
//!
//! A union gives a partition for each input, which DataFusion groups by itself and then together: twice the work and the memory where
//! there is one core. Below a grouping, inputs are therefore read one after the other as one.
//!
//! Where a grouping counts on rows of one group to come close to each other ([`grouping`](super::grouping)), as the views of a session and
//! the session itself, inputs are read side by side.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Int64Type, SchemaRef};
use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::common::{Result, internal_err};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::execution_plan::replace_children_if_necessary;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::metrics::{
    BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet, RecordOutput,
};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::union::UnionExec;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties,
    SendableRecordBatchStream,
};
use futures::{StreamExt, stream};

use super::each_operator::{EachOperator, Replaced, one_partition};
use super::functions::is_over_moments;

/// Puts an [`InStep`] in the place of every union that is grouped. Where its rows become moments, they are read side by side.
pub(super) const GROUPED_UNIONS: EachOperator = EachOperator {
    name: "GroupedUnions",
    replace: over_one_partition,
};

fn over_one_partition(node: Arc<dyn ExecutionPlan>) -> Replaced {
    let any: &dyn Any = node.as_ref();
    let Some(aggregate) = any.downcast_ref::<AggregateExec>() else {
        return Ok(Transformed::no(node));
    };
    let instant = aggregate.aggr_expr().iter().find_map(|function| {
        let is_over_moments = is_over_moments(function.fun().name());
        is_over_moments.then(|| function.expressions().into_iter().next())?
    });
    match in_step(aggregate.input(), instant)? {
        Some(input) => replace_children_if_necessary(node, vec![input]).map(Transformed::yes),
        None => Ok(Transformed::no(node)),
    }
}

/// `plan` with its union read as one partition, in step by `instant` where that is a column of its inputs; none if it is no union's.
fn in_step(
    plan: &Arc<dyn ExecutionPlan>,
    instant: Option<Arc<dyn PhysicalExpr>>,
) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let any: &dyn Any = plan.as_ref();
    let place = instant.and_then(|instant| {
        let any: &dyn Any = instant.as_ref();
        any.downcast_ref::<Column>().map(Column::index)
    });
    if let Some(union) = any.downcast_ref::<UnionExec>() {
        let inputs = union.inputs();
        let is_one =
            |input: &Arc<dyn ExecutionPlan>| input.output_partitioning().partition_count() == 1;
        return Ok(inputs
            .iter()
            .all(is_one)
            .then(|| Arc::new(InStep::new(inputs.clone(), place, &union.schema())) as _));
    }
    let below = if let Some(projection) = any.downcast_ref::<ProjectionExec>() {
        let of = place.and_then(|place| projection.expr().get(place));
        in_step(projection.input(), of.map(|expr| Arc::clone(&expr.expr)))?
    } else if let Some(filter) = any.downcast_ref::<FilterExec>() {
        // Which of its columns is which, only a projection says.
        in_step(filter.input(), None)?
    } else {
        None
    };
    below
        .map(|below| replace_children_if_necessary(Arc::clone(plan), vec![below]))
        .transpose()
}

/// Gives the rows of all its inputs as one partition: one after the other, or always of that which has come the least far.
#[derive(Debug)]
pub(super) struct InStep {
    inputs: Vec<Arc<dyn ExecutionPlan>>,
    /// The column that says how far an input has come.
    place: Option<usize>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl InStep {
    fn new(inputs: Vec<Arc<dyn ExecutionPlan>>, place: Option<usize>, schema: &SchemaRef) -> Self {
        Self {
            inputs,
            place,
            properties: one_partition(Arc::clone(schema)),
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }
}

impl DisplayAs for InStep {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self.place {
            Some(place) => write!(f, ": by {}", self.schema().field(place).name()),
            None => Ok(()),
        }
    }
}

impl ExecutionPlan for InStep {
    fn name(&self) -> &'static str {
        "InStep"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.inputs.iter().collect()
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        inputs: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if inputs.len() != self.inputs.len() {
            return internal_err!("as many inputs stay in step");
        }
        Ok(Arc::new(Self::new(inputs, self.place, &self.schema())))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let walkers = self.inputs.iter().map(|input| {
            let rows = input.execute(partition, Arc::clone(&context))?;
            Ok(Walker {
                rows,
                reached: i64::MIN,
            })
        });
        let walkers = walkers.collect::<Result<Vec<_>>>()?;
        let (place, schema) = (self.place, self.schema());
        let given = BaselineMetrics::new(&self.metrics, partition);
        let rows = stream::try_unfold(walkers, move |mut walkers| {
            let (given, schema) = (given.clone(), Arc::clone(&schema));
            async move {
                loop {
                    let next = walkers
                        .iter_mut()
                        .enumerate()
                        .min_by_key(|(_, walker)| walker.reached);
                    let Some((last, walker)) = next else {
                        return Ok(None);
                    };
                    let Some(batch) = walker.rows.next().await.transpose()? else {
                        walkers.remove(last);
                        continue;
                    };
                    if let Some(place) = place {
                        walker.has_given(&batch, place);
                    }
                    // Inputs may name their columns otherwise.
                    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
                    let (_, columns, _) = batch.into_parts();
                    let batch = RecordBatch::try_new_with_options(schema, columns, &options)?;
                    return Ok(Some((batch.record_output(&given), walkers)));
                }
            }
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }
}

/// An input, and how far it has come.
struct Walker {
    rows: SendableRecordBatchStream,
    reached: i64,
}

impl Walker {
    fn has_given(&mut self, batch: &RecordBatch, place: usize) {
        let instants = batch.column(place).as_primitive_opt::<Int64Type>();
        let last = instants
            .filter(|instants| !instants.is_empty() && instants.is_valid(instants.len() - 1))
            .map(|instants| instants.value(instants.len() - 1));
        self.reached = last.unwrap_or(self.reached);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use arrow::array::{ArrayRef, Int64Array};
    use datafusion::datasource::memory::MemorySourceConfig;
    use futures::TryStreamExt;
    use futures::executor::block_on;

    use super::*;

    /// An input of one column with these batches.
    fn input(name: &str, batches: &[&[Option<i64>]]) -> Arc<dyn ExecutionPlan> {
        let batch = |rows: &&[Option<i64>]| {
            let column: ArrayRef = Arc::new(Int64Array::from(rows.to_vec()));
            RecordBatch::try_from_iter_with_nullable([(name, column, true)]).unwrap()
        };
        let batches: Vec<RecordBatch> = batches.iter().map(batch).collect();
        let schema = batches[0].schema();
        MemorySourceConfig::try_new_exec(&[batches], schema, None).unwrap()
    }

    fn first_of_each_batch(place: Option<usize>) -> Vec<Option<i64>> {
        let inputs = vec![
            input("at", &[&[Some(1), Some(9)], &[Some(10)], &[Some(30)]]),
            input(
                "started",
                &[
                    &[Some(2), Some(3)],
                    &[Some(4), None],
                    &[Some(20)],
                    &[Some(25)],
                ],
            ),
        ];
        let schema = inputs[0].schema();
        let in_step = InStep::new(inputs, place, &schema);
        let rows = in_step.execute(0, Arc::default()).unwrap();
        let batches: Vec<RecordBatch> = block_on(rows.try_collect()).unwrap();
        let first = |batch: &RecordBatch| {
            assert_eq!(batch.schema(), schema);
            let column = batch.column(0).as_primitive::<Int64Type>();
            column.iter().next().unwrap()
        };
        batches.iter().map(first).collect()
    }

    #[test]
    fn inputs_come_one_after_the_other_or_in_step() {
        let rows = |rows: &[i64]| rows.iter().copied().map(Some).collect::<Vec<_>>();
        assert_eq!(first_of_each_batch(None), rows(&[1, 10, 30, 2, 4, 20, 25]));
        // What ends without an instant is taken to be where it was.
        assert_eq!(
            first_of_each_batch(Some(0)),
            rows(&[1, 2, 4, 20, 10, 30, 25])
        );
    }
}
