//! Queries: `WITH`, `VALUES`, set operations, `ORDER BY`, `LIMIT`. What stands between `SELECT` and `ORDER BY` is `select`'s.

use sqlparser::ast::{
    Cte, LimitClause, Offset, OrderBy, OrderByExpr, OrderByKind, OrderByOptions, Query, SetExpr,
    SetOperator, SetQuantifier, Values, With,
};

use super::error::{GuardError, quoted};
use super::scope::Relation;
use super::size::Size;
use super::text::too_many_subqueries;
use super::walk::Walk;

pub(super) const PLAIN: &str = "Write a plain SELECT … FROM … WHERE … GROUP BY … ORDER BY … LIMIT.";

impl Walk<'_> {
    /// Checks a query that stands inside another.
    pub(super) fn subquery(&mut self, query: &Query) -> Result<Relation, GuardError> {
        self.subqueries += 1;
        if self.subqueries > self.rules.limits.subquery_depth {
            return Err(too_many_subqueries(&self.rules.limits));
        }
        let relation = self.deeper(|walk| walk.query(query));
        self.subqueries -= 1;
        relation
    }

    /// Checks a query and tells what it gives.
    pub(super) fn query(&mut self, query: &Query) -> Result<Relation, GuardError> {
        self.scope.enter();
        let relation = self.query_in_scope(query);
        self.scope.leave();
        let relation = relation?;
        if relation.reads > self.rules.limits.reads {
            return Err(GuardError::too_complex(
                format!(
                    "written out in full, it reads tables more than {} times",
                    self.rules.limits.reads
                ),
                "Use each WITH name fewer times.",
            ));
        }
        Ok(relation)
    }

    fn query_in_scope(&mut self, query: &Query) -> Result<Relation, GuardError> {
        let Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause,
            settings,
            format_clause,
            pipe_operators,
        } = query;
        if !locks.is_empty() {
            return Err(GuardError::not_allowed(
                "`FOR UPDATE` or `FOR SHARE`",
                "Nothing can be locked here; leave it out.",
            ));
        }
        if fetch.is_some() {
            return Err(GuardError::not_allowed("`FETCH`", "Use LIMIT."));
        }
        if for_clause.is_some() {
            return Err(GuardError::not_allowed("`FOR …` after a query", PLAIN));
        }
        if settings.is_some() {
            return Err(GuardError::not_allowed(
                "`SETTINGS`",
                "Leave it out; limits are the server's.",
            ));
        }
        if format_clause.is_some() {
            return Err(GuardError::not_allowed(
                "`FORMAT`",
                "Leave it out; the answer's form is fixed.",
            ));
        }
        if !pipe_operators.is_empty() {
            return Err(GuardError::not_allowed("`|>`", PLAIN));
        }
        if let Some(with) = with {
            self.with(with)?;
        }
        let relation = match body.as_ref() {
            SetExpr::Select(select) => self.select(select, order_by.as_ref())?,
            other => {
                let relation = self.set_expression(other)?;
                self.scope.add_relation(relation.clone());
                self.order_by(order_by.as_ref())?;
                relation
            }
        };
        if let Some(limit) = limit_clause {
            self.limit(limit)?;
        }
        Ok(relation)
    }

    fn with(&mut self, with: &With) -> Result<(), GuardError> {
        let With {
            with_token: _,
            recursive,
            cte_tables,
        } = with;
        if *recursive {
            return Err(GuardError::not_allowed(
                "`WITH RECURSIVE`",
                "Leave RECURSIVE out; for numbered steps use row_number() OVER (…).",
            ));
        }
        for cte in cte_tables {
            let Cte {
                alias,
                query,
                from,
                materialized,
                closing_paren_token: _,
            } = cte;
            if from.is_some() || materialized.is_some() {
                return Err(GuardError::not_allowed(
                    "`MATERIALIZED` or `FROM` in a WITH clause",
                    "Write name AS (SELECT …).",
                ));
            }
            let name = self.name(&alias.name)?;
            // A CTE that took a table's name would make the same name mean two things within one statement.
            if self.rules.has_table(&name) || self.scope.cte(&name).is_some() {
                return Err(GuardError::not_allowed(
                    format!("a second meaning for the name `{}` in WITH", quoted(&name)),
                    "Choose a name that is neither a table nor defined already.",
                )
                .placed(alias.name.span));
            }
            let relation = self.subquery(query)?;
            let relation = self.aliased(relation, Some(alias))?;
            self.scope.add_cte(name, relation);
        }
        Ok(())
    }

    fn set_expression(&mut self, body: &SetExpr) -> Result<Relation, GuardError> {
        match body {
            SetExpr::Select(select) => {
                self.scope.enter();
                let relation = self.select(select, None);
                self.scope.leave();
                relation
            }
            SetExpr::Query(query) => self.subquery(query),
            SetExpr::SetOperation {
                left,
                op,
                set_quantifier,
                right,
            } => {
                match op {
                    SetOperator::Union | SetOperator::Except | SetOperator::Intersect => {}
                    SetOperator::Minus => {
                        return Err(GuardError::not_allowed("`MINUS`", "Use EXCEPT."));
                    }
                }
                match set_quantifier {
                    SetQuantifier::All | SetQuantifier::Distinct | SetQuantifier::None => {}
                    SetQuantifier::ByName
                    | SetQuantifier::AllByName
                    | SetQuantifier::DistinctByName => {
                        return Err(GuardError::not_allowed(
                            "`BY NAME`",
                            "List the columns in the same order on both sides.",
                        ));
                    }
                }
                self.deeper(|walk| {
                    let left = walk.set_expression(left)?;
                    let right = walk.set_expression(right)?;
                    Ok(left.united(&right))
                })
            }
            SetExpr::Values(values) => self.values(values),
            SetExpr::Insert(_) => Err(writes("INSERT")),
            SetExpr::Update(_) => Err(writes("UPDATE")),
            SetExpr::Delete(_) => Err(writes("DELETE")),
            SetExpr::Merge(_) => Err(writes("MERGE")),
            SetExpr::Table(_) => Err(GuardError::not_allowed(
                "`TABLE name` as a query",
                "Write SELECT * FROM name.",
            )),
        }
    }

    fn values(&mut self, values: &Values) -> Result<Relation, GuardError> {
        let Values {
            explicit_row,
            value_keyword,
            rows,
        } = values;
        if *explicit_row || *value_keyword {
            return Err(GuardError::not_allowed(
                "`VALUES ROW(…)` or `VALUE`",
                "Write VALUES (…), (…).",
            ));
        }
        let mut relation = Relation::empty();
        for row in rows {
            for expression in &row.content {
                let size = self.expression(expression)?;
                relation.add(None, size);
            }
        }
        Ok(relation)
    }

    /// Checks `ORDER BY`.
    pub(super) fn order_by(&mut self, order_by: Option<&OrderBy>) -> Result<(), GuardError> {
        let Some(OrderBy { kind, interpolate }) = order_by else {
            return Ok(());
        };
        if interpolate.is_some() {
            return Err(GuardError::not_allowed("`INTERPOLATE`", PLAIN));
        }
        match kind {
            OrderByKind::All(OrderByOptions {
                asc: _,
                nulls_first: _,
            }) => Ok(()),
            OrderByKind::Expressions(expressions) => self.ordering(expressions).map(|_| ()),
        }
    }

    /// Checks sort keys; their sizes put together.
    pub(super) fn ordering(&mut self, keys: &[OrderByExpr]) -> Result<Size, GuardError> {
        let mut total = Size {
            nodes: 0,
            growth: 1,
        };
        for key in keys {
            let OrderByExpr {
                expr,
                options:
                    OrderByOptions {
                        asc: _,
                        nulls_first: _,
                    },
                with_fill,
            } = key;
            if with_fill.is_some() {
                return Err(GuardError::not_allowed(
                    "`WITH FILL`",
                    "The get_trend tool fills gaps with zeros.",
                ));
            }
            total = total.either(self.expression(expr)?);
        }
        Ok(total)
    }

    fn limit(&mut self, limit: &LimitClause) -> Result<(), GuardError> {
        match limit {
            LimitClause::LimitOffset {
                limit,
                offset,
                limit_by,
            } => {
                if !limit_by.is_empty() {
                    return Err(GuardError::not_allowed(
                        "`LIMIT … BY`",
                        "Number rows with row_number() OVER (PARTITION BY …) and filter by it.",
                    ));
                }
                if let Some(limit) = limit {
                    self.expression(limit)?;
                }
                if let Some(Offset { value, rows: _ }) = offset {
                    self.expression(value)?;
                }
                Ok(())
            }
            LimitClause::OffsetCommaLimit { .. } => Err(GuardError::not_allowed(
                "`LIMIT offset, count`",
                "Write LIMIT count OFFSET offset.",
            )),
        }
    }
}

fn writes(verb: &str) -> GuardError {
    GuardError::NotReading {
        verb: verb.to_owned(),
    }
}
