//! A server with its state in memory, one person, one app, and the steps of a sign-in.

use std::cell::Cell;

use futures::executor::block_on;
use serde_json::{Value, json};
use sightline_oauth::testing::{
    MemoryAuthorization, MemoryDocuments, MemoryStore, TestMember, TestProject,
};
use sightline_oauth::{
    Audience, AuthorizationServer, AuthorizeRefused, Begun, ConsentRefused, Credential, Decision,
    Denied, Entropy, KeySecret, Lifetimes, Maintenance, OAuthError, Organization, Person,
    PersonAccess, Principal, QueryForm, Realm, Role, ScopeSet, Store, authenticate,
};

pub const START_MS: i64 = 1_790_000_000_000;
pub const MINUTE_MS: i64 = 60_000;
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
pub const DAY_MS: i64 = 24 * HOUR_MS;

pub const CALLBACK: &str = "https://app.example/callback";
/// The example of RFC 7636, appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub struct World {
    pub realm: Realm,
    pub store: MemoryAuthorization,
    pub people: MemoryStore,
    pub documents: MemoryDocuments,
    pub secret: KeySecret,
    pub entropy: Entropy,
    pub now_ms: Cell<i64>,
}

/// Encodes a form or query.
pub fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

/// `fields` with some changed, added, or (with an empty value) left out.
pub fn changed<'a>(fields: &[(&'a str, &'a str)], changes: &[(&'a str, &'a str)]) -> String {
    let mut all: Vec<(&str, &str)> = fields
        .iter()
        .filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name))
        .copied()
        .collect();
    all.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    form(&all)
}

/// A parameter of an address.
pub fn parameter(location: &str, name: &str) -> Option<String> {
    let url = url::Url::parse(location).ok()?;
    url.query_pairs()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

pub fn must<T, E: std::fmt::Debug>(result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{error:?}"),
    }
}

impl World {
    pub fn new() -> Self {
        let mut people = MemoryStore::default();
        for id in ["acme", "umbrella"] {
            people.organizations.push(Organization {
                id: id.to_owned(),
                name: id.to_owned(),
            });
        }
        for (id, organization_id) in [("shop", "acme"), ("blog", "acme"), ("lab", "umbrella")] {
            people.projects.push(TestProject {
                id: id.to_owned(),
                organization_id: organization_id.to_owned(),
            });
        }
        people.people.push(Person {
            id: "usr_ann".to_owned(),
            name: "Ann".to_owned(),
            email: Some("ann@acme.example".to_owned()),
            disabled_at_ms: None,
        });
        people.members.push(TestMember {
            organization_id: "acme".to_owned(),
            user_id: "usr_ann".to_owned(),
            role: Role::Member,
            sees: None,
        });
        Self {
            realm: must(Realm::new("https://mcp.example.com")),
            store: MemoryAuthorization::default(),
            people,
            documents: MemoryDocuments::default(),
            secret: KeySecret::from_setting(Some("key secret")),
            entropy: Entropy::from_seed([42; 32]),
            now_ms: Cell::new(START_MS),
        }
    }

    pub fn server(&self) -> AuthorizationServer<'_> {
        AuthorizationServer {
            realm: &self.realm,
            store: &self.store,
            documents: &self.documents,
            key_secret: &self.secret,
            preregistered: &[],
            lifetimes: Lifetimes::default(),
            entropy: &self.entropy,
            now_ms: self.now_ms.get(),
        }
    }

    pub fn maintenance(&self) -> Maintenance<'_> {
        Maintenance {
            store: &self.store,
            key_secret: &self.secret,
            lifetimes: Lifetimes::default(),
            entropy: &self.entropy,
            now_ms: self.now_ms.get(),
        }
    }

    pub fn pass(&self, ms: i64) {
        self.now_ms.set(self.now_ms.get() + ms);
    }

    pub fn register(&self, metadata: &Value) -> Result<Value, OAuthError> {
        block_on(self.server().register(metadata.to_string().as_bytes()))
    }

    /// A public app with one callback on the web and one on the person's machine.
    pub fn public_app(&self) -> String {
        let app = self.register(&json!({
            "client_name": "Example App",
            "redirect_uris": [CALLBACK, "http://localhost:1234/callback"],
            "token_endpoint_auth_method": "none",
        }));
        text(&must(app), "client_id").to_owned()
    }

    pub fn begin(&self, app_id: &str, changes: &[(&str, &str)]) -> Result<Begun, AuthorizeRefused> {
        let fields = [
            ("response_type", "code"),
            ("client_id", app_id),
            ("redirect_uri", CALLBACK),
            ("state", "st&te"),
            ("scope", "mcp:analytics:read"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("resource", "https://mcp.example.com/mcp"),
        ];
        block_on(
            self.server()
                .begin_authorization(&changed(&fields, changes), None),
        )
    }

    pub fn person(&self) -> PersonAccess<TestProject> {
        match must(block_on(self.people.person("usr_ann"))) {
            Some(person) => person,
            None => panic!("no such person"),
        }
    }

    pub fn approval(scopes: ScopeSet) -> Decision {
        Decision::Approve {
            scopes,
            organization_id: "acme".to_owned(),
            project_ids: None,
        }
    }

    pub fn decide(&self, begun: &Begun, decision: &Decision) -> Result<String, ConsentRefused> {
        let (handle, cookie) = (begun.handle.reveal(), Some(begun.cookie.reveal()));
        let person = self.person();
        let facts = block_on(self.server().consent_page_facts(handle, cookie, &person))?;
        block_on(
            self.server()
                .decide(handle, cookie, &facts.csrf_token, &person, decision),
        )
    }

    /// The code that a person's consent to everything gives.
    pub fn code(&self, app_id: &str) -> String {
        let begun = must(self.begin(app_id, &[]));
        let location = must(self.decide(&begun, &Self::approval(ScopeSet::all())));
        parameter(&location, "code").unwrap_or_default()
    }

    pub fn redemption(app_id: &str, code: &str, changes: &[(&str, &str)]) -> String {
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", app_id),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
            ("resource", "https://mcp.example.com/mcp"),
        ];
        changed(&fields, changes)
    }

    pub fn redeem(
        &self,
        app_id: &str,
        code: &str,
        changes: &[(&str, &str)],
    ) -> Result<Value, OAuthError> {
        block_on(
            self.server()
                .token(&Self::redemption(app_id, code, changes), None),
        )
    }

    pub fn connect(&self, app_id: &str) -> Value {
        must(self.redeem(app_id, &self.code(app_id), &[]))
    }

    pub fn renewal(app_id: &str, token: &str) -> String {
        form(&[
            ("grant_type", "refresh_token"),
            ("client_id", app_id),
            ("refresh_token", token),
        ])
    }

    pub fn refresh(&self, app_id: &str, token: &str) -> Result<Value, OAuthError> {
        block_on(self.server().token(&Self::renewal(app_id, token), None))
    }

    /// What the resource server makes of an access token, with the connections as they are now.
    pub fn ask(&mut self, access_token: &str) -> Result<Principal<TestProject>, Denied> {
        self.people.connections = self.store.connections();
        let keys = must(block_on(self.server().keys()));
        let mut headers = http::HeaderMap::new();
        headers.insert(
            "authorization",
            must(format!("Bearer {access_token}").parse()),
        );
        let credential = Credential::from_request(&headers, None, QueryForm::Accepted);
        let audience = Some(Audience {
            realm: &self.realm,
            keys: &keys,
        });
        block_on(authenticate(
            &credential,
            &self.people,
            audience,
            self.now_ms.get(),
        ))
    }
}
