//! What aggregates over the events of many groups hold: sixteen bytes for each event, put in order when the groups are told.
//!
//! They lie in blocks, so that none is copied as they become more, and the pool is asked before there is another.
//! A row of such an aggregate has an instant, marks (ten bits) and up to two texts. Texts are numbered as they come; pairs are told
//! apart whatever they contain. State that leaves an aggregate half way, to be merged later, is a list of moments per group.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayBuilder, ArrayRef, AsArray, BooleanArray, Int64Builder, ListBuilder, StringBuilder,
    StringViewArray, StringViewBuilder, StructBuilder, UInt32Builder, make_builder,
};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Int64Type, UInt32Type};
use datafusion::common::{Result, ScalarValue, exec_datafusion_err, plan_datafusion_err};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use datafusion::logical_expr::EmitTo;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::physical_expr::expressions::Literal;

use super::super::pool::bytes_at_a_time;
use super::numbered_texts::{Numbered, Ordered, Texts};
use super::of_groups::Rows;
use super::views_memo::{NO_TEXT, ViewsMemo};

/// Marks a moment may have.
pub(super) const MARK_BITS: u32 = 10;
const MARKS: u32 = (1 << MARK_BITS) - 1;

/// How many pairs of texts are remembered within a batch, as a power of two.
const MEMO_BITS: u32 = 9;

/// Moments of the smallest block.
const SMALLEST_BLOCK: usize = 1 << 10;

/// What a moment takes as part of a state, with texts of usual length.
const STATE_BYTES: usize = 80;

/// A moment of a group.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// When.
    pub(super) at_ms: i64,
    group: u32,
    /// The marks in the lowest bits, the number of the texts above.
    packed: u32,
}

impl Moment {
    /// Its marks.
    pub(super) fn marks(self) -> u16 {
        // Ten bits fit.
        (self.packed & MARKS) as u16
    }

    /// The number of its texts.
    pub(super) fn texts(self) -> u32 {
        self.packed >> MARK_BITS
    }
}

/// Moments that were taken in one after the other.
struct Block {
    moments: Vec<Moment>,
    /// Whether they are in the order of their groups.
    is_sorted: bool,
}

impl Block {
    fn push(&mut self, moment: Moment) {
        self.is_sorted = false;
        self.moments.push(moment);
    }

    fn sort(&mut self) {
        if !self.is_sorted {
            self.moments.sort_unstable_by_key(|held| held.group);
            self.is_sorted = true;
        }
    }

    /// The moments of these groups, once they are in order.
    fn of(&self, groups: &Range<u32>) -> &[Moment] {
        let place = |group| self.moments.partition_point(|held| held.group < group);
        &self.moments[place(groups.start)..place(groups.end)]
    }
}

/// The moments of all groups of an aggregate.
pub(super) struct Moments {
    blocks: VecDeque<Block>,
    groups: usize,
    /// Groups that were told: in moments, groups are numbered from the first there ever was.
    told: u32,
    texts: Numbered,
    memo: ViewsMemo<2, MEMO_BITS, u32>,
    /// The order of the texts there were when groups were last told.
    order: Ordered,
    reservation: MemoryReservation,
    /// Moments of the largest block.
    largest_block: usize,
}

impl Moments {
    /// None yet; what they will take is reserved in the pool.
    pub(super) fn new(pool: &Arc<dyn MemoryPool>) -> Self {
        let largest_block = bytes_at_a_time(pool.as_ref()) / size_of::<Moment>();
        Self::within(
            MemoryConsumer::new("moments").register(pool),
            largest_block.max(SMALLEST_BLOCK),
        )
    }

    fn within(reservation: MemoryReservation, largest_block: usize) -> Self {
        Self {
            blocks: VecDeque::new(),
            groups: 0,
            told: 0,
            texts: Numbered::default(),
            memo: ViewsMemo::new(),
            order: Ordered::default(),
            reservation,
            largest_block,
        }
    }

    /// How many there are.
    fn count(&self) -> usize {
        self.blocks.iter().map(|block| block.moments.len()).sum()
    }

