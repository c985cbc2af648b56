//! Consent: what the page shows, and what the answer does.
//!
//! The page's address holds a handle, the browser a cookie, the form a token made of both and of the person. All must fit: a link with a handle that
//! somebody else began is worth nothing, and an answer counts once. What is wrong is not told apart from outside.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::audit::{AuditEntry, AuditEvent};
use crate::authorization_store::{CodeRecord, PendingConsent};
use crate::authorize::error_location;
use crate::connection::PersonAccess;
use crate::oauth_error::{ErrorCode, OAuthError};
use crate::scope::ScopeSet;
use crate::secret::Secret;
use crate::server::AuthorizationServer;
use crate::store::{StoreFault, VisibleProject};

/// What the consent page shows, besides the person's own organizations and projects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentFacts {
    /// What the app calls itself.
    pub app_name: String,
    /// The app's id.
    pub app_id: String,
    /// The host proven to be the app's; none for an app that merely says who it is.
    pub verified_host: Option<String>,
    /// Where the answer goes: a host, or `scheme:` of an app on this device.
    pub redirect_host: String,
    /// Whether that is the person's own machine, where any program may listen: worth a warning.
    pub redirect_is_loopback: bool,
    /// What is asked for: one tick each.
    pub scopes: ScopeSet,
    /// Whether the person has a live connection with this app at this host already.
    pub is_known: bool,
    /// Belongs in the form.
    pub csrf_token: String,
    /// Until when the page can be answered, in ms since 1970 UTC.
    pub expires_at_ms: i64,
}

/// What the person answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// No.
    Deny,
    /// Yes, within these bounds.
    Approve {
        /// The scopes ticked.
        scopes: ScopeSet,
        /// The organization chosen.
        organization_id: String,
        /// The projects chosen; all the person sees there, now or later, if there is no list.
        project_ids: Option<Vec<String>>,
    },
}

/// A consent that cannot be shown or answered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConsentRefused {
    /// Unknown, answered already, expired, or another browser's. Start again from the app.
    #[error("this request is no longer open; start again from the app")]
    Gone,
    /// The answer goes beyond what was asked or what the person has, or allows nothing. Show the page again.
    #[error(
        "the answer does not fit the request; choose an organization of yours and at least one scope"
    )]
    DoesNotFit,
    /// It could not be decided.
    #[error("this could not be done just now")]
    Unavailable(#[from] StoreFault),
}

/// What ties the form to the handle, the browser and the person.
fn csrf_token(handle: &Secret, cookie: &Secret, user_id: &str) -> String {
    let digest = Sha256::new()
        .chain_update(b"sightline consent\0")
        .chain_update(handle.reveal())
        .chain_update([0])
        .chain_update(cookie.reveal())
        .chain_update([0])
        .chain_update(user_id)
        .finalize();
    URL_SAFE_NO_PAD.encode(digest)
}

