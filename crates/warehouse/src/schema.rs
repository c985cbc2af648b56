//! What a project has to query: its tables, their columns, how much of each.

use serde::Serialize;

/// A project's tables.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ProjectSchema {
    /// The tables that have data, in the order of the reference.
    pub tables: Vec<TableSchema>,
}

/// One table.
#[derive(Debug, Clone, Serialize)]
pub struct TableSchema {
    /// Its name in SQL.
    pub name: String,
    /// Rows stored, where that is known without reading the data.
    pub rows: Option<u64>,
    /// First and last instant stored, in ms since 1970 UTC, for tables with a time column.
    pub covers_ms: Option<(i64, i64)>,
    /// Its columns, the documented ones first.
    pub columns: Vec<ColumnSchema>,
    /// Whether the table is stored, rather than derived from `events` while a query runs.
    pub stored: bool,
}

/// One column.
#[derive(Debug, Clone, Serialize)]
pub struct ColumnSchema {
    /// Its name in SQL.
    pub name: String,
    /// Its type in the warehouse's own words.
    pub data_type: String,
    /// What it holds, with its unit; empty for columns the reference does not know.
    pub meaning: String,
    /// Whether the stored files have it; a documented column they lack reads as null.
    pub present: bool,
}

impl ProjectSchema {
    /// The table of that name.
    pub fn table(&self, name: &str) -> Option<&TableSchema> {
        self.tables.iter().find(|table| table.name == name)
    }
}

impl TableSchema {
    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&ColumnSchema> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Whether the stored files have a column of that name.
    pub fn has(&self, name: &str) -> bool {
        self.column(name).is_some_and(|column| column.present)
    }
}
