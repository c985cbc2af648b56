//! The embedded engine over files in memory: what a handle answers, what it refuses, how much it reads.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::rc::Rc;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int64Array, MapBuilder, RecordBatch, StringArray, StringBuilder,
    TimestampMillisecondArray,
};
use futures::FutureExt;
use futures::executor::block_on;
use futures::future::LocalBoxFuture;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, PutOptions};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde_json::{Value as Json, json};
use sightline_warehouse::parquet::{Engine, EngineConfig, Host, ParquetProject, Reads};
use sightline_warehouse::{Limits, Query, Statement, Value, Warehouse, WarehouseError, sql};

/// A host whose clock moves a millisecond each time it is asked.
struct TestHost(std::cell::Cell<u64>);

impl Host for TestHost {
    fn now_ms(&self) -> u64 {
        self.0.set(self.0.get() + 1);
        self.0.get()
    }

    fn sleep_ms(&self, duration_ms: u64) -> LocalBoxFuture<'static, ()> {
        if duration_ms == 0 {
            futures::future::ready(()).boxed_local()
        } else {
            futures::future::pending().boxed_local()
        }
    }
}

const DAY_MS: i64 = 86_400_000;
/// 2026-11-01T00:00:00Z.
const NOVEMBER_MS: i64 = 1_793_491_200_000;

fn events(day: i64, rows: i64) -> RecordBatch {
    let times: Vec<i64> = (0..rows)
        .map(|row| NOVEMBER_MS + day * DAY_MS + row * (DAY_MS / rows))
        .collect();
    let mut properties = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    for row in 0..rows {
        properties.keys().append_value("plan.name");
        properties
            .values()
            .append_value(if row % 2 == 0 { "pro" } else { "free" });
        properties.append(true).unwrap();
    }
    RecordBatch::try_from_iter([
        (
            "timestamp",
            Arc::new(TimestampMillisecondArray::from(times).with_timezone("UTC")) as ArrayRef,
        ),
        (
            "name",
            Arc::new(StringArray::from_iter_values((0..rows).map(|row| {
                if row % 3 == 0 {
                    "signup"
                } else {
                    "screen_view"
                }
            }))),
        ),
        (
            "profile_id",
            Arc::new(StringArray::from_iter_values(
                (0..rows).map(|row| format!("user-{}", row % 10)),
            )),
        ),
        (
            "path",
            Arc::new(StringArray::from_iter_values(
                (0..rows).map(|row| format!("/p/{}", row % 4)),
            )),
        ),
        ("my_extra", Arc::new(Int64Array::from_iter_values(0..rows))),
        ("properties", Arc::new(properties.finish())),
    ])
    .unwrap()
}

fn file(batch: &RecordBatch) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(1_000))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

fn put(store: &InMemory, path: &str, bytes: Vec<u8>) {
    block_on(store.put_opts(&Path::from(path), bytes.into(), PutOptions::default())).unwrap();
}

fn november(days: i64, rows: i64) -> InMemory {
    let store = InMemory::new();
    for day in 0..days {
        put(
            &store,
            &format!("events/day=2026-11-{:02}/part.parquet", day + 1),
            file(&events(day, rows)),
        );
    }
    store
}

fn project(store: InMemory) -> ParquetProject {
    project_with(store, EngineConfig::default())
}

fn project_with(store: InMemory, config: EngineConfig) -> ParquetProject {
    let host: Rc<dyn Host> = Rc::new(TestHost(0.into()));
    ParquetProject::new(
        Rc::new(Engine::new(config)),
        host,
        Arc::new(store),
        Reads::new(),
        "p",
    )
}

fn ask(project: &ParquetProject, sql: &str) -> Result<Vec<Vec<Json>>, WarehouseError> {
    block_on(project.run_sql(sql, 0, 1_000, &Limits::default())).map(|result| result.rows)
}

fn refusal(project: &ParquetProject, sql: &str) -> String {
    ask(project, sql).unwrap_err().to_string()
}

