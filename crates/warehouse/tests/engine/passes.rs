//! What takes more memory than there is, in passes: the same answers as with memory enough.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use futures::executor::block_on;
use object_store::memory::InMemory;
use serde_json::Value as Json;
use sightline_warehouse::parquet::ParquetProject;
use sightline_warehouse::{Limits, ResultSet, Warehouse, sql};

use super::support::{DAY_MS, NOVEMBER_MS, file, instants, put, statement, texts, with_memory};

const DAYS: i64 = 20;
const ROWS: i64 = 2_000;
const PEOPLE: i64 = 6_000;

/// Events of many people and visits, and the visits where `stores_sessions`.
fn many_people(stores_sessions: bool) -> InMemory {
    let store = InMemory::new();
    for day in 0..DAYS {
        let path = format!("events/day=2026-11-{:02}/part.parquet", day + 1);
        put(&store, &path, file(&events(day, stores_sessions)));
        if stores_sessions {
            let path = format!("sessions/day=2026-11-{:02}/part.parquet", day + 1);
            put(&store, &path, file(&sessions(day)));
        }
    }
    store
}

/// The person of an event: of every ninth none, of some the same as of many others.
fn person(day: i64, row: i64) -> Option<i64> {
    (row % 9 != 0).then_some((row * 7 + day * 1_234) % PEOPLE)
}

fn events(day: i64, names_sessions: bool) -> RecordBatch {
    let at = |row| NOVEMBER_MS + day * DAY_MS + row * (DAY_MS / ROWS);
    let person_id = |row| person(day, row).map(|person| format!("person-{person}"));
    let visit_id = |row| Some(format!("visit-{day}-{}", (row * 7) % PEOPLE / 20));
    let name = |row| Some(["screen_view", "signup", "purchase"][(row % 7 % 3) as usize].to_owned());
    let mut columns = vec![
        ("timestamp", instants((0..ROWS).map(at))),
        (
            "event_id",
            texts((0..ROWS).map(|row| Some(format!("{day}-{row}")))),
        ),
        ("name", texts((0..ROWS).map(name))),
        ("profile_id", texts((0..ROWS).map(person_id))),
        (
            "path",
            texts((0..ROWS).map(|row| Some(format!("/p/{}", row % 40)))),
        ),
        (
            "amount",
            Arc::new(Int64Array::from_iter_values(0..ROWS)) as ArrayRef,
        ),
    ];
    columns.push(if names_sessions {
        ("session_id", texts((0..ROWS).map(visit_id)))
    } else {
        ("device_id", texts((0..ROWS).map(person_id)))
    });
    RecordBatch::try_from_iter_with_nullable(
        columns
            .into_iter()
            .map(|(name, column)| (name, column, true)),
    )
    .unwrap()
}

fn sessions(day: i64) -> RecordBatch {
    let visits = PEOPLE / 20;
    let at = |visit| NOVEMBER_MS + day * DAY_MS + visit * 1_000;
    RecordBatch::try_from_iter_with_nullable([
        ("started_at", instants((0..visits).map(at)), true),
        (
            "ended_at",
            instants((0..visits).map(|visit| at(visit) + 60_000)),
            true,
        ),
        (
            "session_id",
            texts((0..visits).map(|visit| Some(format!("visit-{day}-{visit}")))),
            true,
        ),
        (
            "profile_id",
            texts((0..visits).map(|visit| Some(format!("person-{}", day * visits + visit)))),
            true,
        ),
        (
            "duration_ms",
            Arc::new(Int64Array::from_iter_values(0..visits)) as ArrayRef,
            true,
        ),
    ])
    .unwrap()
}

