//! From a credential to a principal, or to a refusal that says nothing about why.

use thiserror::Error;

use crate::access_token::{AccessToken, TokenFlaw, has_jwt_shape};
use crate::api_client::ApiClientKind;
use crate::challenge::Challenge;
use crate::connection::ConnectionAccess;
use crate::credential::Credential;
use crate::principal::{GrantedThrough, Principal};
use crate::realm::Realm;
use crate::scope::ScopeSet;
use crate::secret::SecretHash;
use crate::signing_key::KeyRing;
use crate::store::{ApiClientAccess, Store, StoreFault, VisibleProject};
use crate::token::ApiClientToken;

/// Why a token was not accepted: for logs and the audit, never for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It has the form of no token of ours.
    Malformed,
    /// There is no client of that id.
    UnknownClient,
    /// The secret is another.
    WrongSecret,
    /// The client was revoked.
    Revoked,
    /// The client's time is over.
    Expired,
    /// The client is one for sending events.
    WriteClient,
    /// It is an access token, but none of ours, or its time is over.
    AccessToken(TokenFlaw),
    /// There is no such connection, or it is not the one the token names.
    UnknownConnection,
    /// The connection was ended.
    ConnectionRevoked,
    /// The connection's time is over.
    ConnectionExpired,
    /// The person was shut out.
    PersonDisabled,
    /// The person is no longer a member of the organization.
    NotAMember,
}

impl Reason {
    /// A stable name for logs.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Malformed => "token_malformed",
            Self::UnknownClient => "client_unknown",
            Self::WrongSecret => "client_secret_wrong",
            Self::Revoked => "client_revoked",
            Self::Expired => "client_expired",
            Self::WriteClient => "client_write_only",
            Self::AccessToken(flaw) => flaw.slug(),
            Self::UnknownConnection => "connection_unknown",
            Self::ConnectionRevoked => "connection_revoked",
            Self::ConnectionExpired => "connection_expired",
            Self::PersonDisabled => "person_disabled",
            Self::NotAMember => "person_not_a_member",
        }
    }
}

/// A request that is not let in.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Denied {
    /// It brought no credential.
    #[error("no credential came")]
    NoCredential,
    /// Its token is not valid. The text is the same for every reason.
    #[error("the token is not valid")]
    InvalidToken(Reason),
    /// It could not be decided. Not the client's fault: status 503, and the credential stays good.
    #[error("access could not be checked")]
    Unavailable(#[from] StoreFault),
}

impl Denied {
    /// What to tell the client, in `WWW-Authenticate`; nothing if it could not be decided.
    pub fn challenge(&self) -> Option<Challenge> {
        match self {
            Self::NoCredential => Some(Challenge::sign_in()),
            Self::InvalidToken(_) => Some(Challenge::invalid_token()),
            Self::Unavailable(_) => None,
        }
    }

    /// A stable name for logs.
    pub fn slug(&self) -> &'static str {
        match self {
            Self::NoCredential => "credential_absent",
            Self::InvalidToken(reason) => reason.slug(),
            Self::Unavailable(_) => "store_unavailable",
        }
    }
}

/// What access tokens are checked with. Without one, none is accepted.
#[derive(Debug, Clone, Copy)]
pub struct Audience<'a> {
    /// Whom they must come from and be made for.
    pub realm: &'a Realm,
    /// The keys they may be signed with.
    pub keys: &'a KeyRing,
}

/// Lets in whoever holds a valid credential, and looks up what they may see now. Nothing is remembered between requests, so
/// what is revoked is out with the next one.
///
/// # Errors
/// [`Denied`]. A token of the right form costs one read, one hash and one comparison, whether its client exists or not and
/// whatever is wrong with it.
pub async fn authenticate<P: VisibleProject>(
    credential: &Credential,
    store: &dyn Store<Project = P>,
    audience: Option<Audience<'_>>,
    now_ms: i64,
) -> Result<Principal<P>, Denied> {
    let bearer = match credential {
        Credential::Absent => return Err(Denied::NoCredential),
        Credential::Malformed => return Err(Denied::InvalidToken(Reason::Malformed)),
        Credential::Bearer(bearer) => bearer,
    };
    if has_jwt_shape(bearer.reveal()) {
        return by_access_token(bearer.reveal(), store, audience, now_ms).await;
    }
    let token =
        ApiClientToken::parse(bearer.reveal()).ok_or(Denied::InvalidToken(Reason::Malformed))?;
    let access = store.api_client(&token.client_id).await?;
    let stored = access
        .as_ref()
        .map_or_else(SecretHash::of_nothing, |access| access.client.secret_hash);
    let proven = token.secret.hash().matches(&stored);
    let access = access.ok_or(Denied::InvalidToken(Reason::UnknownClient))?;
    // The id is compared again: a store that folds case, or pads, must not lend one client's rights to another's token.
    if !proven || access.client.id != token.client_id {
        return Err(Denied::InvalidToken(Reason::WrongSecret));
    }
    admit(access, now_ms).map_err(Denied::InvalidToken)
}