    /// The bytes they take.
    fn bytes(&self) -> usize {
        let blocks = self.blocks.iter();
        let room: usize = blocks.map(|block| block.moments.capacity()).sum();
        room * size_of::<Moment>() + self.texts.bytes()
    }

    /// Takes in rows of `at_ms`, `marks` and one or two texts. Rows without an instant or marks are left out.
    pub(super) fn update(
        &mut self,
        values: &[ArrayRef],
        texts: usize,
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
        groups: usize,
    ) -> Result<()> {
        self.groups = self.groups.max(groups);
        let (at, marks) = (
            values[0].as_primitive::<Int64Type>(),
            values[1].as_primitive::<Int64Type>(),
        );
        let texts: Vec<&StringViewArray> = values[2..2 + texts]
            .iter()
            .map(|column| column.as_string_view())
            .collect();
        self.memo.forget();
        Rows::of(&values[..2], filter).each(|row| {
            let number = self.number(&texts, row)?;
            let marks = u32::try_from(marks.value(row))
                .map_err(|_| exec_datafusion_err!("marks that are none"))?;
            self.hold(group_indices[row], at.value(row), marks, number)
        })?;
        self.reservation.try_resize(self.bytes())
    }

    /// The number of a row's texts.
    fn number(&mut self, columns: &[&StringViewArray], row: usize) -> Result<u32> {
        let mut views = [NO_TEXT; 2];
        for (view, column) in views.iter_mut().zip(columns) {
            if column.is_valid(row) {
                *view = column.views()[row];
            }
        }
        let numbered = &mut self.texts;
        self.memo.get(views, || {
            let mut texts: Texts<'_> = [None, None];
            for (text, column) in texts.iter_mut().zip(columns) {
                *text = column.is_valid(row).then(|| column.value(row));
            }
            numbered.number(texts)
        })
    }

    fn hold(&mut self, group: usize, at_ms: i64, marks: u32, number: u32) -> Result<()> {
        let group = u32::try_from(group)
            .ok()
            .and_then(|group| group.checked_add(self.told))
            .ok_or_else(|| exec_datafusion_err!("too many groups"))?;
        let moment = Moment {
            at_ms,
            group,
            packed: number << MARK_BITS | (marks & MARKS),
        };
        match self.blocks.back_mut() {
            Some(block) if block.moments.len() < block.moments.capacity() => {
                block.push(moment);
                Ok(())
            }
            _ => self.begin_block(moment),
        }
    }

    /// Begins a block as large as those there are together, within bounds.
    fn begin_block(&mut self, first: Moment) -> Result<()> {
        let room = self.count().clamp(SMALLEST_BLOCK, self.largest_block);
        self.reservation.try_grow(room * size_of::<Moment>())?;
        let mut block = Block {
            moments: Vec::with_capacity(room),
            is_sorted: false,
        };
        block.push(first);
        self.blocks.push_back(block);
        Ok(())
    }

    /// Calls `each` with the moments of every group that is to be told, in the order of time, of their texts, of their marks; the
    /// groups after them move up. It says how many rows it made, of `row_bytes` each.
    pub(super) fn tell(
        &mut self,
        emit_to: EmitTo,
        row_bytes: usize,
        mut each: impl FnMut(&Numbered, &Ordered, &[Moment]) -> Result<usize>,
    ) -> Result<()> {
        // Whoever asks for some groups at a time has room for what is told of them.
        let (groups, row_bytes) = match emit_to {
            EmitTo::All => (self.groups, row_bytes),
            EmitTo::First(count) => (count, 0),
        };
        let count = u32::try_from(groups).unwrap_or(u32::MAX);
        let mut start = self.told;
        let bound = start.saturating_add(count);
        let mut made = 0;
        if self.order.count() < self.texts.count() {
            self.order = self.texts.ordered();
        }
        let order = &self.order;
        for block in &mut self.blocks {
            block.sort();
        }
        // As many groups at a time as fill about a block.
        let all = start..bound;
        let told: usize = self.blocks.iter().map(|block| block.of(&all).len()).sum();
        let rounds = u32::try_from(told.div_ceil(self.largest_block)).unwrap_or(u32::MAX);
        let step = count.div_ceil(rounds.max(1)).max(1);
        while start < bound {
            let end = start.saturating_add(step).min(bound);
            let round = start..end;
            let blocks = self.blocks.iter();
            let mut moments: Vec<Moment> =
                blocks.flat_map(|block| block.of(&round)).copied().collect();
            moments.sort_unstable_by(|one, other| {
                (one.group, one.at_ms)
                    .cmp(&(other.group, other.at_ms))
                    .then_with(|| order.place(one.texts()).cmp(&order.place(other.texts())))
                    .then_with(|| one.marks().cmp(&other.marks()))
            });
            let mut rest = moments.as_slice();
            for group in start..end {
                let own = rest.partition_point(|held| held.group <= group);
                let (held, others) = rest.split_at(own);
                rest = others;
                made += each(&self.texts, order, held)? * row_bytes;
            }
            self.reservation.try_resize(self.bytes() + made)?;
            start = end;
        }
        self.told = bound;
        let is_told = |block: &Block| block.moments.last().is_none_or(|held| held.group < bound);
        self.blocks.retain(|block| !is_told(block));
        self.groups -= groups.min(self.groups);
        // What was made is held by whoever asked, as long as this is.
        self.reservation.try_resize(self.bytes() + made)
    }

