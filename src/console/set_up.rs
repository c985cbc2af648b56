//! Setting the deployment up: its first owner, once.

use sightline_accounts::{AccountsError, FirstOwner};
use sightline_console::pages::{SetUpPage, set_up as page_of};
use sightline_console::path;

use crate::console::answer::Answer;
use crate::console::form::Form;
use crate::console::note::Note;
use crate::console::record::Event;
use crate::console::refused::Refused;
use crate::console::settings;
use crate::console::visit::Visit;

/// The form.
///
/// # Errors
/// [`Refused::NotFound`] once somebody was set up, or if no secret is configured: there is nothing to do here then.
pub async fn page(visit: &Visit<'_>) -> Result<Answer, Refused> {
    if settings::set_up_secret(visit.env).is_none() || !visit.accounts().set_up_is_open().await? {
        return Err(Refused::NotFound);
    }
    Ok(shown(visit, &Form::default(), None))
}

fn shown(visit: &Visit<'_>, typed: &Form, error: Option<&AccountsError>) -> Answer {
    let data = SetUpPage {
        csrf: visit.open_csrf(),
        name: typed.get("name"),
        email: typed.get("email"),
        organization: typed.get("organization"),
    };
    visit.show(None, error, |shell| page_of(shell, &data))
}

/// Makes the first owner, and signs them in.
///
/// # Errors
/// [`Refused::Stale`], or if the database fails.
pub async fn set_up(visit: &Visit<'_>, form: &Form) -> Result<Answer, Refused> {
    visit.check_open(form)?;
    let owner = FirstOwner {
        secret: form.get("secret"),
        name: form.get("name"),
        email: form.get("email"),
        password: form.get("password"),
        organization: form.get("organization"),
    };
    let secret = settings::set_up_secret(visit.env);
    let made = visit
        .accounts()
        .set_up(secret.as_ref(), &owner, &visit.browser())
        .await;
    match made {
        Ok(session) => {
            for cookie in session.cookies() {
                visit.set_cookie(cookie);
            }
            visit.record(None, &session.user_id, Event::SetUp).await;
            Ok(Answer::see_other(Note::SetUp.at(path::PROJECTS)))
        }
        Err(AccountsError::Unavailable(fault)) => Err(fault.into()),
        Err(error) => Ok(shown(visit, form, Some(&error))),
    }
}
