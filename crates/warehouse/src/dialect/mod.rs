//! Where two warehouses' SQL differs.
//!
//! A tool is written once, in DataFusion's SQL, and asks the dialect for what other engines spell otherwise. Nothing else may
//! branch on the engine. Every method takes and returns fragments, never text from outside.

mod clickhouse;
mod datafusion;

pub use clickhouse::ClickHouseDialect;
pub use datafusion::DataFusionDialect;

use crate::calendar::{Interval, WeekStart};
use crate::cohorts::CohortRule;
use crate::funnel::FunnelRule;
use crate::journey::JourneyRule;
use crate::sql;
use crate::sql::{Placeholder, Sql};
use crate::stretches::StretchRule;
use crate::value::Value;

/// So many distinct values are few: [`Dialect::describe_values`] counts them exactly.
pub const FEW_VALUES: usize = 1_000;

/// The differences between warehouses' SQL.
pub trait Dialect {
    /// The name `get_schema` gives a model that is going to write SQL.
    fn name(&self) -> &'static str;

    /// What stands in the text for the value bound at `position` (the first is 1).
    fn placeholder(&self, position: usize, value: &Value) -> String;

    /// The instant at which the bucket of `time` starts, in the named timezone.
    ///
    /// Equal to [`crate::Calendar::bucket_start`] for every instant.
    fn bucket(
        &self,
        time: &Sql,
        interval: Interval,
        timezone: &Placeholder,
        week_start: WeekStart,
    ) -> Sql;

    /// The whole milliseconds from 1970-01-01T00:00:00Z to an instant, a 64-bit integer.
    fn epoch_ms(&self, time: &Sql) -> Sql;

    /// The text under `key` in a map (or JSON) column; null where the key is absent.
    fn property(&self, column: &Sql, key: &Placeholder) -> Sql;

    /// One row per key of a map (or JSON) column: an expression for `SELECT`, not for `WHERE`.
    fn unnest_keys(&self, column: &Sql) -> Sql;

    /// Whether the list column holds `value`.
    fn list_contains(&self, column: &Sql, value: &Placeholder) -> Sql;

    /// What stands for a text, an id, where it is only told apart and never shown: in groups, joins and `IN`. Null for null. Both sides of
    /// a comparison need it.
    fn identity(&self, text: &Sql) -> Sql;

    /// Exact number of distinct non-null values.
    fn count_distinct(&self, expression: &Sql) -> Sql;

    /// Approximate number of distinct non-null values, with the standard error stated by
    /// [`Dialect::approximate_distinct_error_percent`].
    fn approximate_count_distinct(&self, expression: &Sql) -> Sql;

    /// The standard error of [`Dialect::approximate_count_distinct`], in percent.
    fn approximate_distinct_error_percent(&self) -> f64;

    /// One row per entry of a list column: an expression for `SELECT`, not for `WHERE`.
    fn unnest_list(&self, column: &Sql) -> Sql;

    /// One row per entry of a map (or JSON) column, a structure to be read with [`Dialect::entry_key`] and
    /// [`Dialect::entry_value`]: an expression for `SELECT`, not for `WHERE`.
    fn unnest_entries(&self, column: &Sql) -> Sql;

    /// The key of an entry.
    fn entry_key(&self, entry: &Sql) -> Sql;

    /// The value of an entry, as text.
    fn entry_value(&self, entry: &Sql) -> Sql;

    /// Whether two lists have an entry in common (null where one of them is).
    fn lists_overlap(&self, one: &Sql, other: &Sql) -> Sql;

    /// The values of all rows as one list: an aggregate.
    fn collect(&self, expression: &Sql) -> Sql;

    /// Whether a list of texts has an entry that is not empty.
    fn has_texts(&self, column: &Sql) -> Sql;

    /// The number a text reads as, or null.
    fn as_number(&self, text: &Sql) -> Sql;

    /// The text of any scalar column.
    fn as_text(&self, expression: &Sql) -> Sql;

    /// Whether `text` contains `part`, ignoring case; no character is special.
    fn contains(&self, text: &Sql, part: &Placeholder) -> Sql;

    /// Whether `text` begins with `part`, ignoring case; no character is special.
    fn starts_with(&self, text: &Sql, part: &Placeholder) -> Sql;

    /// Whether `text` ends with `part`, ignoring case; no character is special.
    fn ends_with(&self, text: &Sql, part: &Placeholder) -> Sql;

    /// Whether `text` matches the regular expression `pattern` anywhere (linear-time engines only).
    fn matches(&self, text: &Sql, pattern: &Placeholder) -> Sql;

    /// The value of `value` in the row in which `order` is greatest.
    fn latest(&self, value: &Sql, order: &Sql) -> Sql;

