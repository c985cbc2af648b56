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
        .execute("INSERT INTO organizations VALUES ('acme', 'Acme', 0), ('data', 'Data', 0), ('run', 'Run', 0)")
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

#[test]
fn a_new_person_comes_to_the_organizations_the_rules_name() {
    let (world, provider) = {
        let world = world();
        let provider = Provider::new(&world);
        (world, provider)
    };
    let trip = Trip::begin(&world, &provider, config());
    let (session, path) = trip.finish().unwrap();
    assert_eq!(path, "/connections?x=1");
    let signed_in = world.signed_in(&session.token).unwrap();
    assert_eq!(signed_in.person.email.as_str(), "ada@example.com");
    assert_eq!(signed_in.person.name, "Ada Lovelace");
    assert!(!signed_in.has_password);
    let places: Vec<_> = signed_in
        .memberships
        .iter()
        .map(|place| (place.organization_id.as_str(), place.role, place.sees_all))
        .collect();
    assert_eq!(
        places,
        [
            ("acme", Role::Member, true),
            ("data", Role::Member, false),
            ("run", Role::Admin, true)
        ]
    );
    let seen = block_on(world.at(0).visible_projects(&signed_in.person.id, "data")).unwrap();
    assert_eq!(seen, ["shop"]);
}

#[test]
fn the_request_carries_pkce_nonce_and_state_and_the_code_is_redeemed_with_the_verifier() {
    let world = world();
    let provider = Provider::new(&world);
    let trip = Trip::begin(&world, &provider, config());
    for (name, value) in [
        ("tenant", "1"),
        ("response_type", "code"),
        ("client_id", "sightline"),
        ("redirect_uri", REDIRECT),
        ("scope", "openid email profile"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(trip.query[name], value, "{name}");
    }
    trip.finish().unwrap();
    let (form, authorization) = provider.posted.borrow()[0].clone();
    let form: HashMap<String, String> = form_urlencoded::parse(form.as_bytes())
        .into_owned()
        .collect();
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(form["code_verifier"].as_bytes()));
    assert_eq!(challenge, trip.query["code_challenge"]);
    assert_eq!(
        (form["code"].as_str(), form["redirect_uri"].as_str()),
        ("the-code", REDIRECT)
    );
    // RFC 6749 §2.3.1: form-encoded before they are joined.
    assert_eq!(
        authorization,
        Some(format!("Basic {}", STANDARD.encode("sightline:s+e%3Acret")))
    );
    assert!(!form.contains_key("client_secret"));
}

#[test]
fn the_secret_goes_where_the_provider_takes_it() {
    let world = world();
    let provider = Provider::new(&world);
    provider.discovery.borrow_mut()["token_endpoint_auth_methods_supported"] =
        json!(["client_secret_post"]);
    outcome(&world, &provider).unwrap();
    let public = ProviderConfig {
        client_secret: None,
        ..config()
    };
    Trip::begin(&world, &provider, public).finish().unwrap();
    let posted = provider.posted.borrow();
    assert!(posted[0].0.contains("client_secret=s+e%3Acret") && posted[0].1.is_none());
    assert!(
        posted[1].0.contains("client_id=sightline")
            && !posted[1].0.contains("client_secret")
            && posted[1].1.is_none()
    );
}

#[test]
fn a_person_who_comes_again_is_the_same_and_keeps_what_an_admin_changed() {
    let world = world();
    let provider = Provider::new(&world);
    let (session, _) = Trip::begin(&world, &provider, config()).finish().unwrap();
    let first = world.signed_in(&session.token).unwrap();
    world
        .database
        .execute(
            "DELETE FROM members WHERE organization_id <> 'data'; UPDATE members SET sees = 'all'",
        )
        .unwrap();
    // Even under another address: the subject names them.
    provider.set("email", json!("ada@elsewhere.example"));
    let trip = Trip::begin(&world, &provider, config());
    let (session, _) = trip
        .finish_with(&world.at(60_000), &trip.cookie, &trip.callback())
        .unwrap();
    let second = world.signed_in(&session.token).unwrap();
    assert_eq!(second.person, first.person);
    let places: Vec<_> = second
        .memberships
        .iter()
        .map(|place| (place.organization_id.as_str(), place.role, place.sees_all))
        .collect();
    assert_eq!(places, [("data", Role::Member, true)]);
}

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

