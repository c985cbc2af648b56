//! What the operator says about the provider.

use std::fmt;

use serde::Deserialize;
use thiserror::Error;
use url::Url;

use super::mapping::Rule;

/// The configuration, as its JSON is written. `Debug` hides the secret.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderConfig {
    /// The issuer, exactly as its ID tokens write it.
    pub issuer: String,
    /// What the button says: `Sign in with …`.
    pub name: String,
    /// Our client id there.
    pub client_id: String,
    /// Our secret there; none for a public client.
    #[serde(default)]
    pub client_secret: Option<String>,
    /// Scopes asked for besides `openid email profile`.
    #[serde(default)]
    pub extra_scopes: Vec<String>,
    /// Whether an account with the same verified address becomes the provider's person's. Only for a provider that owns the domain: whoever
    /// controls addresses there controls the accounts here.
    #[serde(default)]
    pub joins_existing_accounts: bool,
    /// Who comes to which organization.
    #[serde(default)]
    pub rules: Vec<Rule>,
}

/// How we prove who we are at the token endpoint (OpenID Connect Core §9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// `client_secret_basic`.
    Basic,
    /// `client_secret_post`.
    Post,
    /// Not at all: PKCE alone.
    None,
}

/// A configuration that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the sign-in provider's configuration: {0}")]
pub struct ConfigRefused(pub String);

impl fmt::Debug for ProviderConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderConfig")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

impl ProviderConfig {
    /// The configuration in this JSON.
    ///
    /// # Errors
    /// [`ConfigRefused`] says what is wrong, without showing the secret.
    pub fn parse(json: &str) -> Result<Self, ConfigRefused> {
        // serde's message may quote a value: only its place is told.
        let config: Self = serde_json::from_str(json).map_err(|error| {
            ConfigRefused(format!(
                "not what is expected, at line {} column {}",
                error.line(),
                error.column()
            ))
        })?;
        if !is_secure(&config.issuer) || config.issuer.contains(['?', '#']) {
            return Err(ConfigRefused(
                "`issuer` must be an https URL without query".to_owned(),
            ));
        }
        if config.client_id.is_empty() || config.name.trim().is_empty() {
            return Err(ConfigRefused(
                "`client_id` and `name` must not be empty".to_owned(),
            ));
        }
        if let Some(rule) = config.rules.iter().find(|rule| !rule.is_sound()) {
            return Err(ConfigRefused(format!(
                "the rule for organization `{}` needs a `domain` or a `claim` with its `value`, and `projects` only without `admin`",
                rule.organization_id
            )));
        }
        Ok(config)
    }
}

/// Whether a URL is fit for secrets: https, or http to this machine for trying things out.
pub(super) fn is_secure(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        url.username().is_empty()
            && url.password().is_none()
            && match (url.scheme(), url.host_str()) {
                ("https", Some(_)) => true,
                ("http", Some(host)) => matches!(host, "localhost" | "127.0.0.1" | "[::1]"),
                _ => false,
            }
    })
}
