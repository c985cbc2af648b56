//! There and back: the browser's way to the provider, and what it brings home.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use form_urlencoded::Serializer;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use url::Url;

use super::OidcError;
use super::config::{ClientAuthentication, ProviderConfig};
use super::discovery::Discovery;
use super::fetch::{Fetch, Fetched};
use super::id_token::{Checks, IdToken};
use super::keys::KeySet;
use super::mapping::{Grant, grants};
use crate::accounts::Accounts;
use crate::database::{Outcome, Statement, Value};
use crate::email::Email;
use crate::person::Name;
use crate::session::{Browser, OpenSession, Proof};
use crate::token::Token;

/// A browser on its way to the provider.
#[derive(Debug)]
pub struct Departure {
    /// Where to send it.
    pub url: String,
}

/// What the browser brings back in the callback's query.
#[derive(Debug, Clone, Copy, Default)]
pub struct Callback<'a> {
    /// `state`.
    pub state: Option<&'a str>,
    /// `code`.
    pub code: Option<&'a str>,
    /// `error`.
    pub error: Option<&'a str>,
    /// `iss` (RFC 9207).
    pub issuer: Option<&'a str>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    id_token: String,
}

/// What was kept of a departure.
struct Pending {
    nonce: String,
    verifier: String,
    return_to: String,
}

