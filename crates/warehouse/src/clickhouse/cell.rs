//! A cell as the server writes it, and as an answer has it ([`crate::ResultSet`]).
//!
//! Only instants differ: the server writes them with as many digits as the column has, an answer with three.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value as Json;

/// What of a type matters for its cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    /// As it comes.
    Plain,
    /// An instant.
    Instant,
    /// Each entry of a list or value of an object.
    Each(Box<Self>),
    /// Entries in order, of a list or an object.
    Fields(Vec<Self>),
}

impl Cell {
    /// Of a type, in the server's words.
    pub(super) fn of(data_type: &str) -> Self {
        let (name, inner) = taken_apart(data_type);
        match (name, inner) {
            ("DateTime" | "DateTime64", _) => Self::Instant,
            ("Nullable" | "LowCardinality" | "SimpleAggregateFunction", Some(inner)) => {
                Self::of(arguments(inner).last().copied().unwrap_or(inner))
            }
            ("Array", Some(inner)) => match Self::of(inner) {
                Self::Plain => Self::Plain,
                entry => Self::Each(Box::new(entry)),
            },
            ("Map", Some(inner)) => match arguments(inner).last().map(|value| Self::of(value)) {
                None | Some(Self::Plain) => Self::Plain,
                Some(value) => Self::Each(Box::new(value)),
            },
            ("Tuple", Some(inner)) => {
                let fields: Vec<Self> = arguments(inner).into_iter().map(Self::of_field).collect();
                if fields.iter().all(|field| *field == Self::Plain) {
                    Self::Plain
                } else {
                    Self::Fields(fields)
                }
            }
            _ => Self::Plain,
        }
    }

    /// Of `name Type`, or of a type alone.
    fn of_field(field: &str) -> Self {
        let before_arguments = field.find('(').unwrap_or(field.len());
        match field[..before_arguments].rfind(' ') {
            Some(space) => Self::of(field[space + 1..].trim()),
            None => Self::of(field),
        }
    }

    /// The cell of an answer.
    pub(super) fn read(&self, written: Json) -> Json {
        match (self, written) {
            (Self::Instant, Json::String(text)) => match DateTime::parse_from_rfc3339(&text) {
                Ok(instant) => {
                    let instant = instant.with_timezone(&Utc);
                    Json::String(instant.to_rfc3339_opts(SecondsFormat::Millis, true))
                }
                Err(_) => Json::String(text),
            },
            (Self::Each(entry), Json::Array(entries)) => {
                entries.into_iter().map(|each| entry.read(each)).collect()
            }
            (Self::Each(value), Json::Object(object)) => Json::Object(
                object
                    .into_iter()
                    .map(|(key, each)| (key, value.read(each)))
                    .collect(),
            ),
            (Self::Fields(fields), Json::Array(entries)) => fields
                .iter()
                .zip(entries)
                .map(|(field, each)| field.read(each))
                .collect(),
            (Self::Fields(fields), Json::Object(object)) => Json::Object(
                fields
                    .iter()
                    .zip(object)
                    .map(|(field, (key, each))| (key, field.read(each)))
                    .collect(),
            ),
            (_, written) => written,
        }
    }
}

/// A type's name, and what stands in its parentheses.
pub(super) fn taken_apart(data_type: &str) -> (&str, Option<&str>) {
    match data_type.split_once('(') {
        Some((name, rest)) => (name, rest.strip_suffix(')')),
        None => (data_type, None),
    }
}

/// The type within `Nullable` and `LowCardinality`.
pub(super) fn bare(data_type: &str) -> &str {
    match taken_apart(data_type) {
        ("Nullable" | "LowCardinality", Some(inner)) => bare(inner),
        _ => data_type,
    }
}

/// The arguments of a type, at the commas outside of inner parentheses and quotes.
fn arguments(inner: &str) -> Vec<&str> {
    let (mut depth, mut quoted, mut start) = (0_usize, false, 0);
    let mut found = Vec::new();
    for (place, c) in inner.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            ',' if !quoted && depth == 0 => {
                found.push(inner[start..place].trim());
                start = place + 1;
            }
            _ => {}
        }
    }
    found.push(inner[start..].trim());
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(data_type: &str, written: Json) -> Json {
        Cell::of(data_type).read(written)
    }

    #[test]
    fn instants_have_three_digits_wherever_they_are() {
        let (written, told) = (
            json!("2026-01-01T00:00:00Z"),
            json!("2026-01-01T00:00:00.000Z"),
        );
        for data_type in [
            "DateTime",
            "DateTime('Europe/Berlin')",
            "Nullable(DateTime64(3, 'UTC'))",
            "LowCardinality(Nullable(DateTime))",
        ] {
            assert_eq!(read(data_type, written.clone()), told, "{data_type}");
        }
        assert_eq!(
            read(
                "Array(DateTime64(6))",
                json!(["2026-01-01T00:00:00.123456Z"])
            ),
            json!(["2026-01-01T00:00:00.123Z"])
        );
        assert_eq!(
            read("Map(String, DateTime)", json!({"a": written})),
            json!({"a": told})
        );
        assert_eq!(
            read(
                "Tuple(n Int8, at DateTime64(3, 'UTC'))",
                json!({"n": 1, "at": written})
            ),
            json!({"n": 1, "at": told})
        );
        assert_eq!(
            read("Tuple(Int8, DateTime)", json!([1, written])),
            json!([1, told])
        );
    }

    #[test]
    fn all_else_is_as_it_came() {
        assert_eq!(read("Nullable(String)", json!(null)), json!(null));
        assert_eq!(
            read("String", json!("2026-01-01T00:00:00Z")),
            json!("2026-01-01T00:00:00Z")
        );
        assert_eq!(read("UInt64", json!(u64::MAX)), json!(u64::MAX));
        assert_eq!(read("Enum8('a, (' = 1)", json!("a, (")), json!("a, ("));
    }

    #[test]
    fn the_bare_type_is_what_stands_innermost() {
        assert_eq!(bare("LowCardinality(Nullable(String))"), "String");
        assert_eq!(bare("Array(Nullable(String))"), "Array(Nullable(String))");
    }
}