impl AuthorizationServer<'_> {
    /// The waiting request of that handle, if it is this browser's.
    async fn waiting(
        &self,
        handle: &str,
        cookie: Option<&str>,
    ) -> Result<(Secret, Secret, PendingConsent), ConsentRefused> {
        let handle = Secret::parse(handle).ok_or(ConsentRefused::Gone)?;
        let cookie = cookie.and_then(Secret::parse).ok_or(ConsentRefused::Gone)?;
        let pending = self.store.pending(&handle.hash()).await?;
        let pending = pending
            .filter(|pending| {
                pending.handle.matches(&handle.hash())
                    && pending.cookie.matches(&cookie.hash())
                    && pending.expires_at_ms > self.now_ms
            })
            .ok_or(ConsentRefused::Gone)?;
        Ok((handle, cookie, pending))
    }

    /// What to show `person`, who is signed in, for the handle in the page's address and the consent cookie of their browser. Shows nothing that
    /// changes: it can be asked again.
    ///
    /// # Errors
    /// [`ConsentRefused::Gone`] or [`ConsentRefused::Unavailable`].
    pub async fn consent_page_facts<P>(
        &self,
        handle: &str,
        cookie: Option<&str>,
        person: &PersonAccess<P>,
    ) -> Result<ConsentFacts, ConsentRefused> {
        let (handle, cookie, pending) = self.waiting(handle, cookie).await?;
        let user_id = &person.person.id;
        let redirect_host = pending.redirect_uri.host().to_owned();
        let is_known = self
            .store
            .is_connected(user_id, &pending.app_id, &redirect_host, self.now_ms)
            .await?;
        Ok(ConsentFacts {
            csrf_token: csrf_token(&handle, &cookie, user_id),
            redirect_is_loopback: pending.redirect_uri.is_loopback(),
            app_name: pending.app_name,
            app_id: pending.app_id,
            verified_host: pending.verified_host,
            redirect_host,
            scopes: pending.scopes,
            is_known,
            expires_at_ms: pending.expires_at_ms,
        })
    }

    /// Does what `person` answered, and says where their browser goes next: to the app, with a code or an error. Redirect with 303, so that the
    /// form is not sent on.
    ///
    /// # Errors
    /// [`ConsentRefused`]. After [`ConsentRefused::DoesNotFit`] the request still waits.
    pub async fn decide<P: VisibleProject>(
        &self,
        handle: &str,
        cookie: Option<&str>,
        csrf: &str,
        person: &PersonAccess<P>,
        decision: &Decision,
    ) -> Result<String, ConsentRefused> {
        let (handle, cookie, pending) = self.waiting(handle, cookie).await?;
        let user_id = &person.person.id;
        let expected = csrf_token(&handle, &cookie, user_id);
        if !bool::from(expected.as_bytes().ct_eq(csrf.as_bytes()))
            || person.person.disabled_at_ms.is_some()
        {
            return Err(ConsentRefused::Gone);
        }
        let entry = |event| AuditEntry {
            user_id: Some(user_id.clone()),
            ..self.entry(event)
        };
        let Decision::Approve {
            scopes,
            organization_id,
            project_ids,
        } = decision
        else {
            let entry = entry(AuditEvent::ConsentDenied {
                app_id: pending.app_id,
            });
            let hash = handle.hash();
            if !self.store.deny(&hash, self.now_ms, &entry).await? {
                return Err(ConsentRefused::Gone);
            }
            let error = OAuthError::new(
                ErrorCode::AccessDenied,
                "consent_denied",
                "The person did not agree.",
            );
            let state = pending.state.as_deref();
            return Ok(error_location(
                &pending.redirect_uri,
                state,
                self.realm.issuer(),
                &error,
            ));
        };
        if !fits(person, &pending, *scopes, organization_id, project_ids) {
            return Err(ConsentRefused::DoesNotFit);
        }
        let code = self.entropy.secret();
        let record = CodeRecord {
            hash: code.hash(),
            app_id: pending.app_id.clone(),
            app_name: pending.app_name,
            user_id: user_id.clone(),
            organization_id: organization_id.clone(),
            project_ids: project_ids.clone(),
            scopes: *scopes,
            redirect_uri: pending.redirect_uri.clone(),
            code_challenge: pending.code_challenge,
            expires_at_ms: self.now_ms + self.lifetimes.code_ms,
            connection_id: None,
        };
        let entry = AuditEntry {
            organization_id: Some(organization_id.clone()),
            ..entry(AuditEvent::ConsentGranted {
                app_id: pending.app_id,
                scope: scopes.to_string(),
                redirect_host: pending.redirect_uri.host().to_owned(),
            })
        };
        let hash = handle.hash();
        if !self
            .store
            .grant(&hash, &record, self.now_ms, &entry)
            .await?
        {
            return Err(ConsentRefused::Gone);
        }
        // RFC 6749 §4.1.2 and RFC 9207 §2.
        let mut parameters = vec![("code", code.reveal())];
        parameters.extend(pending.state.as_deref().map(|state| ("state", state)));
        parameters.push(("iss", self.realm.issuer()));
        Ok(pending.redirect_uri.with(&parameters))
    }
}

/// Whether an answer stays within what was asked and what the person has.
fn fits<P: VisibleProject>(
    person: &PersonAccess<P>,
    pending: &PendingConsent,
    scopes: ScopeSet,
    organization_id: &str,
    project_ids: &Option<Vec<String>>,
) -> bool {
    let is_member = person
        .memberships
        .iter()
        .any(|membership| membership.organization.id == organization_id);
    let sees = |id: &String| {
        person
            .projects
            .iter()
            .any(|project| project.id() == id && project.organization_id() == organization_id)
    };
    scopes != ScopeSet::NONE
        && pending.scopes.includes(scopes)
        && is_member
        && project_ids
            .as_ref()
            .is_none_or(|ids| !ids.is_empty() && ids.iter().all(sees))
}
