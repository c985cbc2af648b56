//! `get_trend`: events over time, measured, broken down, combined.

mod measure;

use std::collections::{BTreeMap, HashMap};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use sightline_warehouse::{InstantMs, Query, Sql, Statement, sql};

use crate::answer::Answer;
use crate::compare::{Changes, Compare, changes};
use crate::context::Context;
use crate::event_names::unknown_names;
use crate::event_value::{self, EventValue};
use crate::failure::{Failure, Mistake};
use crate::family::{Family, Product, Scope};
use crate::filters::{Conditions, Filters};
use crate::formula::{self, Formula};
use crate::interval::{Every, instant};
use crate::limit::Limit;
use crate::numbers::rounded;
use crate::range::{DateRange, Range, RangeShown};
use crate::tool::{About, Tool};
use measure::{Kinds, Measure};

/// Events over time, measured, broken down, combined.
pub(crate) struct GetTrend;

const OTHER: &str = "(other)";
const FORMULA: &str = "formula";

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    #[schemars(length(min = 1, max = 5))]
    series: Vec<Wanted>,
    #[serde(default)]
    interval: Every,
    /// Columns or properties.KEY
    #[serde(default)]
    #[schemars(length(max = 2))]
    breakdown: Vec<String>,
    /// Over A to E, e.g. A/B*100
    formula: Option<String>,
    #[serde(flatten)]
    range: DateRange,
    #[serde(default)]
    filters: Filters,
    #[serde(default)]
    compare: Compare,
    /// Values of the breakdown
    #[serde(default)]
    limit: Limit<10, 50>,
}

/// A series, as it is given.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(description = "")]
struct Wanted {
    event: String,
    #[serde(default)]
    measure: Kinds,
    /// Of sum, avg, …: properties.KEY or revenue
    property: Option<String>,
    #[serde(default)]
    #[schemars(with = "Vec<BTreeMap<String, Json>>")]
    filters: Filters,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    /// Width of a bucket.
    interval: Every,
    /// ISO 4217 code, where a series is of money.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    /// The range compared with, when `compare` asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    compared_with: Option<RangeShown>,
    /// The formula over the whole range, where there is one and no breakdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    formula: Option<Line>,
    /// Each series (of each value), over the whole range.
    series: Vec<Line>,
    /// Every bucket of the range, with the value of each series under its `key`.
    buckets: Vec<Bucket>,
}

/// A line of the chart.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Line {
    /// What it is called in `buckets`.
    key: String,
    /// Its event; absent for the formula.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<String>,
    /// What is measured; absent for the formula.
    #[serde(skip_serializing_if = "Option::is_none")]
    measure: Option<Kinds>,
    /// The value of each breakdown, under its name.
    #[serde(flatten)]
    values: Map<String, Json>,
    /// The measure of the whole range, counted anew; null where it has none.
    total: Option<f64>,
    /// The total's earlier value and change, when `compare` asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Changes>,
}

/// A bucket.
#[derive(Debug, Serialize, JsonSchema)]
struct Bucket {
    /// Its name in the project's timezone.
    start: String,
    /// The measure of each series by its key; null where it has none.
    #[serde(flatten)]
    values: BTreeMap<String, Option<f64>>,
}

