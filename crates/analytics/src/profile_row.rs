//! A person, or a device while anonymous, as a row of an answer; and whether there is one of a given id.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use sightline_warehouse::{InstantMs, Query, Sql, Value, sql};

use crate::context::Context;
use crate::failure::{Failure, Mistake};
use crate::filters::LONGEST_SESSION_MS;
use crate::interval::instant;

/// The columns of `profiles` a row is made of.
pub(crate) const COLUMNS: &str = "profile_id, is_identified, first_name, last_name, email, avatar, groups, created_at, last_seen_at, properties";

/// A row of `profiles`.
#[derive(Debug, Deserialize)]
pub(crate) struct Stored {
    profile_id: Option<String>,
    is_identified: Option<bool>,
    first_name: Option<String>,
    last_name: Option<String>,
    email: Option<String>,
    avatar: Option<String>,
    groups: Option<Vec<Option<String>>>,
    created_at: Option<String>,
    last_seen_at: Option<String>,
    properties: Option<Map<String, Json>>,
}

/// A profile, as answered; what it does not have is left out.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProfileRow {
    /// The person's id, or the device's while anonymous.
    profile_id: String,
    /// It is somebody, not just a device; absent where nothing is stored of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    identified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// Address of a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar: Option<String>,
    /// Ids of the groups it belongs to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    groups: Vec<String>,
    /// When it was first known.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    /// When it was last seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen_at: Option<String>,
    /// What the project says of it.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schemars(with = "std::collections::BTreeMap<String, String>")]
    properties: Map<String, Json>,
}

impl Stored {
    /// Its id; empty for a file that lacks one.
    pub(crate) fn id(&self) -> String {
        self.profile_id.clone().unwrap_or_default()
    }

    /// When it was first known.
    pub(crate) fn created_ms(&self) -> Result<Option<InstantMs>, Failure> {
        self.created_at.as_deref().map(instant).transpose()
    }

    /// When it was last seen.
    pub(crate) fn last_seen_ms(&self) -> Result<Option<InstantMs>, Failure> {
        self.last_seen_at.as_deref().map(instant).transpose()
    }

    /// The row as answered.
    pub(crate) fn shown(self, context: &Context<'_>) -> Result<ProfileRow, Failure> {
        let local =
            |time: &Option<String>| time.as_deref().map(|time| context.local(time)).transpose();
        Ok(ProfileRow {
            created_at: local(&self.created_at)?,
            last_seen_at: local(&self.last_seen_at)?,
            profile_id: self.profile_id.unwrap_or_default(),
            identified: self.is_identified,
            first_name: text(self.first_name),
            last_name: text(self.last_name),
            email: text(self.email),
            avatar: text(self.avatar),
            groups: self
                .groups
                .unwrap_or_default()
                .into_iter()
                .filter_map(text)
                .collect(),
            properties: self.properties.unwrap_or_default(),
        })
    }
}

fn text(value: Option<String>) -> Option<String> {
    value.filter(|text| !text.is_empty())
}

/// A profile that was looked for by its id: stored, seen in events, or both.
pub(crate) struct Found {
    /// Its id.
    pub(crate) id: String,
    stored: Option<Stored>,
    /// First and last event.
    pub(crate) span: Option<(InstantMs, InstantMs)>,
    derives_sessions: bool,
}

#[derive(Deserialize)]
struct Span {
    first: Option<String>,
    last: Option<String>,
}

impl Found {
    /// The profile of that id, or that there is none.
    pub(crate) async fn by_id(id: &str, context: &Context<'_>) -> Result<Self, Failure> {
        let mut stored = None;
        if !id.is_empty() && context.has_table("profiles").await? {
            let mut query = context.query();
            let (columns, bound) = (COLUMNS, query.bind(id));
            let statement = query.finish(sql!(
                "SELECT {columns} FROM profiles WHERE profile_id = {bound} ORDER BY last_seen_at DESC LIMIT 1",
                columns,
                bound
            ));
            stored = context.rows::<Stored>(statement).await?.into_iter().next();
        }
        let mut query = context.query();
        let bound = query.bind(id);
        let span: Span = context
            .row(query.finish(sql!(
                "SELECT min(timestamp) AS first, max(timestamp) AS last FROM events WHERE profile_id = {bound} AND profile_id <> ''",
                bound
            )))
            .await?;
        let span = match (span.first, span.last) {
            (Some(first), Some(last)) => Some((instant(&first)?, instant(&last)?)),
            _ => None,
        };
        if stored.is_none() && span.is_none() {
            let shown: String = id.chars().take(80).collect();
            return Err(Mistake::new(format!(
                "There is no profile `{shown}` in this project."
            ))
            .next("`find_profiles` finds them by name or e-mail; copy `profileId` from there.")
            .into());
        }
        Ok(Self {
            id: id.to_owned(),
            stored,
            span,
            derives_sessions: context.derives_sessions().await?,
        })
    }

    /// The condition that a session is of it. One that follows from events began within a day before its first event or later.
    pub(crate) fn sessions(&self, query: &mut Query<'_>) -> Sql {
        let id = query.bind(&self.id);
        let Some((first, last)) = self.span.filter(|_| self.derives_sessions) else {
            return sql!("profile_id = {id}", id);
        };
        let (first, last) = (
            query.bind(Value::TimestampMs(first.saturating_sub(LONGEST_SESSION_MS))),
            query.bind(Value::TimestampMs(last)),
        );
        sql!(
            "profile_id = {id} AND started_at >= {first} AND started_at <= {last}",
            id,
            first,
            last
        )
    }

    /// The row as answered; what events alone say, where nothing is stored of it.
    pub(crate) fn shown(self, context: &Context<'_>) -> Result<ProfileRow, Failure> {
        if let Some(stored) = self.stored {
            return stored.shown(context);
        }
        let local = |ms| context.calendar().rfc3339(ms);
        Ok(ProfileRow {
            profile_id: self.id,
            identified: None,
            first_name: None,
            last_name: None,
            email: None,
            avatar: None,
            groups: Vec::new(),
            created_at: self.span.map(|(first, _)| local(first)),
            last_seen_at: self.span.map(|(_, last)| local(last)),
            properties: Map::new(),
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::{Value as Json, json};

    /// A profile as a statement answers it.
    pub(crate) fn stored(id: &str) -> Json {
        json!({
            "profile_id": id, "is_identified": true, "first_name": "Ada", "last_name": "", "email": "ada@acme.com", "avatar": null,
            "groups": ["g1", ""], "created_at": "2026-11-01T10:00:00Z", "last_seen_at": "2026-11-19T10:00:00Z",
            "properties": {"plan": "pro"},
        })
    }
}
