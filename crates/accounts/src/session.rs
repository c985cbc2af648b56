//! Browser sessions: who is signed in, where, and until when.
//!
//! The cookie holds a random token, the database its hash. A session ends when it is not used for a while, when its time is over, when its
//! person signs out or is disabled, or when the password changes elsewhere. Nothing is cached: the next request is out.

use crate::accounts::Accounts;
use crate::authority::Actor;
use crate::cookie::{BROWSER_COOKIE, SESSION_COOKIE, cookie};
use crate::csrf::CsrfKey;
use crate::database::{Statement, StoreFault, Value};
use crate::failure::AccountsError;
use crate::membership::Membership;
use crate::person::Person;
use crate::token::Token;

/// A session is marked as used at most this often: reading a page should not always write.
const TOUCH_EVERY_MS: i64 = 5 * 60_000;

/// What a request says about the browser it came from.
#[derive(Debug, Clone, Default)]
pub struct Browser {
    /// The session it holds, if any: signing in replaces it.
    pub session: Option<Token>,
    /// The token of the cookie that says it signed someone in before.
    pub known: Option<Token>,
    /// Its `User-Agent`.
    pub agent: String,
}

impl Browser {
    /// The agent's words, as far as they are kept.
    pub(crate) fn agent_kept(&self) -> String {
        self.agent
            .chars()
            .filter(|c| !c.is_control())
            .take(300)
            .collect()
    }
}

/// A session just opened, with what its browser must be given.
#[derive(Debug)]
pub struct OpenSession {
    /// Whose it is.
    pub user_id: String,
    /// The session's token.
    pub token: Token,
    /// The token that makes the browser a known one.
    pub known: Token,
    session_s: i64,
    known_s: i64,
}

impl OpenSession {
    /// The `Set-Cookie` values.
    pub fn cookies(&self) -> [String; 2] {
        [
            cookie(SESSION_COOKIE, &self.token.reveal(), Some(self.session_s)),
            cookie(BROWSER_COOKIE, &self.known.reveal(), Some(self.known_s)),
        ]
    }
}

/// Somebody signed in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who.
    pub person: Person,
    /// The session's id.
    pub session_id: String,
    /// When they signed in, in ms since 1970 UTC.
    pub since_ms: i64,
    /// The organizations they belong to, by name.
    pub memberships: Vec<Membership>,
    /// Whether they have a password here (people of a provider have none).
    pub has_password: bool,
    token: Token,
}

impl SignedIn {
    /// What the session's forms are guarded with.
    pub fn csrf(&self) -> CsrfKey {
        CsrfKey::of(&self.token)
    }

    /// The person acting in that organization, if they belong to it.
    pub fn actor_in(&self, organization_id: &str) -> Option<Actor> {
        self.memberships
            .iter()
            .find(|membership| membership.organization_id == organization_id)
            .map(|membership| Actor::new(&self.person.id, membership))
    }

    pub(crate) fn token(&self) -> &Token {
        &self.token
    }
}

/// A session as its owner sees it listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionLine {
    /// The id.
    pub id: String,
    /// The browser's `User-Agent`.
    pub browser: String,
    /// How they signed in: `password`, `provider`, `invitation` or `set-up`.
    pub signed_in_by: String,
    /// When, in ms since 1970 UTC.
    pub created_ms: i64,
    /// When it was last used, to five minutes.
    pub last_seen_ms: i64,
    /// Whether it is the one that asks.
    pub is_this: bool,
}

/// What must still hold of the person when the session is written.
pub(crate) enum Proof<'a> {
    /// The password's hash is the one that was compared.
    Password(&'a str),
    /// The account exists: for one made by the same batch, that is whether the batch won.
    Account,
}

