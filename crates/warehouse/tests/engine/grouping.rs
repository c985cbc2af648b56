//! Groupings by an identity: told as their groups fall silent where not all can be held, and what they tell is exact.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use futures::executor::block_on;
use object_store::memory::InMemory;
use sightline_warehouse::parquet::ParquetProject;
use sightline_warehouse::{Limits, ResultSet, Warehouse, sql};

use super::support::{DAY_MS, NOVEMBER_MS, file, instants, put, statement, texts, with_memory};

const DAYS: i64 = 10;
const VISITS: i64 = 4_000;
const VIEWS: i64 = 4;
pub(super) const EVENTS: u64 = (DAYS * VISITS * VIEWS) as u64;

/// Days of visits one after the other, each of some views, and of one visit that comes on days of its own as well.
pub(super) fn visits(returns_on: &[i64]) -> InMemory {
    let store = InMemory::new();
    for day in 0..DAYS {
        let number = |row: i64| match row / VIEWS {
            0 if returns_on.contains(&day) => 7,
            visit => day * VISITS + visit,
        };
        let at = |row: i64| NOVEMBER_MS + day * DAY_MS + row * (DAY_MS / (VISITS * VIEWS));
        let rows = || 0..VISITS * VIEWS;
        let id = |row| Some(format!("visit-{}", number(row))).filter(|_| row % 50 != 49);
        let events = RecordBatch::try_from_iter_with_nullable([
            ("timestamp", instants(rows().map(at)), true),
            (
                "name",
                texts(rows().map(|_| Some("screen_view".into()))),
                true,
            ),
            ("session_id", texts(rows().map(id)), true),
            (
                "path",
                texts(rows().map(|row| Some(format!("/{}", row * 7 % 31)))),
                true,
            ),
        ]);
        let path = format!("events/day=2026-11-{:02}/part.parquet", day + 1);
        put(&store, &path, file(&events.unwrap()));
        let rows = || (0..VISITS).filter(|visit| visit % 9 != 4);
        let sessions = RecordBatch::try_from_iter_with_nullable([
            (
                "started_at",
                instants(rows().map(|visit| at(visit * VIEWS))),
                true,
            ),
            (
                "session_id",
                texts(rows().map(|visit| Some(format!("visit-{}", day * VISITS + visit)))),
                true,
            ),
            (
                "duration_ms",
                Arc::new(Int64Array::from_iter_values(rows().map(|visit| visit * 10))) as ArrayRef,
                true,
            ),
        ]);
        let path = format!("sessions/day=2026-11-{:02}/part.parquet", day + 1);
        put(&store, &path, file(&sessions.unwrap()));
    }
    store
}

/// Pages by how long visits looked at them, and how long the visits took.
fn pages(project: &ParquetProject) -> ResultSet {
    let statement = statement(project, |_| {
        sql!(
            "SELECT page['path'] AS path, count(*) AS visits, sum(page['views']) AS views, sum(page['time_ms']) AS time_ms, \
             count(duration_ms) AS known, sum(duration_ms) AS duration_ms, sum(n) AS n FROM \
             (SELECT unnest(pages) AS page, duration_ms, n FROM (SELECT visit, page_times(at_ms, counts, path, path) AS pages, \
             max(duration_ms) AS duration_ms, count(counts) AS n FROM \
             (SELECT identity(session_id) AS visit, CAST(timestamp AS BIGINT) AS at_ms, CAST(1 AS BIGINT) AS counts, path, \
             CAST(NULL AS BIGINT) AS duration_ms FROM events WHERE session_id <> '' UNION ALL \
             SELECT identity(session_id), CAST(started_at AS BIGINT), CAST(NULL AS BIGINT), CAST(NULL AS VARCHAR), duration_ms FROM sessions) \
             GROUP BY visit)) GROUP BY page['path'] ORDER BY path"
        )
    });
    block_on(project.run(statement, &Limits::default())).unwrap()
}

/// What `ask` is told with memory enough, with too little for all visits, and how many events it reads then.
fn told(returns_on: &[i64], memory_bytes: usize, ask: fn(&ParquetProject) -> ResultSet) -> u64 {
    let roomy = ask(&with_memory(visits(returns_on), 100_000_000));
    let narrow = ask(&with_memory(visits(returns_on), memory_bytes));
    assert!(roomy.rows.len() > 30);
    assert_eq!(narrow.rows, roomy.rows);
    narrow.scanned.rows - (roomy.scanned.rows - EVENTS)
}

#[test]
fn visits_are_told_as_they_fall_silent_and_everything_is_read_once() {
    // All 160,000 moments would take 2.6 MB, and the visits as much again.
    assert_eq!(told(&[], 3_500_000, pages), EVENTS);
}

#[test]
fn a_visit_that_comes_back_after_it_was_told_is_still_one() {
    // It is known only then: what was begun is done again, in parts.
    assert!(told(&[8], 3_500_000, pages) > EVENTS);
    // One that goes on is held.
    let days: Vec<i64> = (0..DAYS).collect();
    assert!(told(&days, 2_500_000, pages) > EVENTS);
}

#[test]
fn groups_without_a_key_are_one() {
    let ask = |project: &ParquetProject| {
        let statement = statement(project, |_| {
            sql!(
                "SELECT visit IS NULL AS nobody, n, count(*) AS visits, max(last) AS last FROM (SELECT identity(session_id) AS visit, \
                 count(*) AS n, max(path) AS last FROM events GROUP BY visit) GROUP BY nobody, n ORDER BY nobody, n"
            )
        });
        block_on(project.run(statement, &Limits::default()))
            .unwrap()
            .rows
    };
    let rows = ask(&with_memory(visits(&[]), 100_000_000));
    let nobody: Vec<_> = rows.iter().filter(|row| row[0] == true).collect();
    assert_eq!(nobody.len(), 1);
    assert_eq!(nobody[0][1], EVENTS / 50);
    let total: u64 = rows
        .iter()
        .map(|row| row[1].as_u64().unwrap() * row[2].as_u64().unwrap())
        .sum();
    assert_eq!(total, EVENTS);
}
