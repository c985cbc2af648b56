//! `cohort_returns(at_ms, marks, bounds, cohorts, returns)`: the [`crate::cohorts`] of groups, a list of `{cohort, period, last_ms}`.
//!
//! A group takes 8 bytes for when it first began and 8 for when it last came back. What more depends on which returns are told: a bit for
//! each period, or where a return may be before the first begin, 4 bytes for how long after the period's start the last one was.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::{Result, ScalarValue, plan_datafusion_err};
use datafusion::logical_expr::function::AccumulatorArgs;

use super::moments::{constant, whole};
use super::slots::{BITS, GroupsOfSlots, SlotRule, has_bit, set_bit};
use crate::cohorts::{BEGINS, CohortRule, RETURNS, Returns};

pub(super) type CohortReturns = GroupsOfSlots<CohortRule, 2, 3>;

/// Slots of an instant.
const INSTANT: usize = 2;

/// An instant in two slots: the later, the larger. Nothing is 0.
fn later(at_ms: i64) -> [u32; INSTANT] {
    let ordered = at_ms as u64 ^ 1 << 63;
    [(ordered >> u32::BITS) as u32, ordered as u32]
}

/// An instant in two slots: the earlier, the larger.
fn earlier(at_ms: i64) -> [u32; INSTANT] {
    later(!at_ms)
}

/// The instant that is in slots as [`later`] puts it there.
fn instant(slots: [u32; INSTANT]) -> Option<i64> {
    let ordered = u64::from(slots[0]) << u32::BITS | u64::from(slots[1]);
    (ordered > 0).then_some((ordered ^ 1 << 63) as i64)
}

/// The slots of a group.
struct Member<S> {
    /// When it first began, as [`earlier`] has it.
    begun: S,
    /// When it last came back, as [`later`] has it.
    last: S,
    /// The periods in which it came back.
    returned: S,
}

fn member(slots: &[u32]) -> Member<&[u32]> {
    let (begun, rest) = slots.split_at(INSTANT);
    let (last, returned) = rest.split_at(INSTANT);
    Member {
        begun,
        last,
        returned,
    }
}

fn member_mut(slots: &mut [u32]) -> Member<&mut [u32]> {
    let (begun, rest) = slots.split_at_mut(INSTANT);
    let (last, returned) = rest.split_at_mut(INSTANT);
    Member {
        begun,
        last,
        returned,
    }
}

fn keep_larger(slots: &mut [u32], other: &[u32]) {
    if *slots < *other {
        slots.copy_from_slice(other);
    }
}

