//! The stream of events in, sessions out.
//!
//! An event belongs to the session it names. One that names none belongs to its device's session (its profile's, where it
//! has no device either) as long as the gap of event time is at most 30 minutes; it is given the id
//! `{device_id}~{start in Unix ms}`. An event without session, device and profile belongs to no session. A named session is
//! closed after 24 hours without an event; should its name come back later, that is another session, called
//! `{name}~~{start in Unix ms}`, so that ids stay unique. `given_session_id` undoes both.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, HashSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
};

use arrow::array::{RecordBatch, StringArray, StringBuilder};

use super::{
    EventNames,
    event::{Event, Events},
    rows::Rows,
    visit::{Opener, Visit},
};
use crate::{LakeError, Table};

/// Events of one visitor further apart than this belong to different sessions, unless they name one.
pub const VISITOR_GAP_MS: i64 = 30 * 60 * 1_000;

/// A session that events name is closed when none came for this long.
pub const EXPLICIT_GAP_MS: i64 = 24 * 60 * 60 * 1_000;

/// Builds sessions from events that come in order of time.
#[derive(Debug, Default)]
pub struct Builder {
    names: EventNames,
    /// Open sessions; the index is a session's slot for as long as it is open.
    open: Vec<Option<Visit>>,
    free: Vec<usize>,
    by_name: HashMap<Arc<str>, usize>,
    by_visitor: HashMap<Arc<str>, usize>,
    /// When to look whether a session is over, one entry per open session. It may have had events since: then it is
    /// looked at again later.
    deadlines: BinaryHeap<Reverse<Deadline>>,
    /// Hashes of the names of closed sessions.
    used_names: HashSet<u64>,
    opened: u64,
    latest_ms: Option<i64>,
    rows: Rows,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Deadline {
    at_ms: i64,
    /// How many sessions were opened before this one: makes the order total, whatever the slots.
    number: u64,
    slot: usize,
    key: Key,
}

/// By what the events of a session are recognised.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Name(Arc<str>),
    Visitor(Arc<str>),
}

impl Key {
    fn gap_ms(&self) -> i64 {
        match self {
            Self::Name(_) => EXPLICIT_GAP_MS,
            Self::Visitor(_) => VISITOR_GAP_MS,
        }
    }
}

impl Builder {
    /// A builder that knows the built-in events under their default names.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A builder for a project with its own names of built-in events.
    #[must_use]
    pub fn with_names(names: EventNames) -> Self {
        Self {
            names,
            ..Self::default()
        }
    }

    /// Takes in the next events, which must be in order of time within and across calls. Any of the columns of `events` may
    /// be missing and reads as null. Returns the session of each row, null for rows without session, device and profile
    /// and for rows without timestamp.
    ///
    /// # Errors
    /// [`LakeError::OutOfOrder`] when an event is older than one before it, [`LakeError::WrongType`] when a column holds
    /// something else than the table's.
    pub fn push(&mut self, events: &RecordBatch) -> Result<StringArray, LakeError> {
        let names = self.names.clone();
        let columns = Events::of(events, &names)?;
        let chunk = self.rows.begin_chunk();
        let mut opener_rows = Vec::new();
        let mut session_ids =
            StringBuilder::with_capacity(events.num_rows(), events.num_rows() * 32);
        let mut failure = None;
        for row in 0..events.num_rows() {
            let Some(event) = columns.get(row) else {
                session_ids.append_null();
                continue;
            };
            if let Some(latest_ms) = self.latest_ms.filter(|latest_ms| event.at_ms < *latest_ms) {
                failure = Some(LakeError::OutOfOrder {
                    table: Table::Events,
                    earlier: event.at_ms,
                    later: latest_ms,
                });
                break;
            }
            self.latest_ms = Some(event.at_ms);
            self.close_until(event.at_ms);
            let opener = Opener {
                chunk,
                row: opener_rows.len(),
            };
            let Some((slot, is_new)) = self.slot_of(&event, opener) else {
                session_ids.append_null();
                continue;
            };
            if is_new {
                opener_rows.push(row as u64);
            }
            if let Some(visit) = self.open.get_mut(slot).and_then(Option::as_mut) {
                visit.add(&event);
                columns.each_group(row, |group| visit.add_group(group));
                session_ids.append_value(&visit.session_id);
            }
        }
        self.rows.end_chunk(chunk, events, opener_rows)?;
        failure.map_or_else(|| Ok(session_ids.finish()), Err)
    }

    /// The sessions that were over by the latest event, in the order they ended in; none when there are none new.
    ///
    /// # Errors
    /// [`LakeError::Encode`] when the rows cannot be put together.
    pub fn drain(&mut self) -> Result<Option<RecordBatch>, LakeError> {
        self.rows.take()
    }

