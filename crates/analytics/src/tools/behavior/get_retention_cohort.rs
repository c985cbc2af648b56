//! `get_retention_cohort`: of those who began together, how many come back.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sightline_warehouse::{InstantMs, Query, Sql, Statement, Value, sql};

use crate::answer::Answer;
use crate::context::Context;
use crate::event_names::unknown_names;
use crate::failure::{Failure, Mistake};
use crate::family::{Family, Product, Scope};
use crate::filters::{Conditions, Filters};
use crate::identified;
use crate::interval::{Every, instant};
use crate::numbers::percent;
use crate::range::{DateRange, Range};
use crate::tool::{About, Tool};

/// Of those who began together, how many come back.
pub(crate) struct GetRetentionCohort;

const MOST_COHORTS: usize = 60;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    #[serde(default)]
    interval: Period,
    /// Periods followed, the first included
    #[serde(default = "twelve")]
    #[schemars(range(min = 1, max = 60))]
    periods: u32,
    /// Default any event
    start_event: Option<String>,
    /// Default any event
    return_event: Option<String>,
    #[serde(default)]
    criterion: Criterion,
    #[serde(default)]
    include_anonymous: bool,
    #[serde(flatten)]
    range: DateRange,
    #[serde(default)]
    filters: Filters,
}

fn twelve() -> u32 {
    12
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(description = "")]
enum Period {
    Day,
    #[default]
    Week,
    Month,
}

