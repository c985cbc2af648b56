//! Somebody signed in, acting in one of their organizations.

use sightline_accounts::{Action, Actor, Membership, Role, SignedIn, cookie};
use sightline_console::{Choice, Csrf, Nav};

use crate::console::form::Form;
use crate::console::refused::Refused;
use crate::console::visit::Visit;

/// Which organization was chosen last. It only picks among the person's own, so it need not be believed.
const ORGANIZATION_COOKIE: &str = "__Host-sightline-organization";
/// A year, in s.
const CHOICE_KEPT_S: i64 = 31_536_000;

/// A person at the console.
pub struct Seat {
    /// Who.
    pub signed_in: SignedIn,
    /// The index of the organization among their memberships.
    chosen: Option<usize>,
    csrf: Csrf,
}

impl Visit<'_> {
    /// Who opens the page.
    ///
    /// # Errors
    /// [`Refused::SignIn`] if nobody is signed in.
    pub async fn seat(&self) -> Result<Seat, Refused> {
        self.seated()
            .await?
            .ok_or_else(|| Refused::SignIn(self.here(false)))
    }

    /// Who opens the page, if somebody is signed in.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn seated(&self) -> Result<Option<Seat>, Refused> {
        let signed_in = self.signed_in().await?;
        Ok(signed_in.map(|signed_in| self.seat_of(signed_in)))
    }

    /// Who sent the form, which is theirs.
    ///
    /// # Errors
    /// [`Refused::SignIn`], [`Refused::Stale`].
    pub async fn seat_for(&self, form: &Form) -> Result<Seat, Refused> {
        let signed_in = self.signed_in().await?;
        let signed_in = signed_in.ok_or_else(|| Refused::SignIn(self.here(true)))?;
        self.check_form(&signed_in, form)?;
        Ok(self.seat_of(signed_in))
    }

    fn seat_of(&self, signed_in: SignedIn) -> Seat {
        let wanted = self.cookie(ORGANIZATION_COOKIE);
        Seat {
            chosen: chosen(&signed_in.memberships, wanted),
            csrf: self.csrf_of(&signed_in),
            signed_in,
        }
    }

    /// Remembers an organization of the person's as the one chosen.
    ///
    /// # Errors
    /// [`Refused::NotFound`] if it is none of theirs.
    pub fn choose(&self, seat: &Seat, organization_id: &str) -> Result<(), Refused> {
        seat.signed_in
            .actor_in(organization_id)
            .ok_or(Refused::NotFound)?;
        self.set_cookie(cookie(
            ORGANIZATION_COOKIE,
            organization_id,
            Some(CHOICE_KEPT_S),
        ));
        Ok(())
    }
}

/// The membership wanted, or the first.
fn chosen(memberships: &[Membership], wanted: Option<&str>) -> Option<usize> {
    let wanted = memberships
        .iter()
        .position(|membership| Some(membership.organization_id.as_str()) == wanted);
    wanted.or((!memberships.is_empty()).then_some(0))
}

impl Seat {
    /// The membership they act by.
    pub fn membership(&self) -> Option<&Membership> {
        self.signed_in.memberships.get(self.chosen?)
    }

    /// The person acting in the organization.
    ///
    /// # Errors
    /// [`Refused::Told`] if they belong to none.
    pub fn actor(&self) -> Result<Actor, Refused> {
        let membership = self.membership().ok_or_else(|| Refused::Told {
            status: http::StatusCode::FORBIDDEN,
            title: "You belong to no organization",
            text: "Ask an owner of yours for an invitation.".to_owned(),
            slug: "no_organization",
        })?;
        Ok(Actor::new(&self.signed_in.person.id, membership))
    }

    /// The person acting, if they may do that.
    ///
    /// # Errors
    /// [`Refused::Told`] with 403 if they may not.
    pub fn actor_who_may(&self, action: Action) -> Result<Actor, Refused> {
        let actor = self.actor()?;
        actor.must(action)?;
        Ok(actor)
    }

    /// Whether they may.
    pub fn may(&self, action: Action) -> bool {
        self.membership()
            .is_some_and(|membership| membership.role.may(action))
    }

    /// The token for the page's forms.
    pub fn csrf(&self) -> Csrf {
        self.csrf.clone()
    }

    /// The page's navigation.
    pub fn nav(&self) -> Option<Nav> {
        let chosen = self.membership();
        Some(Nav {
            person: self.signed_in.person.name.clone(),
            organizations: self
                .signed_in
                .memberships
                .iter()
                .map(|membership| Choice {
                    value: membership.organization_id.clone(),
                    label: membership.organization_name.clone(),
                    chosen: chosen == Some(membership),
                })
                .collect(),
            is_admin: chosen.is_some_and(|membership| membership.role >= Role::Admin),
            csrf: self.csrf(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_chooses_among_ones_own_organizations_only() {
        let membership = |id: &str| Membership {
            organization_id: id.to_owned(),
            organization_name: id.to_owned(),
            role: Role::Member,
            sees_all: true,
        };
        let own = [membership("a"), membership("b")];
        assert_eq!(chosen(&own, Some("b")), Some(1));
        assert_eq!(chosen(&own, Some("foreign")), Some(0));
        assert_eq!(chosen(&own, None), Some(0));
        assert_eq!(chosen(&[], Some("b")), None);
    }
}
