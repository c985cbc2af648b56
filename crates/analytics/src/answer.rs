//! From a tool's output to what leaves the process: a typed object, a text that stands alone, and both within bounds.
//!
//! Rows that do not fit are dropped whole from the end of the tool's list, in the object and in the text alike, and the answer says
//! how many and how to get them. Nothing is cut silently (invariant 5).

use serde::Serialize;
use serde_json::{Value as Json, json};
use sightline_warehouse::InstantMs;

use crate::failure::{Failure, Mistake};
use crate::frame::Frame;
use crate::markdown::blocks;
use crate::range::Range;
use crate::rest::{List, MOST_BYTES, More, Rest};
use crate::schema::Object;

/// What a call answers.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolAnswer {
    /// The typed answer; absent for errors.
    pub structured: Option<Json>,
    /// The text.
    pub text: String,
    /// Whether the call went wrong.
    pub is_error: bool,
    /// What the log should know about an error.
    pub fault: Option<Fault>,
}

/// An error, for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// A short constant name.
    pub slug: &'static str,
    /// Internal details, only for faults of the program's own.
    pub detail: Option<String>,
}

/// A tool's answer while it is being made.
pub(crate) struct Answer<O> {
    output: O,
    range: Option<Range>,
    data_through: Option<InstantMs>,
    notes: Vec<String>,
    list: Option<List>,
}

impl<O: Serialize> Answer<O> {
    /// An answer with a tool's own fields.
    pub(crate) fn of(output: O) -> Self {
        Self {
            output,
            range: None,
            data_through: None,
            notes: Vec::new(),
            list: None,
        }
    }

    /// The range it covers.
    pub(crate) fn over(mut self, range: &Range) -> Self {
        self.range = Some(range.clone());
        self
    }

    /// The newest event it has seen.
    pub(crate) fn through(mut self, newest: Option<InstantMs>) -> Self {
        self.data_through = newest;
        self
    }

    /// What to know when reading it, if anything.
    pub(crate) fn notes(mut self, notes: impl IntoIterator<Item = String>) -> Self {
        self.notes.extend(notes);
        self
    }

