//! `journey(at_ms, marks, node, mode, steps)`: the hops of each group's way, a list of `{step, node, next, first}`.
//!
//! See [`crate::journey`] for what a way is. Moments of the same instant are in the order of their nodes' names.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, BooleanBuilder, Int64Builder, ListBuilder, StringBuilder, StructBuilder,
};
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::{Result, not_impl_err, plan_datafusion_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};

use super::moments::{Moments, column, state_fields, whole};
use crate::journey::{JourneyMode, JourneyRule, Waypoint, journey};

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Journey {
    signature: Signature,
}

impl Journey {
    pub(super) fn new() -> Self {
        let arguments = vec![
            DataType::Int64,
            DataType::Int64,
            DataType::Utf8,
            DataType::Int64,
            DataType::Int64,
        ];
        Self {
            signature: Signature::exact(arguments, Volatility::Immutable),
        }
    }
}

fn fields() -> Fields {
    Fields::from(vec![
        Field::new("step", DataType::Int64, true),
        Field::new("node", DataType::Utf8, true),
        Field::new("next", DataType::Utf8, true),
        Field::new("first", DataType::Boolean, true),
    ])
}

impl AggregateUDFImpl for Journey {
    fn name(&self) -> &str {
        "journey"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        let hop = Field::new_list_field(DataType::Struct(fields()), true);
        Ok(DataType::List(Arc::new(hop)))
    }

    fn accumulator(&self, _arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        not_impl_err!("journey is an aggregate of groups")
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
        let (mode, steps) = (whole(&arguments, 3)?, whole(&arguments, 4)?);
        let mode = JourneyMode::ALL
            .into_iter()
            .find(|known| i64::from(known.number()) == mode)
            .ok_or_else(|| plan_datafusion_err!("{mode} is no way through a session"))?;
        let steps = u8::try_from(steps)
            .ok()
            .filter(|steps| *steps > 0)
            .ok_or_else(|| plan_datafusion_err!("a way of {steps} steps"))?;
        Ok(Box::new(Ways {
            rule: JourneyRule { mode, steps },
            moments: Moments::default(),
        }))
    }
}

struct Ways {
    rule: JourneyRule,
    moments: Moments,
}

impl GroupsAccumulator for Ways {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
        groups: usize,
    ) -> Result<()> {
        self.moments
            .update(values, 1, group_indices, filter, groups)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let mut lists = ListBuilder::new(StructBuilder::from_fields(fields(), 0));
        let mut own = Vec::new();
        let rule = self.rule;
        self.moments.tell(emit_to, |texts, _, held| {
            own.clear();
            own.extend(held.iter().map(|held| Waypoint {
                node: held.texts(),
                marks: held.marks(),
            }));
            let name = |node| texts.texts(node)[0];
            for hop in journey(rule, &own) {
                let row = lists.values();
                column::<Int64Builder>(row, 0)?.append_value(i64::from(hop.step));
                column::<StringBuilder>(row, 1)?.append_option(name(hop.node));
                column::<StringBuilder>(row, 2)?.append_option(hop.next.and_then(name));
                column::<BooleanBuilder>(row, 3)?.append_value(hop.first);
                row.append(true);
            }
            lists.append(true);
            Ok(())
        })?;
        Ok(Arc::new(lists.finish()))
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
        Moments::alone(values, 1, filter)
    }

    fn size(&self) -> usize {
        self.moments.bytes()
    }
}
