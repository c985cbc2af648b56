//! The SQL guard: decides whether a statement somebody else wrote may run.
//!
//! [`check`] takes the text through four gates, each of which can only narrow what the one before let through:
//!
//! 1. `text`: size, number of tokens, nesting, one statement, begins like one that reads. Nothing has been parsed yet. What stands between
//!    quotes in ClickHouse's SQL is written anew (`quoting`).
//! 2. `grammar`: parses with a budget of steps and depth. The parser alone would take exponential time over
//!    `CAST(CAST(CAST(…`, and overflow the stack over `INTERVAL INTERVAL …`.
//! 3. `query`, `select`, `relation`, `expression`, `operator`, `call`, `wording`, `data_type`: walk every node of the tree. Each node is taken apart field by
//!    field, so a field that a later parser version adds does not compile until someone has decided about it; a kind that
//!    is not named is refused. On the way `size` bounds what the statement would grow to once the engine inlines it.
//! 4. `net`: the parser's own visitor goes over the same tree and must find only allowed tables and functions. It is
//!    written apart from the third gate, so that one slip does not open both.
//!
//! The engine must be handed [`Checked::statement`] (or its rendering), never the text: then what was checked is what runs.
//! It must also run against a catalog that holds this one project's tables and nothing else: the guard bounds what a
//! statement may *say*, the catalog what there is to say it about.

mod call;
mod check;
mod clickhouse_functions;
mod data_type;
mod error;
mod expression;
mod functions;
mod grammar;
mod net;
mod operator;
mod query;
mod quoting;
mod relation;
mod rules;
mod scope;
mod select;
mod size;
mod text;
mod walk;
mod wording;

#[cfg(test)]
mod tests;

pub use check::{Checked, check};
pub use clickhouse_functions::clickhouse_functions;
pub use error::{GuardError, Place};
pub use functions::DATAFUSION_FUNCTIONS;
pub use rules::{Rules, SqlDialect, SqlLimits};