/// Asks with memory enough and with too little, in `order` or whatever order rows come in.
fn assert_same(
    stores_sessions: bool,
    in_order: bool,
    memory_bytes: usize,
    ask: impl Fn(&ParquetProject) -> ResultSet,
) {
    let roomy = ask(&with_memory(many_people(stores_sessions), 100_000_000));
    let narrow = ask(&with_memory(many_people(stores_sessions), memory_bytes));
    let sorted = |mut rows: Vec<Vec<Json>>| {
        if !in_order {
            rows.sort_by_key(|row| serde_json::to_string(row).unwrap());
        }
        rows
    };
    assert!(!roomy.rows.is_empty());
    assert!(
        narrow.scanned.rows > roomy.scanned.rows,
        "{memory_bytes} bytes were enough to do it at once"
    );
    assert_eq!(sorted(narrow.rows), sorted(roomy.rows));
}

fn assert_same_rows(memory_bytes: usize, sql: &str) {
    let ask = |project: &ParquetProject| {
        block_on(project.run_sql(sql, 0, 100_000, &limits()))
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
    };
    assert_same(true, sql.contains("ORDER BY"), memory_bytes, ask);
}

fn limits() -> Limits {
    Limits {
        rows: 100_000,
        result_bytes: 100_000_000,
        ..Limits::default()
    }
}

#[test]
fn groups_are_told_in_parts() {
    assert_same_rows(
        400_000,
        "SELECT profile_id, count(*) AS n, min(path), sum(amount) FROM events GROUP BY profile_id",
    );
    assert_same_rows(
        700_000,
        "SELECT profile_id, name, count(*) AS n FROM events GROUP BY profile_id, name",
    );
    assert_same_rows(
        400_000,
        "SELECT n, count(*) AS people FROM (SELECT profile_id, count(*) AS n FROM events GROUP BY profile_id) GROUP BY n ORDER BY n",
    );
    assert_same_rows(
        400_000,
        "SELECT count(*) AS people FROM (SELECT DISTINCT profile_id FROM events)",
    );
}

#[test]
fn the_largest_groups_of_all_parts_come_first() {
    assert_same_rows(
        400_000,
        "SELECT profile_id, count(*) AS n FROM events GROUP BY profile_id ORDER BY n DESC, profile_id LIMIT 25",
    );
    assert_same_rows(
        700_000,
        "SELECT profile_id, count(*) AS n FROM events GROUP BY profile_id HAVING count(*) > 6 ORDER BY profile_id",
    );
}

#[test]
fn joins_of_every_kind_are_made_in_parts() {
    for kind in ["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"] {
        assert_same_rows(
            600_000,
            &format!(
                "SELECT count(*) AS rows, count(e.n) AS of_events, count(s.n) AS of_sessions, sum(e.n) AS events, sum(s.n) AS sessions \
                 FROM (SELECT profile_id, count(*) AS n FROM events WHERE name <> 'signup' GROUP BY profile_id) e \
                 {kind} (SELECT profile_id, count(*) AS n FROM sessions GROUP BY profile_id) s ON e.profile_id = s.profile_id"
            ),
        );
    }
    for condition in ["EXISTS", "NOT EXISTS"] {
        assert_same_rows(
            500_000,
            &format!(
                "SELECT count(*) AS n, sum(amount) AS amount FROM events e WHERE {condition} (SELECT 1 FROM events p \
                 WHERE p.profile_id = e.profile_id AND p.name = 'purchase')"
            ),
        );
    }
    assert_same_rows(
        700_000,
        "SELECT count(*) AS n FROM events e JOIN (SELECT profile_id, max(amount) AS most FROM events GROUP BY profile_id) m \
         ON e.profile_id = m.profile_id AND e.amount < m.most",
    );
}

