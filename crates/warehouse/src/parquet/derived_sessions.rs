//! The `sessions` table of a project that stores none: built from its events while the query runs.
//!
//! The rules are the lake's ([`sightline_lake::sessions::Builder`]), the same that write stored sessions. Events are read a day at a
//! time, each sorted by time, so that memory holds one day's needed columns and the sessions under way. A session that
//! starts within the asked range may have events outside it: a day on either side is read as well.

use std::sync::Arc;

use arrow::compute::SortOptions;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::expressions::col;
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use datafusion::physical_plan::execution_plan::reset_plan_states;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream, execute_stream};
use futures::TryStreamExt;
use sightline_lake::Table;
use sightline_lake::sessions::{Builder, EXPLICIT_GAP_MS};

use super::lake_table::LakeTable;
use super::scope::Scope;
use super::time_bounds::TimeBounds;

/// What every session needs of its events.
const ALWAYS_READ: [&str; 6] = [
    "timestamp",
    "event_id",
    "name",
    "profile_id",
    "device_id",
    "session_id",
];

/// The columns of events that a column of sessions is made of, where it is not of the same name.
const MADE_OF: [(&str, &[&str]); 15] = [
    ("entry_origin", &["origin", "path"]),
    ("entry_path", &["origin", "path"]),
    ("exit_origin", &["origin", "path"]),
    ("exit_path", &["origin", "path"]),
    ("revenue", &["revenue"]),
    ("rage_clicks", &["properties", "path"]),
    ("dead_clicks", &["properties", "origin", "path"]),
    ("error_clicks", &["properties", "path"]),
    ("js_errors", &["properties"]),
    ("network_errors", &["properties"]),
    ("form_abandons", &["properties", "origin", "path"]),
    ("quick_backs", &["origin", "path"]),
    ("frustration_score", &["properties", "origin", "path"]),
    ("has_feedback", &[]),
    ("has_replay", &["properties"]),
];

/// Sessions as they follow from a project's events.
#[derive(Debug)]
pub(super) struct DerivedSessions {
    events: LakeTable,
    scope: Arc<Scope>,
    schema: SchemaRef,
}

impl DerivedSessions {
    /// The sessions of `events`.
    pub(super) fn new(events: LakeTable, scope: Arc<Scope>) -> Self {
        Self {
            events,
            scope,
            schema: Table::Sessions.schema(),
        }
    }

    /// The events' columns that the wanted columns of sessions are made of.
    fn columns_read(&self, projection: Option<&Vec<usize>>) -> Vec<usize> {
        let wanted: Vec<&str> = match projection {
            Some(indices) => indices
                .iter()
                .map(|index| self.schema.field(*index).name().as_str())
                .collect(),
            None => self
                .schema
                .fields()
                .iter()
                .map(|field| field.name().as_str())
                .collect(),
        };
        let is_read = |name: &str| {
            ALWAYS_READ.contains(&name)
                || wanted.contains(&name)
                || MADE_OF
                    .iter()
                    .any(|(made, of)| wanted.contains(made) && of.contains(&name))
        };
        let columns = self.events.schema();
        (0..columns.fields().len())
            .filter(|index| is_read(columns.field(*index).name()))
            .collect()
    }
}

#[async_trait]
impl TableProvider for DerivedSessions {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let columns = self.columns_read(projection);
        let mut days = Vec::new();
        let bounds = TimeBounds::of(filters, "started_at").widened(EXPLICIT_GAP_MS);
        for files in self.events.files_by_day(bounds) {
            let scan = self
                .events
                .scan_files(state, Some(&columns), &[], None, &files)
                .await?;
            days.push(in_order_of_time(scan)?);
        }
        let sessions: Arc<dyn PartitionStream> = Arc::new(SessionStream {
            days,
            schema: Arc::clone(&self.schema),
            scope: Arc::clone(&self.scope),
        });
        let plan = StreamingTableExec::try_new(
            Arc::clone(&self.schema),
            vec![sessions],
            projection,
            [],
            false,
            None,
        )?;
        Ok(Arc::new(plan))
    }
}

