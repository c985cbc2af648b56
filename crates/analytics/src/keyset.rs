//! Reading on from a row rather than from a count: pages stay right while data arrives.
//!
//! Rows are in a total order by several expressions. A page ends at a row's key; the next one starts at the rows *at or after* that
//! key, and skips as many with exactly that key as were shown already.

use sightline_warehouse::{Query, Sql, Value, sql};

/// What rows are sorted by, all in one direction.
pub(crate) struct Order {
    /// The expressions, the first one deciding.
    pub(crate) by: Vec<Sql>,
    /// Greatest first.
    pub(crate) descending: bool,
}

impl Order {
    /// The list after `ORDER BY`.
    pub(crate) fn sql(&self) -> Sql {
        let direction = if self.descending { "DESC" } else { "ASC" };
        Sql::join(
            self.by
                .iter()
                .map(|expression| sql!("{expression} {direction}", expression, direction)),
            ", ",
        )
    }

    /// The condition that a row comes at or after `key`, one value for each expression.
    ///
    /// The bound on the first expression stands by itself as well, so that files and row groups can be left out by it.
    pub(crate) fn from(&self, query: &mut Query<'_>, key: Vec<Value>) -> Sql {
        let (beyond, or_at) = if self.descending {
            ("<", "<=")
        } else {
            (">", ">=")
        };
        let bound: Vec<(&Sql, Sql)> = self
            .by
            .iter()
            .zip(key)
            .map(|(by, value)| (by, query.bind(value).into()))
            .collect();
        let mut condition: Option<Sql> = None;
        for (expression, value) in bound.iter().rev() {
            condition = Some(match condition {
                None => sql!("{expression} {or_at} {value}", expression, or_at, value),
                Some(rest) => sql!(
                    "({expression} {beyond} {value} OR ({expression} = {value} AND {rest}))",
                    expression,
                    beyond,
                    value,
                    rest
                ),
            });
        }
        match (condition, bound.first()) {
            (Some(condition), Some((first, value))) if bound.len() > 1 => {
                sql!(
                    "{first} {or_at} {value} AND {condition}",
                    first,
                    or_at,
                    value,
                    condition
                )
            }
            (Some(condition), _) => condition,
            (None, _) => Sql::from("TRUE"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sightline_warehouse::DataFusionDialect;

    #[test]
    fn a_page_starts_at_the_key_and_ties_are_ordered_by_the_rest() {
        let order = Order {
            by: vec![Sql::from("timestamp"), Sql::from("event_id")],
            descending: true,
        };
        let mut query = Query::new(&DataFusionDialect);
        let condition = order.from(&mut query, vec![Value::TimestampMs(7), "e1".into()]);
        let statement = query.finish(condition);
        assert_eq!(order.sql().as_str(), "timestamp DESC, event_id DESC");
        assert_eq!(
            statement.sql.as_str(),
            "timestamp <= $1 AND (timestamp < $1 OR (timestamp = $1 AND event_id <= $2))"
        );
        assert_eq!(statement.values, [Value::TimestampMs(7), "e1".into()]);
    }
}
