//! What the official conformance suite calls by name, added to a service that knows nothing of it.
//!
//! Only behind the feature `conformance`, and never in a build that ships: the fixtures exist so that
//! the suite meets the same HTTP and dispatch layer that customers meet. Their texts are the suite's.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rmcp::model::{
    CompleteRequestParams, ContentBlock, JsonObject, Prompt, PromptArgument, PromptMessage,
    Resource, ResourceContents, ResourceTemplate, Role, Tool,
};
use serde_json::json;

use crate::schema::wire;
use crate::service::{Progress, PromptText, Service, ServiceError, Timer, ToolResult};

/// One red pixel.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";

/// A WAV file without a sample.
const WAV: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA=";

const TOOLS: [(&str, &str); 10] = [
    ("test_simple_text", "Answers with text."),
    ("test_image_content", "Answers with an image."),
    ("test_audio_content", "Answers with audio."),
    (
        "test_embedded_resource",
        "Answers with an embedded resource.",
    ),
    (
        "test_multiple_content_types",
        "Answers with text, an image and a resource.",
    ),
    ("test_error_handling", "Fails."),
    (
        "test_tool_with_progress",
        "Takes a tenth of a second and reports on it.",
    ),
    ("test_missing_capability", "Needs a client that can sample."),
    ("test_streaming_elicitation", "Asks the client for nothing."),
    ("test_logging_tool", "Sends no log messages."),
];

/// Name, description, required arguments.
const PROMPTS: [(&str, &str, &[&str]); 4] = [
    ("test_simple_prompt", "Text.", &[]),
    (
        "test_prompt_with_arguments",
        "Text with two arguments.",
        &["arg1", "arg2"],
    ),
    (
        "test_prompt_with_embedded_resource",
        "A resource of the caller's.",
        &["resourceUri"],
    ),
    ("test_prompt_with_image", "An image.", &[]),
];

/// A service with the suite's fixtures beside its own tools, resources and prompts.
pub struct WithFixtures {
    inner: Rc<dyn Service>,
    timer: Rc<dyn Timer>,
    client_capabilities: JsonObject,
}

impl WithFixtures {
    /// The timer is for the fixture that takes its time, `client_capabilities` (of
    /// [`crate::Incoming`]) for the one that needs sampling.
    #[must_use]
    pub fn new(
        inner: Rc<dyn Service>,
        timer: Rc<dyn Timer>,
        client_capabilities: JsonObject,
    ) -> Self {
        Self {
            inner,
            timer,
            client_capabilities,
        }
    }

    async fn with_progress(&self, progress: &dyn Progress) -> ToolResult {
        progress.report(0.0, Some(100.0), None);
        for part in [50.0, 100.0] {
            self.timer.sleep(Duration::from_millis(50)).await;
            progress.report(part, Some(100.0), None);
        }
        ToolResult::text("Done in three steps.")
    }
}

#[async_trait(?Send)]
impl Service for WithFixtures {
    async fn list_tools(&self) -> Result<Vec<Tool>, ServiceError> {
        let schema = Arc::new(wire(&json!({"type": "object", "properties": {}})));
        let fixtures =
            TOOLS.map(|(name, description)| Tool::new(name, description, Arc::clone(&schema)));
        Ok(self
            .inner
            .list_tools()
            .await?
            .into_iter()
            .chain(fixtures)
            .collect())
    }

    async fn call_tool(
        &self,
        name: &str,
        arguments: JsonObject,
        progress: &dyn Progress,
    ) -> Result<ToolResult, ServiceError> {
        let content = match name {
            "test_simple_text" => {
                vec![ContentBlock::text(
                    "This is a simple text response for testing.",
                )]
            }
            "test_image_content" => vec![ContentBlock::image(PNG, "image/png")],
            "test_audio_content" => vec![ContentBlock::audio(WAV, "audio/wav")],
            "test_embedded_resource" => vec![ContentBlock::resource(ResourceContents::text(
                "This is an embedded resource content.",
                "test://embedded-resource",
            ))],
            "test_multiple_content_types" => vec![
                ContentBlock::text("Multiple content types test:"),
                ContentBlock::image(PNG, "image/png"),
                ContentBlock::resource(json_contents(
                    "test://mixed-content-resource",
                    r#"{"test":"data","value":123}"#,
                )),
            ],
            "test_error_handling" => {
                return Ok(ToolResult::error(
                    "This tool intentionally returns an error for testing",
                ));
            }
            "test_missing_capability" if !self.client_capabilities.contains_key("sampling") => {
                let required = JsonObject::from_iter([("sampling".to_owned(), json!({}))]);
                return Err(ServiceError::MissingCapability { required });
            }
            "test_missing_capability" => vec![ContentBlock::text("This client can sample.")],
            // What the suite checks of these two is what must not be on their stream: requests to
            // the client, and log messages nobody asked for. This server sends neither, ever.
            "test_streaming_elicitation" => vec![ContentBlock::text("Nothing was asked.")],
            "test_logging_tool" => vec![ContentBlock::text("Nothing was logged.")],
            "test_tool_with_progress" => return Ok(self.with_progress(progress).await),
            _ => return self.inner.call_tool(name, arguments, progress).await,
        };
        Ok(ToolResult {
            content,
            ..ToolResult::default()
        })
    }

