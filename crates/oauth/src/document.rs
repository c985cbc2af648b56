//! Client ID metadata documents: apps whose id is the URL of their own description.
//!
//! (draft-ietf-oauth-client-id-metadata-document.) The URL is somebody else's text and we fetch it, so the rules are strict about where it may
//! lead: https on 443, a public name, not our own zone, no redirects. Whoever fetches holds itself to [`MAX_BYTES`] and [`TIMEOUT_MS`] and
//! answers a redirect with a fault; the platform refuses private addresses behind public names.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;
use url::{Host, Url};

use crate::app::{AppKeys, AppOrigin, AppRecord, AuthMethod, presentable_name};
use crate::oauth_error::OAuthError;
use crate::realm::Realm;
use crate::registration::{home_page, redirect_uris};
use crate::store::StoreFault;

/// Most bytes of a document.
pub const MAX_BYTES: usize = 16 << 10;

/// Longest time a document may take, in ms.
pub const TIMEOUT_MS: u64 = 10_000;

/// Longest time a document is kept, in s.
pub const MAX_CACHE_S: u64 = 7 * 24 * 3600;

/// How long one without instructions is kept, in s.
const DEFAULT_CACHE_S: u64 = 300;

/// Longest client id.
const MAX_URL_BYTES: usize = 500;

/// Names that lead nowhere public (RFC 6761, RFC 6762, RFC 8375 and habit).
const PRIVATE_SUFFIXES: [&str; 10] = [
    "localhost",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "home.arpa",
    "corp",
    "test",
    "invalid",
];

/// What came back from an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The HTTP status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Cache-Control`.
    pub cache_control: Option<String>,
    /// The body, or as much of it as shows that it is too long.
    pub body: Vec<u8>,
}

/// The way to documents on other hosts.
#[async_trait(?Send)]
pub trait Documents {
    /// Fetches `url` with GET, following no redirect, giving up after [`TIMEOUT_MS`] and [`MAX_BYTES`] + 1.
    ///
    /// # Errors
    /// [`StoreFault`] if nothing came back. Never remembered.
    async fn fetch(&self, url: &str) -> Result<Fetched, StoreFault>;

    /// The body kept for `url`, if one is. A cache that fails has nothing.
    async fn cached(&self, url: &str) -> Option<Vec<u8>>;

    /// Keeps a body for so many seconds. A cache that fails keeps nothing.
    async fn keep(&self, url: &str, body: &[u8], seconds: u64);
}

/// Whether `text` is a URL we fetch.
///
/// One document has one address: it is written as the URL standard writes it, or refused.
pub fn is_fetchable(text: &str, realm: &Realm) -> bool {
    let Ok(url) = Url::parse(text) else {
        return false;
    };
    let Some(Host::Domain(host)) = url.host() else {
        return false;
    };
    let host = host.to_ascii_lowercase();
    let ours = realm.host();
    text.len() <= MAX_URL_BYTES
        && url.as_str() == text
        && url.scheme() == "https"
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none()
        && url.path() != "/"
        && host.contains('.')
        && !host.ends_with('.')
        && !PRIVATE_SUFFIXES
            .iter()
            .any(|suffix| is_within(&host, suffix))
        && !is_within(&host, ours)
        && !is_within(ours, &host)
}

