//! JSON Schemas as hosts can read them: inline, without odd formats, small.
//!
//! A tool's input schema is both what is advertised and what inputs are checked against ([`crate::arguments`]). The list a model
//! sees has each output's schema cut to the tool's own top level, since its every token is paid for in every conversation; the
//! whole is in the reference, and what answers are tested against.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value as Json, json};

/// A JSON object.
pub(crate) type Object = Map<String, Json>;

/// What of an input is not the tool's own to declare.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Shared {
    /// It takes `projectId`.
    pub(crate) project: bool,
    /// It takes `cursor`.
    pub(crate) cursor: bool,
}

/// The schema of an input.
pub(crate) fn input<T: JsonSchema>(shared: Shared) -> Object {
    let mut schema = generated::<T>(SchemaSettings::draft2020_12().for_deserialize());
    clean(&mut schema, Side::Input);
    let mut properties = Object::new();
    if shared.project {
        properties.insert("projectId".into(), json!({ "type": "string" }));
    }
    if let Some(Json::Object(own)) = schema.remove("properties") {
        properties.extend(own);
    }
    if shared.cursor {
        properties.insert("cursor".into(), json!({ "type": "string" }));
    }
    let mut whole = Object::new();
    whole.insert("type".into(), "object".into());
    whole.insert("properties".into(), Json::Object(properties));
    if let Some(required) = schema.remove("required") {
        whole.insert("required".into(), required);
    }
    whole.insert("additionalProperties".into(), false.into());
    whole
}

/// What answers carry besides a tool's own fields.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Envelope {
    /// They are about a project.
    pub(crate) project: bool,
    /// They are about a range.
    pub(crate) range: bool,
    /// They may be continued with a cursor.
    pub(crate) cursor: bool,
}

/// The schema of an answer, in full.
pub(crate) fn output<T: JsonSchema>(envelope: Envelope) -> Object {
    let mut schema = generated::<T>(SchemaSettings::draft2020_12().for_serialize());
    clean(&mut schema, Side::Output);
    let mut properties = Object::new();
    let mut required: Vec<Json> = Vec::new();
    if envelope.project {
        properties.insert(
            "project".into(),
            json!({ "type": "object", "description": "The project asked about.",
                "properties": { "id": { "type": "string" }, "name": { "type": "string" } }, "required": ["id", "name"] }),
        );
        properties.insert(
            "timezone".into(),
            json!({ "type": "string", "description": "The project's timezone (IANA)." }),
        );
        required.extend(["project".into(), "timezone".into()]);
    }
    if envelope.range {
        properties.insert(
            "range".into(),
            json!({ "type": "object", "description": "First and last day (included), or instants (the end not included).",
                "properties": { "start": { "type": "string" }, "end": { "type": "string" } }, "required": ["start", "end"] }),
        );
        required.push("range".into());
    }
    if let Some(Json::Object(own)) = schema.remove("properties") {
        properties.extend(own);
    }
    if let Some(Json::Array(own)) = schema.remove("required") {
        required.extend(own);
    }
    properties.insert(
        "truncated".into(),
        json!({ "type": "boolean", "description": "There is more than is shown; the notes say how to get it." }),
    );
    required.push("truncated".into());
    if envelope.cursor {
        properties.insert(
            "nextCursor".into(),
            json!({ "type": "string", "description": "`cursor` of the same call for the rows after these." }),
        );
    }
    if envelope.project {
        properties.insert(
            "dataThrough".into(),
            json!({ "type": "string", "description": "Time of the newest event the answer has seen." }),
        );
    }
    properties.insert(
        "notes".into(),
        json!({ "type": "array", "items": { "type": "string" }, "description": "What to know when reading the answer." }),
    );
    required.push("notes".into());
    let mut whole = Object::new();
    whole.insert("type".into(), "object".into());
    whole.insert("properties".into(), Json::Object(properties));
    whole.insert("required".into(), Json::Array(required));
    whole
}

/// The fields every answer has, which a list of tools need not repeat for each.
const ENVELOPE: [&str; 7] = [
    "project",
    "timezone",
    "range",
    "truncated",
    "nextCursor",
    "dataThrough",
    "notes",
];

/// An output's schema as it is listed: a tool's own fields, by name and type alone. It is open, since the fields every answer has
/// are in every result too; the reference has the whole of it.
pub(crate) fn brief(schema: &Object) -> Object {
    let properties = schema.get("properties").and_then(Json::as_object);
    let properties: Object = properties
        .into_iter()
        .flatten()
        .filter(|(name, _)| !ENVELOPE.contains(&name.as_str()))
        .map(|(name, property)| {
            let kind = property
                .get("type")
                .cloned()
                .unwrap_or_else(|| "object".into());
            (name.clone(), json!({ "type": kind }))
        })
        .collect();
    let mut brief = Object::new();
    brief.insert("type".into(), "object".into());
    brief.insert("properties".into(), Json::Object(properties));
    brief.insert("additionalProperties".into(), true.into());
    brief
}

