//! What happens when a hundred do the same at once, in any order the database may see them.

use futures::executor::block_on;
use futures::future::join_all;
use proptest::prelude::*;
use sightline_oauth::ScopeSet;

use crate::support::{HOUR_MS, World, must, parameter, text};

const AT_ONCE: usize = 100;

fn delays() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(0_u8..5, 1..64)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn of_a_hundred_redemptions_of_a_code_one_wins_and_the_replay_ends_it(delays in delays()) {
        let mut world = World::new();
        let app = world.public_app();
        let code = world.code(&app);
        world.store.delays = delays;
        let body = World::redemption(&app, &code, &[]);
        let servers: Vec<_> = (0..AT_ONCE).map(|_| world.server()).collect();
        let answers = block_on(join_all(servers.iter().map(|server| server.token(&body, None))));
        let won: Vec<_> = answers.iter().flatten().cloned().collect();
        prop_assert_eq!(won.len(), 1);
        for refused in answers.iter().filter_map(|answer| answer.as_ref().err()) {
            prop_assert_eq!(refused.slug, "code_replayed");
        }
        drop(servers);
        prop_assert_eq!(world.store.connections().len(), 1);
        prop_assert!(world.ask(text(&won[0], "access_token")).is_err());
        let ended = world.store.audited().into_iter().filter(|slug| *slug == "connection.revoked").count();
        prop_assert_eq!(ended, 1);
    }

    #[test]
    fn of_a_hundred_uses_of_a_refresh_token_one_turns_it_and_nobody_is_signed_out(delays in delays(), keeps in 0..AT_ONCE) {
        let mut world = World::new();
        let app = world.public_app();
        let first = text(&world.connect(&app), "refresh_token").to_owned();
        world.pass(HOUR_MS);
        world.store.delays = delays;
        let body = World::renewal(&app, &first);
        let servers: Vec<_> = (0..AT_ONCE).map(|_| world.server()).collect();
        let answers = block_on(join_all(servers.iter().map(|server| server.token(&body, None))));
        drop(servers);
        let answers: Vec<_> = answers.into_iter().map(must).collect();
        let turned = answers.iter().filter(|answer| text(answer, "refresh_token") != first).count();
        prop_assert_eq!(turned, 1);
        for answer in &answers {
            prop_assert!(world.ask(text(answer, "access_token")).is_ok());
        }
        // Whichever answer the app kept, it goes on with it.
        world.pass(HOUR_MS);
        let kept = text(&answers[keeps], "refresh_token");
        let next = must(world.refresh(&app, kept));
        prop_assert!(world.ask(text(&next, "access_token")).is_ok());
    }

    #[test]
    fn of_a_hundred_answers_to_one_consent_one_counts(delays in delays()) {
        let mut world = World::new();
        let app = world.public_app();
        let begun = must(world.begin(&app, &[]));
        let person = world.person();
        let (handle, cookie) = (begun.handle.reveal(), Some(begun.cookie.reveal()));
        let csrf = must(block_on(world.server().consent_page_facts(handle, cookie, &person))).csrf_token;
        world.store.delays = delays;
        let approval = World::approval(ScopeSet::all());
        let servers: Vec<_> = (0..AT_ONCE).map(|_| world.server()).collect();
        let decide = servers.iter().map(|server| server.decide(handle, cookie, &csrf, &person, &approval));
        let answers = block_on(join_all(decide));
        drop(servers);
        let codes: Vec<_> = answers.iter().flatten().filter_map(|location| parameter(location, "code")).collect();
        prop_assert_eq!(codes.len(), 1);
        world.store.delays = Vec::new();
        prop_assert!(world.redeem(&app, &codes[0], &[]).is_ok());
    }

    #[test]
    fn of_a_hundred_first_requests_one_makes_the_key_and_all_sign_with_it(delays in delays()) {
        let mut world = World::new();
        world.store.delays = delays;
        let servers: Vec<_> = (0..AT_ONCE).map(|_| world.server()).collect();
        let rings = block_on(join_all(servers.iter().map(|server| server.keys())));
        drop(servers);
        let mut ids: Vec<_> = rings.into_iter().map(must).filter_map(|ring| ring.newest().map(|key| key.id().to_owned())).collect();
        prop_assert_eq!(ids.len(), AT_ONCE);
        ids.dedup();
        prop_assert_eq!(ids.len(), 1);
        prop_assert_eq!(world.store.audited(), ["key.rotated"]);
    }
}
