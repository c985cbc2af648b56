//! `describe_values(value)`: what a group's texts or numbers are like, a structure
//! `{carriers, distinct_values, is_exact, likely_type, examples}`.
//!
//! While a group has few values, each is kept as text with how often it came. After that only what is needed of many: a sketch of how many
//! there are, and of texts the first and the last in order and which types they all read as.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, BooleanArray, BooleanBuilder, Int64Array, Int64Builder, ListBuilder,
    StringBuilder, StructArray, UInt64Array, new_empty_array,
};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Float64Type, UInt64Type};
use datafusion::common::{DataFusionError, Result, exec_datafusion_err, not_impl_err};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use datafusion::functions_aggregate::approx_distinct::ApproxDistinct;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{AggregateUDFImpl as _, EmitTo, GroupsAccumulator, TypeSignature};

use super::of_groups::{Groups, Rows};
use super::values_of_group::{Column, Described, Told};
use super::views_memo::ViewsMemo;

/// The memo's places, as a power of two.
const MEMO_BITS: u32 = 10;

fn fields() -> Fields {
    Fields::from(vec![
        Field::new("carriers", DataType::Int64, true),
        Field::new("distinct_values", DataType::Int64, true),
        Field::new("is_exact", DataType::Boolean, true),
        Field::new("likely_type", DataType::Utf8, true),
        Field::new("examples", DataType::new_list(DataType::Utf8, true), true),
    ])
}

/// What is told of groups.
#[derive(Default)]
struct Columns {
    carriers: Int64Builder,
    distinct_values: Int64Builder,
    is_exact: BooleanBuilder,
    likely_type: StringBuilder,
    examples: ListBuilder<StringBuilder>,
}

impl Columns {
    fn append(&mut self, told: &Told<'_>) {
        self.carriers.append_value(told.carriers);
        let distinct_values = i64::try_from(told.distinct_values).ok();
        self.distinct_values.append_option(distinct_values);
        self.is_exact.append_value(told.is_exact);
        self.likely_type.append_value(told.likely_type);
        let examples = told.examples.iter().map(|example| Some(*example));
        self.examples.append_value(examples);
    }

    fn finish(mut self) -> Result<ArrayRef> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.carriers.finish()),
            Arc::new(self.distinct_values.finish()),
            Arc::new(self.is_exact.finish()),
            Arc::new(self.likely_type.finish()),
            Arc::new(self.examples.finish()),
        ];
        Ok(Arc::new(StructArray::try_new(fields(), columns, None)?))
    }
}

/// The values of groups.
pub(super) struct DescribedValues {
    groups: Vec<Described>,
    /// How many different values there are, for those that are many.
    sketches: Box<dyn GroupsAccumulator>,
    /// What is sketched.
    sketched: DataType,
    memo: ViewsMemo<2, MEMO_BITS, u32>,
    /// Bytes of the values of those that are few.
    few_bytes: isize,
    reservation: MemoryReservation,
}

impl DescribedValues {
    /// Takes in rows, in which equal views are of equal values: the places of those that may have new ones.
    fn take(
        &mut self,
        column: &Column<'_>,
        rows: &Rows,
        group_indices: &[usize],
        view: impl Fn(usize) -> u128,
    ) -> Result<Vec<u64>> {
        let mut new = Vec::new();
        rows.each(|row| {
            let group = group_indices[row];
            let described = &mut self.groups[group];
            let place = self.memo.get([view(row), group as u128], || {
                let met = described.meet(column, row);
                self.few_bytes += met.bytes;
                if met.is_new {
                    new.push(row as u64);
                }
                Ok::<_, DataFusionError>(met.place)
            })?;
            described.count(place);
            Ok(())
        })?;
        Ok(new)
    }

