use futures::executor::block_on;

use super::*;
use crate::testing::{World, cheap};

#[test]
fn a_session_opens_the_console_until_it_is_signed_out() {
    let world = World::new();
    let token = world.owner("ada@example.com");
    let signed_in = world.signed_in(&token).unwrap();
    assert_eq!(signed_in.person.email.as_str(), "ada@example.com");
    assert_eq!(signed_in.memberships.len(), 1);
    assert!(signed_in.has_password);
    block_on(world.at(0).sign_out(&token)).unwrap();
    assert!(world.signed_in(&token).is_none());
}

#[test]
fn an_unknown_token_opens_nothing() {
    let world = World::new();
    world.owner("ada@example.com");
    assert!(world.signed_in(&Token::new(&world.entropy)).is_none());
}

#[test]
fn a_session_nobody_uses_ends_and_one_in_use_goes_on_until_its_time_is_over() {
    let world = World::new();
    let token = world.owner("ada@example.com");
    let (idle, whole) = (cheap().session_idle_ms, cheap().session_ms);
    assert!(
        block_on(world.at(idle).signed_in(&token))
            .unwrap()
            .is_none()
    );
    let mut now = 0;
    while now + idle - 1 < whole {
        now += idle - 1;
        assert!(
            block_on(world.at(now).signed_in(&token)).unwrap().is_some(),
            "{now}"
        );
    }
    assert!(
        block_on(world.at(whole - 1).signed_in(&token))
            .unwrap()
            .is_some()
    );
    assert!(
        block_on(world.at(whole).signed_in(&token))
            .unwrap()
            .is_none()
    );
}

#[test]
fn using_a_session_writes_at_most_every_five_minutes() {
    let world = World::new();
    let token = world.owner("ada@example.com");
    let seen = || {
        world
            .database
            .number("SELECT last_seen_at FROM browser_sessions")
            .unwrap()
    };
    block_on(world.at(TOUCH_EVERY_MS).signed_in(&token)).unwrap();
    assert_eq!(seen(), world.start_ms);
    block_on(world.at(TOUCH_EVERY_MS + 1).signed_in(&token)).unwrap();
    assert_eq!(seen(), world.start_ms + TOUCH_EVERY_MS + 1);
}

#[test]
fn a_disabled_person_is_out_with_the_next_request() {
    let world = World::new();
    let token = world.owner("ada@example.com");
    world
        .database
        .execute("UPDATE users SET disabled_at = 1")
        .unwrap();
    assert!(world.signed_in(&token).is_none());
}

#[test]
fn signing_out_everywhere_ends_all_sessions_and_ones_own_alone() {
    let world = World::new();
    let ada = world.owner("ada@example.com");
    let second = world
        .sign_in("ada@example.com", World::PASSWORD)
        .unwrap()
        .token;
    let bob = world.member("bob@example.com", crate::Role::Member);
    let signed_in = world.signed_in(&ada).unwrap();
    block_on(world.at(0).sign_out_everywhere(&signed_in)).unwrap();
    assert!(world.signed_in(&ada).is_none());
    assert!(world.signed_in(&second).is_none());
    assert!(world.signed_in(&bob).is_some());
}

#[test]
fn one_may_end_ones_own_other_session_and_nobody_elses() {
    let world = World::new();
    let ada = world.owner("ada@example.com");
    world.sign_in("ada@example.com", World::PASSWORD).unwrap();
    let bob = world.member("bob@example.com", crate::Role::Member);
    let signed_in = world.signed_in(&ada).unwrap();
    let lines = block_on(world.at(0).sessions(&signed_in)).unwrap();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines.iter().filter(|line| line.is_this).count(), 1);
    let others = world.signed_in(&bob).unwrap().session_id;
    assert_eq!(
        block_on(world.at(0).end_session(&signed_in, &others)),
        Err(AccountsError::Gone)
    );
    let other = lines.iter().find(|line| !line.is_this).unwrap();
    block_on(world.at(0).end_session(&signed_in, &other.id)).unwrap();
    assert_eq!(block_on(world.at(0).sessions(&signed_in)).unwrap().len(), 1);
    assert!(world.signed_in(&bob).is_some());
}

#[test]
fn signing_in_replaces_the_session_the_browser_held_so_a_planted_one_stays_worthless() {
    let world = World::new();
    let planted = world.owner("mallory@example.com");
    world.member("ada@example.com", crate::Role::Member);
    let browser = Browser {
        session: Some(planted.clone()),
        ..Browser::default()
    };
    let session = world
        .sign_in_from("ada@example.com", World::PASSWORD, browser, "192.0.2.1")
        .unwrap();
    assert_ne!(session.token, planted);
    assert!(world.signed_in(&planted).is_none());
}

#[test]
fn a_failing_database_signs_nobody_out() {
    let world = World::new();
    let token = world.owner("ada@example.com");
    world.database.fail(true);
    assert!(block_on(world.at(0).signed_in(&token)).is_err());
    world.database.fail(false);
    assert!(world.signed_in(&token).is_some());
}

#[test]
fn nothing_stored_opens_a_session() {
    let world = World::new();
    let token = world.owner("ada@example.com");
    let dump = world.database.dump().unwrap();
    assert!(dump.contains(token.hash().as_str()));
    assert!(!dump.contains(&token.reveal()));
    assert!(!dump.contains(World::PASSWORD));
}

#[test]
fn purging_takes_what_is_over_and_leaves_the_rest() {
    let world = World::new();
    let token = world.owner("ada@example.com");
    world
        .sign_in("ada@example.com", "a wrong password")
        .unwrap_err();
    assert_eq!(block_on(world.at(0).purge()).unwrap(), 0);
    let gone = block_on(world.at(cheap().session_ms).purge()).unwrap();
    // The session, and two counters of the wrong attempt.
    assert_eq!(gone, 3);
    assert!(
        block_on(world.at(cheap().session_ms).signed_in(&token))
            .unwrap()
            .is_none()
    );
    assert_eq!(
        world.database.number("SELECT COUNT(*) FROM users").unwrap(),
        1
    );
}

#[test]
fn a_browsers_words_are_kept_short_and_without_control_characters() {
    let browser = Browser {
        agent: format!("a\r\nb{}", "é".repeat(400)),
        ..Browser::default()
    };
    let kept = browser.agent_kept();
    assert!(kept.starts_with("abé"));
    assert_eq!(kept.chars().count(), 300);
}
