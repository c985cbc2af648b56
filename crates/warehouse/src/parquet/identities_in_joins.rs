//! Ids that a statement groups and joins by and never shows, as numbers.
//!
//! Tools say [`identity`](crate::Dialect::identity) where a text is only told apart. A user's SQL joins what it has grouped by the id
//! itself, and both groupings and the join then hold its text. Where nothing but the join reads it, the groupings are by the identity instead.

use std::any::Any;
use std::sync::Arc;

use datafusion::common::tree_node::Transformed;
use datafusion::common::{JoinType, Result};
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::ScalarUDF;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::{AggregateExec, PhysicalGroupBy};
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::projection::ProjectionExec;

use super::each_operator::{EachOperator, Replaced};
use super::functions::{self, FingerprintKey};
use super::grouping::is_unordered_grouping;

type Plan = Arc<dyn ExecutionPlan>;

/// Groups by an identity what a join compares and nothing else reads.
pub(super) fn identities_in_joins(key: FingerprintKey) -> impl PhysicalOptimizerRule + Send + Sync {
    let identity = functions::identity(key);
    EachOperator {
        name: "IdentitiesInJoins",
        replace: move |node: Plan| {
            let any: &dyn Any = node.as_ref();
            match any.downcast_ref::<HashJoinExec>() {
                Some(join) => by_identities(join, &node, &identity),
                None => Ok(Transformed::no(node)),
            }
        },
    }
}

fn by_identities(join: &HashJoinExec, node: &Plan, identity: &Arc<ScalarUDF>) -> Replaced {
    let unchanged = || Ok(Transformed::no(Arc::clone(node)));
    let ([(left, right)], Some(shown), None) = (join.on(), &join.projection, join.filter()) else {
        return unchanged();
    };
    let gives_both = matches!(
        join.join_type(),
        JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full
    );
    let (Some(left), Some(right), true) = (index(left), index(right), gives_both) else {
        return unchanged();
    };
    let width = join.left().schema().fields().len();
    if shown.contains(&left) || shown.contains(&(width + right)) {
        return unchanged();
    }
    let (Some(one), Some(other)) = (
        by_identity(join.left(), left, identity)?,
        by_identity(join.right(), right, identity)?,
    ) else {
        return unchanged();
    };
    let on = (column(&one, left), column(&other, right));
    let joined = join
        .builder()
        .with_on(vec![on])
        .with_new_children(vec![one, other])?;
    Ok(Transformed::yes(joined.build_exec()?))
}

/// What a plan gives at a place.
fn column(plan: &Plan, place: usize) -> Arc<dyn PhysicalExpr> {
    Arc::new(Column::new(plan.schema().field(place).name(), place))
}

fn index(key: &Arc<dyn PhysicalExpr>) -> Option<usize> {
    key.downcast_ref::<Column>().map(Column::index)
}

/// The plan with an identity in place of the text it gives at a place, if that is what it groups by.
fn by_identity(plan: &Plan, place: usize, identity: &Arc<ScalarUDF>) -> Result<Option<Plan>> {
    let any: &dyn Any = plan.as_ref();
    if let Some(projection) = any.downcast_ref::<ProjectionExec>() {
        let Some(below) = projection
            .expr()
            .get(place)
            .and_then(|part| index(&part.expr))
        else {
            return Ok(None);
        };
        let reads = |expr| {
            collect_columns(expr)
                .iter()
                .any(|read| read.index() == below)
        };
        let readers = projection.expr().iter().filter(|part| reads(&part.expr));
        if readers.count() > 1 {
            return Ok(None);
        }
        return by_identity(projection.input(), below, identity)?
            .map(|input| {
                let mut parts = projection.expr().to_vec();
                parts[place].alias = input.schema().field(below).name().clone();
                parts[place].expr = column(&input, below);
                let projected = ProjectionExec::try_new(parts, input)?;
                Ok(Arc::new(projected) as Plan)
            })
            .transpose();
    }
    let Some(aggregate) = any.downcast_ref::<AggregateExec>() else {
        return Ok(None);
    };
    let [(text, name)] = aggregate.group_expr().expr() else {
        return Ok(None);
    };
    let input = aggregate.input_schema();
    if place != 0
        || !is_unordered_grouping(aggregate)
        || !functions::is_text(&text.data_type(&input)?)
    {
        return Ok(None);
    }
    let number = ScalarFunctionExpr::try_new(
        Arc::clone(identity),
        vec![Arc::clone(text)],
        &input,
        Arc::new(ConfigOptions::default()),
    )?;
    // By the name of the text a filter on the number would be taken for one on the text.
    let name = format!("identity({name})");
    let group_by = PhysicalGroupBy::new_single(vec![(Arc::new(number), name)]);
    let grouped = AggregateExec::try_new(
        *aggregate.mode(),
        group_by,
        aggregate.aggr_expr().to_vec(),
        aggregate.filter_expr().to_vec(),
        Arc::clone(aggregate.input()),
        input,
    )?;
    Ok(Some(Arc::new(grouped)))
}
