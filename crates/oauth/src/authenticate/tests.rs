//! Who is let in, who is not, and that those who are not cannot tell why.

use futures::executor::block_on;
use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderValue};
use proptest::prelude::*;

use super::*;
use crate::api_client::ApiClientRecord;
use crate::credential::QueryForm;
use crate::scope::Scope;
use crate::store::Organization;
use crate::testing::{MemoryStore, TestProject};
use crate::token::ClientId;

const NOW_MS: i64 = 1_790_000_000_000;

fn client_id(text: &str) -> ClientId {
    match ClientId::parse(text) {
        Some(id) => id,
        None => panic!("not an id: {text}"),
    }
}

fn token(id: &str) -> ApiClientToken {
    let mut random = [0; 32];
    for (to, from) in random.iter_mut().zip(id.bytes()) {
        *to = from;
    }
    ApiClientToken::issue(client_id(id), random)
}

fn client(id: &str, organization_id: &str, kind: ApiClientKind) -> ApiClientRecord {
    ApiClientRecord {
        id: client_id(id),
        name: format!("{id} of {organization_id}"),
        organization_id: organization_id.to_owned(),
        kind,
        secret_hash: token(id).secret.hash(),
        expires_at_ms: None,
        revoked_at_ms: None,
        requests_per_minute: None,
    }
}

/// Two organizations: `acme` with `shop` and `blog`, `umbrella` with `lab`; a client of each kind and state.
fn store() -> MemoryStore {
    let mut store = MemoryStore::default();
    for (id, name) in [("acme", "Acme"), ("umbrella", "Umbrella")] {
        store.organizations.push(Organization {
            id: id.to_owned(),
            name: name.to_owned(),
        });
    }
    for (id, organization_id) in [("shop", "acme"), ("blog", "acme"), ("lab", "umbrella")] {
        store.projects.push(TestProject {
            id: id.to_owned(),
            organization_id: organization_id.to_owned(),
        });
    }
    let read = |project_id: &str| ApiClientKind::Read {
        project_id: project_id.to_owned(),
    };
    store.clients.push(client("reader", "acme", read("shop")));
    store.clients.push(client("stranger", "acme", read("lab")));
    store
        .clients
        .push(client("root", "acme", ApiClientKind::Root));
    store
        .clients
        .push(client("writer", "acme", ApiClientKind::Write));
    store.clients.push(ApiClientRecord {
        revoked_at_ms: Some(1),
        ..client("revoked", "acme", ApiClientKind::Root)
    });
    store.clients.push(ApiClientRecord {
        expires_at_ms: Some(NOW_MS),
        ..client("expired", "acme", ApiClientKind::Root)
    });
    store.clients.push(ApiClientRecord {
        expires_at_ms: Some(NOW_MS + 1),
        ..client("expiring", "acme", ApiClientKind::Root)
    });
    store
}

fn ask(store: &MemoryStore, text: &str) -> Result<Principal<TestProject>, Denied> {
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(&format!("Bearer {text}")) {
        headers.insert(AUTHORIZATION, value);
    }
    let credential = Credential::from_request(&headers, None, QueryForm::Accepted);
    block_on(authenticate(&credential, store, None, NOW_MS))
}

fn sees(result: &Result<Principal<TestProject>, Denied>) -> Vec<&str> {
    result
        .iter()
        .flat_map(|principal| &principal.projects)
        .map(|project| project.id.as_str())
        .collect()
}

#[test]
fn a_read_client_sees_its_one_project() {
    let principal = ask(&store(), &token("reader").encode());
    assert_eq!(sees(&principal), ["shop"]);
    assert!(
        principal
            .as_ref()
            .is_ok_and(|principal| principal.project("blog").is_none())
    );
    assert!(principal.is_ok_and(
        |principal| principal.may(Scope::Query) && principal.limit_key() == "api_client:reader"
    ));
}

#[test]
fn a_root_client_sees_all_of_its_organization_and_nothing_else() {
    assert_eq!(
        sees(&ask(&store(), &token("root").encode())),
        ["shop", "blog"]
    );
}

#[test]
fn a_client_whose_project_belongs_to_another_organization_sees_nothing() {
    let principal = ask(&store(), &token("stranger").encode());
    assert!(principal.is_ok());
    assert!(sees(&principal).is_empty());
}

#[test]
fn a_store_that_returns_too_much_shows_nothing_more() {
    let mut store = store();
    store.returns_every_project = true;
    assert_eq!(sees(&ask(&store, &token("reader").encode())), ["shop"]);
    assert_eq!(
        sees(&ask(&store, &token("root").encode())),
        ["shop", "blog"]
    );
}

