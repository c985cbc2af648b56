//! The provider's own description (OpenID Connect Discovery 1.0).

use serde::Deserialize;

use super::OidcError;
use super::config::{ClientAuthentication, ProviderConfig, is_secure};

/// What is used of the discovery document.
#[derive(Debug, Clone, Deserialize)]
pub struct Discovery {
    issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) jwks_uri: String,
    #[serde(default)]
    response_types_supported: Vec<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    code_challenge_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

impl Discovery {
    /// Where the document of `issuer` lies (§4.1: a path is kept, a trailing slash is not doubled).
    pub fn url_for(issuer: &str) -> String {
        format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        )
    }

    /// The document in `body`.
    ///
    /// # Errors
    /// If it is not one, is another issuer's (§4.3: compared exactly), or names endpoints not fit for secrets.
    pub fn parse(body: &[u8], config: &ProviderConfig) -> Result<Self, OidcError> {
        let document: Self =
            serde_json::from_slice(body).map_err(|_| OidcError::Provider("discovery_malformed"))?;
        if document.issuer != config.issuer {
            return Err(OidcError::Provider("discovery_other_issuer"));
        }
        let endpoints = [
            &document.authorization_endpoint,
            &document.token_endpoint,
            &document.jwks_uri,
        ];
        if !endpoints.into_iter().all(|endpoint| is_secure(endpoint)) {
            return Err(OidcError::Provider("discovery_insecure_endpoint"));
        }
        let code = &document.response_types_supported;
        if !code.is_empty() && !code.iter().any(|kind| kind == "code") {
            return Err(OidcError::Provider("discovery_no_code_flow"));
        }
        if document
            .code_challenge_methods_supported
            .as_ref()
            .is_some_and(|methods| !methods.iter().any(|method| method == "S256"))
        {
            return Err(OidcError::Provider("discovery_no_s256"));
        }
        Ok(document)
    }

    /// How to authenticate at the token endpoint. A document that does not say means `client_secret_basic` (§3).
    pub(super) fn authentication(&self, config: &ProviderConfig) -> ClientAuthentication {
        let supports = |method: &str| {
            self.token_endpoint_auth_methods_supported
                .as_ref()
                .map_or(method == "client_secret_basic", |methods| {
                    methods.iter().any(|name| name == method)
                })
        };
        match &config.client_secret {
            None => ClientAuthentication::None,
            Some(_) if supports("client_secret_basic") => ClientAuthentication::Basic,
            Some(_) if supports("client_secret_post") => ClientAuthentication::Post,
            Some(_) => ClientAuthentication::Basic,
        }
    }
}
