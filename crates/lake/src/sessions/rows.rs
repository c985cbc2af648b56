//! Closed sessions as rows of the `sessions` table.
//!
//! What a session takes from its first event is not copied text by text: the rows of first events are taken out of each
//! batch at once, kept as Arrow columns, and gathered when their sessions are over.

use std::{collections::HashMap, sync::Arc};

use arrow::{
    array::{
        ArrayRef, BooleanArray, Float64Array, Int64Array, ListBuilder, RecordBatch, StringArray,
        StringBuilder, TimestampMillisecondArray, UInt64Array,
    },
    compute::{interleave, take},
    error::ArrowError,
};

use super::{event::event_column, visit::Visit};
use crate::{LakeError, Table};

/// The columns a session takes from its first event.
const OPENER_COLUMNS: [&str; 20] = [
    "referrer",
    "referrer_name",
    "referrer_type",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_content",
    "utm_term",
    "country",
    "region",
    "city",
    "latitude",
    "longitude",
    "device",
    "brand",
    "model",
    "browser",
    "browser_version",
    "os",
    "os_version",
];

/// Sessions that are over, and the first events of all that are not drained.
#[derive(Debug, Default)]
pub(super) struct Rows {
    closed: Vec<Visit>,
    chunks: HashMap<u64, Chunk>,
    begun: u64,
}

/// The first events of the sessions one push opened.
#[derive(Debug)]
struct Chunk {
    columns: Vec<ArrayRef>,
    /// How many of them are still needed.
    needed: usize,
}

impl Rows {
    /// A number for the sessions the coming push opens.
    pub(super) fn begin_chunk(&mut self) -> u64 {
        self.begun += 1;
        self.begun
    }

    /// Keeps what the sessions opened by this push take from their first events, which lie in `rows` of `events`.
    pub(super) fn end_chunk(
        &mut self,
        chunk: u64,
        events: &RecordBatch,
        rows: Vec<u64>,
    ) -> Result<(), LakeError> {
        if rows.is_empty() {
            return Ok(());
        }
        let needed = rows.len();
        let rows = UInt64Array::from(rows);
        let columns = OPENER_COLUMNS
            .iter()
            .map(|name| take(&event_column(events, name)?, &rows, None).map_err(refused))
            .collect::<Result<Vec<_>, _>>()?;
        self.chunks.insert(chunk, Chunk { columns, needed });
        Ok(())
    }

    /// Takes in a session that is over.
    pub(super) fn close(&mut self, visit: Visit) {
        self.closed.push(visit);
    }

    /// The sessions closed since the last call.
    pub(super) fn take(&mut self) -> Result<Option<RecordBatch>, LakeError> {
        if self.closed.is_empty() {
            return Ok(None);
        }
        let closed = std::mem::take(&mut self.closed);
        let openers = self.openers(&closed)?;
        let columns = Table::Sessions.columns().iter().map(|column| {
            match OPENER_COLUMNS.iter().position(|name| *name == column.name) {
                Some(at) => Arc::clone(&openers[at]),
                None => own_column(column.name, &closed),
            }
        });
        let batch =
            RecordBatch::try_new(Table::Sessions.schema(), columns.collect()).map_err(refused)?;
        self.forget(&closed);
        Ok(Some(batch))
    }

    fn openers(&self, closed: &[Visit]) -> Result<Vec<ArrayRef>, LakeError> {
        let mut positions = HashMap::new();
        let mut chunks = Vec::new();
        let mut indices = Vec::with_capacity(closed.len());
        for visit in closed {
            let Some(chunk) = self.chunks.get(&visit.opener.chunk) else {
                return Err(LakeError::Encode {
                    table: Table::Sessions,
                    reason: "the first event of a session is missing".to_owned(),
                });
            };
            let position = *positions.entry(visit.opener.chunk).or_insert_with(|| {
                chunks.push(chunk);
                chunks.len() - 1
            });
            indices.push((position, visit.opener.row));
        }
        (0..OPENER_COLUMNS.len())
            .map(|at| {
                let arrays: Vec<_> = chunks
                    .iter()
                    .map(|chunk| chunk.columns[at].as_ref())
                    .collect();
                interleave(&arrays, &indices).map_err(refused)
            })
            .collect()
    }

