//! Reads first what a `LIMIT` is likely to want: the newest files where the newest rows are asked for.
//!
//! DataFusion hands the order of a sort down to a scan, which then begins with the files and row groups that hold its first rows
//! ([`super::file_statistics`] says which), but it stops at a filter and wants all of the order to be columns. Here it goes through filters,
//! which leave the order of rows as it is, with what the order begins with. The sort stays; once it holds as many rows as are wanted, its
//! dynamic filter leaves out what cannot hold any better.

use std::any::Any;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_expr::PhysicalSortExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::{ExecutionPlan, replace_children_if_necessary};

/// Hands the order of sorts with a limit down through filters.
#[derive(Debug)]
pub(super) struct FirstRowsFirst;

impl PhysicalOptimizerRule for FirstRowsFirst {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_down(|node| {
            let any: &dyn Any = node.as_ref();
            let Some(sort) = any
                .downcast_ref::<SortExec>()
                .filter(|sort| sort.fetch().is_some())
            else {
                return Ok(Transformed::no(node));
            };
            Ok(match ordered(sort.input(), sort.expr().first())? {
                Some(input) => Transformed::yes(over(&node, input)?),
                None => Transformed::no(node),
            })
        })
        .data()
    }

    fn name(&self) -> &str {
        "FirstRowsFirst"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The same plan, beginning with the rows that are first by this as far as it can; none if it cannot.
fn ordered(
    plan: &Arc<dyn ExecutionPlan>,
    by: &PhysicalSortExpr,
) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let any: &dyn Any = plan.as_ref();
    let (input, column) = if let Some(filter) = any.downcast_ref::<FilterExec>() {
        (filter.input(), below_filter(filter, by))
    } else if let Some(projection) = any.downcast_ref::<ProjectionExec>() {
        (projection.input(), below_projection(projection, by))
    } else {
        return Ok(plan
            .try_pushdown_sort(std::slice::from_ref(by))?
            .into_inner());
    };
    let Some(column) = column else {
        return Ok(None);
    };
    let by = PhysicalSortExpr::new(Arc::new(column), by.options);
    let input = ordered(input, &by)?;
    input.map(|input| over(plan, input)).transpose()
}

/// The node over another input of the same schema.
fn over(
    node: &Arc<dyn ExecutionPlan>,
    input: Arc<dyn ExecutionPlan>,
) -> Result<Arc<dyn ExecutionPlan>> {
    replace_children_if_necessary(Arc::clone(node), vec![input])
}

/// The column that is sorted by; none if it is anything else.
fn place(by: &PhysicalSortExpr) -> Option<usize> {
    let expr: &dyn Any = by.expr.as_ref();
    Some(expr.downcast_ref::<Column>()?.index())
}

fn below_filter(filter: &FilterExec, by: &PhysicalSortExpr) -> Option<Column> {
    let place = match filter.projection() {
        Some(kept) => *kept.get(place(by)?)?,
        None => place(by)?,
    };
    let schema = filter.input().schema();
    Some(Column::new(schema.fields().get(place)?.name(), place))
}

fn below_projection(projection: &ProjectionExec, by: &PhysicalSortExpr) -> Option<Column> {
    let expr: &dyn Any = projection.expr().get(place(by)?)?.expr.as_ref();
    expr.downcast_ref::<Column>().cloned()
}
