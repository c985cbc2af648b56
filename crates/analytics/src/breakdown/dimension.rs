//! What groups sessions, and the values that name a group.

use std::collections::HashMap;

use serde_json::{Map, Value as Json};
use sightline_warehouse::{Calendar, InstantMs, Query, Sql, sql};

use crate::context::Context;
use crate::failure::Failure;
use crate::interval::{Every, instant};
use crate::range::Range;

/// The value of sessions nobody referred.
pub(crate) const DIRECT: &str = "(direct)";
/// The value of sessions without one.
pub(crate) const NOT_SET: &str = "(not set)";

/// What groups sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dimension {
    /// Its key in answers.
    key: &'static str,
    by: By,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// A column of text, and what its absence is called.
    Text(&'static str, &'static str),
    /// The bucket of the session's start.
    Start(Every),
}

impl Dimension {
    pub(crate) const COUNTRY: Self = Self::text("country", "country", NOT_SET);
    pub(crate) const REGION: Self = Self::text("region", "region", NOT_SET);
    pub(crate) const CITY: Self = Self::text("city", "city", NOT_SET);
    pub(crate) const DEVICE: Self = Self::text("device", "device", NOT_SET);
    pub(crate) const BRAND: Self = Self::text("brand", "brand", NOT_SET);
    pub(crate) const BROWSER: Self = Self::text("browser", "browser", NOT_SET);
    pub(crate) const BROWSER_VERSION: Self =
        Self::text("browserVersion", "browser_version", NOT_SET);
    pub(crate) const OS: Self = Self::text("os", "os", NOT_SET);
    pub(crate) const OS_VERSION: Self = Self::text("osVersion", "os_version", NOT_SET);
    pub(crate) const ENTRY_ORIGIN: Self = Self::text("entryOrigin", "entry_origin", NOT_SET);
    pub(crate) const ENTRY_PATH: Self = Self::text("entryPath", "entry_path", NOT_SET);
    pub(crate) const EXIT_ORIGIN: Self = Self::text("exitOrigin", "exit_origin", NOT_SET);
    pub(crate) const EXIT_PATH: Self = Self::text("exitPath", "exit_path", NOT_SET);
    pub(crate) const REFERRER_NAME: Self = Self::text("referrerName", "referrer_name", DIRECT);
    pub(crate) const REFERRER_TYPE: Self = Self::text("referrerType", "referrer_type", DIRECT);
    pub(crate) const REFERRER: Self = Self::text("referrer", "referrer", DIRECT);
    pub(crate) const UTM_SOURCE: Self = Self::text("utmSource", "utm_source", NOT_SET);
    pub(crate) const UTM_MEDIUM: Self = Self::text("utmMedium", "utm_medium", NOT_SET);
    pub(crate) const UTM_CAMPAIGN: Self = Self::text("utmCampaign", "utm_campaign", NOT_SET);
    pub(crate) const UTM_CONTENT: Self = Self::text("utmContent", "utm_content", NOT_SET);
    pub(crate) const UTM_TERM: Self = Self::text("utmTerm", "utm_term", NOT_SET);
    pub(crate) const HOUR: Self = Self::start("hour", Every::Hour);
    pub(crate) const DAY: Self = Self::start("day", Every::Day);
    pub(crate) const WEEK: Self = Self::start("week", Every::Week);
    pub(crate) const MONTH: Self = Self::start("month", Every::Month);

    const fn text(key: &'static str, column: &'static str, absent: &'static str) -> Self {
        Self {
            key,
            by: By::Text(column, absent),
        }
    }

    const fn start(key: &'static str, every: Every) -> Self {
        Self {
            key,
            by: By::Start(every),
        }
    }

    /// Whether it is a bucket of time.
    pub(crate) fn is_time(self) -> bool {
        matches!(self.by, By::Start(_))
    }

    /// A session's value, as SQL: never null. A value spelled like the absent one is taken for it, so that names of groups differ.
    pub(super) fn value(self, query: &mut Query<'_>, calendar: &Calendar) -> Sql {
        match self.by {
            By::Text(column, absent) => text_or(column, absent),
            By::Start(every) => every.bucket(query, calendar, "started_at"),
        }
    }

    /// A value that a statement has under `alias`, as text.
    pub(super) fn as_text(self, query: &Query<'_>, alias: &'static str) -> Sql {
        match self.by {
            By::Text(..) => Sql::from(alias),
            By::Start(_) => {
                let ms = query.dialect().epoch_ms(&Sql::from(alias));
                query.dialect().as_text(&ms)
            }
        }
    }

    /// For each bucket of `range` the one at the same place of `earlier`, if it is a bucket of time.
    pub(super) fn counterparts(
        self,
        range: &Range,
        earlier: &Range,
        calendar: &Calendar,
    ) -> Option<HashMap<InstantMs, InstantMs>> {
        let By::Start(every) = self.by else {
            return None;
        };
        let buckets =
            |range: &Range| calendar.buckets(range.start_ms, range.end_ms, every.interval());
        Some(buckets(range).into_iter().zip(buckets(earlier)).collect())
    }
}

