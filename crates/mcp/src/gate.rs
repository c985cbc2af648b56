//! Which hosts and browser origins may reach the endpoint, and what a browser is told about it.
//!
//! A web page can be made to talk to a server on its reader's own machine by pointing its domain
//! there (DNS rebinding); comparing `Host` and `Origin` with names that are ours stops that
//! (2026-07-28, "Security & Endpoint"). This is no authentication: a program sends whatever it likes.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW, HOST, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::answer::HttpAnswer;
use crate::failure::quoted;
use crate::header::header_text;

const METHODS: &str = "POST, OPTIONS";

/// Request headers a browser client may send: what the protocol of either era uses.
const REQUEST_HEADERS: &str = "Authorization, Content-Type, Accept, MCP-Protocol-Version, Mcp-Method, \
                               Mcp-Name, Mcp-Session-Id, Last-Event-ID";

/// Answer headers a browser client may read.
const ANSWER_HEADERS: &str =
    "WWW-Authenticate, MCP-Protocol-Version, Retry-After, RateLimit, RateLimit-Policy";

/// Seconds a browser may keep the preflight; Chromium caps it at two hours.
const PREFLIGHT_AGE_S: &str = "7200";

/// Host names under which the endpoint answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hosts {
    /// Whatever name reached us. For a deployment with no public URL configured, where the platform
    /// routes only our own names here.
    Any,
    /// `localhost`, `127.0.0.1` and `[::1]`, any port: for a server on the user's own machine.
    Loopback,
    /// These authorities, for example `mcp.example.com` or `mcp.example.com:8443`.
    Only(Vec<String>),
}

/// The check of `Host` and `Origin`, and the CORS answer that follows from it.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    hosts: Hosts,
    origins: Vec<String>,
}

impl Gate {
    /// `origins` are `scheme://host[:port]`; the port may be `*`. The endpoint's own origin is
    /// always allowed, and with [`Hosts::Loopback`] every loopback origin is.
    pub fn new(hosts: Hosts, origins: &[String]) -> Self {
        let hosts = match hosts {
            Hosts::Only(names) => {
                Hosts::Only(names.iter().map(|name| plain_authority(name)).collect())
            }
            other => other,
        };
        let origins = origins
            .iter()
            .map(|origin| origin.trim_end_matches('/').to_ascii_lowercase())
            .collect();
        Self { hosts, origins }
    }

    /// Steps 1 and 2 of the order of checks (see the crate).
    pub fn admit(&self, method: &Method, headers: &HeaderMap) -> Result<(), Box<HttpAnswer>> {
        if method == Method::OPTIONS {
            return Err(Box::new(self.preflight(headers)));
        }
        if method != Method::POST {
            return Err(Box::new(method_not_allowed(method)));
        }
        let host = header_text(headers, HOST.as_str()).unwrap_or_default();
        if !self.knows_host(&host) {
            let message = format!(
                "The host {} is not served here. Use the server's configured URL.",
                quoted(&host)
            );
            return Err(Box::new(HttpAnswer::refusal(
                StatusCode::FORBIDDEN,
                None,
                message,
            )));
        }
        if headers.contains_key(ORIGIN) && self.allowed_origin(headers).is_none() {
            let message = "This browser origin is not allowed. The server's operator can allow it.";
            return Err(Box::new(HttpAnswer::refusal(
                StatusCode::FORBIDDEN,
                None,
                message,
            )));
        }
        Ok(())
    }

    /// Adds what lets an allowed browser origin read this answer. The answer to any other is left
    /// as it is, except that caches learn that it depends on the origin.
    pub fn add_cors(&self, request: &HeaderMap, answer: &mut HeaderMap) {
        if !answer.get_all(VARY).iter().any(|value| value == "Origin") {
            answer.append(VARY, HeaderValue::from_static("Origin"));
        }
        if let Some(origin) = self.allowed_origin(request) {
            answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            answer.insert(
                ACCESS_CONTROL_EXPOSE_HEADERS,
                HeaderValue::from_static(ANSWER_HEADERS),
            );
        }
    }

