//! `/mcp`, in the order a request passes: protocol before the body, credential and limit, body, answer, log line.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::LocalBoxFuture;
use futures::stream::{self, LocalBoxStream};
use futures::{FutureExt, StreamExt};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use sightline_mcp::model::Implementation;
use sightline_mcp::{
    Endpoint, Hosts, HttpAnswer, Incoming, Reply, Service, Settings, Timer,
    request_id as request_id_in,
};
use sightline_oauth::{
    Audience, Credential, Denied, KeyRing, Principal, QueryForm, Realm, authenticate, has_jwt_shape,
};
use worker::{Body, Date, Delay, Env, HttpRequest, Result};

use crate::access::{Database, caller};
use crate::config::Config;
use crate::limits::{Client, Limits, Taken};
use crate::log::RequestLine;
use crate::oauth;
use crate::project_row::ProjectRow;
use crate::routes::body_of;
use crate::service::{Analytics, toolbox};
use crate::warehouses::Stores;

/// What a model is told before it uses the tools. The first 512 characters stand alone, since some clients cut there.
const INSTRUCTIONS: &str = "Product, web and session analytics, read-only. Start with get_analytics_overview for totals and trends, \
     get_event_definitions for what is tracked, query_events for single events, and query for anything else in SQL (call get_schema \
     first). Dates are days of the project's timezone, both ends included; the default is the last 30 days. Every answer says which \
     project, timezone and range it covers and whether more exists. If several projects are visible, list_projects names them and \
     projectId chooses one.\n\n\
     An answer with isError says what was wrong and what to call next: follow it rather than repeating the call. Rows come in a \
     stable order; when `truncated` is true the text ends with the exact call for the rest. Rates are percentages, money is in \
     major units with its currency, durations carry their unit in the key. Figures are exact unless a note says `approximate`.";

/// The answer to whatever comes to `/mcp`.
///
/// # Errors
/// None of its own: failures are answers.
pub async fn answer(request: HttpRequest, env: Env) -> Result<Response<Body>> {
    let started_ms = Date::now().as_millis();
    let config = Config::of(&env);
    let (parts, body) = request.into_parts();
    let request_id = request_id(started_ms);
    let mut line = RequestLine {
        request_id: &request_id,
        route: "/mcp",
        ..RequestLine::default()
    };

    let endpoint = match endpoint(&config) {
        Ok(endpoint) => endpoint,
        Err(error) => {
            line.fault = Some(format!("misconfigured: {error}"));
            let answer = HttpAnswer::refusal(
                StatusCode::INTERNAL_SERVER_ERROR,
                None,
                internal(&request_id),
            );
            return finish(answer, &mut line, started_ms);
        }
    };
    let mut headers = parts.headers;
    ensure_host(&mut headers, &parts.uri);
    let closed = |mut answer: HttpAnswer, line: &mut RequestLine<'_>| {
        endpoint.add_cors(&headers, &mut answer.headers);
        finish(answer, line, started_ms)
    };

    if let Err(answer) = endpoint.admit(&parts.method, &headers) {
        return closed(*answer, &mut line);
    }
    let form = if config.query_token {
        QueryForm::Accepted
    } else {
        QueryForm::Ignored
    };
    let credential = Credential::from_request(&headers, parts.uri.query(), form);
    let now_ms = i64::try_from(started_ms).unwrap_or(i64::MAX);
    let realm = oauth::realm(&config, &parts.uri);
    let access = admit(&env, realm.as_ref(), &credential, now_ms);
    let limits = Limits::of(&env, &credential);
    let (principal, client, mut taken) = match limits.admit(access, Client::of).await {
        Ok(admitted) => admitted,
        Err(denied) => {
            line.fault = matches!(denied, Denied::Unavailable(_))
                .then(|| format!("{}: {denied:?}", denied.slug()));
            return closed(refusal(&denied, realm.as_ref()), &mut line);
        }
    };
    let mut caller = caller(principal);
    let client_id = match &caller.identity {
        sightline_analytics::Identity::ApiClient { id, .. }
        | sightline_analytics::Identity::Person { id, .. } => id.clone(),
    };
    line.client_id = Some(&client_id);
    line.fault = taken.fault.take();
    // From here on every answer says where the client stands.
    let counted = |mut answer: HttpAnswer, taken: &Taken, line: &mut RequestLine<'_>| {
        taken.add_to(&mut answer.headers);
        closed(answer, line)
    };

    let mut body = chunks_of(body);
    let judged = endpoint.admit_body(&headers);
    if judged.is_err() {
        drain(&mut body).await;
    }
    if let Some(seconds) = taken.retry_after_s {
        let id = match judged {
            Ok(()) => request_id_in(&read(&mut body, endpoint.max_body_bytes()).await?),
            Err(_) => None,
        };
        let answer = HttpAnswer::too_many_requests(id.as_ref(), seconds);
        return counted(answer, &taken, &mut line);
    }
    if let Err(answer) = judged {
        return counted(*answer, &taken, &mut line);
    }
    let body = read(&mut body, endpoint.max_body_bytes()).await?;
    let incoming = match endpoint.open(&headers, &body) {
        Ok(incoming) => incoming,
        Err(answer) => return counted(*answer, &taken, &mut line),
    };
    let further = u32::try_from(incoming.requests())
        .unwrap_or(u32::MAX)
        .saturating_sub(1);
    if further > 0 {
        taken = limits.take(&client, further).await;
        line.fault = taken.fault.take().or(line.fault);
        if let Some(seconds) = taken.retry_after_s {
            let answer = client.batch_refusal(further.saturating_add(1), seconds);
            return counted(answer, &taken, &mut line);
        }
    }
    caller.remaining_this_minute = taken.standing.map(|standing| standing.remaining);
    let address = Address::of(parts.uri.query().unwrap_or_default());
    let narrowing = toolbox().narrowing(
        address.toolsets.as_deref(),
        address.tools.as_deref(),
        address.project.as_deref(),
    );
    let narrowing = match narrowing {
        Ok(narrowing) => narrowing,
        Err(error) => {
            let answer =
                HttpAnswer::refusal(StatusCode::BAD_REQUEST, incoming.id(), error.to_string());
            return counted(answer, &taken, &mut line);
        }
    };
    let (method, tool) = told(&incoming);
    line.method = method.as_deref();
    line.tool = tool.as_deref();

    let service = Rc::new(Analytics {
        caller,
        narrowing,
        stores: Stores::new(env),
        site: config.site.clone(),
        now_ms,
        request_id: request_id.clone(),
        resource_metadata: realm.map(|realm| realm.resource_metadata()),
        fault: RefCell::default(),
    });
    let reply = endpoint
        .serve(
            incoming,
            Rc::clone(&service) as Rc<dyn Service>,
            Rc::new(Timers),
        )
        .await;
    match reply {
        Reply::Answer(answer) => {
            note(&service, &mut line);
            counted(answer, &taken, &mut line)
        }
        Reply::Stream {
            status,
            headers: mut stream_headers,
            events,
        } => {
            taken.add_to(&mut stream_headers);
            endpoint.add_cors(&headers, &mut stream_headers);
            let log = StreamLog {
                service,
                request_id: request_id.clone(),
                client_id: client_id.clone(),
                method: method.clone(),
                tool: tool.clone(),
                limit_fault: line.fault.take(),
                started_ms,
            };
            let mut response = Response::new(Body::from_stream(
                logged(events, log).map(|event| Ok::<_, worker::Error>(event.to_vec())),
            )?);
            *response.status_mut() = status;
            *response.headers_mut() = stream_headers;
            Ok(response)
        }
    }
}

