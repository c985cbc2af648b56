//! An API client's token: `base64(clientId:secret)`.

use std::fmt;

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

use crate::secret::Secret;

/// Most characters of a client's id.
const MAX_ID_CHARS: usize = 64;

/// Readers for both alphabets of RFC 4648 (§4 and §5), with padding or without: what people paste has been through
/// shells, environment files and URLs.
const READERS: [GeneralPurpose; 2] = [
    GeneralPurpose::new(&alphabet::STANDARD, INDIFFERENT),
    GeneralPurpose::new(&alphabet::URL_SAFE, INDIFFERENT),
];
const INDIFFERENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// The public half of an API client's token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientId(String);

impl ClientId {
    /// The id that `text` is: 1 to 64 letters, digits, `-` and `_`.
    pub fn parse(text: &str) -> Option<Self> {
        let is_id = (1..=MAX_ID_CHARS).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        is_id.then(|| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An API client's id and secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiClientToken {
    /// Which client it claims to be.
    pub client_id: ClientId,
    /// What shall prove it.
    pub secret: Secret,
}

impl ApiClientToken {
    /// A new token for `client_id`, from random bytes fit for keys.
    pub fn issue(client_id: ClientId, random: [u8; 32]) -> Self {
        Self {
            client_id,
            secret: Secret::from_random(random),
        }
    }

    /// The token that `text` is, if it has the form of one. A JWT never has: its dots are in neither alphabet.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = READERS.iter().find_map(|reader| reader.decode(text).ok())?;
        let text = std::str::from_utf8(&bytes).ok()?;
        let (client_id, secret) = text.split_once(':')?;
        Some(Self {
            client_id: ClientId::parse(client_id)?,
            secret: Secret::parse(secret)?,
        })
    }

    /// The text to hand to whoever will use it. Shows the secret.
    pub fn encode(&self) -> String {
        STANDARD.encode(format!("{}:{}", self.client_id, self.secret.reveal()))
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    fn any_token() -> impl Strategy<Value = ApiClientToken> {
        ("[A-Za-z0-9_-]{1,64}", any::<[u8; 32]>()).prop_filter_map("an id", |(id, random)| {
            ClientId::parse(&id).map(|id| ApiClientToken::issue(id, random))
        })
    }

    proptest! {
        #[test]
        fn every_token_reads_back_in_both_alphabets_with_padding_or_without(token in any_token()) {
            prop_assert_eq!(ApiClientToken::parse(&token.encode()), Some(token.clone()));
            let plain = format!("{}:{}", token.client_id, token.secret.reveal());
            for engine in [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD] {
                prop_assert_eq!(ApiClientToken::parse(&engine.encode(&plain)), Some(token.clone()));
            }
        }

        #[test]
        fn no_text_makes_the_reader_fail_otherwise_than_by_saying_no(text in "\\PC*", bytes: Vec<u8>) {
            prop_assert_eq!(ApiClientToken::parse(&text), None);
            let _ = ApiClientToken::parse(&STANDARD.encode(bytes));
        }
    }

    #[test]
    fn a_jwt_is_not_taken_for_an_api_clients_token() {
        assert_eq!(
            ApiClientToken::parse("eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1In0.c2ln"),
            None
        );
    }

    #[test]
    fn an_id_is_letters_digits_hyphens_and_underscores() {
        for text in ["", "a b", "a:b", "a.b", "é", "a\n", &"a".repeat(65)] {
            assert_eq!(ClientId::parse(text), None, "{text:?}");
        }
        assert!(ClientId::parse("demo_Read-1").is_some());
    }

    #[test]
    fn a_printed_token_shows_the_id_and_not_the_secret() {
        let token = ApiClientToken::parse(
            &STANDARD.encode(format!("demo:{}", Secret::from_random([9; 32]).reveal())),
        );
        assert_eq!(
            format!("{token:?}"),
            "Some(ApiClientToken { client_id: ClientId(\"demo\"), secret: Secret(…) })"
        );
    }
}