    fn preflight(&self, request: &HeaderMap) -> HttpAnswer {
        let mut answer = HttpAnswer::empty(StatusCode::NO_CONTENT)
            .with_header(ALLOW, HeaderValue::from_static(METHODS));
        if self.allowed_origin(request).is_some() {
            answer = answer
                .with_header(
                    ACCESS_CONTROL_ALLOW_METHODS,
                    HeaderValue::from_static(METHODS),
                )
                .with_header(
                    ACCESS_CONTROL_ALLOW_HEADERS,
                    HeaderValue::from_static(REQUEST_HEADERS),
                )
                .with_header(
                    ACCESS_CONTROL_MAX_AGE,
                    HeaderValue::from_static(PREFLIGHT_AGE_S),
                );
        }
        self.add_cors(request, &mut answer.headers);
        answer
    }

    fn knows_host(&self, host: &str) -> bool {
        let host = plain_authority(host);
        match &self.hosts {
            Hosts::Any => !host.is_empty(),
            Hosts::Loopback => is_loopback(&host),
            Hosts::Only(names) => names.contains(&host),
        }
    }

    /// The request's origin, if it is one that may read our answers.
    fn allowed_origin<'a>(&self, request: &'a HeaderMap) -> Option<&'a HeaderValue> {
        let value = request.get(ORIGIN)?;
        let origin = value.to_str().ok()?.trim().to_ascii_lowercase();
        let (scheme, authority) = origin.split_once("://")?;
        if !matches!(scheme, "http" | "https") {
            return None;
        }
        let authority = plain_authority(authority);
        let host = header_text(request, HOST.as_str()).unwrap_or_default();
        let allowed = (self.knows_host(&host) && authority == plain_authority(&host))
            || (self.hosts == Hosts::Loopback && is_loopback(&authority))
            || self
                .origins
                .iter()
                .any(|pattern| origin_matches(pattern, scheme, &authority));
        allowed.then_some(value)
    }
}

fn method_not_allowed(method: &Method) -> HttpAnswer {
    let allow = HeaderValue::from_static(METHODS);
    if method == Method::HEAD {
        return HttpAnswer::empty(StatusCode::METHOD_NOT_ALLOWED).with_header(ALLOW, allow);
    }
    let message = "This is an MCP endpoint: it answers POST. There is no stream to open with GET and no \
                   session to end with DELETE.";
    HttpAnswer::refusal(StatusCode::METHOD_NOT_ALLOWED, None, message).with_header(ALLOW, allow)
}

/// Lower case and without the default port.
fn plain_authority(authority: &str) -> String {
    let lower = authority.trim().to_ascii_lowercase();
    let plain = lower
        .strip_suffix(":443")
        .or_else(|| lower.strip_suffix(":80"));
    plain.unwrap_or(&lower).to_owned()
}

fn is_loopback(authority: &str) -> bool {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (authority, ""),
    };
    matches!(host, "localhost" | "127.0.0.1" | "[::1]") && port.bytes().all(|b| b.is_ascii_digit())
}

