//! Every token that must not pass, and the one that must.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jwt_compact::alg::{Hs256, Hs256Key};
use jwt_compact::jwk::JsonWebKey;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::entropy::Entropy;
use crate::scope::Scope;
use crate::signing_key::KeySecret;

const NOW_MS: i64 = 1_790_000_000_000;

struct World {
    realm: Realm,
    key: SigningKey,
    keys: KeyRing,
}

fn realm(origin: &str) -> Realm {
    match Realm::new(origin) {
        Ok(realm) => realm,
        Err(error) => panic!("{error}"),
    }
}

fn ring(keys: &[&SigningKey]) -> KeyRing {
    let entropy = Entropy::from_seed([9; 32]);
    let records: Vec<_> = keys
        .iter()
        .filter_map(|key| key.seal(&KeySecret::None, &entropy))
        .collect();
    KeyRing::open(&records, &KeySecret::None)
}

fn world() -> World {
    let key = SigningKey::generate(&Entropy::from_seed([1; 32]), 1);
    World {
        realm: realm("https://mcp.example.com"),
        keys: ring(&[&key]),
        key,
    }
}

fn token() -> AccessToken {
    AccessToken {
        user_id: "usr_1".to_owned(),
        app_id: "app_1".to_owned(),
        connection_id: "con_1".to_owned(),
        id: "jti_1".to_owned(),
        scopes: Scope::Query.into(),
        expires_at_ms: NOW_MS + 3_600_000,
    }
}

impl World {
    fn signed(&self) -> String {
        token()
            .sign(&self.realm, &self.key, NOW_MS)
            .unwrap_or_default()
    }

    fn read(&self, text: &str) -> Result<AccessToken, TokenFlaw> {
        AccessToken::verify(text, &self.realm, &self.keys, NOW_MS)
    }
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn parts(text: &str) -> (Value, Value, String) {
    let mut parts = text.split('.');
    let mut json = || -> Value {
        let bytes = URL_SAFE_NO_PAD.decode(parts.next().unwrap_or_default());
        serde_json::from_slice(&bytes.unwrap_or_default()).unwrap_or_default()
    };
    let (header, claims) = (json(), json());
    (header, claims, parts.next().unwrap_or_default().to_owned())
}

#[test]
fn rfc_9068_2_a_token_carries_its_claims_and_reads_back() {
    let world = world();
    let text = world.signed();
    assert!(has_jwt_shape(&text));
    assert_eq!(claimed_key(&text).as_deref(), Some(world.key.id()));
    assert_eq!(world.read(&text), Ok(token()));
    let (header, claims, _) = parts(&text);
    assert_eq!(
        header,
        json!({"alg": "ES256", "kid": world.key.id(), "typ": "at+jwt"})
    );
    assert_eq!(
        claims,
        json!({
            "exp": (NOW_MS + 3_600_000) / 1000,
            "iat": NOW_MS / 1000,
            "iss": "https://mcp.example.com",
            "aud": "https://mcp.example.com/mcp",
            "sub": "usr_1",
            "client_id": "app_1",
            "scope": "mcp:query:read",
            "jti": "jti_1",
            "cid": "con_1",
        })
    );
}

#[test]
fn rfc_8725_3_1_alg_none_is_refused() {
    let world = world();
    let (mut header, claims, signature) = parts(&world.signed());
    for none in ["none", "None", "NONE", ""] {
        header["alg"] = json!(none);
        for signature in ["", signature.as_str()] {
            let text = format!("{}.{}.{signature}", part(&header), part(&claims));
            assert_eq!(world.read(&text), Err(TokenFlaw::Forged), "{none}");
        }
    }
}

#[test]
fn rfc_8725_2_1_an_hs256_token_keyed_with_the_public_key_is_refused() {
    let world = world();
    let public = world.key.public();
    let jwk = serde_json::to_string(&JsonWebKey::from(&public)).unwrap_or_default();
    let point = public.to_encoded_point(false);
    for secret in [jwk.as_bytes(), point.as_bytes()] {
        let (_, claims, _) = parts(&world.signed());
        let header = part(&json!({"alg": "HS256", "kid": world.key.id(), "typ": "at+jwt"}));
        let signed = format!("{header}.{}", part(&claims));
        let mac = jwt_compact::Algorithm::sign(&Hs256, &Hs256Key::new(secret), signed.as_bytes());
        let mac = jwt_compact::AlgorithmSignature::as_bytes(&mac).into_owned();
        let text = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac));
        assert_eq!(world.read(&text), Err(TokenFlaw::Forged));
    }
}

