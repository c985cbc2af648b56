//! The password kept, renewed and changed.

use super::*;

#[test]
fn a_hash_made_at_a_lower_cost_is_renewed_when_its_owner_signs_in() {
    let world = World::new();
    world.owner("ada@example.com");
    let mut dearer = cheap();
    dearer.password_cost.memory_kib *= 2;
    let accounts = Accounts::new(&world.database, &world.entropy, dearer, world.start_ms);
    let request = SignInRequest {
        email: "ada@example.com",
        password: World::PASSWORD,
        source: Source::of_ip("192.0.2.1"),
        browser: Browser::default(),
    };
    let renewed = "SELECT COUNT(*) FROM passwords WHERE phc GLOB '*m=32,*'";
    assert_eq!(world.database.number(renewed).unwrap(), 0);
    assert!(matches!(
        block_on(accounts.sign_in(&request)).unwrap(),
        SignInOutcome::SignedIn(_)
    ));
    assert_eq!(world.database.number(renewed).unwrap(), 1);
    assert!(matches!(
        block_on(accounts.sign_in(&request)).unwrap(),
        SignInOutcome::SignedIn(_)
    ));
}

#[test]
fn changing_the_password_ends_other_sessions_and_keeps_ones_own_under_a_new_token() {
    let world = World::new();
    let ada = world.owner("ada@example.com");
    let other = world.sign_in("ada@example.com", World::PASSWORD).unwrap();
    let signed_in = world.signed_in(&ada).unwrap();
    let renewed = block_on(world.at(0).change_password(
        &signed_in,
        World::PASSWORD,
        "another fine password",
        &Browser::default(),
    ))
    .unwrap();
    assert!(world.signed_in(&other.token).is_none());
    assert!(world.signed_in(&ada).is_none());
    assert!(world.signed_in(&renewed.token).is_some());
    assert!(world.sign_in("ada@example.com", World::PASSWORD).is_err());
    assert!(
        world
            .sign_in("ada@example.com", "another fine password")
            .is_ok()
    );
    assert_eq!(
        world
            .database
            .number("SELECT COUNT(*) FROM known_browsers")
            .unwrap(),
        2
    );
}

#[test]
fn the_password_changes_only_with_the_current_one_and_to_a_good_one() {
    let world = World::new();
    let ada = world.owner("ada@example.com");
    let signed_in = world.signed_in(&ada).unwrap();
    let change = |current: &str, new: &str| {
        block_on(
            world
                .at(0)
                .change_password(&signed_in, current, new, &Browser::default()),
        )
        .map(|_| ())
    };
    assert!(matches!(
        change(World::PASSWORD, "short"),
        Err(AccountsError::Password(_))
    ));
    for _ in 0..5 {
        assert_eq!(
            change(WRONG, "another fine password"),
            Err(AccountsError::WrongPassword)
        );
    }
    assert!(matches!(
        change(WRONG, "another fine password"),
        Err(AccountsError::SlowDown { .. })
    ));
    assert!(world.signed_in(&ada).is_some());
    assert!(world.sign_in("ada@example.com", World::PASSWORD).is_ok());
}

#[test]
fn a_failing_database_refuses_nobody_at_any_step() {
    let world = World::new();
    world.owner("ada@example.com");
    for step in 0..3 {
        world.database.fail_at(step);
        let outcome = block_on(world.at(0).sign_in(&SignInRequest {
            email: "ada@example.com",
            password: World::PASSWORD,
            source: Source::of_ip("192.0.2.1"),
            browser: Browser::default(),
        }));
        assert!(outcome.is_err(), "{step}");
    }
    assert!(world.sign_in("ada@example.com", World::PASSWORD).is_ok());
}

#[test]
fn no_address_is_kept_with_the_attempts() {
    let world = World::new();
    world.owner("ada@example.com");
    attempt(
        &world,
        0,
        "nobody-here@example.com",
        WRONG,
        Browser::default(),
        "192.0.2.77",
    );
    let dump = world.database.dump().unwrap();
    assert!(!dump.contains("nobody-here") && !dump.contains("192.0.2.77"));
}
