//! Values as ClickHouse's parameters take them: text in the escaping of `TabSeparated`.

use chrono::{DateTime, Utc};

use crate::value::Value;

/// The first and last instant of a `DateTime64`: of 1900 and of 2299. Beyond them there is nothing to compare with.
const FIRST_MS: i64 = -2_208_988_800_000;
const LAST_MS: i64 = 10_413_791_999_999;

/// The parameters of a statement's values.
pub(super) fn of(values: &[Value]) -> Vec<(String, String)> {
    values
        .iter()
        .zip(1..)
        .map(|(value, position)| (format!("p{position}"), text(value)))
        .collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "\\N".to_owned(),
        Value::Text(text) => escaped(text),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::TimestampMs(ms) => {
            let ms = (*ms).clamp(FIRST_MS, LAST_MS);
            let instant = DateTime::<Utc>::from_timestamp_millis(ms).unwrap_or_default();
            instant.format("%Y-%m-%d %H:%M:%S%.3f").to_string()
        }
        Value::Date(date) => date.to_string(),
    }
}

/// Backslashes and what ends a cell, escaped.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '\t' => escaped.push_str("\\t"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\0' => escaped.push_str("\\0"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_a_cell_of_tab_separated_text() {
        let values = [
            Value::Null,
            Value::from("a\tb\\N\n'"),
            Value::from(-7_i64),
            Value::from(true),
            Value::TimestampMs(1_700_000_000_001),
            Value::TimestampMs(-1),
            Value::TimestampMs(i64::MIN),
            Value::TimestampMs(i64::MAX),
        ];
        let written: Vec<String> = of(&values).into_iter().map(|(_, text)| text).collect();
        assert_eq!(
            written,
            [
                "\\N",
                "a\\tb\\\\N\\n'",
                "-7",
                "true",
                "2023-11-14 22:13:20.001",
                "1969-12-31 23:59:59.999",
                "1900-01-01 00:00:00.000",
                "2299-12-31 23:59:59.999"
            ]
        );
    }
}
