//! The groups of one grouping while its rows come in, and how they are told.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{Int64Type, SchemaRef};
use arrow::record_batch::RecordBatch;
use datafusion::common::{Result, exec_datafusion_err, resources_datafusion_err};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::{AggregateExec, aggregate_expressions, evaluate_many};

use super::super::pool::bytes_at_a_time;
use super::numbers::Numbers;

/// Groups that are told at a time.
const CHUNK: usize = 4_096;

/// So many more groups than there are may come with the next batch without much more memory.
const FEW: usize = 256;

/// What rows are grouped by, and what is asked of each group.
pub(super) struct Groups {
    key: Arc<dyn PhysicalExpr>,
    aggregates: Vec<Aggregate>,
    schema: SchemaRef,
    numbers: Numbers,
    /// Groups that are held, in the order of their numbers.
    chunks: VecDeque<Chunk>,
    /// How many were told before those.
    told: u32,
    /// Batches of rows taken in.
    batches: u32,
    memory: Memory,
    of_rows: Vec<usize>,
}

struct Aggregate {
    arguments: Vec<Arc<dyn PhysicalExpr>>,
    filter: Option<Arc<dyn PhysicalExpr>>,
    accumulator: Box<dyn GroupsAccumulator>,
}

/// Up to [`CHUNK`] groups that are told together.
#[derive(Default)]
struct Chunk {
    /// 0 for the group without a key.
    keys: Vec<i64>,
    /// The batch that last had a row of one of them.
    seen: u32,
}

struct Memory {
    /// What numbers and keys take.
    plain: MemoryReservation,
    /// What accumulators take, which may double.
    doubling: MemoryReservation,
    /// What is kept, while rows are taken in, for telling a chunk and for what is made of it further up.
    to_tell: MemoryReservation,
    to_tell_bytes: usize,
    /// What the next batch may take.
    room: MemoryReservation,
    room_bytes: usize,
    /// Whether accumulators have more than they were allowed.
    is_short: bool,
}

impl Groups {
    /// None yet.
    pub(super) fn new(
        aggregate: &AggregateExec,
        secret: u64,
        pool: &Arc<dyn MemoryPool>,
    ) -> Result<Self> {
        let [(key, _)] = aggregate.group_expr().expr() else {
            return Err(exec_datafusion_err!("groups are numbered by one key"));
        };
        let arguments = aggregate_expressions(aggregate.aggr_expr(), aggregate.mode(), 1)?;
        let aggregates = arguments
            .into_iter()
            .zip(aggregate.filter_expr())
            .zip(aggregate.aggr_expr())
            .map(|((arguments, filter), function)| {
                Ok(Aggregate {
                    arguments,
                    filter: filter.clone(),
                    accumulator: function.create_groups_accumulator()?,
                })
            })
            .collect::<Result<_>>()?;
        let reserved = |name| MemoryConsumer::new(name).register(pool);
        // An aggregate may ask for as much with one more batch of rows, and so may the numbers of groups.
        let room = bytes_at_a_time(pool.as_ref());
        Ok(Self {
            key: Arc::clone(key),
            aggregates,
            schema: aggregate.schema(),
            numbers: Numbers::new(secret),
            chunks: VecDeque::new(),
            told: 0,
            batches: 0,
            memory: Memory {
                plain: reserved("GroupKeys"),
                doubling: reserved("GroupAccumulators"),
                to_tell: reserved("GroupsTold"),
                to_tell_bytes: room * 4,
                room: reserved("GroupRoom"),
                room_bytes: room * (1 + aggregate.aggr_expr().len()),
                is_short: false,
            },
            of_rows: Vec::new(),
        })
    }

    /// How many chunks of groups are held.
    pub(super) fn chunks(&self) -> usize {
        self.chunks.len()
    }

    /// How many groups are held.
    fn held(&self) -> usize {
        (self.numbers.count() - self.told) as usize
    }

    /// That there is memory for one more batch.
    pub(super) fn check_room(&mut self) -> Result<()> {
        if self.memory.is_short {
            return Err(resources_datafusion_err!(
                "accumulators of {} groups take {} bytes",
                self.held(),
                self.memory.doubling.size()
            ));
        }
        // Where there are few groups, little is told of them and little comes to them.
        let share = (self.held() + FEW).min(CHUNK);
        let of = |bytes: usize| bytes / CHUNK * share;
        self.memory
            .to_tell
            .try_resize(of(self.memory.to_tell_bytes))?;
        self.memory.room.try_resize(of(self.memory.room_bytes))?;
        self.memory.room.free();
        Ok(())
    }

