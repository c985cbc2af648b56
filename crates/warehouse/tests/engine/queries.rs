//! What a handle answers, what it refuses, how much it reads.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};

use futures::executor::block_on;
use object_store::memory::InMemory;
use serde_json::json;
use sightline_warehouse::parquet::EngineConfig;
use sightline_warehouse::{Limits, Sql, Value, Warehouse, WarehouseError, sql};

use super::support::{
    DAY_MS, NOVEMBER_MS, ask, file, november, project, project_with, put, refusal, statement,
};

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
    let one_day = |counted: &'static str| {
        statement(&project, |query| {
            let (start, end) = (
                query.bind(Value::TimestampMs(NOVEMBER_MS + 2 * DAY_MS)),
                query.bind(Value::TimestampMs(NOVEMBER_MS + 3 * DAY_MS)),
            );
            sql!(
                "SELECT count(*) AS n, count({counted} path) AS paths FROM events WHERE timestamp >= {start} AND timestamp < {end}",
                counted,
                start,
                end
            )
        })
    };
    let first = block_on(project.run(one_day("DISTINCT"), &Limits::default())).unwrap();
    assert_eq!(first.rows, [vec![json!(3_000), json!(4)]]);
    // One list, the newest file's footer for the columns, the day's footer, three row groups.
    assert_eq!(first.scanned.reads, 6, "{:?}", first.scanned);
    let second = block_on(project.run(one_day("ALL"), &Limits::default())).unwrap();
    assert_eq!(
        second.scanned.reads, 0,
        "what is there, footers and chunks are kept: {:?}",
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
    // The list, the footer, one of ten row groups.
    assert_eq!(result.scanned.reads, 3, "{:?}", result.scanned);
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
fn an_instant_is_a_number_of_milliseconds() {
    let project = project(november(1, 2));
    let statement = statement(&project, |query| {
        let bound = query.bind(Value::TimestampMs(NOVEMBER_MS + 7));
        let instants = [
            bound.into(),
            Sql::from("min(timestamp)"),
            Sql::from("min(bucket_start(timestamp, 'hour', 'Asia/Kolkata'))"),
        ];
        let [bound, lowest, bucket] = instants.map(|instant| query.dialect().epoch_ms(&instant));
        sql!(
            "SELECT {bound}, {lowest}, {bucket} FROM events",
            bound,
            lowest,
            bucket
        )
    });
    let result = block_on(project.run(statement, &Limits::default())).unwrap();
    // Half past the hour is where an hour begins in India.
    let bucket = NOVEMBER_MS - 30 * 60_000;
    assert_eq!(
        result.rows,
        [[NOVEMBER_MS + 7, NOVEMBER_MS, bucket].map(|ms| json!(ms))]
    );
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
    let message = refusal(&project, "SELECT count(DISTINCT my_extra) FROM events");
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

#[test]
fn distinct_texts_and_numbers_are_counted_exactly_by_group_in_total_and_over_a_union() {
    let project = project(november(2, 20_000));
    let distinct = "count(DISTINCT path || CAST(my_extra % 7000 AS VARCHAR)), count(DISTINCT my_extra % 3000), count(DISTINCT nullif(name, 'signup'))";
    // The texts are pairs of a path (the number modulo 4) and the number modulo 7,000.
    let expected = |rows: std::ops::Range<i64>, step: usize| {
        let texts: std::collections::BTreeSet<_> = rows
            .step_by(step)
            .map(|row| (row % 4, row % 7_000))
            .collect();
        texts.len()
    };
    let all = expected(0..20_000, 1);
    assert_eq!(
        ask(&project, &format!("SELECT {distinct} FROM events")).unwrap(),
        [[json!(all), json!(3_000), json!(1)]]
    );
    let by_group =
        format!("SELECT profile_id, {distinct} FROM events GROUP BY profile_id ORDER BY 1 LIMIT 1");
    assert_eq!(
        ask(&project, &by_group).unwrap(),
        [[
            json!("user-0"),
            json!(expected(0..20_000, 10)),
            json!(300),
            json!(1)
        ]]
    );
    // Each side is counted by itself, and then both together.
    let union = format!(
        "SELECT profile_id, {distinct} FROM (SELECT * FROM events UNION ALL SELECT * FROM events) AS twice GROUP BY profile_id ORDER BY 1 LIMIT 1"
    );
    assert_eq!(
        ask(&project, &union).unwrap(),
        ask(&project, &by_group).unwrap()
    );
    let of_none = "SELECT count(DISTINCT name) FROM events WHERE name = 'nothing'";
    assert_eq!(ask(&project, of_none).unwrap(), [[json!(0)]]);
}

#[test]
fn a_filter_of_a_distinct_count_holds() {
    let project = project(november(1, 1_000));
    let sql = "SELECT name, count(DISTINCT path) FILTER (WHERE my_extra < 2) FROM events GROUP BY name ORDER BY name";
    assert_eq!(
        ask(&project, sql).unwrap(),
        [
            [json!("screen_view"), json!(1)],
            [json!("signup"), json!(1)]
        ]
    );
}

#[test]
fn more_distinct_values_than_fit_are_estimated_from_a_sample_and_the_result_says_so() {
    let project = project_with(
        november(1, 50_000),
        EngineConfig {
            distinct_bytes: 300_000,
            ..EngineConfig::default()
        },
    );
    let ask = |sql: &str| block_on(project.run_sql(sql, 0, 10, &Limits::default())).unwrap();
    let sql = "SELECT count(DISTINCT CAST(my_extra AS VARCHAR)) AS n, count(DISTINCT path) AS paths FROM events";
    let estimated = ask(sql);
    assert!(estimated.sampled_one_in > 1);
    let n = estimated.rows[0][0].as_i64().unwrap() as f64;
    let error = ((estimated.sampled_one_in - 1) as f64 * 50_000.0).sqrt();
    assert!(
        (n - 50_000.0).abs() < 5.0 * error,
        "{n}, give or take {error}"
    );
    // What has few values is not thinned for what has many.
    assert_eq!(estimated.rows[0][1], json!(4));
    // An answer that is kept stays an estimate; another question is exact again.
    assert_eq!(ask(sql).sampled_one_in, estimated.sampled_one_in);
    let exact = ask("SELECT count(DISTINCT CAST(my_extra % 5000 AS VARCHAR)) FROM events");
    assert_eq!(
        (exact.sampled_one_in, &exact.rows[0][0]),
        (1, &json!(5_000))
    );
}

#[test]
fn reading_ahead_reads_every_row_group_once() {
    let project = project(november(3, 10_000));
    let count = |sql: &str| block_on(project.run_sql(sql, 0, 10, &Limits::default())).unwrap();
    // The list, three footers, and ten row groups of each of three files.
    let all = count("SELECT count(path), count(name) FROM events");
    assert_eq!(all.rows, [[json!(30_000), json!(30_000)]]);
    assert_eq!(all.scanned.reads, 34, "{:?}", all.scanned);
}
