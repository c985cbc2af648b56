//! SQL as DataFusion reads it: the base every tool is written in.

use super::Dialect;
use crate::calendar::{Interval, WeekStart};
use crate::cohorts::CohortRule;
use crate::funnel::FunnelRule;
use crate::journey::JourneyRule;
use crate::sql;
use crate::sql::{Placeholder, Sql};
use crate::stretches::StretchRule;
use crate::value::Value;

/// DataFusion's SQL, with the functions this crate adds to it (`bucket_start`, `identity`, `property`, `property_keys`, `property_entries`,
/// `funnel`, `journey`, `page_times`, `credited_pages`, `stretches`, `cohort_returns`, `describe_values`).
#[derive(Debug, Clone, Copy, Default)]
pub struct DataFusionDialect;

impl Dialect for DataFusionDialect {
    fn name(&self) -> &'static str {
        "DataFusion SQL (PostgreSQL-like)"
    }

    fn placeholder(&self, position: usize, _value: &Value) -> String {
        format!("${position}")
    }

    fn bucket(
        &self,
        time: &Sql,
        interval: Interval,
        timezone: &Placeholder,
        week_start: WeekStart,
    ) -> Sql {
        let (unit, week) = (interval.name(), week_start.name());
        sql!(
            "bucket_start({time}, '{unit}', {timezone}, '{week}')",
            time,
            unit,
            timezone,
            week
        )
    }

    fn epoch_ms(&self, time: &Sql) -> Sql {
        // Instants of the lake and of `bucket_start` are counted in milliseconds; others are first made so.
        sql!(
            "CAST(arrow_cast({time}, 'Timestamp(Millisecond, Some(\"UTC\"))') AS BIGINT)",
            time
        )
    }

    fn property(&self, column: &Sql, key: &Placeholder) -> Sql {
        sql!("property({column}, {key})", column, key)
    }

    fn unnest_keys(&self, column: &Sql) -> Sql {
        sql!("unnest(property_keys({column}))", column)
    }

    fn list_contains(&self, column: &Sql, value: &Placeholder) -> Sql {
        sql!("array_has({column}, {value})", column, value)
    }

    fn unnest_list(&self, column: &Sql) -> Sql {
        sql!("unnest({column})", column)
    }

    fn unnest_entries(&self, column: &Sql) -> Sql {
        sql!("unnest(property_entries({column}))", column)
    }

    fn entry_key(&self, entry: &Sql) -> Sql {
        sql!("{entry}['key']", entry)
    }

    fn entry_value(&self, entry: &Sql) -> Sql {
        sql!("{entry}['value']", entry)
    }

    fn lists_overlap(&self, one: &Sql, other: &Sql) -> Sql {
        sql!("array_has_any({one}, {other})", one, other)
    }

    fn collect(&self, expression: &Sql) -> Sql {
        sql!("array_agg({expression})", expression)
    }

    fn has_texts(&self, column: &Sql) -> Sql {
        sql!("cardinality(array_remove_all({column}, '')) > 0", column)
    }

    fn identity(&self, text: &Sql) -> Sql {
        sql!("identity({text})", text)
    }

    fn count_distinct(&self, expression: &Sql) -> Sql {
        sql!("count(DISTINCT {expression})", expression)
    }

    fn approximate_count_distinct(&self, expression: &Sql) -> Sql {
        sql!("CAST(approx_distinct({expression}) AS BIGINT)", expression)
    }

    fn approximate_distinct_error_percent(&self) -> f64 {
        // HyperLogLog with 2^14 registers: 1.04 / √16384.
        0.81
    }

    fn as_number(&self, text: &Sql) -> Sql {
        sql!("try_cast({text} AS DOUBLE)", text)
    }

    fn as_text(&self, expression: &Sql) -> Sql {
        sql!("CAST({expression} AS VARCHAR)", expression)
    }

    fn contains(&self, text: &Sql, part: &Placeholder) -> Sql {
        sql!("strpos(lower({text}), lower({part})) > 0", text, part)
    }

    fn starts_with(&self, text: &Sql, part: &Placeholder) -> Sql {
        sql!("starts_with(lower({text}), lower({part}))", text, part)
    }

    fn ends_with(&self, text: &Sql, part: &Placeholder) -> Sql {
        sql!("ends_with(lower({text}), lower({part}))", text, part)
    }

    fn matches(&self, text: &Sql, pattern: &Placeholder) -> Sql {
        sql!("regexp_like({text}, {pattern})", text, pattern)
    }

    fn latest(&self, value: &Sql, order: &Sql) -> Sql {
        sql!("last_value({value} ORDER BY {order})", value, order)
    }

    fn next(&self, value: &Sql, partition: &Sql, order: &Sql) -> Sql {
        sql!(
            "lead({value}) OVER (PARTITION BY {partition} ORDER BY {order})",
            value,
            partition,
            order
        )
    }

    fn element(&self, list: &Sql, position: u8) -> Sql {
        sql!("{list}[{position}]", list, position)
    }

    fn funnel(&self, at_ms: &Sql, steps: &Sql, value: &Sql, rule: &FunnelRule) -> Sql {
        let (count, window_ms) = (rule.steps, rule.window_ms);
        let strict = if rule.strict { "TRUE" } else { "FALSE" };
        sql!(
            "funnel({at_ms}, CAST({steps} AS BIGINT), {value}, CAST({count} AS BIGINT), CAST({window_ms} AS BIGINT), {strict})",
            at_ms,
            steps,
            value,
            count,
            window_ms,
            strict
        )
    }

    fn field(&self, structure: &Sql, name: &'static str) -> Sql {
        sql!("{structure}['{name}']", structure, name)
    }

    fn journey(&self, at_ms: &Sql, marks: &Sql, node: &Sql, rule: &JourneyRule) -> Sql {
        let (mode, steps) = (rule.mode.number(), rule.steps);
        sql!(
            "journey({at_ms}, CAST({marks} AS BIGINT), {node}, CAST({mode} AS BIGINT), CAST({steps} AS BIGINT))",
            at_ms,
            marks,
            node,
            mode,
            steps
        )
    }

    fn page_times(&self, at_ms: &Sql, counts: &Sql, origin: &Sql, path: &Sql) -> Sql {
        sql!(
            "page_times({at_ms}, CAST({counts} AS BIGINT), {origin}, {path})",
            at_ms,
            counts,
            origin,
            path
        )
    }

    fn credited_pages(
        &self,
        at_ms: &Sql,
        kinds: &Sql,
        origin: &Sql,
        path: &Sql,
        window_ms: i64,
    ) -> Sql {
        sql!(
            "credited_pages({at_ms}, CAST({kinds} AS BIGINT), {origin}, {path}, CAST({window_ms} AS BIGINT))",
            at_ms,
            kinds,
            origin,
            path,
            window_ms
        )
    }

    fn stretches(&self, day: &Sql, rule: &StretchRule) -> Sql {
        let (days, gap) = (i64::from(rule.days), i64::from(rule.gap));
        sql!(
            "stretches({day}, CAST({days} AS BIGINT), CAST({gap} AS BIGINT))",
            day,
            days,
            gap
        )
    }

    fn cohort_returns(&self, at_ms: &Sql, marks: &Sql, rule: &CohortRule) -> Sql {
        let bounds_ms = Sql::join(
            rule.bounds_ms.iter().map(|bound| sql!("{bound}", bound)),
            ", ",
        );
        let cohorts = rule.cohorts;
        let returns = rule.returns.name();
        sql!(
            "cohort_returns({at_ms}, CAST({marks} AS BIGINT), make_array({bounds_ms}), CAST({cohorts} AS BIGINT), '{returns}')",
            at_ms,
            marks,
            bounds_ms,
            cohorts,
            returns
        )
    }

    fn describe_values(&self, value: &Sql) -> Sql {
        sql!("describe_values({value})", value)
    }

    fn percentile(&self, expression: &Sql, percent: u8) -> Sql {
        sql!(
            "percentile_cont(CAST({percent} AS DOUBLE) / 100.0) WITHIN GROUP (ORDER BY {expression})",
            percent,
            expression
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::Query;

    #[test]
    fn values_are_placeholders_and_never_text() {
        let mut query = Query::new(&DataFusionDialect);
        let part = query.bind("50%_'); DROP TABLE events; --");
        let condition = query.dialect().contains(&Sql::from("path"), &part);
        let statement = query.finish(condition);
        assert_eq!(statement.sql.as_str(), "strpos(lower(path), lower($1)) > 0");
        assert_eq!(
            statement.values,
            [Value::Text("50%_'); DROP TABLE events; --".into())]
        );
    }
}
