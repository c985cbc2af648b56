//! The landing page: how to connect.

use sightline_console::pages::{LandingPage, landing};

use crate::console::answer::Answer;
use crate::console::refused::Refused;
use crate::console::visit::Visit;

/// The page. It is shown as well while the database cannot be asked who is signed in.
///
/// # Errors
/// None of its own.
pub async fn page(visit: &Visit<'_>) -> Result<Answer, Refused> {
    let nav = match visit.seated().await {
        Ok(seat) => seat.and_then(|seat| seat.nav()),
        Err(Refused::Unavailable { slug, detail }) => {
            visit.note_fault(slug, &sightline_accounts::StoreFault(detail));
            None
        }
        Err(refused) => return Err(refused),
    };
    let endpoint = visit.realm.resource();
    Ok(Answer::page(&landing(
        &visit.shell(nav),
        &LandingPage {
            endpoint: &endpoint,
        },
    )))
}
