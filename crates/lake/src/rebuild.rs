//! Which days an import has to write anew, and which sessions it must leave alone.
//!
//! New events can change the sessions of their own day and, over midnight, of the day before and after: those days are read
//! and written anew. A session that reaches beyond them is left as it is, its events keep their id and its row stays,
//! unless new events can belong to it: they name it, or it has no name and an event within 30 minutes of a day with new
//! events. Then the days it reaches into are written anew as well. Where a project has events but no sessions, or files
//! outside of day folders, everything is. Sessions written anew say what their events say: a replay noted by somebody else
//! is not carried over. A session name that comes back after a day of silence is only told from its first stay within one
//! import.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
};

use arrow::{
    array::{Array as _, AsArray as _, RecordBatch},
    datatypes::TimestampMillisecondType,
};
use chrono::NaiveDate;
use object_store::ObjectStore;

use crate::{
    DataFile, LakeError, Table,
    event_ids::text,
    layout::day_of,
    sessions::{VISITOR_GAP_MS, given_session_id},
    stored::StoredRows,
};

/// What new events bring, as far as it matters here.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    /// UTC days with new events.
    pub days: BTreeSet<NaiveDate>,
    /// Hashes of the sessions new events name.
    pub named_sessions: HashSet<u64>,
}

impl Arrivals {
    /// Whether an event without session at a new day could join a session with an event at `at_ms`.
    fn come_near(&self, at_ms: i64) -> bool {
        let near = [
            at_ms.saturating_sub(VISITOR_GAP_MS),
            at_ms,
            at_ms.saturating_add(VISITOR_GAP_MS),
        ];
        near.into_iter()
            .filter_map(day_of)
            .any(|day| self.days.contains(&day))
    }
}

/// The days to write anew.
#[derive(Debug)]
pub(crate) struct Rebuild {
    /// Hashes of the sessions to leave alone.
    pub frozen: HashSet<u64>,
    /// None for everything.
    days: Option<BTreeSet<NaiveDate>>,
}

impl Rebuild {
    /// Whether the import replaces a stored file of events or sessions.
    pub(crate) fn replaces(&self, file: &DataFile) -> bool {
        match (&self.days, file.day) {
            (Some(days), Some(day)) => days.contains(&day),
            _ => true,
        }
    }

    /// Finds the days to write anew.
    pub(crate) async fn plan(
        store: &Arc<dyn ObjectStore>,
        events: &[DataFile],
        sessions: &[DataFile],
        arrivals: &Arrivals,
    ) -> Result<Self, LakeError> {
        let unfoldered = events.iter().chain(sessions).any(|file| file.day.is_none());
        if unfoldered || (sessions.is_empty() && !events.is_empty()) {
            return Ok(Self {
                frozen: HashSet::new(),
                days: None,
            });
        }
        let stored: BTreeSet<NaiveDate> = events.iter().filter_map(|file| file.day).collect();
        let around = |day: &NaiveDate| [day.pred_opt(), Some(*day), day.succ_opt()];
        let mut rebuild = Self {
            frozen: HashSet::new(),
            days: Some(arrivals.days.iter().flat_map(around).flatten().collect()),
        };
        loop {
            let beyond = Beyond::find(store, events, sessions, &rebuild, &stored, arrivals).await?;
            let days = rebuild.days.get_or_insert_default();
            let before = days.len();
            for session in beyond.0.values().filter(|session| session.is_touched) {
                days.extend(session.days_to_add(days, &stored));
            }
            if days.len() == before {
                let untouched = beyond
                    .0
                    .into_iter()
                    .filter(|(_, session)| !session.is_touched);
                rebuild.frozen = untouched.map(|(session, _)| session).collect();
                return Ok(rebuild);
            }
        }
    }
}

/// Stored sessions that reach beyond the days to write anew, by hash of their id.
struct Beyond(HashMap<u64, Reach>);

#[derive(Debug, Clone, Copy)]
struct Reach {
    /// First and last day where its row is known, which is when it began in the days to write anew.
    span: Option<(NaiveDate, NaiveDate)>,
    /// The first of those days it has an event on.
    first_seen: Option<NaiveDate>,
    is_touched: bool,
}

impl Reach {
    fn days_to_add(
        &self,
        days: &BTreeSet<NaiveDate>,
        stored: &BTreeSet<NaiveDate>,
    ) -> Vec<NaiveDate> {
        match (self.span, self.first_seen) {
            (Some((first, last)), _) => stored.range(first..=last).copied().collect(),
            // It began earlier: one more day back each time, until its row is found.
            (None, Some(seen)) => stored
                .range(..seen)
                .rev()
                .find(|day| !days.contains(day))
                .copied()
                .into_iter()
                .collect(),
            (None, None) => Vec::new(),
        }
    }
}