#[test]
fn a_token_signed_by_another_key_under_the_same_name_is_refused() {
    let world = world();
    let provider = Provider::new(&world);
    provider.signs_with.set(9);
    assert_eq!(
        outcome(&world, &provider).unwrap_err().slug(),
        "id_token_signature"
    );
}

#[test]
fn keys_are_fetched_afresh_once_when_the_token_names_one_unknown() {
    let world = world();
    let provider = Provider::new(&world);
    provider.stale_keys.set(true);
    assert_eq!(outcome(&world, &provider), Ok(()));
    let unknown = Provider {
        kid: "k9",
        ..Provider::new(&world)
    };
    let trip = Trip::begin(&world, &unknown, config());
    let elsewhere = Provider::new(&world);
    *elsewhere.claims.borrow_mut() = unknown.claims.borrow().clone();
    let keys = KeySet::parse(json!({ "keys": [jwk(7, "k1")] }).to_string().as_bytes()).unwrap();
    assert_eq!(
        keys.verify(&signed(7, "k9", &elsewhere.claims.borrow())),
        Ok(None)
    );
    assert_eq!(trip.finish().map(|_| ()), Ok(()));
}

fn keys(list: Value) -> KeySet {
    KeySet::parse(json!({ "keys": list }).to_string().as_bytes()).unwrap()
}

#[test]
fn neither_none_nor_a_mac_under_the_public_key_passes() {
    let claims = json!({ "sub": "x" });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let none = format!(
        "{}.{}.",
        part(&json!({ "alg": "none", "kid": "k1" })),
        part(&claims)
    );
    let known = keys(json!([jwk(7, "k1")]));
    assert_eq!(
        known.verify(&none).unwrap_err().slug(),
        "id_token_algorithm"
    );
    let public = signing_key(7).verifying_key().to_encoded_point(false);
    let mac = Hs256
        .token(
            &Header::empty().with_key_id("k1"),
            &Claims::new(claims.as_object().unwrap().clone()),
            &Hs256Key::new(public.as_bytes()),
        )
        .unwrap();
    assert_eq!(known.verify(&mac).unwrap_err().slug(), "id_token_algorithm");
    // A key of another kind under the token's key id is not its key.
    let rs256 = format!(
        "{}.{}.AAAA",
        part(&json!({ "alg": "RS256", "kid": "k1" })),
        part(&claims)
    );
    assert_eq!(known.verify(&rs256), Ok(None));
    for nonsense in ["", "a.b", "a.b.c.d", "....", "é.é.é"] {
        assert_eq!(
            known.verify(nonsense).unwrap_err().slug(),
            "id_token_malformed",
            "{nonsense}"
        );
    }
}

const RFC_7515_PAYLOAD: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

#[test]
fn rs256_is_verified_as_in_rfc_7515_a_2() {
    let key = json!({ "kty": "RSA", "e": "AQAB", "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ" });
    let signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    let token = format!("eyJhbGciOiJSUzI1NiJ9.{RFC_7515_PAYLOAD}.{signature}");
    let claims = keys(json!([key])).verify(&token).unwrap().unwrap();
    assert_eq!(claims.custom["iss"], "joe");
    let tampered = format!(
        "eyJhbGciOiJSUzI1NiJ9.{}.{signature}",
        RFC_7515_PAYLOAD.replacen("qb2", "qb3", 1)
    );
    assert_eq!(
        keys(json!([key])).verify(&tampered).unwrap_err().slug(),
        "id_token_signature"
    );
}

#[test]
fn an_rsa_key_of_less_than_2048_bits_is_not_used() {
    let modulus = URL_SAFE_NO_PAD.encode([0xC5; 128]);
    let token = format!("eyJhbGciOiJSUzI1NiJ9.{RFC_7515_PAYLOAD}.{modulus}");
    let weak = keys(json!([{ "kty": "RSA", "e": "AQAB", "n": modulus }]));
    assert_eq!(weak.verify(&token).unwrap_err().slug(), "key_weak");
}

