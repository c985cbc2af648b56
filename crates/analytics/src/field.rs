//! What the `field` of a filter names.

use crate::columns::{Column, EVENTS, GROUPS, PROFILES, SESSIONS, find};
use crate::failure::Mistake;
use crate::nearest::did_you_mean;

/// A field that can be filtered on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Field {
    /// A column of events, of sessions, or of both.
    Column {
        /// The column in `events`.
        event: Option<&'static Column>,
        /// The column in `sessions`.
        session: Option<&'static Column>,
    },
    /// `properties.KEY` of an event.
    Property(String),
    /// `profile.COLUMN`.
    Profile(&'static Column),
    /// `profile.properties.KEY`.
    ProfileProperty(String),
    /// `group.name`, `group.type`.
    Group(&'static Column),
    /// `group.properties.KEY`.
    GroupProperty(String),
}

impl Field {
    /// The field of that name.
    pub(crate) fn parse(name: &str) -> Result<Self, Mistake> {
        Self::known(name).ok_or_else(|| {
            let meant = did_you_mean(name, names().iter().map(String::as_str));
            Mistake::new(format!("`{name}` is not a field that can be filtered on.{meant}")).next(
                "Fields are the columns of events and sessions (`get_schema` lists them), `properties.KEY`, `profile.COLUMN`, \
                 `profile.properties.KEY`, `group.name`, `group.type` and `group.properties.KEY`.",
            )
        })
    }

    fn known(name: &str) -> Option<Self> {
        if let Some(key) = key_after(name, "properties.") {
            return Some(Self::Property(key));
        }
        if let Some(key) = key_after(name, "profile.properties.") {
            return Some(Self::ProfileProperty(key));
        }
        if let Some(key) = key_after(name, "group.properties.") {
            return Some(Self::GroupProperty(key));
        }
        if let Some(column) = name.strip_prefix("profile.") {
            return find(PROFILES, column).map(Self::Profile);
        }
        if let Some(column) = name.strip_prefix("group.") {
            return find(GROUPS, column).map(Self::Group);
        }
        let (event, session) = (find(EVENTS, name), find(SESSIONS, name));
        // The map itself cannot be compared, only its entries.
        let event = event.filter(|column| column.name != "properties");
        (event.is_some() || session.is_some()).then_some(Self::Column { event, session })
    }
}

fn key_after(name: &str, prefix: &str) -> Option<String> {
    name.strip_prefix(prefix)
        .filter(|key| !key.is_empty())
        .map(str::to_owned)
}

/// Every field with a fixed name.
fn names() -> Vec<String> {
    let own = EVENTS
        .iter()
        .chain(SESSIONS)
        .filter(|column| column.name != "properties")
        .map(|column| column.name.to_owned());
    let profile = PROFILES
        .iter()
        .map(|column| format!("profile.{}", column.name));
    let group = GROUPS.iter().map(|column| format!("group.{}", column.name));
    own.chain(profile).chain(group).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use super::*;

    #[test]
    fn every_kind_of_field_is_understood() {
        for (name, expected) in [
            ("properties.plan.tier", Field::Property("plan.tier".into())),
            (
                "profile.properties.role",
                Field::ProfileProperty("role".into()),
            ),
            (
                "group.properties.seats",
                Field::GroupProperty("seats".into()),
            ),
        ] {
            assert_eq!(Field::parse(name), Ok(expected));
        }
        assert!(
            matches!(Field::parse("profile.email"), Ok(Field::Profile(column)) if column.name == "email")
        );
        assert!(
            matches!(Field::parse("group.type"), Ok(Field::Group(column)) if column.name == "type")
        );
        assert!(matches!(
            Field::parse("country"),
            Ok(Field::Column {
                event: Some(_),
                session: Some(_)
            })
        ));
        assert!(matches!(
            Field::parse("path"),
            Ok(Field::Column {
                event: Some(_),
                session: None
            })
        ));
        assert!(matches!(
            Field::parse("isBounce"),
            Ok(Field::Column {
                event: None,
                session: Some(_)
            })
        ));
    }

    #[test]
    fn an_unknown_field_names_the_nearest() {
        insta::assert_snapshot!(Field::parse("contry").unwrap_err().text(), @"`contry` is not a field that can be filtered on. Did you mean `country`? Fields are the columns of events and sessions (`get_schema` lists them), `properties.KEY`, `profile.COLUMN`, `profile.properties.KEY`, `group.name`, `group.type` and `group.properties.KEY`.");
        insta::assert_snapshot!(Field::parse("profile.mail").unwrap_err().text(), @"`profile.mail` is not a field that can be filtered on. Did you mean `profile.email`, `profile_id` or `profile.last_name`? Fields are the columns of events and sessions (`get_schema` lists them), `properties.KEY`, `profile.COLUMN`, `profile.properties.KEY`, `group.name`, `group.type` and `group.properties.KEY`.");
        assert!(Field::parse("properties").is_err() && Field::parse("properties.").is_err());
    }
}
