//! What a request brings to be let in by.
//!
//! A bearer token comes in the `Authorization` header (RFC 6750 §2.1). API clients may also put it in the query as `?token=`, for
//! clients that can be given a URL and nothing else; the header wins, the query form can be turned off, and
//! [`without_token`] is what may be logged of a query. RFC 6750 §2.3 (`access_token` in the query) is not offered.

use std::fmt;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};

/// Most bytes of a token. An access token with every claim stays below 2 KiB.
const MAX_TOKEN_BYTES: usize = 8 << 10;

/// The query parameter.
const QUERY_PARAMETER: &str = "token";

/// Whether `?token=` is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryForm {
    /// It is.
    Accepted,
    /// It is as if it were not there.
    Ignored,
}

/// What came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// Nothing: the answer is a challenge without an error (RFC 6750 §3.1).
    Absent,
    /// A token, of whatever kind.
    Bearer(BearerToken),
    /// Something that cannot be a token: too long, of foreign characters, or two at once.
    Malformed,
}

impl Credential {
    /// The credential of a request with these headers and this query (the part of the URL after `?`).
    ///
    /// A header of another scheme than `Bearer` is none of ours, and does not keep the query form from being read.
    pub fn from_request(headers: &HeaderMap, query: Option<&str>, query_form: QueryForm) -> Self {
        match Self::from_headers(headers) {
            Self::Absent if query_form == QueryForm::Accepted => {
                Self::from_query(query.unwrap_or_default())
            }
            credential => credential,
        }
    }

    /// The SHA-256 of the token, to recall by what is known of it; none where no token came. Nobody makes a token that has
    /// the fingerprint of another.
    pub fn fingerprint(&self) -> Option<[u8; 32]> {
        match self {
            Self::Bearer(token) => Some(Sha256::digest(token.reveal()).into()),
            Self::Absent | Self::Malformed => None,
        }
    }

    fn from_headers(headers: &HeaderMap) -> Self {
        let mut bearers = headers
            .get_all(AUTHORIZATION)
            .iter()
            .filter_map(|value| bearer(value.as_bytes()));
        match (bearers.next(), bearers.next()) {
            (None, _) => Self::Absent,
            (Some(token), None) => Self::from_token(token),
            // RFC 9110 §5.3: the field is not a list. Whoever sends two may mean one to be read here and the other elsewhere.
            (Some(_), Some(_)) => Self::Malformed,
        }
    }

    fn from_query(query: &str) -> Self {
        let mut tokens = pairs(query)
            .filter(|(name, _)| is_token(name))
            .map(|(_, value)| value);
        match (tokens.next(), tokens.next()) {
            (None, _) => Self::Absent,
            // `+` stays `+`: base64 contains it, and who pastes a token into a URL does not escape it.
            (Some(value), None) => {
                let bytes = percent_decode_str(value).collect::<Vec<u8>>();
                // An access token never comes this way (RFC 9700 §4.3.2); only its text has dots.
                if bytes.contains(&b'.') {
                    return Self::Malformed;
                }
                Self::from_token(&bytes)
            }
            (Some(_), Some(_)) => Self::Malformed,
        }
    }

    fn from_token(bytes: &[u8]) -> Self {
        BearerToken::parse(bytes).map_or(Self::Malformed, Self::Bearer)
    }
}

/// A token in the alphabet of RFC 6750 §2.1 (`b64token`).
#[derive(Clone, PartialEq, Eq)]
pub struct BearerToken(String);

impl BearerToken {
    fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let text = std::str::from_utf8(bytes).ok()?;
        let body = text.trim_end_matches('=');
        let is_token = !body.is_empty()
            && body.bytes().all(|byte| {
                byte.is_ascii_alphanumeric()
                    || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/')
            });
        is_token.then(|| Self(text.to_owned()))
    }

    /// The text, for whoever checks it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken(…)")
    }
}

/// `query` with every token left out: what may be logged.
pub fn without_token(query: &str) -> String {
    let kept = query
        .split('&')
        .filter(|pair| !is_token(pair.split_once('=').map_or(*pair, |(name, _)| name)));
    kept.collect::<Vec<_>>().join("&")
}

fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

fn is_token(name: &str) -> bool {
    percent_decode_str(name).eq(QUERY_PARAMETER.bytes())
}

