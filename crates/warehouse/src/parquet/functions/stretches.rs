//! `stretches(day, days, gap)`: the days of each group and how its [`crate::stretches`] begin and end, a list of `{day, opened, closed}`.
//!
//! A group takes a bit for each of the days there are.

use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_datafusion_err, plan_datafusion_err};
use datafusion::logical_expr::function::AccumulatorArgs;

use super::moments::whole;
use super::slots::{BITS, GroupsOfSlots, SlotRule, has_bit, set_bit};
use crate::stretches::StretchRule;

pub(super) type Stretches = GroupsOfSlots<StretchRule, 1, 3>;

impl SlotRule<1, 3> for StretchRule {
    const NAME: &'static str = "stretches";
    const COLUMNS: [&'static str; 3] = ["day", "opened", "closed"];

    fn constants() -> Vec<DataType> {
        vec![DataType::Int64; 2]
    }

    fn of(arguments: &AccumulatorArgs<'_>) -> Result<Self> {
        let number = |place| {
            let number = whole(arguments, place)?;
            u32::try_from(number)
                .ok()
                .filter(|number| *number > 0)
                .ok_or_else(|| plan_datafusion_err!("stretches of {number} days"))
        };
        Ok(Self {
            days: number(1)?,
            gap: number(2)?,
        })
    }

    fn slots(&self) -> usize {
        (self.days as usize).div_ceil(BITS)
    }

    fn note(&self, slots: &mut [u32], [day]: [i64; 1]) -> Result<()> {
        let day = u32::try_from(day)
            .ok()
            .filter(|day| *day < self.days)
            .ok_or_else(|| exec_datafusion_err!("day {day} of {}", self.days))?;
        set_bit(slots, day as usize);
        Ok(())
    }

    fn merge(&self, slots: &mut [u32], others: &[u32]) {
        for (slot, other) in slots.iter_mut().zip(others) {
            *slot |= other;
        }
    }

    fn tell(
        &self,
        slots: &[u32],
        mut row: impl FnMut([Option<i64>; 3]) -> Result<()>,
    ) -> Result<()> {
        let days = (0..self.days).filter(|day| has_bit(slots, *day as usize));
        for seen in self.seen(days) {
            row([seen.day, seen.opens.into(), seen.closes.into()].map(|of| Some(of.into())))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_two_groups_are_those_of_both() {
        let rule = StretchRule { days: 100, gap: 3 };
        let mut slots = [vec![0; rule.slots()], vec![0; rule.slots()]];
        for (group, day) in [(0, 99), (0, 5), (1, 0), (1, 7), (1, 5)] {
            assert!(rule.note(&mut slots[group], [day]).is_ok());
        }
        let [mut one, other] = slots;
        rule.merge(&mut one, &other);
        let mut rows = Vec::new();
        let told = rule.tell(&one, |row| {
            rows.push(row.map(Option::unwrap_or_default));
            Ok(())
        });
        assert!(told.is_ok());
        assert_eq!(rows, [[0, 1, 1], [5, 1, 0], [7, 0, 1], [99, 1, 1]]);
    }

    #[test]
    fn a_day_there_is_not_is_an_error() {
        let rule = StretchRule { days: 10, gap: 3 };
        assert!(rule.note(&mut [0], [9]).is_ok());
        assert!(rule.note(&mut [0], [10]).is_err());
        assert!(rule.note(&mut [0], [-1]).is_err());
    }
}
