//! The MCP endpoint, in the order in which a POST passes through it.
//!
//! [`Endpoint::admit`] looks at the method, `Host` and `Origin`; then the caller checks the credential and
//! takes the request from its limit; [`Endpoint::admit_body`] looks at the body's announced size and type,
//! [`Endpoint::open`] at the body itself; then the caller takes what a batch costs more;
//! [`Endpoint::serve`] answers. Each of the first three may end the request with an answer of its own.

use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use futures::FutureExt;
use futures::StreamExt;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, Method, StatusCode};
use rmcp::model::{Implementation, RequestId};

use crate::answer::{HttpAnswer, Reply, error_bytes, result_bytes};
use crate::call::{Call, Capabilities};
use crate::dispatch::Profile;
use crate::failure::{Failure, quoted};
use crate::gate::{Gate, Hosts};
use crate::header::header_text;
use crate::incoming::{Content, Incoming, Request};
use crate::message::Malformed;
use crate::outcome::{Caching, Outcome};
use crate::progress::{NoProgress, ProgressQueue};
use crate::revision::Revision;
use crate::service::{Service, Timer};
use crate::stream::{self, CallStream};

/// Characters of `instructions` that clients keep; the first 512 should stand alone.
pub const INSTRUCTIONS_CHARS: usize = 2048;

/// What an endpoint is made from.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Name, title, version, website, icons.
    pub server: Implementation,
    /// What a model should know before it uses the tools; at most [`INSTRUCTIONS_CHARS`].
    pub instructions: Option<String>,
    /// Under which names the endpoint answers.
    pub hosts: Hosts,
    /// Browser origins that may use it beside its own: `https://app.example.com`, or with any port
    /// `http://localhost:*`.
    pub origins: Vec<String>,
    /// Largest body in bytes. Twice the largest argument worth an answer of its own is about right:
    /// JSON escapes make it longer.
    pub max_body_bytes: usize,
    /// Items on one page of a list.
    pub page_size: usize,
    /// What is offered.
    pub capabilities: Capabilities,
    /// How long clients may keep answers.
    pub caching: Caching,
}

impl Settings {
    /// The defaults: any host, no foreign origin, 2 MiB, pages of 100, everything offered.
    #[must_use]
    pub fn new(server: Implementation) -> Self {
        Self {
            server,
            instructions: None,
            hosts: Hosts::Any,
            origins: Vec::new(),
            max_body_bytes: 2 * 1024 * 1024,
            page_size: 100,
            capabilities: Capabilities::default(),
            caching: Caching::default(),
        }
    }
}

/// Settings no endpoint can be made from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Clients would cut them somewhere.
    #[error("the instructions have {0} characters, more than {INSTRUCTIONS_CHARS}")]
    LongInstructions(usize),
    /// Not `scheme://host[:port]`.
    #[error("{0} is not an origin like https://app.example.com")]
    NotAnOrigin(String),
}

/// The MCP endpoint. Cheap to clone; make one per isolate.
#[derive(Debug, Clone)]
pub struct Endpoint(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    gate: Gate,
    profile: Profile,
    max_body_bytes: usize,
}

