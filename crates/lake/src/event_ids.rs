//! Ids of events, and which events are one and the same.
//!
//! Within a UTC day an `event_id` stands for one event: the first in order of time is kept, and a stored one before a new
//! one. An event that comes without id gets `row-{hash of all it says}`; the second of equal rows in one import gets the
//! suffix `.2`, and so on. So importing the same file again adds nothing, while a file that says a thing twice is believed.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
};

use arrow::{
    array::{
        Array as _, ArrayRef, AsArray as _, BooleanArray, RecordBatch, StringArray, StringBuilder,
    },
    compute::filter_record_batch,
    datatypes::TimestampMillisecondType,
    error::ArrowError,
    util::display::{ArrayFormatter, FormatOptions},
};
use chrono::NaiveDate;
use sha2::{Digest as _, Sha256};

use crate::{ColumnKind, LakeError, Table, layout::day_of, sorter::Origin};

/// What ids made from a row's content begin with.
const CONTENT_PREFIX: &str = "row-";
const CONTENT_HASH_BYTES: usize = 16;

/// Gives every row of `events` without `event_id` one made from its content.
pub(crate) fn fill(events: &RecordBatch) -> Result<RecordBatch, LakeError> {
    let ids = text(events, "event_id")?;
    let is_absent = |row: usize| ids.is_null(row) || ids.value(row).is_empty();
    if !(0..ids.len()).any(is_absent) {
        return Ok(events.clone());
    }
    let contents = contents(events)?;
    let mut filled = StringBuilder::with_capacity(ids.len(), ids.len() * 36);
    for row in 0..ids.len() {
        if is_absent(row) {
            filled.append_value(content_id(&contents, row)?);
        } else {
            filled.append_value(ids.value(row));
        }
    }
    with_column(events, "event_id", Arc::new(filled.finish()))
}

/// Leaves out the events that are there already, from a stream in the order of [`crate::sorter`].
#[derive(Debug, Default)]
pub(crate) struct Duplicates {
    day: Option<NaiveDate>,
    /// Hashes of the day's ids.
    seen: HashSet<u128>,
    /// The latest id made from content among the new rows, and how often it came.
    repeated: Option<(String, u32)>,
    /// How many events were left out.
    pub(crate) dropped: u64,
}

impl Duplicates {
    /// The rows of `events` that are not duplicates, with numbered ids where equal rows came without one.
    pub(crate) fn drop_from(
        &mut self,
        events: &RecordBatch,
        origins: &[Origin],
    ) -> Result<(RecordBatch, Vec<Origin>), LakeError> {
        let ids = text(events, "event_id")?;
        let instants = events
            .column_by_name("timestamp")
            .and_then(|column| column.as_primitive_opt::<TimestampMillisecondType>());
        let instants = instants.ok_or_else(|| refused("`timestamp` is missing"))?;
        let mut kept = Vec::with_capacity(ids.len());
        let mut numbered = StringBuilder::with_capacity(ids.len(), ids.len() * 36);
        for (row, origin) in origins.iter().enumerate() {
            let day = day_of(instants.value(row));
            if day != self.day {
                self.day = day;
                self.seen.clear();
            }
            let id = self.number(ids.value(row), *origin);
            let is_first = self.seen.insert(hash(&id));
            self.dropped += u64::from(!is_first);
            kept.push(is_first);
            numbered.append_value(&id);
        }
        let events = with_column(events, "event_id", Arc::new(numbered.finish()))?;
        if kept.iter().all(|kept| *kept) {
            return Ok((events, origins.to_vec()));
        }
        let origins = origins
            .iter()
            .zip(&kept)
            .filter(|(_, kept)| **kept)
            .map(|(origin, _)| *origin)
            .collect();
        let events = filter_record_batch(&events, &BooleanArray::from(kept))
            .map_err(|error| refused(error.to_string()))?;
        Ok((events, origins))
    }

