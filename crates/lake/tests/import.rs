//! Imports: what is there afterwards, whatever order, repetition, interruption or rival.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod stores;

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{AsArray as _, RecordBatch},
    compute::concat_batches,
    datatypes::{Int64Type, TimestampMillisecondType},
};
use futures::TryStreamExt as _;
use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload, memory::InMemory, path::Path};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;
use sightline_lake::{
    Catalog, CatalogCache, DataFile, FooterCache, Import, ImportOptions, ImportSummary, LakeError,
    Rows, Table, Writer, conform::conform,
};
use stores::ScriptedStore;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// 2026-11-01T00:00:00Z
const NOVEMBER: i64 = 1_793_491_200_000;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    at_ms: i64,
    id: Option<String>,
    device: &'static str,
    session: Option<&'static str>,
    path: &'static str,
}

fn event(at_ms: i64, id: &str) -> Event {
    Event {
        at_ms: NOVEMBER + at_ms,
        id: Some(id.to_owned()),
        device: "d1",
        session: None,
        path: "/",
    }
}

fn batch(events: &[Event]) -> RecordBatch {
    let mut rows = Rows::new(Table::Events);
    for event in events {
        rows.text_if("event_id", event.id.as_deref())
            .instant("timestamp", event.at_ms)
            .text("name", "screen_view")
            .text("device_id", event.device)
            .text_if("session_id", event.session)
            .text("path", event.path)
            .end_row();
    }
    rows.finish().unwrap()
}

struct Project {
    store: Arc<dyn ObjectStore>,
    folder: tempfile::TempDir,
    imports: u32,
}

impl Project {
    fn new() -> Self {
        Self::over(Arc::new(InMemory::new()))
    }

    fn over(store: Arc<dyn ObjectStore>) -> Self {
        Self {
            store,
            folder: tempfile::tempdir().unwrap(),
            imports: 0,
        }
    }

    fn begin(&mut self, store: &Arc<dyn ObjectStore>, memory_bytes: usize) -> Import {
        self.imports += 1;
        let options = ImportOptions {
            name: format!("import-{}", self.imports),
            spill_folder: self.folder.path().to_owned(),
            memory_bytes,
        };
        Import::new(Arc::clone(store), options).unwrap()
    }

    async fn try_import(
        &mut self,
        store: &Arc<dyn ObjectStore>,
        events: &[Event],
    ) -> Result<ImportSummary, LakeError> {
        let mut import = self.begin(store, 1 << 20);
        import.push(&batch(events))?;
        import.finish().await
    }

    async fn import(&mut self, events: &[Event]) -> ImportSummary {
        let store = Arc::clone(&self.store);
        self.try_import(&store, events).await.unwrap()
    }

    async fn rows(&self, table: Table) -> RecordBatch {
        let catalog = Catalog::load(&self.store, &CatalogCache::new(), "p")
            .await
            .unwrap();
        let mut all = Vec::new();
        for file in catalog.files(table, None).await.unwrap() {
            let bytes = self
                .store
                .get(&file.path)
                .await
                .unwrap()
                .bytes()
                .await
                .unwrap();
            let reader = ParquetRecordBatchReaderBuilder::try_new(bytes)
                .unwrap()
                .build()
                .unwrap();
            let rows: Vec<_> = reader
                .map(|rows| conform(table, &rows.unwrap()).unwrap())
                .collect();
            assert_eq!(
                rows.iter().map(|rows| rows.num_rows() as u64).sum::<u64>(),
                file.rows.unwrap()
            );
            all.extend(rows);
        }
        concat_batches(&table.schema(), &all).unwrap()
    }

    /// Everything the project says, as text in order.
    async fn told(&self) -> BTreeMap<Table, Vec<String>> {
        let mut told = BTreeMap::new();
        for table in [Table::Events, Table::Sessions, Table::Profiles] {
            let rows = self.rows(table).await;
            let options = arrow::util::display::FormatOptions::new().with_null("∅");
            let columns: Vec<_> = rows
                .columns()
                .iter()
                .map(|column| {
                    arrow::util::display::ArrayFormatter::try_new(column, &options).unwrap()
                })
                .collect();
            let line = |row| {
                columns
                    .iter()
                    .map(|column| column.value(row).to_string())
                    .collect::<Vec<_>>()
                    .join("|")
            };
            told.insert(table, (0..rows.num_rows()).map(line).collect());
        }
        told
    }

    async fn paths(&self) -> Vec<String> {
        let objects: Vec<_> = self.store.list(None).try_collect().await.unwrap();
        let mut paths: Vec<_> = objects
            .into_iter()
            .map(|object| object.location.to_string())
            .collect();
        paths.sort();
        paths
    }

