//! One column of a table: its name, its kind and what it means.
//!
//! The meaning is read by people and by models (`get_schema`), so it names units and the values to expect. It must not
//! describe how a column is stored.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, TimeUnit};

/// The type of a column, as the lake writes it. Readers accept what can be cast to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColumnKind {
    /// UTF-8 text.
    Text,
    /// A list of texts.
    TextList,
    /// An instant, in milliseconds, UTC.
    TimestampMs,
    /// A calendar day.
    Date,
    /// A 64-bit integer.
    Int,
    /// A 64-bit float.
    Float,
    /// True or false.
    Bool,
    /// Text to text; keys of nested values are joined with dots.
    TextMap,
}

impl ColumnKind {
    /// The Arrow type of the kind.
    #[must_use]
    pub fn data_type(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::TextList => DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true))),
            Self::TimestampMs => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
            Self::Date => DataType::Date32,
            Self::Int => DataType::Int64,
            Self::Float => DataType::Float64,
            Self::Bool => DataType::Boolean,
            Self::TextMap => {
                let entries = Fields::from(vec![
                    Field::new("keys", DataType::Utf8, false),
                    Field::new("values", DataType::Utf8, true),
                ]);
                DataType::Map(
                    Arc::new(Field::new("entries", DataType::Struct(entries), false)),
                    false,
                )
            }
        }
    }
}

/// A column of one of the lake's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: ColumnKind,
    /// What it means, with its unit, in a phrase.
    pub meaning: &'static str,
}

impl Column {
    /// The column as an Arrow field. Every column may be null: a missing one reads as null.
    #[must_use]
    pub fn field(&self) -> Field {
        Field::new(self.name, self.kind.data_type(), true)
    }
}
