//! A forgotten password: a link that lets its person set a new one, once.
//!
//! Made by whoever stands above the person in every organization they belong to, since the link opens all of them; or by whoever holds
//! the operator's set-up secret. The link carries a random token and the database its hash. Its use is decided by one update; the rest of
//! the batch writes only if that update bears the id of this use. A link is worth no more than its maker is when it is used.

use crate::accounts::Accounts;
use crate::authority::{Action, Actor};
use crate::database::Statement;
use crate::email::Email;
use crate::failure::AccountsError;
use crate::password::Password;
use crate::session::{Browser, OpenSession, Proof};
use crate::set_up::SetUpSecret;
use crate::token::Token;

/// Text before and after the rule that `$maker` stands at least as high as `$person` wherever that person belongs, and somewhere does.
macro_rules! above_everywhere {
    ($before:literal, $person:literal, $maker:literal, $after:literal) => {
        concat!(
            $before,
            " EXISTS (SELECT 1 FROM members m WHERE m.user_id = ",
            $person,
            ") AND NOT EXISTS (SELECT 1 FROM members m WHERE m.user_id = ",
            $person,
            " AND NOT EXISTS (SELECT 1 FROM members a JOIN users v ON v.id = a.user_id \
               WHERE a.organization_id = m.organization_id AND a.user_id = ",
            $maker,
            " AND v.disabled_at IS NULL AND (a.role = 'owner' OR (a.role = 'admin' AND m.role <> 'owner')))) ",
            $after
        )
    };
}

/// That the maker of the link `r` could still make it.
macro_rules! made_by_somebody_above {
    ($before:literal, $after:literal) => {
        above_everywhere!($before, "r.user_id", "r.made_by", $after)
    };
}

/// Whose password a link sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgetful {
    /// The person.
    pub user_id: String,
    /// The address.
    pub email: Email,
}

