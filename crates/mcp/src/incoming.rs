//! A POST that has been read: one request, a batch, or something that wants no answer.
//!
//! Steps 5 to 7 of the order of checks (see the crate). Once this exists, the client is known to be speaking
//! the protocol; whether it may is not decided here.

use http::HeaderMap;
use rmcp::model::{JsonObject, RequestId};
use serde_json::Value;

use crate::answer::HttpAnswer;
use crate::call::{Call, Capabilities};
use crate::era;
use crate::failure::Failure;
use crate::message::{Malformed, Message, RawRequest};
use crate::revision::Revision;
use crate::stream;

/// Messages in one batch. Limits are counted per request, and a batch is served one by one.
const BATCH_MESSAGES: usize = 50;

/// What a client sent, ready for [`crate::Endpoint::serve`].
#[derive(Debug)]
pub struct Incoming {
    pub(crate) revision: Revision,
    pub(crate) content: Content,
    /// Whether the client reads event streams.
    pub(crate) accepts_stream: bool,
}

#[derive(Debug)]
pub(crate) enum Content {
    Request(Box<Request>),
    /// 2025-03-26 only.
    Batch(Vec<Result<Request, Malformed>>),
    /// Notifications and responses: 202, and nothing happens.
    Silent,
}

/// A request that is understood.
#[derive(Debug)]
pub(crate) struct Request {
    pub id: RequestId,
    pub method: String,
    pub client_capabilities: JsonObject,
    pub call: Call,
}

impl Incoming {
    /// Reads a body of acceptable size and type.
    pub(crate) fn read(
        headers: &HeaderMap,
        body: &[u8],
        offered: Capabilities,
    ) -> Result<Self, Box<HttpAnswer>> {
        let value: Value =
            serde_json::from_slice(body).map_err(|fault| Failure::not_json(&fault).answer(None))?;
        let (revision, content) = match value {
            Value::Array(messages) => read_batch(headers, messages, offered)
                .map_err(|failure| Malformed { id: None, failure }),
            message => read_message(headers, message, offered),
        }
        .map_err(|malformed| malformed.failure.answer(malformed.id.as_ref()))?;
        Ok(Self {
            revision,
            content,
            accepts_stream: stream::is_accepted(headers),
        })
    }

    /// The revision the answer will be written in.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The id of a single request, for an answer that refuses it.
    #[must_use]
    pub fn id(&self) -> Option<&RequestId> {
        self.single().map(|request| &request.id)
    }

    /// The method of a single request, for the log line.
    #[must_use]
    pub fn method(&self) -> Option<&str> {
        self.single().map(|request| request.method.as_str())
    }

    /// The tool a single request calls, for the log line. It is the client's text: it may name none.
    #[must_use]
    pub fn tool(&self) -> Option<&str> {
        match self.single().map(|request| &request.call) {
            Some(Call::RunTool { name, .. }) => Some(name),
            _ => None,
        }
    }

    /// What the client of a single modern request can do (`ClientCapabilities`): whether it shows MCP
    /// Apps, for example. Empty in the legacy era, where nothing is remembered between requests.
    #[must_use]
    pub fn client_capabilities(&self) -> Option<&JsonObject> {
        self.single().map(|request| &request.client_capabilities)
    }

    /// How many requests it holds: what it costs of a caller's limit.
    #[must_use]
    pub fn requests(&self) -> usize {
        match &self.content {
            Content::Request(_) => 1,
            Content::Batch(entries) => entries.len(),
            Content::Silent => 0,
        }
    }

    fn single(&self) -> Option<&Request> {
        match &self.content {
            Content::Request(request) => Some(request),
            Content::Batch(_) | Content::Silent => None,
        }
    }
}

fn read_message(
    headers: &HeaderMap,
    message: Value,
    offered: Capabilities,
) -> Result<(Revision, Content), Malformed> {
    let of_header = || era::of_header(headers).map_err(|failure| Malformed { id: None, failure });
    match Message::read(message)? {
        Message::Request(raw) => {
            let revision = match era::of_request(headers, &raw) {
                Ok(revision) => revision,
                Err(failure) => {
                    return Err(Malformed {
                        id: Some(raw.id),
                        failure,
                    });
                }
            };
            Ok((
                revision,
                Content::Request(Box::new(read_request(raw, revision, offered)?)),
            ))
        }
        Message::Notification => Ok((of_header()?, Content::Silent)),
        Message::Response => {
            let revision = of_header()?;
            if revision.is_modern() {
                // "The client MUST NOT send JSON-RPC responses" (2026-07-28, "Sending Messages").
                let message = "A response was sent, but this server asks nothing of its clients.";
                return Err(Malformed {
                    id: None,
                    failure: Failure::invalid_request(message),
                });
            }
            Ok((revision, Content::Silent))
        }
    }
}

fn read_batch(
    headers: &HeaderMap,
    messages: Vec<Value>,
    offered: Capabilities,
) -> Result<(Revision, Content), Failure> {
    let revision = era::of_header(headers)?;
    if !revision.has_batches() {
        return Err(Failure::invalid_request(format!(
            "Protocol version {revision} has no batches; send one message per request."
        )));
    }
    if messages.is_empty() {
        return Err(Failure::invalid_request(
            "A batch has at least one message.",
        ));
    }
    if messages.len() > BATCH_MESSAGES {
        return Err(Failure::invalid_request(format!(
            "A batch has at most {BATCH_MESSAGES} messages here."
        )));
    }
    let mut entries = Vec::new();
    for message in messages {
        match Message::read(message) {
            Ok(Message::Request(raw)) => entries.push(read_batched(raw, revision, offered)),
            Ok(Message::Notification | Message::Response) => {}
            Err(malformed) => entries.push(Err(malformed)),
        }
    }
    let content = if entries.is_empty() {
        Content::Silent
    } else {
        Content::Batch(entries)
    };
    Ok((revision, content))
}

fn read_batched(
    raw: RawRequest,
    revision: Revision,
    offered: Capabilities,
) -> Result<Request, Malformed> {
    let fault = if raw.method == "initialize" {
        // 2025-03-26, "Lifecycle", Initialization.
        "`initialize` must not be part of a batch."
    } else if raw.names_version() {
        "A request that names its own protocol version must not be part of a batch."
    } else {
        return read_request(raw, revision, offered);
    };
    Err(Malformed {
        id: Some(raw.id),
        failure: Failure::invalid_request(fault),
    })
}

fn read_request(
    mut raw: RawRequest,
    revision: Revision,
    offered: Capabilities,
) -> Result<Request, Malformed> {
    let client_capabilities = raw.client_capabilities();
    match Call::read(&mut raw, revision, offered) {
        Ok(call) => Ok(Request {
            id: raw.id,
            method: raw.method,
            client_capabilities,
            call,
        }),
        Err(failure) => Err(Malformed {
            id: Some(raw.id),
            failure,
        }),
    }
}
