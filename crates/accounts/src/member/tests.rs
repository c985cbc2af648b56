use futures::executor::block_on;
use proptest::prelude::*;

use super::*;
use crate::testing::World;

fn owners(world: &World) -> i64 {
    world
        .database
        .number("SELECT COUNT(*) FROM members WHERE role = 'owner'")
        .unwrap()
}

#[test]
fn the_last_owner_can_neither_leave_nor_be_removed_nor_step_down() {
    let world = World::new();
    world.owner("ada@example.com");
    let first = world.first();
    let id = first.user_id.clone();
    assert_eq!(
        block_on(world.at(0).remove_member(&first, &id)),
        Err(AccountsError::LastOwner)
    );
    assert_eq!(
        block_on(world.at(0).change_role(&first, &id, Role::Admin)),
        Err(AccountsError::LastOwner)
    );
    assert_eq!(
        block_on(world.at(0).change_role(&first, &id, Role::Owner)),
        Ok(())
    );
    world.member("bob@example.com", Role::Owner);
    assert_eq!(block_on(world.at(0).remove_member(&first, &id)), Ok(()));
    assert_eq!(owners(&world), 1);
}

#[test]
fn of_two_owners_who_remove_each_other_at_once_one_stays() {
    let world = World::new();
    world.owner("ada@example.com");
    let first = world.first();
    let second = world.actor(&world.member("bob@example.com", Role::Owner));
    // The second's removal of the first, between the first's look and writing.
    let sql = format!("DELETE FROM members WHERE user_id = '{}'", first.user_id);
    world.database.meddle_at(1, &sql);
    assert!(block_on(world.at(0).remove_member(&first, &second.user_id)).is_err());
    assert_eq!(owners(&world), 1);
}

#[test]
fn an_owner_who_is_disabled_does_not_count_as_another() {
    let world = World::new();
    world.owner("ada@example.com");
    world.member("bob@example.com", Role::Owner);
    world
        .database
        .execute("UPDATE users SET disabled_at = 1 WHERE email = 'bob@example.com'")
        .unwrap();
    let first = world.first();
    assert_eq!(
        block_on(world.at(0).remove_member(&first, &first.user_id)),
        Err(AccountsError::LastOwner)
    );
}

#[test]
fn connections_end_with_their_members_place_and_a_refused_removal_ends_none() {
    let world = World::new();
    world.owner("ada@example.com");
    let owner = world.first();
    let member = world.actor(&world.member("bob@example.com", Role::Member));
    for (id, user_id) in [("his", &member.user_id), ("hers", &owner.user_id)] {
        world
            .database
            .execute(&format!(
                "INSERT INTO connections (id, user_id, organization_id, app_id, app_name, redirect_host, scope, created_at, expires_at, refresh_hash) \
                 VALUES ('{id}', '{user_id}', '{}', 'app', 'App', 'app.example', 'mcp:query:read', 1, 9, '{}')",
                owner.organization_id,
                "a".repeat(64)
            ))
            .unwrap();
    }
    let ended = || {
        let sql = "SELECT count(*) FROM connections WHERE revoked_at IS NOT NULL";
        world.database.number(sql).unwrap()
    };
    assert!(block_on(world.at(0).remove_member(&owner, &owner.user_id)).is_err());
    assert_eq!(ended(), 0);
    assert_eq!(
        block_on(world.at(0).remove_member(&owner, &member.user_id)),
        Ok(())
    );
    assert_eq!(ended(), 1);
}

#[test]
fn an_admin_runs_members_and_admins_and_not_owners() {
    let world = World::new();
    world.owner("ada@example.com");
    let owner = world.first().user_id;
    let admin = world.actor(&world.member("bob@example.com", Role::Admin));
    let other = world
        .actor(&world.member("eve@example.com", Role::Member))
        .user_id;
    let accounts = world.at(0);
    assert_eq!(
        block_on(accounts.change_role(&admin, &other, Role::Admin)),
        Ok(())
    );
    assert_eq!(
        block_on(accounts.change_role(&admin, &other, Role::Member)),
        Ok(())
    );
    for refused in [
        block_on(accounts.change_role(&admin, &other, Role::Owner)),
        block_on(accounts.change_role(&admin, &owner, Role::Member)),
        block_on(accounts.remove_member(&admin, &owner)),
        block_on(accounts.change_visibility(&admin, &owner, &Sees::All)),
        block_on(accounts.rename_organization(&admin, "Mine")),
    ] {
        assert!(
            matches!(refused, Err(AccountsError::Forbidden(_))),
            "{refused:?}"
        );
    }
    assert_eq!(block_on(accounts.remove_member(&admin, &other)), Ok(()));
}

