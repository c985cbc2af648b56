//! What is read, by how many calls, and what is said of files that cannot be.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod stores;

use std::sync::Arc;

use arrow::array::RecordBatch;
use chrono::NaiveDate;
use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload, memory::InMemory, path::Path};
use sightline_lake::{
    Catalog, CatalogCache, DataFile, DayRange, FileFault, FooterCache, LakeError, MANIFEST_PATH,
    Manifest, Rows, Table, Writer,
};
use stores::ScriptedStore;

const DAY: i64 = 24 * 60 * 60 * 1_000;
/// 2026-11-01T00:00:00Z
const NOVEMBER: i64 = 1_793_491_200_000;

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
}

fn days(first: u32, last: u32) -> Option<DayRange> {
    Some(DayRange::new(day(first), day(last)))
}

fn views(instants: impl IntoIterator<Item = i64>) -> RecordBatch {
    let mut rows = Rows::new(Table::Events);
    for at_ms in instants {
        rows.text("event_id", &format!("e{at_ms}"))
            .instant("timestamp", at_ms)
            .text("name", "screen_view")
            .end_row();
    }
    rows.finish().unwrap()
}

fn memory() -> Arc<dyn ObjectStore> {
    Arc::new(InMemory::new())
}

async fn put(store: &Arc<dyn ObjectStore>, path: &str, bytes: impl Into<Vec<u8>>) {
    store
        .put(&Path::from(path), PutPayload::from(bytes.into()))
        .await
        .unwrap();
}

/// A file a day for the first `days` days of November.
async fn written(store: &Arc<dyn ObjectStore>, days: i64) -> Vec<DataFile> {
    let mut writer = Writer::new(Arc::clone(store), Table::Events, "a");
    writer
        .write(&views((0..days).map(|day| NOVEMBER + day * DAY)))
        .await
        .unwrap();
    writer.finish().await.unwrap()
}

fn paths(files: &[DataFile]) -> Vec<&str> {
    files.iter().map(|file| file.path.as_ref()).collect()
}

/// The store seen through one that counts.
fn counted(store: &Arc<dyn ObjectStore>) -> (Arc<ScriptedStore>, Arc<dyn ObjectStore>) {
    let scripted = Arc::new(ScriptedStore::over(store));
    let counted: Arc<dyn ObjectStore> = Arc::<ScriptedStore>::clone(&scripted);
    (scripted, counted)
}

#[tokio::test]
async fn with_a_manifest_the_files_of_a_range_cost_one_read_and_leftovers_are_ignored() {
    let store = memory();
    let mut manifest = Manifest::default();
    manifest.set_files(Table::Events, written(&store, 5).await);
    put(&store, MANIFEST_PATH, manifest.to_json()).await;
    put(
        &store,
        "events/day=2026-11-02/leftover.parquet",
        "half a file",
    )
    .await;
    let (calls, store) = counted(&store);
    let catalog = Catalog::load(&store, &CatalogCache::new(), "p")
        .await
        .unwrap();
    let files = catalog.files(Table::Events, days(2, 3)).await.unwrap();
    assert_eq!(
        paths(&files),
        [
            "events/day=2026-11-02/a-00001.parquet",
            "events/day=2026-11-03/a-00002.parquet"
        ]
    );
    assert_eq!(
        (files[0].rows, files[0].time_ms),
        (Some(1), Some((NOVEMBER + DAY, NOVEMBER + DAY)))
    );
    assert_eq!(calls.calls(), ["get manifest.json"]);
}

#[tokio::test]
async fn an_unchanged_manifest_is_not_read_twice_and_a_changed_one_is_noticed() {
    let store = memory();
    let mut manifest = Manifest::default();
    manifest.set_files(Table::Events, written(&store, 1).await);
    put(&store, MANIFEST_PATH, manifest.to_json()).await;
    let cache = CatalogCache::new();
    let first = Catalog::load(&store, &cache, "p").await.unwrap();
    let second = Catalog::load(&store, &cache, "p").await.unwrap();
    assert_eq!(first.etag(), second.etag());
    assert!(std::ptr::eq(
        first.manifest().unwrap(),
        second.manifest().unwrap()
    ));
    // Another project with the same etag does not get this one's files.
    let other = memory();
    put(&other, "unrelated", "x").await;
    put(&other, MANIFEST_PATH, Manifest::default().to_json()).await;
    let other = Catalog::load(&other, &cache, "q").await.unwrap();
    assert_eq!(other.manifest(), Some(&Manifest::default()));
    manifest.set_files(Table::Events, Vec::new());
    put(&store, MANIFEST_PATH, manifest.to_json()).await;
    let third = Catalog::load(&store, &cache, "p").await.unwrap();
    assert!(third.files(Table::Events, None).await.unwrap().is_empty());
}

