//! Makes joins give way: a join can put out rows for a long time without asking its inputs for more.
//!
//! The engine's operators return to the caller when their source does, and only sources count what they gave. A join of a few
//! thousand rows can make billions, so that without this no clock would be looked at and no cancelled request noticed.

use std::any::Any;
use std::sync::Arc;

use datafusion::common::tree_node::Transformed;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::joins::{
    CrossJoinExec, HashJoinExec, NestedLoopJoinExec, SortMergeJoinExec,
};

use super::each_operator::{EachOperator, Replaced};

/// Puts a [`CooperativeExec`] above every join.
pub(super) const COOPERATIVE_JOINS: EachOperator = EachOperator {
    name: "CooperativeJoins",
    replace: giving_way,
};

fn giving_way(node: Arc<dyn ExecutionPlan>) -> Replaced {
    Ok(if is_join(node.as_ref()) {
        Transformed::yes(Arc::new(CooperativeExec::new(node)))
    } else {
        Transformed::no(node)
    })
}

fn is_join(plan: &dyn ExecutionPlan) -> bool {
    let node: &dyn Any = plan;
    node.is::<HashJoinExec>()
        || node.is::<NestedLoopJoinExec>()
        || node.is::<CrossJoinExec>()
        || node.is::<SortMergeJoinExec>()
}
