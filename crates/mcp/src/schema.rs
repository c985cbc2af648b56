//! JSON Schemas as hosts take them, and what is wrong with one that they will not.
//!
//! schemars writes correct schemas that hosts drop tools over: Gemini CLI and older VS Code stumble
//! over `$schema`, `$ref` and formats like `int64`; Claude's API refuses `oneOf` at the root; Claude
//! web drops a tool silently when its schema is longer than 16,384 characters. [`wire`] rewrites a
//! schema without changing what it accepts, but for unknown members, which it forbids.

mod faults;
mod wire;

pub use faults::{SCHEMA_CHARS, TOOL_NAME_CHARS, schema_faults, tool_faults};
pub use wire::wire;

/// Keywords whose value is one schema.
const ONE_SCHEMA: [&str; 9] = [
    "additionalProperties",
    "contains",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedProperties",
];

/// Keywords whose value is a list of schemas.
const SCHEMA_LIST: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];

/// Keywords whose value names schemas.
const SCHEMA_MAP: [&str; 3] = ["dependentSchemas", "patternProperties", "properties"];

/// Keywords that judge the same value again.
const COMPOSITION: [&str; 6] = ["allOf", "anyOf", "oneOf", "if", "then", "else"];

/// The formats of JSON Schema 2020-12, "Validation" §7.3.
const FORMATS: [&str; 19] = [
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "idn-email",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
];
