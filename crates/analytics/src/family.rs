//! Families of tools, the scopes that open them, and the products whose names they also answer to.

/// A group of tools that `?toolsets=` can ask for by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Who is asking, which projects there are, where the dashboard is.
    Access,
    /// SQL, and what there is to query.
    Sql,
    /// Which events and properties exist.
    Discover,
    /// Single events.
    Events,
    /// Sessions.
    Sessions,
    /// People, and devices while anonymous.
    Profiles,
    /// Accounts, companies, teams.
    Groups,
    /// Web analytics.
    Web,
    /// What people do over time.
    Behavior,
}

impl Family {
    /// Every family, in the order tools are listed.
    pub const ALL: [Self; 9] = [
        Self::Access,
        Self::Sql,
        Self::Discover,
        Self::Events,
        Self::Sessions,
        Self::Profiles,
        Self::Groups,
        Self::Web,
        Self::Behavior,
    ];

    /// The name used in URLs and in the reference.
    pub fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Sql => "sql",
            Self::Discover => "discover",
            Self::Events => "events",
            Self::Sessions => "sessions",
            Self::Profiles => "profiles",
            Self::Groups => "groups",
            Self::Web => "web",
            Self::Behavior => "behavior",
        }
    }

    /// What the family is about, for the reference.
    pub fn about(self) -> &'static str {
        match self {
            Self::Access => "Who is asking, what they can see, and where the dashboard is.",
            Self::Sql => "SQL over one project's tables, and what there is to query.",
            Self::Discover => "Which events, properties and values exist.",
            Self::Events => "Single events.",
            Self::Sessions => "Sessions, the friction in them, and what happened moment by moment.",
            Self::Profiles => "People, and devices while they are anonymous.",
            Self::Groups => {
                "The accounts, companies or teams people belong to; listed where a project has any."
            }
            Self::Web => {
                "Web analytics. Session measures count a session in the bucket of its start."
            }
            Self::Behavior => {
                "What people do over time: trends, funnels, retention, paths, engagement."
            }
        }
    }
}

/// The scope that opens every tool.
pub const BUNDLE_SCOPE: &str = "mcp:analytics:read";

/// A permission of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// SQL.
    Query,
    /// Names of events, properties, tables.
    Schema,
    /// Single events.
    Events,
    /// Sessions.
    Sessions,
    /// Profiles and groups.
    Persons,
    /// Reports over many events.
    Insights,
}

impl Scope {
    /// Every scope, in the order of the reference.
    pub const ALL: [Self; 6] = [
        Self::Query,
        Self::Schema,
        Self::Events,
        Self::Sessions,
        Self::Persons,
        Self::Insights,
    ];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Query => "mcp:query:read",
            Self::Schema => "mcp:schema:read",
            Self::Events => "mcp:events:read",
            Self::Sessions => "mcp:sessions:read",
            Self::Persons => "mcp:persons:read",
            Self::Insights => "mcp:insights:read",
        }
    }
}

/// A hosted analytics server whose users find their tools here under the names they know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Product {
    /// SessionVision.
    SessionVision,
    /// FullSession.
    FullSession,
    /// OpenPanel.
    OpenPanel,
}

impl Product {
    /// Every product.
    pub const ALL: [Self; 3] = [Self::SessionVision, Self::FullSession, Self::OpenPanel];

    /// The name of its compatibility toolset.
    pub fn toolset(self) -> &'static str {
        match self {
            Self::SessionVision => "sessionvision",
            Self::FullSession => "fullsession",
            Self::OpenPanel => "openpanel",
        }
    }
}
