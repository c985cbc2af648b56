//! Rows that are held to be sorted, in buffers of their own.
//!
//! A sort asks for the memory of all that its batches point into. A grouping tells its groups as slices of one batch, and texts come as
//! views of the pages they were read from: each slice would be asked for as if it were all, so that half a million groups took a
//! hundred times what they take.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, MutableArrayData, make_array};
use arrow::datatypes::DataType;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::common::{Result, internal_err};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::execution_plan::replace_children_if_necessary;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, SendableRecordBatchStream,
};
use futures::TryStreamExt;

use super::each_operator::{EachOperator, Replaced};

/// Buffers may be so many times as large as what is used of them.
const SPARE: usize = 2;

/// Puts an [`OwnBuffers`] below every sort that holds all its rows.
pub(super) const OWN_BUFFERS_OF_SORTS: EachOperator = EachOperator {
    name: "OwnBuffersOfSorts",
    replace: over_own_buffers,
};

fn over_own_buffers(node: Arc<dyn ExecutionPlan>) -> Replaced {
    let any: &dyn Any = node.as_ref();
    match any.downcast_ref::<SortExec>() {
        Some(sort) if sort.fetch().is_none() => {
            let input = Arc::clone(sort.input());
            let own = Arc::new(OwnBuffers { input });
            replace_children_if_necessary(node, vec![own]).map(Transformed::yes)
        }
        _ => Ok(Transformed::no(node)),
    }
}

/// Gives its input on, each batch in buffers of its own where those it has are much larger.
#[derive(Debug)]
pub(super) struct OwnBuffers {
    input: Arc<dyn ExecutionPlan>,
}

impl DisplayAs for OwnBuffers {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl ExecutionPlan for OwnBuffers {
    fn name(&self) -> &'static str {
        "OwnBuffers"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
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
        let (Some(input), true) = (children.pop(), children.is_empty()) else {
            return internal_err!("one input has buffers of its own");
        };
        Ok(Arc::new(Self { input }))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let batches = self.input.execute(partition, context)?;
        let own = batches.and_then(|batch| async move { in_own_buffers(&batch) });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), own)))
    }
}

fn in_own_buffers(batch: &RecordBatch) -> Result<RecordBatch> {
    let columns = batch.columns().iter().map(own).collect::<Result<_>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(
        batch.schema(),
        columns,
        &options,
    )?)
}

fn own(column: &ArrayRef) -> Result<ArrayRef> {
    if let DataType::Utf8View = column.data_type() {
        let views = column.as_string_view();
        let used = views.len() * size_of::<u128>() + views.total_buffer_bytes_used();
        return Ok(if column.get_buffer_memory_size() > used * SPARE {
            Arc::new(views.gc())
        } else {
            Arc::clone(column)
        });
    }
    let data = column.to_data();
    let is_small = data
        .get_slice_memory_size()
        .is_ok_and(|used| column.get_buffer_memory_size() <= used * SPARE);
    if is_small {
        return Ok(Arc::clone(column));
    }
    let mut copy = MutableArrayData::new(vec![&data], false, data.len());
    copy.try_extend(0, 0, data.len())?;
    Ok(make_array(copy.freeze()))
}

#[cfg(test)]
mod tests {
    use arrow::array::UInt32Array;
    use arrow::array::{Int64Array, StringViewArray};
    use arrow::compute::take;

    use super::*;

    #[test]
    fn a_slice_takes_no_more_than_its_rows_and_says_the_same() {
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter(
            (0..10_000).map(|n| (n % 7 > 0).then_some(n)),
        ));
        let long = |n| format!("a text that does not fit into a view, number {n}");
        let texts: ArrayRef = Arc::new(StringViewArray::from_iter_values((0..10_000).map(long)));
        for column in [numbers, texts] {
            let slice = column.slice(4_000, 100);
            let copy = own(&slice);
            assert!(copy.is_ok_and(|copy| {
                let (small, large) = (&copy, &column);
                small == &slice
                    && small.get_buffer_memory_size() < large.get_buffer_memory_size() / 50
            }));
            // What is whole stays where it is.
            assert!(own(&column).is_ok_and(|whole| whole.to_data().ptr_eq(&column.to_data())));
        }
    }

    #[test]
    fn texts_of_few_values_are_not_made_more() {
        let few: ArrayRef = Arc::new(StringViewArray::from_iter_values([
            "a text that does not fit into a view",
            "another text that does not fit into one",
        ]));
        let rows = UInt32Array::from_iter_values((0..8_192).map(|row| row % 2));
        let many = take(&few, &rows, None);
        assert!(many.is_ok_and(|many| {
            own(&many).is_ok_and(|kept| kept.to_data().ptr_eq(&many.to_data()))
        }));
    }
}