    fn forget(&mut self, closed: &[Visit]) {
        for visit in closed {
            if let Some(chunk) = self.chunks.get_mut(&visit.opener.chunk) {
                chunk.needed = chunk.needed.saturating_sub(1);
                if chunk.needed == 0 {
                    self.chunks.remove(&visit.opener.chunk);
                }
            }
        }
    }
}

/// A column that is the session's own rather than its first event's.
fn own_column(name: &str, closed: &[Visit]) -> ArrayRef {
    let text = |of: fn(&Visit) -> Option<&str>| -> ArrayRef {
        Arc::new(closed.iter().map(of).collect::<StringArray>())
    };
    let int = |of: fn(&Visit) -> i64| -> ArrayRef {
        Arc::new(closed.iter().map(of).collect::<Int64Array>())
    };
    let boolean = |of: fn(&Visit) -> bool| -> ArrayRef {
        Arc::new(
            closed
                .iter()
                .map(|visit| Some(of(visit)))
                .collect::<BooleanArray>(),
        )
    };
    let instant = |of: fn(&Visit) -> i64| -> ArrayRef {
        let instants = closed.iter().map(of).collect::<Vec<_>>();
        Arc::new(TimestampMillisecondArray::from(instants).with_timezone("UTC"))
    };
    match name {
        "session_id" => text(|visit| Some(visit.session_id.as_ref())),
        "profile_id" => text(|visit| visit.profile_id.as_deref()),
        "device_id" => text(|visit| visit.device_id.as_deref()),
        "started_at" => instant(|visit| visit.started_ms),
        "ended_at" => instant(|visit| visit.ended_ms),
        "duration_ms" => int(|visit| visit.ended_ms.saturating_sub(visit.started_ms)),
        "is_bounce" => boolean(|visit| visit.screen_views < 2),
        "entry_origin" => text(|visit| visit.entry.as_ref()?.origin.as_deref()),
        "entry_path" => text(|visit| visit.entry.as_ref().map(|page| page.path.as_ref())),
        "exit_origin" => text(|visit| visit.exit.as_ref()?.origin.as_deref()),
        "exit_path" => text(|visit| visit.exit.as_ref().map(|page| page.path.as_ref())),
        "screen_view_count" => int(|visit| visit.screen_views.into()),
        "event_count" => int(|visit| visit.events.into()),
        "revenue" => int(|visit| visit.revenue),
        "groups" => groups(closed),
        "rage_clicks" => int(|visit| visit.friction.rage_clicks.into()),
        "dead_clicks" => int(|visit| visit.friction.dead_clicks.into()),
        "error_clicks" => int(|visit| visit.friction.error_clicks.into()),
        "js_errors" => int(|visit| visit.friction.js_errors.into()),
        "network_errors" => int(|visit| visit.friction.network_errors.into()),
        "form_abandons" => int(|visit| visit.friction.form_abandons().into()),
        "quick_backs" => int(|visit| visit.friction.quick_backs.into()),
        "idle_ms" => int(|visit| visit.friction.idle_ms),
        "frustration_score" => Arc::new(
            closed
                .iter()
                .map(|visit| Some(visit.friction.score()))
                .collect::<Float64Array>(),
        ),
        "has_feedback" => boolean(|visit| visit.has_feedback),
        // Events say nothing of replays: a session built from them alone has none.
        _ => boolean(|_| false),
    }
}

fn groups(closed: &[Visit]) -> ArrayRef {
    let mut lists = ListBuilder::new(StringBuilder::new());
    for visit in closed {
        for group in &visit.groups {
            lists.values().append_value(group);
        }
        lists.append(!visit.groups.is_empty());
    }
    Arc::new(lists.finish())
}

fn refused(error: ArrowError) -> LakeError {
    LakeError::Encode {
        table: Table::Sessions,
        reason: error.to_string(),
    }
}
