//! `funnel(at_ms, steps, value, most_steps, window_ms, strict)`: the best attempt of each group, as `{times, value}`.
//!
//! See [`crate::funnel`] for what an attempt is. Values are compared as texts.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int64Builder, ListBuilder, StringBuilder, StructArray};
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::{Result, not_impl_err, plan_datafusion_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};

use super::moments::{Moments, state_fields, truth, whole};
use crate::funnel::{FunnelMoment, FunnelRule, best_attempt};

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Funnel {
    signature: Signature,
}

impl Funnel {
    pub(super) fn new() -> Self {
        let arguments = vec![
            DataType::Int64,
            DataType::Int64,
            DataType::Utf8,
            DataType::Int64,
            DataType::Int64,
            DataType::Boolean,
        ];
        Self {
            signature: Signature::exact(arguments, Volatility::Immutable),
        }
    }
}

fn fields() -> Fields {
    let times = Field::new_list_field(DataType::Int64, true);
    Fields::from(vec![
        Field::new("times", DataType::List(Arc::new(times)), true),
        Field::new("value", DataType::Utf8, true),
    ])
}

impl AggregateUDFImpl for Funnel {
    fn name(&self) -> &str {
        "funnel"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(fields()))
    }

    fn accumulator(&self, _arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        not_impl_err!("funnel is an aggregate of groups")
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
        let steps = whole(&arguments, 3)?;
        Ok(Box::new(Attempts {
            rule: FunnelRule {
                steps: u8::try_from(steps)
                    .map_err(|_| plan_datafusion_err!("a funnel of {steps} steps"))?,
                window_ms: whole(&arguments, 4)?,
                strict: truth(&arguments, 5)?,
            },
            moments: Moments::default(),
        }))
    }
}

struct Attempts {
    rule: FunnelRule,
    moments: Moments,
}

impl GroupsAccumulator for Attempts {
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
        let mut times = ListBuilder::new(Int64Builder::new());
        let mut values = StringBuilder::new();
        let mut own = Vec::new();
        let rule = self.rule;
        self.moments.tell(emit_to, |texts, order, held| {
            own.clear();
            own.extend(held.iter().map(|held| FunnelMoment {
                at_ms: held.at_ms,
                steps: held.marks(),
                value: order.place(held.texts()),
            }));
            match best_attempt(&rule, &own) {
                Some(attempt) => {
                    times.values().append_slice(&attempt.times_ms);
                    let [value, _] = texts.texts(order.number(attempt.value));
                    values.append_option(value);
                }
                None => values.append_null(),
            }
            times.append(true);
            Ok(())
        })?;
        let columns: Vec<ArrayRef> = vec![Arc::new(times.finish()), Arc::new(values.finish())];
        Ok(Arc::new(StructArray::try_new(fields(), columns, None)?))
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
