//! Where the demo's visitors are, what they use, and when they are awake.

use super::dice::Dice;

/// A city visitors come from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub country: &'static str,
    pub region: &'static str,
    pub city: &'static str,
    pub latitude: f64,
    pub longitude: f64,
    /// Hours its clocks are ahead of UTC, near enough for when people sleep.
    pub utc_hours: i64,
}

/// A device visitors use.
#[derive(Debug, Clone, Copy)]
pub(super) struct Device {
    pub device: &'static str,
    pub brand: &'static str,
    pub model: &'static str,
    pub browser: &'static str,
    pub browser_version: &'static str,
    pub os: &'static str,
    pub os_version: &'static str,
    pub weight: f64,
}

/// How visitors find a site.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    pub referrer: &'static str,
    pub name: &'static str,
    pub kind: &'static str,
    /// `utm_source`, `utm_medium`, `utm_campaign`, `utm_content`, `utm_term`; empty ones are not set.
    pub utm: [&'static str; 5],
    pub weight: f64,
}

impl Source {
    /// False for visitors who came by themselves.
    pub(super) fn says_something(&self) -> bool {
        !self.name.is_empty() || self.utm.iter().any(|value| !value.is_empty())
    }
}

const fn place(
    country: &'static str,
    region: &'static str,
    city: &'static str,
    (latitude, longitude): (f64, f64),
    utc_hours: i64,
) -> Place {
    Place {
        country,
        region,
        city,
        latitude,
        longitude,
        utc_hours,
    }
}

pub(super) const PLACES: [Place; 30] = [
    place("US", "New York", "New York", (40.71, -74.01), -5),
    place("US", "California", "San Francisco", (37.77, -122.42), -8),
    place("US", "Texas", "Austin", (30.27, -97.74), -6),
    place("US", "Illinois", "Chicago", (41.88, -87.63), -6),
    place("CA", "Ontario", "Toronto", (43.65, -79.38), -5),
    place("CA", "British Columbia", "Vancouver", (49.28, -123.12), -8),
    place("GB", "England", "London", (51.51, -0.13), 0),
    place("GB", "Scotland", "Edinburgh", (55.95, -3.19), 0),
    place("DE", "Berlin", "Berlin", (52.52, 13.40), 1),
    place("DE", "Bavaria", "Munich", (48.14, 11.58), 1),
    place("DE", "Hamburg", "Hamburg", (53.55, 9.99), 1),
    place("FR", "Île-de-France", "Paris", (48.86, 2.35), 1),
    place("FR", "Auvergne-Rhône-Alpes", "Lyon", (45.76, 4.84), 1),
    place("NL", "North Holland", "Amsterdam", (52.37, 4.90), 1),
    place("AT", "Vienna", "Vienna", (48.21, 16.37), 1),
    place("CH", "Zurich", "Zürich", (47.37, 8.54), 1),
    place("SE", "Stockholm", "Stockholm", (59.33, 18.07), 1),
    place("PL", "Masovia", "Warsaw", (52.23, 21.01), 1),
    place("ES", "Madrid", "Madrid", (40.42, -3.70), 1),
    place("BR", "São Paulo", "São Paulo", (-23.55, -46.63), -3),
    place("IN", "Karnataka", "Bengaluru", (12.97, 77.59), 5),
    place("IN", "Delhi", "New Delhi", (28.61, 77.21), 5),
    place("JP", "Tokyo", "Tokyo", (35.68, 139.69), 9),
    place("JP", "Osaka", "Osaka", (34.69, 135.50), 9),
    place("JP", "Fukuoka", "Fukuoka", (33.59, 130.40), 9),
    place("KR", "Seoul", "Seoul", (37.57, 126.98), 9),
    place("TW", "Taipei", "Taipei", (25.03, 121.57), 8),
    place("SG", "Singapore", "Singapore", (1.35, 103.82), 8),
    place("AU", "New South Wales", "Sydney", (-33.87, 151.21), 10),
    place("AU", "Victoria", "Melbourne", (-37.81, 144.96), 10),
];

#[expect(
    clippy::too_many_arguments,
    reason = "one line a device reads as the table it is"
)]
const fn device(
    device: &'static str,
    brand: &'static str,
    model: &'static str,
    browser: &'static str,
    browser_version: &'static str,
    os: &'static str,
    os_version: &'static str,
    weight: f64,
) -> Device {
    Device {
        device,
        brand,
        model,
        browser,
        browser_version,
        os,
        os_version,
        weight,
    }
}

pub(super) const DEVICES: [Device; 12] = [
    device("desktop", "", "", "Chrome", "141.0", "Windows", "11", 26.0),
    device("desktop", "", "", "Edge", "141.0", "Windows", "11", 8.0),
    device("desktop", "", "", "Firefox", "143.0", "Windows", "10", 4.0),
    device(
        "desktop", "Apple", "Mac", "Chrome", "141.0", "macOS", "15.6", 11.0,
    ),
    device(
        "desktop", "Apple", "Mac", "Safari", "18.6", "macOS", "15.6", 8.0,
    ),
    device("desktop", "", "", "Firefox", "143.0", "Linux", "", 3.0),
    device(
        "mobile", "Apple", "iPhone", "Safari", "18.6", "iOS", "18.6", 18.0,
    ),
    device(
        "mobile", "Apple", "iPhone", "Chrome", "141.0", "iOS", "18.6", 2.0,
    ),
    device(
        "mobile",
        "Samsung",
        "Galaxy S24",
        "Chrome",
        "141.0",
        "Android",
        "15",
        8.0,
    ),
    device(
        "mobile", "Google", "Pixel 9", "Chrome", "141.0", "Android", "16", 5.0,
    ),
    device(
        "tablet", "Apple", "iPad", "Safari", "18.6", "iPadOS", "18.6", 4.0,
    ),
    device(
        "tablet",
        "Samsung",
        "Galaxy Tab S9",
        "Chrome",
        "141.0",
        "Android",
        "15",
        2.0,
    ),
];

/// How busy each hour of the day is for people at home.
pub(super) const LEISURE_HOURS: [f64; 24] = [
    2.0, 1.0, 0.6, 0.4, 0.4, 0.7, 1.5, 3.0, 4.0, 4.5, 5.0, 5.5, 6.0, 5.5, 5.0, 5.0, 5.2, 5.5, 6.0,
    7.0, 8.0, 7.5, 6.0, 4.0,
];

/// How busy each hour of the day is for people at work.
pub(super) const OFFICE_HOURS: [f64; 24] = [
    0.1, 0.1, 0.1, 0.1, 0.1, 0.2, 0.6, 2.0, 6.0, 9.0, 10.0, 9.0, 6.0, 8.0, 9.0, 9.0, 8.0, 5.0, 2.5,
    1.2, 0.9, 0.6, 0.4, 0.2,
];

/// Milliseconds into a UTC day at which somebody at `place` begins, by how busy their hours are.
pub(super) fn begin_ms(dice: &mut Dice, place: &Place, hours: &[f64; 24]) -> i64 {
    let mut numbered = [(0_i64, 0.0); 24];
    for (at, (slot, busy)) in numbered.iter_mut().zip(hours).enumerate() {
        *slot = (at as i64, *busy);
    }
    let local = dice.weighted(&numbered, |hour| hour.1).0;
    (local - place.utc_hours).rem_euclid(24) * 3_600_000 + dice.between(0, 3_599_999)
}