impl SlotRule<2, 3> for CohortRule {
    const NAME: &'static str = "cohort_returns";
    const COLUMNS: [&'static str; 3] = ["cohort", "period", "last_ms"];

    fn constants() -> Vec<DataType> {
        vec![
            DataType::new_list(DataType::Int64, true),
            DataType::Int64,
            DataType::Utf8,
        ]
    }

    fn of(arguments: &AccumulatorArgs<'_>) -> Result<Self> {
        let bounds_ms = match constant(arguments, 2)? {
            ScalarValue::List(list) if list.len() == 1 => {
                list.value(0).as_primitive::<Int64Type>().values().to_vec()
            }
            other => return Err(plan_datafusion_err!("{other} is no list of instants")),
        };
        let cohorts = whole(arguments, 3)?;
        let returns = match constant(arguments, 4)? {
            ScalarValue::Utf8(Some(name)) => Returns::of(&name),
            _ => None,
        };
        let returns = returns.ok_or_else(|| plan_datafusion_err!("returns of no kind"))?;
        // Where an instant is kept as an offset, there must be room for it.
        let fits = |pair: &[i64]| match pair {
            [start, end] if start < end => {
                returns != Returns::Each || u32::try_from(end - start).is_ok()
            }
            _ => false,
        };
        if bounds_ms.len() < 2 || !bounds_ms.windows(2).all(fits) {
            return Err(plan_datafusion_err!("periods of no or of too long time"));
        }
        Ok(Self {
            cohorts: usize::try_from(cohorts)
                .map_err(|_| plan_datafusion_err!("{cohorts} cohorts"))?,
            bounds_ms,
            returns,
        })
    }

    fn slots(&self) -> usize {
        let returned = match self.returns {
            Returns::Each => self.periods(),
            Returns::EachBegins => self.periods().div_ceil(BITS),
            Returns::Last => 0,
        };
        2 * INSTANT + returned
    }

    fn note(&self, slots: &mut [u32], [at_ms, marks]: [i64; 2]) -> Result<()> {
        let member = member_mut(slots);
        if marks & BEGINS != 0 {
            keep_larger(member.begun, &earlier(at_ms));
        }
        if marks & RETURNS != 0
            && let Some(period) = self.period_of(at_ms)
        {
            keep_larger(member.last, &later(at_ms));
            match self.returns {
                Returns::Each => {
                    // `of` has checked that it fits.
                    let after_start = (at_ms - self.bounds_ms[period]) as u32 + 1;
                    member.returned[period] = member.returned[period].max(after_start);
                }
                Returns::EachBegins => {
                    set_bit(member.returned, period);
                }
                Returns::Last => {}
            }
        }
        Ok(())
    }

    fn merge(&self, slots: &mut [u32], others: &[u32]) {
        let (own, other) = (member_mut(slots), member(others));
        keep_larger(own.begun, other.begun);
        keep_larger(own.last, other.last);
        for (slot, other) in own.returned.iter_mut().zip(other.returned) {
            match self.returns {
                Returns::EachBegins => *slot |= other,
                Returns::Each | Returns::Last => *slot = (*slot).max(*other),
            }
        }
    }

    fn tell(
        &self,
        slots: &[u32],
        mut row: impl FnMut([Option<i64>; 3]) -> Result<()>,
    ) -> Result<()> {
        let Member {
            begun,
            last,
            returned,
        } = member(slots);
        let Some(first_ms) = instant([begun[0], begun[1]]).map(|at_ms| !at_ms) else {
            return Ok(());
        };
        let Some(cohort) = self.cohort_of(first_ms) else {
            return Ok(());
        };
        let last_ms = instant([last[0], last[1]]).filter(|last_ms| *last_ms >= first_ms);
        let number = |place: usize| i64::try_from(place).ok();
        row([number(cohort), None, last_ms])?;
        let came_back = |period: usize| match self.returns {
            Returns::Each => {
                let after_start = i64::from(returned[period]);
                after_start > 0 && self.bounds_ms[period] + after_start > first_ms
            }
            Returns::EachBegins => has_bit(returned, period),
            Returns::Last => last_ms.and_then(|last_ms| self.period_of(last_ms)) == Some(period),
        };
        for period in (cohort..self.periods()).filter(|period| came_back(*period)) {
            row([number(cohort), number(period), None])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn rule(returns: Returns) -> CohortRule {
        CohortRule {
            bounds_ms: vec![-10, 20, 30, 45],
            cohorts: 2,
            returns,
        }
    }

    fn noted(rule: &CohortRule, rows: &[(i64, i64)]) -> Vec<u32> {
        let mut slots = vec![0; rule.slots()];
        for (at_ms, marks) in rows {
            assert!(rule.note(&mut slots, [*at_ms, *marks]).is_ok());
        }
        slots
    }

    fn told(rule: &CohortRule, slots: &[u32]) -> Vec<[Option<i64>; 3]> {
        let mut rows = Vec::new();
        let told = rule.tell(slots, |row| {
            rows.push(row);
            Ok(())
        });
        assert!(told.is_ok());
        rows
    }

    /// What is to be told, from all rows.
    fn expected(rule: &CohortRule, rows: &[(i64, i64)]) -> Vec<[Option<i64>; 3]> {
        let with = |mark: i64| rows.iter().filter(move |(_, marks)| marks & mark != 0);
        let first_ms = with(BEGINS).map(|(at_ms, _)| *at_ms).min();
        let cohort = match first_ms {
            Some(-10..20) => 0,
            Some(20..30) => 1,
            _ => return Vec::new(),
        };
        let counted = with(RETURNS)
            .map(|(at_ms, _)| *at_ms)
            .filter(|at_ms| Some(*at_ms) >= first_ms && *at_ms < 45);
        let periods: BTreeSet<i64> = counted
            .clone()
            .map(|at_ms| i64::from(at_ms >= 20) + i64::from(at_ms >= 30))
            .collect();
        let skipped = match rule.returns {
            Returns::Last => periods.len().saturating_sub(1),
            Returns::Each | Returns::EachBegins => 0,
        };
        let mut rows = vec![[Some(cohort), None, counted.max()]];
        rows.extend(
            periods
                .iter()
                .skip(skipped)
                .map(|period| [Some(cohort), Some(*period), None]),
        );
        rows
    }

    #[test]
    fn a_member_is_told_and_the_periods_it_came_back_in() {
        let rows = [
            (-5, 3),
            (-10, 1),
            (19, 2),
            (44, 3),
            (30, 2),
            (45, 2),
            (-11, 2),
        ];
        let each = rule(Returns::Each);
        let member = [Some(0), None, Some(44)];
        let [first, last] = [0, 2].map(|period| [Some(0), Some(period), None]);
        assert_eq!(told(&each, &noted(&each, &rows)), [member, first, last]);
        let only = rule(Returns::Last);
        assert_eq!(told(&only, &noted(&only, &rows)), [member, last]);
        assert!(told(&each, &noted(&each, &[(0, RETURNS)])).is_empty());
    }

    proptest! {
        #[test]
        fn parts_of_a_group_tell_together_what_all_its_rows_say(
            mut rows in prop::collection::vec((-20_i64..60, 0_i64..4), 0..12),
            split in 0_usize..12,
            returns in prop::sample::select(&Returns::ALL),
        ) {
            if returns == Returns::EachBegins {
                rows.retain(|(_, marks)| *marks != RETURNS);
            }
            let rule = rule(returns);
            let (one, other) = rows.split_at(split.min(rows.len()));
            let mut merged = noted(&rule, one);
            rule.merge(&mut merged, &noted(&rule, other));
            prop_assert_eq!(&merged, &noted(&rule, &rows));
            prop_assert_eq!(told(&rule, &merged), expected(&rule, &rows));
        }

        #[test]
        fn instants_in_slots_keep_their_order(one: i64, other: i64) {
            prop_assume!(one != i64::MIN && other != i64::MIN);
            prop_assert_eq!(later(one).cmp(&later(other)), one.cmp(&other));
            prop_assert_eq!(instant(later(one)), Some(one));
            prop_assert_eq!(earlier(one).cmp(&earlier(other)), other.cmp(&one));
        }
    }
}
