//! What a server's tables are called and hold, told by the operator: data, not code.
//!
//! A documented column that is not named is the source's own of that name, or null if it has none. Expressions are the operator's: they
//! become part of statements as they stand.

use std::collections::BTreeMap;

use serde::Deserialize;
use sightline_lake::Table;
use thiserror::Error;

/// OpenPanel's tables.
const OPENPANEL: &str = include_str!("mappings/openpanel.json");

/// Where the tables are.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The database, unless the operator names another.
    pub(super) database: String,
    /// The tables there are, by their names here.
    pub(super) tables: BTreeMap<String, TableMapping>,
}

/// Where a table is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TableMapping {
    /// The table or view, in the database.
    pub(super) from: String,
    /// The column that holds the project's id.
    #[serde(default = "project_id")]
    pub(super) project: String,
    /// Whether it is read with `FINAL`.
    #[serde(default, rename = "final")]
    pub(super) is_final: bool,
    /// Which of its rows count.
    #[serde(default, rename = "where")]
    pub(super) condition: Option<String>,
    /// Expressions by documented column.
    #[serde(default)]
    pub(super) columns: BTreeMap<String, String>,
}

/// Why a mapping is none.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum MappingError {
    /// It cannot be read.
    #[error(
        "the mapping is neither `sightline` nor `openpanel` nor an object as docs/clickhouse.md describes: {0}"
    )]
    Unreadable(String),
    /// It names a table there is not.
    #[error("the mapping names the table `{0}`; the tables are {tables}", tables = tables())]
    UnknownTable(String),
    /// It names a column there is not.
    #[error("the mapping names the column `{column}` of `{table}`, which that table does not have")]
    UnknownColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
}

fn project_id() -> String {
    "project_id".to_owned()
}

fn tables() -> String {
    Table::ALL.map(Table::name).join(", ")
}

impl Mapping {
    /// The mapping of that name (`sightline`, `openpanel`), or the one written out in JSON; `database` replaces its own.
    ///
    /// # Errors
    /// A [`MappingError`] that says what to change.
    pub fn of(text: &str, database: Option<&str>) -> Result<Self, MappingError> {
        let mut mapping = match text.trim() {
            "" | "sightline" => Self::own(),
            "openpanel" => Self::read(OPENPANEL)?,
            written => Self::read(written)?,
        };
        if let Some(database) = database {
            mapping.database = database.to_owned();
        }
        Ok(mapping)
    }

    /// Tables and columns of the names they have here: `docs/clickhouse/schema.sql`.
    fn own() -> Self {
        let table = |table: Table| {
            let mapping = TableMapping {
                from: table.name().to_owned(),
                project: project_id(),
                is_final: false,
                condition: None,
                columns: BTreeMap::new(),
            };
            (table.name().to_owned(), mapping)
        };
        Self {
            database: "sightline".to_owned(),
            tables: Table::ALL.into_iter().map(table).collect(),
        }
    }

    fn read(text: &str) -> Result<Self, MappingError> {
        let mapping: Self = serde_json::from_str(text)
            .map_err(|error| MappingError::Unreadable(error.to_string()))?;
        for (name, table) in &mapping.tables {
            let known =
                Table::from_name(name).ok_or_else(|| MappingError::UnknownTable(name.clone()))?;
            if let Some(column) = table
                .columns
                .keys()
                .find(|column| known.column(column).is_none())
            {
                return Err(MappingError::UnknownColumn {
                    table: name.clone(),
                    column: column.clone(),
                });
            }
        }
        Ok(mapping)
    }

    /// The database.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// A table's name on the server, as settings name it.
    pub(super) fn source_name(&self, table: &TableMapping) -> String {
        format!("{}.{}", self.database, table.from)
    }
}

/// A name as SQL has it.
pub(super) fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use super::*;

    #[test]
    fn the_mappings_that_come_along_can_be_read() {
        let own = Mapping::of("sightline", Some("lake")).unwrap();
        assert_eq!(own.database(), "lake");
        assert_eq!(own.tables.len(), Table::ALL.len());
        assert_eq!(
            Mapping::of("openpanel", None).unwrap().database(),
            "openpanel"
        );
    }

    #[test]
    fn a_mapping_that_is_none_says_what_to_change() {
        let error = |text: &str| Mapping::of(text, None).unwrap_err().to_string();
        assert!(error("openpanle").contains("neither `sightline` nor `openpanel`"));
        assert!(
            error(r#"{"database": "d", "tables": {"event": {"from": "e"}}}"#)
                .contains("the tables are events, sessions")
        );
        assert!(
            error(r#"{"database": "d", "tables": {"events": {"from": "e", "columns": {"nmae": "n"}}}}"#)
                .contains("`nmae` of `events`")
        );
    }
}
