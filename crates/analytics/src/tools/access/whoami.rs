//! `whoami`: who is asking, by what, and what they may do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sightline_warehouse::{Calendar, WeekStart};

use crate::answer::Answer;
use crate::caller::Identity;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::family::{Family, Product};
use crate::tool::{About, CallerTool};

/// Who is asking, by what, and what they may do.
pub(crate) struct Whoami;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    /// `person` or `apiClient`.
    kind: &'static str,
    /// Their id.
    id: String,
    /// Their name.
    name: String,
    /// A person's e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// An API client's type: `read` (one project) or `root` (all of the organization).
    #[serde(skip_serializing_if = "Option::is_none")]
    client_type: Option<String>,
    /// How they signed in.
    signed_in_with: String,
    /// The app that connected.
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<String>,
    /// When access ends (UTC); absent if it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    /// Requests left in this minute, where a limit applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    requests_left_this_minute: Option<u32>,
    /// How many projects are visible.
    projects: usize,
    /// Their organizations.
    organizations: Vec<OrganizationRow>,
    /// The scopes granted.
    scopes: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
struct OrganizationRow {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
    /// The caller's role in it.
    role: String,
}

impl CallerTool for Whoami {
    const ABOUT: About = About {
        name: "whoami",
        title: "Who is asking",
        description: "Tells who is signed in, by which app, with which organizations, scopes and limits. \
                      Use to check access; for the projects themselves use list_projects.",
        family: Family::Access,
        scope: None,
        products: &[(Product::FullSession, "whoami")],
        pages: false,
        needs: None,
        rules: &["What is told is what the caller may see now; it is read again for every call."],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(
        _input: Input,
        environment: &Environment<'_>,
    ) -> Result<Answer<Output>, Failure> {
        let caller = environment.caller;
        let utc = Calendar::named("UTC", WeekStart::Monday)
            .ok_or_else(|| Failure::fault("there is no UTC"))?;
        let (kind, id, name, email, client_type) = match caller.identity.clone() {
            Identity::Person { id, name, email } => ("person", id, name, email, None),
            Identity::ApiClient { id, name, kind } => ("apiClient", id, name, None, Some(kind)),
        };
        let organizations = caller
            .memberships
            .iter()
            .map(|membership| OrganizationRow {
                id: membership.organization.id.clone(),
                name: membership.organization.name.clone(),
                role: membership.role.clone(),
            })
            .collect();
        Ok(Answer::of(Output {
            kind,
            id,
            name,
            email,
            client_type,
            signed_in_with: caller.signed_in_with.clone(),
            app: caller.app.clone(),
            expires_at: caller.expires_at_ms.map(|instant| utc.rfc3339(instant)),
            requests_left_this_minute: caller.remaining_this_minute,
            projects: caller.projects.len(),
            organizations,
            scopes: caller.scopes.iter().cloned().collect(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use crate::caller::Identity;
    use crate::testing::{Asked, NOW_MS, caller, project};
    use serde_json::json;

    #[test]
    fn an_api_client_learns_what_it_is() {
        insta::assert_snapshot!(Asked::of("whoami", json!({})).go().text(), @"
        Who is asking.

        kind: apiClient · id: client1 · name: CI · clientType: read · signedInWith: API client token · requestsLeftThisMinute: 59 · projects: 1

        **organizations**

        |id|name|role|
        |---|---|---|
        |org1|Acme Inc|read|

        **scopes** mcp:analytics:read
        ");
    }

    #[test]
    fn a_person_learns_their_app_and_expiry() {
        let mut person = caller(vec![project("acme", "UTC"), project("globex", "UTC")]);
        person.identity = Identity::Person {
            id: "u1".into(),
            name: "Ann".into(),
            email: Some("ann@acme.com".into()),
        };
        person.signed_in_with = "password".into();
        person.app = Some("Claude Code".into());
        person.expires_at_ms = Some(NOW_MS + 3_600_000);
        insta::assert_snapshot!(Asked::of("whoami", json!({})).by(person).go().structured(), @r#"
        {
          "kind": "person",
          "id": "u1",
          "name": "Ann",
          "email": "ann@acme.com",
          "signedInWith": "password",
          "app": "Claude Code",
          "expiresAt": "2026-11-20T13:00:00Z",
          "requestsLeftThisMinute": 59,
          "projects": 2,
          "organizations": [
            {
              "id": "org1",
              "name": "Acme Inc",
              "role": "read"
            }
          ],
          "scopes": [
            "mcp:analytics:read"
          ],
          "truncated": false,
          "notes": []
        }
        "#);
    }

    #[test]
    fn it_takes_no_input() {
        insta::assert_snapshot!(Asked::of("whoami", json!({"projectId": "acme"})).go().mistake(), @"`projectId` is not an input of `whoami`. It takes no input.");
    }
}
