//! What was made of the texts met last in a batch.
//!
//! Columns repeat their texts, and views that are equal within an array are of equal texts: what is made of those is made once.

/// The view of a text that is absent. No text has it.
pub(super) const NO_TEXT: u128 = u128::MAX;

/// No text and no absent one.
const NONE: u128 = NO_TEXT - 1;

/// What was made of `N` texts, known by their views, each at one of 2^`BITS` places.
pub(super) struct ViewsMemo<const N: usize, const BITS: u32, T>(Vec<([u128; N], T)>);

impl<const N: usize, const BITS: u32, T: Copy + Default> ViewsMemo<N, BITS, T> {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self(vec![([NONE; N], T::default()); 1 << BITS])
    }

    /// What it takes.
    pub(super) fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<([u128; N], T)>()
    }

    /// Before another batch: its views are of other arrays.
    pub(super) fn forget(&mut self) {
        self.0.fill(([NONE; N], T::default()));
    }

    /// What was made of texts with these views, or else `make` makes now.
    pub(super) fn get<E>(
        &mut self,
        views: [u128; N],
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let known = &mut self.0[Self::place(views)];
        if known.0 != views {
            *known = (views, make()?);
        }
        Ok(known.1)
    }

    fn place(views: [u128; N]) -> usize {
        // Both halves, since long texts differ by where they lie and short ones by what they say.
        let folded = |view: u128| (view as u64) ^ ((view >> 64) as u64);
        let mixed = views
            .into_iter()
            .fold(0_u64, |mixed, view| mixed.rotate_left(32) ^ folded(view));
        // That many bits fit.
        (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - BITS)) as usize
    }
}
