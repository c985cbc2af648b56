//! A small service with one of everything that can be listed, called and read.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use async_trait::async_trait;
use futures::channel::oneshot;
use http::HeaderValue;
use serde_json::{Value, json};
use sightline_mcp::model::{
    CompleteRequestParams, ContentBlock, Prompt, PromptArgument, PromptMessage, Resource,
    ResourceContents, ResourceTemplate, Role, Tool, ToolAnnotations,
};
use sightline_mcp::{JsonObject, Progress, PromptText, Service, ServiceError, ToolResult};

/// What the `slow` tool waits for, and whether it was dropped before it was done.
#[derive(Default)]
pub struct Slow {
    pub gate: Cell<Option<oneshot::Receiver<()>>>,
    pub cancelled: Rc<Cell<bool>>,
}

#[derive(Default)]
pub struct Sample {
    pub slow: Slow,
}

/// Says so when it is dropped before it was told that all is done.
struct Watch(Rc<Cell<bool>>, bool);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.set(!self.1);
    }
}

pub fn object(value: Value) -> JsonObject {
    match value {
        Value::Object(object) => object,
        other => panic!("{other} is not an object"),
    }
}

fn tool(name: &'static str, description: &'static str) -> Tool {
    let schema = json!({"type": "object", "properties": {"text": {"type": "string"}}, "additionalProperties": false});
    Tool::new(name, description, Arc::new(object(schema)))
}

/// Judges its arguments strictly, as every tool should.
fn echo(arguments: &JsonObject) -> ToolResult {
    if let Some(unknown) = arguments.keys().find(|key| *key != "text") {
        return ToolResult::error(format!("There is no argument `{unknown}`, only `text`."));
    }
    match arguments.get("text").and_then(Value::as_str) {
        Some(text) => ToolResult::text(text).with_structured(object(json!({"text": text}))),
        None => ToolResult::error("`text` is missing. Send {\"text\": \"…\"}."),
    }
}

#[async_trait(?Send)]
impl Service for Sample {
    async fn list_tools(&self) -> Result<Vec<Tool>, ServiceError> {
        let output = json!({"type": "object", "properties": {"text": {"type": "string"}}, "additionalProperties": false});
        Ok(vec![
            tool("echo", "Says it again.")
                .with_title("Echo")
                .with_raw_output_schema(Arc::new(object(output)))
                .with_annotations(ToolAnnotations::new().read_only(true)),
            tool("link", "Points at a resource."),
            tool("slow", "Takes its time."),
        ])
    }

    async fn call_tool(
        &self,
        name: &str,
        arguments: JsonObject,
        progress: &dyn Progress,
    ) -> Result<ToolResult, ServiceError> {
        match name {
            "echo" => Ok(echo(&arguments)),
            "link" => Ok(ToolResult {
                content: vec![ContentBlock::resource_link(Resource::new(
                    "sample://notes",
                    "notes",
                ))],
                ..ToolResult::default()
            }),
            "slow" => {
                let mut watch = Watch(Rc::clone(&self.slow.cancelled), false);
                progress.report(1.0, Some(3.0), Some("one".to_owned()));
                progress.report(1.0, Some(3.0), Some("not more than before".to_owned()));
                if let Some(gate) = self.slow.gate.take() {
                    gate.await.unwrap();
                }
                progress.report(2.0, Some(3.0), Some("two".to_owned()));
                watch.1 = true;
                Ok(ToolResult::text("done"))
            }
            "narrow" => Err(ServiceError::InsufficientScope {
                scope: "mcp:sql".to_owned(),
                www_authenticate: HeaderValue::from_static(
                    r#"Bearer error="insufficient_scope", scope="mcp:sql""#,
                ),
            }),
            "sampler" => Err(ServiceError::MissingCapability {
                required: object(json!({"sampling": {}})),
            }),
            "broken" => Err(ServiceError::Internal {
                id: "01J9ZK".to_owned(),
            }),
            unknown => Err(ServiceError::UnknownTool(unknown.to_owned())),
        }
    }

    async fn list_resources(&self) -> Result<Vec<Resource>, ServiceError> {
        Ok(vec![
            Resource::new("sample://notes", "notes")
                .with_title("Notes")
                .with_mime_type("text/plain"),
        ])
    }

    async fn list_resource_templates(&self) -> Result<Vec<ResourceTemplate>, ServiceError> {
        Ok(vec![ResourceTemplate::new(
            "sample://notes/{day}",
            "notes of a day",
        )])
    }

    async fn read_resource(&self, uri: &str) -> Result<Vec<ResourceContents>, ServiceError> {
        match uri {
            "sample://notes" => Ok(vec![ResourceContents::text("Hello.", uri)]),
            unknown => Err(ServiceError::ResourceNotFound {
                uri: unknown.to_owned(),
            }),
        }
    }

    async fn list_prompts(&self) -> Result<Vec<Prompt>, ServiceError> {
        let day = PromptArgument::new("day").with_required(true);
        Ok(vec![Prompt::new(
            "review",
            Some("Goes through a day."),
            Some(vec![day]),
        )])
    }

    async fn get_prompt(
        &self,
        name: &str,
        arguments: &[(String, String)],
    ) -> Result<PromptText, ServiceError> {
        if name != "review" {
            return Err(ServiceError::UnknownPrompt(name.to_owned()));
        }
        let Some((_, day)) = arguments.iter().find(|(key, _)| key == "day") else {
            return Err(ServiceError::MissingPromptArgument("day".to_owned()));
        };
        let message = PromptMessage::new_text(Role::User, format!("Go through {day}."));
        Ok(PromptText {
            description: Some("Goes through a day.".to_owned()),
            messages: vec![message],
        })
    }

    async fn complete(&self, params: &CompleteRequestParams) -> Result<Vec<String>, ServiceError> {
        match params.r#ref.as_prompt_name() {
            Some("review") => {
                let days = (0..150).map(|day| format!("{}{day}", params.argument.value));
                Ok(days.collect())
            }
            Some(unknown) => Err(ServiceError::UnknownPrompt(unknown.to_owned())),
            None => Ok(Vec::new()),
        }
    }
}
