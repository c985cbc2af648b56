//! Rows of a table, put together value by value.
//!
//! For what does not come as Arrow columns already: parsed log lines, generated data. Values are set by column name, and
//! columns that were not set are null in that row. A value for a column the table lacks, or of another kind, is a mistake
//! of the program; it is kept and told by `finish`.

use std::{collections::HashMap, sync::Arc};

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, ListBuilder, MapBuilder,
    RecordBatch, StringBuilder, TimestampMillisecondBuilder,
};
use chrono::NaiveDate;

use crate::{
    ColumnKind, LakeError, Table,
    text_map::{append_pairs, text_map_builder},
};

/// Puts rows of one table together.
#[derive(Debug)]
pub struct Rows {
    table: Table,
    positions: HashMap<&'static str, usize>,
    columns: Vec<ColumnRows>,
    is_set: Vec<bool>,
    rows: usize,
    mistake: Option<String>,
}

#[derive(Debug)]
enum ColumnRows {
    Text(StringBuilder),
    TextList(ListBuilder<StringBuilder>),
    TimestampMs(TimestampMillisecondBuilder),
    Date(Date32Builder),
    Int(Int64Builder),
    Float(Float64Builder),
    Bool(BooleanBuilder),
    TextMap(MapBuilder<StringBuilder, StringBuilder>),
}

impl Rows {
    /// No rows of `table` yet.
    #[must_use]
    pub fn new(table: Table) -> Self {
        let columns = table.columns();
        Self {
            table,
            positions: columns
                .iter()
                .enumerate()
                .map(|(at, column)| (column.name, at))
                .collect(),
            columns: columns
                .iter()
                .map(|column| ColumnRows::new(column.kind))
                .collect(),
            is_set: vec![false; columns.len()],
            rows: 0,
            mistake: None,
        }
    }

    /// The number of rows that are complete.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is no complete row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Sets a text.
    pub fn text(&mut self, column: &str, value: &str) -> &mut Self {
        self.set(column, |rows| match rows {
            ColumnRows::Text(texts) => {
                texts.append_value(value);
                true
            }
            _ => false,
        })
    }

    /// Sets a text, unless there is none.
    pub fn text_if(&mut self, column: &str, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.text(column, value),
            None => self,
        }
    }

    /// Sets a list of texts.
    pub fn list<T: AsRef<str>>(&mut self, column: &str, values: &[T]) -> &mut Self {
        self.set(column, |rows| match rows {
            ColumnRows::TextList(lists) => {
                values
                    .iter()
                    .for_each(|value| lists.values().append_value(value));
                lists.append(true);
                true
            }
            _ => false,
        })
    }

    /// Sets an instant, Unix milliseconds.
    pub fn instant(&mut self, column: &str, at_ms: i64) -> &mut Self {
        self.set(column, |rows| match rows {
            ColumnRows::TimestampMs(instants) => {
                instants.append_value(at_ms);
                true
            }
            _ => false,
        })
    }

    /// Sets a calendar day.
    pub fn date(&mut self, column: &str, day: NaiveDate) -> &mut Self {
        self.set(column, |rows| match rows {
            ColumnRows::Date(dates) => {
                dates.append_value(arrow::datatypes::Date32Type::from_naive_date(day));
                true
            }
            _ => false,
        })
    }

    /// Sets an integer.
    pub fn int(&mut self, column: &str, value: i64) -> &mut Self {
        self.set(column, |rows| match rows {
            ColumnRows::Int(ints) => {
                ints.append_value(value);
                true
            }
            _ => false,
        })
    }

    /// Sets a float.
    pub fn float(&mut self, column: &str, value: f64) -> &mut Self {
        self.set(column, |rows| match rows {
            ColumnRows::Float(floats) => {
                floats.append_value(value);
                true
            }
            _ => false,
        })
    }

    /// Sets true or false.
    pub fn boolean(&mut self, column: &str, value: bool) -> &mut Self {
        self.set(column, |rows| match rows {
            ColumnRows::Bool(booleans) => {
                booleans.append_value(value);
                true
            }
            _ => false,
        })
    }

    /// Sets key and text value pairs.
    pub fn pairs(&mut self, column: &str, pairs: &[(String, String)]) -> &mut Self {
        self.set(column, |rows| match rows {
            ColumnRows::TextMap(maps) => {
                append_pairs(maps, Some(pairs));
                true
            }
            _ => false,
        })
    }

    /// Completes the row: what was not set is null.
    pub fn end_row(&mut self) {
        for (rows, is_set) in self.columns.iter_mut().zip(&mut self.is_set) {
            if !std::mem::take(is_set) {
                rows.append_null();
            }
        }
        self.rows += 1;
    }

    /// The complete rows; the next row begins anew.
    ///
    /// # Errors
    /// [`LakeError::Encode`] when a value was set that its column cannot hold, or was set twice in one row.
    pub fn finish(&mut self) -> Result<RecordBatch, LakeError> {
        let refused = |reason| LakeError::Encode {
            table: self.table,
            reason,
        };
        if let Some(mistake) = self.mistake.take() {
            return Err(refused(mistake));
        }
        let arrays = self.columns.iter_mut().map(ColumnRows::finish).collect();
        self.rows = 0;
        RecordBatch::try_new(self.table.schema(), arrays)
            .map_err(|error| refused(error.to_string()))
    }

    fn set(&mut self, column: &str, append: impl FnOnce(&mut ColumnRows) -> bool) -> &mut Self {
        let appended = match self.positions.get(column) {
            Some(at) if !self.is_set[*at] => {
                self.is_set[*at] = append(&mut self.columns[*at]);
                self.is_set[*at]
            }
            _ => false,
        };
        if !appended && self.mistake.is_none() {
            self.mistake = Some(format!(
                "`{column}` cannot take the value, or took one already"
            ));
        }
        self
    }
}

impl ColumnRows {
    fn new(kind: ColumnKind) -> Self {
        match kind {
            ColumnKind::Text => Self::Text(StringBuilder::new()),
            ColumnKind::TextList => Self::TextList(ListBuilder::new(StringBuilder::new())),
            ColumnKind::TimestampMs => {
                Self::TimestampMs(TimestampMillisecondBuilder::new().with_timezone("UTC"))
            }
            ColumnKind::Date => Self::Date(Date32Builder::new()),
            ColumnKind::Int => Self::Int(Int64Builder::new()),
            ColumnKind::Float => Self::Float(Float64Builder::new()),
            ColumnKind::Bool => Self::Bool(BooleanBuilder::new()),
            ColumnKind::TextMap => Self::TextMap(text_map_builder()),
        }
    }

    fn append_null(&mut self) {
        match self {
            Self::Text(rows) => rows.append_null(),
            Self::TextList(rows) => rows.append(false),
            Self::TimestampMs(rows) => rows.append_null(),
            Self::Date(rows) => rows.append_null(),
            Self::Int(rows) => rows.append_null(),
            Self::Float(rows) => rows.append_null(),
            Self::Bool(rows) => rows.append_null(),
            Self::TextMap(rows) => append_pairs(rows, None),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(rows) => Arc::new(rows.finish()),
            Self::TextList(rows) => Arc::new(rows.finish()),
            Self::TimestampMs(rows) => Arc::new(rows.finish()),
            Self::Date(rows) => Arc::new(rows.finish()),
            Self::Int(rows) => Arc::new(rows.finish()),
            Self::Float(rows) => Arc::new(rows.finish()),
            Self::Bool(rows) => Arc::new(rows.finish()),
            Self::TextMap(rows) => Arc::new(rows.finish()),
        }
    }
}
