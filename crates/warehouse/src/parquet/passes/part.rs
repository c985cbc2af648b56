//! Which rows belong to one part of a key.

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use arrow::array::BooleanArray;
use arrow::datatypes::{DataType, Schema};
use arrow::record_batch::RecordBatch;
use datafusion::common::Result;
use datafusion::common::hash_utils::{RandomState, create_hashes};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr_common::utils::evaluate_expressions_to_arrays;
use datafusion::physical_plan::ColumnarValue;

/// Another than those of joins and groupings: within a part their tables would be filled unevenly.
const SEED: u64 = 0x7061_7373_6573_0001;

/// What rows are told apart by: rows that are equal in all of these are in the same part.
pub(super) type Key = Vec<Arc<dyn PhysicalExpr>>;

/// One of several parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Part {
    pub(super) number: u64,
    pub(super) of: u64,
}

impl Part {
    /// All there is.
    pub(super) const WHOLE: Self = Self { number: 0, of: 1 };

    /// So many parts that are all there is, the first one last.
    pub(super) fn all(of: u64) -> Vec<Self> {
        (0..of).rev().map(|number| Self { number, of }).collect()
    }

    /// Two parts that together are this one.
    pub(super) fn halves(self) -> [Self; 2] {
        let Self { number, of } = self;
        [number, number + of].map(|number| Self { number, of: of * 2 })
    }
}

/// Whether a row is in a part.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct InPart {
    pub(super) key: Key,
    pub(super) part: Part,
}

impl PhysicalExpr for InPart {
    fn data_type(&self, _schema: &Schema) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn nullable(&self, _schema: &Schema) -> Result<bool> {
        Ok(false)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        let keys = evaluate_expressions_to_arrays(&self.key, batch)?;
        let mut hashes = vec![0; batch.num_rows()];
        create_hashes(&keys, &RandomState::with_seed(SEED), &mut hashes)?;
        let Part { number, of } = self.part;
        let are_in: BooleanArray = hashes
            .iter()
            .map(|hash| Some(hash % of == number))
            .collect();
        Ok(ColumnarValue::Array(Arc::new(are_in)))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        self.key.iter().collect()
    }

    fn with_new_children(
        self: Arc<Self>,
        key: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        let part = self.part;
        Ok(Arc::new(Self { key, part }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for InPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Part { number, of } = self.part;
        write!(f, "part {} of {of} by [", number + 1)?;
        for (place, key) in self.key.iter().enumerate() {
            write!(f, "{}{key}", if place > 0 { ", " } else { "" })?;
        }
        write!(f, "]")
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, Int64Array};
    use datafusion::physical_expr::expressions::Column;

    use super::*;

    fn members(part: Part) -> Vec<bool> {
        let numbers = Arc::new(Int64Array::from_iter(
            (0..1_000).map(|n| (n % 10 != 0).then_some(n)),
        ));
        let batch = RecordBatch::try_from_iter([("n", numbers as _)]);
        let key: Key = vec![Arc::new(Column::new("n", 0))];
        let are_in = batch
            .map_err(Into::into)
            .and_then(|batch| InPart { key, part }.evaluate(&batch))
            .and_then(|are_in| are_in.into_array(1_000));
        are_in.map_or(Vec::new(), |are_in| {
            are_in.as_boolean().values().iter().collect()
        })
    }

    #[test]
    fn every_row_is_in_one_of_the_parts_and_in_one_of_a_parts_halves() {
        let thirds = Part::all(3);
        let in_each: Vec<Vec<bool>> = thirds.iter().map(|third| members(*third)).collect();
        for row in 0..1_000 {
            let parts = in_each.iter().filter(|part| part[row]).count();
            assert_eq!(parts, 1, "row {row}");
        }
        for (third, whole) in thirds.iter().zip(&in_each) {
            assert!((200..500).contains(&whole.iter().filter(|is_in| **is_in).count()));
            let [one, other] = third.halves().map(members);
            for row in 0..1_000 {
                assert_eq!(one[row] != other[row], whole[row]);
                assert!(!(one[row] && other[row]));
            }
        }
    }
}
