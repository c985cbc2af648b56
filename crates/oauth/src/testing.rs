//! A store in memory, for tests of this crate and of those that build on it.

use std::cell::Cell;

use async_trait::async_trait;

use crate::api_client::{ApiClientKind, ApiClientRecord};
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

/// A store whose rows are plain lists, with switches for the ways in which a store can be wrong.
#[derive(Debug, Default)]
pub struct MemoryStore {
    /// All organizations.
    pub organizations: Vec<Organization>,
    /// All projects.
    pub projects: Vec<TestProject>,
    /// All API clients.
    pub clients: Vec<ApiClientRecord>,
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
        self.reads.set(self.reads.get() + 1);
        if let Some(fault) = &self.fault {
            return Err(StoreFault(fault.clone()));
        }
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
}
