//! `find_profiles`: people by name, place, device, what they did and how long they have been away.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sightline_warehouse::{InstantMs, Query, Sql, Statement, Value, sql};

use crate::answer::Answer;
use crate::context::Context;
use crate::failure::{Failure, Mistake};
use crate::family::{Family, Product, Scope};
use crate::filters::{Conditions, Filters};
use crate::keyset;
use crate::limit::Limit;
use crate::order::Order;
use crate::profile_row::{COLUMNS, ProfileRow, Stored};
use crate::range::Range;
use crate::tool::{About, Tool};

/// People by name, place, device, what they did and how long they have been away.
pub(crate) struct FindProfiles;

const MOST_WORDS: usize = 5;
const DAY_MS: i64 = 86_400_000;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    /// Up to 5 words; each in id, e-mail or names
    name: Option<String>,
    /// Part of it
    email: Option<String>,
    country: Option<String>,
    city: Option<String>,
    device: Option<String>,
    browser: Option<String>,
    #[schemars(range(min = 1, max = 3650))]
    inactive_days: Option<u32>,
    #[schemars(range(min = 1))]
    min_sessions: Option<u32>,
    performed_event: Option<String>,
    identified: Option<bool>,
    #[serde(default)]
    filters: Filters,
    #[serde(default)]
    sort_by: SortBy,
    #[serde(default)]
    order: Order,
    #[serde(default)]
    limit: Limit<20, 100>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(description = "")]
enum SortBy {
    #[default]
    CreatedAt,
    LastSeenAt,
}

impl SortBy {
    fn column(self) -> &'static str {
        match self {
            Self::CreatedAt => "created_at",
            Self::LastSeenAt => "last_seen_at",
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The profiles.
    profiles: Vec<ProfileRow>,
}

impl Tool for FindProfiles {
    const ABOUT: About = About {
        name: "find_profiles",
        title: "Profiles",
        description: "Finds people by name, e-mail, place, device, what they did or how long they have been away. \
                      Use to get a profileId; then get_profile, get_profile_metrics, get_profile_sessions.",
        family: Family::Profiles,
        scope: Some(Scope::Persons),
        products: &[(Product::OpenPanel, "find_profiles")],
        pages: true,
        needs: None,
        rules: &[
            "Rows are those of the `profiles` table, one per profile; a project without one is told so.",
            "`name` holds up to 5 words; each must occur, in any case, in the id, the e-mail, the first or the last name. `email` is a part of the e-mail.",
            "`country`, `city`, `device` and `browser` (exact) are of one event of the profile, at any time; `performedEvent` is an event it has had at any time; `minSessions` counts all its sessions.",
            "`inactiveDays`: last seen (or else created) at least that many days of 24 hours ago.",
            "Sorted by `createdAt`, newest first, ties by id in the same direction; profiles without that instant count as the oldest. `filters` take `profile.…` and `group.…`.",
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        if !context.has_table("profiles").await? {
            return Err(Mistake::new(
                "This project stores no profiles: its people are known by their events only.",
            )
            .next("`find_sessions` and `query_events` show `profileId`s; `get_profile_metrics` says what one did.")
            .into());
        }
        let conditions = context.conditions_on_profiles(&input.filters).await?;
        let statement = input.statement(&conditions, context)?;
        let mut found: Vec<Stored> = context.rows(statement).await?;
        let more = found.len() > input.limit.rows();
        found.truncate(input.limit.rows());
        let mut keys = Vec::with_capacity(found.len());
        let mut profiles = Vec::with_capacity(found.len());
        for row in found {
            let at = match input.sort_by {
                SortBy::CreatedAt => row.created_ms()?,
                SortBy::LastSeenAt => row.last_seen_ms()?,
            };
            keys.push(json!([at.unwrap_or(0), row.id()]));
            profiles.push(row.shown(context)?);
        }
        Ok(Answer::of(Output { profiles }).page(&["profiles"], keys, more))
    }
}

impl Input {
    fn statement(
        &self,
        conditions: &Conditions,
        context: &Context<'_>,
    ) -> Result<Statement, Failure> {
        let mut query = context.query();
        let mut wanted = vec![Sql::from("TRUE")];
        wanted.extend(self.named(&mut query)?);
        wanted.extend(self.known(&mut query, context.asked_at_ms));
        wanted.extend(self.did(&mut query, context)?);
        let filters = conditions.on_profiles(&mut query);
        let (column, epoch) = (self.sort_by.column(), query.bind(Value::TimestampMs(0)));
        let order = keyset::Order {
            by: vec![
                sql!("coalesce({column}, {epoch})", column, epoch),
                Sql::from("coalesce(profile_id, '')"),
            ],
            descending: self.order == Order::Desc,
        };
        let mut skip = 0;
        if let Some(cursor) = &context.cursor {
            let (at, id): (InstantMs, String) = cursor.key()?;
            wanted.push(order.from(&mut query, vec![Value::TimestampMs(at), id.into()]));
            skip = cursor.skip;
        }
        let (columns, sorted, rows) = (COLUMNS, order.sql(), self.limit.and_one());
        let wanted = Sql::join(wanted, " AND ");
        Ok(query.finish(sql!(
            "SELECT {columns} FROM profiles WHERE {wanted}{filters} ORDER BY {sorted} LIMIT {rows} OFFSET {skip}",
            columns,
            wanted,
            filters,
            sorted,
            rows,
            skip
        )))
    }

