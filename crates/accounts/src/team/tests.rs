use futures::executor::block_on;

use super::*;
use crate::Role;
use crate::testing::World;

#[test]
fn a_team_has_members_and_projects_of_its_organization_only() {
    let world = World::new();
    world.owner("ada@example.com");
    let first = world.first();
    world.project(&first.organization_id, "shop");
    world
        .database
        .execute("INSERT INTO organizations (id, name, created_at) VALUES ('other', 'Other', 0); \
                  INSERT INTO users (id, email, name, created_at) VALUES ('olga', 'olga@example.com', 'Olga', 0)")
        .unwrap();
    world.project("other", "foreign");
    let id = block_on(world.at(0).create_team(&first, "Growth")).unwrap();
    let team = Team {
        id,
        name: "Growth & Co".to_owned(),
        user_ids: vec![first.user_id.clone(), "olga".to_owned()],
        project_ids: vec!["shop".to_owned(), "foreign".to_owned()],
    };
    block_on(world.at(0).change_team(&first, &team)).unwrap();
    let listed = block_on(world.at(0).teams(&first)).unwrap();
    let kept = Team {
        user_ids: vec![first.user_id.clone()],
        project_ids: vec!["shop".to_owned()],
        ..team
    };
    assert_eq!(listed, [kept]);
}

#[test]
fn two_teams_have_two_names() {
    let world = World::new();
    world.owner("ada@example.com");
    let first = world.first();
    let growth = block_on(world.at(0).create_team(&first, "Growth")).unwrap();
    assert_eq!(
        block_on(world.at(0).create_team(&first, " Growth ")),
        Err(AccountsError::NameTaken)
    );
    let id = block_on(world.at(0).create_team(&first, "Support")).unwrap();
    let renamed = Team {
        id,
        name: "Growth".to_owned(),
        user_ids: vec![],
        project_ids: vec![],
    };
    assert_eq!(
        block_on(world.at(0).change_team(&first, &renamed)),
        Err(AccountsError::NameTaken)
    );
    let kept = Team {
        id: growth,
        ..renamed
    };
    assert_eq!(block_on(world.at(0).change_team(&first, &kept)), Ok(()));
}

#[test]
fn a_refused_change_leaves_the_team_as_it_was() {
    let world = World::new();
    world.owner("ada@example.com");
    let first = world.first();
    block_on(world.at(0).create_team(&first, "Growth")).unwrap();
    let id = block_on(world.at(0).create_team(&first, "Support")).unwrap();
    let mut team = Team {
        id,
        name: "Support".to_owned(),
        user_ids: vec![first.user_id.clone()],
        project_ids: vec![],
    };
    block_on(world.at(0).change_team(&first, &team)).unwrap();
    team.name = "Growth".to_owned();
    team.user_ids.clear();
    assert_eq!(
        block_on(world.at(0).change_team(&first, &team)),
        Err(AccountsError::NameTaken)
    );
    assert_eq!(
        world
            .database
            .number("SELECT COUNT(*) FROM team_members")
            .unwrap(),
        1
    );
}

#[test]
fn only_admins_of_the_organization_touch_its_teams() {
    let world = World::new();
    world.owner("ada@example.com");
    let first = world.first();
    let id = block_on(world.at(0).create_team(&first, "Growth")).unwrap();
    let member = world.actor(&world.member("bob@example.com", Role::Member));
    assert!(matches!(
        block_on(world.at(0).create_team(&member, "Mine")),
        Err(AccountsError::Forbidden(_))
    ));
    assert!(matches!(
        block_on(world.at(0).delete_team(&member, &id)),
        Err(AccountsError::Forbidden(_))
    ));
    let pretender = Actor {
        role: Role::Admin,
        ..member
    };
    assert!(block_on(world.at(0).create_team(&pretender, "Mine")).is_err());
    assert_eq!(
        block_on(world.at(0).delete_team(&pretender, &id)),
        Err(AccountsError::Gone)
    );
    let elsewhere = Actor {
        organization_id: "other".to_owned(),
        ..first.clone()
    };
    assert_eq!(
        block_on(world.at(0).delete_team(&elsewhere, &id)),
        Err(AccountsError::Gone)
    );
    assert_eq!(block_on(world.at(0).delete_team(&first, &id)), Ok(()));
    assert!(block_on(world.at(0).teams(&first)).unwrap().is_empty());
}
