//! What the engine asks of the place it runs in: the Worker's clock and its timers.

use std::time::Duration;

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use sightline_warehouse::Host;
use worker::{Date, Delay};

/// The Worker's event loop.
///
/// The platform's clock stands still while a request computes and moves on when the event loop gets a turn, which is why the
/// engine's driver takes one now and then.
#[derive(Debug, Clone, Copy)]
pub struct EventLoop;

impl Host for EventLoop {
    fn now_ms(&self) -> u64 {
        Date::now().as_millis()
    }

    fn sleep_ms(&self, duration_ms: u64) -> LocalBoxFuture<'static, ()> {
        Delay::from(Duration::from_millis(duration_ms)).boxed_local()
    }
}
