//! `get_funnel`: how many get from one step to the next.

mod step;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use sightline_warehouse::{FunnelRule, MOST_STEPS, Query, Sql, Statement, Value, sql};

use crate::answer::Answer;
use crate::context::Context;
use crate::event_names::unknown_names;
use crate::event_value::{self, EventValue};
use crate::failure::{Failure, Mistake};
use crate::family::{Family, Product, Scope};
use crate::filters::{Conditions, Filters};
use crate::numbers::{percent, rounded};
use crate::range::{DateRange, Range};
use crate::tool::{About, Tool};
use step::Step;

/// How many get from one step to the next.
pub(crate) struct GetFunnel;

const HOUR_MS: i64 = 3_600_000;
/// Values of the breakdown that are told apart.
const MOST_VALUES: usize = 10;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    #[schemars(length(min = 2, max = 10))]
    steps: Vec<Step>,
    /// From first step to last
    #[serde(default = "a_day")]
    #[schemars(range(min = 1, max = 720))]
    window_hours: i64,
    #[serde(default)]
    group_by: GroupBy,
    #[serde(default)]
    strict_order: bool,
    /// Column or properties.KEY, at the first step
    breakdown: Option<String>,
    #[serde(flatten)]
    range: DateRange,
    #[serde(default)]
    filters: Filters,
}

fn a_day() -> i64 {
    24
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(description = "")]
enum GroupBy {
    #[default]
    ProfileId,
    SessionId,
}

