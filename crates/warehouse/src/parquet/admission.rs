//! Refuses, before a column is read, what certainly cannot fit in memory.
//!
//! Three things are certain from footers and plans alone: a row group is fetched and decoded as a whole, so the largest one must
//! fit; an operator that holds all its input (a sort without limit, the build side of a join) needs at least that
//! input's bytes when nothing filters it; and a join without equality compares every row with every row. What depends on
//! the data is watched by the memory pool and the clock while the query runs.

use std::any::Any;

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::stats::Precision;
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::joins::{CrossJoinExec, HashJoinExec, NestedLoopJoinExec};
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};
use parquet::file::metadata::ParquetMetaData;
use sightline_lake::DataFile;

/// Most bytes of one row group's needed column chunks, as stored, that are fetched at a time.
const ROW_GROUP_BYTES: i64 = 32 << 20;

/// Bytes a text is taken to need when only its number of rows is known.
const TEXT_BYTES: usize = 24;

/// Most pairs of rows that a join without equality may compare.
const COMPARED_PAIRS: usize = 500_000_000;

/// That each row group of a file fits, for the columns needed.
///
/// # Errors
/// A sentence naming the file, the bytes and what would make it fit.
pub(super) fn check_row_groups(
    file: &DataFile,
    footer: &ParquetMetaData,
    needed: &[&Field],
) -> Result<(), String> {
    let largest = footer
        .row_groups()
        .iter()
        .map(|group| {
            let chunks = group.columns().iter().filter(|chunk| {
                let root = chunk.column_path().parts().first().map(String::as_str);
                needed
                    .iter()
                    .any(|column| Some(column.name().as_str()) == root)
            });
            chunks.map(|chunk| chunk.compressed_size()).sum::<i64>()
        })
        .max()
        .unwrap_or(0);
    if largest <= ROW_GROUP_BYTES {
        return Ok(());
    }
    Err(format!(
        "A row group of `{}` needs {} MB for the columns of this question; at most {} MB can be read at a time. Name fewer columns, \
         or write the file with smaller row groups (about 128,000 rows; 8 to 32 MB).",
        file.path,
        largest / 1_000_000,
        ROW_GROUP_BYTES / 1_000_000
    ))
}

/// Why a plan is not run.
pub(super) struct Refusal {
    /// The bytes and what would make it fit.
    pub(super) sentence: String,
    /// What an operator would hold for certain, unless it held a part of it at a time.
    pub(super) held_bytes: Option<usize>,
}

/// That the operators of a plan that hold their whole input have room for it.
///
/// # Errors
/// With the first operator that has not.
pub(super) fn check_plan(plan: &dyn ExecutionPlan, memory_bytes: usize) -> Result<(), Refusal> {
    let node: &dyn Any = plan;
    if node.is::<NestedLoopJoinExec>() || node.is::<CrossJoinExec>() {
        check_pairs(plan).map_err(|sentence| Refusal {
            sentence,
            held_bytes: None,
        })?;
    }
    if let Some((what, bytes)) = certain_to_hold(plan)
        && bytes > memory_bytes
    {
        let sentence = format!(
            "The query would hold {} MB at once for {what}, of {} MB there are. Nothing was read. Ask for a shorter range or fewer \
             columns, aggregate before {what}, or add a LIMIT to a sorted query.",
            bytes / 1_000_000,
            memory_bytes / 1_000_000
        );
        return Err(Refusal {
            sentence,
            held_bytes: Some(bytes),
        });
    }
    plan.children()
        .into_iter()
        .try_for_each(|child| check_plan(child.as_ref(), memory_bytes))
}

/// What an operator holds its whole input for, and the bytes that certainly are.
pub(super) fn certain_to_hold(plan: &dyn ExecutionPlan) -> Option<(&'static str, usize)> {
    let node: &dyn Any = plan;
    let (what, input) = if let Some(sort) = node.downcast_ref::<SortExec>() {
        (sort.fetch().is_none()).then(|| ("sorting", sort.input().as_ref()))
    } else if let Some(join) = node.downcast_ref::<HashJoinExec>() {
        Some(("joining", join.left().as_ref()))
    } else if let Some(join) = node.downcast_ref::<CrossJoinExec>() {
        Some(("joining", join.left().as_ref()))
    } else {
        node.downcast_ref::<NestedLoopJoinExec>()
            .map(|join| ("joining", join.left().as_ref()))
    }?;
    Some((what, certain_bytes(input)?))
}

/// That a join without equality stays within what can be compared.
fn check_pairs(join: &dyn ExecutionPlan) -> Result<(), String> {
    let most: Vec<usize> = join
        .children()
        .into_iter()
        .map(|side| most_rows(side.as_ref()))
        .collect();
    let [left, right] = most[..] else {
        return Ok(());
    };
    if left.saturating_mul(right) <= COMPARED_PAIRS {
        return Ok(());
    }
    Err(format!(
        "The join compares up to {left} rows with {right} each, since no column of one side must equal one of the other. Nothing was \
         read. Join on equal columns, or aggregate both sides first."
    ))
}

/// The most rows a plan can give, as far as footers tell; filters are taken to let everything pass.
fn most_rows(plan: &dyn ExecutionPlan) -> usize {
    let node: &dyn Any = plan;
    let below = || {
        plan.children()
            .into_iter()
            .map(|child| most_rows(child.as_ref()))
    };
    let rows = if node.is::<DataSourceExec>() {
        rows_of(plan).get_value().copied().unwrap_or(0)
    } else if node.is::<NestedLoopJoinExec>() || node.is::<CrossJoinExec>() {
        below().fold(1, usize::saturating_mul)
    } else if is_total(plan) {
        1
    } else {
        below().fold(0, usize::saturating_add)
    };
    plan.fetch().map_or(rows, |fetch| rows.min(fetch))
}

/// Whether an aggregate has no groups: one row comes out.
fn is_total(plan: &dyn ExecutionPlan) -> bool {
    let node: &dyn Any = plan;
    node.downcast_ref::<AggregateExec>()
        .is_some_and(|aggregate| aggregate.group_expr().is_empty())
}

/// The rows a plan gives, as far as footers tell.
pub(super) fn rows_of(plan: &dyn ExecutionPlan) -> Precision<usize> {
    StatisticsContext::new()
        .compute(plan, &StatisticsArgs::new())
        .map_or(Precision::Absent, |statistics| statistics.num_rows)
}

/// The bytes all rows of `plan` take at least, if that is known for certain.
fn certain_bytes(plan: &dyn ExecutionPlan) -> Option<usize> {
    match rows_of(plan) {
        Precision::Exact(rows) => Some(rows.saturating_mul(row_bytes(&plan.schema()))),
        Precision::Inexact(_) | Precision::Absent => None,
    }
}

fn row_bytes(schema: &Schema) -> usize {
    let width = |field: &std::sync::Arc<Field>| match field.data_type() {
        DataType::Null | DataType::Boolean => 1,
        other => other.primitive_width().unwrap_or(TEXT_BYTES),
    };
    schema.fields().iter().map(width).sum()
}
