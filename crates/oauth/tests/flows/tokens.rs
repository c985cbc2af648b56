//! Codes for tokens, and tokens given back.

use futures::executor::block_on;
use proptest::prelude::*;
use serde_json::json;
use sightline_oauth::{Scope, ScopeSet};

use crate::support::{CALLBACK, DAY_MS, MINUTE_MS, World, form, must, parameter, text};

#[test]
fn rfc_6749_5_1_a_code_is_exchanged_for_an_access_and_a_refresh_token() {
    let world = World::new();
    let app = world.public_app();
    let tokens = world.connect(&app);
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 3600);
    assert_eq!(tokens["scope"], "mcp:analytics:read");
    assert!(text(&tokens, "refresh_token").starts_with("sl_"));
    assert_eq!(text(&tokens, "access_token").split('.').count(), 3);
    let expected = [
        "app.registered",
        "consent.granted",
        "key.rotated",
        "connection.made",
    ];
    assert_eq!(world.store.audited(), expected);
}

#[test]
fn nothing_at_rest_is_a_secret() {
    let world = World::new();
    let app = world.public_app();
    let begun = must(world.begin(&app, &[]));
    let location = must(world.decide(&begun, &World::approval(ScopeSet::all())));
    let code = parameter(&location, "code").unwrap_or_default();
    let tokens = must(world.redeem(&app, &code, &[]));
    let dump = world.store.dump();
    let secrets = [
        begun.handle.reveal(),
        begun.cookie.reveal(),
        &code,
        text(&tokens, "refresh_token"),
        text(&tokens, "access_token"),
    ];
    for secret in secrets {
        assert!(!secret.is_empty() && !dump.contains(secret));
    }
}

#[test]
fn rfc_6749_4_1_3_a_code_is_bound_to_its_app_redirect_and_verifier() {
    let world = World::new();
    let app = world.public_app();
    let other = must(world.register(&json!({
        "client_name": "Other",
        "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "none",
    })));
    let code = world.code(&app);
    let slug = |changes: &[(&str, &str)]| {
        world
            .redeem(&app, &code, changes)
            .err()
            .map(|error| (error.code.name(), error.slug))
    };
    for (changes, expected) in [
        (
            &[("client_id", text(&other, "client_id"))][..],
            ("invalid_grant", "code_of_another_app"),
        ),
        (
            &[("redirect_uri", "http://localhost:1234/callback")],
            ("invalid_grant", "code_for_another_redirect"),
        ),
        (
            &[("redirect_uri", "")],
            ("invalid_request", "parameter_missing"),
        ),
        (
            &[("code_verifier", "")],
            ("invalid_request", "parameter_missing"),
        ),
        (
            &[("code_verifier", crate::support::CHALLENGE)],
            ("invalid_grant", "pkce_verifier_wrong"),
        ),
        (
            &[("resource", "https://other.example/mcp")],
            ("invalid_target", "resource_foreign"),
        ),
        (
            &[("client_id", "app_nobody")],
            ("invalid_client", "app_unknown"),
        ),
        (
            &[("client_id", "")],
            ("invalid_client", "client_id_missing"),
        ),
        (&[("code", "sl_x")], ("invalid_grant", "code_malformed")),
        (
            &[("grant_type", "password")],
            ("unsupported_grant_type", "grant_type_unknown"),
        ),
    ] {
        assert_eq!(slug(changes), Some(expected), "{changes:?}");
    }
    // None of these attempts cost the app its code.
    assert!(world.redeem(&app, &code, &[("resource", "")]).is_ok());
}

#[test]
fn a_code_is_good_for_a_minute() {
    let world = World::new();
    let app = world.public_app();
    let (kept, late) = (world.code(&app), world.code(&app));
    world.pass(MINUTE_MS - 1);
    assert!(world.redeem(&app, &kept, &[]).is_ok());
    world.pass(1);
    assert_eq!(
        world.redeem(&app, &late, &[]).err().map(|error| error.slug),
        Some("code_expired")
    );
}

#[test]
fn rfc_6749_4_1_2_a_code_used_twice_ends_the_connection_it_made() {
    let mut world = World::new();
    let app = world.public_app();
    let code = world.code(&app);
    let tokens = must(world.redeem(&app, &code, &[]));
    assert!(world.ask(text(&tokens, "access_token")).is_ok());
    let again = world.redeem(&app, &code, &[]).err();
    assert_eq!(
        again.map(|error| (error.code.name(), error.slug)),
        Some(("invalid_grant", "code_replayed"))
    );
    assert!(world.ask(text(&tokens, "access_token")).is_err());
    let refreshed = world.refresh(&app, text(&tokens, "refresh_token")).err();
    assert_eq!(
        refreshed.map(|error| error.slug),
        Some("connection_revoked")
    );
    assert!(world.store.audited().contains(&"connection.revoked"));
}

