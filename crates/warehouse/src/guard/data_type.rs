//! Types that a value may be cast to.

use sqlparser::ast::{ArrayElemTypeDef, DataType, ExactNumberInfo, TimezoneInfo};

use super::error::{GuardError, first_word};
use super::rules::SqlDialect;
use super::walk::Walk;

impl Walk<'_> {
    /// Checks a type.
    pub(super) fn data_type(&mut self, data_type: &DataType) -> Result<(), GuardError> {
        match data_type {
            DataType::Boolean
            | DataType::Bool
            | DataType::TinyInt(None)
            | DataType::SmallInt(None)
            | DataType::Int(None)
            | DataType::Integer(None)
            | DataType::BigInt(None)
            | DataType::Int2(None)
            | DataType::Int4(None)
            | DataType::Int8(None)
            | DataType::TinyIntUnsigned(None)
            | DataType::SmallIntUnsigned(None)
            | DataType::IntUnsigned(None)
            | DataType::IntegerUnsigned(None)
            | DataType::BigIntUnsigned(None)
            | DataType::Float(ExactNumberInfo::None)
            | DataType::Float4
            | DataType::Float8
            | DataType::Real
            | DataType::Double(ExactNumberInfo::None)
            | DataType::DoublePrecision
            | DataType::Text
            | DataType::String(None)
            | DataType::Char(None)
            | DataType::Varchar(None)
            | DataType::Date => Ok(()),
            DataType::Decimal(info) | DataType::Numeric(info) => match info {
                ExactNumberInfo::None
                | ExactNumberInfo::Precision(0..=76)
                | ExactNumberInfo::PrecisionAndScale(0..=76, 0..=76) => Ok(()),
                ExactNumberInfo::Precision(_) | ExactNumberInfo::PrecisionAndScale(..) => {
                    Err(unknown(data_type))
                }
            },
            DataType::Timestamp(None | Some(0 | 3 | 6 | 9), timezone)
            | DataType::Time(None, timezone) => match timezone {
                TimezoneInfo::None
                | TimezoneInfo::WithTimeZone
                | TimezoneInfo::WithoutTimeZone
                | TimezoneInfo::Tz => Ok(()),
            },
            DataType::Interval {
                fields: None,
                precision: None,
            } => Ok(()),
            other => match self.rules.dialect {
                SqlDialect::DataFusion => Err(unknown(other)),
                SqlDialect::ClickHouse => self.clickhouse_type(other),
            },
        }
    }

    fn clickhouse_type(&mut self, data_type: &DataType) -> Result<(), GuardError> {
        match data_type {
            DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::UInt8
            | DataType::UInt16
            | DataType::UInt32
            | DataType::UInt64
            | DataType::Float32
            | DataType::Float64
            | DataType::Date32
            | DataType::Datetime(None)
            | DataType::Datetime64(0..=9, _) => Ok(()),
            DataType::Nullable(inner)
            | DataType::LowCardinality(inner)
            | DataType::Array(ArrayElemTypeDef::Parenthesis(inner)) => {
                self.deeper(|walk| walk.data_type(inner))
            }
            other => Err(unknown(other)),
        }
    }
}

fn unknown(data_type: &DataType) -> GuardError {
    GuardError::not_allowed(
        format!(
            "the type `{}`",
            first_word(format_args!("{data_type:?}")).to_uppercase()
        ),
        "Types are BOOLEAN, SMALLINT, INT, BIGINT, REAL, DOUBLE, DECIMAL(p, s), TEXT, DATE, TIME, TIMESTAMP and INTERVAL.",
    )
}
