//! A text's fingerprint: what stands for it where texts are only told apart.
//!
//! SipHash-1-3 with 128 bits, keyed with bytes that nobody outside knows, so that texts with equal fingerprints cannot be made up. How
//! many of the bits are kept decides how likely two of `n` texts are mixed up by chance: about `n² / 2^(bits + 1)`.

use std::convert::Infallible;

use arrow::array::{Array as _, ArrayRef, AsArray as _, StringViewArray};
use arrow::datatypes::{DataType, Int64Type};
use siphasher::sip128::SipHasher13;

use super::views_memo::ViewsMemo;

/// Views remembered within an array, as a power of two.
const MEMO_BITS: u32 = 11;

/// The key of an engine's fingerprints.
pub(crate) type FingerprintKey = [u8; 16];

/// Two words that stand for a value.
pub(super) type Fingerprint = (u64, u64);

/// Makes fingerprints.
#[derive(Debug, Clone)]
pub(super) struct Fingerprints(SipHasher13);

impl Fingerprints {
    pub(super) fn new(key: &FingerprintKey) -> Self {
        Self(SipHasher13::new_with_key(key))
    }

    /// Whether values of that type are texts.
    pub(super) fn are_texts(data_type: &DataType) -> bool {
        matches!(
            data_type,
            DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8
        )
    }

    /// Whether values of that type have fingerprints: texts, and whole numbers such as [`identity`](super::identity) gives.
    pub(super) fn has(data_type: &DataType) -> bool {
        Self::are_texts(data_type) || *data_type == DataType::Int64
    }

    /// Calls `each` with the row and the fingerprint of every value that is not null; of a type that has none, of no row.
    pub(super) fn of(&self, values: &ArrayRef, mut each: impl FnMut(usize, Fingerprint)) {
        match values.data_type() {
            DataType::Utf8View => self.of_views(values.as_string_view(), each),
            DataType::Utf8 => self.of_texts(values.as_string::<i32>().iter(), each),
            DataType::LargeUtf8 => self.of_texts(values.as_string::<i64>().iter(), each),
            DataType::Int64 => {
                for (row, number) in values.as_primitive::<Int64Type>().iter().enumerate() {
                    if let Some(number) = number {
                        let mixed = mixed(number.cast_unsigned());
                        each(row, (mixed, mixed));
                    }
                }
            }
            _ => {}
        }
    }

    /// Hashing equal views once is most of the work saved.
    fn of_views(&self, texts: &StringViewArray, mut each: impl FnMut(usize, Fingerprint)) {
        let mut memo: ViewsMemo<1, MEMO_BITS, Fingerprint> = ViewsMemo::new();
        for (row, view) in texts.views().iter().enumerate() {
            if texts.is_valid(row) {
                let of_text = || Ok(self.0.hash(texts.value(row).as_bytes()).as_u64());
                let Ok::<_, Infallible>(fingerprint) = memo.get([*view], of_text);
                each(row, fingerprint);
            }
        }
    }

    fn of_texts<'t>(
        &self,
        rows: impl Iterator<Item = Option<&'t str>>,
        mut each: impl FnMut(usize, Fingerprint),
    ) {
        for (row, text) in rows.enumerate() {
            if let Some(text) = text {
                each(row, self.0.hash(text.as_bytes()).as_u64());
            }
        }
    }
}

/// Another number for every number, looking random (the finalizer of SplitMix64).
pub(in super::super) fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
