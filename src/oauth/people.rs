//! A person, what their memberships and teams show, and the connection they came by: one D1 batch.

use serde::Deserialize;
use sightline_oauth::{
    Connection, ConnectionAccess, Organization, Person, PersonAccess, PersonMembership, Role,
    StoreFault,
};
use worker::D1Type;

use crate::access::{Database, fault, instant};
use crate::oauth::authorization_rows::ConnectionRow;
use crate::project_row::ProjectRow;

/// Whose access is read: the id of a person, or of a connection of theirs.
#[derive(Clone, Copy)]
enum Whose {
    Person,
    Connection,
}

impl Whose {
    /// The person's id, in SQL over the parameter.
    fn id(self) -> &'static str {
        match self {
            Self::Person => "?1",
            Self::Connection => "(SELECT user_id FROM connections WHERE id = ?1)",
        }
    }

    fn statements(self) -> [String; 3] {
        let id = self.id();
        [
            format!("SELECT id, name, email, disabled_at FROM users WHERE id = {id}"),
            format!(
                "SELECT m.organization_id, m.role, o.name AS organization_name \
                 FROM members m JOIN organizations o ON o.id = m.organization_id \
                 WHERE m.user_id = {id} ORDER BY o.name, o.id"
            ),
            // A team shows its projects to its members, as long as all three are of one organization.
            format!(
                "SELECT p.id, p.organization_id, p.name, p.domain, p.types, p.timezone, p.currency, p.week_start, \
                 coalesce(p.warehouse, o.warehouse) AS warehouse \
                 FROM members m JOIN projects p ON p.organization_id = m.organization_id JOIN organizations o ON o.id = p.organization_id \
                 WHERE m.user_id = {id} AND p.archived_at IS NULL AND (m.sees = 'all' \
                 OR EXISTS (SELECT 1 FROM member_projects mp WHERE mp.organization_id = m.organization_id \
                   AND mp.user_id = m.user_id AND mp.project_id = p.id) \
                 OR EXISTS (SELECT 1 FROM team_members tm JOIN teams t ON t.id = tm.team_id \
                   JOIN team_projects tp ON tp.team_id = t.id WHERE tm.user_id = m.user_id \
                   AND t.organization_id = m.organization_id AND tp.project_id = p.id)) ORDER BY p.id"
            ),
        ]
    }
}

#[derive(Deserialize)]
struct PersonRow {
    id: String,
    name: String,
    email: Option<String>,
    disabled_at: Option<f64>,
}

#[derive(Deserialize)]
struct MembershipRow {
    organization_id: String,
    organization_name: String,
    role: String,
}

impl MembershipRow {
    fn into_membership(self) -> Result<PersonMembership, StoreFault> {
        Ok(PersonMembership {
            role: Role::from_name(&self.role).ok_or_else(|| fault("a role is not one"))?,
            organization: Organization {
                id: self.organization_id,
                name: self.organization_name,
            },
        })
    }
}

impl Database {
    /// The rows of one batch; the connection comes first where one is asked for.
    async fn read_access(
        &self,
        whose: Whose,
        key: &str,
    ) -> Result<(Option<Connection>, Option<PersonAccess<ProjectRow>>), StoreFault> {
        let mut statements = Vec::with_capacity(4);
        if matches!(whose, Whose::Connection) {
            statements.push(format!("{} WHERE c.id = ?1", ConnectionRow::SELECT));
        }
        statements.extend(whose.statements());
        let bound = statements
            .iter()
            .map(|sql| self.bound(sql, &[D1Type::Text(key)]))
            .collect::<Result<Vec<_>, _>>()?;
        let mut results = self.batch(bound).await?.into_iter();
        let mut next = || {
            let next = results.next();
            next.ok_or_else(|| fault("the database answered half a batch"))
        };
        let connection = match whose {
            Whose::Person => None,
            Whose::Connection => {
                let rows = next()?.results::<ConnectionRow>().map_err(fault)?;
                rows.into_iter()
                    .next()
                    .map(ConnectionRow::into_connection)
                    .transpose()?
            }
        };
        let people = next()?.results::<PersonRow>().map_err(fault)?;
        let memberships = next()?.results::<MembershipRow>().map_err(fault)?;
        let projects = next()?.results::<ProjectRow>().map_err(fault)?;
        let Some(person) = people.into_iter().next() else {
            return Ok((connection, None));
        };
        let access = PersonAccess {
            person: Person {
                id: person.id,
                name: person.name,
                email: person.email,
                disabled_at_ms: instant(person.disabled_at),
            },
            memberships: memberships
                .into_iter()
                .map(MembershipRow::into_membership)
                .collect::<Result<_, _>>()?,
            projects,
        };
        Ok((connection, Some(access)))
    }

    /// The connection of that id, its person, and what they may see now.
    pub(crate) async fn connection_access(
        &self,
        id: &str,
    ) -> Result<Option<ConnectionAccess<ProjectRow>>, StoreFault> {
        let (connection, access) = self.read_access(Whose::Connection, id).await?;
        Ok(connection
            .zip(access)
            .map(|(connection, access)| ConnectionAccess { connection, access }))
    }

    /// The person of that id, and what they may see now.
    pub(crate) async fn person_access(
        &self,
        id: &str,
    ) -> Result<Option<PersonAccess<ProjectRow>>, StoreFault> {
        let (_, access) = self.read_access(Whose::Person, id).await?;
        Ok(access)
    }
}
