//! `get_retention_cohort`: of those who began together, how many come back.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sightline_warehouse::cohorts::{BEGINS, RETURNS, Returns};
use sightline_warehouse::{CohortRule, InstantMs, Query, Sql, Statement, Value, sql};

use crate::answer::Answer;
use crate::context::Context;
use crate::event_names::unknown_names;
use crate::failure::{Failure, Mistake};
use crate::family::{Family, Product, Scope};
use crate::filters::{Conditions, Filters};
use crate::identified::{self, Identified};
use crate::interval::Every;
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
        let rows: Vec<Row> = context.rows(asked.statement()).await?;
        let newest = rows.iter().filter_map(|row| row.newest_ms).max();
        let table = Table::of(&rows);
        let calendar = context.calendar();
        let interval = input.interval.every().interval();
        let mut average = vec![(0, 0); usize::try_from(input.periods).unwrap_or(0)];
        let mut cohorts = Vec::new();
        for (place, start) in asked.cohorts.iter().enumerate() {
            let size = table.size(place);
            let mut counts = Vec::new();
            for (k, average) in average.iter_mut().enumerate() {
                let Some(period) = asked.periods.get(place + k) else {
                    break;
                };
                let over = calendar.next_bucket_start(*period, interval) <= context.asked_at_ms;
                let count = over.then(|| table.retained(place, place + k, input.criterion));
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

/// Profiles of a cohort; with a `period`, those that came back in it, where later ones count too for the last time. Both are places among
/// the periods.
#[derive(Deserialize)]
struct Row {
    cohort: usize,
    period: Option<usize>,
    profiles: i64,
    newest_ms: Option<InstantMs>,
}

/// What was counted.
struct Table {
    sizes: HashMap<usize, i64>,
    returned: HashMap<(usize, usize), i64>,
}

impl Table {
    fn of(rows: &[Row]) -> Self {
        let mut table = Self {
            sizes: HashMap::new(),
            returned: HashMap::new(),
        };
        for row in rows {
            match row.period {
                Some(period) => {
                    table.returned.insert((row.cohort, period), row.profiles);
                }
                None => {
                    table.sizes.insert(row.cohort, row.profiles);
                }
            }
        }
        table
    }

    fn size(&self, cohort: usize) -> i64 {
        self.sizes.get(&cohort).copied().unwrap_or(0)
    }

    fn retained(&self, cohort: usize, period: usize, criterion: Criterion) -> i64 {
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
    identified: Identified,
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
            Identified::default()
        } else {
            identified::conditions(context).await?
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

    /// The periods that count: those followed, and after them, where it is enough to come back at any time, one up to now.
    fn rule(&self) -> CohortRule {
        let calendar = self.context.calendar();
        let interval = self.input.interval.every().interval();
        let cohorts = self.cohorts.len();
        let mut bounds_ms = self.cohorts.clone();
        bounds_ms.extend(self.periods.iter().skip(cohorts));
        let last = bounds_ms.last().copied().unwrap_or(self.range.start_ms);
        bounds_ms.push(calendar.next_bucket_start(last, interval));
        let Input {
            start_event,
            return_event,
            ..
        } = self.input;
        let begins_all = self.identified.by_event.is_empty()
            && (start_event.is_none() || start_event == return_event);
        let returns = match self.input.criterion {
            Criterion::OnOrAfter => Returns::Last,
            Criterion::On if begins_all => Returns::EachBegins,
            Criterion::On => Returns::Each,
        };
        let now = self.context.asked_at_ms.saturating_add(1);
        if returns == Returns::Last && bounds_ms.last().is_some_and(|end| *end < now) {
            bounds_ms.push(now);
        }
        CohortRule {
            bounds_ms,
            cohorts,
            returns,
        }
    }

    fn statement(&self) -> Statement {
        let mut query = self.context.query();
        let rule = self.rule();
        let start_event = self.input.start_event.as_deref();
        let return_event = self.input.return_event.as_deref();
        let begins = self.named(&mut query, start_event);
        let comes_back = self.named(&mut query, return_event);
        let Identified {
            by_profile,
            by_event,
        } = &self.identified;
        let end_ms = rule.bounds_ms.last().copied().unwrap_or(self.range.end_ms);
        let end = query.bind(Value::TimestampMs(end_ms));
        // What is neither is of no use.
        let either = if start_event.is_some() && return_event.is_some() {
            let (begins, comes_back) = (
                self.named(&mut query, start_event),
                self.named(&mut query, return_event),
            );
            sql!(" AND ({begins} OR {comes_back})", begins, comes_back)
        } else {
            Sql::default()
        };
        let always = Range::always(self.context.calendar());
        let filters = self
            .conditions
            .on_events(&mut query, self.context.project, &always);
        let dialect = query.dialect();
        let profile = dialect.identity(&Sql::from("profile_id"));
        let ms = dialect.epoch_ms(&Sql::from("timestamp"));
        let returns = dialect.cohort_returns(&Sql::from("at_ms"), &Sql::from("marks"), &rule);
        let each = dialect.unnest_list(&Sql::from("returns"));
        let told = dialect.fields(
            "told",
            &[
                ("cohort", "cohort"),
                ("period", "period"),
                ("last_ms", "last_ms"),
            ],
        );
        query.finish(sql!(
            "SELECT cohort, period, count(*) AS profiles, max(last_ms) AS newest_ms FROM (SELECT {told} FROM (SELECT {each} AS told FROM \
             (SELECT {returns} AS returns FROM (SELECT {profile} AS profile, {ms} AS at_ms, \
             CASE WHEN {begins}{by_event} THEN {BEGINS} ELSE 0 END + CASE WHEN {comes_back} THEN {RETURNS} ELSE 0 END AS marks \
             FROM events WHERE timestamp < {end} AND profile_id <> ''{either}{filters}{by_profile}) AS marked GROUP BY profile) AS profiles) \
             AS returned) AS members GROUP BY cohort, period",
            told,
            each,
            returns,
            profile,
            ms,
            begins,
            by_event,
            BEGINS,
            comes_back,
            RETURNS,
            end,
            either,
            filters,
            by_profile
        ))
    }

    /// Whether an event is called so.
    fn named(&self, query: &mut Query<'_>, event: Option<&str>) -> Sql {
        event.map_or_else(
            || Sql::from("TRUE"),
            |event| self.context.project.event_names.is_any(query, [event]),
        )
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Asked, table};
    use serde_json::{Value as Json, json};

    fn size(cohort: usize, profiles: i64) -> Json {
        json!({"cohort": cohort, "period": null, "profiles": profiles, "newest_ms": null})
    }

    fn back(cohort: usize, period: usize, profiles: i64) -> Json {
        // 2026-11-03T10:00:00Z
        json!({"cohort": cohort, "period": period, "profiles": profiles, "newest_ms": 1_793_700_000_000_i64})
    }

    /// U1 active D0, D1, D2; U2 D0, D2; U3 D0; U4 D1, D2; U5 D1.
    const DAYS: [&str; 3] = ["2026-11-01", "2026-11-02", "2026-11-03"];

    fn golden(criterion: &str, rows: Json) -> crate::testing::Done {
        let [d0, _, d2] = DAYS;
        Asked::of(
            "get_retention_cohort",
            json!({"interval": "day", "periods": 3, "criterion": criterion, "startDate": d0, "endDate": d2, "includeAnonymous": true}),
        )
        .rows(rows)
        .go()
    }

    #[test]
    fn the_golden_cohorts_that_come_back_on_a_day() {
        let asked = golden(
            "on",
            json!([
                size(0, 3),
                back(0, 0, 3),
                back(0, 1, 1),
                back(0, 2, 2),
                size(1, 2),
                back(1, 1, 2),
                back(1, 2, 1),
            ]),
        );
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT cohort, period, count(*) AS profiles, max(last_ms) AS newest_ms FROM (SELECT told['cohort'] AS cohort, told['period'] AS period, told['last_ms'] AS last_ms FROM (SELECT unnest(returns) AS told FROM (SELECT cohort_returns(at_ms, CAST(marks AS BIGINT), make_array(1793491200000, 1793577600000, 1793664000000, 1793750400000, 1793836800000, 1793923200000), CAST(3 AS BIGINT), 'each_begins') AS returns FROM (SELECT identity(profile_id) AS profile, CAST(arrow_cast(timestamp, 'Timestamp(Millisecond, Some("UTC"))') AS BIGINT) AS at_ms, CASE WHEN TRUE THEN 1 ELSE 0 END + CASE WHEN TRUE THEN 2 ELSE 0 END AS marks FROM events WHERE timestamp < $1 AND profile_id <> '') AS marked GROUP BY profile) AS profiles) AS returned) AS members GROUP BY cohort, period
          [TimestampMs(1793923200000)]
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
        // By the last day each was active on.
        let asked = golden(
            "onOrAfter",
            json!([
                size(0, 3),
                back(0, 0, 1),
                back(0, 2, 2),
                size(1, 2),
                back(1, 1, 1),
                back(1, 2, 1),
            ]),
        );
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT cohort, period, count(*) AS profiles, max(last_ms) AS newest_ms FROM (SELECT told['cohort'] AS cohort, told['period'] AS period, told['last_ms'] AS last_ms FROM (SELECT unnest(returns) AS told FROM (SELECT cohort_returns(at_ms, CAST(marks AS BIGINT), make_array(1793491200000, 1793577600000, 1793664000000, 1793750400000, 1793836800000, 1793923200000, 1795176000001), CAST(3 AS BIGINT), 'last') AS returns FROM (SELECT identity(profile_id) AS profile, CAST(arrow_cast(timestamp, 'Timestamp(Millisecond, Some("UTC"))') AS BIGINT) AS at_ms, CASE WHEN TRUE THEN 1 ELSE 0 END + CASE WHEN TRUE THEN 2 ELSE 0 END AS marks FROM events WHERE timestamp < $1 AND profile_id <> '') AS marked GROUP BY profile) AS profiles) AS returned) AS members GROUP BY cohort, period
          [TimestampMs(1795176000001)]
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
        .rows(json!([
            size(10, 100),
            back(10, 10, 100),
            back(10, 11, 3),
            size(11, 80),
        ]))
        .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT cohort, period, count(*) AS profiles, max(last_ms) AS newest_ms FROM (SELECT told['cohort'] AS cohort, told['period'] AS period, told['last_ms'] AS last_ms FROM (SELECT unnest(returns) AS told FROM (SELECT cohort_returns(at_ms, CAST(marks AS BIGINT), make_array(1788134400000, 1788739200000, 1789344000000, 1789948800000, 1790553600000, 1791158400000, 1791763200000, 1792368000000, 1792972800000, 1793577600000, 1794182400000, 1794787200000, 1795392000000), CAST(12 AS BIGINT), 'each') AS returns FROM (SELECT identity(profile_id) AS profile, CAST(arrow_cast(timestamp, 'Timestamp(Millisecond, Some("UTC"))') AS BIGINT) AS at_ms, CASE WHEN name IN ($1) THEN 1 ELSE 0 END + CASE WHEN name IN ($2) THEN 2 ELSE 0 END AS marks FROM events WHERE timestamp < $3 AND profile_id <> '' AND (name IN ($4) OR name IN ($5)) AND profile_id IN (SELECT profile_id FROM profiles WHERE is_identified)) AS marked GROUP BY profile) AS profiles) AS returned) AS members GROUP BY cohort, period
          [Text("signup"), Text("purchase"), TimestampMs(1795392000000), Text("signup"), Text("purchase")]
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
