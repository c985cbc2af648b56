//! Every path this server answers.

use http::header::RETRY_AFTER;
use http::{HeaderValue, Method, Response, StatusCode};
use worker::{Body, Env, HttpRequest, Result};

use crate::endpoint;
use crate::oauth;
use crate::shield::{self, Shield};

/// The answer to a request.
///
/// | path | methods | what |
/// | --- | --- | --- |
/// | `/mcp` | `POST`, `OPTIONS` | the MCP endpoint |
/// | `/.well-known/oauth-protected-resource`, also with `/mcp` behind it | `GET`, `OPTIONS` | RFC 9728 metadata |
/// | `/.well-known/oauth-authorization-server`, `/.well-known/openid-configuration`, also with `/mcp` behind them | `GET`, `OPTIONS` | RFC 8414 metadata |
/// | `/.well-known/jwks.json` | `GET`, `OPTIONS` | the keys access tokens are signed with |
/// | `/register`, `/token`, `/revoke` | `POST`, `OPTIONS` | the authorization server's endpoints for programs |
/// | `/healthz` | `GET` | `ok`, without touching any binding |
/// | `/` | `GET` | what this is and where to connect |
///
/// # Errors
/// None of its own: failures are answers.
pub async fn answer(request: HttpRequest, env: Env) -> Result<Response<Body>> {
    let request = match oauth::answer(request, &env).await {
        Ok(answer) => return answer,
        Err(request) => request,
    };
    match (request.method(), request.uri().path()) {
        (_, "/mcp") => endpoint::answer(request, env).await,
        (&Method::GET, "/healthz") => text(StatusCode::OK, "ok\n"),
        (&Method::GET, "/") => {
            let key = format!("/ {}", shield::sender(request.headers()));
            if !Shield::Open.lets_through(&env, &key).await {
                return too_many_requests();
            }
            text(
                StatusCode::OK,
                "This is an MCP server. Connect a client to /mcp on this host; it needs a token.\n",
            )
        }
        _ => text(
            StatusCode::NOT_FOUND,
            "There is nothing at this address. The MCP endpoint is /mcp.\n",
        ),
    }
}

/// What an open endpoint answers to a sender whom the shield stops.
fn too_many_requests() -> Result<Response<Body>> {
    let mut response = text(
        StatusCode::TOO_MANY_REQUESTS,
        "Too many requests. Wait a minute, then ask again.\n",
    )?;
    response
        .headers_mut()
        .insert(RETRY_AFTER, HeaderValue::from(shield::RETRY_AFTER_S));
    Ok(response)
}

fn text(status: StatusCode, body: &'static str) -> Result<Response<Body>> {
    let mut response = Response::new(body_of(body.as_bytes().to_vec())?);
    *response.status_mut() = status;
    response.headers_mut().insert(
        http::header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    Ok(response)
}

/// A body of bytes that are all there.
pub fn body_of(bytes: Vec<u8>) -> Result<Body> {
    if bytes.is_empty() {
        return Ok(Body::empty());
    }
    Body::from_stream(futures::stream::iter([Ok::<_, worker::Error>(bytes)]))
}
