//! Families of refresh tokens: they turn, survive lost answers, and end when an old one comes back.

use futures::executor::block_on;
use proptest::prelude::*;
use serde_json::json;

use crate::support::{CALLBACK, DAY_MS, HOUR_MS, MINUTE_MS, World, form, must, text};

fn refresh_token(tokens: &serde_json::Value) -> String {
    text(tokens, "refresh_token").to_owned()
}

fn slug(result: Result<serde_json::Value, sightline_oauth::OAuthError>) -> Option<&'static str> {
    result.err().map(|error| error.slug)
}

#[test]
fn rfc_9700_4_14_2_every_use_turns_the_token() {
    let mut world = World::new();
    let app = world.public_app();
    let mut token = refresh_token(&world.connect(&app));
    for _ in 0..20 {
        world.pass(HOUR_MS);
        let tokens = must(world.refresh(&app, &token));
        assert_ne!(refresh_token(&tokens), token);
        assert!(world.ask(text(&tokens, "access_token")).is_ok());
        token = refresh_token(&tokens);
    }
    assert_eq!(world.store.connections().len(), 1, "one family");
}

#[test]
fn a_lost_answer_signs_nobody_out_however_late_it_is_noticed() {
    for wait_ms in [0, MINUTE_MS - 1, MINUTE_MS, HOUR_MS, 10 * DAY_MS] {
        let mut world = World::new();
        let app = world.public_app();
        let first = refresh_token(&world.connect(&app));
        world.pass(HOUR_MS);
        let _lost = must(world.refresh(&app, &first));
        world.pass(wait_ms);
        let tokens = must(world.refresh(&app, &first));
        assert!(world.ask(text(&tokens, "access_token")).is_ok());
        world.pass(HOUR_MS);
        let next = must(world.refresh(&app, &refresh_token(&tokens)));
        assert!(world.ask(text(&next, "access_token")).is_ok(), "{wait_ms}");
    }
}

#[test]
fn an_exchanged_token_is_good_for_a_minute_and_its_successor_stays_good() {
    let world = World::new();
    let app = world.public_app();
    let first = refresh_token(&world.connect(&app));
    let second = refresh_token(&must(world.refresh(&app, &first)));
    world.pass(MINUTE_MS - 1);
    // Another process of the app, with the token they shared: it gets in, and nothing turns.
    assert_eq!(refresh_token(&must(world.refresh(&app, &first))), first);
    let third = refresh_token(&must(world.refresh(&app, &second)));
    assert_ne!(third, second);
    assert!(
        world.refresh(&app, &first).is_ok(),
        "within its minute, though its successor was used"
    );
    world.pass(1);
    assert_eq!(slug(world.refresh(&app, &first)), Some("refresh_replayed"));
}

#[test]
fn a_token_older_than_the_one_before_ends_the_family_and_is_audited() {
    let mut world = World::new();
    let app = world.public_app();
    let tokens = world.connect(&app);
    let first = refresh_token(&tokens);
    world.pass(HOUR_MS);
    let second = refresh_token(&must(world.refresh(&app, &first)));
    world.pass(HOUR_MS);
    let newest = must(world.refresh(&app, &second));
    world.pass(MINUTE_MS);
    assert_eq!(slug(world.refresh(&app, &first)), Some("refresh_replayed"));
    assert_eq!(
        slug(world.refresh(&app, &refresh_token(&newest))),
        Some("connection_revoked")
    );
    assert!(
        world.ask(text(&newest, "access_token")).is_err(),
        "out with the next request"
    );
    let audited = world.store.audited();
    assert_eq!(
        audited[audited.len() - 2..],
        ["connection.revoked", "refresh.refused"]
    );
}

#[test]
fn a_thief_and_the_owner_of_one_token_cannot_both_go_on() {
    for thief_first in [true, false] {
        let world = World::new();
        let app = world.public_app();
        let stolen = refresh_token(&world.connect(&app));
        world.pass(HOUR_MS);
        let owner = refresh_token(&must(world.refresh(&app, &stolen)));
        world.pass(HOUR_MS);
        let (first, second) = if thief_first {
            (&stolen, &owner)
        } else {
            (&owner, &stolen)
        };
        assert!(world.refresh(&app, first).is_ok());
        world.pass(HOUR_MS);
        assert_eq!(
            slug(world.refresh(&app, second)),
            Some("refresh_replayed"),
            "{thief_first}"
        );
    }
}

#[test]
fn a_connection_is_renewed_for_thirty_days_and_its_last_token_ends_with_it() {
    let mut world = World::new();
    let app = world.public_app();
    let token = refresh_token(&world.connect(&app));
    world.pass(30 * DAY_MS - 1000);
    let tokens = must(world.refresh(&app, &token));
    assert_eq!(tokens["expires_in"], 1);
    assert!(world.ask(text(&tokens, "access_token")).is_ok());
    world.pass(1000);
    assert!(world.ask(text(&tokens, "access_token")).is_err());
    assert_eq!(
        slug(world.refresh(&app, &refresh_token(&tokens))),
        Some("connection_expired")
    );
}

