//! A line of an access log in the combined format, and whether it is a page view.
//!
//! `address identity user [day/Mon/year:h:m:s zone] "request" status bytes "referrer" "user agent"`; what follows is not
//! looked at. A page view is a GET that was answered with 2xx or 304 and asks for a page: a path without extension or with
//! one of HTML's and of scripts that make it. Feeds, `robots.txt` and the like are not.

use chrono::DateTime;

/// Extensions of pages. Any other extension is a file.
const PAGE_EXTENSIONS: [&str; 9] = [
    "html", "htm", "xhtml", "shtml", "php", "asp", "aspx", "jsp", "cgi",
];

/// Path segments and parameter values that ask for a feed.
const FEEDS: [&str; 6] = ["feed", "feeds", "rss", "rss2", "rss20", "atom"];

/// A line that could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogLine<'l> {
    /// The client's address.
    pub address: &'l str,
    /// Unix milliseconds.
    pub at_ms: i64,
    /// Method, target and version, as sent.
    pub request: &'l str,
    /// HTTP status.
    pub status: u16,
    /// Empty for none.
    pub referrer: &'l str,
    /// Empty for none.
    pub user_agent: &'l str,
}

/// The page a view is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageView<'l> {
    /// Path without query.
    pub path: &'l str,
    /// Query without `?`; empty for none.
    pub query: &'l str,
}

impl<'l> LogLine<'l> {
    /// Reads a line, or says what it lacks.
    pub fn parse(line: &'l str) -> Result<Self, &'static str> {
        let (before, rest) = line.split_once(" [").ok_or("it has no time in brackets")?;
        let (time, rest) = rest.split_once("] ").ok_or("it has no time in brackets")?;
        let address = before
            .split(' ')
            .next()
            .filter(|address| !address.is_empty())
            .ok_or("it has no address")?;
        let at = DateTime::parse_from_str(time, "%d/%b/%Y:%H:%M:%S %z")
            .map_err(|_| "its time cannot be read")?;
        let (request, rest) = quoted(rest).ok_or("it has no request in quotes")?;
        let mut numbers = rest.trim_start().splitn(3, ' ');
        let status = numbers
            .next()
            .and_then(|status| status.parse().ok())
            .ok_or("it has no status")?;
        numbers
            .next()
            .filter(|bytes| *bytes == "-" || bytes.parse::<u64>().is_ok())
            .ok_or("it has no size")?;
        let rest = numbers.next().unwrap_or_default();
        let (referrer, rest) =
            quoted(rest).ok_or("it has no referrer in quotes; only the combined format is read")?;
        let (user_agent, _) = quoted(rest)
            .ok_or("it has no user agent in quotes; only the combined format is read")?;
        let absent = |text: &'l str| if text == "-" { "" } else { text };
        Ok(Self {
            address,
            at_ms: at.timestamp_millis(),
            request,
            status,
            referrer: absent(referrer),
            user_agent: absent(user_agent),
        })
    }

    /// The page, if the line is a successful view of one.
    pub fn page_view(&self) -> Option<PageView<'l>> {
        let mut parts = self.request.split(' ');
        let (method, target) = (parts.next()?, parts.next()?);
        if method != "GET" || !(matches!(self.status, 200..=299) || self.status == 304) {
            return None;
        }
        let target = target.split('#').next().unwrap_or(target);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (path, query) = if path.starts_with('/') {
            (path, query)
        } else {
            (without_host(path)?, query)
        };
        (is_page(path) && !is_feed(path, query)).then_some(PageView { path, query })
    }
}

/// The text between the first pair of quotes, and what follows. A backslash keeps the quote after it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let inner = text.trim_start().strip_prefix('"')?;
    let mut escaped = false;
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            b'"' if !escaped => return Some((&inner[..at], &inner[at + 1..])),
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    None
}

/// The path of a target that names its host, as proxies send it.
fn without_host(target: &str) -> Option<&str> {
    let rest = target
        .strip_prefix("http://")
        .or_else(|| target.strip_prefix("https://"))?;
    Some(rest.find('/').map_or("/", |slash| &rest[slash..]))
}

