//! `get_user_flow`: the ways people take from, to, or between two points.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sightline_warehouse::journey::{END, JourneyMode, JourneyRule, START};
use sightline_warehouse::{Query, Sql, Statement, sql};

use crate::answer::Answer;
use crate::breakdown::{NOT_SET, text_or};
use crate::context::Context;
use crate::event_names::{SCREEN_VIEW, unknown_names};
use crate::failure::{Failure, Mistake};
use crate::family::{Family, Product, Scope};
use crate::filters::{Conditions, Filters, LONGEST_SESSION_MS};
use crate::numbers::percent;
use crate::range::{DateRange, Range};
use crate::tool::{About, Tool};

/// The ways people take from, to, or between two points.
pub(crate) struct GetUserFlow;

const OTHER: &str = "(other)";
const EXIT: &str = "(exit)";
const ENTRY: &str = "(entry)";
/// Events that are no node unless asked for.
const USUALLY_EXCLUDED: [&str; 2] = ["session_start", "session_end"];
const MOST_NAMES: usize = 50;
/// Most different hops that are taken as they are.
const MOST_HOPS: usize = 4_000;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    start_event: Option<String>,
    start_path: Option<String>,
    end_event: Option<String>,
    end_path: Option<String>,
    #[serde(default)]
    mode: Mode,
    /// Default page if the start is one
    nodes: Option<Nodes>,
    #[serde(default = "five")]
    #[schemars(range(min = 2, max = 10))]
    steps: u8,
    /// Most frequent nodes shown per step
    #[serde(default = "five")]
    #[schemars(range(min = 1, max = 20))]
    branches: u8,
    /// Only these nodes
    include: Option<Vec<String>>,
    /// Not these; default session_start, session_end
    exclude: Option<Vec<String>>,
    #[serde(flatten)]
    range: DateRange,
    #[serde(default)]
    filters: Filters,
}

fn five() -> u8 {
    5
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(description = "")]
enum Mode {
    #[default]
    After,
    Before,
    Between,
}

impl Mode {
    fn of_journey(self) -> JourneyMode {
        match self {
            Self::After => JourneyMode::After,
            Self::Before => JourneyMode::Before,
            Self::Between => JourneyMode::Between,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(description = "")]
enum Nodes {
    Event,
    Page,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    /// Which part of a session is shown.
    mode: Mode,
    /// What a node is.
    node_kind: Nodes,
    /// Sessions on the way: those with a start (and an end after it, between).
    sessions: i64,
    /// Per step the nodes with the most sessions, the rest as `(other)`.
    nodes: Vec<Node>,
    /// Where sessions go from each node, ready for a Sankey chart.
    links: Vec<Link>,
}

#[derive(Debug, PartialEq, Serialize, JsonSchema)]
struct Node {
    /// The step, from 1.
    step: u8,
    /// The event or page.
    node: String,
    /// Sessions that are there at this step.
    sessions: i64,
    /// Of all sessions on the way.
    percent: f64,
}

#[derive(Debug, PartialEq, Serialize, JsonSchema)]
struct Link {
    /// The step of the source; the target's is the next one.
    step: u8,
    /// The node they come from; `(entry)` where the way begins.
    source: String,
    /// The node they go to; `(exit)` where the way ends.
    target: String,
    /// Sessions.
    sessions: i64,
}

impl Tool for GetUserFlow {
    const ABOUT: About = About {
        name: "get_user_flow",
        title: "User flow",
        description: "Shows the ways sessions take after, before or between events or pages, step by step with counts (Sankey). \
                      Use when the steps are not known; get_funnel counts known ones.",
        family: Family::Behavior,
        scope: Some(Scope::Insights),
        products: &[(Product::OpenPanel, "get_user_flow")],
        pages: false,
        needs: None,
        rules: &[
            "A session counts once, with the way from its first start in the range (`after`), up to it (`before`), or from it to the first end after it (`between`); a way goes on up to a day past the range, or begins up to a day before it.",
            "Nodes are events' names or pages' paths (of screen views); the start and the end are nodes in any case. Consecutive repeats are one; what happens in the same millisecond is in the order of the nodes' names.",
            "`startPath` and `endPath` are screen views of that path. `include` keeps only these nodes, `exclude` drops some; without `exclude` (an empty list drops nothing) and `include` the events `session_start` and `session_end` are dropped.",
            "Per step the `branches` nodes with the most sessions are shown, ties by name, all others as `(other)`. At every step but the last shown, a node's sessions are the sum of its links, `(exit)` included, where the way ends (at the session's end, or between at the end asked for). Before, the last step is the start, and `(entry)` links lead to where a way begins later than the first step.",
            "`percent` is of all sessions on the way. `filters` hold for every event looked at.",
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        let range = context.range(&input.range)?;
        let start = Point::of(
            "start",
            input.start_event.as_ref(),
            input.start_path.as_ref(),
        )?
        .ok_or_else(|| {
            Mistake::new("`startEvent` or `startPath` is needed: where the ways begin.")
                .next("`get_event_definitions` lists events, `get_top_pages` pages.")
        })?;
        let end = Point::of("end", input.end_event.as_ref(), input.end_path.as_ref())?;
        check_end(input.mode, &start, end.as_ref(), context)?;
        let nodes = input.nodes.unwrap_or(match start {
            Point::Page(_) => Nodes::Page,
            Point::Event(_) => Nodes::Event,
        });
        let conditions = context.conditions(&input.filters).await?;
        let asked = Asked {
            input: &input,
            start: &start,
            end: end.as_ref(),
            nodes,
            range: &range,
            conditions: &conditions,
            context,
        };
        let every: Vec<Hops> = context.rows(asked.every_hop()?).await?;
        let (most, hops) = if every.len() <= MOST_HOPS {
            (most_of(&every, input.branches), every)
        } else {
            // Those between nodes that are not shown are put together where they are counted.
            let most: Vec<Most> = context.rows(asked.most()?).await?;
            let hops = context.rows(asked.hops(&most)?).await?;
            (most, hops)
        };
        let flow = Flow::of(&hops, &most, input.mode, input.steps);
        let mut notes: Vec<String> = range.note(context.environment.now_ms).into_iter().collect();
        if flow.sessions == 0 {
            notes.extend(nothing(&start, end.as_ref(), &range, context).await?);
        }
        let newest = most.iter().filter_map(|row| row.newest.as_ref()).max();
        let newest = context.newest(newest)?;
        Ok(Answer::of(Output {
            mode: input.mode,
            node_kind: nodes,
            sessions: flow.sessions,
            nodes: flow.nodes,
            links: flow.links,
        })
        .over(&range)
        .through(newest)
        .notes(notes))
    }
}

/// A start or an end.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Point {
    Event(String),
    Page(String),
}

impl Point {
    fn of(
        which: &str,
        event: Option<&String>,
        path: Option<&String>,
    ) -> Result<Option<Self>, Mistake> {
        match (event, path) {
            (Some(_), Some(_)) => Err(Mistake::new(format!(
                "`{which}Event` and `{which}Path` are both given."
            ))
            .next("Give one: an event's name, or the path of a page.")),
            (Some(event), None) => Ok(Some(Self::Event(event.clone()))),
            (None, Some(path)) => Ok(Some(Self::Page(path.clone()))),
            (None, None) => Ok(None),
        }
    }

    /// What it is called as a node.
    fn name<'a>(&'a self, context: &'a Context<'_>) -> &'a str {
        match self {
            Self::Event(event) => context.project.event_names.shown(event),
            Self::Page(path) => path,
        }
    }