/// Whether `host` is `zone` or lies in it.
fn is_within(host: &str, zone: &str) -> bool {
    host.strip_suffix(zone)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// How long an answer may be kept (RFC 9111 §5.2.2), in s; 0 if not at all.
pub fn cache_seconds(cache_control: Option<&str>) -> u64 {
    let Some(text) = cache_control else {
        return DEFAULT_CACHE_S;
    };
    let text = text.to_ascii_lowercase();
    let directives: Vec<(&str, &str)> = text
        .split(',')
        .map(|part| part.trim().split_once('=').unwrap_or((part.trim(), "")))
        .collect();
    let has = |name: &str| directives.iter().any(|(key, _)| *key == name);
    if has("no-store") || has("no-cache") || has("private") {
        return 0;
    }
    let seconds = |name: &str| {
        let (_, value) = directives.iter().find(|(key, _)| *key == name)?;
        value.trim_matches('"').parse::<u64>().ok()
    };
    seconds("s-maxage")
        .or_else(|| seconds("max-age"))
        .unwrap_or(DEFAULT_CACHE_S)
        .min(MAX_CACHE_S)
}

/// The part of a document that means something here.
#[derive(Deserialize)]
struct Document {
    client_id: String,
    #[serde(default)]
    redirect_uris: Vec<String>,
    client_name: Option<String>,
    client_uri: Option<String>,
    token_endpoint_auth_method: Option<String>,
    client_secret: Option<Value>,
    jwks: Option<Value>,
    jwks_uri: Option<String>,
}

/// The app that the document at `url` describes.
///
/// # Errors
/// `invalid_client`, with what is wrong with it under the slug.
pub fn read(url: &str, body: &[u8], realm: &Realm) -> Result<AppRecord, OAuthError> {
    let refused = OAuthError::invalid_client;
    if body.len() > MAX_BYTES {
        return Err(refused("document_too_long"));
    }
    let document: Document =
        serde_json::from_slice(body).map_err(|_| refused("document_malformed"))?;
    if document.client_id != url {
        return Err(refused("document_of_another_client"));
    }
    // A secret in a public document is none.
    if document.client_secret.is_some() {
        return Err(refused("document_with_secret"));
    }
    let method = document.token_endpoint_auth_method.as_deref();
    let auth_method = match AuthMethod::from_name(method.unwrap_or("none")) {
        Some(method @ (AuthMethod::None | AuthMethod::PrivateKeyJwt)) => method,
        _ => return Err(refused("document_auth_method")),
    };
    let keys = match (auth_method, document.jwks, document.jwks_uri) {
        (AuthMethod::PrivateKeyJwt, Some(jwks), None) => Some(AppKeys::Inline(jwks)),
        (AuthMethod::PrivateKeyJwt, None, Some(at)) if is_fetchable(&at, realm) => {
            Some(AppKeys::At(at))
        }
        (AuthMethod::PrivateKeyJwt, ..) => return Err(refused("document_keys")),
        _ => None,
    };
    let name = match document.client_name {
        Some(name) => presentable_name(&name).ok_or_else(|| refused("document_name"))?,
        None => Url::parse(url)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned))
            .ok_or_else(|| refused("document_name"))?,
    };
    Ok(AppRecord {
        id: url.to_owned(),
        origin: AppOrigin::Document,
        name,
        redirect_uris: redirect_uris(&document.redirect_uris)
            .map_err(|_| refused("document_redirect_uris"))?,
        auth_method,
        secret_hash: None,
        keys,
        uri: home_page(document.client_uri).map_err(|_| refused("document_client_uri"))?,
        expires_at_ms: None,
    })
}

/// The app of that id, from the cache or its host.
pub(crate) async fn app(
    documents: &dyn Documents,
    realm: &Realm,
    url: &str,
) -> Result<AppRecord, OAuthError> {
    if !is_fetchable(url, realm) {
        return Err(OAuthError::invalid_client("document_url_refused"));
    }
    if let Some(body) = documents.cached(url).await
        && let Ok(app) = read(url, &body, realm)
    {
        return Ok(app);
    }
    let (body, seconds) = load(documents, url).await?;
    let app = read(url, &body, realm)?;
    if seconds > 0 {
        documents.keep(url, &body, seconds).await;
    }
    Ok(app)
}

/// The keys of an app that signs assertions.
pub(crate) async fn keys(documents: &dyn Documents, keys: &AppKeys) -> Result<Value, OAuthError> {
    let url = match keys {
        AppKeys::Inline(jwks) => return Ok(jwks.clone()),
        AppKeys::At(url) => url,
    };
    let read = |body: &[u8]| serde_json::from_slice::<Value>(body).ok();
    if let Some(jwks) = documents.cached(url).await.as_deref().and_then(read) {
        return Ok(jwks);
    }
    let (body, seconds) = load(documents, url).await?;
    let jwks = read(&body).ok_or_else(|| OAuthError::invalid_client("jwks_malformed"))?;
    if seconds > 0 {
        documents.keep(url, &body, seconds).await;
    }
    Ok(jwks)
}

async fn load(documents: &dyn Documents, url: &str) -> Result<(Vec<u8>, u64), OAuthError> {
    let fetched = documents.fetch(url).await?;
    match fetched.status {
        200 => {}
        // A host that is down says nothing of its app: ask again. Anything else, a redirect included, is no document.
        429 | 500..=599 => {
            return Err(
                StoreFault(format!("a document's host answered {}", fetched.status)).into(),
            );
        }
        _ => return Err(OAuthError::invalid_client("document_status")),
    }
    let kind = fetched.content_type.unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let is_json = kind.eq_ignore_ascii_case("application/json")
        || kind.to_ascii_lowercase().starts_with("application/")
            && kind.to_ascii_lowercase().ends_with("+json");
    if !is_json {
        return Err(OAuthError::invalid_client("document_type"));
    }
    if fetched.body.len() > MAX_BYTES {
        return Err(OAuthError::invalid_client("document_too_long"));
    }
    Ok((
        fetched.body,
        cache_seconds(fetched.cache_control.as_deref()),
    ))
}

#[cfg(test)]
mod tests;
