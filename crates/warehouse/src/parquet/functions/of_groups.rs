//! An aggregate of groups, whatever it holds of them: what DataFusion asks of all of them alike.

use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array as _, ArrayRef, BooleanArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Result, ScalarValue};
use datafusion::execution::memory_pool::MemoryPool;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, TypeSignature, Volatility,
};

/// What holds the groups of an aggregate, and says what the aggregate is.
pub(super) trait Groups: GroupsAccumulator + Sized + 'static {
    /// The function's name.
    const NAME: &'static str;

    /// The types of its arguments.
    fn arguments() -> TypeSignature;

    /// The type of what it tells of a group.
    fn answer() -> DataType;

    /// What it tells of a group that is not yet all.
    fn state_fields(arguments: &StateFieldsArgs<'_>) -> Vec<FieldRef>;

    /// No groups yet. What they hold is reserved in `pool`, or said by [`GroupsAccumulator::size`].
    fn of(arguments: &AccumulatorArgs<'_>, pool: &Arc<dyn MemoryPool>) -> Result<Self>;
}

/// The aggregate whose groups are `G`.
pub(super) struct OfGroups<G> {
    signature: Signature,
    pool: Arc<dyn MemoryPool>,
    groups: PhantomData<fn() -> G>,
}

impl<G: Groups> OfGroups<G> {
    /// What it holds is reserved in `pool`.
    pub(super) fn new(pool: &Arc<dyn MemoryPool>) -> Self {
        Self {
            signature: Signature::new(G::arguments(), Volatility::Immutable),
            pool: Arc::clone(pool),
            groups: PhantomData,
        }
    }
}

// By hand: a name tells two of these functions apart.
impl<G: Groups> fmt::Debug for OfGroups<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(G::NAME)
    }
}

impl<G: Groups> PartialEq for OfGroups<G> {
    fn eq(&self, other: &Self) -> bool {
        self.signature == other.signature
    }
}

impl<G: Groups> Eq for OfGroups<G> {}

impl<G: Groups> Hash for OfGroups<G> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        G::NAME.hash(state);
    }
}

impl<G: Groups> AggregateUDFImpl for OfGroups<G> {
    fn name(&self) -> &str {
        G::NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(G::answer())
    }

    fn accumulator(&self, arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(OneGroup {
            group: Mutex::new(G::of(&arguments, &self.pool)?),
            rows: Vec::new(),
        }))
    }

    fn state_fields(&self, arguments: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        Ok(G::state_fields(&arguments))
    }

    fn groups_accumulator_supported(&self, _arguments: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        arguments: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(G::of(&arguments, &self.pool)?))
    }
}

/// All rows as one group: an aggregate without `GROUP BY`.
struct OneGroup<G> {
    /// Nobody else has it; the lock is there because DataFusion's accumulators, unlike those of groups, are to be shared.
    group: Mutex<G>,
    /// The group of each row of a batch.
    rows: Vec<usize>,
}

impl<G: Groups> OneGroup<G> {
    fn group(&mut self) -> &mut G {
        self.group.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// The group, and the one each row of a batch belongs to.
    fn with_rows(&mut self, columns: &[ArrayRef]) -> (&mut G, &[usize]) {
        let count = columns.first().map_or(0, |column| column.len());
        self.rows.resize(count, 0);
        let group = self.group.get_mut();
        (group.unwrap_or_else(PoisonError::into_inner), &self.rows)
    }
}

impl<G: Groups> fmt::Debug for OneGroup<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(G::NAME)
    }
}

impl<G: Groups> Accumulator for OneGroup<G> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let (group, rows) = self.with_rows(values);
        group.update_batch(values, rows, None, 1)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let told = self.group().evaluate(EmitTo::All)?;
        if told.is_empty() {
            return ScalarValue::try_from(G::answer());
        }
        ScalarValue::try_from_array(&told, 0)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let state = self.group().state(EmitTo::All)?;
        let of_group = |column: &ArrayRef| ScalarValue::try_from_array(column, 0);
        state.iter().map(of_group).collect()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let (group, rows) = self.with_rows(states);
        group.merge_batch(states, rows, 1)
    }

    fn size(&self) -> usize {
        let group = self.group.lock();
        size_of_val(self) + group.unwrap_or_else(PoisonError::into_inner).size()
    }
}

/// The rows of a batch that an aggregate takes in: those its filter leaves, where no argument is null.
pub(super) struct Rows {
    count: usize,
    valid: Option<NullBuffer>,
}

impl Rows {
    pub(super) fn of(columns: &[ArrayRef], filter: Option<&BooleanArray>) -> Self {
        let filter = filter.map(|filter| match filter.nulls() {
            Some(nulls) => NullBuffer::new(filter.values() & nulls.inner()),
            None => NullBuffer::new(filter.values().clone()),
        });
        let valid = columns.iter().fold(filter, |valid, column| {
            NullBuffer::union(valid.as_ref(), column.logical_nulls().as_ref())
        });
        Self {
            count: columns.first().map_or(0, |column| column.len()),
            valid,
        }
    }

    /// Calls `each` with the place of every row, in their order.
    pub(super) fn each(&self, mut each: impl FnMut(usize) -> Result<()>) -> Result<()> {
        match &self.valid {
            None => (0..self.count).try_for_each(each),
            // Not `try_for_each`, which goes bit by bit.
            Some(valid) => {
                for row in valid.valid_indices() {
                    each(row)?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, StringViewArray};

    use super::*;

    #[test]
    fn rows_that_are_left_out_or_have_a_null_are_not_taken_in() {
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![
            Some(1),
            None,
            Some(3),
            Some(4),
            Some(5),
        ]));
        let texts: ArrayRef = Arc::new(StringViewArray::from(vec![
            Some("a"),
            Some("b"),
            None,
            Some("d"),
            Some("e"),
        ]));
        let filter =
            BooleanArray::from(vec![Some(true), Some(true), Some(true), None, Some(false)]);
        let of = |columns: &[ArrayRef], filter| {
            let mut rows = Vec::new();
            let done = Rows::of(columns, filter).each(|row| {
                rows.push(row);
                Ok(())
            });
            assert!(done.is_ok());
            rows
        };
        let plain: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3, 4, 5]));
        assert_eq!(of(&[Arc::clone(&plain)], None), [0, 1, 2, 3, 4]);
        assert_eq!(of(&[plain], Some(&filter)), [0, 1, 2]);
        assert_eq!(
            of(&[Arc::clone(&numbers), Arc::clone(&texts)], None),
            [0, 3, 4]
        );
        assert_eq!(of(&[numbers, texts], Some(&filter)), [0]);
    }
}
