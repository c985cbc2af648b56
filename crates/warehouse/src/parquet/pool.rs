//! The memory that all queries of an isolate share.
//!
//! DataFusion's operators say what they hold after they have it, and what grows by doubling has by then been there twice. This pool has
//! such an operator find room for as much again as it holds: what it does next fits as well. What no query needs, [`Chunks`] may
//! take.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::common::Result;
use datafusion::common::resources_datafusion_err;
use datafusion::execution::memory_pool::{
    GreedyMemoryPool, MemoryLimit, MemoryPool, MemoryReservation,
};

use super::chunks::Chunks;

/// Parts of the names of what doubles: the tables of groupings and what they hold of each group, and the rows of a join's one side, which
/// are copied into one batch.
const DOUBLE: [&str; 3] = ["HashAggregateStream", "GroupAccumulators", JOINED_ROWS];
const JOINED_ROWS: &str = "HashJoinInput";

/// Most bytes that are asked for at a time.
const AT_A_TIME: usize = 1 << 20;

/// How much is asked for at a time of what grows: little of a small pool.
pub(super) fn bytes_at_a_time(pool: &dyn MemoryPool) -> usize {
    match pool.memory_limit() {
        MemoryLimit::Finite(bytes) => AT_A_TIME.min(bytes / 16),
        MemoryLimit::Infinite | MemoryLimit::Unknown => AT_A_TIME,
    }
}

/// First come, first served, with room left for what doubles.
#[derive(Debug)]
pub(super) struct Pool {
    bytes: usize,
    plain: GreedyMemoryPool,
    /// Bytes of `plain` that may double.
    doubling: AtomicUsize,
    chunks: Arc<Chunks>,
}

impl Pool {
    /// A pool of so many bytes, of which `chunks` has what is left.
    pub(super) fn new(bytes: usize, chunks: Arc<Chunks>) -> Self {
        Self {
            bytes,
            plain: GreedyMemoryPool::new(bytes),
            doubling: AtomicUsize::new(0),
            chunks,
        }
    }

    fn leave_the_rest(&self) {
        let taken = self.reserved() + self.doubling.load(Ordering::Relaxed);
        self.chunks.leave(self.bytes.saturating_sub(taken));
    }

    fn has_grown(&self, reservation: &MemoryReservation, additional: usize) {
        if doubles(reservation) {
            self.doubling.fetch_add(additional, Ordering::Relaxed);
        }
        self.leave_the_rest();
    }
}

fn doubles(reservation: &MemoryReservation) -> bool {
    let name = reservation.consumer().name();
    DOUBLE.iter().any(|part| name.contains(part))
}

impl fmt::Display for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.plain, f)
    }
}

impl MemoryPool for Pool {
    fn name(&self) -> &str {
        self.plain.name()
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.plain.grow(reservation, additional);
        self.has_grown(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.plain.shrink(reservation, shrink);
        if doubles(reservation) {
            self.doubling.fetch_sub(shrink, Ordering::Relaxed);
        }
        self.leave_the_rest();
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        if doubles(reservation) {
            // What a join asks for last is its table, which is made once: only the rows before it are copied.
            let copied = if reservation.consumer().name().contains(JOINED_ROWS) {
                reservation.size()
            } else {
                reservation.size() + additional
            };
            let after = self.reserved() + additional;
            if after + copied > self.bytes {
                return Err(resources_datafusion_err!(
                    "{} may need {copied} bytes more while it copies what it holds, of {} bytes {after} are in use",
                    reservation.consumer().name(),
                    self.bytes
                ));
            }
        }
        self.plain.try_grow(reservation, additional)?;
        self.has_grown(reservation, additional);
        Ok(())
    }

    fn reserved(&self) -> usize {
        self.plain.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        self.plain.memory_limit()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::execution::memory_pool::MemoryConsumer;

    use super::*;

    #[test]
    fn what_doubles_needs_room_for_as_much_again() {
        let pool: Arc<dyn MemoryPool> = Arc::new(Pool::new(100, Arc::new(Chunks::new(0))));
        let table = MemoryConsumer::new("SingleHashAggregateStream[0]").register(&pool);
        let rows = MemoryConsumer::new("ExternalSorter[0]").register(&pool);
        assert!(rows.try_grow(20).is_ok());
        assert!(table.try_grow(30).is_ok());
        assert!(table.try_grow(10).is_ok());
        assert!(table.try_grow(1).is_err());
        // For others there is as much as there is.
        assert!(rows.try_grow(40).is_ok());
        assert!(rows.try_grow(1).is_err());
        rows.free();
        assert!(table.try_grow(10).is_ok());
        assert_eq!(pool.reserved(), 50);
    }

    #[test]
    fn a_join_needs_room_for_a_copy_of_its_rows_and_not_of_its_table() {
        let pool: Arc<dyn MemoryPool> = Arc::new(Pool::new(100, Arc::new(Chunks::new(0))));
        let join = MemoryConsumer::new("HashJoinInput").register(&pool);
        assert!(join.try_grow(10).is_ok());
        assert!(join.try_grow(15).is_ok());
        // 25 of rows, which are copied, and 50 of table.
        assert!(join.try_grow(51).is_err());
        assert!(join.try_grow(50).is_ok());
        assert_eq!(pool.reserved(), 75);
    }
}
