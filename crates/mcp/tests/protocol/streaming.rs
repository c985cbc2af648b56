//! A tool call as a stream of events.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use futures::channel::oneshot;
use futures::executor::block_on;
use futures::future::LocalBoxFuture;
use futures::stream::LocalBoxStream;
use futures::{FutureExt, StreamExt};
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};
use sightline_mcp::{Reply, Timer};

use crate::sample::{Sample, Slow};
use crate::support::{endpoint, json_of, modern_body, modern_headers, reply};

/// A clock that is moved by hand.
#[derive(Default)]
struct Hand(RefCell<Vec<(Duration, oneshot::Sender<()>)>>);

impl Hand {
    /// Lets the newest sleep end, and says how long it was to be.
    fn ring(&self) -> Duration {
        let (duration, bell) = self.0.borrow_mut().pop().unwrap();
        bell.send(()).unwrap();
        duration
    }
}

impl Timer for Hand {
    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'static, ()> {
        let (bell, rung) = oneshot::channel();
        self.0.borrow_mut().push((duration, bell));
        rung.map(|_| ()).boxed_local()
    }
}

fn slow_call() -> (HeaderMap, Value) {
    let mut body = modern_body("tools/call", json!({"name": "slow"}));
    body["params"]["_meta"]["progressToken"] = json!("t");
    let mut headers = modern_headers(&body);
    headers.insert(
        "accept",
        HeaderValue::from_static("application/json, text/event-stream"),
    );
    (headers, body)
}

struct Running {
    events: LocalBoxStream<'static, Bytes>,
    headers: HeaderMap,
    finish: oneshot::Sender<()>,
    cancelled: Rc<Cell<bool>>,
    clock: Rc<Hand>,
}

fn start() -> Running {
    let (finish, gate) = oneshot::channel();
    let slow = Slow {
        gate: Cell::new(Some(gate)),
        ..Slow::default()
    };
    let cancelled = Rc::clone(&slow.cancelled);
    let clock = Rc::new(Hand::default());
    let (headers, body) = slow_call();
    let endpoint = endpoint();
    let incoming = endpoint
        .open(&headers, body.to_string().as_bytes())
        .unwrap();
    let reply = block_on(endpoint.serve(incoming, Rc::new(Sample { slow }), clock.clone()));
    let Reply::Stream {
        status,
        headers,
        events,
    } = reply
    else {
        panic!("{reply:?}")
    };
    assert_eq!(status, 200);
    Running {
        events,
        headers,
        finish,
        cancelled,
        clock,
    }
}

fn text(event: &Bytes) -> &str {
    std::str::from_utf8(event).unwrap()
}

#[test]
fn progress_increases_and_the_response_ends_the_stream() {
    let mut running = start();
    assert_eq!(running.headers["content-type"], "text/event-stream");
    assert_eq!(running.headers["cache-control"], "no-store");
    assert_eq!(running.headers["x-accel-buffering"], "no");
    let first = block_on(running.events.next()).unwrap();
    running.finish.send(()).unwrap();
    let rest: Vec<_> = block_on(running.events.collect());
    let all: Vec<_> = std::iter::once(&first).chain(&rest).map(text).collect();
    insta::assert_snapshot!(all.concat(), @r#"
    event: message
    data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":1,"total":3,"message":"one"}}

    event: message
    data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":2,"total":3,"message":"two"}}

    event: message
    data: {"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","content":[{"type":"text","text":"done"}],"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"sample","title":"Sample","version":"1.2.3"}}}}
    "#);
    assert!(!running.cancelled.get());
}

#[test]
fn silence_is_broken_by_a_comment_every_15_seconds() {
    let mut running = start();
    assert!(text(&block_on(running.events.next()).unwrap()).contains("notifications/progress"));
    for _ in 0..3 {
        assert!(
            running.events.next().now_or_never().is_none(),
            "nothing happens yet"
        );
        assert_eq!(running.clock.ring(), Duration::from_secs(15));
        assert_eq!(
            text(&block_on(running.events.next()).unwrap()),
            ": keep-alive\n\n"
        );
    }
    running.finish.send(()).unwrap();
    assert_eq!(block_on(running.events.collect::<Vec<_>>()).len(), 2);
}

#[test]
fn dropping_the_stream_cancels_the_call() {
    let running = start();
    assert!(!running.cancelled.get());
    drop(running.events);
    assert!(running.cancelled.get());
}

#[test]
fn a_call_that_need_not_wait_is_answered_in_json() {
    let (headers, body) = slow_call();
    let Reply::Answer(answer) = reply(&headers, body.to_string().as_bytes(), Rc::default()) else {
        panic!("a stream without need");
    };
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(json_of(&answer)["result"]["content"][0]["text"], "done");
}

#[test]
fn without_a_token_or_without_event_streams_there_is_no_stream() {
    for (token, accept) in [
        (Value::Null, "text/event-stream"),
        (json!(7), "application/json"),
    ] {
        let (mut headers, mut body) = slow_call();
        body["params"]["_meta"]["progressToken"] = token;
        headers.insert("accept", HeaderValue::from_static(accept));
        let (finish, gate) = oneshot::channel();
        let slow = Slow {
            gate: Cell::new(Some(gate)),
            ..Slow::default()
        };
        let endpoint = endpoint();
        let incoming = endpoint
            .open(&headers, body.to_string().as_bytes())
            .unwrap();
        let mut serving = endpoint
            .serve(incoming, Rc::new(Sample { slow }), Rc::new(Hand::default()))
            .boxed_local();
        assert!(
            (&mut serving).now_or_never().is_none(),
            "it waits for the call"
        );
        finish.send(()).unwrap();
        assert!(matches!(block_on(serving), Reply::Answer(_)));
    }
}

#[test]
fn dropping_the_future_of_a_plain_answer_cancels_the_call_too() {
    let (_finish, gate) = oneshot::channel();
    let slow = Slow {
        gate: Cell::new(Some(gate)),
        ..Slow::default()
    };
    let cancelled = Rc::clone(&slow.cancelled);
    let body = modern_body("tools/call", json!({"name": "slow"}));
    let endpoint = endpoint();
    let incoming = endpoint
        .open(&modern_headers(&body), body.to_string().as_bytes())
        .unwrap();
    let mut serving = endpoint
        .serve(incoming, Rc::new(Sample { slow }), Rc::new(Hand::default()))
        .boxed_local();
    assert!((&mut serving).now_or_never().is_none());
    drop(serving);
    assert!(cancelled.get());
}
