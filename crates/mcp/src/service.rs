//! What the endpoint serves: the seam behind which tools, resources and prompts live.
//!
//! One `Service` is made per request, for one caller; what a caller may not see is simply not in its
//! lists. A service knows nothing of JSON-RPC, eras or HTTP, and never paginates.

use std::time::Duration;

use async_trait::async_trait;
use futures::future::LocalBoxFuture;
use http::HeaderValue;
use rmcp::model::{
    CompleteRequestParams, ContentBlock, JsonObject, Prompt, PromptMessage, Resource,
    ResourceContents, ResourceTemplate, Tool,
};

/// Everything a client can list, call, read, get and complete.
#[async_trait(?Send)]
pub trait Service {
    /// The tools this caller may use, always in the same order.
    async fn list_tools(&self) -> Result<Vec<Tool>, ServiceError>;

    /// Calls a tool. Bad *arguments* are a result with `is_error` that says what to change, since
    /// only that reaches the model (2025-11-25, "Tools", Error Handling).
    ///
    /// The future is dropped when the client goes away. A missing scope must be found before the
    /// first await: once a stream has begun its status cannot become 403.
    async fn call_tool(
        &self,
        name: &str,
        arguments: JsonObject,
        progress: &dyn Progress,
    ) -> Result<ToolResult, ServiceError>;

    /// The resources with a fixed URI, always in the same order.
    async fn list_resources(&self) -> Result<Vec<Resource>, ServiceError>;

    /// The resources whose URI has variables (RFC 6570), always in the same order.
    async fn list_resource_templates(&self) -> Result<Vec<ResourceTemplate>, ServiceError>;

    /// The contents of a resource.
    async fn read_resource(&self, uri: &str) -> Result<Vec<ResourceContents>, ServiceError>;

    /// The prompts, always in the same order.
    async fn list_prompts(&self) -> Result<Vec<Prompt>, ServiceError>;

    /// A prompt with its arguments filled in.
    async fn get_prompt(
        &self,
        name: &str,
        arguments: &[(String, String)],
    ) -> Result<PromptText, ServiceError>;

    /// Values that could complete an argument of a prompt or resource template, best first. More
    /// than a hundred are cut to a hundred.
    async fn complete(&self, params: &CompleteRequestParams) -> Result<Vec<String>, ServiceError>;
}

/// What a tool answers.
#[derive(Debug, Clone, Default)]
pub struct ToolResult {
    /// What a model reads.
    pub content: Vec<ContentBlock>,
    /// The same for a program, conforming to the tool's output schema. An object: revisions before
    /// 2026-07-28 allow nothing else. Clients older than 2025-06-18 never see it, so `content` must
    /// be enough by itself.
    pub structured: Option<JsonObject>,
    /// Whether `content` says why there is no answer and what to try next.
    pub is_error: bool,
}

impl ToolResult {
    /// An answer in words.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            content: vec![ContentBlock::text(text)],
            structured: None,
            is_error: false,
        }
    }

    /// A failure in words, meant for the model that made the call.
    #[must_use]
    pub fn error(text: impl Into<String>) -> Self {
        Self {
            is_error: true,
            ..Self::text(text)
        }
    }

    /// The same answer, for programs too.
    #[must_use]
    pub fn with_structured(mut self, structured: JsonObject) -> Self {
        self.structured = Some(structured);
        self
    }
}

/// A prompt, ready to be put before a model.
#[derive(Debug, Clone)]
pub struct PromptText {
    /// What the prompt is for.
    pub description: Option<String>,
    /// The messages, in order.
    pub messages: Vec<PromptMessage>,
}

/// Why there is no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServiceError {
    /// This caller has no tool of that name.
    #[error("unknown tool {0}")]
    UnknownTool(String),
    /// There is no prompt of that name.
    #[error("unknown prompt {0}")]
    UnknownPrompt(String),
    /// The prompt cannot be filled in without this argument.
    #[error("missing prompt argument {0}")]
    MissingPromptArgument(String),
    /// An argument the prompt does not have, or a value it cannot use; said in a sentence.
    #[error("{0}")]
    BadPromptArgument(String),
    /// There is no resource there, or none that this caller may know of.
    #[error("resource not found: {uri}")]
    ResourceNotFound {
        /// As the client sent it.
        uri: String,
    },
    /// The credential is good; its scope is too narrow.
    #[error("the scope {scope} was not granted")]
    InsufficientScope {
        /// The scope that is needed.
        scope: String,
        /// The challenge of RFC 6750 §3.1, with `error="insufficient_scope"`.
        www_authenticate: HeaderValue,
    },
    /// The client did not declare that it can do what this needs.
    #[error("the client lacks a capability")]
    MissingCapability {
        /// What is missing, as `ClientCapabilities`: `{"sampling": {}}`.
        required: JsonObject,
    },
    /// A failure of ours. Its cause is in the log under `id`, and nowhere else.
    #[error("internal failure {id}")]
    Internal {
        /// What the client is told to report.
        id: String,
    },
}

/// How far a call has come. Reports that do not advance are dropped, as progress must increase
/// (2026-07-28, "Progress").
pub trait Progress {
    /// `progress` and `total` are in a unit of the tool's choice; `message` is for people.
    fn report(&self, progress: f64, total: Option<f64>, message: Option<String>);
}

/// The clock, lent by whoever runs the endpoint.
pub trait Timer {
    /// Completes after at least `duration`. It must not borrow the timer.
    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'static, ()>;
}
