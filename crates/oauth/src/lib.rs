//! Who gets in.
//!
//! A request brings a [`Credential`]; [`authenticate`] turns it into a [`Principal`], which says what its holder may see *now*,
//! or into a [`Denied`], whose [`Challenge`] goes back to the client. At present the only credentials are the tokens of API
//! clients; access tokens of the authorization server join them as another kind of bearer token, told apart by their
//! dots, and end in the same `Principal`.
//!
//! What holds throughout:
//! - No I/O, no clock, no randomness: state lies behind [`Store`], the time and random bytes are handed in.
//! - Every failure looks the same from outside. The reason is for the log, under a slug.
//! - No `Debug` or `Display` here shows a secret, and nothing here can turn a stored hash back into a token.

mod api_client;
mod authenticate;
mod challenge;
mod credential;
mod principal;
mod scope;
mod secret;
mod store;
pub mod testing;
mod token;

pub use api_client::{ApiClientKind, ApiClientRecord};
pub use authenticate::{Denied, Reason, authenticate};
pub use challenge::{Challenge, ChallengeError};
pub use credential::{BearerToken, Credential, QueryForm, without_token};
pub use principal::{GrantedThrough, Principal};
pub use scope::{Scope, ScopeSet, UnknownScope};
pub use secret::{Secret, SecretHash};
pub use store::{ApiClientAccess, Organization, Store, StoreFault, VisibleProject};
pub use token::{ApiClientToken, ClientId};
