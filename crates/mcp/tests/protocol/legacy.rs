//! Whole responses of the legacy era (2024-11-05 to 2025-11-25).

use serde_json::{Value, json};

use crate::support::{fault, headers, json_of, legacy, legacy_body, send, shown};

fn initialize(version: &str) -> Value {
    let params = json!({
        "protocolVersion": version,
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "0"},
    });
    let answer = send(
        &headers(&[]),
        legacy_body("initialize", params).to_string().as_bytes(),
    );
    assert_eq!(answer.status, 200);
    json_of(&answer)
}

#[test]
fn initialize_answers_with_the_version_that_was_asked_for() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&initialize("2025-11-25")).unwrap(), @r#"
    {
      "jsonrpc": "2.0",
      "id": "a",
      "result": {
        "protocolVersion": "2025-11-25",
        "capabilities": {
          "completions": {},
          "prompts": {},
          "resources": {},
          "tools": {}
        },
        "serverInfo": {
          "name": "sample",
          "title": "Sample",
          "version": "1.2.3",
          "icons": [
            {
              "src": "https://example.com/icon.png"
            }
          ],
          "websiteUrl": "https://example.com"
        },
        "instructions": "Ask for one thing at a time."
      }
    }
    "#);
}

#[test]
fn initialize_tells_older_clients_less_about_the_server() {
    let server = |version| initialize(version)["result"]["serverInfo"].to_string();
    insta::assert_snapshot!(server("2025-06-18"), @r#"{"name":"sample","title":"Sample","version":"1.2.3"}"#);
    insta::assert_snapshot!(server("2024-11-05"), @r#"{"name":"sample","version":"1.2.3"}"#);
}

#[test]
fn initialize_never_agrees_to_the_modern_revision() {
    for asked in ["2026-07-28", "2027-01-01", "1999-01-01", "latest", ""] {
        assert_eq!(
            initialize(asked)["result"]["protocolVersion"],
            "2025-11-25",
            "{asked}"
        );
    }
    for known in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        assert_eq!(initialize(known)["result"]["protocolVersion"], known);
    }
}

#[test]
fn ping_is_answered_with_nothing() {
    insta::assert_snapshot!(shown(&legacy("2025-06-18", "ping", json!({}))), @r#"
    200
    {
      "jsonrpc": "2.0",
      "id": "a",
      "result": {}
    }
    "#);
}

#[test]
fn lists_have_no_marks_of_the_modern_era() {
    insta::assert_snapshot!(shown(&legacy("2025-06-18", "tools/list", json!({}))), @r#"
    200
    {
      "jsonrpc": "2.0",
      "id": "a",
      "result": {
        "tools": [
          {
            "name": "echo",
            "title": "Echo",
            "description": "Says it again.",
            "inputSchema": {
              "type": "object",
              "properties": {
                "text": {
                  "type": "string"
                }
              },
              "additionalProperties": false
            },
            "outputSchema": {
              "type": "object",
              "properties": {
                "text": {
                  "type": "string"
                }
              },
              "additionalProperties": false
            },
            "annotations": {
              "readOnlyHint": true
            }
          },
          {
            "name": "link",
            "description": "Points at a resource.",
            "inputSchema": {
              "type": "object",
              "properties": {
                "text": {
                  "type": "string"
                }
              },
              "additionalProperties": false
            }
          }
        ],
        "nextCursor": "dG9vbHM6Mg"
      }
    }
    "#);
}

#[test]
fn a_client_of_2025_03_26_sees_no_titles_and_no_output_schemas() {
    insta::assert_snapshot!(shown(&legacy("2025-03-26", "tools/list", json!({}))), @r#"
    200
    {
      "jsonrpc": "2.0",
      "id": "a",
      "result": {
        "tools": [
          {
            "name": "echo",
            "description": "Says it again.",
            "inputSchema": {
              "type": "object",
              "properties": {
                "text": {
                  "type": "string"
                }
              },
              "additionalProperties": false
            },
            "annotations": {
              "readOnlyHint": true
            }
          },
          {
            "name": "link",
            "description": "Points at a resource.",
            "inputSchema": {
              "type": "object",
              "properties": {
                "text": {
                  "type": "string"
                }
              },
              "additionalProperties": false
            }
          }
        ],
        "nextCursor": "dG9vbHM6Mg"
      }
    }
    "#);
}

#[test]
fn structured_content_begins_with_2025_06_18() {
    let call = |version| {
        json_of(&legacy(
            version,
            "tools/call",
            json!({"name": "echo", "arguments": {"text": "hi"}}),
        ))["result"]
            .to_string()
    };
    insta::assert_snapshot!(call("2025-06-18"), @r#"{"content":[{"type":"text","text":"hi"}],"structuredContent":{"text":"hi"}}"#);
    insta::assert_snapshot!(call("2025-03-26"), @r#"{"content":[{"type":"text","text":"hi"}]}"#);
    insta::assert_snapshot!(call("2024-11-05"), @r#"{"content":[{"type":"text","text":"hi"}]}"#);
}

#[test]
fn a_resource_that_is_not_there_is_32002() {
    insta::assert_snapshot!(shown(&legacy("2025-11-25", "resources/read", json!({"uri": "sample://none"}))), @r#"
    200
    {
      "jsonrpc": "2.0",
      "id": "a",
      "error": {
        "code": -32002,
        "message": "There is no resource `sample://none`.",
        "data": {
          "uri": "sample://none"
        }
      }
    }
    "#);
}

#[test]
fn unknown_methods_are_200_and_unknown_tools_are_32602() {
    assert_eq!(
        fault(&legacy("2025-11-25", "logging/setLevel", json!({}))),
        (200, -32601)
    );
    assert_eq!(
        fault(&legacy("2025-03-26", "tools/call", json!({"name": "none"}))),
        (200, -32602)
    );
}

#[test]
fn notifications_are_202_without_a_body() {
    for version in ["2025-03-26", "2025-11-25"] {
        let body = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        let headers = headers(&[("mcp-protocol-version", version)]);
        let answer = send(&headers, body.to_string().as_bytes());
        assert_eq!((answer.status.as_u16(), answer.body.len()), (202, 0));
    }
}

#[test]
fn an_unknown_version_header_is_400_for_every_kind_of_message() {
    for body in [
        json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}),
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        json!({"jsonrpc": "2.0", "id": 1, "result": {}}),
        json!([]),
    ] {
        let headers = headers(&[("mcp-protocol-version", "2025-01-01")]);
        assert_eq!(
            fault(&send(&headers, body.to_string().as_bytes())),
            (400, -32022),
            "{body}"
        );
    }
}

fn batch(version: Option<&str>, messages: Value) -> sightline_mcp::HttpAnswer {
    let version = version.map(|version| ("mcp-protocol-version", version));
    send(
        &headers(version.as_slice()),
        messages.to_string().as_bytes(),
    )
}

#[test]
fn a_batch_of_2025_03_26_is_answered_in_order_without_its_notifications() {
    let messages = json!([
        {"jsonrpc": "2.0", "id": 1, "method": "ping"},
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 9}},
        {"jsonrpc": "2.0", "id": "two", "method": "none"},
        {"jsonrpc": "2.0", "id": null, "method": "ping"},
        {"jsonrpc": "2.0", "id": 4, "method": "initialize", "params": {"protocolVersion": "2025-03-26"}},
        {"jsonrpc": "2.0", "id": 5, "method": "ping", "params": {"_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}}},
        7,
    ]);
    insta::assert_snapshot!(shown(&batch(None, messages.clone())), @r#"
    200
    [
      {
        "jsonrpc": "2.0",
        "id": 1,
        "result": {}
      },
      {
        "jsonrpc": "2.0",
        "id": "two",
        "error": {
          "code": -32601,
          "message": "There is no method `none` here."
        }
      },
      {
        "jsonrpc": "2.0",
        "error": {
          "code": -32600,
          "message": "`id` must be a string or an integer."
        }
      },
      {
        "jsonrpc": "2.0",
        "id": 4,
        "error": {
          "code": -32600,
          "message": "`initialize` must not be part of a batch."
        }
      },
      {
        "jsonrpc": "2.0",
        "id": 5,
        "error": {
          "code": -32600,
          "message": "A request that names its own protocol version must not be part of a batch."
        }
      },
      {
        "jsonrpc": "2.0",
        "error": {
          "code": -32600,
          "message": "A JSON-RPC message is an object."
        }
      }
    ]
    "#);
    assert_eq!(batch(Some("2025-03-26"), messages).status, 200);
}

#[test]
fn every_other_revision_has_no_batches() {
    let messages = json!([{"jsonrpc": "2.0", "id": 1, "method": "ping"}]);
    for version in ["2024-11-05", "2025-06-18", "2025-11-25", "2026-07-28"] {
        assert_eq!(
            fault(&batch(Some(version), messages.clone())),
            (400, -32600),
            "{version}"
        );
    }
}

#[test]
fn a_batch_is_neither_empty_nor_endless_and_may_want_no_answer() {
    assert_eq!(fault(&batch(None, json!([]))), (400, -32600));
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    assert_eq!(batch(None, vec![ping.clone(); 50].into()).status, 200);
    assert_eq!(fault(&batch(None, vec![ping; 51].into())), (400, -32600));
    let notification = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let answer = batch(
        None,
        json!([notification, {"jsonrpc": "2.0", "id": 1, "result": {}}]),
    );
    assert_eq!((answer.status.as_u16(), answer.body.len()), (202, 0));
}