    /// The value of `value` in the row after, among the rows with the same `partition`, in the ascending order of `order`; null in the
    /// last.
    fn next(&self, value: &Sql, partition: &Sql, order: &Sql) -> Sql;

    /// The entry of a list at `position`, from 1; null where the list is shorter.
    fn element(&self, list: &Sql, position: u8) -> Sql;

    /// A field of a structure.
    fn field(&self, structure: &Sql, name: &'static str) -> Sql;

    /// Fields of the structure in the column `structure`, each as a column with the name beside it: expressions for `SELECT`.
    fn fields(&self, structure: &'static str, named: &[(&'static str, &'static str)]) -> Sql {
        let each = named.iter().map(|(name, column)| {
            let field = self.field(&Sql::from(structure), name);
            sql!("{field} AS {column}", field, column)
        });
        Sql::join(each, ", ")
    }

    /// How far an entity got in a funnel: an aggregate over its events, which are at `at_ms` (64-bit), can be the `steps` whose bits
    /// are set (a whole number; bit 0 is the first) and have a `value`. The best attempt is a structure: `times`, when each step was
    /// taken (a list of 64-bit integers, empty if it never began), and `value`, what it began with; of several at that instant the
    /// smallest.
    fn funnel(&self, at_ms: &Sql, steps: &Sql, value: &Sql, rule: &FunnelRule) -> Sql;

    /// The way through a session: an aggregate over its events, which are at `at_ms` (64-bit), have marks ([`crate::START`],
    /// [`crate::END`]) and are called `node`; those of one instant are in the order of their nodes. A list of structures: `step` from
    /// 1, `node`, `next` (null where the way ends) and whether it is the `first`.
    fn journey(&self, at_ms: &Sql, marks: &Sql, node: &Sql, rule: &JourneyRule) -> Sql;

    /// How long the pages of a session were looked at: an aggregate over its views, which are at `at_ms` (64-bit), of the page
    /// `origin` and `path`, and `counts` (1 or 0); those of one instant are in the order of their pages. A list of structures, one
    /// for each page with a view that counts: `origin`, `path`, and of the views that count how many there are (`views`), how many
    /// have another view after them (`timed`), and how long it was until then, summed (`time_ms`).
    fn page_times(&self, at_ms: &Sql, counts: &Sql, origin: &Sql, path: &Sql) -> Sql;

    /// The pages that a conversion is credited to: an aggregate over what a profile did at `at_ms` (64-bit), which are views of the page
    /// `origin` and `path`, conversions, or both (`kinds`: the sum of [`crate::VIEW`] and [`crate::CONVERSION`]). A list of
    /// structures, one for each page with a view before a conversion, at most `window_ms` before: `origin` and `path`.
    fn credited_pages(
        &self,
        at_ms: &Sql,
        kinds: &Sql,
        origin: &Sql,
        path: &Sql,
        window_ms: i64,
    ) -> Sql;

    /// When an entity begins to count as active, and when it ends: an aggregate over the days on which it was seen, which are numbered
    /// (64-bit). A list of structures, one for each of them: `day`, and 1 or 0 for `opened` and `closed`, whether a stretch
    /// ([`crate::stretches`]) opens with it and whether one closes `gap` days after it.
    fn stretches(&self, day: &Sql, rule: &StretchRule) -> Sql;

    /// When an entity began, and the periods in which it came back: an aggregate over what it did at `at_ms` (64-bit), which is a begin, a
    /// return, or both (`marks`: the sum of [`crate::cohorts::BEGINS`] and [`crate::cohorts::RETURNS`]). A list of structures of the
    /// `cohort`, the place (from 0) of the period it first began in. The first has as `last_ms` when it last came back, then or later,
    /// and null as `period`; each of the others has a `period` in which it came back. Empty where it first began in no cohort's period.
    fn cohort_returns(&self, at_ms: &Sql, marks: &Sql, rule: &CohortRule) -> Sql;

    /// What texts, or numbers of 64 bits, are like, nulls left out: an aggregate. A structure: `carriers`, how many there are (64-bit);
    /// `distinct_values`, how many different ones, and whether that `is_exact`, as it is up to [`FEW_VALUES`], and else as good as
    /// [`Dialect::approximate_count_distinct`]; the `likely_type` all texts read as, `number`, `boolean`, `date` or else `text`; and up
    /// to three `examples`: of few values the commonest, those that sort first among equally common ones; of many texts the first in
    /// order, one between, and the last. Null, or with no carriers, where there are no values.
    fn describe_values(&self, value: &Sql) -> Sql;

    /// The `percent`-th percentile, interpolated linearly between neighbours.
    fn percentile(&self, expression: &Sql, percent: u8) -> Sql;
}
