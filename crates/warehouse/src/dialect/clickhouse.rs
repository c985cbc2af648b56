//! SQL as ClickHouse reads it.
//!
//! The tools' SQL is ClickHouse's as it stands, given the settings of `clickhouse::settings` (nulls as in the standard); here is what
//! has another name. The aggregates over moments ([`moments`]) are written with arrays: no function has to be installed.

mod description;
mod moments;

use super::Dialect;
use crate::calendar::{Interval, WeekStart};
use crate::cohorts::CohortRule;
use crate::funnel::FunnelRule;
use crate::journey::JourneyRule;
use crate::sql;
use crate::sql::{Placeholder, Sql};
use crate::stretches::StretchRule;
use crate::value::Value;

/// ClickHouse's SQL.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClickHouseDialect;

/// An hour begins where the local clock shows a full one. On Lord Howe, where clocks change by half an hour, one may begin with that
/// change, half an hour later; `toStartOfHour` goes on in steps of whole hours there.
fn hour(time: &Sql, timezone: &Placeholder) -> Sql {
    sql!(
        "arrayMap(start -> if(timeZoneOffset(toTimeZone(start, {timezone})) = timeZoneOffset(toTimeZone({time}, {timezone})), \
         start, addMinutes(start, 30)), [fromUnixTimestamp64Milli(toUnixTimestamp64Milli({time}) - toMinute({time}, {timezone}) * 60000 \
         - positiveModulo(toUnixTimestamp64Milli({time}), 60000), {timezone})])[1]",
        time,
        timezone
    )
}

