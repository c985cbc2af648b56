//! Where a browser goes on to after signing in: a path of our own, and nothing else (RFC 9700 §4.11: no open redirector).

use sightline_console::path;

/// Longest destination, in bytes: a consent page's with its handle has some hundred.
const MAX_BYTES: usize = 512;

/// A path of this server, perhaps with a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination(String);

impl Default for Destination {
    fn default() -> Self {
        Self(path::CONNECTIONS.to_owned())
    }
}

impl Destination {
    /// The destination that `text` is; where people go who ask for nothing, if it is none.
    ///
    /// What a URL reader could take for another host is none: `//host`, `/\host`, and tabs or line breaks that readers drop. Neither are the pages
    /// of signing in and out, which would lead in a circle.
    pub fn parse(text: &str) -> Self {
        let is_own = text.len() <= MAX_BYTES
            && text.starts_with('/')
            && !text.starts_with("//")
            && text
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'#'))
            && !text.contains("/../")
            && !text.contains("/./");
        let circles = [path::SIGN_IN, path::SIGN_OUT].iter().any(|page| {
            text.strip_prefix(page)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
        });
        if is_own && !circles {
            Self(text.to_owned())
        } else {
            Self::default()
        }
    }

    /// The path and query.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The sign-in page that leads here.
    pub fn by_sign_in(&self) -> String {
        let next: String = form_urlencoded::byte_serialize(self.0.as_bytes()).collect();
        format!("{}?next={next}", path::SIGN_IN)
    }

    /// The value of `name` in its query, if its path is `page`.
    pub fn parameter(&self, page: &str, name: &str) -> Option<String> {
        let (at, query) = self.0.split_once('?')?;
        if at != page {
            return None;
        }
        form_urlencoded::parse(query.as_bytes())
            .find_map(|(key, value)| (key == name).then(|| value.into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_ours_is_a_destination_and_reads_back_from_the_sign_in_page() {
        for text in [
            "/connections",
            "/authorize/decision?handle=sl_a-b_c",
            "/invite/abc",
            "/",
        ] {
            let destination = Destination::parse(text);
            assert_eq!(destination.as_str(), text);
            let page = destination.by_sign_in();
            let query = page.strip_prefix("/sign-in?").unwrap_or_default();
            let next = form_urlencoded::parse(query.as_bytes()).next();
            assert_eq!(
                next.map(|(_, next)| next.into_owned()).as_deref(),
                Some(text)
            );
        }
    }

    #[test]
    fn what_could_lead_elsewhere_or_in_a_circle_leads_to_the_connections() {
        for text in [
            "",
            "connections",
            "//evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "https://evil.example/",
            "/\t/evil.example",
            "/a\r\nSet-Cookie: x",
            "/./../evil",
            "/a/../..//evil.example",
            "javascript:alert(1)",
            "/é",
            "/sign-in",
            "/sign-in?next=/sign-in",
            "/sign-out",
            "/sign-in/provider",
            &format!("/{}", "a".repeat(MAX_BYTES)),
        ] {
            assert_eq!(Destination::parse(text), Destination::default(), "{text:?}");
        }
    }

    #[test]
    fn a_parameter_is_read_only_from_the_page_it_belongs_to() {
        let destination = Destination::parse("/authorize/decision?handle=x%2Dy");
        assert_eq!(
            destination.parameter(path::CONSENT, "handle").as_deref(),
            Some("x-y")
        );
        assert_eq!(destination.parameter(path::CONNECTIONS, "handle"), None);
        assert_eq!(destination.parameter(path::CONSENT, "other"), None);
    }
}
