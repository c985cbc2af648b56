//! Gaps of rmcp's own HTTP service (3.8.0), each closed here.

use serde_json::{Value, json};

use crate::support::{
    fault, headers, json_of, legacy, modern, modern_body, modern_headers, send, settings,
};

const LISTS: [&str; 4] = [
    "tools/list",
    "resources/list",
    "resources/templates/list",
    "prompts/list",
];

#[test]
fn malformed_params_of_a_known_method_are_not_an_unknown_method() {
    for params in [
        json!({"name": 5}),
        json!({}),
        json!({"name": "echo", "arguments": [1]}),
    ] {
        assert_eq!(fault(&modern("tools/call", params.clone())), (200, -32602));
        assert_eq!(
            fault(&legacy("2025-11-25", "tools/call", params)),
            (200, -32602)
        );
    }
}

#[test]
fn a_cursor_of_the_wrong_type_is_not_an_absent_cursor() {
    for method in LISTS {
        for cursor in [json!(5), json!({"a": 1}), json!([]), json!("made up")] {
            assert_eq!(
                fault(&modern(method, json!({"cursor": cursor}))),
                (200, -32602),
                "{method}"
            );
            let answer = legacy("2025-06-18", method, json!({"cursor": cursor}));
            assert_eq!(fault(&answer), (200, -32602), "{method}");
        }
    }
}

#[test]
fn a_modern_header_without_meta_is_not_served() {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}});
    let answer = send(&modern_headers(&body), body.to_string().as_bytes());
    assert_eq!(fault(&answer), (400, -32602));
    assert_eq!(json_of(&answer)["id"], 1);
}

#[test]
fn initialize_with_modern_meta_is_404() {
    let params = json!({"protocolVersion": "2026-07-28", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}});
    assert_eq!(fault(&modern("initialize", params)), (404, -32601));
    for removed in [
        "ping",
        "logging/setLevel",
        "resources/subscribe",
        "resources/unsubscribe",
    ] {
        assert_eq!(
            fault(&modern(removed, json!({}))),
            (404, -32601),
            "{removed}"
        );
    }
}

#[test]
fn every_modern_result_names_the_server_and_its_type() {
    let mut results: Vec<Value> = LISTS
        .into_iter()
        .map(|list| json_of(&modern(list, json!({}))))
        .collect();
    results.push(json_of(&modern("server/discover", json!({}))));
    results.push(json_of(&modern("tools/call", json!({"name": "echo"}))));
    results.push(json_of(&modern(
        "resources/read",
        json!({"uri": "sample://notes"}),
    )));
    results.push(json_of(&modern(
        "prompts/get",
        json!({"name": "review", "arguments": {"day": "a"}}),
    )));
    for result in results {
        let server = &result["result"]["_meta"]["io.modelcontextprotocol/serverInfo"];
        assert_eq!(
            (&server["name"], &server["version"]),
            (&json!("sample"), &json!("1.2.3"))
        );
        assert_eq!(result["result"]["resultType"], "complete");
    }
}

#[test]
fn undeclared_prompts_and_resources_answer_nothing() {
    let mut settings = settings();
    settings.capabilities.prompts = false;
    settings.capabilities.resources = false;
    let endpoint = sightline_mcp::Endpoint::new(settings).unwrap();
    for method in ["prompts/list", "resources/list", "resources/templates/list"] {
        let body = modern_body(method, json!({}));
        let answer = endpoint
            .open(&modern_headers(&body), body.to_string().as_bytes())
            .unwrap_err();
        assert_eq!(fault(&answer), (404, -32601), "{method}");
    }
}

#[test]
fn lists_and_reads_are_private_and_fresh_for_minutes() {
    for method in LISTS {
        let result = &json_of(&modern(method, json!({})))["result"];
        assert_eq!(
            (&result["ttlMs"], &result["cacheScope"]),
            (&json!(300_000), &json!("private"))
        );
    }
    let result = &json_of(&modern("resources/read", json!({"uri": "sample://notes"})))["result"];
    assert_eq!(
        (&result["ttlMs"], &result["cacheScope"]),
        (&json!(60_000), &json!("private"))
    );
}

#[test]
fn arguments_nobody_asked_for_reach_the_tool_that_must_judge_them() {
    let arguments = json!({"text": "a", "typo": 1});
    let answer = modern(
        "tools/call",
        json!({"name": "echo", "arguments": arguments}),
    );
    let result = &json_of(&answer)["result"];
    assert_eq!(result["isError"], true);
    assert_eq!(
        result["content"][0]["text"],
        "There is no argument `typo`, only `text`."
    );
}

#[test]
fn each_fault_of_shape_has_its_own_sentence() {
    let messages: Vec<String> = [
        "{",
        "5",
        "[]",
        r#"{"id": 1, "method": "ping"}"#,
        r#"{"jsonrpc": "2.0", "id": null, "method": "ping"}"#,
        r#"{"jsonrpc": "2.0", "id": 1}"#,
        r#"{"jsonrpc": "2.0", "id": 1, "method": 2}"#,
        r#"{"jsonrpc": "2.0", "id": 1, "method": "ping", "result": 2}"#,
    ]
    .into_iter()
    .map(|body| json_of(&send(&headers(&[]), body.as_bytes()))["error"].to_string())
    .collect();
    insta::assert_snapshot!(messages.join("\n"), @r#"
    {"code":-32700,"message":"The body is not JSON: EOF while parsing an object at line 1 column 1."}
    {"code":-32600,"message":"A JSON-RPC message is an object."}
    {"code":-32600,"message":"A batch has at least one message."}
    {"code":-32600,"message":"`jsonrpc` must be \"2.0\"."}
    {"code":-32600,"message":"`id` must be a string or an integer."}
    {"code":-32600,"message":"`method` is missing."}
    {"code":-32600,"message":"`method` must be a string."}
    {"code":-32600,"message":"A message has either `method` or `result`/`error`."}
    "#);
}

#[test]
fn a_posted_response_is_400_in_the_modern_era_and_202_before() {
    let body = json!({"jsonrpc": "2.0", "id": 1, "result": {}}).to_string();
    let to = |version| {
        send(
            &headers(&[("mcp-protocol-version", version)]),
            body.as_bytes(),
        )
    };
    assert_eq!(fault(&to("2026-07-28")), (400, -32600));
    assert_eq!(to("2025-11-25").status, 202);
    assert_eq!(send(&headers(&[]), body.as_bytes()).status, 202);
}
