//! The tools: each one from its input to its answer.
//!
//! A [`Toolbox`] lists the tools a [`Caller`] may use and calls them. A tool is one file under `tools/`: its input, its output,
//! its SQL, the turning of rows into an answer, its tests. What tools share (ranges, filters, comparisons, cursors, the shape of
//! an answer) is one file each beside this one.
//!
//! Invariants held here: a tool's SQL carries values as bound parameters and names from an allow-list only (invariant 3);
//! it runs on a handle made for one project, out of those the caller sees (invariant 4); every answer says what it covers
//! (invariant 5); nothing can be written (invariant 7). No protocol, no storage, no clock of its own: those are passed in.

mod active_days;
mod answer;
mod arguments;
mod breakdown;
mod caller;
mod columns;
mod compare;
mod completion;
mod context;
mod cursor;
mod dashboard;
mod environment;
mod event_list;
mod event_names;
mod event_row;
mod event_value;
mod failure;
mod family;
mod field;
mod filters;
mod formula;
mod frame;
mod group_row;
mod identified;
mod interval;
mod keyset;
mod limit;
mod listing;
mod markdown;
mod narrowing;
mod nearest;
mod numbers;
mod order;
mod page;
mod profile_row;
mod project;
mod prompt;
mod prompts;
mod range;
mod reference;
mod resource;
mod rest;
mod schema;
mod session_row;
#[cfg(test)]
mod testing;
mod tool;
mod toolbox;
mod tools;

pub use answer::{Fault, ToolAnswer};
pub use caller::{Caller, Identity, Membership};
pub use completion::{Completed, complete};
pub use environment::{Environment, Site, Warehouses};
pub use event_names::EventNames;
pub use family::{BUNDLE_SCOPE, Family, Product, Scope};
pub use listing::ToolListing;
pub use narrowing::{Narrowing, NarrowingError};
pub use project::{Organization, Project};
pub use prompt::{FilledPrompt, PromptArgument, PromptError, PromptListing};
pub use prompt::{fill as fill_prompt, list as list_prompts};
pub use reference::reference;
pub use resource::{ResourceEntry, SchemaResource};
pub use toolbox::{CallError, Toolbox};
