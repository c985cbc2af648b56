//! Connecting an app: its request, the question to the person, the answer.
//!
//! The rules are `sightline-oauth`'s; here they meet the person signed in. The question is always asked, and its address holds a handle that goes into no
//! log and no `Referer`.

use http::StatusCode;
use sightline_accounts::cookie;
use sightline_console::pages::{
    AppIdentity, ConsentPage, HandoverPage, RedirectTarget, ScopeTick, consent, handover,
};
use sightline_console::{Choice, Csrf, path};
use sightline_oauth::{
    AuthorizationStore, AuthorizeRefused, ConsentFacts, ConsentRefused, Decision, PersonAccess,
    Scope, ScopeSet, Secret, Store, StoreFault, VisibleProject,
};

use crate::access::Database;
use crate::console::answer::Answer;
use crate::console::destination::Destination;
use crate::console::form::Form;
use crate::console::refused::Refused;
use crate::console::visit::{Visit, failed};
use crate::oauth::deployment::Deployment;
use crate::project_row::ProjectRow;

/// What ties waiting requests to the browser they were made in.
const CONSENT_COOKIE: &str = "__Host-sightline-consent";

/// Takes an app's request, and leads on to the question.
///
/// # Errors
/// A page while app or redirect URI are not known to belong together (RFC 6749 §4.1.2.1); if the database fails.
pub async fn begin(visit: &Visit<'_>) -> Result<Answer, Refused> {
    let deployment = Deployment::of(visit.env)?;
    let begun = deployment
        .server(&visit.realm)
        .begin_authorization(&visit.query_text, visit.cookie(CONSENT_COOKIE))
        .await;
    match begun {
        Ok(begun) => {
            visit.set_cookie(cookie(CONSENT_COOKIE, begun.cookie.reveal(), None));
            let handle = begun.handle.reveal();
            Ok(Answer::see_other(format!(
                "{}?handle={handle}",
                path::CONSENT
            )))
        }
        Err(AuthorizeRefused::Redirect { location, slug }) => {
            visit.note_slug(slug);
            Ok(Answer::see_other(location))
        }
        Err(AuthorizeRefused::Page {
            fault: Some(StoreFault(detail)),
            slug,
            ..
        }) => Err(Refused::Unavailable { slug, detail }),
        Err(AuthorizeRefused::Page {
            status,
            message,
            slug,
            fault: None,
        }) => Err(Refused::Told {
            status,
            title: "This app could not be connected",
            text: message.to_owned(),
            slug,
        }),
    }
}

/// What the app that waits at `next` calls itself and where its answer goes, if one waits there for this browser.
///
/// # Errors
/// If the database fails.
pub async fn waiting_app(visit: &Visit<'_>, next: &Destination) -> Result<Option<String>, Refused> {
    let handle = next.parameter(path::CONSENT, "handle");
    let handle = handle.as_deref().and_then(Secret::parse);
    let browser = visit.cookie(CONSENT_COOKIE).and_then(Secret::parse);
    let (Some(handle), Some(browser)) = (handle, browser) else {
        return Ok(None);
    };
    let pending = Database::of(visit.env)?.pending(&handle.hash()).await?;
    Ok(pending
        .filter(|pending| {
            pending.cookie.matches(&browser.hash()) && pending.expires_at_ms > visit.now_ms
        })
        .map(|pending| format!("{} ({})", pending.app_name, pending.redirect_uri.host())))
}

/// Asks the person, who signs in first if they have not.
///
/// # Errors
/// [`Refused::SignIn`]; a page if the request is no longer open; if the database fails.
pub async fn question(visit: &Visit<'_>) -> Result<Answer, Refused> {
    let seat = visit.seat().await?;
    // Whoever belongs nowhere has nothing to share, and is told so.
    seat.actor()?;
    let asked = Asked::of(visit, visit.query.get("handle"), &seat.signed_in.person.id).await?;
    let chosen = seat
        .membership()
        .map(|membership| membership.organization_id.as_str());
    Ok(asked.page(visit, chosen, None))
}

