//! Requests to the object store: how many, how large, how many at once, and who must be woken when one ends.
//!
//! One [`Reads`] belongs to one query. The platform lets six connections wait for headers at a time, so no more than six reads
//! are ever in flight. A store whose answers come from outside this thread's futures (the JS event loop) holds a [`Flight`]
//! for each read; its end wakes the [driver](super::driver).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use futures::task::AtomicWaker;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Most reads in flight at a time (the platform's limit on connections waiting for headers).
pub const MAX_READS_IN_FLIGHT: usize = 6;

/// The reads of one query.
#[derive(Debug)]
pub struct Reads {
    permits: Semaphore,
    in_flight: AtomicUsize,
    waker: AtomicWaker,
    requests: AtomicU64,
    bytes: AtomicU64,
}

/// A read whose answer comes from outside; dropping it says that the answer is there.
#[derive(Debug)]
pub struct Flight(Arc<Reads>);

impl Reads {
    /// The reads of a query that has not begun.
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            permits: Semaphore::new(MAX_READS_IN_FLIGHT),
            in_flight: AtomicUsize::new(0),
            waker: AtomicWaker::new(),
            requests: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        })
    }

    /// Says that a read has left for the outside world.
    pub fn depart(self: &Arc<Self>) -> Flight {
        self.in_flight.fetch_add(1, Ordering::SeqCst);
        Flight(Arc::clone(self))
    }

    /// Requests made so far.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::SeqCst)
    }

    /// Bytes received so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::SeqCst)
    }

    /// Waits until one more read may be in flight, and counts it.
    pub(super) async fn admit(&self) -> Option<SemaphorePermit<'_>> {
        let permit = self.permits.acquire().await.ok();
        self.requested();
        permit
    }

    /// Counts a request.
    pub(super) fn requested(&self) {
        self.requests.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn received(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::SeqCst);
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::SeqCst)
    }

    pub(super) fn waker(&self) -> &AtomicWaker {
        &self.waker
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
        self.0.waker.wake();
    }
}
