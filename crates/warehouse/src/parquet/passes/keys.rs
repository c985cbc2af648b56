//! What a key of an operator's rows is among the rows it is made of.

use std::any::Any;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{JoinSide, JoinType, Result};
use datafusion::datasource::physical_plan::FileScanConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_expr::window::WindowExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::union::UnionExec;
use datafusion::physical_plan::unnest::UnnestExec;
use datafusion::physical_plan::windows::{BoundedWindowAggExec, WindowAggExec};

use super::super::grouping::{grouping, is_plain_grouping};
use super::super::in_step::InStep;
use super::super::own_buffers::OwnBuffers;
use super::part::Key;

type Expr = Arc<dyn PhysicalExpr>;

/// By what keys of its children an operator can be worked out in parts: a key, or none, for each child.
pub(super) fn of_children(plan: &dyn ExecutionPlan) -> Result<Vec<Vec<Option<Key>>>> {
    let any: &dyn Any = plan;
    if let Some(aggregate) = grouping(plan) {
        if !is_plain_grouping(aggregate) {
            return Ok(Vec::new());
        }
        let groups = aggregate.group_expr().expr().iter();
        let keys = all_and_each(groups.map(|(expr, _)| Arc::clone(expr)).collect());
        return Ok(keys.into_iter().map(|key| vec![Some(key)]).collect());
    }
    if let Some(windows) = windows(plan) {
        let keys = all_and_each(common_partitions(windows));
        return Ok(keys.into_iter().map(|key| vec![Some(key)]).collect());
    }
    if let Some(join) = any.downcast_ref::<HashJoinExec>() {
        if join.null_aware {
            return Ok(Vec::new());
        }
        let on = all_and_each(join.on().to_vec());
        return on
            .into_iter()
            .map(|on| {
                let (left, right): (Key, Key) = on.into_iter().unzip();
                Ok(if are_of_one_type(join, &left, &right)? {
                    vec![Some(left), Some(right)]
                } else {
                    Vec::new()
                })
            })
            .filter(|keys| !keys.as_ref().is_ok_and(Vec::is_empty))
            .collect();
    }
    Ok(Vec::new())
}

/// All together, then each alone. Together they are spread best, alone they may mean something further down.
fn all_and_each<T: Clone>(all: Vec<T>) -> Vec<Vec<T>> {
    let each: Vec<Vec<T>> = all.iter().map(|one| vec![one.clone()]).collect();
    if all.len() < 2 {
        return each;
    }
    let mut keys = vec![all];
    keys.extend(each);
    keys
}

/// The key of an operator's rows as a key of each child's, where the rows with a key are exactly what the children's rows with that key give.
/// A child without a key has to stay whole. None if there is no such key of any child.
pub(super) fn below(plan: &dyn ExecutionPlan, key: &Key) -> Result<Option<Vec<Option<Key>>>> {
    let any: &dyn Any = plan;
    if plan.fetch().is_some() {
        return Ok(None);
    }
    if let Some(projection) = any.downcast_ref::<ProjectionExec>() {
        let of = |column: &Column| Some(Arc::clone(&projection.expr().get(column.index())?.expr));
        return Ok(only(substituted(key, of)?));
    }
    if let Some(filter) = any.downcast_ref::<FilterExec>() {
        let place = |column: &Column| match filter.projection() {
            Some(columns) => columns.get(column.index()).copied(),
            None => Some(column.index()),
        };
        return Ok(only(substituted(key, |column| {
            nth(filter.input().as_ref(), place(column)?)
        })?));
    }
    if let Some(aggregate) = grouping(plan) {
        if !is_plain_grouping(aggregate) {
            return Ok(None);
        }
        let groups = aggregate.group_expr().expr();
        let of = |column: &Column| Some(Arc::clone(&groups.get(column.index())?.0));
        return Ok(only(substituted(key, of)?));
    }
    if let Some(windows) = windows(plan) {
        let partitions = common_partitions(windows);
        let of = |column: &Column| {
            let column: Expr = Arc::new(column.clone());
            partitions.contains(&column).then_some(column)
        };
        return Ok(only(substituted(key, of)?));
    }
    if let Some(unnest) = any.downcast_ref::<UnnestExec>() {
        return Ok(only(below_unnest(unnest, key)?));
    }
    if let Some(join) = any.downcast_ref::<HashJoinExec>() {
        return below_join(join, key);
    }
    let passes_on = any.is::<CooperativeExec>()
        || any.is::<OwnBuffers>()
        || any.is::<SortExec>()
        || any.is::<SortPreservingMergeExec>()
        || any.is::<CoalescePartitionsExec>()
        || any.is::<UnionExec>()
        || any.is::<InStep>();
    if !passes_on {
        return Ok(None);
    }
    let children = plan.children().into_iter().map(|child| {
        let own = substituted(key, |column| nth(child.as_ref(), column.index()))?;
        Ok(own)
    });
    let children = children.collect::<Result<Vec<_>>>()?;
    Ok(children.iter().all(Option::is_some).then_some(children))
}