#[tokio::test]
async fn without_a_manifest_only_the_folders_needed_are_listed() {
    let store = memory();
    written(&store, 20).await;
    let (calls, store) = counted(&store);
    let catalog = Catalog::load(&store, &CatalogCache::new(), "p")
        .await
        .unwrap();
    let two = catalog.files(Table::Events, days(3, 4)).await.unwrap();
    assert_eq!(
        two.iter().map(|file| file.day).collect::<Vec<_>>(),
        [Some(day(3)), Some(day(4))]
    );
    assert_eq!(
        calls.calls(),
        [
            "get manifest.json",
            "look events",
            "look events/day=2026-11-04",
            "look events/day=2026-11-03"
        ]
    );
    assert_eq!(catalog.files(Table::Events, days(3, 4)).await.unwrap(), two);
    assert_eq!(calls.calls(), [""; 0]);
    assert_eq!(
        catalog
            .files(Table::Events, days(2, 15))
            .await
            .unwrap()
            .len(),
        14
    );
    assert_eq!(calls.calls(), ["look events", "list events"]);
    assert_eq!(catalog.files(Table::Events, None).await.unwrap().len(), 20);
    assert_eq!(calls.calls(), ["list events"]);
}

#[tokio::test]
async fn hive_folders_and_files_without_folder_are_found_and_others_are_not() {
    let store = memory();
    for path in [
        "events/year=2026/month=11/day=02/x.parquet",
        "events/year=2026/month=10/day=02/x.parquet",
        "events/year=2025/month=11/day=02/x.parquet",
        "events/loose.parquet",
        "events/day=2026-11-02/_temporary/y.parquet",
        "events/day=2026-11-02/notes.txt",
    ] {
        put(&store, path, "x").await;
    }
    let catalog = Catalog::load(&store, &CatalogCache::new(), "p")
        .await
        .unwrap();
    let files = catalog.files(Table::Events, days(1, 5)).await.unwrap();
    assert_eq!(
        paths(&files),
        [
            "events/loose.parquet",
            "events/year=2026/month=11/day=02/x.parquet"
        ]
    );
    assert_eq!(files[1].day, Some(day(2)));
    assert_eq!(catalog.files(Table::Events, None).await.unwrap().len(), 4);
}

#[tokio::test]
async fn the_tables_are_those_that_have_files() {
    let store = memory();
    assert!(
        Catalog::load(&store, &CatalogCache::new(), "p")
            .await
            .unwrap()
            .tables()
            .await
            .unwrap()
            .is_empty()
    );
    put(&store, "gsc_daily/a.parquet", "x").await;
    put(&store, "groups/readme.txt", "x").await;
    put(&store, "sessions/leftover.parquet", "x").await;
    put(&store, "unknown/a.parquet", "x").await;
    let mut manifest = Manifest::default();
    manifest.set_files(Table::Events, written(&store, 1).await);
    manifest.set_files(Table::Sessions, Vec::new());
    put(&store, MANIFEST_PATH, manifest.to_json()).await;
    let catalog = Catalog::load(&store, &CatalogCache::new(), "p")
        .await
        .unwrap();
    assert_eq!(
        catalog.tables().await.unwrap(),
        [Table::Events, Table::GscDaily]
    );
}

#[tokio::test]
async fn a_footer_is_read_once_by_one_read_and_forgotten_when_the_cache_is_full() {
    let store = memory();
    let files = written(&store, 3).await;
    let (calls, store) = counted(&store);
    let cache = FooterCache::new(1 << 20);
    let footer = cache.footer("p", &store, &files[0]).await.unwrap();
    assert_eq!(footer.file_metadata().num_rows(), 1);
    cache.footer("p", &store, &files[0]).await.unwrap();
    assert_eq!(calls.calls(), ["get events/day=2026-11-01/a-00000.parquet"]);
    // The same path in another project, or another version of it, is another file.
    cache.footer("q", &store, &files[0]).await.unwrap();
    cache
        .footer(
            "p",
            &store,
            &DataFile {
                etag: Some("new".to_owned()),
                ..files[0].clone()
            },
        )
        .await
        .unwrap();
    assert_eq!(calls.calls().len(), 2);
    let room_for_two = FooterCache::new(cache.bytes() / 3 * 2 + 10);
    for file in [&files[0], &files[1], &files[0], &files[2], &files[0]] {
        room_for_two.footer("p", &store, file).await.unwrap();
    }
    assert_eq!(calls.calls().len(), 3);
    assert!(room_for_two.bytes() <= cache.bytes() / 3 * 2 + 10);
}

