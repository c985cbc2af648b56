//! Requests that are wrong in every way a program can think of.
//!
//! Valid requests of both eras are mutated at every place; whatever comes of it, there is an answer,
//! it is JSON, its code is one a client knows, and it carries the id if there was one to read.

use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use serde_json::{Value, json};
use sightline_mcp::HttpAnswer;

use crate::support::{headers, legacy_body, modern_body, modern_headers, send};

const CODES: [i64; 9] = [
    -32700, -32600, -32601, -32602, -32603, -32002, -32020, -32022, 403,
];

/// One call of every method.
fn calls() -> Vec<(&'static str, Value)> {
    let argument = json!({"name": "day", "value": "M"});
    vec![
        ("tools/list", json!({"cursor": "dG9vbHM6Mg"})),
        (
            "tools/call",
            json!({"name": "echo", "arguments": {"text": "hi"}}),
        ),
        ("resources/list", json!({})),
        ("resources/templates/list", json!({})),
        ("resources/read", json!({"uri": "sample://notes"})),
        ("prompts/list", json!({})),
        (
            "prompts/get",
            json!({"name": "review", "arguments": {"day": "Monday"}}),
        ),
        (
            "completion/complete",
            json!({"ref": {"type": "ref/prompt", "name": "review"}, "argument": argument}),
        ),
    ]
}

fn modern_requests() -> Vec<Value> {
    let mut requests: Vec<_> = calls()
        .into_iter()
        .map(|(method, params)| modern_body(method, params))
        .collect();
    requests.push(modern_body("server/discover", json!({})));
    requests
}

fn legacy_requests() -> Vec<Value> {
    let mut requests: Vec<_> = calls()
        .into_iter()
        .map(|(method, params)| legacy_body(method, params))
        .collect();
    let client = json!({"name": "test", "version": "0"});
    let hello = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client});
    requests.push(legacy_body("initialize", hello));
    requests.push(legacy_body("ping", json!({"_meta": {"progressToken": 1}})));
    requests
}

fn strange_values() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("\u{0}\u{202e}😀é\r\n"),
        json!("x".repeat(10_000)),
        json!([]),
        json!([[[[[[]]]]]]),
        json!({}),
        json!({"": {"": {"": []}}}),
    ]
}

/// JSON pointers to every value inside.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => map
            .iter()
            .map(|(k, v)| (k.replace('~', "~0").replace('/', "~1"), v))
            .collect(),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(i, v)| (i.to_string(), v))
            .collect(),
        _ => Vec::new(),
    };
    for (key, child) in children {
        let at = format!("{at}/{key}");
        places(child, &at, found);
        found.push(at);
    }
}

/// The request with one value replaced, removed or renamed, at every place in turn.
fn mutants(request: &Value) -> Vec<Value> {
    let mut places_found = Vec::new();
    places(request, "", &mut places_found);
    let mut mutants = strange_values();
    for place in places_found {
        for strange in strange_values() {
            let mut mutant = request.clone();
            *mutant.pointer_mut(&place).unwrap() = strange;
            mutants.push(mutant);
        }
        let (parent, key) = place.rsplit_once('/').unwrap();
        let key = key.replace("~1", "/").replace("~0", "~");
        let mut without = request.clone();
        if let Some(Value::Object(map)) = without.pointer_mut(parent) {
            let value = map.remove(&key).unwrap();
            let mut renamed = without.clone();
            if let Some(Value::Object(map)) = renamed.pointer_mut(parent) {
                map.insert(key.to_uppercase(), value);
            }
            mutants.push(renamed);
            mutants.push(without);
        }
    }
    mutants
}

/// The same requests cut off, doubled and mangled as bytes.
fn mangled(request: &Value) -> Vec<Vec<u8>> {
    let text = request.to_string();
    let mut bodies: Vec<Vec<u8>> = (0..text.len())
        .step_by(7)
        .map(|end| text.as_bytes()[..end].to_vec())
        .collect();
    bodies.push(format!("{text}{text}").into_bytes());
    bodies.push(format!("{text},").into_bytes());
    bodies.push(text.replacen("{", "{\"id\":1,\"id\":2,", 1).into_bytes());
    bodies.push(text.replace("\"2.0\"", &"[".repeat(5000)).into_bytes());
    bodies.push(text.replace("\"2.0\"", "1e999").into_bytes());
    bodies.push(text.replace("\"2.0\"", &"9".repeat(5000)).into_bytes());
    bodies.push(text.replace("\"2.0\"", "\"\\ud800\"").into_bytes());
    bodies.push(text.bytes().map(|byte| byte ^ 0x80).collect());
    bodies
}

/// The id an answer must carry: what a JSON-RPC reader would take for one. An integer may be written as `1.0`, and is echoed as `1`.
fn readable_id(message: &Value) -> Option<Value> {
    let id = message.as_object()?.get("id")?;
    if id.is_string() || id.as_i64().is_some() {
        return Some(id.clone());
    }
    let float = id.as_f64()?;
    // From 2^53 on a float no longer says which integer was meant.
    (float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0)
        .then(|| Value::from(float as i64))
}

