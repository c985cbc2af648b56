//! The rest of an answer, as an opaque text bound to the question that made it.
//!
//! A cursor carries where to read on and *when* the question was first asked, so that `the last 30 days` mean the same days on
//! every page. It opens nothing: it is read only for a caller, a project and arguments that were checked like any others.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};
use sightline_warehouse::InstantMs;

use crate::failure::Mistake;

/// The rules of `cursor`, for the reference.
pub(crate) const RULES: &[&str] = &[
    "`nextCursor` of one answer is the `cursor` of the next call; all other arguments stay the same, only `limit` may change.",
    "A cursor given with another tool, project or other arguments is refused. New data does not shift the pages.",
];

/// Longer texts are not cursors of ours.
const MOST_CHARACTERS: usize = 8_192;

/// Where to read on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// The digest of the question.
    #[serde(rename = "q")]
    question: String,
    /// When the first page was asked for, in ms since 1970 UTC.
    #[serde(rename = "t")]
    pub(crate) asked_at_ms: InstantMs,
    /// The key of the last row shown.
    #[serde(rename = "k")]
    key: Json,
    /// How many rows with exactly that key were shown.
    #[serde(rename = "n")]
    pub(crate) skip: u64,
}

/// What makes two calls the same question: tool, project, and arguments but for those that only say how much of it.
pub(crate) fn question(tool: &str, project: &str, arguments: &Map<String, Json>) -> String {
    let mut names: Vec<&String> = arguments
        .keys()
        .filter(|name| !matches!(name.as_str(), "cursor" | "limit" | "projectId"))
        .collect();
    names.sort();
    let mut digest = Sha256::new();
    for part in [tool, project] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    for name in names {
        let value = sorted(&arguments[name]).to_string();
        for part in [name.as_str(), value.as_str()] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
    }
    URL_SAFE_NO_PAD.encode(&digest.finalize()[..12])
}

/// The same JSON with the keys of every object in order.
fn sorted(value: &Json) -> Json {
    match value {
        Json::Object(object) => {
            let mut entries: Vec<_> = object
                .iter()
                .map(|(key, value)| (key.clone(), sorted(value)))
                .collect();
            entries.sort_by(|one, other| one.0.cmp(&other.0));
            Json::Object(entries.into_iter().collect())
        }
        Json::Array(values) => Json::Array(values.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

impl Cursor {
    /// A cursor of `question`, first asked at `asked_at_ms`, after the row with `key`, `skip` of which were shown.
    pub(crate) fn new(question: &str, asked_at_ms: InstantMs, key: Json, skip: u64) -> Self {
        Self {
            question: question.to_owned(),
            asked_at_ms,
            key,
            skip,
        }
    }

    /// The text handed out.
    pub(crate) fn text(&self) -> Result<String, serde_json::Error> {
        Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(self)?))
    }

    /// The cursor a text stands for, if it belongs to `question`.
    pub(crate) fn read(text: &str, question: &str) -> Result<Self, Mistake> {
        let cursor: Self = (text.len() <= MOST_CHARACTERS)
            .then(|| URL_SAFE_NO_PAD.decode(text.trim()).ok())
            .flatten()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .ok_or_else(unreadable)?;
        if cursor.question != question {
            return Err(Mistake::new("This `cursor` belongs to another question.")
                .next("Repeat the call that gave it with exactly the same arguments and this cursor, or leave `cursor` out to start over."));
        }
        Ok(cursor)
    }

    /// The key, as the tool that made it wrote it.
    pub(crate) fn key<T: DeserializeOwned>(&self) -> Result<T, Mistake> {
        serde_json::from_value(self.key.clone()).map_err(|_| unreadable())
    }

    /// The key as it is.
    pub(crate) fn raw_key(&self) -> &Json {
        &self.key
    }
}

fn unreadable() -> Mistake {
    Mistake::new("`cursor` is not one this server gave out.")
        .next("Copy `nextCursor` of the answer before, whole and unchanged, or leave `cursor` out to start over.")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn arguments(value: Json) -> Map<String, Json> {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        let question = question("query_events", "acme", &arguments(json!({"path": "/"})));
        let cursor = Cursor::new(&question, 7, json!([1, "é"]), 2);
        let read = Cursor::read(&cursor.text().unwrap(), &question).unwrap();
        assert_eq!(read, cursor);
        assert_eq!(read.key::<(i64, String)>().unwrap(), (1, "é".to_owned()));
    }

    #[test]
    fn the_order_of_arguments_and_the_limit_do_not_matter_but_all_else_does() {
        let base = question("t", "p", &arguments(json!({"a": {"x": 1, "y": 2}, "b": 1})));
        assert_eq!(
            base,
            question(
                "t",
                "p",
                &arguments(json!({"b": 1, "limit": 5, "cursor": "c", "a": {"y": 2, "x": 1}}))
            )
        );
        assert_ne!(
            base,
            question("u", "p", &arguments(json!({"a": {"x": 1, "y": 2}, "b": 1})))
        );
        assert_ne!(
            base,
            question("t", "q", &arguments(json!({"a": {"x": 1, "y": 2}, "b": 1})))
        );
        assert_ne!(
            base,
            question("t", "p", &arguments(json!({"a": {"x": 1, "y": 3}, "b": 1})))
        );
    }

    #[test]
    fn a_cursor_of_another_question_is_refused_with_what_to_do() {
        let text = Cursor::new("q1", 0, json!([]), 0).text().unwrap();
        insta::assert_snapshot!(Cursor::read(&text, "q2").unwrap_err().text(), @"This `cursor` belongs to another question. Repeat the call that gave it with exactly the same arguments and this cursor, or leave `cursor` out to start over.");
        insta::assert_snapshot!(Cursor::read("made up", "q2").unwrap_err().text(), @"`cursor` is not one this server gave out. Copy `nextCursor` of the answer before, whole and unchanged, or leave `cursor` out to start over.");
    }

    proptest! {
        #[test]
        fn no_text_makes_reading_a_cursor_panic(text in ".*") {
            prop_assert!(Cursor::read(&text, "q").is_err());
        }
    }
}
