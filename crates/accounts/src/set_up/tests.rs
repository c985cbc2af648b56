use futures::executor::block_on;

use super::*;
use crate::testing::World;

const SECRET: &str = "a-set-up-secret-of-the-operator";

fn form<'a>(secret: &'a str, email: &'a str) -> FirstOwner<'a> {
    FirstOwner {
        secret,
        name: "Ada",
        email,
        password: World::PASSWORD,
        organization: "Acme",
    }
}

fn set_up(world: &World, form: &FirstOwner<'_>) -> Result<OpenSession, AccountsError> {
    let secret = SetUpSecret::configured(SECRET);
    block_on(
        world
            .at(0)
            .set_up(secret.as_ref(), form, &Browser::default()),
    )
}

#[test]
fn the_first_with_the_secret_owns_the_new_organization_and_those_without_members() {
    let world = World::new();
    world
        .database
        .execute("INSERT INTO organizations (id, name, created_at) VALUES ('demo', 'Demo', 0)")
        .unwrap();
    assert!(block_on(world.at(0).set_up_is_open()).unwrap());
    let session = set_up(&world, &form(SECRET, "ada@example.com")).unwrap();
    let signed_in = world.signed_in(&session.token).unwrap();
    let names: Vec<_> = signed_in
        .memberships
        .iter()
        .map(|membership| (membership.organization_name.as_str(), membership.role))
        .collect();
    assert_eq!(
        names,
        [("Acme", crate::Role::Owner), ("Demo", crate::Role::Owner)]
    );
    assert!(!block_on(world.at(0).set_up_is_open()).unwrap());
}

#[test]
fn set_up_happens_once() {
    let world = World::new();
    set_up(&world, &form(SECRET, "ada@example.com")).unwrap();
    let second = set_up(&world, &form(SECRET, "mallory@example.com"));
    assert_eq!(second.unwrap_err(), AccountsError::SetUpClosed);
    assert_eq!(
        world.database.number("SELECT COUNT(*) FROM users").unwrap(),
        1
    );
}

#[test]
fn the_statement_itself_decides_between_two_at_once() {
    let world = World::new();
    // Somebody else's claim, between the look and the writing.
    world
        .database
        .meddle_at(1, "INSERT INTO installation VALUES (1, 'somebody else', 0)");
    let second = set_up(&world, &form(SECRET, "second@example.com"));
    assert_eq!(second.unwrap_err(), AccountsError::SetUpClosed);
    for table in [
        "users",
        "passwords",
        "organizations",
        "members",
        "browser_sessions",
    ] {
        assert_eq!(
            world
                .database
                .number(&format!("SELECT COUNT(*) FROM {table}"))
                .unwrap(),
            0,
            "{table}"
        );
    }
}

#[test]
fn without_the_secret_nothing_is_set_up() {
    let world = World::new();
    for wrong in ["", "a-set-up-secret-of-the-operatoR", "x"] {
        assert_eq!(
            set_up(&world, &form(wrong, "ada@example.com")).unwrap_err(),
            AccountsError::SetUpClosed
        );
    }
    let unset = block_on(world.at(0).set_up(
        None,
        &form("", "ada@example.com"),
        &Browser::default(),
    ));
    assert_eq!(unset.unwrap_err(), AccountsError::SetUpClosed);
    assert_eq!(
        world.database.number("SELECT COUNT(*) FROM users").unwrap(),
        0
    );
}

#[test]
fn a_short_or_empty_secret_opens_nothing() {
    assert!(SetUpSecret::configured("").is_none());
    assert!(SetUpSecret::configured("   ").is_none());
    assert!(SetUpSecret::configured("nineteen-characters").is_none());
    assert!(SetUpSecret::configured(SECRET).is_some_and(|secret| secret.matches(SECRET)));
    assert_eq!(
        format!("{:?}", SetUpSecret::configured(SECRET)),
        "Some(SetUpSecret(…))"
    );
}

#[test]
fn a_form_that_is_wrong_uses_nothing_up() {
    let world = World::new();
    let mut weak = form(SECRET, "ada@example.com");
    weak.password = "short";
    assert!(matches!(
        set_up(&world, &weak),
        Err(AccountsError::Password(_))
    ));
    assert!(matches!(
        set_up(&world, &form(SECRET, "no address")),
        Err(AccountsError::Email(_))
    ));
    world.database.fail_at(1);
    assert!(matches!(
        set_up(&world, &form(SECRET, "ada@example.com")),
        Err(AccountsError::Unavailable(_))
    ));
    assert!(set_up(&world, &form(SECRET, "ada@example.com")).is_ok());
}
