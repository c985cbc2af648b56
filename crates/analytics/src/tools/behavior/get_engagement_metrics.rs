//! `get_engagement_metrics`: how much people who come do.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sightline_warehouse::{InstantMs, Interval, Sql, Statement, sql};

use crate::active_days::{ActiveDays, days_begun};
use crate::answer::Answer;
use crate::compare::{Compare, Comparison, changes};
use crate::context::Context;
use crate::event_names::{NO_CONVERSION, SCREEN_VIEW};
use crate::failure::Failure;
use crate::family::{Family, Product, Scope};
use crate::filters::{Conditions, Filters, LONGEST_SESSION_MS};
use crate::interval::{Every, Series};
use crate::numbers::{mean_seconds, per, percent, rounded};
use crate::range::{DateRange, Range};
use crate::tool::{About, Tool};

/// How much people who come do.
pub(crate) struct GetEngagementMetrics;

/// The days of a monthly active user.
const MONTH_DAYS: u32 = 30;
/// The shortest session that is engaged by its length alone.
const ENGAGED_MS: i64 = 10_000;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    #[serde(flatten)]
    range: DateRange,
    #[serde(default)]
    interval: Every,
    #[serde(default)]
    filters: Filters,
    #[serde(default)]
    compare: Compare,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    /// Width of a bucket of the series.
    interval: Every,
    /// The whole range.
    totals: Measures,
    /// The totals of the earlier range, when `compare` asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<Comparison>,
    /// Every bucket of the range, as far as it has begun.
    series: Vec<Bucket>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Measures {
    /// Distinct profiles with an event.
    active_users: i64,
    /// Mean daily active users, in percent of the users active in the 30 days up to the last day; absent for hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    stickiness_percent: Option<f64>,
    /// Sessions that started.
    sessions: i64,
    /// sessions / activeUsers.
    sessions_per_user: f64,
    /// Screen views / sessions.
    page_views_per_session: f64,
    /// Sessions of at least 10 s, or with two screen views, or with a conversion event.
    engaged_sessions: i64,
    /// 100 · engagedSessions / sessions.
    engagement_rate_percent: f64,
    /// Mean duration of the engaged sessions.
    avg_engaged_seconds: f64,
}

#[derive(Serialize, JsonSchema)]
struct Bucket {
    /// The bucket's name in the project's timezone.
    start: String,
    #[serde(flatten)]
    measures: Measures,
}

