//! Arguments checked against the tool's own schema, and what is wrong with them told so that a model can put it right.
//!
//! The schema is the only statement of names, types, choices and bounds. Hosts write some values oddly, and those are read as they
//! are meant: null as left out; numbers and truth values written as text; a number where text is expected; a list or object
//! written as JSON text; a single text where a list of texts is expected; a choice in another case or with underscores. Anything
//! else is refused.

use serde::de::DeserializeOwned;
use serde_json::{Number, Value as Json};

use crate::failure::{Failure, Mistake};
use crate::nearest::{did_you_mean, fold, listed, one_of};
use crate::schema::Object;

/// At most this many problems are told at once.
const MOST_PROBLEMS: usize = 5;

/// The arguments, checked against `schema` and put into the types it names.
pub(crate) fn checked(tool: &str, schema: &Object, arguments: Object) -> Result<Object, Mistake> {
    let mut check = Check {
        problems: Vec::new(),
    };
    let checked = check.object("", schema, arguments, Some(tool));
    if check.problems.is_empty() {
        return Ok(checked);
    }
    let count = check.problems.len();
    let mut told = check.problems;
    told.truncate(MOST_PROBLEMS);
    let mut text = told.join("\n");
    if count > MOST_PROBLEMS {
        text.push_str(&format!("\n({} more problems.)", count - MOST_PROBLEMS));
    }
    Err(Mistake::new(text))
}

/// The input of a tool out of arguments that were checked.
pub(crate) fn read<T: DeserializeOwned>(arguments: Object) -> Result<T, Failure> {
    serde_path_to_error::deserialize(Json::Object(arguments)).map_err(|error| {
        let path = error.path().to_string();
        Mistake::new(format!(
            "The argument `{path}` cannot be read: {}.",
            error.into_inner()
        ))
        .into()
    })
}

struct Check {
    problems: Vec<String>,
}

impl Check {
    fn object(&mut self, path: &str, schema: &Object, given: Object, tool: Option<&str>) -> Object {
        let Some(properties) = schema.get("properties").and_then(Json::as_object) else {
            return self.open_object(path, schema, given);
        };
        let mut checked = Object::new();
        for (name, value) in given {
            let Some(property) = properties.get(&name).and_then(Json::as_object) else {
                self.unknown(path, &name, properties, tool);
                continue;
            };
            if value.is_null() {
                continue;
            }
            let inner = join(path, &name);
            let value = self.value(&inner, property, value);
            checked.insert(name, value);
        }
        for name in schema
            .get("required")
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
            .filter_map(Json::as_str)
        {
            if !checked.contains_key(name) {
                let expected = properties
                    .get(name)
                    .and_then(Json::as_object)
                    .map(expectation)
                    .unwrap_or_default();
                self.problems.push(format!(
                    "`{}` is missing; it must be {expected}.",
                    join(path, name)
                ));
            }
        }
        checked
    }

    /// An object whose keys are the caller's own.
    fn open_object(&mut self, path: &str, schema: &Object, given: Object) -> Object {
        let Some(inner) = schema.get("additionalProperties").and_then(Json::as_object) else {
            return given;
        };
        let mut checked = Object::new();
        for (name, value) in given {
            let value = self.value(&join(path, &name), inner, value);
            checked.insert(name, value);
        }
        checked
    }

    fn unknown(&mut self, path: &str, name: &str, properties: &Object, tool: Option<&str>) {
        let names = || properties.keys().map(String::as_str);
        let shown: String = name.chars().take(60).collect();
        let place = match tool {
            Some(tool) => format!("an input of `{tool}`"),
            None => format!("part of `{path}`"),
        };
        let allowed = if properties.is_empty() {
            String::from("It takes no input.")
        } else {
            format!("Allowed: {}.", listed(names(), 40))
        };
        self.problems.push(format!(
            "`{shown}` is not {place}.{} {allowed}",
            did_you_mean(&shown, names())
        ));
    }

    fn value(&mut self, path: &str, schema: &Object, given: Json) -> Json {
        let kind = schema
            .get("type")
            .and_then(Json::as_str)
            .unwrap_or_default();
        let meant = meant(kind, schema, given);
        let fits = match (kind, &meant) {
            ("string", Json::String(_))
            | ("boolean", Json::Bool(_))
            | ("number", Json::Number(_)) => true,
            ("integer", Json::Number(number)) => number.is_i64() || number.is_u64(),
            ("array", Json::Array(_)) | ("object", Json::Object(_)) => true,
            ("", _) => true,
            _ => false,
        };
        if !fits || !within_bounds(schema, &meant) {
            self.problems.push(format!(
                "`{path}` must be {}; it is {}.",
                expectation(schema),
                shown(&meant)
            ));
            return meant;
        }
        match meant {
            Json::Object(object) => Json::Object(self.object(path, schema, object, None)),
            Json::Array(values) => match schema.get("items").and_then(Json::as_object) {
                Some(items) => Json::Array(
                    values
                        .into_iter()
                        .enumerate()
                        .map(|(index, value)| self.value(&format!("{path}[{index}]"), items, value))
                        .collect(),
                ),
                None => Json::Array(values),
            },
            other => other,
        }
    }
}

