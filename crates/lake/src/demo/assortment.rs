//! What the demo's shop sells, and how people get there.

use super::world::Source;

const fn source(
    referrer: &'static str,
    name: &'static str,
    kind: &'static str,
    utm: [&'static str; 5],
    weight: f64,
) -> Source {
    Source {
        referrer,
        name,
        kind,
        utm,
        weight,
    }
}

const NO_UTM: [&str; 5] = [""; 5];

/// How visitors come on ordinary days.
pub(super) const SOURCES: [Source; 10] = [
    source("", "", "", NO_UTM, 30.0),
    source("https://www.google.com/", "Google", "search", NO_UTM, 28.0),
    source(
        "https://www.google.com/",
        "Google",
        "search",
        ["google", "cpc", "brand", "textad", "loose leaf tea"],
        9.0,
    ),
    source(
        "https://duckduckgo.com/",
        "DuckDuckGo",
        "search",
        NO_UTM,
        4.0,
    ),
    source("https://www.bing.com/", "Bing", "search", NO_UTM, 4.0),
    source(
        "https://www.instagram.com/",
        "Instagram",
        "social",
        ["instagram", "social", "autumn-pics", "story", ""],
        7.0,
    ),
    source(
        "https://www.facebook.com/",
        "Facebook",
        "social",
        NO_UTM,
        4.0,
    ),
    source(
        "",
        "",
        "",
        ["newsletter", "email", "weekly", "top-banner", ""],
        7.0,
    ),
    source(
        "https://teablog.example.org/best-teas",
        "teablog.example.org",
        "referral",
        NO_UTM,
        4.0,
    ),
    source("https://chatgpt.com/", "ChatGPT", "ai", NO_UTM, 3.0),
];

/// How the crowd of the launch came.
pub(super) const LAUNCH: [Source; 3] = [
    source(
        "https://news.ycombinator.com/",
        "Hacker News",
        "social",
        ["", "", "winter-blend", "", ""],
        5.0,
    ),
    source(
        "https://www.reddit.com/",
        "Reddit",
        "social",
        ["reddit", "social", "winter-blend", "post", ""],
        3.0,
    ),
    source(
        "",
        "",
        "",
        ["newsletter", "email", "winter-blend", "hero", ""],
        3.0,
    ),
];

/// Slug and name.
pub(super) const CATEGORIES: [(&str, &str); 5] = [
    ("tea", "Tea"),
    ("coffee", "Coffee"),
    ("spices", "Spices"),
    ("chocolate", "Chocolate"),
    ("gifts", "Gift boxes"),
];

/// Slug, name, category, price in cents.
pub(super) const PRODUCTS: [(&str, &str, &str, i64); 12] = [
    ("sencha", "Sencha", "tea", 1_490),
    ("earl-grey", "Earl Grey", "tea", 1_190),
    ("winter-blend", "Winter Blend", "tea", 1_690),
    ("rooibos", "Rooibos", "tea", 990),
    ("house-espresso", "House Espresso", "coffee", 1_590),
    ("filter-roast", "Filter Roast", "coffee", 1_450),
    ("saffron", "Saffron", "spices", 2_490),
    ("smoked-paprika", "Smoked Paprika", "spices", 690),
    ("dark-85", "Dark 85 %", "chocolate", 590),
    ("sea-salt", "Sea Salt Caramel", "chocolate", 650),
    ("tasting-box", "Tasting Box", "gifts", 4_900),
    ("grand-box", "Grand Box", "gifts", 8_900),
];

/// What is searched for, and how much is found.
pub(super) const SEARCHES: [(&str, u32); 6] = [
    ("green tea", 3),
    ("gift", 2),
    ("decaf", 0),
    ("chocolate", 2),
    ("saffron", 1),
    ("matcha", 0),
];