impl Accounts<'_> {
    /// Makes a link for a member who forgot their password; earlier ones for them are void. The token is shown once.
    ///
    /// # Errors
    /// [`AccountsError::Forbidden`]; [`AccountsError::NoReset`] for somebody the actor does not stand above everywhere.
    pub async fn offer_reset(&self, actor: &Actor, user_id: &str) -> Result<Token, AccountsError> {
        actor.must(Action::SeeMembers)?;
        let token = Token::new(self.entropy);
        let [made, _] = self
            .run([
                Statement::new(
                    above_everywhere!(
                        "INSERT INTO password_resets (token_hash, user_id, made_by, created_at, expires_at) \
                         SELECT ?1, u.id, ?3, ?4, ?5 FROM users u WHERE u.id = ?2 AND u.id <> ?3 AND u.disabled_at IS NULL \
                         AND EXISTS (SELECT 1 FROM passwords p WHERE p.user_id = u.id) AND",
                        "?2",
                        "?3",
                        "AND EXISTS (SELECT 1 FROM members n WHERE n.user_id = ?2 AND n.organization_id = ?6)"
                    ),
                    [
                        token.hash().as_str().into(),
                        user_id.into(),
                        actor.user_id.as_str().into(),
                        self.now_ms.into(),
                        (self.now_ms + self.policy.reset_ms).into(),
                        actor.organization_id.as_str().into(),
                    ],
                ),
                void_others(&token, user_id),
            ])
            .await?;
        if made.changed() {
            Ok(token)
        } else {
            Err(AccountsError::NoReset)
        }
    }

    /// Makes a link for whoever holds the operator's secret, for an account with that address.
    ///
    /// # Errors
    /// [`AccountsError::RecoveryClosed`] for a wrong secret and for an unknown address alike.
    pub async fn recover(
        &self,
        configured: Option<&SetUpSecret>,
        secret: &str,
        email: &str,
    ) -> Result<Token, AccountsError> {
        if !configured.is_some_and(|configured| configured.matches(secret)) {
            return Err(AccountsError::RecoveryClosed);
        }
        let email = Email::parse(email)?;
        let token = Token::new(self.entropy);
        let [made] = self
            .run([Statement::new(
                "INSERT INTO password_resets (token_hash, user_id, made_by, created_at, expires_at) \
                 SELECT ?1, u.id, NULL, ?3, ?4 FROM users u WHERE u.email = ?2 AND u.disabled_at IS NULL",
                [
                    token.hash().as_str().into(),
                    email.as_str().into(),
                    self.now_ms.into(),
                    (self.now_ms + self.policy.reset_ms).into(),
                ],
            )])
            .await?;
        if made.changed() {
            Ok(token)
        } else {
            Err(AccountsError::RecoveryClosed)
        }
    }

    /// Whose password an open link sets.
    ///
    /// # Errors
    /// [`AccountsError::ResetClosed`] for any that is not open.
    pub async fn forgetful(&self, token: &Token) -> Result<Forgetful, AccountsError> {
        let [found] = self
            .run([Statement::new(
                made_by_somebody_above!(
                    "SELECT u.id AS user_id, u.email FROM password_resets r JOIN users u ON u.id = r.user_id \
                     WHERE r.token_hash = ?1 AND r.used_by IS NULL AND r.expires_at > ?2 AND u.disabled_at IS NULL AND (r.made_by IS NULL OR",
                    ")"
                ),
                [token.hash().as_str().into(), self.now_ms.into()],
            )])
            .await?;
        let row = found.rows.first().ok_or(AccountsError::ResetClosed)?;
        Ok(Forgetful {
            user_id: row.text("user_id")?,
            email: Email::parse(&row.text("email")?)?,
        })
    }

    /// Sets the password of a link's person, ends their sessions, and signs them in.
    ///
    /// # Errors
    /// [`AccountsError::ResetClosed`], or what is wrong with the password.
    pub async fn set_forgotten(
        &self,
        token: &Token,
        new: &str,
        browser: &Browser,
    ) -> Result<OpenSession, AccountsError> {
        let person = self.forgetful(token).await?;
        let new = Password::new(new);
        new.check_new(&person.email)?;
        let phc = self.new_hash(&new)?;
        let use_id = self.id();
        let (session, [open, known, replace]) =
            self.open(&person.user_id, "password", browser, &Proof::Password(&phc));
        let [used, ..] = self
            .run([
                Statement::new(
                    made_by_somebody_above!(
                        "UPDATE password_resets AS r SET used_by = ?3 \
                         WHERE r.token_hash = ?1 AND r.used_by IS NULL AND r.expires_at > ?2 AND r.user_id = ?4 \
                         AND EXISTS (SELECT 1 FROM users u WHERE u.id = r.user_id AND u.disabled_at IS NULL) AND (r.made_by IS NULL OR",
                        ")"
                    ),
                    [
                        token.hash().as_str().into(),
                        self.now_ms.into(),
                        use_id.as_str().into(),
                        person.user_id.as_str().into(),
                    ],
                ),
                Statement::new(
                    "INSERT INTO passwords (user_id, phc, changed_at) SELECT user_id, ?2, ?3 FROM password_resets WHERE used_by = ?1 \
                     ON CONFLICT (user_id) DO UPDATE SET phc = excluded.phc, changed_at = excluded.changed_at",
                    [use_id.as_str().into(), phc.as_str().into(), self.now_ms.into()],
                ),
                of_use(
                    "DELETE FROM browser_sessions WHERE user_id IN (SELECT user_id FROM password_resets WHERE used_by = ?1)",
                    &use_id,
                ),
                of_use(
                    "DELETE FROM known_browsers WHERE user_id IN (SELECT user_id FROM password_resets WHERE used_by = ?1)",
                    &use_id,
                ),
                open,
                known,
                replace,
            ])
            .await?;
        if used.changed() {
            Ok(session)
        } else {
            Err(AccountsError::ResetClosed)
        }
    }
}

fn of_use(sql: &'static str, use_id: &str) -> Statement {
    Statement::new(sql, [use_id.into()])
}

/// Makes other open links for the same person void, if this one was made.
fn void_others(token: &Token, user_id: &str) -> Statement {
    Statement::new(
        "DELETE FROM password_resets WHERE user_id = ?2 AND token_hash <> ?1 AND used_by IS NULL \
         AND EXISTS (SELECT 1 FROM password_resets WHERE token_hash = ?1)",
        [token.hash().as_str().into(), user_id.into()],
    )
}

#[cfg(test)]
mod tests;
