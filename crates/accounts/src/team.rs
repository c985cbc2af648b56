//! Teams: members who see the same projects.

use crate::accounts::Accounts;
use crate::authority::{Action, Actor};
use crate::database::{Row, Statement, StoreFault, Value};
use crate::failure::AccountsError;
use crate::member::ids;
use crate::person::Name;

/// A team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
    /// Who belongs to it.
    pub user_ids: Vec<String>,
    /// What they see by it.
    pub project_ids: Vec<String>,
}

/// Text before and after the rule that `?1` is an organization of which `?2` is owner or admin.
macro_rules! by_an_admin {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " EXISTS (SELECT 1 FROM members a WHERE a.organization_id = ?1 AND a.user_id = ?2 AND a.role IN ('owner', 'admin')) ",
            $after
        )
    };
}

impl Accounts<'_> {
    /// The organization's teams, by name.
    ///
    /// # Errors
    /// [`AccountsError::Forbidden`], or the database's failure.
    pub async fn teams(&self, actor: &Actor) -> Result<Vec<Team>, AccountsError> {
        actor.must(Action::SeeMembers)?;
        let [found] = self
            .run([Statement::new(
                "SELECT t.id, t.name, \
                 (SELECT json_group_array(x.user_id) FROM team_members x WHERE x.team_id = t.id) AS users, \
                 (SELECT json_group_array(p.project_id) FROM team_projects p WHERE p.team_id = t.id) AS projects \
                 FROM teams t WHERE t.organization_id = ?1 ORDER BY t.name, t.id LIMIT 500",
                [actor.organization_id.as_str().into()],
            )])
            .await?;
        let read = |row: &Row| {
            Ok::<_, StoreFault>(Team {
                id: row.text("id")?,
                name: row.text("name")?,
                user_ids: ids(row, "users")?,
                project_ids: ids(row, "projects")?,
            })
        };
        Ok(found.rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Makes a team and answers its id.
    ///
    /// # Errors
    /// [`AccountsError::NameTaken`] if another team is called so.
    pub async fn create_team(&self, actor: &Actor, name: &str) -> Result<String, AccountsError> {
        actor.must(Action::ManageTeams)?;
        let (name, id) = (Name::parse(name)?, self.id());
        let [made] = self
            .run([Statement::new(
                by_an_admin!(
                    "INSERT INTO teams (id, organization_id, name, created_at) SELECT ?3, ?1, ?4, ?5 WHERE",
                    "AND NOT EXISTS (SELECT 1 FROM teams t WHERE t.organization_id = ?1 AND t.name = ?4)"
                ),
                self.values(actor, [id.as_str().into(), name.as_str().into(), self.now_ms.into()]),
            )])
            .await?;
        if made.changed() {
            Ok(id)
        } else {
            Err(AccountsError::NameTaken)
        }
    }

    /// Gives a team its name, members and projects: all three at once, as the form has them. Who or what is not of the organization is passed over.
    ///
    /// # Errors
    /// [`AccountsError::Gone`] if there is no such team, [`AccountsError::NameTaken`] if another one is called so.
    pub async fn change_team(&self, actor: &Actor, team: &Team) -> Result<(), AccountsError> {
        actor.must(Action::ManageTeams)?;
        let name = Name::parse(&team.name)?;
        let id = || Value::from(team.id.as_str());
        let list = |ids: &[String]| Value::from(serde_json::json!(ids).to_string());
        let [exists, renamed, ..] = self
            .run([
                Statement::new(
                    "SELECT 1 AS one FROM teams WHERE organization_id = ?1 AND id = ?2",
                    [actor.organization_id.as_str().into(), id()],
                ),
                Statement::new(
                    by_an_admin!(
                        "UPDATE teams SET name = ?4 WHERE id = ?3 AND organization_id = ?1 AND",
                        "AND NOT EXISTS (SELECT 1 FROM teams t WHERE t.organization_id = ?1 AND t.name = ?4 AND t.id <> ?3)"
                    ),
                    self.values(actor, [id(), name.as_str().into()]),
                ),
                Statement::new(
                    by_an_admin!(
                        "DELETE FROM team_members WHERE team_id = ?3 AND EXISTS (SELECT 1 FROM teams t \
                         WHERE t.id = ?3 AND t.organization_id = ?1 AND t.name = ?4) AND",
                        ""
                    ),
                    self.values(actor, [id(), name.as_str().into()]),
                ),
                Statement::new(
                    by_an_admin!(
                        "INSERT INTO team_members (team_id, user_id) SELECT t.id, m.user_id FROM teams t \
                         JOIN members m ON m.organization_id = t.organization_id \
                         WHERE t.id = ?3 AND t.organization_id = ?1 AND t.name = ?4 AND m.user_id IN (SELECT value FROM json_each(?5)) AND",
                        "ON CONFLICT DO NOTHING"
                    ),
                    self.values(actor, [id(), name.as_str().into(), list(&team.user_ids)]),
                ),
                Statement::new(
                    by_an_admin!(
                        "DELETE FROM team_projects WHERE team_id = ?3 AND EXISTS (SELECT 1 FROM teams t \
                         WHERE t.id = ?3 AND t.organization_id = ?1 AND t.name = ?4) AND",
                        ""
                    ),
                    self.values(actor, [id(), name.as_str().into()]),
                ),
                Statement::new(
                    by_an_admin!(
                        "INSERT INTO team_projects (team_id, project_id) SELECT t.id, p.id FROM teams t \
                         JOIN projects p ON p.organization_id = t.organization_id \
                         WHERE t.id = ?3 AND t.organization_id = ?1 AND t.name = ?4 AND p.id IN (SELECT value FROM json_each(?5)) AND",
                        "ON CONFLICT DO NOTHING"
                    ),
                    self.values(actor, [id(), name.as_str().into(), list(&team.project_ids)]),
                ),
            ])
            .await?;
        match (exists.rows.is_empty(), renamed.changed()) {
            (_, true) => Ok(()),
            (true, false) => Err(AccountsError::Gone),
            (false, false) => Err(AccountsError::NameTaken),
        }
    }

    /// Deletes a team. Its members stay members.
    ///
    /// # Errors
    /// [`AccountsError::Gone`] if there is no such team.
    pub async fn delete_team(&self, actor: &Actor, id: &str) -> Result<(), AccountsError> {
        actor.must(Action::ManageTeams)?;
        let values = || self.values(actor, [id.into()]);
        let [_, _, deleted] = self
            .run([
                Statement::new(
                    by_an_admin!(
                        "DELETE FROM team_members WHERE team_id IN (SELECT id FROM teams WHERE id = ?3 AND organization_id = ?1) AND",
                        ""
                    ),
                    values(),
                ),
                Statement::new(
                    by_an_admin!(
                        "DELETE FROM team_projects WHERE team_id IN (SELECT id FROM teams WHERE id = ?3 AND organization_id = ?1) AND",
                        ""
                    ),
                    values(),
                ),
                Statement::new(
                    by_an_admin!("DELETE FROM teams WHERE id = ?3 AND organization_id = ?1 AND", ""),
                    values(),
                ),
            ])
            .await?;
        if deleted.changed() {
            Ok(())
        } else {
            Err(AccountsError::Gone)
        }
    }

    /// The organization, the actor, and `rest`.
    fn values<const N: usize>(&self, actor: &Actor, rest: [Value; N]) -> Vec<Value> {
        let mut values = vec![
            actor.organization_id.as_str().into(),
            actor.user_id.as_str().into(),
        ];
        values.extend(rest);
        values
    }
}

#[cfg(test)]
mod tests;
