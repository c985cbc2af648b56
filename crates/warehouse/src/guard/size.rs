//! How large an expression becomes once the engine has written it out.
//!
//! Engines put a CTE in place of its name, and a subquery's columns in place of theirs, wherever they are used. Ten lines
//! of `b AS (SELECT x + x AS x FROM a)` so become a thousand additions, and ten lines of `x || x` a thousandfold text.
//! The walk carries two numbers upwards that foresee it.

use std::ops::Add;

use sqlparser::ast::{Expr, FunctionArg, FunctionArgExpr, Value, ValueWithSpan};

use super::error::GuardError;
use super::rules::SqlLimits;

/// Bytes of a literal that count as one stored value.
const VALUE_BYTES: u64 = 256;
/// A text or list made of many rows, in stored values. The engine's memory pool bounds it; this bounds what is made of it.
const AGGREGATED: u64 = 16;
/// Taken for the length of a replacement that is only known when the query runs.
const UNKNOWN_LENGTH: u64 = 256;
/// Most repetitions, or characters of padding, that a statement may ask for.
const MOST_REPEATED: u64 = 1_000;

/// The size of one expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    /// Nodes, with every column of a subquery or CTE written out.
    pub nodes: u64,
    /// Length of the value, in stored values.
    pub growth: u64,
}

impl Size {
    /// A column of a table, a number, a short text.
    pub const ONE: Self = Self {
        nodes: 1,
        growth: 1,
    };

    /// The larger of both, in each respect: one of two alternatives.
    pub fn max(self, other: Self) -> Self {
        Self {
            nodes: self.nodes.max(other.nodes),
            growth: self.growth.max(other.growth),
        }
    }

    /// Two expressions of which one is the result: nodes add up, the value is one of the two.
    pub fn either(self, other: Self) -> Self {
        Self {
            nodes: self.nodes.saturating_add(other.nodes),
            growth: self.growth.max(other.growth),
        }
    }

    /// The node above: one more node, the same value.
    pub fn above(self) -> Self {
        Self {
            nodes: self.nodes.saturating_add(1),
            growth: self.growth,
        }
    }

    /// The same nodes, and a value as short as a number or a truth value.
    pub fn scalar(self) -> Self {
        Self {
            nodes: self.nodes,
            growth: 1,
        }
    }

    /// The same nodes, and a value `factor` times as long.
    pub fn times(self, factor: u64) -> Self {
        Self {
            nodes: self.nodes,
            growth: self.growth.saturating_mul(factor),
        }
    }

    /// Refuses what is larger than `limits` allow.
    pub fn within(self, limits: &SqlLimits) -> Result<Self, GuardError> {
        if self.nodes > limits.nodes {
            return Err(GuardError::too_complex(
                format!(
                    "written out in full, it has more than {} parts",
                    limits.nodes
                ),
                "Use a computed column fewer times further up.",
            ));
        }
        if self.growth > limits.growth {
            return Err(GuardError::too_complex(
                format!(
                    "it makes values more than {} times as long as the stored ones",
                    limits.growth
                ),
                "Nest fewer replace, concat, || and repeat calls.",
            ));
        }
        Ok(self)
    }
}

impl Add for Size {
    type Output = Self;

    /// Two expressions whose values are put together.
    fn add(self, other: Self) -> Self {
        Self {
            nodes: self.nodes.saturating_add(other.nodes),
            growth: self.growth.saturating_add(other.growth),
        }
    }
}

/// The size of a literal of so many bytes.
pub(super) fn literal(bytes: usize) -> Size {
    Size {
        nodes: 1,
        growth: 1_u64.saturating_add(bytes as u64 / VALUE_BYTES),
    }
}

