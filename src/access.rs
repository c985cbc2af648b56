//! Who is asking and what they may see now: one D1 batch per request, nothing kept.

use async_trait::async_trait;
use serde::Deserialize;
use sightline_analytics::{Caller, Identity, Membership, Organization};
use sightline_oauth::{
    ApiClientAccess, ApiClientKind, ApiClientRecord, ClientId, ConnectionAccess, GrantedThrough,
    PersonAccess, Principal, SecretHash, Store, StoreFault,
};
use worker::{D1Database, D1PreparedStatement, D1Result, D1Type, Env};

use crate::project_row::ProjectRow;

/// The client and its organization.
const CLIENT: &str = "SELECT c.id, c.name, c.organization_id, c.project_id, c.kind, c.secret_hash, c.expires_at, c.revoked_at, c.requests_per_minute, \
     o.name AS organization_name \
     FROM api_clients c JOIN organizations o ON o.id = c.organization_id WHERE c.id = ?1";

/// The projects it may see.
const PROJECTS: &str = "SELECT p.id, p.organization_id, p.name, p.domain, p.types, p.timezone, p.currency, p.week_start, \
     coalesce(p.warehouse, o.warehouse) AS warehouse \
     FROM api_clients c JOIN projects p ON p.organization_id = c.organization_id JOIN organizations o ON o.id = p.organization_id \
     WHERE c.id = ?1 AND p.archived_at IS NULL AND (c.kind = 'root' OR p.id = c.project_id) ORDER BY p.id";

/// The database bound as `DB`: clients, people and projects here, the authorization server's state in `crate::oauth`.
pub struct Database(D1Database);

#[derive(Deserialize)]
struct ClientRow {
    id: String,
    name: String,
    organization_id: String,
    project_id: Option<String>,
    kind: String,
    secret_hash: String,
    expires_at: Option<f64>,
    revoked_at: Option<f64>,
    requests_per_minute: Option<u32>,
    organization_name: String,
}

pub(crate) fn fault(error: impl std::fmt::Display) -> StoreFault {
    StoreFault(error.to_string())
}

/// D1 hands numbers over as floats; instants in ms fit exactly.
#[expect(
    clippy::cast_possible_truncation,
    reason = "ms since 1970 are far below 2^53"
)]
pub(crate) fn instant(value: Option<f64>) -> Option<i64> {
    value.map(|value| value as i64)
}

impl Database {
    /// The database of this deployment.
    ///
    /// # Errors
    /// [`StoreFault`] when there is no such binding.
    pub fn of(env: &Env) -> Result<Self, StoreFault> {
        env.d1("DB").map(Self).map_err(fault)
    }

    /// A statement with its values.
    pub(crate) fn bound(
        &self,
        sql: &str,
        values: &[D1Type<'_>],
    ) -> Result<D1PreparedStatement, StoreFault> {
        self.0.prepare(sql).bind_refs(values).map_err(fault)
    }

    /// Runs statements as one transaction.
    pub(crate) async fn batch(
        &self,
        statements: Vec<D1PreparedStatement>,
    ) -> Result<Vec<D1Result>, StoreFault> {
        self.0.batch(statements).await.map_err(fault)
    }
}

impl ClientRow {
    fn into_record(self) -> Result<(ApiClientRecord, sightline_oauth::Organization), StoreFault> {
        let kind = match (self.kind.as_str(), self.project_id) {
            ("read", Some(project_id)) => ApiClientKind::Read { project_id },
            ("root", _) => ApiClientKind::Root,
            ("write", _) => ApiClientKind::Write,
            (kind, _) => {
                return Err(fault(format!(
                    "client {} has the kind {kind} and no project",
                    self.id
                )));
            }
        };
        let organization = sightline_oauth::Organization {
            id: self.organization_id.clone(),
            name: self.organization_name,
        };
        let record = ApiClientRecord {
            id: ClientId::parse(&self.id).ok_or_else(|| fault("a client's id is not one"))?,
            name: self.name,
            organization_id: self.organization_id,
            kind,
            secret_hash: SecretHash::from_hex(&self.secret_hash)
                .ok_or_else(|| fault("a secret's hash is not one"))?,
            expires_at_ms: instant(self.expires_at),
            revoked_at_ms: instant(self.revoked_at),
            requests_per_minute: self.requests_per_minute,
        };
        Ok((record, organization))
    }
}

#[async_trait(?Send)]
impl Store for Database {
    type Project = ProjectRow;

    async fn api_client(
        &self,
        id: &ClientId,
    ) -> Result<Option<ApiClientAccess<ProjectRow>>, StoreFault> {
        let key = id.to_string();
        let bound = |sql: &str| self.bound(sql, &[D1Type::Text(&key)]);
        let mut results = self
            .batch(vec![bound(CLIENT)?, bound(PROJECTS)?])
            .await?
            .into_iter();
        let (Some(clients), Some(projects)) = (results.next(), results.next()) else {
            return Err(fault("the database answered half a batch"));
        };
        let Some(client) = clients.results::<ClientRow>().map_err(fault)?.pop() else {
            return Ok(None);
        };
        let (client, organization) = client.into_record()?;
        let projects = projects.results::<ProjectRow>().map_err(fault)?;
        Ok(Some(ApiClientAccess {
            client,
            organization,
            projects,
        }))
    }

    async fn connection(
        &self,
        id: &str,
    ) -> Result<Option<ConnectionAccess<ProjectRow>>, StoreFault> {
        self.connection_access(id).await
    }

    async fn person(&self, id: &str) -> Result<Option<PersonAccess<ProjectRow>>, StoreFault> {
        self.person_access(id).await
    }
}

/// Who is asking, in the tools' words.
struct Asker {
    identity: Identity,
    signed_in_with: &'static str,
    role: &'static str,
    app: Option<String>,
}

fn asker(through: GrantedThrough) -> Asker {
    match through {
        GrantedThrough::ApiClient { id, name, kind } => {
            let kind = match kind {
                ApiClientKind::Read { .. } => "read",
                ApiClientKind::Root => "root",
                ApiClientKind::Write => "write",
            };
            Asker {
                identity: Identity::ApiClient {
                    id: id.to_string(),
                    name,
                    kind: kind.to_owned(),
                },
                signed_in_with: "API client token",
                role: kind,
                app: None,
            }
        }
        GrantedThrough::Connection {
            app_name,
            person,
            membership,
            ..
        } => Asker {
            identity: Identity::Person {
                id: person.id,
                name: person.name,
                email: person.email,
            },
            signed_in_with: "connected app (OAuth)",
            role: membership.role.name(),
            app: Some(app_name),
        },
    }
}

/// The principal as the tools know a caller.
pub fn caller(principal: Principal<ProjectRow>) -> Caller {
    let organization = Organization {
        id: principal.organization.id,
        name: principal.organization.name,
    };
    let asker = asker(principal.through);
    Caller {
        identity: asker.identity,
        signed_in_with: asker.signed_in_with.to_owned(),
        memberships: vec![Membership {
            organization: organization.clone(),
            role: asker.role.to_owned(),
        }],
        projects: principal
            .projects
            .into_iter()
            .map(|project| project.into_project(&organization))
            .collect(),
        scopes: principal
            .scopes
            .iter()
            .map(|scope| scope.name().to_owned())
            .collect(),
        app: asker.app,
        expires_at_ms: principal.expires_at_ms,
        remaining_this_minute: None,
    }
}
