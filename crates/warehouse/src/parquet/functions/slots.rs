//! An aggregate that holds a few numbers of 32 bits for each group, whatever they mean.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Builder, ListBuilder, UInt32Builder,
};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Int64Type, UInt32Type};
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{EmitTo, GroupsAccumulator, TypeSignature};

use super::moments::{column, rows_of};
use super::of_groups::{Groups, Rows};

/// Groups whose slots lie together. With blocks nothing is copied as groups become more.
const BLOCK: usize = 4096;
/// The bits of a slot.
pub(super) const BITS: usize = u32::BITS as usize;

/// What the slots of a group mean. A row is `TAKEN` whole numbers, after which come constants; what is told of a group is a list of rows of
/// `TOLD` whole numbers.
pub(super) trait SlotRule<const TAKEN: usize, const TOLD: usize>:
    Send + Sync + Sized + 'static
{
    /// The function's name.
    const NAME: &'static str;
    /// The names of what is told.
    const COLUMNS: [&'static str; TOLD];

    /// The types of the constants.
    fn constants() -> Vec<DataType>;

    /// The rule the constants state.
    fn of(arguments: &AccumulatorArgs<'_>) -> Result<Self>;

    /// How many slots a group has. They are 0 until something is noted.
    fn slots(&self) -> usize;

    /// Notes a row of a group.
    fn note(&self, slots: &mut [u32], row: [i64; TAKEN]) -> Result<()>;

    /// Notes what others have of a group.
    fn merge(&self, slots: &mut [u32], others: &[u32]);

    /// Tells the rows of a group.
    fn tell(&self, slots: &[u32], row: impl FnMut([Option<i64>; TOLD]) -> Result<()>)
    -> Result<()>;
}

/// Sets one of the bits that slots are taken for.
pub(super) fn set_bit(slots: &mut [u32], place: usize) {
    slots[place / BITS] |= 1 << (place % BITS);
}

/// Whether one of the bits that slots are taken for is set.
pub(super) fn has_bit(slots: &[u32], place: usize) -> bool {
    slots[place / BITS] >> (place % BITS) & 1 == 1
}

/// The slots of groups, and the rule for them.
pub(super) struct GroupsOfSlots<R, const TAKEN: usize, const TOLD: usize> {
    rule: R,
    /// Slots of a group.
    width: usize,
    blocks: VecDeque<Vec<u32>>,
    groups: usize,
    /// Groups of the first block that were told.
    told: usize,
    reservation: MemoryReservation,
}

impl<R: SlotRule<TAKEN, TOLD>, const TAKEN: usize, const TOLD: usize>
    GroupsOfSlots<R, TAKEN, TOLD>
{
    fn new(rule: R, pool: &Arc<dyn MemoryPool>) -> Self {
        Self {
            width: rule.slots(),
            rule,
            blocks: VecDeque::new(),
            groups: 0,
            told: 0,
            reservation: MemoryConsumer::new(R::NAME).register(pool),
        }
    }

    fn fields() -> Fields {
        R::COLUMNS
            .map(|name| Field::new(name, DataType::Int64, true))
            .into_iter()
            .collect()
    }

    fn make_room(&mut self, groups: usize) -> Result<()> {
        let blocks = (self.told + groups).div_ceil(BLOCK);
        if blocks > self.blocks.len() {
            self.account(blocks)?;
            let slots = BLOCK * self.width;
            self.blocks.resize_with(blocks, || vec![0; slots]);
        }
        self.groups = self.groups.max(groups);
        Ok(())
    }

    fn account(&mut self, blocks: usize) -> Result<()> {
        self.reservation
            .try_resize(blocks * BLOCK * self.width * size_of::<u32>())
    }

    fn place(&self, group: usize) -> (usize, std::ops::Range<usize>) {
        let place = self.told + group;
        let start = place % BLOCK * self.width;
        (place / BLOCK, start..start + self.width)
    }

    /// Calls `each` with the slots of the groups that are to be told, and forgets them.
    fn tell(
        &mut self,
        emit_to: EmitTo,
        mut each: impl FnMut(&R, &[u32]) -> Result<()>,
    ) -> Result<()> {
        let groups = match emit_to {
            EmitTo::All => self.groups,
            EmitTo::First(groups) => groups,
        };
        for group in 0..groups {
            let (block, slots) = self.place(group);
            each(&self.rule, &self.blocks[block][slots])?;
        }
        self.groups -= groups;
        self.told += groups;
        while self.told >= BLOCK {
            self.blocks.pop_front();
            self.told -= BLOCK;
        }
        if self.groups == 0 {
            self.blocks = VecDeque::new();
            self.told = 0;
        } else if let Some(first) = self.blocks.front_mut() {
            first[..self.told * self.width].fill(0);
        }
        self.account(self.blocks.len())
    }
}

impl<R: SlotRule<TAKEN, TOLD>, const TAKEN: usize, const TOLD: usize> Groups
    for GroupsOfSlots<R, TAKEN, TOLD>
{
    const NAME: &'static str = R::NAME;

    fn arguments() -> TypeSignature {
        let mut arguments = vec![DataType::Int64; TAKEN];
        arguments.extend(R::constants());
        TypeSignature::Exact(arguments)
    }

    fn answer() -> DataType {
        DataType::new_list(DataType::Struct(Self::fields()), true)
    }

    fn state_fields(arguments: &StateFieldsArgs<'_>) -> Vec<FieldRef> {
        let list = DataType::new_list(DataType::UInt32, true);
        let name = format!("{}[slots]", arguments.name);
        vec![Arc::new(Field::new(name, list, true))]
    }

    fn of(arguments: &AccumulatorArgs<'_>, pool: &Arc<dyn MemoryPool>) -> Result<Self> {
        Ok(Self::new(R::of(arguments)?, pool))
    }
}

impl<R: SlotRule<TAKEN, TOLD>, const TAKEN: usize, const TOLD: usize> GroupsAccumulator
    for GroupsOfSlots<R, TAKEN, TOLD>
{
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
        groups: usize,
    ) -> Result<()> {
        self.make_room(groups)?;
        let columns: [_; TAKEN] =
            std::array::from_fn(|place| values[place].as_primitive::<Int64Type>());
        Rows::of(&values[..TAKEN], filter).each(|row| {
            let (block, slots) = self.place(group_indices[row]);
            let slots = &mut self.blocks[block][slots];
            self.rule
                .note(slots, columns.map(|column| column.value(row)))
        })
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let mut lists = ListBuilder::new(rows_of(Self::fields()));
        self.tell(emit_to, |rule, slots| {
            rule.tell(slots, |told| {
                let row = lists.values();
                for (place, number) in told.into_iter().enumerate() {
                    column::<Int64Builder>(row, place)?.append_option(number);
                }
                row.append(true);
                Ok(())
            })?;
            lists.append(true);
            Ok(())
        })?;
        Ok(Arc::new(lists.finish()))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let mut lists = ListBuilder::new(UInt32Builder::new());
        self.tell(emit_to, |_, slots| {
            lists.values().append_slice(slots);
            lists.append(true);
            Ok(())
        })?;
        Ok(vec![Arc::new(lists.finish())])
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        groups: usize,
    ) -> Result<()> {
        self.make_room(groups)?;
        let lists = values[0].as_list::<i32>();
        for (row, group) in group_indices.iter().enumerate() {
            if lists.is_null(row) {
                continue;
            }
            let others = lists.value(row);
            let others = others.as_primitive::<UInt32Type>().values();
            let (block, slots) = self.place(*group);
            let slots = &mut self.blocks[block][slots];
            if others.len() != slots.len() {
                return Err(exec_datafusion_err!("a state of {} slots", others.len()));
            }
            self.rule.merge(slots, others);
        }
        Ok(())
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let columns: [_; TAKEN] =
            std::array::from_fn(|place| values[place].as_primitive::<Int64Type>());
        let rows = values.first().map_or(0, |column| column.len());
        let mut slots = vec![0; rows * self.width];
        let of = |row: usize| row * self.width..(row + 1) * self.width;
        Rows::of(&values[..TAKEN], filter).each(|row| {
            let slots = &mut slots[of(row)];
            self.rule
                .note(slots, columns.map(|column| column.value(row)))
        })?;
        let mut lists = ListBuilder::new(UInt32Builder::new());
        for row in 0..rows {
            lists.values().append_slice(&slots[of(row)]);
            lists.append(true);
        }
        Ok(vec![Arc::new(lists.finish())])
    }

    fn size(&self) -> usize {
        // Reserved where it is held.
        0
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use arrow::array::Int64Array;
    use datafusion::execution::memory_pool::{GreedyMemoryPool, UnboundedMemoryPool};

    use super::*;

    /// The largest number of a group, of those above 0.
    struct Largest;

    impl SlotRule<1, 1> for Largest {
        const NAME: &'static str = "largest";
        const COLUMNS: [&'static str; 1] = ["largest"];

        fn constants() -> Vec<DataType> {
            Vec::new()
        }

        fn of(_arguments: &AccumulatorArgs<'_>) -> Result<Self> {
            Ok(Self)
        }

        fn slots(&self) -> usize {
            1
        }

        fn note(&self, slots: &mut [u32], [number]: [i64; 1]) -> Result<()> {
            let number = u32::try_from(number).map_err(|_| exec_datafusion_err!("{number}"))?;
            slots[0] = slots[0].max(number);
            Ok(())
        }

        fn merge(&self, slots: &mut [u32], others: &[u32]) {
            slots[0] = slots[0].max(others[0]);
        }

        fn tell(
            &self,
            slots: &[u32],
            mut row: impl FnMut([Option<i64>; 1]) -> Result<()>,
        ) -> Result<()> {
            if slots[0] > 0 {
                row([Some(slots[0].into())])?;
            }
            Ok(())
        }
    }

    fn groups() -> GroupsOfSlots<Largest, 1, 1> {
        let pool: Arc<dyn MemoryPool> = Arc::new(UnboundedMemoryPool::default());
        GroupsOfSlots::new(Largest, &pool)
    }

    fn told(groups: &mut GroupsOfSlots<Largest, 1, 1>, emit_to: EmitTo) -> Vec<Vec<i64>> {
        let lists = groups.evaluate(emit_to).unwrap();
        let of_list = |list: Option<ArrayRef>| {
            let list = list.unwrap();
            let largest = list.as_struct().column(0).as_primitive::<Int64Type>();
            largest.values().to_vec()
        };
        lists.as_list::<i32>().iter().map(of_list).collect()
    }

    fn numbers(numbers: Vec<Option<i64>>) -> ArrayRef {
        Arc::new(Int64Array::from(numbers))
    }

    #[test]
    fn groups_are_told_whether_they_come_at_once_or_in_states() {
        let column = numbers(vec![Some(5), Some(7), None, Some(6), Some(9)]);
        let of_rows = [0, 2, 1, 2, 0];
        let filter =
            BooleanArray::from(vec![Some(true), Some(true), None, Some(true), Some(false)]);
        let expected = [vec![5], vec![], vec![7]];
        let mut at_once = groups();
        at_once
            .update_batch(&[Arc::clone(&column)], &of_rows, Some(&filter), 3)
            .unwrap();
        assert_eq!(told(&mut at_once, EmitTo::First(1)), expected[..1]);
        assert_eq!(told(&mut at_once, EmitTo::All), expected[1..]);
        let mut merged = groups();
        let states = merged.convert_to_state(&[column], Some(&filter)).unwrap();
        merged.merge_batch(&states, &of_rows, 3).unwrap();
        let states = merged.state(EmitTo::All).unwrap();
        merged.merge_batch(&states, &[0, 1, 2], 3).unwrap();
        assert_eq!(told(&mut merged, EmitTo::All), expected);
    }

    #[test]
    fn groups_after_those_that_were_told_begin_with_nothing() {
        let mut groups = groups();
        let count = 2 * BLOCK + 10;
        let all: Vec<usize> = (0..count).collect();
        let of = |from: usize| numbers((from..from + count).map(|n| Some(n as i64 + 1)).collect());
        groups.update_batch(&[of(0)], &all, None, count).unwrap();
        let first = told(&mut groups, EmitTo::First(BLOCK + 5));
        assert_eq!(first[BLOCK + 4], [BLOCK as i64 + 5]);
        assert_eq!(groups.blocks.len(), 2);
        // The groups that are left have moved to the front, and as many new ones come after them.
        let column = numbers(vec![Some(3)]);
        groups
            .update_batch(&[column], &[count - 1], None, count)
            .unwrap();
        let rest = told(&mut groups, EmitTo::All);
        assert_eq!(rest[0], [BLOCK as i64 + 6]);
        assert_eq!(rest[BLOCK + 4], [count as i64]);
        assert!(rest[BLOCK + 5].is_empty());
        assert_eq!(rest[count - 1], [3]);
    }

    #[test]
    fn what_there_is_no_memory_for_is_an_error() {
        let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(BLOCK * 4));
        let mut groups = GroupsOfSlots::<_, 1, 1>::new(Largest, &pool);
        let column = numbers(vec![Some(3)]);
        assert!(
            groups
                .update_batch(&[Arc::clone(&column)], &[0], None, BLOCK)
                .is_ok()
        );
        assert!(
            groups
                .update_batch(&[column], &[0], None, BLOCK + 1)
                .is_err()
        );
        told(&mut groups, EmitTo::All);
        assert_eq!(pool.reserved(), 0);
    }
}
