//! `get_top_pages`: the pages most looked at.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sightline_warehouse::{Query, Sql, Statement, sql};

use crate::answer::Answer;
use crate::compare::{Changes, Compare, Comparison, changes};
use crate::context::Context;
use crate::event_names::SCREEN_VIEW;
use crate::failure::Failure;
use crate::family::{Family, Product, Scope};
use crate::filters::{Conditions, Filters};
use crate::limit::Limit;
use crate::numbers::percent;
use crate::page::{self, Page};
use crate::range::{DateRange, Range};
use crate::tool::{About, Tool};

/// The pages most looked at.
pub(crate) struct GetTopPages;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    #[serde(flatten)]
    range: DateRange,
    #[serde(default)]
    filters: Filters,
    #[serde(default)]
    compare: Compare,
    #[serde(default)]
    limit: Limit<50, 500>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    /// All pages together.
    totals: Measures,
    /// The totals of the earlier range, when `compare` asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<Comparison>,
    /// The pages with the most views.
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
    /// 100 · pageViews / all page views.
    share_percent: f64,
    /// Each measure's earlier value and change, when `compare` asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Changes>,
}

#[derive(Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all(serialize = "camelCase"), default)]
struct Measures {
    /// Screen views.
    page_views: i64,
    /// Distinct profiles that viewed it.
    visitors: i64,
    /// Distinct sessions that viewed it.
    sessions: i64,
}

impl Tool for GetTopPages {
    const ABOUT: About = About {
        name: "get_top_pages",
        title: "Top pages",
        description: "Ranks pages by views, with visitors and sessions. Use get_page_performance for time on page and bounces, \
                      get_entry_exit_pages for where sessions begin.",
        family: Family::Web,
        scope: Some(Scope::Insights),
        products: &[(Product::OpenPanel, "get_top_pages")],
        pages: false,
        needs: None,
        rules: &[
            "A page is an origin and a path, so the same path on two hosts is two pages. `title` is that of its newest view that has one.",
            "`pageViews` are the events named `screen_view` in the range that pass the filters; `visitors` and `sessions` their distinct profiles and sessions, empty ids being nobody and no session.",
            "Sorted by pageViews, then origin and path. `totals` are counted over all pages: a visitor of two pages is one.",
            "A page is compared with the same page in the earlier range, 0 if it was not viewed there.",
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        let range = context.range(&input.range)?;
        let conditions = context.conditions(&input.filters).await?;
        let earlier = input.compare.earlier(&range, context.calendar());
        let views = Views {
            conditions: &conditions,
            context,
        };
        let total: Total = context.row(views.total(&range)).await?;
        let mut rows: Vec<Viewed> = context
            .rows(views.ranked(&range, input.limit.and_one()))
            .await?;
        let more = rows.len() > input.limit.rows();
        rows.truncate(input.limit.rows());
        let pages: Vec<&Page> = rows.iter().map(|row| &row.page).collect();
        let before = match &earlier {
            Some(earlier) => Some(views.before(earlier, &pages).await?),
            None => None,
        };

        let pages = rows
            .iter()
            .map(|row| {
                let then = |before: &Before| {
                    let then = before.pages.get(&row.page).copied().unwrap_or_default();
                    changes(&row.measures, &then)
                };
                Ok(Row {
                    origin: row.page.origin(),
                    path: row.page.path(),
                    title: row.title.clone(),
                    measures: row.measures,
                    share_percent: percent(row.measures.page_views, total.measures.page_views),
                    changes: before.as_ref().map(then).transpose()?,
                })
            })
            .collect::<Result<_, Failure>>()?;
        let comparison = before
            .map(|before| changes(&total.measures, &before.total))
            .transpose()?;
        let output = Output {
            totals: total.measures,
            comparison: Comparison::with(earlier.as_ref(), comparison),
            pages,
        };
        Ok(Answer::of(output)
            .over(&range)
            .through(context.newest(total.newest.as_ref())?)
            .notes(range.note(context.environment.now_ms))
            .ranking(
                &["pages"],
                more,
                input.limit.larger(),
                "Filter by `path` or `origin`.",
            ))
    }
}

#[derive(Deserialize)]
struct Total {
    #[serde(flatten)]
    measures: Measures,
    newest: Option<String>,
}

#[derive(Deserialize)]
struct Viewed {
    #[serde(flatten)]
    page: Page,
    title: Option<String>,
    #[serde(flatten)]
    measures: Measures,
}

/// What was counted in the earlier range.
struct Before {
    total: Measures,
    pages: HashMap<Page, Measures>,
}

/// Page views to count.
struct Views<'a> {
    conditions: &'a Conditions,
    context: &'a Context<'a>,
}

