//! Why something was not done, in sentences for the page it is shown on.

use thiserror::Error;

use crate::authority::Forbidden;
use crate::database::StoreFault;
use crate::email::EmailRefused;
use crate::password::PasswordRefused;

/// A form that was not carried out. Each text says what to do next, except for faults, which say nothing of the inside.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AccountsError {
    /// The database failed: status 503, and nothing was done.
    #[error("That could not be done just now. Nothing was changed; please try again.")]
    Unavailable(#[source] StoreFault),
    /// The person may not do it.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// Not an e-mail address.
    #[error(transparent)]
    Email(#[from] EmailRefused),
    /// Not a password to use.
    #[error(transparent)]
    Password(#[from] PasswordRefused),
    /// The current password was another.
    #[error("The current password is not right.")]
    WrongPassword,
    /// Too many wrong ones lately.
    #[error("Too many attempts. Wait {} and try again.", wait(.retry_after_s))]
    SlowDown {
        /// From when on it is worth trying.
        retry_after_s: i64,
    },
    /// Names have 1 to 200 characters and no control characters.
    #[error("Enter a name of 1 to 200 characters.")]
    Name,
    /// What it was about is gone, or never was this organization's.
    #[error("That is no longer there. Reload the page to see how things stand.")]
    Gone,
    /// Set-up took place already, or the secret is another: not told apart.
    #[error("This set-up link is not valid. If someone was set up before, sign in instead.")]
    SetUpClosed,
    /// The invitation is unknown, used, revoked, expired or for somebody else: not told apart.
    #[error("This invitation is no longer valid. Ask for a new one.")]
    InvitationClosed,
    /// The link that sets a password is unknown, used, replaced or expired: not told apart.
    #[error("This link is no longer valid. Ask for a new one.")]
    ResetClosed,
    /// The operator's secret is another, or there is no account with that address: not told apart.
    #[error("No link was made. Check the set-up secret and the address.")]
    RecoveryClosed,
    /// A link for somebody whose account the actor must not open.
    #[error(
        "A link cannot be made for this person: they have no password here, stand above you, or also belong to an organization you do not run."
    )]
    NoReset,
    /// An account with the invitation's address exists.
    #[error("There is an account with this address. Sign in, then open the invitation again.")]
    SignInFirst,
    /// The organization would have nobody to own it.
    #[error("An organization needs an owner. Make someone else owner first.")]
    LastOwner,
    /// Owners and admins are not shown less than all.
    #[error("Owners and admins see all projects. Make them a member first.")]
    SeesAll,
    /// A name that has to be unique is taken.
    #[error("There is one with this name already.")]
    NameTaken,
}

impl From<StoreFault> for AccountsError {
    fn from(fault: StoreFault) -> Self {
        Self::Unavailable(fault)
    }
}

impl AccountsError {
    /// A stable name for logs and the audit.
    pub fn slug(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "store_unavailable",
            Self::Forbidden(_) => "forbidden",
            Self::Email(_) => "email_refused",
            Self::Password(_) => "password_refused",
            Self::WrongPassword => "password_wrong",
            Self::SlowDown { .. } => "attempts_slowed",
            Self::Name => "name_refused",
            Self::Gone => "gone",
            Self::SetUpClosed => "set_up_closed",
            Self::InvitationClosed => "invitation_closed",
            Self::ResetClosed => "reset_closed",
            Self::RecoveryClosed => "recovery_closed",
            Self::NoReset => "reset_refused",
            Self::SignInFirst => "account_exists",
            Self::LastOwner => "last_owner",
            Self::SeesAll => "sees_all",
            Self::NameTaken => "name_taken",
        }
    }
}

/// A wait in words.
fn wait(seconds: &i64) -> String {
    match seconds {
        ..=1 => "a second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", (seconds + 59) / 60),
    }
}
