//! What the authorization server of this deployment is made of, for one request.

use http::Uri;
use sightline_oauth::{
    AppRecord, AuthorizationServer, Entropy, KeySecret, Lifetimes, Maintenance, Realm, StoreFault,
    preregistered,
};
use worker::{Date, Env};

use crate::access::Database;
use crate::config::Config;
use crate::oauth::documents::Web;

/// The operator's settings that only the authorization server reads, and the bindings it needs.
pub struct Deployment {
    database: Database,
    documents: Web,
    key_secret: KeySecret,
    preregistered: Vec<AppRecord>,
    lifetimes: Lifetimes,
    entropy: Entropy,
    now_ms: i64,
}

/// Where this server is, as the request shows it: the configured public URL, or with none the request's own origin. A public URL on this machine
/// stands for every name and port of it, and for nothing else. None if the request came to a place that can be no issuer.
pub fn realm(config: &Config, uri: &Uri) -> Option<Realm> {
    let of_request = || {
        let origin = format!("{}://{}", uri.scheme_str()?, uri.authority()?);
        Realm::new(&origin).ok()
    };
    match config.public_url.as_deref() {
        None => of_request(),
        Some(url) if crate::endpoint::is_loopback(url) => {
            of_request().filter(|realm| crate::endpoint::is_loopback(realm.issuer()))
        }
        Some(url) => Realm::new(url).ok(),
    }
}

/// What signing keys are sealed with: the secret `KEY_SECRET`, if the operator set one.
pub(super) fn key_secret(env: &Env) -> KeySecret {
    let secret = env.secret("KEY_SECRET").ok();
    KeySecret::from_setting(secret.map(|secret| secret.to_string()).as_deref())
}

/// Whole seconds from a variable, as ms; the default if it is absent or none.
fn seconds(env: &Env, name: &str, default_ms: i64) -> i64 {
    let text = env.var(name).ok().map(|value| value.to_string());
    let set = text.and_then(|text| text.parse::<i64>().ok());
    set.filter(|seconds| *seconds > 0)
        .and_then(|seconds| seconds.checked_mul(1000))
        .unwrap_or(default_ms)
}

impl Deployment {
    /// Of this environment, for a request made now.
    ///
    /// # Errors
    /// [`StoreFault`] if a binding or randomness is missing, or the list of apps is none.
    pub fn of(env: &Env) -> Result<Self, StoreFault> {
        let mut seed = [0; 32];
        getrandom_04::fill(&mut seed).map_err(|error| StoreFault(error.to_string()))?;
        let apps = env.var("OAUTH_APPS").ok().map(|value| value.to_string());
        let apps = match apps.as_deref() {
            None | Some("") => Vec::new(),
            Some(text) => {
                preregistered(text).map_err(|error| StoreFault(format!("OAUTH_APPS: {error}")))?
            }
        };
        let defaults = Lifetimes::default();
        Ok(Self {
            database: Database::of(env)?,
            documents: Web::of(env),
            key_secret: key_secret(env),
            preregistered: apps,
            lifetimes: Lifetimes {
                access_ms: seconds(env, "ACCESS_TOKEN_SECONDS", defaults.access_ms),
                connection_ms: seconds(env, "CONNECTION_SECONDS", defaults.connection_ms),
                grace_ms: seconds(env, "REFRESH_GRACE_SECONDS", defaults.grace_ms),
                ..defaults
            },
            entropy: Entropy::from_seed(seed),
            now_ms: i64::try_from(Date::now().as_millis()).unwrap_or(i64::MAX),
        })
    }

    /// The rules, at `realm`.
    pub fn server<'a>(&'a self, realm: &'a Realm) -> AuthorizationServer<'a> {
        AuthorizationServer {
            realm,
            store: &self.database,
            documents: &self.documents,
            key_secret: &self.key_secret,
            preregistered: &self.preregistered,
            lifetimes: self.lifetimes,
            entropy: &self.entropy,
            now_ms: self.now_ms,
        }
    }

    /// Whether the operator named the app of that client id.
    pub fn names(&self, app_id: &str) -> bool {
        self.preregistered.iter().any(|app| app.id == app_id)
    }

    /// What is done by the clock.
    pub fn maintenance(&self) -> Maintenance<'_> {
        Maintenance {
            store: &self.database,
            key_secret: &self.key_secret,
            lifetimes: self.lifetimes,
            entropy: &self.entropy,
            now_ms: self.now_ms,
        }
    }
}