impl GroupBy {
    fn column(self) -> &'static str {
        match self {
            Self::ProfileId => "profile_id",
            Self::SessionId => "session_id",
        }
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    /// What is counted: profiles or sessions.
    group_by: GroupBy,
    /// How long the last step may be after the first.
    window_hours: i64,
    /// 100 · last step / first step.
    conversion_rate_percent: f64,
    /// The steps in order.
    steps: Vec<Reached>,
    /// Per value at the first step, the most frequent first: those who reached each step.
    #[serde(skip_serializing_if = "Option::is_none")]
    breakdown: Option<Vec<BrokenDown>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Reached {
    /// The step, from 1.
    step: usize,
    /// Its event.
    event: String,
    /// Its page, if it names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// Who reached it.
    count: i64,
    /// Of those who began.
    percent_of_start: f64,
    /// Of those who reached the step before.
    percent_of_previous: f64,
    /// Who reached the step before and not this one.
    drop_off: i64,
    /// The middle time since the step before; absent at the first step, and where nobody came.
    #[serde(skip_serializing_if = "Option::is_none")]
    median_seconds_from_previous: Option<f64>,
    /// Nowhere are more lost.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    largest_drop_off: bool,
}

#[derive(Serialize, JsonSchema)]
struct BrokenDown {
    /// The value, under the breakdown's name.
    #[serde(flatten)]
    value: Map<String, Json>,
    /// `step1`, `step2`, …: who reached it.
    #[serde(flatten)]
    counts: Map<String, Json>,
    /// 100 · last step / first step.
    #[serde(rename = "conversionRatePercent")]
    conversion_rate_percent: f64,
}

impl Tool for GetFunnel {
    const ABOUT: About = About {
        name: "get_funnel",
        title: "Funnel",
        description: "Counts how many people (or sessions) get through 2 to 10 steps in order, where most drop off, and how long each step takes. \
                      Use get_user_flow when the steps are not known, find_sessions for who dropped off.",
        family: Family::Behavior,
        scope: Some(Scope::Insights),
        products: &[(Product::OpenPanel, "get_funnel")],
        pages: false,
        needs: None,
        rules: &[
            "A step is an event's name or `{event, path, filters}`; `filters` outside of the steps hold for every step.",
            "How far somebody gets is the longest run of steps, from the first, that their events make in order, each step another event, the last at most `windowHours` after the first. Of all attempts the one that gets furthest counts, of those the first to be there, of those the one begun last. Attempts begin in the range; they go on until their window closes, even past the range's end.",
            "Events of the same millisecond count as ordered, unless `strictOrder`: then each step must be later than the one before.",
            "`groupBy` `profile_id` counts people across their sessions, `session_id` sessions; events without that id are nobody's.",
            "`percentOfStart` and `percentOfPrevious` are of the counts; `dropOff` = previous − this; the median time is of those who reached the step, in their counted attempt.",
            event_value::RULE,
            "The breakdown's value is that of the event the counted attempt began with; beyond 10 values the rest is `(other)`.",
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        let range = context.range(&input.range)?;
        check(&input.steps, context)?;
        let breakdown = input
            .breakdown
            .as_deref()
            .map(EventValue::parse)
            .transpose()?;
        let conditions = context.conditions(&input.filters).await?;
        let mut of_steps = Vec::new();
        for step in &input.steps {
            of_steps.push(context.conditions(step.filters()).await?);
        }
        let asked = Asked {
            input: &input,
            range: &range,
            conditions: &conditions,
            of_steps: &of_steps,
            context,
        };
        let rows = context.run(asked.statement(None)).await?.rows;
        let total = Counts::read(rows.first().map(Vec::as_slice), input.steps.len());
        let breakdown = match &breakdown {
            Some(by) => Some(asked.broken_down(by, &total).await?),
            None => None,
        };
        let notes = if total.reached.contains(&0) {
            let names: Vec<String> = input
                .steps
                .iter()
                .map(|step| step.event().to_owned())
                .collect();
            unknown_names(&names, &range, context).await?
        } else {
            Vec::new()
        };
        let newest = context.newest(total.newest.as_ref())?;
        let output = Output {
            group_by: input.group_by,
            window_hours: input.window_hours,
            conversion_rate_percent: total.conversion_rate_percent(),
            steps: total.steps(&input.steps, context),
            breakdown,
        };
        Ok(Answer::of(output)
            .over(&range)
            .through(newest)
            .notes(notes)
            .notes(range.note(context.environment.now_ms)))
    }
}

/// Refuses the same step twice.
fn check(steps: &[Step], context: &Context<'_>) -> Result<(), Mistake> {
    for (place, step) in (1..).zip(steps) {
        if step.event().is_empty() {
            return Err(Mistake::new(format!("Step {place} names no event."))
                .next("`get_event_definitions` lists the events there are."));
        }
        let before = steps.iter().take(place - 1);
        if let Some(earlier) = before
            .zip(1..)
            .find_map(|(other, earlier)| other.is(step, context).then_some(earlier))
        {
            return Err(Mistake::new(format!(
                "Steps {earlier} and {place} are the same (`{}`).",
                step.event()
            ))
            .next(
                "Give each step its own event, or tell equal events apart by `path` or `filters`.",
            ));
        }
    }
    Ok(())
}

/// What was counted of a funnel.
struct Counts {
    reached: Vec<i64>,
    /// Between a step and the one before it, from the second step on.
    median_ms: Vec<Option<f64>>,
    newest: Option<String>,
}

impl Counts {
    /// The cells of a row: counts, then medians, then the newest event.
    fn read(cells: Option<&[Json]>, steps: usize) -> Self {
        let cell = |place: usize| cells.and_then(|cells| cells.get(place));
        let number = |place: usize| cell(place).and_then(Json::as_i64).unwrap_or(0);
        Self {
            reached: (0..steps).map(number).collect(),
            median_ms: (steps..2 * steps - 1)
                .map(|place| cell(place).and_then(Json::as_f64))
                .collect(),
            newest: cell(2 * steps - 1)
                .and_then(Json::as_str)
                .map(str::to_owned),
        }
    }

    fn conversion_rate_percent(&self) -> f64 {
        let end = |count: Option<&i64>| count.copied().unwrap_or(0);
        percent(end(self.reached.last()), end(self.reached.first()))
    }

