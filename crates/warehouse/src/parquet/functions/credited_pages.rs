//! `credited_pages(at_ms, kinds, origin, path, window_ms)`: the pages each group viewed before a conversion, a list of `{origin, path}`, each
//! once.
//!
//! See [`crate::credit`] for what that means.

use std::sync::Arc;

use arrow::array::{ArrayRef, ListBuilder, StringViewBuilder};
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::Result;
use datafusion::logical_expr::EmitTo;
use datafusion::logical_expr::function::AccumulatorArgs;

use super::moments::{Moments, column, rows_of, whole};
use super::over_moments::OverMoments;
use crate::credit::{CreditMoment, credited};

/// How long before a conversion a view may be.
pub(super) struct CreditedPages {
    window_ms: i64,
}

/// Two views of texts.
const ROW_BYTES: usize = 2 * 16;

fn fields() -> Fields {
    Fields::from(vec![
        Field::new("origin", DataType::Utf8View, true),
        Field::new("path", DataType::Utf8View, true),
    ])
}

impl OverMoments for CreditedPages {
    const NAME: &'static str = "credited_pages";
    const TEXTS: usize = 2;
    const CONSTANTS: &'static [DataType] = &[DataType::Int64];

    fn answer() -> DataType {
        let page = Field::new_list_field(DataType::Struct(fields()), true);
        DataType::List(Arc::new(page))
    }

    fn of(arguments: &AccumulatorArgs<'_>) -> Result<Self> {
        let window_ms = whole(arguments, 4)?;
        Ok(Self { window_ms })
    }

    fn tell(&self, moments: &mut Moments, emit_to: EmitTo) -> Result<ArrayRef> {
        let mut lists = ListBuilder::new(rows_of(fields()));
        let mut own = Vec::new();
        moments.tell(emit_to, ROW_BYTES, |texts, _, held| {
            own.clear();
            own.extend(held.iter().map(|held| CreditMoment {
                at_ms: held.at_ms,
                marks: held.marks(),
                page: held.texts(),
            }));
            let pages = credited(&own, self.window_ms);
            for page in &pages {
                let row = lists.values();
                let [origin, path] = texts.texts(*page);
                column::<StringViewBuilder>(row, 0)?.append_option(origin);
                column::<StringViewBuilder>(row, 1)?.append_option(path);
                row.append(true);
            }
            lists.append(true);
            Ok(pages.len())
        })?;
        Ok(Arc::new(lists.finish()))
    }
}
