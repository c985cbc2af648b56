//! Set-up: the first owner, made once, by whoever holds the set-up secret.
//!
//! The secret is the operator's, from the deployment's configuration. That it works once is decided by one row of one statement: the
//! rest of the batch writes only if that row names the person it would make.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::accounts::Accounts;
use crate::database::{Statement, StoreFault};
use crate::email::Email;
use crate::failure::AccountsError;
use crate::password::Password;
use crate::person::Name;
use crate::session::{Browser, OpenSession, Proof};

/// Fewest characters of a set-up secret that is taken seriously.
const MIN_SECRET_CHARS: usize = 20;

/// The operator's set-up secret. `Debug` hides it.
pub struct SetUpSecret(String);

impl fmt::Debug for SetUpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetUpSecret(…)")
    }
}

impl SetUpSecret {
    /// The secret configured; none if it is too short to be one, so that an empty variable opens nothing.
    pub fn configured(text: &str) -> Option<Self> {
        let text = text.trim();
        (text.chars().count() >= MIN_SECRET_CHARS).then(|| Self(text.to_owned()))
    }

    /// Whether `given` is it, in a time that does not depend on where they differ.
    pub fn matches(&self, given: &str) -> bool {
        let digest = |text: &str| Sha256::digest(text.trim().as_bytes());
        digest(&self.0).ct_eq(&digest(given)).into()
    }
}

/// What the set-up form says.
pub struct FirstOwner<'a> {
    /// The secret given.
    pub secret: &'a str,
    /// The owner's name.
    pub name: &'a str,
    /// The owner's address.
    pub email: &'a str,
    /// The owner's password.
    pub password: &'a str,
    /// What to call the organization.
    pub organization: &'a str,
}

impl Accounts<'_> {
    /// Whether nobody has set this deployment up.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn set_up_is_open(&self) -> Result<bool, StoreFault> {
        let [found] = self
            .run([Statement::new(
                "SELECT 1 AS one WHERE NOT EXISTS (SELECT 1 FROM installation) AND NOT EXISTS (SELECT 1 FROM users)",
                [],
            )])
            .await?;
        Ok(!found.rows.is_empty())
    }

    /// Makes the first owner and their organization, and signs them in. They also come to own the organizations that have no members yet.
    ///
    /// # Errors
    /// [`AccountsError::SetUpClosed`] for a wrong secret, and for everybody but the first.
    pub async fn set_up(
        &self,
        configured: Option<&SetUpSecret>,
        form: &FirstOwner<'_>,
        browser: &Browser,
    ) -> Result<OpenSession, AccountsError> {
        if !configured.is_some_and(|secret| secret.matches(form.secret)) {
            return Err(AccountsError::SetUpClosed);
        }
        let (name, organization) = (Name::parse(form.name)?, Name::parse(form.organization)?);
        let email = Email::parse(form.email)?;
        let password = Password::new(form.password);
        password.check_new(&email)?;
        // Asked before the costly hash; decided below.
        if !self.set_up_is_open().await? {
            return Err(AccountsError::SetUpClosed);
        }
        let phc = self.new_hash(&password)?;
        let (user_id, organization_id) = (self.id(), self.id());
        let (session, [open, known, replace]) =
            self.open(&user_id, "set-up", browser, &Proof::Account);
        let user = || user_id.as_str().into();
        let [claimed, ..] = self
            .run([
                Statement::new(
                    "INSERT INTO installation (id, owner_id, set_up_at) SELECT 1, ?1, ?2 \
                     WHERE NOT EXISTS (SELECT 1 FROM users) ON CONFLICT (id) DO NOTHING",
                    [user(), self.now_ms.into()],
                ),
                Statement::new(
                    "INSERT INTO users (id, email, name, created_at) SELECT owner_id, ?2, ?3, set_up_at FROM installation WHERE owner_id = ?1",
                    [user(), email.as_str().into(), name.as_str().into()],
                ),
                Statement::new(
                    "INSERT INTO passwords (user_id, phc, changed_at) SELECT owner_id, ?2, set_up_at FROM installation WHERE owner_id = ?1",
                    [user(), phc.into()],
                ),
                Statement::new(
                    "INSERT INTO organizations (id, name, created_at) SELECT ?2, ?3, set_up_at FROM installation WHERE owner_id = ?1",
                    [user(), organization_id.into(), organization.as_str().into()],
                ),
                Statement::new(
                    "INSERT INTO members (organization_id, user_id, role, sees, created_at) \
                     SELECT o.id, i.owner_id, 'owner', 'all', i.set_up_at FROM installation i, organizations o \
                     WHERE i.owner_id = ?1 AND NOT EXISTS (SELECT 1 FROM members m WHERE m.organization_id = o.id)",
                    [user()],
                ),
                open,
                known,
                replace,
            ])
            .await?;
        if claimed.changed() {
            Ok(session)
        } else {
            Err(AccountsError::SetUpClosed)
        }
    }

    /// The hash of a password already checked.
    pub(crate) fn new_hash(&self, password: &Password) -> Result<String, AccountsError> {
        self.policy
            .password_cost
            .hash(password, self.entropy)
            .ok_or_else(|| {
                AccountsError::Unavailable(StoreFault("Argon2 could not hash".to_owned()))
            })
    }
}

#[cfg(test)]
mod tests;
