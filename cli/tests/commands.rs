//! The program as people run it: what it says, and what is in the project afterwards.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use arrow::{
    array::{Array as _, AsArray as _, RecordBatch},
    compute::concat_batches,
    datatypes::{Int64Type, TimestampMillisecondType},
};
use flate2::{Compression, write::GzEncoder};
use object_store::{ObjectStore, local::LocalFileSystem};
use parquet::arrow::{ArrowWriter, arrow_reader::ParquetRecordBatchReaderBuilder};
use sightline_lake::{Catalog, CatalogCache, Table, conform::conform};

struct Folder(tempfile::TempDir);

struct Said {
    ok: bool,
    out: String,
    err: String,
}

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    fn gzip(&self, name: &str, content: &str) -> PathBuf {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(content.as_bytes()).unwrap();
        self.file(name, encoder.finish().unwrap())
    }

    fn lake(&self) -> PathBuf {
        self.0.path().join("lake")
    }

    fn run(&self, arguments: &[&str]) -> Said {
        run(Command::new(env!("CARGO_BIN_EXE_sightline"))
            .args(arguments)
            .arg("--to")
            .arg(self.lake()))
    }

    fn import(&self, files: &[&Path], options: &[&str]) -> Said {
        let mut arguments = vec!["import"];
        arguments.extend(files.iter().map(|file| file.to_str().unwrap()));
        arguments.extend(["--project", "p"]);
        arguments.extend(options);
        self.run(&arguments)
    }

    fn rows_of(&self, project: &str, table: Table) -> RecordBatch {
        let folder = self.lake().join(project);
        fs::create_dir_all(&folder).unwrap();
        let store: Arc<dyn ObjectStore> =
            Arc::new(LocalFileSystem::new_with_prefix(&folder).unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let files = runtime.block_on(async {
            let catalog = Catalog::load(&store, &CatalogCache::new(), project)
                .await
                .unwrap();
            catalog.files(table, None).await.unwrap()
        });
        let mut rows = Vec::new();
        for file in files {
            let file = fs::File::open(folder.join(file.path.as_ref())).unwrap();
            let reader = ParquetRecordBatchReaderBuilder::try_new(file)
                .unwrap()
                .build()
                .unwrap();
            rows.extend(reader.map(|rows| conform(table, &rows.unwrap()).unwrap()));
        }
        concat_batches(&table.schema(), &rows).unwrap()
    }

    fn rows(&self, table: Table) -> RecordBatch {
        self.rows_of("p", table)
    }

    /// The texts of a column of events, in order of time.
    fn texts(&self, column: &str) -> Vec<Option<String>> {
        let rows = self.rows(Table::Events);
        let texts = rows.column_by_name(column).unwrap().as_string::<i32>();
        texts.iter().map(|text| text.map(str::to_owned)).collect()
    }

    /// The properties of every event, in order of time.
    fn properties(&self) -> Vec<Vec<(String, String)>> {
        let rows = self.rows(Table::Events);
        let maps = rows.column_by_name("properties").unwrap().as_map().clone();
        let pairs = |row: usize| {
            let entries = maps.value(row);
            let (keys, values) = (
                entries.column(0).as_string::<i32>(),
                entries.column(1).as_string::<i32>(),
            );
            let mut pairs: Vec<_> = keys
                .iter()
                .zip(values)
                .map(|(key, value)| (key.unwrap().to_owned(), value.unwrap().to_owned()))
                .collect();
            pairs.sort();
            pairs
        };
        (0..maps.len())
            .map(|row| {
                if maps.is_null(row) {
                    Vec::new()
                } else {
                    pairs(row)
                }
            })
            .collect()
    }
}

