//! What a user agent says: browser, system, kind of device, or that it is a bot.
//!
//! Parsed by `woothee`. A bot is what that calls a crawler, an HTTP library or a feed reader, what `isbot` knows, and a
//! client that names no user agent. A client neither knows is taken for a person with an unknown browser.

use std::sync::LazyLock;

use isbot::Bots;
use woothee::parser::Parser;

/// What `woothee` says for "unknown".
const UNKNOWN: &str = "UNKNOWN";

/// A parsed user agent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserAgent<'a> {
    /// The bot's name, for bots.
    pub bot: Option<String>,
    /// `desktop`, `mobile`, `tablet` or `console`.
    pub device: Option<&'static str>,
    /// The browser's name.
    pub browser: Option<&'a str>,
    /// The browser's version.
    pub browser_version: Option<&'a str>,
    /// The operating system's name.
    pub os: Option<&'a str>,
    /// The operating system's version.
    pub os_version: Option<String>,
}

impl<'a> UserAgent<'a> {
    /// Reads a user agent; an empty one is that of a bot.
    pub fn parse(agent: &'a str) -> Self {
        static BOTS: LazyLock<Bots> = LazyLock::new(Bots::default);
        let bot = |name: String| Self {
            bot: Some(name),
            ..Self::default()
        };
        let agent = agent.trim();
        if agent.is_empty() {
            return bot("(no user agent)".to_owned());
        }
        let known = |text: &'a str| (text != UNKNOWN && !text.is_empty()).then_some(text);
        let parsed = Parser::new().parse(agent).unwrap_or_default();
        if parsed.category == "crawler" {
            return bot(crawler(agent, known(parsed.name)));
        }
        if BOTS.is_bot(agent) || parsed.category == "misc" {
            return bot(product(agent));
        }
        Self {
            bot: None,
            device: device(agent, parsed.category),
            browser: known(parsed.name),
            browser_version: known(parsed.version),
            os: known(parsed.os),
            os_version: Some(parsed.os_version.into_owned())
                .filter(|version| version != UNKNOWN && !version.is_empty()),
        }
    }
}

/// The kind of device. Tablets are told by what they say themselves: iPad, or Android that is not Mobile.
fn device(agent: &str, category: &str) -> Option<&'static str> {
    match category {
        "pc" => Some("desktop"),
        "smartphone"
            if agent.contains("iPad")
                || (agent.contains("Android") && !agent.contains("Mobile")) =>
        {
            Some("tablet")
        }
        "smartphone" | "mobilephone" => Some("mobile"),
        "appliance" => Some("console"),
        _ => None,
    }
}

/// A crawler's name: what `woothee` calls it, unless that is only that it crawls.
fn crawler(agent: &str, name: Option<&str>) -> String {
    match name {
        Some(name) if !name.starts_with("misc") => name.to_owned(),
        _ => product(agent),
    }
}

/// Parts of words by which bots call themselves.
const BOT_WORDS: [&str; 11] = [
    "bot", "crawl", "spider", "slurp", "feed", "fetch", "proxy", "preview", "headless", "phantom",
    "monitor",
];

/// A name for a bot: the word of its user agent that sounds most like one, else what it says to be "compatible", else its
/// first product.
fn product(agent: &str) -> String {
    let is_word = |word: &&str| !word.is_empty() && !word.contains("://") && !word.contains('@');
    let words = || agent.split([' ', ';', '(', ')', ',']).filter(is_word);
    let sounds_like_bot = |word: &&str| {
        BOT_WORDS
            .iter()
            .any(|part| word.to_ascii_lowercase().contains(part))
    };
    let name = words()
        .find(sounds_like_bot)
        .or_else(|| words().skip_while(|word| *word != "compatible").nth(1))
        .or_else(|| words().next())
        .unwrap_or(agent);
    name.split('/')
        .next()
        .unwrap_or(name)
        .chars()
        .take(60)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_with_their_system_and_kind_of_device() {
        let desktop = UserAgent::parse(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
        );
        assert_eq!(
            (desktop.bot, desktop.device, desktop.browser),
            (None, Some("desktop"), Some("Chrome"))
        );
        assert_eq!(
            (desktop.browser_version, desktop.os),
            (Some("141.0.0.0"), Some("Windows 10"))
        );
        let phone = UserAgent::parse(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
        );
        assert_eq!(
            (phone.device, phone.browser, phone.os),
            (Some("mobile"), Some("Safari"), Some("iPhone"))
        );
        let tablet = UserAgent::parse(
            "Mozilla/5.0 (Linux; Android 15; SM-X710) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
        );
        assert_eq!(tablet.device, Some("tablet"));
    }

    #[test]
    fn crawlers_scripts_and_clients_without_a_name_are_bots() {
        let bot = |agent: &str| UserAgent::parse(agent).bot;
        let google = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
        assert_eq!(bot(google).as_deref(), Some("Googlebot"));
        assert_eq!(
            bot("Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)").as_deref(),
            Some("GPTBot")
        );
        assert_eq!(bot("curl/8.5.0").as_deref(), Some("curl"));
        assert_eq!(
            bot("python-requests/2.31").as_deref(),
            Some("python-requests")
        );
        assert_eq!(
            bot("Mozilla/5.0 (compatible; Ezooms/1.0; help@moz.com)").as_deref(),
            Some("Ezooms")
        );
        assert_eq!(bot("").as_deref(), Some("(no user agent)"));
    }

    #[test]
    fn an_unknown_client_is_not_a_bot() {
        let opera_mini = UserAgent::parse(
            "Opera/9.80 (J2ME/MIDP; Opera Mini/7.1.32052/34.1244; U; en) Presto/2.8.119",
        );
        assert_eq!(
            (opera_mini.bot, opera_mini.browser, opera_mini.os),
            (None, Some("Opera"), None)
        );
        assert_eq!(UserAgent::parse("Lynx/2.8.7rel.2 libwww-FM/2.14").bot, None);
    }
}
