//! Text by key: what a column of kind [`crate::ColumnKind::TextMap`] holds, and how JSON becomes it.
//!
//! Files may hold `properties` as a map or as JSON text; everything that reads them sees maps, made here and nowhere else. A nested
//! object becomes keys joined with dots, nulls are left out, texts are given as they are, and everything else (numbers, booleans,
//! lists) with the spelling it has in the JSON. Of a key that comes twice the last one counts. Nothing here knows of tables.

use std::{collections::HashSet, fmt};

use arrow::{
    array::{Array, ArrayRef, AsArray as _, MapArray, MapBuilder, MapFieldNames, StringBuilder},
    compute::cast,
    datatypes::DataType,
    error::ArrowError,
};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::ColumnKind;

/// Objects nested deeper are kept as JSON text: real properties are not, and a hostile text must not cost its depth squared.
const DEEPEST: usize = 32;

/// Whether a column of this type is text, in any of Arrow's encodings.
#[must_use]
pub fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

/// The column as text by key: a map of anything castable to text, or JSON text, a row of which that is no object gives null.
///
/// # Errors
/// When it is neither.
pub fn text_maps(column: &dyn Array) -> Result<MapArray, ArrowError> {
    if is_text(column.data_type()) {
        let texts = cast(column, &DataType::Utf8)?;
        let mut maps = text_map_builder();
        for text in texts.as_string::<i32>() {
            let pairs = text.and_then(flatten_json);
            append_pairs(&mut maps, pairs.as_deref());
        }
        return Ok(maps.finish());
    }
    let maps: ArrayRef = cast(column, &ColumnKind::TextMap.data_type())?;
    Ok(maps.as_map().clone())
}

/// The pairs of a JSON object; none when the text is not one.
#[must_use]
pub fn flatten_json(text: &str) -> Option<Vec<(String, String)>> {
    let object: Object<'_> = serde_json::from_str(text).ok()?;
    let mut pairs = Vec::with_capacity(object.0.len());
    flatten("", &object, 1, &mut pairs);
    keep_last(&mut pairs);
    Some(pairs)
}

/// Leaves of each key the last pair, where a map has a key once.
pub fn keep_last(pairs: &mut Vec<(String, String)>) {
    if pairs.len() < 2 {
        return;
    }
    let mut keys = HashSet::with_capacity(pairs.len());
    let mut is_last: Vec<bool> = pairs
        .iter()
        .rev()
        .map(|(key, _)| keys.insert(key.as_str()))
        .collect();
    drop(keys);
    pairs.retain(|_| is_last.pop().unwrap_or(true));
}

/// The members of a JSON object in order, their values unread.
struct Object<'t>(Vec<(String, &'t RawValue)>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
                let mut object = Vec::new();
                while let Some(member) = members.next_entry()? {
                    object.push(member);
                }
                Ok(Object(object))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

fn flatten(prefix: &str, object: &Object<'_>, depth: usize, pairs: &mut Vec<(String, String)>) {
    for (key, value) in &object.0 {
        let key = if prefix.is_empty() {
            key.clone()
        } else {
            format!("{prefix}.{key}")
        };
        let json = value.get();
        match json.as_bytes().first() {
            Some(b'n') => {}
            Some(b'{') if depth < DEEPEST => {
                if let Ok(inner) = serde_json::from_str(json) {
                    flatten(&key, &inner, depth + 1, pairs);
                }
            }
            // Not a text after all: half of a surrogate pair, say. Then what is written there.
            Some(b'"') => pairs.push((
                key,
                serde_json::from_str(json).unwrap_or_else(|_| json.to_owned()),
            )),
            _ => pairs.push((key, json.to_owned())),
        }
    }
}

/// A builder of columns of kind [`ColumnKind::TextMap`].
pub(crate) fn text_map_builder() -> MapBuilder<StringBuilder, StringBuilder> {
    let names = MapFieldNames {
        entry: "entries".to_owned(),
        key: "keys".to_owned(),
        value: "values".to_owned(),
    };
    MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new())
}

/// Appends one row of pairs, or null.
pub(crate) fn append_pairs(
    maps: &mut MapBuilder<StringBuilder, StringBuilder>,
    pairs: Option<&[(String, String)]>,
) {
    for (key, value) in pairs.unwrap_or_default() {
        maps.keys().append_value(key);
        maps.values().append_value(value);
    }
    // Keys and values were appended in step, which is all that can fail.
    let _ = maps.append(pairs.is_some());
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use super::*;

    fn flat(text: &str) -> Vec<(String, String)> {
        flatten_json(text).unwrap()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn nested_objects_become_dotted_keys_and_nulls_are_left_out() {
        assert_eq!(
            flat(
                r#"{"plan": "pro", "cart": {"items": 2, "total": {"net": null, "gross": "9"}}, "gone": null}"#
            ),
            pairs(&[
                ("plan", "pro"),
                ("cart.items", "2"),
                ("cart.total.gross", "9")
            ])
        );
    }

    #[test]
    fn what_is_no_text_keeps_the_spelling_it_has() {
        assert_eq!(
            flat(
                r#"{"a": 1.0, "b": 1e3, "c": 12345678901234567890123, "d": true, "e": [1, "x", null]}"#
            ),
            pairs(&[
                ("a", "1.0"),
                ("b", "1e3"),
                ("c", "12345678901234567890123"),
                ("d", "true"),
                ("e", r#"[1, "x", null]"#),
            ])
        );
    }

    #[test]
    fn of_a_key_that_comes_twice_the_last_one_counts() {
        assert_eq!(
            flat(r#"{"a": 1, "b.c": 2, "b": {"c": 3}, "a": 4}"#),
            pairs(&[("b.c", "3"), ("a", "4")])
        );
    }

    #[test]
    fn what_is_no_object_gives_nothing() {
        for text in [
            "",
            "null",
            "[1]",
            "\"text\"",
            "{\"a\": 1",
            "{} {}",
            "{a: 1}",
        ] {
            assert_eq!(flatten_json(text), None, "{text}");
        }
        assert_eq!(flat("{}"), []);
    }

    #[test]
    fn a_text_nested_without_end_costs_no_more_than_its_length() {
        let deep = format!("{}1{}", "{\"a\":".repeat(50_000), "}".repeat(50_000));
        let found = flatten_json(&deep).unwrap_or_default();
        assert!(found.len() <= 1);
    }

    #[test]
    fn a_column_of_either_kind_reads_as_maps() {
        let json =
            arrow::array::StringArray::from(vec![Some(r#"{"a": {"b": 1}}"#), None, Some("no")]);
        let maps = text_maps(&json).unwrap();
        assert_eq!(maps.data_type(), &ColumnKind::TextMap.data_type());
        assert_eq!(
            (0..3).map(|row| maps.is_null(row)).collect::<Vec<_>>(),
            [false, true, true]
        );
        assert_eq!(&text_maps(&maps).unwrap(), &maps);
    }
}
