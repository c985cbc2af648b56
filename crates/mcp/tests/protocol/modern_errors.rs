//! Whole error responses of the modern era (2026-07-28).

use serde_json::json;

use crate::support::{fault, json_of, modern, shown};

#[test]
fn a_resource_that_is_not_there_is_32602_with_its_uri() {
    insta::assert_snapshot!(shown(&modern("resources/read", json!({"uri": "sample://none"}))), @r#"
    200
    {
      "jsonrpc": "2.0",
      "id": 1,
      "error": {
        "code": -32602,
        "message": "There is no resource `sample://none`.",
        "data": {
          "uri": "sample://none"
        }
      }
    }
    "#);
}

#[test]
fn unknown_names_and_missing_prompt_arguments_are_32602() {
    for (method, params, message) in [
        (
            "tools/call",
            json!({"name": "none"}),
            "Unknown tool: `none`.",
        ),
        (
            "prompts/get",
            json!({"name": "none"}),
            "Unknown prompt: `none`.",
        ),
        (
            "prompts/get",
            json!({"name": "review"}),
            "The prompt needs the argument `day`.",
        ),
    ] {
        let answer = modern(method, params);
        assert_eq!(fault(&answer), (200, -32602));
        assert_eq!(json_of(&answer)["error"]["message"], message);
    }
}

#[test]
fn a_scope_that_was_not_granted_is_403_with_the_services_challenge() {
    let answer = modern("tools/call", json!({"name": "narrow"}));
    assert_eq!(
        answer.headers["www-authenticate"],
        r#"Bearer error="insufficient_scope", scope="mcp:sql""#
    );
    insta::assert_snapshot!(shown(&answer), @r#"
    403
    {
      "jsonrpc": "2.0",
      "id": 1,
      "error": {
        "code": 403,
        "message": "This needs the scope `mcp:sql`, which this connection was not granted."
      }
    }
    "#);
}

#[test]
fn a_capability_the_client_lacks_is_400_and_named() {
    let answer = modern("tools/call", json!({"name": "sampler"}));
    insta::assert_snapshot!(shown(&answer), @r#"
    400
    {
      "jsonrpc": "2.0",
      "id": 1,
      "error": {
        "code": -32021,
        "message": "This needs a client that can do: sampling.",
        "data": {
          "requiredCapabilities": {
            "sampling": {}
          }
        }
      }
    }
    "#);
}

#[test]
fn a_failure_of_ours_says_only_its_reference() {
    insta::assert_snapshot!(shown(&modern("tools/call", json!({"name": "broken"}))), @r#"
    200
    {
      "jsonrpc": "2.0",
      "id": 1,
      "error": {
        "code": -32603,
        "message": "Something went wrong on the server. Try again; if it stays, report reference 01J9ZK."
      }
    }
    "#);
}
