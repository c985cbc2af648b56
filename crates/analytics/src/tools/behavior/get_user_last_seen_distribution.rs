//! `get_user_last_seen_distribution`: how long ago people were last here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sightline_warehouse::{Interval, Sql, Statement, sql};

use crate::answer::Answer;
use crate::context::Context;
use crate::failure::Failure;
use crate::family::{Family, Product, Scope};
use crate::filters::{Conditions, Filters};
use crate::identified::{self, Identified};
use crate::interval::{Every, instant};
use crate::numbers::percent;
use crate::range::Range;
use crate::tool::{About, Tool};

/// How long ago people were last here.
pub(crate) struct GetUserLastSeenDistribution;

/// The buckets, by their first and last day.
const BUCKETS: [(&str, i64, i64); 5] = [
    ("0-7", 0, 7),
    ("8-14", 8, 14),
    ("15-30", 15, 30),
    ("31-60", 31, 60),
    ("61+", 61, i64::MAX),
];

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    #[serde(default)]
    filters: Filters,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// Identified profiles with an event.
    total: i64,
    /// By days since the last event.
    buckets: Vec<Bucket>,
    /// By single days; days on which nobody was last seen are left out.
    days: Vec<Day>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Bucket {
    /// Days since the last event.
    days_since: &'static str,
    /// Profiles.
    users: i64,
    /// Of all.
    percent: f64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Day {
    /// Days since the last event; 0 is today.
    days_since: i64,
    /// Profiles.
    users: i64,
}

impl Tool for GetUserLastSeenDistribution {
    const ABOUT: About = About {
        name: "get_user_last_seen_distribution",
        title: "Last seen",
        description: "Says how many identified people were last here how many days ago: who is drifting away. \
                      Use find_profiles with inactiveDays to list them.",
        family: Family::Behavior,
        scope: Some(Scope::Insights),
        products: &[(Product::OpenPanel, "get_user_last_seen_distribution")],
        pages: false,
        needs: None,
        rules: &[
            "Days are the project's own: 0 if the last event was today, 1 if yesterday. With `filters`, the last event that passes them. Events of later days than today are left out.",
            identified::RULE,
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        let conditions = context.conditions(&input.filters).await?;
        let statement = statement(&conditions, context).await?;
        let rows: Vec<Row> = context.rows(statement).await?;
        let calendar = context.calendar();
        let today = calendar.date_of(context.asked_at_ms);
        let mut days = Vec::with_capacity(rows.len());
        for row in &rows {
            let date = calendar.date_of(instant(&row.day)?);
            days.push(Day {
                days_since: today.signed_duration_since(date).num_days(),
                users: row.users,
            });
        }
        days.sort_by_key(|day| day.days_since);
        let total = days.iter().map(|day| day.users).sum();
        let buckets = BUCKETS
            .into_iter()
            .map(|(days_since, first, last)| {
                let users = days
                    .iter()
                    .filter(|day| (first..=last).contains(&day.days_since))
                    .map(|day| day.users)
                    .sum();
                Bucket {
                    days_since,
                    users,
                    percent: percent(users, total),
                }
            })
            .collect();
        let newest = rows.iter().filter_map(|row| row.newest.as_ref()).max();
        let newest = context.newest(newest)?;
        Ok(Answer::of(Output {
            total,
            buckets,
            days,
        })
        .through(newest)
        .ranking(&["days"], false, None, "`buckets` hold all of them."))
    }
}

#[derive(Deserialize)]
struct Row {
    day: String,
    users: i64,
    newest: Option<String>,
}

async fn statement(conditions: &Conditions, context: &Context<'_>) -> Result<Statement, Failure> {
    let calendar = context.calendar();
    let tomorrow = calendar.next_bucket_start(context.asked_at_ms, Interval::Day);
    let until = Range::always(calendar).until(tomorrow);
    let mut query = context.query();
    let day = Every::Day.bucket(&mut query, calendar, "last_at");
    let profile = query.dialect().identity(&Sql::from("profile_id"));
    let within = until.contains(&mut query, "timestamp");
    let filters = conditions.on_events(&mut query, context.project, &until);
    let Identified {
        by_profile,
        by_event,
    } = identified::conditions(context).await?;
    Ok(query.finish(sql!(
        "SELECT day, count(*) AS users, max(last_at) AS newest FROM (SELECT {day} AS day, last_at FROM \
         (SELECT {profile} AS profile, max(timestamp) AS last_at FROM events WHERE {within} AND profile_id <> ''{filters}{by_profile}{by_event} GROUP BY profile) \
         AS lasts) AS days GROUP BY day",
        day,
        profile,
        within,
        filters,
        by_profile,
        by_event
    )))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Asked, table};
    use serde_json::json;

    #[test]
    fn days_since_the_last_event_are_the_projects_own() {
        let row = |day: &str, users: i64| json!({"day": day, "users": users, "newest": "2026-11-20T11:00:00Z"});
        let asked = Asked::of("get_user_last_seen_distribution", json!({}))
            .tables(vec![table("events", 0, &[]), table("profiles", 0, &[])])
            .timezone("Europe/Berlin")
            .rows(json!([
                row("2026-11-19T23:00:00Z", 5),
                row("2026-11-12T23:00:00Z", 4),
                row("2026-11-11T23:00:00Z", 3),
                row("2026-09-19T22:00:00Z", 2),
                row("2026-09-20T22:00:00Z", 1),
            ]))
            .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT day, count(*) AS users, max(last_at) AS newest FROM (SELECT bucket_start(last_at, 'day', $1, 'monday') AS day, last_at FROM (SELECT identity(profile_id) AS profile, max(timestamp) AS last_at FROM events WHERE timestamp >= $2 AND timestamp < $3 AND profile_id <> '' AND profile_id IN (SELECT profile_id FROM profiles WHERE is_identified) GROUP BY profile) AS lasts) AS days GROUP BY day
          [Text("Europe/Berlin"), TimestampMs(0), TimestampMs(1795215600000)]
        "#);
        insta::assert_snapshot!(asked.text(), @"
        Last seen: Acme (`acme`), Europe/Berlin. Data through 2026-11-20T12:00:00+01:00.

        total: 15

        **buckets**

        |daysSince|users|percent|
        |---|---|---|
        |0-7|9|60|
        |8-14|3|20|
        |15-30|0|0|
        |31-60|1|6.67|
        |61+|2|13.33|

        **days**

        |daysSince|users|
        |---|---|
        |0|5|
        |7|4|
        |8|3|
        |60|1|
        |61|2|
        ");
    }

    #[test]
    fn without_profiles_an_id_that_is_not_the_devices_is_somebody() {
        let asked = Asked::of(
            "get_user_last_seen_distribution",
            json!({"filters": [{"field": "name", "op": "is", "values": ["signup"]}]}),
        )
        .rows(json!([]))
        .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT day, count(*) AS users, max(last_at) AS newest FROM (SELECT bucket_start(last_at, 'day', $1, 'monday') AS day, last_at FROM (SELECT identity(profile_id) AS profile, max(timestamp) AS last_at FROM events WHERE timestamp >= $2 AND timestamp < $3 AND profile_id <> '' AND name IN ($4) AND (device_id IS NULL OR profile_id <> device_id) GROUP BY profile) AS lasts) AS days GROUP BY day
          [Text("UTC"), TimestampMs(0), TimestampMs(1795219200000), Text("signup")]
        "#);
        assert_eq!(asked.field("total"), json!(0));
    }
}