/// What follows the scheme `Bearer`, which is compared without regard to case (RFC 9110 §11.1).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let value = value.trim_ascii();
    let end = value
        .iter()
        .position(|byte| *byte == b' ')
        .unwrap_or(value.len());
    let (scheme, token) = value.split_at(end);
    scheme
        .eq_ignore_ascii_case(b"Bearer")
        .then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn credential(headers: &[&'static str], query: &str) -> Credential {
        let mut map = HeaderMap::new();
        for header in headers {
            map.append(AUTHORIZATION, HeaderValue::from_static(header));
        }
        Credential::from_request(&map, Some(query), QueryForm::Accepted)
    }

    fn token(text: &str) -> Credential {
        Credential::Bearer(BearerToken(text.to_owned()))
    }

    #[test]
    fn a_fingerprint_is_the_tokens_wherever_it_stood_and_of_no_other() {
        let of = |headers: &[&'static str], query: &str| credential(headers, query).fingerprint();
        assert!(of(&["Bearer YWJj"], "").is_some());
        assert_eq!(of(&["Bearer YWJj"], ""), of(&[], "token=YWJj"));
        assert_ne!(of(&["Bearer YWJj"], ""), of(&["Bearer YWJk"], ""));
        assert_eq!(of(&[], ""), None);
        assert_eq!(of(&["Bearer YWJj", "Bearer YWJj"], ""), None);
    }

    #[test]
    fn rfc_6750_2_1_the_token_follows_the_scheme_in_any_case() {
        for header in ["Bearer YWJj", "bearer YWJj", "BEARER   YWJj  "] {
            assert_eq!(credential(&[header], ""), token("YWJj"), "{header}");
        }
    }

    #[test]
    fn rfc_6750_2_1_a_token_of_other_characters_is_malformed() {
        for header in [
            "Bearer",
            "Bearer ",
            "Bearer =",
            "Bearer a b",
            "Bearer a,b",
            "Bearer \"a\"",
            "Bearer a=b",
        ] {
            assert_eq!(
                credential(&[header], "token=YWJj"),
                Credential::Malformed,
                "{header}"
            );
        }
    }

    #[test]
    fn another_scheme_is_no_credential() {
        for header in ["Basic YWJj", "Bearerx YWJj", "YWJj", ""] {
            assert_eq!(credential(&[header], ""), Credential::Absent, "{header}");
        }
        assert_eq!(credential(&["Basic YWJj"], "token=ZGVm"), token("ZGVm"));
    }

    #[test]
    fn the_header_wins_over_the_query() {
        assert_eq!(credential(&["Bearer YWJj"], "token=ZGVm"), token("YWJj"));
    }

    #[test]
    fn two_tokens_of_the_same_form_are_malformed() {
        assert_eq!(
            credential(&["Bearer YWJj", "Bearer ZGVm"], ""),
            Credential::Malformed
        );
        assert_eq!(
            credential(&[], "token=YWJj&token=ZGVm"),
            Credential::Malformed
        );
        assert_eq!(
            credential(&[], "token=YWJj&%74oken=ZGVm"),
            Credential::Malformed
        );
    }

    #[test]
    fn the_query_form_takes_base64_escaped_or_not() {
        assert_eq!(
            credential(&[], "tools=query&token=a+b/c=="),
            token("a+b/c==")
        );
        assert_eq!(credential(&[], "token=a%2Bb%2Fc%3D%3D"), token("a+b/c=="));
        assert_eq!(
            credential(&[], "tokens=a&xtoken=b&Token=c"),
            Credential::Absent
        );
        assert_eq!(credential(&[], "token="), Credential::Malformed);
        assert_eq!(credential(&[], "token"), Credential::Malformed);
        assert_eq!(credential(&[], "token=%ff%00"), Credential::Malformed);
    }

    #[test]
    fn rfc_9700_4_3_2_an_access_token_in_the_query_is_malformed() {
        let jwt = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1In0.c2ln";
        assert_eq!(
            credential(&[], &format!("token={jwt}")),
            Credential::Malformed
        );
        assert_eq!(
            credential(&[], &format!("token={}", jwt.replace('.', "%2E"))),
            Credential::Malformed
        );
    }

    #[test]
    fn the_query_form_can_be_turned_off() {
        let off =
            Credential::from_request(&HeaderMap::new(), Some("token=YWJj"), QueryForm::Ignored);
        assert_eq!(off, Credential::Absent);
    }

    #[test]
    fn a_token_longer_than_any_we_issue_is_malformed() {
        let query = |length: usize| format!("token={}", "a".repeat(length));
        assert_eq!(
            credential(&[], &query(MAX_TOKEN_BYTES)),
            token(&"a".repeat(MAX_TOKEN_BYTES))
        );
        assert_eq!(
            credential(&[], &query(MAX_TOKEN_BYTES + 1)),
            Credential::Malformed
        );
    }

    #[test]
    fn a_credential_cannot_be_printed() {
        assert_eq!(format!("{:?}", token("c2VjcmV0")), "Bearer(BearerToken(…))");
    }

    #[test]
    fn a_logged_query_carries_no_token() {
        assert_eq!(
            without_token("tools=query&token=abc&project=p"),
            "tools=query&project=p"
        );
        assert_eq!(without_token("%74%6Fken=abc"), "");
        assert_eq!(without_token("token"), "");
        assert_eq!(without_token("a=b"), "a=b");
    }

    proptest! {
        #[test]
        fn any_bytes_get_an_answer(header: Vec<u8>, query in "\\PC*") {
            let mut headers = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_bytes(&header) {
                headers.insert(AUTHORIZATION, value);
            }
            let _ = Credential::from_request(&headers, Some(&query), QueryForm::Accepted);
            let _ = bearer(&header);
            let _ = BearerToken::parse(&header);
        }

        #[test]
        fn what_is_logged_never_holds_what_was_read(query in "[a-c%7okent=&+/]{0,40}") {
            if let Credential::Bearer(_) = Credential::from_query(&query) {
                prop_assert_eq!(Credential::from_query(&without_token(&query)), Credential::Absent);
            }
        }
    }
}