    fn steps(&self, steps: &[Step], context: &Context<'_>) -> Vec<Reached> {
        let start = self.reached.first().copied().unwrap_or(0);
        let mut told: Vec<Reached> = Vec::with_capacity(steps.len());
        for (place, step) in steps.iter().enumerate() {
            let count = self.reached[place];
            let previous = told.last().map_or(count, |before| before.count);
            let median = place
                .checked_sub(1)
                .and_then(|place| self.median_ms.get(place).copied().flatten());
            told.push(Reached {
                step: place + 1,
                event: context.project.event_names.shown(step.event()).to_owned(),
                path: step.path().map(str::to_owned),
                count,
                percent_of_start: percent(count, start),
                percent_of_previous: percent(count, previous),
                drop_off: previous - count,
                median_seconds_from_previous: median.map(|ms| rounded(ms / 1_000.0)),
                largest_drop_off: false,
            });
        }
        let most = told.iter().map(|step| step.drop_off).max().unwrap_or(0);
        if let Some(step) = told
            .iter_mut()
            .find(|step| most > 0 && step.drop_off == most)
        {
            step.largest_drop_off = true;
        }
        told
    }

    fn broken_down(&self, by: &EventValue, value: &str) -> BrokenDown {
        let counts = (1..)
            .zip(&self.reached)
            .map(|(step, count)| (format!("step{step}"), Json::from(*count)));
        BrokenDown {
            value: [(by.key(), value.into())].into_iter().collect(),
            counts: counts.collect(),
            conversion_rate_percent: self.conversion_rate_percent(),
        }
    }
}

/// A funnel to ask for.
struct Asked<'a> {
    input: &'a Input,
    range: &'a Range,
    conditions: &'a Conditions,
    of_steps: &'a [Conditions],
    context: &'a Context<'a>,
}

impl Asked<'_> {
    /// Those who reached each step, by the value they began with; beyond the most frequent, all others together.
    async fn broken_down(
        &self,
        by: &EventValue,
        total: &Counts,
    ) -> Result<Vec<BrokenDown>, Failure> {
        let rows = self.context.run(self.statement(Some(by))).await?.rows;
        let mut other = total.reached.clone();
        let mut told = Vec::new();
        for cells in rows.iter().take(MOST_VALUES) {
            let (value, counts) = cells.split_at(1.min(cells.len()));
            let counts = Counts {
                reached: Counts::read(Some(counts), self.input.steps.len()).reached,
                median_ms: Vec::new(),
                newest: None,
            };
            for (rest, count) in other.iter_mut().zip(&counts.reached) {
                *rest -= count;
            }
            let value = value.first().and_then(Json::as_str).unwrap_or_default();
            told.push(counts.broken_down(by, value));
        }
        if rows.len() > MOST_VALUES {
            let counts = Counts {
                reached: other,
                median_ms: Vec::new(),
                newest: None,
            };
            told.push(counts.broken_down(by, "(other)"));
        }
        Ok(told)
    }

