//! One's own account: password and sessions.

use sightline_accounts::{AccountsError, SESSION_COOKIE, SessionLine, clear_cookie};
use sightline_console::pages::{AccountPage, SessionRow, account as page_of};
use sightline_console::path;

use crate::console::answer::Answer;
use crate::console::form::Form;
use crate::console::note::Note;
use crate::console::record::Event;
use crate::console::refused::Refused;
use crate::console::seat::Seat;
use crate::console::visit::Visit;

/// The page.
///
/// # Errors
/// [`Refused::SignIn`]; if the database fails.
pub async fn page(visit: &Visit<'_>) -> Result<Answer, Refused> {
    let seat = visit.seat().await?;
    shown(visit, &seat, None).await
}

async fn shown(
    visit: &Visit<'_>,
    seat: &Seat,
    error: Option<&AccountsError>,
) -> Result<Answer, Refused> {
    let person = &seat.signed_in.person;
    let sessions = visit.accounts().sessions(&seat.signed_in).await?;
    let data = AccountPage {
        csrf: seat.csrf(),
        name: person.name.clone(),
        email: person.email.as_str().to_owned(),
        has_password: seat.signed_in.has_password,
        sessions: sessions.iter().map(|line| row(visit, line)).collect(),
    };
    Ok(visit.show(seat.nav(), error, |shell| page_of(shell, &data)))
}

fn row(visit: &Visit<'_>, line: &SessionLine) -> SessionRow {
    SessionRow {
        id: line.id.clone(),
        browser: browser_in_words(&line.browser),
        created: visit.moment(line.created_ms),
        last_seen: visit.moment(line.last_seen_ms),
        is_this: line.is_this,
    }
}

/// `Firefox on Linux` of a `User-Agent`; what says nothing known, as it stands. Only for people to tell their browsers apart.
fn browser_in_words(agent: &str) -> String {
    // The first that fits: later ones name earlier ones for old times' sake.
    const BROWSERS: [(&str, &str); 6] = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 7] = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "Mac"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    let name = |list: &[(&str, &'static str)]| {
        let found = list.iter().find(|(sign, _)| agent.contains(sign));
        found.map(|(_, name)| *name)
    };
    match (name(&BROWSERS), name(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) if agent.trim().is_empty() => "Unknown browser".to_owned(),
        (None, None) => agent.chars().take(60).collect(),
    }
}

/// Changes the password, and signs other browsers out.
///
/// # Errors
/// As [`page`], and [`Refused::Stale`].
pub async fn change_password(visit: &Visit<'_>, form: &Form) -> Result<Answer, Refused> {
    let seat = visit.seat_for(form).await?;
    let (current, new) = (form.get("current"), form.get("new"));
    let changed = visit
        .accounts()
        .change_password(&seat.signed_in, current, new, &visit.browser())
        .await;
    match changed {
        Ok(session) => {
            for cookie in session.cookies() {
                visit.set_cookie(cookie);
            }
            visit
                .record(None, &session.user_id, Event::PasswordChanged)
                .await;
            Ok(Answer::see_other(Note::PasswordChanged.at(path::ACCOUNT)))
        }
        Err(AccountsError::Unavailable(fault)) => Err(fault.into()),
        Err(error) => shown(visit, &seat, Some(&error)).await,
    }
}

/// Ends one of the person's other sessions.
///
/// # Errors
/// As [`change_password`].
pub async fn end_session(visit: &Visit<'_>, form: &Form) -> Result<Answer, Refused> {
    let seat = visit.seat_for(form).await?;
    let ended = visit
        .accounts()
        .end_session(&seat.signed_in, form.get("id"))
        .await;
    match ended {
        Ok(()) => {
            let user_id = &seat.signed_in.person.id;
            visit.record(None, user_id, Event::SessionEnded).await;
            Ok(Answer::see_other(Note::SessionEnded.at(path::ACCOUNT)))
        }
        Err(AccountsError::Unavailable(fault)) => Err(fault.into()),
        Err(error) => shown(visit, &seat, Some(&error)).await,
    }
}

/// Ends all of them, this one too.
///
/// # Errors
/// As [`change_password`].
pub async fn end_all(visit: &Visit<'_>, form: &Form) -> Result<Answer, Refused> {
    let seat = visit.seat_for(form).await?;
    visit
        .accounts()
        .sign_out_everywhere(&seat.signed_in)
        .await?;
    visit.set_cookie(clear_cookie(SESSION_COOKIE));
    let user_id = &seat.signed_in.person.id;
    visit.record(None, user_id, Event::SessionEnded).await;
    Ok(Answer::see_other(Note::SignedOut.at(path::SIGN_IN)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_told_in_words_that_its_owner_recognises() {
        for (agent, words) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
                "Firefox on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            ("curl/8.5.0", "curl/8.5.0"),
            ("", "Unknown browser"),
        ] {
            assert_eq!(browser_in_words(agent), words);
        }
    }
}
