//! A handle on one project's Parquet files: the [`Warehouse`] this engine offers.
//!
//! The store handed in begins at the project's prefix; paths in it cannot leave it, and no call takes a project's name. What a
//! query can reach is decided here once, when the handle is made (invariant 4).

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::TableProvider;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::LogicalPlanBuilder;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::sql::parser::Statement as EngineStatement;
use datafusion::sql::sqlparser::ast::Statement as Ast;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;
use futures::StreamExt;
use object_store::ObjectStore;
use sightline_lake::{Catalog, Table};

use super::admission::{self, Refusal};
use super::answers::{AnswerKey, is_repeatable};
use super::derived_sessions::DerivedSessions;
use super::driver::drive;
use super::engine::{Engine, is_explain};
use super::failure::explain;
use super::lake_table::LakeTable;
use super::passes::{Passes, is_out_of_memory};
use super::reads::Reads;
use super::scope::Scope;
use super::sessioned_events::SessionedEvents;
use super::store::ProjectStore;
use super::{described, rows, scanned};
use crate::author::Author;
use crate::dialect::{DataFusionDialect, Dialect};
use crate::error::WarehouseError;
use crate::guard::{self, Checked};
use crate::host::Host;
use crate::limits::Limits;
use crate::result::{ColumnInfo, ResultSet};
use crate::schema::ProjectSchema;
use crate::sql::Statement;
use crate::warehouse::{Presence, Warehouse};

/// One project's Parquet files.
pub struct ParquetProject {
    engine: Rc<Engine>,
    host: Rc<dyn Host>,
    rooted: Arc<dyn ObjectStore>,
    reads: Arc<Reads>,
    project: Arc<str>,
    /// Which files there are, from the first question on: all that one handle answers is of one moment.
    catalog: RefCell<Option<Arc<Catalog>>>,
    dialect: DataFusionDialect,
}

impl ParquetProject {
    /// A handle on the project whose objects `rooted` holds. `project` names it within the engine's caches and nowhere else;
    /// `reads` is what `rooted` reports to when its answers come from outside ([`Reads::depart`]).
    pub fn new(
        engine: Rc<Engine>,
        host: Rc<dyn Host>,
        rooted: Arc<dyn ObjectStore>,
        reads: Arc<Reads>,
        project: &str,
    ) -> Self {
        Self {
            engine,
            host,
            rooted,
            reads,
            project: project.into(),
            catalog: RefCell::default(),
            dialect: DataFusionDialect,
        }
    }

    /// The reads this handle has made.
    pub fn reads(&self) -> &Arc<Reads> {
        &self.reads
    }

    async fn scope(&self) -> Result<Arc<Scope>, WarehouseError> {
        let store: Arc<dyn ObjectStore> = Arc::new(ProjectStore::new(
            Arc::clone(&self.rooted),
            Arc::clone(&self.reads),
        ));
        let caches = Arc::clone(self.engine.caches());
        let known = self.catalog.borrow().clone();
        let catalog = match known {
            Some(catalog) => catalog,
            None => {
                let loaded = Catalog::load(&store, &caches.catalogs, &self.project).await?;
                let catalog = Arc::new(loaded);
                *self.catalog.borrow_mut() = Some(Arc::clone(&catalog));
                catalog
            }
        };
        Ok(Arc::new(Scope::new(
            Arc::clone(&self.project),
            store,
            catalog,
            caches,
        )))
    }

    /// Runs `work` under the driver, within the time limit.
    async fn drive<T>(
        &self,
        limits: &Limits,
        work: impl Future<Output = Result<T, WarehouseError>>,
    ) -> Result<T, WarehouseError> {
        let limit_ms = u64::try_from(limits.time.as_millis()).unwrap_or(u64::MAX);
        let deadline_ms = self.host.now_ms().saturating_add(limit_ms);
        drive(
            &self.host,
            &self.reads,
            deadline_ms,
            limits.time.as_secs(),
            work,
        )
        .await?
    }