/// Does what the person answered, and hands them back to the app.
///
/// # Errors
/// As [`question`].
pub async fn decide(visit: &Visit<'_>, form: &Form) -> Result<Answer, Refused> {
    let handle = form.get("handle");
    let Some(signed_in) = visit.signed_in().await? else {
        let question: String = form_urlencoded::byte_serialize(handle.as_bytes()).collect();
        let question = format!("{}?handle={question}", path::CONSENT);
        return Err(Refused::SignIn(Destination::parse(&question)));
    };
    let asked = Asked::of(visit, handle, &signed_in.person.id).await?;
    let decision = decision(form);
    let server = asked.deployment.server(&visit.realm);
    let decided = server
        .decide(
            handle,
            visit.cookie(CONSENT_COOKIE),
            form.get("csrf"),
            &asked.person,
            &decision,
        )
        .await;
    match decided {
        Ok(url) => Ok(Answer::page(&handover(
            &visit.shell(None),
            &HandoverPage {
                app_name: &asked.facts.app_name,
                url: &url,
                allowed: decision != Decision::Deny,
            },
        ))),
        Err(refused @ ConsentRefused::DoesNotFit) => {
            Ok(asked.page(visit, form.given("organization"), Some(&refused)))
        }
        Err(refused) => Err(refused.into()),
    }
}

/// What the form says. A form without a clear yes is a no; ticks that are no scopes of ours make an answer that does not fit.
fn decision(form: &Form) -> Decision {
    if form.get("decision") != "allow" {
        return Decision::Deny;
    }
    let scopes: Option<ScopeSet> = form.all("scope").map(Scope::from_name).collect();
    let projects = form.list("project");
    Decision::Approve {
        scopes: scopes.unwrap_or(ScopeSet::NONE),
        organization_id: form.get("organization").to_owned(),
        project_ids: (!projects.is_empty()).then_some(projects),
    }
}

/// A request that waits, and the person it asks.
struct Asked {
    deployment: Deployment,
    handle: String,
    facts: ConsentFacts,
    person: PersonAccess<ProjectRow>,
}

impl Asked {
    async fn of(visit: &Visit<'_>, handle: &str, user_id: &str) -> Result<Self, Refused> {
        let person = Database::of(visit.env)?.person(user_id).await?;
        let person = person.ok_or(ConsentRefused::Gone)?;
        let deployment = Deployment::of(visit.env)?;
        let facts = deployment
            .server(&visit.realm)
            .consent_page_facts(handle, visit.cookie(CONSENT_COOKIE), &person)
            .await?;
        Ok(Self {
            deployment,
            handle: handle.to_owned(),
            facts,
            person,
        })
    }

    fn page(
        self,
        visit: &Visit<'_>,
        organization: Option<&str>,
        refused: Option<&ConsentRefused>,
    ) -> Answer {
        let identity = match &self.facts.verified_host {
            Some(host) => AppIdentity::Verified { host: host.clone() },
            None if self.deployment.names(&self.facts.app_id) => AppIdentity::Preregistered,
            None => AppIdentity::SelfRegistered,
        };
        let status = refused.and_then(|_| {
            failed("Choose at least one permission, and only projects of the organization chosen.")
        });
        let page = consent(
            &visit.shell_with(None, status),
            &ConsentPage {
                csrf: Csrf(self.facts.csrf_token.clone()),
                redirect: target(&self.facts),
                identity,
                scopes: self.facts.scopes.iter().map(tick).collect(),
                email: self.person.person.email.clone().unwrap_or_default(),
                organizations: organizations(&self.person, organization),
                projects: projects(&self.person),
                handle: self.handle,
                app_name: self.facts.app_name,
            },
        );
        let status = match refused {
            Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
            None => StatusCode::OK,
        };
        Answer::page_with(status, &page)
    }
}

fn target(facts: &ConsentFacts) -> RedirectTarget {
    let host = facts.redirect_host.clone();
    match (facts.redirect_is_loopback, host.strip_suffix(':')) {
        (true, _) => RedirectTarget::ThisDevice(host),
        (false, Some(scheme)) => RedirectTarget::Scheme(scheme.to_owned()),
        (false, None) => RedirectTarget::Host(host),
    }
}