impl Accounts<'_> {
    /// Who is signed in with this session, together with where they belong: one batch.
    ///
    /// # Errors
    /// If the database fails: then nobody is signed out.
    pub async fn signed_in(&self, token: &Token) -> Result<Option<SignedIn>, StoreFault> {
        let hash = token.hash();
        let oldest_use = self.now_ms - self.policy.session_idle_ms;
        let [session, memberships, _] = self
            .run([
                Statement::new(
                    "SELECT s.id AS session_id, s.created_at, u.id AS user_id, u.email, u.name, \
                     EXISTS (SELECT 1 FROM passwords p WHERE p.user_id = u.id) AS has_password \
                     FROM browser_sessions s JOIN users u ON u.id = s.user_id \
                     WHERE s.token_hash = ?1 AND s.expires_at > ?2 AND s.last_seen_at > ?3 AND u.disabled_at IS NULL",
                    [hash.as_str().into(), self.now_ms.into(), oldest_use.into()],
                ),
                Statement::new(
                    "SELECT m.organization_id, o.name AS organization_name, m.role, m.sees \
                     FROM browser_sessions s JOIN members m ON m.user_id = s.user_id \
                     JOIN organizations o ON o.id = m.organization_id \
                     WHERE s.token_hash = ?1 ORDER BY o.name, o.id",
                    [hash.as_str().into()],
                ),
                Statement::new(
                    "UPDATE browser_sessions SET last_seen_at = ?2 \
                     WHERE token_hash = ?1 AND last_seen_at < ?3 AND last_seen_at > ?4 AND expires_at > ?2",
                    [
                        hash.as_str().into(),
                        self.now_ms.into(),
                        (self.now_ms - TOUCH_EVERY_MS).into(),
                        oldest_use.into(),
                    ],
                ),
            ])
            .await?;
        let Some(row) = session.rows.first() else {
            return Ok(None);
        };
        Ok(Some(SignedIn {
            person: Person::read(row)?,
            session_id: row.text("session_id")?,
            since_ms: row.integer("created_at")?,
            has_password: row.integer("has_password")? != 0,
            memberships: memberships
                .rows
                .iter()
                .map(Membership::read)
                .collect::<Result<_, _>>()?,
            token: token.clone(),
        }))
    }

    /// Ends this session.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn sign_out(&self, token: &Token) -> Result<(), StoreFault> {
        self.run([end(token)]).await.map(|_| ())
    }

    /// Ends all of a person's sessions, this one included.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn sign_out_everywhere(&self, signed_in: &SignedIn) -> Result<(), StoreFault> {
        let id = signed_in.person.id.as_str();
        self.run([
            Statement::new(
                "DELETE FROM browser_sessions WHERE user_id = ?1",
                [id.into()],
            ),
            Statement::new("DELETE FROM known_browsers WHERE user_id = ?1", [id.into()]),
        ])
        .await
        .map(|_| ())
    }

    /// Ends one of a person's sessions, by its id.
    ///
    /// # Errors
    /// [`AccountsError::Gone`] if they have no such session.
    pub async fn end_session(&self, signed_in: &SignedIn, id: &str) -> Result<(), AccountsError> {
        let [ended] = self
            .run([Statement::new(
                "DELETE FROM browser_sessions WHERE id = ?1 AND user_id = ?2",
                [id.into(), signed_in.person.id.as_str().into()],
            )])
            .await?;
        if ended.changed() {
            Ok(())
        } else {
            Err(AccountsError::Gone)
        }
    }

    /// A person's live sessions, the latest first.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn sessions(&self, signed_in: &SignedIn) -> Result<Vec<SessionLine>, StoreFault> {
        let [found] = self
            .run([Statement::new(
                "SELECT id, browser, signed_in_by, created_at, last_seen_at FROM browser_sessions \
                 WHERE user_id = ?1 AND expires_at > ?2 AND last_seen_at > ?3 ORDER BY last_seen_at DESC, id LIMIT 100",
                [
                    signed_in.person.id.as_str().into(),
                    self.now_ms.into(),
                    (self.now_ms - self.policy.session_idle_ms).into(),
                ],
            )])
            .await?;
        found
            .rows
            .iter()
            .map(|row| {
                let id = row.text("id")?;
                Ok(SessionLine {
                    is_this: id == signed_in.session_id,
                    id,
                    browser: row.text("browser")?,
                    signed_in_by: row.text("signed_in_by")?,
                    created_ms: row.integer("created_at")?,
                    last_seen_ms: row.integer("last_seen_at")?,
                })
            })
            .collect()
    }

    /// A fresh session for `user_id` and the statements that open it: the session itself, if `proof` still holds; the browser's being known;
    /// the end of the session the browser held before (so that a planted cookie never becomes a signed-in one).
    pub(crate) fn open(
        &self,
        user_id: &str,
        signed_in_by: &'static str,
        browser: &Browser,
        proof: &Proof<'_>,
    ) -> (OpenSession, [Statement; 3]) {
        let token = Token::new(self.entropy);
        let known = browser
            .known
            .clone()
            .unwrap_or_else(|| Token::new(self.entropy));
        let mut values: Vec<Value> = vec![
            token.hash().as_str().into(),
            user_id.into(),
            self.id().into(),
            signed_in_by.into(),
            browser.agent_kept().into(),
            self.now_ms.into(),
            (self.now_ms + self.policy.session_ms).into(),
        ];
        let sql = match proof {
            Proof::Password(phc) => {
                values.push((*phc).into());
                "INSERT INTO browser_sessions (token_hash, id, user_id, signed_in_by, browser, created_at, last_seen_at, expires_at) \
                 SELECT ?1, ?3, u.id, ?4, ?5, ?6, ?6, ?7 FROM users u JOIN passwords p ON p.user_id = u.id \
                 WHERE u.id = ?2 AND u.disabled_at IS NULL AND p.phc = ?8"
            }
            Proof::Account => {
                "INSERT INTO browser_sessions (token_hash, id, user_id, signed_in_by, browser, created_at, last_seen_at, expires_at) \
                 SELECT ?1, ?3, u.id, ?4, ?5, ?6, ?6, ?7 FROM users u WHERE u.id = ?2 AND u.disabled_at IS NULL"
            }
        };
        let statements = [
            Statement::new(sql, values),
            Statement::new(
                "INSERT INTO known_browsers (token_hash, user_id, expires_at) \
                 SELECT ?1, user_id, ?3 FROM browser_sessions WHERE token_hash = ?2 \
                 ON CONFLICT (token_hash, user_id) DO UPDATE SET expires_at = excluded.expires_at",
                [
                    known.hash().as_str().into(),
                    token.hash().as_str().into(),
                    (self.now_ms + self.policy.known_browser_ms).into(),
                ],
            ),
            Statement::new(
                "DELETE FROM browser_sessions WHERE token_hash = ?1 \
                 AND EXISTS (SELECT 1 FROM browser_sessions WHERE token_hash = ?2)",
                [
                    browser
                        .session
                        .as_ref()
                        .map_or_else(String::new, |old| old.hash().as_str().to_owned())
                        .into(),
                    token.hash().as_str().into(),
                ],
            ),
        ];
        let session = OpenSession {
            user_id: user_id.to_owned(),
            token,
            known,
            session_s: self.policy.session_ms / 1000,
            known_s: self.policy.known_browser_ms / 1000,
        };
        (session, statements)
    }
}

fn end(token: &Token) -> Statement {
    Statement::new(
        "DELETE FROM browser_sessions WHERE token_hash = ?1",
        [token.hash().as_str().into()],
    )
}

#[cfg(test)]
mod tests;