    /// Notes rows in the sketches of their groups.
    fn sketch(
        &mut self,
        column: &Column<'_>,
        rows: &UInt64Array,
        group_indices: &[usize],
    ) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let values = match column {
            Column::Texts(texts) => take(*texts, rows, None)?,
            Column::Integers(integers) => take(*integers, rows, None)?,
            Column::Floats(floats) => {
                let bits: Int64Array = take(*floats, rows, None)?
                    .as_primitive::<Float64Type>()
                    .unary(|float| float.to_bits() as i64);
                Arc::new(bits)
            }
        };
        let groups: Vec<usize> = rows
            .values()
            .iter()
            .map(|row| group_indices[*row as usize])
            .collect();
        self.sketches
            .update_batch(&[values], &groups, None, self.groups.len())
    }

    fn account(&mut self) -> Result<()> {
        let bytes = self.groups.capacity() * size_of::<Described>()
            + self.few_bytes.unsigned_abs()
            + self.sketches.size()
            + self.memo.bytes();
        self.reservation.try_resize(bytes)
    }
}

impl Groups for DescribedValues {
    const NAME: &'static str = "describe_values";

    fn arguments() -> TypeSignature {
        let kinds = [DataType::Utf8View, DataType::Int64, DataType::Float64];
        TypeSignature::OneOf(kinds.map(|kind| TypeSignature::Exact(vec![kind])).into())
    }

    fn answer() -> DataType {
        DataType::Struct(fields())
    }

    fn state_fields(arguments: &StateFieldsArgs<'_>) -> Vec<FieldRef> {
        let name = format!("{}[none]", arguments.name);
        vec![Arc::new(Field::new(name, DataType::Null, true))]
    }

    fn of(arguments: &AccumulatorArgs<'_>, pool: &Arc<dyn MemoryPool>) -> Result<Self> {
        // Floats are told apart by their bits.
        let kind = match arguments.expr_fields {
            [texts] if *texts.data_type() == DataType::Utf8View => DataType::Utf8View,
            _ => DataType::Int64,
        };
        let arguments = AccumulatorArgs {
            name: "approx_distinct",
            expr_fields: &[Arc::new(Field::new("value", kind.clone(), true))],
            ..arguments.clone()
        };
        Ok(Self {
            groups: Vec::new(),
            sketches: ApproxDistinct::new().create_groups_accumulator(arguments)?,
            sketched: kind,
            memo: ViewsMemo::new(),
            few_bytes: 0,
            reservation: MemoryConsumer::new(Self::NAME).register(pool),
        })
    }
}

