//! `count`, with distinct texts counted in little memory.
//!
//! DataFusion's own counts distinct texts of each group in a set of their own that keeps the texts, or groups by them first, which
//! keeps them as well. Analytics counts people and visits, whose ids are long and many. Here their fingerprints are kept
//! ([`DistinctSet`]): exactly as long as all of a query's fit into what its [`Ledger`] allows, and after that as samples. Everything else
//! about `count` is DataFusion's.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, ListBuilder, UInt64Builder,
};
use arrow::datatypes::{DataType, Field, FieldRef, UInt64Type};
use datafusion::common::{Result, ScalarValue, exec_datafusion_err};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use datafusion::functions_aggregate::count::Count as Plain;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, EmitTo, GroupsAccumulator, ReversedUDAF,
    SetMonotonicity, Signature, StatisticsArgs,
};

use super::distinct_set::{DistinctSet, Inserted};
use super::fingerprint::{FingerprintKey, Fingerprints};

/// A count that holds no more than this is not thinned, whatever others hold.
const SMALLEST_BYTES: usize = 256 << 10;

/// What a query's distinct counts hold together, and whether they are samples.
#[derive(Debug)]
pub(crate) struct Ledger {
    most_bytes: usize,
    pool: Arc<dyn MemoryPool>,
    bytes: AtomicUsize,
    factor: AtomicU64,
}

impl Ledger {
    /// A ledger of counts that may hold so much of what the pool has.
    pub(crate) fn new(most_bytes: usize, pool: &Arc<dyn MemoryPool>) -> Arc<Self> {
        Arc::new(Self {
            most_bytes,
            pool: Arc::clone(pool),
            bytes: AtomicUsize::new(0),
            factor: AtomicU64::new(1),
        })
    }

    /// The largest factor of a sample that was counted; 1 where every count is exact.
    pub(crate) fn factor(&self) -> u64 {
        self.factor.load(Ordering::Relaxed)
    }

    fn is_overdrawn(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) > self.most_bytes
    }

    fn changed(&self, before: usize, now: usize) {
        self.bytes.fetch_add(now, Ordering::Relaxed);
        self.bytes.fetch_sub(before, Ordering::Relaxed);
    }
}

#[derive(Debug)]
pub(super) struct Count {
    plain: Plain,
    key: FingerprintKey,
    ledger: Arc<Ledger>,
}

// By hand: whose ledger it is is no part of what a count means.
impl PartialEq for Count {
    fn eq(&self, other: &Self) -> bool {
        self.plain == other.plain && self.key == other.key
    }
}

impl Eq for Count {}

impl Hash for Count {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.plain.hash(state);
    }
}

impl Count {
    pub(super) fn new(key: FingerprintKey, ledger: Arc<Ledger>) -> Self {
        Self {
            plain: Plain::new(),
            key,
            ledger,
        }
    }

    fn distinct_texts(&self, arguments: &AccumulatorArgs<'_>) -> Option<DistinctTexts> {
        is_of_distinct_texts(arguments.is_distinct, arguments.expr_fields)
            .then(|| DistinctTexts::new(&self.key, Arc::clone(&self.ledger)))
    }
}

fn is_of_distinct_texts(is_distinct: bool, arguments: &[FieldRef]) -> bool {
    is_distinct && matches!(arguments, [texts] if Fingerprints::has(texts.data_type()))
}

impl AggregateUDFImpl for Count {
    fn name(&self) -> &str {
        self.plain.name()
    }

    fn signature(&self) -> &Signature {
        self.plain.signature()
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        self.plain.return_type(arguments)
    }

    fn is_nullable(&self) -> bool {
        self.plain.is_nullable()
    }

    fn state_fields(&self, arguments: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        if is_of_distinct_texts(arguments.is_distinct, arguments.input_fields) {
            let words = Field::new_list_field(DataType::UInt64, true);
            let name = format!("{}[fingerprints]", arguments.name);
            return Ok(vec![Arc::new(Field::new_list(name, words, true))]);
        }
        self.plain.state_fields(arguments)
    }