#[test]
fn rfc_6749_6_scopes_may_be_fewer_and_never_more() {
    let world = World::new();
    let app = world.public_app();
    let begun = must(world.begin(&app, &[("scope", "mcp:query:read mcp:schema:read")]));
    let scopes = must(sightline_oauth::ScopeSet::parse(
        "mcp:query:read mcp:schema:read",
    ));
    let location = must(world.decide(&begun, &World::approval(scopes)));
    let code = crate::support::parameter(&location, "code").unwrap_or_default();
    let mut token = refresh_token(&must(world.redeem(&app, &code, &[])));
    let ask = |token: &str, scope: &str| {
        let body = form(&[
            ("grant_type", "refresh_token"),
            ("client_id", &app),
            ("refresh_token", token),
            ("scope", scope),
        ]);
        block_on(world.server().token(&body, None))
    };
    for wider in [
        "mcp:analytics:read",
        "mcp:query:read mcp:events:read",
        "mcp:query:write",
        " ",
    ] {
        let code = ask(&token, wider).err().map(|error| error.code.name());
        assert_eq!(code, Some("invalid_scope"), "{wider}");
    }
    let narrowed = must(ask(&token, "mcp:query:read"));
    assert_eq!(narrowed["scope"], "mcp:query:read");
    token = refresh_token(&narrowed);
    assert_eq!(
        must(world.refresh(&app, &token))["scope"],
        "mcp:query:read mcp:schema:read"
    );
}

#[test]
fn rfc_8707_2_2_a_refresh_is_for_our_resource_too() {
    let world = World::new();
    let app = world.public_app();
    let token = refresh_token(&world.connect(&app));
    let body = |resource| {
        form(&[
            ("grant_type", "refresh_token"),
            ("client_id", app.as_str()),
            ("refresh_token", token.as_str()),
            ("resource", resource),
        ])
    };
    let refused = block_on(
        world
            .server()
            .token(&body("https://other.example/mcp"), None),
    );
    assert_eq!(
        refused.err().map(|error| error.code.name()),
        Some("invalid_target")
    );
    assert!(
        block_on(
            world
                .server()
                .token(&body("https://mcp.example.com/mcp"), None)
        )
        .is_ok()
    );
}

#[test]
fn rfc_6749_10_4_a_refresh_token_is_bound_to_its_app() {
    let world = World::new();
    let app = world.public_app();
    let other = must(world.register(&json!({
        "client_name": "Other",
        "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "none",
    })));
    let token = refresh_token(&world.connect(&app));
    assert_eq!(
        slug(world.refresh(text(&other, "client_id"), &token)),
        Some("refresh_of_another_app")
    );
    assert_eq!(
        slug(world.refresh(&app, "sl_unknown")),
        Some("refresh_malformed")
    );
    let unknown = sightline_oauth::Secret::from_random([1; 32]);
    assert_eq!(
        slug(world.refresh(&app, unknown.reveal())),
        Some("refresh_unknown")
    );
    assert!(
        world.refresh(&app, &token).is_ok(),
        "nothing was lost by it"
    );
}

/// A step in the life of an honest app with one token store.
#[derive(Debug, Clone)]
enum Step {
    /// Time passes.
    Wait(i64),
    /// It refreshes, and the answer arrives.
    Refresh,
    /// It refreshes, and the answer is lost.
    Lose,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let wait = prop_oneof![0..2 * MINUTE_MS, 0..3 * HOUR_MS].prop_map(Step::Wait);
    proptest::collection::vec(
        prop_oneof![wait, Just(Step::Refresh), Just(Step::Lose)],
        1..40,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_honest_app_is_never_signed_out_whatever_answers_it_loses(steps in steps()) {
        let mut world = World::new();
        let app = world.public_app();
        let mut token = refresh_token(&world.connect(&app));
        for step in steps {
            match step {
                Step::Wait(ms) => world.pass(ms),
                Step::Refresh => {
                    let tokens = world.refresh(&app, &token);
                    prop_assert!(tokens.is_ok(), "{tokens:?}");
                    token = refresh_token(&must(tokens));
                }
                Step::Lose => prop_assert!(world.refresh(&app, &token).is_ok()),
            }
        }
        let tokens = must(world.refresh(&app, &token));
        prop_assert!(world.ask(text(&tokens, "access_token")).is_ok());
    }

    #[test]
    fn a_token_two_turns_old_always_ends_the_family(turns in 2_usize..12, back in 2_usize..12) {
        let world = World::new();
        let app = world.public_app();
        let mut tokens = vec![refresh_token(&world.connect(&app))];
        for _ in 0..turns {
            world.pass(HOUR_MS);
            let next = refresh_token(&must(world.refresh(&app, &tokens[tokens.len() - 1])));
            tokens.push(next);
        }
        world.pass(MINUTE_MS);
        let old = &tokens[turns - back.min(turns)];
        prop_assert_eq!(slug(world.refresh(&app, old)), Some("refresh_replayed"));
        for token in &tokens {
            prop_assert!(world.refresh(&app, token).is_err());
        }
    }
}
