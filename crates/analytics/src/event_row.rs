//! An event as a row of an answer: the columns asked for, by their camelCase names.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::columns::{Column, EVENTS, Kind, find};
use crate::context::Context;
use crate::failure::{Failure, Mistake};
use crate::nearest::did_you_mean;

/// What a row may hold: a column, or one property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pick {
    /// A column of events.
    Column(&'static Column),
    /// One entry of `properties`.
    Property(String),
}

/// The columns of a row when none are asked for.
const DEFAULT: [&str; 19] = [
    "event_id",
    "timestamp",
    "name",
    "profile_id",
    "session_id",
    "origin",
    "path",
    "title",
    "referrer_name",
    "country",
    "city",
    "device",
    "browser",
    "os",
    "duration_ms",
    "revenue",
    "groups",
    "utm_source",
    "properties",
];

impl Pick {
    /// What `fields` asks for: `timestamp` and `name` always, then the rest in the order given, each once.
    pub(crate) fn all(fields: Option<&[String]>) -> Result<Vec<Self>, Mistake> {
        let Some(fields) = fields.filter(|fields| !fields.is_empty()) else {
            return Ok(DEFAULT
                .iter()
                .filter_map(|name| find(EVENTS, name))
                .map(Self::Column)
                .collect());
        };
        let mut picks: Vec<Self> = ["timestamp", "name"]
            .iter()
            .filter_map(|name| find(EVENTS, name))
            .map(Self::Column)
            .collect();
        for field in fields {
            let pick = Self::named(field)?;
            if !picks.contains(&pick) {
                picks.push(pick);
            }
        }
        Ok(picks)
    }

    fn named(field: &str) -> Result<Self, Mistake> {
        if let Some(key) = field
            .strip_prefix("properties.")
            .filter(|key| !key.is_empty())
        {
            return Ok(Self::Property(key.to_owned()));
        }
        find(EVENTS, field).map(Self::Column).ok_or_else(|| {
            let meant = did_you_mean(field, EVENTS.iter().map(|column| column.name));
            Mistake::new(format!("`{field}` in `fields` is no column of events.{meant}"))
                .next("Name columns (`get_schema` lists them), `properties` for all properties, or `properties.KEY` for one.")
        })
    }
}

/// An event, as answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct EventRow(Map<String, Json>);

impl EventRow {
    /// The row of `cells`, one for each pick; what an event does not have is left out.
    pub(crate) fn of(
        picks: &[Pick],
        cells: &[Json],
        context: &Context<'_>,
    ) -> Result<Self, Failure> {
        let mut row = Map::new();
        let mut properties = Map::new();
        for (pick, cell) in picks.iter().zip(cells) {
            if is_empty(cell) {
                continue;
            }
            match pick {
                Pick::Column(column) => {
                    row.insert(column.key(), shown(column, cell, context)?);
                }
                Pick::Property(key) => {
                    properties.insert(key.clone(), cell.clone());
                }
            }
        }
        if !properties.is_empty() && !row.contains_key("properties") {
            row.insert("properties".into(), Json::Object(properties));
        }
        Ok(Self(row))
    }
}

fn is_empty(cell: &Json) -> bool {
    match cell {
        Json::Null => true,
        Json::String(text) => text.is_empty(),
        Json::Array(values) => values.is_empty(),
        Json::Object(entries) => entries.is_empty(),
        Json::Bool(_) | Json::Number(_) => false,
    }
}

fn shown(column: &Column, cell: &Json, context: &Context<'_>) -> Result<Json, Failure> {
    Ok(match (column.kind, cell) {
        (Kind::Instant, Json::String(text)) => context.local(text)?.into(),
        (Kind::Money, Json::Number(minor)) => {
            context.money(minor.as_i64().unwrap_or_default()).into()
        }
        // A column of JSON text holds the same as a map.
        (Kind::Map, Json::String(text)) => {
            serde_json::from_str(text).unwrap_or_else(|_| cell.clone())
        }
        _ => cell.clone(),
    })
}

impl JsonSchema for EventRow {
    fn schema_name() -> Cow<'static, str> {
        "EventRow".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        let properties: Map<String, Json> = EVENTS
            .iter()
            .map(|column| (column.key(), property_schema(column)))
            .collect();
        json_schema!({ "type": "object", "properties": properties })
    }
}

fn property_schema(column: &Column) -> Json {
    let schema = match column.kind {
        Kind::Text => json_schema!({ "type": "string" }),
        Kind::TextList => json_schema!({ "type": "array", "items": { "type": "string" } }),
        Kind::Number => json_schema!({ "type": "number" }),
        Kind::Money => {
            json_schema!({ "type": "number", "description": "In major units of `currency`." })
        }
        Kind::Truth => json_schema!({ "type": "boolean" }),
        Kind::Instant => {
            json_schema!({ "type": "string", "description": "RFC 3339 with the project's offset." })
        }
        Kind::Map => {
            json_schema!({ "type": "object", "description": "The event's own properties, or those asked for." })
        }
    };
    schema.to_value()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use super::*;

    #[test]
    fn fields_are_columns_or_properties_in_either_spelling() {
        let fields = ["utmSource", "utm_source", "properties.plan"].map(str::to_owned);
        let picks = Pick::all(Some(&fields)).unwrap();
        assert_eq!(picks.len(), 4);
        assert_eq!(picks[3], Pick::Property("plan".into()));
        insta::assert_snapshot!(Pick::all(Some(&["utm".to_owned()])).unwrap_err().text(), @"`utm` in `fields` is no column of events. Did you mean `utm_campaign`, `utm_content` or `utm_medium`? Name columns (`get_schema` lists them), `properties` for all properties, or `properties.KEY` for one.");
    }
}
