//! `docs/tools.md`: every tool as its code has it.

use std::fmt::Write;

use serde_json::Value as Json;

use crate::family::{BUNDLE_SCOPE, Family, Product, Scope};
use crate::schema::Object;
use crate::tool::AnyTool;
use crate::toolbox::Toolbox;
use crate::{compare, cursor, filters, interval, range};

/// The reference, as Markdown.
pub fn reference() -> String {
    let toolbox = Toolbox::new();
    let mut text = String::from(HEAD);
    scopes(&mut text);
    shared(&mut text);
    for family in Family::ALL {
        let _ = write!(text, "\n## {}\n\n{}\n", family.name(), family.about());
        for tool in toolbox.tools().filter(|tool| tool.about().family == family) {
            describe(&mut text, tool);
        }
    }
    text
}

const HEAD: &str = "# The tools\n\n\
<!-- Generated from the code by `cargo run -p sightline-analytics --example tool_reference`; do not edit. -->\n\n\
Every tool only reads, and answers the same question the same way. This is what each takes and gives, and how its numbers are defined.\n\n\
An answer is typed JSON (`structuredContent`) and a text that stands alone. Answers about a project say `project {id, name}`, `timezone`, \
where there is one `range {start, end}`, then the tool's own fields, `truncated`, `nextCursor` if the rest can be fetched, `dataThrough` \
(the newest event seen) and `notes`. Rates are percentages with two decimals, money is in major units with its currency, times are RFC 3339 \
with the project's offset. Distinct counts are exact; where there are more values than fit in memory, they are estimated from a sample and \
a note says by how much they may be off. An answer's text has at most about 8,000 tokens: rows beyond are dropped whole, and the answer says how many \
and how to get them.\n\n\
Arguments are checked strictly: unknown names are refused with the allowed ones. Numbers and truth values written as text, lists written as \
JSON text, a single text where a list of texts is expected, and choices in another case or spelled with underscores (`referrer_name`) \
are read as they are meant; null is left out.\n\n\
`projectId` is needed where several projects are visible and the connection's address does not pin one (`/mcp?project=ID`). \
An address may shorten the list of tools: `/mcp?toolsets=web,events`, `/mcp?tools=query,get_schema`; \
`toolsets=sessionvision`, `fullsession` and `openpanel` list a product's own names, `toolsets=all` everything, aliases included. \
An alias answers exactly as its tool.\n";

fn scopes(text: &mut String) {
    let names: Vec<String> = Scope::ALL
        .iter()
        .map(|scope| format!("`{}`", scope.name()))
        .collect();
    let _ = write!(
        text,
        "\nScopes: {}; `{BUNDLE_SCOPE}` is all of them.\n",
        names.join(", ")
    );
}

fn shared(text: &mut String) {
    text.push_str("\n## Shared inputs\n");
    for (title, rules) in [
        ("Ranges: `startDate`, `endDate`", range::RULES),
        ("Filters: `filters`", filters::RULES),
        ("Comparisons: `compare`", compare::RULES),
        ("Series: `interval`", interval::RULES),
        ("Pages: `limit`, `cursor`", cursor::RULES),
    ] {
        let _ = write!(text, "\n### {title}\n\n");
        for rule in rules {
            let _ = writeln!(text, "- {rule}");
        }
    }
}

fn describe(text: &mut String, tool: &dyn AnyTool) {
    let about = tool.about();
    let _ = write!(text, "\n### {}\n\n{}\n\n", about.name, about.description);
    let scope = about.scope.map_or_else(
        || String::from("any token"),
        |scope| format!("`{}`", scope.name()),
    );
    let _ = writeln!(text, "Scope: {scope}.");
    for product in Product::ALL {
        for (_, name) in about.products.iter().filter(|(named, _)| *named == product) {
            let alias = if *name == about.name { "" } else { " (alias)" };
            let _ = writeln!(
                text,
                "In `toolsets={}`: `{name}`{alias}.",
                product.toolset()
            );
        }
    }
    inputs(text, &tool.input_schema(false));
    outputs(text, &tool.output_schema());
    if !about.rules.is_empty() {
        text.push_str("\nRules:\n\n");
        for rule in about.rules {
            let _ = writeln!(text, "- {rule}");
        }
    }
}

