//! What the endpoint serves: the toolbox as the protocol sees it, for one caller and one request.
//!
//! Only translation happens here: the protocol's types on one side, the tools' on the other, neither knowing the other.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use async_trait::async_trait;
use http::HeaderValue;
use sightline_analytics::{
    CallError, Caller, Completed, Environment, Fault, Narrowing, PromptError, PromptListing,
    ResourceEntry, SchemaResource, Site, ToolAnswer, ToolListing, Toolbox, complete, fill_prompt,
    list_prompts,
};
use sightline_mcp::model::{
    CompleteRequestParams, Prompt, PromptArgument, PromptMessage, Reference, Resource,
    ResourceContents, ResourceTemplate, Role, Tool, ToolAnnotations,
};
use sightline_mcp::{JsonObject, Progress, PromptText, Service, ServiceError, ToolResult, schema};
use sightline_oauth::{Challenge, Scope};

use crate::warehouses::Stores;

thread_local! {
    /// Made with the isolate's first request.
    static TOOLBOX: Rc<Toolbox> = Rc::new(Toolbox::new());
    /// Listings as the protocol sends them, by the toolbox's own, which are made once.
    static LISTED: RefCell<HashMap<*const ToolListing, Tool>> = RefCell::default();
}

/// The tools of this isolate.
pub fn toolbox() -> Rc<Toolbox> {
    TOOLBOX.with(Rc::clone)
}

/// Everything one request may ask for.
pub struct Analytics {
    /// Who asks.
    pub caller: Caller,
    /// What the connection's address narrows the list to.
    pub narrowing: Narrowing,
    /// Where the data is.
    pub stores: Stores,
    /// How the operator presents this server.
    pub site: Site,
    /// The time of the request, in ms since 1970 UTC.
    pub now_ms: i64,
    /// What error answers repeat.
    pub request_id: String,
    /// Where the resource's metadata is, for challenges.
    pub resource_metadata: Option<String>,
    /// What failed inside, for the log line.
    pub fault: RefCell<Option<Fault>>,
}

impl Analytics {
    fn environment<'a>(&'a self, progress: Option<&'a dyn Fn(u64)>) -> Environment<'a> {
        Environment {
            caller: &self.caller,
            warehouses: &self.stores,
            now_ms: self.now_ms,
            site: &self.site,
            pinned_project: self.narrowing.project(),
            request_id: &self.request_id,
            progress,
        }
    }

    fn refused(&self, error: CallError) -> ServiceError {
        match error {
            CallError::UnknownTool { name, .. } => ServiceError::UnknownTool(name),
            CallError::MissingScope { scope, .. } => {
                let name = scope.name();
                let challenge = Scope::from_name(name).map(Challenge::insufficient_scope);
                let challenge = challenge.map(|challenge| match &self.resource_metadata {
                    Some(url) => challenge.with_resource_metadata(url.clone()),
                    None => challenge,
                });
                let www_authenticate = challenge.map_or_else(
                    || HeaderValue::from_static("Bearer"),
                    |challenge| challenge.header_value(),
                );
                ServiceError::InsufficientScope {
                    scope: name.to_owned(),
                    www_authenticate,
                }
            }
        }
    }

    fn noted(&self, answer: &mut ToolAnswer) {
        if let Some(fault) = answer.fault.take() {
            *self.fault.borrow_mut() = Some(fault);
        }
    }
}

fn tool(listing: &ToolListing) -> Tool {
    let annotations = ToolAnnotations::with_title(listing.title)
        .read_only(true)
        .destructive(false)
        .idempotent(true)
        .open_world(false);
    Tool::new(
        listing.name,
        listing.description,
        Arc::new(schema::wire(&listing.input_schema.clone().into())),
    )
    .with_title(listing.title)
    .with_raw_output_schema(Arc::new(schema::wire(
        &listing.output_schema.clone().into(),
    )))
    .with_annotations(annotations)
}

#[async_trait(?Send)]
impl Service for Analytics {
    async fn list_tools(&self) -> Result<Vec<Tool>, ServiceError> {
        let toolbox = toolbox();
        let environment = self.environment(None);
        let listed = toolbox.list(&environment, &self.narrowing).await;
        LISTED.with_borrow_mut(|known| {
            let tools = listed.iter().map(|listing| {
                let tool = known
                    .entry(Rc::as_ptr(listing))
                    .or_insert_with(|| tool(listing));
                tool.clone()
            });
            Ok(tools.collect())
        })
    }

