//! Rewriting a schema into the plain form that goes over the wire.
//!
//! Definitions are inlined where they are used. A type that contains itself cannot be: at the point
//! where it recurs the schema is left open, which accepts no less than before.

use serde_json::{Map, Value, json};

use super::{COMPOSITION, FORMATS, ONE_SCHEMA, SCHEMA_LIST, SCHEMA_MAP};
use crate::JsonObject;

/// Members that say nothing to a host: dialect, names and definitions.
const DROPPED: [&str; 8] = [
    "$anchor",
    "$comment",
    "$defs",
    "$id",
    "$schema",
    "$vocabulary",
    "definitions",
    "title",
];

/// The plain form of a schema for a tool's input or output:
///
/// - `$ref` inlined, `$defs`, `$schema` and generated titles gone
/// - only formats JSON Schema defines
/// - `additionalProperties: false` on every object that lists its properties
/// - `true` and `false` in places of schemas written as objects
/// - `type: object` at the root
#[must_use]
pub fn wire(schema: &Value) -> JsonObject {
    let rewriter = Rewriter { root: schema };
    let mut plain = match rewriter.plain(schema, &mut vec!["#".to_owned()], false) {
        Value::Object(plain) => plain,
        _ => Map::new(),
    };
    if !plain.contains_key("type") {
        plain.insert("type".to_owned(), json!("object"));
    }
    plain
}

struct Rewriter<'a> {
    root: &'a Value,
}

impl Rewriter<'_> {
    /// `open` holds the references being inlined; `composed` says whether the schema describes a
    /// value that another schema describes as well.
    fn plain(&self, schema: &Value, open: &mut Vec<String>, composed: bool) -> Value {
        let object = match schema {
            Value::Object(object) => object,
            Value::Bool(false) => return json!({ "not": {} }),
            _ => return json!({}),
        };
        if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
            return self.inlined(reference, object, open, composed);
        }
        let composes = COMPOSITION
            .iter()
            .any(|keyword| object.contains_key(*keyword));
        let mut plain = Map::new();
        for (keyword, value) in object {
            let name = keyword.as_str();
            let rewritten = if DROPPED.contains(&name) || is_odd_format(name, value) {
                continue;
            } else if ONE_SCHEMA.contains(&name) && value.is_object() {
                self.plain(value, open, COMPOSITION.contains(&name))
            } else if let (true, Value::Array(list)) = (SCHEMA_LIST.contains(&name), value) {
                // A branch next to properties describes the same object as they do.
                let shared = composed || name == "allOf" || object.contains_key("properties");
                list.iter()
                    .map(|schema| self.plain(schema, open, shared))
                    .collect()
            } else if let (true, Value::Object(map)) = (SCHEMA_MAP.contains(&name), value) {
                map.iter()
                    .map(|(key, schema)| (key.clone(), self.plain(schema, open, false)))
                    .collect()
            } else {
                value.clone()
            };
            plain.insert(keyword.clone(), rewritten);
        }
        let closed = plain.contains_key("additionalProperties")
            || plain.contains_key("unevaluatedProperties");
        if plain.contains_key("properties") && !closed && !composed && !composes {
            plain.insert("additionalProperties".to_owned(), json!(false));
        }
        Value::Object(plain)
    }

    /// The schema a reference points at, with the members beside the reference (a description, a
    /// default) taking the place of its own.
    fn inlined(
        &self,
        reference: &str,
        beside: &Map<String, Value>,
        open: &mut Vec<String>,
        composed: bool,
    ) -> Value {
        let target = reference
            .strip_prefix('#')
            .and_then(|pointer| self.root.pointer(pointer));
        let recurs = open.iter().any(|known| known == reference);
        let mut merged = match target {
            Some(Value::Object(target)) if !recurs => target.clone(),
            _ => Map::new(),
        };
        for (keyword, value) in beside {
            if keyword != "$ref" {
                merged.insert(keyword.clone(), value.clone());
            }
        }
        open.push(reference.to_owned());
        let plain = self.plain(&Value::Object(merged), open, composed);
        open.pop();
        plain
    }
}

