//! `journey(at_ms, marks, node, mode, steps)`: the hops of each group's way, a list of `{step, node, next, first}`.
//!
//! See [`crate::journey`] for what a way is. Moments of the same instant are in the order of their nodes' names.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanBuilder, Int64Builder, ListBuilder, StringViewBuilder};
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{Result, plan_datafusion_err};
use datafusion::logical_expr::EmitTo;
use datafusion::logical_expr::function::AccumulatorArgs;

use super::moments::{Moments, column, rows_of, whole};
use super::over_moments::OverMoments;
use crate::journey::{JourneyMode, JourneyRule, Waypoint, journey};

/// Two views of texts, a number and a bit.
const ROW_BYTES: usize = 2 * 16 + 8 + 1;

fn fields() -> Fields {
    Fields::from(vec![
        Field::new("step", DataType::Int64, true),
        Field::new("node", DataType::Utf8View, true),
        Field::new("next", DataType::Utf8View, true),
        Field::new("first", DataType::Boolean, true),
    ])
}

impl OverMoments for JourneyRule {
    const NAME: &'static str = "journey";
    const TEXTS: usize = 1;
    const CONSTANTS: &'static [DataType] = &[DataType::Int64, DataType::Int64];

    fn answer() -> DataType {
        let hop = Field::new_list_field(DataType::Struct(fields()), true);
        DataType::List(Arc::new(hop))
    }

    fn of(arguments: &AccumulatorArgs<'_>) -> Result<Self> {
        let (mode, steps) = (whole(arguments, 3)?, whole(arguments, 4)?);
        let mode = JourneyMode::ALL
            .into_iter()
            .find(|known| i64::from(known.number()) == mode)
            .ok_or_else(|| plan_datafusion_err!("{mode} is no way through a session"))?;
        let steps = u8::try_from(steps)
            .ok()
            .filter(|steps| *steps > 0)
            .ok_or_else(|| plan_datafusion_err!("a way of {steps} steps"))?;
        Ok(Self { mode, steps })
    }

    fn tell(&self, moments: &mut Moments, emit_to: EmitTo) -> Result<ArrayRef> {
        let mut lists = ListBuilder::new(rows_of(fields()));
        let mut own = Vec::new();
        moments.tell(emit_to, ROW_BYTES, |texts, _, held| {
            own.clear();
            own.extend(held.iter().map(|held| Waypoint {
                node: held.texts(),
                marks: held.marks(),
            }));
            let name = |node| texts.texts(node)[0];
            let hops = journey(*self, &own);
            let made = hops.len();
            for hop in hops {
                let row = lists.values();
                column::<Int64Builder>(row, 0)?.append_value(i64::from(hop.step));
                column::<StringViewBuilder>(row, 1)?.append_option(name(hop.node));
                column::<StringViewBuilder>(row, 2)?.append_option(hop.next.and_then(name));
                column::<BooleanBuilder>(row, 3)?.append_value(hop.first);
                row.append(true);
            }
            lists.append(true);
            Ok(made)
        })?;
        Ok(Arc::new(lists.finish()))
    }
}
