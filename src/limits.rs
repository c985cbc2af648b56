//! Takes each request from its client's limit, without trusting what the request says of itself.
//!
//! # When the counter is asked
//!
//! Counting under the id a token merely *claims* would let anyone who knows a client's id use up its minute, and make an object for
//! each made-up id. Counting only after D1 has checked the secret is safe, but puts two round trips in a row. So:
//!
//! - A credential that this isolate has seen let in before is recalled, by the SHA-256 of the whole token. Its counter is asked
//!   at once, side by side with D1, under the key and limit of that time.
//! - Every other credential, each wrong one among them, is counted after D1 has let it in, and never if D1 does not. A wrong secret has
//!   another fingerprint than the right one: it reaches no counter, spends nothing and makes no object.
//!
//! D1 alone decides who gets in, and what the limit is. A recalled limit that has changed is corrected by asking again, and only where
//! the decision would differ. What it costs: the first request of a credential in an isolate waits for D1 and the counter one after
//! the other; whoever is revoked while recalled spends one more unit of their own; a changed limit may cost one more call.
//!
//! # What counts
//!
//! Each POST of a client that was let in is a unit, whatever its method, well-formed or not; a batch is as many as it has
//! requests. A batch that is refused has cost its one POST.
//!
//! # A counter that cannot be reached
//!
//! The request goes on, behind the platform's own limit, and the fault is logged: a counter is no reason to be down.

use std::cell::RefCell;
use std::time::Duration;

use futures::future::{Either, select};
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, StatusCode};
use sightline_limits::{DEFAULT_LIMIT, Decision, Recall, Recalled, Standing};
use sightline_mcp::HttpAnswer;
use sightline_oauth::{Credential, Principal, VisibleProject};
use worker::{Delay, Env};

use crate::limiter;
use crate::shield::{self, Shield};

/// Credentials an isolate recalls. One is some 150 bytes.
const RECALLED: usize = 2_000;

/// How long a counter may take. One that slept answers in a fraction of it.
const PATIENCE: Duration = Duration::from_secs(2);

thread_local! {
    static RECALL: RefCell<Recall> = RefCell::new(Recall::new(RECALLED));
}

/// A client that was let in, as it is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    key: String,
    limit: u32,
}

impl Client {
    /// The client that a principal is counted as.
    pub fn of<P: VisibleProject>(principal: &Principal<P>) -> Self {
        Self {
            key: principal.limit_key(),
            limit: principal.requests_per_minute.unwrap_or(DEFAULT_LIMIT),
        }
    }

    /// The answer to a batch whose requests do not all fit. One larger than the limit never will, and is told so.
    pub fn batch_refusal(&self, requests: u32, retry_after_s: u64) -> HttpAnswer {
        if requests <= self.limit {
            return HttpAnswer::too_many_requests(None, retry_after_s);
        }
        let message = format!(
            "This batch has {requests} requests, and only {} a minute are allowed. Send it in smaller parts.",
            self.limit
        );
        HttpAnswer::refusal(StatusCode::TOO_MANY_REQUESTS, None, message)
            .with_header(RETRY_AFTER, HeaderValue::from(retry_after_s))
    }
}

/// What came of taking units.
#[derive(Debug, Default)]
pub struct Taken {
    /// Where the client stands, unless the counter could not be asked.
    pub standing: Option<Standing>,
    /// Whole seconds to wait, if the units were refused.
    pub retry_after_s: Option<u64>,
    /// What failed, for the log.
    pub fault: Option<String>,
}

impl Taken {
    /// Adds what the client is told of its limit to an answer's headers.
    pub fn add_to(&self, headers: &mut HeaderMap) {
        if let Some(standing) = self.standing {
            standing.add_to(headers);
        }
    }
}

/// A request to a counter that went out before the credential was checked.
struct Early {
    recalled: Recalled,
    decision: Result<Decision, String>,
}

