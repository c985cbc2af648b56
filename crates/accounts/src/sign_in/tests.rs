mod passwords;

use futures::executor::block_on;
use proptest::prelude::*;

use super::*;
use crate::Role;
use crate::testing::{World, cheap};

const WRONG: &str = "not the password";

fn attempt(
    world: &World,
    after_ms: i64,
    email: &str,
    password: &str,
    browser: Browser,
    ip: &str,
) -> SignInOutcome {
    block_on(world.at(after_ms).sign_in(&SignInRequest {
        email,
        password,
        source: Source::of_ip(ip),
        browser,
    }))
    .unwrap()
}

fn known(world: &World, email: &str) -> Browser {
    let session = world.sign_in(email, World::PASSWORD).unwrap();
    Browser {
        known: Some(session.known),
        ..Browser::default()
    }
}

fn known_after(world: &World, after_ms: i64) -> Browser {
    match attempt(
        world,
        after_ms,
        "ada@example.com",
        World::PASSWORD,
        Browser::default(),
        "192.0.2.6",
    ) {
        SignInOutcome::SignedIn(session) => Browser {
            known: Some(session.known),
            ..Browser::default()
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_right_password_opens_a_session_however_the_address_is_spelt() {
    let world = World::new();
    world.owner("ada@example.com");
    let session = world.sign_in(" ADA@example.com ", World::PASSWORD).unwrap();
    assert!(world.signed_in(&session.token).is_some());
    assert!(
        session
            .cookies()
            .iter()
            .all(|cookie| cookie.contains("Secure; HttpOnly; SameSite=Lax"))
    );
}

#[test]
fn unknown_wrong_disabled_and_without_a_password_answer_alike() {
    let world = World::new();
    world.owner("ada@example.com");
    world.member("bob@example.com", Role::Member);
    world.member("eve@example.com", Role::Member);
    world
        .database
        .execute(
            "UPDATE users SET disabled_at = 1 WHERE email = 'bob@example.com'; \
             DELETE FROM passwords WHERE user_id = (SELECT id FROM users WHERE email = 'eve@example.com')",
        )
        .unwrap();
    for (email, password) in [
        ("nobody@example.com", World::PASSWORD),
        ("no address", World::PASSWORD),
        ("ada@example.com", WRONG),
        ("bob@example.com", World::PASSWORD),
        ("eve@example.com", World::PASSWORD),
    ] {
        let outcome = attempt(&world, 0, email, password, Browser::default(), "192.0.2.9");
        assert!(matches!(outcome, SignInOutcome::Refused { .. }), "{email}");
    }
}

#[test]
fn an_unknown_address_costs_as_many_round_trips_as_a_wrong_password() {
    let world = World::new();
    world.owner("ada@example.com");
    let cost = |email: &str| {
        let before = world.database.batches();
        attempt(&world, 0, email, WRONG, Browser::default(), "192.0.2.9");
        world.database.batches() - before
    };
    assert_eq!(
        (cost("ada@example.com"), cost("nobody@example.com")),
        (2, 2)
    );
}

#[test]
fn after_five_wrong_passwords_each_doubles_the_wait_up_to_a_minute() {
    let world = World::new();
    world.owner("ada@example.com");
    let mut now = 0;
    let mut waits = Vec::new();
    for guess in 0..14 {
        // Each from another place, so that only the account slows them.
        let ip = format!("192.0.2.{guess}");
        let outcome = attempt(
            &world,
            now,
            "ada@example.com",
            WRONG,
            Browser::default(),
            &ip,
        );
        assert!(matches!(outcome, SignInOutcome::Refused { .. }), "{guess}");
        match attempt(
            &world,
            now,
            "ada@example.com",
            WRONG,
            Browser::default(),
            "198.51.100.1",
        ) {
            SignInOutcome::SlowDown { retry_after_s } => {
                waits.push(retry_after_s);
                now += retry_after_s * 1000;
            }
            SignInOutcome::Refused { .. } if guess < 5 => {}
            other => panic!("{guess}: {other:?}"),
        }
    }
    assert_eq!(waits[..8], [1, 2, 4, 8, 16, 32, 60, 60]);
}

#[test]
fn the_right_password_is_not_looked_at_while_waiting_and_passes_afterwards() {
    let world = World::new();
    world.owner("ada@example.com");
    for _ in 0..5 {
        attempt(
            &world,
            0,
            "ada@example.com",
            WRONG,
            Browser::default(),
            "192.0.2.1",
        );
    }
    let stranger = |after| {
        attempt(
            &world,
            after,
            "ada@example.com",
            World::PASSWORD,
            Browser::default(),
            "192.0.2.1",
        )
    };
    assert!(matches!(
        stranger(0),
        SignInOutcome::SlowDown { retry_after_s: 1 }
    ));
    assert!(matches!(stranger(1000), SignInOutcome::SignedIn(_)));
}

#[test]
fn the_owner_gets_in_from_a_known_browser_however_much_others_guess() {
    let world = World::new();
    world.owner("ada@example.com");
    let browser = known(&world, "ada@example.com");
    for guess in 0..200 {
        attempt(
            &world,
            guess,
            "ada@example.com",
            WRONG,
            Browser::default(),
            "192.0.2.1",
        );
    }
    let stranger = attempt(
        &world,
        200,
        "ada@example.com",
        World::PASSWORD,
        Browser::default(),
        "192.0.2.1",
    );
    assert!(matches!(stranger, SignInOutcome::SlowDown { .. }));
    let owner = attempt(
        &world,
        200,
        "ada@example.com",
        World::PASSWORD,
        browser,
        "192.0.2.1",
    );
    assert!(matches!(owner, SignInOutcome::SignedIn(_)));
}

#[test]
fn a_known_browser_is_known_for_its_own_account_only_and_is_slowed_as_well() {
    let world = World::new();
    world.owner("ada@example.com");
    world.member("bob@example.com", Role::Member);
    let bobs = known(&world, "bob@example.com");
    let mut slowed = 0;
    for _ in 0..20 {
        let outcome = attempt(
            &world,
            0,
            "ada@example.com",
            WRONG,
            bobs.clone(),
            "192.0.2.1",
        );
        slowed += i32::from(matches!(outcome, SignInOutcome::SlowDown { .. }));
    }
    assert_eq!(
        slowed, 15,
        "Bob's cookie does not open Ada's account to guessing"
    );
    let adas = known_after(&world, 120_000);
    let mut slowed = 0;
    for _ in 0..20 {
        let outcome = attempt(
            &world,
            200_000,
            "ada@example.com",
            WRONG,
            adas.clone(),
            "192.0.2.7",
        );
        slowed += i32::from(matches!(outcome, SignInOutcome::SlowDown { .. }));
    }
    assert_eq!(slowed, 15, "a stolen cookie guesses no faster");
}

#[test]
fn one_source_trying_many_accounts_is_slowed_and_other_sources_are_not() {
    let world = World::new();
    world.owner("ada@example.com");
    for guess in 0..30 {
        let email = format!("person{guess}@example.com");
        let outcome = attempt(&world, 0, &email, WRONG, Browser::default(), "192.0.2.1");
        assert!(matches!(outcome, SignInOutcome::Refused { .. }), "{guess}");
    }
    let sprayed = attempt(
        &world,
        0,
        "another@example.com",
        WRONG,
        Browser::default(),
        "192.0.2.1",
    );
    assert!(matches!(sprayed, SignInOutcome::SlowDown { .. }));
    let elsewhere = attempt(
        &world,
        0,
        "ada@example.com",
        World::PASSWORD,
        Browser::default(),
        "198.51.100.7",
    );
    assert!(matches!(elsewhere, SignInOutcome::SignedIn(_)));
}

#[test]
fn people_who_share_a_source_and_know_their_passwords_do_not_slow_each_other() {
    let world = World::new();
    world.owner("ada@example.com");
    for _ in 0..100 {
        let outcome = attempt(
            &world,
            0,
            "ada@example.com",
            World::PASSWORD,
            Browser::default(),
            "192.0.2.1",
        );
        assert!(matches!(outcome, SignInOutcome::SignedIn(_)));
    }
}

#[test]
fn an_account_that_does_not_exist_is_slowed_like_one_that_does() {
    let world = World::new();
    world.owner("ada@example.com");
    let course = |email: &str, ip: &str| {
        (0..8)
            .map(
                |_| match attempt(&world, 0, email, WRONG, Browser::default(), ip) {
                    SignInOutcome::SlowDown { retry_after_s } => retry_after_s,
                    SignInOutcome::Refused { .. } => 0,
                    SignInOutcome::SignedIn(_) => -1,
                },
            )
            .collect::<Vec<_>>()
    };
    assert_eq!(
        course("ada@example.com", "192.0.2.1"),
        course("nobody@example.com", "192.0.2.2")
    );
}

#[test]
fn attempts_are_forgotten_after_a_day_and_after_getting_in() {
    let world = World::new();
    world.owner("ada@example.com");
    for _ in 0..5 {
        attempt(
            &world,
            0,
            "ada@example.com",
            WRONG,
            Browser::default(),
            "192.0.2.1",
        );
    }
    let day = cheap().throttle.forget_after_ms;
    for _ in 0..4 {
        let outcome = attempt(
            &world,
            day,
            "ada@example.com",
            WRONG,
            Browser::default(),
            "192.0.2.1",
        );
        assert!(matches!(outcome, SignInOutcome::Refused { .. }));
    }
    let right = attempt(
        &world,
        day,
        "ada@example.com",
        World::PASSWORD,
        Browser::default(),
        "192.0.2.1",
    );
    assert!(matches!(right, SignInOutcome::SignedIn(_)));
    for _ in 0..4 {
        let outcome = attempt(
            &world,
            day,
            "ada@example.com",
            WRONG,
            Browser::default(),
            "192.0.2.2",
        );
        assert!(matches!(outcome, SignInOutcome::Refused { .. }));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever a guesser does, over however many sources, an account is looked at no more often than the policy allows; and the owner's known
    /// browser gets in at any point.
    #[test]
    fn guesses_are_bounded_and_the_owner_is_never_locked_out(steps in proptest::collection::vec((0_i64..90_000, 0_u8..40), 1..60)) {
        let world = World::new();
        world.owner("ada@example.com");
        let browser = known(&world, "ada@example.com");
        let (mut now, mut looked_at) = (0, 0_i64);
        for (pause, ip) in steps {
            now += pause;
            let outcome = attempt(&world, now, "ada@example.com", WRONG, Browser::default(), &format!("192.0.2.{ip}"));
            looked_at += i64::from(matches!(outcome, SignInOutcome::Refused { .. }));
            // Five free, then six while the wait grows to a minute, then one a minute.
            prop_assert!(looked_at <= 5 + 6 + now / 60_000 + 1, "{looked_at} by {now}");
        }
        let owner = attempt(&world, now, "ada@example.com", World::PASSWORD, browser, "203.0.113.5");
        prop_assert!(matches!(owner, SignInOutcome::SignedIn(_)));
    }
}
