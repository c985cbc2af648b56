//! The endpoints programs use: metadata, keys, registration, tokens, revocation.
//!
//! Open to any origin, without cookies (`docs/security.md`): a browser app must be able to register and redeem, and what it brings is in the request.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW, AUTHORIZATION, CACHE_CONTROL,
    CONTENT_TYPE, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use serde_json::Value;
use sightline_oauth::metadata::{self, Presentation};
use sightline_oauth::{
    ErrorCode, MAX_FORM_BYTES, MAX_REGISTRATION_BYTES, OAuthError, Realm, StoreFault,
};
use worker::{Body, Date, Env, HttpRequest, Result};

use crate::config::Config;
use crate::endpoint::{chunks_of, read, request_id};
use crate::log::RequestLine;
use crate::oauth::deployment::{Deployment, realm};
use crate::routes::body_of;
use crate::shield::{RETRY_AFTER_S, Shield, sender};

/// What one path is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Endpoint {
    Resource,
    Server,
    Keys,
    Register,
    Token,
    Revoke,
}

impl Endpoint {
    /// RFC 9728 §3.1 and RFC 8414 §3.1 put the well-known part before the path, OpenID Connect Discovery §4 after it; clients try all.
    fn at(path: &str) -> Option<(Self, &'static str)> {
        Some(match path {
            "/.well-known/oauth-protected-resource"
            | "/.well-known/oauth-protected-resource/mcp" => {
                (Self::Resource, "/.well-known/oauth-protected-resource")
            }
            "/.well-known/oauth-authorization-server"
            | "/.well-known/oauth-authorization-server/mcp"
            | "/.well-known/openid-configuration"
            | "/.well-known/openid-configuration/mcp"
            | "/mcp/.well-known/openid-configuration" => {
                (Self::Server, "/.well-known/oauth-authorization-server")
            }
            "/.well-known/jwks.json" => (Self::Keys, "/.well-known/jwks.json"),
            "/register" => (Self::Register, "/register"),
            "/token" => (Self::Token, "/token"),
            "/revoke" => (Self::Revoke, "/revoke"),
            _ => return None,
        })
    }

    fn method(self) -> Method {
        match self {
            Self::Resource | Self::Server | Self::Keys => Method::GET,
            Self::Register | Self::Token | Self::Revoke => Method::POST,
        }
    }
}

/// The answer, if the request's path is one of these endpoints'; the request itself if it is not.
///
/// # Errors
/// None of its own: failures are answers.
pub async fn answer(
    request: HttpRequest,
    env: &Env,
) -> std::result::Result<Result<Response<Body>>, HttpRequest> {
    let Some((endpoint, route)) = Endpoint::at(request.uri().path()) else {
        return Err(request);
    };
    Ok(respond(request, env, endpoint, route).await)
}

async fn respond(
    request: HttpRequest,
    env: &Env,
    endpoint: Endpoint,
    route: &'static str,
) -> Result<Response<Body>> {
    let started_ms = Date::now().as_millis();
    let request_id = request_id(started_ms);
    let mut line = RequestLine {
        request_id: &request_id,
        route,
        ..RequestLine::default()
    };
    let (parts, body) = request.into_parts();
    let is_read = parts.method == Method::HEAD && endpoint.method() == Method::GET;
    let answer = if parts.method == Method::OPTIONS {
        Answer::empty(StatusCode::NO_CONTENT)
    } else if parts.method != endpoint.method() && !is_read {
        Answer::empty(StatusCode::METHOD_NOT_ALLOWED)
    } else {
        let config = Config::of(env);
        let outcome = match realm(&config, &parts.uri) {
            Some(realm) => {
                let ask = Ask {
                    env,
                    config: &config,
                    realm: &realm,
                    headers: &parts.headers,
                };
                ask.outcome(endpoint, body).await?
            }
            None => Err(OAuthError::invalid_request(
                "host_not_served",
                "This host is not served here, or only over https. Use the server's configured URL.",
            )),
        };
        Answer::of(
            endpoint,
            outcome,
            parts.headers.contains_key(AUTHORIZATION),
            &mut line,
        )
    };
    let mut response = Response::new(body_of(answer.body)?);
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    open_to_all(response.headers_mut(), endpoint);
    line.status = answer.status.as_u16();
    line.duration_ms = Date::now().as_millis().saturating_sub(started_ms);
    line.write();
    Ok(response)
}

/// A request, understood as far as its path.
struct Ask<'a> {
    env: &'a Env,
    config: &'a Config,
    realm: &'a Realm,
    headers: &'a HeaderMap,
}

