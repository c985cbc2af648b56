//! Stretches of days on which an entity counts as active, each until some days after it was last seen.
//!
//! Whoever was seen on a day is active on it and on the `gap - 1` days after it. Where such days touch or overlap they are one stretch. The
//! entities active on a day are then the stretches that opened by then, less those that closed, which takes two numbers of a day instead
//! of a set of all that were seen on `gap` days.

/// Which stretches open and close.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StretchRule {
    /// Days there are, numbered from 0.
    pub days: u32,
    /// Days for which a day counts, itself included.
    pub gap: u32,
}

/// A day on which a stretch opens, or after whose `gap` days one closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// The day's number.
    pub day: u32,
    /// The entity was seen on none of the `gap - 1` days before it.
    pub opens: bool,
    /// The entity was seen on none of the `gap - 1` days after it.
    pub closes: bool,
}

impl StretchRule {
    /// The turns of an entity that was seen on these days, which are in order.
    pub(crate) fn turns(self, days: impl Iterator<Item = u32>) -> impl Iterator<Item = Turn> {
        let is_far = move |before: u32, after: u32| after - before >= self.gap;
        let mut days = days.peekable();
        let mut before = None;
        std::iter::from_fn(move || {
            let day = days.next()?;
            let after = days.peek().copied();
            let turn = Turn {
                day,
                opens: before.is_none_or(|before| is_far(before, day)),
                closes: after.is_none_or(|after| is_far(day, after)),
            };
            before = Some(day);
            Some(turn)
        })
        .filter(|turn| turn.opens || turn.closes)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn openings_less_closings_are_whether_one_was_seen_in_the_days_before(
            seen in prop::collection::btree_set(0_u32..70, 0..30),
            gap in 1_u32..40,
        ) {
            let rule = StretchRule { days: 70, gap };
            let turns: Vec<Turn> = rule.turns(seen.iter().copied()).collect();
            for day in 0..70 {
                let opened = turns.iter().filter(|turn| turn.opens && turn.day <= day).count();
                let closed = turns.iter().filter(|turn| turn.closes && turn.day + gap <= day).count();
                let window: BTreeSet<u32> = ((day + 1).saturating_sub(gap)..=day).collect();
                let is_active = seen.intersection(&window).next().is_some();
                prop_assert_eq!(opened - closed, usize::from(is_active), "day {}", day);
            }
        }
    }
}
