//! Dynamic registration (RFC 7591).

use futures::executor::block_on;
use serde_json::{Value, json};

use crate::support::{CALLBACK, DAY_MS, World, must, text};

fn metadata(changes: &[(&str, Value)]) -> Value {
    let mut metadata = json!({
        "client_name": "Example App",
        "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "none",
    });
    for (name, value) in changes {
        metadata[*name] = value.clone();
    }
    metadata
}

fn refusal(changes: &[(&str, Value)]) -> Option<(&'static str, &'static str)> {
    let error = World::new().register(&metadata(changes)).err()?;
    assert_eq!(error.status(), 400);
    Some((error.code.name(), error.slug))
}

#[test]
fn rfc_7591_3_2_1_a_registration_is_answered_with_what_was_registered() {
    let answer = must(World::new().register(&metadata(&[("contacts", json!(["a@b.example"]))])));
    assert_eq!(
        answer,
        json!({
            "client_id": answer["client_id"],
            "client_id_issued_at": 1_790_000_000,
            "client_name": "Example App",
            "redirect_uris": [CALLBACK],
            "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
        })
    );
}

#[test]
fn a_public_app_that_registers_again_stays_the_same_app() {
    let world = World::new();
    let id = |changes: &[(&str, Value)]| {
        text(&must(world.register(&metadata(changes))), "client_id").to_owned()
    };
    let first = id(&[("redirect_uris", json!(["http://localhost:1/cb", CALLBACK]))]);
    assert_eq!(
        first,
        id(&[(
            "redirect_uris",
            json!([CALLBACK, "http://localhost:65000/cb"])
        )])
    );
    assert_ne!(first, id(&[("redirect_uris", json!([CALLBACK]))]));
    assert_ne!(first, id(&[("client_name", json!("Another"))]));
    assert_eq!(world.store.audited(), ["app.registered"; 3]);
}

#[test]
fn rfc_7591_2_a_method_left_out_means_a_secret_in_the_header() {
    let world = World::new();
    let answer = must(world.register(&metadata(&[("token_endpoint_auth_method", Value::Null)])));
    assert_eq!(answer["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(answer["client_secret_expires_at"], 0);
    let secret = text(&answer, "client_secret");
    assert!(secret.starts_with("sl_"));
    assert!(!world.store.dump().contains(secret), "kept as a hash only");
}

#[test]
fn two_apps_with_secrets_are_two_apps() {
    let world = World::new();
    let post = [("token_endpoint_auth_method", json!("client_secret_post"))];
    let first = must(world.register(&metadata(&post)));
    let second = must(world.register(&metadata(&post)));
    assert_ne!(first["client_id"], second["client_id"]);
    assert_ne!(first["client_secret"], second["client_secret"]);
}

#[test]
fn rfc_7591_3_2_2_redirect_uris_are_needed_few_and_harmless() {
    for uris in [
        json!([]),
        json!(["javascript:alert(1)"]),
        json!(["http://app.example/cb"]),
        json!(["https://app.example/cb#x"]),
        json!([CALLBACK, "data:text/html,x"]),
        json!(vec![CALLBACK; 11]),
        json!([format!("https://app.example/{}", "a".repeat(2048))]),
    ] {
        assert_eq!(
            refusal(&[("redirect_uris", uris.clone())]),
            Some(("invalid_redirect_uri", "redirect_uri_refused")),
            "{uris}"
        );
    }
}

#[test]
fn rfc_7591_3_2_2_metadata_is_capped_and_understood() {
    let refused = |name, value| refusal(&[(name, value)]).map(|(code, _)| code);
    let metadata = Some("invalid_client_metadata");
    assert_eq!(refused("client_name", json!("a".repeat(121))), metadata);
    assert_eq!(refused("client_name", json!(7)), metadata);
    assert_eq!(
        refused("client_uri", json!("javascript:alert(1)")),
        metadata
    );
    assert_eq!(
        refused("grant_types", json!(["client_credentials"])),
        metadata
    );
    assert_eq!(refused("response_types", json!(["token"])), metadata);
    assert_eq!(
        refused("token_endpoint_auth_method", json!("private_key_jwt")),
        metadata
    );
    assert_eq!(
        refused("token_endpoint_auth_method", json!("tls_client_auth")),
        metadata
    );
    let padded = format!("{}{}", " ".repeat(16 << 10), self::metadata(&[]));
    let world = World::new();
    for body in [padded.as_bytes(), b"[]", b"", b"\xff"] {
        let error = block_on(world.server().register(body)).err();
        assert_eq!(error.map(|error| error.code.name()), metadata);
    }
}

#[test]
fn a_name_with_line_breaks_is_kept_as_one_line() {
    let answer = must(World::new().register(&metadata(&[(
        "client_name",
        json!("Ex\r\nSet-Cookie: a\u{202e}"),
    )])));
    assert_eq!(answer["client_name"], "Ex Set-Cookie: a");
}

#[test]
fn an_unused_registration_is_gone_after_a_week_and_a_used_one_after_ninety_days_without_use() {
    let world = World::new();
    let unused = world.public_app();
    let alive = |id: &str| must(block_on(world.server().app(id))).is_some();
    world.pass(7 * DAY_MS - 1);
    assert!(alive(&unused));
    world.pass(1);
    assert!(!alive(&unused));

    let used = text(&must(world.register(&metadata(&[]))), "client_id").to_owned();
    let tokens = world.connect(&used);
    world.pass(20 * DAY_MS);
    assert!(world.refresh(&used, text(&tokens, "refresh_token")).is_ok());
    world.pass(90 * DAY_MS - 1);
    assert!(alive(&used));
    world.pass(1);
    assert!(!alive(&used));
}