impl Ask<'_> {
    /// A document, nothing (after a revocation), or an error.
    async fn outcome(
        &self,
        endpoint: Endpoint,
        body: Body,
    ) -> Result<std::result::Result<Option<Value>, OAuthError>> {
        let presentation = Presentation {
            name: self.config.site.name.clone(),
            documentation: Some(self.realm.at("/")),
        };
        Ok(match endpoint {
            Endpoint::Resource => Ok(Some(metadata::protected_resource(
                self.realm,
                &presentation,
            ))),
            Endpoint::Server => Ok(Some(metadata::authorization_server(
                self.realm,
                &presentation,
            ))),
            Endpoint::Keys => match Deployment::of(self.env) {
                Ok(deployment) => deployment
                    .maintenance()
                    .keys()
                    .await
                    .map(|keys| Some(keys.jwks()))
                    .map_err(OAuthError::from),
                Err(fault) => Err(fault.into()),
            },
            Endpoint::Register => {
                let body = read(&mut chunks_of(body), MAX_REGISTRATION_BYTES).await?;
                if !self.passes("register", app_registered(&body)).await {
                    return Ok(Err(too_many()));
                }
                match Deployment::of(self.env) {
                    Ok(deployment) => {
                        let server = deployment.server(self.realm);
                        server.register(&body).await.map(Some)
                    }
                    Err(fault) => Err(fault.into()),
                }
            }
            Endpoint::Token | Endpoint::Revoke => {
                let body = read(&mut chunks_of(body), MAX_FORM_BYTES).await?;
                match self.form(&body) {
                    Ok((form, _)) if !self.passes("token", app_named(form)).await => {
                        Err(too_many())
                    }
                    Ok((form, authorization)) => {
                        self.with_form(endpoint, form, authorization).await
                    }
                    Err(error) => Err(error),
                }
            }
        })
    }

    /// Whether neither the app nor the sender asks too often. The app is only claimed, which is why the sender counts too.
    async fn passes(&self, what: &str, app: Option<String>) -> bool {
        let sent_by = format!("{what} from {}", sender(self.headers));
        if !Shield::Apps.lets_through(self.env, &sent_by).await {
            return false;
        }
        match app {
            Some(app) => {
                Shield::Apps
                    .lets_through(self.env, &format!("{what} for {app}"))
                    .await
            }
            None => true,
        }
    }

    /// RFC 6749 §3.2: a form, in UTF-8.
    fn form<'b>(
        &'b self,
        body: &'b [u8],
    ) -> std::result::Result<(&'b str, Option<&'b str>), OAuthError> {
        let kind = self.headers.get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(OAuthError::invalid_request(
                "body_not_a_form",
                "The body must be application/x-www-form-urlencoded.",
            ));
        }
        let form = std::str::from_utf8(body)
            .map_err(|_| OAuthError::invalid_request("body_not_utf8", "The body is not UTF-8."))?;
        let authorization = match self.headers.get(AUTHORIZATION) {
            None => None,
            Some(value) => Some(
                value
                    .to_str()
                    .map_err(|_| OAuthError::invalid_client("client_auth_malformed"))?,
            ),
        };
        Ok((form, authorization))
    }

    async fn with_form(
        &self,
        endpoint: Endpoint,
        form: &str,
        authorization: Option<&str>,
    ) -> std::result::Result<Option<Value>, OAuthError> {
        let deployment = Deployment::of(self.env)?;
        let server = deployment.server(self.realm);
        if endpoint == Endpoint::Token {
            return server.token(form, authorization).await.map(Some);
        }
        server.revoke(form, authorization).await.map(|()| None)
    }
}

/// The host a registration's first redirect URI names, if it has one.
fn app_registered(body: &[u8]) -> Option<String> {
    let metadata: Value = serde_json::from_slice(body).ok()?;
    let uri: http::Uri = metadata["redirect_uris"][0].as_str()?.parse().ok()?;
    uri.host().map(str::to_owned)
}

/// The app a form names.
fn app_named(form: &str) -> Option<String> {
    form_urlencoded::parse(form.as_bytes())
        .find(|(name, _)| name == "client_id")
        .map(|(_, id)| id.chars().take(200).collect())
}

fn too_many() -> OAuthError {
    OAuthError::new(
        ErrorCode::TooManyRequests,
        "too_many_requests",
        "Too many requests. Wait a minute, then ask again.",
    )
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Vec::new(),
        }
    }

    fn of(
        endpoint: Endpoint,
        outcome: std::result::Result<Option<Value>, OAuthError>,
        used_header: bool,
        line: &mut RequestLine<'_>,
    ) -> Self {
        let mut headers = HeaderMap::new();
        let is_metadata = endpoint.method() == Method::GET && outcome.is_ok();
        headers.insert(
            CACHE_CONTROL,
            // RFC 6749 §5.1 for what holds tokens; documents may be asked for again soon.
            HeaderValue::from_static(if is_metadata {
                "public, max-age=300"
            } else {
                "no-store"
            }),
        );
        if !is_metadata {
            headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
        }
        let (status, body) = match outcome {
            Ok(body) if endpoint == Endpoint::Register => (StatusCode::CREATED, body),
            Ok(body) => (StatusCode::OK, body),
            Err(error) => {
                line.slug = Some(error.slug);
                if let Some(StoreFault(detail)) = &error.fault {
                    line.fault = Some(format!("{}: {detail}", error.slug));
                    headers.insert(RETRY_AFTER, HeaderValue::from_static("2"));
                }
                if error.code == ErrorCode::TooManyRequests {
                    headers.insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_S));
                }
                // RFC 6749 §5.2: who tried by header is told how.
                if error.code == ErrorCode::InvalidClient && used_header {
                    headers.insert(
                        WWW_AUTHENTICATE,
                        HeaderValue::from_static("Basic realm=\"token\""),
                    );
                }
                (error.status(), Some(error.body()))
            }
        };
        let body = body.map_or_else(Vec::new, |body| body.to_string().into_bytes());
        if !body.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        Self {
            status,
            headers,
            body,
        }
    }
}

fn open_to_all(headers: &mut HeaderMap, endpoint: Endpoint) {
    let methods = match endpoint.method() {
        Method::GET => "GET, HEAD, OPTIONS",
        _ => "POST, OPTIONS",
    };
    let all: [(HeaderName, &'static str); 6] = [
        (ALLOW, methods),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (ACCESS_CONTROL_ALLOW_METHODS, methods),
        (
            ACCESS_CONTROL_ALLOW_HEADERS,
            "Authorization, Content-Type, MCP-Protocol-Version",
        ),
        (
            ACCESS_CONTROL_EXPOSE_HEADERS,
            "WWW-Authenticate, Retry-After",
        ),
        (ACCESS_CONTROL_MAX_AGE, "7200"),
    ];
    for (name, value) in all {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