fn inputs(text: &mut String, schema: &Object) {
    let properties = properties(schema);
    if properties.is_empty() {
        text.push_str("\nNo input.\n");
        return;
    }
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .collect();
    text.push_str("\n| input | type | default | meaning |\n| --- | --- | --- | --- |\n");
    for (name, property) in properties {
        let default = match property.get("default") {
            Some(Json::String(default)) => format!("`{default}`"),
            Some(default) => format!("`{default}`"),
            None if required.contains(&name.as_str()) => String::from("**required**"),
            None => String::new(),
        };
        let meaning = match property.get("description").and_then(Json::as_str) {
            Some(meaning) => meaning,
            None => shared_meaning(name),
        };
        let _ = writeln!(
            text,
            "| `{name}` | {} | {default} | {} |",
            kind(property),
            in_cell(meaning)
        );
    }
}

/// What inputs mean that every tool takes alike.
fn shared_meaning(name: &str) -> &'static str {
    match name {
        "projectId" => "The project; needed only where several are visible",
        "endDate" => "As startDate; default: today",
        "filters" => "See Filters",
        "compare" => "See Comparisons",
        "interval" => "Width of a bucket",
        "limit" => "Most rows",
        "cursor" => "`nextCursor` of the answer before",
        "order" => "By time",
        "eventName" => "Only events of that name",
        "eventNames" => "Only events of these names",
        "profileId" => "A profile's id",
        "sessionId" => "A session's id",
        "dashboardId" => "A dashboard's id",
        "reportId" => "A report's id",
        _ => "Exactly this value",
    }
}

fn outputs(text: &mut String, schema: &Object) {
    text.push_str("\n| output | type | meaning |\n| --- | --- | --- |\n");
    rows(text, "", schema);
}

fn rows(text: &mut String, prefix: &str, schema: &Object) {
    for (name, property) in properties(schema) {
        let path = format!("{prefix}{name}");
        let meaning = property
            .get("description")
            .and_then(Json::as_str)
            .unwrap_or_default();
        let _ = writeln!(
            text,
            "| `{path}` | {} | {} |",
            kind(property),
            in_cell(meaning)
        );
        let (inner, mark) = match property.get("items") {
            Some(items) => (items.as_object(), "[]"),
            None => (property.as_object(), ""),
        };
        if let Some(inner) = inner {
            rows(text, &format!("{path}{mark}."), inner);
        }
        if let Some(values) = property
            .get("additionalProperties")
            .and_then(Json::as_object)
        {
            rows(text, &format!("{path}.NAME."), values);
        }
    }
}

fn properties(schema: &Object) -> Vec<(&String, &Json)> {
    schema
        .get("properties")
        .and_then(Json::as_object)
        .into_iter()
        .flatten()
        .collect()
}

fn kind(schema: &Json) -> String {
    if let Some(choices) = schema.get("enum").and_then(Json::as_array) {
        let choices: Vec<String> = choices
            .iter()
            .filter_map(Json::as_str)
            .map(|choice| format!("`{choice}`"))
            .collect();
        return choices.join(", ");
    }
    let kind = match schema.get("type") {
        Some(Json::Array(kinds)) => kinds
            .iter()
            .filter_map(Json::as_str)
            .collect::<Vec<_>>()
            .join(" or "),
        Some(Json::String(kind)) => kind.clone(),
        _ => String::from("any"),
    };
    let items = schema
        .get("items")
        .filter(|items| items.get("type").is_some());
    match (items, schema.get("minimum"), schema.get("maximum")) {
        (Some(items), ..) => format!(
            "{kind} of {}",
            items.get("type").and_then(Json::as_str).unwrap_or("any")
        ),
        (None, Some(least), Some(most)) => format!("{kind}, {least} to {most}"),
        (None, Some(least), None) if least != &Json::from(0) => format!("{kind}, at least {least}"),
        _ => kind,
    }
}

fn in_cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_written_reference_is_the_codes_own() {
        let written = include_str!("../../../docs/tools.md");
        assert!(
            written == reference(),
            "run `cargo run -p sightline-analytics --example tool_reference > docs/tools.md`"
        );
    }

    #[test]
    fn every_output_field_has_a_meaning() {
        for tool in Toolbox::new().tools() {
            for (name, property) in properties(&tool.output_schema()) {
                assert!(
                    property.get("description").is_some(),
                    "{}.{name}",
                    tool.about().name
                );
            }
        }
    }
}
