//! One `SELECT`: its columns, conditions, groupings and windows.

use sqlparser::ast::{
    Distinct, ExceptSelectItem, ExcludeSelectItem, Expr, GroupByExpr, Ident, NamedWindowDefinition,
    NamedWindowExpr, OrderBy, ReplaceSelectElement, ReplaceSelectItem, Select, SelectFlavor,
    SelectItem, SelectItemQualifiedWildcardKind, WildcardAdditionalOptions,
};

use super::error::GuardError;
use super::query::PLAIN;
use super::scope::Relation;
use super::walk::Walk;

impl Walk<'_> {
    /// Checks one `SELECT`, and the `ORDER BY` of the query that consists of it, which may name what the `SELECT` reads.
    pub(super) fn select(
        &mut self,
        select: &Select,
        order_by: Option<&OrderBy>,
    ) -> Result<Relation, GuardError> {
        let Select {
            select_token: _,
            optimizer_hints,
            distinct,
            select_modifiers,
            top,
            top_before_distinct: _,
            projection,
            exclude,
            into,
            from,
            lateral_views,
            prewhere,
            selection,
            connect_by,
            group_by,
            cluster_by,
            distribute_by,
            sort_by,
            having,
            named_window,
            qualify,
            window_before_qualify: _,
            value_table_mode,
            flavor,
        } = select;
        if into.is_some() {
            return Err(GuardError::not_allowed(
                "`SELECT … INTO`",
                "Nothing can be written here; leave INTO out.",
            ));
        }
        if top.is_some() {
            return Err(GuardError::not_allowed("`TOP`", "Use LIMIT."));
        }
        if !connect_by.is_empty() {
            return Err(GuardError::not_allowed("`CONNECT BY`", PLAIN));
        }
        if !optimizer_hints.is_empty()
            || select_modifiers.is_some()
            || value_table_mode.is_some()
            || exclude.is_some()
        {
            return Err(GuardError::not_allowed(
                "a hint or modifier after SELECT",
                PLAIN,
            ));
        }
        if !lateral_views.is_empty()
            || !cluster_by.is_empty()
            || !distribute_by.is_empty()
            || !sort_by.is_empty()
        {
            return Err(GuardError::not_allowed(
                "`LATERAL VIEW`, `CLUSTER BY`, `DISTRIBUTE BY` or `SORT BY`",
                PLAIN,
            ));
        }
        match flavor {
            SelectFlavor::Standard => {}
            SelectFlavor::FromFirst | SelectFlavor::FromFirstNoSelect => {
                return Err(GuardError::not_allowed("`FROM` before `SELECT`", PLAIN));
            }
        }

        let mut reads = 0_u64;
        for (index, tables) in from.iter().enumerate() {
            if index > 0 {
                self.count_join()?;
            }
            reads = reads.saturating_add(self.table_with_joins(tables)?);
        }
        let mut relation = self.projection(projection)?;
        relation.reads = reads;
        for condition in [prewhere, selection].into_iter().flatten() {
            self.expression(condition)?;
        }
        // What follows may name the columns computed above.
        self.scope.add_relation(relation.clone());
        for NamedWindowDefinition(name, definition) in named_window {
            self.name(name)?;
            match definition {
                NamedWindowExpr::NamedWindow(other) => {
                    self.name(other)?;
                }
                NamedWindowExpr::WindowSpec(window) => {
                    self.window(window)?;
                }
            }
        }
        self.group_by(group_by)?;
        for condition in [having, qualify].into_iter().flatten() {
            self.expression(condition)?;
        }
        match distinct {
            Some(Distinct::On(expressions)) => self.expressions(expressions)?,
            Some(Distinct::All | Distinct::Distinct) | None => {}
        }
        self.order_by(order_by)?;
        Ok(relation)
    }

    fn projection(&mut self, items: &[SelectItem]) -> Result<Relation, GuardError> {
        let mut relation = Relation::empty();
        for item in items {
            match item {
                SelectItem::UnnamedExpr(expression) => {
                    let size = self.expression(expression)?;
                    relation.add(self.column_name(expression)?, size);
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    let size = self.expression(expr)?;
                    relation.add(Some(self.name(alias)?), size);
                }
                SelectItem::ExprWithAliases { .. } => {
                    return Err(GuardError::not_allowed(
                        "several aliases for one column",
                        "Give each column one name.",
                    ));
                }
                SelectItem::Wildcard(options) => {
                    self.wildcard(options, &mut relation)?;
                }
                SelectItem::QualifiedWildcard(kind, options) => {
                    match kind {
                        SelectItemQualifiedWildcardKind::ObjectName(name) => {
                            let Some(ident) = self.single(name) else {
                                return Err(GuardError::not_allowed(
                                    "a qualified table before `.*`",
                                    "Write alias.*.",
                                ));
                            };
                            self.name(ident)?;
                        }
                        SelectItemQualifiedWildcardKind::Expr(_) => {
                            return Err(GuardError::not_allowed(
                                "`.*` after an expression",
                                "Name the parts.",
                            ));
                        }
                    }
                    self.wildcard(options, &mut relation)?;
                }
            }
        }
        Ok(relation)
    }

    /// The name under which a column without alias is known further up, where it keeps one.
    fn column_name(&self, expression: &Expr) -> Result<Option<String>, GuardError> {
        match expression {
            Expr::Identifier(ident) => self.name(ident).map(Some),
            Expr::CompoundIdentifier(parts) => {
                parts.last().map(|ident| self.name(ident)).transpose()
            }
            _ => Ok(None),
        }
    }

    fn wildcard(
        &mut self,
        options: &WildcardAdditionalOptions,
        relation: &mut Relation,
    ) -> Result<(), GuardError> {
        let WildcardAdditionalOptions {
            wildcard_token: _,
            opt_ilike,
            opt_exclude,
            opt_except,
            opt_replace,
            opt_rename,
            opt_alias,
        } = options;
        if opt_ilike.is_some() || opt_rename.is_some() || opt_alias.is_some() {
            return Err(GuardError::not_allowed(
                "`* ILIKE`, `* RENAME` or an alias for `*`",
                "Name the columns.",
            ));
        }
        let mut left_out: Vec<&Ident> = Vec::new();
        match opt_exclude {
            Some(ExcludeSelectItem::Single(name)) => left_out.extend(self.single(name)),
            Some(ExcludeSelectItem::Multiple(names)) => {
                left_out.extend(names.iter().filter_map(|name| self.single(name)))
            }
            None => {}
        }
        if let Some(ExceptSelectItem {
            first_element,
            additional_elements,
        }) = opt_except
        {
            left_out.push(first_element);
            left_out.extend(additional_elements);
        }
        for ident in left_out {
            self.name(ident)?;
        }
        let below: Vec<Relation> = self.scope.relations().cloned().collect();
        for columns in &below {
            relation.add_all(columns);
        }
        if let Some(ReplaceSelectItem { items }) = opt_replace {
            for item in items {
                let ReplaceSelectElement {
                    expr,
                    column_name,
                    as_keyword: _,
                } = item.as_ref();
                let size = self.expression(expr)?;
                relation.add(Some(self.name(column_name)?), size);
            }
        }
        Ok(())
    }

    fn group_by(&mut self, group_by: &GroupByExpr) -> Result<(), GuardError> {
        let (expressions, modifiers) = match group_by {
            GroupByExpr::All(modifiers) => (&[][..], modifiers),
            GroupByExpr::Expressions(expressions, modifiers) => (expressions.as_slice(), modifiers),
        };
        if !modifiers.is_empty() {
            return Err(GuardError::not_allowed(
                "`WITH ROLLUP`, `WITH CUBE` or `WITH TOTALS`",
                "Write GROUP BY ROLLUP (…), or add the total by UNION ALL.",
            ));
        }
        let mut groupings = 1_u64;
        for expression in expressions {
            let (count, lists) = match expression {
                Expr::GroupingSets(lists) => (lists.len() as u64, lists),
                Expr::Rollup(lists) => ((lists.len() as u64).saturating_add(1), lists),
                Expr::Cube(lists) => (
                    1_u64.checked_shl(lists.len() as u32).unwrap_or(u64::MAX),
                    lists,
                ),
                plain => {
                    self.expression(plain)?;
                    continue;
                }
            };
            groupings = groupings.saturating_mul(count);
            for list in lists {
                self.expressions(list)?;
            }
        }
        if groupings > self.rules.limits.groupings {
            return Err(GuardError::too_complex(
                format!(
                    "it groups in more than {} ways at once",
                    self.rules.limits.groupings
                ),
                "Use fewer columns in CUBE or ROLLUP, or GROUPING SETS with those you need.",
            ));
        }
        Ok(())
    }

    fn expressions(&mut self, expressions: &[Expr]) -> Result<(), GuardError> {
        for expression in expressions {
            self.expression(expression)?;
        }
        Ok(())
    }
}
