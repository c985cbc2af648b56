//! `bucket_start(time, unit, timezone [, week_start])`: the instant with which the time's local hour, day, week or month begins.
//!
//! The rule is [`Calendar::bucket_start`]. Rows usually come in order of time, so the bucket of the row before is tried first.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, TimestampMillisecondArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit, TimestampMillisecondType};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use crate::calendar::{Calendar, Interval, WeekStart};

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct BucketStart {
    signature: Signature,
}

impl BucketStart {
    pub(super) fn new() -> Self {
        Self {
            signature: Signature::variadic_any(Volatility::Immutable),
        }
    }
}

fn instant_type() -> DataType {
    DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()))
}

/// The text of a literal argument.
pub(super) fn literal<'a>(
    function: &str,
    argument: &'a str,
    value: Option<&'a ColumnarValue>,
) -> Result<&'a str> {
    match value {
        Some(ColumnarValue::Scalar(
            ScalarValue::Utf8(Some(text))
            | ScalarValue::Utf8View(Some(text))
            | ScalarValue::LargeUtf8(Some(text)),
        )) => Ok(text),
        _ => exec_err!("{function}: {argument} must be a text literal"),
    }
}

impl ScalarUDFImpl for BucketStart {
    fn name(&self) -> &str {
        "bucket_start"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        if (3..=4).contains(&arguments.len()) {
            Ok(instant_type())
        } else {
            exec_err!(
                "bucket_start takes a time, a unit, a timezone and, if wanted, the day weeks start with"
            )
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let given = &arguments.args;
        let unit = literal("bucket_start", "the unit", given.get(1))?;
        let timezone = literal("bucket_start", "the timezone", given.get(2))?;
        let week_start = match given.get(3) {
            Some(_) => literal("bucket_start", "the start of weeks", given.get(3))?,
            None => WeekStart::default().name(),
        };
        let Some(interval) = Interval::from_name(unit) else {
            return exec_err!(
                "bucket_start: unknown unit '{unit}'; it is one of hour, day, week, month"
            );
        };
        let Some(week_start) = WeekStart::from_name(week_start) else {
            return exec_err!(
                "bucket_start: weeks start on 'monday' or 'sunday', not '{week_start}'"
            );
        };
        let Some(calendar) = Calendar::named(timezone, week_start) else {
            return exec_err!(
                "bucket_start: unknown timezone '{timezone}'; use an IANA name such as 'Europe/Berlin'"
            );
        };
        let Some(time) = given.first() else {
            return exec_err!("bucket_start needs a time");
        };
        let times = cast(&time.to_array(arguments.number_rows)?, &instant_type())?;
        let starts = bucket_starts(
            times.as_primitive::<TimestampMillisecondType>(),
            &calendar,
            interval,
        );
        if matches!(time, ColumnarValue::Scalar(_)) && !starts.is_empty() {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(
                &starts, 0,
            )?));
        }
        Ok(ColumnarValue::Array(starts))
    }
}

fn bucket_starts(
    times: &TimestampMillisecondArray,
    calendar: &Calendar,
    interval: Interval,
) -> ArrayRef {
    let mut current = (i64::MAX, i64::MIN);
    let starts: TimestampMillisecondArray = times
        .iter()
        .map(|time| {
            let time = time?;
            if time < current.0 || time >= current.1 {
                current = (
                    calendar.bucket_start(time, interval),
                    calendar.next_bucket_start(time, interval),
                );
            }
            Some(current.0)
        })
        .collect();
    Arc::new(starts.with_timezone("UTC"))
}
