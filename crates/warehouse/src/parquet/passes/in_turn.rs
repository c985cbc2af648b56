//! The parts of an operator, one after the other: the next begins when the one before has ended and holds nothing any more.

use std::fmt;
use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, SendableRecordBatchStream,
};
use futures::{StreamExt, stream};

use super::super::each_operator::one_partition;
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
        let properties = one_partition(split.plan.schema());
        Self {
            split,
            parts,
            most,
            properties,
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

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (Some(plan), true) = (children.pop(), children.is_empty()) else {
            return internal_err!("what runs in turn is one operator");
        };
        let keys = self.split.keys.clone();
        let split = Split { plan, keys };
        Ok(Arc::new(Self::new(split, self.parts, self.most)))
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use arrow::array::{Array, AsArray, Int64Array, RecordBatch};
    use arrow::compute::concat_batches;
    use arrow::datatypes::Int64Type;
    use datafusion::common::resources_datafusion_err;
    use datafusion::datasource::memory::MemorySourceConfig;
    use datafusion::physical_expr::expressions::Column;
    use futures::TryStreamExt;
    use futures::executor::block_on;

    use super::*;

    /// Holds all rows, if they are no more than `most`; notes how many it was given.
    #[derive(Debug)]
    struct Holder {
        input: Arc<dyn ExecutionPlan>,
        most: usize,
        given: Arc<std::sync::Mutex<Vec<usize>>>,
    }

    impl DisplayAs for Holder {
        fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Holder")
        }
    }

    impl ExecutionPlan for Holder {
        fn name(&self) -> &'static str {
            "Holder"
        }

        fn properties(&self) -> &Arc<PlanProperties> {
            self.input.properties()
        }

        fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
            vec![&self.input]
        }

        fn apply_expressions(
            &self,
            _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
        ) -> Result<TreeNodeRecursion> {
            Ok(TreeNodeRecursion::Continue)
        }

        fn with_new_children(
            self: Arc<Self>,
            mut children: Vec<Arc<dyn ExecutionPlan>>,
        ) -> Result<Arc<dyn ExecutionPlan>> {
            Ok(Arc::new(Self {
                input: children.pop().unwrap(),
                most: self.most,
                given: Arc::clone(&self.given),
            }))
        }

        fn execute(
            &self,
            partition: usize,
            context: Arc<TaskContext>,
        ) -> Result<SendableRecordBatchStream> {
            let (schema, most, given) = (self.schema(), self.most, Arc::clone(&self.given));
            let input = self.input.execute(partition, context)?;
            let all = stream::once(async move {
                let batches: Vec<RecordBatch> = input.try_collect().await?;
                let all = concat_batches(&schema, &batches)?;
                given.lock().unwrap().push(all.num_rows());
                if all.num_rows() > most {
                    return Err(resources_datafusion_err!("{} rows", all.num_rows()));
                }
                Ok(all)
            });
            Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), all)))
        }
    }

    /// What comes of `numbers`, two parts at first, where `most` can be held; and how many were held each time.
    fn run(numbers: impl Iterator<Item = i64>, most: usize) -> (Result<Vec<i64>>, Vec<usize>) {
        let numbers: Arc<dyn Array> = Arc::new(Int64Array::from_iter_values(numbers));
        let batch = RecordBatch::try_from_iter([("n", numbers)]).unwrap();
        let input = MemorySourceConfig::try_new_exec(&[vec![batch.clone()]], batch.schema(), None);
        let given = Arc::default();
        let plan = Arc::new(Holder {
            input: input.unwrap(),
            most,
            given: Arc::clone(&given),
        });
        let key = vec![Arc::new(Column::new("n", 0)) as _];
        let keys = vec![Some(key)];
        let in_turn = InTurn::new(Split { plan, keys }, 2, 16);
        let rows = in_turn.execute(0, Arc::default()).unwrap();
        let batches: Result<Vec<RecordBatch>> = block_on(rows.try_collect());
        let numbers = batches.map(|batches| {
            let columns = batches.iter().map(|batch| batch.column(0));
            let values = columns.flat_map(|column| column.as_primitive::<Int64Type>().values());
            let mut values: Vec<i64> = values.copied().collect();
            values.sort_unstable();
            values
        });
        let given = given.lock().unwrap().clone();
        (numbers, given)
    }

    #[test]
    fn parts_become_more_until_each_fits() {
        let all: Vec<i64> = (0..1_000).collect();
        // 500 each are too many, and so are 333; 200 are not.
        let (numbers, given) = run(all.iter().copied(), 250);
        assert_eq!(numbers.unwrap(), all);
        assert_eq!(given.len(), 2 + 5);
        assert!(given[2..].iter().all(|rows| *rows <= 250));
    }

    #[test]
    fn a_later_part_that_is_too_large_becomes_two() {
        // One number many times: a part that has it is larger than the others, and by itself it cannot be split.
        let first = |n: &i64| run([*n].into_iter(), 1).1 == [1, 0];
        let of_second = (0..).find(|n| !first(n)).unwrap();
        let mut all: Vec<i64> = (0..100)
            .chain(std::iter::repeat_n(of_second, 100))
            .collect();
        all.sort_unstable();
        let (numbers, given) = run(all.iter().copied(), 130);
        assert_eq!(numbers.unwrap(), all);
        assert_eq!(given.len(), 2 + 2, "{given:?}");
        let (numbers, given) = run(all.iter().copied(), 99);
        assert!(is_out_of_memory(&numbers.unwrap_err()), "{given:?}");
    }
}
