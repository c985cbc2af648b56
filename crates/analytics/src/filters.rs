//! `filters`: which events and sessions a question is about.
//!
//! A filter is read ([`crate::field::Field`]), its values are checked against the field's kind ([`Test`]), and it becomes a
//! condition over `events` or over `sessions`. Values are bound; names come from the allow-list.

mod test;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sightline_warehouse::{Query, Sql, sql};

use crate::columns::{Column, Kind};
use crate::failure::Mistake;
use crate::field::Field;
use crate::project::Project;
use crate::range::Range;
use test::Test;

/// The rules of `filters`, for the reference.
pub(crate) const RULES: &[&str] = &[
    "`field` is a column of events or sessions (`country`, `utm_source`, `entry_path`, …), `properties.KEY`, `profile.COLUMN`, `profile.properties.KEY`, `group.name`, `group.type` or `group.properties.KEY`. An unknown one is refused with the nearest names.",
    "`op` is `is`, `isNot`, `contains`, `doesNotContain`, `startsWith`, `endsWith`, `regex`, `isSet`, `isNotSet`, `gt`, `gte`, `lt`, `lte`. All filters must hold; within one, any of its `values` suffices. `isNot` and `doesNotContain` hold when none of the values matches, also where nothing is set.",
    "Text is compared without regard to case, except by `is`, `isNot` and `regex`; `%` and `_` are ordinary characters. Empty text counts as not set.",
    "`gt`, `gte`, `lt`, `lte` compare numbers; texts are read as numbers, or compared as text when the value is a date (`2026-11-01`). Times take days of the project (whole) or RFC 3339 instants. `revenue` is given in major units.",
    "`name` knows the built-in events: `screen_view` also matches what is stored as `$pageview`.",
    "Counting events, a filter on a column only sessions have keeps the events of the sessions that pass it (and began at most a day before the range). Counting sessions, a filter on a column both have is asked of the session (its first event's value; its own `duration_ms` and `revenue`), and filters on what only events have keep the sessions with at least one event in the range that passes all of those.",
    "A filter on a group holds if any of the event's (or session's) groups passes it.",
];

/// More filters, or more values in one, are not a question anybody asked.
const MOST_FILTERS: usize = 20;
const MOST_VALUES: usize = 100;
/// How long before the range a session may have begun whose events lie in it.
pub(crate) const LONGEST_SESSION_MS: i64 = 24 * 3_600_000;

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(description = "")]
pub(crate) enum Op {
    Is,
    IsNot,
    Contains,
    DoesNotContain,
    StartsWith,
    EndsWith,
    Regex,
    IsSet,
    IsNotSet,
    Gt,
    Gte,
    Lt,
    Lte,
}

/// One filter, as it is given.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(description = "")]
pub(crate) struct Filter {
    /// Column, properties.KEY, profile.X or group.X
    field: String,
    op: Op,
    #[serde(default)]
    values: Vec<String>,
}

/// All filters of a question, as they are given.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline, description = "")]
pub(crate) struct Filters(Vec<Filter>);

/// A filter that was understood.
#[derive(Debug, Clone)]
struct Condition {
    field: Field,
    test: Test,
    /// The filter holds where the test does not.
    negative: bool,
}

/// Filters that were understood.
#[derive(Debug, Clone, Default)]
pub(crate) struct Conditions(Vec<Condition>);

impl Filters {
    /// Filters that make the exact comparison `field is value`.
    pub(crate) fn and_is(mut self, field: &str, value: Option<String>) -> Self {
        if let Some(value) = value {
            self.0.push(Filter {
                field: field.to_owned(),
                op: Op::Is,
                values: vec![value],
            });
        }
        self
    }

    /// The filters, understood; or the first one that cannot be.
    pub(crate) fn conditions(&self, project: &Project) -> Result<Conditions, Mistake> {
        if self.0.len() > MOST_FILTERS {
            return Err(Mistake::new(format!(
                "{} filters are more than one question may have ({MOST_FILTERS}).",
                self.0.len()
            ))
            .next("Put alternatives into the `values` of one filter."));
        }
        self.0
            .iter()
            .map(|filter| filter.condition(project))
            .collect::<Result<_, _>>()
            .map(Conditions)
    }
}