    async fn execute(
        &self,
        scope: Arc<Scope>,
        ast: Ast,
        author: Author,
        window: Option<Window>,
        limits: &Limits,
    ) -> Result<ResultSet, WarehouseError> {
        let started_ms = self.host.now_ms();
        let (reads_before, bytes_before) = (self.reads.requests(), self.reads.bytes());
        let key = self.answer_key(&ast, &scope, window, limits).await?;
        if let Some(known) = key.as_ref().and_then(|key| scope.caches.answers.get(key)) {
            let mut result = ResultSet::clone(&known);
            result.scanned.reads = self.reads.requests().saturating_sub(reads_before);
            result.scanned.bytes = self.reads.bytes().saturating_sub(bytes_before);
            result.elapsed_ms = self.host.now_ms().saturating_sub(started_ms);
            return Ok(result);
        }
        let tables = self.tables(&ast, &scope).await?;
        let run = Run {
            ast: &ast,
            author,
            window,
            limits,
        };
        let mut way = Way::AtOnce;
        let mut result = loop {
            match self.run_statement(&scope, tables.clone(), run, way).await? {
                Outcome::Answered(result) => break result,
                Outcome::Instead(other) => way = other,
            }
        };
        result.scanned.rows += scope.rows_scanned();
        result.scanned.reads = self.reads.requests().saturating_sub(reads_before);
        result.scanned.bytes = self.reads.bytes().saturating_sub(bytes_before);
        result.elapsed_ms = self.host.now_ms().saturating_sub(started_ms);
        if let Some(key) = key.filter(|_| !scope.depends_on_more()) {
            scope.caches.answers.put(key, result.clone());
        }
        Ok(result)
    }

