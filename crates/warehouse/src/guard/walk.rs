//! The third gate's state, and the rules for names that all its parts share.

use sqlparser::ast::{Ident, ObjectName, ObjectNamePart};

use super::error::{GuardError, Place, quoted};
use super::rules::Rules;
use super::scope::Scope;

/// One walk over one statement.
pub(super) struct Walk<'r> {
    pub rules: &'r Rules<'r>,
    pub scope: Scope,
    /// Expressions, subqueries and joins in parentheses around this point.
    pub depth: usize,
    pub subqueries: usize,
    pub joins: usize,
    pub operators: usize,
    /// Expression nodes so far, each counted with what it inlines.
    pub nodes: u64,
    /// Whether the answer depends on when it is asked.
    pub reads_clock: bool,
}

impl<'r> Walk<'r> {
    /// A walk that has seen nothing yet.
    pub fn new(rules: &'r Rules<'r>) -> Self {
        Self {
            rules,
            scope: Scope::default(),
            depth: 0,
            subqueries: 0,
            joins: 0,
            operators: 0,
            nodes: 0,
            reads_clock: false,
        }
    }

    /// Runs `step` one level deeper.
    ///
    /// # Errors
    /// When that is too deep. The parser's own depth counter does not see chains such as `a OR b OR c`, which it builds without
    /// recursing; what works on the tree afterwards recurses over them all the same.
    pub fn deeper<T>(
        &mut self,
        step: impl FnOnce(&mut Self) -> Result<T, GuardError>,
    ) -> Result<T, GuardError> {
        if self.depth >= self.rules.limits.chain {
            return Err(GuardError::too_complex(
                format!(
                    "operators are chained or nested more than {} deep",
                    self.rules.limits.chain
                ),
                "Replace chains of OR by IN (…), and move inner parts into a WITH clause.",
            ));
        }
        self.depth += 1;
        let result = step(self);
        self.depth -= 1;
        result
    }

    /// The name the engine will look up, and that it is written as a name: `@x` would be a variable, `$1` a parameter,
    /// and `'x'` after `FROM` a file.
    pub fn name(&self, ident: &Ident) -> Result<String, GuardError> {
        let Ident {
            value,
            quote_style,
            span,
        } = ident;
        let is_name = match quote_style {
            None => {
                value.starts_with(|first: char| first.is_alphabetic() || first == '_')
                    && !value.contains(['@', '#'])
            }
            Some('"' | '`') => true,
            Some(_) => false,
        };
        if !is_name {
            return Err(GuardError::not_allowed(
                format!("`{}` as a name", quoted(value)),
                "Names begin with a letter; put others in double quotes. Variables and parameters do not exist here.",
            )
            .placed(*span));
        }
        Ok(self.rules.dialect.fold(value, quote_style.is_some()))
    }

    /// The only part of a name without qualification; none if it has several.
    pub fn single<'n>(&self, name: &'n ObjectName) -> Option<&'n Ident> {
        match name.0.as_slice() {
            [ObjectNamePart::Identifier(ident)] => Some(ident),
            _ => None,
        }
    }

    /// The refusal of a table name that is neither a table of the project nor a CTE in force.
    pub fn unknown_table(
        &self,
        written: &ObjectName,
        span: sqlparser::tokenizer::Span,
    ) -> GuardError {
        let name = quoted(written);
        let known = self
            .rules
            .tables
            .iter()
            .copied()
            .chain(self.scope.cte_names());
        GuardError::UnknownTable {
            nearest: Rules::nearest(&name, known),
            name,
            place: Place::of(span),
            tables: self.rules.table_names(),
        }
    }
}