#[test]
fn a_role_taken_away_meanwhile_counts_at_once() {
    let world = World::new();
    world.owner("ada@example.com");
    let other = world
        .actor(&world.member("eve@example.com", Role::Member))
        .user_id;
    let demoted = Actor {
        role: Role::Owner,
        ..world.actor(&world.member("bob@example.com", Role::Member))
    };
    let accounts = world.at(0);
    for refused in [
        block_on(accounts.change_role(&demoted, &other, Role::Admin)),
        block_on(accounts.change_role(&demoted, &demoted.user_id, Role::Owner)),
        block_on(accounts.remove_member(&demoted, &other)),
        block_on(accounts.change_visibility(&demoted, &other, &Sees::Named(Vec::new()))),
        block_on(accounts.rename_organization(&demoted, "Mine")),
    ] {
        assert_eq!(refused, Err(AccountsError::Gone));
    }
    let members = block_on(accounts.members(&world.first())).unwrap();
    assert_eq!(
        members
            .iter()
            .filter(|member| member.role == Role::Member && member.sees == Sees::All)
            .count(),
        2
    );
}

#[test]
fn an_owner_of_one_organization_is_nobody_in_another() {
    let world = World::new();
    world.owner("ada@example.com");
    world
        .database
        .execute("INSERT INTO organizations (id, name, created_at) VALUES ('other', 'Other', 0); \
                  INSERT INTO users (id, email, name, created_at) VALUES ('olga', 'olga@example.com', 'Olga', 0); \
                  INSERT INTO members (organization_id, user_id, role, sees, created_at) VALUES ('other', 'olga', 'owner', 'all', 0)")
        .unwrap();
    let first = world.first();
    assert_eq!(
        block_on(world.at(0).remove_member(&first, "olga")),
        Err(AccountsError::Gone)
    );
    assert_eq!(
        block_on(world.at(0).change_role(&first, "olga", Role::Member)),
        Err(AccountsError::Gone)
    );
    let pretender = Actor {
        organization_id: "other".to_owned(),
        ..first
    };
    assert_eq!(
        block_on(world.at(0).change_role(&pretender, "olga", Role::Member)),
        Err(AccountsError::LastOwner)
    );
    assert_eq!(
        world
            .database
            .number("SELECT COUNT(*) FROM members WHERE user_id = 'olga' AND role = 'owner'")
            .unwrap(),
        1
    );
}

#[test]
fn a_member_leaves_and_takes_teams_and_projects_along() {
    let world = World::new();
    world.owner("ada@example.com");
    let first = world.first();
    world.project(&first.organization_id, "shop");
    let token = world.member("bob@example.com", Role::Member);
    let bob = world.actor(&token);
    block_on(world.at(0).change_visibility(
        &first,
        &bob.user_id,
        &Sees::Named(vec!["shop".to_owned()]),
    ))
    .unwrap();
    let team = block_on(world.at(0).create_team(&first, "Growth")).unwrap();
    let team = crate::Team {
        id: team,
        name: "Growth".to_owned(),
        user_ids: vec![bob.user_id.clone()],
        project_ids: vec![],
    };
    block_on(world.at(0).change_team(&first, &team)).unwrap();
    assert_eq!(
        block_on(world.at(0).remove_member(&bob, &bob.user_id)),
        Ok(())
    );
    for table in ["member_projects", "team_members"] {
        assert_eq!(
            world
                .database
                .number(&format!("SELECT COUNT(*) FROM {table}"))
                .unwrap(),
            0,
            "{table}"
        );
    }
    assert!(world.signed_in(&token).unwrap().memberships.is_empty());
}

#[test]
fn what_a_member_sees_is_all_or_what_is_named_and_what_teams_add() {
    let world = World::new();
    world.owner("ada@example.com");
    let first = world.first();
    let organization = first.organization_id.clone();
    for id in ["blog", "docs", "shop", "old"] {
        world.project(&organization, id);
    }
    world
        .database
        .execute("UPDATE projects SET archived_at = 1 WHERE id = 'old'")
        .unwrap();
    let bob = world
        .actor(&world.member("bob@example.com", Role::Member))
        .user_id;
    let seen = || block_on(world.at(0).visible_projects(&bob, &organization)).unwrap();
    assert_eq!(seen(), ["blog", "docs", "shop"]);
    let named = Sees::Named(vec!["shop".to_owned(), "old".to_owned()]);
    block_on(world.at(0).change_visibility(&first, &bob, &named)).unwrap();
    assert_eq!(seen(), ["shop"]);
    let id = block_on(world.at(0).create_team(&first, "Writers")).unwrap();
    let mut team = crate::Team {
        id,
        name: "Writers".to_owned(),
        user_ids: vec![bob.clone()],
        project_ids: vec!["docs".to_owned()],
    };
    block_on(world.at(0).change_team(&first, &team)).unwrap();
    assert_eq!(seen(), ["docs", "shop"]);
    team.user_ids.clear();
    block_on(world.at(0).change_team(&first, &team)).unwrap();
    assert_eq!(seen(), ["shop"]);
    world
        .database
        .execute("UPDATE users SET disabled_at = 1 WHERE email = 'bob@example.com'")
        .unwrap();
    assert!(seen().is_empty());
}

