//! The distinct values of many groups, in about sixteen bytes each.
//!
//! A value is known by its fingerprint: 64 bits are kept, and ten more decide in which of 1,024 parts it lies. Of ten million
//! distinct values of a group any two are taken for one with a probability of about 3 in a thousand million. Parts grow one at a
//! time and by less than a half, so that there is never much more memory than values need, nor a second copy of all.
//!
//! Where even that is more than there is, a set is thinned: of all fingerprints only every second stays and is let in, and of those later
//! again every second. What is counted then is a sample of the values, the same for all groups (Wegman's adaptive sampling; Flajolet, "On
//! adaptive sampling", 1990): times its factor `k` it is the number of values, and the standard error of `n` is `√((k − 1) · n)`.

use super::fingerprint::Fingerprint;

const PARTS: usize = 1 << PART_BITS;
const PART_BITS: u32 = 10;
const SMALLEST_PART: usize = 8;

/// What a slot holds that holds nothing.
const EMPTY: u64 = 0;
/// What a fingerprint that is this number is kept as: of every sample, as that is.
const INSTEAD_OF_EMPTY: u64 = 1 << 63;

/// Distinct pairs of a group and a fingerprint.
pub(super) struct DistinctSet {
    parts: Vec<Part>,
    slots: usize,
    /// Only fingerprints whose first word ends with so many zeros.
    thinned: u32,
}

/// What became of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inserted {
    /// It is new to its group.
    New,
    /// It was there, or is not of the sample.
    Not,
}

/// Open addressing, linear probing.
#[derive(Default)]
struct Part {
    kept: Vec<u64>,
    groups: Vec<u32>,
    held: usize,
}

impl Default for DistinctSet {
    fn default() -> Self {
        Self {
            parts: std::iter::repeat_with(Part::default).take(PARTS).collect(),
            slots: 0,
            thinned: 0,
        }
    }
}

impl DistinctSet {
    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.parts.capacity() * size_of::<Part>()
            + self.slots * (size_of::<u64>() + size_of::<u32>())
    }

    /// How often it was thinned: one value of the sample stands for two to the power of it.
    pub(super) fn thinned(&self) -> u32 {
        self.thinned
    }

    /// Puts a value in.
    pub(super) fn insert(&mut self, group: u32, (kept, other): Fingerprint) -> Inserted {
        if !is_in_sample(kept, self.thinned) {
            return Inserted::Not;
        }
        let kept = if kept == EMPTY {
            INSTEAD_OF_EMPTY
        } else {
            kept
        };
        let part = &mut self.parts[part_of(group, other)];
        if part.is_full() {
            self.slots += part.grow();
        }
        if part.insert(group, kept) {
            Inserted::New
        } else {
            Inserted::Not
        }
    }

    /// Lets every second of the values go, and calls `gone` with the group of each.
    pub(super) fn thin(&mut self, mut gone: impl FnMut(u32)) {
        self.thinned += 1;
        let thinned = self.thinned;
        for part in &mut self.parts {
            part.retain(|group, kept| {
                let stays = is_in_sample(kept, thinned);
                if !stays {
                    gone(group);
                }
                stays
            });
        }
        self.slots = self.parts.iter().map(|part| part.kept.len()).sum();
    }

    /// Every pair, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, Fingerprint)> {
        (0_u64..).zip(&self.parts).flat_map(|(at, part)| {
            let slots = part.kept.iter().zip(&part.groups);
            slots
                .filter(|(kept, _)| **kept != EMPTY)
                // Which part a value lies in depends on its group; the bits that do not are what is told.
                .map(move |(kept, group)| (*group, (*kept, at ^ spread(*group))))
        })
    }
}

/// The lowest bits of what is kept are no part of where it lies.
fn is_in_sample(kept: u64, thinned: u32) -> bool {
    kept.trailing_zeros() >= thinned
}

/// Groups lie in different parts even where their values are the same.
fn spread(group: u32) -> u64 {
    u64::from(group).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - PART_BITS)
}

fn part_of(group: u32, other: u64) -> usize {
    let bits = (other ^ spread(group)) & (PARTS as u64 - 1);
    // Ten bits fit.
    bits as usize
}

impl Part {
    /// Past four fifths, runs of full slots get long.
    fn is_full(&self) -> bool {
        (self.held + 1) * 5 > self.kept.len() * 4
    }

    /// Makes room; how many slots there are more.
    fn grow(&mut self) -> usize {
        let more = (self.kept.len() / 5 * 2).max(SMALLEST_PART);
        self.lay_out(self.kept.len() + more, |_, _| true);
        more
    }

