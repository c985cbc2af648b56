//! What goes back over HTTP: one JSON answer, or a stream of events.
//!
//! Every error has a JSON-RPC body, because a client that probes for the modern era takes an empty
//! or plain-text 400 for an old server and falls back (2026-07-28, "Backward Compatibility").
//! Nothing here decides what is wrong; `failure` and `gate` do.

use std::fmt;

use bytes::Bytes;
use futures::stream::LocalBoxStream;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use rmcp::ErrorData;
use rmcp::model::{ErrorCode, RequestId};
use serde::Serialize;

use crate::failure::Failure;

/// A complete HTTP answer.
#[derive(Debug, Clone)]
pub struct HttpAnswer {
    /// The HTTP status.
    pub status: StatusCode,
    /// Its headers, without CORS: [`crate::Endpoint::add_cors`] adds those to whatever leaves.
    pub headers: HeaderMap,
    /// The body; empty for 202, 204 and every answer to `HEAD`.
    pub body: Bytes,
    /// The JSON-RPC error code in the body, for the log line.
    pub error_code: Option<i32>,
}

/// The answer to one POST.
pub enum Reply {
    /// A complete answer.
    Answer(HttpAnswer),
    /// Server-sent events. The last one carries the response and ends the stream; dropping the
    /// stream cancels the call.
    Stream {
        /// Always 200: what fails after this point fails inside the stream.
        status: StatusCode,
        /// Its headers, without CORS.
        headers: HeaderMap,
        /// The events, each a complete `data:` block or comment.
        events: LocalBoxStream<'static, Bytes>,
    },
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(answer) => f.debug_tuple("Answer").field(answer).finish(),
            Self::Stream {
                status, headers, ..
            } => f
                .debug_struct("Stream")
                .field("status", status)
                .field("headers", headers)
                .finish_non_exhaustive(),
        }
    }
}

/// A JSON-RPC error response. The id is left out where it could not be read: MCP forbids the null
/// JSON-RPC would put there (2026-07-28, "Error Responses").
#[derive(Serialize)]
struct ErrorResponse<'a> {
    jsonrpc: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a RequestId>,
    error: &'a ErrorData,
}

/// A JSON-RPC response with a result.
#[derive(Serialize)]
struct ResultResponse<'a, T> {
    jsonrpc: &'static str,
    id: &'a RequestId,
    result: &'a T,
}

/// The bytes of a JSON-RPC error response.
pub(crate) fn error_bytes(id: Option<&RequestId>, error: &ErrorData) -> Vec<u8> {
    let response = ErrorResponse {
        jsonrpc: "2.0",
        id,
        error,
    };
    serde_json::to_vec(&response).unwrap_or_else(|_| LAST_RESORT.to_vec())
}

/// The bytes of a JSON-RPC response carrying `result`. A result that cannot be written as JSON
/// becomes an internal error, so that the client gets an answer either way.
pub(crate) fn result_bytes<T: Serialize>(id: &RequestId, result: &T) -> Vec<u8> {
    let response = ResultResponse {
        jsonrpc: "2.0",
        id,
        result,
    };
    serde_json::to_vec(&response).unwrap_or_else(|_| {
        error_bytes(
            Some(id),
            &ErrorData::internal_error("The result could not be written as JSON.", None),
        )
    })
}

const LAST_RESORT: &[u8] =
    br#"{"jsonrpc":"2.0","error":{"code":-32603,"message":"The answer could not be written."}}"#;

impl HttpAnswer {
    /// 200 with a JSON-RPC body.
    pub(crate) fn json(body: Vec<u8>) -> Self {
        Self::with_body(StatusCode::OK, body, None)
    }

    /// 202: a notification was taken in; there is nothing to say.
    pub(crate) fn accepted() -> Self {
        Self::empty(StatusCode::ACCEPTED)
    }