    /// Session id and event count of every session.
    async fn sessions(&self) -> Vec<(String, i64)> {
        let rows = self.rows(Table::Sessions).await;
        let ids = rows
            .column_by_name("session_id")
            .unwrap()
            .as_string::<i32>()
            .clone();
        let counts = rows
            .column_by_name("event_count")
            .unwrap()
            .as_primitive::<Int64Type>()
            .clone();
        let mut sessions: Vec<_> = (0..rows.num_rows())
            .map(|row| (ids.value(row).to_owned(), counts.value(row)))
            .collect();
        sessions.sort();
        sessions
    }
}

fn session(at_ms: i64, events: i64) -> (String, i64) {
    (format!("d1~{}", NOVEMBER + at_ms), events)
}

#[tokio::test]
async fn rows_in_any_order_lie_sorted_in_the_folder_of_their_utc_day() {
    let mut project = Project::new();
    let summary = project
        .import(&[event(DAY + HOUR, "c"), event(0, "a"), event(HOUR, "b")])
        .await;
    assert_eq!(
        (summary.events_added, summary.days, summary.sessions),
        (3, 2, 3)
    );
    assert_eq!(
        project.paths().await,
        [
            "events/day=2026-11-01/import-1-00000.parquet",
            "events/day=2026-11-02/import-1-00001.parquet",
            "footers/import-1.bin",
            "manifest.json",
            "profiles/import-1-00000.parquet",
            "sessions/day=2026-11-01/import-1-00000.parquet",
            "sessions/day=2026-11-02/import-1-00001.parquet",
        ]
    );
    let events = project.rows(Table::Events).await;
    let ids = events
        .column_by_name("event_id")
        .unwrap()
        .as_string::<i32>()
        .clone();
    assert_eq!(ids.iter().flatten().collect::<Vec<_>>(), ["a", "b", "c"]);
    let profiles = events
        .column_by_name("profile_id")
        .unwrap()
        .as_string::<i32>()
        .clone();
    assert!(profiles.iter().all(|profile| profile == Some("d1")));
}

#[tokio::test]
async fn importing_the_same_again_changes_nothing() {
    let mut project = Project::new();
    let without_id = Event {
        id: None,
        ..event(HOUR, "")
    };
    // Two equal rows in one file are two events; importing them again adds none.
    let events = [event(0, "a"), without_id.clone(), without_id.clone()];
    let first = project.import(&events).await;
    assert_eq!((first.events_added, first.duplicates), (3, 0));
    let (told, paths) = (project.told().await, project.paths().await);
    let second = project.import(&events).await;
    assert_eq!(
        (second.events_added, second.duplicates, second.files),
        (0, 3, 0)
    );
    assert_eq!((project.told().await, project.paths().await), (told, paths));
    // A third equal row is news.
    let third = project
        .import(&[without_id.clone(), without_id.clone(), without_id])
        .await;
    assert_eq!((third.events_added, third.duplicates), (1, 2));
}

#[tokio::test]
async fn an_event_id_stands_for_one_event_a_day() {
    let mut project = Project::new();
    project
        .import(&[event(0, "a"), event(HOUR, "a"), event(DAY, "a")])
        .await;
    let events = project.rows(Table::Events).await;
    let instants = events
        .column_by_name("timestamp")
        .unwrap()
        .as_primitive::<TimestampMillisecondType>()
        .clone();
    assert_eq!(instants.values().to_vec(), [NOVEMBER, NOVEMBER + DAY]);
}

#[tokio::test]
async fn a_session_that_spans_two_imports_stays_one() {
    let mut project = Project::new();
    project
        .import(&[event(HOUR, "a"), event(HOUR + 20 * MINUTE, "b")])
        .await;
    assert_eq!(project.sessions().await, [session(HOUR, 2)]);
    project.import(&[event(HOUR + 45 * MINUTE, "c")]).await;
    assert_eq!(project.sessions().await, [session(HOUR, 3)]);
    // Late events may come before it, and bridge two sessions.
    project.import(&[event(0, "d")]).await;
    assert_eq!(project.sessions().await, [session(0, 1), session(HOUR, 3)]);
    project.import(&[event(30 * MINUTE, "e")]).await;
    assert_eq!(project.sessions().await, [session(0, 5)]);
    let events = project.rows(Table::Events).await;
    let ids = events
        .column_by_name("session_id")
        .unwrap()
        .as_string::<i32>()
        .clone();
    assert!(ids.iter().all(|id| id == Some(session(0, 5).0.as_str())));
}

