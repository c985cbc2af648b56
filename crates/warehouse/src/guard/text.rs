//! The first gate: what can be told from the text and its tokens, before anything is parsed.
//!
//! The parser recurses over brackets and over `ARRAY<…>` without counting, and tears down what it built by recursion as well.
//! So whatever makes a tree deep is counted here, where it costs one pass over the tokens.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use super::error::{GuardError, Place, quoted};
use super::grammar::Grammar;
use super::quoting;
use super::rules::SqlLimits;

/// Types written with `<`: more of these than any query needs would only nest.
const ANGLE_TYPES: usize = 8;

/// The tokens of a text that is one statement, small enough, and begins like one that reads.
///
/// White space and a closing semicolon are left out; places are kept.
pub(super) fn tokens(
    sql: &str,
    grammar: &Grammar,
    limits: &SqlLimits,
) -> Result<Vec<TokenWithSpan>, GuardError> {
    if sql.len() > limits.bytes {
        return Err(GuardError::TooLong {
            bytes: sql.len(),
            limit: limits.bytes,
        });
    }
    // What ClickHouse's escapes mean is for `quoting` to say.
    let clickhouse = grammar.is_clickhouse();
    let mut tokens = Tokenizer::new(grammar, sql)
        .with_unescape(!clickhouse)
        .tokenize_with_location()
        .map_err(|error| GuardError::Syntax {
            place: Place::at(error.location),
            message: quoted(&error.message),
        })?;
    tokens.retain(|token| !matches!(token.token, Token::Whitespace(_) | Token::EOF));
    if clickhouse {
        quoting::plain(&mut tokens)?;
    }
    one_statement(&mut tokens)?;
    begins_reading(&tokens)?;
    if tokens.len() > limits.tokens {
        return Err(GuardError::too_complex(
            format!(
                "it has {} words and signs, at most {} are read",
                tokens.len(),
                limits.tokens
            ),
            "Shorten lists of values, or filter by a subquery instead.",
        ));
    }
    shallow(&tokens, limits)?;
    Ok(tokens)
}

fn one_statement(tokens: &mut Vec<TokenWithSpan>) -> Result<(), GuardError> {
    let first = tokens
        .iter()
        .position(|token| token.token != Token::SemiColon)
        .unwrap_or(tokens.len());
    tokens.drain(..first);
    let Some(end) = tokens
        .iter()
        .position(|token| token.token == Token::SemiColon)
    else {
        return Ok(());
    };
    let second = tokens
        .iter()
        .skip(end)
        .find(|token| token.token != Token::SemiColon);
    if let Some(place) = second.and_then(|token| Place::of(token.span)) {
        return Err(GuardError::SeveralStatements { place });
    }
    tokens.truncate(end);
    Ok(())
}

fn begins_reading(tokens: &[TokenWithSpan]) -> Result<(), GuardError> {
    let mut words = tokens.iter().filter(|token| token.token != Token::LParen);
    let first = words.next().ok_or(GuardError::Empty)?;
    match &first.token {
        Token::Word(word) => match word.keyword {
            Keyword::EXPLAIN => words.next().map_or(Ok(()), explained),
            Keyword::DESCRIBE | Keyword::DESC | Keyword::SHOW => Err(GuardError::not_allowed(
                format!("`{}`", word.value.to_uppercase()),
                "Ask the get_schema tool for tables, columns and their meaning.",
            )),
            _ if begins_query(&first.token) => Ok(()),
            _ => Err(not_reading(&word.value)),
        },
        other => Err(GuardError::Syntax {
            place: Place::of(first.span),
            message: format!(
                "expected SELECT, WITH or EXPLAIN, found `{}`",
                quoted(other)
            ),
        }),
    }
}

/// What may follow `EXPLAIN`. Decided before parsing: the parser would read any statement there, another `EXPLAIN` included.
fn explained(first: &TokenWithSpan) -> Result<(), GuardError> {
    match &first.token {
        query if begins_query(query) => Ok(()),
        Token::Word(word) => Err(match word.keyword {
            Keyword::ANALYZE
            | Keyword::ESTIMATE
            | Keyword::EXPLAIN
            | Keyword::EXTENDED
            | Keyword::FORMAT
            | Keyword::FORMATTED
            | Keyword::QUERY
            | Keyword::VERBOSE => explain_options(),
            _ => not_reading(&word.value),
        }),
        _ => Err(explain_options()),
    }
}

fn begins_query(token: &Token) -> bool {
    matches!(token, Token::Word(word) if matches!(word.keyword, Keyword::SELECT | Keyword::WITH | Keyword::VALUES))
}

fn not_reading(verb: &str) -> GuardError {
    GuardError::NotReading {
        verb: quoted(verb).to_uppercase(),
    }
}

/// The refusal of `EXPLAIN` with anything but a query after it.
pub(super) fn explain_options() -> GuardError {
    GuardError::not_allowed(
        "`EXPLAIN` with options",
        "EXPLAIN ANALYZE would run the query and VERBOSE print every step; write EXPLAIN SELECT … alone.",
    )
}

fn shallow(tokens: &[TokenWithSpan], limits: &SqlLimits) -> Result<(), GuardError> {
    let (mut angles, mut set_operations, mut subqueries) = (0_usize, 0_usize, 0_usize);
    // Of every bracket that is open, whether it holds a subquery.
    let mut open: Vec<bool> = Vec::new();
    let mut previous = Keyword::NoKeyword;
    for (token, next) in tokens
        .iter()
        .zip(tokens.iter().skip(1).map(Some).chain([None]))
    {
        let mut keyword = Keyword::NoKeyword;
        match &token.token {
            Token::LParen | Token::LBracket | Token::LBrace => {
                let subquery = next.is_some_and(|next| begins_query(&next.token));
                subqueries += usize::from(subquery);
                open.push(subquery);
            }
            Token::RParen | Token::RBracket | Token::RBrace => {
                subqueries -= usize::from(open.pop().unwrap_or(false));
            }
            Token::Lt
                if matches!(
                    previous,
                    Keyword::ARRAY | Keyword::STRUCT | Keyword::MAP | Keyword::TUPLE
                ) =>
            {
                angles += 1
            }
            Token::Word(word) => {
                keyword = word.keyword;
                if matches!(
                    keyword,
                    Keyword::UNION | Keyword::INTERSECT | Keyword::EXCEPT | Keyword::MINUS
                ) {
                    set_operations += 1;
                }
            }
            _ => {}
        }
        if subqueries > limits.subquery_depth {
            return Err(too_many_subqueries(limits));
        }
        if open.len() > limits.nesting || angles > ANGLE_TYPES {
            return Err(GuardError::too_complex(
                format!("brackets are nested more than {} deep", limits.nesting),
                "Move inner parts into a WITH clause.",
            ));
        }
        previous = keyword;
    }
    if set_operations > limits.set_operations {
        return Err(GuardError::too_complex(
            format!(
                "{set_operations} set operations, at most {} are allowed",
                limits.set_operations
            ),
            "Select from one table and tell the cases apart with CASE or GROUP BY.",
        ));
    }
    Ok(())
}

/// The refusal for subqueries nested deeper than allowed.
pub(super) fn too_many_subqueries(limits: &SqlLimits) -> GuardError {
    GuardError::too_complex(
        format!(
            "subqueries are nested more than {} deep",
            limits.subquery_depth
        ),
        "Name them in one WITH clause, one after the other.",
    )
}