impl Tool for GetEngagementMetrics {
    const ABOUT: About = About {
        name: "get_engagement_metrics",
        title: "Engagement",
        description: "Says how much people do: active users, stickiness (DAU/MAU), sessions per user, engaged sessions, over time. \
                      Use get_retention_cohort for whether they come back.",
        family: Family::Behavior,
        scope: Some(Scope::Insights),
        products: &[(Product::OpenPanel, "get_engagement_metrics")],
        pages: false,
        needs: None,
        rules: &[
            "`activeUsers` and page views count events by when they happened; session measures count sessions by when they **started**.",
            "`stickinessPercent` = 100 · mean over the bucket's days of daily active users / distinct users of the 30 days that end with the bucket's last day. Days that have not begun are no days of it.",
            "A session is engaged if it lasts at least 10 s, or has at least 2 screen views, or any event but `screen_view`, `session_start` and `session_end`. `avgEngagedSeconds` is the mean duration of the engaged ones.",
            "Buckets that have not begun are left out. Rates of nothing are 0.",
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        let range = context.range(&input.range)?;
        let conditions = context.conditions(&input.filters).await?;
        let now = Engagement::of(&range, input.interval, &conditions, context).await?;
        let earlier = input.compare.earlier(&range, context.calendar());
        let comparison = match &earlier {
            Some(earlier) => {
                let before = Engagement::of(earlier, input.interval, &conditions, context).await?;
                Some(changes(&now.totals, &before.totals)?)
            }
            None => None,
        };
        let starts = now
            .starts
            .iter()
            .map(|start| context.calendar().rfc3339(*start))
            .collect();
        let output = Output {
            interval: input.interval,
            totals: now.totals,
            comparison: Comparison::with(earlier.as_ref(), comparison),
            series: now.series,
        };
        Ok(Answer::of(output)
            .over(&range)
            .through(now.newest)
            .notes(range.note(context.environment.now_ms))
            .series(
                &["series"],
                starts,
                "A coarser `interval` needs fewer rows.",
            ))
    }
}

struct Engagement {
    totals: Measures,
    series: Vec<Bucket>,
    starts: Vec<InstantMs>,
    newest: Option<InstantMs>,
}

#[derive(Clone, Default, Deserialize)]
struct OfEvents {
    users: i64,
    page_views: Option<i64>,
    newest: Option<String>,
}

#[derive(Clone, Copy, Default, Deserialize)]
struct OfSessions {
    sessions: i64,
    engaged: Option<i64>,
    engaged_ms: Option<i64>,
}

impl OfSessions {
    fn and(self, other: Self) -> Self {
        let sum =
            |one: Option<i64>, other: Option<i64>| Some(one.unwrap_or(0) + other.unwrap_or(0));
        Self {
            sessions: self.sessions + other.sessions,
            engaged: sum(self.engaged, other.engaged),
            engaged_ms: sum(self.engaged_ms, other.engaged_ms),
        }
    }
}

#[derive(Deserialize)]
struct Row<T> {
    bucket: String,
    #[serde(flatten)]
    of: T,
}

impl Engagement {
    async fn of(
        range: &Range,
        every: Every,
        conditions: &Conditions,
        context: &Context<'_>,
    ) -> Result<Self, Failure> {
        let calendar = context.calendar();
        let starts: Vec<InstantMs> = every
            .buckets(range, calendar)?
            .into_iter()
            .filter(|start| *start <= context.asked_at_ms)
            .collect();
        let total: OfEvents = context
            .row(events(range, None, conditions, context))
            .await?;
        let by_bucket: Vec<Row<OfEvents>> = context
            .rows(events(range, Some(every), conditions, context))
            .await?;
        let sessions: Vec<Row<OfSessions>> = context
            .rows(sessions(range, every, conditions, context))
            .await?;
        let stickiness = if every == Every::Hour {
            None
        } else {
            Stickiness::of(range, conditions, context).await?
        };

        let all = sessions
            .iter()
            .fold(OfSessions::default(), |sum, row| sum.and(row.of));
        let events = Series::new(by_bucket.into_iter().map(|row| (row.bucket, row.of)))?;
        let sessions = Series::new(sessions.into_iter().map(|row| (row.bucket, row.of)))?;
        let series = starts
            .iter()
            .map(|start| {
                let end = calendar.next_bucket_start(*start, every.interval());
                let sticky = stickiness
                    .as_ref()
                    .map(|stickiness| stickiness.within(*start, end, context));
                Bucket {
                    start: calendar.label(*start, every.interval()),
                    measures: Measures::of(&events.at(*start), sessions.at(*start), sticky),
                }
            })
            .collect();
        let sticky = stickiness
            .as_ref()
            .map(|stickiness| stickiness.within(range.start_ms, range.end_ms, context));
        Ok(Self {
            totals: Measures::of(&total, all, sticky),
            series,
            starts,
            newest: context.newest(total.newest.as_ref())?,
        })
    }
}

impl Measures {
    fn of(events: &OfEvents, sessions: OfSessions, stickiness_percent: Option<f64>) -> Self {
        let engaged = sessions.engaged.unwrap_or(0);
        Self {
            active_users: events.users,
            stickiness_percent,
            sessions: sessions.sessions,
            sessions_per_user: per(sessions.sessions, events.users),
            page_views_per_session: per(events.page_views.unwrap_or(0), sessions.sessions),
            engaged_sessions: engaged,
            engagement_rate_percent: percent(engaged, sessions.sessions),
            avg_engaged_seconds: mean_seconds(sessions.engaged_ms.unwrap_or(0), engaged),
        }
    }
}

/// Daily and monthly active users of the days of a range.
struct Stickiness {
    days: Vec<NaiveDate>,
    active: ActiveDays,
}

impl Stickiness {
    async fn of(
        range: &Range,
        conditions: &Conditions,
        context: &Context<'_>,
    ) -> Result<Option<Self>, Failure> {
        let days = days_begun(range, context);
        let (Some(first), Some(last)) = (days.first().copied(), days.last().copied()) else {
            return Ok(None);
        };
        Ok(Some(Self {
            active: ActiveDays::of(first, last, MONTH_DAYS, conditions, context).await?,
            days,
        }))
    }

