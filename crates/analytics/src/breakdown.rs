//! Sessions by what they have in common: the mechanism of every tool that ranks groups of sessions.
//!
//! A group has a value for each of one or two [`Dimension`]s. One statement ranks the groups of a range and counts all of them
//! together; one more counts those beyond the limit, if there are any; one counts the same three of an earlier range. Distinct visitors
//! are counted for each of them, never added up. Sessions count when they **started** in the range, by their first event's values.

mod counted;
mod dimension;
mod statement;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sightline_warehouse::{InstantMs, Sql};

use crate::compare::{Changes, changes};
use crate::context::Context;
use crate::failure::Failure;
use crate::filters::Conditions;
use crate::interval::instant;
use crate::range::Range;

pub(crate) use counted::{Counted, Counts};
pub(crate) use dimension::{Dimension, GroupKey, NOT_SET, text_or};
use statement::Part;
pub(crate) use statement::{alias, key};

/// Which sessions are counted, and what a visitor is.
pub(crate) const SESSIONS_RULE: &str = "All numbers are of the sessions that **started** in the range and pass the filters: `visitors` are their distinct profiles (an empty id is nobody), `pageViews` and `revenue` what happened in them, also after the range's end. What a session lacks counts as 0.";
/// What a session's value is.
pub(crate) const VALUE_RULE: &str = "A session counts once, for the values of its first event. Without a value it is `(direct)` by `referrerName`, `referrerType` or `referrer`, `(not set)` by anything else.";
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
    /// What groups are ranked by, over the names of [`Counted`] and the dimensions' [`alias`]es; ties go by the values.
    pub(crate) rank: Sql,
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
    /// What to say where there is nothing to show.
    pub(crate) fn note(&self) -> Option<String> {
        (self.total.now.sessions == 0).then(|| "No such session started in this range.".to_owned())
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
    /// What `measure` makes of the counts, and how it changed.
    pub(crate) fn measured<M: Serialize>(
        &self,
        measure: impl Fn(&Counts) -> M,
    ) -> Result<(M, Option<Changes>), Failure> {
        let now = measure(&self.now);
        let changes = self
            .earlier
            .as_ref()
            .map(|earlier| changes(&now, &measure(earlier)))
            .transpose()?;
        Ok((now, changes))
    }
}

/// A row of a statement's answer.
#[derive(Deserialize)]
struct Row {
    /// 1 for all groups together.
    whole: i64,
    d1: Option<String>,
    d2: Option<String>,
    newest: Option<String>,
    #[serde(flatten)]
    counts: Counts,
}

/// What a statement answered.
#[derive(Default)]
struct Counting {
    groups: Vec<(GroupKey, Counts)>,
    total: Counts,
    /// The groups that were not to be told apart.
    other: Counts,
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
        let mut now = self.count(range, &Part::Ranked, context).await?;
        let more = now.groups.len() > self.limit;
        now.groups.truncate(self.limit);
        if more {
            let shown: Vec<String> = now.groups.iter().map(|(key, _)| key.text()).collect();
            let beyond = self.count(range, &Part::Beyond(&shown), context).await?;
            now.other = beyond.total;
        }
        let before = match earlier {
            Some(earlier) => Some(self.before(&now, range, earlier, context).await?),
            None => None,
        };
        let pair = |now: Counts, earlier: fn(&Before) -> Counts| Pair {
            now,
            earlier: before.as_ref().map(earlier),
        };
        let other = pair(now.other, |before| before.other);
        let has_other = more
            || other
                .earlier
                .is_some_and(|earlier| earlier.sessions > 0 && !self.dimensions.is_empty());
        Ok(Groups {
            total: pair(now.total, |before| before.total),
            other: has_other.then_some(other),
            more,
            newest: now.newest,
            rows: now
                .groups
                .into_iter()
                .map(|(key, counts)| {
                    let earlier = before
                        .as_ref()
                        .and_then(|before| before.groups.get(&key).copied());
                    (
                        key,
                        Pair {
                            now: counts,
                            earlier,
                        },
                    )
                })
                .collect(),
        })
    }

    /// The groups of `now` as they were in `earlier`.
    async fn before(
        &self,
        now: &Counting,
        range: &Range,
        earlier: &Range,
        context: &Context<'_>,
    ) -> Result<Before, Failure> {
        let buckets: Vec<Option<HashMap<InstantMs, InstantMs>>> = self
            .dimensions
            .iter()
            .map(|dimension| dimension.counterparts(range, earlier, context.calendar()))
            .collect();
        // The group each earlier one is compared with.
        let nows: HashMap<GroupKey, &GroupKey> = now
            .groups
            .iter()
            .filter_map(|(key, _)| Some((key.then(&buckets)?, key)))
            .collect();
        let mut keys: Vec<String> = nows.keys().map(GroupKey::text).collect();
        keys.sort_unstable();
        let counting = if keys.is_empty() {
            let all = self.count(earlier, &Part::Beyond(&[]), context).await?;
            Counting {
                other: all.total,
                ..all
            }
        } else {
            self.count(earlier, &Part::These(&keys), context).await?
        };
        let mut groups: HashMap<GroupKey, Counts> = nows
            .values()
            .map(|key| ((*key).clone(), Counts::default()))
            .collect();
        for (then, counts) in counting.groups {
            if let Some(key) = nows.get(&then) {
                groups.insert((*key).clone(), counts);
            }
        }
        Ok(Before {
            groups,
            total: counting.total,
            other: counting.other,
        })
    }

    async fn count(
        &self,
        range: &Range,
        part: &Part<'_>,
        context: &Context<'_>,
    ) -> Result<Counting, Failure> {
        let rows: Vec<Row> = context.rows(self.statement(range, part, context)).await?;
        let mut counting = Counting::default();
        for row in rows {
            let values = [row.d1, row.d2];
            if row.whole == 1 {
                counting.total = row.counts;
                counting.newest = row.newest.as_deref().map(instant).transpose()?;
            } else if let Some(key) = GroupKey::read(self.dimensions, values)? {
                counting.groups.push((key, row.counts));
            } else {
                counting.other = row.counts;
            }
        }
        Ok(counting)
    }
}

/// What an earlier range had.
struct Before {
    /// By the group they are compared with; a group without a counterpart is absent.
    groups: HashMap<GroupKey, Counts>,
    total: Counts,
    other: Counts,
}
