//! Properties, whether files hold them as a map or as JSON text.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, TimestampMillisecondArray};
use object_store::memory::InMemory;
use serde_json::json;

use super::support::{NOVEMBER_MS, ask, events, file, project, put};

/// A day of maps and a day of JSON.
fn mixed() -> InMemory {
    let texts = [
        Some(r#"{"plan": {"name": "pro"}, "seats": 3}"#),
        Some(r#"{"plan.name": "free", "seats": 1.50}"#),
        Some("no JSON"),
        None,
    ];
    let times = TimestampMillisecondArray::from(vec![NOVEMBER_MS - 1_000; 4]).with_timezone("UTC");
    let json = RecordBatch::try_from_iter([
        ("timestamp", Arc::new(times) as ArrayRef),
        ("properties", Arc::new(StringArray::from_iter(texts))),
    ])
    .unwrap();
    let store = InMemory::new();
    put(&store, "events/day=2026-10-31/a.parquet", file(&json));
    put(
        &store,
        "events/day=2026-11-01/a.parquet",
        file(&events(0, 4)),
    );
    store
}

#[test]
fn maps_and_json_are_one_column() {
    let project = project(mixed());
    for access in [
        "property(properties, 'plan.name')",
        "properties['plan.name']",
    ] {
        let sql = format!(
            "SELECT {access} AS plan, count(*) FROM events GROUP BY 1 ORDER BY 1 NULLS LAST"
        );
        assert_eq!(
            ask(&project, &sql).unwrap(),
            [
                vec![json!("free"), json!(3)],
                vec![json!("pro"), json!(3)],
                vec![json!(null), json!(2)]
            ],
            "{access}"
        );
    }
}

#[test]
fn values_of_json_can_be_filtered_on_and_keep_their_spelling() {
    let project = project(mixed());
    let found = ask(
        &project,
        "SELECT property(properties, 'seats') AS seats FROM events WHERE property(properties, 'seats') IS NOT NULL ORDER BY 1",
    );
    assert_eq!(found.unwrap(), [vec![json!("1.50")], vec![json!("3")]]);
    let keys = ask(
        &project,
        "SELECT DISTINCT unnest(property_keys(properties)) AS key FROM events ORDER BY 1",
    );
    assert_eq!(
        keys.unwrap(),
        [vec![json!("plan.name")], vec![json!("seats")]]
    );
}

#[test]
fn a_column_of_json_text_of_the_files_own_can_be_looked_into() {
    let batch = events(0, 1);
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        columns.push((field.name().clone(), Arc::clone(column)));
    }
    let payload = Arc::new(StringArray::from(vec![r#"{"a": {"b": [1]}}"#]));
    columns.push(("payload".to_owned(), payload));
    let store = InMemory::new();
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    put(&store, "events/day=2026-11-01/a.parquet", file(&batch));
    let found = ask(
        &project(store),
        "SELECT property(payload, 'a.b') FROM events",
    );
    assert_eq!(found.unwrap(), [vec![json!("[1]")]]);
}