    /// What is asked of its names.
    fn named(&self, query: &mut Query<'_>) -> Result<Vec<Sql>, Mistake> {
        let words: Vec<&str> = self
            .name
            .as_deref()
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        if words.len() > MOST_WORDS {
            return Err(Mistake::new(format!(
                "`name` has {} words; {MOST_WORDS} are the most.",
                words.len()
            ))
            .next("Give the words that tell the person apart."));
        }
        let mut conditions: Vec<Sql> = words
            .into_iter()
            .map(|word| {
                let word = query.bind(word);
                let within = ["profile_id", "email", "first_name", "last_name"].map(|column| {
                    let column = sql!("coalesce({column}, '')", column);
                    query.dialect().contains(&column, &word)
                });
                sql!("({any})", any = Sql::join(within, " OR "))
            })
            .collect();
        if let Some(part) = &self.email {
            let part = query.bind(part);
            conditions.push(query.dialect().contains(&Sql::from("email"), &part));
        }
        Ok(conditions)
    }

    /// What is asked of the profile itself.
    fn known(&self, query: &mut Query<'_>, now_ms: InstantMs) -> Vec<Sql> {
        let mut conditions = Vec::new();
        if let Some(identified) = self.identified {
            let identified = query.bind(identified);
            conditions.push(sql!(
                "coalesce(is_identified, FALSE) = {identified}",
                identified
            ));
        }
        if let Some(days) = self.inactive_days {
            let until = now_ms.saturating_sub(i64::from(days) * DAY_MS);
            let until = query.bind(Value::TimestampMs(until));
            conditions.push(sql!("coalesce(last_seen_at, created_at) <= {until}", until));
        }
        conditions
    }

    /// What is asked of its events and sessions.
    fn did(&self, query: &mut Query<'_>, context: &Context<'_>) -> Result<Vec<Sql>, Mistake> {
        let mut conditions = Vec::new();
        let exact = [
            ("country", &self.country),
            ("city", &self.city),
            ("device", &self.device),
            ("browser", &self.browser),
        ];
        if exact.iter().any(|(_, value)| value.is_some()) {
            let filters = exact
                .into_iter()
                .fold(Filters::default(), |filters, (field, value)| {
                    filters.and_is(field, value.clone())
                });
            let always = Range::always(context.calendar());
            let carried =
                filters
                    .conditions(context.project)?
                    .on_events(query, context.project, &always);
            conditions.push(sql!(
                "profile_id IN (SELECT profile_id FROM events WHERE profile_id <> ''{carried})",
                carried
            ));
        }
        if let Some(name) = &self.performed_event {
            let named = context.project.event_names.is_any(query, [name.as_str()]);
            conditions.push(sql!(
                "profile_id IN (SELECT profile_id FROM events WHERE {named} AND profile_id <> '')",
                named
            ));
        }
        if let Some(least) = self.min_sessions {
            conditions.push(sql!(
                "profile_id IN (SELECT profile_id FROM sessions WHERE profile_id <> '' GROUP BY profile_id HAVING count(*) >= {least})",
                least
            ));
        }
        Ok(conditions)
    }
}

#[cfg(test)]
mod tests {
    use crate::profile_row::tests::stored;
    use crate::testing::{Asked, table};
    use serde_json::{Value as Json, json};

    fn ask(arguments: Json) -> Asked {
        Asked::of("find_profiles", arguments)
            .tables(vec![table("events", 0, &[]), table("profiles", 0, &[])])
    }

