//! Pairs of texts, numbered as they come.

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;

use datafusion::common::{DataFusionError, Result};

use super::moments::MARK_BITS;

/// The largest number: what the marks of a moment leave.
const MOST_TEXTS: u32 = u32::MAX >> MARK_BITS;

/// Up to two texts; a null is none.
pub(super) type Texts<'t> = [Option<&'t str>; 2];

/// Texts by their numbers.
#[derive(Default)]
pub(super) struct Numbered {
    numbers: HashMap<Arc<str>, u32>,
    keys: Vec<Arc<str>>,
    bytes: usize,
    key: String,
}

impl Numbered {
    /// The number of texts, which may be a new one.
    pub(super) fn number(&mut self, texts: Texts<'_>) -> Result<u32> {
        let mut key = mem::take(&mut self.key);
        write_key(&mut key, texts);
        let number = match self.numbers.get(key.as_str()) {
            Some(number) => *number,
            None => {
                let number = u32::try_from(self.keys.len())
                    .ok()
                    .filter(|number| *number <= MOST_TEXTS)
                    .ok_or_else(too_many)?;
                let shared: Arc<str> = key.as_str().into();
                self.bytes += shared.len() + 64;
                self.keys.push(Arc::clone(&shared));
                self.numbers.insert(shared, number);
                number
            }
        };
        self.key = key;
        Ok(number)
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.keys.len()
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The texts of a number.
    pub(super) fn texts(&self, number: u32) -> Texts<'_> {
        let key = usize::try_from(number)
            .ok()
            .and_then(|place| self.keys.get(place));
        key.map_or([None, None], |key| read_key(key))
    }

    /// For each number its place in the order of the texts, and for each place its number.
    pub(super) fn ordered(&self) -> Ordered {
        let count = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        let mut numbers: Vec<u32> = (0..count).collect();
        numbers.sort_by(|one, other| self.texts(*one).cmp(&self.texts(*other)));
        let mut places = vec![0; numbers.len()];
        for (place, number) in (0..count).zip(&numbers) {
            places[usize::try_from(*number).unwrap_or(0)] = place;
        }
        Ordered { places, numbers }
    }
}

fn too_many() -> DataFusionError {
    DataFusionError::ResourcesExhausted(
        "more different values than an aggregate can tell apart".into(),
    )
}

/// Texts in order.
#[derive(Default)]
pub(super) struct Ordered {
    places: Vec<u32>,
    numbers: Vec<u32>,
}

impl Ordered {
    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.numbers.len()
    }

    /// The place of a number.
    pub(super) fn place(&self, number: u32) -> u32 {
        at(&self.places, number)
    }

    /// The number at a place.
    pub(super) fn number(&self, place: u32) -> u32 {
        at(&self.numbers, place)
    }
}

fn at(list: &[u32], index: u32) -> u32 {
    usize::try_from(index)
        .ok()
        .and_then(|index| list.get(index).copied())
        .unwrap_or(0)
}

/// `length|first` or `-`, then the same of the second: no two pairs are written alike.
fn write_key(key: &mut String, texts: Texts<'_>) {
    use std::fmt::Write as _;
    key.clear();
    for text in texts {
        // Writing to a text cannot fail.
        let _ = match text {
            Some(text) => write!(key, "{}|{text}", text.len()),
            None => write!(key, "-"),
        };
    }
}

fn read_key(key: &str) -> Texts<'_> {
    let mut rest = key;
    let mut next = || {
        if let Some(others) = rest.strip_prefix('-') {
            rest = others;
            return None;
        }
        let (length, others) = rest.split_once('|')?;
        let (text, others) = others.split_at_checked(length.parse().ok()?)?;
        rest = others;
        Some(text)
    };
    [next(), next()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_of_texts_are_told_apart_whatever_they_contain() {
        let pairs: [Texts<'static>; 7] = [
            [Some("a"), Some("bc")],
            [Some("ab"), Some("c")],
            [Some("1|a"), None],
            [None, Some("1|a")],
            [Some("-"), Some("")],
            [Some(""), Some("-")],
            [None, None],
        ];
        let mut numbered = Numbered::default();
        for (place, pair) in (0..).zip(pairs) {
            assert_eq!(numbered.number(pair).ok(), Some(place));
        }
        for (place, pair) in (0..).zip(pairs) {
            assert_eq!(numbered.number(pair).ok(), Some(place));
            assert_eq!(numbered.texts(place), pair);
        }
    }

    #[test]
    fn numbers_are_put_in_the_order_of_their_texts() {
        let mut numbered = Numbered::default();
        for text in ["b", "c", "a"] {
            assert!(numbered.number([Some(text), None]).is_ok());
        }
        let order = numbered.ordered();
        assert_eq!([0, 1, 2].map(|number| order.place(number)), [1, 2, 0]);
        assert_eq!([0, 1, 2].map(|place| order.number(place)), [2, 0, 1]);
    }
}
