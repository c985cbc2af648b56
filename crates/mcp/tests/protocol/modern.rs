//! Whole responses of the modern era (2026-07-28).

use serde_json::json;

use crate::support::{fault, json_of, modern, shown};

#[test]
fn server_discover_names_versions_capabilities_and_the_server() {
    insta::assert_snapshot!(shown(&modern("server/discover", json!({}))), @r#"
    200
    {
      "jsonrpc": "2.0",
      "id": 1,
      "result": {
        "resultType": "complete",
        "supportedVersions": [
          "2026-07-28"
        ],
        "capabilities": {
          "completions": {},
          "prompts": {},
          "resources": {},
          "tools": {}
        },
        "instructions": "Ask for one thing at a time.",
        "ttlMs": 3600000,
        "cacheScope": "public",
        "_meta": {
          "io.modelcontextprotocol/serverInfo": {
            "name": "sample",
            "title": "Sample",
            "version": "1.2.3",
            "icons": [
              {
                "src": "https://example.com/icon.png"
              }
            ],
            "websiteUrl": "https://example.com"
          }
        }
      }
    }
    "#);
}

#[test]
fn a_list_says_how_long_it_may_be_kept_and_by_whom() {
    insta::assert_snapshot!(shown(&modern("tools/list", json!({}))), @r#"
    200
    {
      "jsonrpc": "2.0",
      "id": 1,
      "result": {
        "resultType": "complete",
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
        "nextCursor": "dG9vbHM6Mg",
        "ttlMs": 300000,
        "cacheScope": "private",
        "_meta": {
          "io.modelcontextprotocol/serverInfo": {
            "name": "sample",
            "title": "Sample",
            "version": "1.2.3"
          }
        }
      }
    }
    "#);
}

#[test]
fn the_cursor_of_one_page_gives_the_next() {
    let first = json_of(&modern("tools/list", json!({})));
    let cursor = &first["result"]["nextCursor"];
    insta::assert_snapshot!(shown(&modern("tools/list", json!({"cursor": cursor}))), @r#"
    200
    {
      "jsonrpc": "2.0",
      "id": 1,
      "result": {
        "resultType": "complete",
        "tools": [
          {
            "name": "slow",
            "description": "Takes its time.",
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
        "ttlMs": 300000,
        "cacheScope": "private",
        "_meta": {
          "io.modelcontextprotocol/serverInfo": {
            "name": "sample",
            "title": "Sample",
            "version": "1.2.3"
          }
        }
      }
    }
    "#);
    assert_eq!(
        fault(&modern("prompts/list", json!({"cursor": cursor}))),
        (200, -32602)
    );
}

#[test]
fn a_tool_answers_in_words_and_as_structure() {
    let answer = modern(
        "tools/call",
        json!({"name": "echo", "arguments": {"text": "hello"}}),
    );
    insta::assert_snapshot!(shown(&answer), @r#"
    200
    {
      "jsonrpc": "2.0",
      "id": 1,
      "result": {
        "resultType": "complete",
        "content": [
          {
            "type": "text",
            "text": "hello"
          }
        ],
        "structuredContent": {
          "text": "hello"
        },
        "_meta": {
          "io.modelcontextprotocol/serverInfo": {
            "name": "sample",
            "title": "Sample",
            "version": "1.2.3"
          }
        }
      }
    }
    "#);
}

#[test]
fn bad_arguments_are_a_result_the_model_can_read() {
    let answer = modern("tools/call", json!({"name": "echo"}));
    insta::assert_snapshot!(shown(&answer), @r#"
    200
    {
      "jsonrpc": "2.0",
      "id": 1,
      "result": {
        "resultType": "complete",
        "content": [
          {
            "type": "text",
            "text": "`text` is missing. Send {\"text\": \"…\"}."
          }
        ],
        "isError": true,
        "_meta": {
          "io.modelcontextprotocol/serverInfo": {
            "name": "sample",
            "title": "Sample",
            "version": "1.2.3"
          }
        }
      }
    }
    "#);
}

#[test]
fn resources_templates_and_contents_are_listed_and_read() {
    insta::assert_snapshot!(shown(&modern("resources/list", json!({}))), @r#"
    200
    {
      "jsonrpc": "2.0",
      "id": 1,
      "result": {
        "resultType": "complete",
        "resources": [
          {
            "uri": "sample://notes",
            "name": "notes",
            "title": "Notes",
            "mimeType": "text/plain"
          }
        ],
        "ttlMs": 300000,
        "cacheScope": "private",
        "_meta": {
          "io.modelcontextprotocol/serverInfo": {
            "name": "sample",
            "title": "Sample",
            "version": "1.2.3"
          }
        }
      }
    }
    "#);
    insta::assert_snapshot!(shown(&modern("resources/templates/list", json!({}))), @r#"
    200
    {
      "jsonrpc": "2.0",
      "id": 1,
      "result": {
        "resultType": "complete",
        "resourceTemplates": [
          {
            "uriTemplate": "sample://notes/{day}",
            "name": "notes of a day"
          }
        ],
        "ttlMs": 300000,
        "cacheScope": "private",
        "_meta": {
          "io.modelcontextprotocol/serverInfo": {
            "name": "sample",
            "title": "Sample",
            "version": "1.2.3"
          }
        }
      }
    }
    "#);
    insta::assert_snapshot!(shown(&modern("resources/read", json!({"uri": "sample://notes"}))), @r#"
    200
    {
      "jsonrpc": "2.0",
      "id": 1,
      "result": {
        "resultType": "complete",
        "contents": [
          {
            "uri": "sample://notes",
            "mimeType": "text/plain",
            "text": "Hello."
          }
        ],
        "ttlMs": 60000,
        "cacheScope": "private",
        "_meta": {
          "io.modelcontextprotocol/serverInfo": {
            "name": "sample",
            "title": "Sample",
            "version": "1.2.3"
          }
        }
      }
    }
    "#);
}

#[test]
fn prompts_are_listed_and_filled_in() {
    insta::assert_snapshot!(shown(&modern("prompts/list", json!({}))), @r#"
    200
    {
      "jsonrpc": "2.0",
      "id": 1,
      "result": {
        "resultType": "complete",
        "prompts": [
          {
            "name": "review",
            "description": "Goes through a day.",
            "arguments": [
              {
                "name": "day",
                "required": true
              }
            ]
          }
        ],
        "ttlMs": 300000,
        "cacheScope": "private",
        "_meta": {
          "io.modelcontextprotocol/serverInfo": {
            "name": "sample",
            "title": "Sample",
            "version": "1.2.3"
          }
        }
      }
    }
    "#);
    let answer = modern(
        "prompts/get",
        json!({"name": "review", "arguments": {"day": "Monday"}}),
    );
    insta::assert_snapshot!(shown(&answer), @r#"
    200
    {
      "jsonrpc": "2.0",
      "id": 1,
      "result": {
        "resultType": "complete",
        "description": "Goes through a day.",
        "messages": [
          {
            "role": "user",
            "content": {
              "type": "text",
              "text": "Go through Monday."
            }
          }
        ],
        "_meta": {
          "io.modelcontextprotocol/serverInfo": {
            "name": "sample",
            "title": "Sample",
            "version": "1.2.3"
          }
        }
      }
    }
    "#);
}

#[test]
fn a_completion_has_at_most_a_hundred_values_and_says_how_many_there_are() {
    let params = json!({"ref": {"type": "ref/prompt", "name": "review"}, "argument": {"name": "day", "value": "M"}});
    let completion = &json_of(&modern("completion/complete", params))["result"]["completion"];
    assert_eq!(completion["values"].as_array().unwrap().len(), 100);
    assert_eq!(
        (&completion["total"], &completion["hasMore"]),
        (&json!(150), &json!(true))
    );
}

#[test]
fn no_answer_may_be_stored_by_caches_on_the_way() {
    let answer = modern("tools/list", json!({}));
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers["content-type"], "application/json");
    assert!(!answer.headers.contains_key("mcp-session-id"));
}
