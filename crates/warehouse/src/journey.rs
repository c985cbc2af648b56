//! The way through a session from, to, or between certain moments: its nodes, one hop each.
//!
//! Moments with the same node, one after the other, are one. The way begins or ends at the first start; between, it ends at the
//! first end after that start, and a session without one has no way.

use std::ops::RangeInclusive;

/// The mark of a moment a way can begin with.
pub const START: u16 = 1;
/// The mark of a moment a way can end with.
pub const END: u16 = 2;

/// Which part of a session is the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JourneyMode {
    /// From the first start on.
    After,
    /// Up to the first start.
    Before,
    /// From the first start to the first end after it.
    Between,
}

impl JourneyMode {
    /// All of them; each one's place is its number in SQL.
    pub const ALL: [Self; 3] = [Self::After, Self::Before, Self::Between];

    /// Its number in SQL.
    pub fn number(self) -> u8 {
        match self {
            Self::After => 0,
            Self::Before => 1,
            Self::Between => 2,
        }
    }
}

/// Which hops are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JourneyRule {
    /// Which part of a session is the way.
    pub mode: JourneyMode,
    /// How many hops are told: the first ones, or before a start the last ones.
    pub steps: u8,
}

/// A moment of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waypoint {
    /// Its node.
    pub node: u32,
    /// [`START`], [`END`], both or neither.
    pub marks: u16,
}

/// One node of a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hop {
    /// Its place, from 1; before a start, the start's is the number of steps.
    pub step: u8,
    /// The node.
    pub node: u32,
    /// The node after it; none where the way ends.
    pub next: Option<u32>,
    /// The way begins with it.
    pub first: bool,
}

/// The hops of a session's way, whose moments are in order; none if it has no start (or no end, between).
pub fn journey(rule: JourneyRule, moments: &[Waypoint]) -> Vec<Hop> {
    let way = collapsed(moments);
    let Some(part) = part(rule.mode, &way) else {
        return Vec::new();
    };
    let (first, last) = (*part.start(), *part.end());
    let steps = usize::from(rule.steps);
    // How much earlier than the way the first step is: before a start, its steps end with the start.
    let shift = match rule.mode {
        JourneyMode::Before => (steps - 1) as i64 - (last - first) as i64,
        JourneyMode::After | JourneyMode::Between => 0,
    };
    part.filter_map(|place| {
        let step = (place - first) as i64 + shift + 1;
        let step = u8::try_from(step)
            .ok()
            .filter(|step| (1..=rule.steps).contains(step))?;
        Some(Hop {
            step,
            node: way[place].node,
            next: (place < last).then(|| way[place + 1].node),
            first: place == first,
        })
    })
    .collect()
}

fn collapsed(moments: &[Waypoint]) -> Vec<Waypoint> {
    let mut way: Vec<Waypoint> = Vec::new();
    for moment in moments {
        match way.last_mut() {
            Some(before) if before.node == moment.node => before.marks |= moment.marks,
            _ => way.push(*moment),
        }
    }
    way
}

fn part(mode: JourneyMode, way: &[Waypoint]) -> Option<RangeInclusive<usize>> {
    let start = way.iter().position(|at| at.marks & START != 0)?;
    Some(match mode {
        JourneyMode::After => start..=way.len() - 1,
        JourneyMode::Before => 0..=start,
        JourneyMode::Between => {
            let after = way.iter().skip(start + 1);
            start..=start + 1 + after.clone().position(|at| at.marks & END != 0)?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn way(marked: &[(u32, u16)]) -> Vec<Waypoint> {
        marked
            .iter()
            .map(|(node, marks)| Waypoint {
                node: *node,
                marks: *marks,
            })
            .collect()
    }

    fn told(mode: JourneyMode, steps: u8, marked: &[(u32, u16)]) -> Vec<(u8, u32, Option<u32>)> {
        journey(JourneyRule { mode, steps }, &way(marked))
            .into_iter()
            .map(|hop| (hop.step, hop.node, hop.next))
            .collect()
    }

    const SESSION: [(u32, u16); 7] = [
        (1, 0),
        (2, START),
        (2, 0),
        (3, 0),
        (4, END),
        (2, START),
        (5, END),
    ];

    #[test]
    fn after_goes_from_the_first_start_and_says_where_it_goes_on() {
        assert_eq!(
            told(JourneyMode::After, 3, &SESSION),
            [(1, 2, Some(3)), (2, 3, Some(4)), (3, 4, Some(2))]
        );
        assert_eq!(
            told(JourneyMode::After, 5, &SESSION[..4]),
            [(1, 2, Some(3)), (2, 3, None)]
        );
    }

    #[test]
    fn before_ends_at_the_first_start_whose_step_is_the_last() {
        assert_eq!(
            told(JourneyMode::Before, 3, &SESSION),
            [(2, 1, Some(2)), (3, 2, None)]
        );
        let long = [(1, 0), (2, 0), (3, 0), (4, START)];
        assert_eq!(
            told(JourneyMode::Before, 2, &long),
            [(1, 3, Some(4)), (2, 4, None)]
        );
    }

    #[test]
    fn between_ends_at_the_first_end_after_the_start_and_needs_one() {
        assert_eq!(
            told(JourneyMode::Between, 9, &SESSION),
            [(1, 2, Some(3)), (2, 3, Some(4)), (3, 4, None)]
        );
        assert!(told(JourneyMode::Between, 9, &SESSION[..4]).is_empty());
        // An end at the start itself is none.
        assert!(told(JourneyMode::Between, 9, &[(1, START | END), (2, 0)]).is_empty());
    }

    #[test]
    fn without_a_start_there_is_no_way() {
        assert!(told(JourneyMode::After, 3, &[(1, 0), (2, END)]).is_empty());
    }

    proptest! {
        #[test]
        fn every_hop_leads_to_the_next_one(
            marked in prop::collection::vec((0_u32..4, 0_u16..4), 0..12),
            mode in prop::sample::select(JourneyMode::ALL.to_vec()),
            steps in 2_u8..6,
        ) {
            let hops = journey(JourneyRule { mode, steps }, &way(&marked));
            for pair in hops.windows(2) {
                prop_assert_eq!(pair[0].next, Some(pair[1].node));
                prop_assert_eq!(pair[0].step + 1, pair[1].step);
                prop_assert!(pair[0].node != pair[1].node && !pair[1].first);
            }
            // Only what is cut off by the steps goes on unseen.
            if let Some(last) = hops.last() {
                prop_assert!(last.next.is_none() || last.step == steps);
            }
        }
    }
}