    /// The moments of groups as lists.
    pub(super) fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let mut lists = ListBuilder::new(StructBuilder::from_fields(fields(), 0));
        self.tell(emit_to, STATE_BYTES, |texts, _, held| {
            for held in held {
                let row = lists.values();
                let [first, second] = texts.texts(held.texts());
                column::<Int64Builder>(row, 0)?.append_value(held.at_ms);
                column::<UInt32Builder>(row, 1)?.append_value(u32::from(held.marks()));
                column::<StringBuilder>(row, 2)?.append_option(first);
                column::<StringBuilder>(row, 3)?.append_option(second);
                row.append(true);
            }
            lists.append(true);
            Ok(held.len())
        })?;
        Ok(vec![Arc::new(lists.finish())])
    }

    /// The state of rows each of which is a group of its own.
    pub(super) fn alone(
        &self,
        values: &[ArrayRef],
        texts: usize,
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let rows = values.first().map_or(0, |column| column.len());
        let own: Vec<usize> = (0..rows).collect();
        let mut moments = Self::within(self.reservation.new_empty(), self.largest_block);
        moments.update(values, texts, &own, filter, rows)?;
        moments.state(EmitTo::All)
    }

    /// Takes in what [`Moments::state`] gave.
    pub(super) fn merge(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        groups: usize,
    ) -> Result<()> {
        self.groups = self.groups.max(groups);
        let lists = values[0].as_list::<i32>();
        for (row, group) in group_indices.iter().enumerate() {
            if lists.is_null(row) {
                continue;
            }
            let moments = lists.value(row);
            let moments = moments.as_struct();
            let (at, marks) = (
                moments.column(0).as_primitive::<Int64Type>(),
                moments.column(1).as_primitive::<UInt32Type>(),
            );
            let (first, second) = (
                moments.column(2).as_string::<i32>(),
                moments.column(3).as_string::<i32>(),
            );
            for place in 0..moments.len() {
                let texts = [first, second]
                    .map(|column| column.is_valid(place).then(|| column.value(place)));
                let number = self.texts.number(texts)?;
                self.hold(*group, at.value(place), marks.value(place), number)?;
            }
        }
        self.reservation.try_resize(self.bytes())
    }
}

fn fields() -> Fields {
    Fields::from(vec![
        Field::new("at", DataType::Int64, true),
        Field::new("marks", DataType::UInt32, true),
        Field::new("first", DataType::Utf8, true),
        Field::new("second", DataType::Utf8, true),
    ])
}

/// The fields of the state.
pub(super) fn state_fields(arguments: &StateFieldsArgs<'_>) -> Vec<FieldRef> {
    let moment = Field::new_list_field(DataType::Struct(fields()), true);
    let name = format!("{}[moments]", arguments.name);
    let list = DataType::List(Arc::new(moment));
    vec![Arc::new(Field::new(name, list, true))]
}

