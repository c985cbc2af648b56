//! One event as sessions see it, read from a batch without copying.
//!
//! What a property means here: `$click` names its element in `selector` or `element`, and a recorder marks a dead click with
//! `dead` = `true`; `$error` is a failed request when `type` or `kind` is `network`, and a JavaScript error otherwise; forms
//! are told apart by `form`, `form_id`, `form_name` or `selector`, and by their page when they have none of these.

use std::hash::{DefaultHasher, Hash, Hasher};

use arrow::{
    array::{
        Array as _, ArrayRef, AsArray as _, ListArray, MapArray, PrimitiveArray, RecordBatch,
        StringArray,
    },
    datatypes::{Int64Type, TimestampMillisecondType},
};

use super::EventNames;
use crate::{LakeError, Table, conform::conform_column};

/// What an event is to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    ScreenView,
    SessionEnd,
    Revenue { minor_units: i64 },
    Click { element: Option<u64>, dead: bool },
    JsError,
    NetworkError,
    FormStart { form: u64 },
    FormSubmit { form: u64 },
    Feedback,
    Other,
}

/// An event of a batch. Empty texts are absent ones.
#[derive(Debug, Clone, Copy)]
pub(super) struct Event<'b> {
    pub at_ms: i64,
    pub kind: Kind,
    pub profile_id: Option<&'b str>,
    pub device_id: Option<&'b str>,
    pub session_id: Option<&'b str>,
    pub origin: Option<&'b str>,
    pub path: Option<&'b str>,
    /// Identity of its page, when it names one.
    pub page: Option<u64>,
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
        let page = path.map(|path| identity(&(origin, path)));
        Some(Event {
            at_ms: self.timestamp.value(row),
            kind: self.kind(row, page),
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
        let Some(name) = text_at(&self.name, row) else {
            return Kind::Other;
        };
        let is = |names: &[String]| names.iter().any(|known| known == name);
        if is(&self.names.screen_view) {
            Kind::ScreenView
        } else if is(&self.names.session_end) {
            Kind::SessionEnd
        } else if is(&self.names.revenue) {
            let minor_units = if self.revenue.is_null(row) {
                0
            } else {
                self.revenue.value(row)
            };
            Kind::Revenue { minor_units }
        } else if is(&self.names.click) {
            let element = self.property(row, &["selector", "element"]);
            let dead = self.property(row, &["dead"]);
            Kind::Click {
                element: element.map(|element| identity(&element)),
                dead: dead.is_some_and(|dead| dead.eq_ignore_ascii_case("true") || dead == "1"),
            }
        } else if is(&self.names.error) {
            let network = |key| {
                self.property(row, &[key])
                    .is_some_and(|kind| kind.eq_ignore_ascii_case("network"))
            };
            if network("type") || network("kind") {
                Kind::NetworkError
            } else {
                Kind::JsError
            }
        } else if is(&self.names.form_start) {
            Kind::FormStart {
                form: self.form(row, page),
            }
        } else if is(&self.names.form_submit) {
            Kind::FormSubmit {
                form: self.form(row, page),
            }
        } else if is(&self.names.feedback) {
            Kind::Feedback
        } else {
            Kind::Other
        }
    }

    fn form(&self, row: usize, page: Option<u64>) -> u64 {
        match self.property(row, &["form", "form_id", "form_name", "selector"]) {
            Some(form) => identity(&form),
            None => identity(&page),
        }
    }

    /// The first of `keys` that is set and not empty.
    fn property(&self, row: usize, keys: &[&str]) -> Option<&str> {
        let maps = &self.properties;
        if maps.is_null(row) {
            return None;
        }
        let entries = usize::try_from(maps.value_offsets()[row]).ok()?
            ..usize::try_from(maps.value_offsets()[row + 1]).ok()?;
        let (names, values) = (
            maps.keys().as_string::<i32>(),
            maps.values().as_string::<i32>(),
        );
        keys.iter().find_map(|key| {
            let entry = entries.clone().find(|entry| names.value(*entry) == *key)?;
            text_at(values, entry)
        })
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

pub(super) fn identity(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
