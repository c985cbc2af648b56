//! The aggregates over moments, written with ClickHouse's arrays by the rules of [`crate::funnel`] and [`crate::journey`].
//!
//! A group's moments are collected as tuples, sorted, and folded or mapped. An absent text sorts before every other, as it does
//! there: it is `(0, '')` where a present one is `(1, text)`.

use crate::cohorts::{BEGINS, CohortRule, RETURNS, Returns};
use crate::credit::{CONVERSION, VIEW};
use crate::funnel::FunnelRule;
use crate::journey::{END, JourneyMode, JourneyRule, START};
use crate::sql;
use crate::sql::Sql;
use crate::stretches::StretchRule;

/// Before every instant: when what never was happened.
const LONG_AGO: i64 = -i64::MAX;

/// A text that may be absent, in the order of texts.
fn ordered(text: &Sql) -> Sql {
    sql!(
        "tuple(toUInt8(isNotNull({text})), ifNull(toString({text}), ''))",
        text
    )
}

/// The text that [`ordered`] made.
fn text_of(ordered: &Sql) -> Sql {
    sql!(
        "if({ordered}.1 = 0, NULL, toNullable({ordered}.2))",
        ordered
    )
}

/// See [`crate::Dialect::funnel`].
///
/// The moments of one instant are taken together. State is, for each number of steps, the attempt that began last among those that
/// have taken them (`times`, empty where there is none, and what it began with), and the best attempt so far, which is seen to one
/// instant late; a last instant without moments makes up for it.
pub(super) fn funnel(at_ms: &Sql, steps: &Sql, value: &Sql, rule: &FunnelRule) -> Sql {
    let count = rule.steps;
    let value = ordered(value);
    let moments = sql!(
        "arraySort(groupArray(tuple(assumeNotNull(toInt64({at_ms})), assumeNotNull(toUInt16({steps})), {value})))",
        at_ms,
        steps,
        value
    );
    // `(at, what each moment can be, the smallest value it can begin with)`; a value beyond all texts where it cannot begin.
    let instants = sql!(
        "arrayPushBack(arrayMap(together -> tuple(together[1].1, arrayMap(moment -> moment.2, together), \
         arrayMin(arrayMap(moment -> if(bitAnd(moment.2, 1) = 1, moment.3, tuple(toUInt8(2), '')), together))), \
         arraySplit((moment, later) -> later != 0, {moments}, arrayDifference(arrayMap(moment -> moment.1, {moments})))), \
         tuple(toInt64(0), emptyArrayUInt16(), tuple(toUInt8(2), '')))",
        moments
    );
    let attempts = Sql::join((1..=count).map(|taken| candidate_of(taken, rule)), ", ");
    let attempt_type = "Tuple(Array(Int64), Tuple(UInt8, String))";
    let folded = sql!(
        "arrayFold((state, now) -> CAST(tuple([{attempts}], \
         if(arrayCount(attempt -> notEmpty(attempt.1), state.1) > length(state.2.1), \
         state.1[arrayCount(attempt -> notEmpty(attempt.1), state.1)], state.2)), \
         'Tuple(Array({attempt_type}), {attempt_type})'), {instants}, \
         CAST(tuple(arrayWithConstant({count}, tuple(emptyArrayInt64(), tuple(toUInt8(2), ''))), tuple(emptyArrayInt64(), tuple(toUInt8(2), ''))), \
         'Tuple(Array({attempt_type}), {attempt_type})')).2",
        attempts,
        attempt_type,
        instants,
        count
    );
    let value = text_of(&sql!("attempt.2"));
    sql!(
        "arrayMap(attempt -> CAST(tuple(attempt.1, {value}), 'Tuple(times Array(Int64), value Nullable(String))'), [{folded}])[1]",
        value,
        folded
    )
}

