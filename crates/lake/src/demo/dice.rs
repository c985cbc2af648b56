//! The demo's randomness: SplitMix64, so that the same seed gives the same data on every machine and in every version.

/// A stream of pseudo-random numbers.
#[derive(Debug, Clone)]
pub(super) struct Dice {
    state: u64,
}

impl Dice {
    /// The stream of a seed.
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The stream of the `number`th thing of a kind, independent of all others.
    pub(super) fn of(seed: u64, kind: &str, number: u64) -> Self {
        let mut dice = Self::new(seed);
        for byte in kind.bytes() {
            dice.state = dice.state.wrapping_add(u64::from(byte));
            dice.state = dice.next();
        }
        dice.state = dice.state.wrapping_add(number);
        dice.state = dice.next();
        dice
    }

    /// The next number.
    pub(super) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 (included) to 1 (excluded).
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True once in `1 / share` times.
    pub(super) fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// From `from` to `to`, both included; `from` when the range is empty.
    pub(super) fn between(&mut self, from: i64, to: i64) -> i64 {
        let width = to.saturating_sub(from).max(0) as u64;
        from.saturating_add((self.next() % width.saturating_add(1)) as i64)
    }

    /// One of `items`, which must not be empty, each as likely.
    pub(super) fn pick<'t, T>(&mut self, items: &'t [T]) -> &'t T {
        &items[(self.next() % items.len().max(1) as u64) as usize]
    }

    /// One of `items`, which must not be empty, as likely as its weight says.
    pub(super) fn weighted<'t, T>(&mut self, items: &'t [T], weight: impl Fn(&T) -> f64) -> &'t T {
        let mut left = self.unit() * items.iter().map(&weight).sum::<f64>();
        for item in items {
            left -= weight(item);
            if left < 0.0 {
                return item;
            }
        }
        &items[items.len() - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_rolls_the_same_numbers_on_every_machine() {
        // First outputs of SplitMix64 with seed 0, from its reference implementation.
        let mut dice = Dice::new(0);
        assert_eq!(
            [dice.next(), dice.next()],
            [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4]
        );
    }

    #[test]
    fn weights_are_kept() {
        let mut dice = Dice::of(7, "test", 1);
        let often = (0..10_000)
            .filter(|_| *dice.weighted(&[("a", 9.0), ("b", 1.0)], |item| item.1) == ("a", 9.0))
            .count();
        assert!((8_800..9_200).contains(&often), "{often}");
        assert!((0..1_000).all(|_| (3..=5).contains(&dice.between(3, 5))));
    }
}
