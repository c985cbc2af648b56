//! One request to the console: what it brings, and what its handlers need.

use std::cell::{Cell, OnceCell, RefCell};

use http::header::{COOKIE, USER_AGENT};
use http::{HeaderMap, HeaderName, StatusCode};
use sightline_accounts::{
    Accounts, AccountsError, BROWSER_COOKIE, Browser, CsrfKey, FORM_COOKIE, Policy, SESSION_COOKIE,
    SignedIn, Source, StoreFault, Token, cookie, read_cookie,
};
use sightline_console::{Brand, Csrf, Moment, Nav, Page, Shell, Status, Tone};
use sightline_oauth::Realm;
use worker::Env;

use crate::console::answer::Answer;
use crate::console::destination::Destination;
use crate::console::form::Form;
use crate::console::note::Note;
use crate::console::refused::{Refused, status_of};
use crate::console::store::{AccountsStore, Randomness};
use crate::shield::sender;

/// What CSRF tokens of the console are for.
const PURPOSE: &str = "console";

/// A request, taken apart.
pub struct Visit<'a> {
    /// The bindings.
    pub env: &'a Env,
    /// Where this server is.
    pub realm: Realm,
    /// The operator's brand.
    pub brand: Brand,
    /// When the request came, in ms since 1970 UTC.
    pub now_ms: i64,
    /// The path.
    pub path: String,
    /// The query's parameters.
    pub query: Form,
    /// The query as it came.
    pub query_text: String,
    /// Accounts' rows.
    pub store: AccountsStore,
    /// Random bytes.
    pub randomness: Randomness,
    headers: HeaderMap,
    cookie_header: String,
    form_token: OnceCell<Token>,
    set_cookies: RefCell<Vec<String>>,
    fault: RefCell<Option<String>>,
    slug: Cell<Option<&'static str>>,
}

impl<'a> Visit<'a> {
    /// Of a request with this address and these headers.
    ///
    /// # Errors
    /// [`StoreFault`] if the database is not bound or there are no random bytes.
    pub fn new(
        env: &'a Env,
        realm: Realm,
        brand: Brand,
        now_ms: i64,
        uri: &http::Uri,
        headers: HeaderMap,
    ) -> Result<Self, StoreFault> {
        let cookies: Vec<&str> = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect();
        let query_text = uri.query().unwrap_or_default().to_owned();
        Ok(Self {
            env,
            realm,
            brand,
            now_ms,
            path: uri.path().to_owned(),
            query: Form::of_query(query_text.as_bytes()),
            query_text,
            store: AccountsStore::of(env)?,
            randomness: Randomness::new()?,
            cookie_header: cookies.join("; "),
            headers,
            form_token: OnceCell::new(),
            set_cookies: RefCell::default(),
            fault: RefCell::default(),
            slug: Cell::default(),
        })
    }

