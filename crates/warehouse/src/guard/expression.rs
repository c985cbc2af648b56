//! Expressions: every kind that is allowed, taken apart; every other refused.

use sqlparser::ast::{
    AccessExpr, Array, CaseWhen, Expr, Ident, LambdaFunction, LambdaFunctionParameter,
    LambdaSyntax, OneOrManyWithParens, Query, Subscript, TypedString, Value, ValueWithSpan,
};

use super::error::{GuardError, quoted};
use super::operator::comparison;
use super::rules::SqlDialect;
use super::size::{Size, literal};
use super::walk::Walk;

const PLAIN_TEXT: &str = "Write text in single quotes, a quote inside it twice.";
pub(super) const PLAIN_PROPERTY: &str =
    "Take a value out of properties by property(properties, 'key') or properties['key'].";

impl Walk<'_> {
    /// Checks an expression; its size, with the columns it names written out.
    pub(super) fn expression(&mut self, expression: &Expr) -> Result<Size, GuardError> {
        let size = self
            .deeper(|walk| walk.node(expression))?
            .above()
            .within(&self.rules.limits)?;
        Ok(size)
    }

    /// Sizes put together as of several parts of which one is the result.
    pub(super) fn either<'e>(
        &mut self,
        expressions: impl IntoIterator<Item = &'e Expr>,
    ) -> Result<Size, GuardError> {
        let mut size = Size {
            nodes: 0,
            growth: 1,
        };
        for expression in expressions {
            size = size.either(self.expression(expression)?);
        }
        Ok(size)
    }

    /// Names, literals and what stands around one expression. The rest is told apart further down: one large function would take
    /// its whole frame at every level of nesting.
    fn node(&mut self, expression: &Expr) -> Result<Size, GuardError> {
        match expression {
            Expr::Identifier(ident) => self.column(std::slice::from_ref(ident)),
            Expr::CompoundIdentifier(parts) => self.column(parts),
            Expr::Value(value) => self.value(value),
            Expr::Nested(inner) => self.expression(inner),
            Expr::BinaryOp { .. } => self.chain(expression),
            Expr::UnaryOp { op, expr } => self.unary(op, expr),
            Expr::Function(function) => self.function(function),
            Expr::Case {
                case_token: _,
                end_token: _,
                operand,
                conditions,
                else_result,
            } => self.case(operand.as_deref(), conditions, else_result.as_deref()),
            Expr::Cast {
                kind,
                expr,
                data_type,
                array,
                format,
            } => self.cast(kind, expr, data_type, *array, format.as_ref()),
            Expr::CompoundFieldAccess { root, access_chain } => self.access(root, access_chain),
            Expr::Subquery(subquery) => self.inner_query(subquery),
            Expr::Tuple(parts)
            | Expr::Array(Array {
                elem: parts,
                named: _,
            }) => self.together(parts),
            Expr::TypedString(typed) => self.typed_string(typed),
            Expr::Interval(interval) => self.interval(interval),
            Expr::IsFalse(inner)
            | Expr::IsNotFalse(inner)
            | Expr::IsTrue(inner)
            | Expr::IsNotTrue(inner)
            | Expr::IsNull(inner)
            | Expr::IsNotNull(inner)
            | Expr::IsUnknown(inner)
            | Expr::IsNotUnknown(inner) => self.scalar(inner),
            Expr::IsDistinctFrom(..)
            | Expr::IsNotDistinctFrom(..)
            | Expr::Between { .. }
            | Expr::InList { .. }
            | Expr::InSubquery { .. }
            | Expr::Exists { .. }
            | Expr::Like { .. }
            | Expr::ILike { .. }
            | Expr::SimilarTo { .. }
            | Expr::AnyOp { .. }
            | Expr::AllOp { .. } => self.test(expression),
            Expr::AtTimeZone { .. }
            | Expr::Extract { .. }
            | Expr::Ceil { .. }
            | Expr::Floor { .. }
            | Expr::Position { .. }
            | Expr::Substring { .. }
            | Expr::Trim { .. }
            | Expr::Overlay { .. } => self.call_in_words(expression),
            Expr::Lambda(lambda) => self.lambda(lambda),
            Expr::GroupingSets(_)
            | Expr::Cube(_)
            | Expr::Rollup(_)
            | Expr::JsonAccess { .. }
            | Expr::Struct { .. }
            | Expr::Named { .. }
            | Expr::Dictionary(_)
            | Expr::Map(_)
            | Expr::InUnnest { .. }
            | Expr::RLike { .. }
            | Expr::Convert { .. }
            | Expr::Collate { .. }
            | Expr::IsNormalized { .. }
            | Expr::Prefixed { .. }
            | Expr::MatchAgainst { .. }
            | Expr::MemberOf(_)
            | Expr::OuterJoin(_)
            | Expr::Prior(_)
            | Expr::Wildcard(_)
            | Expr::QualifiedWildcard(..) => Err(refusal(expression)),
        }
    }

    /// What gives true or false.
    fn test(&mut self, expression: &Expr) -> Result<Size, GuardError> {
        let size = match expression {
            Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
                self.either([left.as_ref(), right])?
            }
            Expr::Between {
                expr,
                negated: _,
                low,
                high,
            } => self.either([expr.as_ref(), low, high])?,
            Expr::InList {
                expr,
                list,
                negated: _,
            } => {
                self.no_table_in(list)?;
                self.either(std::iter::once(expr.as_ref()).chain(list))?
            }
            Expr::Exists {
                subquery,
                negated: _,
            } => self.inner_query(subquery)?,
            Expr::InSubquery {
                expr,
                subquery,
                negated: _,
            } => {
                let one = self.expression(expr)?;
                one.either(self.inner_query(subquery)?)
            }
            Expr::Like {
                negated: _,
                any,
                expr,
                pattern,
                escape_char,
            }
            | Expr::ILike {
                negated: _,
                any,
                expr,
                pattern,
                escape_char,
            } => {
                if *any {
                    return Err(GuardError::not_allowed(
                        "`LIKE ANY`",
                        "Join several LIKE by OR.",
                    ));
                }
                self.pattern(expr, pattern, escape_char.as_ref())?
            }
            Expr::SimilarTo {
                negated: _,
                expr,
                pattern,
                escape_char,
            } => self.pattern(expr, pattern, escape_char.as_ref())?,
            Expr::AnyOp {
                left,
                compare_op,
                right,
                is_some: _,
            }
            | Expr::AllOp {
                left,
                compare_op,
                right,
            } => {
                comparison(compare_op)?;
                self.either([left.as_ref(), right])?
            }
            other => return Err(refusal(other)),
        };
        Ok(size.scalar())
    }

    /// ClickHouse reads a name after `IN` as a table's, whatever database it is in.
    fn no_table_in(&self, list: &[Expr]) -> Result<(), GuardError> {
        let mut names = list.iter().map(|entry| {
            let mut entry = entry;
            while let Expr::Nested(inner) = entry {
                entry = inner;
            }
            entry
        });
        let is_name =
            |entry: &Expr| matches!(entry, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
        if self.rules.dialect == SqlDialect::ClickHouse && names.any(is_name) {
            return Err(GuardError::not_allowed(
                "a name in the list after `IN`",
                "Write values there, a subquery, or compare with = and OR.",
            ));
        }
        Ok(())
    }

    /// `x -> x + 1`, the argument of functions over lists. Its names are columns whose size is that of one value.
    fn lambda(&mut self, lambda: &LambdaFunction) -> Result<Size, GuardError> {
        let LambdaFunction {
            params,
            body,
            syntax,
        } = lambda;
        if self.rules.dialect != SqlDialect::ClickHouse || *syntax != LambdaSyntax::Arrow {
            return Err(GuardError::not_allowed(
                "a lambda (`x -> …`)",
                "Unnest the list in a subquery and filter there.",
            ));
        }
        let params = match params {
            OneOrManyWithParens::One(param) => std::slice::from_ref(param),
            OneOrManyWithParens::Many(params) => params.as_slice(),
        };
        for LambdaFunctionParameter { name, data_type } in params {
            if data_type.is_some() {
                return Err(GuardError::not_allowed(
                    "a type for a lambda's name",
                    "Leave it out.",
                ));
            }
            self.name(name)?;
        }
        self.expression(body)
    }

    /// Checks an expression whose value is as short as a number.
    pub(super) fn scalar(&mut self, expression: &Expr) -> Result<Size, GuardError> {
        self.expression(expression).map(Size::scalar)
    }

    fn column(&mut self, parts: &[Ident]) -> Result<Size, GuardError> {
        let names = parts
            .iter()
            .map(|part| self.name(part))
            .collect::<Result<Vec<_>, _>>()?;
        let size = self.scope.column(&names);
        self.count(size)
    }

    fn typed_string(&mut self, typed: &TypedString) -> Result<Size, GuardError> {
        let TypedString {
            data_type,
            value,
            uses_odbc_syntax,
        } = typed;
        if *uses_odbc_syntax {
            return Err(GuardError::not_allowed(
                "`{d '…'}`",
                "Write DATE '2026-01-31' or TIMESTAMP '2026-01-31 12:00:00'.",
            ));
        }
        self.data_type(data_type)?;
        self.value(value).map(Size::scalar)
    }

    fn case(
        &mut self,
        operand: Option<&Expr>,
        conditions: &[CaseWhen],
        otherwise: Option<&Expr>,
    ) -> Result<Size, GuardError> {
        let mut size = Size {
            nodes: 0,
            growth: 1,
        };
        if let Some(operand) = operand {
            size = size.either(self.scalar(operand)?);
        }
        for CaseWhen { condition, result } in conditions {
            size = size.either(self.scalar(condition)?);
            size = size.either(self.expression(result)?);
        }
        if let Some(otherwise) = otherwise {
            size = size.either(self.expression(otherwise)?);
        }
        Ok(size)
    }

    /// Counts a column together with what it stands for.
    fn count(&mut self, size: Size) -> Result<Size, GuardError> {
        self.nodes = self.nodes.saturating_add(size.nodes);
        Size {
            nodes: self.nodes,
            growth: 1,
        }
        .within(&self.rules.limits)?;
        Ok(size)
    }

    /// Parts that become one value.
    fn together(&mut self, parts: &[Expr]) -> Result<Size, GuardError> {
        let mut size = Size {
            nodes: 0,
            growth: 0,
        };
        for part in parts {
            size = size + self.expression(part)?;
        }
        Ok(size)
    }

    fn inner_query(&mut self, query: &Query) -> Result<Size, GuardError> {
        self.subquery(query).map(|relation| relation.widest())
    }

    fn access(&mut self, root: &Expr, chain: &[AccessExpr]) -> Result<Size, GuardError> {
        let mut size = self.expression(root)?;
        for access in chain {
            match access {
                AccessExpr::Dot(Expr::Identifier(ident)) => {
                    self.name(ident)?;
                }
                AccessExpr::Dot(_) => {
                    return Err(GuardError::not_allowed(
                        "a call or value after a dot",
                        PLAIN_PROPERTY,
                    ));
                }
                AccessExpr::Subscript(Subscript::Index { index }) => {
                    size = size.either(self.expression(index)?.scalar())
                }
                AccessExpr::Subscript(Subscript::Slice {
                    lower_bound,
                    upper_bound,
                    stride,
                }) => {
                    for bound in [lower_bound, upper_bound, stride].into_iter().flatten() {
                        size = size.either(self.expression(bound)?.scalar());
                    }
                }
            }
        }
        Ok(size)
    }

    /// Checks a literal.
    pub(super) fn value(&self, value: &ValueWithSpan) -> Result<Size, GuardError> {
        let ValueWithSpan { value, span } = value;
        match value {
            Value::Number(..) | Value::Boolean(_) | Value::Null => Ok(Size::ONE),
            Value::SingleQuotedString(text) => Ok(literal(text.len())),
            Value::EscapedStringLiteral(text)
            | Value::UnicodeStringLiteral(text)
            | Value::HexStringLiteral(text)
                if self.rules.dialect == SqlDialect::DataFusion =>
            {
                Ok(literal(text.len()))
            }
            Value::Placeholder(name) => Err(GuardError::not_allowed(
                format!("the parameter `{}`", quoted(name)),
                "Write the value itself; this tool has no parameters.",
            )
            .placed(*span)),
            Value::EscapedStringLiteral(_)
            | Value::UnicodeStringLiteral(_)
            | Value::HexStringLiteral(_)
            | Value::DollarQuotedString(_)
            | Value::TripleSingleQuotedString(_)
            | Value::TripleDoubleQuotedString(_)
            | Value::SingleQuotedByteStringLiteral(_)
            | Value::DoubleQuotedByteStringLiteral(_)
            | Value::TripleSingleQuotedByteStringLiteral(_)
            | Value::TripleDoubleQuotedByteStringLiteral(_)
            | Value::SingleQuotedRawStringLiteral(_)
            | Value::DoubleQuotedRawStringLiteral(_)
            | Value::TripleSingleQuotedRawStringLiteral(_)
            | Value::TripleDoubleQuotedRawStringLiteral(_)
            | Value::NationalStringLiteral(_)
            | Value::QuoteDelimitedStringLiteral(_)
            | Value::NationalQuoteDelimitedStringLiteral(_)
            | Value::DoubleQuotedString(_) => {
                Err(GuardError::not_allowed("this way of quoting text", PLAIN_TEXT).placed(*span))
            }
        }
    }

    fn pattern(
        &mut self,
        text: &Expr,
        pattern: &Expr,
        escape: Option<&ValueWithSpan>,
    ) -> Result<Size, GuardError> {
        if let Some(escape) = escape {
            self.value(escape)?;
        }
        self.either([text, pattern]).map(Size::scalar)
    }
}

