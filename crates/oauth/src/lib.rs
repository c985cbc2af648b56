//! Who gets in.
//!
//! Two sides. The **resource server**: a request brings a [`Credential`]; [`authenticate`] turns it into a [`Principal`], which says what its holder
//! may see *now*, or into a [`Denied`], whose [`Challenge`] goes back to the client. Credentials are the tokens of API clients, and
//! access tokens, told apart by their dots. The **authorization server** ([`AuthorizationServer`]) makes those access tokens: apps introduce
//! themselves, people consent, codes and refresh tokens are exchanged.
//!
//! # One sign-in, for those who write the pages
//!
//! 1. `GET /authorize?…` → [`AuthorizationServer::begin_authorization`] with the query and the browser's consent cookie, if it has one. It answers
//!    with a page to show or a redirect to send ([`AuthorizeRefused`]), or with [`Begun`]: set its `cookie`
//!    (`__Host-…; Secure; HttpOnly; SameSite=Lax; Path=/`) and go on to the consent page with its `handle` in the address, by way of the sign-in if nobody
//!    is signed in. The handle is a secret: into no log, no `Referer` (`Referrer-Policy: no-referrer`).
//! 2. The consent page → [`Store::person`] for whoever is signed in, then [`AuthorizationServer::consent_page_facts`]: names, scopes, warnings, and the form's
//!    token. Always shown, `frame-ancestors 'none'`.
//! 3. Its answer → [`AuthorizationServer::decide`]: the address of the app, with a code or an error. Send the browser there with 303.
//! 4. The connections page → [`AuthorizationServer::end_connection`].
//!
//! By the clock: [`Maintenance::rotate_keys`] and [`Maintenance::purge`].
//!
//! What holds throughout:
//! - No I/O, no clock, no randomness: state lies behind [`Store`] and [`AuthorizationStore`], other hosts' documents behind [`Documents`], the time and
//!   random bytes ([`Entropy`]) are handed in.
//! - Races are decided by the store: each of its writing methods is conditional and says whether it wrote.
//! - Every failure looks the same from outside. The reason is for the log, under a slug.
//! - No `Debug` or `Display` here shows a secret, and nothing here can turn a stored hash back into a token.

mod access_token;
mod api_client;
mod app;
mod assertion;
mod audit;
mod authenticate;
mod authorization_store;
mod authorize;
mod challenge;
mod client_authentication;
mod connection;
mod consent;
mod credential;
mod document;
mod entropy;
mod lifetimes;
mod maintenance;
pub mod metadata;
mod oauth_error;
mod params;
mod pkce;
mod preregistration;
mod principal;
mod realm;
mod redirect;
mod refresh;
mod registration;
mod revocation;
mod scope;
mod secret;
mod server;
mod signing_key;
mod store;
pub mod testing;
mod token;
mod token_endpoint;

pub use access_token::{AccessToken, TokenFlaw, claimed_key, has_jwt_shape};
pub use api_client::{ApiClientKind, ApiClientRecord};
pub use app::{AppKeys, AppOrigin, AppRecord, AuthMethod};
pub use audit::{AuditEntry, AuditEvent, RevokedBecause};
pub use authenticate::{Audience, Denied, Reason, authenticate};
pub use authorization_store::{
    AuthorizationStore, CodeRecord, PendingConsent, PurgeBefore, Redemption, RefreshState, Rotation,
};
pub use authorize::{AuthorizeRefused, Begun};
pub use challenge::{Challenge, ChallengeError};
pub use connection::{Connection, ConnectionAccess, Person, PersonAccess, PersonMembership, Role};
pub use consent::{ConsentFacts, ConsentRefused, Decision};
pub use credential::{BearerToken, Credential, QueryForm, without_token};
pub use document::{
    Documents, Fetched, MAX_BYTES as MAX_DOCUMENT_BYTES, TIMEOUT_MS as DOCUMENT_TIMEOUT_MS,
};
pub use entropy::Entropy;
pub use lifetimes::Lifetimes;
pub use maintenance::Maintenance;
pub use oauth_error::{ErrorCode, OAuthError};
pub use params::MAX_BYTES as MAX_FORM_BYTES;
pub use preregistration::{PreregistrationError, preregistered};
pub use principal::{GrantedThrough, Principal};
pub use realm::{Realm, RealmError};
pub use redirect::{RedirectRefused, RedirectUri};
pub use registration::MAX_BODY_BYTES as MAX_REGISTRATION_BYTES;
pub use scope::{Scope, ScopeSet, UnknownScope};
pub use secret::{Secret, SecretHash};
pub use server::AuthorizationServer;
pub use signing_key::{KeyRecord, KeyRing, KeySecret, SigningKey};
pub use store::{ApiClientAccess, Organization, Store, StoreFault, VisibleProject};
pub use token::{ApiClientToken, ClientId};
