//! How many requests a minute a client may make.
//!
//! # The rule
//!
//! A client with a limit of N is granted at most N units in **any** 60 seconds, wherever those begin: a unit granted at instant
//! `t` counts while `now < t + 60 s`, and is free again from `t + 60 s` on. What is refused counts nothing. So a client is
//! never granted more than N in a minute, and never refused while what it was granted in the last minute leaves room.
//!
//! Two cheaper rules were left out. A fixed window (one counter, reset each minute) lets 2 N through around its edge, which is
//! not what an operator means by "60 a minute". A token bucket needs one number too, but lets N + N·elapsed/60 s through in
//! the minute after a pause. The price of the exact rule is one instant kept per grant for a minute: a few hundred
//! bytes at the default, and never more than one entry per millisecond.
//!
//! # The parts
//!
//! [`Window`] holds the grants of one client and makes a [`Decision`] about each request; whoever keeps it must be its only
//! writer. [`Decision`] says what was decided and what is left ([`Standing`], which writes the header fields).
//! [`Recall`] remembers under which key and limit a credential was counted last, so that counting need not wait until
//! the credential has been checked.
//!
//! # What must stay true
//!
//! - No I/O and no clock: instants are handed in, in ms since 1970 UTC.
//! - Nothing here knows what a credential is, or lets anyone in.

mod decision;
mod recall;
mod standing;
mod window;

pub use decision::Decision;
pub use recall::{Recall, Recalled};
pub use standing::Standing;
pub use window::{Grant, Window};

/// The length of the window in ms.
pub const WINDOW_MS: u64 = 60_000;

/// Units a minute where a client has no limit of its own.
pub const DEFAULT_LIMIT: u32 = 60;
