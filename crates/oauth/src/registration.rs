//! Dynamic client registration (RFC 7591): an app introduces itself and gets an id.
//!
//! For a public app the id is made of what it says, so that one that registers at every start, as several clients do, stays one app. What
//! an app says of itself is believed by nobody; it is held to its redirect URIs.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::app::{AppOrigin, AppRecord, AuthMethod, presentable_name};
use crate::audit::AuditEvent;
use crate::oauth_error::{ErrorCode, OAuthError};
use crate::redirect::RedirectUri;
use crate::server::AuthorizationServer;

/// Most bytes of a registration.
pub const MAX_BODY_BYTES: usize = 16 << 10;

/// Most redirect URIs of an app.
pub(crate) const MAX_REDIRECT_URIS: usize = 10;

/// Most bytes of a home page's address.
const MAX_URI_BYTES: usize = 512;

/// The part of RFC 7591 §2 that means something here; the rest is left out of the answer, which says so.
#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    redirect_uris: Vec<String>,
    client_name: Option<String>,
    client_uri: Option<String>,
    token_endpoint_auth_method: Option<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
}

fn refused(slug: &'static str, description: impl Into<String>) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidClientMetadata, slug, description)
}

/// The redirect URIs of an app's metadata, in its order.
pub(crate) fn redirect_uris(texts: &[String]) -> Result<Vec<RedirectUri>, OAuthError> {
    let refused = |description: String| {
        OAuthError::new(
            ErrorCode::InvalidRedirectUri,
            "redirect_uri_refused",
            description,
        )
    };
    if texts.is_empty() || texts.len() > MAX_REDIRECT_URIS {
        return Err(refused("1 to 10 redirect URIs are needed.".to_owned()));
    }
    texts
        .iter()
        .map(|text| RedirectUri::parse(text).map_err(|error| refused(format!("{error}."))))
        .collect()
}

/// A home page's address, if it is one that may be shown as a link.
pub(crate) fn home_page(text: Option<String>) -> Result<Option<String>, OAuthError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let is_web = url::Url::parse(&text)
        .is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
    if !is_web || text.len() > MAX_URI_BYTES {
        return Err(refused(
            "client_uri_refused",
            "`client_uri` must be a web address of at most 512 bytes.",
        ));
    }
    Ok(Some(text))
}

/// The id of a public app: a digest of its metadata in canonical form. The port of a loopback address is no part of it, since it
/// changes with every start of a native app.
fn public_id(name: &str, uri: Option<&str>, redirect_uris: &[RedirectUri]) -> String {
    let mut uris: Vec<String> = redirect_uris
        .iter()
        .map(RedirectUri::without_port)
        .collect();
    uris.sort();
    uris.dedup();
    let canonical = json!([name, uri, uris]).to_string();
    let digest = Sha256::digest(canonical.as_bytes());
    format!("app_{}", URL_SAFE_NO_PAD.encode(&digest[..18]))
}

impl AuthorizationServer<'_> {
    /// Answers `POST /register` with the body of a 201 (RFC 7591 §3.2.1).
    ///
    /// # Errors
    /// `invalid_client_metadata`, `invalid_redirect_uri` (RFC 7591 §3.2.2), or `temporarily_unavailable`.
    pub async fn register(&self, body: &[u8]) -> Result<Value, OAuthError> {
        if body.len() > MAX_BODY_BYTES {
            return Err(refused(
                "registration_too_long",
                "The registration is longer than 16 KiB.",
            ));
        }
        let metadata: Metadata = serde_json::from_slice(body).map_err(|_| {
            refused(
                "registration_malformed",
                "The registration is not a JSON object as in RFC 7591, section 2.",
            )
        })?;
        let uris = redirect_uris(&metadata.redirect_uris)?;
        let name = match &metadata.client_name {
            None => uris
                .first()
                .map(|uri| uri.host().to_owned())
                .unwrap_or_default(),
            Some(name) => presentable_name(name).ok_or_else(|| {
                refused(
                    "client_name_refused",
                    "`client_name` must have 1 to 120 visible characters.",
                )
            })?,
        };
        let uri = home_page(metadata.client_uri)?;
        if metadata
            .grant_types
            .is_some_and(|types| !types.iter().any(|kind| kind == "authorization_code"))
        {
            return Err(refused(
                "grant_types_refused",
                "`grant_types` must hold `authorization_code`.",
            ));
        }
        if metadata
            .response_types
            .is_some_and(|types| !types.iter().any(|kind| kind == "code"))
        {
            return Err(refused(
                "response_types_refused",
                "`response_types` must hold `code`.",
            ));
        }
        // RFC 7591 §2: left out, it means `client_secret_basic`.
        let method = metadata.token_endpoint_auth_method.as_deref();
        let method = match AuthMethod::from_name(method.unwrap_or("client_secret_basic")) {
            Some(method) if method != AuthMethod::PrivateKeyJwt => method,
            _ => {
                return Err(refused(
                    "auth_method_refused",
                    "`token_endpoint_auth_method` must be `none`, `client_secret_basic` or `client_secret_post`. \
                     With `private_key_jwt`, use a client ID metadata document.",
                ));
            }
        };
        let secret = (method != AuthMethod::None).then(|| self.entropy.secret());
        let app = AppRecord {
            id: match secret {
                None => public_id(&name, uri.as_deref(), &uris),
                Some(_) => self.entropy.id("app_"),
            },
            origin: AppOrigin::Registered,
            name,
            redirect_uris: uris,
            auth_method: method,
            secret_hash: secret.as_ref().map(|secret| secret.hash()),
            keys: None,
            uri,
            expires_at_ms: Some(self.now_ms + self.lifetimes.unused_app_ms),
        };
        let entry = self.entry(AuditEvent::AppRegistered {
            app_id: app.id.clone(),
            name: app.name.clone(),
        });
        self.store.register_app(&app, self.now_ms, &entry).await?;

        let mut answer = json!({
            "client_id": app.id,
            "client_id_issued_at": self.now_ms / 1000,
            "client_name": app.name,
            "redirect_uris": metadata.redirect_uris,
            "token_endpoint_auth_method": method.name(),
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
        });
        if let Some(uri) = &app.uri {
            answer["client_uri"] = json!(uri);
        }
        if let Some(secret) = &secret {
            answer["client_secret"] = json!(secret.reveal());
            // RFC 7591 §3.2.1: 0 says that it does not expire by itself.
            answer["client_secret_expires_at"] = json!(0);
        }
        Ok(answer)
    }
}
