//! From a call to its outcome: the service is asked, its answer cut to what the revision knows.
//!
//! Pagination, completion limits and the mapping of service errors to protocol errors live here and
//! nowhere else. Nothing here knows HTTP beyond the status a failure names.

use rmcp::model::{CompletionInfo, Implementation, ServerCapabilities};

use crate::call::{Call, Capabilities};
use crate::failure::{Failure, quoted};
use crate::outcome::{Body, Caching, Outcome};
use crate::page::{Page, page_of};
use crate::revision::Revision;
use crate::service::{Progress, Service, ServiceError, ToolResult};
use crate::vintage::Vintage;

/// What the server says about itself and how it lists things.
#[derive(Debug)]
pub(crate) struct Profile {
    pub server: Implementation,
    pub instructions: Option<String>,
    pub capabilities: Capabilities,
    pub caching: Caching,
    pub page_size: usize,
}

impl Profile {
    /// Answers one call.
    pub async fn answer(
        &self,
        call: Call,
        revision: Revision,
        service: &dyn Service,
        progress: &dyn Progress,
    ) -> Result<Outcome, Failure> {
        let body = match call {
            Call::Initialize { requested } => self.initialize(&requested),
            Call::Ping => Body::Empty {},
            Call::Discover => Body::Discovered {
                supported_versions: &Revision::MODERN,
                capabilities: self.capabilities(),
                instructions: self.instructions.clone(),
            },
            Call::RunTool {
                name, arguments, ..
            } => {
                let result = service.call_tool(&name, arguments, progress).await;
                tool_answer(result.map_err(|error| failure(error, revision))?, revision)
            }
            Call::ReadResource { uri } => {
                let contents = service.read_resource(&uri).await;
                Body::ResourceRead {
                    contents: contents.map_err(|error| failure(error, revision))?,
                }
            }
            Call::GetPrompt { name, arguments } => {
                let prompt = service.get_prompt(&name, &arguments).await;
                let prompt = prompt.map_err(|error| failure(error, revision))?;
                Body::PromptFilled {
                    description: prompt.description,
                    messages: prompt.messages,
                }
            }
            Call::Complete(params) => {
                let values = service.complete(&params).await;
                completed(values.map_err(|error| failure(error, revision))?)
            }
            Call::ListTools { cursor } => {
                let Page {
                    items: tools,
                    next_cursor,
                } = self.page(service.list_tools().await, "tools", cursor, revision)?;
                Body::Tools { tools, next_cursor }
            }
            Call::ListResources { cursor } => {
                let Page {
                    items: resources,
                    next_cursor,
                } = self.page(
                    service.list_resources().await,
                    "resources",
                    cursor,
                    revision,
                )?;
                Body::Resources {
                    resources,
                    next_cursor,
                }
            }
            Call::ListResourceTemplates { cursor } => {
                let templates = service.list_resource_templates().await;
                let Page {
                    items: resource_templates,
                    next_cursor,
                } = self.page(templates, "templates", cursor, revision)?;
                Body::ResourceTemplates {
                    resource_templates,
                    next_cursor,
                }
            }
            Call::ListPrompts { cursor } => {
                let Page {
                    items: prompts,
                    next_cursor,
                } = self.page(service.list_prompts().await, "prompts", cursor, revision)?;
                Body::Prompts {
                    prompts,
                    next_cursor,
                }
            }
        };
        Ok(Outcome::new(body, revision, &self.server, &self.caching))
    }

    /// The version asked for if `initialize` knows it, else the newest that begins that way
    /// (2025-11-25, "Lifecycle", Version Negotiation).
    fn initialize(&self, requested: &str) -> Body {
        let protocol_version = Revision::named(requested)
            .filter(|revision| !revision.is_modern())
            .unwrap_or(Revision::NEWEST_LEGACY);
        Body::Initialized {
            protocol_version,
            capabilities: self.capabilities(),
            server_info: self.server.clone().known_to(protocol_version),
            instructions: self.instructions.clone(),
        }
    }

    /// No `listChanged`, no `subscribe`, no `logging`: nothing is ever sent unasked.
    fn capabilities(&self) -> ServerCapabilities {
        let offered = self.capabilities;
        let mut capabilities = ServerCapabilities::default();
        capabilities.tools = offered.tools.then(Default::default);
        capabilities.resources = offered.resources.then(Default::default);
        capabilities.prompts = offered.prompts.then(Default::default);
        capabilities.completions = offered.completions.then(Default::default);
        capabilities
    }

    fn page<T: Vintage>(
        &self,
        items: Result<Vec<T>, ServiceError>,
        list: &str,
        cursor: Option<String>,
        revision: Revision,
    ) -> Result<Page<T>, Failure> {
        let items = items.map_err(|error| failure(error, revision))?;
        let Page { items, next_cursor } = page_of(items, list, cursor.as_deref(), self.page_size)?;
        let items = items
            .into_iter()
            .map(|item| item.known_to(revision))
            .collect();
        Ok(Page { items, next_cursor })
    }
}

fn tool_answer(result: ToolResult, revision: Revision) -> Body {
    Body::ToolAnswer {
        content: result
            .content
            .into_iter()
            .map(|block| block.known_to(revision))
            .collect(),
        structured_content: result
            .structured
            .filter(|_| revision.has_structured_results()),
        is_error: result.is_error,
    }
}

/// At most a hundred values may be sent; the rest is only counted (2025-11-25, "Completion").
fn completed(mut values: Vec<String>) -> Body {
    let total = values.len();
    values.truncate(CompletionInfo::MAX_VALUES);
    let mut completion = CompletionInfo::default();
    completion.has_more = Some(total > values.len());
    completion.total = u32::try_from(total).ok();
    completion.values = values;
    Body::Completed { completion }
}

fn failure(error: ServiceError, revision: Revision) -> Failure {
    match error {
        ServiceError::UnknownTool(name) => {
            Failure::invalid_params(format!("Unknown tool: {}.", quoted(&name)))
        }
        ServiceError::UnknownPrompt(name) => {
            Failure::invalid_params(format!("Unknown prompt: {}.", quoted(&name)))
        }
        ServiceError::MissingPromptArgument(name) => {
            Failure::invalid_params(format!("The prompt needs the argument {}.", quoted(&name)))
        }
        ServiceError::BadPromptArgument(told) => Failure::invalid_params(told),
        ServiceError::ResourceNotFound { uri } => {
            Failure::resource_not_found(revision.is_modern(), &uri)
        }
        ServiceError::InsufficientScope {
            scope,
            www_authenticate,
        } => Failure::insufficient_scope(&scope, www_authenticate),
        ServiceError::MissingCapability { required } => {
            Failure::missing_capability(revision.is_modern(), &required)
        }
        ServiceError::Internal { id } => Failure::internal(&id),
    }
}
