//! From "something is broken" to the moment it broke in one session.

use crate::prompt::{Argument, Given, PROJECT, Prompt, Values};

pub(super) const PROMPT: Prompt = Prompt {
    name: "investigate_bug",
    title: "Investigate a bug",
    description: "Finds what got worse, the sessions it happened in, and the moment it happened in the worst of them.",
    arguments: &[
        PROJECT,
        Argument {
            name: "symptom",
            description: "What people report, in a sentence",
            required: false,
            values: Values::Text,
        },
        Argument {
            name: "since",
            description: "The day it began, YYYY-MM-DD",
            required: false,
            values: Values::Text,
        },
    ],
    tools: &[
        "aggregate_sessions",
        "find_sessions",
        "get_session",
        "query_events",
    ],
    text,
};

fn text(given: &Given<'_>) -> String {
    let symptom = given.quoted("symptom").map_or_else(String::new, |symptom| {
        format!("What was reported: {symptom}.\n")
    });
    let since = given.quoted("since").map_or_else(
        || String::from("the last 7 days"),
        |since| format!("the days from {since} on"),
    );
    format!(
        "Find the cause of a bug in our product, from its effect on sessions down to one moment in one of them.\n{symptom}{project}\n\
         1. **What got worse.** Call `aggregate_sessions` for {since} with `measures` sessions, jsErrors, networkErrors, rageClicks, \
         sessionsWithErrors, avgFrustration and `compare` previous, first by `groupBy` day, then by exitPath, then by browser. Look for the \
         group whose errors grew far more than its sessions. If none did, say so and stop.\n\
         2. **Which sessions.** Call `find_sessions` for those days with that group's filters, `signals` js_error, network_error, rage_click, \
         and `sortBy` frustration. Read the summaries: what do the first ten have in common?\n\
         3. **What happened.** Call `get_session` for the worst one, and for one more to confirm. Look at the last minute before the error: \
         its message, its page, the element clicked before it, the form left behind.\n\
         4. **How many.** Call `query_events` with `eventNames` `$error` and that message among `properties` for the first time it occurred.\n\n\
         Answer with: the cause in one sentence, when it began, how many sessions and which share of them it hit, browsers and pages concerned, \
         the steps that lead to it, and links to two sessions. Separate what the data shows from what you conclude.",
        project = given.project(),
    )
}