/// The protocol's side of this deployment.
fn endpoint(config: &Config) -> std::result::Result<Endpoint, sightline_mcp::SettingsError> {
    let mut settings = Settings::new(
        Implementation::new("sightline", env!("CARGO_PKG_VERSION"))
            .with_title(config.site.name.clone()),
    );
    settings.instructions = Some(INSTRUCTIONS.to_owned());
    settings.origins.clone_from(&config.allowed_origins);
    settings.hosts = match &config.public_url {
        Some(url) if is_loopback(url) => Hosts::Loopback,
        Some(url) => Hosts::Only(vec![authority(url).to_owned()]),
        None => Hosts::Any,
    };
    Endpoint::new(settings)
}

/// `host[:port]` of a URL.
fn authority(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    after_scheme.split('/').next().unwrap_or(after_scheme)
}

/// Whether a URL names this machine, whatever the port: then every name of it is accepted, and no other.
pub(crate) fn is_loopback(url: &str) -> bool {
    let authority = authority(url);
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| {
        authority
            .strip_prefix(name)
            .is_some_and(|port| port.is_empty() || port.starts_with(':'))
    })
}

/// HTTP/2 has `:authority` instead of `Host`; the platform puts it into the URL.
fn ensure_host(headers: &mut HeaderMap, uri: &http::Uri) {
    if !headers.contains_key(http::header::HOST)
        && let Some(host) = uri
            .authority()
            .and_then(|authority| HeaderValue::from_str(authority.as_str()).ok())
    {
        headers.insert(http::header::HOST, host);
    }
}

/// Who is asking, and what they may see now. Without a realm, only API clients get in: there is no one access tokens could be made for.
async fn admit(
    env: &Env,
    realm: Option<&Realm>,
    credential: &Credential,
    now_ms: i64,
) -> std::result::Result<Principal<ProjectRow>, Denied> {
    let database = Database::of(env)?;
    let keys = match (credential, realm) {
        (Credential::Bearer(bearer), Some(_)) if has_jwt_shape(bearer.reveal()) => {
            oauth::verifying_keys(env, &database, bearer.reveal(), now_ms).await?
        }
        _ => KeyRing::default(),
    };
    let audience = realm.map(|realm| Audience { realm, keys: &keys });
    authenticate(credential, &database, audience, now_ms).await
}

