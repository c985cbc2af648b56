mod admission;
mod requests;
mod signatures;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use futures::executor::block_on;
use jwt_compact::alg::{Es256, Hs256, Hs256Key};
use jwt_compact::jwk::JsonWebKey;
use jwt_compact::{Algorithm, AlgorithmExt, Claims, Header};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use super::*;
use crate::testing::{World, cheap};
use crate::{Accounts, Browser, Email, Role, Token};

const ISSUER: &str = "https://id.example.com";
const REDIRECT: &str = "https://sightline.example/oidc/callback";

/// A provider that lives in a test.
struct Provider {
    discovery: RefCell<Value>,
    key: u8,
    kid: &'static str,
    /// What the cache of keys still holds, if it is behind.
    stale_keys: Cell<bool>,
    claims: RefCell<Map<String, Value>>,
    posted: RefCell<Vec<(String, Option<String>)>>,
    signs_with: Cell<u8>,
}

fn signing_key(seed: u8) -> <Es256 as Algorithm>::SigningKey {
    <Es256 as Algorithm>::SigningKey::from_slice(&[seed; 32]).unwrap()
}

fn jwk(seed: u8, kid: &str) -> Value {
    let key = signing_key(seed);
    let verifying = jwt_compact::alg::SigningKey::<Es256>::to_verifying_key(&key);
    let mut jwk = serde_json::to_value(JsonWebKey::from(&verifying)).unwrap();
    jwk["kid"] = json!(kid);
    jwk["use"] = json!("sig");
    jwk
}

fn signed(seed: u8, kid: &str, claims: &Map<String, Value>) -> String {
    let header = Header::empty().with_key_id(kid);
    Es256
        .token(&header, &Claims::new(claims.clone()), &signing_key(seed))
        .unwrap()
}

impl Provider {
    fn new(world: &World) -> Self {
        let now_s = world.start_ms / 1000;
        let claims = json!({
            "iss": ISSUER, "aud": "sightline", "sub": "ada-1", "iat": now_s, "exp": now_s + 300,
            "email": "Ada@Example.com", "email_verified": true, "name": "Ada Lovelace", "groups": ["staff", "analysts"],
        });
        Self {
            discovery: RefCell::new(json!({
                "issuer": ISSUER, "authorization_endpoint": "https://id.example.com/authorize?tenant=1",
                "token_endpoint": "https://id.example.com/token", "jwks_uri": "https://id.example.com/keys",
                "response_types_supported": ["code"], "code_challenge_methods_supported": ["S256"],
            })),
            key: 7,
            kid: "k1",
            stale_keys: Cell::new(false),
            claims: RefCell::new(claims.as_object().unwrap().clone()),
            posted: RefCell::default(),
            signs_with: Cell::new(7),
        }
    }

    fn set(&self, name: &str, value: Value) {
        self.claims.borrow_mut().insert(name.to_owned(), value);
    }
}

#[async_trait(?Send)]
impl Fetch for Provider {
    async fn get(&self, url: &str, fresh: bool) -> Result<Fetched, FetchFault> {
        let body = match url {
            "https://id.example.com/.well-known/openid-configuration" => {
                self.discovery.borrow().clone()
            }
            "https://id.example.com/keys" if self.stale_keys.get() && !fresh => {
                json!({ "keys": [jwk(1, "old")] })
            }
            "https://id.example.com/keys" => {
                json!({ "keys": [{ "kty": "oct", "kid": "k1" }, jwk(self.key, self.kid)] })
            }
            _ => return Err(FetchFault(url.to_owned())),
        };
        Ok(Fetched {
            status: 200,
            body: body.to_string().into_bytes(),
        })
    }

    async fn post(
        &self,
        url: &str,
        form: String,
        authorization: Option<String>,
    ) -> Result<Fetched, FetchFault> {
        assert_eq!(url, "https://id.example.com/token");
        self.posted.borrow_mut().push((form, authorization));
        let token = signed(self.signs_with.get(), self.kid, &self.claims.borrow());
        Ok(Fetched {
            status: 200,
            body: json!({ "id_token": token }).to_string().into_bytes(),
        })
    }
}