    /// Runs a statement one way, or says how to run it instead: a statement that is too large is in passes, once.
    async fn run_statement(
        &self,
        scope: &Scope,
        tables: Vec<(&'static str, Arc<dyn TableProvider>)>,
        run: Run<'_>,
        way: Way,
    ) -> Result<Outcome, WarehouseError> {
        let memory_bytes = self.engine.memory_bytes();
        let failed =
            |error: DataFusionError| explain(&error, run.author, &scope.faults, memory_bytes);
        let ledger = self.engine.ledger();
        let context = self
            .engine
            .session(&scope.store, tables, &ledger, way.is_at_once())
            .map_err(failed)?;
        let state = context.state();
        let mut plan = state
            .statement_to_plan(EngineStatement::Statement(Box::new(run.ast.clone())))
            .await
            .map_err(failed)?;
        if let Some(Window { offset, rows }) = run.window
            && !is_explain(&plan)
        {
            plan = LogicalPlanBuilder::from(plan)
                .limit(offset, Some(rows))
                .and_then(LogicalPlanBuilder::build)
                .map_err(failed)?;
        }
        let physical = state.create_physical_plan(&plan).await.map_err(failed)?;
        let is_at_once = way.is_at_once();
        let physical = match way {
            Way::AtOnce => match admission::check_plan(physical.as_ref(), memory_bytes) {
                Ok(()) => physical,
                Err(Refusal {
                    sentence,
                    held_bytes,
                }) => {
                    let refusal = WarehouseError::TooLarge(sentence);
                    let Some(bytes) = held_bytes else {
                        return Err(refusal);
                    };
                    let passes = Passes::instead_of(physical.as_ref(), bytes, memory_bytes);
                    return Ok(Outcome::Instead(Way::InPasses { passes, refusal }));
                }
            },
            Way::InPasses { passes, refusal } => {
                passes.of(&physical).map_err(failed)?.ok_or(refusal)?
            }
        };

        let schema = physical.schema();
        let columns = schema.fields().iter().map(|field| ColumnInfo {
            name: field.name().clone(),
            data_type: described::type_name(field.data_type()),
        });
        let mut result = ResultSet {
            columns: columns.collect(),
            ..ResultSet::default()
        };
        match collect(Arc::clone(&physical), &context, run.limits, &mut result).await {
            Ok(()) => {}
            Err(Collected::TooLarge(sentence)) => return Err(WarehouseError::TooLarge(sentence)),
            Err(Collected::Engine(error)) if is_at_once && is_out_of_memory(&error) => {
                return Ok(Outcome::Instead(Way::InPasses {
                    passes: Passes::after(physical.as_ref()),
                    refusal: failed(error),
                }));
            }
            Err(Collected::Engine(error)) => return Err(failed(error)),
        }
        result.sampled_one_in = ledger.factor();
        result.scanned = scanned::of(physical.as_ref());
        Ok(Outcome::Answered(result))
    }

    /// What the answer to a statement is kept under; none if it would not be the same again.
    async fn answer_key(
        &self,
        ast: &Ast,
        scope: &Scope,
        window: Option<Window>,
        limits: &Limits,
    ) -> Result<Option<AnswerKey>, WarehouseError> {
        if !is_repeatable(ast, self.engine.template()) {
            return Ok(None);
        }
        let mut tables = named_tables(ast);
        if tables.contains(&Table::Sessions)
            && scope.catalog.files(Table::Sessions, None).await?.is_empty()
        {
            // They follow from events.
            tables.insert(Table::Events);
        }
        let tables: Vec<Table> = tables.into_iter().collect();
        let (rows, bytes) = (limits.rows, limits.result_bytes);
        Ok(Some(AnswerKey {
            project: Arc::clone(&self.project),
            version: scope.catalog.version(&tables).await?,
            statement: format!("{window:?} {rows} {bytes} {ast}"),
        }))
    }

    /// The tables a statement names. A name that is no table of the project is left for the planner to refuse.
    async fn tables(
        &self,
        ast: &Ast,
        scope: &Arc<Scope>,
    ) -> Result<Vec<(&'static str, Arc<dyn TableProvider>)>, WarehouseError> {
        let mut tables: Vec<(&'static str, Arc<dyn TableProvider>)> = Vec::new();
        for table in named_tables(ast) {
            let opened = LakeTable::open(table, Arc::clone(scope)).await?;
            tables.push((table.name(), self.provider(opened, scope).await?));
        }
        Ok(tables)
    }

    /// How a table is scanned: sessions that are not stored follow from events, and events say which of them they belong to.
    async fn provider(
        &self,
        opened: LakeTable,
        scope: &Arc<Scope>,
    ) -> Result<Arc<dyn TableProvider>, WarehouseError> {
        Ok(match opened.table() {
            Table::Events => Arc::new(SessionedEvents::new(opened, Arc::clone(scope))),
            Table::Sessions if opened.files().is_empty() => {
                let events = LakeTable::open(Table::Events, Arc::clone(scope)).await?;
                Arc::new(DerivedSessions::new(events, Arc::clone(scope)))
            }
            _ => Arc::new(opened),
        })
    }

    /// A user's statement, checked. What other tables there are than those known is found out only if it names one.
    async fn checked(&self, sql: &str, scope: &Scope) -> Result<Checked, WarehouseError> {
        let check = |tables: &[Table]| {
            let names: Vec<&str> = askable(tables).iter().map(|table| table.name()).collect();
            guard::check(sql, &guard::Rules::datafusion(&names))
        };
        match check(&scope.catalog.named_tables()) {
            Ok(checked) => Ok(checked),
            Err(_) => Ok(check(&scope.catalog.tables().await?)?),
        }
    }
}

/// The tables that can be asked for where these are stored: events may be none yet, and sessions follow from events.
fn askable(stored: &[Table]) -> Vec<Table> {
    let always = [Table::Events, Table::Sessions];
    Table::ALL
        .into_iter()
        .filter(|table| always.contains(table) || stored.contains(table))
        .collect()
}

/// Which rows of a user's query are wanted.
#[derive(Debug, Clone, Copy)]
struct Window {
    offset: usize,
    rows: usize,
}

/// A statement to be run.
#[derive(Clone, Copy)]
struct Run<'r> {
    ast: &'r Ast,
    author: Author,
    window: Option<Window>,
    limits: &'r Limits,
}

/// How a statement is run.
enum Way {
    AtOnce,
    InPasses {
        passes: Passes,
        /// What to say if it cannot be split.
        refusal: WarehouseError,
    },
}

impl Way {
    fn is_at_once(&self) -> bool {
        matches!(self, Self::AtOnce)
    }
}

enum Outcome {
    Answered(ResultSet),
    Instead(Way),
}

enum Collected {
    Engine(DataFusionError),
    TooLarge(String),
}

async fn collect(
    plan: Arc<dyn ExecutionPlan>,
    context: &datafusion::prelude::SessionContext,
    limits: &Limits,
    result: &mut ResultSet,
) -> Result<(), Collected> {
    let mut batches = execute_stream(plan, context.task_ctx()).map_err(Collected::Engine)?;
    let mut bytes = 0;
    while let Some(batch) = batches.next().await {
        let batch = batch.map_err(Collected::Engine)?;
        bytes += batch.get_array_memory_size().min(batch.num_rows() * 4_096);
        if result.rows.len() + batch.num_rows() > limits.rows || bytes > limits.result_bytes {
            return Err(Collected::TooLarge(format!(
                "The answer has more than {} rows or {} MB. Ask for fewer rows or columns, or aggregate.",
                limits.rows,
                limits.result_bytes / 1_000_000
            )));
        }
        let batch_rows = rows::of_batch(&batch).map_err(|error| Collected::Engine(error.into()))?;
        result.rows.extend(batch_rows);
    }
    Ok(())
}

/// The project's tables named anywhere in a statement.
fn named_tables(ast: &Ast) -> BTreeSet<Table> {
    let mut tables = BTreeSet::new();
    let _ = datafusion::sql::sqlparser::ast::visit_relations(ast, |name| {
        tables.extend(
            name.0
                .last()
                .and_then(|part| part.as_ident())
                .and_then(|ident| Table::from_name(&ident.value.to_lowercase())),
        );
        std::ops::ControlFlow::<()>::Continue(())
    });
    tables
}

#[async_trait(?Send)]
impl Warehouse for ParquetProject {
    fn dialect(&self) -> &dyn Dialect {
        &self.dialect
    }

