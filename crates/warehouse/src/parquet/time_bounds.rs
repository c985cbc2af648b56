//! What the filters of a scan say about its time column: the days whose files can hold matching rows.
//!
//! Only comparisons of the column with a literal, joined by `AND`, are looked at; anything else leaves the bounds as they are, which
//! is safe: more files are read, and the filter itself still runs.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use sightline_lake::DayRange;

/// First and last instant, both included, in ms since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TimeBounds {
    first_ms: Option<i64>,
    last_ms: Option<i64>,
}

impl TimeBounds {
    /// The bounds `filters`, all of which must hold, put on `column`.
    pub(super) fn of(filters: &[Expr], column: &str) -> Self {
        let mut bounds = Self {
            first_ms: None,
            last_ms: None,
        };
        for filter in filters {
            bounds.narrow(filter, column);
        }
        bounds
    }

    /// The bounds with as much more on either side.
    pub(super) fn widened(self, by_ms: i64) -> Self {
        Self {
            first_ms: self.first_ms.map(|first| first.saturating_sub(by_ms)),
            last_ms: self.last_ms.map(|last| last.saturating_add(by_ms)),
        }
    }

    /// The bounds with as much more before them.
    pub(super) fn widened_back(self, by_ms: i64) -> Self {
        Self {
            first_ms: self.first_ms.map(|first| first.saturating_sub(by_ms)),
            ..self
        }
    }

    /// The UTC days between the bounds; `None` when either end is open to more than a stored project can hold.
    pub(super) fn days(self) -> Option<DayRange> {
        if self
            == (Self {
                first_ms: None,
                last_ms: None,
            })
        {
            return None;
        }
        // An open end reaches as far as the calendar of any real data.
        const YEAR_1900_MS: i64 = -2_208_988_800_000;
        const YEAR_2200_MS: i64 = 7_258_118_400_000;
        let first = self.first_ms.unwrap_or(YEAR_1900_MS);
        let last = self.last_ms.unwrap_or(YEAR_2200_MS);
        if first > last {
            // Nothing can match: a range that holds no day.
            let day = sightline_lake::layout::day_of(0)?;
            return Some(DayRange::new(day, day.pred_opt()?));
        }
        DayRange::of_instants(first, last.saturating_add(1))
    }

    fn narrow(&mut self, filter: &Expr, column: &str) {
        match filter {
            Expr::BinaryExpr(BinaryExpr {
                left,
                op: Operator::And,
                right,
            }) => {
                self.narrow(left, column);
                self.narrow(right, column);
            }
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
                match (left.as_ref(), right.as_ref()) {
                    (Expr::Column(name), Expr::Literal(value, _)) if name.name == column => {
                        self.compare(*op, value)
                    }
                    (Expr::Literal(value, _), Expr::Column(name)) if name.name == column => {
                        if let Some(op) = op.swap() {
                            self.compare(op, value);
                        }
                    }
                    _ => {}
                }
            }
            Expr::Between(between) if !between.negated => {
                if let (Expr::Column(name), Expr::Literal(low, _), Expr::Literal(high, _)) = (
                    between.expr.as_ref(),
                    between.low.as_ref(),
                    between.high.as_ref(),
                ) && name.name == column
                {
                    self.compare(Operator::GtEq, low);
                    self.compare(Operator::LtEq, high);
                }
            }
            _ => {}
        }
    }

    fn compare(&mut self, op: Operator, value: &ScalarValue) {
        let Some(instant) = instant_ms(value) else {
            return;
        };
        let raise = |bound: Option<i64>, to: i64| Some(bound.map_or(to, |bound| bound.max(to)));
        let lower = |bound: Option<i64>, to: i64| Some(bound.map_or(to, |bound| bound.min(to)));
        match op {
            Operator::Gt | Operator::GtEq => self.first_ms = raise(self.first_ms, instant),
            Operator::Lt => self.last_ms = lower(self.last_ms, instant.saturating_sub(1)),
            Operator::LtEq => self.last_ms = lower(self.last_ms, instant),
            Operator::Eq => {
                self.first_ms = raise(self.first_ms, instant);
                self.last_ms = lower(self.last_ms, instant);
            }
            _ => {}
        }
    }
}

/// A timestamp literal in ms. Finer units are rounded down: a bound may become up to a millisecond wider, never narrower,
/// since the column itself has milliseconds (and `<` gives way by a whole one).
fn instant_ms(value: &ScalarValue) -> Option<i64> {
    match value {
        ScalarValue::TimestampSecond(Some(value), _) => value.checked_mul(1_000),
        ScalarValue::TimestampMillisecond(Some(value), _) => Some(*value),
        ScalarValue::TimestampMicrosecond(Some(value), _) => Some(value.div_euclid(1_000)),
        ScalarValue::TimestampNanosecond(Some(value), _) => Some(value.div_euclid(1_000_000)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use chrono::NaiveDate;
    use datafusion::logical_expr::{col, lit};

    use super::*;

    fn at(day: u32, hour: u32) -> Expr {
        let instant = NaiveDate::from_ymd_opt(2026, 11, day)
            .unwrap()
            .and_hms_opt(hour, 0, 0)
            .unwrap()
            .and_utc();
        lit(ScalarValue::TimestampMillisecond(
            Some(instant.timestamp_millis()),
            Some("UTC".into()),
        ))
    }

    fn days(filters: &[Expr]) -> Option<(String, String)> {
        TimeBounds::of(filters, "timestamp")
            .days()
            .map(|days| (days.first.to_string(), days.last.to_string()))
    }

    fn range(first: &str, last: &str) -> Option<(String, String)> {
        Some((first.to_owned(), last.to_owned()))
    }

    #[test]
    fn a_half_open_range_ends_on_the_day_before_its_end() {
        let filters = [
            col("timestamp").gt_eq(at(3, 0)),
            col("timestamp").lt(at(5, 0)),
        ];
        assert_eq!(days(&filters), range("2026-11-03", "2026-11-04"));
        assert_eq!(
            days(&[filters[0].clone().and(filters[1].clone())]),
            range("2026-11-03", "2026-11-04")
        );
    }

    #[test]
    fn literals_may_stand_on_either_side() {
        assert_eq!(
            days(&[
                at(3, 5).lt_eq(col("timestamp")),
                at(3, 9).gt(col("timestamp"))
            ]),
            range("2026-11-03", "2026-11-03")
        );
        assert_eq!(
            days(&[col("timestamp").between(at(1, 0), at(2, 0))]),
            range("2026-11-01", "2026-11-02")
        );
    }

    #[test]
    fn what_is_not_understood_widens_nothing_and_narrows_nothing() {
        assert_eq!(
            days(&[col("timestamp").lt(at(3, 0)).or(col("name").eq(lit("x")))]),
            None
        );
        assert_eq!(days(&[col("other").lt(at(3, 0))]), None);
    }

    #[test]
    fn a_range_backwards_holds_no_day() {
        let days = TimeBounds::of(
            &[col("timestamp").gt(at(9, 0)), col("timestamp").lt(at(2, 0))],
            "timestamp",
        )
        .days()
        .unwrap();
        assert!(days.last < days.first);
    }
}
