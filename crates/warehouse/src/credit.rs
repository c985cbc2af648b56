//! Which pages a conversion is credited to: those viewed before it, not too long before.

use std::collections::BTreeSet;

/// The mark of a view.
pub const VIEW: u16 = 1;
/// The mark of a conversion.
pub const CONVERSION: u16 = 2;

/// A view, a conversion, or both.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CreditMoment {
    pub(crate) at_ms: i64,
    pub(crate) marks: u16,
    /// The page, of a view.
    pub(crate) page: u32,
}

/// The pages viewed before a conversion (not at its instant), at most `window_ms` before. Moments are in the order of time.
pub(crate) fn credited(moments: &[CreditMoment], window_ms: i64) -> BTreeSet<u32> {
    let mut pages = BTreeSet::new();
    // From the last instant on, so that the next conversion after it is known.
    let mut next: Option<i64> = None;
    for together in moments
        .chunk_by(|one, other| one.at_ms == other.at_ms)
        .rev()
    {
        for moment in together {
            let is_view = moment.marks & VIEW != 0;
            if is_view && next.is_some_and(|next| next - moment.at_ms <= window_ms) {
                pages.insert(moment.page);
            }
        }
        let converts = |moment: &&CreditMoment| moment.marks & CONVERSION != 0;
        next = together
            .iter()
            .find(converts)
            .map(|moment| moment.at_ms)
            .or(next);
    }
    pages
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_page_is_credited_if_any_pair_of_view_and_conversion_says_so(
            mut moments in prop::collection::vec((0_i64..30, 0_u16..4, 0_u32..6), 0..40),
            window_ms in 1_i64..12,
        ) {
            moments.sort_unstable();
            let moments: Vec<CreditMoment> = moments
                .into_iter()
                .map(|(at_ms, marks, page)| CreditMoment { at_ms, marks, page })
                .collect();
            let views = moments.iter().filter(|moment| moment.marks & VIEW != 0);
            let expected: BTreeSet<u32> = views
                .filter(|view| {
                    moments.iter().any(|moment| {
                        moment.marks & CONVERSION != 0
                            && (1..=window_ms).contains(&(moment.at_ms - view.at_ms))
                    })
                })
                .map(|view| view.page)
                .collect();
            prop_assert_eq!(credited(&moments, window_ms), expected);
        }
    }
}
