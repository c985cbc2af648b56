//! Calls: scalar functions, aggregates, window functions.

use sqlparser::ast::{
    DuplicateTreatment, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArgumentList, FunctionArguments, Ident, NullTreatment, ObjectName, WindowFrame,
    WindowFrameBound, WindowSpec, WindowType,
};

use super::clickhouse_functions;
use super::error::{GuardError, Place, quoted};
use super::functions::{READ_CLOCK, instead_of};
use super::relation::span;
use super::rules::{Rules, SqlDialect};
use super::size::{self, Size};
use super::walk::Walk;

impl Walk<'_> {
    /// Checks a call.
    pub(super) fn function(&mut self, function: &Function) -> Result<Size, GuardError> {
        let Function {
            name,
            uses_odbc_syntax,
            parameters,
            args,
            filter,
            null_treatment,
            over,
            within_group,
        } = function;
        if *uses_odbc_syntax {
            return Err(GuardError::not_allowed(
                "`{fn …}`",
                "Write the call without braces.",
            ));
        }
        let key = self.function_name(name)?;
        match (parameters, self.rules.dialect) {
            (FunctionArguments::None, _) => {}
            (FunctionArguments::List(list), SqlDialect::ClickHouse) => {
                self.arguments(&key, list)?;
            }
            (FunctionArguments::List(_) | FunctionArguments::Subquery(_), _) => {
                return Err(GuardError::not_allowed(
                    "a second pair of parentheses after a function",
                    "Give all arguments in one.",
                ));
            }
        }
        let mut size = match args {
            FunctionArguments::None => Size::ONE,
            FunctionArguments::List(list) => self.arguments(&key, list)?,
            FunctionArguments::Subquery(_) => {
                return Err(GuardError::not_allowed(
                    format!("a query as the argument of `{key}`"),
                    "Put the query in parentheses of its own, or join with it.",
                ));
            }
        };
        match null_treatment {
            None | Some(NullTreatment::IgnoreNulls | NullTreatment::RespectNulls) => {}
        }
        if let Some(condition) = filter {
            size = size.either(self.expression(condition)?.scalar());
        }
        size = size.either(self.ordering(within_group)?);
        match over {
            None => Ok(size),
            Some(WindowType::NamedWindow(window)) => {
                self.name(window)?;
                Ok(size)
            }
            Some(WindowType::WindowSpec(window)) => Ok(size.either(self.window(window)?.scalar())),
        }
    }

    /// Checks a window; the size of its keys and bounds.
    pub(super) fn window(&mut self, window: &WindowSpec) -> Result<Size, GuardError> {
        let WindowSpec {
            window_name,
            partition_by,
            order_by,
            window_frame,
        } = window;
        if let Some(name) = window_name {
            self.name(name)?;
        }
        let mut size = self.ordering(order_by)?;
        for key in partition_by {
            size = size.either(self.expression(key)?);
        }
        if let Some(WindowFrame {
            units: _,
            start_bound,
            end_bound,
        }) = window_frame
        {
            for bound in std::iter::once(start_bound).chain(end_bound) {
                match bound {
                    WindowFrameBound::CurrentRow
                    | WindowFrameBound::Preceding(None)
                    | WindowFrameBound::Following(None) => {}
                    WindowFrameBound::Preceding(Some(rows))
                    | WindowFrameBound::Following(Some(rows)) => {
                        size = size.either(self.expression(rows)?);
                    }
                }
            }
        }
        Ok(size)
    }

    /// Checks that an operator written in words (`EXTRACT`, `TRIM` …) stands for an allowed function.
    pub(super) fn requires(&self, function: &str) -> Result<(), GuardError> {
        match self.rules.dialect {
            SqlDialect::DataFusion if self.rules.functions.binary_search(&function).is_err() => {
                Err(self.unknown_function(&Ident::new(function)))
            }
            // ClickHouse has these words in its grammar; they call nothing that could be left out.
            SqlDialect::DataFusion | SqlDialect::ClickHouse => Ok(()),
        }
    }

    fn function_name(&mut self, name: &ObjectName) -> Result<String, GuardError> {
        let Some(ident) = self.single(name) else {
            return Err(GuardError::not_allowed(
                format!("the qualified function `{}`", quoted(name)),
                "Functions have no schema before their name.",
            )
            .placed(span(name)));
        };
        let quoted_name = ident.quote_style.is_some();
        let key = self.rules.function_key(&ident.value, quoted_name);
        let key = key.ok_or_else(|| self.unknown_function(ident))?;
        if READ_CLOCK.contains(&key.to_ascii_lowercase().as_str()) {
            self.reads_clock = true;
        }
        Ok(key)
    }

    fn unknown_function(&self, ident: &Ident) -> GuardError {
        let instead = match self.rules.dialect {
            SqlDialect::DataFusion => instead_of(&ident.value),
            SqlDialect::ClickHouse => clickhouse_functions::instead_of(&ident.value),
        };
        GuardError::UnknownFunction {
            name: quoted(&ident.value),
            place: Place::of(ident.span),
            // Where it is known what does the same, a name that merely looks alike would mislead.
            nearest: if instead.is_some() {
                Vec::new()
            } else {
                Rules::nearest(&ident.value, self.rules.functions.iter().copied())
            },
            instead,
        }
    }

    fn arguments(
        &mut self,
        function: &str,
        list: &FunctionArgumentList,
    ) -> Result<Size, GuardError> {
        let FunctionArgumentList {
            duplicate_treatment,
            args,
            clauses,
        } = list;
        match duplicate_treatment {
            None | Some(DuplicateTreatment::All | DuplicateTreatment::Distinct) => {}
        }
        let mut sizes = Vec::with_capacity(args.len());
        for argument in args {
            sizes.push(self.argument(function, argument)?);
        }
        let mut size = size::call(function, args, &sizes)?;
        for clause in clauses {
            match clause {
                FunctionArgumentClause::IgnoreOrRespectNulls(
                    NullTreatment::IgnoreNulls | NullTreatment::RespectNulls,
                ) => {}
                FunctionArgumentClause::OrderBy(keys) => {
                    size = size.either(self.ordering(keys)?.scalar())
                }
                FunctionArgumentClause::Limit(_)
                | FunctionArgumentClause::OnOverflow(_)
                | FunctionArgumentClause::Having(_)
                | FunctionArgumentClause::Separator(_)
                | FunctionArgumentClause::JsonNullClause(_)
                | FunctionArgumentClause::JsonReturningClause(_) => {
                    return Err(GuardError::not_allowed(
                        format!("a clause other than ORDER BY inside `{function}(…)`"),
                        "Filter with FILTER (WHERE …), and write separators as arguments.",
                    ));
                }
            }
        }
        Ok(size)
    }

    fn argument(&mut self, function: &str, argument: &FunctionArg) -> Result<Size, GuardError> {
        match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => self.expression(expression),
            FunctionArg::Unnamed(FunctionArgExpr::Wildcard)
                if function.eq_ignore_ascii_case("count") =>
            {
                Ok(Size::ONE)
            }
            FunctionArg::Unnamed(
                FunctionArgExpr::Wildcard
                | FunctionArgExpr::QualifiedWildcard(_)
                | FunctionArgExpr::WildcardWithOptions(_),
            ) => Err(GuardError::not_allowed(
                format!("`*` in `{function}(…)`"),
                "It may stand in count(*); otherwise name a column.",
            )),
            FunctionArg::Named { .. } | FunctionArg::ExprNamed { .. } => {
                Err(GuardError::not_allowed(
                    format!("a named argument of `{function}`"),
                    "Give arguments by position.",
                ))
            }
        }
    }
}