fn refusal(denied: &Denied, realm: Option<&Realm>) -> HttpAnswer {
    let challenge = denied.challenge().map(|challenge| match realm {
        Some(realm) => challenge.with_resource_metadata(realm.resource_metadata()),
        None => challenge,
    });
    match challenge {
        Some(challenge) => HttpAnswer::refusal(challenge.status(), None, "A valid access token is needed.")
            .with_header(WWW_AUTHENTICATE, challenge.header_value()),
        None => HttpAnswer::refusal(
            StatusCode::SERVICE_UNAVAILABLE,
            None,
            "Access could not be checked just now. The token is not at fault; ask again in a moment.",
        )
        .with_header(RETRY_AFTER, HeaderValue::from_static("2")),
    }
}

fn internal(request_id: &str) -> String {
    format!("Something failed inside. The operator finds it in the log under {request_id}.")
}

/// Pieces of a body.
pub(crate) type Chunks = LocalBoxStream<'static, Result<Bytes>>;

/// A request's body, piece by piece.
pub(crate) fn chunks_of(body: Body) -> Chunks {
    use http_body_util::BodyExt;
    match body.into_inner() {
        Some(stream) => Body::new(stream).into_data_stream().boxed_local(),
        None => stream::empty().boxed_local(),
    }
}

/// The body, or as much of it as shows that it is too large.
pub(crate) async fn read(body: &mut Chunks, most_bytes: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(chunk) = body.next().await {
        bytes.extend_from_slice(&chunk?);
        if bytes.len() > most_bytes {
            drain(body).await;
            break;
        }
    }
    Ok(bytes)
}

/// Takes in what is left of a body that is refused, up to a bound: a client still writing when the connection closes sees a broken
/// pipe instead of the answer.
async fn drain(body: &mut Chunks) {
    const MOST_BYTES: usize = 32 << 20;
    let mut drained = 0;
    while let Some(Ok(chunk)) = body.next().await {
        drained += chunk.len();
        if drained > MOST_BYTES {
            return;
        }
    }
}

/// What the query of the connection's address says, besides a token.
#[derive(Default)]
struct Address {
    toolsets: Option<String>,
    tools: Option<String>,
    project: Option<String>,
}

impl Address {
    fn of(query: &str) -> Self {
        let mut address = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let slot = match name.as_ref() {
                "toolsets" => &mut address.toolsets,
                "tools" => &mut address.tools,
                "project" => &mut address.project,
                _ => continue,
            };
            *slot = Some(value.into_owned());
        }
        address
    }
}

/// The method and the tool, as far as they are names of ours: what else a client writes there is not logged.
fn told(incoming: &Incoming) -> (Option<String>, Option<String>) {
    let tool = incoming.tool().map(|name| {
        if toolbox().knows(name) {
            name.to_owned()
        } else {
            "unknown".to_owned()
        }
    });
    (incoming.method().map(str::to_owned), tool)
}

pub(crate) fn request_id(now_ms: u64) -> String {
    let random = worker::js_sys::Math::random().to_bits();
    format!("{now_ms:x}-{:08x}", random & 0xffff_ffff)
}

fn note(service: &Analytics, line: &mut RequestLine<'_>) {
    let used = service.stores.used();
    line.lake_reads = used.reads;
    line.lake_bytes = used.bytes;
    let failed = service.fault.borrow().as_ref().and_then(|fault| {
        let detail = fault.detail.as_ref()?;
        Some(format!("{}: {detail}", fault.slug))
    });
    let faults: Vec<String> = [line.fault.take(), failed].into_iter().flatten().collect();
    line.fault = (!faults.is_empty()).then(|| faults.join("; "));
}

fn finish(
    answer: HttpAnswer,
    line: &mut RequestLine<'_>,
    started_ms: u64,
) -> Result<Response<Body>> {
    line.status = answer.status.as_u16();
    line.duration_ms = Date::now().as_millis().saturating_sub(started_ms);
    line.write();
    let mut response = Response::new(body_of(answer.body.to_vec())?);
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    Ok(response)
}

/// What a stream's log line says once it has ended, by its last event or because the client went away.
struct StreamLog {
    service: Rc<Analytics>,
    request_id: String,
    client_id: String,
    method: Option<String>,
    tool: Option<String>,
    limit_fault: Option<String>,
    started_ms: u64,
}

impl Drop for StreamLog {
    fn drop(&mut self) {
        let mut line = RequestLine {
            request_id: &self.request_id,
            route: "/mcp",
            status: 200,
            method: self.method.as_deref(),
            tool: self.tool.as_deref(),
            client_id: Some(&self.client_id),
            duration_ms: Date::now().as_millis().saturating_sub(self.started_ms),
            fault: self.limit_fault.take(),
            ..RequestLine::default()
        };
        note(&self.service, &mut line);
        line.write();
    }
}

fn logged(
    events: LocalBoxStream<'static, Bytes>,
    log: StreamLog,
) -> LocalBoxStream<'static, Bytes> {
    stream::unfold((events, log), |(mut events, log)| async move {
        events.next().await.map(|event| (event, (events, log)))
    })
    .boxed_local()
}

/// The Worker's timers, for keep-alives.
struct Timers;

impl Timer for Timers {
    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'static, ()> {
        Delay::from(duration).boxed_local()
    }
}
