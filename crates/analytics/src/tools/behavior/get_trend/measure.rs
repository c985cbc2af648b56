//! What a series counts of its events.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sightline_warehouse::{Query, Sql, sql};

use crate::columns::{Column, EVENTS, Kind, find};
use crate::context::Context;
use crate::failure::Mistake;
use crate::nearest::did_you_mean;
use crate::numbers::{minor_digits, minor_units, rounded, rounded_to};

/// A measure, as it is given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(description = "")]
pub(super) enum Kinds {
    #[default]
    Events,
    Users,
    Sessions,
    EventsPerUser,
    Sum,
    Avg,
    Min,
    Max,
    P50,
    P90,
}

/// A measure that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Measure {
    /// Events.
    Events,
    /// Distinct profiles.
    Users,
    /// Distinct sessions.
    Sessions,
    /// Events per distinct profile.
    EventsPerUser,
    /// Of the numbers a property or column has.
    Of(Statistic, Numbers),
}

/// What is said of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Statistic {
    Sum,
    Avg,
    Min,
    Max,
    Percentile(u8),
}

/// Numbers of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Numbers {
    /// A column.
    Column(&'static Column),
    /// One entry of `properties`, where it reads as a number.
    Property(String),
}

impl Measure {
    /// The measure meant by its name and the property named with it.
    pub(super) fn parse(kind: Kinds, property: Option<&str>) -> Result<Self, Mistake> {
        let statistic = match kind {
            Kinds::Events => return plain(Self::Events, property),
            Kinds::Users => return plain(Self::Users, property),
            Kinds::Sessions => return plain(Self::Sessions, property),
            Kinds::EventsPerUser => return plain(Self::EventsPerUser, property),
            Kinds::Sum => Statistic::Sum,
            Kinds::Avg => Statistic::Avg,
            Kinds::Min => Statistic::Min,
            Kinds::Max => Statistic::Max,
            Kinds::P50 => Statistic::Percentile(50),
            Kinds::P90 => Statistic::Percentile(90),
        };
        let property = property.ok_or_else(|| {
            Mistake::new("`sum`, `avg`, `min`, `max`, `p50` and `p90` need a `property`: which number to take.")
                .next("Name `properties.KEY`, `revenue` or `duration_ms`; `get_property_definitions` says which are numbers.")
        })?;
        Ok(Self::Of(statistic, Numbers::parse(property)?))
    }

    /// Whether its values of parts add up to that of the whole, and those of none are 0.
    pub(super) fn is_count(&self) -> bool {
        matches!(
            self,
            Self::Events | Self::Users | Self::Sessions | Self::EventsPerUser
        ) || matches!(self, Self::Of(Statistic::Sum, _))
    }

    /// What a statement selects of each event for it.
    pub(super) fn column(&self, query: &mut Query<'_>) -> Sql {
        match self {
            Self::Events => Sql::from("1"),
            Self::Users | Self::EventsPerUser => Sql::from("nullif(profile_id, '')"),
            Self::Sessions => Sql::from("nullif(session_id, '')"),
            Self::Of(_, numbers) => numbers.sql(query),
        }
    }

    /// The two numbers it is made of, as aggregates of that column, called `counted`: a value, and what it is divided by.
    pub(super) fn aggregates(&self, query: &Query<'_>) -> (Sql, Sql) {
        let dialect = query.dialect();
        let counted = Sql::from("counted");
        let one = || Sql::from("CAST(NULL AS BIGINT)");
        match self {
            Self::Events => (Sql::from("sum(counted)"), one()),
            Self::Users | Self::Sessions => (dialect.count_distinct(&counted), one()),
            Self::EventsPerUser => (Sql::from("sum(1)"), dialect.count_distinct(&counted)),
            Self::Of(Statistic::Sum, _) => (Sql::from("sum(counted)"), one()),
            Self::Of(Statistic::Avg, _) => (Sql::from("sum(counted)"), Sql::from("count(counted)")),
            Self::Of(Statistic::Min, _) => (Sql::from("min(counted)"), one()),
            Self::Of(Statistic::Max, _) => (Sql::from("max(counted)"), one()),
            Self::Of(Statistic::Percentile(percent), _) => {
                (dialect.percentile(&counted, *percent), one())
            }
        }
    }

    /// How those two numbers of a whole follow from the numbers of two parts of it, if they do: who is in one part may be in the other.
    pub(super) fn of_parts(&self) -> Option<fn(f64, f64) -> f64> {
        match self {
            Self::Events | Self::Of(Statistic::Sum | Statistic::Avg, _) => {
                Some(|one, other| one + other)
            }
            Self::Of(Statistic::Min, _) => Some(f64::min),
            Self::Of(Statistic::Max, _) => Some(f64::max),
            Self::Users
            | Self::Sessions
            | Self::EventsPerUser
            | Self::Of(Statistic::Percentile(_), _) => None,
        }
    }

    /// The measure out of those two numbers, not rounded; none where there was nothing to say it of.
    pub(super) fn value(
        &self,
        value: Option<f64>,
        over: Option<f64>,
        context: &Context<'_>,
    ) -> Option<f64> {
        let value = match (value, over) {
            (Some(value), None) => Some(value),
            (Some(value), Some(over)) if over > 0.0 => Some(value / over),
            _ => None,
        };
        match value {
            Some(minor) if self.is_money() => {
                Some(minor / minor_units(1.0, &context.project.currency))
            }
            Some(value) => Some(value),
            None => self.is_count().then_some(0.0),
        }
    }

    /// A value as it is shown: with two decimals, money with its minor unit's where that has more.
    pub(super) fn shown(&self, value: f64, context: &Context<'_>) -> f64 {
        if self.is_money() {
            rounded_to(value, minor_digits(&context.project.currency).max(2))
        } else {
            rounded(value)
        }
    }

    /// Whether it is an amount of money.
    pub(super) fn is_money(&self) -> bool {
        matches!(self, Self::Of(_, Numbers::Column(column)) if column.kind == Kind::Money)
    }
}

fn plain(measure: Measure, property: Option<&str>) -> Result<Measure, Mistake> {
    match property {
        None => Ok(measure),
        Some(property) => Err(Mistake::new(format!(
            "`property` (`{property}`) only has a meaning with the measures `sum`, `avg`, `min`, `max`, `p50` and `p90`."
        ))
        .next("Leave it out, or name one of those.")),
    }
}

impl Numbers {
    fn parse(property: &str) -> Result<Self, Mistake> {
        if let Some(key) = property
            .strip_prefix("properties.")
            .filter(|key| !key.is_empty())
        {
            return Ok(Self::Property(key.to_owned()));
        }
        let is_number = |column: &&Column| matches!(column.kind, Kind::Number | Kind::Money);
        find(EVENTS, property)
            .filter(is_number)
            .map(Self::Column)
            .ok_or_else(|| {
                let columns = || EVENTS.iter().filter(is_number).map(|column| column.name);
                let meant = did_you_mean(property, columns());
                Mistake::new(format!("`{property}` is no number of an event.{meant}")).next(
                    "Write `properties.KEY` for a property, or `revenue`, `duration_ms`, `latitude` or `longitude`.",
                )
            })
    }

    fn sql(&self, query: &mut Query<'_>) -> Sql {
        match self {
            Self::Column(column) => column.sql(),
            Self::Property(key) => {
                let key = query.bind(key);
                let dialect = query.dialect();
                let text = dialect.property(&Sql::from("properties"), &key);
                let number = dialect.as_number(&text);
                // What JSON cannot hold is no number here either.
                sql!("CASE WHEN abs({number}) < 1e300 THEN {number} END", number)
            }
        }
    }
}
