//! Apps: the clients of OAuth, which people connect (not API clients, which are tokens for scripts).
//!
//! An app comes in one of three ways: the operator names it, it registers itself (RFC 7591), or its id is the URL of its own
//! metadata document. Whatever the way, from then on it is one of these records.

use crate::redirect::RedirectUri;
use crate::secret::SecretHash;

/// How an app came to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppOrigin {
    /// Named by the operator.
    Preregistered,
    /// It registered itself: its name is what it claims.
    Registered,
    /// Its id is the URL of its metadata document: the host is proven, the rest claimed.
    Document,
}

impl AppOrigin {
    /// A stable name, as stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Preregistered => "preregistered",
            Self::Registered => "registered",
            Self::Document => "document",
        }
    }
}

/// How an app proves itself at the token endpoint (RFC 7591 §2, `token_endpoint_auth_method`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthMethod {
    /// It has no secret: PKCE binds its codes to it.
    None,
    /// Its secret in the `Authorization` header.
    ClientSecretBasic,
    /// Its secret in the body.
    ClientSecretPost,
    /// An assertion signed with a key its document names (RFC 7523 §2.2).
    PrivateKeyJwt,
}

impl AuthMethod {
    /// Its name in metadata.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
        }
    }

    /// The method of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::None,
            Self::ClientSecretBasic,
            Self::ClientSecretPost,
            Self::PrivateKeyJwt,
        ]
        .into_iter()
        .find(|method| method.name() == name)
    }
}

/// Where the keys of an app that signs assertions are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppKeys {
    /// In its document, as a JWK set.
    Inline(serde_json::Value),
    /// At this address.
    At(String),
}

/// An app.
#[derive(Debug, Clone)]
pub struct AppRecord {
    /// Its client id.
    pub id: String,
    /// How it came to be known.
    pub origin: AppOrigin,
    /// What it calls itself. Only a claim, unless the operator named it.
    pub name: String,
    /// Where it may be sent answers.
    pub redirect_uris: Vec<RedirectUri>,
    /// How it proves itself.
    pub auth_method: AuthMethod,
    /// What is kept of its secret, where it has one.
    pub secret_hash: Option<SecretHash>,
    /// Its keys, where it signs assertions.
    pub keys: Option<AppKeys>,
    /// Its home page, as it claims.
    pub uri: Option<String>,
    /// From when on it is as if it were not there, in ms since 1970 UTC; never, if there is none.
    pub expires_at_ms: Option<i64>,
}

impl AppRecord {
    /// Whether it still exists at this time.
    pub fn is_alive(&self, now_ms: i64) -> bool {
        self.expires_at_ms.is_none_or(|at_ms| at_ms > now_ms)
    }

    /// The host that is proven to be the app's: that of its metadata document.
    pub fn verified_host(&self) -> Option<String> {
        if self.origin != AppOrigin::Document {
            return None;
        }
        url::Url::parse(&self.id)
            .ok()?
            .host_str()
            .map(str::to_owned)
    }

    /// Whether it may be sent answers to `uri`.
    pub fn allows(&self, uri: &RedirectUri) -> bool {
        self.redirect_uris
            .iter()
            .any(|registered| uri.matches(registered))
    }
}

/// Most characters of a name.
const MAX_NAME_CHARS: usize = 120;

/// A name fit to be shown: no control characters, nothing that turns the direction of text or is invisible, no runs of space. None
/// if nothing is left or it is too long.
pub fn presentable_name(text: &str) -> Option<String> {
    let shown: String = text
        .chars()
        .map(|character| {
            if character.is_whitespace() {
                ' '
            } else {
                character
            }
        })
        .filter(|character| !character.is_control() && !is_invisible(*character))
        .collect();
    let shown = shown
        .split(' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    (!shown.is_empty() && shown.chars().count() <= MAX_NAME_CHARS).then_some(shown)
}

/// Format characters (Unicode Cf) that hide or reorder what is read.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_break_lines_or_turn_the_direction_of_text() {
        assert_eq!(
            presentable_name(" Cla\u{202e}ude\r\n\tCode\u{0}\u{200b} "),
            Some("Claude Code".to_owned())
        );
        assert_eq!(presentable_name("\u{200b}\n"), None);
        assert_eq!(presentable_name(&"a".repeat(121)), None);
        assert!(presentable_name(&"é".repeat(120)).is_some());
    }
}