#[test]
fn whoever_runs_the_organization_sees_all_of_it() {
    let world = World::new();
    world.owner("ada@example.com");
    let first = world.first();
    world.project(&first.organization_id, "shop");
    let bob = world
        .actor(&world.member("bob@example.com", Role::Member))
        .user_id;
    let none = Sees::Named(Vec::new());
    let accounts = world.at(0);
    block_on(accounts.change_visibility(&first, &bob, &none)).unwrap();
    block_on(accounts.change_role(&first, &bob, Role::Admin)).unwrap();
    let seen = block_on(accounts.visible_projects(&bob, &first.organization_id)).unwrap();
    assert_eq!(seen, ["shop"]);
    let narrowed = block_on(accounts.change_visibility(&first, &bob, &none));
    assert_eq!(narrowed, Err(AccountsError::SeesAll));
    let invited = crate::NewInvitation {
        email: "",
        role: Role::Admin,
        sees: none,
    };
    let invited = block_on(accounts.invite(&first, &invited)).map(|_| ());
    assert_eq!(invited, Err(AccountsError::SeesAll));
}

#[test]
fn members_are_listed_with_role_projects_and_teams_and_only_to_admins() {
    let world = World::new();
    world.owner("ada@example.com");
    let first = world.first();
    let bob = world.actor(&world.member("bob@example.com", Role::Member));
    let listed = block_on(world.at(0).members(&first)).unwrap();
    let lines: Vec<_> = listed
        .iter()
        .map(|member| (member.person.email.as_str(), member.role, &member.sees))
        .collect();
    assert_eq!(
        lines,
        [
            ("ada@example.com", Role::Owner, &Sees::All),
            ("bob@example.com", Role::Member, &Sees::All)
        ]
    );
    assert!(matches!(
        block_on(world.at(0).members(&bob)),
        Err(AccountsError::Forbidden(_))
    ));
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Role(usize, usize, Role),
    Remove(usize, usize),
}

fn any_step() -> impl Strategy<Value = Step> {
    let role = proptest::sample::select(&Role::ALL[..]);
    prop_oneof![
        (0_usize..4, 0_usize..4, role).prop_map(|(by, whom, role)| Step::Role(by, whom, role)),
        (0_usize..4, 0_usize..4).prop_map(|(by, whom)| Step::Remove(by, whom)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Four people, each believing to be an owner, do what they like: somebody owns the organization throughout, and nobody but an owner makes one.
    #[test]
    fn an_organization_always_has_an_owner_and_only_owners_make_owners(steps in proptest::collection::vec(any_step(), 1..40)) {
        let world = World::new();
        world.owner("a@example.com");
        let mut people = vec![world.first()];
        for (email, role) in [("b@example.com", Role::Owner), ("c@example.com", Role::Admin), ("d@example.com", Role::Member)] {
            let actor = world.actor(&world.member(email, role));
            people.push(Actor { role: Role::Owner, ..actor });
        }
        let is_owner = |user: &str| world.database.number(
            &format!("SELECT COUNT(*) FROM members WHERE user_id = '{user}' AND role = 'owner'")).unwrap() == 1;
        for step in steps {
            match step {
                Step::Role(by, whom, to) => {
                    let (could, was) = (is_owner(&people[by].user_id), is_owner(&people[whom].user_id));
                    let done = block_on(world.at(0).change_role(&people[by], &people[whom].user_id, to)).is_ok();
                    prop_assert!(!done || could || (to != Role::Owner && !was));
                }
                Step::Remove(by, whom) => {
                    let (could, was) = (is_owner(&people[by].user_id), is_owner(&people[whom].user_id));
                    let done = block_on(world.at(0).remove_member(&people[by], &people[whom].user_id)).is_ok();
                    prop_assert!(!done || could || !was);
                }
            }
            prop_assert!(owners(&world) >= 1);
        }
    }
}
