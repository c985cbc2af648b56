//! Redirect URIs: which may be registered, and which a request may use.
//!
//! RFC 9700 §2.1 asks for exact comparison, with one exception: a native app's loopback port is whatever the system gave it
//! (RFC 8252 §7.3). Comparison is of text, never of something parsed and written again, so that two readers cannot disagree.

use std::fmt;

use thiserror::Error;
use url::{Host, Url};

use crate::realm::is_loopback;

/// Longest redirect URI, in bytes.
pub const MAX_BYTES: usize = 2048;

/// Schemes a browser runs, reads files by, or that reach no app: never redirected to.
const REFUSED_SCHEMES: [&str; 13] = [
    "javascript",
    "data",
    "file",
    "blob",
    "about",
    "vbscript",
    "filesystem",
    "view-source",
    "ftp",
    "ws",
    "wss",
    "mailto",
    "tel",
];

/// Why a redirect URI is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RedirectRefused {
    /// Longer than [`MAX_BYTES`].
    #[error("a redirect URI is longer than 2048 bytes")]
    TooLong,
    /// No absolute URI, or one with characters that stand in none.
    #[error("a redirect URI is not an absolute URI")]
    NotAUri,
    /// It has a fragment (RFC 6749 §3.1.2).
    #[error("a redirect URI must have no fragment")]
    Fragment,
    /// It has a user name or password, which would hide its host from people.
    #[error("a redirect URI must have no user name and no password")]
    UserInfo,
    /// `http` to another machine.
    #[error("a redirect URI with http must lead to localhost, 127.0.0.1 or [::1]; use https")]
    Insecure,
    /// A scheme no app has.
    #[error("a redirect URI has a scheme that is not allowed")]
    Scheme,
}

/// A redirect URI of a permitted form.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RedirectUri {
    text: String,
    /// What people are shown: the host, or the scheme of an app's own.
    host: String,
    is_loopback: bool,
}