    async fn call_tool(
        &self,
        name: &str,
        arguments: JsonObject,
        progress: &dyn Progress,
    ) -> Result<ToolResult, ServiceError> {
        let report = |statements: u64| {
            #[expect(
                clippy::cast_precision_loss,
                reason = "a call runs a handful of statements"
            )]
            progress.report(statements as f64, None, None);
        };
        let environment = self.environment(Some(&report));
        let answer = toolbox().call(name, arguments.into(), &environment).await;
        let mut answer = answer.map_err(|error| self.refused(error))?;
        self.noted(&mut answer);
        let result = if answer.is_error {
            ToolResult::error(answer.text)
        } else {
            ToolResult::text(answer.text)
        };
        Ok(match answer.structured {
            Some(serde_json::Value::Object(structured)) => result.with_structured(structured),
            _ => result,
        })
    }

    async fn list_resources(&self) -> Result<Vec<Resource>, ServiceError> {
        let resource = |entry: ResourceEntry| {
            Resource::new(entry.uri, entry.name)
                .with_title(entry.title)
                .with_description(entry.description)
                .with_mime_type(entry.mime_type)
        };
        Ok(SchemaResource::list(&self.site)
            .into_iter()
            .map(resource)
            .collect())
    }

    async fn list_resource_templates(&self) -> Result<Vec<ResourceTemplate>, ServiceError> {
        let template = |entry: ResourceEntry| {
            ResourceTemplate::new(entry.uri, entry.name)
                .with_title(entry.title)
                .with_description(entry.description)
                .with_mime_type(entry.mime_type)
        };
        Ok(SchemaResource::templates(&self.site)
            .into_iter()
            .map(template)
            .collect())
    }

    async fn read_resource(&self, uri: &str) -> Result<Vec<ResourceContents>, ServiceError> {
        let missing = || ServiceError::ResourceNotFound {
            uri: uri.to_owned(),
        };
        let resource = SchemaResource::parse(uri, &self.site).ok_or_else(missing)?;
        let answer = resource.read(&toolbox(), &self.environment(None)).await;
        let mut answer = answer.map_err(|error| self.refused(error))?;
        self.noted(&mut answer);
        if answer.is_error {
            // An unknown table or project is no resource; a failure of ours is in the log.
            return Err(match self.fault.borrow().as_ref() {
                Some(fault) if fault.detail.is_some() => ServiceError::Internal {
                    id: self.request_id.clone(),
                },
                _ => missing(),
            });
        }
        Ok(vec![
            ResourceContents::text(answer.text, uri).with_mime_type("text/markdown"),
        ])
    }

    async fn list_prompts(&self) -> Result<Vec<Prompt>, ServiceError> {
        let argument = |argument: sightline_analytics::PromptArgument| {
            PromptArgument::new(argument.name)
                .with_description(argument.description)
                .with_required(argument.required)
        };
        let prompt = |listing: PromptListing| {
            let arguments = listing.arguments.into_iter().map(argument).collect();
            Prompt::new(listing.name, Some(listing.description), Some(arguments))
                .with_title(listing.title)
        };
        Ok(list_prompts(&toolbox(), &self.caller)
            .into_iter()
            .map(prompt)
            .collect())
    }

    async fn get_prompt(
        &self,
        name: &str,
        arguments: &[(String, String)],
    ) -> Result<PromptText, ServiceError> {
        let filled = fill_prompt(&toolbox(), name, arguments, &self.environment(None));
        let filled = filled.map_err(|error| match error {
            PromptError::Unknown(name) => ServiceError::UnknownPrompt(name),
            PromptError::Missing(name) => ServiceError::MissingPromptArgument(name.to_owned()),
            PromptError::Argument(told) => ServiceError::BadPromptArgument(told),
        })?;
        Ok(PromptText {
            description: Some(filled.description.to_owned()),
            messages: vec![PromptMessage::new_text(Role::User, filled.text)],
        })
    }

    async fn complete(&self, params: &CompleteRequestParams) -> Result<Vec<String>, ServiceError> {
        let what = match &params.r#ref {
            Reference::Prompt(prompt) => Completed::Prompt(&prompt.name),
            Reference::Resource(resource)
                if SchemaResource::templates(&self.site)
                    .iter()
                    .any(|template| template.uri == resource.uri) =>
            {
                Completed::SchemaAddress
            }
            _ => return Ok(Vec::new()),
        };
        let others: Vec<(String, String)> = params
            .context
            .iter()
            .filter_map(|context| context.arguments.as_ref())
            .flatten()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let (toolbox, environment) = (toolbox(), self.environment(None));
        let argument = &params.argument;
        let values = complete(
            what,
            &argument.name,
            &argument.value,
            &others,
            &toolbox,
            &environment,
        );
        Ok(values.await)
    }
}
