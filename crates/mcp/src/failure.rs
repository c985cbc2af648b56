//! A request that cannot be answered with a result, and the HTTP status that goes with it.
//!
//! In the modern era −32020, −32021 and −32022 are 400, an unknown method is 404, a malformed `_meta`
//! is 400; everything else a parsed request can meet is 200. In the legacy era every parsed request
//! is 200. Nothing here looks for faults; it only words them.

use http::{HeaderValue, StatusCode};
use rmcp::ErrorData;
use rmcp::model::{ErrorCode, JsonObject, RequestId};
use serde_json::json;

use crate::answer::HttpAnswer;
use crate::revision::Revision;

/// Characters of a client's own text that an error message repeats.
const QUOTED_CHARS: usize = 120;

/// An error response in the making.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    /// The HTTP status, if it is not inside a stream or a batch.
    pub status: StatusCode,
    /// What the client reads.
    pub error: Box<ErrorData>,
    /// A `WWW-Authenticate` header to send along.
    pub challenge: Option<HeaderValue>,
}

impl Failure {
    fn new(status: StatusCode, error: ErrorData) -> Self {
        Self {
            status,
            error: Box::new(error),
            challenge: None,
        }
    }

    /// −32700 (JSON-RPC 2.0 §5.1).
    pub fn not_json(reason: &serde_json::Error) -> Self {
        let error = ErrorData::parse_error(format!("The body is not JSON: {reason}."), None);
        Self::new(StatusCode::BAD_REQUEST, error)
    }

    /// −32600 (JSON-RPC 2.0 §5.1).
    pub fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            ErrorData::invalid_request(message.into(), None),
        )
    }

    /// −32602: a parameter of a known method is missing or of the wrong type.
    pub fn invalid_params(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::OK,
            ErrorData::invalid_params(message.into(), None),
        )
    }

    /// −32602 for `_meta` itself: 400 in the modern era (2026-07-28, "Per-request protocol fields").
    pub fn malformed_meta(modern: bool, message: impl Into<String>) -> Self {
        let mut failure = Self::invalid_params(message);
        if modern {
            failure.status = StatusCode::BAD_REQUEST;
        }
        failure
    }

    /// −32020 (2026-07-28, "Server Validation").
    pub fn header_mismatch(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            ErrorData::header_mismatch(message.into(), None),
        )
    }

    /// −32022 (2026-07-28, "Protocol Version Negotiation").
    pub fn unsupported_version(requested: &str, supported: &[Revision]) -> Self {
        let error = ErrorData::new(
            ErrorCode::UNSUPPORTED_PROTOCOL_VERSION,
            format!(
                "Protocol version {} is not supported here.",
                quoted(requested)
            ),
            Some(json!({ "supported": supported, "requested": requested })),
        );
        Self::new(StatusCode::BAD_REQUEST, error)
    }

    /// −32601; 404 in the modern era so that a gateway sees it too.
    pub fn unknown_method(modern: bool, method: &str) -> Self {
        let status = if modern {
            StatusCode::NOT_FOUND
        } else {
            StatusCode::OK
        };
        let message = format!("There is no method {} here.", quoted(method));
        Self::new(
            status,
            ErrorData::new(ErrorCode::METHOD_NOT_FOUND, message, None),
        )
    }

    /// −32602 for a cursor we did not hand out, or not for this list ("Pagination", Error Handling).
    pub fn invalid_cursor() -> Self {
        Self::invalid_params(
            "Invalid cursor. List again without a cursor, then use `nextCursor` as it is given.",
        )
    }

    /// −32602 with the URI in the modern era, −32002 before (2026-07-28, "Resources", Error Handling).
    pub fn resource_not_found(modern: bool, uri: &str) -> Self {
        let code = if modern {
            ErrorCode::INVALID_PARAMS
        } else {
            ErrorCode::RESOURCE_NOT_FOUND
        };
        let message = format!("There is no resource {}.", quoted(uri));
        Self::new(
            StatusCode::OK,
            ErrorData::new(code, message, Some(json!({ "uri": uri }))),
        )
    }

    /// 403 with a challenge (RFC 6750 §3.1); the code is ours.
    pub fn insufficient_scope(scope: &str, challenge: HeaderValue) -> Self {
        let code = ErrorCode(i32::from(StatusCode::FORBIDDEN.as_u16()));
        let message =
            format!("This needs the scope `{scope}`, which this connection was not granted.");
        let mut failure = Self::new(StatusCode::FORBIDDEN, ErrorData::new(code, message, None));
        failure.challenge = Some(challenge);
        failure
    }

    /// −32021 (2026-07-28, "Per-request protocol fields"); 400 in the modern era, which defined it.
    pub fn missing_capability(modern: bool, required: &JsonObject) -> Self {
        let status = if modern {
            StatusCode::BAD_REQUEST
        } else {
            StatusCode::OK
        };
        let names: Vec<_> = required.keys().map(String::as_str).collect();
        let error = ErrorData::new(
            ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY,
            format!("This needs a client that can do: {}.", names.join(", ")),
            Some(json!({ "requiredCapabilities": required })),
        );
        Self::new(status, error)
    }

    /// −32603. `id` is the reference under which the cause was logged.
    pub fn internal(id: &str) -> Self {
        let message = format!(
            "Something went wrong on the server. Try again; if it stays, report reference {id}."
        );
        Self::new(StatusCode::OK, ErrorData::internal_error(message, None))
    }

    /// The HTTP answer to a request of that id.
    pub fn answer(&self, id: Option<&RequestId>) -> Box<HttpAnswer> {
        let mut answer = HttpAnswer::error(self.status, id, &self.error);
        if let Some(challenge) = &self.challenge {
            answer = answer.with_header(http::header::WWW_AUTHENTICATE, challenge.clone());
        }
        Box::new(answer)
    }
}

/// A client's own text as an error message may repeat it, in quotes.
pub(crate) fn quoted(text: &str) -> String {
    format!("`{}`", cut(text))
}

/// The beginning of a text that may hold anything, without control characters.
pub(crate) fn cut(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .filter(|c| !c.is_control())
        .take(QUOTED_CHARS)
        .collect();
    if text.chars().nth(QUOTED_CHARS).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_text_is_cut_and_has_no_control_characters() {
        assert_eq!(quoted("a\r\nb"), "`ab`");
        assert_eq!(quoted(&"é".repeat(500)).chars().count(), QUOTED_CHARS + 3);
        assert_eq!(
            quoted(&"x".repeat(QUOTED_CHARS)).chars().count(),
            QUOTED_CHARS + 2
        );
    }
}
