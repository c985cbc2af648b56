//! Whether people come back, and what those who do have in common.

use crate::prompt::{Argument, Given, PROJECT, Prompt, Values};

pub(super) const PROMPT: Prompt = Prompt {
    name: "retention_review",
    title: "Retention review",
    description: "Says whether people come back, whether newer cohorts do better, and who is about to be lost.",
    arguments: &[
        PROJECT,
        Argument {
            name: "event",
            description: "What counts as coming back; any event if left out",
            required: false,
            values: Values::Events,
        },
    ],
    tools: &[
        "get_retention_cohort",
        "get_weekly_retention_series",
        "get_user_last_seen_distribution",
        "find_profiles",
    ],
    text,
};

fn text(given: &Given<'_>) -> String {
    let returning = given.quoted("event").map_or_else(
        || String::from("any event"),
        |event| format!("`returnEvent` {event}"),
    );
    format!(
        "Review how well our product keeps its users; coming back means {returning}.\n{project}\n\
         1. Call `get_retention_cohort` by week with 12 `periods` ({returning}). Read complete cells only: where does the curve flatten, and do \
         newer cohorts lie above older ones in the same week? A cohort of fewer than 30 people proves nothing.\n\
         2. Call `get_weekly_retention_series`: does the share retained from week to week rise or fall over the half year? Leave out the pair \
         that is marked as unfinished.\n\
         3. Call `get_user_last_seen_distribution`: how many were last here 8 to 30 days ago and could still be won back?\n\
         4. Call `find_profiles` with `identified` true, `inactiveDays` 14, `minSessions` 5: people who used it often and stopped.\n\n\
         Answer with: the retention after 1, 4 and 8 weeks, whether it gets better, the number at risk, and what to look into next.",
        project = given.project(),
    )
}