/// The size of a call of the function `name`, from the sizes of its arguments.
///
/// # Errors
/// When a number that decides how much memory the call takes is not written out, or too large.
pub(super) fn call(
    name: &str,
    arguments: &[FunctionArg],
    sizes: &[Size],
) -> Result<Size, GuardError> {
    let all = sizes.iter().copied().fold(
        Size {
            nodes: 1,
            growth: 0,
        },
        Size::add,
    );
    let widest = sizes.iter().copied().fold(Size::ONE, Size::either);
    let first = Size {
        nodes: all.nodes,
        growth: sizes.first().map_or(1, |size| size.growth),
    };
    Ok(match name {
        "concat" | "make_array" | "make_list" | "map" | "named_struct" | "struct" | "overlay"
        | "array_append" | "array_cat" | "array_concat" | "array_prepend" | "array_push_back"
        | "array_push_front" | "array_union" | "list_append" | "list_cat" | "list_concat"
        | "list_prepend" | "list_union" | "array" | "arrayConcat" | "arrayPushBack"
        | "arrayPushFront" | "arrayUnion" | "arrayZip" | "mapUpdate" | "tuple" | "tupleConcat" => {
            all
        }
        "concat_ws" | "concatWithSeparator" => all + separators(arguments.first(), arguments.len()),
        "array_join" | "array_to_string" | "arrayStringConcat" | "list_join" | "list_to_string" => {
            first.times(1_u64.saturating_add(length(arguments.get(1))))
        }
        "replace" | "replaceAll" => {
            let by = length(arguments.get(2));
            let of = known_length(arguments.get(1)).unwrap_or(1).max(1);
            first.times(by.div_ceil(of).max(1))
        }
        "regexp_replace" | "replaceRegexpAll" => {
            first.times(length(arguments.get(2)).saturating_add(1))
        }
        "replaceOne" | "replaceRegexpOne" => all,
        "string_to_array" | "string_to_list" | "alphaTokens" | "extractAll" | "splitByChar"
        | "splitByNonAlpha" | "splitByString" | "splitByWhitespace" => widest.times(AGGREGATED),
        "array_agg" | "groupArray" | "groupArraySorted" | "groupUniqArray" | "string_agg"
        | "topK" | "topKWeighted" => widest.times(AGGREGATED),
        "repeat" => first.times(whole_number(name, arguments.get(1))?),
        "leftPad" | "leftPadUTF8" | "lpad" | "rightPad" | "rightPadUTF8" | "rpad" => {
            first
                + literal(
                    usize::try_from(whole_number(name, arguments.get(1))?).unwrap_or(usize::MAX),
                )
        }
        "approx_percentile_cont" | "approx_percentile_cont_with_weight" => {
            for argument in arguments {
                if number(Some(argument)).is_some_and(|accuracy| accuracy > MOST_REPEATED as f64) {
                    return Err(too_large(name));
                }
            }
            widest
        }
        _ => widest,
    })
}

fn separators(separator: Option<&FunctionArg>, parts: usize) -> Size {
    let bytes = length(separator).saturating_mul(parts as u64);
    Size {
        nodes: 0,
        growth: bytes / VALUE_BYTES,
    }
}

fn length(argument: Option<&FunctionArg>) -> u64 {
    match argument {
        None => 0,
        Some(_) => known_length(argument).unwrap_or(UNKNOWN_LENGTH),
    }
}

fn known_length(argument: Option<&FunctionArg>) -> Option<u64> {
    match value(argument)? {
        Value::SingleQuotedString(text)
        | Value::EscapedStringLiteral(text)
        | Value::UnicodeStringLiteral(text) => Some(text.len() as u64),
        _ => None,
    }
}

fn number(argument: Option<&FunctionArg>) -> Option<f64> {
    match value(argument)? {
        Value::Number(digits, _) => digits.parse().ok(),
        _ => None,
    }
}

fn value(argument: Option<&FunctionArg>) -> Option<&Value> {
    match argument? {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(ValueWithSpan {
            value, ..
        }))) => Some(value),
        _ => None,
    }
}

fn whole_number(name: &str, argument: Option<&FunctionArg>) -> Result<u64, GuardError> {
    let Some(Value::Number(digits, _)) = value(argument) else {
        return Err(too_large(name));
    };
    digits
        .parse()
        .ok()
        .filter(|number| *number <= MOST_REPEATED)
        .ok_or_else(|| too_large(name))
}

fn too_large(name: &str) -> GuardError {
    GuardError::not_allowed(
        format!(
            "`{name}` with a length or accuracy that is not a whole number from 0 to {MOST_REPEATED}"
        ),
        "Write the number out.",
    )
}
