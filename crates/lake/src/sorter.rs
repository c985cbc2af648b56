//! Rows in any order in, rows in order of time out, with bounded memory.
//!
//! Rows are held until they fill their budget, then written as a sorted run to a local folder (Arrow IPC, lz4); the runs are
//! merged at the end. Equal instants are ordered by the table's id, then stored rows before new ones, so the result is the
//! same whatever order rows came in.

mod merge;
mod run;

use std::path::{Path, PathBuf};

use arrow::{
    array::{Array as _, AsArray as _, RecordBatch, StringArray, TimestampMillisecondArray},
    datatypes::TimestampMillisecondType,
};

pub(crate) use merge::Merged;
use run::Run;

use crate::{LakeError, Table, event_ids::sort_key};

/// Where a row comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Origin {
    /// It was in the project before.
    Stored,
    /// This import brings it.
    New,
}

/// Sorts the rows of one table by its time column and id.
#[derive(Debug)]
pub(crate) struct Sorter {
    table: Table,
    folder: PathBuf,
    budget_bytes: usize,
    held: Vec<(RecordBatch, Origin)>,
    held_bytes: usize,
    runs: Vec<Run>,
}

impl Sorter {
    /// A sorter that holds about `budget_bytes` of rows and keeps its runs in `folder`.
    pub(crate) fn new(table: Table, folder: &Path, budget_bytes: usize) -> Self {
        Self {
            table,
            folder: folder.to_owned(),
            budget_bytes,
            held: Vec::new(),
            held_bytes: 0,
            runs: Vec::new(),
        }
    }

    /// Takes in rows with the table's schema, none without instant.
    pub(crate) fn push(&mut self, rows: RecordBatch, origin: Origin) -> Result<(), LakeError> {
        if rows.num_rows() == 0 {
            return Ok(());
        }
        self.held_bytes += rows.get_array_memory_size();
        self.held.push((rows, origin));
        if self.held_bytes >= self.budget_bytes {
            self.spill()?;
        }
        Ok(())
    }

    /// All rows in order.
    pub(crate) fn merge(mut self) -> Result<Merged, LakeError> {
        // What still fits in memory need not go to the folder first.
        if !self.held.is_empty() {
            let held = std::mem::take(&mut self.held);
            let order = self.order(&held)?;
            self.runs.push(Run::in_memory(held, order));
        }
        Merged::new(self.table, self.runs)
    }

    fn spill(&mut self) -> Result<(), LakeError> {
        let held = std::mem::take(&mut self.held);
        self.held_bytes = 0;
        let order = self.order(&held)?;
        let path = self
            .folder
            .join(format!("{}-{}.arrow", self.table, self.runs.len()));
        self.runs
            .push(Run::in_file(self.table, &path, &held, &order)?);
        Ok(())
    }

    /// Positions (batch, row) of the rows in order.
    fn order(&self, held: &[(RecordBatch, Origin)]) -> Result<Vec<(usize, usize)>, LakeError> {
        let keys: Vec<_> = held
            .iter()
            .map(|(rows, _)| Keys::of(self.table, rows))
            .collect::<Result<_, _>>()?;
        let mut order = Vec::with_capacity(keys.iter().map(|keys| keys.instants.len()).sum());
        for (batch, keys) in keys.iter().enumerate() {
            order
                .extend((0..keys.instants.len()).map(|row| (keys.instants.value(row), batch, row)));
        }
        order.sort_unstable_by(|a, b| {
            let id = |at: &(i64, usize, usize)| (keys[at.1].id(at.2), held[at.1].1);
            a.0.cmp(&b.0)
                .then_with(|| id(a).cmp(&id(b)))
                .then_with(|| (a.1, a.2).cmp(&(b.1, b.2)))
        });
        Ok(order
            .into_iter()
            .map(|(_, batch, row)| (batch, row))
            .collect())
    }
}

/// What rows are sorted by.
#[derive(Debug, Clone)]
struct Keys {
    instants: TimestampMillisecondArray,
    ids: StringArray,
}

impl Keys {
    fn of(table: Table, rows: &RecordBatch) -> Result<Self, LakeError> {
        let missing = || LakeError::Encode {
            table,
            reason: "rows to be sorted lack an instant or an id".to_owned(),
        };
        let instants = table
            .time_column()
            .and_then(|name| rows.column_by_name(name))
            .and_then(|column| column.as_primitive_opt::<TimestampMillisecondType>())
            .filter(|instants| instants.null_count() == 0)
            .ok_or_else(missing)?;
        let ids = rows
            .column_by_name(if table == Table::Sessions {
                "session_id"
            } else {
                "event_id"
            })
            .and_then(|column| column.as_string_opt::<i32>())
            .ok_or_else(missing)?;
        Ok(Self {
            instants: instants.clone(),
            ids: ids.clone(),
        })
    }

    fn id(&self, row: usize) -> &str {
        if self.ids.is_null(row) {
            ""
        } else {
            sort_key(self.ids.value(row))
        }
    }
}