    /// The condition that an event is it.
    fn sql(&self, query: &mut Query<'_>, context: &Context<'_>) -> Sql {
        let names = &context.project.event_names;
        match self {
            Self::Event(event) => names.is_any(query, [event.as_str()]),
            Self::Page(path) => {
                let viewed = names.is_any(query, [SCREEN_VIEW]);
                let path = query.bind(path);
                sql!("{viewed} AND path = {path}", viewed, path)
            }
        }
    }
}

fn check_end(
    mode: Mode,
    start: &Point,
    end: Option<&Point>,
    context: &Context<'_>,
) -> Result<(), Mistake> {
    match (mode, end) {
        (Mode::Between, None) => Err(Mistake::new(
            "`mode` `between` needs an end: `endEvent` or `endPath`.",
        )
        .next("Or use `after`, which follows sessions to their end.")),
        (Mode::Between, Some(end)) if end.name(context) == start.name(context) => {
            Err(Mistake::new("The start and the end are the same.")
                .next("Give an end that differs from the start, or use `mode` `after`."))
        }
        (Mode::After | Mode::Before, Some(_)) => Err(Mistake::new(
            "`endEvent` and `endPath` only have a meaning with `mode` `between`.",
        )
        .next("Leave the end out, or use `between`.")),
        _ => Ok(()),
    }
}

/// Why there is nothing, as far as it can be told.
async fn nothing(
    start: &Point,
    end: Option<&Point>,
    range: &Range,
    context: &Context<'_>,
) -> Result<Vec<String>, Failure> {
    let mut events = Vec::new();
    let mut notes = Vec::new();
    for point in [Some(start), end].into_iter().flatten() {
        match point {
            Point::Event(event) => events.push(event.clone()),
            Point::Page(path) => notes.push(format!(
                "No session on this way has a screen view of `{path}`, or not in this order. `get_top_pages` lists the pages there are."
            )),
        }
    }
    notes.extend(unknown_names(&events, range, context).await?);
    if notes.is_empty() {
        notes.push("The events occur in this range, but in no session in this order.".into());
    }
    Ok(notes)
}