#[test]
fn rfc_9068_4_a_token_for_another_audience_or_issuer_is_refused() {
    let world = world();
    let elsewhere = realm("https://other.example.com");
    let text = token()
        .sign(&elsewhere, &world.key, NOW_MS)
        .unwrap_or_default();
    assert_eq!(world.read(&text), Err(TokenFlaw::WrongIssuer));

    let mut claims = Claims::new(json!({
        "iss": world.realm.issuer(), "aud": "https://mcp.example.com/api", "sub": "u",
        "client_id": "a", "scope": "", "jti": "j", "cid": "c",
    }));
    claims.issued_at = DateTime::from_timestamp_millis(NOW_MS);
    claims.expiration = DateTime::from_timestamp_millis(NOW_MS + 1000);
    let header = Header::empty()
        .with_token_type(TYPE)
        .with_key_id(world.key.id());
    let text = Es256
        .token(&header, &claims, world.key.private())
        .unwrap_or_default();
    assert_eq!(world.read(&text), Err(TokenFlaw::WrongAudience));
}

#[test]
fn rfc_9068_4_a_token_of_another_type_is_refused() {
    let world = world();
    let (_, claims, _) = parts(&world.signed());
    let claims: Claims<Value> = match serde_json::from_value(claims) {
        Ok(claims) => claims,
        Err(error) => panic!("{error}"),
    };
    let signed = |typ: Option<&str>| {
        let mut header = Header::empty().with_key_id(world.key.id());
        header.token_type = typ.map(str::to_owned);
        Es256
            .token(&header, &claims, world.key.private())
            .unwrap_or_default()
    };
    for typ in [None, Some("JWT"), Some("id+jwt"), Some("at+jwtx"), Some("")] {
        assert_eq!(
            world.read(&signed(typ)),
            Err(TokenFlaw::WrongType),
            "{typ:?}"
        );
    }
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt"] {
        assert_eq!(world.read(&signed(Some(typ))), Ok(token()), "{typ}");
    }
}

#[test]
fn rfc_9068_4_a_token_is_valid_until_the_instant_it_expires() {
    let world = world();
    let text = world.signed();
    let at = |now_ms| AccessToken::verify(&text, &world.realm, &world.keys, now_ms);
    assert!(at(NOW_MS + 3_599_999).is_ok());
    assert_eq!(at(NOW_MS + 3_600_000), Err(TokenFlaw::Expired));
    assert_eq!(at(NOW_MS - SKEW_MS - 1), Err(TokenFlaw::Expired));
}

#[test]
fn rfc_7519_7_2_a_tampered_scope_or_signature_is_refused() {
    let world = world();
    let text = world.signed();
    let (header, mut claims, signature) = parts(&text);
    claims["scope"] = json!("mcp:analytics:read");
    let widened = format!("{}.{}.{signature}", part(&header), part(&claims));
    assert_eq!(world.read(&widened), Err(TokenFlaw::Forged));
    let shorter = &text[..text.len() - 4];
    assert!(world.read(shorter).is_err());
}

#[test]
fn rfc_7515_4_1_11_a_critical_extension_is_refused() {
    let world = world();
    let (mut header, claims, signature) = parts(&world.signed());
    header["crit"] = json!(["b64"]);
    let text = format!("{}.{}.{signature}", part(&header), part(&claims));
    assert_eq!(world.read(&text), Err(TokenFlaw::Malformed));
}

#[test]
fn a_key_that_is_not_ours_or_no_longer_kept_signs_nothing() {
    let world = world();
    let foreign = SigningKey::generate(&Entropy::from_seed([2; 32]), 2);
    let text = token()
        .sign(&world.realm, &foreign, NOW_MS)
        .unwrap_or_default();
    assert_eq!(world.read(&text), Err(TokenFlaw::UnknownKey));
    // The predecessor still verifies after a rotation.
    let rotated = ring(&[&foreign, &world.key]);
    assert!(AccessToken::verify(&world.signed(), &world.realm, &rotated, NOW_MS).is_ok());
    // A foreign signature under our key's id.
    let (header, claims, _) = parts(&world.signed());
    let (_, _, signature) = parts(&text);
    let grafted = format!("{}.{}.{signature}", part(&header), part(&claims));
    assert_eq!(world.read(&grafted), Err(TokenFlaw::Forged));
}

proptest! {
    #[test]
    fn no_text_is_taken_for_a_token_and_none_makes_the_reader_panic(text in "[A-Za-z0-9_.-]{0,200}") {
        prop_assert!(world().read(&text).is_err());
    }

    #[test]
    fn no_token_with_a_byte_changed_is_accepted(at in 0_usize..400, to in "[A-Za-z0-9_-]") {
        let world = world();
        let text = world.signed();
        let at = at % text.len();
        let mut changed = text.clone();
        changed.replace_range(at..=at, &to);
        prop_assume!(changed != text && text.as_bytes()[at] != b'.');
        prop_assert!(world.read(&changed).is_err());
    }
}
