//! An aggregate over the moments of a group, whatever it makes of them: what DataFusion asks of all of them alike.

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray};
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Result, not_impl_err};
use datafusion::execution::memory_pool::MemoryPool;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};

use super::moments::{Moments, state_fields};

/// What is made of a group's moments. The first arguments are the instant, the marks and [`OverMoments::TEXTS`] texts; then come
/// constants.
pub(super) trait OverMoments: Send + Sync + Sized + 'static {
    /// The function's name.
    const NAME: &'static str;
    /// How many texts a moment has: one or two.
    const TEXTS: usize;
    /// The types of the constants.
    const CONSTANTS: &'static [DataType];

    /// The type of what is made.
    fn answer() -> DataType;

    /// The rule the constants state.
    fn of(arguments: &AccumulatorArgs<'_>) -> Result<Self>;

    /// What is made of each group that is to be told.
    fn tell(&self, moments: &mut Moments, emit_to: EmitTo) -> Result<ArrayRef>;
}

/// The aggregate of a rule.
pub(super) struct Over<R> {
    signature: Signature,
    pool: Arc<dyn MemoryPool>,
    rule: std::marker::PhantomData<fn() -> R>,
}

impl<R: OverMoments> Over<R> {
    /// What it holds is reserved in `pool`.
    pub(super) fn new(pool: &Arc<dyn MemoryPool>) -> Self {
        let mut arguments = vec![DataType::Int64, DataType::Int64];
        arguments.extend(vec![DataType::Utf8View; R::TEXTS]);
        arguments.extend_from_slice(R::CONSTANTS);
        Self {
            signature: Signature::exact(arguments, Volatility::Immutable),
            pool: Arc::clone(pool),
            rule: std::marker::PhantomData,
        }
    }
}

// By hand: a rule is no part of what tells two functions apart, its name is.
impl<R: OverMoments> fmt::Debug for Over<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(R::NAME)
    }
}

impl<R: OverMoments> PartialEq for Over<R> {
    fn eq(&self, other: &Self) -> bool {
        self.signature == other.signature
    }
}

impl<R: OverMoments> Eq for Over<R> {}

impl<R: OverMoments> Hash for Over<R> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        R::NAME.hash(state);
    }
}

impl<R: OverMoments> AggregateUDFImpl for Over<R> {
    fn name(&self) -> &str {
        R::NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(R::answer())
    }

    fn accumulator(&self, _arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        not_impl_err!("{} is an aggregate of groups", R::NAME)
    }

    fn state_fields(&self, arguments: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        Ok(state_fields(&arguments))
    }

    fn groups_accumulator_supported(&self, _arguments: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        arguments: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Groups {
            rule: R::of(&arguments)?,
            moments: Moments::new(&self.pool),
        }))
    }
}

struct Groups<R> {
    rule: R,
    moments: Moments,
}

impl<R: OverMoments> GroupsAccumulator for Groups<R> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
        groups: usize,
    ) -> Result<()> {
        self.moments
            .update(values, R::TEXTS, group_indices, filter, groups)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.rule.tell(&mut self.moments, emit_to)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        self.moments.state(emit_to)
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        groups: usize,
    ) -> Result<()> {
        self.moments.merge(values, group_indices, groups)
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        self.moments.alone(values, R::TEXTS, filter)
    }

    fn size(&self) -> usize {
        // Reserved where it is held.
        0
    }
}
