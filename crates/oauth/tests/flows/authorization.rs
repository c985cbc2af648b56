//! `/authorize` and consent: what is shown, what is redirected, and that an answer counts once and only from its own browser.

use futures::executor::block_on;
use sightline_oauth::{AuthorizeRefused, ConsentRefused, Decision, Scope, ScopeSet};

use crate::support::{CALLBACK, MINUTE_MS, START_MS, World, form, must, parameter};

fn page(refused: Option<AuthorizeRefused>) -> &'static str {
    match refused {
        Some(AuthorizeRefused::Page { slug, .. }) => slug,
        other => panic!("no page: {other:?}"),
    }
}

fn redirect(refused: Option<AuthorizeRefused>) -> String {
    match refused {
        Some(AuthorizeRefused::Redirect { location, .. }) => location,
        other => panic!("no redirect: {other:?}"),
    }
}

#[test]
fn rfc_6749_4_1_2_1_an_unknown_app_or_redirect_gets_a_page_and_no_redirect() {
    let world = World::new();
    let app = world.public_app();
    let refused = |id: &str, changes: &[(&str, &str)]| page(world.begin(id, changes).err());
    assert_eq!(refused("app_nobody", &[]), "app_unknown");
    assert_eq!(refused(&app, &[("client_id", "")]), "client_id_missing");
    assert_eq!(
        refused(&app, &[("redirect_uri", "")]),
        "redirect_uri_missing"
    );
    for uri in [
        "https://evil.example/callback",
        "https://app.example/callback/",
        "https://app.example/callback?x=1",
        "https://app.example.evil.example/callback",
        "https://app.example@evil.example/callback",
        "http://127.0.0.1:1234/callback",
        "javascript:alert(1)",
        "//evil.example",
    ] {
        assert_eq!(
            refused(&app, &[("redirect_uri", uri)]),
            "redirect_uri_unknown",
            "{uri}"
        );
    }
}

#[test]
fn rfc_6749_3_1_a_parameter_that_comes_twice_gets_a_page() {
    let world = World::new();
    let app = world.public_app();
    let query = form(&[
        ("client_id", &app),
        ("redirect_uri", CALLBACK),
        ("client_id", &app),
    ]);
    let refused = block_on(world.server().begin_authorization(&query, None));
    assert_eq!(page(refused.err()), "parameter_twice");
}

#[test]
fn rfc_6749_4_1_2_1_whatever_else_is_wrong_is_told_to_the_app_with_state_and_iss() {
    let world = World::new();
    let app = world.public_app();
    for (changes, error) in [
        (
            &[("response_type", "token")][..],
            "unsupported_response_type",
        ),
        (&[("response_type", "")], "invalid_request"),
        (&[("response_mode", "fragment")], "invalid_request"),
        (&[("code_challenge", "")], "invalid_request"),
        (&[("code_challenge", "short")], "invalid_request"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("code_challenge_method", "")], "invalid_request"),
        (&[("request", "eyJ")], "invalid_request"),
        (
            &[("request_uri", "https://app.example/r")],
            "invalid_request",
        ),
        (
            &[("resource", "https://other.example/mcp")],
            "invalid_target",
        ),
        (&[("scope", "mcp:query:write")], "invalid_scope"),
    ] {
        let location = redirect(world.begin(&app, changes).err());
        assert!(
            location.starts_with(&format!("{CALLBACK}?error={}", error.replace('_', "%5F"))),
            "{location}"
        );
        assert_eq!(
            parameter(&location, "error").as_deref(),
            Some(error),
            "{changes:?}"
        );
        assert_eq!(parameter(&location, "state").as_deref(), Some("st&te"));
        assert_eq!(
            parameter(&location, "iss").as_deref(),
            Some("https://mcp.example.com")
        );
        assert_eq!(parameter(&location, "code"), None);
    }
}

#[test]
fn rfc_7636_4_4_1_plain_is_refused_even_where_its_challenge_would_fit() {
    let world = World::new();
    let app = world.public_app();
    let location = redirect(
        world
            .begin(&app, &[("code_challenge_method", "plain")])
            .err(),
    );
    assert_eq!(
        parameter(&location, "error").as_deref(),
        Some("invalid_request")
    );
}

#[test]
fn rfc_8707_2_the_resource_may_be_left_out_and_then_is_ours() {
    let world = World::new();
    let app = world.public_app();
    assert!(world.begin(&app, &[("resource", "")]).is_ok());
    assert!(
        world
            .begin(&app, &[("resource", "https://mcp.example.com/mcp/")])
            .is_ok()
    );
}

