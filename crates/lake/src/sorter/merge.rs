//! Sorted runs merged into one stream in order.

use std::{cmp::Reverse, collections::BinaryHeap};

use arrow::{array::RecordBatch, compute::interleave_record_batch};

use super::{Keys, Origin, run::Run};
use crate::{LakeError, Table};

/// Rows of a merged batch.
const BATCH_ROWS: usize = 8_192;

/// The rows of all runs, in order.
#[derive(Debug)]
pub(crate) struct Merged {
    table: Table,
    runs: Vec<Head>,
    /// The next row of every run that has one.
    next: BinaryHeap<Reverse<(i64, String, Origin, usize)>>,
}

/// Where a run has been read to.
#[derive(Debug)]
struct Head {
    run: Run,
    rows: RecordBatch,
    keys: Keys,
    origins: Vec<Origin>,
    at: usize,
}

impl Merged {
    pub(super) fn new(table: Table, runs: Vec<Run>) -> Result<Self, LakeError> {
        let mut merged = Self {
            table,
            runs: Vec::with_capacity(runs.len()),
            next: BinaryHeap::new(),
        };
        for mut run in runs {
            if let Some((rows, origins)) = run.next(table)? {
                let keys = Keys::of(table, &rows)?;
                merged.runs.push(Head {
                    run,
                    rows,
                    keys,
                    origins,
                    at: 0,
                });
                merged.offer(merged.runs.len() - 1);
            }
        }
        Ok(merged)
    }

    /// The next rows, and where each comes from; none when there are no more.
    pub(crate) fn next(&mut self) -> Result<Option<(RecordBatch, Vec<Origin>)>, LakeError> {
        // Batches that rows were chosen from stay here until those are copied out, also when their run has moved on.
        let mut batches: Vec<RecordBatch> = Vec::new();
        let mut position_of: Vec<Option<usize>> = vec![None; self.runs.len()];
        let mut chosen = Vec::with_capacity(BATCH_ROWS);
        let mut origins = Vec::with_capacity(BATCH_ROWS);
        while chosen.len() < BATCH_ROWS {
            let Some(Reverse((_, _, origin, run))) = self.next.pop() else {
                break;
            };
            let head = &mut self.runs[run];
            let position = *position_of[run].get_or_insert_with(|| {
                batches.push(head.rows.clone());
                batches.len() - 1
            });
            chosen.push((position, head.at));
            origins.push(origin);
            head.at += 1;
            if head.at == head.rows.num_rows() {
                position_of[run] = None;
                let Some((rows, origins)) = head.run.next(self.table)? else {
                    continue;
                };
                head.keys = Keys::of(self.table, &rows)?;
                (head.rows, head.origins, head.at) = (rows, origins, 0);
            }
            self.offer(run);
        }
        if chosen.is_empty() {
            return Ok(None);
        }
        let batches: Vec<_> = batches.iter().collect();
        let rows =
            interleave_record_batch(&batches, &chosen).map_err(|error| LakeError::Encode {
                table: self.table,
                reason: error.to_string(),
            })?;
        Ok(Some((rows, origins)))
    }

    fn offer(&mut self, run: usize) {
        let head = &self.runs[run];
        let origin = head.origins.get(head.at).copied().unwrap_or(Origin::Stored);
        let key = (
            head.keys.instants.value(head.at),
            head.keys.id(head.at).to_owned(),
            origin,
            run,
        );
        self.next.push(Reverse(key));
    }
}
