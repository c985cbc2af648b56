//! Sending a request through every step, as the Worker does.

use std::rc::Rc;
use std::time::Duration;

use futures::FutureExt;
use futures::executor::block_on;
use futures::future::LocalBoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Value, json};
use sightline_mcp::model::{Icon, Implementation};
use sightline_mcp::{Endpoint, Hosts, HttpAnswer, Reply, Settings, Timer};

use crate::sample::Sample;

pub const MODERN: &str = "2026-07-28";

/// A clock that stands still.
pub struct Still;

impl Timer for Still {
    fn sleep(&self, _duration: Duration) -> LocalBoxFuture<'static, ()> {
        futures::future::pending().boxed_local()
    }
}

pub fn settings() -> Settings {
    let server = Implementation::new("sample", "1.2.3")
        .with_title("Sample")
        .with_website_url("https://example.com")
        .with_icons(vec![Icon::new("https://example.com/icon.png")]);
    Settings {
        instructions: Some("Ask for one thing at a time.".to_owned()),
        hosts: Hosts::Loopback,
        page_size: 2,
        ..Settings::new(server)
    }
}

pub fn endpoint() -> Endpoint {
    Endpoint::new(settings()).unwrap()
}

/// The headers every client sends, and these.
pub fn headers(more: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let usual = [
        ("host", "localhost:8787"),
        ("content-type", "application/json"),
    ];
    for (name, value) in usual.iter().chain(more) {
        headers.insert(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_bytes(value.as_bytes()).unwrap(),
        );
    }
    headers
}

/// The headers of a request of the modern era, mirroring its body.
pub fn modern_headers(body: &Value) -> HeaderMap {
    let mut headers = headers(&[("mcp-protocol-version", MODERN)]);
    let params = &body["params"];
    let name = params["name"].as_str().or(params["uri"].as_str());
    for (header, value) in [("mcp-method", body["method"].as_str()), ("mcp-name", name)] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(HeaderName::from_static(header), value);
        }
    }
    headers
}

pub fn modern_body(method: &str, mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
}

pub fn legacy_body(method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": "a", "method": method, "params": params})
}

/// Through admit, open and serve.
pub fn send(headers: &HeaderMap, body: &[u8]) -> HttpAnswer {
    match reply(headers, body, Rc::new(Sample::default())) {
        Reply::Answer(answer) => answer,
        Reply::Stream { .. } => panic!("an answer was expected, not a stream"),
    }
}

pub fn reply(headers: &HeaderMap, body: &[u8], service: Rc<Sample>) -> Reply {
    let endpoint = endpoint();
    if let Err(answer) = endpoint.admit(&Method::POST, headers) {
        return Reply::Answer(*answer);
    }
    match endpoint.open(headers, body) {
        Ok(incoming) => block_on(endpoint.serve(incoming, service, Rc::new(Still))),
        Err(answer) => Reply::Answer(*answer),
    }
}

/// A modern request that mirrors its body.
pub fn modern(method: &str, params: Value) -> HttpAnswer {
    let body = modern_body(method, params);
    send(&modern_headers(&body), body.to_string().as_bytes())
}

/// A legacy request under the given version header.
pub fn legacy(version: &str, method: &str, params: Value) -> HttpAnswer {
    let headers = headers(&[("mcp-protocol-version", version)]);
    send(&headers, legacy_body(method, params).to_string().as_bytes())
}

/// Status and body, as they would be read off the wire.
pub fn shown(answer: &HttpAnswer) -> String {
    let body = match serde_json::from_slice::<Value>(&answer.body) {
        Ok(json) => serde_json::to_string_pretty(&json).unwrap(),
        Err(_) => String::from_utf8(answer.body.to_vec()).unwrap(),
    };
    format!("{}\n{body}", answer.status.as_u16())
}

pub fn json_of(answer: &HttpAnswer) -> Value {
    serde_json::from_slice(&answer.body).unwrap()
}

/// HTTP status and JSON-RPC error code.
pub fn fault(answer: &HttpAnswer) -> (u16, i32) {
    (
        answer.status.as_u16(),
        answer.error_code.unwrap_or_default(),
    )
}