#[test]
fn es256_is_verified_as_in_rfc_7515_a_3() {
    let key = json!({ "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" });
    let token = format!(
        "eyJhbGciOiJFUzI1NiJ9.{RFC_7515_PAYLOAD}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    );
    assert!(keys(json!([key])).verify(&token).unwrap().is_some());
}

#[test]
fn eddsa_is_verified_with_the_key_of_rfc_8037() {
    use jwt_compact::alg::Ed25519;
    // RFC 8037 A.1 and A.2: `d` and `x`.
    let seed = URL_SAFE_NO_PAD
        .decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
        .unwrap();
    let public = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let pair = [seed, URL_SAFE_NO_PAD.decode(public).unwrap()].concat();
    let key = <Ed25519 as Algorithm>::SigningKey::from_slice(&pair).unwrap();
    let claims = json!({ "iss": "joe" });
    let token = Ed25519
        .token(
            &Header::empty(),
            &Claims::new(claims.as_object().unwrap().clone()),
            &key,
        )
        .unwrap();
    let known = keys(json!([{ "kty": "OKP", "crv": "Ed25519", "x": public }]));
    assert!(known.verify(&token).unwrap().is_some());
}

#[test]
fn without_a_key_id_only_the_one_fitting_key_is_taken() {
    let claims = json!({ "sub": "x" });
    let token = Es256
        .token(
            &Header::empty(),
            &Claims::new(claims.as_object().unwrap().clone()),
            &signing_key(7),
        )
        .unwrap();
    let encryption = {
        let mut key = jwk(8, "enc");
        key["use"] = json!("enc");
        key
    };
    assert!(
        keys(json!([jwk(7, "a"), encryption]))
            .verify(&token)
            .unwrap()
            .is_some()
    );
    assert_eq!(
        keys(json!([jwk(7, "a"), jwk(8, "b")])).verify(&token),
        Ok(None)
    );
}

#[test]
fn whoever_no_rule_names_is_not_admitted_and_no_row_is_left() {
    let world = world();
    let provider = Provider::new(&world);
    provider.set("email", json!("eve@elsewhere.example"));
    provider.set("groups", json!(["visitors"]));
    assert_eq!(outcome(&world, &provider), Err(OidcError::NotAdmitted));
    assert_eq!(
        world.database.number("SELECT COUNT(*) FROM users").unwrap(),
        0
    );
    assert_eq!(
        world
            .database
            .number("SELECT COUNT(*) FROM oidc_links")
            .unwrap(),
        0
    );
}

#[test]
fn an_unverified_address_counts_for_nothing() {
    let world = world();
    for unverified in [json!(false), json!("false"), json!(1), Value::Null] {
        let provider = Provider::new(&world);
        provider.set("email_verified", unverified);
        assert_eq!(outcome(&world, &provider), Err(OidcError::NoEmail));
    }
}

#[test]
fn an_account_here_is_joined_to_the_provider_only_if_the_operator_says_so() {
    let world = world();
    let ada = world.owner("ada@example.com");
    let person = world.signed_in(&ada).unwrap().person;
    let provider = Provider::new(&world);
    assert_eq!(outcome(&world, &provider), Err(OidcError::AddressTaken));
    let joins = ProviderConfig {
        joins_existing_accounts: true,
        ..config()
    };
    let (session, _) = Trip::begin(&world, &provider, joins.clone())
        .finish()
        .unwrap();
    assert_eq!(world.signed_in(&session.token).unwrap().person, person);
    world
        .database
        .execute("UPDATE users SET disabled_at = 1")
        .unwrap();
    let refused = Trip::begin(&world, &provider, joins).finish().map(|_| ());
    assert_eq!(refused, Err(OidcError::NotAdmitted));
}

#[test]
fn a_failing_database_leaves_no_half_made_account() {
    let world = world();
    for step in 0..3 {
        let provider = Provider::new(&world);
        let trip = Trip::begin(&world, &provider, config());
        world.database.fail_at(step);
        assert!(
            matches!(trip.finish(), Err(OidcError::Unavailable(_))),
            "{step}"
        );
        assert_eq!(
            world
                .database
                .number("SELECT (SELECT COUNT(*) FROM users) + (SELECT COUNT(*) FROM oidc_links)")
                .unwrap(),
            0
        );
    }
}

#[test]
fn a_discovery_document_that_cannot_be_trusted_is_refused() {
    let parse = |change: &dyn Fn(&mut Value)| {
        let mut document = Provider::new(&World::new()).discovery.into_inner();
        change(&mut document);
        Discovery::parse(document.to_string().as_bytes(), &config())
            .map(|_| ())
            .map_err(|error| error.slug().to_owned())
    };
    assert_eq!(parse(&|_| ()), Ok(()));
    let refused = |change: &dyn Fn(&mut Value)| parse(change).unwrap_err();
    assert_eq!(
        refused(&|it| it["issuer"] = json!("https://id.example.com/")),
        "discovery_other_issuer"
    );
    assert_eq!(
        refused(&|it| it["token_endpoint"] = json!("http://id.example.com/token")),
        "discovery_insecure_endpoint"
    );
    assert_eq!(
        refused(&|it| it["jwks_uri"] = json!("https://user@id.example.com/keys")),
        "discovery_insecure_endpoint"
    );
    assert_eq!(
        refused(&|it| it["response_types_supported"] = json!(["id_token"])),
        "discovery_no_code_flow"
    );
    assert_eq!(
        refused(&|it| it["code_challenge_methods_supported"] = json!(["plain"])),
        "discovery_no_s256"
    );
    assert_eq!(refused(&|it| *it = json!([])), "discovery_malformed");
}

#[test]
fn the_document_lies_below_the_issuer_whatever_its_path() {
    assert_eq!(
        Discovery::url_for("https://id.example.com"),
        "https://id.example.com/.well-known/openid-configuration"
    );
    assert_eq!(
        Discovery::url_for("https://id.example.com/t/1/"),
        "https://id.example.com/t/1/.well-known/openid-configuration"
    );
}

#[test]
fn a_configuration_that_lets_everybody_in_or_sends_secrets_in_the_clear_is_refused() {
    let parse = |issuer: &str, rule: &str| {
        ProviderConfig::parse(&format!(
            r#"{{"issuer": "{issuer}", "name": "X", "client_id": "c", "client_secret": "hush", "rules": [{rule}]}}"#
        ))
        .map(|_| ())
        .map_err(|error| error.to_string())
    };
    let good = r#"{"organization_id": "a", "domain": "example.com"}"#;
    assert_eq!(parse(ISSUER, good), Ok(()));
    assert_eq!(parse("http://localhost:9000", good), Ok(()));
    assert!(parse("http://id.example.com", good).is_err());
    assert!(parse("https://id.example.com?x", good).is_err());
    for rule in [
        r#"{"organization_id": "a"}"#,
        r#"{"organization_id": "a", "domain": " "}"#,
        r#"{"organization_id": "a", "claim": "groups"}"#,
        r#"{"organization_id": "a", "domain": "example.com", "admin": true, "projects": ["shop"]}"#,
        r#"{"organization_id": "a", "domain": "example.com", "value": "x"}"#,
        r#"{"organization_id": "a", "domains": "example.com"}"#,
    ] {
        let refused = parse(ISSUER, rule).unwrap_err();
        assert!(!refused.contains("hush"), "{refused}");
    }
    assert!(!format!("{:?}", config()).contains("cret"));
}

#[test]
fn the_way_home_never_leads_to_another_site() {
    let world = world();
    for (given, kept) in [
        ("/connections", "/connections"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
    ] {
        let provider = Provider::new(&world);
        let cookie = Token::new(&world.entropy);
        block_on(
            world
                .at(0)
                .oidc_begin(&config(), &provider, &cookie, REDIRECT, given),
        )
        .unwrap();
        let kept_rows = world
            .database
            .number(&format!(
                "SELECT COUNT(*) FROM oidc_requests WHERE return_to = '{kept}'"
            ))
            .unwrap();
        assert_eq!(kept_rows, 1, "{given}");
        world.database.execute("DELETE FROM oidc_requests").unwrap();
    }
}

#[test]
fn an_address_said_to_be_verified_in_words_is_verified() {
    let token = |verified: Value| IdToken {
        subject: "x".to_owned(),
        claims: json!({ "email": "A@b.example", "email_verified": verified })
            .as_object()
            .unwrap()
            .clone(),
    };
    assert_eq!(
        token(json!("true")).verified_email(),
        Email::parse("a@b.example").ok()
    );
    assert_eq!(token(json!("yes")).verified_email(), None);
}