    fn retain(&mut self, stays: impl FnMut(u32, u64) -> bool) {
        self.lay_out(self.kept.len() / 2 + SMALLEST_PART, stays);
        while self.is_full() {
            self.grow();
        }
    }

    /// Puts what stays into so many new slots, which must be enough.
    fn lay_out(&mut self, slots: usize, mut stays: impl FnMut(u32, u64) -> bool) {
        let kept = std::mem::replace(&mut self.kept, vec![EMPTY; slots]);
        let groups = std::mem::replace(&mut self.groups, vec![0; slots]);
        self.held = 0;
        for (kept, group) in kept.into_iter().zip(groups) {
            if kept != EMPTY && stays(group, kept) {
                if self.held + 1 >= self.kept.len() {
                    self.grow();
                }
                self.insert(group, kept);
            }
        }
    }

    fn insert(&mut self, group: u32, kept: u64) -> bool {
        let mut at = self.home(group, kept);
        loop {
            if self.kept[at] == EMPTY {
                self.kept[at] = kept;
                self.groups[at] = group;
                self.held += 1;
                return true;
            }
            if self.kept[at] == kept && self.groups[at] == group {
                return false;
            }
            at = if at + 1 == self.kept.len() { 0 } else { at + 1 };
        }
    }

    /// Where a value would like to lie: the upper half of its bits, scaled to the number of slots.
    fn home(&self, group: u32, kept: u64) -> usize {
        let upper = (kept >> 32) ^ u64::from(group.wrapping_mul(0x85eb_ca6b));
        let scaled = (upper * self.kept.len() as u64) >> 32;
        // Less than the number of slots.
        scaled as usize
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Two words that look random and are different for every number.
    fn fingerprint(number: u64) -> Fingerprint {
        let mixed = |salt: u64| {
            let mut word = (number ^ salt).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word ^= word >> 31;
            word.wrapping_mul(0x94d0_49bb_1331_11eb)
        };
        (mixed(0), mixed(0x1234_5678))
    }

    #[test]
    fn a_value_is_new_once_in_each_group() {
        let mut set = DistinctSet::default();
        for round in 0..2 {
            for group in 0..3 {
                for number in 0..50_000 {
                    assert_eq!(
                        set.insert(group, fingerprint(number)) == Inserted::New,
                        round == 0
                    );
                }
            }
        }
        assert_eq!(set.iter().count(), 150_000);
        let bytes = set.bytes() / 150_000;
        assert!((12..=24).contains(&bytes), "{bytes} bytes a value");
    }

    #[test]
    fn what_is_told_is_the_same_again_when_put_in() {
        let mut set = DistinctSet::default();
        let pairs: Vec<_> = (0..2_000_u32)
            .map(|number| (number % 7, fingerprint(u64::from(number / 7))))
            .collect();
        for (group, value) in &pairs {
            set.insert(*group, *value);
        }
        let told: BTreeSet<_> = set.iter().collect();
        assert_eq!(told.len(), pairs.len());
        for (group, value) in told {
            assert_eq!(set.insert(group, value), Inserted::Not);
        }
    }

    #[test]
    fn a_fingerprint_that_looks_like_an_empty_slot_is_a_value() {
        let mut set = DistinctSet::default();
        assert_eq!(set.insert(0, (0, 0)), Inserted::New);
        assert_eq!(set.insert(0, (0, 0)), Inserted::Not);
    }

    #[test]
    fn a_thinned_set_counts_a_sample_of_each_group() {
        let mut set = DistinctSet::default();
        let mut counts = [0_i64; 2];
        for number in 0..200_000 {
            // The second group has a tenth of the first one's values.
            for group in 0..if number % 10 == 0 { 2 } else { 1 } {
                if set.insert(group, fingerprint(number)) == Inserted::New {
                    counts[group as usize] += 1;
                }
            }
            if number == 50_000 || number == 120_000 {
                let before = set.bytes();
                set.thin(|group| counts[group as usize] -= 1);
                assert!(
                    set.bytes() < before * 2 / 3,
                    "{before} bytes, {}",
                    set.bytes()
                );
            }
        }
        assert_eq!(set.thinned(), 2);
        assert_eq!(set.iter().count() as i64, counts.iter().sum::<i64>());
        for (count, number) in counts.into_iter().zip([200_000.0_f64, 20_000.0]) {
            let error = (3.0 * number).sqrt();
            let off = (count << set.thinned()) as f64 - number;
            assert!(
                off.abs() < 4.0 * error,
                "{off} of {number}, standard error {error}"
            );
        }
        // What was let in before stays known.
        let known = set.iter().count();
        for number in 0..200_000 {
            assert_eq!(set.insert(0, fingerprint(number)), Inserted::Not);
        }
        assert_eq!(set.iter().count(), known);
    }
}
