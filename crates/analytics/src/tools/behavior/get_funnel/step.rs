//! A step of a funnel, as it is given: an event's name, or an object that says more.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};
use serde_json::Value as Json;
use sightline_warehouse::{Query, Sql, sql};

use crate::context::Context;
use crate::filters::{Conditions, Filters};
use crate::range::Range;

/// A step of a funnel.
#[derive(Debug, Clone)]
pub(crate) struct Step(Described);

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Described {
    event: String,
    path: Option<String>,
    #[serde(default)]
    #[schemars(with = "Vec<std::collections::BTreeMap<String, Json>>")]
    filters: Filters,
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = Json::deserialize(deserializer)?;
        let described = match given {
            Json::String(event) => Described {
                event,
                path: None,
                filters: Filters::default(),
            },
            Json::Object(_) => serde_json::from_value(given).map_err(serde::de::Error::custom)?,
            _ => {
                return Err(serde::de::Error::custom(
                    "a step is an event's name, or an object with `event` and, if wanted, `path` and `filters`",
                ));
            }
        };
        Ok(Self(described))
    }
}

impl JsonSchema for Step {
    fn schema_name() -> Cow<'static, str> {
        "Step".into()
    }

    fn inline_schema() -> bool {
        true
    }

    /// An object's schema without saying that it is an object: a text alone is a step too.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Described::json_schema(generator);
        schema.remove("type");
        schema.insert(
            "description".into(),
            "An event's name, or {event, path, filters}".into(),
        );
        schema
    }
}

impl Step {
    /// The event's name.
    pub(crate) fn event(&self) -> &str {
        &self.0.event
    }

    /// The page it must be on, if any.
    pub(crate) fn path(&self) -> Option<&str> {
        self.0.path.as_deref()
    }

    /// What else must hold of it.
    pub(crate) fn filters(&self) -> &Filters {
        &self.0.filters
    }

    /// Whether the same events can be both steps, as far as they are told apart by how they are written.
    pub(crate) fn is(&self, other: &Self, context: &Context<'_>) -> bool {
        let names = &context.project.event_names;
        names.shown(self.event()) == names.shown(other.event())
            && self.path() == other.path()
            && self.filters() == other.filters()
    }

    /// The condition that an event is this step, to be selected from `events` with `joins`.
    pub(crate) fn sql(
        &self,
        query: &mut Query<'_>,
        conditions: &Conditions,
        range: &Range,
        context: &Context<'_>,
        joins: &mut Vec<Sql>,
    ) -> Sql {
        let named = context.project.event_names.is_any(query, [self.event()]);
        let there = self.path().map_or_else(Sql::default, |path| {
            let path = query.bind(path);
            sql!(" AND path = {path}", path)
        });
        let filters = conditions.marking_events(query, context.project, range, joins);
        sql!("{named}{there}{filters}", named, there, filters)
    }
}