fn is_odd_format(keyword: &str, value: &Value) -> bool {
    keyword == "format"
        && value
            .as_str()
            .is_none_or(|format| !FORMATS.contains(&format))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use schemars::JsonSchema;

    use super::super::schema_faults;
    use super::*;

    fn of<T: JsonSchema>() -> Value {
        Value::Object(wire(schemars::schema_for!(T).as_value()))
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Input {
        /// Which days.
        range: Range,
        /// At most so many rows.
        limit: Option<u32>,
        filters: Vec<Filter>,
        anything: Value,
        /// A member that happens to be called like a keyword.
        title: String,
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Range {
        /// First day.
        from: String,
        weight: f64,
    }

    #[derive(JsonSchema)]
    #[serde(tag = "kind", rename_all = "snake_case")]
    #[expect(dead_code, reason = "only its schema is used")]
    enum Filter {
        Equals { value: String },
        Between { low: i64, high: i64 },
    }

    #[test]
    fn definitions_are_inlined_and_what_hosts_stumble_over_is_gone() {
        let schema = of::<Input>();
        assert_eq!(
            schema_faults(schema.as_object().unwrap()),
            [] as [String; 0]
        );
        insta::assert_snapshot!(serde_json::to_string_pretty(&schema).unwrap(), @r#"
        {
          "type": "object",
          "properties": {
            "range": {
              "type": "object",
              "properties": {
                "from": {
                  "type": "string",
                  "description": "First day."
                },
                "weight": {
                  "type": "number"
                }
              },
              "required": [
                "from",
                "weight"
              ],
              "description": "Which days.",
              "additionalProperties": false
            },
            "limit": {
              "type": [
                "integer",
                "null"
              ],
              "minimum": 0,
              "description": "At most so many rows."
            },
            "filters": {
              "type": "array",
              "items": {
                "oneOf": [
                  {
                    "type": "object",
                    "properties": {
                      "kind": {
                        "type": "string",
                        "const": "equals"
                      },
                      "value": {
                        "type": "string"
                      }
                    },
                    "required": [
                      "kind",
                      "value"
                    ],
                    "additionalProperties": false
                  },
                  {
                    "type": "object",
                    "properties": {
                      "kind": {
                        "type": "string",
                        "const": "between"
                      },
                      "low": {
                        "type": "integer"
                      },
                      "high": {
                        "type": "integer"
                      }
                    },
                    "required": [
                      "kind",
                      "low",
                      "high"
                    ],
                    "additionalProperties": false
                  }
                ]
              }
            },
            "anything": {},
            "title": {
              "type": "string",
              "description": "A member that happens to be called like a keyword."
            }
          },
          "required": [
            "range",
            "filters",
            "anything",
            "title"
          ],
          "additionalProperties": false
        }
        "#);
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Tree {
        name: String,
        children: Vec<Tree>,
    }

    #[test]
    fn a_type_that_contains_itself_is_left_open_where_it_recurs() {
        insta::assert_snapshot!(Value::Object(wire(schemars::schema_for!(Tree).as_value())), @r#"{"type":"object","properties":{"name":{"type":"string"},"children":{"type":"array","items":{}}},"required":["name","children"],"additionalProperties":false}"#);
    }

    #[test]
    fn a_branch_beside_properties_stays_open_or_nothing_would_match() {
        let schema = json!({
            "type": "object",
            "properties": {"a": {"type": "string"}},
            "oneOf": [{"properties": {"b": {"type": "string"}}}, {"properties": {"c": {"type": "string"}}}],
        });
        assert_eq!(Value::Object(wire(&schema)), schema);
    }

    #[test]
    fn a_map_keeps_the_schema_of_its_values() {
        let schema = json!({"type": "object", "additionalProperties": {"type": "integer", "format": "int64"}});
        assert_eq!(
            Value::Object(wire(&schema)),
            json!({"type": "object", "additionalProperties": {"type": "integer"}})
        );
    }

    #[test]
    fn a_schema_that_is_none_becomes_an_empty_object() {
        for schema in [
            json!(true),
            json!(null),
            json!([]),
            json!({"$ref": "#/$defs/Missing"}),
            json!({"$ref": "#"}),
        ] {
            assert_eq!(
                Value::Object(wire(&schema)),
                json!({"type": "object"}),
                "{schema}"
            );
        }
    }
}
