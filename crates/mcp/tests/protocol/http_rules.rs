//! Size, type and the order of checks.

use http::{HeaderMap, Method};
use serde_json::json;
use sightline_mcp::{Endpoint, Settings, SettingsError};

use crate::support::{
    endpoint, fault, headers, json_of, legacy_body, modern_body, modern_headers, send, settings,
    shown,
};

fn ping() -> String {
    legacy_body("ping", json!({})).to_string()
}

#[test]
fn a_body_that_is_too_large_is_413_before_and_after_it_is_read() {
    let announced = headers(&[("content-length", "2097153")]);
    assert_eq!(endpoint().admit_body(&announced).unwrap_err().status, 413);
    let body = vec![b' '; endpoint().max_body_bytes() + 1];
    let answer = send(&headers(&[]), &body);
    insta::assert_snapshot!(shown(&answer), @r#"
    413
    {
      "jsonrpc": "2.0",
      "error": {
        "code": 413,
        "message": "The request is larger than 2097152 bytes. Send less at once."
      }
    }
    "#);
    assert!(
        endpoint()
            .admit_body(&headers(&[("content-length", "2097152")]))
            .is_ok()
    );
}

#[test]
fn a_statement_of_a_megabyte_still_reaches_its_tool() {
    let text = "\"x\" ".repeat(250_000);
    let body = legacy_body(
        "tools/call",
        json!({"name": "echo", "arguments": {"text": text}}),
    );
    assert_eq!(send(&headers(&[]), body.to_string().as_bytes()).status, 200);
}

#[test]
fn what_is_not_json_by_its_type_is_415() {
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonp",
        "",
    ] {
        let answer = send(
            &headers(&[("content-type", content_type)]),
            ping().as_bytes(),
        );
        assert_eq!(fault(&answer), (415, 415), "{content_type}");
    }
    let compressed = headers(&[("content-encoding", "gzip")]);
    assert_eq!(fault(&send(&compressed, ping().as_bytes())), (415, 415));
    for content_type in [
        "application/json",
        "Application/JSON; charset=utf-8",
        " application/json;v=1",
    ] {
        let answer = send(
            &headers(&[("content-type", content_type)]),
            ping().as_bytes(),
        );
        assert_eq!(answer.status, 200, "{content_type}");
    }
}

#[test]
fn accept_is_judged_leniently() {
    for accept in [
        "application/json",
        "text/event-stream",
        "text/html",
        "*/*",
        "nonsense;;",
    ] {
        assert_eq!(
            send(&headers(&[("accept", accept)]), ping().as_bytes()).status,
            200,
            "{accept}"
        );
    }
}

#[test]
fn what_is_not_json_at_all_is_32700() {
    let deep = "[".repeat(100_000);
    for body in [
        "",
        "{",
        "nul",
        "{\"a\": 1,}",
        "\u{feff}{}",
        "ping",
        deep.as_str(),
    ] {
        assert_eq!(fault(&send(&headers(&[]), body.as_bytes())), (400, -32700));
    }
    assert_eq!(
        fault(&send(&headers(&[]), b"{\"jsonrpc\": \"\xff\"}")),
        (400, -32700)
    );
}

#[test]
fn session_and_resumption_headers_are_ignored() {
    let headers = headers(&[("mcp-session-id", "abc"), ("last-event-id", "7")]);
    assert_eq!(send(&headers, ping().as_bytes()).status, 200);
}

#[test]
fn method_comes_before_host_and_host_before_everything_in_the_body() {
    let mut foreign = headers(&[("host", "evil.example.com"), ("content-type", "text/plain")]);
    assert_eq!(
        endpoint().admit(&Method::GET, &foreign).unwrap_err().status,
        405
    );
    assert_eq!(
        endpoint()
            .admit(&Method::POST, &foreign)
            .unwrap_err()
            .status,
        403
    );
    foreign.insert("host", "localhost".parse().unwrap());
    assert_eq!(endpoint().open(&foreign, b"{").unwrap_err().status, 415);
}