impl Endpoint {
    /// # Errors
    /// Instructions that are too long, an origin that is none.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        let chars = settings
            .instructions
            .as_deref()
            .map_or(0, |text| text.chars().count());
        if chars > INSTRUCTIONS_CHARS {
            return Err(SettingsError::LongInstructions(chars));
        }
        for origin in &settings.origins {
            let host = origin
                .strip_prefix("https://")
                .or_else(|| origin.strip_prefix("http://"));
            if host.is_none_or(|host| host.is_empty() || host.trim_end_matches('/').contains('/')) {
                return Err(SettingsError::NotAnOrigin(origin.clone()));
            }
        }
        Ok(Self(Arc::new(Inner {
            gate: Gate::new(settings.hosts, &settings.origins),
            profile: Profile {
                server: settings.server,
                instructions: settings.instructions,
                capabilities: settings.capabilities,
                caching: settings.caching,
                page_size: settings.page_size,
            },
            max_body_bytes: settings.max_body_bytes,
        })))
    }

    /// Where reading a body may stop: one byte more is too large.
    #[must_use]
    pub fn max_body_bytes(&self) -> usize {
        self.0.max_body_bytes
    }

    /// Steps 1 and 2: the preflight, other methods, foreign hosts and origins.
    ///
    /// # Errors
    /// The answer that ends the request: 204, 405 or 403.
    pub fn admit(&self, method: &Method, headers: &HeaderMap) -> Result<(), Box<HttpAnswer>> {
        self.0.gate.admit(method, headers)
    }

    /// Adds the CORS headers to whatever leaves: our answers, and the caller's 401.
    pub fn add_cors(&self, request: &HeaderMap, answer: &mut HeaderMap) {
        self.0.gate.add_cors(request, answer);
    }

    /// Step 4, before the body is read. [`Endpoint::open`] does it again, so it may be left out.
    ///
    /// # Errors
    /// The answer that ends the request: 413 or 415.
    pub fn admit_body(&self, headers: &HeaderMap) -> Result<(), Box<HttpAnswer>> {
        let announced = header_text(headers, CONTENT_LENGTH.as_str())
            .and_then(|length| length.parse::<u64>().ok())
            .unwrap_or_default();
        if announced > u64::try_from(self.0.max_body_bytes).unwrap_or(u64::MAX) {
            return Err(self.too_large());
        }
        let encoding = header_text(headers, CONTENT_ENCODING.as_str()).unwrap_or_default();
        if !matches!(encoding.to_ascii_lowercase().as_str(), "" | "identity") {
            let message = format!(
                "The content encoding {} is not read here.",
                quoted(&encoding)
            );
            return Err(unsupported_media_type(message));
        }
        let content_type = header_text(headers, CONTENT_TYPE.as_str()).unwrap_or_default();
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/json") {
            let message = "The body must be JSON, sent with `Content-Type: application/json`.";
            return Err(unsupported_media_type(message.to_owned()));
        }
        Ok(())
    }

    /// Steps 4 to 7: size, type, JSON, shape, era, headers, method, params.
    ///
    /// # Errors
    /// The answer that ends the request. From the shape on it echoes the request's id.
    pub fn open(&self, headers: &HeaderMap, body: &[u8]) -> Result<Incoming, Box<HttpAnswer>> {
        self.admit_body(headers)?;
        if body.len() > self.0.max_body_bytes {
            return Err(self.too_large());
        }
        Incoming::read(headers, body, self.0.profile.capabilities)
    }

    /// Answers.
    ///
    /// A tool call whose client sent a `progressToken` and reads event streams is streamed, unless
    /// it is done without having to wait. Dropping the future, or the stream, cancels the call.
    pub async fn serve(
        &self,
        incoming: Incoming,
        service: Rc<dyn Service>,
        timer: Rc<dyn Timer>,
    ) -> Reply {
        let Incoming {
            revision,
            content,
            accepts_stream,
        } = incoming;
        let request = match content {
            Content::Silent => return Reply::Answer(HttpAnswer::accepted()),
            Content::Batch(entries) => {
                return Reply::Answer(self.serve_batch(entries, revision, &*service).await);
            }
            Content::Request(request) => *request,
        };
        let progress_token = match &request.call {
            Call::RunTool { progress_token, .. } if accepts_stream => progress_token.clone(),
            _ => None,
        };
        let id = request.id;
        let Some(token) = progress_token else {
            let answer = self
                .0
                .profile
                .answer(request.call, revision, &*service, &NoProgress)
                .await;
            return Reply::Answer(http_answer(&id, &answer));
        };

        let progress = Rc::new(ProgressQueue::new(token));
        let (endpoint, reports) = (self.clone(), Rc::clone(&progress));
        let mut call = async move {
            endpoint
                .0
                .profile
                .answer(request.call, revision, &*service, &*reports)
                .await
        }
        .boxed_local();
        match poll_fn(|cx| Poll::Ready(call.poll_unpin(cx))).await {
            Poll::Ready(answer) => Reply::Answer(http_answer(&id, &answer)),
            Poll::Pending => {
                let response = call
                    .map(move |answer| message_bytes(&id, &answer))
                    .boxed_local();
                Reply::Stream {
                    status: StatusCode::OK,
                    headers: stream::headers(),
                    events: CallStream::new(response, progress, timer).boxed_local(),
                }
            }
        }
    }

    /// One after the other: the memory of one call is all there is room for.
    async fn serve_batch(
        &self,
        entries: Vec<Result<Request, Malformed>>,
        revision: Revision,
        service: &dyn Service,
    ) -> HttpAnswer {
        let mut body = vec![b'['];
        for entry in entries {
            if body.len() > 1 {
                body.push(b',');
            }
            body.extend(match entry {
                Ok(Request { id, call, .. }) => {
                    let answer = self
                        .0
                        .profile
                        .answer(call, revision, service, &NoProgress)
                        .await;
                    message_bytes(&id, &answer)
                }
                Err(Malformed { id, failure }) => error_bytes(id.as_ref(), &failure.error),
            });
        }
        body.push(b']');
        HttpAnswer::json(body)
    }

    fn too_large(&self) -> Box<HttpAnswer> {
        let message = format!(
            "The request is larger than {} bytes. Send less at once.",
            self.0.max_body_bytes
        );
        Box::new(HttpAnswer::refusal(
            StatusCode::PAYLOAD_TOO_LARGE,
            None,
            message,
        ))
    }
}

fn http_answer(id: &RequestId, answer: &Result<Outcome, Failure>) -> HttpAnswer {
    match answer {
        Ok(outcome) => HttpAnswer::json(result_bytes(id, outcome)),
        Err(failure) => *failure.answer(Some(id)),
    }
}

/// The response alone, where the HTTP status is already decided.
fn message_bytes(id: &RequestId, answer: &Result<Outcome, Failure>) -> Vec<u8> {
    match answer {
        Ok(outcome) => result_bytes(id, outcome),
        Err(failure) => error_bytes(Some(id), &failure.error),
    }
}

fn unsupported_media_type(message: String) -> Box<HttpAnswer> {
    Box::new(HttpAnswer::refusal(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        None,
        message,
    ))
}
