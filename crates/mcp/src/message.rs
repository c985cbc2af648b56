//! JSON-RPC 2.0 as MCP uses it: what kind of message a JSON value is.
//!
//! rmcp reads messages through one untagged enum, so every fault is the same "unrecognized JSON-RPC
//! message" and the id is lost with it. Here each fault is named and an id that can be read is
//! echoed. Nothing here knows a method or a revision.

use rmcp::model::{JsonObject, RequestId};
use serde::Deserialize;
use serde_json::Value;

use crate::failure::Failure;

/// Where a request of the modern era names its protocol version.
pub(crate) const VERSION_KEY: &str = "io.modelcontextprotocol/protocolVersion";

/// Where it declares what the client can do.
pub(crate) const CAPABILITIES_KEY: &str = "io.modelcontextprotocol/clientCapabilities";

/// One JSON-RPC message.
#[derive(Debug)]
pub(crate) enum Message {
    /// It wants an answer.
    Request(RawRequest),
    /// It wants none: there is no id.
    Notification,
    /// A result or an error. We send no requests, so it answers nothing of ours.
    Response,
}

/// A request whose method and params nobody has looked at yet.
#[derive(Debug)]
pub(crate) struct RawRequest {
    pub id: RequestId,
    pub method: String,
    /// None if absent; any JSON otherwise.
    pub params: Option<Value>,
}

/// A message that is not one, and its id if at least that could be read.
#[derive(Debug)]
pub(crate) struct Malformed {
    pub id: Option<RequestId>,
    pub failure: Failure,
}

impl RawRequest {
    /// `params._meta`, if both are objects.
    pub fn meta(&self) -> Option<&JsonObject> {
        self.params.as_ref()?.as_object()?.get("_meta")?.as_object()
    }

    /// Whether `_meta` names a protocol version, as requests of the modern era do.
    pub fn names_version(&self) -> bool {
        self.meta()
            .is_some_and(|meta| meta.contains_key(VERSION_KEY))
    }

    /// What the client declares it can do; nothing unless the request says so itself, since nothing
    /// is remembered of an `initialize`.
    pub fn client_capabilities(&self) -> JsonObject {
        let declared = self.meta().and_then(|meta| meta.get(CAPABILITIES_KEY));
        declared
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default()
    }

    /// `params.key`, if it is a string.
    pub fn text_param(&self, key: &str) -> Option<&str> {
        self.params.as_ref()?.as_object()?.get(key)?.as_str()
    }
}

impl Message {
    /// Tells the kinds of message apart.
    pub fn read(value: Value) -> Result<Self, Malformed> {
        let Value::Object(mut object) = value else {
            return Err(malformed(None, "A JSON-RPC message is an object."));
        };
        let id = match object.remove("id") {
            None => None,
            // An integer written as 1.0 is an integer; 1.5 and null are no ids (2026-07-28, "Requests").
            Some(value) => match RequestId::deserialize(&value) {
                Ok(id) => Some(id),
                Err(_) => return Err(malformed(None, "`id` must be a string or an integer.")),
            },
        };
        if object.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            return Err(malformed(id, "`jsonrpc` must be \"2.0\"."));
        }
        let answers = object.contains_key("result") || object.contains_key("error");
        let method = match object.remove("method") {
            Some(_) if answers => {
                return Err(malformed(
                    id,
                    "A message has either `method` or `result`/`error`.",
                ));
            }
            Some(Value::String(method)) => method,
            Some(_) => return Err(malformed(id, "`method` must be a string.")),
            None if answers => return Ok(Self::Response),
            None => return Err(malformed(id, "`method` is missing.")),
        };
        let params = object.remove("params");
        match id {
            Some(id) => Ok(Self::Request(RawRequest { id, method, params })),
            None if params.as_ref().is_some_and(|params| !params.is_object()) => {
                Err(malformed(None, "`params` must be an object."))
            }
            None => Ok(Self::Notification),
        }
    }
}

