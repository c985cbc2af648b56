//! `list_group_types`: which kinds of group there are.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sightline_warehouse::sql;

use crate::answer::Answer;
use crate::breakdown::{NOT_SET, text_or};
use crate::context::Context;
use crate::failure::Failure;
use crate::family::{Family, Product, Scope};
use crate::group_row::needed;
use crate::tool::{About, Tool};

/// Which kinds of group there are.
pub(crate) struct ListGroupTypes;

const MOST: usize = 500;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The types, the commonest first.
    types: Vec<Row>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Row {
    /// The type; `(not set)` for groups without one.
    #[serde(rename = "type")]
    kind: String,
    /// Groups of it.
    groups: i64,
}

impl Tool for ListGroupTypes {
    const ABOUT: About = About {
        name: "list_group_types",
        title: "Group types",
        description: "Lists the types of groups (companies, teams, …) with how many there are of each. Use before find_groups.",
        family: Family::Groups,
        scope: Some(Scope::Persons),
        products: &[(Product::OpenPanel, "list_group_types")],
        pages: false,
        needs: Some("groups"),
        rules: &["By number of groups, ties by name."],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(_input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        needed(context).await?;
        let (kind, rows) = (text_or("type", NOT_SET), MOST + 1);
        let mut types: Vec<Row> = context
            .rows(context.query().finish(sql!(
                "SELECT kind AS type, count(*) AS groups FROM (SELECT {kind} AS kind FROM groups) AS kinds \
                 GROUP BY kind ORDER BY groups DESC, kind LIMIT {rows}",
                kind,
                rows
            )))
            .await?;
        let more = types.len() > MOST;
        types.truncate(MOST);
        Ok(Answer::of(Output { types }).ranking(
            &["types"],
            more,
            None,
            "`query` can count the others.",
        ))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Asked, table};
    use serde_json::json;

    #[test]
    fn types_are_counted() {
        let asked = Asked::of("list_group_types", json!({}))
            .tables(vec![table("events", 0, &[]), table("groups", 0, &[])])
            .rows(json!([{"type": "company", "groups": 3}]))
            .go();
        insta::assert_snapshot!(asked.statements(), @"
        SELECT kind AS type, count(*) AS groups FROM (SELECT coalesce(nullif(type, ''), '(not set)') AS kind FROM groups) AS kinds GROUP BY kind ORDER BY groups DESC, kind LIMIT 501
          []
        ");
        insta::assert_snapshot!(asked.text(), @"
        Group types: Acme (`acme`), UTC.

        **types**

        |type|groups|
        |---|---|
        |company|3|
        ");
    }

    #[test]
    fn a_project_without_groups_says_so() {
        insta::assert_snapshot!(Asked::of("list_group_types", json!({})).go().mistake(), @"This project has no groups. `list_projects` says which projects do.");
    }
}