    /// `field` is a page of rows with these keys; `more` says whether rows follow.
    pub(crate) fn page(
        mut self,
        field: &'static [&'static str],
        keys: Vec<Json>,
        more: bool,
    ) -> Self {
        self.list = Some(List {
            fields: field,
            more,
            rest: Rest::Keys(keys),
        });
        self
    }

    /// `field` is the first rows of a ranking; `more` says whether rows follow, `larger` a limit that shows more, `else_do` what to
    /// do where there is none.
    pub(crate) fn ranking(
        mut self,
        field: &'static [&'static str],
        more: bool,
        larger: Option<u32>,
        else_do: &'static str,
    ) -> Self {
        self.list = Some(List {
            fields: field,
            more,
            rest: Rest::Larger(larger, else_do),
        });
        self
    }

    /// `fields` are series whose n-th bucket begins with the n-th of `starts`; `else_do` is how to get fewer buckets.
    pub(crate) fn series(
        mut self,
        fields: &'static [&'static str],
        starts: Vec<String>,
        else_do: &'static str,
    ) -> Self {
        self.list = Some(List {
            fields,
            more: false,
            rest: Rest::From(starts, else_do),
        });
        self
    }

    /// The answer as it leaves.
    pub(crate) fn finish(self, frame: &Frame<'_>) -> Result<ToolAnswer, Failure> {
        let Json::Object(mut own) = serde_json::to_value(&self.output)? else {
            return Err(Failure::fault("an answer's own fields are not an object"));
        };
        let Self {
            range,
            data_through,
            mut notes,
            list,
            ..
        } = self;
        let more = match &list {
            Some(list) => list.fit(&mut own, frame)?,
            None => More::default(),
        };
        notes.extend(more.note);

        let mut object = Object::new();
        if let Some(project) = frame.project {
            object.insert(
                "project".into(),
                json!({ "id": project.id, "name": project.name }),
            );
            object.insert("timezone".into(), project.calendar.timezone().name().into());
        }
        if let Some(range) = &range {
            object.insert("range".into(), serde_json::to_value(range.shown())?);
        }
        let mut text = vec![frame.heading(range.as_ref(), data_through)];
        text.extend(blocks(&own));
        object.extend(own);
        object.insert("truncated".into(), more.truncated.into());
        if let Some(cursor) = more.cursor {
            object.insert("nextCursor".into(), cursor.into());
        }
        if let (Some(newest), Some(project)) = (data_through, frame.project) {
            object.insert(
                "dataThrough".into(),
                project.calendar.rfc3339(newest).into(),
            );
        }
        if !notes.is_empty() {
            text.push(
                notes
                    .iter()
                    .map(|note| format!("Note: {note}"))
                    .collect::<Vec<_>>()
                    .join("\n"),
            );
        }
        text.extend(more.call);
        object.insert("notes".into(), notes.into());
        let text = text.join("\n\n");
        if text.len() > MOST_BYTES {
            return Err(Mistake::new(
                "The answer is larger than an answer may be, even without its rows.",
            )
            .next("Ask for less: a shorter range, fewer columns, or a `search`.")
            .into());
        }
        Ok(ToolAnswer {
            structured: Some(Json::Object(object)),
            text,
            is_error: false,
            fault: None,
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use super::*;
    use crate::cursor::Cursor;
    use crate::project::Project;
    use crate::rest::MOST_TEXT_BYTES;
    use crate::testing::project;

    fn frame<'a>(project: &'a Project, arguments: &'a Object) -> Frame<'a> {
        Frame {
            title: "Events",
            called: "query_events",
            arguments,
            project: Some(project),
            question: "q",
            asked_at_ms: 7,
            cursor: None,
        }
    }

    fn rows(count: usize, size: usize) -> Json {
        let rows: Vec<Json> = (0..count)
            .map(|n| json!({ "n": n, "text": "x".repeat(size) }))
            .collect();
        json!({ "rows": rows })
    }

    fn keys(count: usize) -> Vec<Json> {
        (0..count).map(|n| json!([n])).collect()
    }

    #[test]
    fn rows_that_do_not_fit_are_dropped_whole_and_the_cursor_follows_the_last_one_shown() {
        let (acme, arguments) = (project("acme", "UTC"), Object::new());
        let answer = Answer::of(rows(100, 1_000))
            .page(&["rows"], keys(100), false)
            .finish(&frame(&acme, &arguments))
            .unwrap();
        let structured = answer.structured.unwrap();
        let shown = structured["rows"].as_array().unwrap().len();
        assert!(shown > 10 && shown < 25, "{shown}");
        assert!(
            answer.text.len() <= MOST_TEXT_BYTES,
            "{}",
            answer.text.len()
        );
        assert_eq!(structured["truncated"], json!(true));
        assert_eq!(
            structured["notes"],
            json!([format!(
                "{} of 100 rows were left out to keep the answer short.",
                100 - shown
            )])
        );
        let cursor = Cursor::read(structured["nextCursor"].as_str().unwrap(), "q").unwrap();
        assert_eq!(
            (
                cursor.key::<(usize,)>().unwrap(),
                cursor.skip,
                cursor.asked_at_ms
            ),
            ((shown - 1,), 1, 7)
        );
    }

    #[test]
    fn a_row_larger_than_an_answer_is_said_to_be() {
        let (acme, arguments) = (project("acme", "UTC"), Object::new());
        let answer = Answer::of(rows(2, 100_000))
            .page(&["rows"], keys(2), false)
            .finish(&frame(&acme, &arguments))
            .unwrap();
        assert!(
            answer.text.contains("larger than an answer may be"),
            "{}",
            answer.text
        );
        assert_eq!(answer.structured.unwrap()["nextCursor"], Json::Null);
    }

    #[test]
    fn more_of_a_ranking_is_the_same_call_with_a_larger_limit() {
        let acme = project("acme", "UTC");
        let arguments = json!({"search": "a"}).as_object().cloned().unwrap();
        let answer = Answer::of(rows(2, 1))
            .ranking(&["rows"], true, Some(500), "Narrow it.")
            .finish(&frame(&acme, &arguments))
            .unwrap();
        insta::assert_snapshot!(answer.text, @r#"
        Events: Acme (`acme`), UTC.

        **rows**

        |n|text|
        |---|---|
        |0|x|
        |1|x|

        Note: There is more: call `query_events` with `{"search":"a","limit":500}`.
        "#);
        let answer = Answer::of(rows(2, 1))
            .ranking(&["rows"], true, None, "Narrow it.")
            .finish(&frame(&acme, &arguments))
            .unwrap();
        assert!(
            answer.text.ends_with("Note: There is more. Narrow it."),
            "{}",
            answer.text
        );
    }

    #[test]
    fn a_series_that_does_not_fit_says_where_to_go_on() {
        let (acme, arguments) = (project("acme", "UTC"), Object::new());
        let starts: Vec<String> = (0..100).map(|n| format!("day {n}")).collect();
        let answer = Answer::of(rows(100, 1_000))
            .series(&["rows"], starts, "Or use days.")
            .finish(&frame(&acme, &arguments))
            .unwrap();
        let structured = answer.structured.unwrap();
        let shown = structured["rows"].as_array().unwrap().len();
        let note = structured["notes"][0].as_str().unwrap().to_owned();
        assert!(
            note.ends_with(&format!(
                "call `query_events` with `{{\"startDate\":\"day {shown}\"}}`. Or use days."
            )),
            "{note}"
        );
    }
}