    /// Takes in rows.
    ///
    /// # Errors
    /// If one is of a group that was told.
    pub(super) fn take(&mut self, batch: &RecordBatch) -> Result<()> {
        self.batches = self.batches.saturating_add(1);
        let keys = self.key.evaluate(batch)?.into_array(batch.num_rows())?;
        let mut of_rows = std::mem::take(&mut self.of_rows);
        of_rows.clear();
        for key in keys.as_primitive::<Int64Type>() {
            of_rows.push(self.group(key)?);
        }
        let held = self.held();
        for aggregate in &mut self.aggregates {
            let values = evaluate_many(std::slice::from_ref(&aggregate.arguments), batch)?;
            let filter = aggregate
                .filter
                .as_ref()
                .map(|filter| filter.evaluate(batch)?.into_array(batch.num_rows()))
                .transpose()?;
            let filter = filter.as_ref().map(|filter| filter.as_boolean());
            let values = values.first().map_or(&[][..], Vec::as_slice);
            aggregate
                .accumulator
                .update_batch(values, &of_rows, filter, held)?;
        }
        self.of_rows = of_rows;
        self.account();
        Ok(())
    }

    /// The place of a key's group among those held.
    fn group(&mut self, key: Option<i64>) -> Result<usize> {
        let next = self.numbers.count();
        let number = self.numbers.of(key)?;
        let Some(place) = number.checked_sub(self.told) else {
            return Err(resources_datafusion_err!(
                "a group has rows far apart, and not all groups could be held"
            ));
        };
        let place = place as usize;
        if number == next && place == self.chunks.len() * CHUNK {
            self.chunks.push_back(Chunk::default());
        }
        let chunk = self
            .chunks
            .get_mut(place / CHUNK)
            .ok_or_else(|| exec_datafusion_err!("a group is in no chunk"))?;
        if number == next {
            chunk.keys.push(key.unwrap_or(0));
        }
        chunk.seen = self.batches;
        Ok(place)
    }

    /// Says what is held now. What is there cannot be refused any more; if it is too much, the next batch is.
    fn account(&mut self) {
        let keys: usize = self.chunks.iter().map(|chunk| chunk.keys.capacity()).sum();
        self.memory
            .plain
            .resize(self.numbers.bytes() + keys * size_of::<i64>());
        let size = self
            .aggregates
            .iter()
            .map(|aggregate| aggregate.accumulator.size())
            .sum();
        self.memory.is_short = self.memory.doubling.try_resize(size).is_err();
        if self.memory.is_short {
            self.memory.doubling.resize(size);
        }
    }

    /// How many of the first chunks have been silent for at least half as long as the very first.
    pub(super) fn silent_chunks(&self) -> usize {
        let Some(first) = self.chunks.front() else {
            return 0;
        };
        let middle = first.seen + (self.batches - first.seen) / 2;
        let silent = self.chunks.iter().take_while(|chunk| chunk.seen < middle);
        // The last chunk is being filled.
        silent.count().min(self.chunks.len().saturating_sub(1))
    }

    /// The rows of the first chunk's groups, which are held no more.
    pub(super) fn tell_chunk(&mut self) -> Result<RecordBatch> {
        self.memory.to_tell.free();
        let chunk = self.chunks.pop_front().unwrap_or_default();
        let count = chunk.keys.len();
        let first = self.told;
        self.told += u32::try_from(count).unwrap_or(u32::MAX);
        let without_key = self.numbers.null().and_then(|null| {
            let place = null.checked_sub(first)? as usize;
            (place < count).then_some(place)
        });
        let nulls =
            without_key.map(|null| NullBuffer::from_iter((0..count).map(|place| place != null)));
        let mut columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::new(chunk.keys.into(), nulls))];
        for aggregate in &mut self.aggregates {
            columns.push(aggregate.accumulator.evaluate(EmitTo::First(count))?);
        }
        self.account();
        let rows = RecordBatch::try_new(Arc::clone(&self.schema), columns)?;
        // Until more is asked for, by when whoever was given them has said what is held of them.
        self.memory
            .to_tell
            .try_resize(rows.get_array_memory_size())?;
        Ok(rows)
    }
}
