//! A user's statement as ClickHouse has to be told it.
//!
//! After `A UNION ALL B`, an `ORDER BY` or `LIMIT` is the whole's in the standard, in the parser's tree and for whoever wrote it; ClickHouse
//! takes it for B's. So what is put together becomes a subquery, and what follows is said of that.

use std::ops::ControlFlow;

use sqlparser::ast::{Query, SetExpr, Statement, TableFactor, VisitMut, VisitorMut};
use sqlparser::dialect::ClickHouseDialect;
use sqlparser::parser::Parser;

use crate::error::WarehouseError;

/// The text of a statement that the guard let pass.
pub(super) fn written(statement: &Statement) -> Result<String, WarehouseError> {
    let mut statement = statement.clone();
    let mut whole = Whole { fault: None };
    let _ = statement.visit(&mut whole);
    match whole.fault {
        Some(fault) => Err(WarehouseError::internal(fault)),
        None => Ok(statement.to_string()),
    }
}

struct Whole {
    fault: Option<String>,
}

impl VisitorMut for Whole {
    type Break = ();

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        let is_put_together = matches!(query.body.as_ref(), SetExpr::SetOperation { .. });
        if !is_put_together || (query.order_by.is_none() && query.limit_clause.is_none()) {
            return ControlFlow::Continue(());
        }
        match all_of(query.body.as_ref().clone()) {
            Ok(body) => {
                *query.body = body;
                ControlFlow::Continue(())
            }
            Err(fault) => {
                self.fault = Some(fault);
                ControlFlow::Break(())
            }
        }
    }
}

/// `SELECT * FROM (body)`.
fn all_of(body: SetExpr) -> Result<SetExpr, String> {
    let parsed = Parser::parse_sql(&ClickHouseDialect {}, "SELECT * FROM (SELECT 1)");
    let parsed = parsed.map_err(|error| error.to_string())?.pop();
    let Some(Statement::Query(mut outer)) = parsed else {
        return Err("a query is no query".to_owned());
    };
    if let SetExpr::Select(select) = outer.body.as_mut()
        && let Some(TableFactor::Derived { subquery, .. }) =
            select.from.first_mut().map(|from| &mut from.relation)
    {
        *subquery.body = body;
        return Ok(*outer.body);
    }
    Err("a subquery is none".to_owned())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use super::*;
    use crate::guard::{Rules, check};

    fn told(sql: &str) -> String {
        let checked = check(sql, &Rules::clickhouse(&["events", "sessions"])).unwrap();
        written(&checked.statement).unwrap()
    }

    #[test]
    fn the_order_of_what_is_put_together_is_the_wholes() {
        assert_eq!(
            told("SELECT name FROM events UNION ALL SELECT 'x' ORDER BY 1 LIMIT 5"),
            "SELECT * FROM (SELECT name FROM events UNION ALL SELECT 'x') ORDER BY 1 LIMIT 5"
        );
        assert_eq!(
            told(
                "WITH a AS (SELECT 1 AS x) SELECT * FROM (SELECT x FROM a EXCEPT SELECT 2 LIMIT 1) AS b"
            ),
            "WITH a AS (SELECT 1 AS x) SELECT * FROM (SELECT * FROM (SELECT x FROM a EXCEPT SELECT 2) LIMIT 1) AS b"
        );
    }

    #[test]
    fn all_else_is_as_it_was_checked() {
        for sql in [
            "SELECT name FROM events ORDER BY name LIMIT 3",
            "SELECT name FROM events UNION ALL SELECT entry_path FROM sessions",
        ] {
            assert_eq!(told(sql), sql);
        }
    }
}