/// The id of a single request, whatever else it holds or lacks: for an answer that refuses a body nobody will read further.
pub fn request_id(body: &[u8]) -> Option<RequestId> {
    #[derive(Deserialize)]
    struct Identified {
        id: Value,
    }
    let Identified { id } = serde_json::from_slice(body).ok()?;
    RequestId::deserialize(&id).ok()
}

fn malformed(id: Option<RequestId>, message: &str) -> Malformed {
    Malformed {
        id,
        failure: Failure::invalid_request(message),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use serde_json::json;

    use super::*;

    fn fault(value: Value) -> (Option<RequestId>, String) {
        let malformed = Message::read(value).unwrap_err();
        assert_eq!(malformed.failure.error.code.0, -32600);
        (malformed.id, malformed.failure.error.message.into_owned())
    }

    #[test]
    fn a_request_has_an_id_and_a_notification_has_none() {
        let request = json!({"jsonrpc": "2.0", "id": "a", "method": "ping"});
        assert!(
            matches!(Message::read(request).unwrap(), Message::Request(r) if r.method == "ping")
        );
        let notification = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        assert!(matches!(
            Message::read(notification).unwrap(),
            Message::Notification
        ));
    }

    #[test]
    fn the_id_alone_is_read_of_whatever_has_one() {
        let one = Some(RequestId::Number(1));
        for (body, id) in [
            (r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, one.clone()),
            (r#"{"id":1,"method":7}"#, one),
            (r#"{"id":"a"}"#, Some(RequestId::String("a".into()))),
            (r#"{"id":null}"#, None),
            (r#"{"id":1.5}"#, None),
            (r#"{"jsonrpc":"2.0","method":"ping"}"#, None),
            (r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, None),
            (r#"{"id":1"#, None),
            ("", None),
        ] {
            assert_eq!(request_id(body.as_bytes()), id, "{body}");
        }
    }

    #[test]
    fn a_result_or_an_error_is_a_response() {
        for value in [
            json!({"jsonrpc": "2.0", "id": 1, "result": {}}),
            json!({"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": "no"}}),
        ] {
            assert!(matches!(Message::read(value).unwrap(), Message::Response));
        }
    }

    #[test]
    fn null_fractional_and_oversized_ids_are_rejected_without_an_echo() {
        for id in [
            json!(null),
            json!(1.5),
            json!(1e300),
            json!(u64::MAX),
            json!(true),
            json!({}),
            json!([1]),
        ] {
            let (echoed, message) = fault(json!({"jsonrpc": "2.0", "id": id, "method": "ping"}));
            assert_eq!(
                (echoed, message.as_str()),
                (None, "`id` must be a string or an integer.")
            );
        }
    }

    #[test]
    fn each_fault_of_shape_is_named_and_echoes_the_id_it_could_read() {
        let one = Some(RequestId::Number(1));
        for (value, message) in [
            (
                json!({"id": 1, "method": "ping"}),
                "`jsonrpc` must be \"2.0\".",
            ),
            (
                json!({"jsonrpc": 2.0, "id": 1, "method": "ping"}),
                "`jsonrpc` must be \"2.0\".",
            ),
            (json!({"jsonrpc": "2.0", "id": 1}), "`method` is missing."),
            (
                json!({"jsonrpc": "2.0", "id": 1, "method": 5}),
                "`method` must be a string.",
            ),
            (
                json!({"jsonrpc": "2.0", "id": 1, "method": "ping", "result": {}}),
                "A message has either `method` or `result`/`error`.",
            ),
        ] {
            assert_eq!(fault(value), (one.clone(), message.to_owned()));
        }
        assert_eq!(fault(json!("ping")).1, "A JSON-RPC message is an object.");
        assert_eq!(
            fault(json!({"jsonrpc": "2.0", "method": "notifications/x", "params": [1]})).1,
            "`params` must be an object."
        );
    }
}
