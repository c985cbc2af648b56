//! The smallest MCP server on this crate: one tool, one resource, one prompt, on a loopback port.
//!
//! ```text
//! cargo run -p sightline-mcp --example loopback -- 8765
//! npx @modelcontextprotocol/inspector --cli http://localhost:8765/mcp --method tools/list
//! ```
//!
//! With `--features conformance` it has the official suite's fixtures as well:
//!
//! ```text
//! npx @modelcontextprotocol/conformance server --url http://localhost:8765/mcp --requirements 2026-07-28
//! ```

use std::convert::Infallible;
use std::error::Error;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::future::{FutureExt, LocalBoxFuture};
use futures::stream::LocalBoxStream;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Either, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming as HyperBody};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use sightline_mcp::model::{
    CompleteRequestParams, Implementation, Prompt, PromptArgument, PromptMessage, Resource,
    ResourceContents, ResourceTemplate, Role, Tool,
};
use sightline_mcp::{
    Endpoint, Hosts, HttpAnswer, Incoming, JsonObject, Progress, PromptText, Reply, Service,
    ServiceError, Settings, Timer, ToolResult, schema,
};
use tokio::net::TcpListener;

/// What this server has to offer.
struct Greeter;

#[async_trait(?Send)]
impl Service for Greeter {
    async fn list_tools(&self) -> Result<Vec<Tool>, ServiceError> {
        let input = schema::wire(&json!({
            "type": "object",
            "properties": {"name": {"type": "string", "description": "Who is greeted."}},
        }));
        Ok(vec![Tool::new(
            "greet",
            "Greets someone by name.",
            Arc::new(input),
        )])
    }

    async fn call_tool(
        &self,
        name: &str,
        arguments: JsonObject,
        _progress: &dyn Progress,
    ) -> Result<ToolResult, ServiceError> {
        if name != "greet" {
            return Err(ServiceError::UnknownTool(name.to_owned()));
        }
        // Bad arguments are a result: only that reaches the model, which can then do better.
        Ok(match arguments.get("name").and_then(Value::as_str) {
            Some(name) => ToolResult::text(format!("Hello, {name}.")),
            None => ToolResult::error("`name` is missing. Call again with {\"name\": \"…\"}."),
        })
    }

    async fn list_resources(&self) -> Result<Vec<Resource>, ServiceError> {
        Ok(vec![
            Resource::new("greeter://manners", "manners")
                .with_description("How one greets.")
                .with_mime_type("text/plain"),
        ])
    }

    async fn list_resource_templates(&self) -> Result<Vec<ResourceTemplate>, ServiceError> {
        Ok(Vec::new())
    }

    async fn read_resource(&self, uri: &str) -> Result<Vec<ResourceContents>, ServiceError> {
        match uri {
            "greeter://manners" => Ok(vec![ResourceContents::text("Say the name.", uri)]),
            _ => Err(ServiceError::ResourceNotFound {
                uri: uri.to_owned(),
            }),
        }
    }

    async fn list_prompts(&self) -> Result<Vec<Prompt>, ServiceError> {
        let name = PromptArgument::new("name").with_required(true);
        Ok(vec![Prompt::new(
            "welcome",
            Some("Welcomes a guest."),
            Some(vec![name]),
        )])
    }

    async fn get_prompt(
        &self,
        name: &str,
        arguments: &[(String, String)],
    ) -> Result<PromptText, ServiceError> {
        if name != "welcome" {
            return Err(ServiceError::UnknownPrompt(name.to_owned()));
        }
        let guest = arguments.iter().find(|(key, _)| key == "name");
        let (_, guest) =
            guest.ok_or_else(|| ServiceError::MissingPromptArgument("name".to_owned()))?;
        let text = format!("Welcome {guest} in one sentence.");
        Ok(PromptText {
            description: None,
            messages: vec![PromptMessage::new_text(Role::User, text)],
        })
    }