fn run(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said {
        ok: output.status.success(),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

fn some(texts: &[&str]) -> Vec<Option<String>> {
    texts.iter().map(|text| Some((*text).to_owned())).collect()
}

fn own(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

const CSV: &str = "\
timestamp,name,device_id,path,plan
2026-11-01T10:00:00Z,screen_view,d1,/,free
2026-11-01T10:05:00Z,screen_view,d1,/pricing,free
2026-11-02 09:00:00,screen_view,d2,/,
";

#[test]
fn csv_becomes_events_sessions_and_profiles_and_other_fields_properties() {
    let folder = Folder::new();
    let said = folder.import(&[&folder.file("events.csv", CSV)], &[]);
    assert!(said.ok, "{}", said.err);
    assert_eq!(folder.texts("path"), some(&["/", "/pricing", "/"]));
    assert_eq!(folder.texts("profile_id"), some(&["d1", "d1", "d2"]));
    assert_eq!(
        folder.properties(),
        [own(&[("plan", "free")]), own(&[("plan", "free")]), own(&[])]
    );
    let sessions = folder.rows(Table::Sessions);
    let counts = sessions
        .column_by_name("event_count")
        .unwrap()
        .as_primitive::<Int64Type>()
        .values()
        .to_vec();
    assert_eq!(counts, [2, 1]);
    assert_eq!(folder.rows(Table::Profiles).num_rows(), 2);
    assert!(
        said.out.contains("           3  events added"),
        "{}",
        said.out
    );
}

#[test]
fn gzip_and_format_are_seen_from_the_content_whatever_the_name() {
    let folder = Folder::new();
    let json = r#"{"timestamp":1793527200,"name":"a","device_id":"d1"}"#;
    let files = [folder.gzip("one.dat", CSV), folder.gzip("two.bin", json)];
    let said = folder.import(&[&files[0], &files[1]], &[]);
    assert!(said.ok, "{}", said.err);
    assert_eq!(folder.rows(Table::Events).num_rows(), 4);
}

#[test]
fn bad_rows_are_counted_and_told_with_file_and_line() {
    let folder = Folder::new();
    let mut csv = CSV.to_owned();
    csv.push_str("yesterday,a,d1,/,\n2026-11-01T10:00:00Z,,d1,/,\n2026-11-01T10:00:00Z,a,d1\n");
    csv.push_str("2026-11-03T10:00:00Z,\"two\nlines\",d1,/,\nnot a time,a,d1,/,\n");
    let file = folder.file("events.csv", csv);
    let said = folder.import(&[&file], &[]);
    assert!(said.ok, "{}", said.err);
    let name = file.display();
    for told in [
        format!("bad row: {name}, line 5: `yesterday` is no instant (timestamp)"),
        format!("bad row: {name}, line 6: `name` is missing"),
        format!("bad row: {name}, line 7: it has 3 fields, and the header has 5"),
        format!("bad row: {name}, line 10: `not a time` is no instant (timestamp)"),
    ] {
        assert!(said.err.contains(&told), "{told}\n{}", said.err);
    }
    assert!(said.out.contains("           8  rows read"), "{}", said.out);
    assert!(
        said.out.contains("           4  bad rows left out"),
        "{}",
        said.out
    );
    assert_eq!(folder.rows(Table::Events).num_rows(), 4);
}

#[test]
fn only_the_first_ten_bad_rows_are_told_but_all_are_counted() {
    let folder = Folder::new();
    let lines = "{\"name\":\"a\"}\n".repeat(25)
        + "{\"timestamp\":\"2026-11-01T00:00:00Z\",\"name\":\"a\"}\n";
    let said = folder.import(&[&folder.file("e.jsonl", lines)], &[]);
    assert_eq!(said.err.matches("bad row: ").count(), 10);
    assert!(said.err.contains("… and 15 more bad rows"), "{}", said.err);
    assert!(
        said.out.contains("          25  bad rows left out"),
        "{}",
        said.out
    );
}

#[test]
fn strict_stops_at_the_first_bad_row_and_changes_nothing() {
    let folder = Folder::new();
    let good = folder.file("good.csv", CSV);
    let bad = folder.file(
        "bad.jsonl",
        "{\"timestamp\":\"2026-11-05T00:00:00Z\",\"name\":\"a\"}\n{broken\n",
    );
    assert!(folder.import(&[&good], &["--strict"]).ok);
    let said = folder.import(&[&bad], &["--strict"]);
    assert!(!said.ok);
    let expected = format!(
        "error: {}, line 2: it is not JSON (column 2). Nothing was imported\n",
        bad.display()
    );
    assert_eq!(said.err, expected);
    assert_eq!(folder.rows(Table::Events).num_rows(), 3);
}

#[test]
fn fields_are_mapped_also_nested_ones() {
    let folder = Folder::new();
    let json = r#"{"time":"2026-11-01T00:00:00+01:00","event":"signup","user":{"id":7,"plan":"pro"},"groups":["acme"],"properties":{"a":{"b":1},"c":[1,2]},"name":"Ann"}"#;
    let said = folder.import(
        &[&folder.file("e.jsonl", json)],
        &[
            "--map",
            "timestamp=time",
            "--map",
            "name=event",
            "--map",
            "profile_id=user.id",
            "--map",
            "properties.tier=user.plan",
        ],
    );
    assert!(said.ok, "{}", said.err);
    assert_eq!(
        (folder.texts("name"), folder.texts("profile_id")),
        (some(&["signup"]), some(&["7"]))
    );
    assert_eq!(
        folder.properties(),
        [own(&[
            ("a.b", "1"),
            ("c", "[1,2]"),
            ("name", "Ann"),
            ("tier", "pro")
        ])]
    );
    let events = folder.rows(Table::Events);
    let groups = events
        .column_by_name("groups")
        .unwrap()
        .as_list::<i32>()
        .value(0);
    assert_eq!(groups.as_string::<i32>().value(0), "acme");
    let instants = events
        .column_by_name("timestamp")
        .unwrap()
        .as_primitive::<TimestampMillisecondType>();
    assert_eq!(instants.value(0), 1_793_487_600_000);
}

#[test]
fn a_missing_field_is_told_with_those_there_are() {
    let folder = Folder::new();
    let file = folder.file("e.csv", "time,event\n2026-11-01T00:00:00Z,a\n");
    let said = folder.import(&[&file], &[]);
    let name = file.display();
    assert_eq!(
        said.err,
        format!(
            "error: {name} has no field `timestamp`. It has: time, event. Say which it is with --map timestamp=FIELD\n"
        )
    );
    let said = folder.import(&[&file], &["--map", "timestamp=when"]);
    assert_eq!(
        said.err,
        format!("error: {name} has no field `when`, which --map names. It has: time, event\n")
    );
    let said = folder.import(&[&file], &["--map", "tme=time"]);
    assert!(
        said.err.contains("events have no column `tme`"),
        "{}",
        said.err
    );
    assert!(!folder.lake().join("p").exists());
}

#[test]
fn what_is_no_known_format_is_refused() {
    let folder = Folder::new();
    let said = folder.import(&[&folder.file("notes.txt", "hello world\n")], &[]);
    assert!(
        said.err
            .contains("the format cannot be told from its first line"),
        "{}",
        said.err
    );
    let said = folder.import(&[Path::new("no-such-file.csv")], &[]);
    assert!(
        said.err.contains("`no-such-file.csv` could not be opened"),
        "{}",
        said.err
    );
    let said = folder.import(&[&folder.file("cut.parquet", "PAR1 and no more")], &[]);
    assert!(
        said.err.contains("cannot be read as Parquet"),
        "{}",
        said.err
    );
}

#[test]
fn parquet_of_another_shape_is_read_column_by_column() {
    let folder = Folder::new();
    let seconds =
        arrow::array::Int64Array::from(vec![Some(1_793_527_200), Some(1_793_527_260), None]);
    let names = arrow::array::StringArray::from(vec!["a", "b", "c"]);
    let scores = arrow::array::Float64Array::from(vec![Some(1.5), None, None]);
    let rows = RecordBatch::try_from_iter([
        ("ts", Arc::new(seconds) as _),
        ("name", Arc::new(names) as _),
        ("score", Arc::new(scores) as _),
    ])
    .unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), rows.schema(), None).unwrap();
    writer.write(&rows).unwrap();
    let bytes = writer.into_inner().unwrap();
    let plain = folder.file("e.parquet", &bytes);
    let said = folder.import(&[&plain], &["--map", "timestamp=ts"]);
    assert!(said.ok, "{}", said.err);
    assert!(
        said.err
            .contains(", row 3: `timestamp` is missing or cannot be read"),
        "{}",
        said.err
    );
    assert_eq!(folder.texts("name"), some(&["a", "b"]));
    assert_eq!(folder.properties(), [own(&[("score", "1.5")]), own(&[])]);
    // Packed, it is the same file, and the same events.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&bytes).unwrap();
    let packed = folder.file("e.parquet.gz", encoder.finish().unwrap());
    let said = folder.import(&[&packed], &["--map", "timestamp=ts"]);
    assert!(
        said.out
            .contains("           2  events left out, there already"),
        "{}{}",
        said.out,
        said.err
    );
}

#[test]
fn importing_the_same_files_again_adds_nothing() {
    let folder = Folder::new();
    let file = folder.file("events.csv", CSV);
    assert!(folder.import(&[&file], &[]).ok);
    let said = folder.import(&[&file], &[]);
    assert!(
        said.out.contains("           0  events added"),
        "{}",
        said.out
    );
    assert!(
        said.out
            .contains("           3  events left out, there already"),
        "{}",
        said.out
    );
    assert_eq!(folder.rows(Table::Events).num_rows(), 3);
}

#[test]
fn a_session_that_spans_two_imports_stays_one() {
    let folder = Folder::new();
    let row = |minute: u32| {
        format!("timestamp,name,device_id\n2026-11-01T10:{minute:02}:00Z,screen_view,d1\n")
    };
    assert!(folder.import(&[&folder.file("a.csv", row(30))], &[]).ok);
    assert!(folder.import(&[&folder.file("b.csv", row(10))], &[]).ok);
    let sessions = folder.rows(Table::Sessions);
    assert_eq!(sessions.num_rows(), 1);
    assert_eq!(
        sessions
            .column_by_name("event_count")
            .unwrap()
            .as_primitive::<Int64Type>()
            .value(0),
        2
    );
}

const LOG: &str = r#"192.0.2.1 - - [01/Nov/2026:13:00:05 +0100] "GET /?utm_source=news&x=1 HTTP/1.1" 200 512 "https://www.google.de/" "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
192.0.2.1 - - [01/Nov/2026:13:00:06 +0100] "GET /style.css HTTP/1.1" 200 90 "https://www.example.com/" "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
192.0.2.1 - - [01/Nov/2026:13:01:05 +0100] "GET /about HTTP/1.1" 304 - "https://www.example.com/" "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
192.0.2.9 - - [01/Nov/2026:13:02:00 +0100] "GET /missing HTTP/1.1" 404 12 "-" "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
192.0.2.7 - - [01/Nov/2026:13:03:00 +0100] "GET /about HTTP/1.1" 200 12 "-" "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
nonsense
"#;

#[test]
fn access_logs_become_page_views_without_addresses_and_without_bots() {
    let folder = Folder::new();
    let said = folder.import(
        &[&folder.gzip("access.log.gz", LOG)],
        &["--origin", "https://example.com/"],
    );
    assert!(said.ok, "{}", said.err);
    assert!(
        said.err.contains(", line 6: it has no time in brackets"),
        "{}",
        said.err
    );
    for line in [
        "2  log lines left out",
        "1  page views of bots left out",
        "1  bad rows",
        "2  events added",
    ] {
        assert!(said.out.contains(line), "{line}\n{}", said.out);
    }
    assert_eq!(folder.texts("path"), some(&["/", "/about"]));
    assert_eq!(
        folder.texts("origin"),
        some(&["https://example.com", "https://example.com"])
    );
    assert_eq!(
        folder.texts("referrer_name"),
        [Some("Google".to_owned()), None]
    );
    assert_eq!(folder.texts("utm_source"), [Some("news".to_owned()), None]);
    assert_eq!(folder.texts("browser"), some(&["Chrome", "Chrome"]));
    let events = folder.rows(Table::Events);
    let instants = events
        .column_by_name("timestamp")
        .unwrap()
        .as_primitive::<TimestampMillisecondType>();
    assert_eq!(instants.value(0), 1_793_534_405_000);
    assert_eq!(folder.rows(Table::Sessions).num_rows(), 1);
    let devices = folder.texts("device_id");
    assert!(
        devices
            .iter()
            .flatten()
            .all(|device| device.starts_with("web_") && !device.contains("192.0.2"))
    );
}

#[test]
fn bots_are_kept_and_marked_on_request() {
    let folder = Folder::new();
    let said = folder.import(&[&folder.file("access.log", LOG)], &["--include-bots"]);
    assert!(
        said.out.contains("           1  page views of bots kept"),
        "{}",
        said.out
    );
    assert_eq!(folder.properties()[2], own(&[("bot", "Googlebot")]));
}

#[test]
fn a_bucket_without_credentials_is_refused_with_the_variable_that_is_missing() {
    let folder = Folder::new();
    let file = folder.file("events.csv", CSV);
    let mut command = Command::new(env!("CARGO_BIN_EXE_sightline"));
    command
        .arg("import")
        .arg(&file)
        .args(["--project", "p", "--to", "r2://lake"]);
    command
        .env_remove("R2_ENDPOINT")
        .env("R2_ACCOUNT_ID", "abc")
        .env_remove("R2_ACCESS_KEY_ID");
    let said = run(&mut command);
    assert_eq!(
        said.err,
        "error: r2:// needs the environment variable R2_ACCESS_KEY_ID, which is not set\n"
    );
}

#[test]
fn a_project_id_that_is_a_path_is_refused() {
    let folder = Folder::new();
    let file = folder.file("events.csv", CSV);
    let said = folder.run(&["import", file.to_str().unwrap(), "--project", "../other"]);
    assert!(
        said.err
            .contains("a project's id has 1 to 64 letters, digits, `-` or `_`"),
        "{}",
        said.err
    );
}

#[test]
fn generated_events_are_as_many_as_asked_for_on_as_many_days() {
    let folder = Folder::new();
    let said = folder.run(&[
        "generate",
        "--events",
        "20000",
        "--days",
        "5",
        "--last-day",
        "2026-11-20",
        "--project",
        "p",
    ]);
    assert!(said.ok, "{}", said.err);
    assert!(
        said.out.starts_with("Wrote 20000 events and "),
        "{}",
        said.out
    );
    assert_eq!(folder.rows(Table::Events).num_rows(), 20_000);
    assert_eq!(
        fs::read_dir(folder.lake().join("p/events"))
            .unwrap()
            .count(),
        5
    );
    let sessions = folder.rows(Table::Sessions);
    let counts = sessions
        .column_by_name("event_count")
        .unwrap()
        .as_primitive::<Int64Type>();
    assert_eq!(counts.values().iter().sum::<i64>(), 20_000);
}

fn files_under(folder: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_under(&path, found)
        } else {
            found.push((path.clone(), fs::read(path).unwrap()))
        }
    }
    found.sort();
}

