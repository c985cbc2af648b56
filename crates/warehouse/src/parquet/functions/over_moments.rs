//! An aggregate over the moments of a group, whatever it makes of them.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray};
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::Result;
use datafusion::execution::memory_pool::MemoryPool;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{EmitTo, GroupsAccumulator, TypeSignature};

use super::moments::{Moments, state_fields};
use super::of_groups::Groups;

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

/// Groups of moments, and the rule for them.
pub(super) struct GroupsOfMoments<R> {
    rule: R,
    moments: Moments,
}

impl<R: OverMoments> Groups for GroupsOfMoments<R> {
    const NAME: &'static str = R::NAME;

    fn arguments() -> TypeSignature {
        let mut arguments = vec![DataType::Int64, DataType::Int64];
        arguments.extend(vec![DataType::Utf8View; R::TEXTS]);
        arguments.extend_from_slice(R::CONSTANTS);
        TypeSignature::Exact(arguments)
    }

    fn answer() -> DataType {
        R::answer()
    }

    fn state_fields(arguments: &StateFieldsArgs<'_>) -> Vec<FieldRef> {
        state_fields(arguments)
    }

    fn of(arguments: &AccumulatorArgs<'_>, pool: &Arc<dyn MemoryPool>) -> Result<Self> {
        Ok(Self {
            rule: R::of(arguments)?,
            moments: Moments::new(pool),
        })
    }
}

impl<R: OverMoments> GroupsAccumulator for GroupsOfMoments<R> {
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
