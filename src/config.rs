//! What the operator set in `[vars]`, with its defaults. `docs/operate.md` lists the names.

use sightline_analytics::Site;
use worker::Env;

/// The operator's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The address clients use, without a trailing slash; the request's own origin if absent.
    pub public_url: Option<String>,
    /// Further web origins that may call `/mcp`.
    pub allowed_origins: Vec<String>,
    /// Whether `?token=` is accepted.
    pub query_token: bool,
    /// Name, resource scheme and dashboard of the product.
    pub site: Site,
}

impl Config {
    /// The settings of this deployment.
    pub fn of(env: &Env) -> Self {
        let var = |name: &str| {
            env.var(name)
                .ok()
                .map(|value| value.to_string())
                .filter(|value| !value.is_empty())
        };
        let defaults = Site::default();
        Self {
            public_url: var("PUBLIC_URL").map(|url| url.trim_end_matches('/').to_owned()),
            allowed_origins: var("ALLOWED_ORIGINS")
                .map(|origins| {
                    origins
                        .split(',')
                        .map(|origin| origin.trim().to_owned())
                        .collect()
                })
                .unwrap_or_default(),
            query_token: var("QUERY_TOKEN").as_deref() != Some("off"),
            site: Site {
                name: var("BRAND_NAME").unwrap_or(defaults.name),
                resource_scheme: var("RESOURCE_SCHEME").unwrap_or(defaults.resource_scheme),
                dashboard_url_template: var("DASHBOARD_URL").or(defaults.dashboard_url_template),
            },
        }
    }
}
