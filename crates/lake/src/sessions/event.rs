//! One event as sessions see it, read from a batch without copying.

use std::ops::Range;

use arrow::{
    array::{
        Array as _, ArrayRef, AsArray as _, ListArray, MapArray, PrimitiveArray, RecordBatch,
        StringArray,
    },
    datatypes::{Int64Type, TimestampMillisecondType},
};

use sightline_friction::{Kind, Moment, Properties, page};

use super::EventNames;
use crate::{LakeError, Table, conform::conform_column};

/// An event of a batch. Empty texts are absent ones.
#[derive(Debug, Clone, Copy)]
pub(super) struct Event<'b> {
    pub at_ms: i64,
    pub kind: Kind,
    /// In minor units; 0 where it has none.
    pub revenue: i64,
    pub profile_id: Option<&'b str>,
    pub device_id: Option<&'b str>,
    pub session_id: Option<&'b str>,
    pub origin: Option<&'b str>,
    pub path: Option<&'b str>,
    /// Identity of its page, when it names one.
    pub page: Option<u64>,
}

impl Event<'_> {
    /// What signals of trouble are noticed by.
    pub(super) fn moment(&self) -> Moment {
        Moment {
            at_ms: self.at_ms,
            kind: self.kind,
            page: self.page,
        }
    }
}

/// The columns of a batch of events that sessions look at.
pub(super) struct Events<'n> {
    names: &'n EventNames,
    timestamp: PrimitiveArray<TimestampMillisecondType>,
    name: StringArray,
    profile_id: StringArray,
    device_id: StringArray,
    session_id: StringArray,
    origin: StringArray,
    path: StringArray,
    revenue: PrimitiveArray<Int64Type>,
    groups: ListArray,
    properties: MapArray,
}

impl<'n> Events<'n> {
    /// Takes the columns it needs out of `batch`; missing ones are null.
    pub(super) fn of(batch: &RecordBatch, names: &'n EventNames) -> Result<Self, LakeError> {
        let column = |name: &'static str| event_column(batch, name);
        let text = |name: &'static str| column(name).map(|array| array.as_string::<i32>().clone());
        Ok(Self {
            names,
            timestamp: column("timestamp")?
                .as_primitive::<TimestampMillisecondType>()
                .clone(),
            name: text("name")?,
            profile_id: text("profile_id")?,
            device_id: text("device_id")?,
            session_id: text("session_id")?,
            origin: text("origin")?,
            path: text("path")?,
            revenue: column("revenue")?.as_primitive::<Int64Type>().clone(),
            groups: column("groups")?.as_list::<i32>().clone(),
            properties: column("properties")?.as_map().clone(),
        })
    }

    /// The event in `row`; none when it has no timestamp.
    pub(super) fn get(&self, row: usize) -> Option<Event<'_>> {
        if self.timestamp.is_null(row) {
            return None;
        }
        let origin = text_at(&self.origin, row);
        let path = text_at(&self.path, row);
        let page = page(origin, path);
        Some(Event {
            at_ms: self.timestamp.value(row),
            kind: self.kind(row, page),
            revenue: if self.revenue.is_null(row) {
                0
            } else {
                self.revenue.value(row)
            },
            profile_id: text_at(&self.profile_id, row),
            device_id: text_at(&self.device_id, row),
            session_id: text_at(&self.session_id, row),
            origin,
            path,
            page,
        })
    }

    /// Calls `each` with every group the event in `row` names.
    pub(super) fn each_group(&self, row: usize, each: impl FnMut(&str)) {
        if self.groups.is_null(row) || self.groups.value_length(row) == 0 {
            return;
        }
        let groups = self.groups.value(row);
        groups
            .as_string::<i32>()
            .iter()
            .flatten()
            .filter(|group| !group.is_empty())
            .for_each(each);
    }

    fn kind(&self, row: usize, page: Option<u64>) -> Kind {
        let built_in = text_at(&self.name, row).and_then(|name| self.names.built_in(name));
        Kind::of(built_in, page, &self.entries(row))
    }

    fn entries(&self, row: usize) -> Entries<'_> {
        let maps = &self.properties;
        if maps.is_null(row) {
            return Entries { maps, at: 0..0 };
        }
        let offset = |row: usize| usize::try_from(maps.value_offsets()[row]).unwrap_or_default();
        Entries {
            maps,
            at: offset(row)..offset(row + 1),
        }
    }
}

/// The properties of one event.
struct Entries<'b> {
    maps: &'b MapArray,
    at: Range<usize>,
}

impl Properties for Entries<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        let (keys, values) = (
            self.maps.keys().as_string::<i32>(),
            self.maps.values().as_string::<i32>(),
        );
        let entry = self.at.clone().find(|entry| keys.value(*entry) == key)?;
        text_at(values, entry)
    }
}

/// A column of a batch of events, in the type the table gives it.
pub(super) fn event_column(batch: &RecordBatch, name: &'static str) -> Result<ArrayRef, LakeError> {
    match Table::Events.column(name) {
        Some(column) => conform_column(Table::Events, batch, column),
        None => Err(LakeError::Encode {
            table: Table::Events,
            reason: format!("it has no column `{name}`"),
        }),
    }
}

fn text_at(texts: &StringArray, row: usize) -> Option<&str> {
    (!texts.is_null(row))
        .then(|| texts.value(row))
        .filter(|text| !text.is_empty())
}
