//! Instants, shown the same to everybody: in UTC, and with words for how long ago.

use chrono::{DateTime, Utc};
use maud::{Markup, Render, html};

/// An instant and the one it is looked at from, both in ms since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The instant.
    pub at_ms: i64,
    /// Now.
    pub now_ms: i64,
}

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

impl Moment {
    /// How far it is from now, in words.
    pub fn in_words(self) -> String {
        let ms = self.at_ms - self.now_ms;
        let span = match ms.abs() {
            0..MINUTE_MS => return "just now".to_owned(),
            MINUTE_MS..HOUR_MS => count(ms.abs() / MINUTE_MS, "minute"),
            HOUR_MS..DAY_MS => count(ms.abs() / HOUR_MS, "hour"),
            days => count(days / DAY_MS, "day"),
        };
        if ms < 0 {
            format!("{span} ago")
        } else {
            format!("in {span}")
        }
    }
}

/// `1 day`, `2 days`.
pub(crate) fn count(number: i64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// A number with its thousands apart.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl Render for Moment {
    fn render(&self) -> Markup {
        let Some(time) = DateTime::<Utc>::from_timestamp_millis(self.at_ms) else {
            return html! { "unknown" };
        };
        html! {
            time datetime=(time.format("%Y-%m-%dT%H:%M:%SZ")) title=(time.format("%Y-%m-%d %H:%M UTC")) { (self.in_words()) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_told_by_its_distance_and_carries_its_date() {
        let now_ms = 1_780_000_000_000;
        let words = |ms: i64| {
            Moment {
                at_ms: now_ms + ms,
                now_ms,
            }
            .in_words()
        };
        assert_eq!(words(-59_000), "just now");
        assert_eq!(words(-60_000), "1 minute ago");
        assert_eq!(words(-HOUR_MS * 5), "5 hours ago");
        assert_eq!(words(-DAY_MS), "1 day ago");
        assert_eq!(words(DAY_MS * 7), "in 7 days");
        let html = Moment {
            at_ms: now_ms,
            now_ms,
        }
        .render()
        .into_string();
        assert_eq!(
            html,
            r#"<time datetime="2026-05-28T20:26:40Z" title="2026-05-28 20:26 UTC">just now</time>"#
        );
        assert_eq!(
            Moment {
                at_ms: i64::MAX,
                now_ms: i64::MAX
            }
            .render()
            .into_string(),
            "unknown"
        );
    }

    #[test]
    fn thousands_are_apart() {
        assert_eq!(
            [0, 999, 1000, 1_234_567].map(thousands),
            ["0", "999", "1,000", "1,234,567"]
        );
    }
}
