//! `get_event_property_values`: which values a property or column has, and how often.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sightline_warehouse::{Query, Sql, Statement, sql};

use crate::answer::Answer;
use crate::columns::{Column, EVENTS, Kind, find};
use crate::context::Context;
use crate::failure::{Failure, Mistake};
use crate::family::{Family, Product, Scope};
use crate::limit::Limit;
use crate::nearest::did_you_mean;
use crate::numbers::percent;
use crate::range::{DateRange, Range};
use crate::tool::{About, Tool};

/// Which values a property or column has, and how often.
pub(crate) struct GetEventPropertyValues;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    /// A property key or column
    property_key: String,
    event_name: Option<String>,
    #[serde(flatten)]
    range: DateRange,
    /// Part of the value
    search: Option<String>,
    #[serde(default)]
    limit: Limit<50, 200>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    /// What was asked for: `properties.KEY`, or a column.
    field: String,
    /// ISO 4217 code of the amounts, for `revenue`.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    /// The values, the commonest first.
    values: Vec<ValueRow>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ValueRow {
    /// The value, as text.
    value: String,
    /// Events with it.
    count: i64,
    /// Distinct profiles with such an event.
    users: i64,
    /// Of the events that have any value there.
    share_percent: f64,
}

#[derive(Deserialize)]
struct Row {
    value: String,
    events: i64,
    users: i64,
    total: i64,
    newest: String,
}

/// Where the values are.
enum Place {
    Column(&'static Column),
    Property(String),
}

impl Tool for GetEventPropertyValues {
    const ABOUT: About = About {
        name: "get_event_property_values",
        title: "Property values",
        description: "Lists the values of an event property or column with count, users and share. \
                      Use to find the exact value to filter by; get_property_definitions lists the keys.",
        family: Family::Discover,
        scope: Some(Scope::Schema),
        products: &[(Product::OpenPanel, "get_event_property_values")],
        pages: false,
        needs: None,
        rules: &[
            "`propertyKey` is a column of events (`country`, `utm_source`), else a key of `properties`; `properties.KEY` is always the latter.",
            "Sorted by count, then value. `sharePercent` is of the events that have a value there, whatever `search` leaves. Empty values are not listed. An event in several `groups` counts for each.",
            "A key that no event in the range carries is an error with the nearest keys. (OpenPanel gives no counts, repeats values and cannot list columns.)",
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        let range = context.range(&input.range)?;
        let mut place = Place::named(&input.property_key)?;
        let mut rows: Vec<Row> = context
            .rows(values(&place, &input, &range, context))
            .await?;
        if let (true, Place::Property(key)) = (rows.is_empty(), &place) {
            let keys = carried_keys(&range, context).await?;
            // A key may itself begin with `properties.`: then it is listed, and given back, like that.
            if !keys.contains(key) && keys.contains(&input.property_key) {
                place = Place::Property(input.property_key.clone());
                rows = context
                    .rows(values(&place, &input, &range, context))
                    .await?;
            } else if !keys.contains(key) {
                return Err(unknown_key(key, &keys, &range).into());
            }
        }
        let more = rows.len() > input.limit.rows();
        rows.truncate(input.limit.rows());
        let newest = context.newest(rows.first().map(|row| &row.newest))?;
        let none = rows
            .is_empty()
            .then(|| "No event in this range has such a value.".to_owned());
        let values = rows
            .into_iter()
            .map(|row| ValueRow {
                share_percent: percent(row.events, row.total),
                value: place.shown(row.value, context),
                count: row.events,
                users: row.users,
            })
            .collect();
        let is_money = matches!(
            place,
            Place::Column(Column {
                kind: Kind::Money,
                ..
            })
        );
        let currency = is_money.then(|| context.project.currency.clone());
        let output = Output {
            field: place.name(),
            currency,
            values,
        };
        Ok(Answer::of(output)
            .over(&range)
            .through(newest)
            .notes(none)
            .notes(range.note(context.environment.now_ms))
            .ranking(
                &["values"],
                more,
                input.limit.larger(),
                "Narrow it with `search`, `eventName` or a shorter range.",
            ))
    }
}

impl Place {
    fn named(key: &str) -> Result<Self, Mistake> {
        if let Some(key) = key.strip_prefix("properties.") {
            return Ok(Self::Property(key.to_owned()));
        }
        match find(EVENTS, key) {
            Some(Column {
                kind: Kind::Map, ..
            }) => Err(
                Mistake::new("`properties` is a map of keys; its values are listed by key.")
                    .next("Give `properties.KEY`; `get_property_definitions` lists the keys."),
            ),
            Some(column) => Ok(Self::Column(column)),
            None if key.is_empty() => Err(Mistake::new("`propertyKey` is empty.")
                .next("`get_property_definitions` lists the keys.")),
            None => Ok(Self::Property(key.to_owned())),
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Column(column) => column.name.to_owned(),
            Self::Property(key) => format!("properties.{key}"),
        }
    }