    /// An answer without a body.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_static("no-store"))]),
            body: Bytes::new(),
            error_code: None,
        }
    }

    /// A JSON-RPC error under the given HTTP status.
    pub(crate) fn error(status: StatusCode, id: Option<&RequestId>, error: &ErrorData) -> Self {
        Self::with_body(status, error_bytes(id, error), Some(error.code.0))
    }

    /// A refusal of ours, under the HTTP status that says it best. The JSON-RPC code is the HTTP
    /// status: our own codes must lie outside −32768…−32000 (2026-07-28, "Error Codes").
    #[must_use]
    pub fn refusal(status: StatusCode, id: Option<&RequestId>, message: impl Into<String>) -> Self {
        let code = ErrorCode(i32::from(status.as_u16()));
        Self::error(status, id, &ErrorData::new(code, message.into(), None))
    }

    /// 429: too many requests in too short a time.
    ///
    /// `retry_after_s` is whole seconds until the next request will be let in.
    #[must_use]
    pub fn too_many_requests(id: Option<&RequestId>, retry_after_s: u64) -> Self {
        let unit = if retry_after_s == 1 {
            "second"
        } else {
            "seconds"
        };
        let message = format!(
            "Too many requests. Wait {retry_after_s} {unit}, then send this request again."
        );
        Self::refusal(StatusCode::TOO_MANY_REQUESTS, id, message)
            .with_header(RETRY_AFTER, HeaderValue::from(retry_after_s))
    }

    /// 403: the credential is good, its scope is too narrow. `www_authenticate` is the challenge of
    /// RFC 6750 §3.1 with `error="insufficient_scope"`.
    #[must_use]
    pub fn insufficient_scope(
        id: Option<&RequestId>,
        scope: &str,
        www_authenticate: HeaderValue,
    ) -> Self {
        *Failure::insufficient_scope(scope, www_authenticate).answer(id)
    }

    /// The same answer with one more header; an earlier one of that name is replaced.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    fn with_body(status: StatusCode, body: Vec<u8>, error_code: Option<i32>) -> Self {
        let mut answer = Self::empty(status);
        answer
            .headers
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        answer.body = Bytes::from(body);
        answer.error_code = error_code;
        answer
    }
}

#[cfg(test)]
mod tests {
    use http::header::WWW_AUTHENTICATE;

    use super::*;

    fn text(answer: &HttpAnswer) -> String {
        String::from_utf8_lossy(&answer.body).into_owned()
    }

    #[test]
    fn too_many_requests_echoes_the_id_and_says_how_long_to_wait() {
        let answer = HttpAnswer::too_many_requests(Some(&RequestId::Number(7)), 12);
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(answer.headers[RETRY_AFTER], "12");
        assert_eq!(answer.error_code, Some(429));
        insta::assert_snapshot!(text(&answer), @r#"{"jsonrpc":"2.0","id":7,"error":{"code":429,"message":"Too many requests. Wait 12 seconds, then send this request again."}}"#);
    }

    #[test]
    fn insufficient_scope_carries_the_challenge_it_was_given() {
        let challenge = HeaderValue::from_static(r#"Bearer error="insufficient_scope""#);
        let answer = HttpAnswer::insufficient_scope(
            Some(&RequestId::String("a".into())),
            "mcp:analytics:read",
            challenge.clone(),
        );
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert_eq!(answer.headers[WWW_AUTHENTICATE], challenge);
        insta::assert_snapshot!(text(&answer), @r#"{"jsonrpc":"2.0","id":"a","error":{"code":403,"message":"This needs the scope `mcp:analytics:read`, which this connection was not granted."}}"#);
    }

    #[test]
    fn our_own_codes_lie_outside_the_reserved_range() {
        for status in [400, 401, 403, 405, 413, 415, 429, 503] {
            let status = StatusCode::from_u16(status).unwrap_or_default();
            let code = HttpAnswer::refusal(status, None, "no").error_code;
            assert!(code.is_some_and(|code| !(-32_768..=-32_000).contains(&code)));
        }
    }

    #[test]
    fn an_unknown_id_is_left_out_rather_than_null() {
        let answer = HttpAnswer::refusal(StatusCode::PAYLOAD_TOO_LARGE, None, "Too large.");
        assert_eq!(
            text(&answer),
            r#"{"jsonrpc":"2.0","error":{"code":413,"message":"Too large."}}"#
        );
    }
}
