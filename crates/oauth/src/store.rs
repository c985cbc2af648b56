//! The seam to whatever keeps organizations, people, projects and clients: D1 in the Worker, memory in tests.

use async_trait::async_trait;
use thiserror::Error;

use crate::api_client::ApiClientRecord;
use crate::connection::{ConnectionAccess, PersonAccess};
use crate::token::ClientId;

/// An organization, as far as it matters to who gets in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// What a store's own project type must tell. The rest of it (timezone, domain …) passes through unread.
pub trait VisibleProject {
    /// The project's id.
    fn id(&self) -> &str;

    /// The organization it belongs to.
    fn organization_id(&self) -> &str;
}

/// Everything about an API client that one request needs.
#[derive(Debug, Clone)]
pub struct ApiClientAccess<P> {
    /// The client, revoked and expired ones included: telling them apart is not the store's business.
    pub client: ApiClientRecord,
    /// Its organization.
    pub organization: Organization,
    /// The projects it may see at this moment. What lies outside the client's kind is dropped again by
    /// [`crate::authenticate`], so a query that is too wide shows nothing more.
    pub projects: Vec<P>,
}

/// The store failed or could not be reached. The text is for the log.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("store: {0}")]
pub struct StoreFault(pub String);

/// Where clients, connections and what they may see are kept.
#[async_trait(?Send)]
pub trait Store {
    /// The store's own kind of project.
    type Project: VisibleProject;

    /// The client of that id together with what it may see now, in one read and from one state of the data; none if there is
    /// no such client.
    ///
    /// # Errors
    /// [`StoreFault`] if it cannot be told. Never answered with "none": that would sign out everybody in an outage.
    async fn api_client(
        &self,
        id: &ClientId,
    ) -> Result<Option<ApiClientAccess<Self::Project>>, StoreFault>;

    /// The connection of that id together with its person and what they may see now, in one read and from one state of the data; none if
    /// there is no such connection.
    ///
    /// # Errors
    /// [`StoreFault`], as above.
    async fn connection(
        &self,
        id: &str,
    ) -> Result<Option<ConnectionAccess<Self::Project>>, StoreFault>;

    /// The person of that id and what they may see now; none if there is no such person.
    ///
    /// # Errors
    /// [`StoreFault`], as above.
    async fn person(&self, id: &str) -> Result<Option<PersonAccess<Self::Project>>, StoreFault>;
}