impl Beyond {
    async fn find(
        store: &Arc<dyn ObjectStore>,
        events: &[DataFile],
        sessions: &[DataFile],
        rebuild: &Rebuild,
        stored: &BTreeSet<NaiveDate>,
        arrivals: &Arrivals,
    ) -> Result<Self, LakeError> {
        let inside = |day: &NaiveDate| rebuild.days.as_ref().is_none_or(|days| days.contains(day));
        let mut begun_inside = HashSet::new();
        let mut beyond = HashMap::new();
        for file in sessions.iter().filter(|file| rebuild.replaces(file)) {
            let columns = ["session_id", "started_at", "ended_at"];
            let mut rows = StoredRows::open(store, Table::Sessions, file, Some(&columns)).await?;
            while let Some(rows) = rows.next().await? {
                for_each_span(&rows, |session, first, last| {
                    begun_inside.insert(session);
                    if stored
                        .range(first..=last.max(first))
                        .any(|day| !inside(day))
                    {
                        let span = Some((first, last));
                        beyond.insert(
                            session,
                            Reach {
                                span,
                                first_seen: None,
                                is_touched: false,
                            },
                        );
                    }
                })?;
            }
        }
        for file in events.iter().filter(|file| rebuild.replaces(file)) {
            let columns = ["session_id", "timestamp", "device_id", "profile_id"];
            let mut rows = StoredRows::open(store, Table::Events, file, Some(&columns)).await?;
            while let Some(rows) = rows.next().await? {
                for_each_event(&rows, |session_id, visitor, at_ms| {
                    let session = hash(session_id);
                    if begun_inside.contains(&session) && !beyond.contains_key(&session) {
                        return;
                    }
                    let reach = beyond.entry(session).or_insert(Reach {
                        span: None,
                        first_seen: None,
                        is_touched: false,
                    });
                    reach.first_seen = reach.first_seen.into_iter().chain(day_of(at_ms)).min();
                    reach.is_touched |= match given_session_id(session_id, visitor) {
                        Some(name) => arrivals.named_sessions.contains(&hash(name)),
                        None => arrivals.come_near(at_ms),
                    };
                })?;
            }
        }
        Ok(Self(beyond))
    }
}

fn for_each_span(
    rows: &RecordBatch,
    mut each: impl FnMut(u64, NaiveDate, NaiveDate),
) -> Result<(), LakeError> {
    let ids = text(rows, "session_id")?;
    let instant = |name: &str, row: usize| instant_at(rows, name, row).and_then(day_of);
    for row in (0..rows.num_rows()).filter(|row| !ids.is_null(*row)) {
        if let Some(first) = instant("started_at", row) {
            each(
                hash(ids.value(row)),
                first,
                instant("ended_at", row).unwrap_or(first),
            );
        }
    }
    Ok(())
}

fn for_each_event(
    rows: &RecordBatch,
    mut each: impl FnMut(&str, Option<&str>, i64),
) -> Result<(), LakeError> {
    let ids = text(rows, "session_id")?;
    for row in (0..rows.num_rows()).filter(|row| !ids.is_null(*row)) {
        if let Some(at_ms) = instant_at(rows, "timestamp", row) {
            each(ids.value(row), visitor_at(rows, row)?, at_ms);
        }
    }
    Ok(())
}

fn instant_at(rows: &RecordBatch, name: &str, row: usize) -> Option<i64> {
    let column = rows
        .column_by_name(name)?
        .as_primitive_opt::<TimestampMillisecondType>()?;
    (!column.is_null(row)).then(|| column.value(row))
}

/// Whose session an event without session id belongs to: its device's, or its profile's.
pub(crate) fn visitor_at(events: &RecordBatch, row: usize) -> Result<Option<&str>, LakeError> {
    let (devices, profiles) = (text(events, "device_id")?, text(events, "profile_id")?);
    let at =
        |texts: &arrow::array::StringArray| !texts.is_null(row) && !texts.value(row).is_empty();
    Ok(match (at(devices), at(profiles)) {
        (true, _) => Some(devices.value(row)),
        (false, true) => Some(profiles.value(row)),
        (false, false) => None,
    })
}

/// The hash sessions are remembered by.
pub(crate) fn hash(session_id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    session_id.hash(&mut hasher);
    hasher.finish()
}
