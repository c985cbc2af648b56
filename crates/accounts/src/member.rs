//! Members: what each is and sees, changed by those above them, and never without an owner left.
//!
//! The statements look up the actor's and the member's roles themselves, so that of two owners who remove each other at once one stays.

use crate::accounts::Accounts;
use crate::authority::{Action, Actor};
use crate::database::{Outcome, Row, Statement, StoreFault};
use crate::failure::AccountsError;
use crate::membership::{Role, Sees, role};
use crate::person::{Name, Person};

/// A member as admins see them listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub person: Person,
    /// As what.
    pub role: Role,
    /// Seeing what. The projects of teams come on top of those named.
    pub sees: Sees,
    /// The ids of their teams.
    pub team_ids: Vec<String>,
    /// Whether the account is switched off.
    pub disabled: bool,
}

/// Text before and after the rule that the actor (`?3`) stands at least as high as the member (`m`, of `?1` and `?2`) and what they become.
macro_rules! by_somebody_above {
    ($before:literal, $becomes:literal, $after:literal) => {
        concat!(
            $before,
            " AND EXISTS (SELECT 1 FROM members a WHERE a.organization_id = ?1 AND a.user_id = ?3 \
               AND (a.role = 'owner' OR (a.role = 'admin' AND m.role <> 'owner' AND ",
            $becomes,
            " <> 'owner'))) ",
            $after
        )
    };
}

/// That somebody other than `?2` owns the organization, and can still sign in.
macro_rules! another_owner {
    () => {
        "EXISTS (SELECT 1 FROM members o JOIN users w ON w.id = o.user_id \
           WHERE o.organization_id = ?1 AND o.user_id <> ?2 AND o.role = 'owner' AND w.disabled_at IS NULL)"
    };
}