#[tokio::test]
async fn a_footer_larger_than_the_first_read_takes_a_second() {
    let store = memory();
    let mut encoder = {
        let properties = parquet::file::properties::WriterProperties::builder()
            .set_max_row_group_row_count(Some(1))
            .build();
        parquet::arrow::ArrowWriter::try_new(Vec::new(), Table::Events.schema(), Some(properties))
            .unwrap()
    };
    encoder
        .write(&views((0..100).map(|second| NOVEMBER + second * 1_000)))
        .unwrap();
    let bytes = encoder.into_inner().unwrap();
    let size = bytes.len() as u64;
    put(&store, "events/many.parquet", bytes).await;
    let file = Catalog::load(&store, &CatalogCache::new(), "p")
        .await
        .unwrap()
        .files(Table::Events, None)
        .await
        .unwrap();
    assert_eq!(file[0].size, size);
    let (calls, store) = counted(&store);
    let footer = FooterCache::new(0)
        .footer("p", &store, &file[0])
        .await
        .unwrap();
    assert_eq!(footer.num_row_groups(), 100);
    assert_eq!(calls.calls().len(), 2);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_named_with_what_is_wrong_with_it() {
    let store = memory();
    let good = written(&store, 1).await.remove(0);
    let bytes = store.get(&good.path).await.unwrap().bytes().await.unwrap();
    let mut corrupt = bytes.to_vec();
    let at = corrupt.len() - 40;
    corrupt[at..at + 20].fill(0xFF);
    put(&store, "events/empty.parquet", "").await;
    put(&store, "events/short.parquet", "PAR1PAR1").await;
    put(&store, "events/text.parquet", "id,name\n1,one\n2,two\n").await;
    put(
        &store,
        "events/cut.parquet",
        bytes[..bytes.len() - 100].to_vec(),
    )
    .await;
    put(&store, "events/corrupt.parquet", corrupt).await;
    let mut long = bytes.to_vec();
    let length_at = long.len() - 8;
    long[length_at..length_at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    put(&store, "events/long.parquet", long).await;
    let catalog = Catalog::load(&store, &CatalogCache::new(), "p")
        .await
        .unwrap();
    let cache = FooterCache::new(1 << 20);
    let mut said = Vec::new();
    for file in catalog.files(Table::Events, None).await.unwrap() {
        if let Err(error) = cache.footer("p", &store, &file).await {
            said.push(error.to_string());
        }
    }
    said.sort();
    assert!(
        said[0].starts_with(
            "The file `events/corrupt.parquet` cannot be read: its footer cannot be decoded ("
        ),
        "{}",
        said[0]
    );
    assert_eq!(
        said[1..],
        [
            "The file `events/cut.parquet` cannot be read: it is truncated.",
            "The file `events/empty.parquet` cannot be read: it is an empty file.",
            "The file `events/long.parquet` cannot be read: it is truncated.",
            "The file `events/short.parquet` cannot be read: it is not Parquet.",
            "The file `events/text.parquet` cannot be read: it is not Parquet.",
        ]
    );
    // A file that has become shorter, or is gone, since its size was learnt.
    let longer = DataFile {
        size: good.size + 1_000,
        etag: None,
        ..good.clone()
    };
    let truncated = cache.footer("p", &store, &longer).await;
    assert!(
        matches!(
            truncated,
            Err(LakeError::BadFile {
                fault: FileFault::Truncated,
                ..
            })
        ),
        "{truncated:?}"
    );
    store.delete(&good.path).await.unwrap();
    let cache = FooterCache::new(1 << 20);
    assert!(matches!(
        cache.footer("p", &store, &good).await,
        Err(LakeError::Missing { .. })
    ));
}

#[tokio::test]
async fn a_store_that_fails_is_not_taken_for_a_bad_file_and_its_words_stay_inside() {
    let store = memory();
    let file = written(&store, 1).await.remove(0);
    let failing: Arc<dyn ObjectStore> = Arc::new(ScriptedStore::over(&store).failing_after_gets(0));
    let error = FooterCache::new(1 << 20)
        .footer("p", &failing, &file)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "The object store could not read `events/day=2026-11-01/a-00000.parquet`."
    );
    let error = Catalog::load(&failing, &CatalogCache::new(), "p")
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "The object store could not read `manifest.json`."
    );
}

#[tokio::test]
async fn a_file_has_row_groups_of_the_recommended_size_and_bloom_filters_on_ids() {
    let store = memory();
    let mut writer = Writer::new(Arc::clone(&store), Table::Events, "big");
    for part in 0..30 {
        writer
            .write(&views((0..10_000).map(|n| NOVEMBER + part * 10_000 + n)))
            .await
            .unwrap();
    }
    let files = writer.finish().await.unwrap();
    let footer = FooterCache::new(1 << 20)
        .footer("p", &store, &files[0])
        .await
        .unwrap();
    let rows: Vec<_> = footer
        .row_groups()
        .iter()
        .map(|group| group.num_rows())
        .collect();
    assert_eq!(rows, [131_072, 131_072, 37_856]);
    let column = |name: &str| {
        Table::Events
            .columns()
            .iter()
            .position(|column| column.name == name)
            .unwrap()
    };
    let group = footer.row_group(0);
    assert!(
        group
            .column(column("event_id"))
            .bloom_filter_offset()
            .is_some()
    );
    assert!(group.column(column("path")).bloom_filter_offset().is_none());
    assert!(group.column(column("timestamp")).statistics().is_some());
    assert!(matches!(
        group.column(column("name")).compression(),
        parquet::basic::Compression::ZSTD(_)
    ));
}