/// A valid token says who came by which connection. What they may see, and whether the connection still is, is read now.
async fn by_access_token<P: VisibleProject>(
    text: &str,
    store: &dyn Store<Project = P>,
    audience: Option<Audience<'_>>,
    now_ms: i64,
) -> Result<Principal<P>, Denied> {
    let flawed = |flaw| Denied::InvalidToken(Reason::AccessToken(flaw));
    let audience = audience.ok_or(flawed(TokenFlaw::WrongAudience))?;
    let token = AccessToken::verify(text, audience.realm, audience.keys, now_ms).map_err(flawed)?;
    let found = store.connection(&token.connection_id).await?;
    let found = found.ok_or(Denied::InvalidToken(Reason::UnknownConnection))?;
    admit_connection(&token, found, now_ms).map_err(Denied::InvalidToken)
}

fn admit_connection<P: VisibleProject>(
    token: &AccessToken,
    found: ConnectionAccess<P>,
    now_ms: i64,
) -> Result<Principal<P>, Reason> {
    let ConnectionAccess { connection, access } = found;
    if connection.id != token.connection_id
        || connection.user_id != token.user_id
        || connection.app_id != token.app_id
        || access.person.id != token.user_id
    {
        return Err(Reason::UnknownConnection);
    }
    if connection.revoked_at_ms.is_some() {
        return Err(Reason::ConnectionRevoked);
    }
    if !connection.is_alive(now_ms) {
        return Err(Reason::ConnectionExpired);
    }
    if access.person.disabled_at_ms.is_some() {
        return Err(Reason::PersonDisabled);
    }
    let membership = access
        .memberships
        .into_iter()
        .find(|membership| membership.organization.id == connection.organization_id)
        .ok_or(Reason::NotAMember)?;
    let mut projects = access.projects;
    projects.retain(|project| {
        project.organization_id() == connection.organization_id
            && connection
                .project_ids
                .as_ref()
                .is_none_or(|ids| ids.iter().any(|id| id == project.id()))
    });
    // Never more than the connection has now, whatever the token was signed with.
    let scopes = token
        .scopes
        .iter()
        .filter(|scope| connection.scopes.contains(*scope))
        .collect();
    Ok(Principal {
        organization: membership.organization.clone(),
        through: GrantedThrough::Connection {
            id: connection.id,
            app_id: connection.app_id,
            app_name: connection.app_name,
            person: access.person,
            membership,
        },
        projects,
        scopes,
        expires_at_ms: Some(token.expires_at_ms),
        requests_per_minute: None,
    })
}

fn admit<P: VisibleProject>(
    access: ApiClientAccess<P>,
    now_ms: i64,
) -> Result<Principal<P>, Reason> {
    let ApiClientAccess {
        client,
        organization,
        mut projects,
    } = access;
    if client.revoked_at_ms.is_some() {
        return Err(Reason::Revoked);
    }
    if client
        .expires_at_ms
        .is_some_and(|expires_at_ms| expires_at_ms <= now_ms)
    {
        return Err(Reason::Expired);
    }
    projects.retain(|project| {
        project.organization_id() == client.organization_id
            && match &client.kind {
                ApiClientKind::Read { project_id } => project.id() == project_id,
                ApiClientKind::Root => true,
                ApiClientKind::Write => false,
            }
    });
    if client.kind == ApiClientKind::Write {
        return Err(Reason::WriteClient);
    }
    Ok(Principal {
        through: GrantedThrough::ApiClient {
            id: client.id,
            name: client.name,
            kind: client.kind,
        },
        organization,
        projects,
        scopes: ScopeSet::all(),
        expires_at_ms: client.expires_at_ms,
        requests_per_minute: client.requests_per_minute,
    })
}

#[cfg(test)]
mod tests;