#[tokio::test]
async fn a_session_over_midnight_stays_one_though_its_days_come_apart() {
    let mut project = Project::new();
    project.import(&[event(DAY - 10 * MINUTE, "a")]).await;
    project.import(&[event(DAY + 10 * MINUTE, "b")]).await;
    assert_eq!(project.sessions().await, [session(DAY - 10 * MINUTE, 2)]);
    project.import(&[event(DAY - 15 * MINUTE, "c")]).await;
    assert_eq!(project.sessions().await, [session(DAY - 15 * MINUTE, 3)]);
}

#[tokio::test]
async fn a_session_of_many_days_is_found_to_its_beginning() {
    let mut project = Project::new();
    let named = |at_ms, id: &str| Event {
        session: Some("long"),
        ..event(at_ms, id)
    };
    let days: Vec<_> = (0..6)
        .map(|day| named(day * 20 * HOUR, &format!("e{day}")))
        .collect();
    project.import(&days).await;
    assert_eq!(project.sessions().await, [("long".to_owned(), 6)]);
    project.import(&[named(5 * 20 * HOUR + HOUR, "more")]).await;
    assert_eq!(project.sessions().await, [("long".to_owned(), 7)]);
}

#[tokio::test]
async fn sessions_new_events_cannot_belong_to_are_left_alone() {
    let mut project = Project::new();
    let named = |at_ms, id: &str| Event {
        session: Some("long"),
        device: "d2",
        ..event(at_ms, id)
    };
    let days: Vec<_> = (0..6)
        .map(|day| named(day * 20 * HOUR, &format!("e{day}")))
        .collect();
    project.import(&days).await;
    let before = project.paths().await;
    project.import(&[event(5 * DAY, "other")]).await;
    assert_eq!(
        project.sessions().await,
        [session(5 * DAY, 1), ("long".to_owned(), 6)]
    );
    let first_day = |paths: &[String]| {
        paths
            .iter()
            .find(|path| path.starts_with("events/day=2026-11-01"))
            .cloned()
    };
    assert_eq!(first_day(&project.paths().await), first_day(&before));
    // Its events in the day written anew still say so.
    let events = project.rows(Table::Events).await;
    let ids = events
        .column_by_name("session_id")
        .unwrap()
        .as_string::<i32>()
        .clone();
    assert_eq!(ids.iter().filter(|id| *id == Some("long")).count(), 6);
}

#[tokio::test]
async fn days_far_from_the_new_events_are_not_touched() {
    let mut project = Project::new();
    project
        .import(
            &(0..10)
                .map(|day| event(day * DAY + HOUR, &format!("e{day}")))
                .collect::<Vec<_>>(),
        )
        .await;
    let before = project.paths().await;
    project.import(&[event(5 * DAY + 2 * HOUR, "new")]).await;
    let after = project.paths().await;
    let kept = before
        .iter()
        .filter(|path| path.starts_with("events/") && after.contains(path))
        .count();
    assert_eq!(kept, 7);
}

#[tokio::test]
async fn profiles_keep_what_they_say_and_are_seen_earlier_and_later() {
    let mut project = Project::new();
    let mut rows = Rows::new(Table::Profiles);
    rows.text("profile_id", "d1")
        .text("email", "ann@example.com")
        .instant("created_at", NOVEMBER + HOUR)
        .end_row();
    let mut writer = Writer::new(Arc::clone(&project.store), Table::Profiles, "given");
    writer.write(&rows.finish().unwrap()).await.unwrap();
    writer.finish().await.unwrap();
    project
        .import(&[
            event(0, "a"),
            Event {
                device: "d2",
                ..event(DAY, "b")
            },
        ])
        .await;
    let profiles = project.rows(Table::Profiles).await;
    let text = |name: &str| {
        profiles
            .column_by_name(name)
            .unwrap()
            .as_string::<i32>()
            .clone()
    };
    let instant = |name: &str| {
        profiles
            .column_by_name(name)
            .unwrap()
            .as_primitive::<TimestampMillisecondType>()
            .clone()
    };
    assert_eq!(
        text("profile_id").iter().flatten().collect::<Vec<_>>(),
        ["d1", "d2"]
    );
    assert_eq!(
        text("email").iter().collect::<Vec<_>>(),
        [Some("ann@example.com"), None]
    );
    assert_eq!(
        instant("created_at").values().to_vec(),
        [NOVEMBER, NOVEMBER + DAY]
    );
    assert_eq!(
        instant("last_seen_at").values().to_vec(),
        [NOVEMBER, NOVEMBER + DAY]
    );
}

