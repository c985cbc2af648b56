//! Reading ahead: what a scan is going to ask for next is on its way while it decodes what it has.
//!
//! A scan asks for the same columns of one row group after the other. Each answer takes a round trip to the bucket, during which the
//! engine would have nothing to do. As soon as two neighbouring row groups have been asked for (or the very first), the same columns of
//! the following ones are fetched, across files, up to a number of bytes. A scan that skips row groups gets nothing ahead. What is
//! [kept](super::chunks) is not fetched.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use object_store::{Error, Result};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use sightline_lake::DataFile;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::chunks::FileKey;
use super::scope::Scope;

/// Most bytes that are on their way, or there and not yet asked for.
const AHEAD_BYTES: u64 = 6 << 20;

/// Most row groups ahead.
const AHEAD_GROUPS: usize = 4;

/// What a scan is about to read.
#[derive(Debug)]
pub(super) struct Ahead {
    scope: Arc<Scope>,
    /// In the order of the scan.
    groups: Vec<Group>,
    under_way: Mutex<UnderWay>,
}

/// A row group of a scan.
#[derive(Debug)]
struct Group {
    file: FileKey,
    footer: Arc<ParquetMetaData>,
    index: usize,
}

#[derive(Debug, Default)]
struct UnderWay {
    /// The row group asked for last.
    last: Option<Asked>,
    fetches: BTreeMap<usize, Fetch>,
}

/// Columns of a row group that were asked for.
#[derive(Debug, Clone, PartialEq)]
struct Asked {
    place: usize,
    columns: Vec<String>,
}

#[derive(Debug)]
struct Fetch {
    ranges: Vec<Range<u64>>,
    bytes: u64,
    answer: JoinHandle<Result<Vec<Bytes>>>,
}

impl Drop for Fetch {
    fn drop(&mut self) {
        self.answer.abort();
    }
}

impl Ahead {
    /// Files with their footers, in the order of the scan.
    pub(super) fn new(
        scope: Arc<Scope>,
        files: impl IntoIterator<Item = (DataFile, Arc<ParquetMetaData>)>,
    ) -> Self {
        let project = Arc::clone(&scope.project);
        let groups = files.into_iter().flat_map(|(file, footer)| {
            let file = FileKey::new(&project, &file);
            (0..footer.num_row_groups()).map(move |index| Group {
                file: file.clone(),
                footer: Arc::clone(&footer),
                index,
            })
        });
        Self {
            groups: groups.collect(),
            scope,
            under_way: Mutex::default(),
        }
    }

    /// Bytes of a file, and what is likely to be asked for next.
    pub(super) async fn read(&self, file: &FileKey, ranges: Vec<Range<u64>>) -> Result<Vec<Bytes>> {
        match self.passing(file, &ranges) {
            Some(fetch) => fetch.answer().await,
            None => self.scope.chunks(file, &ranges).await,
        }
    }

    /// Notes what is asked for, and starts what may follow. The answer, if it is on its way.
    fn passing(&self, file: &FileKey, ranges: &[Range<u64>]) -> Option<Fetch> {
        let asked = self.asked(file, ranges)?;
        let mut under_way = self
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let place = asked.place;
        // What was passed over will not be asked for.
        under_way.fetches = under_way.fetches.split_off(&place);
        let fetch = under_way
            .fetches
            .remove(&place)
            .filter(|fetch| fetch.ranges == ranges);
        let is_next = match &under_way.last {
            None => place == 0,
            Some(last) => last.place + 1 == place && last.columns == asked.columns,
        };
        let is_same = under_way
            .last
            .as_ref()
            .is_some_and(|last| last.place == place);
        if is_next {
            self.start(&mut under_way, &asked);
        } else if !is_same {
            under_way.fetches.clear();
        }
        // Further columns of the same row group are fetched where a filter has left rows; the first ones tell how it goes on.
        if !is_same {
            under_way.last = Some(asked);
        }
        fetch
    }

    fn start(&self, under_way: &mut UnderWay, asked: &Asked) {
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let mut bytes: u64 = under_way.fetches.values().map(|fetch| fetch.bytes).sum();
        let following = self.groups.iter().enumerate().skip(asked.place + 1);
        for (place, group) in following.take(AHEAD_GROUPS) {
            if under_way.fetches.contains_key(&place) {
                continue;
            }
            let Some(ranges) = group.ranges(&asked.columns) else {
                return;
            };
            let more: u64 = ranges.iter().map(|range| range.end - range.start).sum();
            bytes += more;
            if bytes > AHEAD_BYTES {
                return;
            }
            let (scope, file) = (Arc::clone(&self.scope), group.file.clone());
            let wanted = ranges.clone();
            let answer = runtime.spawn(async move { scope.chunks(&file, &wanted).await });
            let fetch = Fetch {
                ranges,
                bytes: more,
                answer,
            };
            under_way.fetches.insert(place, fetch);
        }
    }

    /// Which columns of which row group lie in these ranges; none if they are anything else of the file.
    fn asked(&self, file: &FileKey, ranges: &[Range<u64>]) -> Option<Asked> {
        let first = ranges.first()?;
        let place = self
            .groups
            .iter()
            .position(|group| group.file == *file && group.holds(first))?;
        let columns = self.groups.get(place)?.columns(ranges)?;
        Some(Asked { place, columns })
    }
}

impl Fetch {
    async fn answer(mut self) -> Result<Vec<Bytes>> {
        (&mut self.answer).await.unwrap_or_else(|stopped| {
            Err(Error::Generic {
                store: "project",
                source: stopped.into(),
            })
        })
    }
}

impl Group {
    fn metadata(&self) -> &RowGroupMetaData {
        self.footer.row_group(self.index)
    }

    fn chunks(&self) -> impl Iterator<Item = (String, Range<u64>)> {
        self.metadata().columns().iter().map(|chunk| {
            let (start, length) = chunk.byte_range();
            (chunk.column_path().string(), start..start + length)
        })
    }

    fn holds(&self, range: &Range<u64>) -> bool {
        self.metadata()
            .columns()
            .iter()
            .any(|chunk| chunk.byte_range().0 == range.start)
    }

    /// The columns whose chunks these ranges are.
    fn columns(&self, ranges: &[Range<u64>]) -> Option<Vec<String>> {
        let mut chunks = self.chunks();
        ranges
            .iter()
            .map(|range| {
                chunks
                    .find(|(_, chunk)| chunk == range)
                    .map(|(column, _)| column)
            })
            .collect()
    }

    /// The chunks of these columns, if all are there.
    fn ranges(&self, columns: &[String]) -> Option<Vec<Range<u64>>> {
        let mut chunks = self.chunks();
        columns
            .iter()
            .map(|column| {
                chunks
                    .find(|(name, _)| name == column)
                    .map(|(_, range)| range)
            })
            .collect()
    }
}