impl Filters {
    /// The filters, understood, where only profiles and their groups can be asked.
    pub(crate) fn of_profiles(&self, project: &Project) -> Result<Conditions, Mistake> {
        let conditions = self.conditions(project)?;
        for (filter, condition) in self.0.iter().zip(&conditions.0) {
            if matches!(condition.field, Field::Column { .. } | Field::Property(_)) {
                return Err(Mistake::new(format!(
                    "`{}` is of events and sessions, and cannot filter profiles.",
                    filter.field
                ))
                .next("Here `filters` take `profile.COLUMN`, `profile.properties.KEY` and `group.…`; for what a profile did use the other inputs."));
            }
        }
        Ok(conditions)
    }
}

impl Filter {
    fn condition(&self, project: &Project) -> Result<Condition, Mistake> {
        if self.values.len() > MOST_VALUES {
            return Err(Mistake::new(format!(
                "The filter on `{}` has {} values; {MOST_VALUES} are the most.",
                self.field,
                self.values.len()
            )));
        }
        let field = Field::parse(&self.field)?;
        let test = Test::of(&self.field, field.kind(), self.op, &self.values, project)?;
        let negative = matches!(self.op, Op::IsNot | Op::DoesNotContain | Op::IsNotSet);
        Ok(Condition {
            field,
            test,
            negative,
        })
    }
}

impl Field {
    fn kind(&self) -> Kind {
        match self {
            Self::Column {
                event: Some(column),
                ..
            }
            | Self::Column {
                session: Some(column),
                ..
            } => column.kind,
            Self::Profile(column) | Self::Group(column) => column.kind,
            Self::Column {
                event: None,
                session: None,
            }
            | Self::Property(_)
            | Self::ProfileProperty(_)
            | Self::GroupProperty(_) => Kind::Text,
        }
    }
}

impl Conditions {
    /// The tables besides events and sessions that the conditions read.
    pub(crate) fn tables(&self) -> Vec<&'static str> {
        let mut tables: Vec<&'static str> = self
            .0
            .iter()
            .filter_map(|condition| match condition.field {
                Field::Profile(_) | Field::ProfileProperty(_) => Some("profiles"),
                Field::Group(_) | Field::GroupProperty(_) => Some("groups"),
                Field::Column { .. } | Field::Property(_) => None,
            })
            .collect();
        tables.sort_unstable();
        tables.dedup();
        tables
    }

    /// The conditions over `events`, each with ` AND ` before it.
    pub(crate) fn on_events(&self, query: &mut Query<'_>, project: &Project, range: &Range) -> Sql {
        let mut members = Members::InPlace;
        self.of_events(query, project, range, &mut members)
    }

    /// The same conditions as [`Conditions::on_events`], for an expression in `SELECT`, where there can be no `IN (SELECT …)`:
    /// what it would read is joined to `events`, and the joins are added to `joins`.
    pub(crate) fn marking_events(
        &self,
        query: &mut Query<'_>,
        project: &Project,
        range: &Range,
        joins: &mut Vec<Sql>,
    ) -> Sql {
        let mut members = Members::Joined(joins);
        self.of_events(query, project, range, &mut members)
    }

    fn of_events(
        &self,
        query: &mut Query<'_>,
        project: &Project,
        range: &Range,
        members: &mut Members<'_>,
    ) -> Sql {
        Sql::join(
            self.0
                .iter()
                .map(|condition| and(condition.on_event(query, project, range, members))),
            "",
        )
    }

    /// The conditions over `profiles`, each with ` AND ` before it; they are about profiles and groups alone
    /// ([`Filters::of_profiles`]).
    pub(crate) fn on_profiles(&self, query: &mut Query<'_>) -> Sql {
        Sql::join(
            self.0
                .iter()
                .map(|condition| and(condition.on_profile(query))),
            "",
        )
    }

    /// The conditions over `sessions`, each with ` AND ` before it.
    pub(crate) fn on_sessions(
        &self,
        query: &mut Query<'_>,
        project: &Project,
        range: &Range,
    ) -> Sql {
        let (of_events, of_sessions): (Vec<_>, Vec<_>) = self
            .0
            .iter()
            .partition(|condition| condition.is_of_events_alone());
        let mut parts: Vec<Sql> = of_sessions
            .into_iter()
            .map(|condition| and(condition.on_session(query)))
            .collect();
        if !of_events.is_empty() {
            let session = query.dialect().identity(&Sql::from("session_id"));
            let within = range.contains(query, "timestamp");
            let events = Sql::join(
                of_events.into_iter().map(|condition| {
                    and(condition.on_event(query, project, range, &mut Members::InPlace))
                }),
                "",
            );
            parts.push(sql!(
                " AND {session} IN (SELECT {session} FROM events WHERE {within} AND session_id IS NOT NULL{events})",
                session,
                within,
                events
            ));
        }
        Sql::join(parts, "")
    }
}