impl Period {
    fn every(self) -> Every {
        match self {
            Self::Day => Every::Day,
            Self::Week => Every::Week,
            Self::Month => Every::Month,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Day => "days",
            Self::Week => "weeks",
            Self::Month => "months",
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(description = "")]
enum Criterion {
    #[default]
    On,
    OnOrAfter,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    /// What a period is.
    interval: Period,
    /// Active in exactly that period, or in it or any later one.
    criterion: Criterion,
    /// Per period from a cohort's own (0) the percentage retained, over the cohorts for which the period is over; null where none is.
    weighted_average_percent: Vec<Option<f64>>,
    /// The cohorts in order of time.
    cohorts: Vec<Cohort>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Cohort {
    /// The period in which they began.
    start: String,
    /// Profiles whose first start ever was in it.
    size: i64,
    /// Those retained in the k-th period after it, from 0; null where that is not over.
    counts: Vec<Option<i64>>,
    /// The same in percent of the size.
    percent: Vec<Option<f64>>,
}

impl Tool for GetRetentionCohort {
    const ABOUT: About = About {
        name: "get_retention_cohort",
        title: "Retention by cohort",
        description: "Says of those who began in each day, week or month how many come back in the periods after (cohort table). \
                      Use get_weekly_retention_series for one number per week.",
        family: Family::Behavior,
        scope: Some(Scope::Insights),
        products: &[(Product::OpenPanel, "get_retention_cohort")],
        pages: false,
        needs: None,
        rules: &[
            "A profile's cohort is the period of its **first ever** `startEvent` (any event by default) that passes the filters, however long ago. Cohorts are the periods of the range; by default the last `periods` of them, the current one included.",
            "`counts[k]`: profiles of the cohort with a `returnEvent` (any by default) in exactly the k-th period after it (`on`), or in that or any later one up to now (`onOrAfter`); events before the first start do not count. `percent` is of `size`.",
            "Cells of periods that are not over are null. `weightedAveragePercent[k]` = 100 · sum of `counts[k]` / sum of `size`, over the cohorts whose cell is there.",
            "Only identified profiles, unless `includeAnonymous`.",
            identified::RULE,
            "Periods are of the project's timezone; weeks start on Monday unless the project says Sunday.",
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        let asked = Asked::of(&input, context).await?;
        let sizes: Vec<Size> = context.rows(asked.sizes()).await?;
        let returns: Vec<Returned> = if sizes.is_empty() {
            Vec::new()
        } else {
            context.rows(asked.returns()).await?
        };
        let table = Table::of(&sizes, &returns)?;
        let calendar = context.calendar();
        let interval = input.interval.every().interval();
        let mut average = vec![(0, 0); usize::try_from(input.periods).unwrap_or(0)];
        let mut cohorts = Vec::new();
        for (place, start) in asked.cohorts.iter().enumerate() {
            let size = table.size(*start);
            let mut counts = Vec::new();
            for (k, average) in average.iter_mut().enumerate() {
                let Some(period) = asked.periods.get(place + k) else {
                    break;
                };
                let over = calendar.next_bucket_start(*period, interval) <= context.asked_at_ms;
                let count = over.then(|| table.retained(*start, *period, input.criterion));
                if let Some(count) = count {
                    average.0 += count;
                    average.1 += size;
                }
                counts.push(count);
            }
            cohorts.push(Cohort {
                start: calendar.label(*start, interval),
                size,
                percent: counts
                    .iter()
                    .map(|count| count.map(|count| percent(count, size)))
                    .collect(),
                counts,
            });
        }
        let mut notes = Vec::new();
        if table.sizes.values().all(|size| *size == 0) {
            let names: Vec<String> = input.start_event.iter().cloned().collect();
            notes.extend(unknown_names(&names, &asked.range, context).await?);
        }
        let newest = returns.iter().filter_map(|row| row.newest.as_ref()).max();
        let newest = context.newest(newest)?;
        let output = Output {
            interval: input.interval,
            criterion: input.criterion,
            weighted_average_percent: average
                .into_iter()
                .map(|(retained, size)| (size > 0).then(|| percent(retained, size)))
                .collect(),
            cohorts,
        };
        Ok(Answer::of(output)
            .over(&asked.range)
            .through(newest)
            .notes(notes))
    }
}

#[derive(Deserialize)]
struct Size {
    cohort: String,
    profiles: i64,
}

/// Profiles of a cohort by a period they were active in; where later ones count too, by the last.
#[derive(Deserialize)]
struct Returned {
    cohort: String,
    period: String,
    profiles: i64,
    newest: Option<String>,
}

/// What was counted.
struct Table {
    sizes: HashMap<InstantMs, i64>,
    returned: HashMap<(InstantMs, InstantMs), i64>,
}

impl Table {
    fn of(sizes: &[Size], returns: &[Returned]) -> Result<Self, Failure> {
        let mut table = Self {
            sizes: HashMap::new(),
            returned: HashMap::new(),
        };
        for row in sizes {
            table.sizes.insert(instant(&row.cohort)?, row.profiles);
        }
        for row in returns {
            let key = (instant(&row.cohort)?, instant(&row.period)?);
            table.returned.insert(key, row.profiles);
        }
        Ok(table)
    }

    fn size(&self, cohort: InstantMs) -> i64 {
        self.sizes.get(&cohort).copied().unwrap_or(0)
    }

    fn retained(&self, cohort: InstantMs, period: InstantMs, criterion: Criterion) -> i64 {
        match criterion {
            Criterion::On => self.returned.get(&(cohort, period)).copied().unwrap_or(0),
            Criterion::OnOrAfter => self
                .returned
                .iter()
                .filter(|((of, last), _)| *of == cohort && *last >= period)
                .map(|(_, profiles)| profiles)
                .sum(),
        }
    }
}

/// Cohorts to ask for.
struct Asked<'a> {
    input: &'a Input,
    /// From the first cohort's start to the last one's end.
    range: Range,
    /// The starts of the cohorts' periods.
    cohorts: Vec<InstantMs>,
    /// Those, and the starts of the periods they are followed through, as far as they have begun.
    periods: Vec<InstantMs>,
    conditions: Conditions,
    identified: Sql,
    context: &'a Context<'a>,
}

impl<'a> Asked<'a> {
    async fn of(input: &'a Input, context: &'a Context<'a>) -> Result<Self, Failure> {
        let calendar = context.calendar();
        let interval = input.interval.every().interval();
        let given = match input.range.is_given() {
            true => context.range(&input.range)?,
            // As many periods as are followed, the current one the last.
            false => {
                let mut first = calendar.bucket_start(context.asked_at_ms, interval);
                for _ in 1..input.periods {
                    first = calendar.bucket_start(first - 1, interval);
                }
                let today = calendar.date_of(context.asked_at_ms);
                Range::of_days(calendar.date_of(first), today, calendar)
            }
        };
        let cohorts = calendar.buckets(given.start_ms, given.end_ms, interval);
        if cohorts.len() > MOST_COHORTS {
            return Err(Mistake::new(format!(
                "{} has {} {}, and one table holds at most {MOST_COHORTS} cohorts.",
                given.in_words(),
                cohorts.len(),
                input.interval.name()
            ))
            .next("Use a longer `interval`, or a shorter range.")
            .into());
        }
        let mut periods = cohorts.clone();
        for _ in 1..input.periods {
            let last = periods.last().copied().unwrap_or(given.start_ms);
            periods.push(calendar.next_bucket_start(last, interval));
        }
        periods.retain(|start| *start <= context.asked_at_ms);
        let first = cohorts.first().copied().unwrap_or(given.start_ms);
        let last = cohorts.last().copied().unwrap_or(given.start_ms);
        let end = calendar.next_bucket_start(last, interval);
        let range = Range::of_days(calendar.date_of(first), calendar.date_of(end - 1), calendar);
        let identified = if input.include_anonymous {
            Sql::default()
        } else {
            identified::condition(context).await?
        };
        Ok(Self {
            input,
            range,
            cohorts,
            periods,
            conditions: context.conditions(&input.filters).await?,
            identified,
            context,
        })
    }

    /// Each profile's first start ever, if that was in a cohort.
    fn firsts(&self, query: &mut Query<'_>) -> Sql {
        let end = query.bind(Value::TimestampMs(self.range.end_ms));
        let begins = self.named(query, self.input.start_event.as_deref());
        let always = Range::always(self.context.calendar());
        let filters = self
            .conditions
            .on_events(query, self.context.project, &always);
        let since = query.bind(Value::TimestampMs(self.range.start_ms));
        let identified = &self.identified;
        let profile = query.dialect().identity(&Sql::from("profile_id"));
        sql!(
            "SELECT began, first_at FROM (SELECT {profile} AS began, min(timestamp) AS first_at FROM events \
             WHERE timestamp < {end} AND profile_id <> ''{begins}{filters}{identified} GROUP BY began) AS firsts WHERE first_at >= {since}",
            profile,
            end,
            begins,
            filters,
            identified,
            since
        )
    }

    fn sizes(&self) -> Statement {
        let mut query = self.context.query();
        let every = self.input.interval.every();
        let cohort = every.bucket(&mut query, self.context.calendar(), "first_at");
        let firsts = self.firsts(&mut query);
        query.finish(sql!(
            "SELECT cohort, count(*) AS profiles FROM (SELECT {cohort} AS cohort FROM ({firsts}) AS began) AS cohorts GROUP BY cohort",
            cohort,
            firsts
        ))
    }

    fn returns(&self) -> Statement {
        let mut query = self.context.query();
        let every = self.input.interval.every();
        let calendar = self.context.calendar();
        let cohort = every.bucket(&mut query, calendar, "first_at");
        let period = every.bucket(&mut query, calendar, "timestamp");
        let firsts = self.firsts(&mut query);
        let since = query.bind(Value::TimestampMs(self.range.start_ms));
        // Later periods count as well where it is enough to come back at any time.
        let until = match self.input.criterion {
            Criterion::On => self.periods.last().map_or(self.range.end_ms, |last| {
                calendar.next_bucket_start(*last, every.interval())
            }),
            Criterion::OnOrAfter => self.context.asked_at_ms.saturating_add(1),
        };
        let until = query.bind(Value::TimestampMs(until));
        let comes_back = self.named(&mut query, self.input.return_event.as_deref());
        let always = Range::always(calendar);
        let filters = self
            .conditions
            .on_events(&mut query, self.context.project, &always);
        let profile = query.dialect().identity(&Sql::from("profile_id"));
        let back = sql!(
            "SELECT began, {cohort} AS cohort, {period} AS period, timestamp FROM \
             (SELECT {profile} AS profile, timestamp FROM events WHERE timestamp >= {since} AND timestamp < {until} AND profile_id <> ''{comes_back}{filters}) \
             AS back INNER JOIN ({firsts}) AS firsts ON profile = began WHERE timestamp >= first_at",
            cohort,
            period,
            profile,
            since,
            until,
            comes_back,
            filters,
            firsts
        );
        let per_profile = match self.input.criterion {
            Criterion::On => sql!(
                "SELECT began, cohort, period, max(timestamp) AS newest FROM ({back}) AS returned GROUP BY began, cohort, period",
                back
            ),
            Criterion::OnOrAfter => sql!(
                "SELECT began, cohort, max(period) AS period, max(timestamp) AS newest FROM ({back}) AS returned GROUP BY began, cohort",
                back
            ),
        };
        query.finish(sql!(
            "SELECT cohort, period, count(*) AS profiles, max(newest) AS newest FROM ({per_profile}) AS profiles GROUP BY cohort, period",
            per_profile
        ))
    }

    fn named(&self, query: &mut Query<'_>, event: Option<&str>) -> Sql {
        event.map_or_else(Sql::default, |event| {
            let named = self.context.project.event_names.is_any(query, [event]);
            sql!(" AND {named}", named)
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Asked, table};
    use serde_json::{Value as Json, json};

    fn size(cohort: &str, profiles: i64) -> Json {
        json!({"cohort": format!("{cohort}T00:00:00Z"), "profiles": profiles})
    }

    fn back(cohort: &str, period: &str, profiles: i64) -> Json {
        json!({
            "cohort": format!("{cohort}T00:00:00Z"), "period": format!("{period}T00:00:00Z"), "profiles": profiles,
            "newest": "2026-11-03T10:00:00Z",
        })
    }

    /// U1 active D0, D1, D2; U2 D0, D2; U3 D0; U4 D1, D2; U5 D1.
    const DAYS: [&str; 3] = ["2026-11-01", "2026-11-02", "2026-11-03"];

    fn golden(criterion: &str, returned: Json) -> crate::testing::Done {
        let [d0, d1, d2] = DAYS;
        Asked::of(
            "get_retention_cohort",
            json!({"interval": "day", "periods": 3, "criterion": criterion, "startDate": d0, "endDate": d2, "includeAnonymous": true}),
        )
        .rows(json!([size(d0, 3), size(d1, 2)]))
        .rows(returned)
        .go()
    }

    #[test]
    fn the_golden_cohorts_that_come_back_on_a_day() {
        let [d0, d1, d2] = DAYS;
        let asked = golden(
            "on",
            json!([
                back(d0, d0, 3),
                back(d0, d1, 1),
                back(d0, d2, 2),
                back(d1, d1, 2),
                back(d1, d2, 1),
            ]),
        );
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT cohort, count(*) AS profiles FROM (SELECT bucket_start(first_at, 'day', $1, 'monday') AS cohort FROM (SELECT began, first_at FROM (SELECT identity(profile_id) AS began, min(timestamp) AS first_at FROM events WHERE timestamp < $2 AND profile_id <> '' GROUP BY began) AS firsts WHERE first_at >= $3) AS began) AS cohorts GROUP BY cohort
          [Text("UTC"), TimestampMs(1793750400000), TimestampMs(1793491200000)]
        SELECT cohort, period, count(*) AS profiles, max(newest) AS newest FROM (SELECT began, cohort, period, max(timestamp) AS newest FROM (SELECT began, bucket_start(first_at, 'day', $1, 'monday') AS cohort, bucket_start(timestamp, 'day', $2, 'monday') AS period, timestamp FROM (SELECT identity(profile_id) AS profile, timestamp FROM events WHERE timestamp >= $5 AND timestamp < $6 AND profile_id <> '') AS back INNER JOIN (SELECT began, first_at FROM (SELECT identity(profile_id) AS began, min(timestamp) AS first_at FROM events WHERE timestamp < $3 AND profile_id <> '' GROUP BY began) AS firsts WHERE first_at >= $4) AS firsts ON profile = began WHERE timestamp >= first_at) AS returned GROUP BY began, cohort, period) AS profiles GROUP BY cohort, period
          [Text("UTC"), Text("UTC"), TimestampMs(1793750400000), TimestampMs(1793491200000), TimestampMs(1793491200000), TimestampMs(1793923200000)]
        "#);
        insta::assert_snapshot!(asked.text(), @"
        Retention by cohort: Acme (`acme`), 2026-11-01 to 2026-11-03, UTC. Data through 2026-11-03T10:00:00Z.

        interval: day · criterion: on

        **weightedAveragePercent** 100, 40, 40

        **cohorts**

        |start|size|counts|percent|
        |---|---|---|---|
        |2026-11-01|3|3, 1, 2|100, 33.33, 66.67|
        |2026-11-02|2|2, 1, 0|100, 50, 0|
        |2026-11-03|0|0, 0, 0|0, 0, 0|
        ");
    }

    #[test]
    fn the_golden_cohorts_that_come_back_on_a_day_or_after() {
        let [d0, d1, d2] = DAYS;
        // By the last day each was active on.
        let asked = golden(
            "onOrAfter",
            json!([
                back(d0, d0, 1),
                back(d0, d2, 2),
                back(d1, d1, 1),
                back(d1, d2, 1)
            ]),
        );
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT cohort, count(*) AS profiles FROM (SELECT bucket_start(first_at, 'day', $1, 'monday') AS cohort FROM (SELECT began, first_at FROM (SELECT identity(profile_id) AS began, min(timestamp) AS first_at FROM events WHERE timestamp < $2 AND profile_id <> '' GROUP BY began) AS firsts WHERE first_at >= $3) AS began) AS cohorts GROUP BY cohort
          [Text("UTC"), TimestampMs(1793750400000), TimestampMs(1793491200000)]
        SELECT cohort, period, count(*) AS profiles, max(newest) AS newest FROM (SELECT began, cohort, max(period) AS period, max(timestamp) AS newest FROM (SELECT began, bucket_start(first_at, 'day', $1, 'monday') AS cohort, bucket_start(timestamp, 'day', $2, 'monday') AS period, timestamp FROM (SELECT identity(profile_id) AS profile, timestamp FROM events WHERE timestamp >= $5 AND timestamp < $6 AND profile_id <> '') AS back INNER JOIN (SELECT began, first_at FROM (SELECT identity(profile_id) AS began, min(timestamp) AS first_at FROM events WHERE timestamp < $3 AND profile_id <> '' GROUP BY began) AS firsts WHERE first_at >= $4) AS firsts ON profile = began WHERE timestamp >= first_at) AS returned GROUP BY began, cohort) AS profiles GROUP BY cohort, period
          [Text("UTC"), Text("UTC"), TimestampMs(1793750400000), TimestampMs(1793491200000), TimestampMs(1793491200000), TimestampMs(1795176000001)]
        "#);
        insta::assert_snapshot!(asked.text(), @"
        Retention by cohort: Acme (`acme`), 2026-11-01 to 2026-11-03, UTC. Data through 2026-11-03T10:00:00Z.

        interval: day · criterion: onOrAfter

        **weightedAveragePercent** 100, 60, 40

        **cohorts**

        |start|size|counts|percent|
        |---|---|---|---|
        |2026-11-01|3|3, 2, 2|100, 66.67, 66.67|
        |2026-11-02|2|2, 1, 0|100, 50, 0|
        |2026-11-03|0|0, 0, 0|0, 0, 0|
        ");
    }

    #[test]
    fn by_default_the_last_twelve_weeks_and_cells_that_are_not_over_are_null() {
        let asked = Asked::of(
            "get_retention_cohort",
            json!({"startEvent": "signup", "returnEvent": "purchase"}),
        )
        .tables(vec![table("events", 0, &[]), table("profiles", 0, &[])])
        .rows(json!([size("2026-11-09", 100), size("2026-11-16", 80)]))
        .rows(json!([
            back("2026-11-09", "2026-11-09", 100),
            back("2026-11-09", "2026-11-16", 3)
        ]))
        .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT cohort, count(*) AS profiles FROM (SELECT bucket_start(first_at, 'week', $1, 'monday') AS cohort FROM (SELECT began, first_at FROM (SELECT identity(profile_id) AS began, min(timestamp) AS first_at FROM events WHERE timestamp < $2 AND profile_id <> '' AND name IN ($3) AND profile_id IN (SELECT profile_id FROM profiles WHERE is_identified) GROUP BY began) AS firsts WHERE first_at >= $4) AS began) AS cohorts GROUP BY cohort
          [Text("UTC"), TimestampMs(1795392000000), Text("signup"), TimestampMs(1788134400000)]
        SELECT cohort, period, count(*) AS profiles, max(newest) AS newest FROM (SELECT began, cohort, period, max(timestamp) AS newest FROM (SELECT began, bucket_start(first_at, 'week', $1, 'monday') AS cohort, bucket_start(timestamp, 'week', $2, 'monday') AS period, timestamp FROM (SELECT identity(profile_id) AS profile, timestamp FROM events WHERE timestamp >= $6 AND timestamp < $7 AND profile_id <> '' AND name IN ($8)) AS back INNER JOIN (SELECT began, first_at FROM (SELECT identity(profile_id) AS began, min(timestamp) AS first_at FROM events WHERE timestamp < $3 AND profile_id <> '' AND name IN ($4) AND profile_id IN (SELECT profile_id FROM profiles WHERE is_identified) GROUP BY began) AS firsts WHERE first_at >= $5) AS firsts ON profile = began WHERE timestamp >= first_at) AS returned GROUP BY began, cohort, period) AS profiles GROUP BY cohort, period
          [Text("UTC"), Text("UTC"), TimestampMs(1795392000000), Text("signup"), TimestampMs(1788134400000), TimestampMs(1788134400000), TimestampMs(1795392000000), Text("purchase")]
        "#);
        insta::assert_snapshot!(asked.text(), @"
        Retention by cohort: Acme (`acme`), 2026-08-31 to 2026-11-22, UTC. Data through 2026-11-03T10:00:00Z.

        interval: week · criterion: on

        **weightedAveragePercent** 100, , , , , , , , , , , 

        **cohorts**

        |start|size|counts|percent|
        |---|---|---|---|
        |2026-08-31|0|0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, |0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, |
        |2026-09-07|0|0, 0, 0, 0, 0, 0, 0, 0, 0, 0, |0, 0, 0, 0, 0, 0, 0, 0, 0, 0, |
        |2026-09-14|0|0, 0, 0, 0, 0, 0, 0, 0, 0, |0, 0, 0, 0, 0, 0, 0, 0, 0, |
        |2026-09-21|0|0, 0, 0, 0, 0, 0, 0, 0, |0, 0, 0, 0, 0, 0, 0, 0, |
        |2026-09-28|0|0, 0, 0, 0, 0, 0, 0, |0, 0, 0, 0, 0, 0, 0, |
        |2026-10-05|0|0, 0, 0, 0, 0, 0, |0, 0, 0, 0, 0, 0, |
        |2026-10-12|0|0, 0, 0, 0, 0, |0, 0, 0, 0, 0, |
        |2026-10-19|0|0, 0, 0, 0, |0, 0, 0, 0, |
        |2026-10-26|0|0, 0, 0, |0, 0, 0, |
        |2026-11-02|0|0, 0, |0, 0, |
        |2026-11-09|100|100, |100, |
        |2026-11-16|80|||
        ");
    }

    #[test]
    fn what_cannot_be_is_told() {
        let mistake = |arguments| Asked::of("get_retention_cohort", arguments).go().mistake();
        insta::assert_snapshot!(mistake(json!({"periods": 1000})), @"`periods` must be a whole number from 1 to 60; it is 1000.");
        insta::assert_snapshot!(mistake(json!({"interval": "day", "startDate": "2026-01-01"})), @"2026-01-01 to 2026-11-20 has 324 days, and one table holds at most 60 cohorts. Use a longer `interval`, or a shorter range.");
        insta::assert_snapshot!(mistake(json!({"interval": "hour"})), @r#"`interval` must be `day`, `week` or `month`; it is "hour"."#);
    }
}
