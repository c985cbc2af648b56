//! `funnel(at_ms, steps, value, most_steps, window_ms, strict)`: the best attempt of each group, as `{times, value}`.
//!
//! See [`crate::funnel`] for what an attempt is. Values are compared as texts.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Builder, ListBuilder, StringBuilder, StructArray};
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{Result, plan_datafusion_err};
use datafusion::logical_expr::EmitTo;
use datafusion::logical_expr::function::AccumulatorArgs;

use super::moments::{Moments, truth, whole};
use super::over_moments::OverMoments;
use crate::funnel::{FunnelMoment, FunnelRule, best_attempt};

/// An instant, and a part of the value beside it.
const ROW_BYTES: usize = 2 * 8;

fn fields() -> Fields {
    let times = Field::new_list_field(DataType::Int64, true);
    Fields::from(vec![
        Field::new("times", DataType::List(Arc::new(times)), true),
        Field::new("value", DataType::Utf8, true),
    ])
}

impl OverMoments for FunnelRule {
    const NAME: &'static str = "funnel";
    const TEXTS: usize = 1;
    const CONSTANTS: &'static [DataType] = &[DataType::Int64, DataType::Int64, DataType::Boolean];

    fn answer() -> DataType {
        DataType::Struct(fields())
    }

    fn of(arguments: &AccumulatorArgs<'_>) -> Result<Self> {
        let steps = whole(arguments, 3)?;
        Ok(Self {
            steps: u8::try_from(steps)
                .map_err(|_| plan_datafusion_err!("a funnel of {steps} steps"))?,
            window_ms: whole(arguments, 4)?,
            strict: truth(arguments, 5)?,
        })
    }

    fn tell(&self, moments: &mut Moments, emit_to: EmitTo) -> Result<ArrayRef> {
        let mut times = ListBuilder::new(Int64Builder::new());
        let mut values = StringBuilder::new();
        let mut own = Vec::new();
        moments.tell(emit_to, ROW_BYTES, |texts, order, held| {
            own.clear();
            own.extend(held.iter().map(|held| FunnelMoment {
                at_ms: held.at_ms,
                steps: held.marks(),
                value: order.place(held.texts()),
            }));
            let attempt = best_attempt(self, &own);
            let made = attempt.as_ref().map_or(0, |attempt| attempt.times_ms.len());
            match attempt {
                Some(attempt) => {
                    times.values().append_slice(&attempt.times_ms);
                    let [value, _] = texts.texts(order.number(attempt.value));
                    values.append_option(value);
                }
                None => values.append_null(),
            }
            times.append(true);
            Ok(made)
        })?;
        let columns: Vec<ArrayRef> = vec![Arc::new(times.finish()), Arc::new(values.finish())];
        Ok(Arc::new(StructArray::try_new(fields(), columns, None)?))
    }
}