impl Condition {
    fn is_of_events_alone(&self) -> bool {
        matches!(
            self.field,
            Field::Column { session: None, .. } | Field::Property(_)
        )
    }

    fn on_event(
        &self,
        query: &mut Query<'_>,
        project: &Project,
        range: &Range,
        members: &mut Members<'_>,
    ) -> Sql {
        match &self.field {
            Field::Column {
                event: Some(column),
                ..
            } if column.name == "name" => {
                let test = self.test.on_names(query, &project.event_names);
                self.signed(test)
            }
            Field::Column {
                event: Some(column),
                ..
            } => self.on_column(query, column),
            Field::Column {
                event: None,
                session,
            } => {
                let Some(column) = session else {
                    return Sql::from("TRUE");
                };
                let within = range
                    .widened_back(LONGEST_SESSION_MS)
                    .contains(query, "started_at");
                let test = self.test.on(query, &column.sql());
                self.among(
                    "session_id",
                    &sql!(
                        "SELECT session_id FROM sessions WHERE {within} AND {test}",
                        within,
                        test
                    ),
                    members,
                )
            }
            Field::Property(key) => {
                let key = query.bind(key);
                let property = query.dialect().property(&Sql::from("properties"), &key);
                let test = self.test.on(query, &property);
                self.signed(test)
            }
            Field::Profile(_)
            | Field::ProfileProperty(_)
            | Field::Group(_)
            | Field::GroupProperty(_) => self.on_others(query, members),
        }
    }

    fn on_session(&self, query: &mut Query<'_>) -> Sql {
        match &self.field {
            Field::Column {
                session: Some(column),
                ..
            } => self.on_column(query, column),
            // Those are asked of the session's events.
            Field::Column { session: None, .. } | Field::Property(_) => Sql::from("TRUE"),
            Field::Profile(_)
            | Field::ProfileProperty(_)
            | Field::Group(_)
            | Field::GroupProperty(_) => self.on_others(query, &mut Members::InPlace),
        }
    }

    fn on_profile(&self, query: &mut Query<'_>) -> Sql {
        match &self.field {
            Field::Profile(column) => self.on_column(query, column),
            Field::ProfileProperty(key) => {
                let key = query.bind(key);
                let property = query.dialect().property(&Sql::from("properties"), &key);
                let test = self.test.on(query, &property);
                self.signed(test)
            }
            _ => self.on_others(query, &mut Members::InPlace),
        }
    }

    /// What is asked of profiles and groups, which reads the same from events and from sessions.
    fn on_others(&self, query: &mut Query<'_>, members: &mut Members<'_>) -> Sql {
        let value = match &self.field {
            Field::Profile(column) | Field::Group(column) => column.sql(),
            Field::ProfileProperty(key) | Field::GroupProperty(key) => {
                let key = query.bind(key);
                query.dialect().property(&Sql::from("properties"), &key)
            }
            Field::Column { .. } | Field::Property(_) => return Sql::from("TRUE"),
        };
        let test = self.test.on(query, &value);
        if matches!(self.field, Field::Profile(_) | Field::ProfileProperty(_)) {
            return self.among(
                "profile_id",
                &sql!("SELECT profile_id FROM profiles WHERE {test}", test),
                members,
            );
        }
        let ids = query.dialect().collect(&Sql::from("group_id"));
        let matching = sql!("(SELECT {ids} FROM groups WHERE {test})", ids, test);
        let overlap = query
            .dialect()
            .lists_overlap(&Sql::from("groups"), &matching);
        self.signed(overlap)
    }