#[test]
fn connections_of_one_person_and_app_live_side_by_side() {
    let mut world = World::new();
    let app = world.public_app();
    let (first, second) = (world.connect(&app), world.connect(&app));
    assert!(world.ask(text(&first, "access_token")).is_ok());
    assert!(world.ask(text(&second, "access_token")).is_ok());
    assert_eq!(world.store.connections().len(), 2);
    let body = form(&[
        ("client_id", &app),
        ("token", text(&second, "refresh_token")),
    ]);
    must(block_on(world.server().revoke(&body, None)));
    assert!(world.ask(text(&first, "access_token")).is_ok());
    assert!(world.ask(text(&second, "access_token")).is_err());
}

#[test]
fn rfc_7009_2_either_token_given_back_ends_the_connection() {
    for name in ["access_token", "refresh_token"] {
        let mut world = World::new();
        let app = world.public_app();
        let tokens = world.connect(&app);
        let body = form(&[("client_id", &app), ("token", text(&tokens, name))]);
        must(block_on(world.server().revoke(&body, None)));
        assert!(world.ask(text(&tokens, "access_token")).is_err(), "{name}");
        must(block_on(world.server().revoke(&body, None)));
        let revoked = world
            .store
            .audited()
            .into_iter()
            .filter(|slug| *slug == "connection.revoked");
        assert_eq!(revoked.count(), 1);
    }
}

#[test]
fn rfc_7009_2_1_an_app_ends_no_connection_but_its_own() {
    let mut world = World::new();
    let app = world.public_app();
    let other = must(world.register(&json!({
        "client_name": "Other",
        "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "none",
    })));
    let tokens = world.connect(&app);
    for token in [
        text(&tokens, "access_token"),
        text(&tokens, "refresh_token"),
        "unknown",
        "a.b.c",
    ] {
        let body = form(&[("client_id", text(&other, "client_id")), ("token", token)]);
        assert_eq!(
            block_on(world.server().revoke(&body, None)),
            Ok(()),
            "RFC 7009 §2.2: no error"
        );
    }
    assert!(world.ask(text(&tokens, "access_token")).is_ok());
    let body = form(&[("client_id", "app_nobody"), ("token", "x")]);
    assert!(block_on(world.server().revoke(&body, None)).is_err_and(|error| error.status() == 401));
}

#[test]
fn rfc_6749_5_1_consent_to_less_than_asked_gives_less() {
    let mut world = World::new();
    let app = world.public_app();
    let begun = must(world.begin(&app, &[]));
    let location = must(world.decide(&begun, &World::approval(Scope::Query.into())));
    let tokens = must(world.redeem(&app, &parameter(&location, "code").unwrap_or_default(), &[]));
    assert_eq!(tokens["scope"], "mcp:query:read");
    let principal = must(world.ask(text(&tokens, "access_token")));
    assert!(principal.may(Scope::Query) && !principal.may(Scope::Events));
}

#[test]
fn a_purge_deletes_what_expired_and_nothing_that_counts_and_twice_is_once() {
    let mut world = World::new();
    let app = world.public_app();
    let tokens = world.connect(&app);
    must(world.begin(&app, &[]));
    let before = world.store.rows();
    must(block_on(world.maintenance().purge()));
    assert_eq!(world.store.rows(), before);
    world.pass(2 * DAY_MS);
    must(block_on(world.maintenance().purge()));
    let once = world.store.rows();
    assert_eq!(once, before - 2, "the waiting request and the old code");
    must(block_on(world.maintenance().purge()));
    assert_eq!(world.store.rows(), once);
    let renewed = must(world.refresh(&app, text(&tokens, "refresh_token")));
    assert!(world.ask(text(&renewed, "access_token")).is_ok());
}

proptest! {
    #[test]
    fn any_body_gets_an_error_and_never_a_token(body in "\\PC{0,200}", authorization in proptest::option::of("\\PC{0,60}")) {
        let world = World::new();
        let answer = block_on(world.server().token(&body, authorization.as_deref()));
        prop_assert!(answer.is_err());
        prop_assert!(block_on(world.server().revoke(&body, authorization.as_deref())).is_err());
        prop_assert!(world.begin("x", &[]).is_err());
        let _ = block_on(world.server().begin_authorization(&body, authorization.as_deref()));
    }
}
