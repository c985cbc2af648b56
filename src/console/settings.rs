//! What the operator set for the pages: the brand, set-up, ways of signing in.

use serde_json::{Value, json};
use sightline_accounts::SetUpSecret;
use sightline_accounts::oidc::{ConfigRefused, ProviderConfig};
use sightline_console::{Brand, BrandRefused};
use worker::Env;

/// A variable, if it is set to something.
fn var(env: &Env, name: &str) -> Option<String> {
    let text = env.var(name).ok()?.to_string();
    Some(text).filter(|text| !text.trim().is_empty())
}

/// A secret, or for local use a variable of that name.
fn secret(env: &Env, name: &str) -> Option<String> {
    let secret = env.secret(name).ok().map(|secret| secret.to_string());
    secret
        .filter(|text| !text.trim().is_empty())
        .or_else(|| var(env, name))
}

/// The brand.
///
/// # Errors
/// [`BrandRefused`] names the variable's flaw.
pub fn brand(env: &Env) -> Result<Brand, BrandRefused> {
    Brand::configured(
        var(env, "BRAND_NAME").as_deref(),
        var(env, "BRAND_LOGO").as_deref(),
        var(env, "BRAND_COLOUR").as_deref(),
        var(env, "BRAND_SUPPORT").as_deref(),
    )
}

/// What opens set-up, if the operator set it.
pub fn set_up_secret(env: &Env) -> Option<SetUpSecret> {
    SetUpSecret::configured(&secret(env, "SET_UP_SECRET")?)
}

/// Whether people sign in with passwords. Without a provider they always do: nobody would get in otherwise.
pub fn has_passwords(env: &Env) -> bool {
    var(env, "PASSWORD_SIGN_IN").as_deref() != Some("off") || var(env, "OIDC_ISSUER").is_none()
}

/// The OpenID Connect provider, if there is one.
///
/// # Errors
/// [`ConfigRefused`] says what is wrong, without showing the secret.
pub fn provider(env: &Env) -> Result<Option<ProviderConfig>, ConfigRefused> {
    let Some(issuer) = var(env, "OIDC_ISSUER") else {
        return Ok(None);
    };
    let settings = ProviderSettings {
        issuer,
        name: var(env, "OIDC_NAME"),
        client_id: var(env, "OIDC_CLIENT_ID"),
        client_secret: secret(env, "OIDC_CLIENT_SECRET"),
        scopes: var(env, "OIDC_SCOPES"),
        joins: var(env, "OIDC_JOINS_ACCOUNTS"),
        rules: var(env, "OIDC_RULES"),
    };
    settings.into_config().map(Some)
}

/// The variables that describe a provider, as they are written.
#[derive(Default)]
struct ProviderSettings {
    issuer: String,
    name: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    scopes: Option<String>,
    joins: Option<String>,
    rules: Option<String>,
}

impl ProviderSettings {
    fn into_config(self) -> Result<ProviderConfig, ConfigRefused> {
        let rules: Value = match self.rules.as_deref() {
            None => json!([]),
            Some(text) => serde_json::from_str(text)
                .map_err(|_| ConfigRefused("`OIDC_RULES` is not JSON".to_owned()))?,
        };
        let scopes: Vec<&str> = self
            .scopes
            .as_deref()
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        let document = json!({
            "issuer": self.issuer.trim(),
            "name": self.name.as_deref().unwrap_or("your organization"),
            "client_id": self.client_id.unwrap_or_default(),
            "client_secret": self.client_secret,
            "extra_scopes": scopes,
            "joins_existing_accounts": self.joins.as_deref() == Some("on"),
            "rules": rules,
        });
        ProviderConfig::parse(&document.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> ProviderSettings {
        ProviderSettings {
            issuer: "https://id.example.com".to_owned(),
            client_id: Some("sightline".to_owned()),
            ..ProviderSettings::default()
        }
    }

    #[test]
    fn a_provider_needs_its_issuer_and_our_client_id_and_joins_no_accounts_unasked() {
        let config = settings().into_config();
        assert!(config.is_ok_and(|config| {
            config.client_id == "sightline"
                && !config.joins_existing_accounts
                && config.rules.is_empty()
                && config.client_secret.is_none()
        }));
        let without_id = ProviderSettings {
            client_id: None,
            ..settings()
        };
        assert!(without_id.into_config().is_err());
        let insecure = ProviderSettings {
            issuer: "http://id.example.com".to_owned(),
            ..settings()
        };
        assert!(insecure.into_config().is_err());
    }

    #[test]
    fn rules_and_scopes_are_read_and_rules_that_are_none_are_refused_without_being_shown() {
        let with = |rules: &str| ProviderSettings {
            scopes: Some("groups  offline_access".to_owned()),
            rules: Some(rules.to_owned()),
            client_secret: Some("hush-hush".to_owned()),
            ..settings()
        };
        let good = with(r#"[{"organization_id":"acme","domain":"example.com"}]"#).into_config();
        assert!(good.is_ok_and(|config| {
            config.rules.len() == 1 && config.extra_scopes == ["groups", "offline_access"]
        }));
        for rules in ["nonsense", r#"[{"organization_id":"acme"}]"#, r#"{"a":1}"#] {
            let refused = with(rules)
                .into_config()
                .err()
                .map(|error| error.to_string());
            assert!(
                refused.is_some_and(|text| !text.contains("hush-hush")),
                "{rules}"
            );
        }
    }
}