    fn on_column(&self, query: &mut Query<'_>, column: &Column) -> Sql {
        let test = self.test.on(query, &column.sql());
        self.signed(test)
    }

    fn signed(&self, test: Sql) -> Sql {
        if self.negative {
            sql!("NOT coalesce({test}, FALSE)", test)
        } else {
            test
        }
    }

    /// The condition that `id` is (not) among those a subquery finds.
    fn among(&self, id: &'static str, subquery: &Sql, members: &mut Members<'_>) -> Sql {
        match members {
            Members::Joined(joins) => {
                let n = joins.len() + 1;
                joins.push(sql!(
                    " LEFT JOIN (SELECT DISTINCT {id} AS member_{n} FROM ({subquery}) AS rows_{n}) AS members_{n} ON {id} = member_{n}",
                    id,
                    n,
                    subquery
                ));
                let is = if self.negative {
                    "IS NULL"
                } else {
                    "IS NOT NULL"
                };
                sql!("member_{n} {is}", n, is)
            }
            // A null on either side would make NOT IN neither true nor false.
            Members::InPlace if self.negative => sql!(
                "coalesce({id}, '') NOT IN ({subquery} AND {id} IS NOT NULL)",
                id,
                subquery
            ),
            Members::InPlace => sql!("{id} IN ({subquery})", id, subquery),
        }
    }
}

/// Where a condition looks for the ids it is about.
enum Members<'j> {
    /// In a subquery where it stands.
    InPlace,
    /// In a join, added to these.
    Joined(&'j mut Vec<Sql>),
}

