//! `/authorize`: from a query to a request that waits for consent, or to a refusal.
//!
//! Where a refusal goes matters (RFC 6749 §4.1.2.1). As long as app and redirect URI are not both known, it is a *page*: a redirect would make us
//! an open redirector. From then on it is a *redirect* that tells the app, with `state` and `iss` (RFC 9207).

use http::StatusCode;

use crate::app::AppRecord;
use crate::authorization_store::PendingConsent;
use crate::oauth_error::{ErrorCode, OAuthError};
use crate::params::Params;
use crate::pkce;
use crate::redirect::RedirectUri;
use crate::scope::ScopeSet;
use crate::secret::Secret;
use crate::server::AuthorizationServer;
use crate::store::StoreFault;

/// Most bytes of `state`.
const MAX_STATE_BYTES: usize = 4096;

/// Scopes of OpenID Connect and of other servers' habits that clients ask for unasked: left out, since refusing them helps nobody.
const IGNORED_SCOPES: [&str; 5] = ["offline_access", "openid", "profile", "email", "mcp"];

/// An authorization request that is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthorizeRefused {
    /// To be shown to the person, and sent nowhere.
    Page {
        /// The status of the page.
        status: StatusCode,
        /// What it says.
        message: &'static str,
        /// A stable name for the log.
        slug: &'static str,
        /// What failed inside, for the log only.
        fault: Option<StoreFault>,
    },
    /// To be told to the app.
    Redirect {
        /// Where the browser goes.
        location: String,
        /// A stable name for the log.
        slug: &'static str,
    },
}

impl AuthorizeRefused {
    fn page(message: &'static str, slug: &'static str) -> Self {
        Self::Page {
            status: StatusCode::BAD_REQUEST,
            message,
            slug,
            fault: None,
        }
    }
}

impl From<StoreFault> for AuthorizeRefused {
    fn from(fault: StoreFault) -> Self {
        Self::Page {
            status: StatusCode::SERVICE_UNAVAILABLE,
            message: "This could not be done just now. Nothing was changed; try again in a moment.",
            slug: "store_unavailable",
            fault: Some(fault),
        }
    }
}

/// A request that now waits for its person.
#[derive(Debug)]
pub struct Begun {
    /// Belongs in the address of the consent page, and in no log.
    pub handle: Secret,
    /// Belongs in a `__Host-` cookie (`Secure; HttpOnly; SameSite=Lax; Path=/`) of the browser that made the request.
    pub cookie: Secret,
}

/// Where the app's answer goes, for as long as its request is being understood.
struct Reply<'a> {
    issuer: &'a str,
    redirect_uri: RedirectUri,
    state: Option<String>,
}

impl Reply<'_> {
    fn refusal(&self, error: &OAuthError) -> AuthorizeRefused {
        AuthorizeRefused::Redirect {
            location: error_location(
                &self.redirect_uri,
                self.state.as_deref(),
                self.issuer,
                error,
            ),
            slug: error.slug,
        }
    }
}

/// The address that tells an app of an error (RFC 6749 §4.1.2.1, RFC 9207 §2).
pub(crate) fn error_location(
    redirect_uri: &RedirectUri,
    state: Option<&str>,
    issuer: &str,
    error: &OAuthError,
) -> String {
    let mut parameters = vec![
        ("error", error.code.name()),
        ("error_description", error.description.as_str()),
    ];
    parameters.extend(state.map(|state| ("state", state)));
    parameters.push(("iss", issuer));
    redirect_uri.with(&parameters)
}

