//! Taking an invitation: by a new account, or with the one signed in.

use sightline_accounts::{AcceptOutcome, AccountsError, Email, InvitationPreview, Token};
use sightline_console::pages::{InvitationPage, Invited, invitation as page_of};
use sightline_console::path;

use crate::console::answer::Answer;
use crate::console::destination::Destination;
use crate::console::form::Form;
use crate::console::note::Note;
use crate::console::record::Event;
use crate::console::refused::Refused;
use crate::console::seat::Seat;
use crate::console::sign_in::let_in;
use crate::console::visit::Visit;

/// The invitation of a link.
///
/// # Errors
/// [`AccountsError::InvitationClosed`] as a page; if the database fails.
pub async fn page(visit: &Visit<'_>, token: &str) -> Result<Answer, Refused> {
    let (token, preview) = open(visit, token).await?;
    let seat = visit.seated().await?;
    let form = Form::default();
    Ok(shown(visit, &token, &preview, seat.as_ref(), &form, None))
}

async fn open(visit: &Visit<'_>, token: &str) -> Result<(Token, InvitationPreview), Refused> {
    let token = Token::parse(token).ok_or(AccountsError::InvitationClosed)?;
    let preview = visit.accounts().invitation(&token).await?;
    Ok((token, preview))
}

fn shown(
    visit: &Visit<'_>,
    token: &Token,
    preview: &InvitationPreview,
    seat: Option<&Seat>,
    typed: &Form,
    error: Option<&AccountsError>,
) -> Answer {
    let (csrf, invited) = match seat {
        Some(seat) => (
            seat.csrf(),
            Invited::SignedIn {
                email: seat.signed_in.person.email.as_str(),
            },
        ),
        None => (
            visit.open_csrf(),
            Invited::New {
                name: typed.get("name"),
                email: typed
                    .given("email")
                    .or(preview.email.as_ref().map(Email::as_str))
                    .unwrap_or_default(),
            },
        ),
    };
    let data = InvitationPage {
        csrf,
        token: &token.reveal(),
        organization: &preview.organization_name,
        invited_by: &preview.invited_by,
        role: preview.role.name(),
        invited,
    };
    visit.show(None, error, |shell| page_of(shell, &data))
}

/// Takes it.
///
/// # Errors
/// As [`page`], and [`Refused::Stale`].
pub async fn take(visit: &Visit<'_>, form: &Form, token: &str) -> Result<Answer, Refused> {
    let (token, preview) = open(visit, token).await?;
    let Some(seat) = visit.seated().await? else {
        return take_as_new(visit, form, &token, &preview).await;
    };
    visit.check_form(&seat.signed_in, form)?;
    let taken = visit.accounts().accept_as(&token, &seat.signed_in).await?;
    let note = match taken {
        AcceptOutcome::Joined => {
            let user_id = &seat.signed_in.person.id;
            visit.record(None, user_id, Event::Joined).await;
            Note::Joined
        }
        AcceptOutcome::AlreadyMember => Note::AlreadyMember,
    };
    Ok(Answer::see_other(note.at(path::CONNECTIONS)))
}

async fn take_as_new(
    visit: &Visit<'_>,
    form: &Form,
    token: &Token,
    preview: &InvitationPreview,
) -> Result<Answer, Refused> {
    visit.check_open(form)?;
    let taken = visit
        .accounts()
        .accept_as_new(
            token,
            form.get("email"),
            form.get("name"),
            form.get("password"),
            &visit.browser(),
        )
        .await;
    match taken {
        Ok(session) => {
            visit.record(None, &session.user_id, Event::Joined).await;
            let next = Destination::parse(&Note::Joined.at(path::CONNECTIONS));
            let_in(visit, &session, "invitation", &next).await
        }
        Err(AccountsError::Unavailable(fault)) => Err(fault.into()),
        Err(error) => Ok(shown(visit, token, preview, None, form, Some(&error))),
    }
}