fn statement(
    project: &ParquetProject,
    write: impl FnOnce(&mut Query<'_>) -> sightline_warehouse::Sql,
) -> Statement {
    let mut query = Query::new(project.dialect());
    let sql = write(&mut query);
    query.finish(sql)
}

#[test]
fn counts_groups_and_distinct_values_come_back_as_json() {
    let project = project(november(3, 300));
    let rows = ask(
        &project,
        "SELECT name, count(*) AS n, count(DISTINCT profile_id) AS users, min(timestamp) AS first \
         FROM events GROUP BY name ORDER BY n DESC",
    )
    .unwrap();
    assert_eq!(
        rows,
        [
            vec![
                json!("screen_view"),
                json!(600),
                json!(10),
                json!("2026-11-01T00:04:48.000Z")
            ],
            vec![
                json!("signup"),
                json!(300),
                json!(10),
                json!("2026-11-01T00:00:00.000Z")
            ],
        ]
    );
}

#[test]
fn unions_joins_windows_and_sorts_run_without_a_runtime_of_the_host() {
    let project = project(november(4, 120));
    let union = ask(
        &project,
        "SELECT 'a' AS part, count(*) AS n FROM events WHERE name = 'signup' UNION ALL \
         SELECT 'b', count(*) FROM events WHERE name <> 'signup' UNION ALL SELECT 'c', count(*) FROM events ORDER BY part",
    );
    assert_eq!(
        union.unwrap(),
        [
            vec![json!("a"), json!(160)],
            vec![json!("b"), json!(320)],
            vec![json!("c"), json!(480)]
        ]
    );
    let join = ask(
        &project,
        "WITH s AS (SELECT profile_id, count(*) AS n FROM events WHERE name = 'signup' GROUP BY 1), \
              v AS (SELECT profile_id, count(*) AS n FROM events WHERE name = 'screen_view' GROUP BY 1) \
         SELECT s.profile_id, s.n, v.n FROM s JOIN v USING (profile_id) ORDER BY 1 LIMIT 1",
    );
    assert_eq!(join.unwrap(), [vec![json!("user-0"), json!(16), json!(32)]]);
    let window = ask(
        &project,
        "SELECT path, row_number() OVER (PARTITION BY path ORDER BY timestamp) AS nth FROM events ORDER BY timestamp LIMIT 5",
    );
    assert_eq!(
        window.unwrap().last().unwrap(),
        &vec![json!("/p/0"), json!(2)]
    );
}

#[test]
fn only_the_days_asked_for_are_read() {
    let project = project(november(10, 3_000));
    let one_day = statement(&project, |query| {
        let (start, end) = (
            query.bind(Value::TimestampMs(NOVEMBER_MS + 2 * DAY_MS)),
            query.bind(Value::TimestampMs(NOVEMBER_MS + 3 * DAY_MS)),
        );
        sql!(
            "SELECT count(*) AS n, count(DISTINCT path) AS paths FROM events WHERE timestamp >= {start} AND timestamp < {end}",
            start,
            end
        )
    });
    let first = block_on(project.run(one_day.clone(), &Limits::default())).unwrap();
    assert_eq!(first.rows, [vec![json!(3_000), json!(4)]]);
    // The manifest (absent), one list, the newest file's footer for the columns, the day's footer, three row groups.
    assert_eq!(first.scanned.reads, 7, "{:?}", first.scanned);
    let second = block_on(project.run(one_day, &Limits::default())).unwrap();
    assert_eq!(
        second.scanned.reads, 5,
        "footers are kept: {:?}",
        second.scanned
    );
    assert_eq!(second.scanned.rows, 3_000);
}

#[test]
fn row_groups_outside_the_hours_asked_for_are_not_fetched() {
    let project = project(november(1, 10_000));
    let hour = statement(&project, |query| {
        let start = query.bind(Value::TimestampMs(NOVEMBER_MS + 23 * 3_600_000));
        sql!(
            "SELECT count(*) AS n, count(DISTINCT path) AS paths FROM events WHERE timestamp >= {start}",
            start
        )
    });
    let result = block_on(project.run(hour, &Limits::default())).unwrap();
    assert_eq!(result.rows, [vec![json!(416), json!(4)]]);
    // The manifest, the list, the footer, one of ten row groups.
    assert_eq!(result.scanned.reads, 4, "{:?}", result.scanned);
}

#[test]
fn buckets_and_properties_are_functions_of_the_engine() {
    let project = project(november(2, 48));
    let rows = ask(
        &project,
        "SELECT bucket_start(timestamp, 'day', 'America/New_York') AS day, property(properties, 'plan.name') AS plan, count(*) AS n \
         FROM events GROUP BY 1, 2 ORDER BY 1, 2",
    )
    .unwrap();
    // The clocks go back on 2026-11-01, so the second day begins at 05:00Z.
    assert_eq!(
        rows[0],
        [json!("2026-10-31T04:00:00.000Z"), json!("free"), json!(4)]
    );
    assert_eq!(
        rows[2],
        [json!("2026-11-01T04:00:00.000Z"), json!("free"), json!(25)]
    );
    assert_eq!(
        rows[4],
        [json!("2026-11-02T05:00:00.000Z"), json!("free"), json!(19)]
    );
    let keys = ask(
        &project,
        "SELECT DISTINCT unnest(property_keys(properties)) AS key FROM events",
    )
    .unwrap();
    assert_eq!(keys, [vec![json!("plan.name")]]);
}

#[test]
fn a_documented_column_that_files_lack_is_null_and_an_extra_one_is_there() {
    let project = project(november(1, 10));
    let rows = ask(
        &project,
        "SELECT count(country), count(*), sum(my_extra) FROM events",
    )
    .unwrap();
    assert_eq!(rows, [vec![json!(0), json!(10), json!(45)]]);
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

#[test]
fn an_empty_project_has_events_and_sessions_without_rows() {
    let project = project(InMemory::new());
    assert_eq!(
        ask(&project, "SELECT count(*) FROM events").unwrap(),
        [vec![json!(0)]]
    );
    assert_eq!(
        ask(&project, "SELECT count(*) FROM sessions").unwrap(),
        [vec![json!(0)]]
    );
    let schema = block_on(project.schema()).unwrap();
    assert_eq!(
        schema
            .tables
            .iter()
            .map(|table| table.name.as_str())
            .collect::<Vec<_>>(),
        ["events", "sessions"]
    );
}

#[test]
fn an_unknown_column_names_the_nearest() {
    let message = refusal(&project(november(1, 10)), "SELECT contry FROM events");
    assert!(
        message.starts_with("There is no column `contry` here. The nearest are `country`"),
        "{message}"
    );
}

#[test]
fn bad_files_are_named_and_the_next_question_works() {
    let store = november(1, 100);
    put(
        &store,
        "profiles/a.parquet",
        b"PAR1 this is not all of it".to_vec(),
    );
    put(&store, "groups/a.parquet", Vec::new());
    let project = project(store);
    let truncated = refusal(&project, "SELECT count(*) FROM profiles");
    assert!(
        truncated.contains("`profiles/a.parquet`") && truncated.contains("truncated"),
        "{truncated}"
    );
    let empty = refusal(&project, "SELECT count(*) FROM groups");
    assert!(
        empty.contains("`groups/a.parquet`") && empty.contains("empty"),
        "{empty}"
    );
    assert_eq!(
        ask(&project, "SELECT count(*) FROM events").unwrap(),
        [vec![json!(100)]]
    );
}

#[test]
fn a_column_of_a_type_that_cannot_be_read_is_named_with_both_types() {
    let store = InMemory::new();
    let batch = RecordBatch::try_from_iter([
        (
            "timestamp",
            Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef,
        ),
        ("name", Arc::new(StringArray::from(vec!["a", "b"]))),
    ])
    .unwrap();
    put(&store, "events/day=2026-11-01/a.parquet", file(&batch));
    let project = project(store);
    let message = refusal(&project, "SELECT max(timestamp) FROM events");
    assert!(
        message
            .starts_with("The column `timestamp` of `events/day=2026-11-01/a.parquet` holds Int64"),
        "{message}"
    );
    assert_eq!(
        ask(&project, "SELECT count(name) FROM events").unwrap(),
        [vec![json!(2)]]
    );
}

#[test]
fn a_sort_that_cannot_fit_is_refused_before_it_reads() {
    let project = project_with(
        november(1, 5_000),
        EngineConfig {
            memory_bytes: 100_000,
            ..EngineConfig::default()
        },
    );
    let before = project.reads().bytes();
    let message = refusal(
        &project,
        "SELECT timestamp, name, profile_id, path FROM events ORDER BY path, timestamp LIMIT 100000",
    );
    assert!(
        message.contains("memory") || message.contains("MB at once"),
        "{message}"
    );
    assert!(project.reads().bytes() - before < 300_000);
}

#[test]
fn a_query_that_outgrows_the_memory_pool_is_stopped_and_the_next_works() {
    let project = project_with(
        november(1, 50_000),
        EngineConfig {
            memory_bytes: 400_000,
            ..EngineConfig::default()
        },
    );
    let message = refusal(
        &project,
        "SELECT timestamp, count(*) FROM events GROUP BY timestamp, my_extra, path ORDER BY 2 LIMIT 5",
    );
    assert!(message.contains("memory a query may use"), "{message}");
    assert_eq!(
        ask(&project, "SELECT count(*) FROM events").unwrap(),
        [vec![json!(50_000)]]
    );
}

#[test]
fn a_query_past_its_time_is_stopped() {
    let project = project(november(1, 20_000));
    let limits = Limits {
        time: std::time::Duration::from_millis(3),
        ..Limits::default()
    };
    let exploding = "SELECT count(*) FROM events a JOIN events b ON a.name = b.name";
    let error = block_on(project.run_sql(exploding, 0, 10, &limits)).unwrap_err();
    assert!(matches!(error, WarehouseError::TimedOut { .. }), "{error}");
}

#[test]
fn a_join_of_everything_with_everything_is_refused_before_it_reads() {
    let project = project(november(3, 10_000));
    let message = refusal(
        &project,
        "SELECT count(*) FROM events a JOIN events b ON a.my_extra < b.my_extra",
    );
    assert!(message.contains("30000 rows with 30000"), "{message}");
    assert_eq!(
        ask(&project, "SELECT count(*) FROM events").unwrap(),
        [vec![json!(30_000)]]
    );
}
