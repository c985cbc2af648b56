//! Every path this server answers.

use http::{HeaderValue, Method, Response, StatusCode};
use worker::{Body, Env, HttpRequest, Result};

use crate::console;
use crate::endpoint;
use crate::oauth;

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
/// | `/` | `GET` | how to connect |
/// | `/set-up` | `GET`, `POST` | the first owner, once |
/// | `/sign-in`, `/sign-out` | `GET`, `POST`; `POST` | passwords |
/// | `/sign-in/provider`, `/sign-in/provider/callback` | `POST`; `GET` | to the OpenID Connect provider, and back |
/// | `/authorize` | `GET` | an app asks to be connected |
/// | `/authorize/decision` | `GET`, `POST` | the person is asked, and answers |
/// | `/invite/{token}` | `GET`, `POST` | an invitation |
/// | `/account`, with `/password`, `/sessions/end`, `/sessions/end-all` | `GET`; `POST` | one's own account |
/// | `/organization` | `POST` | choosing among one's organizations |
/// | `/connections`, with `/rename`, `/revoke` | `GET`; `POST` | connected apps |
/// | `/api-clients`, with `/limit`, `/revoke` | `GET`, `POST`; `POST` | API clients |
/// | `/projects`, with `/rename`, `/archive` | `GET`, `POST`; `POST` | projects |
/// | `/members`, with `/invite`, `/revoke-invitation`, `/change`, `/remove` | `GET`; `POST` | members and invitations |
/// | `/teams`, with `/change`, `/delete` | `GET`, `POST`; `POST` | teams |
/// | `/audit` | `GET` | the audit log |
/// | `/assets/console.css`, `/assets/console.js`, `/assets/icon.svg` | `GET` | what pages look like |
///
/// # Errors
/// None of its own: failures are answers.
pub async fn answer(request: HttpRequest, env: Env) -> Result<Response<Body>> {
    let request = match oauth::answer(request, &env).await {
        Ok(answer) => return answer,
        Err(request) => request,
    };
    let request = match console::answer(request, &env).await {
        Ok(answer) => return answer,
        Err(request) => request,
    };
    match (request.method(), request.uri().path()) {
        (_, "/mcp") => endpoint::answer(request, env).await,
        (&Method::GET, "/healthz") => text(StatusCode::OK, "ok\n"),
        _ => text(
            StatusCode::NOT_FOUND,
            "There is nothing at this address. The MCP endpoint is /mcp.\n",
        ),
    }
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
