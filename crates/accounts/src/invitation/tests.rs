use futures::executor::block_on;

use super::*;
use crate::testing::{World, cheap};

fn invite(
    world: &World,
    actor: &Actor,
    email: &str,
    role: Role,
    sees: Sees,
) -> Result<Token, AccountsError> {
    block_on(
        world
            .at(0)
            .invite(actor, &NewInvitation { email, role, sees }),
    )
    .map(|(token, _)| token)
}

fn take(
    world: &World,
    token: &Token,
    email: &str,
    after_ms: i64,
) -> Result<OpenSession, AccountsError> {
    block_on(world.at(after_ms).accept_as_new(
        token,
        email,
        "New",
        World::PASSWORD,
        &Browser::default(),
    ))
}

#[test]
fn a_link_makes_an_account_with_the_role_and_the_projects_it_names() {
    let world = World::new();
    world.owner("ada@example.com");
    let first = world.first();
    world.project(&first.organization_id, "shop");
    world.project(&first.organization_id, "blog");
    world
        .database
        .execute("INSERT INTO organizations (id, name, created_at) VALUES ('other', 'Other', 0)")
        .unwrap();
    world.project("other", "foreign");
    let sees = Sees::Named(vec!["shop".to_owned(), "foreign".to_owned()]);
    let link = invite(&world, &first, "", Role::Member, sees).unwrap();
    let preview = block_on(world.at(0).invitation(&link)).unwrap();
    assert_eq!(
        (
            preview.organization_name.as_str(),
            preview.invited_by.as_str()
        ),
        ("Acme", "First")
    );
    let session = take(&world, &link, "bob@example.com", 0).unwrap();
    let bob = world.actor(&session.token);
    assert_eq!(bob.role, Role::Member);
    let seen = block_on(
        world
            .at(0)
            .visible_projects(&bob.user_id, &first.organization_id),
    )
    .unwrap();
    assert_eq!(
        seen,
        ["shop"],
        "another organization's project is passed over"
    );
}

#[test]
fn a_link_works_once() {
    let world = World::new();
    world.owner("ada@example.com");
    let link = invite(&world, &world.first(), "", Role::Member, Sees::All).unwrap();
    take(&world, &link, "bob@example.com", 0).unwrap();
    assert_eq!(
        take(&world, &link, "eve@example.com", 0).unwrap_err(),
        AccountsError::InvitationClosed
    );
    assert_eq!(
        block_on(world.at(0).invitation(&link)),
        Err(AccountsError::InvitationClosed)
    );
}

#[test]
fn of_two_who_take_a_link_at_once_one_leaves_no_trace() {
    let world = World::new();
    world.owner("ada@example.com");
    let link = invite(&world, &world.first(), "", Role::Member, Sees::All).unwrap();
    world.database.meddle_at(
        1,
        "UPDATE invitations SET accepted_at = 1, accepted_by = 'somebody else'",
    );
    assert_eq!(
        take(&world, &link, "bob@example.com", 0).unwrap_err(),
        AccountsError::InvitationClosed
    );
    assert_eq!(
        world.database.number("SELECT COUNT(*) FROM users").unwrap(),
        1
    );
    assert_eq!(
        world
            .database
            .number("SELECT COUNT(*) FROM browser_sessions")
            .unwrap(),
        1
    );
}

#[test]
fn an_expired_revoked_unknown_or_strangers_link_answers_alike() {
    let world = World::new();
    world.owner("ada@example.com");
    let first = world.first();
    let closed = Err::<(), _>(AccountsError::InvitationClosed);
    let expired = invite(&world, &first, "", Role::Member, Sees::All).unwrap();
    assert_eq!(
        take(&world, &expired, "bob@example.com", cheap().invitation_ms).map(|_| ()),
        closed
    );
    let open = block_on(world.at(0).invitations(&first)).unwrap();
    block_on(world.at(0).revoke_invitation(&first, &open[0].id)).unwrap();
    assert_eq!(
        take(&world, &expired, "bob@example.com", 0).map(|_| ()),
        closed
    );
    let named = invite(&world, &first, "carol@example.com", Role::Member, Sees::All).unwrap();
    assert_eq!(
        take(&world, &named, "bob@example.com", 0).map(|_| ()),
        closed
    );
    assert!(take(&world, &named, "Carol@Example.com", 0).is_ok());
    assert_eq!(
        take(&world, &Token::new(&world.entropy), "bob@example.com", 0).map(|_| ()),
        closed
    );
    assert_eq!(
        block_on(world.at(0).revoke_invitation(&first, &open[0].id)),
        Err(AccountsError::Gone)
    );
}

