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

/// A day on which an entity was seen, and what it means for its stretches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DaySeen {
    /// The day's number.
    pub(crate) day: u32,
    /// A stretch opens with it: the entity was seen on none of the `gap - 1` days before.
    pub(crate) opens: bool,
    /// A stretch closes `gap` days after it: the entity was seen on none of the `gap - 1` days between.
    pub(crate) closes: bool,
}

impl StretchRule {
    /// What the days on which an entity was seen, in order, mean for its stretches.
    pub(crate) fn seen(self, days: impl Iterator<Item = u32>) -> impl Iterator<Item = DaySeen> {
        let is_far = move |before: u32, after: u32| after - before >= self.gap;
        let mut days = days.peekable();
        let mut before = None;
        std::iter::from_fn(move || {
            let day = days.next()?;
            let after = days.peek().copied();
            let seen = DaySeen {
                day,
                opens: before.is_none_or(|before| is_far(before, day)),
                closes: after.is_none_or(|after| is_far(day, after)),
            };
            before = Some(day);
            Some(seen)
        })
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
            let days: Vec<DaySeen> = rule.seen(seen.iter().copied()).collect();
            prop_assert!(days.iter().map(|seen| seen.day).eq(seen.iter().copied()));
            for day in 0..70 {
                let opened = days.iter().filter(|seen| seen.opens && seen.day <= day).count();
                let closed = days.iter().filter(|seen| seen.closes && seen.day + gap <= day).count();
                let window: BTreeSet<u32> = ((day + 1).saturating_sub(gap)..=day).collect();
                let is_active = seen.intersection(&window).next().is_some();
                prop_assert_eq!(opened - closed, usize::from(is_active), "day {}", day);
            }
        }
    }
}
