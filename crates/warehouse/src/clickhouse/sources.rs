//! Which tables and columns the server has, and what a mapping lacks of them.

use std::collections::BTreeMap;

use serde::Deserialize;
use sightline_lake::{ColumnKind, Table};

use super::cell::bare;
use super::check::Finding;
use super::mapping::{Mapping, TableMapping};

/// A table of the server's: its columns and their types, in its order.
pub(super) type Source = Vec<(String, String)>;

/// The tables of a database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sources(BTreeMap<String, Source>);

/// A row of `system.columns`.
#[derive(Debug, Deserialize)]
pub(super) struct SourceColumn {
    table: String,
    name: String,
    #[serde(rename = "type")]
    data_type: String,
}

impl Sources {
    pub(super) fn of(columns: Vec<SourceColumn>) -> Self {
        let mut tables = BTreeMap::<String, Source>::new();
        for column in columns {
            let table = tables.entry(column.table).or_default();
            table.push((column.name, column.data_type));
        }
        Self(tables)
    }

    /// The source a table is mapped to, if the server has it.
    pub(super) fn source(&self, mapping: &TableMapping) -> Option<&Source> {
        self.0.get(&mapping.from)
    }

    /// What of a mapping the server lacks.
    pub(super) fn findings(&self, mapping: &Mapping) -> Vec<Finding> {
        let mut findings = Vec::new();
        for table in Table::ALL {
            let mut find = |what: String, is_fatal| {
                findings.push(Finding {
                    about: table.name(),
                    what,
                    is_fatal,
                });
            };
            let required = matches!(table, Table::Events | Table::Sessions);
            let Some(mapped) = mapping.tables.get(table.name()) else {
                if required {
                    find("The mapping does not name it.".to_owned(), true);
                }
                continue;
            };
            let Some(source) = self.source(mapped) else {
                find(
                    format!(
                        "The server shows no table `{}` to this user.",
                        mapping.source_name(mapped)
                    ),
                    required,
                );
                continue;
            };
            if type_of(source, &mapped.project).is_none() {
                find(
                    format!(
                        "`{}` has no column `{}`, which is to hold the project's id.",
                        mapping.source_name(mapped),
                        mapped.project
                    ),
                    true,
                );
            }
            for column in table.columns() {
                if mapped.columns.contains_key(column.name) {
                    continue;
                }
                match type_of(source, column.name) {
                    None => find(
                        format!("There is no column `{}`: it reads as null.", column.name),
                        table.time_column() == Some(column.name),
                    ),
                    Some(data_type) if !reads_as(data_type, column.kind) => find(
                        format!(
                            "The column `{}` is {data_type}, which cannot be read as {}: name an expression for it in the mapping.",
                            column.name,
                            needed(column.kind)
                        ),
                        true,
                    ),
                    Some(_) => {}
                }
            }
        }
        findings
    }
}

/// The type of a source's column.
pub(super) fn type_of<'s>(source: &'s Source, name: &str) -> Option<&'s str> {
    let column = source.iter().find(|(column, _)| column == name)?;
    Some(column.1.as_str())
}

/// Whether a type is that of a kind, as it is.
pub(super) fn is_of(data_type: &str, kind: ColumnKind) -> bool {
    let data_type = bare(data_type);
    match kind {
        ColumnKind::Text => data_type == "String",
        ColumnKind::TextList => {
            data_type == "Array(String)" || data_type == "Array(Nullable(String))"
        }
        ColumnKind::TimestampMs => data_type.starts_with("DateTime64(3"),
        ColumnKind::Date => data_type == "Date" || data_type == "Date32",
        ColumnKind::Int => data_type == "Int64",
        ColumnKind::Float => data_type == "Float64",
        ColumnKind::Bool => data_type == "Bool",
        ColumnKind::TextMap => data_type.starts_with("Map(") && data_type.ends_with("String)"),
    }
}

/// Whether a type can be made that of a kind without being told how.
pub(super) fn reads_as(data_type: &str, kind: ColumnKind) -> bool {
    let bare = bare(data_type);
    let is_number = ["Int", "UInt", "Float", "Decimal"]
        .iter()
        .any(|number| bare.starts_with(number));
    is_of(data_type, kind)
        || match kind {
            ColumnKind::Text => ["Enum", "FixedString", "UUID", "IPv4", "IPv6"]
                .iter()
                .any(|text| bare.starts_with(text)),
            ColumnKind::TextList => bare.starts_with("Array("),
            ColumnKind::TimestampMs => bare.starts_with("DateTime"),
            ColumnKind::Date => false,
            ColumnKind::Int | ColumnKind::Float => is_number,
            ColumnKind::Bool => bare.starts_with("UInt") || bare.starts_with("Int"),
            ColumnKind::TextMap => bare.starts_with("Map("),
        }
}

/// The type a kind needs, in the server's words.
pub(super) fn needed(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Text => "Nullable(String)",
        ColumnKind::TextList => "Array(String)",
        ColumnKind::TimestampMs => "Nullable(DateTime64(3, 'UTC'))",
        ColumnKind::Date => "Nullable(Date)",
        ColumnKind::Int => "Nullable(Int64)",
        ColumnKind::Float => "Nullable(Float64)",
        ColumnKind::Bool => "Nullable(Bool)",
        ColumnKind::TextMap => "Map(String, String)",
    }
}