fn generated<T: JsonSchema>(settings: SchemaSettings) -> Object {
    let settings = settings.with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let schema = SchemaGenerator::new(settings).into_root_schema_for::<T>();
    let mut schema = schema.as_object().cloned().unwrap_or_default();
    // The type's own documentation is about the code, not about the input.
    schema.remove("description");
    schema
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Input,
    Output,
}

fn clean(schema: &mut Object, side: Side) {
    for key in ["$schema", "title", "format"] {
        schema.remove(key);
    }
    if schema
        .get("default")
        .is_some_and(|default| default.is_null() || default.as_array().is_some_and(Vec::is_empty))
    {
        schema.remove("default");
    }
    if schema.get("description").and_then(Json::as_str) == Some("") {
        schema.remove("description");
    }
    unite_nullable(schema);
    unite_constants(schema);
    let required: Vec<Json> = schema
        .get("required")
        .and_then(Json::as_array)
        .cloned()
        .unwrap_or_default();
    if let Some(Json::Object(properties)) = schema.get_mut("properties") {
        for (name, property) in properties {
            let Some(property) = property.as_object_mut() else {
                continue;
            };
            clean(property, side);
            // An argument that is null counts as left out ([`crate::arguments`]); what an answer may leave out is never null.
            if side == Side::Input || !required.iter().any(|required| required == name) {
                without_null(property);
            }
        }
    }
    // The root says that it is closed; that what lies inside is too need not be said again to be checked.
    if schema.get("additionalProperties") == Some(&json!(false)) {
        schema.remove("additionalProperties");
    }
    for key in ["items", "additionalProperties"] {
        if let Some(Json::Object(inner)) = schema.get_mut(key) {
            clean(inner, side);
        }
    }
}

fn without_null(schema: &mut Object) {
    if let Some(Json::Array(kinds)) = schema.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [only] = kinds.as_slice() {
            let only = only.clone();
            schema.insert("type".into(), only);
        }
    }
    if let Some(Json::Array(choices)) = schema.get_mut("enum") {
        choices.retain(|choice| !choice.is_null());
    }
}

/// `anyOf [X, null]` as X, with null among its types.
fn unite_nullable(schema: &mut Object) {
    let Some(Json::Array(alternatives)) = schema.get("anyOf") else {
        return;
    };
    let [Json::Object(inner), Json::Object(null)] = alternatives.as_slice() else {
        return;
    };
    if null.get("type") != Some(&json!("null")) {
        return;
    }
    let mut inner = inner.clone();
    schema.remove("anyOf");
    if let Some(Json::String(kind)) = inner.get("type").cloned() {
        inner.insert("type".into(), json!([kind, "null"]));
    }
    for (key, value) in inner {
        schema.entry(key).or_insert(value);
    }
}

/// `oneOf` constants, each with a description, as one `enum`.
fn unite_constants(schema: &mut Object) {
    let Some(Json::Array(alternatives)) = schema.get("oneOf") else {
        return;
    };
    let constants: Option<Vec<Json>> = alternatives
        .iter()
        .map(|alternative| alternative.get("const").cloned())
        .collect();
    if let Some(constants) = constants {
        schema.remove("oneOf");
        schema.insert("type".into(), "string".into());
        schema.insert("enum".into(), Json::Array(constants));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Compare;
    use crate::filters::Filters;
    use crate::limit::Limit;
    use crate::range::DateRange;
    use serde::Deserialize;

    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Input {
        #[serde(flatten)]
        range: DateRange,
        #[serde(default)]
        filters: Filters,
        #[serde(default)]
        compare: Compare,
        against: Option<Compare>,
        /// Only this page
        title: Option<String>,
        #[serde(default)]
        limit: Limit<20, 100>,
    }

    #[test]
    fn an_input_schema_is_flat_inline_and_closed() {
        let schema = input::<Input>(Shared {
            project: true,
            cursor: true,
        });
        insta::assert_snapshot!(Json::Object(schema), @r#"{"type":"object","properties":{"projectId":{"type":"string"},"startDate":{"type":"string","description":"YYYY-MM-DD or RFC 3339; default last 30 days"},"endDate":{"type":"string"},"filters":{"type":"array","items":{"type":"object","properties":{"field":{"description":"Column, properties.KEY, profile.X or group.X","type":"string"},"op":{"type":"string","enum":["is","isNot","contains","doesNotContain","startsWith","endsWith","regex","isSet","isNotSet","gt","gte","lt","lte"]},"values":{"type":"array","items":{"type":"string"}}},"required":["field","op"]}},"compare":{"type":"string","enum":["none","previous","year"],"default":"none"},"against":{"type":"string","enum":["none","previous","year"]},"title":{"type":"string","description":"Only this page"},"limit":{"type":"integer","minimum":1,"maximum":100,"default":20},"cursor":{"type":"string"}},"additionalProperties":false}"#);
    }
}
