//! The project's tables as the head of a statement: `WITH events AS (SELECT … FROM db.events WHERE project_id = …), … SELECT …`.
//!
//! A statement's `events` then means the project's events; a name that is none of these is no table. Names within are the mapping's and
//! the server's, each quoted; the project's id is a parameter.

use sightline_lake::{ColumnKind, Table};

use super::mapping::{Mapping, TableMapping, identifier};
use super::parameters::escaped;
use super::sources::{Source, Sources, is_of, needed, reads_as, type_of};
use crate::schema::ColumnSchema;

/// The parameter that holds the project's id.
pub(super) const PROJECT: &str = "sightline_project";

/// A table there is.
#[derive(Debug, Clone)]
pub(super) struct Relation {
    /// Which.
    pub(super) table: Table,
    /// Its name on the server, and the column of the project's id there.
    source: (String, String),
    /// `events AS (…)`.
    text: String,
    /// Its columns, the documented ones first; their types are not known before they are asked for.
    pub(super) columns: Vec<ColumnSchema>,
}

/// The tables there are.
#[derive(Debug, Clone)]
pub(super) struct Relations(Vec<Relation>);

impl Relations {
    /// Of a mapping, with what the server has.
    pub(super) fn of(mapping: &Mapping, sources: &Sources) -> Self {
        let relation = |table: Table| {
            let mapped = mapping.tables.get(table.name())?;
            Relation::of(table, mapping, mapped, sources.source(mapped)?)
        };
        Self(Table::ALL.into_iter().filter_map(relation).collect())
    }

    /// Each of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Relation> {
        self.0.iter()
    }

    /// The table of that name.
    pub(super) fn relation(&self, name: &str) -> Option<&Relation> {
        self.iter().find(|relation| relation.table.name() == name)
    }

    /// The names of all columns.
    pub(super) fn column_names(&self) -> Vec<&str> {
        let columns = self.iter().flat_map(|relation| &relation.columns);
        columns.map(|column| column.name.as_str()).collect()
    }

    /// A statement with the tables it names in front of it.
    pub(super) fn before(&self, statement: &str) -> String {
        let tables: Vec<&str> = self
            .iter()
            .filter(|relation| names(statement, relation.table.name()))
            .map(|relation| relation.text.as_str())
            .collect();
        let tables = tables.join(", ");
        if tables.is_empty() {
            return statement.to_owned();
        }
        if let Some(rest) = statement.strip_prefix("WITH ") {
            return format!("WITH {tables}, {rest}");
        }
        if statement.starts_with('(') {
            // A parenthesis must not follow the tables.
            return format!("WITH {tables} SELECT * FROM ({statement})");
        }
        format!("WITH {tables} {statement}")
    }

    /// The setting `additional_table_filters`: whatever a statement says, of each table only the project's rows are read.
    pub(super) fn filters(&self, project: &str) -> String {
        let filters: Vec<String> = self
            .iter()
            .map(|relation| {
                let (source, column) = &relation.source;
                let filter = format!("{} = {}", identifier(column), literal(project));
                format!("{}: {}", literal(source), literal(&filter))
            })
            .collect();
        format!("{{{}}}", filters.join(", "))
    }
}

impl Relation {
    /// Its name on the server, as grants and settings have it.
    pub(super) fn source_name(&self) -> &str {
        &self.source.0
    }

    fn of(table: Table, mapping: &Mapping, mapped: &TableMapping, source: &Source) -> Option<Self> {
        type_of(source, &mapped.project)?;
        let mut selected = Vec::new();
        let mut columns = Vec::new();
        for column in table.columns() {
            let (expression, present) = match mapped.columns.get(column.name) {
                Some(expression) => (expression.clone(), true),
                None => match type_of(source, column.name) {
                    Some(data_type) if reads_as(data_type, column.kind) => {
                        (read(column.name, data_type, column.kind), true)
                    }
                    _ => (nothing(column.kind), false),
                },
            };
            let name = identifier(column.name);
            selected.push(if expression == name {
                name
            } else {
                format!("{expression} AS {name}")
            });
            columns.push(ColumnSchema {
                name: column.name.to_owned(),
                data_type: String::new(),
                meaning: column.meaning.to_owned(),
                present,
            });
        }
        // What else the source has is simply there.
        let others = source
            .iter()
            .filter(|(name, _)| *name != mapped.project && table.column(name).is_none());
        for (name, _) in others {
            selected.push(identifier(name));
            columns.push(ColumnSchema {
                name: name.clone(),
                data_type: String::new(),
                meaning: String::new(),
                present: true,
            });
        }
        let condition = mapped
            .condition
            .as_ref()
            .map_or_else(String::new, |condition| format!(" AND ({condition})"));
        // A name within an expression is the source's column, not another expression of the same name.
        let text = format!(
            "{} AS (SELECT {} FROM {}.{}{} WHERE {} = {{{PROJECT}:String}}{condition} SETTINGS prefer_column_name_to_alias = 1)",
            identifier(table.name()),
            selected.join(", "),
            identifier(mapping.database()),
            identifier(&mapped.from),
            if mapped.is_final { " FINAL" } else { "" },
            identifier(&mapped.project),
        );
        Some(Self {
            table,
            source: (mapping.source_name(mapped), mapped.project.clone()),
            text,
            columns,
        })
    }
}