impl GroupsAccumulator for DescribedValues {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
        groups: usize,
    ) -> Result<()> {
        if self.groups.len() < groups {
            self.groups.resize_with(groups, Described::new);
        }
        let column = Column::of(&values[0])?;
        let rows = Rows::of(&values[..1], filter);
        self.memo.forget();
        // Each with a loop of its own.
        let new = match column {
            Column::Texts(texts) => {
                let views = texts.views();
                self.take(&column, &rows, group_indices, |row| views[row])
            }
            Column::Integers(integers) => {
                let integers = integers.values();
                self.take(&column, &rows, group_indices, |row| integers[row] as u128)
            }
            Column::Floats(floats) => {
                let floats = floats.values();
                self.take(&column, &rows, group_indices, |row| {
                    floats[row].to_bits().into()
                })
            }
        }?;
        self.sketch(&column, &new.into(), group_indices)?;
        self.account()
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let count = self.groups.len();
        // A sketch has a group for each of these only once it was given one.
        let none = new_empty_array(&self.sketched);
        self.sketches.update_batch(&[none], &[], None, count)?;
        let sketched = self.sketches.evaluate(emit_to)?;
        let sketched = sketched
            .as_primitive_opt::<UInt64Type>()
            .ok_or_else(|| exec_datafusion_err!("a sketch tells no count"))?
            .clone();
        let mut columns = Columns::default();
        let groups = emit_to.take_needed(&mut self.groups);
        for (described, sketched) in groups.iter().zip(sketched.values()) {
            self.few_bytes -= described.bytes();
            columns.append(&described.told(*sketched));
        }
        self.account()?;
        columns.finish()
    }

    // All rows of a statement come in one partition (`engine`).
    fn state(&mut self, _emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        not_impl_err!("{} of parts of a group", Self::NAME)
    }

    fn merge_batch(
        &mut self,
        _values: &[ArrayRef],
        _group_indices: &[usize],
        _groups: usize,
    ) -> Result<()> {
        not_impl_err!("{} of parts of a group", Self::NAME)
    }

    fn convert_to_state(
        &self,
        _values: &[ArrayRef],
        _filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        not_impl_err!("{} of parts of a group", Self::NAME)
    }

    fn size(&self) -> usize {
        // Reserved where it is held.
        0
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use arrow::array::{Array as _, Float64Array, StringViewArray};
    use arrow::datatypes::{Int64Type, Schema};
    use datafusion::execution::memory_pool::{GreedyMemoryPool, UnboundedMemoryPool};

    use super::*;
    use crate::dialect::FEW_VALUES;

    fn none(pool: &Arc<dyn MemoryPool>) -> DescribedValues {
        of(&DataType::Utf8View, pool)
    }

    fn of(kind: &DataType, pool: &Arc<dyn MemoryPool>) -> DescribedValues {
        let value = Arc::new(Field::new("value", kind.clone(), true));
        let arguments = AccumulatorArgs {
            return_field: Arc::new(Field::new("described", DescribedValues::answer(), true)),
            schema: &Schema::empty(),
            ignore_nulls: false,
            order_bys: &[],
            is_reversed: false,
            name: DescribedValues::NAME,
            is_distinct: false,
            exprs: &[],
            expr_fields: &[value],
        };
        DescribedValues::of(&arguments, pool).unwrap()
    }

    fn unbounded() -> DescribedValues {
        none(&(Arc::new(UnboundedMemoryPool::default()) as _))
    }

    fn put(described: &mut DescribedValues, rows: &[(usize, Option<&str>)]) -> Result<()> {
        let texts: StringViewArray = rows.iter().map(|(_, text)| *text).collect();
        let of_rows: Vec<usize> = rows.iter().map(|(group, _)| *group).collect();
        let groups = of_rows.iter().max().map_or(0, |most| most + 1);
        let groups = groups.max(described.groups.len());
        described.update_batch(&[Arc::new(texts)], &of_rows, None, groups)
    }

    type Row = (i64, i64, bool, String, Vec<String>);

    fn told(described: &mut DescribedValues, emit_to: EmitTo) -> Vec<Row> {
        let rows = described.evaluate(emit_to).unwrap();
        let rows: &StructArray = rows.as_struct();
        let number = |place: usize, row| rows.column(place).as_primitive::<Int64Type>().value(row);
        let of_row = |row| {
            let examples = rows.column(4).as_list::<i32>().value(row);
            let examples = examples.as_string::<i32>().iter().flatten();
            (
                number(0, row),
                number(1, row),
                rows.column(2).as_boolean().value(row),
                rows.column(3).as_string::<i32>().value(row).to_owned(),
                examples.map(str::to_owned).collect(),
            )
        };
        (0..rows.len()).map(of_row).collect()
    }

    fn few(carriers: i64, distinct: i64, likely_type: &str, examples: &[&str]) -> Row {
        let examples = examples
            .iter()
            .map(|example| (*example).to_owned())
            .collect();
        (carriers, distinct, true, likely_type.to_owned(), examples)
    }

    #[test]
    fn of_few_values_the_commonest_are_told_and_what_all_read_as() {
        let mut described = unbounded();
        let rows = [
            (0, Some("b")),
            (1, Some("12")),
            (0, Some("c")),
            (2, Some("2026-11-03")),
            (0, Some("c")),
            (1, None),
            (0, Some("a long value beyond a view")),
            (0, Some("a")),
        ];
        put(&mut described, &rows).unwrap();
        let rows = [
            (0, Some("a long value beyond a view")),
            (1, Some("1e3")),
            (2, Some("2026-11-04 10:00")),
            (3, None),
            (4, Some("True")),
        ];
        put(&mut described, &rows).unwrap();
        let long = "a long value beyond a view";
        assert_eq!(
            told(&mut described, EmitTo::First(1)),
            [few(6, 4, "text", &[long, "c", "a"])]
        );
        assert_eq!(
            told(&mut described, EmitTo::All),
            [
                few(2, 2, "number", &["12", "1e3"]),
                few(2, 2, "date", &["2026-11-03", "2026-11-04 10:00"]),
                few(0, 0, "number", &[]),
                few(1, 1, "boolean", &["True"]),
            ]
        );
    }

    #[test]
    fn of_many_values_there_is_an_estimate() {
        let mut described = unbounded();
        let texts: Vec<String> = (0..20_000).map(|n| format!("{n:05}")).collect();
        for (batch, texts) in texts.chunks(3_000).enumerate() {
            let few = [(1, Some("x")), (1, None)];
            let rows: Vec<_> = texts
                .iter()
                .chain(texts)
                .map(|text| (0, Some(text.as_str())))
                .chain(few)
                .collect();
            put(&mut described, &rows).unwrap();
            assert_eq!(described.groups[1].carriers, batch as i64 + 1);
        }
        let rows = told(&mut described, EmitTo::All);
        let (carriers, distinct, is_exact, likely_type, examples) = &rows[0];
        assert_eq!(
            (*carriers, *is_exact, likely_type.as_str()),
            (40_000, false, "number")
        );
        assert_eq!(*examples, ["00000", "00500", "19999"]);
        // Five times the standard error.
        assert!((19_190..=20_810).contains(distinct), "{distinct}");
        assert_eq!(rows[1], few(7, 1, "text", &["x"]));
    }

    #[test]
    fn numbers_are_counted_as_texts_are() {
        let floats = (0..5_000).map(|n| f64::from(n % 3) / 7.0);
        let integers = 0..5_000_i64;
        let columns: [(ArrayRef, Row); 2] = [
            (
                Arc::new(Float64Array::from_iter_values(floats)),
                few(
                    5_000,
                    3,
                    "number",
                    &["0", "0.14285714285714285", "0.2857142857142857"],
                ),
            ),
            (
                Arc::new(Int64Array::from_iter_values(integers)),
                (5_000, 5_000, false, "number".into(), Vec::new()),
            ),
        ];
        for (column, mut expected) in columns {
            let mut described = of(
                column.data_type(),
                &(Arc::new(UnboundedMemoryPool::default()) as _),
            );
            described
                .update_batch(&[column], &vec![0; 5_000], None, 1)
                .unwrap();
            let rows = told(&mut described, EmitTo::All);
            if !expected.2 {
                assert!((4_800..=5_200).contains(&rows[0].1), "{}", rows[0].1);
                expected.1 = rows[0].1;
            }
            assert_eq!(rows, [expected]);
        }
    }

    #[test]
    fn a_thousand_values_are_few_and_one_more_are_many() {
        for (count, is_exact) in [(FEW_VALUES, true), (FEW_VALUES + 1, false)] {
            let mut described = unbounded();
            let texts: Vec<String> = (0..count).map(|n| n.to_string()).collect();
            let rows: Vec<_> = texts.iter().map(|text| (0, Some(text.as_str()))).collect();
            put(&mut described, &rows).unwrap();
            let rows = told(&mut described, EmitTo::All);
            assert_eq!(rows[0].2, is_exact);
            assert!(rows[0].1 >= count as i64);
        }
    }

    #[test]
    fn what_is_held_is_reserved_and_let_go() {
        let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(300_000));
        let mut described = none(&pool);
        let texts: Vec<String> = (0..FEW_VALUES).map(|n| format!("{n:0100}")).collect();
        let rows = |group| {
            texts
                .iter()
                .map(move |text| (group, Some(text.as_str())))
                .collect::<Vec<_>>()
        };
        put(&mut described, &rows(0)).unwrap();
        let held = pool.reserved();
        assert!(held > 100 * FEW_VALUES);
        assert!(put(&mut described, &rows(1)).is_err());
        // A group that has many values holds three of them.
        put(&mut described, &[(0, Some("one more"))]).unwrap();
        assert_eq!(described.few_bytes, described.groups[1].bytes());
        told(&mut described, EmitTo::All);
        assert_eq!(described.few_bytes, 0);
        drop(described);
        assert_eq!(pool.reserved(), 0);
    }
}
