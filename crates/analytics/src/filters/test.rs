//! One comparison: an op and its values, checked against the kind of the field.

use chrono::{DateTime, NaiveDate};
use sightline_warehouse::{InstantMs, Query, Sql, Value, sql};

use super::Op;
use crate::columns::Kind;
use crate::event_names::EventNames;
use crate::failure::Mistake;
use crate::nearest::one_of;
use crate::numbers::minor_units;
use crate::project::Project;

/// A pattern whose matches have at least so many bytes, or may have so many, is compiled to more than an engine allows.
const LARGE_LEAST: usize = 500;
const LARGE_MOST: usize = 10_000;

/// What is asked of a value. Negative ops ask the same as their positive ones; the caller turns the answer round.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Test {
    /// It is one of these.
    OneOf(Vec<Value>),
    /// It has one of these texts in it, at its start, at its end, or matches one of these patterns.
    Text(Op, Vec<String>),
    /// It compares so with one of these.
    Compare(&'static str, Vec<Value>),
    /// Read as a number, it compares so with one of these.
    CompareAsNumber(&'static str, Vec<Value>),
    /// It lies in one of these spans, open where an end is missing.
    Within(Vec<(Option<InstantMs>, Option<InstantMs>)>),
    /// The list has one of these.
    Has(Vec<String>),
    /// There is a text, and not an empty one.
    TextSet,
    /// There is a value.
    Set,
    /// There is an entry in the list.
    ListSet,
}

impl Test {
    /// The test of `op` with `values` on a field of `kind`.
    pub(super) fn of(
        field: &str,
        kind: Kind,
        op: Op,
        values: &[String],
        project: &Project,
    ) -> Result<Self, Mistake> {
        let given = Given { field, op, values };
        if matches!(op, Op::IsSet | Op::IsNotSet) {
            if !values.is_empty() {
                return Err(given.mistake("takes no `values`."));
            }
            return Ok(match kind {
                Kind::Text => Self::TextSet,
                Kind::TextList => Self::ListSet,
                Kind::Number | Kind::Money | Kind::Truth | Kind::Instant | Kind::Map => Self::Set,
            });
        }
        if values.is_empty() {
            return Err(given.mistake("needs at least one entry in `values`."));
        }
        match kind {
            Kind::Text | Kind::Map => given.of_text(),
            Kind::TextList => given.of_list(),
            Kind::Number => given.of_number(|number| number),
            Kind::Money => given.of_number(|major| minor_units(major, &project.currency)),
            Kind::Truth => given.of_truth(),
            Kind::Instant => given.of_instant(project),
        }
    }

    /// The test as a condition on `value`.
    pub(super) fn on(&self, query: &mut Query<'_>, value: &Sql) -> Sql {
        match self {
            Self::OneOf(values) => {
                let list = query.bind_all(values.iter().cloned());
                sql!("{value} IN ({list})", value, list)
            }
            Self::Text(op, parts) => any(parts.iter().map(|part| {
                let part = query.bind(part);
                let dialect = query.dialect();
                match op {
                    Op::StartsWith => dialect.starts_with(value, &part),
                    Op::EndsWith => dialect.ends_with(value, &part),
                    Op::Regex => dialect.matches(value, &part),
                    _ => dialect.contains(value, &part),
                }
            })),
            Self::Compare(operator, values) => any(values.iter().map(|bound| {
                let bound = query.bind(bound.clone());
                sql!("{value} {operator} {bound}", value, operator, bound)
            })),
            Self::CompareAsNumber(operator, values) => any(values.iter().map(|bound| {
                let bound = query.bind(bound.clone());
                let number = query.dialect().as_number(value);
                sql!("{number} {operator} {bound}", number, operator, bound)
            })),
            Self::Within(spans) => any(spans.iter().map(|span| within(query, value, *span))),
            Self::Has(values) => any(values.iter().map(|entry| {
                let entry = query.bind(entry);
                query.dialect().list_contains(value, &entry)
            })),
            Self::TextSet => sql!("({value} IS NOT NULL AND {value} <> '')", value),
            Self::Set => sql!("{value} IS NOT NULL", value),
            Self::ListSet => query.dialect().has_texts(value),
        }
    }

    /// The test as a condition on an event's name, as answers show it.
    pub(super) fn on_names(&self, query: &mut Query<'_>, names: &EventNames) -> Sql {
        if let Self::OneOf(values) = self {
            let texts = values.iter().filter_map(|value| {
                if let Value::Text(text) = value {
                    Some(text.as_str())
                } else {
                    None
                }
            });
            return names.is_any(query, texts);
        }
        let shown = names.shown_sql(query);
        self.on(query, &shown)
    }
}

/// A filter while its values are being read.
struct Given<'a> {
    field: &'a str,
    op: Op,
    values: &'a [String],
}

