//! Where documents may be, what may stand in them, and how long they are kept.

use futures::executor::block_on;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::testing::MemoryDocuments;

const URL: &str = "https://app.example/oauth/client.json";

fn realm() -> Realm {
    match Realm::new("https://mcp.sightline.example") {
        Ok(realm) => realm,
        Err(error) => panic!("{error}"),
    }
}

fn document() -> Value {
    json!({
        "client_id": URL,
        "client_name": "Example App",
        "redirect_uris": ["https://app.example/callback", "http://localhost:3000/callback"],
    })
}

fn slug(document: &Value) -> Option<&'static str> {
    read(URL, document.to_string().as_bytes(), &realm())
        .err()
        .map(|error| error.slug)
}

#[test]
fn cimd_a_document_describes_its_app() {
    let Ok(app) = read(URL, document().to_string().as_bytes(), &realm()) else {
        panic!("refused")
    };
    assert_eq!((app.id.as_str(), app.name.as_str()), (URL, "Example App"));
    assert_eq!(app.verified_host().as_deref(), Some("app.example"));
    assert_eq!(app.auth_method, AuthMethod::None);
    assert_eq!(app.redirect_uris.len(), 2);
}

#[test]
fn cimd_only_public_https_addresses_with_a_path_are_fetched() {
    for good in [
        URL,
        "https://claude.ai/oauth/x",
        "https://a.b.example/c?d=e",
    ] {
        assert!(is_fetchable(good, &realm()), "{good}");
    }
    for bad in [
        "http://app.example/c",
        "https://app.example",
        "https://app.example/",
        "https://app.example:8443/c",
        "https://app.example:443/c",
        "https://u:p@app.example/c",
        "https://app.example/c#f",
        "https://app.example/a/../c",
        "https://APP.example/c",
        "https://app.example./c",
        "https://127.0.0.1/c",
        "https://2130706433/c",
        "https://0x7f.1/c",
        "https://10.0.0.8/c",
        "https://169.254.169.254/latest",
        "https://[::1]/c",
        "https://[fd00::1]/c",
        "https://localhost/c",
        "https://x.localhost/c",
        "https://router.lan/c",
        "https://db.internal/c",
        "https://intranet/c",
        "ftp://app.example/c",
        "app",
    ] {
        assert!(!is_fetchable(bad, &realm()), "{bad}");
    }
    let long = format!("https://app.example/{}", "a".repeat(MAX_URL_BYTES));
    assert!(!is_fetchable(&long, &realm()));
}

#[test]
fn cimd_our_own_zone_is_never_fetched() {
    for ours in [
        "https://mcp.sightline.example/c",
        "https://x.mcp.sightline.example/c",
        "https://sightline.example/c",
    ] {
        assert!(!is_fetchable(ours, &realm()), "{ours}");
    }
    assert!(is_fetchable("https://notsightline.example/c", &realm()));
}

#[test]
fn cimd_a_document_must_name_its_own_address() {
    let mut other = document();
    other["client_id"] = json!("https://app.example/oauth/other.json");
    assert_eq!(slug(&other), Some("document_of_another_client"));
}

#[test]
fn cimd_shared_secrets_have_no_place_in_a_public_document() {
    let with = |name: &str, value: Value| {
        let mut document = document();
        document[name] = value;
        slug(&document)
    };
    assert_eq!(
        with("client_secret", json!("x")),
        Some("document_with_secret")
    );
    for method in ["client_secret_basic", "client_secret_post", "x"] {
        let refused = with("token_endpoint_auth_method", json!(method));
        assert_eq!(refused, Some("document_auth_method"), "{method}");
    }
    let refused = with("token_endpoint_auth_method", json!("private_key_jwt"));
    assert_eq!(refused, Some("document_keys"));
}

#[test]
fn cimd_what_is_no_document_of_an_app_is_refused() {
    let body = format!("{}{}", " ".repeat(MAX_BYTES), document());
    let slug_of = |body: &[u8]| read(URL, body, &realm()).err().map(|error| error.slug);
    assert_eq!(slug_of(body.as_bytes()), Some("document_too_long"));
    assert_eq!(slug_of(b"[]"), Some("document_malformed"));
    let mut without = document();
    without["redirect_uris"] = json!(["javascript:alert(1)"]);
    assert_eq!(slug(&without), Some("document_redirect_uris"));
    without["redirect_uris"] = json!([]);
    assert_eq!(slug(&without), Some("document_redirect_uris"));
}

#[test]
fn rfc_9111_5_2_2_a_document_is_kept_as_its_headers_say_and_a_week_at_most() {
    for (header, seconds) in [
        (None, 300),
        (Some("max-age=60"), 60),
        (Some("public, MAX-AGE=86400"), 86400),
        (Some("max-age=60, s-maxage=10"), 10),
        (Some("max-age=99999999"), MAX_CACHE_S),
        (Some("no-store"), 0),
        (Some("max-age=60, no-cache"), 0),
        (Some("private, max-age=60"), 0),
        (Some("max-age=x"), 300),
    ] {
        assert_eq!(cache_seconds(header), seconds, "{header:?}");
    }
}

#[test]
fn cimd_a_document_is_fetched_once_and_a_failure_is_never_kept() {
    let documents = MemoryDocuments::default();
    let ask = || block_on(app(&documents, &realm(), URL));
    documents.answer(URL, 503, "max-age=60", "");
    assert_eq!(ask().err().map(|error| error.status().as_u16()), Some(503));
    documents.answer(URL, 404, "max-age=60", "");
    assert_eq!(ask().err().map(|error| error.slug), Some("document_status"));
    documents.answer(URL, 200, "max-age=60", "{}");
    assert_eq!(
        ask().err().map(|error| error.slug),
        Some("document_malformed")
    );
    documents.answer(URL, 200, "max-age=60", &document().to_string());
    assert!(ask().is_ok());
    assert_eq!(documents.fetches(), 4);
    documents.answer(URL, 404, "", "");
    assert!(ask().is_ok(), "kept");
    assert_eq!(documents.fetches(), 4);
}

#[test]
fn cimd_a_redirect_is_not_followed_and_an_address_of_ours_is_not_even_asked() {
    let documents = MemoryDocuments::default();
    documents.answer(URL, 302, "", "");
    let slug = |url| {
        block_on(app(&documents, &realm(), url))
            .err()
            .map(|error| error.slug)
    };
    assert_eq!(slug(URL), Some("document_status"));
    assert_eq!(
        slug("https://169.254.169.254/x"),
        Some("document_url_refused")
    );
    assert_eq!(
        slug("https://mcp.sightline.example/x"),
        Some("document_url_refused")
    );
    assert_eq!(documents.fetches(), 1);
}

proptest! {
    #[test]
    fn what_is_fetched_is_always_https_on_a_public_name(text in "https?://[a-z0-9.:@\\[\\]/%-]{1,40}") {
        if is_fetchable(&text, &realm()) {
            prop_assert!(text.starts_with("https://"));
            let host = text.split('/').nth(2).unwrap_or_default();
            prop_assert!(!host.contains([':', '@', '[']) && host.contains('.'));
            prop_assert!(host.parse::<std::net::IpAddr>().is_err());
        }
    }

    #[test]
    fn any_body_gets_an_answer(body: Vec<u8>) {
        prop_assert!(read(URL, &body, &realm()).is_err());
    }
}
