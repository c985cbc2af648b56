//! Connections: an app in a person's name, and what that person may see.
//!
//! A connection is made when an app redeems the code a person's consent gave it, and it is the family of all refresh tokens that follow.
//! It names one organization; what is visible through it is never more than what the person's membership shows at that moment.

use crate::scope::ScopeSet;
use crate::store::Organization;

/// An app connected by a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Its id.
    pub id: String,
    /// The person.
    pub user_id: String,
    /// The organization it acts in.
    pub organization_id: String,
    /// The app.
    pub app_id: String,
    /// What the app called itself, or the person renamed it to.
    pub app_name: String,
    /// Where the app was sent its code: the host people saw.
    pub redirect_host: String,
    /// What the person agreed to.
    pub scopes: ScopeSet,
    /// The projects it is held to; all the person sees in the organization, if there is no list.
    pub project_ids: Option<Vec<String>>,
    /// When it was made, in ms since 1970 UTC.
    pub created_at_ms: i64,
    /// When it ends by itself.
    pub expires_at_ms: i64,
    /// When it was ended.
    pub revoked_at_ms: Option<i64>,
}

impl Connection {
    /// Whether it can still be used.
    pub fn is_alive(&self, now_ms: i64) -> bool {
        self.revoked_at_ms.is_none() && self.expires_at_ms > now_ms
    }
}

/// A person.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// Their id.
    pub id: String,
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: Option<String>,
    /// When they were shut out, in ms since 1970 UTC.
    pub disabled_at_ms: Option<i64>,
}

impl std::fmt::Debug for Person {
    /// Without name and address: what is printed may end up in a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Person({})", self.id)
    }
}

/// What a person is in an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// May do everything.
    Owner,
    /// May manage members, clients and connections.
    Admin,
    /// May use it.
    Member,
}

impl Role {
    /// Its name, as stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
        }
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Owner, Self::Admin, Self::Member]
            .into_iter()
            .find(|role| role.name() == name)
    }
}

/// A person's place in an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonMembership {
    /// The organization.
    pub organization: Organization,
    /// What they are in it.
    pub role: Role,
}

/// A person with what they may see at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonAccess<P> {
    /// The person, disabled ones included.
    pub person: Person,
    /// Their organizations.
    pub memberships: Vec<PersonMembership>,
    /// The projects their memberships and teams show, of all their organizations.
    pub projects: Vec<P>,
}

/// Everything about a connection that one request needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionAccess<P> {
    /// The connection, revoked and expired ones included.
    pub connection: Connection,
    /// Its person.
    pub access: PersonAccess<P>,
}