fn only(key: Option<Key>) -> Option<Vec<Option<Key>>> {
    key.map(|key| vec![Some(key)])
}

fn windows(plan: &dyn ExecutionPlan) -> Option<&[Arc<dyn WindowExpr>]> {
    let any: &dyn Any = plan;
    any.downcast_ref::<BoundedWindowAggExec>()
        .map(BoundedWindowAggExec::window_expr)
        .or_else(|| {
            any.downcast_ref::<WindowAggExec>()
                .map(WindowAggExec::window_expr)
        })
}

/// What all windows are partitioned by.
fn common_partitions(windows: &[Arc<dyn WindowExpr>]) -> Key {
    let Some((first, others)) = windows.split_first() else {
        return Key::new();
    };
    let is_common = |expr: &&Expr| {
        others
            .iter()
            .all(|window| window.partition_by().contains(expr))
    };
    first
        .partition_by()
        .iter()
        .filter(is_common)
        .cloned()
        .collect()
}

/// A column that is given on beside what is unnested.
fn below_unnest(unnest: &UnnestExec, key: &Key) -> Result<Option<Key>> {
    let input = unnest.input();
    let stays_in_place = unnest.struct_column_indices().is_empty()
        && unnest.schema().fields().len() == input.schema().fields().len();
    if !stays_in_place {
        return Ok(None);
    }
    let is_unnested = |index| {
        let mut lists = unnest.list_column_indices().iter();
        lists.any(|list| list.index_in_input_schema == index)
    };
    substituted(key, |column| {
        (!is_unnested(column.index())).then(|| nth(input.as_ref(), column.index()))?
    })
}

/// A key of one side, if that side's rows are what the join gives; and of the other side what must equal it.
fn below_join(join: &HashJoinExec, key: &Key) -> Result<Option<Vec<Option<Key>>>> {
    if join.null_aware {
        return Ok(None);
    }
    let left_columns = join.left().schema().fields().len();
    let sides: Vec<(JoinSide, usize)> = {
        let left = (0..left_columns).map(|index| (JoinSide::Left, index));
        let right_columns = join.right().schema().fields().len();
        let right = (0..right_columns).map(|index| (JoinSide::Right, index));
        match join.join_type() {
            JoinType::Inner | JoinType::Left | JoinType::Right => left.chain(right).collect(),
            JoinType::LeftSemi | JoinType::LeftAnti => left.collect(),
            JoinType::RightSemi | JoinType::RightAnti => right.collect(),
            // A side of a full join may be missing, and a mark is of neither.
            JoinType::Full | JoinType::LeftMark | JoinType::RightMark => return Ok(None),
        }
    };
    let place = |column: &Column| {
        let index = match join.projection.as_deref() {
            Some(columns) => *columns.get(column.index())?,
            None => column.index(),
        };
        sides.get(index).copied()
    };
    let of_side = |wanted: JoinSide, input: &Arc<dyn ExecutionPlan>| {
        substituted(key, |column| {
            let (side, index) = place(column)?;
            (side == wanted).then(|| nth(input.as_ref(), index))?
        })
    };
    let kept = |side: JoinSide| match join.join_type() {
        JoinType::Left => side == JoinSide::Left,
        JoinType::Right => side == JoinSide::Right,
        _ => true,
    };
    if kept(JoinSide::Left)
        && let Some(left) = of_side(JoinSide::Left, join.left())?
    {
        let right = partner(join, &left, JoinSide::Left)?;
        return Ok(Some(vec![Some(left), right]));
    }
    if kept(JoinSide::Right)
        && let Some(right) = of_side(JoinSide::Right, join.right())?
    {
        let left = partner(join, &right, JoinSide::Right)?;
        return Ok(Some(vec![left, Some(right)]));
    }
    Ok(None)
}

