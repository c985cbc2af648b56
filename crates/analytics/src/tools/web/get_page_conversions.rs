//! `get_page_conversions`: the pages people saw before they converted.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sightline_warehouse::{CONVERSION, Query, Sql, Statement, VIEW, sql};

use crate::answer::Answer;
use crate::compare::{Changes, Compare, Comparison, changes};
use crate::context::Context;
use crate::event_names::{SCREEN_VIEW, unknown_names};
use crate::failure::Failure;
use crate::family::{Family, Product, Scope};
use crate::filters::{Conditions, Filters};
use crate::limit::Limit;
use crate::numbers::percent;
use crate::page::{self, Page};
use crate::range::{DateRange, Range};
use crate::tool::{About, Tool};

/// The pages people saw before they converted.
pub(crate) struct GetPageConversions;

const HOUR_MS: i64 = 3_600_000;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    /// Name of the event that counts as conversion
    #[schemars(length(min = 1))]
    conversion_event: String,
    /// How long before a conversion a view may lie
    #[serde(default = "a_day")]
    #[schemars(range(min = 1, max = 720))]
    window_hours: i64,
    #[serde(flatten)]
    range: DateRange,
    #[serde(default)]
    filters: Filters,
    #[serde(default)]
    compare: Compare,
    #[serde(default)]
    limit: Limit<50, 500>,
}

fn a_day() -> i64 {
    24
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    /// The event that counts as conversion.
    conversion_event: String,
    /// How long before a conversion a view may lie.
    window_hours: i64,
    /// Conversions of the range, whatever was seen before.
    totals: Totals,
    /// The totals of the earlier range, when `compare` asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<Comparison>,
    /// The pages with the most converters.
    pages: Vec<Row>,
}