impl Tool for GetTrend {
    const ABOUT: About = About {
        name: "get_trend",
        title: "Trend",
        description: "Charts one to five events over time: counts, users, sessions, sums, averages or percentiles of a property, \
                      by up to two breakdowns, combined by a formula. Use for anything over time that get_analytics_overview does not have.",
        family: Family::Behavior,
        scope: Some(Scope::Insights),
        products: &[(Product::OpenPanel, "get_trend")],
        pages: false,
        needs: None,
        rules: &[
            "The first series is `A`, the second `B`, and so on. `measure`: `events`; `users` = distinct non-empty profile ids; `sessions` = distinct sessions; `eventsPerUser` = events / users, events of nobody included; `sum`, `avg`, `min`, `max`, `p50`, `p90` of `property` over the events that have it as a number (percentiles interpolated linearly). `revenue` is in major units.",
            "Buckets and totals are measured each by itself: the users of a range are not the sum of its days'. Where there is nothing, counts and sums are 0, anything else null. Everything has two decimals.",
            event_value::RULE,
            "With a breakdown the `limit` values with the most events (of all series together) are shown, ties by value, all others together as `(other)`; totals and buckets of `(other)` are measured anew as well.",
            formula::RULE,
            "`filters` hold for every series, those of a series for it alone.",
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        let range = context.range(&input.range)?;
        let asked = Asked::of(&input, context).await?;
        let calendar = context.calendar();
        let starts = input.interval.buckets(&range, calendar)?;
        let earlier = input.compare.earlier(&range, calendar);
        let groups = asked.groups(&range).await?;
        let now = asked.measured(&range, &groups, true).await?;
        let before = match &earlier {
            Some(earlier) => Some(asked.measured(earlier, &groups, false).await?),
            None => None,
        };

        let mut lines = Vec::new();
        let mut buckets: Vec<Bucket> = starts
            .iter()
            .map(|start| Bucket {
                start: calendar.label(*start, input.interval.interval()),
                values: BTreeMap::new(),
            })
            .collect();
        let mut formulas = Vec::new();
        for group in &groups.shown {
            let totals: Vec<Option<f64>> = asked.totals(&now, group);
            let then = before.as_ref().map(|before| asked.totals(before, group));
            for (place, series) in asked.series.iter().enumerate() {
                let key = group.key(&letter(place));
                for (bucket, start) in buckets.iter_mut().zip(&starts) {
                    let value = asked.at(&now, place, group, Some(*start));
                    let shown = value.map(|value| series.measure.shown(value, context));
                    bucket.values.insert(key.clone(), shown);
                }
                let shown =
                    |value: Option<f64>| value.map(|value| series.measure.shown(value, context));
                lines.push(Line {
                    key,
                    event: Some(series.event.clone()),
                    measure: Some(series.kind),
                    values: group.named(&asked.breakdown),
                    total: shown(totals[place]),
                    changes: then
                        .as_ref()
                        .map(|then| total_changes(shown(totals[place]), shown(then[place])))
                        .transpose()?,
                });
            }
            if let Some(formula) = &asked.formula {
                let key = group.key(FORMULA);
                for (bucket, start) in buckets.iter_mut().zip(&starts) {
                    let values: Vec<Option<f64>> = (0..asked.series.len())
                        .map(|place| asked.at(&now, place, group, Some(*start)))
                        .collect();
                    let value = formula.value(&values).map(rounded);
                    bucket.values.insert(key.clone(), value);
                }
                let total = formula.value(&totals).map(rounded);
                formulas.push(Line {
                    key,
                    event: None,
                    measure: None,
                    values: group.named(&asked.breakdown),
                    total,
                    changes: then
                        .as_ref()
                        .map(|then| total_changes(total, formula.value(then).map(rounded)))
                        .transpose()?,
                });
            }
        }
        let formula = match formulas.as_slice() {
            [only] if asked.breakdown.is_empty() => Some(only.clone()),
            _ => {
                lines.extend(formulas);
                None
            }
        };

        let mut notes: Vec<String> = range.note(context.environment.now_ms).into_iter().collect();
        let silent: Vec<String> = asked
            .series
            .iter()
            .enumerate()
            .filter(|(place, _)| !now.has_any(*place))
            .map(|(_, series)| series.event.clone())
            .collect();
        notes.extend(unknown_names(&silent, &range, context).await?);
        let is_money = asked.series.iter().any(|series| series.measure.is_money());
        let dates = starts
            .iter()
            .map(|start| calendar.rfc3339(*start))
            .collect();
        let newest = context.newest(now.newest.as_ref())?;
        let output = Output {
            interval: input.interval,
            currency: is_money.then(|| context.project.currency.clone()),
            compared_with: earlier.as_ref().map(Range::shown),
            formula,
            series: lines,
            buckets,
        };
        Ok(Answer::of(output)
            .over(&range)
            .through(newest)
            .notes(notes)
            .series(
                &["buckets"],
                dates,
                "A coarser `interval` needs fewer rows, a smaller `limit` fewer columns.",
            ))
    }
}

/// The letter of the n-th series.
fn letter(place: usize) -> String {
    let letters = ["A", "B", "C", "D", "E"];
    letters.get(place).copied().unwrap_or_default().to_owned()
}

/// A total against an earlier one; what has no value counts as 0.
fn total_changes(now: Option<f64>, then: Option<f64>) -> Result<Changes, Failure> {
    let of = |value: Option<f64>| [("total", value.unwrap_or(0.0))].into_iter().collect();
    let (now, then): (BTreeMap<&str, f64>, BTreeMap<&str, f64>) = (of(now), of(then));
    changes(&now, &then)
}

/// A series that was understood.
struct Series {
    event: String,
    kind: Kinds,
    measure: Measure,
    conditions: Conditions,
}

/// The values that tell one line from another; none without a breakdown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Group(Vec<String>);

impl Group {
    fn key(&self, letter: &str) -> String {
        [letter]
            .into_iter()
            .chain(self.0.iter().map(String::as_str))
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn named(&self, breakdown: &[EventValue]) -> Map<String, Json> {
        breakdown
            .iter()
            .zip(&self.0)
            .map(|(by, value)| (by.key(), value.as_str().into()))
            .collect()
    }
}

/// The groups that are shown, and whether there are others.
struct Groups {
    shown: Vec<Group>,
    told_apart: usize,
}

/// The two numbers a measure is made of: a value, and what it is divided by.
type Pair = (Option<f64>, Option<f64>);

/// A series by its place, a group of it, and a bucket; none: the whole range.
type Place = (usize, Group, Option<InstantMs>);

/// What was measured.
#[derive(Default)]
struct Measured {
    values: HashMap<Place, Pair>,
    newest: Option<String>,
}

impl Measured {
    /// Adds what a part was measured as to the whole.
    fn add(&mut self, whole: Place, part: Pair, of_parts: fn(f64, f64) -> f64) {
        let both = |whole: Option<f64>, part: Option<f64>| match (whole, part) {
            (Some(whole), Some(part)) => Some(of_parts(whole, part)),
            (whole, part) => whole.or(part),
        };
        let (value, over) = self.values.entry(whole).or_default();
        *value = both(*value, part.0);
        *over = both(*over, part.1);
    }

