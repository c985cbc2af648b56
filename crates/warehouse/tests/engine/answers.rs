//! What is kept between questions, and for how long: until it would be another. And what a question reads at all.

use std::rc::Rc;
use std::sync::Arc;

use futures::executor::block_on;
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use serde_json::json;
use sightline_warehouse::parquet::{Engine, EngineConfig, ParquetProject, Reads};
use sightline_warehouse::{Limits, ResultSet, Warehouse};

use crate::support::{TestHost, events, file, november, put};

const COUNT: &str = "SELECT name, count(*) FROM events GROUP BY name ORDER BY name";

/// An isolate: its requests share an engine, and each has a handle of its own.
struct Isolate {
    engine: Rc<Engine>,
    store: Arc<InMemory>,
}

impl Isolate {
    fn of(store: InMemory) -> Self {
        Self::with(EngineConfig::default(), store)
    }

    fn with(config: EngineConfig, store: InMemory) -> Self {
        Self {
            engine: Rc::new(Engine::new(config)),
            store: Arc::new(store),
        }
    }

    fn request(&self, project: &str) -> ParquetProject {
        ParquetProject::new(
            Rc::clone(&self.engine),
            Rc::new(TestHost::default()),
            Arc::clone(&self.store) as _,
            Reads::new(),
            project,
        )
    }

    fn ask(&self, sql: &str) -> ResultSet {
        self.ask_under(sql, &Limits::default())
    }

    fn ask_under(&self, sql: &str, limits: &Limits) -> ResultSet {
        block_on(self.request("p").run_sql(sql, 0, 100, limits)).unwrap()
    }
}

#[test]
fn the_same_question_of_the_same_data_reads_nothing_again() {
    let isolate = Isolate::of(november(2, 3_000));
    let (first, again) = (isolate.ask(COUNT), isolate.ask(COUNT));
    assert_eq!(first.rows, again.rows);
    assert_eq!(first.scanned.rows, 6_000);
    // What the answer rests on stays what it was; what was read for it is nothing.
    assert_eq!(again.scanned.rows, 6_000);
    assert!(first.scanned.bytes > 0);
    assert_eq!((again.scanned.bytes, again.columns), (0, first.columns));
}

#[test]
fn new_data_is_seen_whether_files_come_change_or_go() {
    let isolate = Isolate::of(november(1, 3_000));
    let count = || isolate.ask("SELECT count(*) FROM events").rows;
    assert_eq!(count(), [[json!(3_000)]]);
    put(
        &isolate.store,
        "events/day=2026-11-02/part.parquet",
        file(&events(1, 50)),
    );
    assert_eq!(count(), [[json!(3_050)]]);
    put(
        &isolate.store,
        "events/day=2026-11-02/part.parquet",
        file(&events(1, 51)),
    );
    assert_eq!(count(), [[json!(3_051)]]);
    block_on(
        isolate
            .store
            .delete(&Path::from("events/day=2026-11-02/part.parquet")),
    )
    .unwrap();
    assert_eq!(count(), [[json!(3_000)]]);
}

#[test]
fn a_new_manifest_is_new_data() {
    let isolate = Isolate::of(november(2, 100));
    let manifest = |days: i64| {
        let files: Vec<_> = (1..=days)
            .map(|day| {
                let path = Path::from(format!("events/day=2026-11-{day:02}/part.parquet"));
                let size = block_on(isolate.store.head(&path)).unwrap().size;
                json!({"path": path.to_string(), "size": size, "day": format!("2026-11-{day:02}")})
            })
            .collect();
        let manifest = json!({"version": 1, "tables": {"events": files, "sessions": []}});
        put(
            &isolate.store,
            "manifest.json",
            manifest.to_string().into_bytes(),
        );
    };
    let count = || isolate.ask("SELECT count(*) FROM events").rows;
    manifest(1);
    assert_eq!(count(), [[json!(100)]]);
    assert_eq!(count(), [[json!(100)]]);
    manifest(2);
    assert_eq!(count(), [[json!(200)]]);
}

#[test]
fn one_handle_answers_of_one_moment() {
    let isolate = Isolate::of(november(1, 100));
    let request = isolate.request("p");
    let count = |sql: &str| block_on(request.run_sql(sql, 0, 10, &Limits::default())).unwrap();
    assert_eq!(count("SELECT count(*) FROM events").rows, [[json!(100)]]);
    put(
        &isolate.store,
        "events/day=2026-11-02/part.parquet",
        file(&events(1, 50)),
    );
    assert_eq!(count("SELECT count(name) FROM events").rows, [[json!(100)]]);
}