fn check_response(response: &Value, sent: &Value) {
    assert_eq!(response["jsonrpc"], "2.0");
    match (response.get("result"), response.get("error")) {
        (Some(result), None) => assert!(result.is_object()),
        (None, Some(error)) => {
            let code = error["code"].as_i64().unwrap();
            assert!(CODES.contains(&code), "{code}");
            let message = error["message"].as_str().unwrap();
            assert!(
                !message.is_empty() && message.chars().count() < 400,
                "{message}"
            );
        }
        _ => panic!("neither a result nor an error: {response}"),
    }
    assert_eq!(response.get("id"), readable_id(sent).as_ref(), "{response}");
}

fn check(answer: &HttpAnswer, body: &[u8]) {
    let status = answer.status.as_u16();
    assert!(matches!(status, 200 | 202 | 400 | 404), "{status}");
    if status == 202 {
        assert!(answer.body.is_empty());
        return;
    }
    assert_eq!(answer.headers["content-type"], "application/json");
    let response: Value = serde_json::from_slice(&answer.body).unwrap();
    let sent: Value = serde_json::from_slice(body).unwrap_or_default();
    match (&response, &sent) {
        (Value::Array(responses), Value::Array(messages)) => {
            assert!(!responses.is_empty() && responses.len() <= messages.len());
        }
        _ => check_response(&response, &sent),
    }
}

#[test]
fn every_mutation_of_a_modern_request_is_answered() {
    let mut sent = 0;
    for request in modern_requests() {
        for mutant in mutants(&request) {
            let body = mutant.to_string();
            // Headers that mirror the mutant reach the params, the original's stop at the headers.
            for headers in [modern_headers(&mutant), modern_headers(&request)] {
                check(&send(&headers, body.as_bytes()), body.as_bytes());
                sent += 1;
            }
        }
        for body in mangled(&request) {
            check(&send(&modern_headers(&request), &body), &body);
            sent += 1;
        }
    }
    assert!(sent > 1000, "{sent}");
}

#[test]
fn every_mutation_of_a_legacy_request_is_answered() {
    let mut sent = 0;
    for request in legacy_requests() {
        for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
            let headers = headers(&[("mcp-protocol-version", version)]);
            for mutant in mutants(&request) {
                let body = mutant.to_string();
                check(&send(&headers, body.as_bytes()), body.as_bytes());
                sent += 1;
            }
            for body in mangled(&request) {
                check(&send(&headers, &body), &body);
                sent += 1;
            }
        }
    }
    assert!(sent > 1000, "{sent}");
}

#[test]
fn every_mutation_inside_a_batch_is_answered_and_the_rest_of_the_batch_too() {
    let ping = legacy_body("ping", json!({}));
    for request in legacy_requests() {
        for mutant in mutants(&request) {
            let body = json!([mutant, ping]).to_string();
            let answer = send(&headers(&[]), body.as_bytes());
            assert_eq!(answer.status, 200);
            let responses: Vec<Value> = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!(responses.last().unwrap()["result"], json!({}));
            if let [response, _] = responses.as_slice() {
                check_response(response, &mutant);
            }
        }
    }
}

#[test]
fn every_mutation_of_a_header_is_answered() {
    let request = modern_body(
        "tools/call",
        json!({"name": "echo", "arguments": {"text": "hi"}}),
    );
    let body = request.to_string();
    let long = "a".repeat(5000);
    for name in [
        "mcp-protocol-version",
        "mcp-method",
        "mcp-name",
        "accept",
        "content-length",
    ] {
        for value in [
            "",
            " ",
            "2026-07-28",
            "2027-12-31",
            "9999-99-99",
            "2026-07-2é",
            "tools/call",
            "\u{7f}é",
            "=?base64?",
            "=?base64??=",
            "=?base64?****?=",
            "0",
            "-1",
            "1e3",
            "null",
            &long,
        ] {
            let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) else {
                continue;
            };
            let mut headers: HeaderMap = modern_headers(&request);
            headers.insert(HeaderName::from_static(name), value.clone());
            check(&send(&headers, body.as_bytes()), body.as_bytes());
            headers.append(HeaderName::from_static(name), value);
            check(&send(&headers, body.as_bytes()), body.as_bytes());
            headers.remove(name);
            check(&send(&headers, body.as_bytes()), body.as_bytes());
        }
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 6, |inner| {
        let key = prop_oneof![
            "jsonrpc|id|method|params|_meta|name|arguments|cursor|uri|ref|argument|result|error",
            "\\PC{0,8}",
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_at_all_is_answered(value in any_json()) {
        let body = value.to_string();
        check(&send(&headers(&[]), body.as_bytes()), body.as_bytes());
        check(&send(&modern_headers(&value), body.as_bytes()), body.as_bytes());
    }

    #[test]
    fn any_params_of_any_method_are_answered(params in any_json(), which in 0usize..9) {
        let mut modern = modern_requests()[which].clone();
        if let (Value::Object(members), Value::Object(mutant)) = (&mut modern["params"], &params) {
            members.extend(mutant.clone());
        }
        let body = modern.to_string();
        check(&send(&modern_headers(&modern), body.as_bytes()), body.as_bytes());
        let mut legacy = legacy_requests()[which].clone();
        legacy["params"] = params;
        let body = legacy.to_string();
        check(&send(&headers(&[]), body.as_bytes()), body.as_bytes());
    }

    #[test]
    fn any_bytes_are_answered(body in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&send(&headers(&[]), &body), &body);
    }
}