impl RedirectUri {
    /// The redirect URI that `text` is.
    ///
    /// # Errors
    /// [`RedirectRefused`].
    pub fn parse(text: &str) -> Result<Self, RedirectRefused> {
        if text.len() > MAX_BYTES {
            return Err(RedirectRefused::TooLong);
        }
        // RFC 3986 §2: what is not in its alphabet must be escaped. `\` and control characters are what readers disagree on.
        let is_plain = text.bytes().all(|byte| {
            byte.is_ascii_graphic()
                && !matches!(
                    byte,
                    b'\\' | b'"' | b'<' | b'>' | b'^' | b'`' | b'{' | b'|' | b'}'
                )
        });
        let url = Url::parse(text).map_err(|_| RedirectRefused::NotAUri)?;
        if !is_plain {
            return Err(RedirectRefused::NotAUri);
        }
        if url.fragment().is_some() {
            return Err(RedirectRefused::Fragment);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(RedirectRefused::UserInfo);
        }
        let scheme = url.scheme();
        let is_loopback = match (scheme, url.host()) {
            ("http" | "https", Some(host)) => is_loopback(&host),
            _ => false,
        };
        match scheme {
            "https" | "http" => {
                // The reader forgives `http:host` and `https:///host`; the comparison does not.
                if !text.starts_with(&format!("{scheme}://")) || url.host().is_none() {
                    return Err(RedirectRefused::NotAUri);
                }
                let authority = text.split('/').nth(2).unwrap_or_default();
                if authority.is_empty() || authority.contains('@') {
                    return Err(RedirectRefused::UserInfo);
                }
                if scheme == "http" && !is_loopback {
                    return Err(RedirectRefused::Insecure);
                }
            }
            scheme if REFUSED_SCHEMES.contains(&scheme) => return Err(RedirectRefused::Scheme),
            _ => {}
        }
        let host = match (scheme, url.host()) {
            ("https" | "http", Some(Host::Domain(name))) => name.to_owned(),
            ("https" | "http", Some(host)) => host.to_string(),
            (scheme, _) => format!("{scheme}:"),
        };
        Ok(Self {
            text: text.to_owned(),
            host,
            is_loopback,
        })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What people are shown: the host, or `scheme:` of an app's own scheme.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether it leads to a program on the reader's own machine, any of which may listen there.
    pub fn is_loopback(&self) -> bool {
        self.is_loopback
    }

    /// Whether a request may use `self` where `registered` is registered.
    pub fn matches(&self, registered: &Self) -> bool {
        self.text == registered.text
            || self.is_loopback
                && registered.is_loopback
                && self.without_port() == registered.without_port()
    }

    /// The text, the port of a loopback address left out: what registrations are told apart by.
    pub fn without_port(&self) -> String {
        let (true, Some((scheme, rest))) = (self.is_loopback, self.text.split_once("://")) else {
            return self.text.clone();
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let name = match authority.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => authority,
        };
        format!("{scheme}://{name}{path}")
    }

    /// The address to send a browser to: this one with `parameters` added to its query.
    pub fn with(&self, parameters: &[(&str, &str)]) -> String {
        let mut address = self.text.clone();
        let mut separator = if self.text.contains('?') { '&' } else { '?' };
        for (name, value) in parameters {
            address.push(separator);
            address.push_str(name);
            address.push('=');
            address.extend(percent_encoding::utf8_percent_encode(
                value,
                percent_encoding::NON_ALPHANUMERIC,
            ));
            separator = '&';
        }
        address
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn uri(text: &str) -> RedirectUri {
        match RedirectUri::parse(text) {
            Ok(uri) => uri,
            Err(error) => panic!("{text}: {error}"),
        }
    }

    #[test]
    fn the_callbacks_of_clients_in_the_field_are_accepted() {
        for (text, host) in [
            ("https://claude.ai/api/mcp/auth_callback", "claude.ai"),
            ("http://localhost:53682/callback", "localhost"),
            ("http://127.0.0.1:33418/", "127.0.0.1"),
            ("http://[::1]:8787/callback", "[::1]"),
            ("https://vscode.dev/redirect", "vscode.dev"),
            ("cursor://anysphere.cursor-mcp/oauth/callback", "cursor:"),
            ("com.example.app:/callback", "com.example.app:"),
        ] {
            assert_eq!(uri(text).host(), host);
        }
    }

    #[test]
    fn rfc_9700_2_1_redirect_uris_compare_exactly() {
        let registered = uri("https://a.example/cb");
        for other in [
            "https://a.example/cb/",
            "https://a.example/cb?x=1",
            "https://a.example:443/cb",
            "https://A.example/cb",
            "https://a.example/x/../cb",
            "https://a.example/%63b",
            "https://a.example.evil.example/cb",
            "https://sub.a.example/cb",
        ] {
            assert!(!uri(other).matches(&registered), "{other}");
        }
        assert!(uri("https://a.example/cb").matches(&registered));
    }

    #[test]
    fn rfc_8252_7_3_a_loopback_port_may_be_any_and_nothing_else_may_differ() {
        let registered = uri("http://localhost:1234/callback");
        for same in ["http://localhost:1/callback", "http://localhost/callback"] {
            assert!(uri(same).matches(&registered), "{same}");
        }
        for other in [
            "http://127.0.0.1:1234/callback",
            "http://localhost:1234/",
            "http://localhost:1234/callback?x",
            "https://localhost:1234/callback",
        ] {
            assert!(!uri(other).matches(&registered), "{other}");
        }
        assert!(uri("http://[::1]:5/").matches(&uri("http://[::1]/")));
        assert!(!uri("https://a.example:5/").matches(&uri("https://a.example/")));
    }

    #[test]
    fn rfc_8252_8_schemes_that_browsers_run_or_read_are_refused() {
        for text in [
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "blob:https://a.example/x",
            "about:blank",
            "vbscript:x",
            "view-source:https://a.example",
        ] {
            assert_eq!(
                RedirectUri::parse(text),
                Err(RedirectRefused::Scheme),
                "{text}"
            );
        }
    }

    #[test]
    fn addresses_that_hide_where_they_lead_are_refused() {
        for (text, refused) in [
            ("http://a.example/cb", RedirectRefused::Insecure),
            ("http://localhost.evil.example/", RedirectRefused::Insecure),
            ("https://a.example/cb#x", RedirectRefused::Fragment),
            ("https://a.example@evil.example/", RedirectRefused::UserInfo),
            ("https://@evil.example/", RedirectRefused::UserInfo),
            ("https:a.example/cb", RedirectRefused::NotAUri),
            ("https:///a.example/cb", RedirectRefused::UserInfo),
            (
                "https://a.example\\@evil.example/",
                RedirectRefused::NotAUri,
            ),
            (
                "https://a.example/\r\nSet-Cookie:x",
                RedirectRefused::NotAUri,
            ),
            ("https://a.example/é", RedirectRefused::NotAUri),
            (" https://a.example/", RedirectRefused::NotAUri),
            ("/callback", RedirectRefused::NotAUri),
            ("", RedirectRefused::NotAUri),
        ] {
            assert_eq!(RedirectUri::parse(text), Err(refused), "{text}");
        }
    }

    #[test]
    fn what_is_added_is_escaped() {
        assert_eq!(
            uri("https://a.example/cb?x=1").with(&[("state", "a&b=c\r\nX: é#")]),
            "https://a.example/cb?x=1&state=a%26b%3Dc%0D%0AX%3A%20%C3%A9%23"
        );
        assert_eq!(uri("app:/cb").with(&[("code", "x")]), "app:/cb?code=x");
    }

    proptest! {
        #[test]
        fn any_text_gets_an_answer_and_what_is_accepted_stays_itself(text in "\\PC{0,60}") {
            if let Ok(uri) = RedirectUri::parse(&text) {
                prop_assert_eq!(uri.as_str(), text.as_str());
                prop_assert!(uri.matches(&uri));
                let sent = uri.with(&[("state", &text)]);
                prop_assert!(sent.starts_with(&text) && !sent.contains(['\r', '\n', '#', ' ']));
            }
        }
    }
}
