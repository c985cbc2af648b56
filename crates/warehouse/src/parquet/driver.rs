//! Runs the engine's futures where there is no Tokio runtime: on the JS event loop.
//!
//! Some plans spawn tasks (unions, whatever coalesces partitions), and a task needs a runtime to run on. The driver brings one: a
//! current-thread runtime without timers or I/O, entered for one short step each time the driver itself is polled. A step polls
//! the query once and yields to the runtime so that spawned tasks run; it always returns, so `block_on` never parks.
//! Reads complete outside the runtime; their end wakes the driver ([`Reads`]). While no read is in flight the driver goes on by
//! itself, after giving the event loop a turn: that is when clocks advance and a cancelled request is noticed.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use futures::FutureExt;

use super::reads::Reads;
use crate::error::WarehouseError;
use crate::host::Host;

/// Times a step yields to the runtime, so that chains of tasks waking one another move on within it.
const ROUNDS_PER_STEP: u32 = 4;

/// Runs `work` to its end, or until `deadline_ms`.
///
/// # Errors
/// [`WarehouseError::TimedOut`] once the host's clock passes `deadline_ms`; `limit_s` is what that error names.
/// [`WarehouseError::Internal`] when no runtime can be made.
pub async fn drive<T>(
    host: &Rc<dyn Host>,
    reads: &Arc<Reads>,
    deadline_ms: u64,
    limit_s: u64,
    work: impl Future<Output = T>,
) -> Result<T, WarehouseError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|error| WarehouseError::internal(format!("no runtime: {error}")))?;
    let mut work = pin!(work);
    let mut alarm = host.sleep_ms(deadline_ms.saturating_sub(host.now_ms()));
    loop {
        let turn = poll_fn(|context| {
            reads.waker().register(context.waker());
            let step = runtime.block_on(async {
                for _ in 0..ROUNDS_PER_STEP {
                    if let Poll::Ready(output) =
                        poll_fn(|inner| Poll::Ready(work.as_mut().poll(inner))).await
                    {
                        return Some(output);
                    }
                    tokio::task::yield_now().await;
                }
                None
            });
            match step {
                Some(output) => Poll::Ready(Turn::Finished(output)),
                None if alarm.poll_unpin(context).is_ready() => Poll::Ready(Turn::TimedOut),
                None if reads.in_flight() > 0 => Poll::Pending,
                None => Poll::Ready(Turn::Due),
            }
        })
        .await;
        match turn {
            Turn::Finished(output) => return Ok(output),
            Turn::TimedOut => return Err(WarehouseError::TimedOut { limit_s }),
            Turn::Due if host.now_ms() >= deadline_ms => {
                return Err(WarehouseError::TimedOut { limit_s });
            }
            Turn::Due => host.sleep_ms(0).await,
        }
    }
}

/// Why the driver stopped polling.
enum Turn<T> {
    Finished(T),
    TimedOut,
    /// The work is busy and the event loop has waited long enough.
    Due,
}