fn is_page(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    match name.rsplit_once('.') {
        None => true,
        // `/about.` and `/.well-known` have a dot but no extension; versions such as `/docs/1.2` have digits after it.
        Some(("", _)) => false,
        Some((_, extension)) => {
            let extension = extension.to_ascii_lowercase();
            PAGE_EXTENSIONS.contains(&extension.as_str())
                || extension.bytes().all(|byte| byte.is_ascii_digit())
        }
    }
}

fn is_feed(path: &str, query: &str) -> bool {
    let is_feed = |word: &str| FEEDS.contains(&word.to_ascii_lowercase().as_str());
    let last = path
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default();
    is_feed(last)
        || query.split('&').any(|pair| {
            pair.split_once('=')
                .is_some_and(|(_, value)| is_feed(value))
        })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    fn line(request: &str, status: u16) -> String {
        format!(
            r#"192.0.2.1 - - [01/Nov/2026:13:00:05 +0100] "{request}" {status} 512 "-" "Mozilla/5.0""#
        )
    }

    fn page(request: &str, status: u16) -> Option<String> {
        let line = line(request, status);
        LogLine::parse(&line)
            .unwrap()
            .page_view()
            .map(|page| page.path.to_owned())
    }

    #[test]
    fn a_line_is_read_with_its_own_offset_and_escaped_quotes() {
        let text = r#"2001:db8::1 - ann [01/Nov/2026:13:00:05 +0100] "GET /a?b=1 HTTP/1.1" 200 - "https://example.org/" "An \"odd\" agent" 0.03"#;
        let line = LogLine::parse(text).unwrap();
        assert_eq!(line.at_ms, 1_793_534_405_000);
        assert_eq!((line.address, line.status), ("2001:db8::1", 200));
        assert_eq!(
            (line.referrer, line.user_agent),
            ("https://example.org/", r#"An \"odd\" agent"#)
        );
        assert_eq!(
            line.page_view(),
            Some(PageView {
                path: "/a",
                query: "b=1"
            })
        );
    }

    #[test]
    fn a_line_that_cannot_be_read_says_why() {
        let reason = |text: &str| LogLine::parse(text).unwrap_err();
        assert_eq!(reason("hello"), "it has no time in brackets");
        assert_eq!(
            reason(r#"1.2.3.4 - - [yesterday] "GET / HTTP/1.1" 200 1 "-" "-""#),
            "its time cannot be read"
        );
        assert_eq!(
            reason(r#"1.2.3.4 - - [01/Nov/2026:13:00:05 +0100] "GET / HTTP/1.1" 200 1"#),
            "it has no referrer in quotes; only the combined format is read"
        );
    }

    #[test]
    fn successful_gets_of_pages_are_views_and_files_and_feeds_are_not() {
        for request in [
            "GET / HTTP/1.1",
            "GET /blog/post HTTP/1.1",
            "GET /index.PHP?x=1 HTTP/1.1",
            "GET /docs/1.2 HTTP/1.0",
        ] {
            assert!(page(request, 200).is_some(), "{request}");
            assert!(page(request, 304).is_some(), "{request}");
            assert!(page(request, 404).is_none(), "{request}");
        }
        for request in [
            "POST / HTTP/1.1",
            "HEAD / HTTP/1.1",
            "GET /robots.txt HTTP/1.1",
            "GET /a/b.css HTTP/1.1",
            "GET /favicon.ico HTTP/1.1",
            "GET /.well-known HTTP/1.1",
            "GET /blog/feed/ HTTP/1.1",
            "GET /?flav=rss20 HTTP/1.1",
            "GET",
            "",
        ] {
            assert_eq!(page(request, 200), None, "{request}");
        }
        assert_eq!(
            page("GET http://example.com/a HTTP/1.1", 200).as_deref(),
            Some("/a")
        );
    }
}