#[tokio::test]
async fn columns_of_other_writers_become_properties_when_their_day_is_written_anew() {
    let mut project = Project::new();
    let foreign = batch(&[event(0, "a")]);
    let mut fields: Vec<_> = foreign.schema().fields().iter().cloned().collect();
    fields.push(
        arrow::datatypes::Field::new("experiment", arrow::datatypes::DataType::Utf8, true).into(),
    );
    let mut columns = foreign.columns().to_vec();
    columns.push(Arc::new(arrow::array::StringArray::from(vec!["blue"])));
    let foreign =
        RecordBatch::try_new(arrow::datatypes::Schema::new(fields).into(), columns).unwrap();
    let mut encoder =
        parquet::arrow::ArrowWriter::try_new(Vec::new(), foreign.schema(), None).unwrap();
    encoder.write(&foreign).unwrap();
    let path = Path::from("events/year=2026/month=11/day=01/other.parquet");
    project
        .store
        .put(&path, PutPayload::from(encoder.into_inner().unwrap()))
        .await
        .unwrap();
    project.import(&[event(MINUTE, "b")]).await;
    assert_eq!(project.sessions().await, [session(0, 2)]);
    assert!(project.told().await[&Table::Events][0].contains("experiment: blue"));
    assert!(!project.paths().await.contains(&path.to_string()));
}

#[tokio::test]
async fn an_import_that_is_interrupted_anywhere_leaves_the_project_as_it_was() {
    let mut finished = false;
    for allowed in 0..40 {
        let mut project = Project::new();
        project.import(&[event(0, "a"), event(DAY, "b")]).await;
        let told = project.told().await;
        let failing: Arc<dyn ObjectStore> =
            Arc::new(ScriptedStore::over(&project.store).failing_after_puts(allowed));
        match project
            .try_import(&failing, &[event(HOUR, "c"), event(3 * DAY, "d")])
            .await
        {
            Err(error) => {
                assert!(
                    matches!(
                        error,
                        LakeError::Storage {
                            action: "write",
                            ..
                        }
                    ),
                    "{error:?}"
                );
                assert_eq!(project.told().await, told, "after {allowed} puts");
            }
            Ok(_) => {
                finished = true;
                break;
            }
        }
        // The next import works and clears away what was left.
        project
            .import(&[event(HOUR, "c"), event(3 * DAY, "d")])
            .await;
        assert_eq!(project.rows(Table::Events).await.num_rows(), 4);
    }
    assert!(finished);
}

#[tokio::test]
async fn the_very_first_import_shows_nothing_until_it_is_whole() {
    // The manifest twice, two days of two tables, profiles, and the copies of footers.
    for allowed in 0..8 {
        let mut project = Project::new();
        let failing: Arc<dyn ObjectStore> =
            Arc::new(ScriptedStore::over(&project.store).failing_after_puts(allowed));
        project
            .try_import(&failing, &[event(0, "a"), event(DAY, "b")])
            .await
            .unwrap_err();
        assert_eq!(
            project.rows(Table::Events).await.num_rows(),
            0,
            "after {allowed} puts"
        );
    }
}

#[tokio::test]
async fn the_footers_of_all_files_are_had_with_one_read_and_without_it_from_the_files() {
    let mut project = Project::new();
    project.import(&[event(0, "a"), event(DAY, "b")]).await;
    project.import(&[event(5 * DAY, "c")]).await;
    let copies: Vec<_> = project.paths().await;
    let copies: Vec<_> = copies
        .iter()
        .filter(|path| path.starts_with("footers/"))
        .collect();
    assert_eq!(copies, ["footers/import-2.bin"]);

    let scripted = Arc::new(ScriptedStore::over(&project.store));
    let counted: Arc<dyn ObjectStore> = Arc::<ScriptedStore>::clone(&scripted);
    let catalog = Catalog::load(&counted, &CatalogCache::new(), "p")
        .await
        .unwrap();
    let mut files = Vec::new();
    for table in [Table::Events, Table::Sessions, Table::Profiles] {
        files.extend(catalog.files(table, None).await.unwrap());
    }
    assert_eq!(files.len(), 7);
    let files: Vec<&DataFile> = files.iter().collect();
    scripted.calls();
    let copied = FooterCache::new(1 << 20)
        .footers("p", &counted, &files)
        .await
        .unwrap();
    assert_eq!(scripted.calls(), ["get footers/import-2.bin"]);

    let copies = Path::from("footers/import-2.bin");
    let broken = project.store.put(&copies, "no footers".into()).await;
    broken.unwrap();
    let read = FooterCache::new(1 << 20)
        .footers("p", &counted, &files)
        .await
        .unwrap();
    assert_eq!(read, copied);
    project.store.delete(&copies).await.unwrap();
    scripted.calls();
    let cache = FooterCache::new(1 << 20);
    let read = cache.footers("p", &counted, &files).await.unwrap();
    assert_eq!(read, copied);
    assert_eq!(scripted.calls().len(), 8);
    // What is known is not asked for.
    cache.footers("p", &counted, &files).await.unwrap();
    assert!(scripted.calls().is_empty());
    // The next import does without what is gone.
    project.import(&[event(9 * DAY, "d")]).await;
    let copies = project.paths().await;
    assert!(
        copies.contains(&"footers/import-3.bin".to_owned()),
        "{copies:?}"
    );
}

