//! `page_times(at_ms, counts, origin, path)`: per group, for each page with a view that counts, `{origin, path, views, timed, time_ms}`.
//!
//! A view lasts until the group's next one, whether that counts or not; the last one, which has no next, is not timed. Views of the
//! same instant are in the order of their pages.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Int64Builder, ListBuilder, StringBuilder, StructBuilder,
};
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::{Result, not_impl_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};

use super::moments::{Moments, column, state_fields};

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct PageTimes {
    signature: Signature,
}

impl PageTimes {
    pub(super) fn new() -> Self {
        let arguments = vec![
            DataType::Int64,
            DataType::Int64,
            DataType::Utf8,
            DataType::Utf8,
        ];
        Self {
            signature: Signature::exact(arguments, Volatility::Immutable),
        }
    }
}

fn fields() -> Fields {
    Fields::from(vec![
        Field::new("origin", DataType::Utf8, true),
        Field::new("path", DataType::Utf8, true),
        Field::new("views", DataType::Int64, true),
        Field::new("timed", DataType::Int64, true),
        Field::new("time_ms", DataType::Int64, true),
    ])
}

impl AggregateUDFImpl for PageTimes {
    fn name(&self) -> &str {
        "page_times"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        let page = Field::new_list_field(DataType::Struct(fields()), true);
        Ok(DataType::List(Arc::new(page)))
    }

    fn accumulator(&self, _arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        not_impl_err!("page_times is an aggregate of groups")
    }

    fn state_fields(&self, arguments: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        Ok(state_fields(&arguments))
    }

    fn groups_accumulator_supported(&self, _arguments: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        _arguments: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Views(Moments::default())))
    }
}

struct Views(Moments);

/// What is known of a page in a group.
#[derive(Default)]
struct Page {
    views: i64,
    timed: i64,
    time_ms: i64,
}

impl GroupsAccumulator for Views {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
        groups: usize,
    ) -> Result<()> {
        self.0.update(values, 2, group_indices, filter, groups)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let mut lists = ListBuilder::new(StructBuilder::from_fields(fields(), 0));
        self.0.tell(emit_to, |texts, _, held| {
            let mut pages: BTreeMap<u32, Page> = BTreeMap::new();
            for (place, view) in held.iter().enumerate() {
                if view.marks() == 0 {
                    continue;
                }
                let page = pages.entry(view.texts()).or_default();
                page.views += 1;
                if let Some(next) = held.get(place + 1) {
                    page.timed += 1;
                    page.time_ms += next.at_ms - view.at_ms;
                }
            }
            for (number, page) in pages {
                let row = lists.values();
                let [origin, path] = texts.texts(number);
                column::<StringBuilder>(row, 0)?.append_option(origin);
                column::<StringBuilder>(row, 1)?.append_option(path);
                column::<Int64Builder>(row, 2)?.append_value(page.views);
                column::<Int64Builder>(row, 3)?.append_value(page.timed);
                column::<Int64Builder>(row, 4)?.append_value(page.time_ms);
                row.append(true);
            }
            lists.append(true);
            Ok(())
        })?;
        Ok(Arc::new(lists.finish()))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        self.0.state(emit_to)
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        groups: usize,
    ) -> Result<()> {
        self.0.merge(values, group_indices, groups)
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        Moments::alone(values, 2, filter)
    }

    fn size(&self) -> usize {
        self.0.bytes()
    }
}
