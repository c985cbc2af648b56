//! The errors of the protocol (RFC 6749 §5.2, RFC 7591 §3.2.2, RFC 8707 §2): a code that leads the client on, one sentence for people, and
//! a slug for the log, which says more than the answer does.

use http::StatusCode;
use serde_json::{Value, json};
use thiserror::Error;

use crate::store::StoreFault;

/// An error code a client acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// The request is wrong in itself.
    InvalidRequest,
    /// The app is unknown or did not prove itself: register again. Status 401.
    InvalidClient,
    /// The code or refresh token is good no more: authorize again.
    InvalidGrant,
    /// There is no such grant type here.
    UnsupportedGrantType,
    /// There is no such response type here.
    UnsupportedResponseType,
    /// A scope is unknown, or more than was granted.
    InvalidScope,
    /// Another resource than ours (RFC 8707 §2).
    InvalidTarget,
    /// The person said no.
    AccessDenied,
    /// It could not be decided now: ask again.
    TemporarilyUnavailable,
    /// Asked too often: the same code, with status 429 (RFC 6585 §4), since these documents have none for it.
    TooManyRequests,
    /// A redirect URI cannot be registered (RFC 7591 §3.2.2).
    InvalidRedirectUri,
    /// Something else cannot be registered (RFC 7591 §3.2.2).
    InvalidClientMetadata,
    /// Tokens of this kind are not revoked here (RFC 7009 §2.2.1).
    UnsupportedTokenType,
}

impl ErrorCode {
    /// The code as it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::AccessDenied => "access_denied",
            Self::TemporarilyUnavailable | Self::TooManyRequests => "temporarily_unavailable",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::UnsupportedTokenType => "unsupported_token_type",
        }
    }
}

/// A request that is refused, or could not be decided.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{slug}")]
pub struct OAuthError {
    /// The code.
    pub code: ErrorCode,
    /// What a developer reads.
    pub description: String,
    /// A stable name for the log.
    pub slug: &'static str,
    /// What failed inside, for the log only.
    pub fault: Option<StoreFault>,
}

impl OAuthError {
    /// An error of that code.
    pub fn new(code: ErrorCode, slug: &'static str, description: impl Into<String>) -> Self {
        Self {
            code,
            description: description.into(),
            slug,
            fault: None,
        }
    }

    /// The app is unknown or did not prove itself. The sentence is the same whatever was wrong.
    pub fn invalid_client(slug: &'static str) -> Self {
        Self::new(
            ErrorCode::InvalidClient,
            slug,
            "The client is not known here or did not prove itself. Register again.",
        )
    }

    /// The code or refresh token is good no more. The sentence is the same whatever was wrong.
    pub fn invalid_grant(slug: &'static str) -> Self {
        Self::new(
            ErrorCode::InvalidGrant,
            slug,
            "The code or refresh token is not valid. Authorize again.",
        )
    }

    /// The request is wrong in itself.
    pub fn invalid_request(slug: &'static str, description: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidRequest, slug, description)
    }

    /// The status it is answered with.
    pub fn status(&self) -> StatusCode {
        match self.code {
            ErrorCode::InvalidClient => StatusCode::UNAUTHORIZED,
            ErrorCode::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The body it is answered with (RFC 6749 §5.2).
    pub fn body(&self) -> Value {
        json!({ "error": self.code.name(), "error_description": self.description })
    }
}

impl From<StoreFault> for OAuthError {
    /// Nobody's credential is at fault: 503, and everything stays good.
    fn from(fault: StoreFault) -> Self {
        Self {
            code: ErrorCode::TemporarilyUnavailable,
            description: "This could not be decided just now. Ask again in a moment.".to_owned(),
            slug: "store_unavailable",
            fault: Some(fault),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_6749_5_2_a_client_that_is_not_known_is_answered_with_401() {
        let error = OAuthError::invalid_client("app_unknown");
        assert_eq!(error.status(), 401);
        assert_eq!(error.body()["error"], "invalid_client");
    }

    #[test]
    fn a_store_that_fails_costs_nobody_a_credential_and_tells_nothing() {
        let error = OAuthError::from(StoreFault("D1: no such table".to_owned()));
        assert_eq!(error.status(), 503);
        assert!(!error.body().to_string().contains("D1"));
    }
}
