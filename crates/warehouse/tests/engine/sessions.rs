//! Sessions that follow from events, and events that say which of them they belong to.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, TimestampMillisecondArray};
use futures::executor::block_on;
use object_store::memory::InMemory;
use serde_json::json;
use sightline_warehouse::{Limits, Warehouse};

use super::support::{DAY_MS, NOVEMBER_MS, ask, file, november, project, put};

const MINUTE_MS: i64 = 60_000;

/// `(minutes since November began, event id, device, session)`.
type Row = (
    i64,
    &'static str,
    Option<&'static str>,
    Option<&'static str>,
);

fn rows(rows: &[Row]) -> RecordBatch {
    let times = rows.iter().map(|row| NOVEMBER_MS + row.0 * MINUTE_MS);
    let times = TimestampMillisecondArray::from_iter_values(times).with_timezone("UTC");
    let texts = |text: fn(&Row) -> Option<&'static str>| {
        Arc::new(rows.iter().map(text).collect::<StringArray>()) as ArrayRef
    };
    RecordBatch::try_from_iter_with_nullable([
        ("timestamp", Arc::new(times) as ArrayRef, false),
        ("event_id", texts(|row| Some(row.1)), true),
        ("name", texts(|_| Some("screen_view")), true),
        ("device_id", texts(|row| row.2), true),
        ("session_id", texts(|row| row.3), true),
    ])
    .unwrap()
}

/// Two days, out of order within each, with named and unnamed visits; one goes on past midnight.
fn two_days() -> InMemory {
    let day = DAY_MS / MINUTE_MS;
    let store = InMemory::new();
    let first: [Row; 6] = [
        (100, "b", Some("phone"), None),
        (10, "a", Some("phone"), None),
        (105, "c", Some("phone"), Some("named")),
        (125, "d", Some("phone"), None),
        (day - 5, "e", Some("night"), None),
        (50, "f", None, None),
    ];
    let second: [Row; 3] = [
        (day + 40, "h", Some("night"), Some("")),
        (day + 10, "g", Some("night"), None),
        (day + 300, "i", Some("night"), None),
    ];
    put(
        &store,
        "events/day=2026-11-01/a.parquet",
        file(&rows(&first)),
    );
    put(
        &store,
        "events/day=2026-11-02/a.parquet",
        file(&rows(&second)),
    );
    store
}

#[test]
fn an_event_without_session_belongs_to_its_devices_visit() {
    let project = project(two_days());
    let started = |minutes: i64| NOVEMBER_MS + minutes * MINUTE_MS;
    let found = ask(
        &project,
        "SELECT event_id, session_id FROM events ORDER BY event_id",
    )
    .unwrap();
    let phone = |minutes| json!(format!("phone~{}", started(minutes)));
    let night = |minutes| json!(format!("night~{}", started(minutes)));
    assert_eq!(
        found,
        [
            vec![json!("a"), phone(10)],
            vec![json!("b"), phone(100)],
            vec![json!("c"), json!("named")],
            vec![json!("d"), phone(100)],
            vec![json!("e"), night(1_435)],
            vec![json!("f"), json!(null)],
            vec![json!("g"), night(1_435)],
            vec![json!("h"), night(1_435)],
            vec![json!("i"), night(1_740)],
        ]
    );
}

#[test]
fn a_visit_keeps_its_id_when_only_its_later_day_is_asked_for() {
    let found = ask(
        &project(two_days()),
        "SELECT event_id, session_id FROM events WHERE timestamp >= '2026-11-02T00:00:00Z' ORDER BY event_id LIMIT 1",
    );
    let id = format!("night~{}", NOVEMBER_MS + 1_435 * MINUTE_MS);
    assert_eq!(found.unwrap(), [vec![json!("g"), json!(id)]]);
}

#[test]
fn session_id_joins_events_to_the_sessions_that_follow_from_them() {
    let project = project(two_days());
    let joined = ask(
        &project,
        "SELECT s.session_id, s.event_count, count(*) AS joined FROM sessions s JOIN events e ON e.session_id = s.session_id \
         GROUP BY 1, 2 ORDER BY 1",
    )
    .unwrap();
    let sessions = ask(
        &project,
        "SELECT session_id, event_count, event_count AS joined FROM sessions ORDER BY 1",
    )
    .unwrap();
    assert_eq!(sessions.len(), 5);
    assert_eq!(joined, sessions);
}

#[test]
fn other_columns_and_filters_stay_with_their_rows() {
    let found = ask(
        &project(two_days()),
        "SELECT event_id FROM events WHERE session_id LIKE 'phone~%' AND device_id = 'phone' AND event_id <> 'a' ORDER BY 1",
    );
    assert_eq!(found.unwrap(), [vec![json!("b")], vec![json!("d")]]);
}

#[test]
fn events_that_all_name_their_session_are_given_on_as_they_lie() {
    let store = InMemory::new();
    let named: [Row; 2] = [(1, "a", None, Some("s")), (2_000, "b", None, Some("s"))];
    put(
        &store,
        "events/day=2026-11-01/a.parquet",
        file(&rows(&named)),
    );
    let project = project(store);
    let sql = "SELECT event_id, session_id FROM events ORDER BY 1";
    let found = block_on(project.run_sql(sql, 0, 10, &Limits::default())).unwrap();
    assert_eq!(
        found.rows,
        [vec![json!("a"), json!("s")], vec![json!("b"), json!("s")]]
    );
    // Each row once; where sessions are worked out it is twice.
    assert_eq!(found.scanned.rows, 2);
}

#[test]
fn rows_read_to_work_out_sessions_are_told() {
    let project = project(two_days());
    let scanned = |sql| {
        let result = block_on(project.run_sql(sql, 0, 10, &Limits::default()));
        result.unwrap().scanned.rows
    };
    assert_eq!(scanned("SELECT event_id, session_id FROM events"), 18);
    assert_eq!(scanned("SELECT count(*) FROM sessions"), 9);
}

#[test]
fn stored_sessions_are_the_only_ones() {
    let store = two_days();
    let stored = RecordBatch::try_from_iter([
        (
            "session_id",
            Arc::new(StringArray::from(vec!["named"])) as ArrayRef,
        ),
        (
            "started_at",
            Arc::new(TimestampMillisecondArray::from(vec![NOVEMBER_MS]).with_timezone("UTC")),
        ),
    ])
    .unwrap();
    put(&store, "sessions/day=2026-11-01/a.parquet", file(&stored));
    let found = ask(
        &project(store),
        "SELECT count(session_id), count(DISTINCT nullif(session_id, '')) FROM events",
    );
    assert_eq!(found.unwrap(), [vec![json!(2), json!(1)]]);
}

#[test]
fn sessions_follow_from_events_where_none_are_stored() {
    let project = project(november(2, 240));
    let rows = ask(
        &project,
        "SELECT count(*), sum(event_count), sum(screen_view_count) FROM sessions",
    )
    .unwrap();
    // Ten people with an event every hour: the gap of thirty minutes makes each event a session.
    assert_eq!(rows, [vec![json!(480), json!(480), json!(320)]]);
    let one_day = ask(
        &project,
        "SELECT count(*) FROM sessions WHERE started_at >= '2026-11-02T00:00:00Z'",
    )
    .unwrap();
    assert_eq!(one_day, [vec![json!(240)]]);
}