/// Rows to be built of these columns. A text is kept once, however often it is told.
pub(super) fn rows_of(fields: Fields) -> StructBuilder {
    let columns = fields
        .iter()
        .map(|field| match field.data_type() {
            DataType::Utf8View => {
                Box::new(StringViewBuilder::new().with_deduplicate_strings()) as _
            }
            other => make_builder(other, 0),
        })
        .collect();
    StructBuilder::new(fields, columns)
}

/// A column of the row being built.
pub(super) fn column<B: ArrayBuilder>(row: &mut StructBuilder, place: usize) -> Result<&mut B> {
    row.field_builder::<B>(place)
        .ok_or_else(|| exec_datafusion_err!("a row of an aggregate has other columns"))
}

/// The constant an aggregate is given as the argument at `place`.
pub(super) fn constant(arguments: &AccumulatorArgs<'_>, place: usize) -> Result<ScalarValue> {
    arguments
        .exprs
        .get(place)
        .and_then(|expression| expression.downcast_ref::<Literal>())
        .map(|literal| literal.value().clone())
        .ok_or_else(|| {
            plan_datafusion_err!(
                "argument {} of {} must be a constant",
                place + 1,
                arguments.name
            )
        })
}

/// The whole number an aggregate is given as the argument at `place`.
pub(super) fn whole(arguments: &AccumulatorArgs<'_>, place: usize) -> Result<i64> {
    match constant(arguments, place)? {
        ScalarValue::Int64(Some(number)) => Ok(number),
        other => Err(plan_datafusion_err!("{other} is no whole number")),
    }
}

/// The truth value an aggregate is given as the argument at `place`.
pub(super) fn truth(arguments: &AccumulatorArgs<'_>, place: usize) -> Result<bool> {
    match constant(arguments, place)? {
        ScalarValue::Boolean(Some(truth)) => Ok(truth),
        other => Err(plan_datafusion_err!("{other} is no truth value")),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use arrow::array::{Int64Array, UInt32Array};
    use arrow::compute::take;
    use datafusion::execution::memory_pool::UnboundedMemoryPool;

    use super::*;

    #[test]
    fn moments_keep_their_texts_however_many_and_however_often() {
        let text = |row: usize, salt: usize| match (row * salt) % 5 {
            0 => None,
            1 => Some(String::new()),
            2 => Some(format!("{}", row * salt % 900)),
            _ => Some(format!(
                "a text too long to lie in its view {}",
                row * salt % 2_000
            )),
        };
        let pool: Arc<dyn MemoryPool> = Arc::new(UnboundedMemoryPool::default());
        let mut moments = Moments::new(&pool);
        let mut expected = Vec::new();
        for batch in 0..3 {
            let rows = batch * 4_000..(batch + 1) * 4_000;
            let texts = |salt| {
                let texts: StringViewArray = rows.clone().map(|row| text(row, salt)).collect();
                // The same views again and again, as a dictionary gives them.
                let again: UInt32Array = (0..4_000).map(|row| row * 7 % 3_000).collect();
                take(&texts, &again, None).unwrap()
            };
            let (first, second) = (texts(3), texts(11));
            for row in 0..4_000 {
                let of = |column: &ArrayRef| {
                    let column = column.as_string_view();
                    column.is_valid(row).then(|| column.value(row).to_owned())
                };
                expected.push((of(&first), of(&second)));
            }
            let at = rows.clone().map(|row| i64::try_from(row).unwrap());
            let columns: [ArrayRef; 4] = [
                Arc::new(Int64Array::from_iter_values(at)),
                Arc::new(Int64Array::from_iter_values(rows.map(|_| 1))),
                first,
                second,
            ];
            moments.update(&columns, 2, &[0; 4_000], None, 1).unwrap();
        }
        let mut told = Vec::new();
        let tell = |texts: &Numbered, _: &Ordered, held: &[Moment]| {
            for moment in held {
                let [first, second] = texts.texts(moment.texts());
                told.push((first.map(str::to_owned), second.map(str::to_owned)));
            }
            Ok(0)
        };
        moments.tell(EmitTo::All, 0, tell).unwrap();
        assert_eq!(told, expected);
    }
}