/// Why an expression of a kind that is not allowed is not, and what to write instead.
pub(super) fn refusal(expression: &Expr) -> GuardError {
    let (what, instead) = match expression {
        Expr::GroupingSets(_) | Expr::Cube(_) | Expr::Rollup(_) => (
            "`GROUPING SETS`, `CUBE` or `ROLLUP` inside an expression",
            "They belong directly after GROUP BY.",
        ),
        Expr::JsonAccess { .. } => ("`value:path`", PLAIN_PROPERTY),
        Expr::Struct { .. } | Expr::Named { .. } => ("`STRUCT(…)`", "Select the parts as columns."),
        Expr::Dictionary(_) | Expr::Map(_) => (
            "a map or dictionary literal",
            "Select the parts as columns.",
        ),
        Expr::InUnnest { .. } => ("`IN UNNEST(…)`", "Write array_has(list, value)."),
        Expr::RLike { .. } => ("`RLIKE` or `REGEXP`", "Write regexp_like(text, 'pattern')."),
        Expr::Convert { .. } => ("`CONVERT`", "Write CAST(value AS type)."),
        Expr::Collate { .. } => ("`COLLATE`", "Compare lower(text)."),
        Expr::IsNormalized { .. } => ("`IS NORMALIZED`", "Leave it out."),
        Expr::Prefixed { .. } => ("a character set before a text", PLAIN_TEXT),
        Expr::MatchAgainst { .. } => ("`MATCH … AGAINST`", "Use ILIKE or regexp_like."),
        Expr::MemberOf(_) => ("`MEMBER OF`", "Write array_has(list, value)."),
        Expr::OuterJoin(_) => ("`(+)`", "Write LEFT JOIN … ON."),
        Expr::Prior(_) => ("`PRIOR`", "Use lag(column) OVER (ORDER BY …)."),
        Expr::Wildcard(_) | Expr::QualifiedWildcard(..) => (
            "`*` inside an expression",
            "It may stand after SELECT and in count(*).",
        ),
        _ => (
            "this kind of expression",
            "Write a plain comparison, call or CASE.",
        ),
    };
    GuardError::not_allowed(what, instead)
}
