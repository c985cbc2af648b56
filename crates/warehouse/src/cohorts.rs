//! Cohorts: those who began in the same period, and the periods in which they came back.
//!
//! An entity may begin and come back many times, in no certain order; it belongs to the cohort of the period in which it first began, and
//! what it came back with before that does not count.

/// The mark of what one begins with.
pub const BEGINS: i64 = 1;
/// The mark of what one comes back with.
pub const RETURNS: i64 = 2;

/// Which cohorts there are, and which returns count.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CohortRule {
    /// When each period begins, in order, and when the last one ends.
    pub bounds_ms: Vec<i64>,
    /// So many of the periods, the first ones, are those of a cohort.
    pub cohorts: usize,
    /// Which returns are told.
    pub returns: Returns,
}

/// Which returns are told of an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Returns {
    /// Each period with one.
    Each,
    /// The same, where it is known that whatever comes back begins as well: then none can be before the first begin.
    EachBegins,
    /// The last period with one.
    Last,
}

impl Returns {
    pub(crate) const ALL: [Self; 3] = [Self::Each, Self::EachBegins, Self::Last];

    /// The name it has in SQL.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Each => "each",
            Self::EachBegins => "each_begins",
            Self::Last => "last",
        }
    }

    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|returns| returns.name() == name)
    }
}

impl CohortRule {
    /// The period an instant is in.
    pub(crate) fn period_of(&self, at_ms: i64) -> Option<usize> {
        let begun = self.bounds_ms.partition_point(|bound| *bound <= at_ms);
        (begun < self.bounds_ms.len())
            .then_some(begun)?
            .checked_sub(1)
    }

    /// The cohort of an entity that first began at an instant.
    pub(crate) fn cohort_of(&self, first_ms: i64) -> Option<usize> {
        let period = self.period_of(first_ms);
        period.filter(|period| *period < self.cohorts)
    }

    /// How many periods there are.
    pub(crate) fn periods(&self) -> usize {
        self.bounds_ms.len().saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_in_the_period_that_has_begun_and_not_ended() {
        let rule = CohortRule {
            bounds_ms: vec![10, 20, 30, 45],
            cohorts: 2,
            returns: Returns::Each,
        };
        let instants = [9, 10, 19, 20, 30, 44, 45];
        let of =
            |period: fn(&CohortRule, i64) -> Option<usize>| instants.map(|at| period(&rule, at));
        let (zero, one, two) = (Some(0), Some(1), Some(2));
        assert_eq!(
            of(CohortRule::period_of),
            [None, zero, zero, one, two, two, None]
        );
        assert_eq!(
            of(CohortRule::cohort_of),
            [None, zero, zero, one, None, None, None]
        );
    }
}
