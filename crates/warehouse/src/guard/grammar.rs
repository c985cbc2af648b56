//! The second gate: the parser, held to the grammar that is needed and to a budget.
//!
//! The parser tries an expression one way and then another. Where both ways contain the same inner expression and that
//! fails, the work doubles at every level: 25 nested `CAST(` with a mistake inside would take minutes. And the prefix of
//! an expression (`INTERVAL INTERVAL …`) recurses past the parser's own depth counter. Both run through one hook
//! that a dialect may set, so the budget lives in the dialect.

use std::any::TypeId;
use std::cell::Cell;

use sqlparser::ast::{Expr, Statement};
use sqlparser::dialect::{ClickHouseDialect, Dialect, GenericDialect};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::error::{GuardError, Place, quoted};
use super::rules::{SqlDialect, SqlLimits};

/// Attempts at an expression per token. Statements of people and models need about two.
const STEPS_PER_TOKEN: usize = 12;

/// An engine's dialect with a budget, for one statement.
#[derive(Debug)]
pub(super) struct Grammar {
    base: Base,
    depth_left: Cell<usize>,
    steps_left: Cell<usize>,
    operators_left: Cell<usize>,
    exhausted: Cell<Option<Budget>>,
    /// Set while the hook calls the parser's own rule, which calls the hook again.
    within_prefix: Cell<bool>,
}

#[derive(Debug)]
enum Base {
    Generic(GenericDialect),
    ClickHouse(ClickHouseDialect),
}

/// What ran out.
#[derive(Debug, Clone, Copy)]
enum Budget {
    Depth,
    Steps,
    Operators,
}

impl Grammar {
    /// The grammar of `dialect`. DataFusion reads SQL by the parser's generic dialect.
    pub(super) fn new(dialect: SqlDialect, limits: &SqlLimits) -> Self {
        Self {
            base: match dialect {
                SqlDialect::DataFusion => Base::Generic(GenericDialect),
                SqlDialect::ClickHouse => Base::ClickHouse(ClickHouseDialect {}),
            },
            depth_left: Cell::new(limits.depth),
            steps_left: Cell::new(0),
            operators_left: Cell::new(0),
            exhausted: Cell::new(None),
            within_prefix: Cell::new(false),
        }
    }

    /// Whether it is ClickHouse's.
    pub(super) fn is_clickhouse(&self) -> bool {
        matches!(self.base, Base::ClickHouse(_))
    }

    /// Parses the tokens of one statement, all of them.
    pub(super) fn parse(
        &self,
        tokens: Vec<TokenWithSpan>,
        limits: &SqlLimits,
    ) -> Result<Statement, GuardError> {
        let budget = tokens.len().saturating_mul(STEPS_PER_TOKEN);
        self.steps_left.set(budget);
        // Backtracking meets the same operator again, so the parser may see more of them than there are; what was
        // built is counted exactly by the third gate.
        self.operators_left.set(limits.operators.saturating_mul(4));
        // Subqueries count in the parser's own limit as well. It has room for all of them, so that the budget here, of which
        // it is known whether it ran out, is always the first to.
        let own_limit = limits
            .depth
            .saturating_add(limits.subquery_depth.saturating_mul(4));
        let mut parser = Parser::new(self)
            .with_tokens_with_locations(tokens)
            .with_recursion_limit(own_limit);
        let statement = parser.parse_statement();
        // The parser may take a limit for a reason to read the text another way, and succeed with a meaning nobody meant.
        let statement = match self.exhausted.get() {
            Some(Budget::Depth) => return Err(self.too_complex(Budget::Depth, limits)),
            Some(Budget::Operators) => return Err(self.too_complex(Budget::Operators, limits)),
            Some(Budget::Steps) if statement.is_ok() => {
                return Err(self.too_complex(Budget::Steps, limits));
            }
            Some(Budget::Steps) | None => statement,
        };
        let statement = statement.map_err(|error| self.explain(error, &parser, limits))?;
        let next = parser.peek_token();
        if next.token != Token::EOF {
            return Err(GuardError::Syntax {
                place: Place::of(next.span),
                message: format!(
                    "expected the end of the statement, found `{}`",
                    quoted(next.token)
                ),
            });
        }
        Ok(statement)
    }

    fn explain(&self, error: ParserError, parser: &Parser<'_>, limits: &SqlLimits) -> GuardError {
        let (ParserError::ParserError(text) | ParserError::TokenizerError(text)) = error else {
            return self.too_complex(self.exhausted.get().unwrap_or(Budget::Depth), limits);
        };
        let (message, place) = split_place(&text);
        let mut place = place.or(Place::of(parser.peek_token_ref().span));
        let Some((expected, found)) = expectation(message) else {
            return GuardError::Syntax {
                place,
                message: quoted(message),
            };
        };
        // Some messages name one token and the place of the next.
        let last = parser.get_current_token();
        if place.is_none() {
            place = Place::at(last.span.end);
        }
        if place == Place::of(parser.peek_token_ref().span) && last.token.to_string() == found {
            place = Place::of(last.span).or(place);
        }
        let found = if found == "EOF" {
            "the end of the statement".to_owned()
        } else {
            format!("`{}`", quoted(found))
        };
        GuardError::Syntax {
            place,
            message: format!("expected {}, found {found}", quoted(expected)),
        }
    }

