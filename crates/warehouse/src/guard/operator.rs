//! Operators, and chains of them.

use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator};

use super::error::{GuardError, quoted};
use super::expression::PLAIN_PROPERTY;
use super::grammar::too_many_operators;
use super::size::Size;
use super::walk::Walk;

impl Walk<'_> {
    /// Checks a sign or `NOT`.
    pub(super) fn unary(&mut self, op: &UnaryOperator, operand: &Expr) -> Result<Size, GuardError> {
        match op {
            UnaryOperator::Plus
            | UnaryOperator::Minus
            | UnaryOperator::Not
            | UnaryOperator::BitwiseNot => self.scalar(operand),
            other => Err(operator(&other.to_string())),
        }
    }

    /// Checks `a + b + c + …`. The parser nests it to the left, as deep as it is long; here it is taken as the list it is.
    pub(super) fn chain(&mut self, expression: &Expr) -> Result<Size, GuardError> {
        let mut steps = Vec::new();
        let mut first = expression;
        while let Expr::BinaryOp { left, op, right } = first {
            steps.push((op, right.as_ref()));
            first = left;
        }
        self.operators += steps.len();
        if self.operators > self.rules.limits.operators {
            return Err(too_many_operators(&self.rules.limits));
        }
        // What works on the tree later does recurse, so its length counts as depth all the same.
        let length = steps.len();
        self.depth += length;
        let size = self.links(first, steps);
        self.depth -= length;
        size
    }

    fn links(
        &mut self,
        first: &Expr,
        steps: Vec<(&BinaryOperator, &Expr)>,
    ) -> Result<Size, GuardError> {
        let mut size = self.expression(first)?;
        for (op, right) in steps.into_iter().rev() {
            let right = self.expression(right)?;
            let both = match op {
                BinaryOperator::StringConcat => size + right,
                other => {
                    binary_operator(other)?;
                    size.either(right).scalar()
                }
            };
            size = both.above().within(&self.rules.limits)?;
        }
        Ok(size)
    }
}

/// Operators between two values, apart from `||`.
fn binary_operator(op: &BinaryOperator) -> Result<(), GuardError> {
    match op {
        BinaryOperator::Plus
        | BinaryOperator::Minus
        | BinaryOperator::Multiply
        | BinaryOperator::Divide
        | BinaryOperator::Modulo
        | BinaryOperator::And
        | BinaryOperator::Or
        | BinaryOperator::BitwiseAnd
        | BinaryOperator::BitwiseOr
        | BinaryOperator::BitwiseXor
        | BinaryOperator::PGBitwiseShiftLeft
        | BinaryOperator::PGBitwiseShiftRight
        | BinaryOperator::PGRegexMatch
        | BinaryOperator::PGRegexIMatch
        | BinaryOperator::PGRegexNotMatch
        | BinaryOperator::PGRegexNotIMatch
        | BinaryOperator::AtArrow
        | BinaryOperator::ArrowAt => Ok(()),
        other => comparison(other),
    }
}

/// Comparisons; the only operators that may stand before `ANY` and `ALL`.
pub(super) fn comparison(op: &BinaryOperator) -> Result<(), GuardError> {
    match op {
        BinaryOperator::Eq
        | BinaryOperator::NotEq
        | BinaryOperator::Lt
        | BinaryOperator::LtEq
        | BinaryOperator::Gt
        | BinaryOperator::GtEq => Ok(()),
        BinaryOperator::Arrow
        | BinaryOperator::LongArrow
        | BinaryOperator::HashArrow
        | BinaryOperator::HashLongArrow => Err(GuardError::not_allowed(
            format!("the operator `{op}`"),
            PLAIN_PROPERTY,
        )),
        other => Err(operator(&other.to_string())),
    }
}

fn operator(text: &str) -> GuardError {
    GuardError::not_allowed(
        format!("the operator `{}`", quoted(text)),
        "Operators are + - * / % || = <> < <= > >= AND OR NOT, LIKE, ILIKE, IN, BETWEEN, ~ and ~*.",
    )
}
