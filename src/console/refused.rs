//! A request that is not carried out, and the page that says why.

use http::StatusCode;
use sightline_accounts::oidc::{ConfigRefused, OidcError};
use sightline_accounts::{AccountsError, Forbidden};
use sightline_console::pages::{ErrorPage, error};
use sightline_console::{Shell, path};

use crate::console::answer::Answer;
use crate::console::destination::Destination;
use crate::shield::RETRY_AFTER_S;

/// Why a request came to nothing.
#[derive(Debug)]
pub enum Refused {
    /// Something of ours failed: 503, an id, and nothing said of the inside.
    Unavailable {
        /// A stable name, for the log.
        slug: &'static str,
        /// What failed, for the log.
        detail: String,
    },
    /// Somebody must sign in first, and then comes back.
    SignIn(Destination),
    /// There is no such page, or not for this person.
    NotFound,
    /// The page takes no such method.
    Method,
    /// The form's token is not this session's.
    Stale,
    /// Too many requests.
    Busy,
    /// Something else, said in words.
    Told {
        /// The status.
        status: StatusCode,
        /// What happened, in a few words.
        title: &'static str,
        /// What it means and what to do.
        text: String,
        /// A stable name, for the log.
        slug: &'static str,
    },
}

impl Refused {
    /// A form that is no form.
    pub fn malformed(text: &str) -> Self {
        Self::Told {
            status: StatusCode::BAD_REQUEST,
            title: "That could not be read",
            text: text.to_owned(),
            slug: "form_malformed",
        }
    }

    /// The stable name for the log.
    pub fn slug(&self) -> &'static str {
        match self {
            Self::Unavailable { slug, .. } | Self::Told { slug, .. } => slug,
            Self::SignIn(_) => "sign_in_needed",
            Self::NotFound => "not_found",
            Self::Method => "method",
            Self::Stale => "csrf",
            Self::Busy => "shield",
        }
    }

    /// What failed inside, for the log.
    pub fn fault(&self) -> Option<String> {
        match self {
            Self::Unavailable { slug, detail } => Some(format!("{slug}: {detail}")),
            _ => None,
        }
    }

    /// The page, or the way to the sign-in. `request_id` is what the log line carries too.
    pub fn answer(&self, shell: &Shell<'_>, request_id: &str) -> Answer {
        let (status, title, text) = match self {
            Self::SignIn(destination) => return Answer::see_other(destination.by_sign_in()),
            Self::Unavailable { .. } => (
                StatusCode::SERVICE_UNAVAILABLE,
                "That did not work just now",
                "Nothing was changed, and nobody was signed out. Please try again in a moment.",
            ),
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "There is nothing here",
                "The address may be mistyped, or what it led to is gone.",
            ),
            Self::Method => (
                StatusCode::METHOD_NOT_ALLOWED,
                "That is not possible here",
                "Open the page again and use its form.",
            ),
            Self::Stale => (
                StatusCode::FORBIDDEN,
                "This page was out of date",
                "Nothing was changed. Open the page again and repeat what you did. If it happens again, allow cookies for this site.",
            ),
            Self::Busy => (
                StatusCode::TOO_MANY_REQUESTS,
                "Too many requests",
                "Wait a minute, then try again.",
            ),
            Self::Told {
                status,
                title,
                text,
                ..
            } => (*status, *title, text.as_str()),
        };
        let reference = matches!(self, Self::Unavailable { .. }).then_some(request_id);
        let page = error(
            shell,
            &ErrorPage {
                title,
                text,
                reference,
                next: shell
                    .nav
                    .as_ref()
                    .map(|_| (path::CONNECTIONS, "Go to your connections")),
            },
        );
        let answer = Answer::page_with(status, &page);
        match self {
            Self::Busy => answer.after(i64::try_from(RETRY_AFTER_S).unwrap_or(60)),
            Self::Unavailable { .. } => answer.after(2),
            _ => answer,
        }
    }
}

impl From<sightline_accounts::StoreFault> for Refused {
    fn from(fault: sightline_accounts::StoreFault) -> Self {
        Self::Unavailable {
            slug: "store_unavailable",
            detail: fault.0,
        }
    }
}

impl From<sightline_oauth::StoreFault> for Refused {
    fn from(fault: sightline_oauth::StoreFault) -> Self {
        Self::Unavailable {
            slug: "store_unavailable",
            detail: fault.0,
        }
    }
}

impl From<Forbidden> for Refused {
    fn from(error: Forbidden) -> Self {
        AccountsError::Forbidden(error).into()
    }
}

impl From<AccountsError> for Refused {
    fn from(error: AccountsError) -> Self {
        if let AccountsError::Unavailable(fault) = error {
            return fault.into();
        }
        Self::Told {
            status: status_of(&error),
            title: "That was not done",
            text: error.to_string(),
            slug: error.slug(),
        }
    }
}

impl From<ConfigRefused> for Refused {
    fn from(error: ConfigRefused) -> Self {
        Self::Unavailable {
            slug: "provider_misconfigured",
            detail: error.to_string(),
        }
    }
}

impl From<OidcError> for Refused {
    fn from(error: OidcError) -> Self {
        match error {
            OidcError::Unavailable(fault) => fault.into(),
            error => Self::Told {
                status: match &error {
                    OidcError::Provider(_) => StatusCode::BAD_GATEWAY,
                    _ => StatusCode::FORBIDDEN,
                },
                title: "You are not signed in",
                text: error.to_string(),
                slug: error.slug(),
            },
        }
    }
}

/// The status of a page that shows this.
pub fn status_of(error: &AccountsError) -> StatusCode {
    match error {
        AccountsError::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        AccountsError::Forbidden(_) => StatusCode::FORBIDDEN,
        AccountsError::SlowDown { .. } => StatusCode::TOO_MANY_REQUESTS,
        AccountsError::Gone | AccountsError::InvitationClosed | AccountsError::ResetClosed => {
            StatusCode::NOT_FOUND
        }
        AccountsError::SetUpClosed => StatusCode::FORBIDDEN,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}