    fn has_any(&self, series: usize) -> bool {
        self.values.keys().any(|(place, ..)| *place == series)
    }
}

/// A trend to ask for.
struct Asked<'a> {
    every: Every,
    series: Vec<Series>,
    breakdown: Vec<EventValue>,
    formula: Option<Formula>,
    limit: usize,
    conditions: Conditions,
    context: &'a Context<'a>,
}

impl<'a> Asked<'a> {
    async fn of(input: &Input, context: &'a Context<'a>) -> Result<Self, Failure> {
        let mut series = Vec::new();
        for wanted in &input.series {
            if wanted.event.is_empty() {
                return Err(Mistake::new("A series names no event.")
                    .next("`get_event_definitions` lists the events there are.")
                    .into());
            }
            series.push(Series {
                event: context.project.event_names.shown(&wanted.event).to_owned(),
                kind: wanted.measure,
                measure: Measure::parse(wanted.measure, wanted.property.as_deref())?,
                conditions: context.conditions(&wanted.filters).await?,
            });
        }
        let breakdown: Vec<EventValue> = input
            .breakdown
            .iter()
            .map(|name| EventValue::parse(name))
            .collect::<Result<_, _>>()?;
        if let [one, other] = breakdown.as_slice()
            && one == other
        {
            return Err(Mistake::new("`breakdown` names the same value twice.")
                .next("Name it once, or two different ones.")
                .into());
        }
        let formula = input
            .formula
            .as_deref()
            .map(|text| Formula::parse(text, series.len()))
            .transpose()?;
        Ok(Self {
            every: input.interval,
            series,
            breakdown,
            formula,
            limit: input.limit.rows(),
            conditions: context.conditions(&input.filters).await?,
            context,
        })
    }

    fn at(
        &self,
        measured: &Measured,
        place: usize,
        group: &Group,
        bucket: Option<InstantMs>,
    ) -> Option<f64> {
        let found = measured.values.get(&(place, group.clone(), bucket));
        let (value, over) = found.copied().unwrap_or_default();
        self.series[place].measure.value(value, over, self.context)
    }

    fn totals(&self, measured: &Measured, group: &Group) -> Vec<Option<f64>> {
        (0..self.series.len())
            .map(|place| self.at(measured, place, group, None))
            .collect()
    }