/// The attempt that has taken `taken` steps after this instant: the one before, or one that comes to it now and began later.
///
/// Of those that began at once the one before stays, then the one with the fewest steps to take.
fn candidate_of(taken: u8, rule: &FunnelRule) -> Sql {
    let coming = (0..taken).rev().map(|before| {
        let steps_more = taken - before;
        let can = can_take(before, steps_more, rule);
        if before == 0 {
            sql!(
                "if({can}, tuple(arrayWithConstant({taken}, now.1), now.3), tuple(emptyArrayInt64(), now.3))",
                can,
                taken
            )
        } else {
            sql!(
                "if({can}, tuple(arrayConcat(state.1[{before}].1, arrayWithConstant({steps_more}, now.1)), state.1[{before}].2), \
                 tuple(emptyArrayInt64(), now.3))",
                can,
                before,
                steps_more
            )
        }
    });
    let candidates = Sql::join(coming, ", ");
    // The first of those that began last: an array's search finds the first.
    sql!(
        "arrayMap(these -> these[indexOf(arrayMap(attempt -> if(empty(attempt.1), {LONG_AGO}, attempt.1[1]), these), \
         arrayMax(arrayMap(attempt -> if(empty(attempt.1), {LONG_AGO}, attempt.1[1]), these)))], \
         [[state.1[{taken}], {candidates}]])[1]",
        taken,
        candidates,
        LONG_AGO
    )
}

/// Whether an attempt with `before` steps can take `more` steps at this instant, each with a moment of its own.
///
/// That can be done, by Hall's theorem, if for every set of these steps there are at least as many moments that can be one of them.
fn can_take(before: u8, more: u8, rule: &FunnelRule) -> Sql {
    if rule.strict && more > 1 {
        return Sql::from("0");
    }
    let window_ms = rule.window_ms;
    let begun = if before == 0 {
        Sql::from("now.3.1 != 2")
    } else {
        sql!(
            "notEmpty(state.1[{before}].1) AND now.1 - state.1[{before}].1[1] <= {window_ms}",
            before,
            window_ms
        )
    };
    if more == 1 {
        let bit = 1_u32 << before;
        return sql!(
            "{begun} AND arrayExists(steps -> bitAnd(steps, {bit}) != 0, now.2)",
            begun,
            bit
        );
    }
    let sets = 1_u32 << more;
    sql!(
        "{begun} AND length(now.2) >= {more} AND arrayAll(these -> arrayCount(steps -> bitAnd(steps, bitShiftLeft(these, {before})) != 0, now.2) \
         >= bitCount(these), range(toUInt16(1), toUInt16({sets})))",
        begun,
        more,
        before,
        sets
    )
}

/// See [`crate::Dialect::journey`].
pub(super) fn journey(at_ms: &Sql, marks: &Sql, node: &Sql, rule: &JourneyRule) -> Sql {
    let steps = rule.steps;
    let moments = sql!(
        "arraySort(groupArray(tuple(assumeNotNull(toInt64({at_ms})), assumeNotNull(toString({node})), assumeNotNull(toUInt16({marks})))))",
        at_ms,
        node,
        marks
    );
    let nodes = sql!("arrayMap(moment -> moment.2, {moments})", moments);
    // `(node, is a start, is an end)`, of equal nodes one after the other one.
    let way = sql!(
        "arrayMap(same -> tuple(same[1].2, arrayExists(moment -> bitAnd(moment.3, {START}) != 0, same), \
         arrayExists(moment -> bitAnd(moment.3, {END}) != 0, same)), \
         arraySplit((moment, node, before) -> node != before, {moments}, {nodes}, \
         arrayPopBack(arrayPushFront({nodes}, if(empty({nodes}), '', {nodes}[1])))))",
        START,
        END,
        moments,
        nodes
    );
    let start = "arrayFirstIndex(at -> at.2, way)";
    let (first, last) = match rule.mode {
        JourneyMode::After => (start, "length(way)"),
        JourneyMode::Before => ("1", start),
        JourneyMode::Between => (
            start,
            "arrayFirstIndex((at, place) -> at.3 AND place > arrayFirstIndex(at -> at.2, way), way, arrayEnumerate(way))",
        ),
    };
    // How much later than its place in the part a hop's step is: before a start, steps end with the start.
    let shift = match rule.mode {
        JourneyMode::Before => {
            sql!("{steps} - toInt64(part.2) + toInt64(part.1) - 1", steps)
        }
        JourneyMode::After | JourneyMode::Between => Sql::from("0"),
    };
    sql!(
        "arrayMap(way -> arrayMap(part -> arrayMap(place -> CAST(tuple(toInt64(place) - toInt64(part.1) + 1 + {shift}, way[place].1, \
         if(place < part.2, toNullable(way[place + 1].1), NULL), place = part.1), \
         'Tuple(step UInt8, node String, next Nullable(String), first Bool)'), \
         arrayFilter(place -> (toInt64(place) - toInt64(part.1) + 1 + {shift}) BETWEEN 1 AND {steps}, \
         if({start} = 0 OR part.2 = 0, emptyArrayUInt64(), range(toUInt64(part.1), toUInt64(part.2) + 1)))), \
         [tuple({first}, {last})])[1], [{way}])[1]",
        shift,
        steps,
        start,
        first,
        last,
        way
    )
}

