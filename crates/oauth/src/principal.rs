//! Who is asking, and what they may see: the result of every way in.

use crate::api_client::ApiClientKind;
use crate::connection::{Person, PersonMembership};
use crate::scope::{Scope, ScopeSet};
use crate::store::{Organization, VisibleProject};
use crate::token::ClientId;

/// How a principal got in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantedThrough {
    /// By an API client's token.
    ApiClient {
        /// The client.
        id: ClientId,
        /// What its owner calls it.
        name: String,
        /// What it may see: never [`ApiClientKind::Write`].
        kind: ApiClientKind,
    },
    /// By an access token, in a person's name.
    Connection {
        /// The connection.
        id: String,
        /// The app's client id.
        app_id: String,
        /// What the app is called.
        app_name: String,
        /// The person.
        person: Person,
        /// Their place in the organization they act in.
        membership: PersonMembership,
    },
}

/// Whoever makes a request, with what they may see at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal<P> {
    /// How they got in.
    pub through: GrantedThrough,
    /// The organization they act in.
    pub organization: Organization,
    /// The projects they may see. No other project exists for them.
    pub projects: Vec<P>,
    /// What they may do.
    pub scopes: ScopeSet,
    /// Until when, in ms since 1970 UTC; none if it does not end by itself.
    pub expires_at_ms: Option<i64>,
    /// Requests a minute, where that differs from the default.
    pub requests_per_minute: Option<u32>,
}

impl<P: VisibleProject> Principal<P> {
    /// The visible project of that id. One that is not visible and one that does not exist give the same answer.
    pub fn project(&self, id: &str) -> Option<&P> {
        self.projects.iter().find(|project| project.id() == id)
    }

    /// Whether they may do what `scope` covers.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(scope)
    }

    /// The key under which their requests are counted: one per API client or connection.
    pub fn limit_key(&self) -> String {
        match &self.through {
            GrantedThrough::ApiClient { id, .. } => format!("api_client:{id}"),
            GrantedThrough::Connection { id, .. } => format!("connection:{id}"),
        }
    }
}