#[test]
fn the_demo_is_the_same_for_the_same_day_and_goes_up_to_now() {
    let options = [
        "demo",
        "--today",
        "2026-11-20",
        "--now",
        "2026-11-20T09:30:00Z",
    ];
    let (one, two) = (Folder::new(), Folder::new());
    let said = one.run(&options);
    assert!(said.ok, "{}", said.err);
    assert!(two.run(&options).ok);
    let contents = |folder: &Folder| {
        let mut found = Vec::new();
        for project in ["shop", "app", "docs"] {
            for table in ["events", "sessions", "profiles"] {
                files_under(&folder.lake().join(project).join(table), &mut found);
            }
        }
        found
            .into_iter()
            .map(|(path, bytes)| (path.strip_prefix(folder.lake()).unwrap().to_owned(), bytes))
            .collect::<Vec<_>>()
    };
    assert!(contents(&one) == contents(&two));

    let mut all = 0;
    for project in ["shop", "app", "docs"] {
        let events = one.rows_of(project, Table::Events);
        all += events.num_rows();
        let instants = events
            .column_by_name("timestamp")
            .unwrap()
            .as_primitive::<TimestampMillisecondType>();
        assert!(instants.values().is_sorted());
        let (first, last) = (instants.value(0), instants.value(instants.len() - 1));
        let now = 1_795_167_000_000; // 2026-11-20T09:30:00Z
        assert!(
            (now - 60 * 60 * 1_000..=now).contains(&last),
            "{project}: {last}"
        );
        let days = (now - first) / 86_400_000;
        assert!((88..=90).contains(&days), "{project}: {days}");
        let ids = events
            .column_by_name("event_id")
            .unwrap()
            .as_string::<i32>();
        let distinct: std::collections::HashSet<_> = ids.iter().flatten().collect();
        assert_eq!(distinct.len(), events.num_rows(), "{project}");
        let sessions = one.rows_of(project, Table::Sessions);
        let counts = sessions
            .column_by_name("event_count")
            .unwrap()
            .as_primitive::<Int64Type>();
        assert_eq!(
            counts.values().iter().sum::<i64>(),
            events.num_rows() as i64
        );
        assert!(one.rows_of(project, Table::Profiles).num_rows() > 500);
    }
    assert!((270_000..340_000).contains(&all), "{all}");
    assert_eq!(one.rows_of("app", Table::Groups).num_rows(), 24);
    assert_eq!(one.rows_of("shop", Table::GscDaily).num_rows(), 88);
    let description = fs::read_to_string(one.lake().join("demo.json")).unwrap();
    let description: serde_json::Value = serde_json::from_str(&description).unwrap();
    assert_eq!(
        description["projects"][0]["organization"]["id"],
        "org_northwind"
    );

    // The next day's demo takes its place.
    assert!(one.run(&["demo", "--today", "2026-11-21"]).ok);
    let mut found = Vec::new();
    files_under(&one.lake().join("docs/events"), &mut found);
    assert!(
        !found
            .iter()
            .any(|(path, _)| path.to_string_lossy().contains("day=2026-08-23"))
    );
}

