//! Stores in memory, for tests of this crate and of those that build on it.

mod authorization;
mod documents;

pub use authorization::MemoryAuthorization;
pub use documents::MemoryDocuments;

use std::cell::Cell;

use async_trait::async_trait;

use crate::api_client::{ApiClientKind, ApiClientRecord};
use crate::connection::{
    Connection, ConnectionAccess, Person, PersonAccess, PersonMembership, Role,
};
use crate::store::{ApiClientAccess, Organization, Store, StoreFault, VisibleProject};
use crate::token::ClientId;

/// A project with nothing but what access needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestProject {
    /// Its id.
    pub id: String,
    /// The organization it belongs to.
    pub organization_id: String,
}

impl VisibleProject for TestProject {
    fn id(&self) -> &str {
        &self.id
    }

    fn organization_id(&self) -> &str {
        &self.organization_id
    }
}

/// A person's place in an organization, as it is stored.
#[derive(Debug, Clone)]
pub struct TestMember {
    /// The organization.
    pub organization_id: String,
    /// The person.
    pub user_id: String,
    /// What they are.
    pub role: Role,
    /// The projects they see; all of the organization, if there is no list.
    pub sees: Option<Vec<String>>,
}

/// A store whose rows are plain lists, with switches for the ways in which a store can be wrong.
#[derive(Debug, Default)]
pub struct MemoryStore {
    /// All organizations.
    pub organizations: Vec<Organization>,
    /// All projects.
    pub projects: Vec<TestProject>,
    /// All API clients.
    pub clients: Vec<ApiClientRecord>,
    /// All people.
    pub people: Vec<Person>,
    /// Who is a member of what.
    pub members: Vec<TestMember>,
    /// All connections.
    pub connections: Vec<Connection>,
    /// Fails every read with this text.
    pub fault: Option<String>,
    /// Returns projects of every organization, as a query without its condition would.
    pub returns_every_project: bool,
    /// Finds a client by its id in any case, as a database may that compares so.
    pub ignores_case: bool,
    reads: Cell<usize>,
}

impl MemoryStore {
    /// How often it was read.
    pub fn reads(&self) -> usize {
        self.reads.get()
    }

    fn access(&self, person: &Person) -> PersonAccess<TestProject> {
        let mine = || {
            self.members
                .iter()
                .filter(|member| member.user_id == person.id)
        };
        let memberships = mine().filter_map(|member| {
            let organization = self
                .organizations
                .iter()
                .find(|organization| organization.id == member.organization_id)?;
            Some(PersonMembership {
                organization: organization.clone(),
                role: member.role,
            })
        });
        let projects = self.projects.iter().filter(|project| {
            self.returns_every_project
                || mine().any(|member| {
                    member.organization_id == project.organization_id
                        && member
                            .sees
                            .as_ref()
                            .is_none_or(|ids| ids.contains(&project.id))
                })
        });
        PersonAccess {
            person: person.clone(),
            memberships: memberships.collect(),
            projects: projects.cloned().collect(),
        }
    }

    fn read(&self) -> Result<(), StoreFault> {
        self.reads.set(self.reads.get() + 1);
        match &self.fault {
            Some(fault) => Err(StoreFault(fault.clone())),
            None => Ok(()),
        }
    }

    fn shows(&self, client: &ApiClientRecord, project: &TestProject) -> bool {
        self.returns_every_project
            || project.organization_id == client.organization_id
                && match &client.kind {
                    ApiClientKind::Read { project_id } => project.id == *project_id,
                    ApiClientKind::Root | ApiClientKind::Write => true,
                }
    }
}

#[async_trait(?Send)]
impl Store for MemoryStore {
    type Project = TestProject;

    async fn api_client(
        &self,
        id: &ClientId,
    ) -> Result<Option<ApiClientAccess<TestProject>>, StoreFault> {
        self.read()?;
        let found = self.clients.iter().find(|client| {
            client.id == *id
                || self.ignores_case && client.id.as_str().eq_ignore_ascii_case(id.as_str())
        });
        let Some(client) = found else { return Ok(None) };
        let organization = self
            .organizations
            .iter()
            .find(|organization| organization.id == client.organization_id)
            .cloned()
            .ok_or_else(|| StoreFault(format!("client {id} has no organization")))?;
        let projects = self
            .projects
            .iter()
            .filter(|project| self.shows(client, project))
            .cloned()
            .collect();
        Ok(Some(ApiClientAccess {
            client: client.clone(),
            organization,
            projects,
        }))
    }

    async fn connection(
        &self,
        id: &str,
    ) -> Result<Option<ConnectionAccess<TestProject>>, StoreFault> {
        self.read()?;
        let found = self.connections.iter().find(|found| found.id == id);
        Ok(found.and_then(|connection| {
            let person = self
                .people
                .iter()
                .find(|person| person.id == connection.user_id)?;
            Some(ConnectionAccess {
                connection: connection.clone(),
                access: self.access(person),
            })
        }))
    }

    async fn person(&self, id: &str) -> Result<Option<PersonAccess<TestProject>>, StoreFault> {
        self.read()?;
        let found = self.people.iter().find(|person| person.id == id);
        Ok(found.map(|person| self.access(person)))
    }
}
