//! Signing in with a password, and out.

use http::StatusCode;
use sightline_accounts::{
    AccountsError, OpenSession, SESSION_COOKIE, SignInOutcome, SignInRequest, Token, clear_cookie,
};
use sightline_console::pages::{SignInPage, sign_in as page_of};
use sightline_console::{Status, path};

use crate::console::answer::Answer;
use crate::console::authorize;
use crate::console::destination::Destination;
use crate::console::form::Form;
use crate::console::note::Note;
use crate::console::record::Event;
use crate::console::refused::Refused;
use crate::console::settings;
use crate::console::visit::{Visit, failed};

/// The page. Whoever is signed in already goes on.
///
/// # Errors
/// If the database fails or the provider's settings are wrong.
pub async fn page(visit: &Visit<'_>) -> Result<Answer, Refused> {
    let next = Destination::parse(visit.query.get("next"));
    if visit.signed_in().await?.is_some() {
        return Ok(Answer::see_other(next.as_str()));
    }
    shown(visit, &next, "", None).await
}

/// The page, saying for which app it is if one waits: who asks and where the answer goes is known before anybody is sent to a provider.
async fn shown(
    visit: &Visit<'_>,
    next: &Destination,
    email: &str,
    refusal: Option<(StatusCode, Option<Status>)>,
) -> Result<Answer, Refused> {
    let provider = settings::provider(visit.env)?;
    let app = authorize::waiting_app(visit, next).await?;
    let (status, shell) = match refusal {
        Some((status, message)) => (status, visit.shell_with(None, message)),
        None => (StatusCode::OK, visit.shell(None)),
    };
    let page = page_of(
        &shell,
        &SignInPage {
            csrf: visit.open_csrf(),
            next: next.as_str(),
            email,
            by_password: settings::has_passwords(visit.env),
            provider: provider.as_ref().map(|provider| provider.name.as_str()),
            app: app.as_deref(),
        },
    );
    Ok(Answer::page_with(status, &page))
}

/// Checks address and password.
///
/// # Errors
/// [`Refused::Stale`], or if the database fails: then nobody is told that a password is wrong which may be right.
pub async fn sign_in(visit: &Visit<'_>, form: &Form) -> Result<Answer, Refused> {
    visit.check_open(form)?;
    if !settings::has_passwords(visit.env) {
        return Err(Refused::NotFound);
    }
    let next = Destination::parse(form.get("next"));
    let request = SignInRequest {
        email: form.get("email"),
        password: form.get("password"),
        source: visit.source(),
        browser: visit.browser(),
    };
    let (status, text) = match visit.accounts().sign_in(&request).await? {
        SignInOutcome::SignedIn(session) => {
            return let_in(visit, &session, "password", &next).await;
        }
        SignInOutcome::Refused { user_id } => {
            // Asked of the database for unknown accounts as well, so that the time it takes tells nothing.
            let user_id = user_id.unwrap_or_default();
            visit.record(None, &user_id, Event::SignInRefused).await;
            visit.note_slug("sign_in_refused");
            let text = "E-mail or password is not right.".to_owned();
            (StatusCode::UNPROCESSABLE_ENTITY, text)
        }
        SignInOutcome::SlowDown { retry_after_s } => {
            let message = visit.told(&AccountsError::SlowDown { retry_after_s });
            let refusal = Some((StatusCode::TOO_MANY_REQUESTS, message));
            let answer = shown(visit, &next, form.get("email"), refusal).await?;
            return Ok(answer.after(retry_after_s));
        }
    };
    shown(
        visit,
        &next,
        form.get("email"),
        Some((status, failed(text))),
    )
    .await
}

/// Gives the browser its session, and sends it on.
///
/// # Errors
/// None of its own.
pub async fn let_in(
    visit: &Visit<'_>,
    session: &OpenSession,
    by: &str,
    next: &Destination,
) -> Result<Answer, Refused> {
    for cookie in session.cookies() {
        visit.set_cookie(cookie);
    }
    let user_id = &session.user_id;
    visit.record(None, user_id, Event::SignedIn(by)).await;
    Ok(Answer::see_other(next.as_str()))
}

/// Ends the session. The cookie goes only once the session has ended.
///
/// # Errors
/// [`Refused::Stale`], or if the database fails: the person is still signed in then, and told so.
pub async fn sign_out(visit: &Visit<'_>, form: &Form) -> Result<Answer, Refused> {
    if let Some(signed_in) = visit.signed_in().await? {
        visit.check_form(&signed_in, form)?;
        if let Some(token) = visit.cookie(SESSION_COOKIE).and_then(Token::parse) {
            visit.accounts().sign_out(&token).await?;
        }
        let user_id = &signed_in.person.id;
        visit.record(None, user_id, Event::SignedOut).await;
    }
    visit.set_cookie(clear_cookie(SESSION_COOKIE));
    Ok(Answer::see_other(Note::SignedOut.at(path::SIGN_IN)))
}
