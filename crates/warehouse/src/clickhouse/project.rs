//! A handle on one project's rows in a ClickHouse: the [`Warehouse`] it offers.
//!
//! The project's id is set when the handle is made and goes with every question twice: into the tables in front of the statement, and
//! into the filter the server puts on its tables (invariant 4).

use std::rc::Rc;

use async_trait::async_trait;
use chrono::DateTime;
use futures::future::try_join_all;
use serde::Deserialize;
use sightline_lake::Table;

use super::parameters;
use super::parameters::escaped;
use super::relations::{PROJECT, Relation, Relations};
use super::server::ClickHouse;
use super::settings;
use super::transport::Question;
use super::written::written;
use crate::author::Author;
use crate::dialect::{ClickHouseDialect, Dialect};
use crate::error::WarehouseError;
use crate::guard;
use crate::limits::Limits;
use crate::result::ResultSet;
use crate::schema::{ProjectSchema, TableSchema};
use crate::sql::Statement;
use crate::value::Value;
use crate::warehouse::{Presence, Warehouse};

/// One project's rows.
pub struct ClickHouseProject {
    server: Rc<ClickHouse>,
    project: String,
    dialect: ClickHouseDialect,
}

/// How much of a table there is.
#[derive(Deserialize)]
struct Extent {
    name: String,
    rows: u64,
    first: Option<String>,
    last: Option<String>,
}

impl ClickHouseProject {
    /// A handle on the rows whose project is `project`.
    pub fn new(server: Rc<ClickHouse>, project: &str) -> Self {
        Self {
            server,
            project: project.to_owned(),
            dialect: ClickHouseDialect,
        }
    }

    fn question(
        &self,
        relations: &Relations,
        statement: &str,
        values: &[Value],
        settings: Vec<(&'static str, String)>,
    ) -> Question {
        let mut parameters = parameters::of(values);
        parameters.push((PROJECT.to_owned(), escaped(&self.project)));
        Question {
            query: relations.before(statement),
            parameters,
            settings,
        }
    }

    /// Runs a statement of this program's.
    async fn own(
        &self,
        relations: &Relations,
        statement: &str,
        values: &[Value],
        limits: &Limits,
    ) -> Result<ResultSet, WarehouseError> {
        let settings = settings::of_tool(limits, relations.filters(&self.project));
        let question = self.question(relations, statement, values, settings);
        let answer = self.server.ask(&question, limits).await;
        answer.map_err(|failed| failed.explain(Author::Tool, limits, &[]))
    }

    /// Whether no table has a row of the project.
    ///
    /// # Errors
    /// A [`WarehouseError`] when the server cannot be asked.
    pub async fn is_empty(&self) -> Result<bool, WarehouseError> {
        let limits = Limits::default();
        let relations = self.server.relations(&limits).await?;
        let extents = self.extents(&relations, &limits).await?;
        Ok(extents.iter().all(|extent| extent.rows == 0))
    }

    /// Rows and covered span of each table.
    async fn extents(
        &self,
        relations: &Relations,
        limits: &Limits,
    ) -> Result<Vec<Extent>, WarehouseError> {
        let counts: Vec<String> = relations
            .iter()
            .map(|relation| {
                let name = relation.table.name();
                let (first, last) = match relation.table.time_column() {
                    Some(time) => (format!("min({time})"), format!("max({time})")),
                    None => ("NULL".to_owned(), "NULL".to_owned()),
                };
                format!("SELECT '{name}' AS name, count(*) AS rows, {first} AS first, {last} AS last FROM {name}")
            })
            .collect();
        if counts.is_empty() {
            return Ok(Vec::new());
        }
        let text = counts.join(" UNION ALL ");
        self.own(relations, &text, &[], limits).await?.decode()
    }

    /// A table with the types of its columns, which the server tells.
    async fn described(
        &self,
        relations: &Relations,
        relation: &Relation,
        extent: Option<&Extent>,
        limits: &Limits,
    ) -> Result<TableSchema, WarehouseError> {
        let name = relation.table.name();
        let text = format!("SELECT * FROM {name} LIMIT 0");
        let answer = self.own(relations, &text, &[], limits).await?;
        let columns = relation.columns.iter().zip(answer.columns);
        let instant = |text: &Option<String>| {
            let instant = DateTime::parse_from_rfc3339(text.as_ref()?).ok()?;
            Some(instant.timestamp_millis())
        };
        Ok(TableSchema {
            name: name.to_owned(),
            rows: extent.map(|extent| extent.rows),
            covers_ms: extent.and_then(|extent| instant(&extent.first).zip(instant(&extent.last))),
            columns: columns
                .map(|(column, told)| {
                    let mut column = column.clone();
                    column.data_type = told.data_type;
                    column
                })
                .collect(),
            stored: true,
        })
    }
}

#[async_trait(?Send)]
impl Warehouse for ClickHouseProject {
    fn dialect(&self) -> &dyn Dialect {
        &self.dialect
    }

    async fn run(
        &self,
        statement: Statement,
        limits: &Limits,
    ) -> Result<ResultSet, WarehouseError> {
        let relations = self.server.relations(limits).await?;
        let text = statement.sql.as_str();
        self.own(&relations, text, &statement.values, limits).await
    }

    async fn run_sql(
        &self,
        sql: &str,
        offset: usize,
        rows: usize,
        limits: &Limits,
    ) -> Result<ResultSet, WarehouseError> {
        let relations = self.server.relations(limits).await?;
        let names: Vec<&str> = relations
            .iter()
            .map(|relation| relation.table.name())
            .collect();
        let checked = guard::check(sql, &guard::Rules::clickhouse(&names))?;
        let filters = relations.filters(&self.project);
        let settings = settings::of_user(limits, filters, offset, rows);
        let statement = written(checked.explained().unwrap_or(&checked.statement))?;
        let mut question = self.question(&relations, &statement, &[], settings);
        if checked.is_explain {
            question.query.insert_str(0, "EXPLAIN ");
        }
        let answer = self.server.ask(&question, limits).await;
        answer.map_err(|failed| failed.explain(Author::User, limits, &relations.column_names()))
    }

    async fn presence(&self, table: &str) -> Result<Presence, WarehouseError> {
        let limits = Limits::default();
        let relations = self.server.relations(&limits).await?;
        let Some(relation) = relations.relation(table) else {
            return Ok(Presence::Absent);
        };
        if relation.table == Table::Events {
            return Ok(Presence::Stored);
        }
        let name = relation.table.name();
        let text = format!("SELECT 1 AS found FROM {name} LIMIT 1");
        let answer = self.own(&relations, &text, &[], &limits).await?;
        Ok(if answer.rows.is_empty() {
            Presence::Absent
        } else {
            Presence::Stored
        })
    }

    async fn schema(&self) -> Result<ProjectSchema, WarehouseError> {
        let limits = Limits::default();
        let relations = self.server.relations(&limits).await?;
        let extents = self.extents(&relations, &limits).await?;
        let described = relations.iter().filter_map(|relation| {
            let extent = extents
                .iter()
                .find(|extent| extent.name == relation.table.name());
            let always = matches!(relation.table, Table::Events | Table::Sessions);
            let is_there = always || extent.is_some_and(|extent| extent.rows > 0);
            is_there.then(|| self.described(&relations, relation, extent, &limits))
        });
        Ok(ProjectSchema {
            tables: try_join_all(described).await?,
        })
    }
}
