//! Sessions by what they have in common: the mechanism of every tool that ranks groups of sessions.
//!
//! A group has a value for each of one or two [`Dimension`]s. The groups of a range are ranked; then those shown are counted, all
//! others together, and all together; then the same of an earlier range. Distinct visitors are counted for each of these, never added
//! up. A session counts in the range it **started** in, for its first event's values.

mod counted;
mod dimension;
mod statement;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sightline_warehouse::InstantMs;

use crate::compare::{Changes, changes};
use crate::context::Context;
use crate::failure::Failure;
use crate::filters::Conditions;
use crate::interval::instant;
use crate::range::Range;

pub(crate) use counted::{Counted, Counts};
pub(crate) use dimension::{Dimension, GroupKey, NOT_SET, text_or};
pub(crate) use statement::{Rank, alias, key};

/// Which sessions are counted, and what a visitor is.
pub(crate) const SESSIONS_RULE: &str = "All numbers are of the sessions that **started** in the range and pass the filters: `visitors` are their distinct profiles (an empty id is nobody), `pageViews` and `revenue` what happened in them, also after the range's end. What a session lacks counts as 0.";
/// What a session's value is.
pub(crate) const VALUE_RULE: &str = "A session counts once, for its own value: that of its first event, or its entry or exit page. Without one it is `(direct)` by `referrerName`, `referrerType` and `referrer`, `(not set)` by anything else.";
/// What `totals` and `other` are.
pub(crate) const OTHER_RULE: &str = "`totals` is all groups together and `other` those beyond `limit`, each counted anew: distinct visitors do not add up.";
/// How groups of two ranges belong together.
pub(crate) const COMPARED_RULE: &str = "A group is compared with the same values in the earlier range, 0 if it had no session there; groups only the earlier range has are in `other`.";

/// A breakdown to ask for.
pub(crate) struct Breakdown<'a> {
    /// What groups the sessions; nothing: only their total is asked for.
    pub(crate) dimensions: &'a [Dimension],
    /// Which sessions.
    pub(crate) conditions: &'a Conditions,
    /// What is counted of each group, sessions besides.
    pub(crate) counted: &'a [Counted],
    /// What groups are ranked by; ties go by the values.
    pub(crate) rank: Rank,
    /// The most groups to tell apart.
    pub(crate) limit: usize,
}

/// Groups of sessions.
pub(crate) struct Groups {
    /// The first ones by rank.
    pub(crate) rows: Vec<(GroupKey, Pair)>,
    /// Whether there are more than those.
    pub(crate) more: bool,
    /// All groups together.
    pub(crate) total: Pair,
    /// Those that are no row, if now or earlier there are any.
    pub(crate) other: Option<Pair>,
    /// The newest event of the sessions.
    pub(crate) newest: Option<InstantMs>,
}

impl Groups {
    /// What to say where there is nothing to show, or nothing to compare with.
    pub(crate) fn notes(&self) -> Vec<String> {
        let is_none = |counts: &Counts| counts.sessions == 0;
        let now = is_none(&self.total.now).then_some("No such session started in this range.");
        let earlier = self
            .total
            .earlier
            .filter(is_none)
            .map(|_| "No such session started in the range compared with.");
        now.into_iter().chain(earlier).map(str::to_owned).collect()
    }
}

/// Counts of a range and of the earlier one.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pair {
    /// Those of the range.
    pub(crate) now: Counts,
    /// Those of the earlier range; none if it was not asked for, or has no such bucket.
    pub(crate) earlier: Option<Counts>,
}

impl Pair {
    /// How measures changed: those of `now` against what `measure` makes of the earlier counts, if there are any.
    pub(crate) fn changes<M: Serialize>(
        &self,
        now: &M,
        measure: impl FnOnce(&Counts) -> M,
    ) -> Result<Option<Changes>, Failure> {
        self.earlier
            .as_ref()
            .map(|earlier| changes(now, &measure(earlier)))
            .transpose()
    }
}

/// A row of a statement's answer.
#[derive(Deserialize)]
struct Row {
    d1: Option<String>,
    d2: Option<String>,
    newest: Option<String>,
    #[serde(flatten)]
    counts: Counts,
}

