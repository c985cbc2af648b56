//! Who is let in, and where to.

use super::*;

#[test]
fn a_new_person_comes_to_the_organizations_the_rules_name() {
    let (world, provider) = {
        let world = world();
        let provider = Provider::new(&world);
        (world, provider)
    };
    let trip = Trip::begin(&world, &provider, config());
    let (session, path) = trip.finish().unwrap();
    assert_eq!(path, "/connections?x=1");
    let signed_in = world.signed_in(&session.token).unwrap();
    assert_eq!(signed_in.person.email.as_str(), "ada@example.com");
    assert_eq!(signed_in.person.name, "Ada Lovelace");
    assert!(!signed_in.has_password);
    let places: Vec<_> = signed_in
        .memberships
        .iter()
        .map(|place| (place.organization_id.as_str(), place.role, place.sees_all))
        .collect();
    assert_eq!(
        places,
        [
            ("acme", Role::Member, true),
            ("data", Role::Member, false),
            ("run", Role::Admin, true)
        ]
    );
    let seen = block_on(world.at(0).visible_projects(&signed_in.person.id, "data")).unwrap();
    assert_eq!(seen, ["shop"]);
}

#[test]
fn a_person_who_comes_again_is_the_same_and_keeps_what_an_admin_changed() {
    let world = world();
    let provider = Provider::new(&world);
    let (session, _) = Trip::begin(&world, &provider, config()).finish().unwrap();
    let first = world.signed_in(&session.token).unwrap();
    world
        .database
        .execute(
            "DELETE FROM members WHERE organization_id <> 'data'; UPDATE members SET sees = 'all'",
        )
        .unwrap();
    // Even under another address: the subject names them.
    provider.set("email", json!("ada@elsewhere.example"));
    let trip = Trip::begin(&world, &provider, config());
    let (session, _) = trip
        .finish_with(&world.at(60_000), &trip.cookie, &trip.callback())
        .unwrap();
    let second = world.signed_in(&session.token).unwrap();
    assert_eq!(second.person, first.person);
    let places: Vec<_> = second
        .memberships
        .iter()
        .map(|place| (place.organization_id.as_str(), place.role, place.sees_all))
        .collect();
    assert_eq!(places, [("data", Role::Member, true)]);
}

#[test]
fn whoever_no_rule_names_is_not_admitted_and_no_row_is_left() {
    let world = world();
    let provider = Provider::new(&world);
    provider.set("email", json!("eve@elsewhere.example"));
    provider.set("groups", json!(["visitors"]));
    assert_eq!(outcome(&world, &provider), Err(OidcError::NotAdmitted));
    assert_eq!(
        world.database.number("SELECT COUNT(*) FROM users").unwrap(),
        0
    );
    assert_eq!(
        world
            .database
            .number("SELECT COUNT(*) FROM oidc_links")
            .unwrap(),
        0
    );
}

#[test]
fn an_unverified_address_counts_for_nothing() {
    let world = world();
    for unverified in [json!(false), json!("false"), json!(1), Value::Null] {
        let provider = Provider::new(&world);
        provider.set("email_verified", unverified);
        assert_eq!(outcome(&world, &provider), Err(OidcError::NoEmail));
    }
}

#[test]
fn an_account_here_is_joined_to_the_provider_only_if_the_operator_says_so() {
    let world = world();
    let ada = world.owner("ada@example.com");
    let person = world.signed_in(&ada).unwrap().person;
    let provider = Provider::new(&world);
    assert_eq!(outcome(&world, &provider), Err(OidcError::AddressTaken));
    let joins = ProviderConfig {
        joins_existing_accounts: true,
        ..config()
    };
    let (session, _) = Trip::begin(&world, &provider, joins.clone())
        .finish()
        .unwrap();
    assert_eq!(world.signed_in(&session.token).unwrap().person, person);
    world
        .database
        .execute("UPDATE users SET disabled_at = 1")
        .unwrap();
    let refused = Trip::begin(&world, &provider, joins).finish().map(|_| ());
    assert_eq!(refused, Err(OidcError::NotAdmitted));
}

#[test]
fn a_failing_database_leaves_no_half_made_account() {
    let world = world();
    for step in 0..3 {
        let provider = Provider::new(&world);
        let trip = Trip::begin(&world, &provider, config());
        world.database.fail_at(step);
        assert!(
            matches!(trip.finish(), Err(OidcError::Unavailable(_))),
            "{step}"
        );
        assert_eq!(
            world
                .database
                .number("SELECT (SELECT COUNT(*) FROM users) + (SELECT COUNT(*) FROM oidc_links)")
                .unwrap(),
            0
        );
    }
}

#[test]
fn a_configuration_that_lets_everybody_in_or_sends_secrets_in_the_clear_is_refused() {
    let parse = |issuer: &str, rule: &str| {
        ProviderConfig::parse(&format!(
            r#"{{"issuer": "{issuer}", "name": "X", "client_id": "c", "client_secret": "hush", "rules": [{rule}]}}"#
        ))
        .map(|_| ())
        .map_err(|error| error.to_string())
    };
    let good = r#"{"organization_id": "a", "domain": "example.com"}"#;
    assert_eq!(parse(ISSUER, good), Ok(()));
    assert_eq!(parse("http://localhost:9000", good), Ok(()));
    assert!(parse("http://id.example.com", good).is_err());
    assert!(parse("https://id.example.com?x", good).is_err());
    for rule in [
        r#"{"organization_id": "a"}"#,
        r#"{"organization_id": "a", "domain": " "}"#,
        r#"{"organization_id": "a", "claim": "groups"}"#,
        r#"{"organization_id": "a", "domain": "example.com", "admin": true, "projects": ["shop"]}"#,
        r#"{"organization_id": "a", "domain": "example.com", "value": "x"}"#,
        r#"{"organization_id": "a", "domains": "example.com"}"#,
    ] {
        let refused = parse(ISSUER, rule).unwrap_err();
        assert!(!refused.contains("hush"), "{refused}");
    }
    assert!(!format!("{:?}", config()).contains("cret"));
}

#[test]
fn an_address_said_to_be_verified_in_words_is_verified() {
    let token = |verified: Value| IdToken {
        subject: "x".to_owned(),
        claims: json!({ "email": "A@b.example", "email_verified": verified })
            .as_object()
            .unwrap()
            .clone(),
    };
    assert_eq!(
        token(json!("true")).verified_email(),
        Email::parse("a@b.example").ok()
    );
    assert_eq!(token(json!("yes")).verified_email(), None);
}
