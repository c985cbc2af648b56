//! What a warehouse asks of the place it runs in: a clock and a timer.

use futures::future::LocalBoxFuture;

/// The place a query runs in.
pub trait Host {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    fn now_ms(&self) -> u64;

    /// Completes after that many milliseconds, and not before the event loop had a turn.
    fn sleep_ms(&self, duration_ms: u64) -> LocalBoxFuture<'static, ()>;
}
