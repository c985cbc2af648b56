//! The tables a project may have, and their columns.
//!
//! The definitions are those of the product's specification; a file may lack any column (it reads as null) and have more
//! (they are there for SQL). Column order is the order in which the lake writes: what most questions read lies together.

mod events;
mod people;
mod search;
mod sessions;

use std::{
    fmt,
    sync::{Arc, LazyLock},
};

use arrow::datatypes::{Schema, SchemaRef};

use crate::{Column, column::ColumnKind};

/// A table of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// What happened, one row per event.
    Events,
    /// Visits, built from events or given.
    Sessions,
    /// The people and devices behind events.
    Profiles,
    /// Companies, teams and other things profiles belong to.
    Groups,
    /// Search Console: one row per day.
    GscDaily,
    /// Search Console: one row per day and page.
    GscPages,
    /// Search Console: one row per day and query.
    GscQueries,
    /// Search Console: one row per day, query and page.
    GscQueryPages,
}

impl Table {
    /// All tables, in the order they are shown.
    pub const ALL: [Self; 8] = [
        Self::Events,
        Self::Sessions,
        Self::Profiles,
        Self::Groups,
        Self::GscDaily,
        Self::GscPages,
        Self::GscQueries,
        Self::GscQueryPages,
    ];

    /// The table's name in SQL, and the name of its folder.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Sessions => "sessions",
            Self::Profiles => "profiles",
            Self::Groups => "groups",
            Self::GscDaily => "gsc_daily",
            Self::GscPages => "gsc_pages",
            Self::GscQueries => "gsc_queries",
            Self::GscQueryPages => "gsc_query_pages",
        }
    }

    /// The table of this name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// The table's columns.
    #[must_use]
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::Events => events::COLUMNS,
            Self::Sessions => sessions::COLUMNS,
            Self::Profiles => people::PROFILES,
            Self::Groups => people::GROUPS,
            Self::GscDaily => search::DAILY,
            Self::GscPages => search::PAGES,
            Self::GscQueries => search::QUERIES,
            Self::GscQueryPages => search::QUERY_PAGES,
        }
    }

    /// The column of this name, if the table has it.
    #[must_use]
    pub fn column(self, name: &str) -> Option<&'static Column> {
        self.columns().iter().find(|column| column.name == name)
    }

    /// The table's Arrow schema; every field may be null.
    #[must_use]
    pub fn schema(self) -> SchemaRef {
        static SCHEMAS: LazyLock<[SchemaRef; 8]> = LazyLock::new(|| {
            Table::ALL.map(|table| {
                Arc::new(Schema::new(
                    table
                        .columns()
                        .iter()
                        .map(Column::field)
                        .collect::<Vec<_>>(),
                ))
            })
        });
        Arc::clone(&SCHEMAS[self as usize])
    }

    /// The column by whose UTC day the table is foldered and by which its rows are sorted; none for unfoldered tables.
    #[must_use]
    pub const fn time_column(self) -> Option<&'static str> {
        match self {
            Self::Events => Some("timestamp"),
            Self::Sessions => Some("started_at"),
            _ => None,
        }
    }

    /// Whether the table's files lie in folders by UTC day.
    #[must_use]
    pub const fn is_foldered_by_day(self) -> bool {
        self.time_column().is_some()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

const fn column(name: &'static str, kind: ColumnKind, meaning: &'static str) -> Column {
    Column {
        name,
        kind,
        meaning,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_table_is_found_by_its_own_name_and_no_column_is_named_twice() {
        for table in Table::ALL {
            assert_eq!(Table::from_name(table.name()), Some(table));
            let names: HashSet<_> = table.columns().iter().map(|column| column.name).collect();
            assert_eq!(names.len(), table.columns().len(), "{table}");
            assert_eq!(table.schema().fields().len(), table.columns().len());
        }
        assert_eq!(Table::from_name("EVENTS"), None);
    }

    #[test]
    fn a_time_column_is_a_column_of_its_table() {
        for table in Table::ALL {
            if let Some(time) = table.time_column() {
                assert_eq!(
                    table.column(time).map(|column| column.kind),
                    Some(ColumnKind::TimestampMs)
                );
            }
        }
    }
}
