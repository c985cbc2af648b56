//! A call as server-sent events: progress while it runs, then its response.
//!
//! The stream owns the call. Dropping it, which is what happens when the client goes away, drops the
//! call with it (2026-07-28, "Cancellation"). A comment every 15 s keeps proxies from closing a
//! connection on which nothing happens.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::future::LocalBoxFuture;
use futures::stream::Stream;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue};

use crate::header::header_text;
use crate::progress::ProgressQueue;
use crate::service::Timer;

const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The events of one call.
pub(crate) struct CallStream {
    /// Ends in the bytes of the JSON-RPC response.
    call: Option<LocalBoxFuture<'static, Vec<u8>>>,
    progress: Rc<ProgressQueue>,
    response: Option<Vec<u8>>,
    timer: Rc<dyn Timer>,
    silence: LocalBoxFuture<'static, ()>,
}

impl CallStream {
    pub fn new(
        call: LocalBoxFuture<'static, Vec<u8>>,
        progress: Rc<ProgressQueue>,
        timer: Rc<dyn Timer>,
    ) -> Self {
        let silence = timer.sleep(KEEP_ALIVE);
        Self {
            call: Some(call),
            progress,
            response: None,
            timer,
            silence,
        }
    }

    fn event(&mut self, json: &[u8]) -> Bytes {
        self.silence = self.timer.sleep(KEEP_ALIVE);
        // JSON as we write it has no line breaks, so one data line is enough.
        Bytes::from([b"event: message\ndata: ".as_slice(), json, b"\n\n"].concat())
    }
}

impl Stream for CallStream {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let this = &mut *self;
        loop {
            if let Some(notification) = this.progress.take() {
                return Poll::Ready(Some(this.event(&notification)));
            }
            if let Some(response) = this.response.take() {
                return Poll::Ready(Some(this.event(&response)));
            }
            let Some(call) = &mut this.call else {
                return Poll::Ready(None);
            };
            if let Poll::Ready(response) = call.as_mut().poll(cx) {
                // What it reported on its way out goes first.
                this.call = None;
                this.response = Some(response);
                continue;
            }
            if let Some(notification) = this.progress.take() {
                return Poll::Ready(Some(this.event(&notification)));
            }
            if this.silence.as_mut().poll(cx).is_ready() {
                this.silence = this.timer.sleep(KEEP_ALIVE);
                return Poll::Ready(Some(Bytes::from_static(b": keep-alive\n\n")));
            }
            return Poll::Pending;
        }
    }
}

/// The headers of an event stream; `X-Accel-Buffering` keeps nginx from holding events back.
pub(crate) fn headers() -> HeaderMap {
    HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        ),
    ])
}

/// Whether the client said that it reads event streams. It must have said so: a client that accepts
/// "anything" mostly means JSON.
pub(crate) fn is_accepted(headers: &HeaderMap) -> bool {
    let accept = header_text(headers, "accept")
        .unwrap_or_default()
        .to_ascii_lowercase();
    accept.split(',').any(|range| {
        let mut parts = range.split(';').map(str::trim);
        parts.next() == Some("text/event-stream")
            && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_client_that_names_event_streams_gets_one() {
        let accepts = |value: &'static str| {
            is_accepted(&HeaderMap::from_iter([(
                http::header::ACCEPT,
                HeaderValue::from_static(value),
            )]))
        };
        assert!(accepts("application/json, text/event-stream"));
        assert!(accepts("text/event-stream"));
        assert!(accepts("application/json;q=0.9, Text/Event-Stream;q=0.5"));
        assert!(!accepts("application/json"));
        assert!(!accepts("*/*"));
        assert!(!accepts("application/json, text/event-stream;q=0"));
        assert!(!is_accepted(&HeaderMap::new()));
    }
}