    /// The rules about people.
    pub fn accounts(&self) -> Accounts<'_> {
        Accounts::new(
            &self.store,
            &self.randomness,
            Policy::default(),
            self.now_ms,
        )
    }

    /// The value of a cookie that came once.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        read_cookie(&self.cookie_header, name).filter(|value| !value.is_empty())
    }

    /// A header's text.
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Sends a `Set-Cookie` value with the answer.
    pub fn set_cookie(&self, value: String) {
        self.set_cookies.borrow_mut().push(value);
    }

    /// The `Set-Cookie` values of the answer.
    pub fn take_cookies(&self) -> Vec<String> {
        self.set_cookies.take()
    }

    /// Notes what failed without stopping the request, for the log.
    pub fn note_fault(&self, slug: &str, fault: &StoreFault) {
        self.fault
            .borrow_mut()
            .get_or_insert_with(|| format!("{slug}: {}", fault.0));
    }

    /// What was noted.
    pub fn take_fault(&self) -> Option<String> {
        self.fault.take()
    }

    /// Names why a request was refused, for the log.
    pub fn note_slug(&self, slug: &'static str) {
        self.slug.set(Some(slug));
    }

    /// The name noted.
    pub fn slug(&self) -> Option<&'static str> {
        self.slug.get()
    }

    /// A message that a form was not carried out, which the log names too.
    pub fn told(&self, error: &AccountsError) -> Option<Status> {
        self.note_slug(error.slug());
        failed(error.to_string())
    }

    /// What the request says about its browser.
    pub fn browser(&self) -> Browser {
        Browser {
            session: self.cookie(SESSION_COOKIE).and_then(Token::parse),
            known: self.cookie(BROWSER_COOKIE).and_then(Token::parse),
            agent: self.header(&USER_AGENT).unwrap_or_default().to_owned(),
        }
    }

    /// Where it comes from, for counting guesses.
    pub fn source(&self) -> Source {
        Source::of_ip(sender(&self.headers))
    }

    /// Who is signed in, if somebody is.
    ///
    /// # Errors
    /// [`Refused`] if the database fails.
    pub async fn signed_in(&self) -> Result<Option<SignedIn>, Refused> {
        match self.cookie(SESSION_COOKIE).and_then(Token::parse) {
            Some(token) => Ok(self.accounts().signed_in(&token).await?),
            None => Ok(None),
        }
    }

    /// What forms of people not signed in are bound to: the browser's, or a new one that goes with the answer.
    pub fn form_token(&self) -> &Token {
        self.form_token.get_or_init(|| {
            if let Some(token) = self.cookie(FORM_COOKIE).and_then(Token::parse) {
                return token;
            }
            let token = Token::new(&self.randomness);
            self.set_cookie(cookie(FORM_COOKIE, &token.reveal(), None));
            token
        })
    }

    /// A token for forms of people not signed in.
    pub fn open_csrf(&self) -> Csrf {
        self.csrf(&CsrfKey::of(self.form_token()))
    }

    /// A token for forms of somebody signed in.
    pub fn csrf_of(&self, signed_in: &SignedIn) -> Csrf {
        self.csrf(&signed_in.csrf())
    }

    fn csrf(&self, key: &CsrfKey) -> Csrf {
        Csrf(key.issue(PURPOSE, &self.randomness).as_str().to_owned())
    }

    /// Passes a form of somebody not signed in.
    ///
    /// # Errors
    /// [`Refused::Stale`].
    pub fn check_open(&self, form: &Form) -> Result<(), Refused> {
        let token = self.cookie(FORM_COOKIE).and_then(Token::parse);
        self.check(token.map(|token| CsrfKey::of(&token)).as_ref(), form)
    }

    /// Passes a form of somebody signed in.
    ///
    /// # Errors
    /// [`Refused::Stale`].
    pub fn check_form(&self, signed_in: &SignedIn, form: &Form) -> Result<(), Refused> {
        self.check(Some(&signed_in.csrf()), form)
    }

    fn check(&self, key: Option<&CsrfKey>, form: &Form) -> Result<(), Refused> {
        match key {
            Some(key) if key.accepts(PURPOSE, form.get("csrf")) => Ok(()),
            _ => Err(Refused::Stale),
        }
    }

    /// The page asked for, to come back to after signing in. Of a form, the page it stands on.
    pub fn here(&self, is_form: bool) -> Destination {
        if is_form {
            let page = self.path.split('/').nth(1).unwrap_or_default();
            return Destination::parse(&format!("/{page}"));
        }
        Destination::parse(&if self.query_text.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{}", self.path, self.query_text)
        })
    }

    /// The surroundings of a page, with the message that the address names.
    pub fn shell(&self, nav: Option<Nav>) -> Shell<'_> {
        let done = Note::of_query(&self.query).map(|note| Status {
            tone: Tone::Done,
            text: note.text().to_owned(),
        });
        self.shell_with(nav, done)
    }

    /// The surroundings of a page, with a message.
    pub fn shell_with(&self, nav: Option<Nav>, status: Option<Status>) -> Shell<'_> {
        Shell {
            brand: &self.brand,
            nav,
            status,
        }
    }

    /// A page; with what a form came to, if it was not carried out.
    pub fn show(
        &self,
        nav: Option<Nav>,
        error: Option<&AccountsError>,
        page: impl FnOnce(&Shell<'_>) -> Page,
    ) -> Answer {
        let (status, shell) = match error {
            None => (StatusCode::OK, self.shell(nav)),
            Some(error) => (status_of(error), self.shell_with(nav, self.told(error))),
        };
        Answer::page_with(status, &page(&shell))
    }

    /// An instant, looked at from this request.
    pub fn moment(&self, at_ms: i64) -> Moment {
        Moment {
            at_ms,
            now_ms: self.now_ms,
        }
    }
}

/// A message that something was not done.
pub fn failed(text: impl Into<String>) -> Option<Status> {
    Some(Status {
        tone: Tone::Failed,
        text: text.into(),
    })
}
