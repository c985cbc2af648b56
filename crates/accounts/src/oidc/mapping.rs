//! Which organizations a provider's people come to: the operator's rules over verified claims.

use serde::Deserialize;
use serde_json::Value;

use super::id_token::IdToken;
use crate::membership::Role;

/// Lets people of a domain, or with a claim, into an organization. With both, both must hold.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The organization.
    pub organization_id: String,
    /// The domain of a verified address.
    #[serde(default)]
    pub domain: Option<String>,
    /// The name of a claim: `groups`, `roles`, `hd` …
    #[serde(default)]
    pub claim: Option<String>,
    /// The value it must have, or hold among others if it is a list.
    #[serde(default)]
    pub value: Option<String>,
    /// Whether as an admin, who sees all projects; as a member, if left out. Owners are never made by rule.
    #[serde(default)]
    pub admin: bool,
    /// The projects a member sees; all, if left out.
    #[serde(default)]
    pub projects: Option<Vec<String>>,
}

/// A place in an organization that the rules give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The organization.
    pub organization_id: String,
    /// As what.
    pub role: Role,
    /// The projects seen; none means all.
    pub projects: Option<Vec<String>>,
}

impl Rule {
    /// Whether the rule asks for anything (one that does not would let everybody in), and names projects for members only.
    pub(super) fn is_sound(&self) -> bool {
        let given =
            |text: &Option<String>| text.as_ref().is_some_and(|text| !text.trim().is_empty());
        (given(&self.domain) || given(&self.claim))
            && self.claim.is_some() == self.value.is_some()
            && self
                .domain
                .as_ref()
                .is_none_or(|domain| !domain.trim().is_empty())
            && !(self.admin && self.projects.is_some())
    }

    fn holds_for(&self, token: &IdToken) -> bool {
        let domain = self.domain.as_ref().is_none_or(|domain| {
            token
                .verified_email()
                .is_some_and(|email| email.domain().eq_ignore_ascii_case(domain.trim()))
        });
        let claim = match (&self.claim, &self.value) {
            (Some(claim), Some(value)) => match token.claims.get(claim) {
                Some(Value::String(one)) => one == value,
                Some(Value::Array(many)) => many.iter().any(|one| one.as_str() == Some(value)),
                _ => false,
            },
            _ => true,
        };
        self.is_sound() && domain && claim
    }
}

/// What the rules give the holder of this token: of several for one organization, the first.
pub(super) fn grants(rules: &[Rule], token: &IdToken) -> Vec<Grant> {
    let mut grants: Vec<Grant> = Vec::new();
    for rule in rules.iter().filter(|rule| rule.holds_for(token)) {
        if !grants
            .iter()
            .any(|grant| grant.organization_id == rule.organization_id)
        {
            grants.push(Grant {
                organization_id: rule.organization_id.clone(),
                role: if rule.admin {
                    Role::Admin
                } else {
                    Role::Member
                },
                projects: rule.projects.clone(),
            });
        }
    }
    grants
}