fn organizations(person: &PersonAccess<ProjectRow>, chosen: Option<&str>) -> Vec<Choice> {
    person
        .memberships
        .iter()
        .map(|membership| Choice {
            value: membership.organization.id.clone(),
            label: membership.organization.name.clone(),
            chosen: Some(membership.organization.id.as_str()) == chosen,
        })
        .collect()
}

/// The projects, with their organization's name where there are several to choose from.
fn projects(person: &PersonAccess<ProjectRow>) -> Vec<Choice> {
    let label = |project: &ProjectRow| {
        let organization = person
            .memberships
            .iter()
            .map(|membership| &membership.organization)
            .find(|organization| organization.id == project.organization_id());
        match organization {
            Some(organization) if person.memberships.len() > 1 => {
                format!("{} · {}", organization.name, project.name())
            }
            _ => project.name().to_owned(),
        }
    };
    person
        .projects
        .iter()
        .map(|project| Choice {
            value: project.id().to_owned(),
            label: label(project),
            chosen: false,
        })
        .collect()
}

/// What a scope is called.
pub fn title(scope: Scope) -> &'static str {
    match scope {
        Scope::Query => "SQL",
        Scope::Schema => "Structure",
        Scope::Events => "Events",
        Scope::Sessions => "Sessions",
        Scope::Persons => "People",
        Scope::Insights => "Reports",
    }
}

fn tick(scope: Scope) -> ScopeTick {
    let sentence = match scope {
        // SQL reads every table: whoever ticks it alone must know.
        Scope::Query => "Run reading SQL over all events, sessions, profiles and groups.",
        Scope::Schema => "See tables, event names and property keys.",
        Scope::Events => "Read single events with their properties.",
        Scope::Sessions => "Read visits: pages, referrers, devices, length.",
        Scope::Persons => "Read profiles and groups, with the traits you store about them.",
        Scope::Insights => "Read trends, funnels, retention and the other ready-made answers.",
    };
    ScopeTick {
        name: scope.name().to_owned(),
        title: title(scope).to_owned(),
        sentence: sentence.to_owned(),
        ticked: true,
    }
}

impl From<ConsentRefused> for Refused {
    fn from(refused: ConsentRefused) -> Self {
        match refused {
            ConsentRefused::Unavailable(fault) => fault.into(),
            ConsentRefused::Gone | ConsentRefused::DoesNotFit => Self::Told {
                status: StatusCode::BAD_REQUEST,
                title: "This request is no longer open",
                text: "It was answered already, took too long, or was begun in another browser. Start again from the app.".to_owned(),
                slug: "consent_gone",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_yes_is_one() {
        for form in [
            "",
            "decision=deny",
            "decision=Allow",
            "decision=allow&decision=deny",
        ] {
            assert_eq!(
                decision(&Form::of_query(form.as_bytes())),
                Decision::Deny,
                "{form}"
            );
        }
    }

    #[test]
    fn a_yes_gives_what_is_ticked_and_a_scope_that_is_none_voids_it() {
        let read = |form: &str| decision(&Form::of_query(form.as_bytes()));
        let yes = "decision=allow&organization=o";
        assert_eq!(
            read(&format!(
                "{yes}&scope=mcp:query:read&scope=mcp:schema:read&project=p"
            )),
            Decision::Approve {
                scopes: [Scope::Query, Scope::Schema].into_iter().collect(),
                organization_id: "o".to_owned(),
                project_ids: Some(vec!["p".to_owned()]),
            }
        );
        for form in [
            yes.to_owned(),
            format!("{yes}&scope=mcp:query:read&scope=mcp:query:write"),
            format!("{yes}&scope=mcp:analytics:read"),
        ] {
            let none = |decision| matches!(decision, Decision::Approve { scopes, .. } if scopes == ScopeSet::NONE);
            assert!(none(read(&form)), "{form}");
        }
    }
}
