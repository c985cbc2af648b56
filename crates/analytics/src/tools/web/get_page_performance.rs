//! `get_page_performance`: how long pages hold people, and whether they go on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sightline_warehouse::{Query, Sql, Statement, sql};

use crate::answer::Answer;
use crate::compare::{Changes, Compare, changes};
use crate::context::Context;
use crate::event_names::SCREEN_VIEW;
use crate::failure::Failure;
use crate::family::{Family, Product, Scope};
use crate::filters::{Conditions, Filters, LONGEST_SESSION_MS};
use crate::limit::Limit;
use crate::numbers::{mean_seconds, percent};
use crate::order::Order;
use crate::page::{self, Page};
use crate::range::{DateRange, Range, RangeShown};
use crate::tool::{About, Tool};

/// How long pages hold people, and whether they go on.
pub(crate) struct GetPagePerformance;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    /// Part of path, origin or title
    search: Option<String>,
    #[serde(default)]
    sort_by: SortBy,
    #[serde(default)]
    order: Order,
    #[serde(flatten)]
    range: DateRange,
    #[serde(default)]
    filters: Filters,
    #[serde(default)]
    compare: Compare,
    #[serde(default)]
    limit: Limit<50, 500>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(description = "")]
enum SortBy {
    #[default]
    Sessions,
    PageViews,
    BounceRate,
    AvgDuration,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    /// The range compared with, when `compare` asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    compared_with: Option<RangeShown>,
    /// The pages in the order asked for.
    pages: Vec<Row>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Row {
    /// The page's scheme and host, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
    /// The page's path; `(not set)` for views that name none.
    path: String,
    /// The title of its newest view that has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(flatten)]
    measures: Measures,
    /// `high_bounce`, `low_engagement`, `good_landing_page`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    signals: Vec<Signal>,
    /// Each measure's earlier value and change, when `compare` asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Changes>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Signal {
    HighBounce,
    LowEngagement,
    GoodLandingPage,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Measures {
    /// Screen views of the page.
    page_views: i64,
    /// Distinct sessions that saw it.
    sessions: i64,
    /// Sessions that entered on it.
    entries: i64,
    /// 100 · those of them with fewer than two screen views / entries; absent without entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    bounce_rate_percent: Option<f64>,
    /// Mean time to the session's next view; absent if there never was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    avg_time_on_page_seconds: Option<f64>,
    /// Mean duration of the sessions that saw it; absent without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    avg_session_duration_seconds: Option<f64>,
}

impl Tool for GetPagePerformance {
    const ABOUT: About = About {
        name: "get_page_performance",
        title: "Page performance",
        description: "Says for each page how long it holds people, how many bounce on it and how long their sessions are, with signals. \
                      Use get_page_conversions for what pages lead to.",
        family: Family::Web,
        scope: Some(Scope::Insights),
        products: &[(Product::OpenPanel, "get_page_performance")],
        pages: false,
        needs: None,
        rules: &[
            "`pageViews` and `sessions` count the screen views in the range that pass the filters, by origin and path.",
            "`avgTimeOnPageSeconds` is the mean time from a view to the next screen view of its session, whatever its page and also after the range's end; a session's last view has no next and is left out. Views at the same millisecond follow in the order of their pages.",
            "`bounceRatePercent` is of the sessions that **entered** on the page: started in the range and pass the filters.",
            "`avgSessionDurationSeconds` is the mean over the sessions that saw the page.",
            "Signals: `high_bounce` above 70 %; `low_engagement` below 60 s on the page; `good_landing_page` below 40 % and above 120 s.",
            "Sorted by `sortBy` (`avgDuration` is `avgSessionDurationSeconds`), pages without a value last, ties by origin and path. `search` ignores case.",
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        let range = context.range(&input.range)?;
        let conditions = context.conditions(&input.filters).await?;
        let earlier = input.compare.earlier(&range, context.calendar());
        let asked = Asked {
            conditions: &conditions,
            context,
        };
        let mut rows: Vec<Seen> = context.rows(asked.ranked(&range, &input)).await?;
        let more = rows.len() > input.limit.rows();
        rows.truncate(input.limit.rows());
        let pages: Vec<&Page> = rows.iter().map(|row| &row.page).collect();
        let before: Option<Vec<Seen>> = match &earlier {
            Some(earlier) if !pages.is_empty() => {
                Some(context.rows(asked.of(earlier, &pages)).await?)
            }
            Some(_) => Some(Vec::new()),
            None => None,
        };
        let mut newest = None;
        let mut shown = Vec::with_capacity(rows.len());
        for row in &rows {
            newest = newest.max(context.newest(row.newest.as_ref())?);
            let measures = row.measures();
            let changes = before
                .as_ref()
                .map(|before| {
                    let then = before.iter().find(|then| then.page == row.page);
                    let then =
                        then.map_or_else(|| Seen::none(&row.page).measures(), Seen::measures);
                    changes(&measures, &then)
                })
                .transpose()?;
            shown.push(Row {
                origin: row.page.origin(),
                path: row.page.path(),
                title: row.title.clone(),
                signals: signals(&measures),
                measures,
                changes,
            });
        }
        let output = Output {
            compared_with: earlier.as_ref().map(Range::shown),
            pages: shown,
        };
        Ok(Answer::of(output)
            .over(&range)
            .through(newest)
            .notes(range.note(context.environment.now_ms))
            .ranking(
                &["pages"],
                more,
                input.limit.larger(),
                "Narrow it with `search`.",
            ))
    }
}

/// What was counted of a page.
#[derive(Deserialize)]
struct Seen {
    #[serde(flatten)]
    page: Page,
    title: Option<String>,
    page_views: i64,
    sessions: i64,
    timed: Option<i64>,
    time_ms: Option<i64>,
    known_sessions: Option<i64>,
    duration_ms: Option<i64>,
    entries: Option<i64>,
    bounced: Option<i64>,
    newest: Option<String>,
}

impl Seen {
    /// A page nobody saw.
    fn none(page: &Page) -> Self {
        Self {
            page: page.clone(),
            title: None,
            page_views: 0,
            sessions: 0,
            timed: None,
            time_ms: None,
            known_sessions: None,
            duration_ms: None,
            entries: None,
            bounced: None,
            newest: None,
        }
    }

    fn measures(&self) -> Measures {
        let mean = |sum_ms: Option<i64>, count: Option<i64>| {
            count
                .filter(|count| *count > 0)
                .map(|count| mean_seconds(sum_ms.unwrap_or(0), count))
        };
        let entries = self.entries.unwrap_or(0);
        Measures {
            page_views: self.page_views,
            sessions: self.sessions,
            entries,
            bounce_rate_percent: (entries > 0).then(|| percent(self.bounced.unwrap_or(0), entries)),
            avg_time_on_page_seconds: mean(self.time_ms, self.timed),
            avg_session_duration_seconds: mean(self.duration_ms, self.known_sessions),
        }
    }
}

fn signals(measures: &Measures) -> Vec<Signal> {
    let (bounce, time) = (
        measures.bounce_rate_percent,
        measures.avg_time_on_page_seconds,
    );
    let mut signals = Vec::new();
    if bounce.is_some_and(|bounce| bounce > 70.0) {
        signals.push(Signal::HighBounce);
    }
    if time.is_some_and(|time| time < 60.0) {
        signals.push(Signal::LowEngagement);
    }
    if bounce.is_some_and(|bounce| bounce < 40.0) && time.is_some_and(|time| time > 120.0) {
        signals.push(Signal::GoodLandingPage);
    }
    signals
}

/// Pages to ask about.
struct Asked<'a> {
    conditions: &'a Conditions,
    context: &'a Context<'a>,
}

impl Asked<'_> {
    /// The first pages in the order asked for, and one more.
    fn ranked(&self, range: &Range, input: &Input) -> Statement {
        let mut query = self.context.query();
        let search = input.search.as_deref().filter(|search| !search.is_empty());
        let among = search.map(|search| {
            let search = query.bind(search);
            let contains = |column| query.dialect().contains(&Sql::from(column), &search);
            let (path, origin) = (contains("page_path"), contains("page_origin"));
            let title = contains("coalesce(title, '')");
            sql!("({path} OR {origin} OR {title})", path, origin, title)
        });
        let among = among.map_or_else(Sql::default, |among| sql!(" WHERE {among}", among));
        let pages = self.pages(&mut query, range);
        let (by, direction) = (input.sort_by.sql(), input.order.sql());
        let (named, columns, rows) = (page::NAMED, page::COLUMNS, input.limit.and_one());
        query.finish(sql!(
            "SELECT {named}, title, page_views, sessions, timed, time_ms, known_sessions, duration_ms, entries, bounced, newest \
             FROM ({pages}) AS pages{among} ORDER BY CASE WHEN {by} IS NULL THEN 1 ELSE 0 END, {by} {direction}, {columns} LIMIT {rows}",
            named,
            pages,
            among,
            by,
            direction,
            columns,
            rows
        ))
    }

    /// These pages.
    fn of(&self, range: &Range, pages: &[&Page]) -> Statement {
        let mut query = self.context.query();
        let among = page::is_any(&mut query, pages);
        let pages = self.pages(&mut query, range);
        let named = page::NAMED;
        query.finish(sql!(
            "SELECT {named}, title, page_views, sessions, timed, time_ms, known_sessions, duration_ms, entries, bounced, newest \
             FROM ({pages}) AS pages WHERE {among}",
            named,
            pages,
            among
        ))
    }

    /// Every page, with what is counted of it.
    fn pages(&self, query: &mut Query<'_>, range: &Range) -> Sql {
        let columns = page::COLUMNS;
        let (titled, timed) = (self.titled(query, range), self.timed(query, range));
        let started = range.contains(query, "started_at");
        let filters = self
            .conditions
            .on_sessions(query, self.context.project, range);
        let entry = page::columns_of("entry_origin", "entry_path");
        sql!(
            "SELECT titled.page_origin AS page_origin, titled.page_path AS page_path, title, page_views, coalesce(sessions, 0) AS sessions, \
             timed, time_ms, known_sessions, duration_ms, entries, bounced, newest FROM ({titled}) AS titled LEFT JOIN \
             (SELECT {columns}, count(*) AS sessions, sum(timed) AS timed, sum(time_ms) AS time_ms, count(duration_ms) AS known_sessions, \
             sum(duration_ms) AS duration_ms FROM ({timed}) AS visits GROUP BY {columns}) AS seen \
             ON titled.page_origin = seen.page_origin AND titled.page_path = seen.page_path LEFT JOIN \
             (SELECT {columns}, count(*) AS entries, sum(bounced) AS bounced FROM \
             (SELECT {entry}, CASE WHEN is_bounce THEN 1 ELSE 0 END AS bounced FROM sessions WHERE {started}{filters}) AS entered \
             GROUP BY {columns}) AS entries ON titled.page_origin = entries.page_origin AND titled.page_path = entries.page_path",
            titled,
            columns,
            timed,
            entry,
            started,
            filters
        )
    }

    /// Each page's views in the range that pass the filters, and its newest title.
    fn titled(&self, query: &mut Query<'_>, range: &Range) -> Sql {
        let (page, columns) = (page::columns(), page::COLUMNS);
        let title = query.dialect().latest(
            &Sql::from("title"),
            &Sql::from("CASE WHEN title IS NULL THEN 0 ELSE 1 END, timestamp, coalesce(title, '')"),
        );
        let within = range.contains(query, "timestamp");
        let viewed = self.viewed(query);
        let filters = self
            .conditions
            .on_events(query, self.context.project, range);
        sql!(
            "SELECT {columns}, {title} AS title, count(*) AS page_views, max(timestamp) AS newest FROM \
             (SELECT {page}, nullif(title, '') AS title, timestamp FROM events WHERE {within} AND {viewed}{filters}) AS views GROUP BY {columns}",
            columns,
            title,
            page,
            within,
            viewed,
            filters
        )
    }

    /// Each session's pages, how long it looked at them, and how long it took altogether.
    ///
    /// Sessions and their views are grouped together: to join two groupings, all of one has to be held.
    fn timed(&self, query: &mut Query<'_>, range: &Range) -> Sql {
        let dialect = query.dialect();
        let ms = dialect.epoch_ms(&Sql::from("timestamp"));
        let times = dialect.page_times(
            &Sql::from("at_ms"),
            &Sql::from("counts"),
            &Sql::from("page_origin"),
            &Sql::from("page_path"),
        );
        let each = dialect.unnest_list(&Sql::from("pages"));
        let fields = dialect.fields(
            "page",
            &[
                ("origin", "page_origin"),
                ("path", "page_path"),
                ("timed", "timed"),
                ("time_ms", "time_ms"),
            ],
        );
        let followed = range
            .lengthened(LONGEST_SESSION_MS)
            .contains(query, "timestamp");
        let viewed = self.viewed(query);
        let session = query.dialect().identity(&Sql::from("session_id"));
        let page = page::columns();
        // Sessions may have begun before the range, and are asked for nothing but how long they took.
        let around = range
            .widened_back(LONGEST_SESSION_MS)
            .contains(query, "started_at");
        let started_ms = query.dialect().epoch_ms(&Sql::from("started_at"));
        let within = range.contains(query, "timestamp");
        let mut joins = Vec::new();
        let marks = self
            .conditions
            .marking_events(query, self.context.project, range, &mut joins);
        let joins = Sql::join(joins, "");
        sql!(
            "SELECT duration_ms, {fields} FROM (SELECT duration_ms, {each} AS page FROM \
             (SELECT {times} AS pages, max(duration_ms) AS duration_ms FROM \
             (SELECT {session} AS visit, {page}, {ms} AS at_ms, CASE WHEN {within}{marks} THEN 1 ELSE 0 END AS counts, CAST(NULL AS BIGINT) AS duration_ms \
             FROM events{joins} WHERE {followed} AND {viewed} AND session_id <> '' UNION ALL \
             SELECT {session} AS visit, CAST(NULL AS VARCHAR) AS page_origin, CAST(NULL AS VARCHAR) AS page_path, {started_ms} AS at_ms, \
             CAST(NULL AS BIGINT) AS counts, coalesce(duration_ms, 0) AS duration_ms FROM sessions WHERE {around} AND session_id <> '') AS views \
             GROUP BY visit) AS visits) AS looked",
            fields,
            each,
            times,
            session,
            page,
            ms,
            within,
            marks,
            joins,
            followed,
            viewed,
            started_ms,
            around
        )
    }

    fn viewed(&self, query: &mut Query<'_>) -> Sql {
        self.context
            .project
            .event_names
            .is_any(query, [SCREEN_VIEW])
    }
}

impl SortBy {
    /// What pages are sorted by; null where a page has no such value.
    fn sql(self) -> Sql {
        match self {
            Self::Sessions => Sql::from("sessions"),
            Self::PageViews => Sql::from("page_views"),
            Self::BounceRate => Sql::from("CAST(bounced AS DOUBLE) / entries"),
            Self::AvgDuration => {
                Sql::from("CAST(duration_ms AS DOUBLE) / nullif(known_sessions, 0)")
            }
        }
    }
}