/// A node among those with the most sessions of a step.
#[derive(Deserialize)]
struct Most {
    step: u8,
    node: String,
    newest: Option<String>,
}

/// Sessions that go from one node to another.
#[derive(Deserialize)]
struct Hops {
    step: u8,
    source: String,
    target: Option<String>,
    first: bool,
    sessions: i64,
    #[serde(default)]
    newest: Option<String>,
}

/// Per step the nodes with the most sessions.
fn most_of(hops: &[Hops], branches: u8) -> Vec<Most> {
    let mut nodes: BTreeMap<(u8, &str), (i64, Option<&String>)> = BTreeMap::new();
    for hop in hops {
        let (sessions, newest) = nodes.entry((hop.step, &hop.source)).or_default();
        *sessions += hop.sessions;
        *newest = (*newest).max(hop.newest.as_ref());
    }
    let mut nodes: Vec<_> = nodes.into_iter().collect();
    nodes.sort_by_key(|((step, node), (sessions, _))| (*step, -sessions, *node));
    nodes
        .chunk_by(|one, other| one.0.0 == other.0.0)
        .flat_map(|of_step| of_step.iter().take(usize::from(branches)))
        .map(|((step, node), (_, newest))| Most {
            step: *step,
            node: (*node).to_owned(),
            newest: newest.cloned(),
        })
        .collect()
}

/// A flow to ask for.
struct Asked<'a> {
    input: &'a Input,
    start: &'a Point,
    end: Option<&'a Point>,
    nodes: Nodes,
    range: &'a Range,
    conditions: &'a Conditions,
    context: &'a Context<'a>,
}

impl Asked<'_> {
    /// Sessions by step, node and next node, or one row more than are taken.
    fn every_hop(&self) -> Result<Statement, Failure> {
        let mut query = self.context.query();
        let hops = self.each_hop(&mut query)?;
        let rows = MOST_HOPS + 1;
        Ok(query.finish(sql!(
            "SELECT step, node AS source, next AS target, begins AS first, count(*) AS sessions, max(newest) AS newest \
             FROM ({hops}) AS hops GROUP BY step, node, next, begins LIMIT {rows}",
            hops,
            rows
        )))
    }

    /// Per step the nodes with the most sessions.
    fn most(&self) -> Result<Statement, Failure> {
        let mut query = self.context.query();
        let hops = self.each_hop(&mut query)?;
        let branches = self.input.branches;
        Ok(query.finish(sql!(
            "SELECT step, node, newest FROM (SELECT step, node, newest, row_number() OVER (PARTITION BY step ORDER BY sessions DESC, node) AS place \
             FROM (SELECT step, node, count(*) AS sessions, max(newest) AS newest FROM ({hops}) AS hops GROUP BY step, node) AS nodes) AS ranked \
             WHERE place <= {branches} ORDER BY step, place",
            hops,
            branches
        )))
    }

    /// Sessions by step, source and target, of which those not among `most` are one.
    fn hops(&self, most: &[Most]) -> Result<Statement, Failure> {
        let mut query = self.context.query();
        let hops = self.each_hop(&mut query)?;
        let source = shown(&mut query, "node", 0, most);
        let target = shown(&mut query, "next", 1, most);
        Ok(query.finish(sql!(
            "SELECT step, source, target, begins AS first, count(*) AS sessions FROM \
             (SELECT step, begins, {source} AS source, CASE WHEN next IS NOT NULL THEN {target} END AS target FROM ({hops}) AS hops) AS shown \
             GROUP BY step, source, target, begins",
            source,
            target,
            hops
        )))
    }

    /// One row for each hop of each session.
    fn each_hop(&self, query: &mut Query<'_>) -> Result<Sql, Failure> {
        let moments = self.moments(query)?;
        let dialect = query.dialect();
        let rule = JourneyRule {
            mode: self.input.mode.of_journey(),
            steps: self.input.steps,
        };
        let journey = dialect.journey(
            &Sql::from("at_ms"),
            &Sql::from("marks"),
            &Sql::from("node"),
            &rule,
        );
        let each = dialect.unnest_list(&Sql::from("way"));
        let fields = dialect.fields(
            "hop",
            &[
                ("step", "step"),
                ("node", "node"),
                ("next", "next"),
                ("first", "begins"),
            ],
        );
        Ok(sql!(
            "SELECT {fields}, newest FROM (SELECT {each} AS hop, newest FROM \
             (SELECT {journey} AS way, max(timestamp) AS newest FROM ({moments}) AS moments GROUP BY session) AS ways) AS each_hop",
            fields,
            each,
            journey,
            moments
        ))
    }

    /// The moments of sessions that have a start.
    fn moments(&self, query: &mut Query<'_>) -> Result<Sql, Failure> {
        let context = self.context;
        let reach = match self.input.mode {
            Mode::Before => self.range.widened_back(LONGEST_SESSION_MS),
            Mode::After | Mode::Between => self.range.lengthened(LONGEST_SESSION_MS),
        };
        let start = self.start.sql(query, context);
        let session = query.dialect().identity(&Sql::from("session_id"));
        let within = self.range.contains(query, "timestamp");
        let filters = self
            .conditions
            .on_events(query, context.project, self.range);
        let having_start = sql!(
            "{session} IN (SELECT DISTINCT {session} FROM events WHERE {within} AND {start} AND session_id <> ''{filters})",
            session,
            within,
            start,
            filters
        );
        let end = match self.end {
            Some(end) => end.sql(query, context),
            None => Sql::from("FALSE"),
        };
        let name = query.bind(self.start.name(context));
        let end_name = query.bind(self.end.map_or("", |end| end.name(context)));
        let node = match self.nodes {
            Nodes::Event => context.project.event_names.shown_sql(query),
            Nodes::Page => text_or("path", NOT_SET),
        };
        let kept = self.kept(query)?;
        let ms = query.dialect().epoch_ms(&Sql::from("timestamp"));
        let around = reach.contains(query, "timestamp");
        let filters = self.conditions.on_events(query, context.project, &reach);
        Ok(sql!(
            "SELECT {session} AS session, timestamp, {ms} AS at_ms, CASE WHEN {start} THEN {name} WHEN {end} THEN {end_name} ELSE {node} END AS node, \
             CASE WHEN {start} AND {within} THEN {START} ELSE 0 END + CASE WHEN {end} THEN {END} ELSE 0 END AS marks FROM events \
             WHERE {around} AND session_id <> '' AND (({kept}) OR ({start}) OR ({end})){filters} AND {having_start}",
            session,
            ms,
            start,
            name,
            end,
            end_name,
            node,
            within,
            START,
            END,
            around,
            kept,
            filters,
            having_start
        ))
    }

    /// The condition that an event is a node, start and end aside.
    fn kept(&self, query: &mut Query<'_>) -> Result<Sql, Failure> {
        let names = &self.context.project.event_names;
        let include =
            listed("include", self.input.include.as_deref())?.filter(|names| !names.is_empty());
        let exclude = listed("exclude", self.input.exclude.as_deref())?;
        let mut conditions = vec![match self.nodes {
            Nodes::Page => names.is_any(query, [SCREEN_VIEW]),
            Nodes::Event => Sql::from("name IS NOT NULL"),
        }];
        let among = |listed: &[String], query: &mut Query<'_>| match self.nodes {
            Nodes::Event => names.is_any(query, listed.iter().map(String::as_str)),
            Nodes::Page => {
                let page = text_or("path", NOT_SET);
                let paths = query.bind_all(listed);
                sql!("{page} IN ({paths})", page, paths)
            }
        };
        if let Some(include) = include {
            conditions.push(among(include, query));
        }
        let usual = USUALLY_EXCLUDED.map(str::to_owned);
        let exclude = match (exclude, self.nodes) {
            (Some(exclude), _) => exclude,
            (None, Nodes::Event) if include.is_none() => &usual,
            (None, _) => &[],
        };
        if !exclude.is_empty() {
            let excluded = among(exclude, query);
            conditions.push(sql!("NOT ({excluded})", excluded));
        }
        Ok(Sql::join(conditions, " AND "))
    }
}