    async fn complete(&self, params: &CompleteRequestParams) -> Result<Vec<String>, ServiceError> {
        match params.r#ref.as_prompt_name() {
            Some("welcome") | None => Ok(Vec::new()),
            Some(unknown) => Err(ServiceError::UnknownPrompt(unknown.to_owned())),
        }
    }
}

/// The clock the endpoint borrows.
struct TokioTimer;

impl Timer for TokioTimer {
    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'static, ()> {
        tokio::time::sleep(duration).boxed_local()
    }
}

type Body =
    Either<Full<Bytes>, StreamBody<LocalBoxStream<'static, Result<Frame<Bytes>, Infallible>>>>;

/// One HTTP request through the endpoint: admit, read, open, serve.
async fn handle(
    endpoint: Endpoint,
    request: Request<HyperBody>,
) -> Result<Response<Body>, Infallible> {
    let (parts, body) = request.into_parts();
    let asked = parts.headers;
    let refused = match parts.uri.path() {
        "/mcp" => endpoint
            .admit(&parts.method, &asked)
            .and_then(|()| endpoint.admit_body(&asked)),
        _ => Err(Box::new(HttpAnswer::refusal(
            StatusCode::NOT_FOUND,
            None,
            "Only /mcp is here.",
        ))),
    };
    let reply = match refused {
        Err(answer) => Reply::Answer(*answer),
        Ok(()) => {
            // A server with users checks the credential here, before it reads the body.
            let limit = endpoint.max_body_bytes() + 1;
            let body = Limited::new(body, limit)
                .collect()
                .await
                .map(|body| body.to_bytes());
            match endpoint.open(&asked, &body.unwrap_or_else(|_| vec![b' '; limit].into())) {
                // And takes the request from the caller's limit here.
                Ok(incoming) => {
                    let service = service(&incoming);
                    endpoint.serve(incoming, service, Rc::new(TokioTimer)).await
                }
                Err(answer) => Reply::Answer(*answer),
            }
        }
    };
    let (status, mut headers, body) = match reply {
        Reply::Answer(answer) => (
            answer.status,
            answer.headers,
            Either::Left(Full::new(answer.body)),
        ),
        Reply::Stream {
            status,
            headers,
            events,
        } => {
            let frames = events.map(|event| Ok(Frame::data(event))).boxed_local();
            (status, headers, Either::Right(StreamBody::new(frames)))
        }
    };
    endpoint.add_cors(&asked, &mut headers);
    Ok(respond(status, headers, body))
}

fn respond(status: StatusCode, headers: HeaderMap, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

#[cfg(not(feature = "conformance"))]
fn service(_incoming: &Incoming) -> Rc<dyn Service> {
    Rc::new(Greeter)
}

#[cfg(feature = "conformance")]
fn service(incoming: &Incoming) -> Rc<dyn Service> {
    let (inner, timer) = (Rc::new(Greeter), Rc::new(TokioTimer));
    let client = incoming.client_capabilities().cloned().unwrap_or_default();
    Rc::new(sightline_mcp::conformance::WithFixtures::new(
        inner, timer, client,
    ))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = std::env::args()
        .nth(1)
        .map_or(Ok(8765), |port| port.parse::<u16>())?;
    let server = Implementation::new("greeter", "1.0.0").with_title("Greeter");
    let settings = Settings {
        instructions: Some("Greet people by name.".to_owned()),
        hosts: Hosts::Loopback,
        ..Settings::new(server)
    };
    let endpoint = Endpoint::new(settings)?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://localhost:{port}/mcp");
    let requests = async {
        loop {
            let (socket, _) = listener.accept().await?;
            let endpoint = endpoint.clone();
            let answer = service_fn(move |request| handle(endpoint.clone(), request));
            tokio::task::spawn_local(async move {
                let connection = hyper::server::conn::http1::Builder::new();
                if let Err(error) = connection
                    .serve_connection(TokioIo::new(socket), answer)
                    .await
                {
                    eprintln!("connection: {error}");
                }
            });
        }
    };
    tokio::task::LocalSet::new().run_until(requests).await
}
