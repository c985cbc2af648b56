//! Belonging to an organization: in which role, and seeing what.

use crate::database::{Row, StoreFault};

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Sees what is shown, and connects apps.
    Member,
    /// Runs the organization, but for its owners.
    Admin,
    /// May do everything.
    Owner,
}

impl Role {
    /// All, from least to most.
    pub const ALL: [Self; 3] = [Self::Member, Self::Admin, Self::Owner];

    /// Its name in the database and in forms.
    pub fn name(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Which projects a member sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sees {
    /// All of the organization, later ones included.
    All,
    /// These, and those of the member's teams.
    Named(Vec<String>),
}

impl Sees {
    /// Its name in the database and in forms.
    pub fn name(&self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Named(_) => "named",
        }
    }

    /// The ids named, as a JSON array for `json_each`.
    pub(crate) fn ids_json(&self) -> String {
        match self {
            Self::All => "[]".to_owned(),
            Self::Named(ids) => serde_json::json!(ids).to_string(),
        }
    }
}

/// One person's place in one organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The organization.
    pub organization_id: String,
    /// Its name.
    pub organization_name: String,
    /// As what.
    pub role: Role,
    /// Whether all projects are seen, or named ones and the teams'.
    pub sees_all: bool,
}

impl Membership {
    pub(crate) fn read(row: &Row) -> Result<Self, StoreFault> {
        Ok(Self {
            organization_id: row.text("organization_id")?,
            organization_name: row.text("organization_name")?,
            role: role(row)?,
            sees_all: row.text("sees")? == "all",
        })
    }
}

/// The role in a row.
pub(crate) fn role(row: &Row) -> Result<Role, StoreFault> {
    Role::from_name(&row.text("role")?).ok_or_else(|| StoreFault("a role is unknown".to_owned()))
}
