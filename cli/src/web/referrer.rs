//! Where a visitor came from: the referring page's site, by name and kind, and the campaign in the address.
//!
//! The kind is one of `search`, `social`, `email`, `ai` and `referral`. A site is known by its registrable name anywhere in
//! the host (`www.google.co.jp` is Google); sites not listed are a `referral` under their host without `www.`. A referrer on
//! the site itself is none.

use url::{Host, Url, form_urlencoded};

/// A referring page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referrer {
    /// Its URL, as sent.
    pub url: String,
    /// The site's name.
    pub name: String,
    /// The site's kind.
    pub kind: &'static str,
}

/// Label of the host, name, kind. Labels with a dot are whole hosts and come first.
const SITES: [(&str, &str, &str); 44] = [
    ("mail.google.com", "Gmail", "email"),
    ("outlook.live.com", "Outlook", "email"),
    ("mail.yahoo.com", "Yahoo! Mail", "email"),
    ("gemini.google.com", "Gemini", "ai"),
    ("copilot.microsoft.com", "Copilot", "ai"),
    ("news.ycombinator.com", "Hacker News", "social"),
    ("chat.openai.com", "ChatGPT", "ai"),
    ("t.co", "X", "social"),
    ("x.com", "X", "social"),
    ("t.me", "Telegram", "social"),
    ("lnkd.in", "LinkedIn", "social"),
    ("youtu.be", "YouTube", "social"),
    ("search.brave.com", "Brave", "search"),
    ("claude.ai", "Claude", "ai"),
    ("google", "Google", "search"),
    ("bing", "Bing", "search"),
    ("duckduckgo", "DuckDuckGo", "search"),
    ("yahoo", "Yahoo!", "search"),
    ("baidu", "Baidu", "search"),
    ("yandex", "Yandex", "search"),
    ("ecosia", "Ecosia", "search"),
    ("startpage", "Startpage", "search"),
    ("qwant", "Qwant", "search"),
    ("naver", "Naver", "search"),
    ("seznam", "Seznam", "search"),
    ("ask", "Ask", "search"),
    ("kagi", "Kagi", "search"),
    ("facebook", "Facebook", "social"),
    ("instagram", "Instagram", "social"),
    ("twitter", "X", "social"),
    ("linkedin", "LinkedIn", "social"),
    ("reddit", "Reddit", "social"),
    ("pinterest", "Pinterest", "social"),
    ("youtube", "YouTube", "social"),
    ("tiktok", "TikTok", "social"),
    ("vk", "VK", "social"),
    ("threads", "Threads", "social"),
    ("bsky", "Bluesky", "social"),
    ("mastodon", "Mastodon", "social"),
    ("tumblr", "Tumblr", "social"),
    ("quora", "Quora", "social"),
    ("qiita", "Qiita", "social"),
    ("chatgpt", "ChatGPT", "ai"),
    ("perplexity", "Perplexity", "ai"),
];

/// Second-level labels under which countries register, as in `co.uk`.
const SECOND_LEVEL: [&str; 7] = ["co", "com", "org", "net", "ac", "gov", "ne"];

impl Referrer {
    /// Reads a referrer; none when it is empty, no web address, or on the site with this host itself.
    pub fn parse(url: &str, own_host: Option<&str>) -> Option<Self> {
        let parsed = Url::parse(url)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))?;
        let host = parsed.host_str()?.trim_end_matches('.');
        let bare = host.strip_prefix("www.").unwrap_or(host);
        if own_host.is_some_and(|own| own.strip_prefix("www.").unwrap_or(own) == bare) {
            return None;
        }
        let label = match parsed.host()? {
            Host::Domain(_) => registrable_label(bare),
            Host::Ipv4(_) | Host::Ipv6(_) => "",
        };
        let known = SITES
            .iter()
            .find(|(site, _, _)| *site == bare || *site == label);
        let (name, kind) = known.map_or((bare, "referral"), |(_, name, kind)| (*name, *kind));
        Some(Self {
            url: url.to_owned(),
            name: name.to_owned(),
            kind,
        })
    }
}

/// The label people register, e.g. `google` of `images.google.co.uk`.
fn registrable_label(host: &str) -> &str {
    let mut labels = host.rsplit('.');
    let (top, second, third) = (labels.next(), labels.next(), labels.next());
    match (top, second, third) {
        (Some(top), Some(second), Some(third))
            if top.len() == 2 && SECOND_LEVEL.contains(&second) =>
        {
            third
        }
        (_, Some(second), _) => second,
        (top, None, _) => top.unwrap_or_default(),
    }
}

/// The `utm_*` columns in a query; the first of a name counts.
pub fn campaign(query: &str) -> Vec<(&'static str, String)> {
    const COLUMNS: [&str; 5] = [
        "utm_source",
        "utm_medium",
        "utm_campaign",
        "utm_content",
        "utm_term",
    ];
    let mut found: Vec<(&'static str, String)> = Vec::new();
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        let Some(column) = COLUMNS.into_iter().find(|column| *column == key) else {
            continue;
        };
        if !value.is_empty() && !found.iter().any(|(known, _)| *known == column) {
            found.push((column, value.into_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(url: &str) -> Option<(String, &'static str)> {
        Referrer::parse(url, Some("www.example.com")).map(|referrer| (referrer.name, referrer.kind))
    }

    #[test]
    fn sites_are_told_by_their_registrable_name() {
        let is = |url: &str, name: &str, kind: &'static str| {
            assert_eq!(told(url), Some((name.to_owned(), kind)), "{url}")
        };
        is("https://www.google.co.uk/search?q=x", "Google", "search");
        is("http://images.google.de/", "Google", "search");
        is("https://mail.google.com/mail", "Gmail", "email");
        is("https://t.co/abc", "X", "social");
        is("https://chatgpt.com/", "ChatGPT", "ai");
        is(
            "https://www.blog.example.org/post",
            "blog.example.org",
            "referral",
        );
        is("http://192.0.2.7/x", "192.0.2.7", "referral");
        is("https://notgoogle.com/", "notgoogle.com", "referral");
    }

    #[test]
    fn the_site_itself_and_what_is_no_web_address_are_no_referrers() {
        for url in [
            "",
            "-",
            "https://example.com/a",
            "http://www.example.com/",
            "android-app://com.app",
            "nonsense",
        ] {
            assert_eq!(told(url), None, "{url}");
        }
    }

    #[test]
    fn campaigns_are_decoded() {
        let found = campaign(
            "a=1&utm_source=news%20letter&utm_campaign=%C3%BCber+all&utm_source=second&utm_term=",
        );
        assert_eq!(
            found,
            [
                ("utm_source", "news letter".to_owned()),
                ("utm_campaign", "über all".to_owned())
            ]
        );
    }
}