#[test]
fn rfc_6749_3_3_scopes_left_out_mean_all_and_habits_of_other_servers_are_passed_over() {
    let world = World::new();
    let app = world.public_app();
    let asked = |scope: &str| {
        let begun = must(world.begin(&app, &[("scope", scope)]));
        let (server, person) = (world.server(), world.person());
        let facts =
            server.consent_page_facts(begun.handle.reveal(), Some(begun.cookie.reveal()), &person);
        must(block_on(facts)).scopes
    };
    assert_eq!(asked(""), ScopeSet::all());
    assert_eq!(asked("openid offline_access"), ScopeSet::all());
    assert_eq!(asked("offline_access mcp:query:read"), Scope::Query.into());
}

#[test]
fn a_state_with_line_breaks_cannot_leave_its_parameter() {
    let world = World::new();
    let app = world.public_app();
    let state = "x\r\nSet-Cookie: a=b&code=stolen#";
    let begun = must(world.begin(&app, &[("state", state)]));
    let location = must(world.decide(&begun, &World::approval(ScopeSet::all())));
    assert!(!location.contains(['\r', '\n', '#', ' ']));
    assert_eq!(parameter(&location, "state").as_deref(), Some(state));
    assert_ne!(parameter(&location, "code").as_deref(), Some("stolen"));
}

#[test]
fn rfc_8252_7_3_a_native_app_is_sent_to_the_port_it_has_now() {
    let world = World::new();
    let app = world.public_app();
    let begun = must(world.begin(&app, &[("redirect_uri", "http://localhost:55555/callback")]));
    let person = world.person();
    let server = world.server();
    let facts =
        server.consent_page_facts(begun.handle.reveal(), Some(begun.cookie.reveal()), &person);
    let facts = must(block_on(facts));
    assert!(facts.redirect_is_loopback);
    assert_eq!(facts.redirect_host, "localhost");
    let location = must(world.decide(&begun, &World::approval(ScopeSet::all())));
    assert!(location.starts_with("http://localhost:55555/callback?code="));
}

#[test]
fn rfc_9207_2_consent_answers_with_code_state_and_iss() {
    let world = World::new();
    let begun = must(world.begin(&world.public_app(), &[]));
    let location = must(world.decide(&begun, &World::approval(ScopeSet::all())));
    assert!(location.starts_with(CALLBACK));
    assert!(parameter(&location, "code").is_some_and(|code| code.starts_with("sl_")));
    assert_eq!(parameter(&location, "state").as_deref(), Some("st&te"));
    assert_eq!(
        parameter(&location, "iss").as_deref(),
        Some("https://mcp.example.com")
    );
    assert_eq!(world.store.audited(), ["app.registered", "consent.granted"]);
}

#[test]
fn rfc_6749_4_1_2_1_a_person_who_says_no_is_told_on_as_access_denied() {
    let world = World::new();
    let begun = must(world.begin(&world.public_app(), &[]));
    let location = must(world.decide(&begun, &Decision::Deny));
    assert_eq!(
        parameter(&location, "error").as_deref(),
        Some("access_denied")
    );
    assert_eq!(parameter(&location, "state").as_deref(), Some("st&te"));
    assert_eq!(
        parameter(&location, "iss").as_deref(),
        Some("https://mcp.example.com")
    );
    assert_eq!(world.store.audited(), ["app.registered", "consent.denied"]);
    let again = world.decide(&begun, &World::approval(ScopeSet::all()));
    assert_eq!(again, Err(ConsentRefused::Gone));
}

#[test]
fn a_replayed_handle_is_gone() {
    let world = World::new();
    let begun = must(world.begin(&world.public_app(), &[]));
    let person = world.person();
    let (handle, cookie) = (begun.handle.reveal(), Some(begun.cookie.reveal()));
    let csrf = must(block_on(
        world.server().consent_page_facts(handle, cookie, &person),
    ))
    .csrf_token;
    let decide = || {
        let server = world.server();
        block_on(server.decide(
            handle,
            cookie,
            &csrf,
            &person,
            &World::approval(ScopeSet::all()),
        ))
    };
    assert!(decide().is_ok());
    assert_eq!(decide(), Err(ConsentRefused::Gone));
}

