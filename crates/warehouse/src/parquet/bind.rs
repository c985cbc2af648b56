//! Puts a statement's values where its placeholders stand: in the syntax tree, as literals, never in the text.
//!
//! The engine infers a parameter's type only from its surroundings, which fails inside function calls; a literal has its own.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, Statement, Value as Literal, visit_expressions_mut};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;

use crate::error::WarehouseError;
use crate::value::Value;

/// Replaces `$1`, `$2`, … in `statement` by `values`.
///
/// # Errors
/// [`WarehouseError::Internal`] when a placeholder has no value: the statement and its values do not belong together.
pub(super) fn bind(statement: &mut Statement, values: &[Value]) -> Result<(), WarehouseError> {
    let literals = values
        .iter()
        .enumerate()
        .map(|(index, value)| literal(value).map(|literal| (format!("${}", index + 1), literal)))
        .collect::<Result<BTreeMap<_, _>, _>>()?;
    let unbound = visit_expressions_mut(statement, |expression| {
        let Expr::Value(value) = expression else {
            return ControlFlow::Continue(());
        };
        let Literal::Placeholder(name) = &value.value else {
            return ControlFlow::Continue(());
        };
        match literals.get(name) {
            Some(literal) => {
                *expression = literal.clone();
                ControlFlow::Continue(())
            }
            None => ControlFlow::Break(name.clone()),
        }
    });
    match unbound {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(name) => Err(WarehouseError::internal(format!(
            "nothing is bound to {name}"
        ))),
    }
}

fn literal(value: &Value) -> Result<Expr, WarehouseError> {
    let literal = match value {
        Value::Null => Literal::Null,
        Value::Text(text) => Literal::SingleQuotedString(text.clone()),
        Value::Bool(truth) => Literal::Boolean(*truth),
        Value::Int(number) => return typed(&format!("CAST({number} AS BIGINT)")),
        Value::Float(number) if number.is_finite() => {
            return typed(&format!("CAST({number:e} AS DOUBLE)"));
        }
        Value::Float(_) => Literal::Null,
        Value::TimestampMs(instant) => {
            return typed(&format!(
                "arrow_cast(CAST({instant} AS BIGINT), 'Timestamp(Millisecond, Some(\"UTC\"))')"
            ));
        }
        Value::Date(date) => return typed(&format!("DATE '{date}'")),
    };
    Ok(Expr::Value(literal.into()))
}

/// Parses an expression made of numbers and dates of ours.
fn typed(text: &str) -> Result<Expr, WarehouseError> {
    Parser::new(&GenericDialect {})
        .try_with_sql(text)
        .and_then(|mut parser| parser.parse_expr())
        .map_err(|error| WarehouseError::internal(format!("a literal does not parse: {error}")))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;

    fn bound(sql: &str, values: &[Value]) -> Result<String, WarehouseError> {
        let mut statement = Parser::parse_sql(&GenericDialect {}, sql)
            .unwrap()
            .remove(0);
        bind(&mut statement, values).map(|()| statement.to_string())
    }

    #[test]
    fn a_text_stays_a_text_whatever_it_contains() {
        let sql = bound(
            "SELECT 1 FROM events WHERE name = $1",
            &["x'; DROP TABLE events; -- $2".into()],
        )
        .unwrap();
        assert_eq!(
            sql,
            "SELECT 1 FROM events WHERE name = 'x''; DROP TABLE events; -- $2'"
        );
    }

    #[test]
    fn numbers_and_instants_carry_their_types() {
        let sql = bound(
            "SELECT $1, $2, $3 LIMIT $1",
            &[Value::Int(-3), Value::Float(0.1), Value::TimestampMs(5)],
        )
        .unwrap();
        assert_eq!(
            sql,
            "SELECT CAST(-3 AS BIGINT), CAST(1e-1 AS DOUBLE), \
             arrow_cast(CAST(5 AS BIGINT), 'Timestamp(Millisecond, Some(\"UTC\"))') LIMIT CAST(-3 AS BIGINT)"
        );
    }

    #[test]
    fn a_placeholder_without_a_value_is_our_fault() {
        assert!(matches!(
            bound("SELECT $2", &[Value::Null]),
            Err(WarehouseError::Internal(_))
        ));
    }
}