#[tokio::test]
async fn of_two_imports_at_once_the_slower_one_is_refused() {
    let mut project = Project::new();
    project.import(&[event(0, "a")]).await;
    let store = Arc::clone(&project.store);
    let slow: Arc<dyn ObjectStore> = Arc::new(ScriptedStore::over(&store).with_rival());
    let refused = project.try_import(&slow, &[event(HOUR, "b")]).await;
    assert!(matches!(refused, Err(LakeError::Conflict)), "{refused:?}");
    assert_eq!(project.rows(Table::Events).await.num_rows(), 1);
}

#[tokio::test]
async fn an_import_into_a_local_folder_works_twice() {
    let folder = tempfile::tempdir().unwrap();
    let store = object_store::local::LocalFileSystem::new_with_prefix(folder.path()).unwrap();
    let mut project = Project::over(Arc::new(store));
    project.import(&[event(0, "a")]).await;
    project.import(&[event(MINUTE, "b")]).await;
    assert_eq!(project.sessions().await, [session(0, 2)]);
}

#[tokio::test]
async fn nothing_imported_writes_nothing() {
    let mut project = Project::new();
    let store = Arc::clone(&project.store);
    let summary = project.begin(&store, 1 << 20).finish().await.unwrap();
    assert_eq!(summary, ImportSummary::default());
    assert!(project.paths().await.is_empty());
}

fn any_event() -> impl Strategy<Value = Event> {
    let at = 0..4_000_i64;
    let device = prop::sample::select(vec!["d1", "d2", "d3"]);
    let session = prop::option::weighted(0.2, prop::sample::select(vec!["s1", "s2"]));
    let path = prop::sample::select(vec!["/", "/a"]);
    (at, device, session, path).prop_map(|(minute, device, session, path)| Event {
        at_ms: NOVEMBER + minute * MINUTE,
        id: None,
        device,
        session,
        path,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Names whose stays are a day apart are left out: what one import calls a second stay, two imports cannot know.
    #[test]
    fn it_does_not_matter_in_how_many_imports_events_come(
        events in prop::collection::btree_set(any_event(), 1..80),
        cuts in prop::collection::vec(0..4_usize, 80),
    ) {
        let events: Vec<Event> = events
            .into_iter()
            .enumerate()
            .map(|(number, event)| Event { id: Some(format!("e{number}")), session: None, ..event })
            .collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (whole, parts) = runtime.block_on(async {
            let mut whole = Project::new();
            whole.import(&events).await;
            let mut parts = Project::new();
            for part in 0..4 {
                let some: Vec<Event> = events.iter().zip(&cuts).filter(|(_, cut)| **cut == part).map(|(event, _)| event.clone()).collect();
                if !some.is_empty() {
                    parts.import(&some).await;
                }
            }
            (whole.told().await, parts.told().await)
        });
        prop_assert_eq!(&whole[&Table::Events], &parts[&Table::Events]);
        prop_assert_eq!(&whole[&Table::Sessions], &parts[&Table::Sessions]);
        let sorted = |told: &BTreeMap<Table, Vec<String>>| { let mut rows = told[&Table::Profiles].clone(); rows.sort(); rows };
        prop_assert_eq!(sorted(&whole), sorted(&parts));
    }

    #[test]
    fn the_memory_allowed_changes_nothing(events in prop::collection::vec(any_event(), 1..300)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (roomy, narrow) = runtime.block_on(async {
            let mut results = Vec::new();
            for memory_bytes in [64 << 20, 1] {
                let mut project = Project::new();
                let store = Arc::clone(&project.store);
                let mut import = project.begin(&store, memory_bytes);
                for some in events.chunks(37) {
                    import.push(&batch(some)).unwrap();
                }
                import.finish().await.unwrap();
                results.push(project.told().await);
            }
            let narrow = results.pop();
            (results.pop(), narrow)
        });
        prop_assert_eq!(roomy, narrow);
    }
}