#[test]
fn a_handle_is_worth_nothing_in_another_browser_for_another_person_or_without_the_forms_token() {
    let world = World::new();
    let begun = must(world.begin(&world.public_app(), &[]));
    let other = must(world.begin(&world.public_app(), &[]));
    let person = world.person();
    let (handle, cookie) = (begun.handle.reveal(), begun.cookie.reveal());
    let facts = |cookie| block_on(world.server().consent_page_facts(handle, cookie, &person));
    assert_eq!(facts(None).err(), Some(ConsentRefused::Gone));
    assert_eq!(
        facts(Some(other.cookie.reveal())).err(),
        Some(ConsentRefused::Gone)
    );
    assert_eq!(facts(Some("")).err(), Some(ConsentRefused::Gone));
    let csrf = must(facts(Some(cookie))).csrf_token;

    let mut stranger = person.clone();
    stranger.person.id = "usr_eve".to_owned();
    let approval = World::approval(ScopeSet::all());
    let server = world.server();
    let decide = |cookie, csrf: &str, person: &_| {
        block_on(server.decide(handle, Some(cookie), csrf, person, &approval))
    };
    assert_eq!(
        decide(other.cookie.reveal(), &csrf, &person),
        Err(ConsentRefused::Gone)
    );
    assert_eq!(decide(cookie, &csrf, &stranger), Err(ConsentRefused::Gone));
    assert_eq!(decide(cookie, "", &person), Err(ConsentRefused::Gone));
    assert!(decide(cookie, &csrf, &person).is_ok());
}

#[test]
fn a_request_waits_ten_minutes_and_no_longer() {
    let world = World::new();
    let app = world.public_app();
    let (kept, late) = (must(world.begin(&app, &[])), must(world.begin(&app, &[])));
    world.pass(10 * MINUTE_MS - 1);
    assert!(
        world
            .decide(&kept, &World::approval(ScopeSet::all()))
            .is_ok()
    );
    world.pass(1);
    assert_eq!(
        world.decide(&late, &World::approval(ScopeSet::all())),
        Err(ConsentRefused::Gone)
    );
}

#[test]
fn several_requests_wait_side_by_side_in_one_browser() {
    let world = World::new();
    let app = world.public_app();
    let first = must(world.begin(&app, &[]));
    let query = form(&[
        ("response_type", "code"),
        ("client_id", &app),
        ("redirect_uri", CALLBACK),
        ("code_challenge", crate::support::CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    let second = must(block_on(
        world
            .server()
            .begin_authorization(&query, Some(first.cookie.reveal())),
    ));
    assert_eq!(second.cookie, first.cookie);
    for begun in [&first, &second] {
        assert!(
            world
                .decide(begun, &World::approval(ScopeSet::all()))
                .is_ok()
        );
    }
    let forced = must(block_on(
        world
            .server()
            .begin_authorization(&query, Some("chosen by an attacker")),
    ));
    assert!(forced.cookie.reveal().starts_with("sl_"));
}

#[test]
fn consent_never_gives_more_than_was_asked_or_than_the_person_has() {
    let world = World::new();
    let app = world.public_app();
    let begun = must(world.begin(&app, &[("scope", "mcp:query:read mcp:schema:read")]));
    let approve = |scopes: ScopeSet, organization: &str, projects: Option<&[&str]>| {
        world.decide(
            &begun,
            &Decision::Approve {
                scopes,
                organization_id: organization.to_owned(),
                project_ids: projects.map(|ids| ids.iter().map(|id| (*id).to_owned()).collect()),
            },
        )
    };
    let query = ScopeSet::from(Scope::Query);
    for refused in [
        approve(ScopeSet::all(), "acme", None),
        approve(ScopeSet::NONE, "acme", None),
        approve(query, "umbrella", None),
        approve(query, "nowhere", None),
        approve(query, "acme", Some(&["lab"])),
        approve(query, "acme", Some(&["shop", "nothing"])),
        approve(query, "acme", Some(&[])),
    ] {
        assert_eq!(refused, Err(ConsentRefused::DoesNotFit));
    }
    assert!(approve(query, "acme", Some(&["shop"])).is_ok());
}

#[test]
fn a_disabled_person_consents_to_nothing() {
    let mut world = World::new();
    world.people.people[0].disabled_at_ms = Some(START_MS);
    let begun = must(world.begin(&world.public_app(), &[]));
    assert_eq!(
        world.decide(&begun, &World::approval(ScopeSet::all())),
        Err(ConsentRefused::Gone)
    );
}

#[test]
fn the_page_tells_whether_this_app_at_this_host_is_connected_already() {
    let world = World::new();
    let app = world.public_app();
    let known = |changes: &[(&str, &str)]| {
        let begun = must(world.begin(&app, changes));
        let (server, person) = (world.server(), world.person());
        let facts =
            server.consent_page_facts(begun.handle.reveal(), Some(begun.cookie.reveal()), &person);
        must(block_on(facts)).is_known
    };
    assert!(!known(&[]));
    world.connect(&app);
    assert!(known(&[]));
    assert!(!known(&[("redirect_uri", "http://localhost:1/callback")]));
}
