//! `get_weekly_retention_series`: of those active in a week, how many come back the next.

use chrono::Days;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sightline_warehouse::{InstantMs, Interval, Sql, Statement, sql};

use crate::answer::Answer;
use crate::context::Context;
use crate::failure::Failure;
use crate::family::{Family, Product, Scope};
use crate::filters::{Conditions, Filters};
use crate::interval::{Every, Series};
use crate::numbers::percent;
use crate::range::{DateRange, Range};
use crate::tool::{About, Tool};

/// Of those active in a week, how many come back the next.
pub(crate) struct GetWeeklyRetentionSeries;

const DEFAULT_WEEKS: u64 = 26;
/// More than a week and a clock change, less than two weeks.
const A_WEEK_MS: i64 = 10 * 86_400_000;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    #[serde(flatten)]
    range: DateRange,
    #[serde(default)]
    filters: Filters,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The weeks in order.
    weeks: Vec<Week>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Week {
    /// Its first day.
    start: String,
    /// Profiles with an event in it.
    active: i64,
    /// Those of them with an event in the following week.
    retained: i64,
    /// 100 · retained / active; null while the following week is not over.
    retention_percent: Option<f64>,
    /// The following week is not over.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unfinished: bool,
}

impl Tool for GetWeeklyRetentionSeries {
    const ABOUT: About = About {
        name: "get_weekly_retention_series",
        title: "Weekly retention",
        description: "Says week by week how many of the active people were active in the following week too. \
                      Use get_retention_cohort for what becomes of those who began together.",
        family: Family::Behavior,
        scope: Some(Scope::Insights),
        products: &[(Product::OpenPanel, "get_weekly_retention_series")],
        pages: false,
        needs: None,
        rules: &[
            "The weeks that touch the range, each counted whole; by default the last 26 with the current one. Weeks start on Monday unless the project says Sunday.",
            "Active: a non-empty profile id with an event that passes the filters. A week whose following week is not over is marked `unfinished`, and its percentage is null.",
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        let calendar = context.calendar();
        let given = match input.range.is_given() {
            true => context.range(&input.range)?,
            false => {
                let today = calendar.date_of(context.asked_at_ms);
                let first = today
                    .checked_sub_days(Days::new(7 * (DEFAULT_WEEKS - 1)))
                    .unwrap_or(today);
                Range::of_days(first, today, calendar)
            }
        };
        let conditions = context.conditions(&input.filters).await?;
        let starts: Vec<InstantMs> = calendar
            .buckets(given.start_ms, given.end_ms, Interval::Week)
            .into_iter()
            .filter(|start| *start <= context.asked_at_ms)
            .collect();
        let after = |start| calendar.next_bucket_start(start, Interval::Week);
        let (Some(first), Some(last)) = (starts.first().copied(), starts.last().copied()) else {
            return Ok(Answer::of(Output { weeks: Vec::new() })
                .over(&given)
                .notes(given.note(context.environment.now_ms)));
        };
        // The week after the last one says who comes back from it.
        let reach = Range::of_days(
            calendar.date_of(first),
            calendar.date_of(after(after(last)) - 1),
            calendar,
        );
        let rows: Vec<Row> = context
            .rows(statement(&reach, &conditions, context))
            .await?;
        let newest = rows.iter().filter_map(|row| row.newest.as_ref()).max();
        let newest = context.newest(newest)?;
        let counts = Series::new(
            rows.iter()
                .map(|row| (row.week.clone(), (row.active, row.retained.unwrap_or(0)))),
        )?;
        let weeks = starts
            .iter()
            .map(|start| {
                let (active, retained) = counts.at(*start);
                let unfinished = after(after(*start)) > context.asked_at_ms;
                Week {
                    start: calendar.label(*start, Interval::Week),
                    active,
                    retained,
                    retention_percent: (!unfinished).then(|| percent(retained, active)),
                    unfinished,
                }
            })
            .collect();
        let dates = starts
            .iter()
            .map(|start| calendar.date_of(*start).to_string())
            .collect();
        let shown = Range::of_days(
            calendar.date_of(first),
            calendar.date_of(after(last) - 1),
            calendar,
        );
        Ok(Answer::of(Output { weeks })
            .over(&shown)
            .through(newest)
            .series(&["weeks"], dates, "Ask for a shorter range."))
    }
}

#[derive(Deserialize)]
struct Row {
    week: String,
    active: i64,
    retained: Option<i64>,
    newest: Option<String>,
}

/// Per week the profiles active in it, and those whose next active week is the following one.
fn statement(reach: &Range, conditions: &Conditions, context: &Context<'_>) -> Statement {
    let mut query = context.query();
    let week = Every::Week.bucket(&mut query, context.calendar(), "timestamp");
    let within = reach.contains(&mut query, "timestamp");
    let filters = conditions.on_events(&mut query, context.project, reach);
    let dialect = query.dialect();
    let next = dialect.next(
        &Sql::from("week"),
        &Sql::from("profile"),
        &Sql::from("week"),
    );
    let profile = dialect.identity(&Sql::from("profile_id"));
    let ms = |column| dialect.epoch_ms(&Sql::from(column));
    let (week_ms, next_ms) = (ms("week"), ms("next_week"));
    query.finish(sql!(
        "SELECT week, count(*) AS active, sum(CASE WHEN {next_ms} - {week_ms} < {A_WEEK_MS} THEN 1 ELSE 0 END) AS retained, \
         max(newest) AS newest FROM (SELECT week, newest, {next} AS next_week FROM \
         (SELECT {profile} AS profile, {week} AS week, max(timestamp) AS newest FROM events WHERE {within} AND profile_id <> ''{filters} \
         GROUP BY profile, week) AS weeks) AS pairs GROUP BY week",
        next_ms,
        week_ms,
        A_WEEK_MS,
        next,
        profile,
        week,
        within,
        filters
    ))
}

#[cfg(test)]
mod tests {
    use crate::testing::Asked;
    use serde_json::{Value as Json, json};

