//! Invitations: a link that lets one person into an organization, once.
//!
//! The link carries a random token and the database its hash. Who takes it is decided by one update; the rest of the batch writes only if
//! that update named the person. An invitation is worth no more than its inviter is when it is taken.

use crate::accounts::Accounts;
use crate::authority::{Action, Actor};
use crate::database::{Row, Statement, StoreFault};
use crate::email::Email;
use crate::failure::AccountsError;
use crate::membership::{Role, Sees, role};
use crate::password::Password;
use crate::person::Name;
use crate::session::{Browser, OpenSession, Proof, SignedIn};
use crate::token::Token;

/// What the invitation form says.
pub struct NewInvitation<'a> {
    /// For this address only; for whoever has the link, if empty.
    pub email: &'a str,
    /// As what.
    pub role: Role,
    /// Seeing what.
    pub sees: Sees,
}

/// An open invitation, as admins see it listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The id.
    pub id: String,
    /// For whom, if for one address only.
    pub email: Option<Email>,
    /// As what.
    pub role: Role,
    /// Who made it.
    pub invited_by: String,
    /// When, in ms since 1970 UTC.
    pub created_ms: i64,
    /// Until when it is good.
    pub expires_ms: i64,
}

/// What the holder of a link is shown before taking it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationPreview {
    /// The organization.
    pub organization_name: String,
    /// Who invites.
    pub invited_by: String,
    /// As what.
    pub role: Role,
    /// For whom, if for one address only.
    pub email: Option<Email>,
    /// Until when, in ms since 1970 UTC.
    pub expires_ms: i64,
}

/// What became of taking an invitation while signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AcceptOutcome {
    /// They belong to the organization now.
    Joined,
    /// They did before; the invitation stays good for somebody else.
    AlreadyMember,
}

/// That the invitation `i` is open at `?2`, and its inviter could still make it.
macro_rules! open_invitation {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " i.token_hash = ?1 AND i.accepted_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > ?2 \
             AND EXISTS (SELECT 1 FROM members a JOIN users v ON v.id = a.user_id \
               WHERE a.organization_id = i.organization_id AND a.user_id = i.invited_by AND v.disabled_at IS NULL \
               AND (a.role = 'owner' OR (a.role = 'admin' AND i.role <> 'owner'))) ",
            $after
        )
    };
}