    /// The values with the most events of all series together.
    async fn groups(&self, range: &Range) -> Result<Groups, Failure> {
        if self.breakdown.is_empty() {
            return Ok(Groups {
                shown: vec![Group(Vec::new())],
                told_apart: 1,
            });
        }
        let mut query = self.context.query();
        let each = Sql::join(
            self.series
                .iter()
                .map(|series| {
                    let (values, from) = self.events(&mut query, series, range);
                    sql!("SELECT {values} FROM {from}", values, from)
                })
                .collect::<Vec<_>>(),
            " UNION ALL ",
        );
        let names = self.value_names();
        let rows = self.limit + 1;
        let statement = query.finish(sql!(
            "SELECT {names} FROM (SELECT {names}, count(*) AS events FROM ({each}) AS events GROUP BY {names}) AS ranked \
             ORDER BY events DESC, {names} LIMIT {rows}",
            names,
            each,
            rows
        ));
        let rows = self.context.run(statement).await?.rows;
        let mut shown: Vec<Group> = rows
            .iter()
            .take(self.limit)
            .map(|cells| Group(cells.iter().map(text).collect()))
            .collect();
        let told_apart = shown.len();
        if rows.len() > self.limit {
            shown.push(self.other());
        }
        Ok(Groups { shown, told_apart })
    }

    fn other(&self) -> Group {
        Group(vec![OTHER.to_owned(); self.breakdown.len()])
    }

    /// Every series of every group, over the range and, if `by_bucket`, in each bucket.
    async fn measured(
        &self,
        range: &Range,
        groups: &Groups,
        by_bucket: bool,
    ) -> Result<Measured, Failure> {
        let mut measured = Measured::default();
        for (place, series) in self.series.iter().enumerate() {
            let of_parts = series.measure.of_parts().filter(|_| by_bucket);
            let widths: &[bool] = match (by_bucket, of_parts) {
                (true, None) => &[false, true],
                (true, Some(_)) => &[true],
                (false, _) => &[false],
            };
            for by_bucket in widths.iter().copied() {
                let statement = self.statement(series, range, groups, by_bucket);
                for cells in self.context.run(statement).await?.rows {
                    let (values, rest) = cells.split_at(self.breakdown.len().min(cells.len()));
                    let group = Group(values.iter().map(text).collect());
                    let number = |at: usize| rest.get(at).and_then(Json::as_f64);
                    let bucket = match rest.get(3).and_then(Json::as_str) {
                        Some(start) => Some(instant(start)?),
                        None => None,
                    };
                    let newest = rest.get(2).and_then(Json::as_str).map(str::to_owned);
                    // Of no events at all there is still one row.
                    if newest.is_none() {
                        continue;
                    }
                    measured.newest = measured.newest.max(newest);
                    let pair = (number(0), number(1));
                    if let Some(of_parts) = of_parts {
                        measured.add((place, group.clone(), None), pair, of_parts);
                    }
                    measured.values.insert((place, group, bucket), pair);
                }
            }
        }
        Ok(measured)
    }

    fn statement(
        &self,
        series: &Series,
        range: &Range,
        groups: &Groups,
        by_bucket: bool,
    ) -> Statement {
        let mut query = self.context.query();
        let counted = series.measure.column(&mut query);
        let bucket = if by_bucket {
            let bucket = self
                .every
                .bucket(&mut query, self.context.calendar(), "timestamp");
            sql!(", {bucket} AS bucket", bucket)
        } else {
            Sql::default()
        };
        let (values, from) = self.events(&mut query, series, range);
        let comma = if self.breakdown.is_empty() { "" } else { ", " };
        let (value, over) = series.measure.aggregates(&query);
        let events = sql!(
            "SELECT {values}{comma}{counted} AS counted, timestamp{bucket} FROM {from}",
            values,
            comma,
            counted,
            bucket,
            from
        );
        let events = self.merged(&mut query, &events, groups, by_bucket);
        let names = self.value_names();
        let bucketed = if by_bucket { ", bucket" } else { "" };
        let by = match (self.breakdown.is_empty(), by_bucket) {
            (true, false) => Sql::default(),
            (true, true) => Sql::from(" GROUP BY bucket"),
            (false, _) => sql!(" GROUP BY {names}{bucketed}", names, bucketed),
        };
        query.finish(sql!(
            "SELECT {names}{comma}{value} AS value, {over} AS divisor, max(timestamp) AS newest{bucketed} FROM ({events}) AS measured{by}",
            names,
            comma,
            value,
            over,
            bucketed,
            events,
            by
        ))
    }

