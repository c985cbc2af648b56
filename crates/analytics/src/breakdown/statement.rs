//! The statements behind a breakdown: which groups come first, and what is counted of them.
//!
//! Distinct visitors take memory for each group and visitor. So groups are ranked by what they are ranked by alone, and everything
//! else is counted of those shown, of the others together, and of all together, each in a pass of its own.

use sightline_warehouse::{Query, Sql, Statement, sql};

use super::Breakdown;
use super::counted::Counted;
use super::dimension::Dimension;
use crate::context::Context;
use crate::range::Range;

/// What groups are ranked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rank {
    /// How many sessions they have, the most first.
    Sessions,
    /// A count, the greatest first.
    Count(Counted),
    /// A count per session, the greatest first.
    PerSession(Counted),
    /// The bucket of the dimension at this place, the earliest first.
    Time(usize),
}

/// The name of the dimension at `place` in a statement.
pub(crate) fn alias(place: usize) -> &'static str {
    if place == 0 { "d1" } else { "d2" }
}

/// The key of a group whose values stand under their [`alias`]es, equal to [`super::GroupKey::text`].
pub(crate) fn key(query: &Query<'_>, dimensions: &[Dimension]) -> Sql {
    let mut parts = dimensions
        .iter()
        .enumerate()
        .map(|(place, dimension)| dimension.as_text(query, alias(place)));
    let (first, second) = (parts.next().unwrap_or_default(), parts.next());
    match second {
        None => first,
        Some(second) => {
            let length = sql!("character_length({first})", first);
            let length = query.dialect().as_text(&length);
            sql!(
                "concat({length}, ':', {first}, {second})",
                length,
                first,
                second
            )
        }
    }
}

/// Sessions, counted without `count(*)`: beside nothing but sums, minima and maxima the engine counts the distinct visitors of
/// many groups without a set for each.
const SESSIONS: &str = "sum(1)";

impl Rank {
    fn counted(self) -> Option<Counted> {
        match self {
            Self::Sessions | Self::Time(_) => None,
            Self::Count(counted) | Self::PerSession(counted) => Some(counted),
        }
    }

    fn sql(self, query: &Query<'_>) -> Sql {
        match self {
            Self::Sessions => sql!("{SESSIONS} DESC", SESSIONS),
            Self::Count(counted) => {
                let count = counted.aggregate(query);
                sql!("{count} DESC", count)
            }
            Self::PerSession(counted) => {
                let count = counted.aggregate(query);
                sql!("CAST({count} AS DOUBLE) / {SESSIONS} DESC", count, SESSIONS)
            }
            Self::Time(place) => alias(place).into(),
        }
    }
}

impl Breakdown<'_> {
    /// The values of the first groups by rank, and of one more.
    pub(super) fn ranking(&self, range: &Range, context: &Context<'_>) -> Statement {
        let mut query = context.query();
        let mut columns = self.values(&mut query, context);
        columns.extend(self.rank.counted().into_iter().map(valued));
        let visits = self.visits(&mut query, columns, range, context);
        let (values, rank, rows) = (self.aliases(), self.rank.sql(&query), self.limit + 1);
        query.finish(sql!(
            "SELECT {values} FROM ({visits}) AS visits GROUP BY {values} ORDER BY {rank}, {values} LIMIT {rows}",
            values,
            visits,
            rank,
            rows
        ))
    }

    /// What is counted of the groups with these keys, and of all others together: a row without values.
    pub(super) fn counts(
        &self,
        range: &Range,
        keys: &[String],
        context: &Context<'_>,
    ) -> Statement {
        let mut query = context.query();
        let mut columns = self.values(&mut query, context);
        columns.extend(self.columns().map(valued));
        let visits = self.visits(&mut query, columns, range, context);
        let key = key(&query, self.dimensions);
        let keys = query.bind_all(keys);
        let told = (0..self.dimensions.len()).map(|place| {
            let value = alias(place);
            sql!(
                "CASE WHEN {key} IN ({keys}) THEN {value} END AS {value}",
                key,
                keys,
                value
            )
        });
        let others = self.columns().map(|counted| counted.column().0.into());
        let (told, values) = (Sql::join(told.chain(others), ", "), self.aliases());
        let counts = self.aggregates(&query);
        query.finish(sql!(
            "SELECT {values}, {counts} FROM (SELECT {told} FROM ({visits}) AS visits) AS told GROUP BY {values}",
            values,
            counts,
            told,
            visits
        ))
    }

    /// What is counted of all groups together, and the newest event.
    pub(super) fn total(&self, range: &Range, context: &Context<'_>) -> Statement {
        let mut query = context.query();
        let ended = Sql::from("ended_at");
        let columns = self.columns().map(valued).chain([ended]).collect();
        let visits = self.visits(&mut query, columns, range, context);
        let counts = self.aggregates(&query);
        query.finish(sql!(
            "SELECT {counts}, max(ended_at) AS newest FROM ({visits}) AS visits",
            counts,
            visits
        ))
    }

    /// The sessions, each with these columns.
    fn visits(
        &self,
        query: &mut Query<'_>,
        columns: Vec<Sql>,
        range: &Range,
        context: &Context<'_>,
    ) -> Sql {
        let columns = Sql::join(columns, ", ");
        let within = range.contains(query, "started_at");
        let filters = self.conditions.on_sessions(query, context.project, range);
        sql!(
            "SELECT {columns} FROM sessions WHERE {within}{filters}",
            columns,
            within,
            filters
        )
    }

    /// A session's values, under their aliases.
    fn values(&self, query: &mut Query<'_>, context: &Context<'_>) -> Vec<Sql> {
        let mut values = Vec::with_capacity(self.dimensions.len());
        for (place, dimension) in self.dimensions.iter().enumerate() {
            let (value, alias) = (dimension.value(query, context.calendar()), alias(place));
            values.push(sql!("{value} AS {alias}", value, alias));
        }
        values
    }

    fn aliases(&self) -> Sql {
        Sql::join(
            (0..self.dimensions.len()).map(|place| alias(place).into()),
            ", ",
        )
    }

    /// What is counted, but for what is counted of the same column as another.
    fn columns(&self) -> impl Iterator<Item = Counted> {
        self.counted
            .iter()
            .enumerate()
            .filter_map(|(place, counted)| {
                let column = counted.column();
                let is_there = self.counted[..place]
                    .iter()
                    .any(|other| other.column() == column);
                (!is_there).then_some(*counted)
            })
    }

    /// The columns of [`super::counted::Counts`].
    fn aggregates(&self, query: &Query<'_>) -> Sql {
        let sessions = sql!("{SESSIONS} AS sessions", SESSIONS);
        let counted = self.counted.iter().map(|counted| {
            let (count, name) = (counted.aggregate(query), counted.name());
            sql!("{count} AS {name}", count, name)
        });
        Sql::join([sessions].into_iter().chain(counted), ", ")
    }
}

/// What of a session is counted, under its name.
fn valued(counted: Counted) -> Sql {
    let (name, value) = counted.column();
    sql!("{value} AS {name}", value, name)
}
