//! Whose SQL a statement is.

/// Whose SQL failed: what is a user's mistake in theirs is a fault of ours in a tool's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Author {
    /// A tool's.
    Tool,
    /// A user's.
    User,
}
