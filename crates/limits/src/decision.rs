//! What was decided about one request.

use serde::{Deserialize, Serialize};

use crate::standing::{Standing, seconds};

/// Whether a request's units were granted, and what follows from the window it was decided by. Goes over the wire between the
/// window's keeper and the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// All units were granted; if not, none were.
    pub granted: bool,
    /// Units in use before the request.
    pub used_before: u32,
    /// Until the first unit in use is free again, in ms.
    pub frees_in_ms: u64,
    /// Until the units would have fitted, in ms; 0 if they did.
    pub fits_in_ms: u64,
}

impl Decision {
    /// Whether it would have been the same under `limit`. A decision made under a limit that was only remembered is asked for
    /// again if the limit has changed in a way that matters; every other one stands.
    pub fn holds_under(&self, units: u32, limit: u32) -> bool {
        self.granted == (self.used_before.saturating_add(units) <= limit)
    }

    /// What is left after a decision about `units` under `limit`.
    pub fn standing(&self, units: u32, limit: u32) -> Standing {
        let used = if self.granted {
            self.used_before.saturating_add(units)
        } else {
            self.used_before
        };
        Standing {
            limit,
            remaining: limit.saturating_sub(used),
            resets_in_s: seconds(self.frees_in_ms),
        }
    }

    /// Whole seconds after which to ask again, at least one: for `Retry-After`. Rounded up, so that who waits as told
    /// is let in.
    pub fn retry_after_s(&self) -> u64 {
        seconds(self.fits_in_ms).max(1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{Grant, Window};

    proptest! {
        #[test]
        fn a_decision_that_holds_under_another_limit_is_what_that_limit_would_have_decided(
            used in 0..40u32,
            units in 1..5u32,
            remembered in 1..50u32,
            current in 1..50u32,
        ) {
            let window = Window::of([Grant { at_ms: 1_000, units: used }]);
            let early = window.clone().take(2_000, units, remembered).0;
            let late = window.clone().take(2_000, units, current).0;
            prop_assert_eq!(early.holds_under(units, current), early.granted == late.granted);
            if early.holds_under(units, current) {
                prop_assert_eq!(early.standing(units, current), late.standing(units, current));
            }
        }

        #[test]
        fn asked_again_under_a_lower_limit_what_was_granted_too_early_is_refused(
            used in 0..40u32,
            units in 1..5u32,
            remembered in 1..50u32,
            current in 1..50u32,
        ) {
            let mut window = Window::of([Grant { at_ms: 1_000, units: used }]);
            let early = window.take(2_000, units, remembered).0;
            if early.granted && !early.holds_under(units, current) {
                prop_assert!(!window.take(2_001, units, current).0.granted);
            }
        }
    }
}