#[test]
fn a_foreign_host_is_told_so_in_json() {
    let answer = endpoint()
        .admit(&Method::POST, &headers(&[("host", "evil.example.com")]))
        .unwrap_err();
    insta::assert_snapshot!(shown(&answer), @r#"
    403
    {
      "jsonrpc": "2.0",
      "error": {
        "code": 403,
        "message": "The host `evil.example.com` is not served here. Use the server's configured URL."
      }
    }
    "#);
}

#[test]
fn an_answer_to_an_allowed_origin_can_be_read_by_it_and_any_other_cannot() {
    let endpoint = endpoint();
    let cors = |origin: &str| {
        let mut answer = HeaderMap::new();
        endpoint.add_cors(&headers(&[("origin", origin)]), &mut answer);
        endpoint.add_cors(&headers(&[("origin", origin)]), &mut answer);
        answer
    };
    let allowed = cors("http://localhost:6274");
    assert_eq!(
        allowed["access-control-allow-origin"],
        "http://localhost:6274"
    );
    assert_eq!(
        allowed["access-control-expose-headers"],
        "WWW-Authenticate, MCP-Protocol-Version, Retry-After, RateLimit, RateLimit-Policy"
    );
    let refused = cors("https://evil.example.com");
    assert_eq!(
        (refused.len(), &refused["vary"]),
        (1, &"Origin".parse().unwrap())
    );
}

#[test]
fn what_came_in_can_be_logged_and_counted() {
    let body = legacy_body("tools/call", json!({"name": "echo"})).to_string();
    let incoming = endpoint().open(&headers(&[]), body.as_bytes()).unwrap();
    assert_eq!(incoming.revision().name(), "2025-03-26");
    assert_eq!(incoming.id().unwrap().to_string(), "a");
    assert_eq!(
        (incoming.method(), incoming.tool()),
        (Some("tools/call"), Some("echo"))
    );
    assert_eq!(incoming.requests(), 1);
    assert_eq!(
        incoming.client_capabilities(),
        Some(&sightline_mcp::JsonObject::new())
    );
    let mut body = modern_body("tools/list", json!({}));
    body["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!({"roots": {}});
    let headers_of_it = modern_headers(&body);
    let incoming = endpoint()
        .open(&headers_of_it, body.to_string().as_bytes())
        .unwrap();
    assert!(
        incoming
            .client_capabilities()
            .unwrap()
            .contains_key("roots")
    );
    let batch = format!("[{},{}]", ping(), ping());
    let incoming = endpoint().open(&headers(&[]), batch.as_bytes()).unwrap();
    assert_eq!(
        (incoming.requests(), incoming.id(), incoming.method()),
        (2, None, None)
    );
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let with = |change: fn(&mut Settings)| {
        let mut settings = settings();
        change(&mut settings);
        Endpoint::new(settings).map(|_| ())
    };
    assert_eq!(with(|s| s.instructions = Some("é".repeat(2048))), Ok(()));
    assert_eq!(
        with(|s| s.instructions = Some("é".repeat(2049))),
        Err(SettingsError::LongInstructions(2049))
    );
    for origin in ["app.example.com", "https://", "https://a/b", "ftp://a", "*"] {
        let mut settings = settings();
        settings.origins = vec![origin.to_owned()];
        let refused = Endpoint::new(settings).map(|_| ());
        assert_eq!(refused, Err(SettingsError::NotAnOrigin(origin.to_owned())));
    }
}

#[test]
fn a_refusal_of_the_callers_echoes_the_id() {
    let incoming = endpoint().open(&headers(&[]), ping().as_bytes()).unwrap();
    let answer = sightline_mcp::HttpAnswer::too_many_requests(incoming.id(), 1);
    assert_eq!(json_of(&answer)["id"], "a");
}
