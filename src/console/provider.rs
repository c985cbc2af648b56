//! Signing in at the OpenID Connect provider: there, and back.
//!
//! The person chooses to go, on a page that names the app that waits, and has seen nothing granted: consent comes afterwards, here, always.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::{Either, select};
use futures::{FutureExt, StreamExt};
use sightline_accounts::oidc::{self, Callback, FetchFault, Fetched, OidcError};
use sightline_console::pages::{DeparturePage, departure};
use sightline_console::path;
use worker::{
    AbortController, AbortSignal, Date, Delay, Fetch, Method, Request, RequestInit, RequestRedirect,
};

use crate::console::answer::Answer;
use crate::console::destination::Destination;
use crate::console::form::Form;
use crate::console::refused::Refused;
use crate::console::visit::Visit;
use crate::console::{settings, sign_in};

/// Most bytes of an answer.
const MAX_BYTES: usize = 256 << 10;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long an isolate keeps the provider's documents, in ms.
const KEPT_MS: u64 = 600_000;
/// Documents kept: the description and the keys, of few providers.
const MOST_KEPT: usize = 8;

thread_local! {
    static KEPT: RefCell<HashMap<String, (Vec<u8>, u64)>> = RefCell::default();
}

/// Sends the browser to the provider, by way of a page of ours: a redirect would be blocked by `form-action`.
///
/// # Errors
/// [`Refused::NotFound`] if there is no provider; if it cannot be asked, or the database fails.
pub async fn depart(visit: &Visit<'_>, form: &Form) -> Result<Answer, Refused> {
    visit.check_open(form)?;
    let config = settings::provider(visit.env)?.ok_or(Refused::NotFound)?;
    let next = Destination::parse(form.get("next"));
    let departure_to = visit
        .accounts()
        .oidc_begin(
            &config,
            &Provider,
            visit.form_token(),
            &visit.realm.at(path::SIGN_IN_CALLBACK),
            next.as_str(),
        )
        .await?;
    Ok(Answer::page(&departure(
        &visit.shell(None),
        &DeparturePage {
            provider: &config.name,
            url: &departure_to.url,
        },
    )))
}

/// Takes the browser back, and signs the person in.
///
/// # Errors
/// Whatever is wrong with what it brings.
pub async fn come_back(visit: &Visit<'_>) -> Result<Answer, Refused> {
    let config = settings::provider(visit.env)?.ok_or(Refused::NotFound)?;
    let callback = Callback {
        state: visit.query.given("state"),
        code: visit.query.given("code"),
        error: visit.query.given("error"),
        issuer: visit.query.given("iss"),
    };
    // A browser without the cookie began nothing here.
    if visit.cookie(sightline_accounts::FORM_COOKIE).is_none() {
        return Err(OidcError::NotOurs.into());
    }
    let (session, return_to) = visit
        .accounts()
        .oidc_finish(
            &config,
            &Provider,
            visit.form_token(),
            &visit.realm.at(path::SIGN_IN_CALLBACK),
            &callback,
            &visit.browser(),
        )
        .await?;
    sign_in::let_in(visit, &session, "provider", &Destination::parse(&return_to)).await
}

/// The way to the provider.
struct Provider;

fn fault(error: impl std::fmt::Display) -> FetchFault {
    FetchFault(error.to_string())
}

impl Provider {
    async fn ask(&self, url: &str, mut init: RequestInit) -> Result<Fetched, FetchFault> {
        init.with_redirect(RequestRedirect::Manual);
        let mut request = Request::new_with_init(url, &init).map_err(fault)?;
        request
            .headers_mut()
            .and_then(|headers| headers.set("accept", "application/json"))
            .map_err(fault)?;
        let controller = AbortController::default();
        let signal = controller.signal();
        let answer = read(request, &signal).boxed_local();
        let outcome = match select(answer, Delay::from(PATIENCE)).await {
            Either::Left((answer, _)) => answer,
            Either::Right(((), _)) => Err(fault("it took longer than ten seconds")),
        };
        controller.abort();
        outcome
    }
}

async fn read(request: Request, signal: &AbortSignal) -> Result<Fetched, FetchFault> {
    let mut response = Fetch::Request(request)
        .send_with_signal(signal)
        .await
        .map_err(fault)?;
    let status = response.status_code();
    let mut body = Vec::new();
    let mut stream = response.stream().map_err(fault)?;
    while let Some(chunk) = stream.next().await {
        body.extend_from_slice(&chunk.map_err(fault)?);
        if body.len() > MAX_BYTES {
            return Err(fault("it is longer than 256 KiB"));
        }
    }
    Ok(Fetched { status, body })
}

#[async_trait(?Send)]
impl oidc::Fetch for Provider {
    async fn get(&self, url: &str, fresh: bool) -> Result<Fetched, FetchFault> {
        let now_ms = Date::now().as_millis();
        let kept = KEPT.with_borrow(|kept| {
            let (body, at_ms) = kept.get(url).filter(|_| !fresh)?;
            (now_ms < at_ms + KEPT_MS).then(|| body.clone())
        });
        if let Some(body) = kept {
            return Ok(Fetched { status: 200, body });
        }
        let mut init = RequestInit::new();
        init.with_method(Method::Get);
        let fetched = self.ask(url, init).await?;
        if fetched.status == 200 {
            KEPT.with_borrow_mut(|kept| {
                if kept.len() >= MOST_KEPT {
                    kept.clear();
                }
                kept.insert(url.to_owned(), (fetched.body.clone(), now_ms));
            });
        }
        Ok(fetched)
    }

    async fn post(
        &self,
        url: &str,
        form: String,
        authorization: Option<String>,
    ) -> Result<Fetched, FetchFault> {
        let headers = worker::Headers::new();
        headers
            .set("content-type", "application/x-www-form-urlencoded")
            .map_err(fault)?;
        if let Some(authorization) = authorization {
            headers
                .set("authorization", &authorization)
                .map_err(fault)?;
        }
        let mut init = RequestInit::new();
        init.with_method(Method::Post)
            .with_headers(headers)
            .with_body(Some(form.into()));
        self.ask(url, init).await
    }
}