#[test]
fn somebody_with_an_account_signs_in_first_and_then_joins() {
    let world = World::new();
    let ada = world.owner("ada@example.com");
    world
        .database
        .execute("INSERT INTO organizations (id, name, created_at) VALUES ('other', 'Other', 0); \
                  INSERT INTO users (id, email, name, created_at) VALUES ('olga', 'olga@example.com', 'Olga', 0); \
                  INSERT INTO members (organization_id, user_id, role, sees, created_at) VALUES ('other', 'olga', 'owner', 'all', 0)")
        .unwrap();
    let olga = Actor {
        user_id: "olga".to_owned(),
        organization_id: "other".to_owned(),
        role: Role::Owner,
    };
    let link = invite(&world, &olga, "", Role::Admin, Sees::All).unwrap();
    assert_eq!(
        take(&world, &link, "ada@example.com", 0).unwrap_err(),
        AccountsError::SignInFirst
    );
    let signed_in = world.signed_in(&ada).unwrap();
    assert_eq!(
        block_on(world.at(0).accept_as(&link, &signed_in)),
        Ok(AcceptOutcome::Joined)
    );
    let signed_in = world.signed_in(&ada).unwrap();
    assert_eq!(signed_in.actor_in("other").unwrap().role, Role::Admin);
    let again = invite(&world, &olga, "", Role::Member, Sees::All).unwrap();
    assert_eq!(
        block_on(world.at(0).accept_as(&again, &signed_in)),
        Ok(AcceptOutcome::AlreadyMember)
    );
    assert!(
        block_on(world.at(0).invitation(&again)).is_ok(),
        "it stays good for somebody else"
    );
    assert_eq!(
        world
            .signed_in(&ada)
            .unwrap()
            .actor_in("other")
            .unwrap()
            .role,
        Role::Admin
    );
}

#[test]
fn a_used_link_gives_nothing_back_that_was_taken_away() {
    let world = World::new();
    world.owner("ada@example.com");
    let first = world.first();
    world.project(&first.organization_id, "shop");
    let link = invite(
        &world,
        &first,
        "",
        Role::Member,
        Sees::Named(vec!["shop".to_owned()]),
    )
    .unwrap();
    let bob = take(&world, &link, "bob@example.com", 0).unwrap().token;
    let actor = world.actor(&bob);
    block_on(
        world
            .at(0)
            .change_visibility(&first, &actor.user_id, &Sees::Named(Vec::new())),
    )
    .unwrap();
    let signed_in = world.signed_in(&bob).unwrap();
    block_on(world.at(5).accept_as(&link, &signed_in)).unwrap();
    assert!(
        block_on(
            world
                .at(0)
                .visible_projects(&actor.user_id, &first.organization_id)
        )
        .unwrap()
        .is_empty()
    );
    block_on(world.at(0).remove_member(&first, &actor.user_id)).unwrap();
    assert_eq!(
        block_on(world.at(5).accept_as(&link, &signed_in)),
        Err(AccountsError::InvitationClosed)
    );
}

#[test]
fn an_invitation_is_worth_no_more_than_its_inviter_when_it_is_taken() {
    let world = World::new();
    world.owner("ada@example.com");
    let admin = world.actor(&world.member("bob@example.com", Role::Admin));
    let link = invite(&world, &admin, "", Role::Admin, Sees::All).unwrap();
    block_on(
        world
            .at(0)
            .change_role(&world.first(), &admin.user_id, Role::Member),
    )
    .unwrap();
    assert_eq!(
        take(&world, &link, "eve@example.com", 0).unwrap_err(),
        AccountsError::InvitationClosed
    );
}

#[test]
fn nobody_invites_above_themselves_even_with_an_outdated_page() {
    let world = World::new();
    world.owner("ada@example.com");
    let admin = world.actor(&world.member("bob@example.com", Role::Admin));
    let member = world.actor(&world.member("eve@example.com", Role::Member));
    let forbidden = |actor: &Actor, role| {
        matches!(
            invite(&world, actor, "", role, Sees::All),
            Err(AccountsError::Forbidden(_))
        )
    };
    assert!(forbidden(&admin, Role::Owner));
    assert!(forbidden(&member, Role::Member));
    // A role remembered from before it was taken away: the statement looks again.
    for (actor, role) in [(&member, Role::Member), (&admin, Role::Owner)] {
        let pretender = Actor {
            role: Role::Owner,
            ..actor.clone()
        };
        assert_eq!(
            invite(&world, &pretender, "", role, Sees::All).unwrap_err(),
            AccountsError::Gone
        );
    }
    let owners = block_on(world.at(0).invite(
        &world.first(),
        &NewInvitation {
            email: "",
            role: Role::Owner,
            sees: Sees::All,
        },
    ))
    .unwrap()
    .1;
    assert_eq!(
        block_on(world.at(0).revoke_invitation(&admin, &owners)),
        Err(AccountsError::Gone)
    );
}

#[test]
fn no_stored_row_holds_a_link() {
    let world = World::new();
    world.owner("ada@example.com");
    let link = invite(&world, &world.first(), "", Role::Member, Sees::All).unwrap();
    assert!(!world.database.dump().unwrap().contains(&link.reveal()));
}