fn config() -> ProviderConfig {
    ProviderConfig::parse(
        r#"{"issuer": "https://id.example.com", "name": "Example ID", "client_id": "sightline", "client_secret": "s e:cret",
            "rules": [{"organization_id": "acme", "domain": "example.com"},
                      {"organization_id": "data", "claim": "groups", "value": "analysts", "projects": ["shop"]},
                      {"organization_id": "run", "claim": "groups", "value": "staff", "admin": true}]}"#,
    )
    .unwrap()
}

/// A world with two organizations that the rules name.
fn world() -> World {
    let world = World::new();
    world
        .database
        .execute("INSERT INTO organizations (id, name, created_at) VALUES ('acme', 'Acme', 0), ('data', 'Data', 0), ('run', 'Run', 0)")
        .unwrap();
    world.project("data", "shop");
    world.project("data", "blog");
    world
}

struct Trip<'a> {
    world: &'a World,
    provider: &'a Provider,
    config: ProviderConfig,
    cookie: Token,
    query: HashMap<String, String>,
}

impl<'a> Trip<'a> {
    fn begin(world: &'a World, provider: &'a Provider, config: ProviderConfig) -> Self {
        let cookie = Token::new(&world.entropy);
        let departure = block_on(world.at(0).oidc_begin(
            &config,
            provider,
            &cookie,
            REDIRECT,
            "/connections?x=1",
        ))
        .unwrap();
        let url = Url::parse(&departure.url).unwrap();
        let query: HashMap<_, _> = url.query_pairs().into_owned().collect();
        provider.set("nonce", json!(query["nonce"]));
        Self {
            world,
            provider,
            config,
            cookie,
            query,
        }
    }

    fn finish_with(
        &self,
        accounts: &Accounts<'_>,
        cookie: &Token,
        callback: &Callback<'_>,
    ) -> Result<(crate::OpenSession, String), OidcError> {
        block_on(accounts.oidc_finish(
            &self.config,
            self.provider,
            cookie,
            REDIRECT,
            callback,
            &Browser::default(),
        ))
    }

    fn callback(&self) -> Callback<'_> {
        Callback {
            state: self.query.get("state").map(String::as_str),
            code: Some("the-code"),
            ..Callback::default()
        }
    }

    fn finish(&self) -> Result<(crate::OpenSession, String), OidcError> {
        self.finish_with(&self.world.at(1000), &self.cookie, &self.callback())
    }
}

fn outcome(world: &World, provider: &Provider) -> Result<(), OidcError> {
    Trip::begin(world, provider, config()).finish().map(|_| ())
}

fn keys(list: Value) -> KeySet {
    KeySet::parse(json!({ "keys": list }).to_string().as_bytes()).unwrap()
}

const RFC_7515_PAYLOAD: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

#[test]
fn the_way_back_is_open_once_in_the_same_browser_and_for_ten_minutes() {
    let world = world();
    let provider = Provider::new(&world);
    let trip = Trip::begin(&world, &provider, config());
    let stranger = Token::new(&world.entropy);
    assert_eq!(
        trip.finish_with(&world.at(0), &stranger, &trip.callback())
            .unwrap_err(),
        OidcError::NotOurs
    );
    let late = world.at(cheap().oidc_request_ms);
    assert_eq!(
        trip.finish_with(&late, &trip.cookie, &trip.callback())
            .unwrap_err(),
        OidcError::NotOurs
    );
    for state in [None, Some(""), Some("made-up")] {
        let callback = Callback {
            state,
            ..trip.callback()
        };
        assert_eq!(
            trip.finish_with(&world.at(0), &trip.cookie, &callback)
                .unwrap_err(),
            OidcError::NotOurs
        );
    }
    assert!(trip.finish().is_ok());
    assert_eq!(trip.finish().unwrap_err(), OidcError::NotOurs);
}

