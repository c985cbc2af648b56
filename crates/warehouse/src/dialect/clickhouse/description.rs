//! What texts are like, written with ClickHouse's aggregates.

use crate::dialect::FEW_VALUES;
use crate::sql;
use crate::sql::Sql;

/// What a date begins with.
const DATE: &str = r"^\\d{4}-\\d{2}-\\d{2}([T ]\\d{2}:\\d{2}.*)?$";

/// See [`crate::Dialect::describe_values`].
///
/// `topK` counts exactly as long as there are no more values than it has places for.
pub(super) fn describe_values(value: &Sql) -> Sql {
    let one_more = FEW_VALUES + 1;
    let present = sql!("isNotNull({value})", value);
    let value = sql!("assumeNotNull(toString({value}))", value);
    let all = |reads: Sql| sql!("countIf({present} AND NOT ({reads})) = 0", present, reads);
    let number = all(sql!("isNotNull(toFloat64OrNull({value}))", value));
    let truth = all(sql!("lower({value}) IN ('true', 'false')", value));
    let date = all(sql!("match({value}, '(?-s){DATE}')", value, DATE));
    sql!(
        "arrayMap((values, counted) -> CAST(tuple(countIf({present}), \
         if(length(values) <= {FEW_VALUES}, length(values), greatest(uniqCombined64If({value}, {present}), {one_more})), \
         length(values) <= {FEW_VALUES}, multiIf({number}, 'number', {truth}, 'boolean', {date}, 'date', 'text'), \
         if(length(values) <= {FEW_VALUES}, arraySlice(arrayMap(of -> of.1, arraySort(of -> (-toInt64(of.2), of.1), counted)), 1, 3), \
         [minIf({value}, {present}), arraySort(values)[intDiv({FEW_VALUES}, 2)], maxIf({value}, {present})])), \
         'Tuple(carriers Int64, distinct_values Int64, is_exact Bool, likely_type String, examples Array(String))'), \
         [groupUniqArrayIf({one_more})({value}, {present})], [topKIf({FEW_VALUES}, 3, 'counts')({value}, {present})])[1]",
        present,
        FEW_VALUES,
        value,
        one_more,
        number,
        truth,
        date
    )
}