    #[test]
    fn the_default_question_is_the_newest_profiles() {
        let asked = ask(json!({}))
            .timezone("Europe/Berlin")
            .rows(json!([stored("u1")]))
            .go();
        insta::assert_snapshot!(asked.statements(), @"
        SELECT profile_id, is_identified, first_name, last_name, email, avatar, groups, created_at, last_seen_at, properties FROM profiles WHERE TRUE ORDER BY coalesce(created_at, $1) DESC, coalesce(profile_id, '') DESC LIMIT 21 OFFSET 0
          [TimestampMs(0)]
        ");
        insta::assert_snapshot!(asked.text(), @"
        Profiles: Acme (`acme`), Europe/Berlin.

        **profiles**

        |profileId|identified|firstName|email|groups|createdAt|lastSeenAt|properties|
        |---|---|---|---|---|---|---|---|
        |u1|true|Ada|ada@acme.com|g1|2026-11-01T11:00:00+01:00|2026-11-19T11:00:00+01:00|plan=pro|
        ");
        insta::assert_snapshot!(asked.structured(), @r#"
        {
          "project": {
            "id": "acme",
            "name": "Acme"
          },
          "timezone": "Europe/Berlin",
          "profiles": [
            {
              "profileId": "u1",
              "identified": true,
              "firstName": "Ada",
              "email": "ada@acme.com",
              "groups": [
                "g1"
              ],
              "createdAt": "2026-11-01T11:00:00+01:00",
              "lastSeenAt": "2026-11-19T11:00:00+01:00",
              "properties": {
                "plan": "pro"
              }
            }
          ],
          "truncated": false,
          "notes": []
        }
        "#);
    }

    #[test]
    fn every_input_becomes_a_bound_condition() {
        let asked = ask(json!({
            "name": "Ada  O'Neil", "email": "@acme", "country": "DE", "city": "Köln", "device": "mobile", "browser": "Safari",
            "inactiveDays": 30, "minSessions": 3, "performedEvent": "signup", "identified": true, "sortBy": "lastSeenAt", "order": "asc",
            "filters": [{"field": "profile.properties.plan", "op": "is", "values": ["pro"]}], "limit": 1,
        }))
        .rows(json!([stored("u1"), stored("u2")]))
        .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT profile_id, is_identified, first_name, last_name, email, avatar, groups, created_at, last_seen_at, properties FROM profiles WHERE TRUE AND (strpos(lower(coalesce(profile_id, '')), lower($1)) > 0 OR strpos(lower(coalesce(email, '')), lower($1)) > 0 OR strpos(lower(coalesce(first_name, '')), lower($1)) > 0 OR strpos(lower(coalesce(last_name, '')), lower($1)) > 0) AND (strpos(lower(coalesce(profile_id, '')), lower($2)) > 0 OR strpos(lower(coalesce(email, '')), lower($2)) > 0 OR strpos(lower(coalesce(first_name, '')), lower($2)) > 0 OR strpos(lower(coalesce(last_name, '')), lower($2)) > 0) AND strpos(lower(email), lower($3)) > 0 AND coalesce(is_identified, FALSE) = $4 AND coalesce(last_seen_at, created_at) <= $5 AND profile_id IN (SELECT profile_id FROM events WHERE profile_id <> '' AND country IN ($6) AND city IN ($7) AND device IN ($8) AND browser IN ($9)) AND profile_id IN (SELECT profile_id FROM events WHERE name IN ($10) AND profile_id <> '') AND profile_id IN (SELECT profile_id FROM sessions WHERE profile_id <> '' GROUP BY profile_id HAVING count(*) >= 3) AND property(properties, $11) IN ($12) ORDER BY coalesce(last_seen_at, $13) ASC, coalesce(profile_id, '') ASC LIMIT 2 OFFSET 0
          [Text("Ada"), Text("O'Neil"), Text("@acme"), Bool(true), TimestampMs(1792584000000), Text("DE"), Text("Köln"), Text("mobile"), Text("Safari"), Text("signup"), Text("plan"), Text("pro"), TimestampMs(0)]
        "#);
        assert!(asked.text().contains("There is more."), "{}", asked.text());
    }

    #[test]
    fn a_page_begins_where_the_last_one_ended() {
        let first = ask(json!({"limit": 1}))
            .rows(json!([stored("u2"), stored("u1")]))
            .go();
        let second = ask(json!({"limit": 1, "cursor": first.field("nextCursor")}))
            .rows(json!([stored("u1")]))
            .go();
        insta::assert_snapshot!(second.statements(), @r#"
        SELECT profile_id, is_identified, first_name, last_name, email, avatar, groups, created_at, last_seen_at, properties FROM profiles WHERE TRUE AND coalesce(created_at, $1) <= $2 AND (coalesce(created_at, $1) < $2 OR (coalesce(created_at, $1) = $2 AND coalesce(profile_id, '') <= $3)) ORDER BY coalesce(created_at, $1) DESC, coalesce(profile_id, '') DESC LIMIT 2 OFFSET 1
          [TimestampMs(0), TimestampMs(1793527200000), Text("u2")]
        "#);
    }

    #[test]
    fn what_cannot_be_is_told() {
        let mistake = |arguments| ask(arguments).go().mistake();
        insta::assert_snapshot!(mistake(json!({"name": "a b c d e f"})), @"`name` has 6 words; 5 are the most. Give the words that tell the person apart.");
        insta::assert_snapshot!(mistake(json!({"filters": [{"field": "country", "op": "isSet"}]})), @"`country` is of events and sessions, and cannot filter profiles. Here `filters` take `profile.COLUMN`, `profile.properties.KEY` and `group.…`; for what a profile did use the other inputs.");
        insta::assert_snapshot!(mistake(json!({"inactiveDays": 0})), @"`inactiveDays` must be a whole number from 1 to 3650; it is 0.");
        insta::assert_snapshot!(Asked::of("find_profiles", json!({})).go().mistake(), @"This project stores no profiles: its people are known by their events only. `find_sessions` and `query_events` show `profileId`s; `get_profile_metrics` says what one did.");
    }
}
