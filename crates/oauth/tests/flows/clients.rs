//! How apps prove themselves: secrets, documents, assertions, and apps the operator named.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::executor::block_on;
use jwt_compact::alg::{Es256, SigningKey as _};
use jwt_compact::jwk::JsonWebKey;
use jwt_compact::{Algorithm, AlgorithmExt, Claims, Header};
use serde_json::{Value, json};
use sightline_oauth::{
    AppOrigin, AppRecord, AuthMethod, AuthorizationServer, RedirectUri, ScopeSet,
};

use crate::support::{CALLBACK, VERIFIER, World, form, must, parameter, text};

const DOCUMENT: &str = "https://app.example/client.json";

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

fn code_of(world: &World, app: &str) -> String {
    let begun = must(world.begin(app, &[]));
    let location = must(world.decide(&begun, &World::approval(ScopeSet::all())));
    parameter(&location, "code").unwrap_or_default()
}

#[test]
fn rfc_6749_2_3_1_an_app_with_a_secret_may_send_it_in_header_or_body() {
    for method in ["client_secret_basic", "client_secret_post"] {
        let world = World::new();
        let app = must(world.register(&json!({
            "client_name": "App", "redirect_uris": [CALLBACK], "token_endpoint_auth_method": method,
        })));
        let (id, secret) = (text(&app, "client_id"), text(&app, "client_secret"));
        let header = basic(id, secret);
        let body = World::redemption(id, &code_of(&world, id), &[]);
        assert!(
            block_on(world.server().token(&body, Some(&header))).is_ok(),
            "{method}"
        );
        let body = World::redemption(id, &code_of(&world, id), &[("client_secret", secret)]);
        assert!(
            block_on(world.server().token(&body, None)).is_ok(),
            "{method}"
        );
    }
}

#[test]
fn rfc_6749_5_2_an_app_that_does_not_prove_itself_gets_401_and_keeps_its_code() {
    let world = World::new();
    let app = must(world.register(&json!({"client_name": "App", "redirect_uris": [CALLBACK]})));
    let (id, secret) = (text(&app, "client_id"), text(&app, "client_secret"));
    let code = code_of(&world, id);
    let body = World::redemption(id, &code, &[]);
    let wrong = sightline_oauth::Secret::from_random([1; 32]);
    let refused = |authorization: Option<&str>, changes: &[(&str, &str)]| {
        let body = World::redemption(id, &code, changes);
        let error = block_on(world.server().token(&body, authorization)).err();
        error.map(|error| (error.status().as_u16(), error.code.name(), error.slug))
    };
    let invalid = |slug| Some((401, "invalid_client", slug));
    assert_eq!(refused(None, &[]), invalid("client_auth_method_wrong"));
    assert_eq!(
        refused(Some(&basic(id, wrong.reveal())), &[]),
        invalid("app_secret_wrong")
    );
    assert_eq!(
        refused(Some(&basic(id, "")), &[]),
        invalid("app_secret_wrong")
    );
    assert_eq!(
        refused(Some("Basic %%"), &[]),
        invalid("client_auth_malformed")
    );
    assert_eq!(
        refused(Some("Bearer x"), &[]),
        invalid("client_auth_malformed")
    );
    assert_eq!(
        refused(None, &[("client_secret", wrong.reveal())]),
        invalid("app_secret_wrong")
    );
    // RFC 6749 §2.3: one way per request.
    let header = basic(id, secret);
    let twice = refused(Some(&header), &[("client_secret", secret)]);
    assert_eq!(twice, Some((400, "invalid_request", "client_auth_twice")));
    let mixed = refused(Some(&header), &[("client_id", "app_other")]);
    assert_eq!(mixed, Some((400, "invalid_request", "client_auth_twice")));
    assert!(block_on(world.server().token(&body, Some(&header))).is_ok());
}

fn document(extra: &[(&str, Value)]) -> String {
    let mut document = json!({
        "client_id": DOCUMENT, "client_name": "Documented", "redirect_uris": [CALLBACK],
    });
    for (name, value) in extra {
        document[*name] = value.clone();
    }
    document.to_string()
}

