//! Who is asking, and what they may see.

use std::collections::BTreeSet;

use sightline_warehouse::InstantMs;

use crate::family::{BUNDLE_SCOPE, Scope};
use crate::project::{Organization, Project};

/// Who signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// A person, by an app they connected.
    Person {
        /// Their id.
        id: String,
        /// Their name.
        name: String,
        /// Their e-mail address.
        email: Option<String>,
    },
    /// A script with a token of its own.
    ApiClient {
        /// Its id.
        id: String,
        /// The name it was given.
        name: String,
        /// `read` (one project) or `root` (all of an organization).
        kind: String,
    },
}

/// A place in an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The organization.
    pub organization: Organization,
    /// `owner`, `admin`, `member`; for API clients their kind.
    pub role: String,
}

/// Who is asking and what they may see *now*: read again for every request, never kept.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The person or API client.
    pub identity: Identity,
    /// How they signed in, in words (`API client token`, `password`).
    pub signed_in_with: String,
    /// Their organizations.
    pub memberships: Vec<Membership>,
    /// The projects they see, in any order.
    pub projects: Vec<Project>,
    /// The scopes granted to this connection.
    pub scopes: BTreeSet<String>,
    /// The app that connected, where one did.
    pub app: Option<String>,
    /// When access ends, in ms since 1970 UTC; never, if absent.
    pub expires_at_ms: Option<InstantMs>,
    /// Requests left in the current minute, where a limit applies.
    pub remaining_this_minute: Option<u32>,
}

impl Caller {
    /// Whether the connection was granted `scope`, by itself or with the bundle.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(BUNDLE_SCOPE) || self.scopes.contains(scope.name())
    }
}