/// See [`crate::Dialect::page_times`].
pub(super) fn page_times(at_ms: &Sql, counts: &Sql, origin: &Sql, path: &Sql) -> Sql {
    let (origin, path) = (ordered(origin), ordered(path));
    let moments = sql!(
        "arraySort(arrayFilter(moment -> moment.5, groupArray(tuple(assumeNotNull(toInt64({at_ms})), {origin}, {path}, \
         assumeNotNull(toUInt8({counts})), isNotNull({counts})))))",
        at_ms,
        origin,
        path,
        counts
    );
    // `(page, whether there is a next view, how long until then)` of the views that count.
    let views = sql!(
        "arrayMap(moments -> arrayFilter(view -> view.4 = 1, arrayMap((moment, next_ms, place) -> tuple(tuple(moment.2, moment.3), \
         toInt64(place < length(moments)), if(place < length(moments), next_ms - moment.1, 0), moment.4), moments, \
         arrayPopFront(arrayPushBack(arrayMap(moment -> moment.1, moments), 0)), arrayEnumerate(moments))), [{moments}])",
        moments
    );
    let (origin, path) = (text_of(&sql!("page.1")), text_of(&sql!("page.2")));
    sql!(
        "arrayMap(views -> arrayMap(page -> CAST(tuple({origin}, {path}, arrayCount(view -> view.1 = page, views), \
         arraySum(view -> if(view.1 = page, view.2, 0), views), arraySum(view -> if(view.1 = page, view.3, 0), views)), \
         'Tuple(origin Nullable(String), path Nullable(String), views Int64, timed Int64, time_ms Int64)'), \
         arrayDistinct(arrayMap(view -> view.1, views))), {views})[1]",
        origin,
        path,
        views
    )
}

/// See [`crate::Dialect::credited_pages`].
///
/// Conversions come before the views of their instant, so that the conversions after a view are those of later instants.
pub(super) fn credited_pages(
    at_ms: &Sql,
    kinds: &Sql,
    origin: &Sql,
    path: &Sql,
    window_ms: i64,
) -> Sql {
    let (page_origin, page_path) = (ordered(origin), ordered(path));
    let moments = sql!(
        "arraySort(moment -> (moment.1, moment.2), arrayFlatten(groupArray(arrayFilter(moment -> moment.5, [\
         tuple(assumeNotNull(toInt64({at_ms})), toUInt8(0), {page_origin}, {page_path}, bitAnd(assumeNotNull(toUInt8({kinds})), {CONVERSION}) != 0), \
         tuple(assumeNotNull(toInt64({at_ms})), toUInt8(1), {page_origin}, {page_path}, bitAnd(assumeNotNull(toUInt8({kinds})), {VIEW}) != 0)]))))",
        at_ms,
        page_origin,
        page_path,
        kinds,
        CONVERSION,
        VIEW
    );
    let (origin, path) = (text_of(&sql!("page.1")), text_of(&sql!("page.2")));
    // Of each moment when the next conversion is, itself included where it is one; long ago where there is none.
    sql!(
        "arrayMap(page -> CAST(tuple({origin}, {path}), 'Tuple(origin Nullable(String), path Nullable(String))'), \
         arrayMap(moments -> arrayDistinct(arrayMap(view -> tuple(view.3, view.4), arrayFilter((moment, next_ms) -> moment.2 = 1 \
         AND next_ms != {LONG_AGO} AND next_ms - moment.1 <= {window_ms}, moments, \
         arrayReverseFill(next_ms -> next_ms != {LONG_AGO}, \
         arrayMap(moment -> if(moment.2 = 0, moment.1, {LONG_AGO}), moments))))), [{moments}])[1])",
        origin,
        path,
        window_ms,
        LONG_AGO,
        moments
    )
}

