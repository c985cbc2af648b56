//! What the breakdowns of web traffic share: their inputs but for the dimension, the measures of a row, the answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::answer::Answer;
use crate::breakdown::{Breakdown, Counted, Counts, Dimension, Pair, Rank};
use crate::compare::{Changes, Compare, Comparison};
use crate::context::Context;
use crate::failure::Failure;
use crate::filters::Filters;
use crate::limit::Limit;
use crate::numbers::{mean_seconds, percent};
use crate::range::DateRange;

/// What is counted of each row.
const COUNTED: [Counted; 5] = [
    Counted::Visitors,
    Counted::PageViews,
    Counted::Bounced,
    Counted::Duration,
    Counted::Revenue,
];

/// The order of the rows.
pub(super) const ORDER_RULE: &str =
    "Sorted by sessions, then by name. `sharePercent` is of all sessions of the range.";

/// The inputs besides the dimension.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Asked {
    #[serde(flatten)]
    range: DateRange,
    #[serde(default)]
    filters: Filters,
    #[serde(default)]
    compare: Compare,
    #[serde(default)]
    limit: Limit<25, 500>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    /// ISO 4217 code of `revenue`.
    currency: String,
    /// All sessions of the range.
    totals: Measures,
    /// The totals of the earlier range, when `compare` asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<Comparison>,
    /// The sessions that are in no row because of `limit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    other: Option<Row>,
    /// The values with the most sessions, each under its dimension's name.
    rows: Vec<Row>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Row {
    #[serde(flatten)]
    values: Map<String, Json>,
    #[serde(flatten)]
    measures: Measures,
    /// Each measure's earlier value and change, when `compare` asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Changes>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Measures {
    /// Distinct profiles of the sessions.
    visitors: i64,
    /// Sessions that started.
    sessions: i64,
    /// Screen views in the sessions.
    page_views: i64,
    /// 100 · sessions with fewer than two screen views / sessions.
    bounce_rate_percent: f64,
    /// Mean over all sessions, bounced ones included.
    avg_session_duration_seconds: f64,
    /// Of the sessions, in major units.
    revenue: f64,
    /// 100 · sessions / all sessions of the range.
    #[serde(skip_serializing_if = "Option::is_none")]
    share_percent: Option<f64>,
}

impl Measures {
    /// The measures of a part of `all` sessions, or of all of them.
    fn of(counts: &Counts, all: Option<i64>, context: &Context<'_>) -> Self {
        Self {
            visitors: counts.visitors,
            sessions: counts.sessions,
            page_views: counts.page_views,
            bounce_rate_percent: percent(counts.bounced, counts.sessions),
            avg_session_duration_seconds: mean_seconds(counts.duration_ms, counts.sessions),
            revenue: context.money(counts.revenue),
            share_percent: all.map(|all| percent(counts.sessions, all)),
        }
    }
}

impl Asked {
    /// The sessions of the range by these dimensions.
    pub(super) async fn answer(
        self,
        dimensions: &[Dimension],
        context: &Context<'_>,
    ) -> Result<Answer<Output>, Failure> {
        let range = context.range(&self.range)?;
        let conditions = context.conditions(&self.filters).await?;
        let earlier = self.compare.earlier(&range, context.calendar());
        let breakdown = Breakdown {
            dimensions,
            conditions: &conditions,
            counted: &COUNTED,
            rank: Rank::Sessions,
            limit: self.limit.rows(),
        };
        let groups = breakdown.of(&range, earlier.as_ref(), context).await?;

        let all = groups.total.now.sessions;
        let all_before = groups.total.earlier.unwrap_or_default().sessions;
        let row = |values: Map<String, Json>, pair: &Pair| {
            let measures = Measures::of(&pair.now, Some(all), context);
            let changes = pair.changes(&measures, |earlier| {
                Measures::of(earlier, Some(all_before), context)
            })?;
            Ok::<_, Failure>(Row {
                values,
                measures,
                changes,
            })
        };
        let rows = groups
            .rows
            .iter()
            .map(|(key, pair)| row(key.shown(dimensions, context), pair))
            .collect::<Result<_, _>>()?;
        let other = groups
            .other
            .map(|pair| row(Map::new(), &pair))
            .transpose()?;
        let totals = Measures::of(&groups.total.now, None, context);
        let changes = groups
            .total
            .changes(&totals, |earlier| Measures::of(earlier, None, context))?;
        let notes = groups.notes();
        let output = Output {
            currency: context.project.currency.clone(),
            totals,
            comparison: Comparison::with(earlier.as_ref(), changes),
            other,
            rows,
        };
        Ok(Answer::of(output)
            .over(&range)
            .through(groups.newest)
            .notes(notes)
            .notes(range.note(context.environment.now_ms))
            .ranking(
                &["rows"],
                groups.more,
                self.limit.larger(),
                "Filter for the values of interest.",
            ))
    }
}
