//! What an answer knows about the call it answers: enough to say what it covers and which call fetches the rest.

use serde_json::Value as Json;
use sightline_warehouse::InstantMs;

use crate::cursor::Cursor;
use crate::failure::Failure;
use crate::project::Project;
use crate::range::Range;
use crate::schema::Object;

/// Arguments longer than this are not repeated in an answer.
const MOST_ARGUMENT_BYTES: usize = 1_000;

/// The call being answered.
pub(crate) struct Frame<'a> {
    /// The tool's title.
    pub(crate) title: &'static str,
    /// The name it was called by.
    pub(crate) called: &'a str,
    /// The arguments, checked.
    pub(crate) arguments: &'a Object,
    /// The project asked about.
    pub(crate) project: Option<&'a Project>,
    /// The digest of the question, for cursors.
    pub(crate) question: &'a str,
    /// When the question was first asked.
    pub(crate) asked_at_ms: InstantMs,
    /// The cursor it was asked with.
    pub(crate) cursor: Option<&'a Cursor>,
}

impl Frame<'_> {
    /// The line that says what an answer covers.
    pub(crate) fn heading(&self, range: Option<&Range>, data_through: Option<InstantMs>) -> String {
        let Some(project) = self.project else {
            return format!("{}.", self.title);
        };
        let mut heading = format!("{}: {} (`{}`)", self.title, project.name, project.id);
        if let Some(range) = range {
            heading.push_str(&format!(", {}", range.in_words()));
        }
        heading.push_str(&format!(", {}.", project.calendar.timezone().name()));
        if let Some(newest) = data_through {
            heading.push_str(&format!(
                " Data through {}.",
                project.calendar.rfc3339(newest)
            ));
        }
        heading
    }

    /// The same call with one argument changed, in words that can be followed to the letter.
    pub(crate) fn call_with(&self, name: &str, value: &Json) -> String {
        let mut arguments = self.arguments.clone();
        arguments.insert(name.to_owned(), value.clone());
        let arguments = Json::Object(arguments).to_string();
        if arguments.len() > MOST_ARGUMENT_BYTES + value.to_string().len() {
            return format!(
                "`{}` with the same arguments, but `{name}` {value}",
                self.called
            );
        }
        format!("`{}` with `{arguments}`", self.called)
    }

    /// A cursor after the last of these keys. Rows before it with the same key are counted, so that none comes twice.
    pub(crate) fn cursor_after(&self, keys: &[Json]) -> Result<String, Failure> {
        let Some(last) = keys.last() else {
            return Err(Failure::fault("a page was cut before its first row"));
        };
        let repeated = keys.iter().rev().take_while(|key| *key == last).count();
        let before = match self.cursor {
            Some(cursor) if repeated == keys.len() && cursor.raw_key() == last => cursor.skip,
            _ => 0,
        };
        let cursor = Cursor::new(
            self.question,
            self.asked_at_ms,
            last.clone(),
            before + repeated as u64,
        );
        Ok(cursor.text()?)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use super::*;
    use serde_json::json;

    fn frame<'a>(arguments: &'a Object, cursor: Option<&'a Cursor>) -> Frame<'a> {
        Frame {
            title: "SQL",
            called: "query",
            arguments,
            project: None,
            question: "q",
            asked_at_ms: 7,
            cursor,
        }
    }

    #[test]
    fn equal_keys_are_counted_across_pages() {
        let before = Cursor::new("q", 7, json!([1]), 3);
        let arguments = Object::new();
        let frame = frame(&arguments, Some(&before));
        let after = |keys: &[Json]| Cursor::read(&frame.cursor_after(keys).unwrap(), "q").unwrap();
        assert_eq!(after(&[json!([1]), json!([1])]).skip, 5);
        assert_eq!(after(&[json!([1]), json!([2]), json!([2])]).skip, 2);
        assert_eq!(after(&[json!([2])]).skip, 1);
    }

    #[test]
    fn long_arguments_are_not_repeated() {
        let short = json!({"sql": "SELECT 1"}).as_object().cloned().unwrap();
        assert_eq!(
            frame(&short, None).call_with("limit", &json!(9)),
            r#"`query` with `{"sql":"SELECT 1","limit":9}`"#
        );
        let long = json!({"sql": "x".repeat(100_000)})
            .as_object()
            .cloned()
            .unwrap();
        assert_eq!(
            frame(&long, None).call_with("limit", &json!(9)),
            "`query` with the same arguments, but `limit` 9"
        );
    }
}