/// The order the builder needs. Ties in time are broken by id, as the lake's own writer does: the same events give the same sessions.
pub(super) const IN_ORDER_OF: [(&str, SortOptions); 2] =
    [("timestamp", ASCENDING), ("event_id", ASCENDING)];

const ASCENDING: SortOptions = SortOptions {
    descending: false,
    nulls_first: true,
};

fn in_order_of_time(scan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let keys = IN_ORDER_OF.map(|(column, order)| {
        Ok::<_, DataFusionError>(PhysicalSortExpr::new(col(column, &scan.schema())?, order))
    });
    let keys = keys.into_iter().collect::<Result<Vec<_>>>()?;
    Ok(match LexOrdering::new(keys) {
        Some(order) => Arc::new(SortExec::new(order, scan)),
        None => scan,
    })
}

/// Sessions, as the events of day after day complete them.
#[derive(Debug)]
struct SessionStream {
    days: Vec<Arc<dyn ExecutionPlan>>,
    schema: SchemaRef,
    scope: Arc<Scope>,
}

/// Where the stream stands.
struct Progress {
    builder: Option<Builder>,
    days: std::vec::IntoIter<Arc<dyn ExecutionPlan>>,
    events: Option<SendableRecordBatchStream>,
    context: Arc<TaskContext>,
    scope: Arc<Scope>,
}

impl PartitionStream for SessionStream {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let progress = Progress {
            builder: Some(Builder::new()),
            days: self.days.clone().into_iter(),
            events: None,
            context,
            scope: Arc::clone(&self.scope),
        };
        let sessions = futures::stream::try_unfold(progress, |mut progress| async move {
            Ok(progress.next().await?.map(|batch| (batch, progress)))
        });
        Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            sessions,
        ))
    }
}

impl Progress {
    /// The next sessions that are over, or none when all are told.
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        while let Some(builder) = &mut self.builder {
            if let Some(events) = &mut self.events {
                match events.try_next().await? {
                    Some(batch) => {
                        self.scope.scanned(batch.num_rows());
                        let pushed = builder
                            .push(&plain_text(&batch)?)
                            .and_then(|_| builder.drain());
                        if let Some(sessions) = pushed.map_err(|error| self.scope.fault(error))? {
                            return Ok(Some(sessions));
                        }
                    }
                    None => self.events = None,
                }
            } else if let Some(day) = self.days.next() {
                self.events = Some(run_anew(day, &self.context)?);
            } else {
                let last = self.builder.take().map(Builder::finish).transpose();
                return last.map_err(|error| self.scope.fault(error));
            }
        }
        Ok(None)
    }
}

/// The rows of a plan, from the first on, whether it was run before or not: a stream of sessions is asked for once for each pass.
pub(super) fn run_anew(
    plan: Arc<dyn ExecutionPlan>,
    context: &Arc<TaskContext>,
) -> Result<SendableRecordBatchStream> {
    execute_stream(reset_plan_states(plan)?, Arc::clone(context))
}

/// The batch with text in the form the lake knows.
pub(super) fn plain_text(batch: &RecordBatch) -> Result<RecordBatch> {
    use arrow::datatypes::{DataType, Field};
    let schema = batch.schema();
    let (fields, columns): (Vec<_>, Vec<_>) = schema
        .fields()
        .iter()
        .zip(batch.columns())
        .map(|(field, column)| match column.data_type() {
            DataType::Utf8View => {
                let column = arrow::compute::cast(column, &DataType::Utf8)?;
                Ok((
                    Arc::new(Field::new(field.name(), DataType::Utf8, true)),
                    column,
                ))
            }
            _ => Ok((Arc::clone(field), Arc::clone(column))),
        })
        .collect::<Result<Vec<_>>>()?
        .into_iter()
        .unzip();
    Ok(RecordBatch::try_new(
        Arc::new(Schema::new(fields)),
        columns,
    )?)
}
