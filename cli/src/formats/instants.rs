//! Instants, as files write them.
//!
//! Text: RFC 3339, or `YYYY-MM-DD[ T]HH:MM:SS[.fff]` without offset, which is taken as UTC. Numbers, also as text: seconds,
//! milliseconds, microseconds or nanoseconds since 1970, told apart by their size (seconds up to the year 5138).

use chrono::{DateTime, NaiveDateTime};

const SECONDS_BELOW: f64 = 1e11;
const MILLISECONDS_BELOW: f64 = 1e14;
const MICROSECONDS_BELOW: f64 = 1e17;

/// The instant a text means, Unix milliseconds.
pub fn instant_of_text(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Some(instant.timestamp_millis());
    }
    if let Ok(number) = text.parse::<f64>() {
        return instant_of_number(number);
    }
    let formats = [
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f UTC",
        "%Y-%m-%d %H:%M",
    ];
    if let Some(local) = formats
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
    {
        return Some(local.and_utc().timestamp_millis());
    }
    let offsets = [
        "%Y-%m-%d %H:%M:%S%.f%#z",
        "%Y-%m-%dT%H:%M:%S%.f%#z",
        "%Y-%m-%d %H:%M:%S%.f %#z",
    ];
    let instant = offsets
        .iter()
        .find_map(|format| DateTime::parse_from_str(text, format).ok())?;
    Some(instant.timestamp_millis())
}

/// The instant a number means, Unix milliseconds.
pub fn instant_of_number(number: f64) -> Option<i64> {
    let ms = match number.abs() {
        size if size < SECONDS_BELOW => number * 1e3,
        size if size < MILLISECONDS_BELOW => number,
        size if size < MICROSECONDS_BELOW => number / 1e3,
        _ => number / 1e6,
    };
    (ms.is_finite() && ms.abs() < 2.5e14).then(|| ms.round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_as_files_write_them() {
        let expected = Some(1_793_534_405_250);
        for text in [
            "2026-11-01T12:00:05.25Z",
            "2026-11-01T13:00:05.250+01:00",
            "2026-11-01 12:00:05.25",
            "2026-11-01T12:00:05.25",
            "2026-11-01 13:00:05.25+01",
            "1793534405250",
            "1793534405.25",
            "1793534405250000",
        ] {
            assert_eq!(instant_of_text(text), expected, "{text}");
        }
        for text in ["", "yesterday", "2026-13-01", "NaN", "1e300"] {
            assert_eq!(instant_of_text(text), None, "{text}");
        }
    }
}