impl Accounts<'_> {
    /// The organization's members, by name.
    ///
    /// # Errors
    /// [`AccountsError::Forbidden`], or the database's failure.
    pub async fn members(&self, actor: &Actor) -> Result<Vec<Member>, AccountsError> {
        actor.must(Action::SeeMembers)?;
        let [found] = self
            .run([Statement::new(
                "SELECT u.id AS user_id, u.email, u.name, u.disabled_at, m.role, m.sees, \
                 (SELECT json_group_array(p.project_id) FROM member_projects p \
                   WHERE p.organization_id = m.organization_id AND p.user_id = m.user_id) AS projects, \
                 (SELECT json_group_array(t.id) FROM team_members x JOIN teams t ON t.id = x.team_id \
                   WHERE t.organization_id = m.organization_id AND x.user_id = m.user_id) AS teams \
                 FROM members m JOIN users u ON u.id = m.user_id WHERE m.organization_id = ?1 ORDER BY u.name, u.email LIMIT 2000",
                [actor.organization_id.as_str().into()],
            )])
            .await?;
        let read = |row: &Row| {
            let named = ids(row, "projects")?;
            Ok::<_, StoreFault>(Member {
                person: Person::read(row)?,
                role: role(row)?,
                sees: if row.text("sees")? == "all" {
                    Sees::All
                } else {
                    Sees::Named(named)
                },
                team_ids: ids(row, "teams")?,
                disabled: row.integer_if_any("disabled_at")?.is_some(),
            })
        };
        Ok(found.rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Makes a member something else. Whoever comes to run the organization sees all of it.
    ///
    /// # Errors
    /// [`AccountsError::Forbidden`]; [`AccountsError::LastOwner`]; [`AccountsError::Gone`] if they are no member any more.
    pub async fn change_role(
        &self,
        actor: &Actor,
        user_id: &str,
        to: Role,
    ) -> Result<(), AccountsError> {
        let from = self.role_of(actor, user_id).await?;
        actor.must(Action::ChangeRole { from, to })?;
        let [changed] = self
            .run([Statement::new(
                concat!(
                    by_somebody_above!(
                        "UPDATE members AS m SET role = ?4, sees = CASE ?4 WHEN 'member' THEN m.sees ELSE 'all' END \
                         WHERE m.organization_id = ?1 AND m.user_id = ?2",
                        "?4",
                        "AND (m.role <> 'owner' OR ?4 = 'owner' OR "
                    ),
                    another_owner!(),
                    ")"
                ),
                [
                    actor.organization_id.as_str().into(),
                    user_id.into(),
                    actor.user_id.as_str().into(),
                    to.name().into(),
                ],
            )])
            .await?;
        done_or(&changed, from == Role::Owner && to != Role::Owner)
    }

    /// Takes a member out of the organization and its teams, and ends their connections to it. One may always leave oneself, but for the last owner.
    ///
    /// # Errors
    /// As [`Self::change_role`].
    pub async fn remove_member(&self, actor: &Actor, user_id: &str) -> Result<(), AccountsError> {
        let from = self.role_of(actor, user_id).await?;
        let leaving = actor.user_id == user_id;
        if !leaving {
            actor.must(Action::Remove { of: from })?;
        }
        let both = || [actor.organization_id.as_str().into(), user_id.into()];
        let [removed, ..] = self
            .run([
                Statement::new(
                    concat!(
                        "DELETE FROM members AS m WHERE m.organization_id = ?1 AND m.user_id = ?2 \
                         AND (?2 = ?3 OR EXISTS (SELECT 1 FROM members a WHERE a.organization_id = ?1 AND a.user_id = ?3 \
                           AND (a.role = 'owner' OR (a.role = 'admin' AND m.role <> 'owner')))) \
                         AND (m.role <> 'owner' OR ",
                        another_owner!(),
                        ")"
                    ),
                    [
                        actor.organization_id.as_str().into(),
                        user_id.into(),
                        actor.user_id.as_str().into(),
                    ],
                ),
                Statement::new(
                    "DELETE FROM member_projects WHERE organization_id = ?1 AND user_id = ?2 \
                     AND NOT EXISTS (SELECT 1 FROM members WHERE organization_id = ?1 AND user_id = ?2)",
                    both(),
                ),
                Statement::new(
                    "DELETE FROM team_members WHERE user_id = ?2 AND team_id IN (SELECT id FROM teams WHERE organization_id = ?1) \
                     AND NOT EXISTS (SELECT 1 FROM members WHERE organization_id = ?1 AND user_id = ?2)",
                    both(),
                ),
                // Else they would live on should the member come back.
                Statement::new(
                    "UPDATE connections SET revoked_at = ?3, revoked_because = 'person' \
                     WHERE organization_id = ?1 AND user_id = ?2 AND revoked_at IS NULL \
                     AND NOT EXISTS (SELECT 1 FROM members WHERE organization_id = ?1 AND user_id = ?2)",
                    [
                        actor.organization_id.as_str().into(),
                        user_id.into(),
                        self.now_ms.into(),
                    ],
                ),
            ])
            .await?;
        done_or(&removed, from == Role::Owner)
    }

    /// Says which projects a member sees. Ids of other organizations' projects are passed over.
    ///
    /// # Errors
    /// [`AccountsError::Forbidden`]; [`AccountsError::SeesAll`]; [`AccountsError::Gone`] if they are no member any more.
    pub async fn change_visibility(
        &self,
        actor: &Actor,
        user_id: &str,
        sees: &Sees,
    ) -> Result<(), AccountsError> {
        let of = self.role_of(actor, user_id).await?;
        actor.must(Action::ChangeVisibility { of })?;
        if of != Role::Member && *sees != Sees::All {
            return Err(AccountsError::SeesAll);
        }
        let three = || {
            vec![
                actor.organization_id.as_str().into(),
                user_id.into(),
                actor.user_id.as_str().into(),
            ]
        };
        let with = |value: String| {
            let mut values = three();
            values.push(value.into());
            values
        };
        let [changed, ..] = self
            .run([
                Statement::new(
                    by_somebody_above!(
                        "UPDATE members AS m SET sees = ?4 WHERE m.organization_id = ?1 AND m.user_id = ?2 \
                         AND (m.role = 'member' OR ?4 = 'all')",
                        "''",
                        ""
                    ),
                    with(sees.name().to_owned()),
                ),
                Statement::new(
                    by_somebody_above!(
                        "DELETE FROM member_projects WHERE organization_id = ?1 AND user_id = ?2 AND EXISTS (SELECT 1 FROM members m \
                         WHERE m.organization_id = ?1 AND m.user_id = ?2",
                        "''",
                        ")"
                    ),
                    three(),
                ),
                Statement::new(
                    by_somebody_above!(
                        "INSERT INTO member_projects (organization_id, user_id, project_id) SELECT m.organization_id, m.user_id, p.id \
                         FROM members m JOIN projects p ON p.organization_id = m.organization_id \
                         WHERE m.organization_id = ?1 AND m.user_id = ?2 AND p.id IN (SELECT value FROM json_each(?4))",
                        "''",
                        "ON CONFLICT DO NOTHING"
                    ),
                    with(sees.ids_json()),
                ),
            ])
            .await?;
        done_or(&changed, false)
    }

    /// Gives the organization another name.
    ///
    /// # Errors
    /// [`AccountsError::Forbidden`] to all but owners.
    pub async fn rename_organization(
        &self,
        actor: &Actor,
        name: &str,
    ) -> Result<(), AccountsError> {
        actor.must(Action::RenameOrganization)?;
        let name = Name::parse(name)?;
        let [renamed] = self
            .run([Statement::new(
                "UPDATE organizations SET name = ?3 WHERE id = ?1 AND EXISTS (SELECT 1 FROM members a \
                 WHERE a.organization_id = ?1 AND a.user_id = ?2 AND a.role = 'owner')",
                [
                    actor.organization_id.as_str().into(),
                    actor.user_id.as_str().into(),
                    name.as_str().into(),
                ],
            )])
            .await?;
        done_or(&renamed, false)
    }

    /// The ids of the projects a person sees in an organization now.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn visible_projects(
        &self,
        user_id: &str,
        organization_id: &str,
    ) -> Result<Vec<String>, StoreFault> {
        let [found] = self
            .run([Statement::new(
                "SELECT p.id FROM members m JOIN users u ON u.id = m.user_id AND u.disabled_at IS NULL \
                 JOIN projects p ON p.organization_id = m.organization_id AND p.archived_at IS NULL \
                 WHERE m.organization_id = ?1 AND m.user_id = ?2 AND (m.sees = 'all' \
                   OR EXISTS (SELECT 1 FROM member_projects x \
                     WHERE x.organization_id = m.organization_id AND x.user_id = m.user_id AND x.project_id = p.id) \
                   OR EXISTS (SELECT 1 FROM team_members y JOIN teams t ON t.id = y.team_id AND t.organization_id = m.organization_id \
                     JOIN team_projects z ON z.team_id = t.id WHERE y.user_id = m.user_id AND z.project_id = p.id)) \
                 ORDER BY p.name, p.id",
                [organization_id.into(), user_id.into()],
            )])
            .await?;
        found.rows.iter().map(|row| row.text("id")).collect()
    }

    async fn role_of(&self, actor: &Actor, user_id: &str) -> Result<Role, AccountsError> {
        let [found] = self
            .run([Statement::new(
                "SELECT role FROM members WHERE organization_id = ?1 AND user_id = ?2",
                [actor.organization_id.as_str().into(), user_id.into()],
            )])
            .await?;
        let row = found.rows.first().ok_or(AccountsError::Gone)?;
        Ok(role(row)?)
    }
}

/// Whether the statement did it; if not, and it would have taken an owner away, that is why.
fn done_or(outcome: &Outcome, takes_an_owner: bool) -> Result<(), AccountsError> {
    match (outcome.changed(), takes_an_owner) {
        (true, _) => Ok(()),
        (false, true) => Err(AccountsError::LastOwner),
        (false, false) => Err(AccountsError::Gone),
    }
}

/// A JSON array of ids, in order.
pub(crate) fn ids(row: &Row, column: &str) -> Result<Vec<String>, StoreFault> {
    let mut ids: Vec<String> = serde_json::from_str(&row.text(column)?)
        .map_err(|_| StoreFault(format!("column {column} is not a list")))?;
    ids.sort_unstable();
    Ok(ids)
}

#[cfg(test)]
mod tests;