    /// The events with the values of those not shown made one.
    fn merged(&self, query: &mut Query<'_>, events: &Sql, groups: &Groups, by_bucket: bool) -> Sql {
        if self.breakdown.is_empty() {
            return events.clone();
        }
        let is_shown = Sql::join(
            groups.shown[..groups.told_apart].iter().map(|group| {
                let same = group.0.iter().zip(1_u8..).map(|(value, n)| {
                    let value = query.bind(value);
                    sql!("value_{n} = {value}", n, value)
                });
                sql!(
                    "({same})",
                    same = Sql::join(same.collect::<Vec<_>>(), " AND ")
                )
            }),
            " OR ",
        );
        let is_shown = if groups.told_apart == 0 {
            Sql::from("FALSE")
        } else {
            is_shown
        };
        let values = Sql::join(
            (1..=self.breakdown.len()).map(|n| {
                sql!(
                    "CASE WHEN {is_shown} THEN value_{n} ELSE '{OTHER}' END AS value_{n}",
                    is_shown,
                    n,
                    OTHER
                )
            }),
            ", ",
        );
        let bucket = if by_bucket { ", bucket" } else { "" };
        sql!(
            "SELECT {values}, counted, timestamp{bucket} FROM ({events}) AS events",
            values,
            bucket,
            events
        )
    }

    fn value_names(&self) -> Sql {
        Sql::join(
            (1..=self.breakdown.len()).map(|n| sql!("value_{n}", n)),
            ", ",
        )
    }