#[test]
fn a_store_that_finds_another_client_lends_nobody_its_rights() {
    let mut store = store();
    let mut imposter = client("root", "acme", ApiClientKind::Root);
    imposter.secret_hash = token("ROOT").secret.hash();
    store.clients.retain(|client| client.id.as_str() != "root");
    store.clients.push(imposter);
    store.ignores_case = true;
    assert_eq!(
        ask(&store, &token("ROOT").encode()),
        Err(Denied::InvalidToken(Reason::WrongSecret))
    );
}

#[test]
fn a_client_is_valid_until_the_instant_it_expires() {
    assert!(ask(&store(), &token("expiring").encode()).is_ok());
    assert_eq!(
        ask(&store(), &token("expired").encode()),
        Err(Denied::InvalidToken(Reason::Expired))
    );
}

#[test]
fn a_revoked_client_is_out_with_the_next_request() {
    let mut store = store();
    let text = token("root").encode();
    assert!(ask(&store, &text).is_ok());
    for client in &mut store.clients {
        client.revoked_at_ms = Some(NOW_MS);
    }
    assert_eq!(
        ask(&store, &text),
        Err(Denied::InvalidToken(Reason::Revoked))
    );
}

#[test]
fn every_failure_looks_the_same_from_outside() {
    let store = store();
    let swapped = ApiClientToken {
        client_id: client_id("reader"),
        secret: token("root").secret,
    };
    let failures = [
        (ask(&store, "garbage"), Reason::Malformed),
        (ask(&store, "a b"), Reason::Malformed),
        (
            ask(&store, &token("nobody").encode()),
            Reason::UnknownClient,
        ),
        (ask(&store, &swapped.encode()), Reason::WrongSecret),
        (ask(&store, &token("revoked").encode()), Reason::Revoked),
        (ask(&store, &token("expired").encode()), Reason::Expired),
        (ask(&store, &token("writer").encode()), Reason::WriteClient),
    ];
    for (result, reason) in failures {
        let Err(denied) = result else {
            panic!("let in: {reason:?}")
        };
        assert_eq!(denied, Denied::InvalidToken(reason));
        assert_eq!(denied.challenge(), Some(Challenge::invalid_token()));
        assert_eq!(denied.to_string(), "the token is not valid");
        assert_eq!(denied.slug(), reason.slug());
    }
}

#[test]
fn a_token_of_the_right_form_costs_one_read_whatever_becomes_of_it() {
    for id in ["nobody", "reader", "revoked", "expired", "writer"] {
        let store = store();
        let _ = ask(&store, &token(id).encode());
        assert_eq!(store.reads(), 1, "{id}");
    }
}

#[test]
fn an_unknown_client_does_not_get_in_by_any_secret() {
    assert!(
        !token("nobody")
            .secret
            .hash()
            .matches(&SecretHash::of_nothing())
    );
}

#[test]
fn rfc_6750_3_1_no_credential_is_no_error() {
    let denied = block_on(authenticate(&Credential::Absent, &store(), None, NOW_MS));
    assert_eq!(
        denied.as_ref().err().and_then(Denied::challenge),
        Some(Challenge::sign_in())
    );
}

#[test]
fn where_there_is_no_audience_no_access_token_gets_in() {
    assert_eq!(
        ask(&store(), "eyJhbGciOiJFUzI1NiJ9.e30.c2ln"),
        Err(Denied::InvalidToken(Reason::AccessToken(
            TokenFlaw::WrongAudience
        )))
    );
}

#[test]
fn a_store_that_fails_signs_nobody_out() {
    let mut store = store();
    store.fault = Some("D1 timed out".to_owned());
    let Err(denied) = ask(&store, &token("root").encode()) else {
        panic!("let in")
    };
    assert_eq!(denied.challenge(), None);
    assert_eq!(denied.to_string(), "access could not be checked");
}

#[test]
fn nothing_printed_on_the_way_shows_a_secret() {
    let store = store();
    let issued = token("root");
    let text = issued.encode();
    let shown = format!(
        "{issued:?} {:?} {:?} {:?}",
        store.clients,
        ask(&store, &text),
        ask(&store, "x")
    );
    for hidden in [
        text.as_str(),
        issued.secret.reveal(),
        &issued.secret.hash().to_hex(),
    ] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}

proptest! {
    #[test]
    fn no_guessed_secret_gets_in(random: [u8; 32]) {
        let guess = ApiClientToken::issue(client_id("root"), random);
        prop_assume!(guess != token("root"));
        prop_assert_eq!(ask(&store(), &guess.encode()), Err(Denied::InvalidToken(Reason::WrongSecret)));
    }

    #[test]
    fn no_text_gets_in(text in "[ -~]{0,120}") {
        prop_assert!(ask(&store(), &text).is_err());
    }
}