/// The counters, for one request.
pub struct Limits<'a> {
    env: &'a Env,
    fingerprint: Option<[u8; 32]>,
}

impl<'a> Limits<'a> {
    /// The counters as a request with `credential` may use them.
    pub fn of(env: &'a Env, credential: &Credential) -> Self {
        Self {
            env,
            fingerprint: credential.fingerprint(),
        }
    }

    /// Checks access and takes one unit, side by side where the credential is recalled. `client_of` says as whom the checked
    /// request is counted. Nothing is taken from anyone if access is denied, unless the credential was good a moment ago.
    ///
    /// # Errors
    /// Whatever `access` fails with.
    pub async fn admit<T, E>(
        &self,
        access: impl Future<Output = Result<T, E>>,
        client_of: impl FnOnce(&T) -> Client,
    ) -> Result<(T, Client, Taken), E> {
        let (admitted, early) = futures::join!(access, self.early());
        let admitted = admitted.inspect_err(|_| self.forget())?;
        let client = client_of(&admitted);
        let taken = match early {
            Some(early) if early.stands_for(&client) => self.told(&client, 1, early.decision).await,
            _ => self.take(&client, 1).await,
        };
        self.keep(&client);
        Ok((admitted, client, taken))
    }

    /// Takes `units` from a client that was let in.
    pub async fn take(&self, client: &Client, units: u32) -> Taken {
        let decision = self.ask(&client.key, units, client.limit).await;
        self.told(client, units, decision).await
    }

    async fn told(&self, client: &Client, units: u32, decision: Result<Decision, String>) -> Taken {
        match decision {
            Ok(decision) => Taken {
                standing: Some(decision.standing(units, client.limit)),
                retry_after_s: (!decision.granted).then(|| decision.retry_after_s()),
                fault: None,
            },
            Err(fault) => {
                let passes = Shield::Limits.lets_through(self.env, &client.key).await;
                Taken {
                    standing: None,
                    retry_after_s: (!passes).then_some(shield::RETRY_AFTER_S),
                    fault: Some(format!("limit_unavailable: {fault}")),
                }
            }
        }
    }

    async fn early(&self) -> Option<Early> {
        let fingerprint = self.fingerprint?;
        let recalled = RECALL.with_borrow(|recall| recall.of(&fingerprint).cloned())?;
        let decision = self.ask(&recalled.key, 1, recalled.limit).await;
        Some(Early { recalled, decision })
    }

    async fn ask(&self, key: &str, units: u32, limit: u32) -> Result<Decision, String> {
        let asked = std::pin::pin!(self.ask_patiently(key, units, limit));
        match select(asked, Delay::from(PATIENCE)).await {
            Either::Left((decision, _)) => decision.map_err(|error| error.to_string()),
            Either::Right(_) => Err("no answer in time".to_owned()),
        }
    }

    async fn ask_patiently(&self, key: &str, units: u32, limit: u32) -> worker::Result<Decision> {
        let object = self.env.durable_object("LIMITS")?.get_by_name(key)?;
        let address = limiter::address(key, units, limit);
        object.fetch_with_str(&address).await?.json().await
    }

    fn keep(&self, client: &Client) {
        if let Some(fingerprint) = self.fingerprint {
            let recalled = Recalled {
                key: client.key.clone(),
                limit: client.limit,
            };
            RECALL.with_borrow_mut(|recall| recall.keep(fingerprint, recalled));
        }
    }

    fn forget(&self) {
        if let Some(fingerprint) = &self.fingerprint {
            RECALL.with_borrow_mut(|recall| recall.forget(fingerprint));
        }
    }
}

impl Early {
    /// Whether what was decided is what would be decided now that the client is known. A fault stands too: asking again would
    /// wait twice for the same silence.
    fn stands_for(&self, client: &Client) -> bool {
        self.recalled.key == client.key
            && self
                .decision
                .as_ref()
                .map_or(true, |decision| decision.holds_under(1, client.limit))
    }
}
