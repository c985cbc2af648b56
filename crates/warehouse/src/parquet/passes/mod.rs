//! Answers in several passes, where one would need more memory than there is.
//!
//! A grouping, a join or a window over a key can be worked out for a part of the key's values at a time: what it gives for all of them
//! is what it gives for each part, one after the other. A statement that ran out of memory is planned anew, and one of its
//! operators is then run over the rows of one part after the other ([`in_turn`]). Everything is read once for each pass; what is
//! held at a time is a part of it.
//!
//! Which operator that is follows from how far the statement came: of all that can be split, the one whose parts relieve operators
//! that held the most rows, and of several the one that also relieves those that held the most before. The condition for a part moves down to where rows come from, as a filter on the key would (through
//! projections, groupings and windows by the key, to both sides of a join on it), so that all of these hold a part as well.
//!
//! Parts add up because an expression gives the same each time: the guard lets no other function pass, and tools use none.

mod in_turn;
mod keys;
mod part;
mod split;

use std::any::Any;
use std::sync::Arc;

use datafusion::common::{DataFusionError, Result};
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::execution_plan::replace_children_if_necessary;
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::scalar_subquery::ScalarSubqueryExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, InputOrderMode};

use super::admission::{certain_to_hold, rows_of};
use super::grouping::{has_taken_all, holding_all};
use in_turn::InTurn;
use split::{Split, holds};

/// Most parts. With this many, what did not fit took more than ten times the memory there is.
const MOST: u64 = 64;

/// Parts to begin with where how far the statement came is not known.
const LIKELY: u64 = 4;

/// What is known of a plan that needs more memory than there is.
#[derive(Debug)]
pub(super) struct Passes {
    top: Seen,
    /// Parts to begin with.
    parts: u64,
}

/// An operator of such a plan, without what it held.
#[derive(Debug)]
struct Seen {
    name: String,
    held: Load,
    children: Vec<Seen>,
}

/// How much operators took in, in one unit for all: first what they held when the plan ended, then what they held at any time.
type Load = (usize, usize);

impl Seen {
    fn of(plan: &dyn ExecutionPlan, held: fn(&dyn ExecutionPlan) -> Load) -> Self {
        let children = plan.children().into_iter();
        Self {
            name: plan.name().to_owned(),
            held: held(plan),
            children: children
                .map(|child| Self::of(child.as_ref(), held))
                .collect(),
        }
    }

    /// Whether this is `plan` as it was before, and if so, what its operators held.
    fn is_of(&self, plan: &Arc<dyn ExecutionPlan>, held: &mut Held) -> bool {
        held.push((Arc::clone(plan), self.held));
        let children = plan.children();
        self.name == plan.name()
            && self.children.len() == children.len()
            && self
                .children
                .iter()
                .zip(children)
                .all(|(seen, child)| seen.is_of(child, held))
    }
}

impl Passes {
    /// Instead of running `plan`, of which an operator would hold `bytes`, more than there are.
    pub(super) fn instead_of(plan: &dyn ExecutionPlan, bytes: usize, memory_bytes: usize) -> Self {
        // As much again is left for what is made of it.
        let parts = (bytes as u64 * 2).div_ceil(memory_bytes.max(1) as u64);
        Self {
            top: Seen::of(plan, |plan| (certain_bytes(plan), 0)),
            parts: parts.clamp(2, MOST),
        }
    }

    /// After `plan` has run out of memory.
    pub(super) fn after(plan: &dyn ExecutionPlan) -> Self {
        Self {
            top: Seen::of(plan, |plan| (held_rows(plan), taken_rows(plan))),
            parts: likely_parts(plan),
        }
    }

    /// The plan that makes them, out of the same one planned anew; none if nothing that took much can be split.
    pub(super) fn of(
        &self,
        plan: &Arc<dyn ExecutionPlan>,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        // What a part has told cannot be taken back.
        let plan = &holding_all(Arc::clone(plan))?;
        let mut held = Vec::new();
        if !self.top.is_of(plan, &mut held) {
            return Ok(None);
        }
        let mut best = ((0, 0), None);
        find(plan, true, &held, &mut best)?;
        let (_, Some(split)) = best else {
            return Ok(None);
        };
        let whole = Arc::clone(&split.plan);
        let in_turn: Arc<dyn ExecutionPlan> = Arc::new(InTurn::new(split, self.parts, MOST));
        replace(plan, &whole, &in_turn).map(Some)
    }
}

/// What each operator held.
type Held = Vec<(Arc<dyn ExecutionPlan>, Load)>;

/// Whether what went wrong is that memory ran out.
pub(super) fn is_out_of_memory(error: &DataFusionError) -> bool {
    matches!(error.find_root(), DataFusionError::ResourcesExhausted(_))
}