impl Views<'_> {
    async fn before(&self, range: &Range, pages: &[&Page]) -> Result<Before, Failure> {
        let total: Total = self.context.row(self.total(range)).await?;
        let rows: Vec<Viewed> = if pages.is_empty() {
            Vec::new()
        } else {
            self.context.rows(self.of(range, pages)).await?
        };
        Ok(Before {
            total: total.measures,
            pages: rows
                .into_iter()
                .map(|row| (row.page, row.measures))
                .collect(),
        })
    }

    fn total(&self, range: &Range) -> Statement {
        let mut query = self.context.query();
        let (measures, views) = (measures(&query), self.views(&mut query, range));
        query.finish(sql!(
            "SELECT {measures}, max(timestamp) AS newest FROM ({views}) AS views",
            measures,
            views
        ))
    }

    fn ranked(&self, range: &Range, rows: usize) -> Statement {
        let mut query = self.context.query();
        let (measures, views) = (measures(&query), self.views(&mut query, range));
        // The newest view that has a title; ties as in every order.
        let title = query.dialect().latest(
            &Sql::from("title"),
            &Sql::from("CASE WHEN title IS NULL THEN 0 ELSE 1 END, timestamp, title"),
        );
        let (columns, named) = (page::COLUMNS, page::NAMED);
        query.finish(sql!(
            "SELECT {named}, {title} AS title, {measures} FROM ({views}) AS views GROUP BY {columns} \
             ORDER BY page_views DESC, {columns} LIMIT {rows}",
            named,
            title,
            measures,
            views,
            columns,
            rows
        ))
    }

    fn of(&self, range: &Range, pages: &[&Page]) -> Statement {
        let mut query = self.context.query();
        let (measures, views) = (measures(&query), self.views(&mut query, range));
        let among = page::is_any(&mut query, pages);
        let (columns, named) = (page::COLUMNS, page::NAMED);
        query.finish(sql!(
            "SELECT {named}, {measures} FROM ({views}) AS views WHERE {among} GROUP BY {columns}",
            named,
            measures,
            views,
            among,
            columns
        ))
    }

    fn views(&self, query: &mut Query<'_>, range: &Range) -> Sql {
        let page = page::columns();
        let within = range.contains(query, "timestamp");
        let viewed = self
            .context
            .project
            .event_names
            .is_any(query, [SCREEN_VIEW]);
        let filters = self
            .conditions
            .on_events(query, self.context.project, range);
        sql!(
            "SELECT {page}, nullif(title, '') AS title, timestamp, nullif(profile_id, '') AS visitor, \
             nullif(session_id, '') AS visit FROM events WHERE {within} AND {viewed}{filters}",
            page,
            within,
            viewed,
            filters
        )
    }
}

fn measures(query: &Query<'_>) -> Sql {
    let visitors = query.dialect().count_distinct(&Sql::from("visitor"));
    let sessions = query.dialect().count_distinct(&Sql::from("visit"));
    sql!(
        "count(*) AS page_views, {visitors} AS visitors, {sessions} AS sessions",
        visitors,
        sessions
    )
}