    /// The number of sessions under way.
    #[must_use]
    pub fn open_sessions(&self) -> usize {
        self.deadlines.len()
    }

    /// All sessions not drained yet: there are no more events.
    ///
    /// # Errors
    /// [`LakeError::Encode`] when the rows cannot be put together.
    pub fn finish(mut self) -> Result<RecordBatch, LakeError> {
        self.close_until(i64::MAX);
        while let Some(Reverse(deadline)) = self.deadlines.pop() {
            self.close(deadline);
        }
        Ok(self
            .rows
            .take()?
            .unwrap_or_else(|| RecordBatch::new_empty(Table::Sessions.schema())))
    }

    /// Closes the sessions that ended too long before `now_ms` to go on.
    fn close_until(&mut self, now_ms: i64) {
        while let Some(Reverse(deadline)) = self.deadlines.peek() {
            if deadline.at_ms >= now_ms {
                return;
            }
            let Some(Reverse(deadline)) = self.deadlines.pop() else {
                return;
            };
            let ended_ms = self
                .open
                .get(deadline.slot)
                .and_then(Option::as_ref)
                .map(|visit| visit.ended_ms);
            let until_ms = ended_ms.map(|ended_ms| ended_ms.saturating_add(deadline.key.gap_ms()));
            match until_ms {
                Some(until_ms) if until_ms >= now_ms => {
                    self.deadlines.push(Reverse(Deadline {
                        at_ms: until_ms,
                        ..deadline
                    }));
                }
                Some(until_ms) if until_ms > deadline.at_ms => {
                    // Over too, but it may have ended after others that are: those go first.
                    self.deadlines.push(Reverse(Deadline {
                        at_ms: until_ms,
                        ..deadline
                    }));
                }
                _ => self.close(deadline),
            }
        }
    }

    fn close(&mut self, deadline: Deadline) {
        let Some(visit) = self.open.get_mut(deadline.slot).and_then(Option::take) else {
            return;
        };
        match &deadline.key {
            Key::Name(name) => {
                self.by_name.remove(name);
                self.used_names.insert(hash_of(name));
            }
            Key::Visitor(visitor) => {
                self.by_visitor.remove(visitor);
            }
        }
        self.free.push(deadline.slot);
        self.rows.close(visit);
    }

    /// The slot of the session an event belongs to, and whether the event opens it.
    fn slot_of(&mut self, event: &Event<'_>, opener: Opener) -> Option<(usize, bool)> {
        if let Some(name) = event.session_id {
            if let Some(slot) = self.by_name.get(name) {
                return Some((*slot, false));
            }
            let name: Arc<str> = name.into();
            let session_id = if self.used_names.contains(&hash_of(&name)) {
                format!("{name}~~{}", event.at_ms).into()
            } else {
                Arc::clone(&name)
            };
            let slot = self.open(
                Key::Name(Arc::clone(&name)),
                Visit::new(session_id, opener, event.at_ms),
            );
            self.by_name.insert(name, slot);
            return Some((slot, true));
        }
        let visitor = event.device_id.or(event.profile_id)?;
        if let Some(slot) = self.by_visitor.get(visitor) {
            return Some((*slot, false));
        }
        let visitor: Arc<str> = visitor.into();
        let session_id = format!("{visitor}~{}", event.at_ms).into();
        let slot = self.open(
            Key::Visitor(Arc::clone(&visitor)),
            Visit::new(session_id, opener, event.at_ms),
        );
        self.by_visitor.insert(visitor, slot);
        Some((slot, true))
    }

    fn open(&mut self, key: Key, visit: Visit) -> usize {
        let at_ms = visit.started_ms.saturating_add(key.gap_ms());
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                self.open.push(None);
                self.open.len() - 1
            }
        };
        self.open[slot] = Some(visit);
        let number = self.opened;
        self.opened = self.opened.saturating_add(1);
        self.deadlines.push(Reverse(Deadline {
            at_ms,
            number,
            slot,
            key,
        }));
        slot
    }
}

/// The session id an event was sent with, out of the one a [`Builder`] gave it: none where the builder made it up from
/// `visitor` (device, or profile without device), the name without its suffix where the name had come back.
#[must_use]
pub fn given_session_id<'s>(session_id: &'s str, visitor: Option<&str>) -> Option<&'s str> {
    let Some((rest, start)) = session_id.rsplit_once('~') else {
        return Some(session_id);
    };
    if !matches!(start.len(), 12..=14) || !start.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(session_id);
    }
    if Some(rest) == visitor {
        return None;
    }
    Some(rest.strip_suffix('~').unwrap_or(session_id))
}

fn hash_of(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}
