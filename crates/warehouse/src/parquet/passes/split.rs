//! One part of an operator.

use std::any::Any;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::execution_plan::{replace_children_if_necessary, reset_plan_states};
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::windows::WindowAggExec;

use super::super::grouping::grouping;
use super::keys;
use super::part::{InPart, Key, Part};

/// An operator that can be worked out in parts, by these keys of its children; a child without one stays whole.
#[derive(Debug, Clone)]
pub(super) struct Split {
    pub(super) plan: Arc<dyn ExecutionPlan>,
    pub(super) keys: Vec<Option<Key>>,
}

impl Split {
    /// The operator over one part.
    pub(super) fn part(&self, part: Part) -> Result<Arc<dyn ExecutionPlan>> {
        over_part(&self.plan, &self.keys, part, &mut |_| {})
    }

    /// Shows `see` the operators that then hold only a part of what they held.
    pub(super) fn relieves(&self, see: &mut dyn FnMut(&Arc<dyn ExecutionPlan>)) -> Result<()> {
        over_part(&self.plan, &self.keys, Part::WHOLE, see).map(|_| ())
    }
}

fn over_part(
    plan: &Arc<dyn ExecutionPlan>,
    keys: &[Option<Key>],
    part: Part,
    see: &mut dyn FnMut(&Arc<dyn ExecutionPlan>),
) -> Result<Arc<dyn ExecutionPlan>> {
    // Of a join the left side is held, of all others the only one.
    if keys.first().is_some_and(Option::is_some) {
        see(plan);
    }
    let mut children = Vec::new();
    for (child, key) in plan.children().into_iter().zip(keys) {
        children.push(match key {
            Some(key) => rows_of_part(child, key, part, see)?,
            None => reset_plan_states(Arc::clone(child))?,
        });
    }
    replace_children_if_necessary(Arc::clone(plan), children)?.reset_state()
}

/// The rows of a plan that belong to a part: the same as a filter above it gives, with the filter as far down as it goes.
fn rows_of_part(
    plan: &Arc<dyn ExecutionPlan>,
    key: &Key,
    part: Part,
    see: &mut dyn FnMut(&Arc<dyn ExecutionPlan>),
) -> Result<Arc<dyn ExecutionPlan>> {
    // What filters rows already is better done first, unless something below it holds many.
    let any: &dyn Any = plan.as_ref();
    let stays = any.is::<FilterExec>() && !holds_any(plan.as_ref());
    if !stays && let Some(keys) = keys::below(plan.as_ref(), key)? {
        return over_part(plan, &keys, part, see);
    }
    let condition = InPart {
        key: key.clone(),
        part,
    };
    let whole = reset_plan_states(Arc::clone(plan))?;
    Ok(Arc::new(FilterExec::try_new(Arc::new(condition), whole)?))
}

/// Whether an operator of the plan holds rows.
fn holds_any(plan: &dyn ExecutionPlan) -> bool {
    let mut children = plan.children().into_iter();
    holds(plan) || children.any(|child| holds_any(child.as_ref()))
}

/// Whether an operator holds what it takes in, or a group for it, until it has all.
pub(super) fn holds(plan: &dyn ExecutionPlan) -> bool {
    let any: &dyn Any = plan;
    any.is::<HashJoinExec>()
        || any.is::<WindowAggExec>()
        || any.is::<SortExec>() && plan.fetch().is_none()
        || grouping(plan).is_some_and(|grouping| !grouping.group_expr().is_empty())
}
