//! The statement behind a breakdown.
//!
//! Sessions are added up twice: per group and visitor, then per group. So visitors are counted exactly without a set of them
//! for every group, and the same pass over `sessions` gives the total, with a grouping set that tells visitors apart but not groups.

use sightline_warehouse::{Query, Sql, Statement, sql};

use super::Breakdown;
use super::counted::Counted;
use super::dimension::Dimension;
use crate::context::Context;
use crate::range::Range;

/// Which groups a statement tells apart. All but [`Part::Beyond`] count all groups together besides.
pub(super) enum Part<'k> {
    /// The first ones by rank, and one more.
    Ranked,
    /// Those with these keys; the others are one.
    These(&'k [String]),
    /// None: counts the groups without these keys together.
    Beyond(&'k [String]),
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

impl Breakdown<'_> {
    /// A statement whose rows are [`super::Row`]s.
    pub(super) fn statement(
        &self,
        range: &Range,
        part: &Part<'_>,
        context: &Context<'_>,
    ) -> Statement {
        let mut query = context.query();
        let visits = self.visits(&mut query, range, part, context);
        let apart = match part {
            Part::Beyond(_) => 0,
            Part::Ranked | Part::These(_) => self.dimensions.len(),
        };
        let counted = self.added_up(&visits, apart);
        let counted = if self.counted.contains(&Counted::MedianDuration) {
            self.with_median(&query, &counted, &visits, apart)
        } else {
            counted
        };
        query.finish(match part {
            Part::Ranked if apart > 0 => {
                // The total, the groups shown, and one to know whether there are more.
                let (rank, values, rows) = (&self.rank, aliases(apart), self.limit + 2);
                let values = Sql::join(values, ", ");
                sql!(
                    "SELECT * FROM ({counted}) AS ranked ORDER BY whole DESC, {rank}, {values} LIMIT {rows}",
                    counted,
                    rank,
                    values,
                    rows
                )
            }
            _ => counted,
        })
    }

    /// The sessions, each with the values of its dimensions, its visitor, and what it adds to each sum.
    fn visits(
        &self,
        query: &mut Query<'_>,
        range: &Range,
        part: &Part<'_>,
        context: &Context<'_>,
    ) -> Sql {
        let grouped = !matches!(part, Part::Beyond([]));
        let mut columns: Vec<Sql> = Vec::new();
        if grouped {
            for (place, dimension) in self.dimensions.iter().enumerate() {
                let (value, alias) = (dimension.value(query, context.calendar()), alias(place));
                columns.push(sql!("{value} AS {alias}", value, alias));
            }
        }
        columns.extend(
            self.has_visitors()
                .then(|| Sql::from("nullif(profile_id, '') AS visitor")),
        );
        for (name, summand) in self.sums() {
            columns.push(sql!("{summand} AS {name}", summand, name));
        }
        columns.push(Sql::from("ended_at"));
        let columns = Sql::join(columns, ", ");
        let within = range.contains(query, "started_at");
        let filters = self.conditions.on_sessions(query, context.project, range);
        let visits = sql!(
            "SELECT {columns} FROM sessions WHERE {within}{filters}",
            columns,
            within,
            filters
        );
        match part {
            Part::Ranked | Part::Beyond([]) => visits,
            Part::Beyond(keys) => {
                let (columns, key) = (self.columns(Vec::new()), key(query, self.dimensions));
                let keys = query.bind_all(keys.iter());
                sql!(
                    "SELECT {columns} FROM ({visits}) AS visits WHERE {key} NOT IN ({keys})",
                    columns,
                    visits,
                    key,
                    keys
                )
            }
            Part::These(keys) => {
                let key = key(query, self.dimensions);
                let keys = query.bind_all(keys.iter());
                let values = aliases(self.dimensions.len()).into_iter();
                let values = values.map(|value| {
                    sql!(
                        "CASE WHEN {key} IN ({keys}) THEN {value} END AS {value}",
                        key,
                        keys,
                        value
                    )
                });
                let columns = self.columns(values.collect());
                sql!(
                    "SELECT {columns} FROM ({visits}) AS visits",
                    columns,
                    visits
                )
            }
        }
    }

    /// The columns of `visits`, with these for the dimensions.
    fn columns(&self, mut columns: Vec<Sql>) -> Sql {
        columns.extend(self.has_visitors().then(|| Sql::from("visitor")));
        columns.extend(self.sums().map(|(name, _)| Sql::from(name)));
        columns.push(Sql::from("ended_at"));
        Sql::join(columns, ", ")
    }

    /// What was counted of every group, and of all together.
    fn added_up(&self, visits: &Sql, apart: usize) -> Sql {
        let visitor: Vec<Sql> = self
            .has_visitors()
            .then(|| Sql::from("visitor"))
            .into_iter()
            .collect();
        let each: Vec<Sql> = aliases(apart).into_iter().chain(visitor.clone()).collect();
        let sums: Vec<Sql> = self
            .sums()
            .map(|(name, _)| sql!("sum({name}) AS {name}", name))
            .collect();

        let (whole, by) = grouping(apart, &each, &visitor);
        let mut columns = each;
        columns.push(whole);
        columns.extend(sums.iter().cloned());
        columns.push(Sql::from("max(ended_at) AS newest"));
        let columns = Sql::join(columns, ", ");
        let by_visitor = sql!(
            "SELECT {columns} FROM ({visits}) AS visits{by}",
            columns,
            visits,
            by
        );

        let mut columns = aliases(apart);
        columns.push(Sql::from("whole"));
        let by = Sql::join(columns.clone(), ", ");
        columns.extend(
            self.has_visitors()
                .then(|| Sql::from("count(visitor) AS visitors")),
        );
        columns.extend(sums);
        columns.push(Sql::from("max(newest) AS newest"));
        let columns = Sql::join(columns, ", ");
        sql!(
            "SELECT {columns} FROM ({by_visitor}) AS visited GROUP BY {by}",
            columns,
            by_visitor,
            by
        )
    }

    /// The same with the middle one of the durations, which does not follow from those of visitors.
    fn with_median(&self, query: &Query<'_>, counted: &Sql, visits: &Sql, apart: usize) -> Sql {
        let values = aliases(apart);
        let (whole, by) = grouping(apart, &values, &[]);
        let median = query.dialect().percentile(&Sql::from("duration_ms"), 50);
        let columns = Sql::join(values.iter().cloned().chain([whole]), ", ");
        let same = values
            .into_iter()
            .chain([Sql::from("whole")])
            .map(|value| sql!("(counted.{value} IS NOT DISTINCT FROM middle.{value})", value));
        let same = Sql::join(same, " AND ");
        sql!(
            "SELECT counted.*, median_duration_ms FROM ({counted}) AS counted JOIN \
             (SELECT {columns}, {median} AS median_duration_ms FROM ({visits}) AS visits{by}) AS middle ON {same}",
            counted,
            columns,
            median,
            visits,
            by,
            same
        )
    }

    fn has_visitors(&self) -> bool {
        self.counted.contains(&Counted::Visitors)
    }

    /// Name and summand of every sum.
    fn sums(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        // The median is of what the sum of durations adds up.
        let needs_duration = self.counted.contains(&Counted::MedianDuration)
            && !self.counted.contains(&Counted::Duration);
        let duration = needs_duration
            .then(|| Counted::Duration.summand())
            .flatten();
        let counted = self.counted.iter().filter_map(|counted| counted.summand());
        std::iter::once(("sessions", "1"))
            .chain(counted)
            .chain(duration)
    }
}

fn aliases(count: usize) -> Vec<Sql> {
    (0..count).map(|place| Sql::from(alias(place))).collect()
}

/// The mark of the row of all groups, and the clause that groups by `each` and, for that row, by `all`.
fn grouping(apart: usize, each: &[Sql], all: &[Sql]) -> (Sql, Sql) {
    let (each, all) = (
        Sql::join(each.iter().cloned(), ", "),
        Sql::join(all.iter().cloned(), ", "),
    );
    if apart > 0 {
        let by = sql!(" GROUP BY GROUPING SETS (({each}), ({all}))", each, all);
        return (Sql::from("grouping(d1) AS whole"), by);
    }
    let by = if each.is_empty() {
        Sql::default()
    } else {
        sql!(" GROUP BY {each}", each)
    };
    (Sql::from("1 AS whole"), by)
}
