//! Where a funnel loses people, which people, and what they did instead.

use crate::prompt::{Argument, Given, PROJECT, Prompt, Values};

pub(super) const PROMPT: Prompt = Prompt {
    name: "funnel_diagnosis",
    title: "Funnel diagnosis",
    description: "Finds the step at which a funnel loses most, for whom, and what they did instead.",
    arguments: &[
        PROJECT,
        Argument {
            name: "steps",
            description: "Event names in order, with commas between them",
            required: true,
            values: Values::EventList,
        },
    ],
    tools: &[
        "get_funnel",
        "get_user_flow",
        "find_sessions",
        "get_session",
    ],
    text,
};

fn text(given: &Given<'_>) -> String {
    let steps = given.list("steps").join(", ");
    format!(
        "Find out where and why people leave this funnel: {steps}.\n{project}\n\
         1. **Where.** Call `get_funnel` with `steps` [{steps}] for the last 30 days, and again for the 30 days before. Note the step with the \
         largest drop-off, its median time, and whether it got worse.\n\
         2. **Who.** Call `get_funnel` with `breakdown` device, then browser, country and referrerName. A group matters if its drop-off at that \
         step differs and it is large enough to move the total: say how many it is.\n\
         3. **What instead.** Call `get_user_flow` with the step before the drop-off as `startEvent` and 4 `steps`: where do they go, how \
         many leave at once?\n\
         4. **How it looks.** Call `find_sessions` with `performedEvent` the step before the drop-off, the group's filters and `sortBy` \
         frustration, then `get_session` for two that did not go on.\n\n\
         Answer with: conversion now and before, the step and group that explain most of the loss and how many people that is, what they \
         did instead, and one change to try with what it could win at most.",
        project = given.project(),
    )
}