/// See [`crate::Dialect::stretches`].
pub(super) fn stretches(day: &Sql, rule: &StretchRule) -> Sql {
    let (days, gap) = (i64::from(rule.days), i64::from(rule.gap));
    sql!(
        "arrayMap(seen -> arrayMap((day, before, after) -> CAST(tuple(day, toInt64(day - before >= {gap}), toInt64(after - day >= {gap})), \
         'Tuple(day Int64, opened Int64, closed Int64)'), seen, arrayPopBack(arrayPushFront(seen, toInt64(-{gap}))), \
         arrayPopFront(arrayPushBack(seen, toInt64({days} + {gap})))), [arraySort(groupUniqArray(assumeNotNull(toInt64({day}))))])[1]",
        gap,
        days,
        day
    )
}

/// See [`crate::Dialect::cohort_returns`].
///
/// Of each period the last return is kept, by its place from 1.
pub(super) fn cohort_returns(at_ms: &Sql, marks: &Sql, rule: &CohortRule) -> Sql {
    let bounds = rule.bounds_ms.iter().map(|bound| sql!("{bound}", bound));
    let bounds = Sql::join(bounds, ", ");
    let bounds = sql!("CAST([{bounds}], 'Array(Int64)')", bounds);
    let (cohorts, periods) = (rule.cohorts, rule.periods());
    let has = |mark: i64| {
        sql!(
            "bitAnd(assumeNotNull(toUInt8({marks})), {mark}) != 0",
            marks,
            mark
        )
    };
    let (begins, comes_back) = (has(BEGINS), has(RETURNS));
    let place_of = |at: &Sql| sql!("arrayCount(bound -> bound <= {at}, {bounds})", at, bounds);
    let at = sql!("assumeNotNull(toInt64({at_ms}))", at_ms);
    let (place, cohort) = (place_of(&at), place_of(&Sql::from("first")));
    // The first of the periods that are told.
    let told = match rule.returns {
        Returns::Each | Returns::EachBegins => "1",
        Returns::Last => "-1",
    };
    let row = "Tuple(cohort Int64, period Nullable(Int64), last_ms Nullable(Int64))";
    sql!(
        "arrayMap((first, lasts) -> arrayMap((cohort, returned) -> if(cohort BETWEEN 1 AND {cohorts}, arrayConcat(\
         [CAST(tuple(cohort - 1, NULL, if(empty(returned), NULL, toNullable(arrayMax(at -> at.2, returned)))), '{row}')], \
         arrayMap(at -> CAST(tuple(cohort - 1, at.1 - 1, NULL), '{row}'), arraySlice(returned, {told}))), []), \
         [toInt64({cohort})], [arrayFilter(at -> at.1 <= {periods} AND at.2 >= first, arrayZip(lasts.1, lasts.2))])[1], \
         [ifNull(minIf({at}, {begins}), toInt64({LONG_AGO}))], [maxMapIf([toInt64({place})], [{at}], {comes_back})])[1]",
        cohorts,
        row,
        told,
        cohort,
        periods,
        at,
        begins,
        LONG_AGO,
        place,
        comes_back
    )
}
