//! A forgotten password: setting a new one by a link, and making a link by the operator's secret.

use sightline_accounts::{AccountsError, Forgetful, Token};
use sightline_console::pages::{RecoverPage, ResetPage, recover as recovery_of, reset as page_of};
use sightline_console::path;

use crate::console::answer::Answer;
use crate::console::form::Form;
use crate::console::note::Note;
use crate::console::record::Event;
use crate::console::refused::Refused;
use crate::console::settings;
use crate::console::visit::Visit;

/// The page of a link.
///
/// # Errors
/// [`AccountsError::ResetClosed`] as a page; if the database fails.
pub async fn page(visit: &Visit<'_>, token: &str) -> Result<Answer, Refused> {
    let (token, person) = open(visit, token).await?;
    Ok(shown(visit, &token, &person, None))
}

async fn open(visit: &Visit<'_>, token: &str) -> Result<(Token, Forgetful), Refused> {
    if !settings::has_passwords(visit.env) {
        return Err(Refused::NotFound);
    }
    let token = Token::parse(token).ok_or(AccountsError::ResetClosed)?;
    let person = visit.accounts().forgetful(&token).await?;
    Ok((token, person))
}

fn shown(
    visit: &Visit<'_>,
    token: &Token,
    person: &Forgetful,
    error: Option<&AccountsError>,
) -> Answer {
    let data = ResetPage {
        csrf: visit.open_csrf(),
        token: &token.reveal(),
        email: person.email.as_str(),
    };
    visit.show(None, error, |shell| page_of(shell, &data))
}

/// Sets the password, and signs the person in.
///
/// # Errors
/// As [`page`], and [`Refused::Stale`].
pub async fn set(visit: &Visit<'_>, form: &Form, token: &str) -> Result<Answer, Refused> {
    visit.check_open(form)?;
    let (token, person) = open(visit, token).await?;
    let set = visit
        .accounts()
        .set_forgotten(&token, form.get("password"), &visit.browser())
        .await;
    match set {
        Ok(session) => {
            for cookie in session.cookies() {
                visit.set_cookie(cookie);
            }
            visit
                .record(None, &session.user_id, Event::PasswordReset)
                .await;
            Ok(Answer::see_other(Note::PasswordChanged.at(path::ACCOUNT)))
        }
        Err(AccountsError::Unavailable(fault)) => Err(fault.into()),
        Err(error @ AccountsError::Password(_)) => Ok(shown(visit, &token, &person, Some(&error))),
        Err(error) => Err(error.into()),
    }
}

/// The operator's page.
///
/// # Errors
/// [`Refused::NotFound`] if no secret is configured, or there are no passwords.
pub async fn recovery(visit: &Visit<'_>) -> Result<Answer, Refused> {
    if !is_offered(visit) {
        return Err(Refused::NotFound);
    }
    Ok(recovery_shown(visit, "", None))
}

fn is_offered(visit: &Visit<'_>) -> bool {
    settings::has_passwords(visit.env) && settings::set_up_secret(visit.env).is_some()
}

fn recovery_shown(visit: &Visit<'_>, email: &str, error: Option<&AccountsError>) -> Answer {
    let data = RecoverPage {
        csrf: visit.open_csrf(),
        email,
    };
    visit.show(None, error, |shell| recovery_of(shell, &data))
}

/// Makes a link, and goes there.
///
/// # Errors
/// As [`recovery`], [`Refused::Stale`], or if the database fails.
pub async fn recover(visit: &Visit<'_>, form: &Form) -> Result<Answer, Refused> {
    visit.check_open(form)?;
    if !is_offered(visit) {
        return Err(Refused::NotFound);
    }
    let secret = settings::set_up_secret(visit.env);
    let email = form.get("email");
    let made = visit
        .accounts()
        .recover(secret.as_ref(), form.get("secret"), email)
        .await;
    match made {
        Ok(token) => Ok(Answer::see_other(format!(
            "{}/{}",
            path::RESET,
            token.reveal()
        ))),
        Err(AccountsError::Unavailable(fault)) => Err(fault.into()),
        Err(error) => Ok(recovery_shown(visit, email, Some(&error))),
    }
}
