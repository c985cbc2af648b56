//! Signing in with e-mail and password, and changing the password.
//!
//! Three round trips whether the account exists or not: who it would be; the attempt, counted; and, if the password is right, the session.
//! An unknown address, an account without a password, a disabled one and a wrong password cost one Argon2 each and answer alike.

use crate::accounts::Accounts;
use crate::database::{Statement, StoreFault};
use crate::email::Email;
use crate::failure::AccountsError;
use crate::password::{Password, Verdict};
use crate::session::{Browser, OpenSession, Proof, SignedIn};
use crate::source::Source;
use crate::throttle::{Counter, ThrottlePolicy, retry_after_s};

/// What the sign-in form and its request say.
pub struct SignInRequest<'a> {
    /// The address typed.
    pub email: &'a str,
    /// The password typed.
    pub password: &'a str,
    /// Where the request comes from.
    pub source: Source,
    /// The browser.
    pub browser: Browser,
}

/// What became of an attempt.
#[derive(Debug)]
pub enum SignInOutcome {
    /// They are in.
    SignedIn(OpenSession),
    /// Address or password is wrong: not told apart. Holds the account's id for the audit, if there is one.
    Refused {
        /// Whose account it would have been.
        user_id: Option<String>,
    },
    /// Too many wrong ones lately; this one was not looked at.
    SlowDown {
        /// From when on it is worth trying.
        retry_after_s: i64,
    },
}

/// An account, as far as signing in needs it.
#[derive(Default)]
struct Candidate {
    user_id: Option<String>,
    phc: Option<String>,
    browser_is_known: bool,
}

