//! `page_times(at_ms, counts, origin, path)`: per group, for each page with a view that counts, `{origin, path, views, timed, time_ms}`.
//!
//! A view lasts until the group's next one, whether that counts or not; the last one, which has no next, is not timed. Views of the
//! same instant are in the order of their pages.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Builder, ListBuilder, StringViewBuilder};
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::Result;
use datafusion::logical_expr::EmitTo;
use datafusion::logical_expr::function::AccumulatorArgs;

use super::moments::{Moments, column, rows_of};
use super::over_moments::OverMoments;

/// There is nothing to choose.
pub(super) struct PageTimes;

/// What is known of a page in a group.
#[derive(Default)]
struct Page {
    views: i64,
    timed: i64,
    time_ms: i64,
}

/// Two views of texts and three numbers.
const ROW_BYTES: usize = 2 * 16 + 3 * 8;

fn fields() -> Fields {
    Fields::from(vec![
        Field::new("origin", DataType::Utf8View, true),
        Field::new("path", DataType::Utf8View, true),
        Field::new("views", DataType::Int64, true),
        Field::new("timed", DataType::Int64, true),
        Field::new("time_ms", DataType::Int64, true),
    ])
}

impl OverMoments for PageTimes {
    const NAME: &'static str = "page_times";
    const TEXTS: usize = 2;
    const CONSTANTS: &'static [DataType] = &[];

    fn answer() -> DataType {
        let page = Field::new_list_field(DataType::Struct(fields()), true);
        DataType::List(Arc::new(page))
    }

    fn of(_arguments: &AccumulatorArgs<'_>) -> Result<Self> {
        Ok(Self)
    }

    fn tell(&self, moments: &mut Moments, emit_to: EmitTo) -> Result<ArrayRef> {
        let mut lists = ListBuilder::new(rows_of(fields()));
        moments.tell(emit_to, ROW_BYTES, |texts, _, held| {
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
            let made = pages.len();
            for (number, page) in pages {
                let row = lists.values();
                let [origin, path] = texts.texts(number);
                column::<StringViewBuilder>(row, 0)?.append_option(origin);
                column::<StringViewBuilder>(row, 1)?.append_option(path);
                column::<Int64Builder>(row, 2)?.append_value(page.views);
                column::<Int64Builder>(row, 3)?.append_value(page.timed);
                column::<Int64Builder>(row, 4)?.append_value(page.time_ms);
                row.append(true);
            }
            lists.append(true);
            Ok(made)
        })?;
        Ok(Arc::new(lists.finish()))
    }
}
