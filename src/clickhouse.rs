//! The way to a ClickHouse server: `fetch`, with the address and the password of this deployment.
//!
//! What fails is told by kind. The platform's own words may name the address, so they go no further than this file.

use std::cell::OnceCell;
use std::rc::Rc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream;
use futures::{Stream, StreamExt};
use getrandom_04::fill;
use sightline_warehouse::WarehouseError;
use sightline_warehouse::clickhouse::{
    Body, ClickHouse, Mapping, Question, Response, Transport, TransportFault,
};
use worker::wasm_bindgen::JsValue;
use worker::{AbortController, Env, Fetch, Method, Request, RequestInit, RequestRedirect, Url};

use crate::host::EventLoop;

/// A server's address, and who asks there.
struct Server {
    url: Url,
    user: String,
    password: String,
    database: String,
}

thread_local! {
    /// Made when the isolate's first query comes: start-up builds nothing.
    static SERVER: OnceCell<Rc<ClickHouse>> = const { OnceCell::new() };
}

/// The server this deployment names, one for all requests of the isolate.
///
/// # Errors
/// [`WarehouseError::Misconfigured`] when it names none, or one that cannot be.
pub fn server(env: &Env) -> Result<Rc<ClickHouse>, WarehouseError> {
    if let Some(server) = SERVER.with(|kept| kept.get().map(Rc::clone)) {
        return Ok(server);
    }
    let made = Rc::new(made(env)?);
    Ok(SERVER.with(|kept| Rc::clone(kept.get_or_init(|| made))))
}

/// Whether this deployment names one.
pub fn is_configured(env: &Env) -> bool {
    var(env, "CLICKHOUSE_URL").is_some()
}

/// A secret or variable that says something.
fn var(env: &Env, name: &str) -> Option<String> {
    let secret = env.secret(name).map(|value| value.to_string());
    let value = secret.or_else(|_| env.var(name).map(|value| value.to_string()));
    value.ok().filter(|value| !value.is_empty())
}

fn made(env: &Env) -> Result<ClickHouse, WarehouseError> {
    let var = |name: &str| var(env, name);
    let misconfigured = |what: String| {
        WarehouseError::Misconfigured(format!(
            "This server is not set up to reach its warehouse: {what}. Whoever runs it has to mend that."
        ))
    };
    let url =
        var("CLICKHOUSE_URL").ok_or_else(|| misconfigured("CLICKHOUSE_URL is not set".into()))?;
    let url = Url::parse(&url).map_err(|_| misconfigured("CLICKHOUSE_URL is no URL".into()))?;
    if !is_safe(&url) {
        return Err(misconfigured(
            "CLICKHOUSE_URL must begin with https:// (http:// only for localhost)".into(),
        ));
    }
    let mapping = var("CLICKHOUSE_MAPPING").unwrap_or_default();
    let mapping = Mapping::of(&mapping, var("CLICKHOUSE_DATABASE").as_deref())
        .map_err(|error| misconfigured(error.to_string()))?;
    let transport = Server {
        url,
        user: var("CLICKHOUSE_USER").unwrap_or_else(|| "default".into()),
        password: var("CLICKHOUSE_PASSWORD").unwrap_or_default(),
        database: mapping.database().to_owned(),
    };
    Ok(ClickHouse::new(
        Rc::new(transport),
        Rc::new(EventLoop),
        mapping,
    ))
}

/// Passwords and rows travel in the open only within a machine.
fn is_safe(url: &Url) -> bool {
    match url.scheme() {
        "https" => true,
        "http" => matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")),
        _ => false,
    }
}

impl Server {
    fn request(&self, question: &Question) -> worker::Result<Request> {
        let mut url = self.url.clone();
        {
            let mut pairs = url.query_pairs_mut();
            pairs.append_pair("database", &self.database);
            pairs.append_pair("query_id", &identity()?);
            for (name, value) in &question.settings {
                pairs.append_pair(name, value);
            }
        }
        let boundary = format!("sightline{}", identity()?);
        let form = question.form(&boundary);
        let mut init = RequestInit::new();
        init.with_method(Method::Post)
            .with_redirect(RequestRedirect::Manual)
            .with_body(Some(JsValue::from(worker::js_sys::Uint8Array::from(
                form.as_slice(),
            ))));
        let mut request = Request::new_with_init(url.as_str(), &init)?;
        let headers = request.headers_mut()?;
        headers.set(
            "content-type",
            &format!("multipart/form-data; boundary={boundary}"),
        )?;
        headers.set("x-clickhouse-user", &self.user)?;
        headers.set("x-clickhouse-key", &self.password)?;
        Ok(request)
    }
}

#[async_trait(?Send)]
impl Transport for Server {
    async fn ask(&self, question: &Question) -> Result<Response, TransportFault> {
        let request = self.request(question).map_err(fault)?;
        let listening = Listening(Some(AbortController::default()));
        let signal = listening.signal();
        let fetched = Fetch::Request(request);
        let mut response = fetched.send_with_signal(&signal).await.map_err(fault)?;
        let summary = response.headers().get("x-clickhouse-summary");
        let status = response.status_code();
        let body: Body = match response.stream() {
            Ok(chunks) => bytes_of(chunks, listening).boxed_local(),
            // There is none.
            Err(_) => stream::empty().boxed_local(),
        };
        Ok(Response {
            status,
            summary: summary.ok().flatten(),
            body,
        })
    }
}

/// The chunks of a body. The request ends with it: read to its end, or dropped.
fn bytes_of(
    chunks: impl Stream<Item = worker::Result<Vec<u8>>> + 'static,
    listening: Listening,
) -> impl Stream<Item = Result<Bytes, TransportFault>> {
    chunks.map(move |chunk| {
        let _listening = &listening;
        chunk.map(Bytes::from).map_err(fault)
    })
}

/// Somebody waits for the answer. Dropped, it tells the server that nobody does any more.
struct Listening(Option<AbortController>);

impl Listening {
    fn signal(&self) -> worker::AbortSignal {
        self.0
            .as_ref()
            .map_or_else(worker::AbortSignal::abort, AbortController::signal)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(controller) = self.0.take() {
            controller.abort();
        }
    }
}

fn fault(error: impl std::fmt::Display) -> TransportFault {
    let told = error.to_string().to_ascii_lowercase();
    if ["certificate", "tls", "ssl"]
        .iter()
        .any(|word| told.contains(word))
    {
        TransportFault::Certificate
    } else {
        TransportFault::Unreachable
    }
}

/// A name nobody else has: of a query, or of what parts a form.
fn identity() -> worker::Result<String> {
    let mut bytes = [0; 16];
    fill(&mut bytes).map_err(|error| worker::Error::RustError(error.to_string()))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