impl Accounts<'_> {
    /// Signs somebody in, or not.
    ///
    /// # Errors
    /// [`StoreFault`] if the database fails; then nobody is told a password is wrong that may be right.
    pub async fn sign_in(&self, request: &SignInRequest<'_>) -> Result<SignInOutcome, StoreFault> {
        let email = Email::parse(request.email).ok();
        let candidate = self.candidate(email.as_ref(), &request.browser).await?;
        let throttle = &self.policy.throttle;
        // What is no address counts as it stands: it costs a guess as any other.
        let account = email.as_ref().map_or(request.email, Email::as_str);
        let (own, shared) = match &request.browser.known {
            Some(known) if candidate.browser_is_known => {
                let own = throttle.browser(&format!("{}\0{account}", known.hash().as_str()));
                (own.clone(), own)
            }
            _ => (
                throttle.account(account),
                throttle.source(request.source.as_str()),
            ),
        };
        if let Some(retry_after_s) = self.must_wait(&own, &shared).await? {
            return Ok(SignInOutcome::SlowDown { retry_after_s });
        }
        let password = Password::new(request.password);
        let verdict = self
            .policy
            .password_cost
            .verify(&password, candidate.phc.as_deref());
        let refused = SignInOutcome::Refused {
            user_id: candidate.user_id.clone(),
        };
        let (Verdict::Right { outdated }, Some(user_id), Some(phc)) =
            (verdict, candidate.user_id, candidate.phc)
        else {
            return Ok(refused);
        };
        let renewed = match outdated {
            true => self.policy.password_cost.hash(&password, self.entropy),
            false => None,
        };
        let (session, [open, known, replace]) = self.open(
            &user_id,
            "password",
            &request.browser,
            &Proof::Password(&phc),
        );
        let [opened, ..] = self
            .run([
                open,
                known,
                replace,
                ThrottlePolicy::give_back(&shared),
                ThrottlePolicy::forget(&own),
                Statement::new(
                    "UPDATE passwords SET phc = ?3 WHERE user_id = ?1 AND phc = ?2",
                    [
                        user_id.as_str().into(),
                        phc.as_str().into(),
                        renewed.as_deref().unwrap_or(&phc).into(),
                    ],
                ),
            ])
            .await?;
        // The password was changed, or the account disabled, while this one was being compared.
        Ok(if opened.changed() {
            SignInOutcome::SignedIn(session)
        } else {
            refused
        })
    }

    /// Gives the person another password. Ends their other sessions, and makes other browsers unknown again.
    ///
    /// # Errors
    /// [`AccountsError::WrongPassword`], [`AccountsError::SlowDown`], or why the new one is not taken.
    pub async fn change_password(
        &self,
        signed_in: &SignedIn,
        current: &str,
        new: &str,
        browser: &Browser,
    ) -> Result<OpenSession, AccountsError> {
        let user_id = signed_in.person.id.as_str();
        let new = Password::new(new);
        new.check_new(&signed_in.person.email)?;
        let own = self.policy.throttle.browser(&format!("change\0{user_id}"));
        if let Some(retry_after_s) = self.must_wait(&own, &own).await? {
            return Err(AccountsError::SlowDown { retry_after_s });
        }
        let [stored] = self
            .run([Statement::new(
                "SELECT phc FROM passwords WHERE user_id = ?1",
                [user_id.into()],
            )])
            .await?;
        let phc = match stored.rows.first() {
            Some(row) => Some(row.text("phc")?),
            None => None,
        };
        let verdict = self
            .policy
            .password_cost
            .verify(&Password::new(current), phc.as_deref());
        let (Verdict::Right { .. }, Some(phc)) = (verdict, phc) else {
            return Err(AccountsError::WrongPassword);
        };
        let renewed = self.new_hash(&new)?;
        let browser = Browser {
            session: Some(signed_in.token().clone()),
            ..browser.clone()
        };
        let (session, [open, known, replace]) =
            self.open(user_id, "password", &browser, &Proof::Password(&renewed));
        let [changed, ..] = self
            .run([
                Statement::new(
                    "UPDATE passwords SET phc = ?3, changed_at = ?4 WHERE user_id = ?1 AND phc = ?2",
                    [
                        user_id.into(),
                        phc.into(),
                        renewed.as_str().into(),
                        self.now_ms.into(),
                    ],
                ),
                Statement::new(
                    "DELETE FROM browser_sessions WHERE user_id = ?1 \
                     AND EXISTS (SELECT 1 FROM passwords WHERE user_id = ?1 AND phc = ?2)",
                    [user_id.into(), renewed.as_str().into()],
                ),
                Statement::new(
                    "DELETE FROM known_browsers WHERE user_id = ?1 \
                     AND EXISTS (SELECT 1 FROM passwords WHERE user_id = ?1 AND phc = ?2)",
                    [user_id.into(), renewed.as_str().into()],
                ),
                open,
                known,
                replace,
                ThrottlePolicy::forget(&own),
            ])
            .await?;
        if changed.changed() {
            Ok(session)
        } else {
            Err(AccountsError::WrongPassword)
        }
    }

    async fn candidate(
        &self,
        email: Option<&Email>,
        browser: &Browser,
    ) -> Result<Candidate, StoreFault> {
        let known = browser
            .known
            .as_ref()
            .map_or_else(String::new, |token| token.hash().as_str().to_owned());
        let [found] = self
            .run([Statement::new(
                "SELECT u.id AS user_id, CASE WHEN u.disabled_at IS NULL THEN p.phc END AS phc, \
                 EXISTS (SELECT 1 FROM known_browsers k WHERE k.token_hash = ?2 AND k.user_id = u.id AND k.expires_at > ?3) AS known \
                 FROM users u LEFT JOIN passwords p ON p.user_id = u.id WHERE u.email = ?1",
                [
                    email.map_or("", Email::as_str).into(),
                    known.into(),
                    self.now_ms.into(),
                ],
            )])
            .await?;
        let Some(row) = found.rows.first() else {
            return Ok(Candidate::default());
        };
        Ok(Candidate {
            user_id: Some(row.text("user_id")?),
            phc: row.text_if_any("phc")?,
            browser_is_known: row.integer("known")? != 0,
        })
    }

    /// Counts an attempt, or tells how long to wait.
    async fn must_wait(&self, own: &Counter, shared: &Counter) -> Result<Option<i64>, StoreFault> {
        let [reserved, blocked] = self
            .run([
                self.policy.throttle.reserve(own, shared, self.now_ms),
                ThrottlePolicy::blocked_until(own, shared),
            ])
            .await?;
        if reserved.changed() {
            return Ok(None);
        }
        retry_after_s(&blocked, self.now_ms).map(Some)
    }
}

#[cfg(test)]
mod tests;
