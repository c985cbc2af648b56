//! Other hosts' documents: fetched with care, kept in KV.
//!
//! `sightline-oauth` decides which addresses may be fetched; here a redirect is not followed, a slow answer is given up, and a long one is not read to its
//! end. The compatibility flag `global_fetch_strictly_public` (`wrangler.toml`) keeps a fetch from reaching this account's own zone by a side way.

use std::time::Duration;

use async_trait::async_trait;
use futures::future::{Either, select};
use futures::{FutureExt, StreamExt};
use sightline_oauth::{DOCUMENT_TIMEOUT_MS, Documents, Fetched, MAX_DOCUMENT_BYTES, StoreFault};
use worker::{
    AbortController, AbortSignal, Delay, Env, Fetch, KvStore, Method, Request, RequestInit,
    RequestRedirect,
};

/// KV keeps nothing for less, in s.
const SHORTEST_KEPT_S: u64 = 60;

/// The web, behind a cache.
pub struct Web {
    cache: Option<KvStore>,
}

fn fault(error: impl std::fmt::Display) -> StoreFault {
    StoreFault(format!("a document could not be fetched: {error}"))
}

/// KV's keys have at most 512 bytes; an address we fetch has at most 500.
fn key(url: &str) -> String {
    format!("doc:{url}")
}

impl Web {
    /// With the cache bound as `CACHE`, or none.
    pub fn of(env: &Env) -> Self {
        Self {
            cache: env.kv("CACHE").ok(),
        }
    }
}

async fn fetch(url: &str, signal: &AbortSignal) -> Result<Fetched, StoreFault> {
    let mut init = RequestInit::new();
    init.with_method(Method::Get)
        .with_redirect(RequestRedirect::Manual);
    let mut request = Request::new_with_init(url, &init).map_err(fault)?;
    request
        .headers_mut()
        .and_then(|headers| headers.set("accept", "application/json"))
        .map_err(fault)?;
    let mut response = Fetch::Request(request)
        .send_with_signal(signal)
        .await
        .map_err(fault)?;
    let header = |name: &str| response.headers().get(name).ok().flatten();
    let mut fetched = Fetched {
        status: response.status_code(),
        content_type: header("content-type"),
        cache_control: header("cache-control"),
        body: Vec::new(),
    };
    if fetched.status != 200 {
        return Ok(fetched);
    }
    let mut stream = response.stream().map_err(fault)?;
    while let Some(chunk) = stream.next().await {
        fetched.body.extend_from_slice(&chunk.map_err(fault)?);
        if fetched.body.len() > MAX_DOCUMENT_BYTES {
            break;
        }
    }
    Ok(fetched)
}

#[async_trait(?Send)]
impl Documents for Web {
    async fn fetch(&self, url: &str) -> Result<Fetched, StoreFault> {
        let controller = AbortController::default();
        let signal = controller.signal();
        let answer = fetch(url, &signal).boxed_local();
        let timer = Delay::from(Duration::from_millis(DOCUMENT_TIMEOUT_MS));
        match select(answer, timer).await {
            Either::Left((answer, _)) => {
                // Ends what was left unread.
                controller.abort();
                answer
            }
            Either::Right(((), _)) => {
                controller.abort();
                Err(fault("it took longer than ten seconds"))
            }
        }
    }

    async fn cached(&self, url: &str) -> Option<Vec<u8>> {
        let cache = self.cache.as_ref()?;
        cache.get(&key(url)).bytes().await.ok()?
    }

    async fn keep(&self, url: &str, body: &[u8], seconds: u64) {
        let Some(cache) = self.cache.as_ref().filter(|_| seconds >= SHORTEST_KEPT_S) else {
            return;
        };
        if let Ok(put) = cache.put_bytes(&key(url), body)
            && let Err(error) = put.expiration_ttl(seconds).execute().await
        {
            worker::console_warn!("a document could not be kept: {error}");
        }
    }
}
