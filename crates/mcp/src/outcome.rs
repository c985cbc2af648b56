//! Results as each era writes them.
//!
//! rmcp's result types each carry `resultType`, `ttlMs`, `cacheScope` and `_meta` of their own, to be
//! set or cleared one by one (and forgotten on one: `serverInfo` reaches only discover, `ttlMs` is 0
//! and the scope public by default). Here a result is its body, and one place stamps it.

use rmcp::model::{
    CacheScope, CompletionInfo, ContentBlock, Implementation, JsonObject, Prompt, PromptMessage,
    Resource, ResourceContents, ResourceTemplate, ServerCapabilities, Tool,
};
use serde::Serialize;

use crate::revision::Revision;

/// How long a client may keep an answer, in milliseconds (2026-07-28, "Caching").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caching {
    /// `server/discover`, which is the same for everyone.
    pub discover_ttl_ms: u64,
    /// The lists, which depend on who asks.
    pub list_ttl_ms: u64,
    /// `resources/read`, which depends on who asks.
    pub read_ttl_ms: u64,
}

impl Default for Caching {
    fn default() -> Self {
        Self {
            discover_ttl_ms: 3_600_000,
            list_ttl_ms: 300_000,
            read_ttl_ms: 60_000,
        }
    }
}

/// The members of a result that its method defines.
#[derive(Debug, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub(crate) enum Body {
    Empty {},
    Initialized {
        protocol_version: Revision,
        capabilities: ServerCapabilities,
        server_info: Implementation,
        #[serde(skip_serializing_if = "Option::is_none")]
        instructions: Option<String>,
    },
    Discovered {
        supported_versions: &'static [Revision],
        capabilities: ServerCapabilities,
        #[serde(skip_serializing_if = "Option::is_none")]
        instructions: Option<String>,
    },
    Tools {
        tools: Vec<Tool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        next_cursor: Option<String>,
    },
    ToolAnswer {
        content: Vec<ContentBlock>,
        #[serde(skip_serializing_if = "Option::is_none")]
        structured_content: Option<JsonObject>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
    },
    Resources {
        resources: Vec<Resource>,
        #[serde(skip_serializing_if = "Option::is_none")]
        next_cursor: Option<String>,
    },
    ResourceTemplates {
        resource_templates: Vec<ResourceTemplate>,
        #[serde(skip_serializing_if = "Option::is_none")]
        next_cursor: Option<String>,
    },
    ResourceRead {
        contents: Vec<ResourceContents>,
    },
    Prompts {
        prompts: Vec<Prompt>,
        #[serde(skip_serializing_if = "Option::is_none")]
        next_cursor: Option<String>,
    },
    PromptFilled {
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        messages: Vec<PromptMessage>,
    },
    Completed {
        completion: CompletionInfo,
    },
}

/// A whole result.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Outcome {
    #[serde(skip_serializing_if = "Option::is_none")]
    result_type: Option<&'static str>,
    #[serde(flatten)]
    body: Body,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_scope: Option<CacheScope>,
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<Origin>,
}

/// Who made a result (2026-07-28, "Per-response protocol fields").
#[derive(Debug, Serialize)]
struct Origin {
    #[serde(rename = "io.modelcontextprotocol/serverInfo")]
    server_info: Implementation,
}

impl Outcome {
    /// Stamps a body the way the revision wants it.
    pub fn new(body: Body, revision: Revision, server: &Implementation, caching: &Caching) -> Self {
        if !revision.is_modern() {
            return Self {
                result_type: None,
                body,
                ttl_ms: None,
                cache_scope: None,
                meta: None,
            };
        }
        let (ttl_ms, cache_scope) = match &body {
            Body::Discovered { .. } => (Some(caching.discover_ttl_ms), Some(CacheScope::Public)),
            Body::Tools { .. }
            | Body::Resources { .. }
            | Body::ResourceTemplates { .. }
            | Body::Prompts { .. } => (Some(caching.list_ttl_ms), Some(CacheScope::Private)),
            Body::ResourceRead { .. } => (Some(caching.read_ttl_ms), Some(CacheScope::Private)),
            _ => (None, None),
        };
        let mut server_info = server.clone();
        if !matches!(body, Body::Discovered { .. }) {
            // Icons and prose once are enough; every result would carry them.
            server_info.icons = None;
            server_info.description = None;
            server_info.website_url = None;
        }
        let meta = Some(Origin { server_info });
        Self {
            result_type: Some("complete"),
            body,
            ttl_ms,
            cache_scope,
            meta,
        }
    }
}
