//! Who may do what: the one place that says so.
//!
//! Pages ask before they show a button, [`crate::Accounts`] asks before it acts; and the statements that act look up the actor's role again,
//! so that a role taken away between the two counts.

use thiserror::Error;

use crate::membership::{Membership, Role};

/// Something done in an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// See the projects one is shown, and connect apps to them.
    UseProjects,
    /// See, rename and revoke one's own connections.
    ManageOwnConnections,
    /// See and revoke everybody's connections.
    ManageAllConnections,
    /// Create, rename and archive projects.
    ManageProjects,
    /// Create, limit and revoke API clients.
    ManageApiClients,
    /// Read the audit log.
    ReadAudit,
    /// See who belongs to it.
    SeeMembers,
    /// Create, change and delete teams.
    ManageTeams,
    /// Invite somebody as `role`, or revoke such an invitation.
    Invite {
        /// As what.
        role: Role,
    },
    /// Change what a member sees.
    ChangeVisibility {
        /// What the member is.
        of: Role,
    },
    /// Make a member something else.
    ChangeRole {
        /// What the member is.
        from: Role,
        /// What the member becomes.
        to: Role,
    },
    /// Remove another member. Leaving oneself is not an action of this list: anybody may, but the last owner.
    Remove {
        /// What the member is.
        of: Role,
    },
    /// Rename the organization.
    RenameOrganization,
}

/// Somebody acting in an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The person.
    pub user_id: String,
    /// The organization.
    pub organization_id: String,
    /// The role there.
    pub role: Role,
}

/// The action needs another role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("You may not do this here. Ask an owner of the organization.")]
pub struct Forbidden;

impl Role {
    /// Whether this role may do it.
    pub fn may(self, action: Action) -> bool {
        let needed = match action {
            Action::UseProjects | Action::ManageOwnConnections => Self::Member,
            Action::ManageAllConnections
            | Action::ManageProjects
            | Action::ManageApiClients
            | Action::ReadAudit
            | Action::SeeMembers
            | Action::ManageTeams => Self::Admin,
            Action::RenameOrganization => Self::Owner,
            // Nobody makes, changes or removes somebody above themselves.
            Action::Invite { role } => role.max(Self::Admin),
            Action::ChangeVisibility { of } | Action::Remove { of } => of.max(Self::Admin),
            Action::ChangeRole { from, to } => from.max(to).max(Self::Admin),
        };
        self >= needed
    }
}

impl Actor {
    /// Somebody acting by this membership.
    pub fn new(user_id: &str, membership: &Membership) -> Self {
        Self {
            user_id: user_id.to_owned(),
            organization_id: membership.organization_id.clone(),
            role: membership.role,
        }
    }

    /// Passes if the actor may do it.
    ///
    /// # Errors
    /// [`Forbidden`] if not.
    pub fn must(&self, action: Action) -> Result<(), Forbidden> {
        if self.role.may(action) {
            Ok(())
        } else {
            Err(Forbidden)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_is_open_to_exactly_the_roles_in_the_table() {
        use Role::{Admin, Member, Owner};
        let table: &[(Action, [bool; 3])] = &[
            //                                              member admin owner
            (Action::UseProjects, [true, true, true]),
            (Action::ManageOwnConnections, [true, true, true]),
            (Action::ManageAllConnections, [false, true, true]),
            (Action::ManageProjects, [false, true, true]),
            (Action::ManageApiClients, [false, true, true]),
            (Action::ReadAudit, [false, true, true]),
            (Action::SeeMembers, [false, true, true]),
            (Action::ManageTeams, [false, true, true]),
            (Action::RenameOrganization, [false, false, true]),
            (Action::Invite { role: Member }, [false, true, true]),
            (Action::Invite { role: Admin }, [false, true, true]),
            (Action::Invite { role: Owner }, [false, false, true]),
            (Action::ChangeVisibility { of: Member }, [false, true, true]),
            (Action::ChangeVisibility { of: Admin }, [false, true, true]),
            (Action::ChangeVisibility { of: Owner }, [false, false, true]),
            (Action::Remove { of: Member }, [false, true, true]),
            (Action::Remove { of: Admin }, [false, true, true]),
            (Action::Remove { of: Owner }, [false, false, true]),
            (
                Action::ChangeRole {
                    from: Member,
                    to: Admin,
                },
                [false, true, true],
            ),
            (
                Action::ChangeRole {
                    from: Admin,
                    to: Member,
                },
                [false, true, true],
            ),
            (
                Action::ChangeRole {
                    from: Member,
                    to: Owner,
                },
                [false, false, true],
            ),
            (
                Action::ChangeRole {
                    from: Admin,
                    to: Owner,
                },
                [false, false, true],
            ),
            (
                Action::ChangeRole {
                    from: Owner,
                    to: Member,
                },
                [false, false, true],
            ),
            (
                Action::ChangeRole {
                    from: Owner,
                    to: Admin,
                },
                [false, false, true],
            ),
        ];
        for (action, allowed) in table {
            for (role, expected) in Role::ALL.into_iter().zip(allowed) {
                assert_eq!(role.may(*action), *expected, "{role:?} {action:?}");
            }
        }
    }

    #[test]
    fn an_actor_without_the_role_is_told_to_ask_an_owner() {
        let actor = Actor {
            user_id: "u".to_owned(),
            organization_id: "o".to_owned(),
            role: Role::Member,
        };
        assert_eq!(actor.must(Action::UseProjects), Ok(()));
        assert_eq!(actor.must(Action::ReadAudit), Err(Forbidden));
    }
}
