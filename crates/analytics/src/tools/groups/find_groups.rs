//! `find_groups`: groups by type and name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sightline_warehouse::{Sql, Statement, sql};

use crate::answer::Answer;
use crate::context::Context;
use crate::failure::Failure;
use crate::family::{Family, Product, Scope};
use crate::group_row::{COLUMNS, GroupRow, Stored, needed};
use crate::keyset;
use crate::limit::Limit;
use crate::tool::{About, Tool};

/// Groups by type and name.
pub(crate) struct FindGroups;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Exact
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Part of name or id
    search: Option<String>,
    #[serde(default)]
    limit: Limit<20, 100>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The groups.
    groups: Vec<GroupRow>,
}

impl Tool for FindGroups {
    const ABOUT: About = About {
        name: "find_groups",
        title: "Groups",
        description: "Finds groups (companies, teams, …) by type and name. Use to get a groupId; then get_group for its members.",
        family: Family::Groups,
        scope: Some(Scope::Persons),
        products: &[(Product::OpenPanel, "find_groups")],
        pages: true,
        needs: Some("groups"),
        rules: &["`search` is a part of the name or the id, in any case. Sorted by name, then id."],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        needed(context).await?;
        let mut found: Vec<Stored> = context.rows(input.statement(context)?).await?;
        let more = found.len() > input.limit.rows();
        found.truncate(input.limit.rows());
        let keys = found
            .iter()
            .map(|row| json!([row.name(), row.id()]))
            .collect();
        let groups = found
            .into_iter()
            .map(|row| row.shown(context))
            .collect::<Result<_, _>>()?;
        Ok(Answer::of(Output { groups }).page(&["groups"], keys, more))
    }
}

impl Input {
    fn statement(&self, context: &Context<'_>) -> Result<Statement, Failure> {
        let mut query = context.query();
        let mut wanted = vec![Sql::from("TRUE")];
        if let Some(kind) = &self.kind {
            let kind = query.bind(kind);
            wanted.push(sql!("type = {kind}", kind));
        }
        if let Some(part) = self.search.as_ref().filter(|part| !part.is_empty()) {
            let part = query.bind(part);
            let within = ["coalesce(name, '')", "coalesce(group_id, '')"]
                .map(|column| query.dialect().contains(&Sql::from(column), &part));
            wanted.push(sql!("({any})", any = Sql::join(within, " OR ")));
        }
        let order = keyset::Order {
            by: ["coalesce(name, '')", "coalesce(group_id, '')"]
                .map(Sql::from)
                .to_vec(),
            descending: false,
        };
        let mut skip = 0;
        if let Some(cursor) = &context.cursor {
            let (name, id): (String, String) = cursor.key()?;
            wanted.push(order.from(&mut query, vec![name.into(), id.into()]));
            skip = cursor.skip;
        }
        let (columns, sorted, rows) = (COLUMNS, order.sql(), self.limit.and_one());
        let wanted = Sql::join(wanted, " AND ");
        Ok(query.finish(sql!(
            "SELECT {columns} FROM groups WHERE {wanted} ORDER BY {sorted} LIMIT {rows} OFFSET {skip}",
            columns,
            wanted,
            sorted,
            rows,
            skip
        )))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Asked, table};
    use serde_json::{Value as Json, json};

    fn row(id: &str) -> Json {
        json!({
            "group_id": id, "type": "company", "name": "Acme", "properties": {"seats": "12"},
            "created_at": "2026-11-01T10:00:00Z", "updated_at": null,
        })
    }

    fn ask(arguments: Json) -> Asked {
        Asked::of("find_groups", arguments)
            .tables(vec![table("events", 0, &[]), table("groups", 0, &[])])
    }

    #[test]
    fn groups_are_found_by_type_and_name_page_by_page() {
        let arguments = json!({"type": "company", "search": "50%_", "limit": 1});
        let first = ask(arguments.clone())
            .rows(json!([row("g1"), row("g2")]))
            .go();
        insta::assert_snapshot!(first.statements(), @r#"
        SELECT group_id, type, name, properties, created_at, updated_at FROM groups WHERE TRUE AND type = $1 AND (strpos(lower(coalesce(name, '')), lower($2)) > 0 OR strpos(lower(coalesce(group_id, '')), lower($2)) > 0) ORDER BY coalesce(name, '') ASC, coalesce(group_id, '') ASC LIMIT 2 OFFSET 0
          [Text("company"), Text("50%_")]
        "#);
        insta::assert_snapshot!(first.text(), @r#"
        Groups: Acme (`acme`), UTC.

        **groups**

        |groupId|type|name|properties|createdAt|
        |---|---|---|---|---|
        |g1|company|Acme|seats=12|2026-11-01T10:00:00Z|

        There is more. For the rest call `find_groups` with `{"type":"company","search":"50%_","limit":1,"cursor":"eyJxIjoiRmJ0a3NNTG14WmZWOTZ6UyIsInQiOjE3OTUxNzYwMDAwMDAsImsiOlsiQWNtZSIsImcxIl0sIm4iOjF9"}`.
        "#);
        let mut arguments = arguments;
        arguments["cursor"] = first.field("nextCursor");
        let second = ask(arguments).rows(json!([row("g2")])).go();
        insta::assert_snapshot!(second.statements(), @r#"
        SELECT group_id, type, name, properties, created_at, updated_at FROM groups WHERE TRUE AND type = $1 AND (strpos(lower(coalesce(name, '')), lower($2)) > 0 OR strpos(lower(coalesce(group_id, '')), lower($2)) > 0) AND coalesce(name, '') >= $3 AND (coalesce(name, '') > $3 OR (coalesce(name, '') = $3 AND coalesce(group_id, '') >= $4)) ORDER BY coalesce(name, '') ASC, coalesce(group_id, '') ASC LIMIT 2 OFFSET 1
          [Text("company"), Text("50%_"), Text("Acme"), Text("g1")]
        "#);
    }
}