/// The value as it was meant, where a host wrote it as another type.
fn meant(kind: &str, schema: &Object, given: Json) -> Json {
    match (kind, given) {
        ("string", Json::String(text)) => Json::String(chosen(schema, text)),
        ("string", Json::Number(number)) => Json::String(number.to_string()),
        ("string", Json::Bool(truth)) => Json::String(truth.to_string()),
        ("integer", Json::Number(number)) if !number.is_i64() && !number.is_u64() => {
            whole(&number).unwrap_or(Json::Number(number))
        }
        ("integer", Json::String(text)) => text
            .trim()
            .parse::<i64>()
            .map_or(Json::String(text), Json::from),
        ("number", Json::String(text)) => {
            match text.trim().parse::<f64>().ok().and_then(Number::from_f64) {
                Some(number) => Json::Number(number),
                None => Json::String(text),
            }
        }
        ("boolean", Json::String(text)) => text
            .trim()
            .parse::<bool>()
            .map_or(Json::String(text), Json::Bool),
        ("object", Json::String(text)) => match serde_json::from_str(&text) {
            Ok(Json::Object(object)) => Json::Object(object),
            _ => Json::String(text),
        },
        ("array", Json::String(text)) => match serde_json::from_str(&text) {
            Ok(Json::Array(values)) => Json::Array(values),
            _ if items_are_text(schema) => Json::Array(vec![Json::String(text)]),
            _ => Json::String(text),
        },
        (_, given) => given,
    }
}

fn whole(number: &Number) -> Option<Json> {
    let number = number.as_f64()?;
    (number.fract() == 0.0 && number.abs() < 9e15).then(|| Json::from(number as i64))
}

fn items_are_text(schema: &Object) -> bool {
    schema
        .get("items")
        .and_then(|items| items.get("type"))
        .and_then(Json::as_str)
        == Some("string")
}

/// The one choice that is spelled the same but for case and underscores, if the text is none itself: `referrer_name` is `referrerName`.
fn chosen(schema: &Object, text: String) -> String {
    let choices: Vec<&str> = schema
        .get("enum")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .collect();
    if choices.contains(&text.as_str()) {
        return text;
    }
    let mut same = choices
        .into_iter()
        .filter(|choice| fold(choice) == fold(&text));
    match (same.next(), same.next()) {
        (Some(only), None) => only.to_owned(),
        _ => text,
    }
}

fn within_bounds(schema: &Object, value: &Json) -> bool {
    let bound = |key: &str| schema.get(key).and_then(Json::as_f64);
    let choices = schema.get("enum").and_then(Json::as_array);
    if choices.is_some_and(|choices| !choices.contains(value)) {
        return false;
    }
    let measure = match value {
        Json::Number(number) => number.as_f64().map(|number| (number, "minimum", "maximum")),
        Json::Array(values) => Some((values.len() as f64, "minItems", "maxItems")),
        Json::String(text) => Some((text.chars().count() as f64, "minLength", "maxLength")),
        _ => None,
    };
    measure.is_none_or(|(size, least, most)| {
        bound(least).is_none_or(|least| size >= least)
            && bound(most).is_none_or(|most| size <= most)
    })
}

/// What a value must be, in words.
fn expectation(schema: &Object) -> String {
    if let Some(choices) = schema.get("enum").and_then(Json::as_array) {
        return one_of(choices.iter().filter_map(Json::as_str));
    }
    let bounds = |least: &str, most: &str, unit: &str| {
        let bound = |key: &str| schema.get(key).and_then(Json::as_f64);
        match (bound(least), bound(most)) {
            (Some(least), Some(most)) => format!(" of {least} to {most}{unit}"),
            (Some(least), None) => format!(" of at least {least}{unit}"),
            (None, Some(most)) => format!(" of at most {most}{unit}"),
            (None, None) => String::new(),
        }
    };
    match schema
        .get("type")
        .and_then(Json::as_str)
        .unwrap_or_default()
    {
        "integer" => match bounds("minimum", "maximum", "") {
            bounds if bounds.is_empty() => String::from("a whole number"),
            bounds => format!("a whole number{}", bounds.replacen(" of ", " from ", 1)),
        },
        "number" => format!("a number{}", bounds("minimum", "maximum", "")),
        "boolean" => String::from("true or false"),
        "string" => format!("text{}", bounds("minLength", "maxLength", " characters")),
        "array" => {
            let items = schema.get("items").and_then(Json::as_object);
            let of = match items
                .and_then(|items| items.get("type"))
                .and_then(Json::as_str)
            {
                Some("string") => match items.and_then(|items| items.get("enum")) {
                    Some(_) => format!(
                        "a list out of {}",
                        items.map(expectation).unwrap_or_default()
                    ),
                    None => String::from("a list of texts"),
                },
                Some("object") => String::from("a list of objects"),
                _ => String::from("a list"),
            };
            format!("{of}{}", bounds("minItems", "maxItems", " entries"))
        }
        "object" => match schema.get("properties").and_then(Json::as_object) {
            Some(properties) => format!(
                "an object with {}",
                listed(properties.keys().map(String::as_str), 10)
            ),
            None => String::from("an object of names and texts"),
        },
        _ => String::from("given"),
    }
}

