use futures::executor::block_on;

use super::*;
use crate::Role;
use crate::testing::World;

const NEW: &str = "four other quiet herons";
const SECRET: &str = "a-set-up-secret-of-the-operator";

/// A world with an owner, an admin and a member, and their ids.
fn world() -> (World, Actor, Actor, String) {
    let world = World::new();
    let owner = world.actor(&world.owner("owner@example.com"));
    let admin = world.actor(&world.member("admin@example.com", Role::Admin));
    let member = world.actor(&world.member("member@example.com", Role::Member));
    (world, owner, admin, member.user_id)
}

#[test]
fn a_link_sets_the_password_once_and_signs_every_other_browser_out() {
    let (world, owner, _, member) = world();
    assert!(world.sign_in("member@example.com", World::PASSWORD).is_ok());
    let link = block_on(world.at(1).offer_reset(&owner, &member)).unwrap();
    assert_eq!(
        block_on(world.at(2).forgetful(&link))
            .unwrap()
            .email
            .as_str(),
        "member@example.com"
    );
    let weak = block_on(
        world
            .at(3)
            .set_forgotten(&link, "short", &Browser::default()),
    );
    assert!(matches!(weak, Err(AccountsError::Password(_))));
    let session = block_on(world.at(4).set_forgotten(&link, NEW, &Browser::default())).unwrap();
    assert_eq!(world.signed_in(&session.token).unwrap().person.id, member);
    let sessions = format!("SELECT COUNT(*) FROM browser_sessions WHERE user_id = '{member}'");
    assert_eq!(world.database.number(&sessions).unwrap(), 1);
    assert!(world.sign_in("member@example.com", NEW).is_ok());
    assert!(
        world
            .sign_in("member@example.com", World::PASSWORD)
            .is_err()
    );
    let again = block_on(world.at(5).set_forgotten(&link, NEW, &Browser::default()));
    assert_eq!(again.unwrap_err(), AccountsError::ResetClosed);
}

#[test]
fn a_link_is_good_for_a_day_and_until_there_is_a_newer_one() {
    let (world, owner, _, member) = world();
    let first = block_on(world.at(0).offer_reset(&owner, &member)).unwrap();
    let second = block_on(world.at(1).offer_reset(&owner, &member)).unwrap();
    let closed = |link: &Token, at| block_on(world.at(at).forgetful(link)).is_err();
    assert!(closed(&first, 2));
    assert!(!closed(&second, 24 * 3_600_000));
    assert!(closed(&second, 24 * 3_600_000 + 1));
}

#[test]
fn nobody_opens_the_account_of_somebody_above_them_or_of_somebody_who_is_elsewhere_too() {
    let (world, owner, admin, member) = world();
    let refused = |by: &Actor, whom: &str| {
        matches!(
            block_on(world.at(0).offer_reset(by, whom)),
            Err(AccountsError::NoReset)
        )
    };
    assert!(refused(&admin, &owner.user_id), "an owner, by an admin");
    assert!(refused(&owner, &owner.user_id), "oneself");
    assert!(refused(&owner, "nobody"));
    assert!(!refused(&admin, &member));
    let by_member = Actor {
        user_id: member.clone(),
        role: Role::Member,
        ..owner.clone()
    };
    assert!(matches!(
        block_on(world.at(0).offer_reset(&by_member, &admin.user_id)),
        Err(AccountsError::Forbidden(_))
    ));
    // A role that was taken away since, as the statement sees it.
    let pretends = Actor {
        role: Role::Owner,
        ..by_member
    };
    assert!(refused(&pretends, &admin.user_id));
    for statement in [
        "INSERT INTO organizations (id, name, created_at) VALUES ('other', 'Other', 0)".to_owned(),
        format!(
            "INSERT INTO members (organization_id, user_id, role, sees, created_at) VALUES ('other', '{member}', 'member', 'all', 0)"
        ),
    ] {
        world.database.execute(&statement).unwrap();
    }
    assert!(
        refused(&owner, &member),
        "they belong to an organization the owner does not run"
    );
}

#[test]
fn a_link_is_worth_no_more_than_its_maker_is_when_it_is_used() {
    let (world, owner, admin, member) = world();
    let link = block_on(world.at(0).offer_reset(&admin, &member)).unwrap();
    block_on(world.at(1).remove_member(&owner, &admin.user_id)).unwrap();
    let used = block_on(world.at(2).set_forgotten(&link, NEW, &Browser::default()));
    assert_eq!(used.unwrap_err(), AccountsError::ResetClosed);
}

#[test]
fn the_operators_secret_opens_any_account_and_a_wrong_one_tells_nothing() {
    let (world, owner, ..) = world();
    let configured = SetUpSecret::configured(SECRET);
    let recover = |secret: &str, email: &str| {
        block_on(world.at(0).recover(configured.as_ref(), secret, email))
    };
    for (secret, email) in [
        ("another secret, long enough too", "owner@example.com"),
        (SECRET, "nobody@example.com"),
    ] {
        assert_eq!(
            recover(secret, email).unwrap_err(),
            AccountsError::RecoveryClosed
        );
    }
    assert!(block_on(world.at(0).recover(None, SECRET, "owner@example.com")).is_err());
    let link = recover(SECRET, "owner@example.com").unwrap();
    let session = block_on(world.at(1).set_forgotten(&link, NEW, &Browser::default())).unwrap();
    assert_eq!(session.user_id, owner.user_id);
}

#[test]
fn links_at_rest_are_hashes_and_go_when_they_are_over() {
    let (world, owner, _, member) = world();
    let link = block_on(world.at(0).offer_reset(&owner, &member)).unwrap();
    assert!(!world.database.dump().unwrap().contains(&link.reveal()));
    block_on(world.at(25 * 3_600_000).purge()).unwrap();
    assert_eq!(
        world
            .database
            .number("SELECT COUNT(*) FROM password_resets")
            .unwrap(),
        0
    );
}
