//! A project in memory, and a host without timers.

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
use serde_json::Value as Json;
use sightline_warehouse::Host;
use sightline_warehouse::parquet::{Engine, EngineConfig, ParquetProject, Reads};
use sightline_warehouse::{Limits, Query, Statement, Warehouse, WarehouseError};

/// A host whose clock moves a millisecond each time it is asked.
#[derive(Default)]
pub struct TestHost(std::cell::Cell<u64>);

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

pub const DAY_MS: i64 = 86_400_000;
/// 2026-11-01T00:00:00Z.
pub const NOVEMBER_MS: i64 = 1_793_491_200_000;

pub fn events(day: i64, rows: i64) -> RecordBatch {
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

pub fn file(batch: &RecordBatch) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(1_000))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

pub fn put(store: &InMemory, path: &str, bytes: Vec<u8>) {
    block_on(store.put_opts(&Path::from(path), bytes.into(), PutOptions::default())).unwrap();
}

pub fn november(days: i64, rows: i64) -> InMemory {
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

pub fn project(store: InMemory) -> ParquetProject {
    project_with(store, EngineConfig::default())
}

pub fn project_with(store: InMemory, config: EngineConfig) -> ParquetProject {
    let host: Rc<dyn Host> = Rc::new(TestHost(0.into()));
    ParquetProject::new(
        Rc::new(Engine::new(config)),
        host,
        Arc::new(store),
        Reads::new(),
        "p",
    )
}

/// A project whose queries may hold so many bytes.
pub fn with_memory(store: InMemory, memory_bytes: usize) -> ParquetProject {
    project_with(
        store,
        EngineConfig {
            memory_bytes,
            distinct_bytes: 20_000_000,
            ..EngineConfig::default()
        },
    )
}

pub fn texts(rows: impl Iterator<Item = Option<String>>) -> ArrayRef {
    Arc::new(rows.collect::<StringArray>())
}

pub fn instants(rows: impl Iterator<Item = i64>) -> ArrayRef {
    Arc::new(TimestampMillisecondArray::from_iter_values(rows).with_timezone("UTC"))
}

pub fn ask(project: &ParquetProject, sql: &str) -> Result<Vec<Vec<Json>>, WarehouseError> {
    block_on(project.run_sql(sql, 0, 1_000, &Limits::default())).map(|result| result.rows)
}

pub fn refusal(project: &ParquetProject, sql: &str) -> String {
    ask(project, sql).unwrap_err().to_string()
}

pub fn statement(
    project: &ParquetProject,
    write: impl FnOnce(&mut Query<'_>) -> sightline_warehouse::Sql,
) -> Statement {
    let mut query = Query::new(project.dialect());
    let sql = write(&mut query);
    query.finish(sql)
}