fn shown(value: &Json) -> String {
    let text = match value {
        Json::Array(values) if values.len() > 3 => format!("a list of {}", values.len()),
        Json::Object(_) => String::from("an object"),
        other => other.to_string(),
    };
    if text.chars().count() > 60 {
        format!("{}…", text.chars().take(60).collect::<String>())
    } else {
        text
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use super::*;
    use serde_json::json;

    fn schema() -> Object {
        json!({
            "type": "object",
            "properties": {
                "limit": {"type": "integer", "minimum": 1, "maximum": 100},
                "interval": {"type": "string", "enum": ["hour", "day"]},
                "by": {"type": "array", "items": {"type": "string", "enum": ["referrerName", "utm_source"]}},
                "names": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
                "exact": {"type": "object", "additionalProperties": {"type": "string"}},
                "filters": {"type": "array", "items": {"type": "object", "properties": {
                    "field": {"type": "string"}, "op": {"type": "string", "enum": ["is"]},
                    "values": {"type": "array", "items": {"type": "string"}}}, "required": ["field", "op"]}},
                "bounced": {"type": "boolean"},
                "sql": {"type": "string", "maxLength": 5},
            },
            "required": ["sql"],
        })
        .as_object()
        .cloned()
        .unwrap()
    }

    fn check(arguments: Json) -> Result<Json, String> {
        let Json::Object(arguments) = arguments else {
            panic!("arguments are an object")
        };
        checked("query", &schema(), arguments)
            .map(Json::Object)
            .map_err(|mistake| mistake.text().to_owned())
    }

    #[test]
    fn values_written_oddly_are_read_as_they_are_meant() {
        let read = check(json!({
            "sql": 7, "limit": "20", "names": "one", "bounced": "true", "interval": null,
            "filters": "[{\"field\":\"country\",\"op\":\"is\",\"values\":[1,true]}]", "exact": {"seats": 5},
        }));
        assert_eq!(
            read,
            Ok(json!({
                "sql": "7", "limit": 20, "names": ["one"], "bounced": true,
                "filters": [{"field": "country", "op": "is", "values": ["1", "true"]}], "exact": {"seats": "5"},
            }))
        );
        assert_eq!(
            check(json!({"sql": "", "interval": "Day", "by": ["referrer_name", "utmSource"]})),
            Ok(json!({"sql": "", "interval": "day", "by": ["referrerName", "utm_source"]}))
        );
        assert_eq!(
            check(json!({"sql": "", "limit": 20.0})),
            Ok(json!({"sql": "", "limit": 20}))
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_where_and_what_would_be_right() {
        insta::assert_snapshot!(check(json!({})).unwrap_err(), @"`sql` is missing; it must be text of at most 5 characters.");
        insta::assert_snapshot!(check(json!({"sql": "", "limt": 5})).unwrap_err(), @"`limt` is not an input of `query`. Did you mean `limit`? Allowed: `limit`, `interval`, `by`, `names`, `exact`, `filters`, `bounced`, `sql`.");
        insta::assert_snapshot!(check(json!({"sql": "", "limit": 500})).unwrap_err(), @"`limit` must be a whole number from 1 to 100; it is 500.");
        insta::assert_snapshot!(check(json!({"sql": "", "limit": 2.5})).unwrap_err(), @"`limit` must be a whole number from 1 to 100; it is 2.5.");
        insta::assert_snapshot!(check(json!({"sql": "", "limit": "many"})).unwrap_err(), @r#"`limit` must be a whole number from 1 to 100; it is "many"."#);
        insta::assert_snapshot!(check(json!({"sql": "", "interval": "year"})).unwrap_err(), @r#"`interval` must be `hour` or `day`; it is "year"."#);
        insta::assert_snapshot!(check(json!({"sql": "", "names": [1, 2, 3, 4]})).unwrap_err(), @"`names` must be a list of texts of at most 3 entries; it is a list of 4.");
        insta::assert_snapshot!(check(json!({"sql": "too long"})).unwrap_err(), @r#"`sql` must be text of at most 5 characters; it is "too long"."#);
        insta::assert_snapshot!(
            check(json!({"sql": "", "filters": [{"field": "country", "op": "equals", "value": "DE"}]})).unwrap_err(),
            @r#"
        `filters[0].op` must be `is`; it is "equals".
        `value` is not part of `filters[0]`. Did you mean `values`? Allowed: `field`, `op`, `values`.
        "#
        );
    }

    #[test]
    fn at_most_five_problems_are_told() {
        let problems = check(json!({"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1})).unwrap_err();
        assert!(problems.ends_with("(2 more problems.)"), "{problems}");
    }
}
