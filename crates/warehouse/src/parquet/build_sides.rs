//! Which side of a join is held: the one that is likely to have fewer rows.
//!
//! DataFusion chooses by statistics, and with none keeps the sides as they were written. Here it never has any of what matters: a filter
//! and a grouping are taken to pass everything. Guesses as rough as these are right where it counts, since analytics joins events with
//! something made of far fewer of them.

use std::any::Any;
use std::sync::Arc;

use datafusion::common::JoinType;
use datafusion::common::tree_node::Transformed;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode};

use super::admission::rows_of;
use super::each_operator::{EachOperator, Replaced};

/// The share of rows that pass a filter.
const PASSING: f64 = 0.2;

/// Groups of a grouping, for each of its rows.
const GROUPS: f64 = 0.2;

/// Puts the smaller side of every hash join on the left, where it is held.
pub(super) const BUILD_SIDES: EachOperator = EachOperator {
    name: "BuildSides",
    replace: with_smaller_side_held,
};

fn with_smaller_side_held(node: Arc<dyn ExecutionPlan>) -> Replaced {
    let any: &dyn Any = node.as_ref();
    let Some(join) = any
        .downcast_ref::<HashJoinExec>()
        .filter(|join| !join.null_aware && join.join_type().supports_swap())
    else {
        return Ok(Transformed::no(node));
    };
    let (left, right) = (
        likely_rows(join.left().as_ref()),
        likely_rows(join.right().as_ref()),
    );
    // Of what `IN` looks up only keys are held.
    let is_lookup = matches!(join.join_type(), JoinType::LeftSemi | JoinType::LeftAnti);
    if right < left || (right == left && is_lookup) {
        return Ok(Transformed::yes(
            join.swap_inputs(PartitionMode::CollectLeft)?,
        ));
    }
    Ok(Transformed::no(node))
}

/// How many rows a plan is likely to give.
fn likely_rows(plan: &dyn ExecutionPlan) -> f64 {
    let node: &dyn Any = plan;
    let below: Vec<f64> = plan
        .children()
        .into_iter()
        .map(|child| likely_rows(child.as_ref()))
        .collect();
    let most = below.iter().copied().fold(0.0, f64::max);
    let rows = if below.is_empty() {
        stored_rows(plan)
    } else if node.is::<FilterExec>() {
        most * PASSING
    } else if let Some(aggregate) = node.downcast_ref::<AggregateExec>() {
        if aggregate.group_expr().is_empty() {
            1.0
        } else {
            most * GROUPS
        }
    } else if node.is::<HashJoinExec>() {
        most
    } else {
        below.iter().sum()
    };
    plan.fetch().map_or(rows, |fetch| rows.min(fetch as f64))
}

/// The rows of what reads; as many as can be where it does not say.
fn stored_rows(plan: &dyn ExecutionPlan) -> f64 {
    let rows = rows_of(plan).get_value().copied();
    rows.map_or(f64::INFINITY, |rows| rows as f64)
}
