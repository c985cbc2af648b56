//! People: who they are, how they prove it in a browser, and what they may do.
//!
//! [`Accounts`] is the door: it is made for one request, from a [`Database`], a clock reading and a source of random bytes, and
//! its methods are what the console's forms do. Each makes one statement or one batch at a time; where two requests race (set-up, an
//! invitation, the last owner, a change of password) the statement's own condition decides, and the number of changed rows says who
//! won.
//!
//! What holds throughout:
//! - No I/O, no clock, no randomness: they are handed in.
//! - Statements are program text with bound values; a `String` does not become one.
//! - Passwords are kept as Argon2id, tokens as SHA-256. No `Debug` shows a secret or an e-mail address.
//! - What a stranger sees does not tell whether an account exists.

#![cfg_attr(
    test,
    expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")
)]

mod accounts;
mod authority;
mod cookie;
mod csrf;
mod database;
mod email;
mod entropy;
mod failure;
mod invitation;
mod member;
mod membership;
pub mod oidc;
mod password;
mod person;
mod purge;
mod reset;
mod session;
mod set_up;
mod sign_in;
mod source;
mod team;
#[cfg(feature = "testing")]
pub mod testing;
mod throttle;
mod token;

pub use accounts::{Accounts, Policy};
pub use authority::{Action, Actor, Forbidden};
pub use cookie::{BROWSER_COOKIE, FORM_COOKIE, SESSION_COOKIE, clear_cookie, cookie, read_cookie};
pub use csrf::{CsrfKey, CsrfToken};
pub use database::{Database, Outcome, Row, Statement, StoreFault, Value};
pub use email::{Email, EmailRefused};
pub use entropy::Entropy;
pub use failure::AccountsError;
pub use invitation::{AcceptOutcome, Invitation, InvitationPreview, NewInvitation};
pub use member::Member;
pub use membership::{Membership, Role, Sees};
pub use password::{Password, PasswordCost, PasswordRefused};
pub use person::{Name, Person};
pub use reset::Forgetful;
pub use session::{Browser, OpenSession, SessionLine, SignedIn};
pub use set_up::{FirstOwner, SetUpSecret};
pub use sign_in::{SignInOutcome, SignInRequest};
pub use source::Source;
pub use team::Team;
pub use throttle::ThrottlePolicy;
pub use token::{Token, TokenHash};