impl Accounts<'_> {
    /// Makes an invitation. The token goes into the link, and is shown once.
    ///
    /// # Errors
    /// [`AccountsError::Forbidden`], or what is wrong with the form.
    pub async fn invite(
        &self,
        actor: &Actor,
        form: &NewInvitation<'_>,
    ) -> Result<(Token, String), AccountsError> {
        actor.must(Action::Invite { role: form.role })?;
        if form.role != Role::Member && form.sees != Sees::All {
            return Err(AccountsError::SeesAll);
        }
        let email = match form.email.trim() {
            "" => None,
            text => Some(Email::parse(text)?),
        };
        let (token, id) = (Token::new(self.entropy), self.id());
        let [made, _] = self
            .run([
                Statement::new(
                    "INSERT INTO invitations (id, token_hash, organization_id, email, role, sees, invited_by, created_at, expires_at) \
                     SELECT ?1, ?2, a.organization_id, ?4, ?5, ?6, a.user_id, ?7, ?8 FROM members a \
                     WHERE a.organization_id = ?3 AND a.user_id = ?9 AND (a.role = 'owner' OR (a.role = 'admin' AND ?5 <> 'owner'))",
                    [
                        id.as_str().into(),
                        token.hash().as_str().into(),
                        actor.organization_id.as_str().into(),
                        email.as_ref().map(Email::as_str).into(),
                        form.role.name().into(),
                        form.sees.name().into(),
                        self.now_ms.into(),
                        (self.now_ms + self.policy.invitation_ms).into(),
                        actor.user_id.as_str().into(),
                    ],
                ),
                Statement::new(
                    "INSERT INTO invitation_projects (invitation_id, project_id) SELECT i.id, p.id FROM invitations i \
                     JOIN projects p ON p.organization_id = i.organization_id \
                     WHERE i.id = ?1 AND p.id IN (SELECT value FROM json_each(?2))",
                    [id.as_str().into(), form.sees.ids_json().into()],
                ),
            ])
            .await?;
        if made.changed() {
            Ok((token, id))
        } else {
            Err(AccountsError::Gone)
        }
    }

    /// The organization's open invitations, the latest first.
    ///
    /// # Errors
    /// [`AccountsError::Forbidden`], or the database's failure.
    pub async fn invitations(&self, actor: &Actor) -> Result<Vec<Invitation>, AccountsError> {
        actor.must(Action::SeeMembers)?;
        let [found] = self
            .run([Statement::new(
                "SELECT i.id, i.email, i.role, i.created_at, i.expires_at, COALESCE(u.name, u.email) AS invited_by \
                 FROM invitations i JOIN users u ON u.id = i.invited_by \
                 WHERE i.organization_id = ?1 AND i.accepted_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > ?2 \
                 ORDER BY i.created_at DESC, i.id LIMIT 500",
                [actor.organization_id.as_str().into(), self.now_ms.into()],
            )])
            .await?;
        let read = |row: &Row| {
            Ok::<_, StoreFault>(Invitation {
                id: row.text("id")?,
                email: address(row)?,
                role: role(row)?,
                invited_by: row.text("invited_by")?,
                created_ms: row.integer("created_at")?,
                expires_ms: row.integer("expires_at")?,
            })
        };
        Ok(found.rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Takes an invitation back.
    ///
    /// # Errors
    /// [`AccountsError::Gone`] if it is not open any more, or invites an owner and the actor is none.
    pub async fn revoke_invitation(&self, actor: &Actor, id: &str) -> Result<(), AccountsError> {
        actor.must(Action::Invite { role: Role::Member })?;
        let [revoked] = self
            .run([Statement::new(
                "UPDATE invitations SET revoked_at = ?3 \
                 WHERE id = ?1 AND organization_id = ?2 AND accepted_at IS NULL AND revoked_at IS NULL \
                 AND EXISTS (SELECT 1 FROM members a WHERE a.organization_id = ?2 AND a.user_id = ?4 \
                   AND (a.role = 'owner' OR (a.role = 'admin' AND invitations.role <> 'owner')))",
                [
                    id.into(),
                    actor.organization_id.as_str().into(),
                    self.now_ms.into(),
                    actor.user_id.as_str().into(),
                ],
            )])
            .await?;
        if revoked.changed() {
            Ok(())
        } else {
            Err(AccountsError::Gone)
        }
    }

    /// What an open invitation is for.
    ///
    /// # Errors
    /// [`AccountsError::InvitationClosed`] for any that is not open.
    pub async fn invitation(&self, token: &Token) -> Result<InvitationPreview, AccountsError> {
        let [found] = self
            .run([Statement::new(
                open_invitation!(
                    "SELECT i.email, i.role, i.expires_at, o.name AS organization_name, COALESCE(u.name, u.email) AS invited_by \
                     FROM invitations i JOIN organizations o ON o.id = i.organization_id JOIN users u ON u.id = i.invited_by WHERE",
                    ""
                ),
                [token.hash().as_str().into(), self.now_ms.into()],
            )])
            .await?;
        let row = found.rows.first().ok_or(AccountsError::InvitationClosed)?;
        Ok(InvitationPreview {
            organization_name: row.text("organization_name")?,
            invited_by: row.text("invited_by")?,
            role: role(row)?,
            email: address(row)?,
            expires_ms: row.integer("expires_at")?,
        })
    }

    /// Takes an invitation by making an account, and signs the person in.
    ///
    /// # Errors
    /// [`AccountsError::InvitationClosed`], [`AccountsError::SignInFirst`] if the address has an account, or what is wrong with the form.
    pub async fn accept_as_new(
        &self,
        token: &Token,
        email: &str,
        name: &str,
        password: &str,
        browser: &Browser,
    ) -> Result<OpenSession, AccountsError> {
        let preview = self.invitation(token).await?;
        let email = Email::parse(email)?;
        if preview.email.is_some_and(|only| only != email) {
            return Err(AccountsError::InvitationClosed);
        }
        let name = Name::parse(name)?;
        let password = Password::new(password);
        password.check_new(&email)?;
        let phc = self.new_hash(&password)?;
        let user_id = self.id();
        let (session, [open, known, replace]) =
            self.open(&user_id, "invitation", browser, &Proof::Account);
        let hash = token.hash();
        let [taken, _, _, joined, ..] = self
            .run([
                self.take(token, &user_id, &email),
                Statement::new(
                    "INSERT INTO users (id, email, name, created_at) SELECT i.accepted_by, ?3, ?4, ?5 FROM invitations i \
                     WHERE i.token_hash = ?1 AND i.accepted_by = ?2",
                    [
                        hash.as_str().into(),
                        user_id.as_str().into(),
                        email.as_str().into(),
                        name.as_str().into(),
                        self.now_ms.into(),
                    ],
                ),
                Statement::new(
                    "INSERT INTO passwords (user_id, phc, changed_at) SELECT id, ?2, ?3 FROM users WHERE id = ?1",
                    [user_id.as_str().into(), phc.into(), self.now_ms.into()],
                ),
                self.join(token, &user_id),
                self.show(token, &user_id),
                open,
                known,
                replace,
            ])
            .await?;
        if taken.changed() && joined.changed() {
            return Ok(session);
        }
        let [exists] = self
            .run([Statement::new(
                "SELECT 1 AS one FROM users WHERE email = ?1",
                [email.as_str().into()],
            )])
            .await?;
        Err(if exists.rows.is_empty() {
            AccountsError::InvitationClosed
        } else {
            AccountsError::SignInFirst
        })
    }

    /// Takes an invitation with the account signed in.
    ///
    /// # Errors
    /// [`AccountsError::InvitationClosed`].
    pub async fn accept_as(
        &self,
        token: &Token,
        signed_in: &SignedIn,
    ) -> Result<AcceptOutcome, AccountsError> {
        let user_id = signed_in.person.id.as_str();
        let [member, taken, ..] = self
            .run([
                Statement::new(
                    "SELECT 1 AS one FROM invitations i JOIN members m ON m.organization_id = i.organization_id AND m.user_id = ?2 \
                     WHERE i.token_hash = ?1",
                    [token.hash().as_str().into(), user_id.into()],
                ),
                self.take(token, user_id, &signed_in.person.email),
                self.join(token, user_id),
                self.show(token, user_id),
            ])
            .await?;
        match (member.rows.is_empty(), taken.changed()) {
            (_, true) => Ok(AcceptOutcome::Joined),
            (false, false) => Ok(AcceptOutcome::AlreadyMember),
            (true, false) => Err(AccountsError::InvitationClosed),
        }
    }

    /// The update that decides who takes the invitation: an account that exists and is not a member yet, or a new one whose address is free.
    fn take(&self, token: &Token, user_id: &str, email: &Email) -> Statement {
        Statement::new(
            open_invitation!(
                "UPDATE invitations AS i SET accepted_at = ?2, accepted_by = ?3 WHERE",
                "AND (i.email IS NULL OR i.email = ?4) \
                 AND NOT EXISTS (SELECT 1 FROM users u WHERE u.email = ?4 AND u.id <> ?3) \
                 AND NOT EXISTS (SELECT 1 FROM members m WHERE m.organization_id = i.organization_id AND m.user_id = ?3)"
            ),
            [
                token.hash().as_str().into(),
                self.now_ms.into(),
                user_id.into(),
                email.as_str().into(),
            ],
        )
    }

    fn join(&self, token: &Token, user_id: &str) -> Statement {
        Statement::new(
            "INSERT INTO members (organization_id, user_id, role, sees, created_at) \
             SELECT i.organization_id, i.accepted_by, i.role, i.sees, i.accepted_at FROM invitations i \
             WHERE i.token_hash = ?1 AND i.accepted_by = ?2 AND i.accepted_at = ?3 ON CONFLICT (organization_id, user_id) DO NOTHING",
            [
                token.hash().as_str().into(),
                user_id.into(),
                self.now_ms.into(),
            ],
        )
    }

    /// Lets the person who just took the invitation see what it names.
    fn show(&self, token: &Token, user_id: &str) -> Statement {
        Statement::new(
            "INSERT INTO member_projects (organization_id, user_id, project_id) \
             SELECT i.organization_id, m.user_id, p.project_id FROM invitations i \
             JOIN invitation_projects p ON p.invitation_id = i.id \
             JOIN members m ON m.organization_id = i.organization_id AND m.user_id = i.accepted_by \
             WHERE i.token_hash = ?1 AND i.accepted_by = ?2 AND i.accepted_at = ?3 ON CONFLICT DO NOTHING",
            [
                token.hash().as_str().into(),
                user_id.into(),
                self.now_ms.into(),
            ],
        )
    }
}

fn address(row: &Row) -> Result<Option<Email>, StoreFault> {
    row.text_if_any("email")?
        .map(|text| {
            Email::parse(&text).map_err(|_| StoreFault("a stored address is not one".to_owned()))
        })
        .transpose()
}

#[cfg(test)]
mod tests;