impl AuthorizationServer<'_> {
    /// Takes the query of `GET /authorize`. `cookie` is the consent cookie the browser already has, if any: it is kept, so that several
    /// requests can wait side by side in one browser.
    ///
    /// # Errors
    /// [`AuthorizeRefused`]: a page to show, or a redirect to send.
    pub async fn begin_authorization(
        &self,
        query: &str,
        cookie: Option<&str>,
    ) -> Result<Begun, AuthorizeRefused> {
        let params = Params::parse(query).map_err(|error| {
            AuthorizeRefused::page(
                "The address this app sent you to is not well formed.",
                error.slug,
            )
        })?;
        let (app, redirect_uri) = self.asker(&params).await?;
        let state = params.get("state").map(str::to_owned);
        let reply = Reply {
            issuer: self.realm.issuer(),
            state: state.filter(|state| state.len() <= MAX_STATE_BYTES),
            redirect_uri,
        };
        let (scopes, code_challenge) = self
            .understood(&params)
            .map_err(|error| reply.refusal(&error))?;
        let handle = self.entropy.secret();
        let cookie = cookie
            .and_then(Secret::parse)
            .unwrap_or_else(|| self.entropy.secret());
        let pending = PendingConsent {
            handle: handle.hash(),
            cookie: cookie.hash(),
            verified_host: app.verified_host(),
            app_id: app.id,
            app_name: app.name,
            redirect_uri: reply.redirect_uri,
            state: reply.state,
            scopes,
            code_challenge,
            expires_at_ms: self.now_ms + self.lifetimes.consent_ms,
        };
        self.store.save_pending(&pending).await?;
        Ok(Begun { handle, cookie })
    }

    /// The app that asks, and where it wants its answer: both known to belong together, or a page.
    async fn asker(&self, params: &Params) -> Result<(AppRecord, RedirectUri), AuthorizeRefused> {
        let id = params.get("client_id").ok_or(AuthorizeRefused::page(
            "The app did not say which app it is.",
            "client_id_missing",
        ))?;
        let app = match self.app(id).await {
            Ok(Some(app)) => app,
            Ok(None) => {
                return Err(AuthorizeRefused::page(
                    "This app is not known here, or no longer. Remove the connection in the app and add it again.",
                    "app_unknown",
                ));
            }
            Err(error) => {
                return Err(match error.fault {
                    Some(fault) => fault.into(),
                    None => AuthorizeRefused::page(
                        "The app's own description could not be accepted.",
                        error.slug,
                    ),
                });
            }
        };
        let uri = params.get("redirect_uri").ok_or(AuthorizeRefused::page(
            "The app did not say where its answer should go.",
            "redirect_uri_missing",
        ))?;
        let uri = RedirectUri::parse(uri)
            .ok()
            .filter(|uri| app.allows(uri))
            .ok_or(AuthorizeRefused::page(
                "The app wants its answer sent to an address it did not register.",
                "redirect_uri_unknown",
            ))?;
        Ok((app, uri))
    }

    /// What is asked for, once it is known who asks.
    fn understood(&self, params: &Params) -> Result<(ScopeSet, String), OAuthError> {
        if params
            .get("state")
            .is_some_and(|state| state.len() > MAX_STATE_BYTES)
        {
            return Err(OAuthError::invalid_request(
                "state_too_long",
                "`state` is longer than 4096 bytes.",
            ));
        }
        if params.get("request").is_some() || params.get("request_uri").is_some() {
            return Err(OAuthError::invalid_request(
                "request_object",
                "Request objects are not supported.",
            ));
        }
        if params.need("response_type")? != "code" {
            return Err(OAuthError::new(
                ErrorCode::UnsupportedResponseType,
                "response_type_unknown",
                "`response_type` must be `code`.",
            ));
        }
        if params
            .get("response_mode")
            .is_some_and(|mode| mode != "query")
        {
            return Err(OAuthError::invalid_request(
                "response_mode_unknown",
                "`response_mode` must be `query`.",
            ));
        }
        let challenge = params.need("code_challenge")?;
        // RFC 7636 §4.3: left out, it would mean `plain`.
        if params.get("code_challenge_method") != Some("S256") {
            return Err(OAuthError::invalid_request(
                "pkce_method",
                "`code_challenge_method` must be `S256`.",
            ));
        }
        if !pkce::is_challenge(challenge) {
            return Err(OAuthError::invalid_request(
                "pkce_challenge",
                "`code_challenge` must be 43 characters of base64url.",
            ));
        }
        self.check_resource(params)?;
        Ok((requested_scopes(params.get("scope"))?, challenge.to_owned()))
    }

    /// RFC 8707 §2: left out, it means ours; several may come, all of them ours.
    pub(crate) fn check_resource(&self, params: &Params) -> Result<(), OAuthError> {
        if params
            .all("resource")
            .all(|resource| self.realm.is_resource(resource))
        {
            return Ok(());
        }
        Err(OAuthError::new(
            ErrorCode::InvalidTarget,
            "resource_foreign",
            format!("`resource` must be {}.", self.realm.resource()),
        ))
    }
}

/// The scopes asked for; all, if none is (RFC 6749 §3.3).
fn requested_scopes(text: Option<&str>) -> Result<ScopeSet, OAuthError> {
    let names = text.unwrap_or_default().split(' ');
    let ours: Vec<&str> = names
        .filter(|name| !IGNORED_SCOPES.contains(name))
        .collect();
    let scopes = parse_scopes(&ours.join(" "))?;
    Ok(if scopes == ScopeSet::NONE {
        ScopeSet::all()
    } else {
        scopes
    })
}

pub(crate) fn parse_scopes(text: &str) -> Result<ScopeSet, OAuthError> {
    ScopeSet::parse(text).map_err(|_| {
        OAuthError::new(
            ErrorCode::InvalidScope,
            "scope_unknown",
            "A scope is unknown. The metadata lists them.",
        )
    })
}