fn listed<'a>(input: &str, names: Option<&'a [String]>) -> Result<Option<&'a [String]>, Mistake> {
    match names {
        Some(names) if names.len() > MOST_NAMES => Err(Mistake::new(format!(
            "`{input}` has {} names; {MOST_NAMES} are the most.",
            names.len()
        ))),
        names => Ok(names),
    }
}

/// A node's name if it is among `most` of its step, which is `later` than the hop's.
fn shown(query: &mut Query<'_>, column: &'static str, later: u8, most: &[Most]) -> Sql {
    let mut by_step: BTreeMap<u8, Vec<&str>> = BTreeMap::new();
    for row in most {
        by_step.entry(row.step).or_default().push(&row.node);
    }
    let cases = Sql::join(
        by_step
            .into_iter()
            .filter_map(|(step, nodes)| Some((step.checked_sub(later)?, nodes)))
            .map(|(step, nodes)| {
                let nodes = query.bind_all(nodes);
                sql!(
                    " WHEN step = {step} AND {column} IN ({nodes}) THEN {column}",
                    step,
                    column,
                    nodes
                )
            }),
        "",
    );
    sql!("coalesce(CASE{cases} END, '{OTHER}')", cases, OTHER)
}

/// Nodes and links out of hops.
struct Flow {
    sessions: i64,
    nodes: Vec<Node>,
    links: Vec<Link>,
}