    async fn list_resources(&self) -> Result<Vec<Resource>, ServiceError> {
        let mut resources = self.inner.list_resources().await?;
        resources.push(
            Resource::new("test://static-text", "static-text")
                .with_description("A text that never changes.")
                .with_mime_type("text/plain"),
        );
        resources.push(
            Resource::new("test://static-binary", "static-binary")
                .with_description("An image that never changes.")
                .with_mime_type("image/png"),
        );
        Ok(resources)
    }

    async fn list_resource_templates(&self) -> Result<Vec<ResourceTemplate>, ServiceError> {
        let mut templates = self.inner.list_resource_templates().await?;
        templates.push(
            ResourceTemplate::new("test://template/{id}/data", "template")
                .with_description("The data of an id.")
                .with_mime_type("application/json"),
        );
        Ok(templates)
    }

    async fn read_resource(&self, uri: &str) -> Result<Vec<ResourceContents>, ServiceError> {
        let id = uri
            .strip_prefix("test://template/")
            .and_then(|rest| rest.strip_suffix("/data"));
        let contents = match (uri, id) {
            ("test://static-text", _) => {
                ResourceContents::text("This is the content of the static text resource.", uri)
            }
            ("test://static-binary", _) => {
                ResourceContents::blob(PNG, uri).with_mime_type("image/png")
            }
            (_, Some(id)) => {
                let data = format!("Data for ID: {id}");
                let data = json!({"id": id, "templateTest": true, "data": data});
                json_contents(uri, &data.to_string())
            }
            _ => return self.inner.read_resource(uri).await,
        };
        Ok(vec![contents])
    }

    async fn list_prompts(&self) -> Result<Vec<Prompt>, ServiceError> {
        let fixtures = PROMPTS.map(|(name, description, required)| {
            let arguments: Vec<_> = required
                .iter()
                .map(|argument| PromptArgument::new(*argument).with_required(true))
                .collect();
            Prompt::new(
                name,
                Some(description),
                (!arguments.is_empty()).then_some(arguments),
            )
        });
        Ok(self
            .inner
            .list_prompts()
            .await?
            .into_iter()
            .chain(fixtures)
            .collect())
    }

    async fn get_prompt(
        &self,
        name: &str,
        arguments: &[(String, String)],
    ) -> Result<PromptText, ServiceError> {
        let argument = |wanted: &str| {
            let found = arguments
                .iter()
                .find(|(key, _)| key == wanted)
                .map(|(_, value)| value);
            found.ok_or_else(|| ServiceError::MissingPromptArgument(wanted.to_owned()))
        };
        let content = match name {
            "test_simple_prompt" => {
                vec![ContentBlock::text("This is a simple prompt for testing.")]
            }
            "test_prompt_with_arguments" => {
                let (arg1, arg2) = (argument("arg1")?, argument("arg2")?);
                let text = format!("Prompt with arguments: arg1='{arg1}', arg2='{arg2}'");
                vec![ContentBlock::text(text)]
            }
            "test_prompt_with_embedded_resource" => vec![
                ContentBlock::resource(ResourceContents::text(
                    "Embedded resource content for testing.",
                    argument("resourceUri")?,
                )),
                ContentBlock::text("Please process the embedded resource above."),
            ],
            "test_prompt_with_image" => vec![
                ContentBlock::image(PNG, "image/png"),
                ContentBlock::text("Please analyze the image above."),
            ],
            _ => return self.inner.get_prompt(name, arguments).await,
        };
        let messages = content
            .into_iter()
            .map(|block| PromptMessage::new(Role::User, block))
            .collect();
        Ok(PromptText {
            description: None,
            messages,
        })
    }

    async fn complete(&self, params: &CompleteRequestParams) -> Result<Vec<String>, ServiceError> {
        match params.r#ref.as_prompt_name() {
            Some("test_prompt_with_arguments") => {
                let known = ["paris", "park", "party"].map(str::to_owned);
                Ok(known
                    .into_iter()
                    .filter(|k| k.starts_with(&params.argument.value))
                    .collect())
            }
            _ => self.inner.complete(params).await,
        }
    }
}

fn json_contents(uri: &str, text: &str) -> ResourceContents {
    ResourceContents::text(text, uri).with_mime_type("application/json")
}
