//! The week in one page.

use crate::prompt::{Argument, Given, PROJECT, Prompt, Values};

pub(super) const PROMPT: Prompt = Prompt {
    name: "weekly_review",
    title: "Weekly review",
    description: "Sums up a week: what changed against the week before, and why.",
    arguments: &[
        PROJECT,
        Argument {
            name: "week",
            description: "Its first day, YYYY-MM-DD; the last 7 full days if left out",
            required: false,
            values: Values::Text,
        },
    ],
    tools: &[
        "get_analytics_overview",
        "get_engagement_metrics",
        "get_top_referrers",
        "get_top_pages",
        "aggregate_sessions",
    ],
    text,
};

fn text(given: &Given<'_>) -> String {
    let week = given.quoted("week").map_or_else(
        || String::from("the last 7 full days, without today"),
        |week| format!("the 7 days from {week} on"),
    );
    format!(
        "Write the weekly review of our product for {week}. Use the same `startDate` and `endDate` and `compare` previous in every call.\n{project}\n\
         1. `get_analytics_overview` by day: which of visitors, sessions, bounce rate, duration and revenue changed by more than 10 percent?\n\
         2. `get_engagement_metrics` by day: did the people who came do more or less?\n\
         3. For whatever changed, find where: `get_top_referrers`, then `get_top_pages`. A group explains a change if it makes up most of the \
         difference, not if its percentage is the largest.\n\
         4. `aggregate_sessions` by browser with sessionsWithErrors and avgFrustration: is anything broken?\n\n\
         Write at most 200 words: three numbers with their change, the reason for each as far as the data shows it, one thing to look into. \
         Give the range and timezone the answers name. Do not explain changes smaller than the week-to-week noise.",
        project = given.project(),
    )
}
