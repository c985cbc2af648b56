//! What rule a schema or a tool breaks, in words: for a test over every tool.
//!
//! This never changes a schema; `wire` does.

use rmcp::model::Tool;
use serde_json::Value;

use super::{COMPOSITION, FORMATS, ONE_SCHEMA, SCHEMA_LIST, SCHEMA_MAP};
use crate::JsonObject;

/// Longest schema in characters, written without spaces. Claude web drops a tool above it.
pub const SCHEMA_CHARS: usize = 16_384;

/// Longest tool name. Cursor counts server and tool name together up to 60.
pub const TOOL_NAME_CHARS: usize = 40;

/// Every rule a tool breaks; empty if none.
#[must_use]
pub fn tool_faults(tool: &Tool) -> Vec<String> {
    let mut faults = Vec::new();
    let name_is_plain = tool
        .name
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if tool.name.is_empty() || tool.name.len() > TOOL_NAME_CHARS || !name_is_plain {
        faults.push(format!(
            "the name {:?} is not 1 to {TOOL_NAME_CHARS} of a-z, 0-9 and _",
            tool.name
        ));
    }
    if tool.description.as_deref().is_none_or(str::is_empty) {
        faults.push("there is no description".to_owned());
    }
    faults.extend(
        schema_faults(&tool.input_schema)
            .into_iter()
            .map(|fault| format!("input: {fault}")),
    );
    if let Some(output) = &tool.output_schema {
        faults.extend(
            schema_faults(output)
                .into_iter()
                .map(|fault| format!("output: {fault}")),
        );
    }
    faults
}

/// Every rule a schema breaks, with a JSON pointer to where; empty if none.
#[must_use]
pub fn schema_faults(schema: &JsonObject) -> Vec<String> {
    let mut faults = Vec::new();
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        faults.push("the root is not `type: object`".to_owned());
    }
    if let Some(keyword) = ["allOf", "anyOf", "oneOf"]
        .into_iter()
        .find(|k| schema.contains_key(*k))
    {
        faults.push(format!("the root has `{keyword}`"));
    }
    let whole = Value::Object(schema.clone());
    let chars = whole.to_string().chars().count();
    if chars > SCHEMA_CHARS {
        faults.push(format!(
            "it has {chars} characters, more than {SCHEMA_CHARS}"
        ));
    }
    examine(&whole, "", false, &mut faults);
    faults
}

fn examine(schema: &Value, at: &str, composed: bool, faults: &mut Vec<String>) {
    let Value::Object(object) = schema else {
        faults.push(format!("{at} is not an object"));
        return;
    };
    if object.contains_key("x-mcp-header") {
        // Its header would have to be compared with the argument (2026-07-28, "Server Behavior for
        // Custom Headers"), which nothing here does.
        faults.push(format!("{at}/x-mcp-header is there"));
    }
    for keyword in [
        "$schema",
        "$ref",
        "$defs",
        "definitions",
        "$id",
        "$anchor",
        "$dynamicRef",
    ] {
        if object.contains_key(keyword) {
            faults.push(format!("{at}/{keyword} is there"));
        }
    }
    if let Some(format) = object.get("format")
        && format
            .as_str()
            .is_none_or(|format| !FORMATS.contains(&format))
    {
        faults.push(format!("{at}/format is {format}"));
    }
    let composes = COMPOSITION
        .iter()
        .any(|keyword| object.contains_key(*keyword));
    let closed =
        object.contains_key("additionalProperties") || object.contains_key("unevaluatedProperties");
    if object.contains_key("properties") && !closed && !composed && !composes {
        faults.push(format!(
            "{at} has properties but no `additionalProperties: false`"
        ));
    }
    for (keyword, value) in object {
        let at = format!("{at}/{}", keyword.replace('~', "~0").replace('/', "~1"));
        let name = keyword.as_str();
        match value {
            Value::Object(_) if ONE_SCHEMA.contains(&name) => {
                examine(value, &at, COMPOSITION.contains(&name), faults);
            }
            Value::Array(list) if SCHEMA_LIST.contains(&name) => {
                let shared = composed || name == "allOf" || object.contains_key("properties");
                for (index, schema) in list.iter().enumerate() {
                    examine(schema, &format!("{at}/{index}"), shared, faults);
                }
            }
            Value::Object(map) if SCHEMA_MAP.contains(&name) => {
                for (key, schema) in map {
                    examine(schema, &format!("{at}/{key}"), false, faults);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;

    fn object(value: &Value) -> JsonObject {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn each_broken_rule_is_named_with_its_place() {
        let schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "oneOf": [],
            "properties": {
                "a": {"type": "integer", "format": "uint32"},
                "b": {"$ref": "#/$defs/B"},
                "c": true,
                "e": {"type": "string", "x-mcp-header": "E"},
                "d": {"type": "array", "items": {"properties": {}}},
            },
            "$defs": {},
        });
        insta::assert_snapshot!(schema_faults(&object(&schema)).join("\n"), @r#"
        the root is not `type: object`
        the root has `oneOf`
        /$schema is there
        /$defs is there
        /properties/a/format is "uint32"
        /properties/b/$ref is there
        /properties/c is not an object
        /properties/e/x-mcp-header is there
        /properties/d/items has properties but no `additionalProperties: false`
        "#);
    }

    #[test]
    fn a_schema_of_more_than_16384_characters_is_too_long() {
        let with = |chars: usize| {
            let schema = json!({"type": "object", "description": "x".repeat(chars)});
            schema_faults(&object(&schema)).len()
        };
        let frame = json!({"type": "object", "description": ""})
            .to_string()
            .len();
        assert_eq!(with(SCHEMA_CHARS - frame), 0);
        assert_eq!(with(SCHEMA_CHARS - frame + 1), 1);
    }

    #[test]
    fn a_tool_name_is_short_and_plain() {
        let schema = Arc::new(object(&json!({"type": "object"})));
        let faults =
            |name: String| tool_faults(&Tool::new(name, "Says hello.", Arc::clone(&schema))).len();
        assert_eq!(faults("get_top_pages_2".to_owned()), 0);
        assert_eq!(faults("a".repeat(TOOL_NAME_CHARS)), 0);
        for name in ["", "GetPages", "get-pages", "get pages", "gét"] {
            assert_eq!(faults(name.to_owned()), 1, "{name}");
        }
        assert_eq!(faults("a".repeat(TOOL_NAME_CHARS + 1)), 1);
    }
}
