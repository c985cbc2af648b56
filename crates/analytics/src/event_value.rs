//! The value an event is told apart by: what `breakdown` names.

use sightline_warehouse::{Query, Sql, sql};

use crate::breakdown::NOT_SET;
use crate::columns::{Column, EVENTS, Kind, find};
use crate::context::Context;
use crate::failure::Mistake;
use crate::nearest::did_you_mean;

/// The rule of `breakdown`, for the reference.
pub(crate) const RULE: &str = "A `breakdown` is a column of events (`country`, `device`, `utm_source`, …) or `properties.KEY`; an event without a value is `(not set)`.";

/// What events are told apart by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EventValue {
    /// A column of events.
    Column(&'static Column),
    /// One entry of `properties`.
    Property(String),
}

impl EventValue {
    /// What a breakdown of that name means.
    pub(crate) fn parse(name: &str) -> Result<Self, Mistake> {
        let key = name
            .strip_prefix("properties.")
            .filter(|key| !key.is_empty());
        if let Some(key) = key {
            return Ok(Self::Property(key.to_owned()));
        }
        let allowed = |column: &&Column| matches!(column.kind, Kind::Text | Kind::Number);
        find(EVENTS, name)
            .filter(allowed)
            .map(Self::Column)
            .ok_or_else(|| {
                let columns = EVENTS.iter().filter(allowed).map(|column| column.name);
                let meant = did_you_mean(name, columns);
                Mistake::new(format!("`{name}` is nothing events can be broken down by.{meant}"))
                    .next("Name a column of events such as `country`, `device`, `path` or `utm_source`, or `properties.KEY`; `get_property_definitions` lists both.")
            })
    }

    /// Its key in answers.
    pub(crate) fn key(&self) -> String {
        match self {
            Self::Column(column) => column.key(),
            Self::Property(key) => format!("properties.{key}"),
        }
    }

    /// An event's value: a text, never null.
    pub(crate) fn sql(&self, query: &mut Query<'_>, context: &Context<'_>) -> Sql {
        let text = match self {
            Self::Column(Column { name: "name", .. }) => {
                context.project.event_names.shown_sql(query)
            }
            Self::Column(column) if column.kind == Kind::Text => column.sql(),
            Self::Column(column) => query.dialect().as_text(&column.sql()),
            Self::Property(key) => {
                let key = query.bind(key);
                query.dialect().property(&Sql::from("properties"), &key)
            }
        };
        sql!("coalesce(nullif({text}, ''), '{NOT_SET}')", text, NOT_SET)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use super::*;

    #[test]
    fn columns_and_properties_break_events_down_and_nothing_else() {
        assert_eq!(EventValue::parse("utmSource").unwrap().key(), "utmSource");
        assert_eq!(
            EventValue::parse("properties.plan").unwrap().key(),
            "properties.plan"
        );
        insta::assert_snapshot!(EventValue::parse("contry").unwrap_err().text(), @"`contry` is nothing events can be broken down by. Did you mean `country`? Name a column of events such as `country`, `device`, `path` or `utm_source`, or `properties.KEY`; `get_property_definitions` lists both.");
        assert!(
            EventValue::parse("timestamp").is_err() && EventValue::parse("properties").is_err()
        );
    }
}
