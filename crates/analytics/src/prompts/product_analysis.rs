//! How one thing people do is used: how much, by whom, on which way, and whether they come back to it.

use crate::prompt::{Argument, Given, PROJECT, Prompt, Values};

pub(super) const PROMPT: Prompt = Prompt {
    name: "product_analysis",
    title: "Product analysis",
    description: "Says how a feature is used: how much, by whom, what leads to it, and whether people come back to it.",
    arguments: &[
        PROJECT,
        Argument {
            name: "event",
            description: "The event that stands for the feature",
            required: true,
            values: Values::Events,
        },
        Argument {
            name: "property",
            description: "A property to tell uses apart by",
            required: false,
            values: Values::PropertyKeys,
        },
        Argument {
            name: "value",
            description: "Only uses with this value of the property",
            required: false,
            values: Values::OfProperty,
        },
    ],
    tools: &[
        "get_event_definitions",
        "get_trend",
        "get_user_flow",
        "get_retention_cohort",
        "get_property_definitions",
    ],
    text,
};

fn text(given: &Given<'_>) -> String {
    let event = given.quoted("event").unwrap_or_default();
    let (breakdown, filter) = match (given.quoted("property"), given.quoted("value")) {
        (Some(property), Some(value)) => (
            String::new(),
            format!(
                " Only uses with {property} = {value} count: add the filter `{{\"field\": \"properties.KEY\", \"op\": \"is\", \"values\": [{value}]}}` \
                 with that key."
            ),
        ),
        (Some(property), None) => (
            format!(" Then again with `breakdown` by the property {property}."),
            String::new(),
        ),
        (None, _) => (String::new(), String::new()),
    };
    format!(
        "Analyse how {event} is used in our product.{filter}\n{project}\n\
         1. **How much.** Call `get_event_definitions` with `search` {event}: how many events and users, since when, which share.\n\
         2. **How it runs.** Call `get_trend` for the last 90 days by week with two series of it, `users` and `eventsPerUser`, and `compare` \
         previous.{breakdown} Say whether it grows by more people or by more use.\n\
         3. **By whom.** Call `get_trend` with `breakdown` device, then country; and `get_property_definitions` with `eventName` for what else \
         tells uses apart.\n\
         4. **On which way.** Call `get_user_flow` with `endEvent` {event} and `mode` before, then with `startEvent` {event}: what comes before it, \
         what after, where people leave.\n\
         5. **Whether they return.** Call `get_retention_cohort` with `startEvent` and `returnEvent` {event}, by week. Read complete cells only.\n\n\
         Answer with three findings, each with its numbers, range and the call that shows it, then two questions worth asking next. \
         If an answer's notes say that something is partial or approximate, say so too.",
        project = given.project(),
    )
}
