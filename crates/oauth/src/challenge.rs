//! `WWW-Authenticate`: how a client learns that, and where, it must sign in.
//!
//! RFC 6750 §3 gives the form and the errors, RFC 9728 §5.1 adds `resource_metadata`. Clients parse this header by hand, so it is
//! written plainly: one scheme, each parameter once, always in the same order.

use http::HeaderValue;

use crate::scope::ScopeSet;

/// Why a request was not let in (RFC 6750 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChallengeError {
    /// The token is unknown, expired, revoked or malformed: get another. Status 401.
    InvalidToken,
    /// The token is good, but does not allow this: ask for the scope named. Status 403.
    InsufficientScope,
}

impl ChallengeError {
    fn code(self) -> &'static str {
        match self {
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::InvalidToken => {
                "The token is not valid here. Sign in again, or use another API client."
            }
            Self::InsufficientScope => "The connection was not granted the scope this needs.",
        }
    }
}

/// One challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// What went wrong. Nothing, if no credential came: RFC 6750 §3.1 asks to say no more then.
    pub error: Option<ChallengeError>,
    /// The scopes to ask for.
    pub scope: ScopeSet,
    /// The URL of the protected-resource metadata. Left out while there is no such document: clients fetch it and fail if it
    /// is missing, where without it they fall back to a token given by hand.
    pub resource_metadata: Option<String>,
}

impl Challenge {
    /// The challenge for a request that brought nothing.
    pub fn sign_in() -> Self {
        Self {
            error: None,
            scope: ScopeSet::all(),
            resource_metadata: None,
        }
    }

    /// The challenge for a token that is not valid.
    pub fn invalid_token() -> Self {
        Self {
            error: Some(ChallengeError::InvalidToken),
            ..Self::sign_in()
        }
    }

    /// The challenge for a valid token that lacks `needed`.
    pub fn insufficient_scope(needed: impl Into<ScopeSet>) -> Self {
        Self {
            error: Some(ChallengeError::InsufficientScope),
            scope: needed.into(),
            resource_metadata: None,
        }
    }

    /// The same, pointing to the metadata at `url`.
    #[must_use]
    pub fn with_resource_metadata(mut self, url: impl Into<String>) -> Self {
        self.resource_metadata = Some(url.into());
        self
    }

    /// The status it belongs to.
    pub fn status(&self) -> http::StatusCode {
        match self.error {
            None | Some(ChallengeError::InvalidToken) => http::StatusCode::UNAUTHORIZED,
            Some(ChallengeError::InsufficientScope) => http::StatusCode::FORBIDDEN,
        }
    }

    /// The value of `WWW-Authenticate`.
    pub fn header_value(&self) -> HeaderValue {
        let mut parameters: Vec<(&str, String)> = Vec::with_capacity(4);
        if let Some(error) = self.error {
            parameters.push(("error", error.code().to_owned()));
            parameters.push(("error_description", error.description().to_owned()));
        }
        if let Some(url) = &self.resource_metadata {
            parameters.push(("resource_metadata", url.clone()));
        }
        // RFC 6750 §3: at least one parameter must follow the scheme, and this one always does.
        parameters.push(("scope", self.scope.to_string()));
        let parameters: Vec<String> = parameters
            .into_iter()
            .map(|(name, value)| format!("{name}={}", quoted(&value)))
            .collect();
        HeaderValue::from_str(&format!("Bearer {}", parameters.join(", ")))
            .unwrap_or_else(|_| HeaderValue::from_static("Bearer realm=\"mcp\""))
    }
}

/// A quoted string (RFC 9110 §5.6.4). What may not stand in one, line breaks above all, is left out, so that no value can
/// end the header and begin another.
fn quoted(value: &str) -> String {
    let mut quoted = String::with_capacity(value.len() + 2);
    quoted.push('"');
    for character in value
        .chars()
        .filter(|character| matches!(character, ' '..='~'))
    {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scope::Scope;

    fn text(challenge: &Challenge) -> String {
        challenge
            .header_value()
            .to_str()
            .map(str::to_owned)
            .unwrap_or_default()
    }

    #[test]
    fn rfc_6750_3_1_without_a_credential_no_error_is_named() {
        let challenge = Challenge::sign_in();
        assert_eq!(challenge.status(), 401);
        assert_eq!(text(&challenge), r#"Bearer scope="mcp:analytics:read""#);
    }

    #[test]
    fn rfc_6750_3_1_a_bad_token_is_answered_with_invalid_token() {
        let challenge = Challenge::invalid_token();
        assert_eq!(challenge.status(), 401);
        assert_eq!(
            text(&challenge),
            r#"Bearer error="invalid_token", error_description="The token is not valid here. Sign in again, or use another API client.", scope="mcp:analytics:read""#
        );
    }

    #[test]
    fn rfc_6750_3_1_a_missing_scope_is_named_with_403() {
        let challenge = Challenge::insufficient_scope(Scope::Query);
        assert_eq!(challenge.status(), 403);
        assert_eq!(
            text(&challenge),
            r#"Bearer error="insufficient_scope", error_description="The connection was not granted the scope this needs.", scope="mcp:query:read""#
        );
    }

    #[test]
    fn rfc_9728_5_1_the_metadata_is_named_where_it_exists() {
        let url = "https://a.example/.well-known/oauth-protected-resource/mcp";
        assert_eq!(
            text(&Challenge::sign_in().with_resource_metadata(url)),
            format!(r#"Bearer resource_metadata="{url}", scope="mcp:analytics:read""#)
        );
    }

    #[test]
    fn rfc_9110_5_6_4_quotes_are_escaped_and_line_breaks_left_out() {
        let challenge =
            Challenge::sign_in().with_resource_metadata("https://a/\"\\\r\nSet-Cookie: x=1\u{7f}é");
        assert_eq!(
            text(&challenge),
            r#"Bearer resource_metadata="https://a/\"\\Set-Cookie: x=1", scope="mcp:analytics:read""#
        );
    }

    proptest! {
        #[test]
        fn no_value_breaks_out_of_its_quotes(url in any::<String>()) {
            let header = text(&Challenge::sign_in().with_resource_metadata(url));
            let rest = header.strip_prefix("Bearer resource_metadata=\"");
            prop_assert!(rest.is_some());
            let mut characters = rest.unwrap_or_default().chars();
            while let Some(character) = characters.next() {
                match character {
                    '\\' => { let _ = characters.next(); }
                    '"' => break,
                    _ => {}
                }
            }
            prop_assert_eq!(characters.as_str(), r#", scope="mcp:analytics:read""#);
        }
    }
}