    fn accumulator(&self, arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        match self.distinct_texts(&arguments) {
            Some(texts) => Ok(Box::new(OneGroup(texts))),
            None => self.plain.accumulator(arguments),
        }
    }

    fn groups_accumulator_supported(&self, arguments: AccumulatorArgs<'_>) -> bool {
        is_of_distinct_texts(arguments.is_distinct, arguments.expr_fields)
            || self.plain.groups_accumulator_supported(arguments)
    }

    fn create_groups_accumulator(
        &self,
        arguments: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        match self.distinct_texts(&arguments) {
            Some(texts) => Ok(Box::new(texts)),
            None => self.plain.create_groups_accumulator(arguments),
        }
    }

    fn create_sliding_accumulator(
        &self,
        arguments: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn Accumulator>> {
        self.plain.create_sliding_accumulator(arguments)
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }

    fn default_value(&self, data_type: &DataType) -> Result<ScalarValue> {
        self.plain.default_value(data_type)
    }

    fn value_from_stats(&self, arguments: &StatisticsArgs<'_>) -> Option<ScalarValue> {
        // Statistics after `x = 'a'` say one distinct value, even where there is no row.
        if arguments.is_distinct {
            return None;
        }
        self.plain.value_from_stats(arguments)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.plain.documentation()
    }

    fn set_monotonicity(&self, data_type: &DataType) -> SetMonotonicity {
        self.plain.set_monotonicity(data_type)
    }
}

/// How many distinct texts each group has.
struct DistinctTexts {
    fingerprints: Fingerprints,
    set: DistinctSet,
    counts: Vec<i64>,
    /// Groups told before those counted now: groups are numbered anew then, and in the set they are not.
    told: usize,
    ledger: Arc<Ledger>,
    /// What the ledger has been told.
    entered: usize,
    reservation: MemoryReservation,
}

impl DistinctTexts {
    fn new(key: &FingerprintKey, ledger: Arc<Ledger>) -> Self {
        let reservation = MemoryConsumer::new("distinct values").register(&ledger.pool);
        Self {
            fingerprints: Fingerprints::new(key),
            set: DistinctSet::default(),
            counts: Vec::new(),
            told: 0,
            ledger,
            entered: 0,
            reservation,
        }
    }

    /// Enters what is held, and lets go of it as far as it is too much for all.
    fn settle(&mut self) -> Result<()> {
        self.enter();
        while self.ledger.is_overdrawn() && self.set.bytes() > SMALLEST_BYTES {
            self.thin();
        }
        self.reservation.try_resize(self.bytes())
    }

    fn thin(&mut self) {
        let Self {
            set, counts, told, ..
        } = self;
        set.thin(|number| {
            let group = (number as usize).checked_sub(*told);
            if let Some(count) = group.and_then(|group| counts.get_mut(group)) {
                *count -= 1;
            }
        });
        let factor = 1 << self.set.thinned();
        self.ledger.factor.fetch_max(factor, Ordering::Relaxed);
        self.enter();
    }

    fn enter(&mut self) {
        let now = self.set.bytes();
        self.ledger.changed(self.entered, now);
        self.entered = now;
    }

    /// How many values the sampled ones of a group stand for.
    fn count(&self, sampled: i64) -> i64 {
        sampled << self.set.thinned()
    }

    fn number(&self, group: usize) -> Result<u32> {
        u32::try_from(self.told + group).map_err(|_| exec_datafusion_err!("too many groups"))
    }

    fn update(
        &mut self,
        texts: &ArrayRef,
        group_of: impl Fn(usize) -> usize,
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let Self {
            fingerprints,
            set,
            counts,
            told,
            ..
        } = self;
        fingerprints.of(texts, |row, fingerprint| {
            if filter.is_some_and(|filter| filter.is_null(row) || !filter.value(row)) {
                return;
            }
            let group = group_of(row);
            // `number` has checked the largest.
            let number = (*told + group) as u32;
            if set.insert(number, fingerprint) == Inserted::New {
                counts[group] += 1;
            }
        });
        self.settle()
    }

