//! Answers that are kept, and for how long: until they would be others.

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
        Self {
            engine: Rc::new(Engine::new(EngineConfig::default())),
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
    let isolate = Isolate::of(november(1, 100));
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
