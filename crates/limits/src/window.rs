//! The grants of one client in the last minute.

use std::collections::VecDeque;

use crate::WINDOW_MS;
use crate::decision::Decision;

/// Units granted at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// When, in ms since 1970 UTC.
    pub at_ms: u64,
    /// How many, over all requests of that instant.
    pub units: u32,
}

/// What one client was granted in the last minute, oldest first.
///
/// Time never runs backwards here: where a clock does, as it may when a client's counter moves to another machine, the instant of
/// the latest grant stands in for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Window(VecDeque<Grant>);

impl Window {
    /// The window that holds `grants`, in any order.
    pub fn of(grants: impl IntoIterator<Item = Grant>) -> Self {
        let mut grants: Vec<Grant> = grants.into_iter().collect();
        grants.sort_unstable_by_key(|grant| grant.at_ms);
        Self(grants.into())
    }

    /// Grants `units` if `limit` leaves room for all of them, and nothing otherwise. The second value is what to
    /// write down: the grant, none if there was none.
    pub fn take(&mut self, now_ms: u64, units: u32, limit: u32) -> (Decision, Option<Grant>) {
        let now_ms = self.not_before_the_latest(now_ms);
        self.forget(now_ms);
        let used = self.used();
        let is_granted = used.saturating_add(units) <= limit;
        let grant = (is_granted && units > 0).then_some(Grant {
            at_ms: now_ms,
            units,
        });
        if let Some(grant) = grant {
            self.add(grant);
        }
        let decision = Decision {
            granted: is_granted,
            used_before: used,
            frees_in_ms: self.frees_in(now_ms),
            fits_in_ms: if is_granted {
                0
            } else {
                self.fits_in(now_ms, units, limit)
            },
        };
        (decision, grant)
    }

    /// Drops what no longer counts at `now_ms`.
    pub fn forget(&mut self, now_ms: u64) {
        while self.0.front().is_some_and(|grant| ends_ms(grant) <= now_ms) {
            self.0.pop_front();
        }
    }

    /// When the last of what is held stops counting; none if nothing is held.
    pub fn empties_at_ms(&self) -> Option<u64> {
        self.0.back().map(ends_ms)
    }

    fn not_before_the_latest(&self, now_ms: u64) -> u64 {
        self.0
            .back()
            .map_or(now_ms, |grant| now_ms.max(grant.at_ms))
    }

    fn add(&mut self, grant: Grant) {
        match self.0.back_mut() {
            Some(last) if last.at_ms == grant.at_ms => {
                last.units = last.units.saturating_add(grant.units);
            }
            _ => self.0.push_back(grant),
        }
    }

    fn used(&self) -> u32 {
        self.0
            .iter()
            .fold(0, |used, grant| used.saturating_add(grant.units))
    }

    /// Until the first unit is free again; a whole window if none is in use.
    fn frees_in(&self, now_ms: u64) -> u64 {
        self.0
            .front()
            .map_or(WINDOW_MS, |grant| ends_ms(grant).saturating_sub(now_ms))
    }

    /// Until `units` fit, if nothing else is granted before; a whole window if they never do.
    fn fits_in(&self, now_ms: u64, units: u32, limit: u32) -> u64 {
        let mut used = self.used();
        for grant in &self.0 {
            used = used.saturating_sub(grant.units);
            if used.saturating_add(units) <= limit {
                return ends_ms(grant).saturating_sub(now_ms);
            }
        }
        WINDOW_MS
    }
}

fn ends_ms(grant: &Grant) -> u64 {
    grant.at_ms.saturating_add(WINDOW_MS)
}

#[cfg(test)]
mod tests;