fn and(condition: Sql) -> Sql {
    sql!(" AND {condition}", condition)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use super::*;
    use crate::testing::project;
    use chrono::NaiveDate;
    use serde_json::{Value as Json, json};
    use sightline_warehouse::{DataFusionDialect, Value};

    fn read(filters: Json) -> Result<Conditions, Mistake> {
        serde_json::from_value::<Filters>(filters)
            .unwrap()
            .conditions(&project("acme", "Europe/Berlin"))
    }

    fn range() -> Range {
        let day = NaiveDate::from_ymd_opt(2026, 11, 5).unwrap();
        Range::of_days(day, day, &project("acme", "UTC").calendar)
    }

    fn events(filters: Json) -> (String, Vec<Value>) {
        let mut query = Query::new(&DataFusionDialect);
        let sql = read(filters)
            .unwrap()
            .on_events(&mut query, &project("acme", "UTC"), &range());
        let statement = query.finish(sql);
        (statement.sql.as_str().to_owned(), statement.values)
    }

    fn sessions(filters: Json) -> String {
        let mut query = Query::new(&DataFusionDialect);
        let sql = read(filters)
            .unwrap()
            .on_sessions(&mut query, &project("acme", "UTC"), &range());
        sql.as_str().to_owned()
    }

    #[test]
    fn values_are_alternatives_and_filters_add_up() {
        let (sql, values) = events(json!([
            {"field": "country", "op": "is", "values": ["DE", "AT"]},
            {"field": "path", "op": "contains", "values": ["50%_"]},
        ]));
        assert_eq!(
            sql,
            " AND country IN ($1, $2) AND strpos(lower(path), lower($3)) > 0"
        );
        assert_eq!(values, ["DE", "AT", "50%_"].map(Value::from));
    }

    #[test]
    fn a_negative_filter_also_holds_where_nothing_is_set() {
        assert_eq!(
            events(json!([{"field": "country", "op": "isNot", "values": ["DE"]}])).0,
            " AND NOT coalesce(country IN ($1), FALSE)"
        );
        assert_eq!(
            events(json!([{"field": "properties.plan", "op": "isNotSet"}])).0,
            " AND NOT coalesce((property(properties, $1) IS NOT NULL AND property(properties, $1) <> ''), FALSE)"
        );
    }

    #[test]
    fn in_a_selection_ids_are_joined_rather_than_looked_up() {
        let filters = json!([
            {"field": "profile.email", "op": "isSet"},
            {"field": "is_bounce", "op": "isNot", "values": ["true"]},
            {"field": "country", "op": "is", "values": ["DE"]},
        ]);
        let mut query = Query::new(&DataFusionDialect);
        let mut joins = Vec::new();
        let marks = read(filters).unwrap().marking_events(
            &mut query,
            &project("acme", "UTC"),
            &range(),
            &mut joins,
        );
        insta::assert_snapshot!(marks.as_str(), @" AND member_1 IS NOT NULL AND member_2 IS NULL AND country IN ($4)");
        insta::assert_snapshot!(Sql::join(joins, "").as_str(), @" LEFT JOIN (SELECT DISTINCT profile_id AS member_1 FROM (SELECT profile_id FROM profiles WHERE (email IS NOT NULL AND email <> '')) AS rows_1) AS members_1 ON profile_id = member_1 LEFT JOIN (SELECT DISTINCT session_id AS member_2 FROM (SELECT session_id FROM sessions WHERE started_at >= $1 AND started_at < $2 AND is_bounce IN ($3)) AS rows_2) AS members_2 ON session_id = member_2");
    }

    #[test]
    fn profiles_and_groups_are_reached_from_events_and_sessions_alike() {
        let filters = json!([
            {"field": "profile.properties.role", "op": "is", "values": ["admin"]},
            {"field": "profile.email", "op": "endsWith", "values": ["@acme.com"]},
            {"field": "group.type", "op": "isNot", "values": ["trial"]},
        ]);
        let expected = " AND profile_id IN (SELECT profile_id FROM profiles WHERE property(properties, $1) IN ($2)) \
             AND profile_id IN (SELECT profile_id FROM profiles WHERE ends_with(lower(email), lower($3))) \
             AND NOT coalesce(array_has_any(groups, (SELECT array_agg(group_id) FROM groups WHERE type IN ($4))), FALSE)";
        assert_eq!(events(filters.clone()).0, expected);
        assert_eq!(sessions(filters.clone()), expected);
        assert_eq!(read(filters).unwrap().tables(), ["groups", "profiles"]);
        assert_eq!(
            events(json!([{"field": "profile.email", "op": "isNot", "values": ["a@b.c"]}])).0,
            " AND coalesce(profile_id, '') NOT IN (SELECT profile_id FROM profiles WHERE email IN ($1) AND profile_id IS NOT NULL)"
        );
    }

    #[test]
    fn session_columns_reach_events_through_their_session() {
        let (sql, values) = events(json!([{"field": "rage_clicks", "op": "gte", "values": ["2"]}]));
        assert_eq!(
            sql,
            " AND session_id IN (SELECT session_id FROM sessions WHERE started_at >= $1 AND started_at < $2 AND rage_clicks >= $3)"
        );
        assert_eq!(values.last(), Some(&Value::Int(2)));
    }

    #[test]
    fn sessions_are_asked_for_what_they_have_and_their_events_for_the_rest() {
        assert_eq!(
            sessions(json!([
                {"field": "country", "op": "is", "values": ["DE"]},
                {"field": "path", "op": "startsWith", "values": ["/docs"]},
                {"field": "name", "op": "is", "values": ["$pageview"]},
            ])),
            " AND country IN ($1) AND identity(session_id) IN (SELECT identity(session_id) FROM events WHERE timestamp >= $2 AND timestamp < $3 \
             AND session_id IS NOT NULL AND starts_with(lower(path), lower($4)) AND name IN ($5, $6))"
        );
    }

    #[test]
    fn too_many_filters_are_refused() {
        let one = json!({"field": "country", "op": "isSet"});
        assert!(read(Json::Array(vec![one; 21])).is_err());
    }
}
