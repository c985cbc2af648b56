//! `get_group`: one group, and who belongs to it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sightline_warehouse::{Query, Sql, Value, sql};

use crate::answer::Answer;
use crate::context::Context;
use crate::failure::{Failure, Mistake};
use crate::family::{Family, Product, Scope};
use crate::group_row::{COLUMNS, GroupRow, Stored, needed};
use crate::limit::Limit;
use crate::profile_row::{self, ProfileRow};
use crate::tool::{About, Tool};

/// One group, and who belongs to it.
pub(crate) struct GetGroup;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    group_id: String,
    #[serde(default)]
    member_limit: Limit<10, 50>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    /// The group.
    group: GroupRow,
    /// Profiles that belong to it.
    member_count: i64,
    /// The newest of them.
    members: Vec<ProfileRow>,
}

#[derive(Deserialize)]
struct Count {
    members: i64,
}

impl Tool for GetGroup {
    const ABOUT: About = About {
        name: "get_group",
        title: "Group",
        description: "Gives one group (company, team, …), how many members it has, and the newest of them. \
                      Use find_groups to find the id.",
        family: Family::Groups,
        scope: Some(Scope::Persons),
        products: &[(Product::OpenPanel, "get_group")],
        pages: false,
        needs: Some("groups"),
        rules: &[
            "Members are the profiles whose `groups` name it; in a project that stores no profiles, those whose events do, which are counted and not listed.",
            "Of several rows with the same id the one updated last is told.",
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        needed(context).await?;
        let id = input.group_id.as_str();
        let mut query = context.query();
        let (columns, bound) = (COLUMNS, query.bind(id));
        let found: Vec<Stored> = context
            .rows(query.finish(sql!(
                "SELECT {columns} FROM groups WHERE group_id = {bound} ORDER BY updated_at DESC LIMIT 1",
                columns,
                bound
            )))
            .await?;
        let Some(group) = found.into_iter().next() else {
            let shown: String = id.chars().take(80).collect();
            return Err(
                Mistake::new(format!("There is no group `{shown}` in this project."))
                    .next("`find_groups` finds them by name; copy `groupId` from there.")
                    .into(),
            );
        };
        let stored = context.has_table("profiles").await?;
        let count: Count = {
            let mut query = context.query();
            let members = query
                .dialect()
                .count_distinct(&Sql::from("nullif(profile_id, '')"));
            let table = if stored { "profiles" } else { "events" };
            let belongs = belongs(&mut query, id);
            context
                .row(query.finish(sql!(
                    "SELECT {members} AS members FROM {table} WHERE {belongs}",
                    members,
                    table,
                    belongs
                )))
                .await?
        };
        let members = if stored {
            newest(id, input.member_limit.rows(), context).await?
        } else {
            Vec::new()
        };
        let shown = i64::try_from(members.len()).unwrap_or(i64::MAX);
        let output = Output {
            group: group.shown(context)?,
            member_count: count.members,
            members,
        };
        Ok(Answer::of(output).ranking(
            &["members"],
            stored && shown < count.members,
            None,
            "`find_profiles` with a filter on `profile.groups` lists all members.",
        ))
    }
}

fn belongs(query: &mut Query<'_>, id: &str) -> Sql {
    let id = query.bind(id);
    query.dialect().list_contains(&Sql::from("groups"), &id)
}

async fn newest(id: &str, rows: usize, context: &Context<'_>) -> Result<Vec<ProfileRow>, Failure> {
    let mut query = context.query();
    let belongs = belongs(&mut query, id);
    let (columns, epoch) = (profile_row::COLUMNS, query.bind(Value::TimestampMs(0)));
    let found: Vec<profile_row::Stored> = context
        .rows(query.finish(sql!(
            "SELECT {columns} FROM profiles WHERE {belongs} ORDER BY coalesce(created_at, {epoch}) DESC, profile_id DESC LIMIT {rows}",
            columns,
            belongs,
            epoch,
            rows
        )))
        .await?;
    found.into_iter().map(|row| row.shown(context)).collect()
}

#[cfg(test)]
mod tests {
    use crate::profile_row::tests::stored;
    use crate::testing::{Asked, table};
    use serde_json::{Value as Json, json};

    fn ask(tables: &[&str]) -> Asked {
        Asked::of("get_group", json!({"groupId": "g'1", "memberLimit": 1}))
            .tables(tables.iter().map(|name| table(name, 0, &[])).collect())
    }

    fn group() -> Json {
        json!([{
            "group_id": "g'1", "type": "company", "name": "Acme", "properties": {"seats": "12"},
            "created_at": "2026-11-01T10:00:00Z", "updated_at": "2026-11-02T10:00:00Z",
        }])
    }

    #[test]
    fn a_group_comes_with_its_newest_members() {
        let asked = ask(&["events", "groups", "profiles"])
            .rows(group())
            .rows(json!([{"members": 2}]))
            .rows(json!([stored("u1")]))
            .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT group_id, type, name, properties, created_at, updated_at FROM groups WHERE group_id = $1 ORDER BY updated_at DESC LIMIT 1
          [Text("g'1")]
        SELECT count(DISTINCT nullif(profile_id, '')) AS members FROM profiles WHERE array_has(groups, $1)
          [Text("g'1")]
        SELECT profile_id, is_identified, first_name, last_name, email, avatar, groups, created_at, last_seen_at, properties FROM profiles WHERE array_has(groups, $1) ORDER BY coalesce(created_at, $2) DESC, profile_id DESC LIMIT 1
          [Text("g'1"), TimestampMs(0)]
        "#);
        insta::assert_snapshot!(asked.text(), @"
        Group: Acme (`acme`), UTC.

        memberCount: 2

        **group** groupId: g'1 · type: company · name: Acme · properties: seats=12 · createdAt: 2026-11-01T10:00:00Z · updatedAt: 2026-11-02T10:00:00Z

        **members**

        |profileId|identified|firstName|email|groups|createdAt|lastSeenAt|properties|
        |---|---|---|---|---|---|---|---|
        |u1|true|Ada|ada@acme.com|g1|2026-11-01T10:00:00Z|2026-11-19T10:00:00Z|plan=pro|

        Note: There is more. `find_profiles` with a filter on `profile.groups` lists all members.
        ");
    }

    #[test]
    fn without_profiles_members_are_counted_by_their_events() {
        let asked = ask(&["events", "groups"])
            .rows(group())
            .rows(json!([{"members": 2}]))
            .go();
        insta::assert_snapshot!(asked.statements(), @r#"
        SELECT group_id, type, name, properties, created_at, updated_at FROM groups WHERE group_id = $1 ORDER BY updated_at DESC LIMIT 1
          [Text("g'1")]
        SELECT count(DISTINCT nullif(profile_id, '')) AS members FROM events WHERE array_has(groups, $1)
          [Text("g'1")]
        "#);
        assert_eq!(asked.field("truncated"), json!(false));
    }

    #[test]
    fn an_unknown_group_is_a_mistake() {
        let asked = ask(&["events", "groups"]).rows(json!([])).go();
        insta::assert_snapshot!(asked.mistake(), @"There is no group `g'1` in this project. `find_groups` finds them by name; copy `groupId` from there.");
    }
}
