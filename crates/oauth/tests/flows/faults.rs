//! The database failing at each call of each flow: a clear answer, nothing half made, nothing lost.

use futures::executor::block_on;
use sightline_oauth::ScopeSet;

use crate::support::{HOUR_MS, World, must, parameter, text};

/// More calls than any flow makes.
const MOST_CALLS: usize = 12;

#[test]
fn a_code_whose_redemption_fails_is_still_good() {
    for fails_at in 0..MOST_CALLS {
        let mut world = World::new();
        let app = world.public_app();
        let code = world.code(&app);
        world.store.fails_from = Some(world.store.calls() + fails_at);
        let answer = world.redeem(&app, &code, &[]);
        world.store.fails_from = None;
        match answer {
            Ok(tokens) => assert!(world.ask(text(&tokens, "access_token")).is_ok()),
            Err(error) => {
                assert_eq!(error.status(), 503, "{fails_at}");
                assert!(world.store.connections().is_empty(), "{fails_at}");
                let tokens = must(world.redeem(&app, &code, &[]));
                assert!(world.ask(text(&tokens, "access_token")).is_ok());
            }
        }
    }
}

#[test]
fn a_refresh_that_fails_signs_nobody_out() {
    for fails_at in 0..MOST_CALLS {
        let mut world = World::new();
        let app = world.public_app();
        let token = text(&world.connect(&app), "refresh_token").to_owned();
        world.pass(HOUR_MS);
        world.store.fails_from = Some(world.store.calls() + fails_at);
        let answer = world.refresh(&app, &token);
        world.store.fails_from = None;
        if let Err(error) = answer {
            assert_eq!(error.status(), 503, "{fails_at}");
        }
        let tokens = must(world.refresh(&app, &token));
        assert!(world.ask(text(&tokens, "access_token")).is_ok());
    }
}

#[test]
fn a_consent_that_fails_can_be_answered_again() {
    for fails_at in 0..MOST_CALLS {
        let mut world = World::new();
        let app = world.public_app();
        let begun = must(world.begin(&app, &[]));
        world.store.fails_from = Some(world.store.calls() + fails_at);
        let answer = world.decide(&begun, &World::approval(ScopeSet::all()));
        world.store.fails_from = None;
        let location = match answer {
            Ok(location) => location,
            Err(error) => {
                assert!(matches!(
                    error,
                    sightline_oauth::ConsentRefused::Unavailable(_)
                ));
                must(world.decide(&begun, &World::approval(ScopeSet::all())))
            }
        };
        assert!(parameter(&location, "code").is_some());
    }
}

#[test]
fn a_registration_or_request_that_fails_is_a_503_and_leaves_nothing() {
    let mut world = World::new();
    let app = world.public_app();
    let rows = world.store.rows();
    world.store.fails_from = Some(0);
    let body = br#"{"client_name":"B","redirect_uris":["https://b.example/cb"],"token_endpoint_auth_method":"none"}"#;
    let refused = block_on(world.server().register(body)).err();
    assert_eq!(refused.map(|error| error.status().as_u16()), Some(503));
    assert!(matches!(
        world.begin(&app, &[]).err(),
        Some(sightline_oauth::AuthorizeRefused::Page {
            slug: "store_unavailable",
            ..
        })
    ));
    assert_eq!(world.store.rows(), rows);
}
