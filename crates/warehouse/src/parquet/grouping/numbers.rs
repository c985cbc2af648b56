//! The groups of keys, in about sixteen bytes each.
//!
//! Groups are numbered from 0 in the order in which their keys came. Parts grow one at a time and by less than a half, so that there is
//! never much more memory than keys need, nor a second copy of all.

use datafusion::common::{Result, resources_datafusion_err};

use super::super::functions::mixed;

const PART_BITS: u32 = 10;
const PARTS: usize = 1 << PART_BITS;
const SMALLEST_PART: usize = 8;

/// What a slot holds that holds no key.
const EMPTY: u64 = 0;

/// Numbers by keys.
pub(super) struct Numbers {
    /// Nobody outside knows it, so that keys cannot be made up that lie at one place.
    secret: u64,
    parts: Vec<Part>,
    slots: usize,
    count: u32,
    /// The group of rows without a key.
    null: Option<u32>,
    /// The group of the key that looks like no key.
    zero: Option<u32>,
}

/// Open addressing, linear probing.
#[derive(Default)]
struct Part {
    keys: Vec<u64>,
    numbers: Vec<u32>,
    held: usize,
}

impl Numbers {
    /// None yet.
    pub(super) fn new(secret: u64) -> Self {
        Self {
            secret,
            parts: std::iter::repeat_with(Part::default).take(PARTS).collect(),
            slots: 0,
            count: 0,
            null: None,
            zero: None,
        }
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.parts.capacity() * size_of::<Part>()
            + self.slots * (size_of::<u64>() + size_of::<u32>())
    }

    /// How many groups there are: the number of the next new one.
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// The group without a key, if there is one.
    pub(super) fn null(&self) -> Option<u32> {
        self.null
    }

    /// The number of a key's group, which may be a new one.
    pub(super) fn of(&mut self, key: Option<i64>) -> Result<u32> {
        let next = self.count;
        let number = match key.map(i64::cast_unsigned) {
            None => *self.null.get_or_insert(next),
            Some(EMPTY) => *self.zero.get_or_insert(next),
            Some(key) => {
                let hash = mixed(key ^ self.secret);
                // That many bits fit.
                let part = &mut self.parts[(hash >> (u64::BITS - PART_BITS)) as usize];
                if part.is_full() {
                    self.slots += part.grow(self.secret);
                }
                part.number(key, hash, next)
            }
        };
        if number == next {
            self.count = next
                .checked_add(1)
                .ok_or_else(|| resources_datafusion_err!("more groups than can be numbered"))?;
        }
        Ok(number)
    }
}

impl Part {
    /// Past four fifths, runs of full slots get long.
    fn is_full(&self) -> bool {
        (self.held + 1) * 5 > self.keys.len() * 4
    }

    /// Makes room; how many slots there are more.
    fn grow(&mut self, secret: u64) -> usize {
        let more = (self.keys.len() / 5 * 2).max(SMALLEST_PART);
        let slots = self.keys.len() + more;
        let keys = std::mem::replace(&mut self.keys, vec![EMPTY; slots]);
        let numbers = std::mem::replace(&mut self.numbers, vec![0; slots]);
        self.held = 0;
        for (key, number) in keys.into_iter().zip(numbers) {
            if key != EMPTY {
                self.number(key, mixed(key ^ secret), number);
            }
        }
        more
    }

    /// The number of a key; `new` if it is not there yet.
    fn number(&mut self, key: u64, hash: u64, new: u32) -> u32 {
        let mut at = self.home(hash);
        loop {
            if self.keys[at] == key {
                return self.numbers[at];
            }
            if self.keys[at] == EMPTY {
                self.keys[at] = key;
                self.numbers[at] = new;
                self.held += 1;
                return new;
            }
            at = if at + 1 == self.keys.len() { 0 } else { at + 1 };
        }
    }

    /// Where a key would like to lie: bits of its hash that do not say which part, scaled to the number of slots.
    fn home(&self, hash: u64) -> usize {
        let lower = hash & u64::from(u32::MAX);
        // Less than the number of slots.
        ((lower * self.keys.len() as u64) >> 32) as usize
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn groups_are_numbered_as_their_keys_come(
            keys in prop::collection::vec(prop::option::of(prop_oneof![-20_i64..20, any::<i64>()]), 0..3_000),
            secret: u64,
        ) {
            let mut numbers = Numbers::new(secret);
            let mut known = HashMap::new();
            for key in keys {
                let next = u32::try_from(known.len()).unwrap();
                let number = *known.entry(key).or_insert(next);
                prop_assert_eq!(numbers.of(key).unwrap(), number);
            }
            prop_assert_eq!(numbers.count() as usize, known.len());
            prop_assert_eq!(numbers.null(), known.get(&None).copied());
        }
    }

    #[test]
    fn a_group_takes_about_sixteen_bytes() {
        let mut numbers = Numbers::new(7);
        for key in 0..500_000 {
            numbers.of(Some(key)).unwrap();
        }
        let bytes = numbers.bytes() / 500_000;
        assert!((12..=22).contains(&bytes), "{bytes} bytes a group");
    }
}