    /// Of the days that begin in `[start_ms, end_ms)` or hold its start.
    fn within(&self, start_ms: InstantMs, end_ms: InstantMs, context: &Context<'_>) -> f64 {
        let calendar = context.calendar();
        let days: Vec<NaiveDate> = calendar
            .buckets(start_ms, end_ms, Interval::Day)
            .into_iter()
            .map(|start| calendar.date_of(start))
            .filter(|date| self.days.contains(date))
            .collect();
        let (Some(last), count) = (days.last(), days.len()) else {
            return 0.0;
        };
        let daily: i64 = days.iter().filter_map(|date| self.active.on(*date)).sum();
        match self.active.within(*last).unwrap_or(0) {
            0 => 0.0,
            monthly => rounded(100.0 * daily as f64 / (count as f64 * monthly as f64)),
        }
    }
}

fn events(
    range: &Range,
    every: Option<Every>,
    conditions: &Conditions,
    context: &Context<'_>,
) -> Statement {
    let mut query = context.query();
    let users = query
        .dialect()
        .count_distinct(&Sql::from("nullif(profile_id, '')"));
    let page_view = context
        .project
        .event_names
        .is_any(&mut query, [SCREEN_VIEW]);
    let measures = sql!(
        "{users} AS users, sum(CASE WHEN {page_view} THEN 1 ELSE 0 END) AS page_views, max(timestamp) AS newest",
        users,
        page_view
    );
    let bucket = every.map(|every| every.bucket(&mut query, context.calendar(), "timestamp"));
    let within = range.contains(&mut query, "timestamp");
    let filters = conditions.on_events(&mut query, context.project, range);
    query.finish(match bucket {
        Some(bucket) => sql!(
            "SELECT {bucket} AS bucket, {measures} FROM events WHERE {within}{filters} GROUP BY bucket",
            bucket,
            measures,
            within,
            filters
        ),
        None => sql!(
            "SELECT {measures} FROM events WHERE {within}{filters}",
            measures,
            within,
            filters
        ),
    })
}

fn sessions(
    range: &Range,
    every: Every,
    conditions: &Conditions,
    context: &Context<'_>,
) -> Statement {
    let mut query = context.query();
    let bucket = every.bucket(&mut query, context.calendar(), "started_at");
    let followed = range
        .lengthened(LONGEST_SESSION_MS)
        .contains(&mut query, "timestamp");
    let viewed = context
        .project
        .event_names
        .is_any(&mut query, NO_CONVERSION);
    let within = range.contains(&mut query, "started_at");
    let filters = conditions.on_sessions(&mut query, context.project, range);
    let dialect = query.dialect();
    let session = dialect.identity(&Sql::from("session_id"));
    let visit = dialect.identity(&Sql::from("visits.session_id"));
    // Only for sessions neither long nor of several views does it matter whether they converted.
    query.finish(sql!(
        "SELECT bucket, count(*) AS sessions, sum(CASE WHEN engaged THEN 1 ELSE 0 END) AS engaged, \
         sum(CASE WHEN engaged THEN duration_ms END) AS engaged_ms FROM \
         (SELECT {bucket} AS bucket, duration_ms, coalesce(duration_ms >= {ENGAGED_MS}, FALSE) OR coalesce(screen_view_count >= 2, FALSE) \
         OR converted.session IS NOT NULL AS engaged FROM (SELECT * FROM sessions WHERE {within}{filters}) AS visits LEFT JOIN \
         (SELECT DISTINCT {session} AS session FROM events WHERE {followed} AND session_id <> '' AND name IS NOT NULL AND NOT ({viewed})) AS converted \
         ON {visit} = converted.session) AS judged GROUP BY bucket",
        bucket,
        ENGAGED_MS,
        within,
        filters,
        session,
        followed,
        viewed,
        visit
    ))
}
