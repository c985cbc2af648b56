//! An account, company or team as a row of an answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::context::Context;
use crate::failure::{Failure, Mistake};

/// The columns of `groups` a row is made of.
pub(crate) const COLUMNS: &str = "group_id, type, name, properties, created_at, updated_at";

/// A row of `groups`.
#[derive(Debug, Deserialize)]
pub(crate) struct Stored {
    group_id: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    name: Option<String>,
    properties: Option<Map<String, Json>>,
    created_at: Option<String>,
    updated_at: Option<String>,
}

/// A group, as answered; what it does not have is left out.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupRow {
    /// Its id.
    group_id: String,
    /// What kind of group it is.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// What the project says of it.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schemars(with = "std::collections::BTreeMap<String, String>")]
    properties: Map<String, Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
}

impl Stored {
    /// Its id; empty for a file that lacks one.
    pub(crate) fn id(&self) -> String {
        self.group_id.clone().unwrap_or_default()
    }

    /// What it is sorted by.
    pub(crate) fn name(&self) -> String {
        self.name.clone().unwrap_or_default()
    }

    /// The row as answered.
    pub(crate) fn shown(self, context: &Context<'_>) -> Result<GroupRow, Failure> {
        let local = |time: Option<String>| time.map(|time| context.local(&time)).transpose();
        let text = |value: Option<String>| value.filter(|text| !text.is_empty());
        Ok(GroupRow {
            group_id: self.group_id.unwrap_or_default(),
            kind: text(self.kind),
            name: text(self.name),
            properties: self.properties.unwrap_or_default(),
            created_at: local(self.created_at)?,
            updated_at: local(self.updated_at)?,
        })
    }
}

/// Refuses where a project has no groups.
pub(crate) async fn needed(context: &Context<'_>) -> Result<(), Failure> {
    if context.has_table("groups").await? {
        return Ok(());
    }
    Err(Mistake::new("This project has no groups.")
        .next("`list_projects` says which projects do.")
        .into())
}