#[test]
fn the_broken_checkout_shows_in_errors_and_revenue() {
    let folder = Folder::new();
    assert!(
        folder
            .run(&[
                "demo",
                "--today",
                "2026-11-20",
                "--now",
                "2026-11-20T23:00:00Z"
            ])
            .ok
    );
    let sessions = folder.rows_of("shop", Table::Sessions);
    let started = sessions
        .column_by_name("started_at")
        .unwrap()
        .as_primitive::<TimestampMillisecondType>();
    let sum = |column: &str, days_ago: std::ops::RangeInclusive<i64>| -> i64 {
        let values = sessions
            .column_by_name(column)
            .unwrap()
            .as_primitive::<Int64Type>();
        let today = 1_795_132_800_000; // 2026-11-20T00:00:00Z
        let days_ago_of = |at_ms: i64| (today - at_ms).div_euclid(86_400_000) + 1;
        let rows = (0..sessions.num_rows())
            .filter(|row| days_ago.contains(&days_ago_of(started.value(*row))));
        rows.map(|row| values.value(row)).sum()
    };
    // The three days, and the same weekdays a week before.
    let (broken, before) = (9..=11, 16..=18);
    assert!(sum("revenue", before.clone()) > 4 * sum("revenue", broken.clone()));
    assert!(sum("rage_clicks", broken.clone()) > 10 * sum("rage_clicks", before.clone()).max(1));
    assert!(sum("js_errors", broken.clone()) > 20);
    assert!(sum("form_abandons", broken) > sum("form_abandons", before));
}
