//! The fourth gate: the parser's own visitor over the whole tree, independent of the walk.
//!
//! It knows neither scopes nor sizes. It asks of every relation, call and value anywhere whether it could be allowed at all, so that a
//! place the walk should have looked at and did not is still looked at.

use std::collections::HashSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, Ident, ObjectName, ObjectNamePart, Query, Statement, TableFactor, Value, ValueWithSpan,
    Visit, Visitor,
};

use super::error::{GuardError, Place, first_word, quoted};
use super::relation::span;
use super::rules::Rules;

/// Looks at every node of `statement`.
pub(super) fn check(statement: &Statement, rules: &Rules<'_>) -> Result<(), GuardError> {
    let mut net = Net {
        rules,
        ctes: HashSet::new(),
        refusal: None,
    };
    let _ = statement.visit(&mut net);
    net.refusal.map_or(Ok(()), Err)
}

struct Net<'r> {
    rules: &'r Rules<'r>,
    ctes: HashSet<String>,
    /// Kept here rather than in [`ControlFlow::Break`], of which every level of the visit would hold room for many.
    refusal: Option<GuardError>,
}

impl Net<'_> {
    fn refuse(&mut self, refusal: GuardError) -> ControlFlow<()> {
        self.refusal = Some(refusal);
        ControlFlow::Break(())
    }

    fn folded(&self, name: &ObjectName) -> Option<String> {
        match name.0.as_slice() {
            [
                ObjectNamePart::Identifier(Ident {
                    value,
                    quote_style: None | Some('"' | '`'),
                    span: _,
                }),
            ] => {
                let quoted = name.0.iter().any(|part| matches!(part, ObjectNamePart::Identifier(ident) if ident.quote_style.is_some()));
                Some(self.rules.dialect.fold(value, quoted))
            }
            _ => None,
        }
    }
}

impl Visitor for Net<'_> {
    type Break = ();

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        match statement {
            Statement::Query(_) | Statement::Explain { .. } => ControlFlow::Continue(()),
            other => self.refuse(GuardError::NotReading {
                verb: first_word(other),
            }),
        }
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.ctes.insert(
                self.rules
                    .dialect
                    .fold(&cte.alias.name.value, cte.alias.name.quote_style.is_some()),
            );
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        match self.folded(relation) {
            Some(name) if self.rules.has_table(&name) || self.ctes.contains(&name) => {
                ControlFlow::Continue(())
            }
            _ => self.refuse(GuardError::UnknownTable {
                name: quoted(relation),
                place: Place::of(span(relation)),
                nearest: Vec::new(),
                tables: self.rules.table_names(),
            }),
        }
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Table { .. }
            | TableFactor::Derived { .. }
            | TableFactor::UNNEST { .. }
            | TableFactor::NestedJoin { .. } => ControlFlow::Continue(()),
            _ => self.refuse(GuardError::not_allowed(
                "this kind of source in FROM",
                "Read from a table or a subquery.",
            )),
        }
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        let Expr::Function(function) = expression else {
            return ControlFlow::Continue(());
        };
        let known = match function.name.0.as_slice() {
            [ObjectNamePart::Identifier(ident)] => self
                .rules
                .function_key(&ident.value, ident.quote_style.is_some()),
            _ => None,
        };
        if known.is_some() {
            return ControlFlow::Continue(());
        }
        self.refuse(GuardError::UnknownFunction {
            name: quoted(&function.name),
            place: Place::of(span(&function.name)),
            nearest: Vec::new(),
            instead: None,
        })
    }

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<()> {
        match &value.value {
            Value::Placeholder(name) => {
                let refusal = GuardError::not_allowed(
                    format!("the parameter `{}`", quoted(name)),
                    "Write the value itself.",
                );
                self.refuse(refusal.placed(value.span))
            }
            _ => ControlFlow::Continue(()),
        }
    }
}
