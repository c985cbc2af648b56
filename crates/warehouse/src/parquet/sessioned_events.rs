//! The `events` of a project that stores no sessions: `session_id` says which of its derived sessions an event belongs to.
//!
//! Where sessions are stored, and where every event read names its session, events are given on as they lie. Where some name none,
//! their sessions follow from the same rules and the same builder as [`super::derived_sessions`], so that `session_id` joins both
//! tables. A day is then read twice: what tells sessions apart, put in order of time, gives each row its session; the columns
//! asked for follow in the order the rows lie in, so that only the former is ever held as a whole.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, StringArray, UInt32Array};
use arrow::compute::{SortColumn, concat_batches, lexsort_to_indices, take_record_batch};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DataFusionError, Result, exec_datafusion_err};
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use futures::TryStreamExt;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::statistics::Statistics;
use sightline_lake::Table;
use sightline_lake::sessions::{Builder, EXPLICIT_GAP_MS};

use super::derived_sessions::{IN_ORDER_OF, plain_text, run_anew};
use super::lake_table::LakeTable;
use super::scope::Scope;
use super::time_bounds::TimeBounds;

const SESSION_ID: &str = "session_id";

/// What the session of an event depends on.
const TELLS_SESSIONS_APART: [&str; 5] = [
    "timestamp",
    "event_id",
    "profile_id",
    "device_id",
    SESSION_ID,
];

/// Events with the session each belongs to.
#[derive(Debug)]
pub(super) struct SessionedEvents {
    events: LakeTable,
    scope: Arc<Scope>,
}

impl SessionedEvents {
    /// The events of a project.
    pub(super) fn new(events: LakeTable, scope: Arc<Scope>) -> Self {
        Self { events, scope }
    }

    /// Whether the sessions of these days have to be worked out.
    async fn lacks_sessions(&self, days: TimeBounds) -> Result<bool> {
        let stored = self.scope.catalog.files(Table::Sessions, None).await;
        if !stored.map_err(|error| self.scope.fault(error))?.is_empty() {
            return Ok(false);
        }
        let files = self.events.files_within(days);
        let footers = self.events.footers(&files).await;
        let footers = footers.map_err(|error| self.scope.fault(error))?;
        Ok(!footers.iter().all(|footer| names_every_session(footer)))
    }
}

/// Whether a file's statistics say that no event of it is without a session.
fn names_every_session(footer: &ParquetMetaData) -> bool {
    footer.row_groups().iter().all(|group| {
        let named = group
            .columns()
            .iter()
            .find(|chunk| chunk.column_path().string() == SESSION_ID)
            .and_then(|chunk| chunk.statistics());
        // An empty text, which names nothing, would be the smallest value.
        named.is_some_and(|statistics| {
            statistics.null_count_opt() == Some(0)
                && matches!(statistics, Statistics::ByteArray(texts)
                    if texts.min_opt().is_some_and(|least| !least.data().is_empty()))
        })
    })
}

#[async_trait]
impl TableProvider for SessionedEvents {
    fn schema(&self) -> SchemaRef {
        self.events.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        self.events.supports_filters_pushdown(filters)
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = self.events.schema();
        let every: Vec<usize> = (0..schema.fields().len()).collect();
        let wanted = projection.unwrap_or(&every);
        let session_id = schema.index_of(SESSION_ID)?;
        let bounds = TimeBounds::of(filters, "timestamp");
        let Some(place) = wanted.iter().position(|index| *index == session_id) else {
            return self.events.scan(state, projection, filters, limit).await;
        };
        if !self.lacks_sessions(bounds).await? {
            return self.events.scan(state, projection, filters, limit).await;
        }
        self.scope.worked_out_sessions();

        let telling = TELLS_SESSIONS_APART
            .iter()
            .map(|name| schema.index_of(name))
            .collect::<Result<Vec<_>, _>>()?;
        let others: Vec<usize> = wanted
            .iter()
            .copied()
            .filter(|index| *index != session_id)
            .collect();
        let asked = self.events.files_within(bounds);
        let mut days = Vec::new();
        // A visit may have begun the day before.
        for files in self
            .events
            .files_by_day(bounds.widened_back(EXPLICIT_GAP_MS))
        {
            let tells = self
                .events
                .scan_files(state, Some(&telling), &[], None, &files)
                .await?;
            let is_asked_for = files
                .iter()
                .any(|file| asked.iter().any(|asked| asked.path == file.path));
            let rest = if is_asked_for {
                let scan = self
                    .events
                    .scan_files(state, Some(&others), &[], None, &files);
                Some(scan.await?)
            } else {
                None
            };
            days.push(Day { tells, rest });
        }
        let projected = Arc::new(schema.project(wanted)?);
        let events: Arc<dyn PartitionStream> = Arc::new(EventStream {
            days,
            schema: Arc::clone(&projected),
            place,
            scope: Arc::clone(&self.scope),
        });
        let plan = StreamingTableExec::try_new(projected, vec![events], None, [], false, None)?;
        Ok(Arc::new(plan))
    }
}

/// The two passes over a day's files.
#[derive(Debug, Clone)]
struct Day {
    tells: Arc<dyn ExecutionPlan>,
    /// None for a day that only leads into the days asked for.
    rest: Option<Arc<dyn ExecutionPlan>>,
}

/// Events, day after day.
#[derive(Debug)]
struct EventStream {
    days: Vec<Day>,
    schema: SchemaRef,
    place: usize,
    scope: Arc<Scope>,
}