    /// Equal rows lie next to each other: their ids begin with their instant's order and are the same.
    fn number(&mut self, id: &str, origin: Origin) -> String {
        if origin == Origin::Stored || !is_content_id(id) {
            return id.to_owned();
        }
        let times = match &mut self.repeated {
            Some((repeated, times)) if repeated == id => {
                *times = times.saturating_add(1);
                *times
            }
            _ => {
                self.repeated = Some((id.to_owned(), 1));
                1
            }
        };
        if times == 1 {
            id.to_owned()
        } else {
            format!("{id}.{times}")
        }
    }
}

/// What an id is sorted by: of equal rows, the stored ones must come before the new ones whatever their numbers.
pub(crate) fn sort_key(id: &str) -> &str {
    match id.split_once('.') {
        Some((base, _)) if is_content_id(base) => base,
        _ => id,
    }
}

fn is_content_id(id: &str) -> bool {
    id.strip_prefix(CONTENT_PREFIX).is_some_and(|hex| {
        hex.len() == 2 * CONTENT_HASH_BYTES && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// What tells one event from another: all columns but the ids given by an import.
fn contents(events: &RecordBatch) -> Result<Vec<Content<'_>>, LakeError> {
    static OPTIONS: FormatOptions<'static> = FormatOptions::new();
    let columns = Table::Events
        .columns()
        .iter()
        .filter(|column| column.name != "event_id");
    columns
        .filter_map(|column| {
            Some((
                column.name,
                column.kind,
                events.column_by_name(column.name)?,
            ))
        })
        .filter(|(_, _, array)| array.null_count() < array.len())
        .map(|(name, kind, array)| match kind {
            ColumnKind::Text => Ok(Content::Text(name, array.as_string())),
            _ => ArrayFormatter::try_new(array.as_ref(), &OPTIONS)
                .map(|formatter| Content::Formatted(name, array, formatter))
                .map_err(|error| refused(error.to_string())),
        })
        .collect()
}

enum Content<'a> {
    Text(&'static str, &'a StringArray),
    Formatted(&'static str, &'a ArrayRef, ArrayFormatter<'a>),
}

fn content_id(contents: &[Content<'_>], row: usize) -> Result<String, LakeError> {
    let mut hasher = Sha256::new();
    let mut add = |name: &str, value: &str| {
        hasher.update(name);
        hasher.update((value.len() as u64).to_le_bytes());
        hasher.update(value);
    };
    for content in contents {
        match content {
            Content::Text(name, texts) if !texts.is_null(row) => add(name, texts.value(row)),
            Content::Formatted(name, array, formatter) if !array.is_null(row) => {
                let value = formatter
                    .value(row)
                    .try_to_string()
                    .map_err(|error: ArrowError| refused(error.to_string()))?;
                add(name, &value);
            }
            _ => {}
        }
    }
    let mut id = CONTENT_PREFIX.to_owned();
    for byte in hasher.finalize().iter().take(CONTENT_HASH_BYTES) {
        id.push_str(&format!("{byte:02x}"));
    }
    Ok(id)
}

/// `events` with another column in place of the one of this name.
pub(crate) fn with_column(
    events: &RecordBatch,
    name: &str,
    column: ArrayRef,
) -> Result<RecordBatch, LakeError> {
    let at = events
        .schema_ref()
        .index_of(name)
        .map_err(|error| refused(error.to_string()))?;
    let mut columns = events.columns().to_vec();
    columns[at] = column;
    RecordBatch::try_new(events.schema(), columns).map_err(|error| refused(error.to_string()))
}

/// The text column of this name.
pub(crate) fn text<'b>(events: &'b RecordBatch, name: &str) -> Result<&'b StringArray, LakeError> {
    let column = events
        .column_by_name(name)
        .and_then(|column| column.as_string_opt::<i32>());
    column.ok_or_else(|| refused(format!("`{name}` is missing")))
}

fn refused(reason: impl Into<String>) -> LakeError {
    LakeError::Encode {
        table: Table::Events,
        reason: reason.into(),
    }
}

/// Two 64-bit hashes with different beginnings: at ten million ids a day, a collision is out of the question.
fn hash(id: &str) -> u128 {
    let half = |seed: u8| {
        let mut hasher = DefaultHasher::new();
        seed.hash(&mut hasher);
        id.hash(&mut hasher);
        u128::from(hasher.finish())
    };
    half(0) << 64 | half(1)
}