fn origin_matches(pattern: &str, scheme: &str, authority: &str) -> bool {
    let Some((wanted_scheme, wanted)) = pattern.split_once("://") else {
        return false;
    };
    if wanted_scheme != scheme {
        return false;
    }
    match wanted.strip_suffix(":*") {
        Some(host) => {
            authority == host
                || authority
                    .strip_prefix(host)
                    .and_then(|rest| rest.strip_prefix(':'))
                    .is_some_and(|port| {
                        !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit())
                    })
        }
        None => plain_authority(wanted) == authority,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn headers(host: &str, origin: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        headers
    }

    fn public() -> Gate {
        let origins = [
            "https://app.example.com".to_owned(),
            "http://localhost:*".to_owned(),
        ];
        Gate::new(Hosts::Only(vec!["mcp.example.com".to_owned()]), &origins)
    }

    fn admits(gate: &Gate, host: &str, origin: Option<&str>) -> bool {
        gate.admit(&Method::POST, &headers(host, origin)).is_ok()
    }

    #[test]
    fn an_absent_origin_is_normal() {
        assert!(admits(&public(), "mcp.example.com", None));
    }

    #[test]
    fn a_host_that_is_not_ours_is_refused_whatever_its_origin() {
        let gate = public();
        for host in [
            "evil.example.com",
            "mcp.example.com.evil.com",
            "localhost",
            "",
            "mcp.example.com:8443",
        ] {
            assert!(!admits(&gate, host, None), "{host}");
            assert!(
                !admits(&gate, host, Some("https://app.example.com")),
                "{host}"
            );
        }
        assert!(gate.admit(&Method::POST, &HeaderMap::new()).is_err());
    }

    #[test]
    fn default_ports_and_upper_case_change_nothing() {
        assert!(admits(
            &public(),
            "MCP.example.com:443",
            Some("https://MCP.Example.Com")
        ));
    }

    #[test]
    fn only_our_own_and_configured_origins_are_let_in() {
        let gate = public();
        for origin in [
            "https://mcp.example.com",
            "https://app.example.com",
            "http://localhost:6274",
            "http://localhost",
        ] {
            assert!(admits(&gate, "mcp.example.com", Some(origin)), "{origin}");
        }
        for origin in [
            "null",
            "https://evil.com",
            "http://app.example.com",
            "https://app.example.com:8443",
            "https://app.example.com.evil.com",
            "http://localhost:80a",
            "http://localhost.evil.com",
            "chrome-extension://abc",
            "",
        ] {
            assert!(!admits(&gate, "mcp.example.com", Some(origin)), "{origin}");
        }
    }

    #[test]
    fn a_loopback_server_knows_loopback_names_only() {
        let gate = Gate::new(Hosts::Loopback, &[]);
        for host in [
            "localhost",
            "localhost:8787",
            "127.0.0.1:1",
            "[::1]",
            "[::1]:8787",
        ] {
            assert!(admits(&gate, host, None), "{host}");
            assert!(admits(&gate, host, Some("http://localhost:6274")), "{host}");
        }
        for host in [
            "evil.example.com",
            "localhost.evil.com",
            "127.0.0.1.evil.com",
            "127.0.0.2",
            "localhost:x",
        ] {
            assert!(!admits(&gate, host, None), "{host}");
            assert!(
                !admits(&gate, "localhost", Some(&format!("http://{host}"))),
                "{host}"
            );
        }
    }

    #[test]
    fn with_no_public_url_any_host_is_ours_but_a_foreign_origin_is_not() {
        let gate = Gate::new(Hosts::Any, &[]);
        assert!(admits(
            &gate,
            "anything.workers.dev",
            Some("https://anything.workers.dev")
        ));
        assert!(!admits(
            &gate,
            "anything.workers.dev",
            Some("https://other.workers.dev")
        ));
    }

    #[test]
    fn get_head_and_delete_are_405_with_allow_and_never_a_redirect() {
        for method in [
            Method::GET,
            Method::HEAD,
            Method::DELETE,
            Method::PUT,
            Method::PATCH,
        ] {
            let answer = public()
                .admit(&method, &headers("mcp.example.com", None))
                .unwrap_err();
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
            assert_eq!(answer.headers[ALLOW], "POST, OPTIONS");
            assert_eq!(answer.body.is_empty(), method == Method::HEAD);
        }
    }

    #[test]
    fn a_preflight_from_an_allowed_origin_lists_methods_and_headers() {
        let request = headers("mcp.example.com", Some("https://app.example.com"));
        let answer = public().admit(&Method::OPTIONS, &request).unwrap_err();
        let shown: Vec<_> = answer
            .headers
            .iter()
            .map(|(n, v)| format!("{n}: {}", v.to_str().unwrap()))
            .collect();
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
        insta::assert_snapshot!(shown.join("\n"), @"
        cache-control: no-store
        allow: POST, OPTIONS
        access-control-allow-methods: POST, OPTIONS
        access-control-allow-headers: Authorization, Content-Type, Accept, MCP-Protocol-Version, Mcp-Method, Mcp-Name, Mcp-Session-Id, Last-Event-ID
        access-control-max-age: 7200
        vary: Origin
        access-control-allow-origin: https://app.example.com
        access-control-expose-headers: WWW-Authenticate, MCP-Protocol-Version, Retry-After, RateLimit, RateLimit-Policy
        ");
    }

    #[test]
    fn a_preflight_from_anywhere_else_grants_nothing() {
        let request = headers("mcp.example.com", Some("https://evil.com"));
        let answer = public().admit(&Method::OPTIONS, &request).unwrap_err();
        assert!(!answer.headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN));
        assert!(!answer.headers.contains_key(ACCESS_CONTROL_ALLOW_METHODS));
    }
}