    /// Counts and medians of all, or counts by the value attempts begin with.
    fn statement(&self, by: Option<&EventValue>) -> Statement {
        let steps = self.of_steps.len();
        let mut query = self.context.query();
        let moments = self.moments(&mut query, by);
        let dialect = query.dialect();
        let rule = FunnelRule {
            steps: u8::try_from(steps).unwrap_or(MOST_STEPS),
            window_ms: self.input.window_hours * HOUR_MS,
            strict: self.input.strict_order,
        };
        let attempt = dialect.funnel(
            &Sql::from("at_ms"),
            &Sql::from("steps"),
            &Sql::from("value"),
            &rule,
        );
        let times = dialect.field(&Sql::from("attempt"), "times");
        let value = dialect.field(&Sql::from("attempt"), "value");
        let places = || 1..=rule.steps;
        let taken = Sql::join(
            places().map(|step| {
                let time = dialect.element(&times, step);
                sql!("{time} AS step_{step}", time, step)
            }),
            ", ",
        );
        let reached = Sql::join(
            places().map(|step| sql!("count(step_{step}) AS reached_{step}", step)),
            ", ",
        );
        let attempts = sql!(
            "SELECT {taken}, {value} AS value, newest FROM \
             (SELECT entity, {attempt} AS attempt, max(timestamp) AS newest FROM ({moments}) AS moments WHERE steps > 0 GROUP BY entity) AS attempts",
            taken,
            value,
            attempt,
            moments
        );
        if by.is_some() {
            let rows = MOST_VALUES + 1;
            return query.finish(sql!(
                "SELECT value, {reached} FROM ({attempts}) AS reached WHERE step_1 IS NOT NULL GROUP BY value \
                 ORDER BY reached_1 DESC, value LIMIT {rows}",
                reached,
                attempts,
                rows
            ));
        }
        let medians = Sql::join(
            places().skip(1).map(|step| {
                let (before, now) = (step - 1, step);
                let gap = sql!("step_{now} - step_{before}", now, before);
                let median = dialect.percentile(&gap, 50);
                sql!("{median} AS gap_{step}", median, step)
            }),
            ", ",
        );
        query.finish(sql!(
            "SELECT {reached}, {medians}, max(newest) AS newest FROM ({attempts}) AS reached",
            reached,
            medians,
            attempts
        ))
    }