    fn sql(&self, query: &mut Query<'_>, context: &Context<'_>) -> Sql {
        match self {
            Self::Property(key) => {
                let key = query.bind(key);
                query.dialect().property(&Sql::from("properties"), &key)
            }
            Self::Column(Column { name: "name", .. }) => {
                context.project.event_names.shown_sql(query)
            }
            Self::Column(column) => match column.kind {
                Kind::Text | Kind::Map => column.sql(),
                Kind::TextList => query.dialect().unnest_list(&column.sql()),
                Kind::Number | Kind::Money | Kind::Truth | Kind::Instant => {
                    query.dialect().as_text(&column.sql())
                }
            },
        }
    }

    fn shown(&self, value: String, context: &Context<'_>) -> String {
        match self {
            Self::Column(Column {
                kind: Kind::Money, ..
            }) => match value.parse::<i64>() {
                Ok(minor) => context.money(minor).to_string(),
                Err(_) => value,
            },
            Self::Column(Column {
                kind: Kind::Instant,
                ..
            }) => context.local(&value).unwrap_or(value),
            _ => value,
        }
    }
}

fn values(place: &Place, input: &Input, range: &Range, context: &Context<'_>) -> Statement {
    let mut query = context.query();
    let value = place.sql(&mut query, context);
    let users = query
        .dialect()
        .count_distinct(&Sql::from("nullif(profile_id, '')"));
    let within = range.contains(&mut query, "timestamp");
    let named = match &input.event_name {
        Some(name) => {
            let named = context
                .project
                .event_names
                .is_any(&mut query, [name.as_str()]);
            sql!(" AND {named}", named)
        }
        None => Sql::default(),
    };
    let matching = match &input.search {
        Some(search) => {
            let search = query.bind(search);
            let contains = query.dialect().contains(&Sql::from("value"), &search);
            sql!(" WHERE {contains}", contains)
        }
        None => Sql::default(),
    };
    let total = match place {
        Place::Column(column) if column.kind == Kind::TextList => {
            // An event counts once, however many entries its list has.
            let has_entries = query.dialect().has_texts(&column.sql());
            sql!(
                "(SELECT count(*) FROM events WHERE {within}{named} AND {has_entries})",
                within,
                named,
                has_entries
            )
        }
        _ => Sql::from("sum(events) OVER ()"),
    };
    let rows = input.limit.and_one();
    query.finish(sql!(
        "WITH carried AS (SELECT {value} AS value, profile_id, timestamp FROM events WHERE {within}{named}), \
         counted AS (SELECT value, count(*) AS events, {users} AS users, max(timestamp) AS last_seen FROM carried \
         WHERE value IS NOT NULL AND value <> '' GROUP BY value), \
         measured AS (SELECT value, events, users, {total} AS total, max(last_seen) OVER () AS newest FROM counted) \
         SELECT value, events, users, total, newest FROM measured{matching} ORDER BY events DESC, value LIMIT {rows}",
        value,
        users,
        within,
        named,
        total,
        matching,
        rows
    ))
}

/// The keys that events in the range have, the commonest first.
async fn carried_keys(range: &Range, context: &Context<'_>) -> Result<Vec<String>, Failure> {
    let mut query = context.query();
    let keys = query.dialect().unnest_keys(&Sql::from("properties"));
    let within = range.contains(&mut query, "timestamp");
    let statement = query.finish(sql!(
        "SELECT key FROM (SELECT {keys} AS key FROM events WHERE {within}) AS keys GROUP BY key ORDER BY count(*) DESC, key LIMIT 1000",
        keys,
        within
    ));
    let rows = context.run(statement).await?.rows;
    Ok(rows
        .iter()
        .filter_map(|row| row.first()?.as_str())
        .map(str::to_owned)
        .collect())
}

fn unknown_key(key: &str, known: &[String], range: &Range) -> Mistake {
    let names = known
        .iter()
        .map(String::as_str)
        .chain(EVENTS.iter().map(|column| column.name));
    let meant = did_you_mean(key, names);
    Mistake::new(format!(
        "No event in {} has a property `{key}`, and events have no such column.{meant}",
        range.in_words()
    ))
    .next("`get_property_definitions` lists keys and columns.")
}

#[cfg(test)]
mod tests {
    use crate::testing::Asked;
    use serde_json::{Value as Json, json};

