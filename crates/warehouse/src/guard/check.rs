//! A statement's way through the gates.

use sqlparser::ast::{Query, Statement};

use super::error::{GuardError, first_word};
use super::grammar::Grammar;
use super::net;
use super::rules::Rules;
use super::text::{self, explain_options};
use super::walk::Walk;

/// A statement that may run.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// What to hand to the engine: for one that takes text, its rendering (`to_string`), never the text it came from.
    pub statement: Statement,
    /// Whether it asks how a query would run (`EXPLAIN`), instead of running it.
    pub is_explain: bool,
    /// Whether the answer depends on when it is asked (`now()` and the like), so that it must not be kept.
    pub reads_clock: bool,
}

impl Checked {
    /// The query whose plan is asked for, if that is what the statement does.
    pub fn explained(&self) -> Option<&Statement> {
        match &self.statement {
            Statement::Explain { statement, .. } => Some(statement),
            _ => None,
        }
    }
}

/// Checks `sql` against `rules`.
///
/// Takes time and memory in proportion to the length of the text, and never more stack than the limits imply.
///
/// # Errors
/// The first reason, in the order of the text, for which the statement may not run.
pub fn check(sql: &str, rules: &Rules<'_>) -> Result<Checked, GuardError> {
    let grammar = Grammar::new(rules.dialect, &rules.limits);
    let tokens = text::tokens(sql, &grammar, &rules.limits)?;
    let statement = grammar.parse(tokens, &rules.limits)?;
    let mut walk = Walk::new(rules);
    let (query, is_explain) = the_query(&statement)?;
    walk.query(query)?;
    net::check(&statement, rules)?;
    Ok(Checked {
        reads_clock: walk.reads_clock,
        statement,
        is_explain,
    })
}

fn the_query(statement: &Statement) -> Result<(&Query, bool), GuardError> {
    match statement {
        Statement::Query(query) => Ok((query, false)),
        Statement::Explain {
            describe_alias: _,
            analyze,
            verbose,
            query_plan,
            estimate,
            statement,
            format,
            options,
        } => {
            if *analyze
                || *verbose
                || *query_plan
                || *estimate
                || format.is_some()
                || options.is_some()
            {
                return Err(explain_options());
            }
            match statement.as_ref() {
                Statement::Query(query) => Ok((query, true)),
                other => Err(not_reading(other)),
            }
        }
        other => Err(not_reading(other)),
    }
}

fn not_reading(statement: &Statement) -> GuardError {
    GuardError::NotReading {
        verb: first_word(statement),
    }
}
