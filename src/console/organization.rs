//! Choosing the organization to act in.

use sightline_console::path;

use crate::console::answer::Answer;
use crate::console::form::Form;
use crate::console::refused::Refused;
use crate::console::visit::Visit;

/// Chooses one of the person's own.
///
/// # Errors
/// [`Refused::NotFound`] for any other.
pub async fn choose(visit: &Visit<'_>, form: &Form) -> Result<Answer, Refused> {
    let seat = visit.seat_for(form).await?;
    visit.choose(&seat, form.get("organization"))?;
    Ok(Answer::see_other(path::CONNECTIONS))
}