/// What is counted in one range.
#[derive(Default)]
struct Counting {
    groups: HashMap<GroupKey, Counts>,
    /// The groups that were not asked for, together.
    other: Counts,
    total: Counts,
    newest: Option<InstantMs>,
}

impl Breakdown<'_> {
    /// The groups of `range`, compared with the same of `earlier` if there is one.
    pub(crate) async fn of(
        &self,
        range: &Range,
        earlier: Option<&Range>,
        context: &Context<'_>,
    ) -> Result<Groups, Failure> {
        let mut shown = self.first(range, context).await?;
        let more = shown.len() > self.limit;
        shown.truncate(self.limit);
        let now = self.count(range, &shown, context).await?;
        let mut thens: Vec<Option<GroupKey>> = vec![None; shown.len()];
        let mut before = None;
        if let Some(earlier) = earlier {
            thens = self.then(&shown, range, earlier, context);
            let groups: Vec<GroupKey> = thens.iter().flatten().cloned().collect();
            before = Some(self.count(earlier, &groups, context).await?);
        }
        let before = before.as_ref();
        let rows = shown.into_iter().zip(thens).map(|(key, then)| {
            let pair = Pair {
                now: now.of(&key),
                earlier: then.zip(before).map(|(then, before)| before.of(&then)),
            };
            (key, pair)
        });
        let other = Pair {
            now: now.other,
            earlier: before.map(|before| before.other),
        };
        let has_other = [Some(other.now), other.earlier]
            .iter()
            .flatten()
            .any(|counts| counts.sessions > 0);
        Ok(Groups {
            rows: rows.collect(),
            more,
            total: Pair {
                now: now.total,
                earlier: before.map(|before| before.total),
            },
            other: has_other.then_some(other),
            newest: now.newest,
        })
    }

    /// The first groups by rank, and one more.
    async fn first(&self, range: &Range, context: &Context<'_>) -> Result<Vec<GroupKey>, Failure> {
        if self.dimensions.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<Row> = context.rows(self.ranking(range, context)).await?;
        let keys = rows
            .into_iter()
            .map(|row| GroupKey::read(self.dimensions, [row.d1, row.d2]));
        Ok(keys
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .flatten()
            .collect())
    }

    /// The groups of `earlier` that these are compared with; none for a bucket that has no counterpart.
    fn then(
        &self,
        shown: &[GroupKey],
        range: &Range,
        earlier: &Range,
        context: &Context<'_>,
    ) -> Vec<Option<GroupKey>> {
        let buckets: Vec<_> = self
            .dimensions
            .iter()
            .map(|dimension| dimension.counterparts(range, earlier, context.calendar()))
            .collect();
        shown.iter().map(|key| key.then(&buckets)).collect()
    }

    /// The counts of these groups, of all others together, and of all.
    async fn count(
        &self,
        range: &Range,
        groups: &[GroupKey],
        context: &Context<'_>,
    ) -> Result<Counting, Failure> {
        let total: Row = context.row(self.total(range, context)).await?;
        let mut counting = Counting {
            total: total.counts,
            newest: total.newest.as_deref().map(instant).transpose()?,
            ..Counting::default()
        };
        if self.dimensions.is_empty() || total.counts.sessions == 0 {
            return Ok(counting);
        }
        if groups.is_empty() {
            counting.other = counting.total;
            return Ok(counting);
        }
        let keys: Vec<String> = groups.iter().map(GroupKey::text).collect();
        let rows: Vec<Row> = context.rows(self.counts(range, &keys, context)).await?;
        for row in rows {
            match GroupKey::read(self.dimensions, [row.d1, row.d2])? {
                Some(key) => {
                    counting.groups.insert(key, row.counts);
                }
                None => counting.other = row.counts,
            }
        }
        Ok(counting)
    }
}

impl Counting {
    /// A group's counts; zeros if it has no session.
    fn of(&self, key: &GroupKey) -> Counts {
        self.groups.get(key).copied().unwrap_or_default()
    }
}
