//! What holds for sessions of any stream of events.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::collections::{HashMap, HashSet};

use arrow::{
    array::{Array as _, AsArray as _, RecordBatch},
    compute::concat_batches,
    datatypes::{Int64Type, TimestampMillisecondType},
};
use proptest::prelude::*;
use sightline_lake::{Rows, Table, sessions::Builder};

#[derive(Debug, Clone)]
struct Event {
    gap_ms: i64,
    name: &'static str,
    device: Option<u8>,
    session: Option<u8>,
    path: u8,
    element: u8,
}

fn event() -> impl Strategy<Value = Event> {
    let gap = prop_oneof![
        8 => 0..5_000_i64,
        2 => 0..120_000_i64,
        1 => 0..3_600_000_i64,
        1 => 0..90_000_000_i64,
    ];
    let name = prop::sample::select(vec![
        "screen_view",
        "$click",
        "$click",
        "$click",
        "$error",
        "$form_start",
        "$form_submit",
        "revenue",
        "session_end",
        "x",
    ]);
    let device = prop::option::weighted(0.9, 0..4_u8);
    let session = prop::option::weighted(0.3, 0..3_u8);
    (gap, name, device, session, 0..3_u8, 0..2_u8).prop_map(
        |(gap_ms, name, device, session, path, element)| Event {
            gap_ms,
            name,
            device,
            session,
            path,
            element,
        },
    )
}

fn batch(events: &[Event]) -> RecordBatch {
    let mut rows = Rows::new(Table::Events);
    let mut at_ms = 1_793_491_200_000;
    for event in events {
        at_ms += event.gap_ms;
        let device = event.device.map(|device| format!("d{device}"));
        let session = event.session.map(|session| format!("s{session}"));
        rows.instant("timestamp", at_ms)
            .text("name", event.name)
            .text_if("device_id", device.as_deref())
            .text_if("session_id", session.as_deref())
            .text("path", &format!("/{}", event.path))
            .text("country", &format!("C{}", event.element))
            .int("revenue", i64::from(event.path))
            .pairs(
                "properties",
                &[("selector".to_owned(), format!("#{}", event.element))],
            )
            .end_row();
    }
    rows.finish().unwrap()
}

/// Sessions and session ids when the stream comes in pieces that end at `cuts`.
fn build(events: &RecordBatch, cuts: &[usize], drain: bool) -> (RecordBatch, Vec<Option<String>>) {
    let mut builder = Builder::new();
    let (mut sessions, mut ids) = (Vec::new(), Vec::new());
    let mut from = 0;
    for to in cuts.iter().copied().chain([events.num_rows()]) {
        let pushed = builder.push(&events.slice(from, to - from)).unwrap();
        ids.extend(pushed.iter().map(|id| id.map(str::to_owned)));
        if drain {
            sessions.extend(builder.drain().unwrap());
        }
        from = to;
    }
    sessions.push(builder.finish().unwrap());
    (
        concat_batches(&Table::Sessions.schema(), &sessions).unwrap(),
        ids,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_same_events_give_the_same_sessions_however_they_are_cut(
        events in prop::collection::vec(event(), 1..120),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let events = batch(&events);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(events.num_rows())).collect();
        cuts.sort_unstable();
        let (whole, whole_ids) = build(&events, &[], false);
        let (pieces, pieces_ids) = build(&events, &cuts, true);
        prop_assert_eq!(whole, pieces);
        prop_assert_eq!(whole_ids, pieces_ids);
    }

    #[test]
    fn every_event_with_a_session_is_counted_in_exactly_one_row(events in prop::collection::vec(event(), 1..120)) {
        let events = batch(&events);
        let (sessions, ids) = build(&events, &[], false);
        let mut expected: HashMap<String, i64> = HashMap::new();
        for id in ids.iter().flatten() {
            *expected.entry(id.clone()).or_default() += 1;
        }
        let names = sessions.column_by_name("session_id").unwrap().as_string::<i32>();
        let counts = sessions.column_by_name("event_count").unwrap().as_primitive::<Int64Type>();
        let distinct: HashSet<_> = names.iter().collect();
        prop_assert_eq!(distinct.len(), names.len());
        for (name, count) in names.iter().zip(counts) {
            prop_assert_eq!(expected.remove(name.unwrap()), count);
        }
        prop_assert!(expected.is_empty());
    }

    #[test]
    fn a_session_spans_exactly_its_events(events in prop::collection::vec(event(), 1..120)) {
        let events = batch(&events);
        let (sessions, ids) = build(&events, &[], false);
        let instants = events.column_by_name("timestamp").unwrap().as_primitive::<TimestampMillisecondType>();
        let mut spans: HashMap<String, (i64, i64)> = HashMap::new();
        for (id, at_ms) in ids.iter().zip(instants) {
            if let Some(id) = id {
                let at_ms = at_ms.unwrap();
                spans.entry(id.clone()).or_insert((at_ms, at_ms)).1 = at_ms;
            }
        }
        let column = |name: &str| sessions.column_by_name(name).unwrap().as_primitive::<TimestampMillisecondType>().clone();
        let (started, ended) = (column("started_at"), column("ended_at"));
        let names = sessions.column_by_name("session_id").unwrap().as_string::<i32>();
        for row in 0..sessions.num_rows() {
            prop_assert_eq!(spans.get(names.value(row)), Some(&(started.value(row), ended.value(row))));
        }
    }
}
