//! What is asked of the provider, and of its description.

use super::*;

#[test]
fn the_request_carries_pkce_nonce_and_state_and_the_code_is_redeemed_with_the_verifier() {
    let world = world();
    let provider = Provider::new(&world);
    let trip = Trip::begin(&world, &provider, config());
    for (name, value) in [
        ("tenant", "1"),
        ("response_type", "code"),
        ("client_id", "sightline"),
        ("redirect_uri", REDIRECT),
        ("scope", "openid email profile"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(trip.query[name], value, "{name}");
    }
    trip.finish().unwrap();
    let (form, authorization) = provider.posted.borrow()[0].clone();
    let form: HashMap<String, String> = form_urlencoded::parse(form.as_bytes())
        .into_owned()
        .collect();
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(form["code_verifier"].as_bytes()));
    assert_eq!(challenge, trip.query["code_challenge"]);
    assert_eq!(
        (form["code"].as_str(), form["redirect_uri"].as_str()),
        ("the-code", REDIRECT)
    );
    // RFC 6749 §2.3.1: form-encoded before they are joined.
    assert_eq!(
        authorization,
        Some(format!("Basic {}", STANDARD.encode("sightline:s+e%3Acret")))
    );
    assert!(!form.contains_key("client_secret"));
}

#[test]
fn the_secret_goes_where_the_provider_takes_it() {
    let world = world();
    let provider = Provider::new(&world);
    provider.discovery.borrow_mut()["token_endpoint_auth_methods_supported"] =
        json!(["client_secret_post"]);
    outcome(&world, &provider).unwrap();
    let public = ProviderConfig {
        client_secret: None,
        ..config()
    };
    Trip::begin(&world, &provider, public).finish().unwrap();
    let posted = provider.posted.borrow();
    assert!(posted[0].0.contains("client_secret=s+e%3Acret") && posted[0].1.is_none());
    assert!(
        posted[1].0.contains("client_id=sightline")
            && !posted[1].0.contains("client_secret")
            && posted[1].1.is_none()
    );
}

#[test]
fn a_discovery_document_that_cannot_be_trusted_is_refused() {
    let parse = |change: &dyn Fn(&mut Value)| {
        let mut document = Provider::new(&World::new()).discovery.into_inner();
        change(&mut document);
        Discovery::parse(document.to_string().as_bytes(), &config())
            .map(|_| ())
            .map_err(|error| error.slug().to_owned())
    };
    assert_eq!(parse(&|_| ()), Ok(()));
    let refused = |change: &dyn Fn(&mut Value)| parse(change).unwrap_err();
    assert_eq!(
        refused(&|it| it["issuer"] = json!("https://id.example.com/")),
        "discovery_other_issuer"
    );
    assert_eq!(
        refused(&|it| it["token_endpoint"] = json!("http://id.example.com/token")),
        "discovery_insecure_endpoint"
    );
    assert_eq!(
        refused(&|it| it["jwks_uri"] = json!("https://user@id.example.com/keys")),
        "discovery_insecure_endpoint"
    );
    assert_eq!(
        refused(&|it| it["response_types_supported"] = json!(["id_token"])),
        "discovery_no_code_flow"
    );
    assert_eq!(
        refused(&|it| it["code_challenge_methods_supported"] = json!(["plain"])),
        "discovery_no_s256"
    );
    assert_eq!(refused(&|it| *it = json!([])), "discovery_malformed");
}

#[test]
fn the_document_lies_below_the_issuer_whatever_its_path() {
    assert_eq!(
        Discovery::url_for("https://id.example.com"),
        "https://id.example.com/.well-known/openid-configuration"
    );
    assert_eq!(
        Discovery::url_for("https://id.example.com/t/1/"),
        "https://id.example.com/t/1/.well-known/openid-configuration"
    );
}

#[test]
fn the_way_home_never_leads_to_another_site() {
    let world = world();
    for (given, kept) in [
        ("/connections", "/connections"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
    ] {
        let provider = Provider::new(&world);
        let cookie = Token::new(&world.entropy);
        block_on(
            world
                .at(0)
                .oidc_begin(&config(), &provider, &cookie, REDIRECT, given),
        )
        .unwrap();
        let kept_rows = world
            .database
            .number(&format!(
                "SELECT COUNT(*) FROM oidc_requests WHERE return_to = '{kept}'"
            ))
            .unwrap();
        assert_eq!(kept_rows, 1, "{given}");
        world.database.execute("DELETE FROM oidc_requests").unwrap();
    }
}