#[derive(Serialize, JsonSchema)]
struct Totals {
    /// Events of that name.
    conversions: i64,
    /// Distinct profiles with one.
    converters: i64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Row {
    /// The page's scheme and host, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
    /// The page's path; `(not set)` for views that name none.
    path: String,
    #[serde(flatten)]
    measures: Measures,
    /// Each measure's earlier value and change, when `compare` asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Changes>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Measures {
    /// Profiles that viewed it, from `windowHours` before the range to its end.
    viewers: i64,
    /// Those of them who then converted within `windowHours`.
    converters: i64,
    /// 100 · converters / viewers.
    conversion_rate_percent: f64,
}

impl Measures {
    fn of(viewers: i64, converters: i64) -> Self {
        Self {
            viewers,
            converters,
            conversion_rate_percent: percent(converters, viewers),
        }
    }
}

impl Tool for GetPageConversions {
    const ABOUT: About = About {
        name: "get_page_conversions",
        title: "Pages before conversions",
        description: "Ranks pages by how many people viewed them before a conversion. \
                      Use get_funnel for fixed steps, get_user_flow for the way between.",
        family: Family::Web,
        scope: Some(Scope::Insights),
        products: &[(Product::OpenPanel, "get_page_conversions")],
        pages: false,
        needs: None,
        rules: &[
            "A page is credited for a profile that viewed it **before** (not at the same millisecond as) one of the profile's conversions in the range, at most `windowHours` earlier. Views before the range count if inside that window. A profile counts once for a page, however often it viewed or converted, and may count for several pages.",
            "`conversionRatePercent` = 100 · converters / viewers: profiles on both sides. (OpenPanel divides events by profiles.)",
            "`filters` are asked of the views. Events with an empty profile id are nobody's.",
            "Sorted by converters, then origin and path; pages that led to none are left out.",
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        let range = context.range(&input.range)?;
        let conditions = context.conditions(&input.filters).await?;
        let earlier = input.compare.earlier(&range, context.calendar());
        let asked = Asked {
            event: &input.conversion_event,
            window_ms: input.window_hours * HOUR_MS,
            conditions: &conditions,
            context,
        };
        let total: Total = context.row(asked.total(&range)).await?;
        let mut rows: Vec<Credited> = context
            .rows(asked.credited(&range, None, input.limit.and_one()))
            .await?;
        let more = rows.len() > input.limit.rows();
        rows.truncate(input.limit.rows());
        let pages: Vec<&Page> = rows.iter().map(|row| &row.page).collect();
        let viewers = asked.viewers(&range, &pages).await?;
        let before = match &earlier {
            Some(earlier) => Some(asked.before(earlier, &pages).await?),
            None => None,
        };

        let pages = rows
            .iter()
            .map(|row| {
                let viewers = viewers.get(&row.page).copied().unwrap_or(0);
                let measures = Measures::of(viewers, row.converters);
                let changes = before
                    .as_ref()
                    .map(|before| changes(&measures, &before.of(&row.page)))
                    .transpose()?;
                Ok(Row {
                    origin: row.page.origin(),
                    path: row.page.path(),
                    measures,
                    changes,
                })
            })
            .collect::<Result<_, Failure>>()?;
        let totals = total.shown();
        let comparison = before
            .map(|before| changes(&totals, &before.total.shown()))
            .transpose()?;
        let unknown = if total.conversions == 0 {
            unknown_names(
                std::slice::from_ref(&input.conversion_event),
                &range,
                context,
            )
            .await?
        } else {
            Vec::new()
        };
        let newest = context.newest(total.newest.as_ref())?;
        let output = Output {
            conversion_event: input.conversion_event,
            window_hours: input.window_hours,
            totals,
            comparison: Comparison::with(earlier.as_ref(), comparison),
            pages,
        };
        Ok(Answer::of(output)
            .over(&range)
            .through(newest)
            .notes(unknown)
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
    conversions: i64,
    converters: i64,
    newest: Option<String>,
}

impl Total {
    fn shown(&self) -> Totals {
        Totals {
            conversions: self.conversions,
            converters: self.converters,
        }
    }
}

#[derive(Deserialize)]
struct Credited {
    #[serde(flatten)]
    page: Page,
    converters: i64,
}

#[derive(Deserialize)]
struct Viewed {
    #[serde(flatten)]
    page: Page,
    viewers: i64,
}

/// What was counted in the earlier range.
struct Before {
    total: Total,
    converters: HashMap<Page, i64>,
    viewers: HashMap<Page, i64>,
}

impl Before {
    fn of(&self, page: &Page) -> Measures {
        let count = |counts: &HashMap<Page, i64>| counts.get(page).copied().unwrap_or(0);
        Measures::of(count(&self.viewers), count(&self.converters))
    }
}

/// Conversions to ask about.
struct Asked<'a> {
    event: &'a str,
    window_ms: i64,
    conditions: &'a Conditions,
    context: &'a Context<'a>,
}

impl Asked<'_> {
    async fn before(&self, range: &Range, pages: &[&Page]) -> Result<Before, Failure> {
        let total = self.context.row(self.total(range)).await?;
        let credited: Vec<Credited> = if pages.is_empty() {
            Vec::new()
        } else {
            let statement = self.credited(range, Some(pages), pages.len());
            self.context.rows(statement).await?
        };
        Ok(Before {
            total,
            converters: credited
                .into_iter()
                .map(|row| (row.page, row.converters))
                .collect(),
            viewers: self.viewers(range, pages).await?,
        })
    }

    async fn viewers(&self, range: &Range, pages: &[&Page]) -> Result<HashMap<Page, i64>, Failure> {
        if pages.is_empty() {
            return Ok(HashMap::new());
        }
        let mut query = self.context.query();
        let views = self.views(&mut query, range);
        let among = page::is_any(&mut query, pages);
        let viewers = query.dialect().count_distinct(&Sql::from("profile"));
        let (named, columns) = (page::NAMED, page::COLUMNS);
        let statement = query.finish(sql!(
            "SELECT {named}, {viewers} AS viewers FROM ({views}) AS views WHERE {among} GROUP BY {columns}",
            named,
            viewers,
            views,
            among,
            columns
        ));
        let rows: Vec<Viewed> = self.context.rows(statement).await?;
        Ok(rows
            .into_iter()
            .map(|row| (row.page, row.viewers))
            .collect())
    }

    fn total(&self, range: &Range) -> Statement {
        let mut query = self.context.query();
        let converters = query
            .dialect()
            .count_distinct(&Sql::from("nullif(profile_id, '')"));
        let conversions = self.conversions(&mut query, range);
        query.finish(sql!(
            "SELECT count(*) AS conversions, {converters} AS converters, max(timestamp) AS newest FROM events WHERE {conversions}",
            converters,
            conversions
        ))
    }

    /// The first pages by converters; only those of `pages`, where they are named.
    fn credited(&self, range: &Range, pages: Option<&[&Page]>, rows: usize) -> Statement {
        let mut query = self.context.query();
        let views = self.views(&mut query, range);
        let converting = self.conversions(&mut query, range);
        let conversions = self.conversions(&mut query, range);
        let dialect = query.dialect();
        let ms = dialect.epoch_ms(&Sql::from("timestamp"));
        let profile = dialect.identity(&Sql::from("profile_id"));
        let credited = dialect.credited_pages(
            &Sql::from("at_ms"),
            &Sql::from("kinds"),
            &Sql::from("page_origin"),
            &Sql::from("page_path"),
            self.window_ms,
        );
        let each = dialect.unnest_list(&Sql::from("pages"));
        let page = dialect.fields("page", &[("origin", "page_origin"), ("path", "page_path")]);
        let among = pages.map_or_else(Sql::default, |pages| {
            let among = page::is_any(&mut query, pages);
            sql!(" WHERE {among}", among)
        });
        let (named, columns) = (page::NAMED, page::COLUMNS);
        query.finish(sql!(
            "SELECT {named}, count(*) AS converters FROM (SELECT {page} FROM (SELECT {each} AS page FROM (SELECT {credited} AS pages FROM \
             (SELECT profile, page_origin, page_path, at_ms, {VIEW} AS kinds FROM ({views}) AS views \
             WHERE profile IN (SELECT {profile} FROM events WHERE {converting}) UNION ALL \
             SELECT {profile} AS profile, CAST(NULL AS VARCHAR) AS page_origin, CAST(NULL AS VARCHAR) AS page_path, {ms} AS at_ms, {CONVERSION} AS kinds \
             FROM events WHERE {conversions} AND profile_id <> '') AS moments GROUP BY profile) AS profiles) AS credited) AS pages{among} \
             GROUP BY {columns} ORDER BY converters DESC, {columns} LIMIT {rows}",
            named,
            page,
            each,
            credited,
            VIEW,
            views,
            profile,
            converting,
            ms,
            CONVERSION,
            conversions,
            among,
            columns,
            rows
        ))
    }

    /// The views from the window before the range to its end.
    fn views(&self, query: &mut Query<'_>, range: &Range) -> Sql {
        let page = page::columns();
        let ms = query.dialect().epoch_ms(&Sql::from("timestamp"));
        let profile = query.dialect().identity(&Sql::from("profile_id"));
        let reach = range.widened_back(self.window_ms);
        let within = reach.contains(query, "timestamp");
        let viewed = self
            .context
            .project
            .event_names
            .is_any(query, [SCREEN_VIEW]);
        let filters = self
            .conditions
            .on_events(query, self.context.project, &reach);
        sql!(
            "SELECT {profile} AS profile, {page}, {ms} AS at_ms FROM events WHERE {within} AND {viewed} AND profile_id <> ''{filters}",
            profile,
            page,
            ms,
            within,
            viewed,
            filters
        )
    }

    fn conversions(&self, query: &mut Query<'_>, range: &Range) -> Sql {
        let within = range.contains(query, "timestamp");
        let named = self.context.project.event_names.is_any(query, [self.event]);
        sql!("{within} AND {named}", within, named)
    }
}