    fn make_room(&mut self, groups: usize) -> Result<()> {
        self.number(groups)?;
        if self.counts.len() < groups {
            self.counts.resize(groups, 0);
        }
        Ok(())
    }

    /// For each group how thin its sample is, and the words of its fingerprints, two and two.
    fn words(&self, groups: usize) -> ArrayRef {
        let mut words = vec![vec![u64::from(self.set.thinned())]; groups];
        for (number, (kept, other)) in self.set.iter() {
            let group = (number as usize).checked_sub(self.told);
            if let Some(words) = group.and_then(|group| words.get_mut(group)) {
                words.extend([kept, other]);
            }
        }
        lists(words)
    }

    fn merge(&mut self, lists: &ArrayRef, group_of: impl Fn(usize) -> usize) -> Result<()> {
        let lists = lists.as_list::<i32>();
        for row in (0..lists.len()).filter(|row| lists.is_valid(*row)) {
            let group = group_of(row);
            let number = self.number(group)?;
            let words = lists.value(row);
            let Some((thinned, words)) = words.as_primitive::<UInt64Type>().values().split_first()
            else {
                continue;
            };
            while u64::from(self.set.thinned()) < *thinned {
                self.thin();
            }
            for pair in words.chunks_exact(2) {
                if let [kept, other] = *pair
                    && self.set.insert(number, (kept, other)) == Inserted::New
                {
                    self.counts[group] += 1;
                }
            }
        }
        self.settle()
    }

    fn bytes(&self) -> usize {
        self.set.bytes() + self.counts.capacity() * size_of::<i64>()
    }
}

fn lists(of_words: Vec<Vec<u64>>) -> ArrayRef {
    let mut lists = ListBuilder::new(UInt64Builder::new());
    for words in of_words {
        lists.values().append_slice(&words);
        lists.append(true);
    }
    Arc::new(lists.finish())
}

impl GroupsAccumulator for DistinctTexts {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
        groups: usize,
    ) -> Result<()> {
        self.make_room(groups)?;
        self.update(&values[0], |row| group_indices[row], filter)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let counts = emit_to.take_needed(&mut self.counts);
        let counts = counts.into_iter().map(|sampled| self.count(sampled));
        let counts = Int64Array::from_iter_values(counts);
        match emit_to {
            EmitTo::First(groups) => self.told += groups,
            EmitTo::All => {
                self.set = DistinctSet::default();
                self.enter();
                self.reservation.free();
            }
        }
        Ok(Arc::new(counts))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let groups = match emit_to {
            EmitTo::All => self.counts.len(),
            EmitTo::First(groups) => groups,
        };
        let words = self.words(groups);
        self.evaluate(emit_to)?;
        Ok(vec![words])
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let rows = values[0].len();
        let mut words = vec![vec![0]; rows];
        self.fingerprints.of(&values[0], |row, (kept, other)| {
            if filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row)) {
                words[row].extend([kept, other]);
            }
        });
        Ok(vec![lists(words)])
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        groups: usize,
    ) -> Result<()> {
        self.make_room(groups)?;
        self.merge(&values[0], |row| group_indices[row])
    }

    fn size(&self) -> usize {
        // Reserved where it is held.
        0
    }
}

impl Drop for DistinctTexts {
    fn drop(&mut self) {
        self.ledger.changed(self.entered, 0);
    }
}

/// The count of an aggregate without groups.
#[derive(Debug)]
struct OneGroup(DistinctTexts);

impl std::fmt::Debug for DistinctTexts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the number of distinct texts")
    }
}

impl Accumulator for OneGroup {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.0.make_room(1)?;
        self.0.update(&values[0], |_| 0, None)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let sampled = self.0.counts.first().copied().unwrap_or(0);
        Ok(ScalarValue::Int64(Some(self.0.count(sampled))))
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let words = self.0.words(1);
        Ok(vec![ScalarValue::List(Arc::new(
            words.as_list::<i32>().clone(),
        ))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.0.make_room(1)?;
        self.0.merge(&states[0], |_| 0)
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}
