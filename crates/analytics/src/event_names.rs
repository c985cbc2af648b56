//! What a project calls the events this crate knows by name.
//!
//! Tools speak of `screen_view`; a project's tracker may have stored `$pageview`. Both directions live here: which stored names
//! count as a built-in, and which name an answer shows for a stored one.

use std::collections::BTreeMap;

use sightline_warehouse::{Query, Sql, sql};

use crate::context::Context;
use crate::failure::Failure;
use crate::nearest::did_you_mean;
use crate::range::Range;

/// A page or screen was looked at.
pub(crate) const SCREEN_VIEW: &str = "screen_view";
/// Money came in (or went back, as a negative amount).
pub(crate) const REVENUE: &str = "revenue";

/// Events that are no conversion.
pub(crate) const NO_CONVERSION: [&str; 3] = [SCREEN_VIEW, "session_start", "session_end"];

/// The events with a meaning of their own.
pub(crate) const BUILT_IN: [&str; 9] = [
    SCREEN_VIEW,
    "session_start",
    "session_end",
    REVENUE,
    "$click",
    "$error",
    "$form_start",
    "$form_submit",
    "$feedback",
];

/// Built-in events and the names they are stored under in one project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventNames {
    stored: BTreeMap<String, Vec<String>>,
}

impl Default for EventNames {
    /// Every built-in under its own name, `screen_view` also under `$pageview`.
    fn default() -> Self {
        Self {
            stored: BTreeMap::from([(
                SCREEN_VIEW.to_owned(),
                vec![SCREEN_VIEW.to_owned(), "$pageview".to_owned()],
            )]),
        }
    }
}

impl EventNames {
    /// The same names, but `built_in` is stored under `names`. Names nobody knows as built in, and empty lists, change nothing.
    #[must_use]
    pub fn with(mut self, built_in: &str, names: Vec<String>) -> Self {
        if BUILT_IN.contains(&built_in) && !names.is_empty() {
            self.stored.insert(built_in.to_owned(), names);
        }
        self
    }

    /// The names under which `name` is stored; `name` may be a built-in, one of its stored names, or any other event's.
    pub(crate) fn stored<'a>(&'a self, name: &'a str) -> Vec<&'a str> {
        let built_in = self.shown(name);
        match self.stored.get(built_in) {
            Some(names) => names.iter().map(String::as_str).collect(),
            None => vec![name],
        }
    }

    /// The name an answer shows for a stored one.
    pub(crate) fn shown<'a>(&'a self, stored: &'a str) -> &'a str {
        self.stored
            .iter()
            .find(|(_, names)| names.iter().any(|name| name == stored))
            .map_or(stored, |(built_in, _)| built_in.as_str())
    }

    /// The condition that an event is one of `names`.
    pub(crate) fn is_any<'a>(
        &self,
        query: &mut Query<'_>,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Sql {
        let mut stored: Vec<&str> = Vec::new();
        for name in names {
            for name in self.stored(name) {
                if !stored.contains(&name) {
                    stored.push(name);
                }
            }
        }
        let list = query.bind_all(stored);
        sql!("name IN ({list})", list)
    }

    /// The name an answer shows, as an expression over `events`; an event without a name is the empty text.
    pub(crate) fn shown_sql(&self, query: &mut Query<'_>) -> Sql {
        let mut cases = Vec::new();
        for (built_in, names) in &self.stored {
            for name in names.iter().filter(|name| *name != built_in) {
                let (stored, shown) = (query.bind(name), query.bind(built_in));
                cases.push(sql!(" WHEN {stored} THEN {shown}", stored, shown));
            }
        }
        if cases.is_empty() {
            return sql!("coalesce(name, '')");
        }
        let cases = Sql::join(cases, "");
        sql!("CASE name{cases} ELSE coalesce(name, '') END", cases)
    }
}

/// A note on each of `names` that does not occur in the range.
pub(crate) async fn unknown_names(
    names: &[String],
    range: &Range,
    context: &Context<'_>,
) -> Result<Vec<String>, Failure> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = context.query();
    let shown = context.project.event_names.shown_sql(&mut query);
    let within = range.contains(&mut query, "timestamp");
    let statement = query.finish(sql!(
        "SELECT event FROM (SELECT {shown} AS event, count(*) AS events FROM events WHERE {within} GROUP BY event) AS seen \
         ORDER BY events DESC, event LIMIT 1000",
        shown,
        within
    ));
    let found = context.run(statement).await?.rows;
    let seen: Vec<&str> = found
        .iter()
        .filter_map(|row| row.first()?.as_str())
        .collect();
    let unknown = names
        .iter()
        .filter(|name| !seen.contains(&context.project.event_names.shown(name)));
    Ok(unknown
        .map(|name| {
            let meant = did_you_mean(name, seen.iter().copied());
            format!("No event named `{name}` occurs in this range.{meant} `get_event_definitions` lists those that do.")
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sightline_warehouse::DataFusionDialect;

    #[test]
    fn pageview_and_screen_view_are_the_same_event() {
        let names = EventNames::default();
        assert_eq!(names.stored("screen_view"), ["screen_view", "$pageview"]);
        assert_eq!(names.stored("$pageview"), ["screen_view", "$pageview"]);
        assert_eq!(names.shown("$pageview"), "screen_view");
        assert_eq!(names.stored("signup"), ["signup"]);
    }

    #[test]
    fn a_project_names_its_built_ins_itself() {
        let names = EventNames::default()
            .with(REVENUE, vec!["order_paid".into()])
            .with("signup", vec!["x".into()]);
        let mut query = Query::new(&DataFusionDialect);
        let condition = names.is_any(&mut query, ["revenue"]);
        let shown = names.shown_sql(&mut query);
        let statement = query.finish(sql!("{condition} {shown}", condition, shown));
        assert_eq!(
            statement.sql.as_str(),
            "name IN ($1) CASE name WHEN $2 THEN $3 WHEN $4 THEN $5 ELSE coalesce(name, '') END"
        );
        assert_eq!(
            statement.values,
            [
                "order_paid",
                "order_paid",
                "revenue",
                "$pageview",
                "screen_view"
            ]
            .map(sightline_warehouse::Value::from)
        );
    }
}
