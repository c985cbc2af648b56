//! Signing in at another provider: the relying party's side of OpenID Connect Core 1.0, by the code flow with PKCE, `nonce` and `state`.
//!
//! [`begin`](crate::Accounts::oidc_begin) sends the browser away, [`finish`](crate::Accounts::oidc_finish) takes it back: the state is taken
//! out by the browser that began, the code exchanged, the ID token checked, and the person found by issuer and subject. Which organizations
//! they come to is the operator's configuration ([`ProviderConfig`]). Fetching lies behind [`Fetch`].

mod config;
mod discovery;
mod fetch;
mod flow;
mod id_token;
mod keys;
mod mapping;

pub use config::{ClientAuthentication, ConfigRefused, ProviderConfig};
pub use discovery::Discovery;
pub use fetch::{Fetch, FetchFault, Fetched};
pub use flow::{Callback, Departure};
pub use id_token::{Checks, IdToken};
pub use keys::KeySet;
pub use mapping::{Grant, Rule};

use thiserror::Error;

use crate::database::StoreFault;

/// Why a sign-in at a provider came to nothing. The sentences are for the person; [`OidcError::slug`] is for the log.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OidcError {
    /// The database failed.
    #[error("Signing in could not be completed just now. Please try again.")]
    Unavailable(#[from] StoreFault),
    /// The provider could not be reached, or answered nonsense. The text says which document and what was wrong.
    #[error("The sign-in service did not answer as it should. Please try again in a minute.")]
    Provider(&'static str),
    /// The provider said no, in its own words: an error code of RFC 6749 §4.1.2.1.
    #[error("The sign-in service refused. Please try again, or ask your administrator.")]
    Refused(String),
    /// The state is unknown, over, used, or another browser's; or the answer came from another issuer.
    #[error("This sign-in was not begun in this browser, or took too long. Please start again.")]
    NotOurs,
    /// The ID token is not one to trust.
    #[error(
        "The sign-in service's answer could not be verified. Please try again, or ask your administrator."
    )]
    IdToken(&'static str),
    /// The provider tells no verified e-mail address.
    #[error("The sign-in service did not confirm your e-mail address. Ask your administrator.")]
    NoEmail,
    /// Neither an account nor a rule lets them in.
    #[error(
        "Your account there is not admitted here. Ask an owner of the organization for an invitation."
    )]
    NotAdmitted,
    /// An account with that address exists, and may not be joined to the provider's.
    #[error("There is an account with this address already. Sign in with its password.")]
    AddressTaken,
}

impl OidcError {
    /// A stable name for logs and the audit.
    pub fn slug(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "store_unavailable",
            Self::Provider(what) | Self::IdToken(what) => what,
            Self::Refused(_) => "provider_refused",
            Self::NotOurs => "state_unknown",
            Self::NoEmail => "email_unverified",
            Self::NotAdmitted => "not_admitted",
            Self::AddressTaken => "address_taken",
        }
    }
}

#[cfg(test)]
mod tests;