impl Flow {
    fn of(hops: &[Hops], most: &[Most], mode: Mode, steps: u8) -> Self {
        let shown: BTreeSet<(u8, &str)> = most
            .iter()
            .map(|most| (most.step, most.node.as_str()))
            .collect();
        let name = |step: u8, node| shown.get(&(step, node)).map_or(OTHER, |(_, node)| node);
        let mut nodes: BTreeMap<(u8, &str), i64> = BTreeMap::new();
        let mut links: BTreeMap<(u8, &str, &str), i64> = BTreeMap::new();
        let mut sessions = 0;
        // Every way is at the step of its start.
        let start = if mode == Mode::Before { steps } else { 1 };
        for hop in hops {
            let source = name(hop.step, &hop.source);
            *nodes.entry((hop.step, source)).or_default() += hop.sessions;
            if hop.step == start {
                sessions += hop.sessions;
            }
            if hop.step < steps {
                let target = hop.target.as_deref();
                let target = target.map_or(EXIT, |target| name(hop.step + 1, target));
                *links.entry((hop.step, source, target)).or_default() += hop.sessions;
            }
            if hop.first && hop.step > 1 {
                *links.entry((hop.step - 1, ENTRY, source)).or_default() += hop.sessions;
            }
        }
        let mut nodes: Vec<Node> = nodes
            .into_iter()
            .map(|((step, node), count)| Node {
                step,
                node: node.to_owned(),
                sessions: count,
                percent: percent(count, sessions),
            })
            .collect();
        nodes.sort_by_key(|node| {
            let last = node.node == OTHER;
            (node.step, last, -node.sessions, node.node.clone())
        });
        let mut links: Vec<Link> = links
            .into_iter()
            .map(|((step, source, target), sessions)| Link {
                step,
                source: source.to_owned(),
                target: target.to_owned(),
                sessions,
            })
            .collect();
        links.sort_by_key(|link| {
            (
                link.step,
                -link.sessions,
                link.source.clone(),
                link.target.clone(),
            )
        });
        Self {
            sessions,
            nodes,
            links,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Asked;
    use serde_json::{Value as Json, json};

    fn arguments(mut more: Json) -> Json {
        more["startDate"] = "2026-11-01".into();
        more["endDate"] = "2026-11-02".into();
        more
    }

    #[test]
    fn ways_are_told_as_nodes_and_links() {
        let hop = |step: u8, source: &str, target: Json, sessions: i64| json!({"step": step, "source": source, "target": target, "first": step == 1, "sessions": sessions, "newest": "2026-11-02T10:00:00Z"});
        let asked = Asked::of(
            "get_user_flow",
            arguments(json!({"startPath": "/a'b", "steps": 3, "branches": 1})),
        )
        .rows(json!([
            hop(1, "/a'b", json!("/c"), 5),
            hop(1, "/a'b", json!("/e"), 2),
            hop(1, "/a'b", json!("/f"), 1),
            hop(1, "/a'b", Json::Null, 2),
            hop(2, "/c", json!("/d"), 4),
            hop(2, "/c", Json::Null, 1),
            hop(2, "/e", json!("/d"), 2),
            hop(2, "/f", json!("/d"), 1),
            hop(3, "/d", json!("/a'b"), 6),
            hop(3, "/d", Json::Null, 1),
        ]))
        .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT step, node AS source, next AS target, begins AS first, count(*) AS sessions, max(newest) AS newest FROM (SELECT hop['step'] AS step, hop['node'] AS node, hop['next'] AS next, hop['first'] AS begins, newest FROM (SELECT unnest(way) AS hop, newest FROM (SELECT journey(at_ms, CAST(marks AS BIGINT), node, CAST(0 AS BIGINT), CAST(3 AS BIGINT)) AS way, max(timestamp) AS newest FROM (SELECT identity(session_id) AS session, timestamp, CAST(arrow_cast(timestamp, 'Timestamp(Millisecond, Some("UTC"))') AS BIGINT) AS at_ms, CASE WHEN name IN ($1, $2) AND path = $3 THEN $6 WHEN FALSE THEN $7 ELSE coalesce(nullif(path, ''), '(not set)') END AS node, CASE WHEN name IN ($1, $2) AND path = $3 AND timestamp >= $4 AND timestamp < $5 THEN 1 ELSE 0 END + CASE WHEN FALSE THEN 2 ELSE 0 END AS marks FROM events WHERE timestamp >= $10 AND timestamp < $11 AND session_id <> '' AND ((name IN ($8, $9)) OR (name IN ($1, $2) AND path = $3) OR (FALSE)) AND identity(session_id) IN (SELECT DISTINCT identity(session_id) FROM events WHERE timestamp >= $4 AND timestamp < $5 AND name IN ($1, $2) AND path = $3 AND session_id <> '')) AS moments GROUP BY session) AS ways) AS each_hop) AS hops GROUP BY step, node, next, begins LIMIT 4001
          [Text("screen_view"), Text("$pageview"), Text("/a'b"), TimestampMs(1793491200000), TimestampMs(1793664000000), Text("/a'b"), Text(""), Text("screen_view"), Text("$pageview"), TimestampMs(1793491200000), TimestampMs(1793750400000)]
        "#);
        insta::assert_snapshot!(asked.text(), @"
        User flow: Acme (`acme`), 2026-11-01 to 2026-11-02, UTC. Data through 2026-11-02T10:00:00Z.

        mode: after · nodeKind: page · sessions: 10

        **nodes**

        |step|node|sessions|percent|
        |---|---|---|---|
        |1|/a'b|10|100|
        |2|/c|5|50|
        |2|(other)|3|30|
        |3|/d|7|70|

        **links**

        |step|source|target|sessions|
        |---|---|---|---|
        |1|/a'b|/c|5|
        |1|/a'b|(other)|3|
        |1|/a'b|(exit)|2|
        |2|/c|/d|4|
        |2|(other)|/d|3|
        |2|/c|(exit)|1|
        ");
    }

    #[test]
    fn before_a_start_ways_enter_at_any_step() {
        let hop = |step: u8, source: &str, target: Json, first: bool, sessions: i64| json!({"step": step, "source": source, "target": target, "first": first, "sessions": sessions});
        let asked = Asked::of(
            "get_user_flow",
            arguments(json!({
                "startEvent": "purchase", "mode": "before", "steps": 2, "nodes": "page", "include": ["/", "/cart"], "exclude": ["/x"],
                "filters": [{"field": "country", "op": "is", "values": ["DE"]}],
            })),
        )
        .rows(json!([
            hop(1, "/cart", json!("purchase"), true, 2),
            hop(1, "/cart", json!("purchase"), false, 3),
            hop(2, "purchase", Json::Null, false, 5),
            hop(2, "purchase", Json::Null, true, 1),
        ]))
        .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT step, node AS source, next AS target, begins AS first, count(*) AS sessions, max(newest) AS newest FROM (SELECT hop['step'] AS step, hop['node'] AS node, hop['next'] AS next, hop['first'] AS begins, newest FROM (SELECT unnest(way) AS hop, newest FROM (SELECT journey(at_ms, CAST(marks AS BIGINT), node, CAST(1 AS BIGINT), CAST(2 AS BIGINT)) AS way, max(timestamp) AS newest FROM (SELECT identity(session_id) AS session, timestamp, CAST(arrow_cast(timestamp, 'Timestamp(Millisecond, Some("UTC"))') AS BIGINT) AS at_ms, CASE WHEN name IN ($1) THEN $5 WHEN FALSE THEN $6 ELSE coalesce(nullif(path, ''), '(not set)') END AS node, CASE WHEN name IN ($1) AND timestamp >= $2 AND timestamp < $3 THEN 1 ELSE 0 END + CASE WHEN FALSE THEN 2 ELSE 0 END AS marks FROM events WHERE timestamp >= $12 AND timestamp < $13 AND session_id <> '' AND ((name IN ($7, $8) AND coalesce(nullif(path, ''), '(not set)') IN ($9, $10) AND NOT (coalesce(nullif(path, ''), '(not set)') IN ($11))) OR (name IN ($1)) OR (FALSE)) AND country IN ($14) AND identity(session_id) IN (SELECT DISTINCT identity(session_id) FROM events WHERE timestamp >= $2 AND timestamp < $3 AND name IN ($1) AND session_id <> '' AND country IN ($4))) AS moments GROUP BY session) AS ways) AS each_hop) AS hops GROUP BY step, node, next, begins LIMIT 4001
          [Text("purchase"), TimestampMs(1793491200000), TimestampMs(1793664000000), Text("DE"), Text("purchase"), Text(""), Text("screen_view"), Text("$pageview"), Text("/"), Text("/cart"), Text("/x"), TimestampMs(1793404800000), TimestampMs(1793664000000), Text("DE")]
        "#);
        insta::assert_snapshot!(asked.text(), @"
        User flow: Acme (`acme`), 2026-11-01 to 2026-11-02, UTC.

        mode: before · nodeKind: page · sessions: 6

        **nodes**

        |step|node|sessions|percent|
        |---|---|---|---|
        |1|/cart|5|83.33|
        |2|purchase|6|100|

        **links**

        |step|source|target|sessions|
        |---|---|---|---|
        |1|/cart|purchase|5|
        |1|(entry)|purchase|1|
        ");
    }

    #[test]
    fn of_too_many_hops_those_not_shown_are_put_together_where_they_are_counted() {
        let hop = |step: u8, source: &str, target: Json, sessions: i64| json!({"step": step, "source": source, "target": target, "first": step == 1, "sessions": sessions});
        let every: Vec<Json> = (0..=super::MOST_HOPS)
            .map(|page| hop(1, "/", json!(format!("/{page}")), 1))
            .collect();
        let asked = Asked::of(
            "get_user_flow",
            arguments(json!({"startPath": "/", "steps": 2, "branches": 1})),
        )
        .rows(every.into())
        .rows(json!([{"step": 1, "node": "/", "newest": null}, {"step": 2, "node": "/0", "newest": null}]))
        .rows(json!([
            hop(1, "/", json!("/0"), 1),
            hop(1, "/", json!("(other)"), 4_000),
            hop(2, "/0", Json::Null, 1),
            hop(2, "(other)", Json::Null, 4_000),
        ]))
        .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT step, node AS source, next AS target, begins AS first, count(*) AS sessions, max(newest) AS newest FROM (SELECT hop['step'] AS step, hop['node'] AS node, hop['next'] AS next, hop['first'] AS begins, newest FROM (SELECT unnest(way) AS hop, newest FROM (SELECT journey(at_ms, CAST(marks AS BIGINT), node, CAST(0 AS BIGINT), CAST(2 AS BIGINT)) AS way, max(timestamp) AS newest FROM (SELECT identity(session_id) AS session, timestamp, CAST(arrow_cast(timestamp, 'Timestamp(Millisecond, Some("UTC"))') AS BIGINT) AS at_ms, CASE WHEN name IN ($1, $2) AND path = $3 THEN $6 WHEN FALSE THEN $7 ELSE coalesce(nullif(path, ''), '(not set)') END AS node, CASE WHEN name IN ($1, $2) AND path = $3 AND timestamp >= $4 AND timestamp < $5 THEN 1 ELSE 0 END + CASE WHEN FALSE THEN 2 ELSE 0 END AS marks FROM events WHERE timestamp >= $10 AND timestamp < $11 AND session_id <> '' AND ((name IN ($8, $9)) OR (name IN ($1, $2) AND path = $3) OR (FALSE)) AND identity(session_id) IN (SELECT DISTINCT identity(session_id) FROM events WHERE timestamp >= $4 AND timestamp < $5 AND name IN ($1, $2) AND path = $3 AND session_id <> '')) AS moments GROUP BY session) AS ways) AS each_hop) AS hops GROUP BY step, node, next, begins LIMIT 4001
          [Text("screen_view"), Text("$pageview"), Text("/"), TimestampMs(1793491200000), TimestampMs(1793664000000), Text("/"), Text(""), Text("screen_view"), Text("$pageview"), TimestampMs(1793491200000), TimestampMs(1793750400000)]
        SELECT step, node, newest FROM (SELECT step, node, newest, row_number() OVER (PARTITION BY step ORDER BY sessions DESC, node) AS place FROM (SELECT step, node, count(*) AS sessions, max(newest) AS newest FROM (SELECT hop['step'] AS step, hop['node'] AS node, hop['next'] AS next, hop['first'] AS begins, newest FROM (SELECT unnest(way) AS hop, newest FROM (SELECT journey(at_ms, CAST(marks AS BIGINT), node, CAST(0 AS BIGINT), CAST(2 AS BIGINT)) AS way, max(timestamp) AS newest FROM (SELECT identity(session_id) AS session, timestamp, CAST(arrow_cast(timestamp, 'Timestamp(Millisecond, Some("UTC"))') AS BIGINT) AS at_ms, CASE WHEN name IN ($1, $2) AND path = $3 THEN $6 WHEN FALSE THEN $7 ELSE coalesce(nullif(path, ''), '(not set)') END AS node, CASE WHEN name IN ($1, $2) AND path = $3 AND timestamp >= $4 AND timestamp < $5 THEN 1 ELSE 0 END + CASE WHEN FALSE THEN 2 ELSE 0 END AS marks FROM events WHERE timestamp >= $10 AND timestamp < $11 AND session_id <> '' AND ((name IN ($8, $9)) OR (name IN ($1, $2) AND path = $3) OR (FALSE)) AND identity(session_id) IN (SELECT DISTINCT identity(session_id) FROM events WHERE timestamp >= $4 AND timestamp < $5 AND name IN ($1, $2) AND path = $3 AND session_id <> '')) AS moments GROUP BY session) AS ways) AS each_hop) AS hops GROUP BY step, node) AS nodes) AS ranked WHERE place <= 1 ORDER BY step, place
          [Text("screen_view"), Text("$pageview"), Text("/"), TimestampMs(1793491200000), TimestampMs(1793664000000), Text("/"), Text(""), Text("screen_view"), Text("$pageview"), TimestampMs(1793491200000), TimestampMs(1793750400000)]
        SELECT step, source, target, begins AS first, count(*) AS sessions FROM (SELECT step, begins, coalesce(CASE WHEN step = 1 AND node IN ($12) THEN node WHEN step = 2 AND node IN ($13) THEN node END, '(other)') AS source, CASE WHEN next IS NOT NULL THEN coalesce(CASE WHEN step = 0 AND next IN ($14) THEN next WHEN step = 1 AND next IN ($15) THEN next END, '(other)') END AS target FROM (SELECT hop['step'] AS step, hop['node'] AS node, hop['next'] AS next, hop['first'] AS begins, newest FROM (SELECT unnest(way) AS hop, newest FROM (SELECT journey(at_ms, CAST(marks AS BIGINT), node, CAST(0 AS BIGINT), CAST(2 AS BIGINT)) AS way, max(timestamp) AS newest FROM (SELECT identity(session_id) AS session, timestamp, CAST(arrow_cast(timestamp, 'Timestamp(Millisecond, Some("UTC"))') AS BIGINT) AS at_ms, CASE WHEN name IN ($1, $2) AND path = $3 THEN $6 WHEN FALSE THEN $7 ELSE coalesce(nullif(path, ''), '(not set)') END AS node, CASE WHEN name IN ($1, $2) AND path = $3 AND timestamp >= $4 AND timestamp < $5 THEN 1 ELSE 0 END + CASE WHEN FALSE THEN 2 ELSE 0 END AS marks FROM events WHERE timestamp >= $10 AND timestamp < $11 AND session_id <> '' AND ((name IN ($8, $9)) OR (name IN ($1, $2) AND path = $3) OR (FALSE)) AND identity(session_id) IN (SELECT DISTINCT identity(session_id) FROM events WHERE timestamp >= $4 AND timestamp < $5 AND name IN ($1, $2) AND path = $3 AND session_id <> '')) AS moments GROUP BY session) AS ways) AS each_hop) AS hops) AS shown GROUP BY step, source, target, begins
          [Text("screen_view"), Text("$pageview"), Text("/"), TimestampMs(1793491200000), TimestampMs(1793664000000), Text("/"), Text(""), Text("screen_view"), Text("$pageview"), TimestampMs(1793491200000), TimestampMs(1793750400000), Text("/"), Text("/0"), Text("/"), Text("/0")]
        "#);
        insta::assert_snapshot!(asked.text(), @"
        User flow: Acme (`acme`), 2026-11-01 to 2026-11-02, UTC.

        mode: after · nodeKind: page · sessions: 4001

        **nodes**

        |step|node|sessions|percent|
        |---|---|---|---|
        |1|/|4001|100|
        |2|/0|1|0.02|
        |2|(other)|4000|99.98|

        **links**

        |step|source|target|sessions|
        |---|---|---|---|
        |1|/|(other)|4000|
        |1|/|/0|1|
        ");
    }

    #[test]
    fn a_start_that_never_happens_is_told() {
        let asked = Asked::of("get_user_flow", arguments(json!({"startEvent": "purchse"})))
            .rows(json!([]))
            .cells(json!([["purchase"]]))
            .go();
        insta::assert_snapshot!(asked.text(), @"
        User flow: Acme (`acme`), 2026-11-01 to 2026-11-02, UTC.

        mode: after · nodeKind: event · sessions: 0

        **nodes** none

        **links** none

        Note: No event named `purchse` occurs in this range. Did you mean `purchase`? `get_event_definitions` lists those that do.
        ");
        let asked = Asked::of(
            "get_user_flow",
            arguments(json!({"startPath": "/x", "endEvent": "purchase", "mode": "between"})),
        )
        .rows(json!([]))
        .cells(json!([["purchase"]]))
        .go();
        insta::assert_snapshot!(asked.field("notes"), @r#"["No session on this way has a screen view of `/x`, or not in this order. `get_top_pages` lists the pages there are."]"#);
    }

    #[test]
    fn what_cannot_be_is_told() {
        let mistake = |more| Asked::of("get_user_flow", arguments(more)).go().mistake();
        insta::assert_snapshot!(mistake(json!({})), @"`startEvent` or `startPath` is needed: where the ways begin. `get_event_definitions` lists events, `get_top_pages` pages.");
        insta::assert_snapshot!(mistake(json!({"startEvent": "a", "startPath": "/"})), @"`startEvent` and `startPath` are both given. Give one: an event's name, or the path of a page.");
        insta::assert_snapshot!(mistake(json!({"startEvent": "a", "mode": "between"})), @"`mode` `between` needs an end: `endEvent` or `endPath`. Or use `after`, which follows sessions to their end.");
        insta::assert_snapshot!(mistake(json!({"startEvent": "a", "endEvent": "b"})), @"`endEvent` and `endPath` only have a meaning with `mode` `between`. Leave the end out, or use `between`.");
        insta::assert_snapshot!(mistake(json!({"startEvent": "$pageview", "endEvent": "screen_view", "mode": "between"})), @"The start and the end are the same. Give an end that differs from the start, or use `mode` `after`.");
        insta::assert_snapshot!(mistake(json!({"startEvent": "a", "steps": 11})), @"`steps` must be a whole number from 2 to 10; it is 11.");
        insta::assert_snapshot!(mistake(json!({"startEvent": "a", "exclude": vec!["x"; 51]})), @"`exclude` has 51 names; 50 are the most.");
    }
}