/// The text of a column, or `absent` where it has none.
pub(crate) fn text_or(column: &'static str, absent: &'static str) -> Sql {
    sql!("coalesce(nullif({column}, ''), '{absent}')", column, absent)
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Value {
    Text(String),
    Start(InstantMs),
}

/// The values that name one group, one for each dimension.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct GroupKey(Vec<Value>);

impl GroupKey {
    /// The key of a row with these values; none if the row is no single group's.
    pub(super) fn read(
        dimensions: &[Dimension],
        values: [Option<String>; 2],
    ) -> Result<Option<Self>, Failure> {
        let values: Option<Vec<Value>> = dimensions
            .iter()
            .zip(values)
            .map(|(dimension, value)| match (dimension.by, value) {
                (_, None) => Ok(None),
                (By::Text(..), Some(text)) => Ok(Some(Value::Text(text))),
                (By::Start(_), Some(text)) => Ok(Some(Value::Start(instant(&text)?))),
            })
            .collect::<Result<_, Failure>>()?;
        Ok(values.map(Self))
    }

    /// The key as one text, as [`super::statement`] computes it for a session. The first value's length comes first, so that no two
    /// keys have the same text.
    pub(crate) fn text(&self) -> String {
        let texts: Vec<String> = self.0.iter().map(Value::text).collect();
        match texts.as_slice() {
            [first, second] => format!("{}:{first}{second}", first.chars().count()),
            others => others.concat(),
        }
    }

    /// The same group an earlier time: with each bucket's counterpart, if it has one.
    pub(super) fn then(&self, buckets: &[Option<HashMap<InstantMs, InstantMs>>]) -> Option<Self> {
        self.0
            .iter()
            .zip(buckets)
            .map(|(value, counterparts)| match (value, counterparts) {
                (Value::Start(start), Some(counterparts)) => {
                    counterparts.get(start).copied().map(Value::Start)
                }
                _ => Some(value.clone()),
            })
            .collect::<Option<_>>()
            .map(Self)
    }

    /// The values as answers show them, each under its dimension's key.
    pub(crate) fn shown(
        &self,
        dimensions: &[Dimension],
        context: &Context<'_>,
    ) -> Map<String, Json> {
        let shown = |dimension: &Dimension, value: &Value| match (dimension.by, value) {
            (By::Start(every), Value::Start(start)) => {
                context.calendar().label(*start, every.interval())
            }
            (_, value) => value.text(),
        };
        dimensions
            .iter()
            .zip(&self.0)
            .map(|(dimension, value)| (dimension.key.to_owned(), shown(dimension, value).into()))
            .collect()
    }

    /// The value of the dimension at `place`, if it is a text.
    pub(crate) fn value(&self, place: usize) -> Option<&str> {
        match self.0.get(place)? {
            Value::Text(text) => Some(text),
            Value::Start(_) => None,
        }
    }
}

impl Value {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Start(start) => start.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use super::*;
    use crate::testing::project;

    fn key(first: &str, second: &str) -> GroupKey {
        let values = [Some(first.to_owned()), Some(second.to_owned())];
        GroupKey::read(&[Dimension::COUNTRY, Dimension::CITY], values)
            .unwrap()
            .unwrap()
    }

    #[test]
    fn no_two_groups_have_the_same_key() {
        let pairs = [
            ("a", "bc"),
            ("ab", "c"),
            ("", "abc"),
            ("1:a", "b"),
            ("1", ":ab"),
        ];
        let mut texts: Vec<String> = pairs.map(|(one, other)| key(one, other).text()).to_vec();
        assert_eq!(key("ü😀", "x").text(), "2:ü😀x");
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), pairs.len());
    }

    #[test]
    fn a_bucket_is_compared_with_the_one_at_the_same_place() {
        let berlin = project("acme", "Europe/Berlin").calendar;
        let day = |text: &str| text.parse().unwrap();
        let range = Range::of_days(day("2026-10-24"), day("2026-10-26"), &berlin);
        let earlier = range.previous(&berlin);
        let days = Dimension::DAY.counterparts(&range, &earlier, &berlin);
        let key = |start: &str| {
            GroupKey::read(&[Dimension::DAY], [Some(start.to_owned()), None])
                .unwrap()
                .unwrap()
        };
        // The 26th begins an hour later than the 23rd did, since the clocks changed.
        assert_eq!(
            key("2026-10-25T23:00:00Z").then(std::slice::from_ref(&days)),
            Some(key("2026-10-22T22:00:00Z"))
        );
        // The day of 25 hours has one more than the day before has.
        let long = Range::of_days(day("2026-10-25"), day("2026-10-25"), &berlin);
        let hours = Dimension::HOUR.counterparts(&long, &long.previous(&berlin), &berlin);
        assert_eq!(hours.as_ref().map(HashMap::len), Some(24));
        assert_eq!(key("2026-10-25T22:00:00Z").then(&[hours]), None);
    }
}