impl Given<'_> {
    fn of_text(&self) -> Result<Test, Mistake> {
        match self.op {
            Op::Is | Op::IsNot => Ok(Test::OneOf(self.values.iter().map(Value::from).collect())),
            Op::Regex => {
                for pattern in self.values {
                    self.check_pattern(pattern)?;
                }
                Ok(Test::Text(Op::Regex, self.values.to_vec()))
            }
            Op::Contains | Op::DoesNotContain => Ok(Test::Text(Op::Contains, self.values.to_vec())),
            Op::StartsWith | Op::EndsWith => Ok(Test::Text(self.op, self.values.to_vec())),
            _ => self.of_ordered_text(),
        }
    }

    /// Texts are put in order as numbers; dates are in order as they are written.
    fn of_ordered_text(&self) -> Result<Test, Mistake> {
        let numbers: Option<Vec<Value>> = self
            .values
            .iter()
            .map(|text| number(text).map(Value::Float))
            .collect();
        if let Some(numbers) = numbers {
            return Ok(Test::CompareAsNumber(self.operator(), numbers));
        }
        let dates = self.values.iter().all(|text| {
            text.parse::<NaiveDate>().is_ok() || DateTime::parse_from_rfc3339(text).is_ok()
        });
        if dates {
            return Ok(Test::Compare(
                self.operator(),
                self.values.iter().map(Value::from).collect(),
            ));
        }
        Err(self.mistake("compares numbers or dates (YYYY-MM-DD), and a value is neither."))
    }

    fn check_pattern(&self, pattern: &str) -> Result<(), Mistake> {
        if pattern.len() > 1_000 {
            return Err(self.mistake("has a pattern of more than 1,000 characters."));
        }
        let parsed = regex_syntax::parse(pattern).map_err(|error| {
            let reason = match &error {
                regex_syntax::Error::Parse(error) => error.kind().to_string(),
                regex_syntax::Error::Translate(error) => error.kind().to_string(),
                _ => String::from("it cannot be read"),
            };
            self.mistake(&format!(
                "has `{pattern}`, which is not a regular expression: {reason}."
            ))
            .next(
                "Look-around and back-references are not supported. For plain text use `contains`.",
            )
        })?;
        let sizes = parsed.properties();
        let is_large =
            sizes.minimum_len() > Some(LARGE_LEAST) || sizes.maximum_len() > Some(LARGE_MOST);
        if is_large {
            return Err(self
                .mistake(&format!(
                    "has `{pattern}`, whose repetitions make it too large to run."
                ))
                .next("Use smaller counts, or `contains`."));
        }
        Ok(())
    }

    fn of_list(&self) -> Result<Test, Mistake> {
        match self.op {
            Op::Is | Op::IsNot => Ok(Test::Has(self.values.to_vec())),
            _ => Err(self.unsuited("a list", &["is", "isNot", "isSet", "isNotSet"])),
        }
    }

    fn of_number(&self, stored: impl Fn(f64) -> f64) -> Result<Test, Mistake> {
        if matches!(
            self.op,
            Op::Contains | Op::DoesNotContain | Op::StartsWith | Op::EndsWith | Op::Regex
        ) {
            return Err(self.unsuited(
                "a number",
                &["is", "isNot", "gt", "gte", "lt", "lte", "isSet", "isNotSet"],
            ));
        }
        let values: Option<Vec<Value>> = self
            .values
            .iter()
            .map(|text| number(text).map(|n| numeric(stored(n))))
            .collect();
        let values =
            values.ok_or_else(|| self.mistake("compares a number, and a value is none."))?;
        Ok(match self.op {
            Op::Is | Op::IsNot => Test::OneOf(values),
            _ => Test::Compare(self.operator(), values),
        })
    }

    fn of_truth(&self) -> Result<Test, Mistake> {
        if !matches!(self.op, Op::Is | Op::IsNot) {
            return Err(self.unsuited("true or false", &["is", "isNot", "isSet", "isNotSet"]));
        }
        let values: Option<Vec<Value>> = self
            .values
            .iter()
            .map(|text| match text.to_ascii_lowercase().as_str() {
                "true" => Some(Value::Bool(true)),
                "false" => Some(Value::Bool(false)),
                _ => None,
            })
            .collect();
        values
            .map(Test::OneOf)
            .ok_or_else(|| self.mistake("compares with `true` or `false`, and a value is neither."))
    }

    fn of_instant(&self, project: &Project) -> Result<Test, Mistake> {
        if matches!(
            self.op,
            Op::Contains | Op::DoesNotContain | Op::StartsWith | Op::EndsWith | Op::Regex
        ) {
            return Err(self.unsuited(
                "a time",
                &["is", "isNot", "gt", "gte", "lt", "lte", "isSet", "isNotSet"],
            ));
        }
        let spans: Option<Vec<_>> = self
            .values
            .iter()
            .map(|text| self.span(text, project))
            .collect();
        spans
            .map(Test::Within)
            .ok_or_else(|| self.mistake("compares a time, and a value is neither a day (YYYY-MM-DD) nor an RFC 3339 instant."))
    }

    fn span(
        &self,
        text: &str,
        project: &Project,
    ) -> Option<(Option<InstantMs>, Option<InstantMs>)> {
        let (first, after) = if let Ok(date) = text.parse::<NaiveDate>() {
            (
                project.calendar.start_of_date(date),
                project.calendar.start_of_date(date.succ_opt()?),
            )
        } else {
            let instant = DateTime::parse_from_rfc3339(text).ok()?.timestamp_millis();
            (instant, instant.saturating_add(1))
        };
        Some(match self.op {
            Op::Gt => (Some(after), None),
            Op::Gte => (Some(first), None),
            Op::Lt => (None, Some(first)),
            Op::Lte => (None, Some(after)),
            _ => (Some(first), Some(after)),
        })
    }

    fn operator(&self) -> &'static str {
        match self.op {
            Op::Gt => ">",
            Op::Gte => ">=",
            Op::Lt => "<",
            Op::Lte => "<=",
            _ => "=",
        }
    }

    fn unsuited(&self, kind: &str, ops: &[&'static str]) -> Mistake {
        Mistake::new(format!(
            "`{}` is {kind}, which `{}` cannot compare.",
            self.field,
            self.op_name()
        ))
        .next(format!("Use {}.", one_of(ops.iter().copied())))
    }

    fn mistake(&self, what: &str) -> Mistake {
        Mistake::new(format!(
            "The filter `{}` `{}` {what}",
            self.field,
            self.op_name()
        ))
    }

    fn op_name(&self) -> String {
        serde_json::to_value(self.op)
            .ok()
            .and_then(|name| name.as_str().map(str::to_owned))
            .unwrap_or_default()
    }
}

