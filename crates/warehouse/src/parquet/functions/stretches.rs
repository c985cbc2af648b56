//! `stretches(day, days, gap)`: the days of each group and how its [`crate::stretches`] begin and end, a list of `{day, opened, closed}`.
//!
//! A group takes a bit for each of the days there are.

use std::collections::VecDeque;
use std::hash::Hash;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Builder, ListBuilder, StructBuilder,
};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Int64Type};
use datafusion::common::{Result, exec_datafusion_err, not_impl_err, plan_datafusion_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};

use super::moments::{column, rows_of, whole};
use crate::stretches::StretchRule;

const WORD_BITS: u32 = u64::BITS;

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Stretches {
    signature: Signature,
}

impl Stretches {
    pub(super) fn new() -> Self {
        Self {
            signature: Signature::exact(vec![DataType::Int64; 3], Volatility::Immutable),
        }
    }
}

fn fields() -> Fields {
    ["day", "opened", "closed"]
        .map(|name| Field::new(name, DataType::Int64, true))
        .into_iter()
        .collect()
}

impl AggregateUDFImpl for Stretches {
    fn name(&self) -> &'static str {
        "stretches"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        let seen = Field::new_list_field(DataType::Struct(fields()), true);
        Ok(DataType::List(Arc::new(seen)))
    }

    fn accumulator(&self, _arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        not_impl_err!("stretches is an aggregate of groups")
    }

    fn state_fields(&self, arguments: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let days = Field::new_list_field(DataType::Int64, true);
        let name = format!("{}[days]", arguments.name);
        let list = DataType::List(Arc::new(days));
        Ok(vec![Arc::new(Field::new(name, list, true))])
    }

    fn groups_accumulator_supported(&self, _arguments: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        arguments: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        let number = |place| {
            let number = whole(&arguments, place)?;
            u32::try_from(number)
                .ok()
                .filter(|number| *number > 0)
                .ok_or_else(|| plan_datafusion_err!("stretches of {number} days"))
        };
        let rule = StretchRule {
            days: number(1)?,
            gap: number(2)?,
        };
        Ok(Box::new(Days::new(rule)))
    }
}

/// The days of each group.
struct Days {
    rule: StretchRule,
    /// So many words for each group, one after the other.
    words: usize,
    bits: VecDeque<u64>,
}

impl Days {
    fn new(rule: StretchRule) -> Self {
        Self {
            rule,
            words: rule.days.div_ceil(WORD_BITS) as usize,
            bits: VecDeque::new(),
        }
    }

    fn set(&mut self, group: usize, day: i64) -> Result<()> {
        let day = u32::try_from(day)
            .ok()
            .filter(|day| *day < self.rule.days)
            .ok_or_else(|| exec_datafusion_err!("day {day} of {}", self.rule.days))?;
        let word = group * self.words + (day / WORD_BITS) as usize;
        self.bits[word] |= 1 << (day % WORD_BITS);
        Ok(())
    }

    fn make_room(&mut self, groups: usize) {
        self.bits.resize(groups * self.words, 0);
    }

    /// Calls `each` with the days of the groups that are to be told.
    fn tell(
        &mut self,
        emit_to: EmitTo,
        mut each: impl FnMut(&mut dyn Iterator<Item = u32>) -> Result<()>,
    ) -> Result<()> {
        let groups = match emit_to {
            EmitTo::All => self.bits.len() / self.words,
            EmitTo::First(groups) => groups,
        };
        for _ in 0..groups {
            let own: Vec<u64> = self.bits.drain(..self.words).collect();
            let mut days = (0..self.rule.days).filter(|day| {
                let word = own[(day / WORD_BITS) as usize];
                word >> (day % WORD_BITS) & 1 == 1
            });
            each(&mut days)?;
        }
        if self.bits.is_empty() {
            self.bits = VecDeque::new();
        }
        Ok(())
    }
}

