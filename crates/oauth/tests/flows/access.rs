//! The resource server: a token says who came; what that may see is read again on every request.

use futures::executor::block_on;
use serde_json::json;
use sightline_oauth::testing::TestProject;
use sightline_oauth::{
    Denied, GrantedThrough, Principal, Reason, Role, Scope, ScopeSet, TokenFlaw,
};

use crate::support::{DAY_MS, HOUR_MS, World, must, parameter, text};

fn connected() -> (World, String) {
    let world = World::new();
    let app = world.public_app();
    let token = text(&world.connect(&app), "access_token").to_owned();
    (world, token)
}

fn sees(principal: Result<Principal<TestProject>, Denied>) -> Vec<String> {
    must(principal)
        .projects
        .into_iter()
        .map(|project| project.id)
        .collect()
}

fn reason(principal: Result<Principal<TestProject>, Denied>) -> Option<Reason> {
    match principal {
        Err(Denied::InvalidToken(reason)) => Some(reason),
        _ => None,
    }
}

#[test]
fn a_connected_app_acts_for_its_person_in_one_organization() {
    let (mut world, token) = connected();
    let principal = must(world.ask(&token));
    assert_eq!(principal.organization.id, "acme");
    assert_eq!(principal.expires_at_ms, Some(world.now_ms.get() + HOUR_MS));
    assert!(principal.limit_key().starts_with("connection:con_"));
    let GrantedThrough::Connection {
        person,
        app_name,
        membership,
        ..
    } = &principal.through
    else {
        panic!("not by a connection")
    };
    assert_eq!(
        (person.id.as_str(), app_name.as_str()),
        ("usr_ann", "Example App")
    );
    assert_eq!(membership.role, Role::Member);
    assert_eq!(sees(Ok(principal)), ["shop", "blog"]);
}

#[test]
fn it_costs_one_read() {
    let (mut world, token) = connected();
    let before = world.people.reads();
    must(world.ask(&token));
    assert_eq!(world.people.reads(), before + 1);
}

#[test]
fn a_revoked_connection_is_out_with_the_next_request() {
    let (mut world, token) = connected();
    assert!(world.ask(&token).is_ok());
    let id = world.store.connections()[0].id.clone();
    assert!(must(block_on(
        world.server().end_connection(&id, "acme", "usr_ann")
    )));
    assert!(!must(block_on(
        world.server().end_connection(&id, "acme", "usr_ann")
    )));
    assert_eq!(reason(world.ask(&token)), Some(Reason::ConnectionRevoked));
}

#[test]
fn a_disabled_person_is_out_with_the_next_request() {
    let (mut world, token) = connected();
    world.people.people[0].disabled_at_ms = Some(1);
    assert_eq!(reason(world.ask(&token)), Some(Reason::PersonDisabled));
    world.people.people[0].disabled_at_ms = None;
    assert!(world.ask(&token).is_ok());
}

#[test]
fn a_person_who_left_the_organization_is_out_with_the_next_request() {
    let (mut world, token) = connected();
    world.people.members[0].organization_id = "umbrella".to_owned();
    assert_eq!(reason(world.ask(&token)), Some(Reason::NotAMember));
}

#[test]
fn a_project_no_longer_shown_is_gone_with_the_next_request() {
    let (mut world, token) = connected();
    world.people.members[0].sees = Some(vec!["blog".to_owned()]);
    assert_eq!(sees(world.ask(&token)), ["blog"]);
    world.people.members[0].sees = Some(Vec::new());
    assert!(sees(world.ask(&token)).is_empty());
}

#[test]
fn a_store_that_returns_too_much_shows_nothing_of_other_organizations() {
    let (mut world, token) = connected();
    world.people.returns_every_project = true;
    assert_eq!(sees(world.ask(&token)), ["shop", "blog"]);
}

#[test]
fn a_connection_held_to_some_projects_shows_no_others() {
    let mut world = World::new();
    let app = world.public_app();
    let begun = must(world.begin(&app, &[]));
    let location = must(world.decide(
        &begun,
        &sightline_oauth::Decision::Approve {
            scopes: ScopeSet::all(),
            organization_id: "acme".to_owned(),
            project_ids: Some(vec!["blog".to_owned()]),
        },
    ));
    let code = parameter(&location, "code").unwrap_or_default();
    let tokens = must(world.redeem(&app, &code, &[]));
    assert_eq!(sees(world.ask(text(&tokens, "access_token"))), ["blog"]);
}