/// Where the stream stands.
struct Progress {
    builder: Builder,
    days: std::vec::IntoIter<Day>,
    /// The day whose columns are being given on, with the sessions of its rows and how many were given.
    under_way: Option<(SendableRecordBatchStream, SessionOfRows, usize)>,
    schema: SchemaRef,
    place: usize,
    context: Arc<TaskContext>,
    scope: Arc<Scope>,
}

impl PartitionStream for EventStream {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let progress = Progress {
            builder: Builder::new(),
            days: self.days.clone().into_iter(),
            under_way: None,
            schema: Arc::clone(&self.schema),
            place: self.place,
            context,
            scope: Arc::clone(&self.scope),
        };
        let events = futures::stream::try_unfold(progress, |mut progress| async move {
            Ok(progress.next().await?.map(|batch| (batch, progress)))
        });
        Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            events,
        ))
    }
}

impl Progress {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some((rest, sessions, given)) = &mut self.under_way {
                if let Some(batch) = rest.try_next().await? {
                    self.scope.scanned(batch.num_rows());
                    let ids = sessions.of_rows(*given, batch.num_rows())?;
                    *given += batch.num_rows();
                    return self.with_sessions(&batch, ids).map(Some);
                }
                self.under_way = None;
            }
            let Some(day) = self.days.next() else {
                return Ok(None);
            };
            let sessions = self.sessions_of(day.tells).await?;
            if let Some(rest) = day.rest {
                let rest = run_anew(rest, &self.context)?;
                self.under_way = Some((rest, sessions, 0));
            }
        }
    }

    /// The session of each row of a day, in the order the rows lie in.
    async fn sessions_of(&mut self, tells: Arc<dyn ExecutionPlan>) -> Result<SessionOfRows> {
        let pool = self.context.memory_pool();
        let held = MemoryConsumer::new("sessions of a day's events").register(pool);
        let schema = tells.schema();
        let mut stream = run_anew(tells, &self.context)?;
        let mut batches = Vec::new();
        while let Some(batch) = stream.try_next().await? {
            self.scope.scanned(batch.num_rows());
            // Held twice while the parts become one.
            held.try_grow(batch.get_array_memory_size().saturating_mul(2))?;
            batches.push(batch);
        }
        let day = concat_batches(&schema, &batches)?;
        drop(batches);
        let keys = IN_ORDER_OF.map(|(column, options)| {
            let values = day.column_by_name(column).map(Arc::clone);
            let values = values.ok_or_else(|| exec_datafusion_err!("events have no {column}"))?;
            Ok::<_, DataFusionError>(SortColumn {
                values,
                options: Some(options),
            })
        });
        let keys = keys.into_iter().collect::<Result<Vec<_>>>()?;
        let order = lexsort_to_indices(&keys, None)?;
        let mut sessions = SessionOfRows::none_of(day.num_rows());
        for start in (0..order.len()).step_by(8_192) {
            let rows = order.slice(start, (order.len() - start).min(8_192));
            let events = plain_text(&take_record_batch(&day, &rows)?)?;
            let found = self.builder.push(&events);
            let found = found.and_then(|ids| self.builder.drain().map(|_| ids));
            let ids = found.map_err(|error| self.scope.fault(error))?;
            sessions.note(&rows, &ids);
        }
        Ok(sessions)
    }

    fn with_sessions(&self, rest: &RecordBatch, ids: ArrayRef) -> Result<RecordBatch> {
        let mut columns = rest.columns().to_vec();
        columns.insert(self.place, ids);
        let options = RecordBatchOptions::new().with_row_count(Some(rest.num_rows()));
        Ok(RecordBatch::try_new_with_options(
            Arc::clone(&self.schema),
            columns,
            &options,
        )?)
    }
}

/// For each row of a day the number of its session, and the sessions' ids.
struct SessionOfRows {
    numbers: Vec<Option<u32>>,
    ids: Vec<Arc<str>>,
    known: HashMap<Arc<str>, u32>,
}

impl SessionOfRows {
    fn none_of(rows: usize) -> Self {
        Self {
            numbers: vec![None; rows],
            ids: Vec::new(),
            known: HashMap::new(),
        }
    }

    /// Notes the sessions `ids` of the rows `rows`.
    fn note(&mut self, rows: &UInt32Array, ids: &StringArray) {
        for (row, id) in rows.values().iter().zip(ids) {
            let number = id.map(|id| match self.known.get(id) {
                Some(number) => *number,
                None => {
                    let id: Arc<str> = id.into();
                    // There are at most as many sessions as rows, which `UInt32Array` numbers.
                    let number = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
                    self.ids.push(Arc::clone(&id));
                    self.known.insert(id, number);
                    number
                }
            });
            if let Some(slot) = self.numbers.get_mut(*row as usize) {
                *slot = number;
            }
        }
    }

    /// The ids of the sessions of some rows that follow each other.
    fn of_rows(&self, start: usize, rows: usize) -> Result<ArrayRef> {
        let numbers = self
            .numbers
            .get(start..start + rows)
            .ok_or_else(|| exec_datafusion_err!("a file changed between two readings"))?;
        let ids = numbers
            .iter()
            .map(|number| self.ids.get((*number)? as usize).map(AsRef::as_ref))
            .collect::<arrow::array::StringViewArray>();
        Ok(Arc::new(ids))
    }
}