    /// The events that can be a step.
    fn moments(&self, query: &mut Query<'_>, by: Option<&EventValue>) -> Sql {
        let reach = self
            .range
            .lengthened(self.input.window_hours.saturating_mul(HOUR_MS));
        let end = query.bind(Value::TimestampMs(self.range.end_ms));
        let mut joins = Vec::new();
        let can_be = Sql::join(
            self.input.steps.iter().zip(self.of_steps).zip(0_u32..).map(
                |((step, conditions), place)| {
                    let is = step.sql(query, conditions, &reach, self.context, &mut joins);
                    // Only what is in the range can begin.
                    let begins = if place == 0 {
                        sql!(" AND timestamp < {end}", end)
                    } else {
                        Sql::default()
                    };
                    let bit = 1_u32 << place;
                    sql!(
                        "CASE WHEN {is}{begins} THEN {bit} ELSE 0 END",
                        is,
                        begins,
                        bit
                    )
                },
            ),
            " + ",
        );
        let ms = query.dialect().epoch_ms(&Sql::from("timestamp"));
        let value = match by {
            Some(by) => by.sql(query, self.context),
            None => Sql::from("CAST(NULL AS VARCHAR)"),
        };
        let within = reach.contains(query, "timestamp");
        let names = self.input.steps.iter().map(Step::event);
        let named = self.context.project.event_names.is_any(query, names);
        let filters = self
            .conditions
            .on_events(query, self.context.project, &reach);
        let id = Sql::from(self.input.group_by.column());
        let identity = query.dialect().identity(&id);
        let joins = Sql::join(joins, "");
        sql!(
            "SELECT {identity} AS entity, {ms} AS at_ms, {can_be} AS steps, {value} AS value, timestamp FROM events{joins} \
             WHERE {within} AND {named} AND {id} <> ''{filters}",
            identity,
            ms,
            can_be,
            value,
            joins,
            within,
            named,
            id,
            filters
        )
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Asked;
    use serde_json::{Value as Json, json};

    const DAY: [&str; 2] = ["2026-11-01", "2026-11-02"];

    fn arguments(mut more: Json) -> Json {
        more["startDate"] = DAY[0].into();
        more["endDate"] = DAY[1].into();
        more
    }

    #[test]
    fn a_funnel_tells_counts_drop_offs_and_times() {
        let asked = Asked::of(
            "get_funnel",
            arguments(json!({"steps": ["$pageview", {"event": "signup", "path": "/o'clock"}, "purchase"]})),
        )
        .cells(json!([[200, 50, 40, 61_500.0, 2_000.5, "2026-11-02T10:00:00Z"]]))
        .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT count(step_1) AS reached_1, count(step_2) AS reached_2, count(step_3) AS reached_3, percentile_cont(CAST(50 AS DOUBLE) / 100.0) WITHIN GROUP (ORDER BY step_2 - step_1) AS gap_2, percentile_cont(CAST(50 AS DOUBLE) / 100.0) WITHIN GROUP (ORDER BY step_3 - step_2) AS gap_3, max(newest) AS newest FROM (SELECT attempt['times'][1] AS step_1, attempt['times'][2] AS step_2, attempt['times'][3] AS step_3, attempt['value'] AS value, newest FROM (SELECT entity, funnel(at_ms, CAST(steps AS BIGINT), value, CAST(3 AS BIGINT), CAST(86400000 AS BIGINT), FALSE) AS attempt, max(timestamp) AS newest FROM (SELECT identity(profile_id) AS entity, CAST(arrow_cast(timestamp, 'Timestamp(Millisecond, Some("UTC"))') AS BIGINT) AS at_ms, CASE WHEN name IN ($2, $3) AND timestamp < $1 THEN 1 ELSE 0 END + CASE WHEN name IN ($4) AND path = $5 THEN 2 ELSE 0 END + CASE WHEN name IN ($6) THEN 4 ELSE 0 END AS steps, CAST(NULL AS VARCHAR) AS value, timestamp FROM events WHERE timestamp >= $7 AND timestamp < $8 AND name IN ($9, $10, $11, $12) AND profile_id <> '') AS moments WHERE steps > 0 GROUP BY entity) AS attempts) AS reached
          [TimestampMs(1793664000000), Text("screen_view"), Text("$pageview"), Text("signup"), Text("/o'clock"), Text("purchase"), TimestampMs(1793491200000), TimestampMs(1793750400000), Text("screen_view"), Text("$pageview"), Text("signup"), Text("purchase")]
        "#);
        insta::assert_snapshot!(asked.text(), @"
        Funnel: Acme (`acme`), 2026-11-01 to 2026-11-02, UTC. Data through 2026-11-02T10:00:00Z.

        groupBy: profile_id · windowHours: 24 · conversionRatePercent: 20

        **steps**

        |step|event|path|count|percentOfStart|percentOfPrevious|dropOff|medianSecondsFromPrevious|largestDropOff|
        |---|---|---|---|---|---|---|---|---|
        |1|screen_view||200|100|100|0|||
        |2|signup|/o'clock|50|25|25|150|61.5|true|
        |3|purchase||40|20|80|10|2||
        ");
        insta::assert_snapshot!(asked.structured(), @r#"
        {
          "project": {
            "id": "acme",
            "name": "Acme"
          },
          "timezone": "UTC",
          "range": {
            "start": "2026-11-01",
            "end": "2026-11-02"
          },
          "groupBy": "profile_id",
          "windowHours": 24,
          "conversionRatePercent": 20.0,
          "steps": [
            {
              "step": 1,
              "event": "screen_view",
              "count": 200,
              "percentOfStart": 100.0,
              "percentOfPrevious": 100.0,
              "dropOff": 0
            },
            {
              "step": 2,
              "event": "signup",
              "path": "/o'clock",
              "count": 50,
              "percentOfStart": 25.0,
              "percentOfPrevious": 25.0,
              "dropOff": 150,
              "medianSecondsFromPrevious": 61.5,
              "largestDropOff": true
            },
            {
              "step": 3,
              "event": "purchase",
              "count": 40,
              "percentOfStart": 20.0,
              "percentOfPrevious": 80.0,
              "dropOff": 10,
              "medianSecondsFromPrevious": 2.0
            }
          ],
          "truncated": false,
          "dataThrough": "2026-11-02T10:00:00Z",
          "notes": []
        }
        "#);
    }

    #[test]
    fn a_breakdown_counts_each_value_and_the_rest_together() {
        let mut rows: Vec<Json> = (0..11).map(|n| json!([format!("v{n}"), 9, 3])).collect();
        rows[0] = json!(["(not set)", 10, 5]);
        let asked = Asked::of(
            "get_funnel",
            arguments(json!({
                "steps": ["a", {"event": "a", "filters": [{"field": "device", "op": "is", "values": ["mobile"]}]}], "windowHours": 1,
                "groupBy": "session_id", "strictOrder": true, "breakdown": "properties.plan",
                "filters": [{"field": "country", "op": "is", "values": ["DE"]}],
            })),
        )
        .cells(json!([[120, 40, null, "2026-11-02T10:00:00Z"]]))
        .cells(Json::Array(rows))
        .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT count(step_1) AS reached_1, count(step_2) AS reached_2, percentile_cont(CAST(50 AS DOUBLE) / 100.0) WITHIN GROUP (ORDER BY step_2 - step_1) AS gap_2, max(newest) AS newest FROM (SELECT attempt['times'][1] AS step_1, attempt['times'][2] AS step_2, attempt['value'] AS value, newest FROM (SELECT entity, funnel(at_ms, CAST(steps AS BIGINT), value, CAST(2 AS BIGINT), CAST(3600000 AS BIGINT), TRUE) AS attempt, max(timestamp) AS newest FROM (SELECT identity(session_id) AS entity, CAST(arrow_cast(timestamp, 'Timestamp(Millisecond, Some("UTC"))') AS BIGINT) AS at_ms, CASE WHEN name IN ($2) AND timestamp < $1 THEN 1 ELSE 0 END + CASE WHEN name IN ($3) AND device IN ($4) THEN 2 ELSE 0 END AS steps, CAST(NULL AS VARCHAR) AS value, timestamp FROM events WHERE timestamp >= $5 AND timestamp < $6 AND name IN ($7) AND session_id <> '' AND country IN ($8)) AS moments WHERE steps > 0 GROUP BY entity) AS attempts) AS reached
          [TimestampMs(1793664000000), Text("a"), Text("a"), Text("mobile"), TimestampMs(1793491200000), TimestampMs(1793667600000), Text("a"), Text("DE")]
        SELECT value, count(step_1) AS reached_1, count(step_2) AS reached_2 FROM (SELECT attempt['times'][1] AS step_1, attempt['times'][2] AS step_2, attempt['value'] AS value, newest FROM (SELECT entity, funnel(at_ms, CAST(steps AS BIGINT), value, CAST(2 AS BIGINT), CAST(3600000 AS BIGINT), TRUE) AS attempt, max(timestamp) AS newest FROM (SELECT identity(session_id) AS entity, CAST(arrow_cast(timestamp, 'Timestamp(Millisecond, Some("UTC"))') AS BIGINT) AS at_ms, CASE WHEN name IN ($2) AND timestamp < $1 THEN 1 ELSE 0 END + CASE WHEN name IN ($3) AND device IN ($4) THEN 2 ELSE 0 END AS steps, coalesce(nullif(property(properties, $5), ''), '(not set)') AS value, timestamp FROM events WHERE timestamp >= $6 AND timestamp < $7 AND name IN ($8) AND session_id <> '' AND country IN ($9)) AS moments WHERE steps > 0 GROUP BY entity) AS attempts) AS reached WHERE step_1 IS NOT NULL GROUP BY value ORDER BY reached_1 DESC, value LIMIT 11
          [TimestampMs(1793664000000), Text("a"), Text("a"), Text("mobile"), Text("plan"), TimestampMs(1793491200000), TimestampMs(1793667600000), Text("a"), Text("DE")]
        "#);
        insta::assert_snapshot!(asked.text(), @"
        Funnel: Acme (`acme`), 2026-11-01 to 2026-11-02, UTC. Data through 2026-11-02T10:00:00Z.

        groupBy: session_id · windowHours: 1 · conversionRatePercent: 33.33

        **steps**

        |step|event|count|percentOfStart|percentOfPrevious|dropOff|largestDropOff|
        |---|---|---|---|---|---|---|
        |1|a|120|100|100|0||
        |2|a|40|33.33|33.33|80|true|

        **breakdown**

        |properties.plan|step1|step2|conversionRatePercent|
        |---|---|---|---|
        |(not set)|10|5|50|
        |v1|9|3|33.33|
        |v2|9|3|33.33|
        |v3|9|3|33.33|
        |v4|9|3|33.33|
        |v5|9|3|33.33|
        |v6|9|3|33.33|
        |v7|9|3|33.33|
        |v8|9|3|33.33|
        |v9|9|3|33.33|
        |(other)|29|8|27.59|
        ");
    }

    #[test]
    fn of_nothing_everything_is_zero_and_unknown_names_are_told() {
        let asked = Asked::of(
            "get_funnel",
            arguments(json!({"steps": ["sign_up", "purchase"]})),
        )
        .cells(json!([[0, 0, null, null]]))
        .cells(json!([["signup"], ["purchase"]]))
        .go();
        insta::assert_snapshot!(asked.text(), @"
        Funnel: Acme (`acme`), 2026-11-01 to 2026-11-02, UTC.

        groupBy: profile_id · windowHours: 24 · conversionRatePercent: 0

        **steps**

        |step|event|count|percentOfStart|percentOfPrevious|dropOff|
        |---|---|---|---|---|---|
        |1|sign_up|0|0|0|0|
        |2|purchase|0|0|0|0|

        Note: No event named `sign_up` occurs in this range. Did you mean `signup`? `get_event_definitions` lists those that do.
        ");
    }

    #[test]
    fn what_cannot_be_is_told() {
        let mistake = |more| Asked::of("get_funnel", arguments(more)).go().mistake();
        insta::assert_snapshot!(mistake(json!({"steps": ["a"]})), @r#"`steps` must be a list of 2 to 10 entries; it is ["a"]."#);
        let eleven: Vec<String> = (0..11).map(|n| format!("e{n}")).collect();
        insta::assert_snapshot!(mistake(json!({"steps": eleven})), @"`steps` must be a list of 2 to 10 entries; it is a list of 11.");
        insta::assert_snapshot!(mistake(json!({"steps": ["screen_view", "b", "$pageview"]})), @"Steps 1 and 3 are the same (`$pageview`). Give each step its own event, or tell equal events apart by `path` or `filters`.");
        insta::assert_snapshot!(mistake(json!({"steps": ["a", "b"], "windowHours": 0})), @"`windowHours` must be a whole number from 1 to 720; it is 0.");
        insta::assert_snapshot!(mistake(json!({"steps": ["a", "b"], "breakdown": "contry"})), @"`contry` is nothing events can be broken down by. Did you mean `country`? Name a column of events such as `country`, `device`, `path` or `utm_source`, or `properties.KEY`; `get_property_definitions` lists both.");
        insta::assert_snapshot!(mistake(json!({"steps": ["a", {"path": "/"}]})), @"`steps[1].event` is missing; it must be text.");
        insta::assert_snapshot!(mistake(json!({"steps": ["a", {"event": "b", "step": 2}]})), @"`step` is not part of `steps[1]`. Allowed: `event`, `path`, `filters`.");
        insta::assert_snapshot!(mistake(json!({"steps": ["a", 7]})), @"The argument `steps[1]` cannot be read: a step is an event's name, or an object with `event` and, if wanted, `path` and `filters`.");
        insta::assert_snapshot!(mistake(json!({"steps": ["a", {"event": "b", "filters": [{"field": "contry", "op": "isSet"}]}]})), @"`contry` is not a field that can be filtered on. Did you mean `country`? Fields are the columns of events and sessions (`get_schema` lists them), `properties.KEY`, `profile.COLUMN`, `profile.properties.KEY`, `group.name`, `group.type` and `group.properties.KEY`.");
    }
}
