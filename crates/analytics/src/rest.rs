//! The list of an answer that may be longer than an answer: how much of it fits, and how to get the rest.

use serde_json::Value as Json;

use crate::failure::Failure;
use crate::frame::Frame;
use crate::markdown::{Table, blocks};
use crate::schema::Object;

/// The bytes a token takes at least, in tables and JSON; a character outside ASCII has as many bytes as a token covers, or more.
const BYTES_PER_TOKEN: usize = 3;
/// The text's bound: about 8,000 tokens.
pub(crate) const MOST_TEXT_BYTES: usize = 8_000 * BYTES_PER_TOKEN;
/// The object's bound, and that of a text whose rows are not what makes it long: 20,000 tokens.
pub(crate) const MOST_BYTES: usize = 20_000 * BYTES_PER_TOKEN;
/// What the end of an answer (notes, cursor, the call for the rest) is given.
const ENDING_BYTES: usize = 2_500;

/// The list of an answer that may be longer than an answer.
pub(crate) struct List {
    /// Its field, and fields that are cut to the same length.
    pub(crate) fields: &'static [&'static str],
    /// There are more rows than were fetched.
    pub(crate) more: bool,
    /// How to get the rows after those shown.
    pub(crate) rest: Rest,
}

/// How to get the rows after those shown.
pub(crate) enum Rest {
    /// With a cursor; each row has a key.
    Keys(Vec<Json>),
    /// With the same call and a larger limit, if there is one; or as said.
    Larger(Option<u32>, &'static str),
    /// With the same call from that row's `startDate` on; or as said.
    From(Vec<String>, &'static str),
}

/// What follows the rows shown.
#[derive(Default)]
pub(crate) struct More {
    /// There is more than is shown.
    pub(crate) truncated: bool,
    /// The cursor for it.
    pub(crate) cursor: Option<String>,
    /// What to know about it.
    pub(crate) note: Option<String>,
    /// The call that fetches it, for the text.
    pub(crate) call: Option<String>,
}

impl List {
    /// Cuts the list in `own` to what fits, and says how to go on.
    pub(crate) fn fit(&self, own: &mut Object, frame: &Frame<'_>) -> Result<More, Failure> {
        let (shown, fetched) = cut_to_fit(own, self.fields);
        if shown == fetched && !self.more {
            return Ok(More::default());
        }
        let left_out = fetched - shown;
        let mut notes: Vec<String> = Vec::new();
        if left_out > 0 {
            notes.push(format!(
                "{left_out} of {fetched} rows were left out to keep the answer short."
            ));
        }
        let mut more = More {
            truncated: true,
            ..More::default()
        };
        match &self.rest {
            _ if shown == 0 => notes.push(format!(
                "The first row alone is larger than an answer may be. {}",
                self.fewer()
            )),
            Rest::Keys(keys) => {
                let cursor = frame.cursor_after(&keys[..shown.min(keys.len())])?;
                let call = frame.call_with("cursor", &cursor.as_str().into());
                more.call = Some(format!("There is more. For the rest call {call}."));
                more.cursor = Some(cursor);
            }
            Rest::Larger(Some(limit), _) if left_out == 0 => {
                notes.push(format!(
                    "There is more: call {}.",
                    frame.call_with("limit", &(*limit).into())
                ));
            }
            Rest::Larger(..) => notes.push(format!("There is more. {}", self.fewer())),
            Rest::From(starts, _) => {
                let call = starts
                    .get(shown)
                    .map(|start| frame.call_with("startDate", &start.as_str().into()));
                notes.extend(call.map(|call| format!("For the rest call {call}.")));
                notes.push(self.fewer().to_owned());
            }
        }
        more.note = (!notes.is_empty()).then(|| notes.join(" "));
        Ok(more)
    }

    /// How to get fewer or shorter rows.
    fn fewer(&self) -> &'static str {
        match &self.rest {
            Rest::Keys(_) => "Ask for fewer columns.",
            Rest::Larger(_, otherwise) | Rest::From(_, otherwise) => otherwise,
        }
    }
}

/// Cuts the lists to as many rows as fit, and says how many are shown and how many the longest had.
fn cut_to_fit(own: &mut Object, fields: &[&str]) -> (usize, usize) {
    let lists: Vec<Vec<Json>> = fields
        .iter()
        .filter_map(|field| own.insert((*field).to_owned(), Json::Array(Vec::new())))
        .map(into_rows)
        .collect();
    let fetched = lists.iter().map(Vec::len).max().unwrap_or_default();
    let mut text_bytes = ENDING_BYTES + blocks(own).iter().map(String::len).sum::<usize>();
    let mut object_bytes = ENDING_BYTES + Json::Object(own.clone()).to_string().len();
    let tables: Vec<Table> = lists.iter().map(|rows| Table::of(rows)).collect();
    text_bytes += tables.iter().map(Table::header_bytes).sum::<usize>();
    let mut row_bytes: Vec<_> = tables.iter().map(Table::row_bytes).collect();

    let mut fitting = 0;
    while fitting < fetched {
        text_bytes += row_bytes
            .iter_mut()
            .filter_map(Iterator::next)
            .sum::<usize>();
        object_bytes += lists
            .iter()
            .filter_map(|rows| rows.get(fitting))
            .map(|row| row.to_string().len() + 1)
            .sum::<usize>();
        if text_bytes > MOST_TEXT_BYTES || object_bytes > MOST_BYTES {
            break;
        }
        fitting += 1;
    }
    for (field, mut rows) in fields.iter().zip(lists) {
        rows.truncate(fitting);
        own.insert((*field).to_owned(), Json::Array(rows));
    }
    (fitting, fetched)
}

fn into_rows(list: Json) -> Vec<Json> {
    match list {
        Json::Array(rows) => rows,
        _ => Vec::new(),
    }
}
