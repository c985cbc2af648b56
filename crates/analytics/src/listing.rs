//! A tool as it is listed.

use crate::schema::Object;
use crate::tool::AnyTool;

/// What a host learns about a tool. All tools read only, destroy nothing, and answer the same question the same way.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolListing {
    /// The name it is called by.
    pub name: &'static str,
    /// Its name in words.
    pub title: &'static str,
    /// What it answers, and when to use it.
    pub description: &'static str,
    /// JSON Schema of its arguments: inline, closed.
    pub input_schema: Object,
    /// JSON Schema of `structuredContent`: the tool's own fields, without the inside of rows.
    pub output_schema: Object,
}

impl ToolListing {
    /// `tool` under `name`.
    pub(crate) fn of(tool: &dyn AnyTool, name: &'static str, pinned: bool) -> Self {
        let about = tool.about();
        Self {
            name,
            title: about.title,
            description: about.description,
            input_schema: tool.input_schema(pinned),
            output_schema: crate::schema::brief(&tool.output_schema()),
        }
    }
}