    fn too_complex(&self, budget: Budget, limits: &SqlLimits) -> GuardError {
        match budget {
            Budget::Operators => too_many_operators(limits),
            Budget::Steps => GuardError::too_complex(
                "deciding how to read it takes too long",
                "Write the inner parts of nested calls as columns of a WITH clause.",
            ),
            Budget::Depth => GuardError::too_complex(
                format!("it is nested more than {} deep", limits.depth),
                "Move inner parts into a WITH clause.",
            ),
        }
    }

    fn spend(&self, budget: &Cell<usize>, name: Budget) -> Result<(), ParserError> {
        match budget.get().checked_sub(1) {
            Some(left) => {
                budget.set(left);
                Ok(())
            }
            None => {
                self.ran_out(name);
                // The one error that the parser does not take as a reason to try another way.
                Err(ParserError::RecursionLimitExceeded)
            }
        }
    }

    fn ran_out(&self, budget: Budget) {
        self.exhausted.set(self.exhausted.get().or(Some(budget)));
    }

    fn base(&self) -> &dyn Dialect {
        match &self.base {
            Base::Generic(dialect) => dialect,
            Base::ClickHouse(dialect) => dialect,
        }
    }
}

/// The refusal for a statement with more operators than allowed.
pub(super) fn too_many_operators(limits: &SqlLimits) -> GuardError {
    GuardError::too_complex(
        format!("it has more than {} operators", limits.operators),
        "Replace chains of OR by IN (…), or by a join with VALUES.",
    )
}

/// The parser writes the place at the end of its message: `…, found: x at Line: 1, Column: 8`.
fn split_place(text: &str) -> (&str, Option<Place>) {
    let Some((message, place)) = text.rsplit_once(" at Line: ") else {
        return (text, None);
    };
    let Some((line, column)) = place.split_once(", Column: ") else {
        return (text, None);
    };
    match (line.trim().parse(), column.trim().parse()) {
        (Ok(line), Ok(column)) => (message, Some(Place { line, column })),
        _ => (text, None),
    }
}

/// The two parts of `Expected: an expression, found: FROM`.
fn expectation(message: &str) -> Option<(&str, &str)> {
    let (expected, found) = message.strip_prefix("Expected")?.split_once(", found: ")?;
    Some((expected.trim_start_matches(':').trim(), found.trim()))
}

/// Passes questions on to the engine's own dialect. What is not listed keeps the parser's answer, which is no.
macro_rules! as_the_engine_does {
    ($($question:ident),* $(,)?) => {
        $(fn $question(&self) -> bool {
            self.base().$question()
        })*
    };
}

impl Dialect for Grammar {
    fn dialect(&self) -> TypeId {
        self.base().dialect()
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        self.base().is_delimited_identifier_start(ch)
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        self.base().is_identifier_start(ch)
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        self.base().is_identifier_part(ch)
    }

    as_the_engine_does!(
        allow_extract_custom,
        allow_extract_single_quotes,
        require_interval_qualifier,
        supports_array_join_syntax,
        supports_array_typedef_with_brackets,
        supports_bitwise_shift_operators,
        supports_comma_separated_trim,
        supports_explain_with_utility_options,
        supports_extract_comma_syntax,
        supports_group_by_expr,
        supports_group_by_with_modifier,
        supports_interpolate,
        supports_lambda_functions,
        supports_left_associative_joins_without_parens,
        supports_limit_by,
        supports_limit_comma,
        supports_nested_comments,
        supports_numeric_literal_underscores,
        supports_order_by_all,
        supports_parens_around_table_factor,
        supports_prewhere,
        supports_projection_trailing_commas,
        supports_select_format,
        supports_select_wildcard_except,
        supports_select_wildcard_exclude,
        supports_select_wildcard_replace,
        supports_settings,
        supports_string_escape_constant,
        supports_string_literal_backslash_escape,
        supports_unicode_string_literal,
        supports_window_clause_named_window_reference,
        supports_window_function_null_treatment_arg,
        supports_with_fill,
    );

    /// Both engines do; of ClickHouse the parser does not know it.
    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    fn parse_prefix(&self, parser: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
        if self.within_prefix.replace(false) {
            return None;
        }
        if let Err(error) = self
            .spend(&self.steps_left, Budget::Steps)
            .and_then(|()| self.spend(&self.depth_left, Budget::Depth))
        {
            return Some(Err(error));
        }
        self.within_prefix.set(true);
        let parsed = parser.parse_prefix();
        self.within_prefix.set(false);
        if matches!(parsed, Err(ParserError::RecursionLimitExceeded)) {
            self.ran_out(Budget::Depth);
        }
        self.depth_left.set(self.depth_left.get().saturating_add(1));
        Some(parsed)
    }

    fn parse_infix(
        &self,
        _: &mut Parser<'_>,
        _: &Expr,
        _: u8,
    ) -> Option<Result<Expr, ParserError>> {
        self.spend(&self.operators_left, Budget::Operators)
            .err()
            .map(Err)
    }
}
