//! The same measures an earlier time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value as Json};
use sightline_warehouse::Calendar;

use crate::failure::Failure;
use crate::numbers::rounded;
use crate::range::{Range, RangeShown};

/// The rules of `compare`, for the reference.
pub(crate) const RULES: &[&str] = &[
    "`previous` is the range of equal length just before (as many days, whatever the clocks do); `year` the same dates a year before, 29 February being 28 February.",
    "Every measure gets `earlier`, `change` = now − earlier, and `changePercent` = 100·change/|earlier| with two decimals, null when `earlier` is 0.",
    "Filters apply to both ranges alike.",
];

/// What to compare with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(description = "")]
pub(crate) enum Compare {
    #[default]
    None,
    Previous,
    Year,
}

impl Compare {
    /// The earlier range.
    pub(crate) fn earlier(self, range: &Range, calendar: &Calendar) -> Option<Range> {
        match self {
            Self::None => None,
            Self::Previous => Some(range.previous(calendar)),
            Self::Year => Some(range.year_before(calendar)),
        }
    }
}

/// A measure's earlier value and how it changed.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Change {
    /// The value in the earlier range.
    earlier: Number,
    /// Now less earlier.
    change: Number,
    /// The change in percent of the earlier value; null if that is 0.
    change_percent: Option<f64>,
}

/// Measures of an earlier range against those of now.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Comparison {
    /// The earlier range.
    range: RangeShown,
    /// Each measure's earlier value and change.
    measures: Changes,
}

/// Each measure's change, in the order of the measures.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(with = "std::collections::BTreeMap<String, Change>")]
pub(crate) struct Changes(Map<String, Json>);

impl Comparison {
    /// Every number of `now` against the same of `before`, which was measured in `range`.
    pub(crate) fn of<M: Serialize>(now: &M, before: &M, range: &Range) -> Result<Self, Failure> {
        Ok(Self {
            range: range.shown(),
            measures: changes(now, before)?,
        })
    }

    /// Changes since `range`, where there was one to compare with.
    pub(crate) fn with(range: Option<&Range>, measures: Option<Changes>) -> Option<Self> {
        Some(Self {
            range: range?.shown(),
            measures: measures?,
        })
    }
}

/// Every number of `now` against the same of `before`.
pub(crate) fn changes<M: Serialize>(now: &M, before: &M) -> Result<Changes, Failure> {
    let (now, before) = (serde_json::to_value(now)?, serde_json::to_value(before)?);
    let (Json::Object(now), Json::Object(before)) = (now, before) else {
        return Err(Failure::fault("measures to compare are not an object"));
    };
    let mut changes = Map::new();
    for (name, value) in &now {
        if let (Json::Number(now), Some(Json::Number(before))) = (value, before.get(name)) {
            changes.insert(name.clone(), serde_json::to_value(change(now, before))?);
        }
    }
    Ok(Changes(changes))
}

fn change(now: &Number, before: &Number) -> Change {
    let difference = match (now.as_i64(), before.as_i64()) {
        (Some(now), Some(before)) => Number::from(now.saturating_sub(before)),
        _ => {
            let difference =
                rounded(now.as_f64().unwrap_or_default() - before.as_f64().unwrap_or_default());
            Number::from_f64(difference).unwrap_or_else(|| Number::from(0))
        }
    };
    let earlier = before.as_f64().unwrap_or_default();
    let percent = (earlier != 0.0)
        .then(|| rounded(100.0 * difference.as_f64().unwrap_or_default() / earlier.abs()));
    Change {
        earlier: before.clone(),
        change: difference,
        change_percent: percent,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use super::*;
    use serde_json::json;

    #[test]
    fn a_change_is_a_difference_and_a_percentage() {
        let changes = changes(
            &json!({"visitors": 120, "rate": 12.5, "fresh": 3, "label": "x"}),
            &json!({"visitors": 90, "rate": 20.25, "fresh": 0, "label": "x"}),
        )
        .unwrap();
        assert_eq!(
            serde_json::to_value(changes).unwrap(),
            json!({
                "visitors": {"earlier": 90, "change": 30, "changePercent": 33.33},
                "rate": {"earlier": 20.25, "change": -7.75, "changePercent": -38.27},
                "fresh": {"earlier": 0, "change": 3, "changePercent": null},
            })
        );
    }
}