fn any(alternatives: impl Iterator<Item = Sql>) -> Sql {
    let alternatives: Vec<Sql> = alternatives.collect();
    if alternatives.len() == 1 {
        return Sql::join(alternatives, "");
    }
    let joined = Sql::join(alternatives, " OR ");
    sql!("({joined})", joined)
}

fn within(
    query: &mut Query<'_>,
    value: &Sql,
    (from, before): (Option<InstantMs>, Option<InstantMs>),
) -> Sql {
    let from = from.map(|instant| {
        let instant = query.bind(Value::TimestampMs(instant));
        sql!("{value} >= {instant}", value, instant)
    });
    let before = before.map(|instant| {
        let instant = query.bind(Value::TimestampMs(instant));
        sql!("{value} < {instant}", value, instant)
    });
    let both = Sql::join(from.into_iter().chain(before), " AND ");
    sql!("({both})", both)
}

fn number(text: &str) -> Option<f64> {
    text.trim()
        .parse::<f64>()
        .ok()
        .filter(|number| number.is_finite())
}

/// An integer where the number is one (but for the last bits of a multiplication), so that integer columns compare as such.
fn numeric(number: f64) -> Value {
    let whole = number.round();
    if (number - whole).abs() < 1e-6 && whole.abs() < 9e15 {
        Value::Int(whole as i64)
    } else {
        Value::Float(number)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use super::*;
    use crate::testing::project;

    fn test(kind: Kind, op: Op, values: &[&str]) -> Result<Test, Mistake> {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        Test::of(
            "field",
            kind,
            op,
            &values,
            &project("acme", "Europe/Berlin"),
        )
    }

    #[test]
    fn money_is_given_in_major_units_and_compared_in_minor_ones() {
        assert_eq!(
            test(Kind::Money, Op::Gt, &["19.99"]),
            Ok(Test::Compare(">", vec![Value::Int(1999)]))
        );
    }

    #[test]
    fn a_day_is_whole_in_the_projects_timezone() {
        let day = DateTime::parse_from_rfc3339("2026-11-05T00:00:00+01:00")
            .unwrap()
            .timestamp_millis();
        let next = day + 24 * 3_600_000;
        for (op, span) in [
            (Op::Is, (Some(day), Some(next))),
            (Op::Gt, (Some(next), None)),
            (Op::Gte, (Some(day), None)),
            (Op::Lt, (None, Some(day))),
            (Op::Lte, (None, Some(next))),
        ] {
            assert_eq!(
                test(Kind::Instant, op, &["2026-11-05"]),
                Ok(Test::Within(vec![span])),
                "{op:?}"
            );
        }
    }

    #[test]
    fn texts_compare_as_numbers_or_as_dates() {
        assert_eq!(
            test(Kind::Text, Op::Lt, &["9"]),
            Ok(Test::CompareAsNumber("<", vec![Value::Float(9.0)]))
        );
        assert_eq!(
            test(Kind::Text, Op::Gte, &["2026-11-05"]),
            Ok(Test::Compare(">=", vec!["2026-11-05".into()]))
        );
    }

    #[test]
    fn an_op_that_does_not_suit_the_field_names_those_that_do() {
        let told =
            |kind, op, values: &[&str]| test(kind, op, values).unwrap_err().text().to_owned();
        insta::assert_snapshot!(told(Kind::Number, Op::Contains, &["1"]), @"`field` is a number, which `contains` cannot compare. Use `is`, `isNot`, `gt`, `gte`, `lt`, `lte`, `isSet` or `isNotSet`.");
        insta::assert_snapshot!(told(Kind::Number, Op::Gt, &["many"]), @"The filter `field` `gt` compares a number, and a value is none.");
        insta::assert_snapshot!(told(Kind::Truth, Op::Is, &["maybe"]), @"The filter `field` `is` compares with `true` or `false`, and a value is neither.");
        insta::assert_snapshot!(told(Kind::Instant, Op::Is, &["soon"]), @"The filter `field` `is` compares a time, and a value is neither a day (YYYY-MM-DD) nor an RFC 3339 instant.");
        insta::assert_snapshot!(told(Kind::TextList, Op::Gt, &["1"]), @"`field` is a list, which `gt` cannot compare. Use `is`, `isNot`, `isSet` or `isNotSet`.");
        insta::assert_snapshot!(told(Kind::Text, Op::Gt, &["large"]), @"The filter `field` `gt` compares numbers or dates (YYYY-MM-DD), and a value is neither.");
        insta::assert_snapshot!(told(Kind::Text, Op::Is, &[]), @"The filter `field` `is` needs at least one entry in `values`.");
        insta::assert_snapshot!(told(Kind::Text, Op::IsSet, &["x"]), @"The filter `field` `isSet` takes no `values`.");
        insta::assert_snapshot!(told(Kind::Text, Op::Regex, &["(a{1000}){1000}"]), @"The filter `field` `regex` has `(a{1000}){1000}`, whose repetitions make it too large to run. Use smaller counts, or `contains`.");
        insta::assert_snapshot!(told(Kind::Text, Op::Regex, &["(a"]), @"The filter `field` `regex` has `(a`, which is not a regular expression: unclosed group. Look-around and back-references are not supported. For plain text use `contains`.");
    }
}