/// What rows of the other side have to equal `key` of one side by, if the join says so.
fn partner(join: &HashJoinExec, key: &Key, side: JoinSide) -> Result<Option<Key>> {
    let own = match side {
        JoinSide::Right => join.right(),
        JoinSide::Left | JoinSide::None => join.left(),
    };
    let mut partners = Key::new();
    for expr in key {
        let expr = at_source(expr, own.as_ref())?;
        let mut found = None;
        for (left, right) in join.on() {
            let (mine, other) = match side {
                JoinSide::Right => (right, left),
                JoinSide::Left | JoinSide::None => (left, right),
            };
            if *at_source(mine, own.as_ref())? == *expr {
                found = Some(Arc::clone(other));
                break;
            }
        }
        match found {
            Some(other) => partners.push(other),
            None => return Ok(None),
        }
    }
    let (left, right) = match side {
        JoinSide::Right => (&partners, key),
        JoinSide::Left | JoinSide::None => (key, &partners),
    };
    Ok(are_of_one_type(join, left, right)?.then_some(partners))
}

/// Whether the keys of both sides are hashed alike.
fn are_of_one_type(join: &HashJoinExec, left: &Key, right: &Key) -> Result<bool> {
    let (on_left, on_right) = (join.left().schema(), join.right().schema());
    for (left, right) in left.iter().zip(right) {
        if left.data_type(&on_left)? != right.data_type(&on_right)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// An expression over what a plan's projections and filters are made over: two that are the same there are the same.
fn at_source(expr: &Expr, plan: &dyn ExecutionPlan) -> Result<Expr> {
    let any: &dyn Any = plan;
    let key = vec![Arc::clone(expr)];
    if let Some(scan) = any.downcast_ref::<DataSourceExec>() {
        return Ok(match within_scan(scan, &key)?.as_deref() {
            Some([expr]) => Arc::clone(expr),
            _ => Arc::clone(expr),
        });
    }
    let goes_on =
        any.is::<ProjectionExec>() || any.is::<FilterExec>() || any.is::<CooperativeExec>();
    if goes_on
        && let [input] = plan.children()[..]
        && let Some(keys) = below(plan, &key)?
        && let [Some(key)] = &keys[..]
        && let [expr] = &key[..]
    {
        return at_source(expr, input.as_ref());
    }
    Ok(Arc::clone(expr))
}

/// A key over the columns of files, which a scan may make others of.
fn within_scan(scan: &DataSourceExec, key: &Key) -> Result<Option<Key>> {
    let source: &dyn Any = scan.data_source().as_ref();
    let Some(config) = source.downcast_ref::<FileScanConfig>() else {
        return Ok(None);
    };
    let Some(projection) = config.file_source().projection() else {
        return Ok(None);
    };
    substituted(key, |column| {
        Some(Arc::clone(&projection.as_ref().get(column.index())?.expr))
    })
}

/// A key with each column put as `of` says; none where it does not know one, or where there is no column at all.
fn substituted(key: &Key, of: impl Fn(&Column) -> Option<Expr>) -> Result<Option<Key>> {
    let columns: Vec<Column> = key.iter().flat_map(collect_columns).collect();
    if columns.is_empty() || !columns.iter().all(|column| of(column).is_some()) {
        return Ok(None);
    }
    let exprs = key.iter().map(|expr| {
        Arc::clone(expr)
            .transform_up(|node| {
                let any: &dyn Any = node.as_ref();
                Ok(match any.downcast_ref::<Column>().and_then(&of) {
                    Some(new) => Transformed::yes(new),
                    None => Transformed::no(node),
                })
            })
            .data()
    });
    exprs.collect::<Result<Key>>().map(Some)
}

/// A column of a plan.
fn nth(plan: &dyn ExecutionPlan, index: usize) -> Option<Expr> {
    let schema = plan.schema();
    let field = schema.fields().get(index)?;
    Some(Arc::new(Column::new(field.name(), index)))
}