impl Dialect for ClickHouseDialect {
    fn name(&self) -> &'static str {
        "ClickHouse SQL"
    }

    fn placeholder(&self, position: usize, value: &Value) -> String {
        let data_type = match value {
            Value::Null => "Nullable(String)",
            Value::Text(_) => "String",
            Value::Int(_) => "Int64",
            Value::Float(_) => "Float64",
            Value::Bool(_) => "Bool",
            // Without a zone it is in the session's, which is UTC.
            Value::TimestampMs(_) => "DateTime64(3)",
            Value::Date(_) => "Date32",
        };
        format!("{{p{position}:{data_type}}}")
    }

    fn bucket(
        &self,
        time: &Sql,
        interval: Interval,
        timezone: &Placeholder,
        week_start: WeekStart,
    ) -> Sql {
        let start = match interval {
            Interval::Hour => return hour(time, timezone),
            Interval::Day => return sql!("toStartOfDay({time}, {timezone})", time, timezone),
            Interval::Week => {
                // Mode 1 begins weeks with Monday, mode 0 with Sunday.
                let mode = match week_start {
                    WeekStart::Monday => 1_u8,
                    WeekStart::Sunday => 0,
                };
                sql!(
                    "toStartOfWeek({time}, {mode}, {timezone})",
                    time,
                    mode,
                    timezone
                )
            }
            Interval::Month => sql!("toStartOfMonth({time}, {timezone})", time, timezone),
        };
        // A date, whose first instant in the zone it is.
        sql!("toDateTime64({start}, 0, {timezone})", start, timezone)
    }

    fn epoch_ms(&self, time: &Sql) -> Sql {
        sql!(
            "toUnixTimestamp64Milli(toDateTime64({time}, 3, 'UTC'))",
            time
        )
    }

    fn property(&self, column: &Sql, key: &Placeholder) -> Sql {
        sql!(
            "if(mapContains({column}, {key}), toNullable({column}[{key}]), NULL)",
            column,
            key
        )
    }

    fn identity(&self, text: &Sql) -> Sql {
        text.clone()
    }

    fn unnest_keys(&self, column: &Sql) -> Sql {
        sql!("arrayJoin(mapKeys({column}))", column)
    }

    fn list_contains(&self, column: &Sql, value: &Placeholder) -> Sql {
        sql!("has({column}, {value})", column, value)
    }

    fn unnest_list(&self, column: &Sql) -> Sql {
        sql!("arrayJoin({column})", column)
    }

    fn unnest_entries(&self, column: &Sql) -> Sql {
        sql!(
            "arrayJoin(arrayZip(mapKeys({column}), mapValues({column})))",
            column
        )
    }

    fn entry_key(&self, entry: &Sql) -> Sql {
        sql!("tupleElement({entry}, 1)", entry)
    }

    fn entry_value(&self, entry: &Sql) -> Sql {
        sql!("tupleElement({entry}, 2)", entry)
    }

    fn lists_overlap(&self, one: &Sql, other: &Sql) -> Sql {
        sql!("hasAny({one}, {other})", one, other)
    }

    fn collect(&self, expression: &Sql) -> Sql {
        sql!("groupArray({expression})", expression)
    }

    fn has_texts(&self, column: &Sql) -> Sql {
        sql!("arrayExists(text -> text <> '', {column})", column)
    }

    fn count_distinct(&self, expression: &Sql) -> Sql {
        sql!("coalesce(uniqExact({expression}), 0)", expression)
    }

    fn approximate_count_distinct(&self, expression: &Sql) -> Sql {
        sql!("coalesce(uniqCombined64({expression}), 0)", expression)
    }

    fn approximate_distinct_error_percent(&self) -> f64 {
        // HyperLogLog with 2^17 registers: 1.04 / √131072.
        0.29
    }

    fn as_number(&self, text: &Sql) -> Sql {
        sql!("toFloat64OrNull({text})", text)
    }

    fn as_text(&self, expression: &Sql) -> Sql {
        sql!("toString({expression})", expression)
    }

    fn contains(&self, text: &Sql, part: &Placeholder) -> Sql {
        sql!(
            "position(lowerUTF8({text}), lowerUTF8({part})) > 0",
            text,
            part
        )
    }

    fn starts_with(&self, text: &Sql, part: &Placeholder) -> Sql {
        sql!(
            "startsWith(lowerUTF8({text}), lowerUTF8({part}))",
            text,
            part
        )
    }

    fn ends_with(&self, text: &Sql, part: &Placeholder) -> Sql {
        sql!("endsWith(lowerUTF8({text}), lowerUTF8({part}))", text, part)
    }

    fn matches(&self, text: &Sql, pattern: &Placeholder) -> Sql {
        // A dot is any character but the end of a line, which ClickHouse has otherwise.
        sql!("match({text}, concat('(?-s)', {pattern}))", text, pattern)
    }

    fn latest(&self, value: &Sql, order: &Sql) -> Sql {
        // In a tuple, since nulls on their own are passed over.
        sql!(
            "tupleElement(argMax(tuple({value}), tuple({order})), 1)",
            value,
            order
        )
    }

    fn next(&self, value: &Sql, partition: &Sql, order: &Sql) -> Sql {
        sql!(
            "leadInFrame(toNullable({value})) OVER (PARTITION BY {partition} ORDER BY {order} \
             ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)",
            value,
            partition,
            order
        )
    }

    fn element(&self, list: &Sql, position: u8) -> Sql {
        sql!(
            "if(length({list}) >= {position}, toNullable({list}[{position}]), NULL)",
            list,
            position
        )
    }

    fn field(&self, structure: &Sql, name: &'static str) -> Sql {
        sql!("tupleElement({structure}, '{name}')", structure, name)
    }

    fn funnel(&self, at_ms: &Sql, steps: &Sql, value: &Sql, rule: &FunnelRule) -> Sql {
        moments::funnel(at_ms, steps, value, rule)
    }

    fn journey(&self, at_ms: &Sql, marks: &Sql, node: &Sql, rule: &JourneyRule) -> Sql {
        moments::journey(at_ms, marks, node, rule)
    }

    fn page_times(&self, at_ms: &Sql, counts: &Sql, origin: &Sql, path: &Sql) -> Sql {
        moments::page_times(at_ms, counts, origin, path)
    }

    fn credited_pages(
        &self,
        at_ms: &Sql,
        kinds: &Sql,
        origin: &Sql,
        path: &Sql,
        window_ms: i64,
    ) -> Sql {
        moments::credited_pages(at_ms, kinds, origin, path, window_ms)
    }

    fn stretches(&self, day: &Sql, rule: &StretchRule) -> Sql {
        moments::stretches(day, rule)
    }

    fn cohort_returns(&self, at_ms: &Sql, marks: &Sql, rule: &CohortRule) -> Sql {
        moments::cohort_returns(at_ms, marks, rule)
    }

    fn describe_values(&self, value: &Sql) -> Sql {
        description::describe_values(value)
    }

    fn percentile(&self, expression: &Sql, percent: u8) -> Sql {
        sql!(
            "quantileExactInclusive({percent} / 100)({expression})",
            percent,
            expression
        )
    }
}