    fn week(start: &str, active: i64, retained: Json) -> Json {
        json!({"week": start, "active": active, "retained": retained, "newest": "2026-11-19T10:00:00Z"})
    }

    #[test]
    fn weeks_are_whole_and_unfinished_pairs_are_marked() {
        let asked = Asked::of(
            "get_weekly_retention_series",
            json!({"startDate": "2026-10-21", "filters": [{"field": "country", "op": "is", "values": ["DE"]}]}),
        )
        .timezone("Europe/Berlin")
        .rows(json!([
            week("2026-10-18T22:00:00Z", 100, json!(40)),
            week("2026-11-01T23:00:00Z", 50, json!(25)),
            week("2026-11-08T23:00:00Z", 60, json!(10)),
            week("2026-11-15T23:00:00Z", 20, Json::Null),
        ]))
        .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT week, count(*) AS active, sum(CASE WHEN CAST(arrow_cast(next_week, 'Timestamp(Millisecond, Some("UTC"))') AS BIGINT) - CAST(arrow_cast(week, 'Timestamp(Millisecond, Some("UTC"))') AS BIGINT) < 864000000 THEN 1 ELSE 0 END) AS retained, max(newest) AS newest FROM (SELECT week, newest, lead(week) OVER (PARTITION BY profile ORDER BY week) AS next_week FROM (SELECT identity(profile_id) AS profile, bucket_start(timestamp, 'week', $1, 'monday') AS week, max(timestamp) AS newest FROM events WHERE timestamp >= $2 AND timestamp < $3 AND profile_id <> '' AND country IN ($4) GROUP BY profile, week) AS weeks) AS pairs GROUP BY week
          [Text("Europe/Berlin"), TimestampMs(1792360800000), TimestampMs(1795993200000), Text("DE")]
        "#);
        insta::assert_snapshot!(asked.text(), @"
        Weekly retention: Acme (`acme`), 2026-10-19 to 2026-11-22, Europe/Berlin. Data through 2026-11-19T11:00:00+01:00.

        **weeks**

        |start|active|retained|retentionPercent|unfinished|
        |---|---|---|---|---|
        |2026-10-19|100|40|40||
        |2026-10-26|0|0|0||
        |2026-11-02|50|25|50||
        |2026-11-09|60|10||true|
        |2026-11-16|20|0||true|
        ");
    }

    #[test]
    fn by_default_26_weeks() {
        let asked = Asked::of("get_weekly_retention_series", json!({}))
            .rows(json!([]))
            .go();
        assert_eq!(asked.field("weeks").as_array().map(Vec::len), Some(26));
        assert_eq!(
            asked.field("range"),
            json!({"start": "2026-05-25", "end": "2026-11-22"})
        );
    }
}
