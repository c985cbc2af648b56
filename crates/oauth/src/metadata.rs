//! The documents by which clients find their way: RFC 9728 for the resource, RFC 8414 for the authorization server.

use serde_json::{Value, json};

use crate::assertion;
use crate::realm::Realm;
use crate::scope::{Scope, ScopeSet};

/// What the operator calls this server and where its documentation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presentation {
    /// The name people see.
    pub name: String,
    /// Where a developer reads how to connect; left out if there is none.
    pub documentation: Option<String>,
}

/// Protected-resource metadata (RFC 9728 §2).
pub fn protected_resource(realm: &Realm, presentation: &Presentation) -> Value {
    let mut document = json!({
        "resource": realm.resource(),
        "authorization_servers": [realm.issuer()],
        // The bundle only: clients ask for all that is listed, and one line on the consent page says more than seven.
        "scopes_supported": [ScopeSet::all().to_string()],
        "bearer_methods_supported": ["header"],
        "resource_name": presentation.name,
    });
    if let Some(url) = &presentation.documentation {
        document["resource_documentation"] = json!(url);
    }
    document
}

/// Authorization-server metadata (RFC 8414 §2), the same at every address at which clients look for it.
pub fn authorization_server(realm: &Realm, presentation: &Presentation) -> Value {
    let mut scopes = vec![ScopeSet::all().to_string()];
    scopes.extend(Scope::ALL.into_iter().map(|scope| scope.name().to_owned()));
    let methods = json!([
        "none",
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt"
    ]);
    let mut document = json!({
        "issuer": realm.issuer(),
        "authorization_endpoint": realm.at("/authorize"),
        "token_endpoint": realm.token_endpoint(),
        "registration_endpoint": realm.at("/register"),
        "revocation_endpoint": realm.at("/revoke"),
        "jwks_uri": realm.at("/.well-known/jwks.json"),
        "scopes_supported": scopes,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        // RFC 7636 §4.2; `plain` is not offered.
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": assertion::ALGORITHMS,
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": assertion::ALGORITHMS,
        // RFC 9207 §3.
        "authorization_response_iss_parameter_supported": true,
        "client_id_metadata_document_supported": true,
        // RFC 9728 §4.
        "protected_resources": [realm.resource()],
    });
    if let Some(url) = &presentation.documentation {
        document["service_documentation"] = json!(url);
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents() -> Option<(Value, Value)> {
        let realm = Realm::new("https://mcp.example.com/").ok()?;
        let presentation = Presentation {
            name: "Acme".to_owned(),
            documentation: Some("https://mcp.example.com/".to_owned()),
        };
        Some((
            protected_resource(&realm, &presentation),
            authorization_server(&realm, &presentation),
        ))
    }

    #[test]
    fn rfc_9728_2_the_resource_names_its_server_and_its_bundle() {
        assert_eq!(
            documents().map(|(resource, _)| resource),
            Some(json!({
                "resource": "https://mcp.example.com/mcp",
                "authorization_servers": ["https://mcp.example.com"],
                "scopes_supported": ["mcp:analytics:read"],
                "bearer_methods_supported": ["header"],
                "resource_name": "Acme",
                "resource_documentation": "https://mcp.example.com/",
            }))
        );
    }

    #[test]
    fn rfc_8414_2_the_server_offers_s256_only_and_every_way_to_be_a_client() {
        let Some((resource, server)) = documents() else {
            panic!("no documents")
        };
        assert_eq!(server["issuer"], resource["authorization_servers"][0]);
        assert_eq!(server["code_challenge_methods_supported"], json!(["S256"]));
        assert_eq!(server["response_types_supported"], json!(["code"]));
        assert_eq!(
            server["token_endpoint_auth_methods_supported"],
            json!([
                "none",
                "client_secret_basic",
                "client_secret_post",
                "private_key_jwt"
            ])
        );
        assert_eq!(server["client_id_metadata_document_supported"], true);
        assert_eq!(
            server["authorization_response_iss_parameter_supported"],
            true
        );
    }

    #[test]
    fn rfc_8414_2_every_endpoint_lies_on_the_issuers_own_origin() {
        let Some((_, server)) = documents() else {
            panic!("no documents")
        };
        for name in [
            "authorization_endpoint",
            "token_endpoint",
            "registration_endpoint",
            "revocation_endpoint",
            "jwks_uri",
        ] {
            let url = server[name].as_str().unwrap_or_default();
            assert!(url.starts_with("https://mcp.example.com/"), "{name}: {url}");
        }
    }
}