    fn row(value: &str, events: i64) -> Json {
        json!({"value": value, "events": events, "users": 1, "total": 10, "newest": "2026-11-02T09:00:00Z"})
    }

    #[test]
    fn the_share_of_a_lists_entries_is_of_the_events_that_have_any() {
        let asked = Asked::of(
            "get_event_property_values",
            json!({"propertyKey": "groups", "startDate": "2026-11-01", "endDate": "2026-11-02"}),
        )
        .rows(json!([row("acme", 7)]))
        .go();
        assert!(asked.statements().contains(
            "(SELECT count(*) FROM events WHERE timestamp >= $1 AND timestamp < $2 \
             AND cardinality(array_remove_all(groups, '')) > 0) AS total"
        ));
    }

    #[test]
    fn a_key_that_begins_with_properties_can_be_given_as_it_is_listed() {
        let asked = Asked::of(
            "get_event_property_values",
            json!({"propertyKey": "properties.inner", "startDate": "2026-11-01", "endDate": "2026-11-02"}),
        )
        .rows(json!([]))
        .cells(json!([["properties.inner"], ["plan"]]))
        .rows(json!([row("x", 7)]))
        .go();
        assert_eq!(asked.field("field"), json!("properties.properties.inner"));
    }

    #[test]
    fn a_propertys_values_come_with_count_users_and_share() {
        let arguments = json!({
            "propertyKey": "plan", "eventName": "$pageview", "startDate": "2026-11-01", "endDate": "2026-11-02", "search": "P",
        });
        let asked = Asked::of("get_event_property_values", arguments)
            .rows(json!([row("pro", 7), row("plus", 1)]))
            .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        WITH carried AS (SELECT property(properties, $1) AS value, profile_id, timestamp FROM events WHERE timestamp >= $2 AND timestamp < $3 AND name IN ($4, $5)), counted AS (SELECT value, count(*) AS events, count(DISTINCT nullif(profile_id, '')) AS users, max(timestamp) AS last_seen FROM carried WHERE value IS NOT NULL AND value <> '' GROUP BY value), measured AS (SELECT value, events, users, sum(events) OVER () AS total, max(last_seen) OVER () AS newest FROM counted) SELECT value, events, users, total, newest FROM measured WHERE strpos(lower(value), lower($6)) > 0 ORDER BY events DESC, value LIMIT 51
          [Text("plan"), TimestampMs(1793491200000), TimestampMs(1793664000000), Text("screen_view"), Text("$pageview"), Text("P")]
        "#);
        insta::assert_snapshot!(asked.text(), @"
        Property values: Acme (`acme`), 2026-11-01 to 2026-11-02, UTC. Data through 2026-11-02T09:00:00Z.

        field: properties.plan

        **values**

        |value|count|users|sharePercent|
        |---|---|---|---|
        |pro|7|1|70|
        |plus|1|1|10|
        ");
    }

    #[test]
    fn columns_are_listed_too_and_money_in_major_units() {
        let asked = Asked::of(
            "get_event_property_values",
            json!({"propertyKey": "revenue", "endDate": "2026-11-02"}),
        )
        .rows(json!([row("1999", 7)]))
        .go();
        assert_eq!(asked.field("values")[0]["value"], json!("19.99"));
        assert_eq!(asked.field("currency"), json!("EUR"));
        let lists = Asked::of(
            "get_event_property_values",
            json!({"propertyKey": "groups"}),
        )
        .rows(json!([row("g1", 1)]))
        .go();
        assert!(
            lists
                .statements()
                .contains("SELECT unnest(groups) AS value"),
            "{}",
            lists.statements()
        );
    }

    #[test]
    fn an_unknown_key_names_the_nearest() {
        let asked = |key: &str| {
            Asked::of("get_event_property_values", json!({"propertyKey": key})).rows(json!([]))
        };
        insta::assert_snapshot!(asked("plna").cells(json!([["plan"], ["seats"]])).go().mistake(), @"No event in 2026-10-22 to 2026-11-20 has a property `plna`, and events have no such column. Did you mean `plan`? `get_property_definitions` lists keys and columns.");
        assert!(
            asked("plan")
                .cells(json!([["plan"]]))
                .go()
                .text()
                .contains("No event in this range has such a value.")
        );
        insta::assert_snapshot!(Asked::of("get_event_property_values", json!({"propertyKey": "properties"})).go().mistake(), @"`properties` is a map of keys; its values are listed by key. Give `properties.KEY`; `get_property_definitions` lists the keys.");
    }
}