    async fn run(
        &self,
        statement: Statement,
        limits: &Limits,
    ) -> Result<ResultSet, WarehouseError> {
        let mut parsed =
            Parser::parse_sql(&GenericDialect {}, statement.sql.as_str()).map_err(|error| {
                WarehouseError::internal(format!("a tool's statement does not parse: {error}"))
            })?;
        let (Some(mut ast), true) = (parsed.pop(), parsed.is_empty()) else {
            return Err(WarehouseError::internal(
                "a tool's statement is not one statement",
            ));
        };
        super::bind::bind(&mut ast, &statement.values)?;
        self.drive(limits, async {
            let scope = self.scope().await?;
            self.execute(scope, ast, Author::Tool, None, limits).await
        })
        .await
    }

    async fn run_sql(
        &self,
        sql: &str,
        offset: usize,
        rows: usize,
        limits: &Limits,
    ) -> Result<ResultSet, WarehouseError> {
        self.drive(limits, async {
            let scope = self.scope().await?;
            let checked = self.checked(sql, &scope).await?;
            self.execute(
                scope,
                checked.statement,
                Author::User,
                Some(Window { offset, rows }),
                limits,
            )
            .await
        })
        .await
    }

    async fn presence(&self, table: &str) -> Result<Presence, WarehouseError> {
        let Some(table) = Table::from_name(table) else {
            return Ok(Presence::Absent);
        };
        self.drive(&Limits::default(), async {
            let scope = self.scope().await?;
            Ok(match table {
                Table::Events => Presence::Stored,
                _ if !scope.catalog.files(table, None).await?.is_empty() => Presence::Stored,
                Table::Sessions => Presence::Derived,
                _ => Presence::Absent,
            })
        })
        .await
    }

    async fn schema(&self) -> Result<ProjectSchema, WarehouseError> {
        self.drive(&Limits::default(), async {
            let scope = self.scope().await?;
            let mut tables = Vec::new();
            for table in askable(&scope.catalog.tables().await?) {
                let opened = LakeTable::open(table, Arc::clone(&scope)).await?;
                tables.push(described::table(&opened).await?);
            }
            Ok(ProjectSchema { tables })
        })
        .await
    }
}