impl GroupsAccumulator for Days {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
        groups: usize,
    ) -> Result<()> {
        self.make_room(groups);
        let days = values[0].as_primitive::<Int64Type>();
        for (row, group) in group_indices.iter().enumerate() {
            let is_out = filter.is_some_and(|filter| filter.is_null(row) || !filter.value(row));
            if !is_out && days.is_valid(row) {
                self.set(*group, days.value(row))?;
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let rule = self.rule;
        let mut lists = ListBuilder::new(rows_of(fields()));
        self.tell(emit_to, |days| {
            for seen in rule.seen(days) {
                let row: &mut StructBuilder = lists.values();
                for (place, number) in [seen.day, seen.opens.into(), seen.closes.into()]
                    .into_iter()
                    .enumerate()
                {
                    column::<Int64Builder>(row, place)?.append_value(number.into());
                }
                row.append(true);
            }
            lists.append(true);
            Ok(())
        })?;
        Ok(Arc::new(lists.finish()))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let mut lists = ListBuilder::new(Int64Builder::new());
        self.tell(emit_to, |days| {
            lists.append_value(days.map(|day| Some(i64::from(day))));
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
        self.make_room(groups);
        let lists = values[0].as_list::<i32>();
        for (row, group) in group_indices.iter().enumerate() {
            if lists.is_valid(row) {
                for day in lists.value(row).as_primitive::<Int64Type>().values() {
                    self.set(*group, *day)?;
                }
            }
        }
        Ok(())
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let rows = values.first().map_or(0, |column| column.len());
        let own: Vec<usize> = (0..rows).collect();
        let mut days = Self::new(self.rule);
        days.update_batch(values, &own, filter, rows)?;
        days.state(EmitTo::All)
    }

    fn size(&self) -> usize {
        self.bits.capacity() * size_of::<u64>()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use arrow::array::Int64Array;

    use super::*;

    fn told(days: &mut Days, emit_to: EmitTo) -> Vec<Vec<(i64, i64, i64)>> {
        let lists = days.evaluate(emit_to).unwrap();
        let of_list = |list: Option<ArrayRef>| {
            let list = list.unwrap();
            let columns = list.as_struct().columns();
            let number = |place: usize, row| columns[place].as_primitive::<Int64Type>().value(row);
            (0..list.len())
                .map(|row| (number(0, row), number(1, row), number(2, row)))
                .collect()
        };
        lists.as_list::<i32>().iter().map(of_list).collect()
    }

    #[test]
    fn days_of_groups_are_told_whether_they_come_at_once_or_in_states() {
        let rule = StretchRule { days: 100, gap: 3 };
        let day: ArrayRef = Arc::new(Int64Array::from(vec![
            Some(99),
            Some(0),
            Some(5),
            None,
            Some(7),
            Some(5),
            Some(70),
        ]));
        let groups = [0, 1, 1, 2, 1, 1, 0];
        let expected = [
            vec![(70, 1, 1), (99, 1, 1)],
            vec![(0, 1, 1), (5, 1, 0), (7, 0, 1)],
            vec![],
        ];
        let mut at_once = Days::new(rule);
        at_once
            .update_batch(&[Arc::clone(&day)], &groups, None, 3)
            .unwrap();
        assert_eq!(told(&mut at_once, EmitTo::First(1)), expected[..1]);
        assert_eq!(told(&mut at_once, EmitTo::All), expected[1..]);
        let mut merged = Days::new(rule);
        let states = merged.convert_to_state(&[day], None).unwrap();
        merged.merge_batch(&states, &groups, 3).unwrap();
        let states = merged.state(EmitTo::All).unwrap();
        merged.merge_batch(&states, &[0, 1, 2], 3).unwrap();
        assert_eq!(told(&mut merged, EmitTo::All), expected);
    }

    #[test]
    fn a_day_there_is_not_is_an_error() {
        let mut days = Days::new(StretchRule { days: 10, gap: 3 });
        let late: ArrayRef = Arc::new(Int64Array::from(vec![10]));
        assert!(days.update_batch(&[late], &[0], None, 1).is_err());
    }
}
