//! The prompts, one file each. A new one is a file and its line in [`ALL`].

mod explore_schema;
mod funnel_diagnosis;
mod investigate_bug;
mod product_analysis;
mod retention_review;
mod weekly_review;

use crate::prompt::Prompt;

/// Every prompt, in the order they are listed.
pub(crate) const ALL: &[Prompt] = &[
    investigate_bug::PROMPT,
    product_analysis::PROMPT,
    funnel_diagnosis::PROMPT,
    retention_review::PROMPT,
    weekly_review::PROMPT,
    explore_schema::PROMPT,
];