#[test]
fn an_answer_of_another_issuer_is_not_taken() {
    let world = world();
    let provider = Provider::new(&world);
    let trip = Trip::begin(&world, &provider, config());
    let callback = Callback {
        issuer: Some("https://evil.example"),
        ..trip.callback()
    };
    assert_eq!(
        trip.finish_with(&world.at(0), &trip.cookie, &callback)
            .unwrap_err(),
        OidcError::NotOurs
    );
    provider.discovery.borrow_mut()["authorization_response_iss_parameter_supported"] = json!(true);
    let trip = Trip::begin(&world, &provider, config());
    assert_eq!(
        trip.finish().unwrap_err(),
        OidcError::NotOurs,
        "RFC 9207 §2.4: it should have said who it is"
    );
    let trip = Trip::begin(&world, &provider, config());
    let callback = Callback {
        issuer: Some(ISSUER),
        ..trip.callback()
    };
    assert!(
        trip.finish_with(&world.at(0), &trip.cookie, &callback)
            .is_ok()
    );
}

#[test]
fn the_providers_refusal_is_passed_on_without_its_text() {
    let world = world();
    let provider = Provider::new(&world);
    let trip = Trip::begin(&world, &provider, config());
    let callback = Callback {
        code: None,
        error: Some("access_denied<script>\r\n"),
        ..trip.callback()
    };
    let refused = trip
        .finish_with(&world.at(0), &trip.cookie, &callback)
        .unwrap_err();
    assert_eq!(
        refused,
        OidcError::Refused("access_denied<script>".to_owned())
    );
    assert!(!refused.to_string().contains("script"));
    assert!(provider.posted.borrow().is_empty());
}

#[test]
fn every_check_of_the_id_token_refuses_what_it_is_for() {
    let world = world();
    let now_s = world.start_ms / 1000;
    for (claim, value, slug) in [
        ("iss", json!("https://evil.example"), "id_token_issuer"),
        ("iss", json!("https://id.example.com/"), "id_token_issuer"),
        ("aud", json!("another-client"), "id_token_audience"),
        ("aud", json!(["sightline", "another"]), "id_token_audience"),
        ("aud", json!([]), "id_token_audience"),
        ("aud", Value::Null, "id_token_audience"),
        ("azp", json!("another-client"), "id_token_audience"),
        ("exp", json!(now_s - 61), "id_token_expired"),
        ("exp", Value::Null, "id_token_no_expiry"),
        ("iat", json!(now_s + 120), "id_token_early"),
        ("nbf", json!(now_s + 120), "id_token_early"),
        ("sub", json!(""), "id_token_subject"),
        ("sub", json!("x".repeat(256)), "id_token_subject"),
        ("sub", json!(7), "id_token_subject"),
    ] {
        let provider = Provider::new(&world);
        if value.is_null() {
            provider.claims.borrow_mut().remove(claim);
        } else {
            provider.set(claim, value.clone());
        }
        assert_eq!(
            outcome(&world, &provider).unwrap_err().slug(),
            slug,
            "{claim}: {value}"
        );
    }
    for nonce in [json!("another"), json!("")] {
        let provider = Provider::new(&world);
        let trip = Trip::begin(&world, &provider, config());
        provider.set("nonce", nonce);
        assert_eq!(trip.finish().unwrap_err().slug(), "id_token_nonce");
    }
    assert_eq!(
        world.database.number("SELECT COUNT(*) FROM users").unwrap(),
        0
    );
}

#[test]
fn a_token_for_us_among_others_passes_if_it_is_made_out_to_us() {
    let world = world();
    let provider = Provider::new(&world);
    provider.set("aud", json!(["other", "sightline"]));
    provider.set("azp", json!("sightline"));
    assert_eq!(outcome(&world, &provider), Ok(()));
}
