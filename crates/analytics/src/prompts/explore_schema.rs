//! What there is to ask about, before asking.

use crate::prompt::{Given, PROJECT, Prompt};

pub(super) const PROMPT: Prompt = Prompt {
    name: "explore_schema",
    title: "Explore the data",
    description: "Shows what is tracked, how it hangs together, and what could be asked of it.",
    arguments: &[PROJECT],
    tools: &[
        "get_schema",
        "get_event_definitions",
        "get_property_definitions",
        "get_event_property_values",
        "query",
    ],
    text,
};

fn text(given: &Given<'_>) -> String {
    format!(
        "Show me what our analytics data holds, so that I know what I can ask.\n{project}\n\
         1. Call `get_schema`: tables, how many rows, which days they cover, the SQL dialect.\n\
         2. Call `get_event_definitions`: which events are there, how often, by how many people? Group them by what they are about.\n\
         3. For the five events that matter most call `get_property_definitions` with `eventName`, and `get_event_property_values` for the \
         properties that tell uses apart.\n\
         4. Check one thing with `query`: the share of events with a `session_id`, a `profile_id` and a `country`, so that gaps are known.\n\n\
         Answer with a table of events (what each means, as far as names and properties tell; how often; its properties), then what is missing \
         or looks wrong, then five questions this data can answer.",
        project = given.project(),
    )
}