#[test]
fn an_expired_token_and_one_of_another_server_are_refused_alike() {
    let (mut world, token) = connected();
    let foreign = World {
        entropy: sightline_oauth::Entropy::from_seed([1; 32]),
        ..World::new()
    };
    let app = foreign.public_app();
    let stranger = text(&foreign.connect(&app), "access_token").to_owned();
    let unknown = world.ask(&stranger);
    assert_eq!(
        reason(unknown.clone()),
        Some(Reason::AccessToken(TokenFlaw::UnknownKey))
    );
    world.pass(HOUR_MS);
    let expired = world.ask(&token);
    assert_eq!(
        reason(expired.clone()),
        Some(Reason::AccessToken(TokenFlaw::Expired))
    );
    let outside = |denied: Result<_, Denied>| {
        denied
            .err()
            .map(|denied| (denied.challenge(), denied.to_string()))
    };
    assert_eq!(outside(unknown), outside(expired));
}

#[test]
fn a_token_of_a_deleted_connection_is_refused() {
    let (mut world, token) = connected();
    world.store = sightline_oauth::testing::MemoryAuthorization::default();
    // The keys went with it, so they are made anew: the token is of no key we have.
    assert!(world.ask(&token).is_err());
    let (mut world, token) = connected();
    let mut connections = world.store.connections();
    connections[0].user_id = "usr_eve".to_owned();
    world.people.people.push(sightline_oauth::Person {
        id: "usr_eve".to_owned(),
        name: "Eve".to_owned(),
        email: None,
        disabled_at_ms: None,
    });
    let keys = must(block_on(world.server().keys()));
    world.people.connections = connections;
    let mut headers = http::HeaderMap::new();
    headers.insert("authorization", must(format!("Bearer {token}").parse()));
    let credential = sightline_oauth::Credential::from_request(
        &headers,
        None,
        sightline_oauth::QueryForm::Accepted,
    );
    let audience = Some(sightline_oauth::Audience {
        realm: &world.realm,
        keys: &keys,
    });
    let denied = block_on(sightline_oauth::authenticate(
        &credential,
        &world.people,
        audience,
        world.now_ms.get(),
    ));
    assert_eq!(reason(denied), Some(Reason::UnknownConnection));
}

#[test]
fn keys_rotate_and_tokens_of_the_old_one_stay_good() {
    let mut world = World::new();
    let app = world.public_app();
    let first = world.connect(&app);
    world.pass(30 * DAY_MS - HOUR_MS / 2);
    let before = must(world.refresh(&app, text(&first, "refresh_token")));
    world.pass(HOUR_MS / 4);
    let ring = must(block_on(world.maintenance().rotate_keys()));
    assert_eq!(
        ring.jwks()["keys"].as_array().map(Vec::len),
        Some(1),
        "not due yet"
    );
    let second = world.connect(&app);
    world.pass(HOUR_MS / 4);
    for _ in 0..2 {
        let ring = must(block_on(world.maintenance().rotate_keys()));
        assert_eq!(ring.jwks()["keys"].as_array().map(Vec::len), Some(2));
    }
    assert!(world.ask(text(&second, "access_token")).is_ok());
    let third = world.connect(&app);
    assert!(world.ask(text(&third, "access_token")).is_ok());
    assert!(
        world.ask(text(&before, "access_token")).is_err(),
        "its connection's time is over"
    );
    must(block_on(world.maintenance().purge()));
    assert!(world.ask(text(&second, "access_token")).is_ok());
}

#[test]
fn a_changed_key_secret_makes_a_new_key_and_asks_for_new_access_tokens_only() {
    let mut world = World::new();
    let app = world.public_app();
    let tokens = world.connect(&app);
    world.secret = sightline_oauth::KeySecret::from_setting(Some("another"));
    world.pass(1);
    assert!(world.ask(text(&tokens, "access_token")).is_err());
    let renewed = must(world.refresh(&app, text(&tokens, "refresh_token")));
    assert!(world.ask(text(&renewed, "access_token")).is_ok());
}

#[test]
fn no_store_means_no_decision_and_no_lost_sign_in() {
    let (mut world, token) = connected();
    world.people.fault = Some("away".to_owned());
    let denied = world.ask(&token).err();
    assert_eq!(denied.as_ref().map(Denied::slug), Some("store_unavailable"));
    assert_eq!(denied.and_then(|denied| denied.challenge()), None);
    world.people.fault = None;
    assert!(must(world.ask(&token)).may(Scope::Query));
}

#[test]
fn what_is_printed_of_a_principal_shows_neither_name_nor_address() {
    let (mut world, token) = connected();
    let shown = format!("{:?}", world.ask(&token));
    assert!(!shown.contains("Ann") && !shown.contains("ann@"), "{shown}");
    assert!(json!(shown).is_string());
}
