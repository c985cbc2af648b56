//! What one query may cost.

use std::time::Duration;

/// Bounds of one query. What exceeds one is refused with a sentence that names it.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Most rows an answer may have.
    pub rows: usize,
    /// Most bytes an answer may have, as JSON text.
    pub result_bytes: usize,
    /// Wall-clock time from the start of planning to the last row.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rows: 10_000,
            result_bytes: 4 << 20,
            time: Duration::from_secs(20),
        }
    }
}