impl Accounts<'_> {
    /// Sends a browser to the provider. `form_cookie` ties the way back to it; `return_to` is a path of ours.
    ///
    /// # Errors
    /// If the provider cannot be asked where to go.
    pub async fn oidc_begin(
        &self,
        config: &ProviderConfig,
        fetch: &dyn Fetch,
        form_cookie: &Token,
        redirect_uri: &str,
        return_to: &str,
    ) -> Result<Departure, OidcError> {
        let discovery = discover(config, fetch).await?;
        let (state, nonce, verifier) = (
            Token::new(self.entropy),
            Token::new(self.entropy).reveal(),
            Token::new(self.entropy).reveal(),
        );
        // RFC 7636 §4.2.
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let mut scopes = vec!["openid", "email", "profile"];
        scopes.extend(config.extra_scopes.iter().map(String::as_str));
        let mut url = Url::parse(&discovery.authorization_endpoint)
            .map_err(|_| OidcError::Provider("discovery_insecure_endpoint"))?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &config.client_id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("scope", &scopes.join(" "))
            .append_pair("state", &state.reveal())
            .append_pair("nonce", &nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        self.run([Statement::new(
            "INSERT INTO oidc_requests (state_hash, browser_hash, issuer, nonce, verifier, return_to, expires_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            [
                state.hash().as_str().into(),
                form_cookie.hash().as_str().into(),
                config.issuer.as_str().into(),
                nonce.into(),
                verifier.into(),
                local_path(return_to).into(),
                (self.now_ms + self.policy.oidc_request_ms).into(),
            ],
        )])
        .await?;
        Ok(Departure { url: url.into() })
    }

    /// Takes a browser back from the provider. Answers the session and the path to go on to.
    ///
    /// # Errors
    /// [`OidcError`]; the state is used up in any case but the database's failure.
    pub async fn oidc_finish(
        &self,
        config: &ProviderConfig,
        fetch: &dyn Fetch,
        form_cookie: &Token,
        redirect_uri: &str,
        callback: &Callback<'_>,
        browser: &Browser,
    ) -> Result<(OpenSession, String), OidcError> {
        let state = callback
            .state
            .and_then(Token::parse)
            .ok_or(OidcError::NotOurs)?;
        let pending = self.take_request(config, &state, form_cookie).await?;
        let discovery = discover(config, fetch).await?;
        // RFC 9207 §2.4: an answer of another issuer, or of one that should have said who it is.
        let from_issuer = match callback.issuer {
            Some(issuer) => issuer == config.issuer,
            None => !discovery.authorization_response_iss_parameter_supported,
        };
        if !from_issuer {
            return Err(OidcError::NotOurs);
        }
        if let Some(error) = callback.error {
            return Err(OidcError::Refused(
                error
                    .chars()
                    .filter(char::is_ascii_graphic)
                    .take(64)
                    .collect(),
            ));
        }
        let code = callback.code.ok_or(OidcError::NotOurs)?;
        let token = exchange(
            config,
            &discovery,
            fetch,
            code,
            &pending.verifier,
            redirect_uri,
        )
        .await?;
        let checks = Checks {
            issuer: &config.issuer,
            client_id: &config.client_id,
            nonce: &pending.nonce,
            now_ms: self.now_ms,
        };
        let token = verify(&token, &discovery, fetch, &checks).await?;
        let session = self.admit(config, &token, browser).await?;
        Ok((session, pending.return_to))
    }

    /// Takes the request out: it is there once, for the browser that began it.
    async fn take_request(
        &self,
        config: &ProviderConfig,
        state: &Token,
        form_cookie: &Token,
    ) -> Result<Pending, OidcError> {
        let [taken] = self
            .run([Statement::new(
                "DELETE FROM oidc_requests WHERE state_hash = ?1 AND browser_hash = ?2 AND issuer = ?3 AND expires_at > ?4 \
                 RETURNING nonce, verifier, return_to",
                [
                    state.hash().as_str().into(),
                    form_cookie.hash().as_str().into(),
                    config.issuer.as_str().into(),
                    self.now_ms.into(),
                ],
            )])
            .await?;
        let row = taken.rows.first().ok_or(OidcError::NotOurs)?;
        Ok(Pending {
            nonce: row.text("nonce")?,
            verifier: row.text("verifier")?,
            return_to: row.text("return_to")?,
        })
    }

    /// Finds the person, or makes them if a rule lets them in, gives them what the rules say, and signs them in.
    async fn admit(
        &self,
        config: &ProviderConfig,
        token: &IdToken,
        browser: &Browser,
    ) -> Result<OpenSession, OidcError> {
        let email = token.verified_email();
        let [link, account] = self
            .run([
                Statement::new(
                    "SELECT user_id FROM oidc_links WHERE issuer = ?1 AND subject = ?2",
                    [config.issuer.as_str().into(), token.subject.as_str().into()],
                ),
                Statement::new(
                    "SELECT id AS user_id FROM users WHERE email = ?1",
                    [email.as_ref().map_or("", Email::as_str).into()],
                ),
            ])
            .await?;
        let first = |outcome: &Outcome| {
            outcome
                .rows
                .first()
                .map(|row| row.text("user_id"))
                .transpose()
        };
        let grants = grants(&config.rules, token);
        let (user_id, is_new) = match (first(&link)?, first(&account)?) {
            (Some(linked), _) => (linked, false),
            (None, Some(existing)) if config.joins_existing_accounts => (existing, false),
            (None, Some(_)) => return Err(OidcError::AddressTaken),
            (None, None) if email.is_none() => return Err(OidcError::NoEmail),
            (None, None) if grants.is_empty() => return Err(OidcError::NotAdmitted),
            (None, None) => (self.id(), true),
        };
        let mut statements = Vec::new();
        if is_new {
            statements.push(self.create(&user_id, email.as_ref(), token));
        }
        statements.push(Statement::new(
            "INSERT INTO oidc_links (issuer, subject, user_id, created_at) SELECT ?1, ?2, u.id, ?4 FROM users u WHERE u.id = ?3 \
             ON CONFLICT (issuer, subject) DO NOTHING",
            [
                config.issuer.as_str().into(),
                token.subject.as_str().into(),
                user_id.as_str().into(),
                self.now_ms.into(),
            ],
        ));
        for grant in &grants {
            statements.extend(self.grant(&user_id, grant));
        }
        let (session, opening) = self.open(&user_id, "provider", browser, &Proof::Account);
        let opens_at = statements.len();
        statements.extend(opening);
        let outcomes = self.database.batch(statements).await?;
        match outcomes.get(opens_at) {
            Some(opened) if opened.changed() => Ok(session),
            // Disabled; or the address was taken in the meantime.
            _ => Err(OidcError::NotAdmitted),
        }
    }

    fn create(&self, user_id: &str, email: Option<&Email>, token: &IdToken) -> Statement {
        let address = email.map_or("", Email::as_str);
        let name = token.name().and_then(|name| Name::parse(name).ok());
        Statement::new(
            "INSERT INTO users (id, email, name, created_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            [
                user_id.into(),
                address.into(),
                name.as_ref().map_or(address, Name::as_str).into(),
                self.now_ms.into(),
            ],
        )
    }

    /// A place given once: what an admin changed afterwards stays, and one taken away comes back only by invitation or a new account.
    fn grant(&self, user_id: &str, grant: &Grant) -> [Statement; 2] {
        let projects = serde_json::json!(grant.projects.clone().unwrap_or_default()).to_string();
        let place = || -> [Value; 2] { [grant.organization_id.as_str().into(), user_id.into()] };
        let [organization, user] = place();
        [
            Statement::new(
                "INSERT INTO members (organization_id, user_id, role, sees, created_at) SELECT o.id, u.id, ?3, ?4, ?5 \
                 FROM organizations o JOIN users u ON u.id = ?2 JOIN oidc_links l ON l.user_id = u.id AND l.created_at = ?5 \
                 WHERE o.id = ?1 ON CONFLICT (organization_id, user_id) DO NOTHING",
                [
                    organization.clone(),
                    user.clone(),
                    grant.role.name().into(),
                    if grant.projects.is_some() {
                        "named"
                    } else {
                        "all"
                    }
                    .into(),
                    self.now_ms.into(),
                ],
            ),
            Statement::new(
                "INSERT INTO member_projects (organization_id, user_id, project_id) SELECT m.organization_id, m.user_id, p.id \
                 FROM members m JOIN projects p ON p.organization_id = m.organization_id \
                 WHERE m.organization_id = ?1 AND m.user_id = ?2 AND m.created_at = ?4 AND m.sees = 'named' \
                 AND p.id IN (SELECT value FROM json_each(?3)) ON CONFLICT DO NOTHING",
                [organization, user, projects.into(), self.now_ms.into()],
            ),
        ]
    }
}

