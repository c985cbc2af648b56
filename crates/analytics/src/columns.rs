//! The columns tools may name: an allow-list with each column's kind.
//!
//! Names from outside become SQL only by being found here. A file that lacks a column reads as null, so every one may be used.

use sightline_warehouse::Sql;

/// What a column holds, as far as comparing and showing it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text.
    Text,
    /// A list of texts.
    TextList,
    /// A number.
    Number,
    /// An amount in minor units of the project's currency; shown and compared in major units.
    Money,
    /// A truth value.
    Truth,
    /// An instant.
    Instant,
    /// A map from text to text.
    Map,
}

/// A column.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Column {
    /// Its name in SQL.
    pub(crate) name: &'static str,
    /// What it holds.
    pub(crate) kind: Kind,
}

impl Column {
    /// The column as SQL.
    pub(crate) fn sql(&self) -> Sql {
        Sql::from(self.name)
    }

    /// The key it has in answers: its name in camelCase, with `Ms` kept as the unit.
    pub(crate) fn key(&self) -> String {
        camel_case(self.name)
    }
}

/// `utm_source` as `utmSource`.
pub(crate) fn camel_case(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    let mut upper = false;
    for c in name.chars() {
        match c {
            '_' => upper = true,
            c if upper => {
                key.extend(c.to_uppercase());
                upper = false;
            }
            c => key.push(c),
        }
    }
    key
}

macro_rules! columns {
    ($($name:ident $kind:ident),* $(,)?) => {
        &[$(Column { name: stringify!($name), kind: Kind::$kind }),*]
    };
}

/// `events`.
pub(crate) const EVENTS: &[Column] = columns![
    event_id Text, timestamp Instant, name Text, profile_id Text, device_id Text, session_id Text, groups TextList,
    origin Text, path Text, title Text, referrer Text, referrer_name Text, referrer_type Text,
    utm_source Text, utm_medium Text, utm_campaign Text, utm_content Text, utm_term Text,
    country Text, region Text, city Text, latitude Number, longitude Number,
    device Text, brand Text, model Text, browser Text, browser_version Text, os Text, os_version Text,
    duration_ms Number, revenue Money, sdk_name Text, sdk_version Text, properties Map,
];

/// `sessions`.
pub(crate) const SESSIONS: &[Column] = columns![
    session_id Text, profile_id Text, device_id Text, started_at Instant, ended_at Instant, duration_ms Number, is_bounce Truth,
    entry_origin Text, entry_path Text, exit_origin Text, exit_path Text, screen_view_count Number, event_count Number,
    revenue Money, groups TextList, referrer Text, referrer_name Text, referrer_type Text,
    utm_source Text, utm_medium Text, utm_campaign Text, utm_content Text, utm_term Text,
    country Text, region Text, city Text, latitude Number, longitude Number,
    device Text, brand Text, model Text, browser Text, browser_version Text, os Text, os_version Text,
    rage_clicks Number, dead_clicks Number, error_clicks Number, js_errors Number, network_errors Number, form_abandons Number,
    quick_backs Number, idle_ms Number, frustration_score Number, has_feedback Truth, has_replay Truth,
];

/// `profiles`, but for its map of properties.
pub(crate) const PROFILES: &[Column] = columns![
    profile_id Text, is_identified Truth, first_name Text, last_name Text, email Text, avatar Text, groups TextList,
    created_at Instant, last_seen_at Instant,
];

/// What filters reach of `groups`.
pub(crate) const GROUPS: &[Column] = columns![name Text, type Text];

/// The column of `table` that `name` means, written `utm_source` or `utmSource`.
pub(crate) fn find(table: &'static [Column], name: &str) -> Option<&'static Column> {
    table
        .iter()
        .find(|column| column.name == name || column.key() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_found_by_either_spelling() {
        let column = find(EVENTS, "utmSource");
        assert_eq!(column, find(EVENTS, "utm_source"));
        assert_eq!(column.map(Column::key).as_deref(), Some("utmSource"));
        assert_eq!(find(EVENTS, "utm_source; DROP TABLE events"), None);
    }
}