/// Looks for the split that relieves the most, from the top. `ordered` is whether an operator above may count on the order of
/// rows.
fn find(
    plan: &Arc<dyn ExecutionPlan>,
    ordered: bool,
    held: &Held,
    best: &mut (Load, Option<Split>),
) -> Result<()> {
    let is_free = !(ordered && plan.output_ordering().is_some());
    let is_one = plan.output_partitioning().partition_count() == 1;
    if is_free && is_one && is_rerunnable(plan.as_ref()) {
        for keys in keys::of_children(plan.as_ref())? {
            let plan = Arc::clone(plan);
            let split = Split { plan, keys };
            let mut relieved = (0, 0);
            split.relieves(&mut |operator| {
                let own = held.iter().find(|(held, _)| Arc::ptr_eq(held, operator));
                let (last, ever) = own.map_or((0, 0), |(_, load)| *load);
                relieved = (relieved.0 + last, relieved.1 + ever);
            })?;
            if relieved.0 > 0 && relieved > best.0 {
                *best = (relieved, Some(split));
            }
        }
    }
    let any: &dyn Any = plan.as_ref();
    let sorts = any.is::<SortExec>();
    let takes_groups_in_order = any
        .downcast_ref::<AggregateExec>()
        .is_some_and(|aggregate| *aggregate.input_order_mode() != InputOrderMode::Linear);
    let required = plan.required_input_ordering();
    let kept = plan.maintains_input_order();
    for (place, child) in plan.children().into_iter().enumerate() {
        let is_required = required.get(place).is_some_and(Option::is_some);
        let is_passed_on = ordered && !sorts && kept.get(place).copied().unwrap_or(true);
        let ordered = is_required || takes_groups_in_order || is_passed_on;
        find(child, ordered, held, best)?;
    }
    Ok(())
}

/// `plan` with `new` in the place of `old`.
fn replace(
    plan: &Arc<dyn ExecutionPlan>,
    old: &Arc<dyn ExecutionPlan>,
    new: &Arc<dyn ExecutionPlan>,
) -> Result<Arc<dyn ExecutionPlan>> {
    if Arc::ptr_eq(plan, old) {
        return Ok(Arc::clone(new));
    }
    let children = plan.children().into_iter();
    let children = children
        .map(|child| replace(child, old, new))
        .collect::<Result<_>>()?;
    replace_children_if_necessary(Arc::clone(plan), children)
}

/// Whether a plan gives the same rows each time it is run: nothing in it has learned from an earlier run.
fn is_rerunnable(plan: &dyn ExecutionPlan) -> bool {
    let any: &dyn Any = plan;
    plan.dynamic_expressions_produced().is_empty()
        && !any.is::<ScalarSubqueryExec>()
        && plan
            .children()
            .into_iter()
            .all(|child| is_rerunnable(child.as_ref()))
}

/// The rows an operator had taken in and still held.
fn held_rows(plan: &dyn ExecutionPlan) -> usize {
    let any: &dyn Any = plan;
    // What has begun to give rows has taken in all, and holds less with each; but for a join, which keeps one side.
    let has_given = || counted_rows(plan).is_some_and(|rows| rows > 0);
    if !any.is::<HashJoinExec>() && has_taken_all(plan).unwrap_or_else(has_given) {
        return 0;
    }
    taken_rows(plan)
}

/// The rows an operator had taken in to hold them.
fn taken_rows(plan: &dyn ExecutionPlan) -> usize {
    let any: &dyn Any = plan;
    if any.is::<HashJoinExec>() {
        let metrics = plan.metrics();
        let rows = metrics.and_then(|metrics| metrics.sum_by_name("build_input_rows"));
        return rows.map_or(0, |rows| rows.as_usize());
    }
    if !holds(plan) {
        return 0;
    }
    let input = plan.children().into_iter().next();
    input.map_or(0, |input| given_rows(input.as_ref()))
}

/// The bytes an operator is certain to hold.
fn certain_bytes(plan: &dyn ExecutionPlan) -> usize {
    certain_to_hold(plan).map_or(0, |(_, bytes)| bytes)
}

/// The rows an operator has given. One that does not count gives what it takes in, and a source that does not may have given any number.
fn given_rows(plan: &dyn ExecutionPlan) -> usize {
    counted_rows(plan).unwrap_or_else(|| match plan.children().first() {
        Some(_) if holds(plan) => 0,
        Some(input) => given_rows(input.as_ref()),
        None => 1,
    })
}

fn counted_rows(plan: &dyn ExecutionPlan) -> Option<usize> {
    plan.metrics()?.output_rows()
}

/// In how many parts the plan is likely to fit, from how far the operator came that had taken in the most.
fn likely_parts(plan: &dyn ExecutionPlan) -> u64 {
    let mut most = (0, None);
    visit(plan, &mut |operator| {
        let rows = held_rows(operator);
        if rows > most.0 {
            most = (rows, Some(share_read(operator)));
        }
    });
    let Some(Some((read, all))) = most.1 else {
        return LIKELY;
    };
    // A quarter more, since parts are not quite alike and what takes rows in is not alone.
    let needed = (all as u64 * 5).div_ceil((read as u64 * 4).max(1));
    needed.clamp(2, MOST)
}

/// The rows that were read for a plan, and those there are.
fn share_read(plan: &dyn ExecutionPlan) -> Option<(usize, usize)> {
    let (mut read, mut all) = (0, Some(0));
    visit(plan, &mut |operator| {
        if !operator.children().is_empty() {
            return;
        }
        let rows = rows_of(operator).get_value().copied();
        all = all.zip(rows).map(|(all, rows)| all + rows);
        read += given_rows(operator);
    });
    all.filter(|all| *all > 0).map(|all| (read, all))
}

fn visit(plan: &dyn ExecutionPlan, see: &mut dyn FnMut(&dyn ExecutionPlan)) {
    see(plan);
    for child in plan.children() {
        visit(child.as_ref(), see);
    }
}