/// Whether a word of the statement is `name`: it may be a table's, or a column's.
fn names(statement: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    statement.match_indices(name).any(|(start, _)| {
        !statement[..start].ends_with(is_part)
            && !statement[start + name.len()..].starts_with(is_part)
    })
}

/// A source's column as a kind.
fn read(name: &str, data_type: &str, kind: ColumnKind) -> String {
    let column = identifier(name);
    if is_of(data_type, kind) {
        return column;
    }
    match kind {
        ColumnKind::Text => format!("toString({column})"),
        ColumnKind::TimestampMs => format!("toDateTime64({column}, 3, 'UTC')"),
        ColumnKind::Int => format!("toInt64({column})"),
        ColumnKind::Float => format!("toFloat64({column})"),
        ColumnKind::Bool | ColumnKind::Date | ColumnKind::TextList | ColumnKind::TextMap => {
            format!("CAST({column} AS {})", needed(kind))
        }
    }
}

/// A column there is not.
fn nothing(kind: ColumnKind) -> String {
    match kind {
        ColumnKind::TextList => "CAST([] AS Array(String))".to_owned(),
        ColumnKind::TextMap => "CAST(map() AS Map(String, String))".to_owned(),
        _ => format!("CAST(NULL AS {})", needed(kind)),
    }
}

/// A text as SQL has it.
fn literal(text: &str) -> String {
    format!("'{}'", escaped(text).replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use super::*;
    use crate::clickhouse::sources::Sources;

    fn relations() -> Relations {
        let mapping = Mapping::of(
            r#"{"database": "d`b", "tables": {"groups": {"from": "companies", "project": "tenant", "final": true, "where": "live",
                "columns": {"name": "nullIf(title, '')"}}}}"#,
            None,
        )
        .unwrap();
        let rows = [
            ("tenant", "String"),
            ("group_id", "UUID"),
            ("title", "String"),
            ("created_at", "DateTime"),
            ("seats", "UInt32"),
        ];
        let columns = rows.map(|(name, data_type)| {
            serde_json::from_value(
                serde_json::json!({"table": "companies", "name": name, "type": data_type}),
            )
            .unwrap()
        });
        Relations::of(&mapping, &Sources::of(columns.into_iter().collect()))
    }

    #[test]
    fn a_table_is_its_documented_columns_and_what_else_there_is_of_one_project() {
        assert_eq!(
            relations().before("SELECT * FROM groups"),
            "WITH `groups` AS (SELECT toString(`group_id`) AS `group_id`, CAST(NULL AS Nullable(String)) AS `type`, nullIf(title, '') AS `name`, \
             CAST(map() AS Map(String, String)) AS `properties`, toDateTime64(`created_at`, 3, 'UTC') AS `created_at`, \
             CAST(NULL AS Nullable(DateTime64(3, 'UTC'))) AS `updated_at`, `title`, `seats` FROM `d\\`b`.`companies` FINAL \
             WHERE `tenant` = {sightline_project:String} AND (live) SETTINGS prefer_column_name_to_alias = 1) SELECT * FROM groups"
        );
        assert_eq!(relations().before("SELECT subgroups"), "SELECT subgroups");
    }

    #[test]
    fn a_statement_keeps_its_own_with() {
        let text = relations().before("WITH a AS (SELECT 1 FROM groups) SELECT * FROM a");
        assert!(
            text.starts_with("WITH `groups` AS (")
                && text.ends_with("), a AS (SELECT 1 FROM groups) SELECT * FROM a")
        );
    }

    #[test]
    fn every_table_has_a_filter_for_the_project_whose_id_cannot_end_it() {
        assert_eq!(
            relations().filters("p' OR 1 = 1 --"),
            r"{'d`b.companies': '`tenant` = \'p\\\' OR 1 = 1 --\''}"
        );
    }
}
