//! How an app proves itself at the token and revocation endpoints (RFC 6749 §2.3).
//!
//! One way per request. An app with a secret may send it either way, header or body, since libraries do not keep to what was registered. An app without
//! one is known by its id alone; what it does is bound to it by PKCE and by its tokens.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

use crate::app::{AppRecord, AuthMethod};
use crate::assertion;
use crate::document;
use crate::oauth_error::OAuthError;
use crate::params::Params;
use crate::secret::{Secret, SecretHash};
use crate::server::AuthorizationServer;

/// What a request brought.
enum Proof {
    /// Nothing but the id.
    Id,
    /// A secret.
    Secret(String),
    /// A signed assertion.
    Assertion(String),
}

/// The id and secret of an `Authorization: Basic` header. RFC 6749 §2.3.1: each form-encoded before they are joined.
fn basic(value: &str) -> Option<(String, String)> {
    let (scheme, encoded) = value.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decoded = |part: &str| {
        percent_decode_str(&part.replace('+', " "))
            .decode_utf8()
            .ok()
            .map(std::borrow::Cow::into_owned)
    };
    Some((decoded(id)?, decoded(secret)?))
}

fn claimed(params: &Params, authorization: Option<&str>) -> Result<(String, Proof), OAuthError> {
    let mixed = || {
        OAuthError::invalid_request(
            "client_auth_twice",
            "The client proved itself in more than one way.",
        )
    };
    let id = params.get("client_id").map(str::to_owned);
    let secret = params.get("client_secret");
    let signed = params.get("client_assertion");
    let ways = [authorization.is_some(), secret.is_some(), signed.is_some()];
    if ways.into_iter().filter(|used| *used).count() > 1 {
        return Err(mixed());
    }
    if let Some(value) = authorization {
        let (name, secret) =
            basic(value).ok_or_else(|| OAuthError::invalid_client("client_auth_malformed"))?;
        if id.is_some_and(|id| id != name) {
            return Err(mixed());
        }
        return Ok((name, Proof::Secret(secret)));
    }
    if let Some(text) = signed {
        if params.get("client_assertion_type") != Some(assertion::TYPE) {
            return Err(OAuthError::invalid_client("assertion_type_unknown"));
        }
        let claimed = assertion::claimed_app(text);
        let name = id
            .or(claimed)
            .ok_or_else(|| OAuthError::invalid_client("assertion_malformed"))?;
        return Ok((name, Proof::Assertion(text.to_owned())));
    }
    let id = id.ok_or_else(|| OAuthError::invalid_client("client_id_missing"))?;
    Ok(match secret {
        Some(secret) => (id, Proof::Secret(secret.to_owned())),
        None => (id, Proof::Id),
    })
}

impl AuthorizationServer<'_> {
    /// The app that makes this request, proven as its registration asks.
    ///
    /// # Errors
    /// `invalid_client`, whatever was wrong: a client registers again then. `invalid_request` if it proved itself twice.
    pub(crate) async fn authenticate_app(
        &self,
        params: &Params,
        authorization: Option<&str>,
    ) -> Result<AppRecord, OAuthError> {
        let (id, proof) = claimed(params, authorization)?;
        let app = self
            .app(&id)
            .await?
            .ok_or_else(|| OAuthError::invalid_client("app_unknown"))?;
        match (app.auth_method, proof) {
            // A secret sent by an app that has none proves nothing and costs nothing.
            (AuthMethod::None, Proof::Id | Proof::Secret(_)) => Ok(app),
            (
                AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost,
                Proof::Secret(secret),
            ) => {
                let stored = app.secret_hash.unwrap_or_else(SecretHash::of_nothing);
                let proven = Secret::parse(&secret).map(|secret| secret.hash().matches(&stored));
                if proven == Some(true) {
                    Ok(app)
                } else {
                    Err(OAuthError::invalid_client("app_secret_wrong"))
                }
            }
            (AuthMethod::PrivateKeyJwt, Proof::Assertion(text)) => {
                let keys = app
                    .keys
                    .as_ref()
                    .ok_or_else(|| OAuthError::invalid_client("app_without_keys"))?;
                let jwks = document::keys(self.documents, keys).await?;
                let assertion = assertion::verify(&text, &jwks, &app.id, self.realm, self.now_ms)
                    .map_err(OAuthError::invalid_client)?;
                let first = self
                    .store
                    .first_use_of_assertion(&assertion.id, assertion.expires_at_ms);
                if first.await? {
                    Ok(app)
                } else {
                    Err(OAuthError::invalid_client("assertion_replayed"))
                }
            }
            _ => Err(OAuthError::invalid_client("client_auth_method_wrong")),
        }
    }
}