#[test]
fn windows_over_a_person_are_worked_out_in_parts() {
    assert_same_rows(
        900_000,
        "SELECT gap_s, count(*) AS n FROM (SELECT (to_unixtime(timestamp) - to_unixtime(lag(timestamp) OVER (PARTITION BY profile_id \
         ORDER BY timestamp))) / 3600 AS gap_s FROM events) GROUP BY gap_s ORDER BY gap_s",
    );
    assert_same_rows(
        900_000,
        "SELECT sum(n) AS n FROM (SELECT count(*) OVER (PARTITION BY profile_id) AS n FROM events)",
    );
    // Both halves of a union take part.
    assert_same_rows(
        900_000,
        "SELECT sum(place) AS places FROM (SELECT row_number() OVER (PARTITION BY who ORDER BY at, what) AS place FROM (\
         SELECT profile_id AS who, timestamp AS at, 1 AS what FROM events UNION ALL \
         SELECT profile_id, started_at, 2 FROM sessions))",
    );
}

#[test]
fn rows_that_come_in_the_order_of_a_window_stay_in_order() {
    // The sort for the window serves for the answer as well: in parts its rows would come part by part.
    let sql = "SELECT profile_id, timestamp, row_number() OVER (PARTITION BY profile_id ORDER BY timestamp) AS place FROM events \
               WHERE name = 'purchase' ORDER BY profile_id, timestamp";
    let narrow = with_memory(many_people(true), 900_000);
    let roomy = with_memory(many_people(true), 100_000_000);
    let ask = |project: &ParquetProject| block_on(project.run_sql(sql, 0, 100_000, &limits()));
    let expected = ask(&roomy).unwrap().rows;
    match ask(&narrow) {
        Ok(result) => assert_eq!(result.rows, expected),
        Err(refusal) => assert!(refusal.to_string().contains("memory"), "{refusal}"),
    }
}

#[test]
fn times_and_ways_of_visits_are_worked_out_in_parts() {
    for stores_sessions in [true, false] {
        assert_same(stores_sessions, true, 1_000_000, |project| {
            let statement = statement(project, |_| {
                sql!(
                    "SELECT page['path'] AS path, sum(page['views']) AS views, sum(page['timed']) AS timed, \
                     sum(page['time_ms']) AS time_ms FROM (SELECT visit, unnest(pages) AS page FROM (\
                     SELECT identity(session_id) AS visit, page_times(CAST(timestamp AS BIGINT), 1, path, path) AS pages \
                     FROM events WHERE session_id <> '' GROUP BY visit)) GROUP BY page['path'] ORDER BY path"
                )
            });
            block_on(project.run(statement, &limits())).unwrap()
        });
        assert_same(stores_sessions, true, 1_000_000, |project| {
            let statement = statement(project, |_| {
                sql!(
                    "SELECT hop['step'] AS step, hop['node'] AS node, count(*) AS n FROM (SELECT unnest(way) AS hop FROM (\
                     SELECT identity(session_id) AS visit, journey(CAST(timestamp AS BIGINT), 3, name, 0, 4) AS way FROM events \
                     WHERE identity(session_id) IN (SELECT identity(session_id) FROM events WHERE name = 'purchase' \
                     GROUP BY identity(session_id)) GROUP BY visit)) GROUP BY step, node ORDER BY step, node"
                )
            });
            block_on(project.run(statement, &limits())).unwrap()
        });
    }
}

#[test]
fn sessions_that_follow_from_events_are_grouped_in_parts() {
    assert_same(false, true, 2_000_000, |project| {
        let sql = "SELECT n, count(*) AS people FROM (SELECT session_id, count(*) AS n FROM sessions GROUP BY session_id) \
                   GROUP BY n ORDER BY n";
        block_on(project.run_sql(sql, 0, 100, &limits())).unwrap()
    });
}

#[test]
fn the_next_question_has_all_the_memory() {
    let project = with_memory(many_people(true), 400_000);
    let grouped = "SELECT count(*) AS people FROM (SELECT profile_id, count(*) FROM events GROUP BY profile_id)";
    for round in 0..4 {
        // No two alike, so that none is an answer kept.
        let asked = format!("{grouped} WHERE profile_id <> 'person-{round}'");
        let result = block_on(project.run_sql(&asked, 0, 10, &limits())).unwrap();
        assert_eq!(result.rows, [[Json::from(PEOPLE - 1)]]);
    }
}