#[test]
fn cimd_an_app_whose_id_is_its_document_signs_in_without_registering() {
    let mut world = World::new();
    world
        .documents
        .answer(DOCUMENT, 200, "max-age=3600", &document(&[]));
    let begun = must(world.begin(DOCUMENT, &[]));
    let (server, person) = (world.server(), world.person());
    let facts =
        server.consent_page_facts(begun.handle.reveal(), Some(begun.cookie.reveal()), &person);
    assert_eq!(
        must(block_on(facts)).verified_host.as_deref(),
        Some("app.example")
    );
    let tokens = world.connect(DOCUMENT);
    assert!(world.ask(text(&tokens, "access_token")).is_ok());
    assert_eq!(world.documents.fetches(), 1);
    assert_eq!(
        world.store.audited()[0],
        "consent.granted",
        "nothing was registered"
    );
}

#[test]
fn cimd_an_unreachable_document_is_a_page_and_a_503_and_costs_nothing() {
    let world = World::new();
    let refused = world.begin(DOCUMENT, &[]).err();
    assert!(matches!(
        refused,
        Some(sightline_oauth::AuthorizeRefused::Page {
            slug: "store_unavailable",
            ..
        })
    ));
    let answer = block_on(
        world
            .server()
            .token(&World::renewal(DOCUMENT, "sl_x"), None),
    );
    assert_eq!(answer.err().map(|error| error.status().as_u16()), Some(503));
}

type Key = <Es256 as Algorithm>::SigningKey;

fn key(byte: u8) -> Key {
    must(Key::from_slice(&[byte; 32]))
}

fn assertion(world: &World, id: &str, with: &Key) -> String {
    let body =
        json!({"iss": DOCUMENT, "sub": DOCUMENT, "aud": "https://mcp.example.com", "jti": id});
    let mut claims = Claims::new(body);
    claims.expiration = chrono::DateTime::from_timestamp_millis(world.now_ms.get() + 60_000);
    must(Es256.token(&Header::empty(), &claims, with))
}

#[test]
fn rfc_7523_2_2_an_app_proves_itself_with_a_key_of_its_document_once_per_assertion() {
    let public = key(1).to_verifying_key();
    let jwks = json!({"keys": [JsonWebKey::from(&public)]});
    let at = "https://app.example/jwks.json";
    for inline in [true, false] {
        let world = World::new();
        let keys = if inline {
            ("jwks", jwks.clone())
        } else {
            ("jwks_uri", json!(at))
        };
        let method = ("token_endpoint_auth_method", json!("private_key_jwt"));
        world
            .documents
            .answer(DOCUMENT, 200, "max-age=60", &document(&[method, keys]));
        world
            .documents
            .answer(at, 200, "max-age=60", &jwks.to_string());
        let code = code_of(&world, DOCUMENT);
        let ask = |assertion: &str| {
            let body = form(&[
                ("grant_type", "authorization_code"),
                (
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                ),
                ("client_assertion", assertion),
                ("code", &code),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
            ]);
            block_on(world.server().token(&body, None))
                .err()
                .map(|error| error.slug)
        };
        assert_eq!(
            ask(&assertion(&world, "1", &key(2))),
            Some("assertion_forged")
        );
        assert_eq!(ask("x"), Some("assertion_malformed"));
        let without = block_on(
            world
                .server()
                .token(&World::redemption(DOCUMENT, &code, &[]), None),
        );
        assert_eq!(
            without.err().map(|error| error.slug),
            Some("client_auth_method_wrong")
        );
        let good = assertion(&world, "2", &key(1));
        assert_eq!(ask(&good), None);
        assert_eq!(ask(&good), Some("assertion_replayed"));
    }
}

#[test]
fn an_app_the_operator_named_needs_no_registration_and_does_not_expire() {
    let world = World::new();
    let named = [AppRecord {
        id: "our-app".to_owned(),
        origin: AppOrigin::Preregistered,
        name: "Our App".to_owned(),
        redirect_uris: vec![must(RedirectUri::parse(CALLBACK))],
        auth_method: AuthMethod::None,
        secret_hash: None,
        keys: None,
        uri: None,
        expires_at_ms: None,
    }];
    let server = AuthorizationServer {
        preregistered: &named,
        ..world.server()
    };
    assert!(must(block_on(server.app("our-app"))).is_some());
    assert!(must(block_on(world.server().app("our-app"))).is_none());
}

#[test]
fn a_vanished_app_gets_401_invalid_client_so_that_it_registers_again() {
    let world = World::new();
    let app = world.public_app();
    world.pass(8 * crate::support::DAY_MS);
    let refused = world.refresh(&app, "sl_x").err();
    let refused = refused.map(|error| (error.status().as_u16(), error.code.name()));
    assert_eq!(refused, Some((401, "invalid_client")));
    let same = world.public_app();
    assert_eq!(app, same, "and gets its old id back");
    assert!(must(block_on(world.server().app(&app))).is_some());
}
