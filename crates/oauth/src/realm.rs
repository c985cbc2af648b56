//! The server's own addresses: issuer, resource and endpoints.
//!
//! Clients compare issuer and resource byte for byte (RFC 8414 §3.3, RFC 9728 §3.3), so each is written in one way only: the origin in its
//! serialised form, no trailing slash, the default port left out.

use thiserror::Error;
use url::{Host, Url};

/// An address that cannot be an issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RealmError {
    /// Not an origin: scheme and host, and nothing behind them.
    #[error(
        "the public URL must be an origin such as https://mcp.example.com, without path, query or fragment"
    )]
    NotAnOrigin,
    /// `http` away from this machine (RFC 8414 §2 asks for `https`).
    #[error("the public URL must be https; http is for localhost only")]
    Insecure,
}

/// Where this server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Realm {
    issuer: String,
    host: String,
}

impl Realm {
    /// The realm at `origin`: the configured public URL, or the request's own origin.
    ///
    /// # Errors
    /// [`RealmError`], if that can be no issuer.
    pub fn new(origin: &str) -> Result<Self, RealmError> {
        let url = Url::parse(origin).map_err(|_| RealmError::NotAnOrigin)?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let (true, true, Some(host)) = (bare, url.username().is_empty(), url.host()) else {
            return Err(RealmError::NotAnOrigin);
        };
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&host) => {}
            "http" => return Err(RealmError::Insecure),
            _ => return Err(RealmError::NotAnOrigin),
        }
        Ok(Self {
            issuer: url.origin().ascii_serialization(),
            host: host.to_string(),
        })
    }

    /// The issuer (RFC 8414 §2).
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The host alone, without port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The resource (RFC 8707 §2): what access tokens are made for.
    pub fn resource(&self) -> String {
        self.at("/mcp")
    }

    /// The protected-resource metadata: what challenges point to.
    pub fn resource_metadata(&self) -> String {
        self.at("/.well-known/oauth-protected-resource/mcp")
    }

    /// The token endpoint.
    pub fn token_endpoint(&self) -> String {
        self.at("/token")
    }

    /// The address of `path` here.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// Whether a `resource` parameter (RFC 8707 §2) means ours: the same address, a trailing slash and a query aside, since the query on
    /// `/mcp` narrows the tool list and nothing else.
    pub fn is_resource(&self, text: &str) -> bool {
        let Ok(url) = Url::parse(text) else {
            return false;
        };
        url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
            && url.origin().ascii_serialization() == self.issuer
            && url.path().strip_suffix('/').unwrap_or(url.path()) == "/mcp"
    }
}

/// Whether a host is this machine: `localhost`, or an address of the loopback network.
pub(crate) fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn realm(origin: &str) -> Realm {
        match Realm::new(origin) {
            Ok(realm) => realm,
            Err(error) => panic!("{origin}: {error}"),
        }
    }

    #[test]
    fn rfc_8414_2_the_issuer_has_one_spelling() {
        for origin in [
            "https://mcp.example.com",
            "https://mcp.example.com/",
            "https://MCP.example.com:443",
        ] {
            assert_eq!(realm(origin).issuer(), "https://mcp.example.com");
            assert_eq!(realm(origin).resource(), "https://mcp.example.com/mcp");
        }
        assert_eq!(
            realm("http://localhost:8787").issuer(),
            "http://localhost:8787"
        );
    }

    #[test]
    fn rfc_8414_2_an_issuer_is_https_without_path_query_or_fragment() {
        for origin in [
            "http://127.0.0.1:1",
            "http://[::1]:8787",
            "http://localhost",
        ] {
            assert!(Realm::new(origin).is_ok(), "{origin}");
        }
        for origin in [
            "http://a.example",
            "http://localhost.a.example",
            "http://10.0.0.1",
        ] {
            assert_eq!(Realm::new(origin), Err(RealmError::Insecure), "{origin}");
        }
        for origin in [
            "https://a.example/b",
            "https://a.example/?b",
            "https://a.example/#b",
            "https://u@a.example",
            "ftp://a.example",
            "a.example",
            "",
        ] {
            assert_eq!(Realm::new(origin), Err(RealmError::NotAnOrigin), "{origin}");
        }
    }

    #[test]
    fn rfc_8707_2_our_resource_is_known_with_slash_or_query_and_no_other_is() {
        let realm = realm("https://a.example");
        for ours in [
            "https://a.example/mcp",
            "https://a.example/mcp/",
            "https://A.example:443/mcp?tools=query",
        ] {
            assert!(realm.is_resource(ours), "{ours}");
        }
        for foreign in [
            "https://b.example/mcp",
            "https://a.example.b.example/mcp",
            "https://a.example",
            "https://a.example/mcp/x",
            "https://a.example/mcp#x",
            "https://a.example@b.example/mcp",
            "http://a.example/mcp",
            "https://a.example:8443/mcp",
            "mcp",
            "",
        ] {
            assert!(!realm.is_resource(foreign), "{foreign}");
        }
    }
}
