//! Signatures: which keys and algorithms are taken.

use super::*;

#[test]
fn a_token_signed_by_another_key_under_the_same_name_is_refused() {
    let world = world();
    let provider = Provider::new(&world);
    provider.signs_with.set(9);
    assert_eq!(
        outcome(&world, &provider).unwrap_err().slug(),
        "id_token_signature"
    );
}

#[test]
fn keys_are_fetched_afresh_once_when_the_token_names_one_unknown() {
    let world = world();
    let provider = Provider::new(&world);
    provider.stale_keys.set(true);
    assert_eq!(outcome(&world, &provider), Ok(()));
    let unknown = Provider {
        kid: "k9",
        ..Provider::new(&world)
    };
    let trip = Trip::begin(&world, &unknown, config());
    let elsewhere = Provider::new(&world);
    *elsewhere.claims.borrow_mut() = unknown.claims.borrow().clone();
    let keys = KeySet::parse(json!({ "keys": [jwk(7, "k1")] }).to_string().as_bytes()).unwrap();
    assert_eq!(
        keys.verify(&signed(7, "k9", &elsewhere.claims.borrow())),
        Ok(None)
    );
    assert_eq!(trip.finish().map(|_| ()), Ok(()));
}

#[test]
fn neither_none_nor_a_mac_under_the_public_key_passes() {
    let claims = json!({ "sub": "x" });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let none = format!(
        "{}.{}.",
        part(&json!({ "alg": "none", "kid": "k1" })),
        part(&claims)
    );
    let known = keys(json!([jwk(7, "k1")]));
    assert_eq!(
        known.verify(&none).unwrap_err().slug(),
        "id_token_algorithm"
    );
    let public = signing_key(7).verifying_key().to_encoded_point(false);
    let mac = Hs256
        .token(
            &Header::empty().with_key_id("k1"),
            &Claims::new(claims.as_object().unwrap().clone()),
            &Hs256Key::new(public.as_bytes()),
        )
        .unwrap();
    assert_eq!(known.verify(&mac).unwrap_err().slug(), "id_token_algorithm");
    // A key of another kind under the token's key id is not its key.
    let rs256 = format!(
        "{}.{}.AAAA",
        part(&json!({ "alg": "RS256", "kid": "k1" })),
        part(&claims)
    );
    assert_eq!(known.verify(&rs256), Ok(None));
    for nonsense in ["", "a.b", "a.b.c.d", "....", "é.é.é"] {
        assert_eq!(
            known.verify(nonsense).unwrap_err().slug(),
            "id_token_malformed",
            "{nonsense}"
        );
    }
}

#[test]
fn rs256_is_verified_as_in_rfc_7515_a_2() {
    let key = json!({ "kty": "RSA", "e": "AQAB", "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ" });
    let signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    let token = format!("eyJhbGciOiJSUzI1NiJ9.{RFC_7515_PAYLOAD}.{signature}");
    let claims = keys(json!([key])).verify(&token).unwrap().unwrap();
    assert_eq!(claims.custom["iss"], "joe");
    let tampered = format!(
        "eyJhbGciOiJSUzI1NiJ9.{}.{signature}",
        RFC_7515_PAYLOAD.replacen("qb2", "qb3", 1)
    );
    assert_eq!(
        keys(json!([key])).verify(&tampered).unwrap_err().slug(),
        "id_token_signature"
    );
}

#[test]
fn an_rsa_key_of_less_than_2048_bits_is_not_used() {
    let modulus = URL_SAFE_NO_PAD.encode([0xC5; 128]);
    let token = format!("eyJhbGciOiJSUzI1NiJ9.{RFC_7515_PAYLOAD}.{modulus}");
    let weak = keys(json!([{ "kty": "RSA", "e": "AQAB", "n": modulus }]));
    assert_eq!(weak.verify(&token).unwrap_err().slug(), "key_weak");
}

#[test]
fn es256_is_verified_as_in_rfc_7515_a_3() {
    let key = json!({ "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" });
    let token = format!(
        "eyJhbGciOiJFUzI1NiJ9.{RFC_7515_PAYLOAD}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    );
    assert!(keys(json!([key])).verify(&token).unwrap().is_some());
}

#[test]
fn eddsa_is_verified_with_the_key_of_rfc_8037() {
    use jwt_compact::alg::Ed25519;
    // RFC 8037 A.1 and A.2: `d` and `x`.
    let seed = URL_SAFE_NO_PAD
        .decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
        .unwrap();
    let public = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let pair = [seed, URL_SAFE_NO_PAD.decode(public).unwrap()].concat();
    let key = <Ed25519 as Algorithm>::SigningKey::from_slice(&pair).unwrap();
    let claims = json!({ "iss": "joe" });
    let token = Ed25519
        .token(
            &Header::empty(),
            &Claims::new(claims.as_object().unwrap().clone()),
            &key,
        )
        .unwrap();
    let known = keys(json!([{ "kty": "OKP", "crv": "Ed25519", "x": public }]));
    assert!(known.verify(&token).unwrap().is_some());
}

#[test]
fn without_a_key_id_only_the_one_fitting_key_is_taken() {
    let claims = json!({ "sub": "x" });
    let token = Es256
        .token(
            &Header::empty(),
            &Claims::new(claims.as_object().unwrap().clone()),
            &signing_key(7),
        )
        .unwrap();
    let encryption = {
        let mut key = jwk(8, "enc");
        key["use"] = json!("enc");
        key
    };
    assert!(
        keys(json!([jwk(7, "a"), encryption]))
            .verify(&token)
            .unwrap()
            .is_some()
    );
    assert_eq!(
        keys(json!([jwk(7, "a"), jwk(8, "b")])).verify(&token),
        Ok(None)
    );
}
