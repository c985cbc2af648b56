//! `get_rolling_active_users`: for each day, how many were active in the days that end with it.

use std::borrow::Cow;

use chrono::{Days, NaiveDate};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sightline_warehouse::{InstantMs, sql};

use crate::active_days::{ActiveDays, days_begun};
use crate::answer::Answer;
use crate::compare::{Changes, Compare, changes};
use crate::context::Context;
use crate::failure::{Failure, Mistake};
use crate::family::{Family, Product, Scope};
use crate::filters::Filters;
use crate::range::{DateRange, Range, RangeShown};
use crate::tool::{About, Tool};

/// For each day, how many were active in the days that end with it.
pub(crate) struct GetRollingActiveUsers;

/// The longest window.
const MOST_DAYS: u32 = 90;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    days: Window,
    #[serde(flatten)]
    range: DateRange,
    #[serde(default)]
    filters: Filters,
    #[serde(default)]
    compare: Compare,
}

/// A number of days, or its name.
#[derive(Deserialize)]
#[serde(transparent)]
struct Window(Json);

impl Window {
    fn days(&self) -> Result<u32, Mistake> {
        let named = match &self.0 {
            Json::Number(number) => number.as_u64().and_then(|days| u32::try_from(days).ok()),
            Json::String(text) => match text.trim().to_ascii_uppercase().as_str() {
                "DAU" => Some(1),
                "WAU" => Some(7),
                "MAU" => Some(30),
                other => other.parse().ok(),
            },
            _ => None,
        };
        named
            .filter(|days| (1..=MOST_DAYS).contains(days))
            .ok_or_else(|| {
                Mistake::new(format!(
                    "`days` must be a whole number from 1 to {MOST_DAYS}, or `DAU` (1), `WAU` (7) or `MAU` (30); it is {}.",
                    self.0.to_string().chars().take(60).collect::<String>()
                ))
            })
    }
}

impl JsonSchema for Window {
    fn schema_name() -> Cow<'static, str> {
        "Window".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "1 to 90, or DAU, WAU, MAU" })
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    /// Length of the window, in days.
    days: u32,
    /// The range compared with, when `compare` asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    compared_with: Option<RangeShown>,
    /// Every day of the range, as far as it has begun.
    series: Vec<Row>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Row {
    /// The day with which the window ends.
    date: String,
    /// Distinct profiles with an event in the window.
    active_users: i64,
    /// The window reaches before the first data, or its last day is not over.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    partial: bool,
    /// Against the day at the same place of the earlier range, when `compare` asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Changes>,
}

/// What is compared.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Measures {
    active_users: i64,
}

impl Tool for GetRollingActiveUsers {
    const ABOUT: About = About {
        name: "get_rolling_active_users",
        title: "Rolling active users",
        description: "Counts for each day the distinct users of the last N days (DAU, WAU, MAU or any window). \
                      Use get_engagement_metrics for stickiness, get_retention_cohort for who comes back.",
        family: Family::Web,
        scope: Some(Scope::Insights),
        products: &[(Product::OpenPanel, "get_rolling_active_users")],
        pages: false,
        needs: None,
        rules: &[
            "For each day D of the range: distinct profiles with an event in the `days` project days that end with D. Events with an empty profile id are nobody's.",
            "Days that have not begun are left out. `partial` marks windows that reach before the project's first event, and today.",
            "Days are whole, also where the range is given by instants.",
            "`compare` sets each day against the day at the same place of the earlier range.",
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        let days = input.days.days()?;
        let range = context.range(&input.range)?;
        let conditions = context.conditions(&input.filters).await?;
        let earlier = input.compare.earlier(&range, context.calendar());
        let dates = days_begun(&range, context);
        let counted = match (dates.first(), dates.last()) {
            (Some(first), Some(last)) => {
                Some(ActiveDays::of(*first, *last, days, &conditions, context).await?)
            }
            _ => None,
        };
        let before = match &earlier {
            Some(earlier) => {
                let dates = days_begun(earlier, context);
                match (dates.first(), dates.last()) {
                    (Some(first), Some(last)) => {
                        let counts = ActiveDays::of(*first, *last, days, &conditions, context);
                        Some((dates.clone(), counts.await?))
                    }
                    _ => None,
                }
            }
            None => None,
        };

        let covered = covered(context).await?;
        let first_day = covered.map(|(first_ms, _)| context.calendar().date_of(first_ms));
        let today = context.calendar().date_of(context.asked_at_ms);
        let active = |counts: &Option<ActiveDays>, date| {
            counts
                .as_ref()
                .and_then(|counts| counts.within(date))
                .unwrap_or(0)
        };
        let series = dates
            .iter()
            .enumerate()
            .map(|(place, date)| {
                let active_users = active(&counted, *date);
                let then = before.as_ref().and_then(|(dates, counts)| {
                    dates.get(place).and_then(|date| counts.within(*date))
                });
                let changes = then
                    .map(|then| {
                        let now = Measures { active_users };
                        changes(&now, &Measures { active_users: then })
                    })
                    .transpose()?;
                Ok(Row {
                    date: date.to_string(),
                    active_users,
                    partial: *date >= today
                        || first_day.is_some_and(|first| opens(*date, days) < first),
                    changes,
                })
            })
            .collect::<Result<Vec<_>, Failure>>()?;
        let newest = covered
            .map(|(_, last_ms)| last_ms)
            .filter(|last_ms| *last_ms < range.end_ms);
        let starts = dates.iter().map(NaiveDate::to_string).collect();
        let output = Output {
            days,
            compared_with: earlier.as_ref().map(Range::shown),
            series,
        };
        Ok(Answer::of(output)
            .over(&range)
            .through(newest)
            .notes(range.note(context.environment.now_ms))
            .series(&["series"], starts, "Ask for a shorter range."))
    }
}

/// The first day of the window that ends with `date`.
fn opens(date: NaiveDate, days: u32) -> NaiveDate {
    date.checked_sub_days(Days::new(u64::from(days) - 1))
        .unwrap_or(date)
}

#[derive(Deserialize)]
struct Covered {
    first: Option<String>,
    last: Option<String>,
}

/// The project's first and last event.
async fn covered(context: &Context<'_>) -> Result<Option<(InstantMs, InstantMs)>, Failure> {
    let schema = context.schema().await?;
    let known = schema.table("events").and_then(|events| events.covers_ms);
    if known.is_some() {
        return Ok(known);
    }
    // Not every project says so beforehand.
    let statement = context.query().finish(sql!(
        "SELECT min(timestamp) AS first, max(timestamp) AS last FROM events"
    ));
    let row: Covered = context.row(statement).await?;
    Ok(context
        .newest(row.first.as_ref())?
        .zip(context.newest(row.last.as_ref())?))
}
