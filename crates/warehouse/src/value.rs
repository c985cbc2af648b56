//! The values a query can be given.
//!
//! A value reaches a warehouse only by being bound ([`crate::Query::bind`]): it never becomes part of a statement's text.

use chrono::NaiveDate;

/// One bound value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// SQL `NULL`.
    Null,
    /// Text, compared as it is.
    Text(String),
    /// A 64-bit integer.
    Int(i64),
    /// A 64-bit float.
    Float(f64),
    /// A truth value.
    Bool(bool),
    /// An instant, in milliseconds since 1970-01-01T00:00:00Z.
    TimestampMs(i64),
    /// A calendar date.
    Date(NaiveDate),
}

macro_rules! value_from {
    ($($source:ty => $variant:ident),* $(,)?) => {
        $(impl From<$source> for Value {
            fn from(value: $source) -> Self {
                Self::$variant(value.into())
            }
        })*
    };
}

value_from!(&str => Text, String => Text, &String => Text, i64 => Int, i32 => Int, u32 => Int, f64 => Float, bool => Bool, NaiveDate => Date);

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