#[test]
fn projects_values_pages_and_limits_have_answers_of_their_own() {
    let isolate = Isolate::of(november(1, 300));
    let other = Isolate {
        engine: Rc::clone(&isolate.engine),
        store: Arc::new(november(1, 30)),
    };
    let sql = "SELECT my_extra FROM events ORDER BY my_extra";
    let page = |isolate: &Isolate, project: &str, offset: usize| {
        let rows = block_on(
            isolate
                .request(project)
                .run_sql(sql, offset, 2, &Limits::default()),
        );
        rows.unwrap().rows
    };
    assert_eq!(page(&isolate, "p", 0), [[json!(0)], [json!(1)]]);
    assert_eq!(page(&isolate, "p", 2), [[json!(2)], [json!(3)]]);
    assert_eq!(page(&isolate, "p", 298).len(), 2);
    // A handle on another project asks the same of other data.
    assert_eq!(page(&other, "q", 298).len(), 0);
    let tight = Limits {
        rows: 1,
        ..Limits::default()
    };
    isolate.ask(COUNT);
    let refused = block_on(isolate.request("p").run_sql(COUNT, 0, 100, &tight));
    assert!(refused.is_err());
}

#[test]
fn what_looks_at_the_clock_is_asked_again() {
    let no_chunks = EngineConfig {
        chunk_cache_bytes: 0,
        ..EngineConfig::default()
    };
    let isolate = Isolate::with(no_chunks, november(1, 100));
    let kept = "SELECT count(name) FROM events";
    isolate.ask(kept);
    assert_eq!(isolate.ask(kept).scanned.bytes, 0);
    for sql in [
        "SELECT count(name), now() FROM events",
        "SELECT count(*) FROM events WHERE timestamp < CURRENT_TIMESTAMP",
        "SELECT count(*) FROM events WHERE CAST(timestamp AS DATE) < current_date",
        "SELECT count(name) FROM events WHERE timestamp < (SELECT max(now()) FROM events)",
    ] {
        isolate.ask(sql);
        assert!(isolate.ask(sql).scanned.bytes > 0, "{sql}");
    }
}

#[test]
fn another_question_about_the_same_columns_reads_nothing_until_the_file_is_another() {
    let isolate = Isolate::of(november(2, 3_000));
    let first = isolate.ask("SELECT count(DISTINCT path) FROM events");
    assert!(first.scanned.bytes > 0);
    let other = isolate.ask("SELECT max(path) FROM events");
    assert_eq!(
        (other.scanned.rows, other.scanned.bytes),
        (first.scanned.rows, 0)
    );
    let further = isolate.ask("SELECT max(path), max(my_extra) FROM events");
    assert!(0 < further.scanned.bytes && further.scanned.bytes < first.scanned.bytes * 4);
    put(
        &isolate.store,
        "events/day=2026-11-02/part.parquet",
        file(&events(1, 6_000)),
    );
    let largest = isolate.ask("SELECT max(my_extra) FROM events");
    assert_eq!(largest.rows, [[json!(5_999)]]);
    assert!(largest.scanned.bytes > 0);
}

#[test]
fn what_is_kept_of_one_project_is_not_read_by_another() {
    let isolate = Isolate::of(november(1, 3_000));
    let ask = |project| {
        let sql = "SELECT max(path) FROM events";
        block_on(
            isolate
                .request(project)
                .run_sql(sql, 0, 10, &Limits::default()),
        )
        .unwrap()
    };
    let (first, second) = (ask("p"), ask("q"));
    assert_eq!(first.rows, second.rows);
    assert_eq!(first.scanned.bytes, second.scanned.bytes);
    assert!(second.scanned.bytes > 0);
}

#[test]
fn the_newest_rows_are_looked_for_in_the_newest_files() {
    let ask = |sql: &str| Isolate::of(november(4, 20_000)).ask(sql);
    let all = ask("SELECT path, my_extra FROM events ORDER BY my_extra DESC LIMIT 3");
    assert_eq!(all.scanned.rows, 80_000);
    let newest = ask(
        "SELECT timestamp, path, my_extra FROM events WHERE path <> '/p/3' ORDER BY timestamp DESC, coalesce(path, '') LIMIT 3",
    );
    let extras: Vec<_> = newest.rows.iter().map(|row| row[2].clone()).collect();
    assert_eq!(extras, [json!(19_998), json!(19_997), json!(19_996)]);
    assert_eq!(newest.rows[0][0], json!("2026-11-04T23:59:51.360Z"));
    // The last day or less, by when the first batch has been looked at.
    assert!(newest.scanned.rows <= 20_000, "{}", newest.scanned.rows);
    let oldest = ask(
        "SELECT timestamp, my_extra FROM events WHERE my_extra > 10 ORDER BY timestamp LIMIT 2",
    );
    let extras: Vec<_> = oldest.rows.iter().map(|row| row[1].clone()).collect();
    assert_eq!(extras, [json!(11), json!(12)]);
    assert!(oldest.scanned.rows <= 20_000, "{}", oldest.scanned.rows);
}