    /// The values of a series' events, as columns, and where they come from.
    fn events(&self, query: &mut Query<'_>, series: &Series, range: &Range) -> (Sql, Sql) {
        let values = Sql::join(
            self.breakdown
                .iter()
                .zip(1_u8..)
                .map(|(by, n)| {
                    let value = by.sql(query, self.context);
                    sql!("{value} AS value_{n}", value, n)
                })
                .collect::<Vec<_>>(),
            ", ",
        );
        let project = self.context.project;
        let within = range.contains(query, "timestamp");
        let named = project.event_names.is_any(query, [series.event.as_str()]);
        let own = series.conditions.on_events(query, project, range);
        let filters = self.conditions.on_events(query, project, range);
        let from = sql!(
            "events WHERE {within} AND {named}{own}{filters}",
            within,
            named,
            own,
            filters
        );
        (values, from)
    }
}

fn text(cell: &Json) -> String {
    cell.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use crate::testing::Asked;
    use serde_json::{Value as Json, json};

    const NEWEST: &str = "2026-11-02T10:00:00Z";

    fn arguments(mut more: Json) -> Json {
        more["startDate"] = "2026-11-01".into();
        more["endDate"] = "2026-11-02".into();
        more
    }

    #[test]
    fn series_are_measured_whole_and_by_bucket_and_combined() {
        let asked = Asked::of(
            "get_trend",
            arguments(json!({
                "series": [
                    {"event": "purchase"},
                    {"event": "$pageview", "measure": "users", "filters": [{"field": "path", "op": "is", "values": ["/o'clock"]}]},
                ],
                "formula": "A / B * 100", "compare": "previous",
            })),
        )
        .timezone("Europe/Berlin")
        .cells(json!([[5, null, NEWEST, "2026-10-31T23:00:00Z"], [7, null, NEWEST, "2026-11-01T23:00:00Z"]]))
        .cells(json!([[40, null, NEWEST]]))
        .cells(json!([[30, null, NEWEST, "2026-10-31T23:00:00Z"], [20, null, NEWEST, "2026-11-01T23:00:00Z"]]))
        .cells(json!([[6, null, NEWEST]]))
        .cells(json!([[null, null, null]]))
        .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT sum(counted) AS value, CAST(NULL AS BIGINT) AS divisor, max(timestamp) AS newest, bucket FROM (SELECT 1 AS counted, timestamp, bucket_start(timestamp, 'day', $1, 'monday') AS bucket FROM events WHERE timestamp >= $2 AND timestamp < $3 AND name IN ($4)) AS measured GROUP BY bucket
          [Text("Europe/Berlin"), TimestampMs(1793487600000), TimestampMs(1793660400000), Text("purchase")]
        SELECT count(DISTINCT counted) AS value, CAST(NULL AS BIGINT) AS divisor, max(timestamp) AS newest FROM (SELECT nullif(profile_id, '') AS counted, timestamp FROM events WHERE timestamp >= $1 AND timestamp < $2 AND name IN ($3, $4) AND path IN ($5)) AS measured
          [TimestampMs(1793487600000), TimestampMs(1793660400000), Text("screen_view"), Text("$pageview"), Text("/o'clock")]
        SELECT count(DISTINCT counted) AS value, CAST(NULL AS BIGINT) AS divisor, max(timestamp) AS newest, bucket FROM (SELECT nullif(profile_id, '') AS counted, timestamp, bucket_start(timestamp, 'day', $1, 'monday') AS bucket FROM events WHERE timestamp >= $2 AND timestamp < $3 AND name IN ($4, $5) AND path IN ($6)) AS measured GROUP BY bucket
          [Text("Europe/Berlin"), TimestampMs(1793487600000), TimestampMs(1793660400000), Text("screen_view"), Text("$pageview"), Text("/o'clock")]
        SELECT sum(counted) AS value, CAST(NULL AS BIGINT) AS divisor, max(timestamp) AS newest FROM (SELECT 1 AS counted, timestamp FROM events WHERE timestamp >= $1 AND timestamp < $2 AND name IN ($3)) AS measured
          [TimestampMs(1793314800000), TimestampMs(1793487600000), Text("purchase")]
        SELECT count(DISTINCT counted) AS value, CAST(NULL AS BIGINT) AS divisor, max(timestamp) AS newest FROM (SELECT nullif(profile_id, '') AS counted, timestamp FROM events WHERE timestamp >= $1 AND timestamp < $2 AND name IN ($3, $4) AND path IN ($5)) AS measured
          [TimestampMs(1793314800000), TimestampMs(1793487600000), Text("screen_view"), Text("$pageview"), Text("/o'clock")]
        "#);
        insta::assert_snapshot!(asked.text(), @"
        Trend: Acme (`acme`), 2026-11-01 to 2026-11-02, Europe/Berlin. Data through 2026-11-02T11:00:00+01:00.

        interval: day

        **comparedWith** start: 2026-10-30 · end: 2026-10-31

        **formula** key: formula · total: 30

        |measure|earlier|change|
        |---|---|---|
        |total|0|30|

        **series**

        |key|event|measure|total|changes.total.earlier|changes.total.change|changes.total.changePercent|
        |---|---|---|---|---|---|---|
        |A|purchase|events|12|6|6|100|
        |B|screen_view|users|40|0|40||

        **buckets**

        |start|A|B|formula|
        |---|---|---|---|
        |2026-11-01|5|30|16.67|
        |2026-11-02|7|20|35|
        ");
        insta::assert_snapshot!(asked.structured(), @r#"
        {
          "project": {
            "id": "acme",
            "name": "Acme"
          },
          "timezone": "Europe/Berlin",
          "range": {
            "start": "2026-11-01",
            "end": "2026-11-02"
          },
          "interval": "day",
          "comparedWith": {
            "start": "2026-10-30",
            "end": "2026-10-31"
          },
          "formula": {
            "key": "formula",
            "total": 30.0,
            "changes": {
              "total": {
                "earlier": 0.0,
                "change": 30.0,
                "changePercent": null
              }
            }
          },
          "series": [
            {
              "key": "A",
              "event": "purchase",
              "measure": "events",
              "total": 12.0,
              "changes": {
                "total": {
                  "earlier": 6.0,
                  "change": 6.0,
                  "changePercent": 100.0
                }
              }
            },
            {
              "key": "B",
              "event": "screen_view",
              "measure": "users",
              "total": 40.0,
              "changes": {
                "total": {
                  "earlier": 0.0,
                  "change": 40.0,
                  "changePercent": null
                }
              }
            }
          ],
          "buckets": [
            {
              "start": "2026-11-01",
              "A": 5.0,
              "B": 30.0,
              "formula": 16.67
            },
            {
              "start": "2026-11-02",
              "A": 7.0,
              "B": 20.0,
              "formula": 35.0
            }
          ],
          "truncated": false,
          "dataThrough": "2026-11-02T11:00:00+01:00",
          "notes": []
        }
        "#);
    }

    #[test]
    fn values_beyond_the_limit_are_measured_together() {
        let asked = Asked::of(
            "get_trend",
            arguments(json!({
                "series": [{"event": "purchase", "measure": "avg", "property": "revenue"}, {"event": "refund", "measure": "p90", "property": "properties.size"}],
                "interval": "month", "breakdown": ["country", "properties.plan"], "limit": 1, "formula": "A+B",
            })),
        )
        .cells(json!([["DE", "pro"], ["FR", "(not set)"]]))
        .cells(json!([["DE", "pro", 1_999, 2, NEWEST, "2026-11-01T00:00:00Z"], ["(other)", "(other)", 500, 1, NEWEST, "2026-11-01T00:00:00Z"]]))
        .cells(json!([["DE", "pro", 3.456, null, NEWEST]]))
        .cells(json!([["DE", "pro", 3.456, null, NEWEST, "2026-11-01T00:00:00Z"]]))
        .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT value_1, value_2 FROM (SELECT value_1, value_2, count(*) AS events FROM (SELECT coalesce(nullif(country, ''), '(not set)') AS value_1, coalesce(nullif(property(properties, $1), ''), '(not set)') AS value_2 FROM events WHERE timestamp >= $2 AND timestamp < $3 AND name IN ($4) UNION ALL SELECT coalesce(nullif(country, ''), '(not set)') AS value_1, coalesce(nullif(property(properties, $5), ''), '(not set)') AS value_2 FROM events WHERE timestamp >= $6 AND timestamp < $7 AND name IN ($8)) AS events GROUP BY value_1, value_2) AS ranked ORDER BY events DESC, value_1, value_2 LIMIT 2
          [Text("plan"), TimestampMs(1793491200000), TimestampMs(1793664000000), Text("purchase"), Text("plan"), TimestampMs(1793491200000), TimestampMs(1793664000000), Text("refund")]
        SELECT value_1, value_2, sum(counted) AS value, count(counted) AS divisor, max(timestamp) AS newest, bucket FROM (SELECT CASE WHEN (value_1 = $6 AND value_2 = $7) THEN value_1 ELSE '(other)' END AS value_1, CASE WHEN (value_1 = $6 AND value_2 = $7) THEN value_2 ELSE '(other)' END AS value_2, counted, timestamp, bucket FROM (SELECT coalesce(nullif(country, ''), '(not set)') AS value_1, coalesce(nullif(property(properties, $2), ''), '(not set)') AS value_2, revenue AS counted, timestamp, bucket_start(timestamp, 'month', $1, 'monday') AS bucket FROM events WHERE timestamp >= $3 AND timestamp < $4 AND name IN ($5)) AS events) AS measured GROUP BY value_1, value_2, bucket
          [Text("UTC"), Text("plan"), TimestampMs(1793491200000), TimestampMs(1793664000000), Text("purchase"), Text("DE"), Text("pro")]
        SELECT value_1, value_2, percentile_cont(CAST(90 AS DOUBLE) / 100.0) WITHIN GROUP (ORDER BY counted) AS value, CAST(NULL AS BIGINT) AS divisor, max(timestamp) AS newest FROM (SELECT CASE WHEN (value_1 = $6 AND value_2 = $7) THEN value_1 ELSE '(other)' END AS value_1, CASE WHEN (value_1 = $6 AND value_2 = $7) THEN value_2 ELSE '(other)' END AS value_2, counted, timestamp FROM (SELECT coalesce(nullif(country, ''), '(not set)') AS value_1, coalesce(nullif(property(properties, $2), ''), '(not set)') AS value_2, CASE WHEN abs(try_cast(property(properties, $1) AS DOUBLE)) < 1e300 THEN try_cast(property(properties, $1) AS DOUBLE) END AS counted, timestamp FROM events WHERE timestamp >= $3 AND timestamp < $4 AND name IN ($5)) AS events) AS measured GROUP BY value_1, value_2
          [Text("size"), Text("plan"), TimestampMs(1793491200000), TimestampMs(1793664000000), Text("refund"), Text("DE"), Text("pro")]
        SELECT value_1, value_2, percentile_cont(CAST(90 AS DOUBLE) / 100.0) WITHIN GROUP (ORDER BY counted) AS value, CAST(NULL AS BIGINT) AS divisor, max(timestamp) AS newest, bucket FROM (SELECT CASE WHEN (value_1 = $7 AND value_2 = $8) THEN value_1 ELSE '(other)' END AS value_1, CASE WHEN (value_1 = $7 AND value_2 = $8) THEN value_2 ELSE '(other)' END AS value_2, counted, timestamp, bucket FROM (SELECT coalesce(nullif(country, ''), '(not set)') AS value_1, coalesce(nullif(property(properties, $3), ''), '(not set)') AS value_2, CASE WHEN abs(try_cast(property(properties, $1) AS DOUBLE)) < 1e300 THEN try_cast(property(properties, $1) AS DOUBLE) END AS counted, timestamp, bucket_start(timestamp, 'month', $2, 'monday') AS bucket FROM events WHERE timestamp >= $4 AND timestamp < $5 AND name IN ($6)) AS events) AS measured GROUP BY value_1, value_2, bucket
          [Text("size"), Text("UTC"), Text("plan"), TimestampMs(1793491200000), TimestampMs(1793664000000), Text("refund"), Text("DE"), Text("pro")]
        "#);
        insta::assert_snapshot!(asked.text(), @"
        Trend: Acme (`acme`), 2026-11-01 to 2026-11-02, UTC. Data through 2026-11-02T10:00:00Z.

        interval: month · currency: EUR

        **series**

        |key|event|measure|country|properties.plan|total|
        |---|---|---|---|---|---|
        |A DE pro|purchase|avg|DE|pro|9.99|
        |B DE pro|refund|p90|DE|pro|3.46|
        |A (other) (other)|purchase|avg|(other)|(other)|5|
        |B (other) (other)|refund|p90|(other)|(other)||
        |formula DE pro|||DE|pro|13.45|
        |formula (other) (other)|||(other)|(other)||

        **buckets**

        |start|A (other) (other)|A DE pro|B DE pro|formula DE pro|
        |---|---|---|---|---|
        |2026-11|5|9.99|3.46|13.45|
        ");
    }

    #[test]
    fn of_nothing_counts_are_zero_and_the_unknown_is_told() {
        let asked = Asked::of("get_trend", arguments(json!({"series": [{"event": "purchse", "measure": "eventsPerUser"}, {"event": "a", "measure": "max", "property": "properties.x"}]})))
            .cells(json!([[null, 0, null]]))
            .cells(json!([]))
            .cells(json!([]))
            .cells(json!([["purchase"], ["a"]]))
            .go();
        insta::assert_snapshot!(asked.text(), @"
        Trend: Acme (`acme`), 2026-11-01 to 2026-11-02, UTC.

        interval: day

        **series**

        |key|event|measure|total|
        |---|---|---|---|
        |A|purchse|eventsPerUser|0|
        |B|a|max||

        **buckets**

        |start|A|
        |---|---|
        |2026-11-01|0|
        |2026-11-02|0|

        Note: No event named `purchse` occurs in this range. Did you mean `purchase`? `get_event_definitions` lists those that do.
        ");
    }

    #[test]
    fn what_cannot_be_is_told() {
        let mistake = |more| Asked::of("get_trend", arguments(more)).go().mistake();
        let a = || json!({"event": "a"});
        insta::assert_snapshot!(mistake(json!({"series": []})), @"`series` must be a list of objects of 1 to 5 entries; it is [].");
        insta::assert_snapshot!(mistake(json!({"series": vec![a(); 6]})), @"`series` must be a list of objects of 1 to 5 entries; it is a list of 6.");
        insta::assert_snapshot!(mistake(json!({"series": [{"event": ""}]})), @"A series names no event. `get_event_definitions` lists the events there are.");
        insta::assert_snapshot!(mistake(json!({"series": [{"event": "a", "measure": "avg"}]})), @"`sum`, `avg`, `min`, `max`, `p50` and `p90` need a `property`: which number to take. Name `properties.KEY`, `revenue` or `duration_ms`; `get_property_definitions` says which are numbers.");
        insta::assert_snapshot!(mistake(json!({"series": [{"event": "a", "property": "revenue"}]})), @"`property` (`revenue`) only has a meaning with the measures `sum`, `avg`, `min`, `max`, `p50` and `p90`. Leave it out, or name one of those.");
        insta::assert_snapshot!(mistake(json!({"series": [{"event": "a", "measure": "sum", "property": "revenu"}]})), @"`revenu` is no number of an event. Did you mean `revenue`? Write `properties.KEY` for a property, or `revenue`, `duration_ms`, `latitude` or `longitude`.");
        insta::assert_snapshot!(mistake(json!({"series": [a()], "breakdown": ["contry"]})), @"`contry` is nothing events can be broken down by. Did you mean `country`? Name a column of events such as `country`, `device`, `path` or `utm_source`, or `properties.KEY`; `get_property_definitions` lists both.");
        insta::assert_snapshot!(mistake(json!({"series": [a()], "breakdown": ["country", "country"]})), @"`breakdown` names the same value twice. Name it once, or two different ones.");
        insta::assert_snapshot!(mistake(json!({"series": [a()], "formula": "A/B"})), @"`formula`, character 3: there is no series `B`; the last one is `A`.");
        let hours = json!({"series": [a()], "interval": "hour", "startDate": "2025-01-01"});
        insta::assert_snapshot!(Asked::of("get_trend", hours).go().mistake(), @"2025-01-01 to 2026-11-20 has 16536 hours, and one answer holds at most 2400 buckets. Use `interval` `day`, or a range of at most 100 days.");
    }
}