async fn discover(config: &ProviderConfig, fetch: &dyn Fetch) -> Result<Discovery, OidcError> {
    let answer = fetch.get(&Discovery::url_for(&config.issuer), false).await;
    Discovery::parse(&body(answer, "discovery_unreachable")?, config)
}

/// OpenID Connect Core §3.1.3.1.
async fn exchange(
    config: &ProviderConfig,
    discovery: &Discovery,
    fetch: &dyn Fetch,
    code: &str,
    verifier: &str,
    redirect_uri: &str,
) -> Result<String, OidcError> {
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", code)
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("code_verifier", verifier);
    let secret = config.client_secret.as_deref().unwrap_or_default();
    let authorization = match discovery.authentication(config) {
        ClientAuthentication::Basic => {
            // RFC 6749 §2.3.1: both halves form-encoded first.
            let half =
                |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let pair = format!("{}:{}", half(&config.client_id), half(secret));
            Some(format!("Basic {}", STANDARD.encode(pair)))
        }
        ClientAuthentication::Post => {
            form.append_pair("client_id", &config.client_id)
                .append_pair("client_secret", secret);
            None
        }
        ClientAuthentication::None => {
            form.append_pair("client_id", &config.client_id);
            None
        }
    };
    let answer = fetch
        .post(&discovery.token_endpoint, form.finish(), authorization)
        .await;
    let answer: TokenAnswer = serde_json::from_slice(&body(answer, "token_endpoint_refused")?)
        .map_err(|_| OidcError::Provider("token_answer_malformed"))?;
    Ok(answer.id_token)
}

/// Checks the token with the keys known, and once more with fresh ones if the provider has changed them since.
async fn verify(
    token: &str,
    discovery: &Discovery,
    fetch: &dyn Fetch,
    checks: &Checks<'_>,
) -> Result<IdToken, OidcError> {
    for fresh in [false, true] {
        let answer = fetch.get(&discovery.jwks_uri, fresh).await;
        let keys = KeySet::parse(&body(answer, "keys_unreachable")?)?;
        if let Some(token) = IdToken::check(token, &keys, checks)? {
            return Ok(token);
        }
    }
    Err(OidcError::IdToken("id_token_key_unknown"))
}

fn body(
    answer: Result<Fetched, super::FetchFault>,
    slug: &'static str,
) -> Result<Vec<u8>, OidcError> {
    match answer {
        Ok(answer) if answer.status == 200 => Ok(answer.body),
        _ => Err(OidcError::Provider(slug)),
    }
}

/// A path of this host, or the root: never a way to another site.
fn local_path(text: &str) -> &str {
    let is_local = text.starts_with('/')
        && !text.starts_with("//")
        && !text.contains('\\')
        && !text.chars().any(char::is_control);
    if is_local { text } else { "/" }
}
