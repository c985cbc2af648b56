//! The console's lines of the audit log: who did what, without secrets and without e-mail addresses.

use serde_json::{Value as Json, json};
use sightline_accounts::{Database, Statement};

use crate::console::visit::Visit;

/// Something done at the console.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// Somebody signed in: by password, provider, invitation, set-up.
    SignedIn(&'a str),
    /// A password was wrong.
    SignInRefused,
    /// Somebody signed out.
    SignedOut,
    /// Another password.
    PasswordChanged,
    /// A link was made for a member who forgot theirs.
    ResetOffered(&'a str),
    /// A forgotten password was set anew by a link.
    PasswordReset,
    /// A session was ended from another one, or all were.
    SessionEnded,
    /// The deployment was set up.
    SetUp,
    /// An invitation was made.
    InvitationMade {
        /// Its id.
        id: &'a str,
        /// As what.
        role: &'a str,
    },
    /// An invitation was taken back.
    InvitationRevoked(&'a str),
    /// An invitation was taken.
    Joined,
    /// A member's role or visibility was changed.
    MemberChanged {
        /// Whose.
        id: &'a str,
        /// What they are now.
        role: &'a str,
        /// Whether they see all or named projects.
        sees: &'a str,
    },
    /// A member was removed, or left.
    MemberRemoved(&'a str),
    /// A team was made.
    TeamCreated(&'a str),
    /// A team was changed.
    TeamChanged(&'a str),
    /// A team was deleted.
    TeamDeleted(&'a str),
    /// A project was made.
    ProjectCreated(&'a str),
    /// A project was renamed.
    ProjectRenamed(&'a str),
    /// A project was archived.
    ProjectArchived(&'a str),
    /// An API client was made.
    ClientCreated {
        /// Its id.
        id: &'a str,
        /// What it may read: a project's id, or `*`.
        reads: &'a str,
    },
    /// An API client has another limit.
    ClientLimited {
        /// Its id.
        id: &'a str,
        /// Requests a minute; none means the default.
        limit: Option<u32>,
    },
    /// An API client was revoked.
    ClientRevoked(&'a str),
    /// A connection was renamed.
    ConnectionRenamed(&'a str),
}

impl Event<'_> {
    fn slug(self) -> &'static str {
        match self {
            Self::SignedIn(_) => "sign_in.done",
            Self::SignInRefused => "sign_in.refused",
            Self::SignedOut => "sign_out.done",
            Self::PasswordChanged => "password.changed",
            Self::ResetOffered(_) => "password.reset_offered",
            Self::PasswordReset => "password.reset",
            Self::SessionEnded => "session.ended",
            Self::SetUp => "set_up.done",
            Self::InvitationMade { .. } => "invitation.made",
            Self::InvitationRevoked(_) => "invitation.revoked",
            Self::Joined => "member.joined",
            Self::MemberChanged { .. } => "member.changed",
            Self::MemberRemoved(_) => "member.removed",
            Self::TeamCreated(_) => "team.created",
            Self::TeamChanged(_) => "team.changed",
            Self::TeamDeleted(_) => "team.deleted",
            Self::ProjectCreated(_) => "project.created",
            Self::ProjectRenamed(_) => "project.renamed",
            Self::ProjectArchived(_) => "project.archived",
            Self::ClientCreated { .. } => "client.created",
            Self::ClientLimited { .. } => "client.limited",
            Self::ClientRevoked(_) => "client.revoked",
            Self::ConnectionRenamed(_) => "connection.renamed",
        }
    }

    fn detail(self) -> Json {
        match self {
            Self::SignedIn(by) => json!({"by": by}),
            Self::InvitationMade { id, role } => json!({"invitation": id, "role": role}),
            Self::InvitationRevoked(id) => json!({"invitation": id}),
            Self::MemberChanged { id, role, sees } => {
                json!({"member": id, "role": role, "sees": sees})
            }
            Self::MemberRemoved(id) | Self::ResetOffered(id) => json!({"member": id}),
            Self::TeamCreated(id) | Self::TeamChanged(id) | Self::TeamDeleted(id) => {
                json!({"team": id})
            }
            Self::ProjectCreated(id) | Self::ProjectRenamed(id) | Self::ProjectArchived(id) => {
                json!({"project": id})
            }
            Self::ClientCreated { id, reads } => json!({"client": id, "reads": reads}),
            Self::ClientLimited { id, limit } => json!({"client": id, "limit": limit}),
            Self::ClientRevoked(id) => json!({"client": id}),
            Self::ConnectionRenamed(id) => json!({"connection": id}),
            Self::SignInRefused
            | Self::SignedOut
            | Self::PasswordChanged
            | Self::PasswordReset
            | Self::SessionEnded
            | Self::SetUp
            | Self::Joined => json!({}),
        }
    }
}

impl Visit<'_> {
    /// Writes a line, if there is such a person. What it tells of is done, so a database that fails here stops nothing: the fault goes to the log.
    pub async fn record(&self, organization_id: Option<&str>, user_id: &str, event: Event<'_>) {
        let statement = Statement::new(
            "INSERT INTO audit (id, at, organization_id, user_id, action, detail) SELECT ?1, ?2, ?3, ?4, ?5, ?6 \
             WHERE EXISTS (SELECT 1 FROM users WHERE id = ?4)",
            [
                self.randomness.id("aud_").into(),
                self.now_ms.into(),
                organization_id.into(),
                user_id.into(),
                event.slug().into(),
                event.detail().to_string().into(),
            ],
        );
        if let Err(fault) = self.store.batch(vec![statement]).await {
            self.note_fault("audit_unwritten", &fault);
        }
    }
}
