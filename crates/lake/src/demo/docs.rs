//! `docs`: developers, mostly in Asia, look things up without signing in. The recorder names no sessions.

use chrono::{Datelike as _, NaiveDate, Weekday};

use super::{
    dice::Dice,
    people::{Visitors, equipment, setting},
    visit::Visit,
    world::{OFFICE_HOURS, Source, begin_ms},
};

const ORIGIN: &str = "https://docs.globex.example.com";

const COUNTRIES: [(&str, f64); 8] = [
    ("JP", 42.0),
    ("IN", 12.0),
    ("KR", 10.0),
    ("TW", 8.0),
    ("US", 14.0),
    ("SG", 5.0),
    ("DE", 5.0),
    ("BR", 4.0),
];

const fn source(
    referrer: &'static str,
    name: &'static str,
    kind: &'static str,
    weight: f64,
) -> Source {
    Source {
        referrer,
        name,
        kind,
        utm: [""; 5],
        weight,
    }
}

const SOURCES: [Source; 6] = [
    source("", "", "", 30.0),
    source("https://www.google.co.jp/", "Google", "search", 38.0),
    source("https://search.yahoo.co.jp/", "Yahoo!", "search", 6.0),
    source("https://github.com/globex/sdk", "GitHub", "referral", 14.0),
    source("https://chatgpt.com/", "ChatGPT", "ai", 8.0),
    source("https://qiita.com/", "Qiita", "social", 4.0),
];

/// Path, title, how often it is wanted.
const PAGES: [(&str, &str, f64); 14] = [
    ("/", "Globex documentation", 6.0),
    ("/getting-started", "Getting started", 14.0),
    ("/install", "Install", 11.0),
    ("/guides/authentication", "Authentication", 12.0),
    ("/guides/webhooks", "Webhooks", 8.0),
    ("/guides/rate-limits", "Rate limits", 5.0),
    ("/guides/migrating-to-v3", "Migrating to v3", 6.0),
    ("/reference/rest", "REST reference", 13.0),
    ("/reference/errors", "Errors", 9.0),
    ("/reference/cli", "Command line", 5.0),
    ("/sdk/python", "Python SDK", 9.0),
    ("/sdk/typescript", "TypeScript SDK", 10.0),
    ("/sdk/rust", "Rust SDK", 4.0),
    ("/changelog", "Changelog", 3.0),
];

const SEARCHES: [&str; 7] = [
    "timeout",
    "401",
    "pagination",
    "retry",
    "webhook signature",
    "proxy",
    "rate limit",
];

/// Number of visits on a day.
pub(super) fn visits(dice: &mut Dice, day: NaiveDate, days_ago: i64) -> i64 {
    let weekday = if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
        0.35
    } else {
        1.0
    };
    let growth = 1.0 + 0.2 * (90 - days_ago.min(90)) as f64 / 90.0;
    (130.0 * weekday * growth * (0.9 + 0.2 * dice.unit())) as i64
}

/// The visit of this number, on the day that begins at `midnight_ms`.
pub(super) fn visit(seed: u64, number: u64, visitors: &mut Visitors, midnight_ms: i64) -> Visit {
    let mut dice = Dice::of(seed, "docs visit", number);
    let visitor = visitors.next(&mut dice, 0.55);
    let equipment = equipment(seed ^ 0xD0C5, visitor, &mut dice, &COUNTRIES);
    let source =
        Some(*dice.weighted(&SOURCES, |source| source.weight)).filter(Source::says_something);
    let at_ms = midnight_ms + begin_ms(&mut dice, &equipment.0, &OFFICE_HOURS);
    let setting = setting(ORIGIN, equipment, source);
    let profile_id = setting.device_id.clone();
    let page = dice.weighted(&PAGES, |page| page.2);
    let mut visit = Visit::begin(setting, &profile_id, dice, at_ms, page.0, page.1);
    for _ in 0..visit.dice().between(0, 6) {
        read_on(&mut visit);
    }
    visit
}

fn read_on(visit: &mut Visit) {
    visit.wait_s(8, 240);
    if visit.chance(0.22) {
        visit.event("copy_code", &[("language", "shell")]);
        visit.wait_s(5, 90);
    }
    if visit.chance(0.2) {
        let query = *visit.dice().pick(&SEARCHES);
        visit.event(
            "docs_search",
            &[
                ("query", query),
                ("results.count", if query == "proxy" { "0" } else { "6" }),
            ],
        );
        visit.wait_s(2, 12);
    }
    if visit.chance(0.015) {
        visit.event(
            "$feedback",
            &[("rating", "4"), ("message", "More examples, please.")],
        );
    }
    if visit.chance(0.01) {
        visit.script_error("ChunkLoadError: Loading chunk 17 failed", "runtime.js");
    }
    let before = visit.path().to_owned();
    let page = *visit.dice().weighted(&PAGES, |page| page.2);
    visit.view(page.0, page.1);
    if visit.chance(0.06) {
        visit.wait_s(2, 4);
        visit.view(&before, "Globex documentation");
    }
}
