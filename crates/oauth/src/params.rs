//! Parameters of a query or a form body, read as RFC 6749 §3.1 and §3.2 ask: none twice, an empty one as if it were not there.

use crate::oauth_error::OAuthError;

/// Most bytes of a query or form.
pub const MAX_BYTES: usize = 16 << 10;

/// The one parameter that may come more than once (RFC 8707 §2).
const REPEATABLE: &str = "resource";

/// Decoded parameters.
#[derive(Clone, Default)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// The parameters of `text`.
    ///
    /// # Errors
    /// `invalid_request` if it is too long, or names one twice.
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        if text.len() > MAX_BYTES {
            return Err(OAuthError::invalid_request(
                "request_too_long",
                "The request is longer than 16 KiB.",
            ));
        }
        let params: Vec<(String, String)> = form_urlencoded::parse(text.as_bytes())
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        for (index, (name, _)) in params.iter().enumerate() {
            let repeated = params[..index].iter().any(|(before, _)| before == name);
            if repeated && name != REPEATABLE {
                return Err(OAuthError::invalid_request(
                    "parameter_twice",
                    "A parameter came more than once.",
                ));
            }
        }
        Ok(Self(params))
    }

    /// The value of a parameter, if it came.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut all = self.0.iter().filter(|(key, _)| key == name);
        all.next().map(|(_, value)| value.as_str())
    }

    /// The value of a parameter that must come.
    ///
    /// # Errors
    /// `invalid_request` if it did not.
    pub fn need(&self, name: &str) -> Result<&str, OAuthError> {
        self.get(name).ok_or_else(|| {
            OAuthError::invalid_request("parameter_missing", format!("`{name}` is missing."))
        })
    }

    /// All values of a parameter.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_6749_3_1_a_parameter_that_comes_twice_is_refused_and_an_empty_one_did_not_come() {
        assert!(Params::parse("a=1&b=2&a=1").is_err());
        assert!(Params::parse("a=1&%61=2").is_err());
        let params = Params::parse("a=&b=x+y%26").unwrap_or_default();
        assert_eq!(params.get("a"), None);
        assert_eq!(params.get("b"), Some("x y&"));
        assert!(
            params
                .need("a")
                .is_err_and(|error| error.description == "`a` is missing.")
        );
    }

    #[test]
    fn rfc_8707_2_a_resource_may_come_more_than_once() {
        let params = Params::parse("resource=a&resource=b").unwrap_or_default();
        assert_eq!(params.all("resource").collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn an_oversized_request_is_refused() {
        assert!(Params::parse(&"a".repeat(MAX_BYTES + 1)).is_err());
    }
}
