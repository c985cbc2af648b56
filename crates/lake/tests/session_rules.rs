//! Every rule by which sessions are built, on streams small enough to check by hand.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use arrow::{
    array::{Array as _, AsArray as _, RecordBatch, StringArray},
    datatypes::{Float64Type, Int64Type, TimestampMillisecondType},
};
use sightline_friction::frustration_score;
use sightline_lake::{
    LakeError, Rows, Table,
    sessions::{Builder, EventNames, given_session_id},
};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// An event as the tests write it.
#[derive(Clone, Default)]
struct E {
    at: i64,
    name: &'static str,
    device: Option<&'static str>,
    profile: Option<&'static str>,
    session: Option<&'static str>,
    path: Option<&'static str>,
    revenue: Option<i64>,
    country: Option<&'static str>,
    groups: Vec<&'static str>,
    properties: Vec<(&'static str, &'static str)>,
}

fn on(at: i64, name: &'static str, path: &'static str) -> E {
    E {
        at,
        name,
        device: Some("d1"),
        profile: Some("d1"),
        path: Some(path),
        ..E::default()
    }
}

fn view(at: i64, path: &'static str) -> E {
    on(at, "screen_view", path)
}

fn click(at: i64, element: &'static str) -> E {
    E {
        properties: vec![("selector", element)],
        ..on(at, "$click", "/")
    }
}

fn with(event: E, properties: &[(&'static str, &'static str)]) -> E {
    E {
        properties: properties.to_vec(),
        ..event
    }
}

fn batch(events: &[E]) -> RecordBatch {
    let mut rows = Rows::new(Table::Events);
    for event in events {
        let pairs: Vec<_> = event
            .properties
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        rows.instant("timestamp", event.at)
            .text("name", event.name)
            .text_if("device_id", event.device)
            .text_if("profile_id", event.profile)
            .text_if("session_id", event.session)
            .text_if("path", event.path)
            .text_if("country", event.country)
            .list("groups", &event.groups)
            .pairs("properties", &pairs);
        if let Some(revenue) = event.revenue {
            rows.int("revenue", revenue);
        }
        rows.end_row();
    }
    rows.finish().unwrap()
}

struct Built {
    ids: StringArray,
    sessions: RecordBatch,
}

impl Built {
    fn of(events: &[E]) -> Self {
        let mut builder = Builder::new();
        let ids = builder.push(&batch(events)).unwrap();
        Self {
            ids,
            sessions: builder.finish().unwrap(),
        }
    }

    fn count(&self) -> usize {
        self.sessions.num_rows()
    }

    fn ids(&self) -> Vec<Option<&str>> {
        self.ids.iter().collect()
    }

    /// An integer of the only session.
    fn int(&self, column: &str) -> i64 {
        assert_eq!(self.count(), 1);
        self.sessions
            .column_by_name(column)
            .unwrap()
            .as_primitive::<Int64Type>()
            .value(0)
    }

    /// A text of the only session.
    fn text(&self, column: &str) -> Option<&str> {
        assert_eq!(self.count(), 1);
        let column = self
            .sessions
            .column_by_name(column)
            .unwrap()
            .as_string::<i32>();
        (!column.is_null(0)).then(|| column.value(0))
    }

    fn boolean(&self, column: &str) -> bool {
        assert_eq!(self.count(), 1);
        self.sessions
            .column_by_name(column)
            .unwrap()
            .as_boolean()
            .value(0)
    }
}

#[test]
fn events_of_a_device_at_most_30_minutes_apart_are_one_session() {
    let built = Built::of(&[
        view(0, "/"),
        view(30 * MINUTE, "/a"),
        view(60 * MINUTE + 1, "/b"),
    ]);
    assert_eq!(
        built.ids(),
        [Some("d1~0"), Some("d1~0"), Some("d1~3600001")]
    );
    assert_eq!(built.count(), 2);
}

#[test]
fn a_named_session_spans_longer_gaps_and_several_devices() {
    let named = |at, device| E {
        session: Some("s"),
        device: Some(device),
        ..view(at, "/")
    };
    let built = Built::of(&[
        named(0, "d1"),
        named(3 * HOUR, "d2"),
        named(27 * HOUR, "d1"),
    ]);
    assert_eq!(built.ids(), [Some("s"); 3]);
    assert_eq!(built.int("duration_ms"), 27 * HOUR);
}

#[test]
fn a_session_name_that_comes_back_after_a_day_of_silence_is_another_session() {
    let named = |at| E {
        session: Some("s"),
        ..view(at, "/")
    };
    let late = 24 * HOUR + 1;
    let built = Built::of(&[named(0), named(late)]);
    assert_eq!(built.ids(), [Some("s"), Some("s~~86400001")]);
    assert_eq!(built.count(), 2);
}

#[test]
fn an_event_without_device_goes_by_its_profile_and_without_either_to_no_session() {
    let server = |at| E {
        device: None,
        profile: Some("u1"),
        ..view(at, "/")
    };
    let nobody = E {
        device: None,
        profile: None,
        ..view(2, "/")
    };
    let empty = E {
        device: Some(""),
        profile: Some(""),
        session: Some(""),
        ..view(3, "/")
    };
    let built = Built::of(&[server(0), server(1), nobody, empty]);
    assert_eq!(built.ids(), [Some("u1~0"), Some("u1~0"), None, None]);
    assert_eq!(built.int("event_count"), 2);
}

#[test]
fn ids_made_up_here_are_told_from_those_given() {
    assert_eq!(given_session_id("d1~1793491200000", Some("d1")), None);
    assert_eq!(
        given_session_id("d1~1793491200000", Some("d2")),
        Some("d1~1793491200000")
    );
    assert_eq!(given_session_id("s~~1793491200000", Some("d1")), Some("s"));
    assert_eq!(given_session_id("plain", Some("d1")), Some("plain"));
    assert_eq!(given_session_id("d1~home", Some("d1")), Some("d1~home"));
}

#[test]
fn fewer_than_two_screen_views_are_a_bounce_whatever_else_happened() {
    assert!(
        Built::of(&[view(0, "/"), click(1_000, "a"), on(2_000, "signup", "/")])
            .boolean("is_bounce")
    );
    assert!(!Built::of(&[view(0, "/"), view(1_000, "/")]).boolean("is_bounce"));
    let old_name = on(1_000, "$pageview", "/a");
    assert!(!Built::of(&[view(0, "/"), old_name]).boolean("is_bounce"));
}

#[test]
fn duration_is_last_minus_first_event_and_events_are_counted() {
    let built = Built::of(&[view(5_000, "/"), click(6_000, "a"), view(65_000, "/b")]);
    assert_eq!(built.int("duration_ms"), 60_000);
    assert_eq!(
        (built.int("event_count"), built.int("screen_view_count")),
        (3, 2)
    );
    let started = built
        .sessions
        .column_by_name("started_at")
        .unwrap()
        .as_primitive::<TimestampMillisecondType>();
    assert_eq!(started.value(0), 5_000);
}

#[test]
fn entry_and_exit_are_the_first_and_last_page_viewed() {
    let built = Built::of(&[
        on(0, "session_start", "/boot"),
        view(1, "/"),
        view(2, "/b"),
        on(3, "ping", "/c"),
    ]);
    assert_eq!(
        (built.text("entry_path"), built.text("exit_path")),
        (Some("/"), Some("/b"))
    );
    let without_views = Built::of(&[on(0, "a", "/x"), on(1, "b", "/y")]);
    assert_eq!(
        (
            without_views.text("entry_path"),
            without_views.text("exit_path")
        ),
        (Some("/x"), Some("/y"))
    );
    let without_pages = Built::of(&[E {
        path: None,
        ..view(0, "")
    }]);
    assert_eq!(
        (
            without_pages.text("entry_path"),
            without_pages.text("exit_path")
        ),
        (None, None)
    );
}

#[test]
fn geography_comes_from_the_first_event_even_where_it_is_missing_there() {
    let first = E {
        country: Some("DE"),
        ..view(0, "/")
    };
    let second = E {
        country: Some("FR"),
        ..view(1, "/")
    };
    assert_eq!(
        Built::of(&[first, second.clone()]).text("country"),
        Some("DE")
    );
    assert_eq!(Built::of(&[view(0, "/"), second]).text("country"), None);
}

#[test]
fn a_visitor_who_signs_in_makes_the_session_theirs() {
    let signed_in = E {
        profile: Some("u1"),
        ..view(1, "/")
    };
    assert_eq!(
        Built::of(&[view(0, "/"), signed_in, view(2, "/")]).text("profile_id"),
        Some("u1")
    );
    assert_eq!(Built::of(&[view(0, "/")]).text("profile_id"), Some("d1"));
}

#[test]
fn revenue_is_the_sum_of_revenue_events_only() {
    let money = |at, name, amount| E {
        revenue: Some(amount),
        ..on(at, name, "/")
    };
    let built = Built::of(&[
        money(0, "revenue", 1_000),
        money(1, "purchase", 1_000),
        money(2, "revenue", -250),
    ]);
    assert_eq!(built.int("revenue"), 750);
}

#[test]
fn groups_are_all_that_were_named() {
    let grouped = |at, groups: &[&'static str]| E {
        groups: groups.to_vec(),
        ..view(at, "/")
    };
    let built = Built::of(&[
        grouped(0, &[]),
        grouped(1, &["acme"]),
        grouped(2, &["acme", "zeta"]),
    ]);
    let groups = built
        .sessions
        .column_by_name("groups")
        .unwrap()
        .as_list::<i32>()
        .value(0);
    assert_eq!(
        groups
            .as_string::<i32>()
            .iter()
            .flatten()
            .collect::<Vec<_>>(),
        ["acme", "zeta"]
    );
}

#[test]
fn three_clicks_on_one_element_within_a_second_are_one_rage_click_per_burst() {
    let rage = |events: &[E]| Built::of(events).int("rage_clicks");
    assert_eq!(
        rage(&[click(0, "a"), click(500, "a"), click(1_000, "a")]),
        1
    );
    assert_eq!(
        rage(&[click(0, "a"), click(500, "a"), click(1_001, "a")]),
        0
    );
    // Five quick clicks are one burst, and a burst after a pause is another.
    let burst = |from: i64| (0..5).map(move |n| click(from + n * 200, "a"));
    assert_eq!(rage(&burst(0).collect::<Vec<_>>()), 1);
    assert_eq!(rage(&burst(0).chain(burst(5_000)).collect::<Vec<_>>()), 2);
    // Slow steady clicking is none, other elements do not count, and unknown elements never do.
    assert_eq!(
        rage(&[click(0, "a"), click(900, "a"), click(1_800, "a")]),
        0
    );
    assert_eq!(
        rage(&[
            click(0, "a"),
            click(100, "b"),
            click(200, "a"),
            click(300, "c")
        ]),
        0
    );
    assert_eq!(
        rage(&[
            click(0, "a"),
            click(100, "b"),
            click(200, "a"),
            click(300, "a")
        ]),
        1
    );
    let unknown = |at| on(at, "$click", "/");
    assert_eq!(rage(&[unknown(0), unknown(100), unknown(200)]), 0);
}

#[test]
fn a_click_is_dead_when_marked_or_when_nothing_follows_on_a_page_that_goes_on() {
    let dead = |events: &[E]| Built::of(events).int("dead_clicks");
    assert_eq!(
        dead(&[click(0, "a"), click(2_001, "b"), view(2_100, "/x")]),
        1
    );
    assert_eq!(dead(&[click(0, "a"), on(2_000, "ping", "/")]), 0);
    // The page changed: the click did something. The session ended: nobody knows.
    assert_eq!(dead(&[click(0, "a"), view(3_000, "/x")]), 0);
    assert_eq!(dead(&[view(0, "/"), click(0, "a")]), 0);
    assert_eq!(dead(&[click(0, "a"), on(3_000, "session_end", "/")]), 0);
    // An event that names no page happened on the same one.
    assert_eq!(
        dead(&[
            click(0, "a"),
            E {
                path: None,
                ..on(3_000, "ping", "")
            }
        ]),
        1
    );
    // A marked one counts once, whatever follows.
    let marked = with(click(0, "a"), &[("selector", "a"), ("dead", "true")]);
    assert_eq!(dead(&[marked.clone(), on(100, "ping", "/")]), 1);
    assert_eq!(dead(&[marked, on(3_000, "ping", "/")]), 1);
}

#[test]
fn a_click_followed_by_a_script_error_within_a_second_is_an_error_click() {
    let errors = |events: &[E]| {
        let built = Built::of(events);
        (
            built.int("error_clicks"),
            built.int("js_errors"),
            built.int("network_errors"),
        )
    };
    assert_eq!(
        errors(&[click(0, "a"), on(1_000, "$error", "/")]),
        (1, 1, 0)
    );
    assert_eq!(
        errors(&[click(0, "a"), on(1_001, "$error", "/")]),
        (0, 1, 0)
    );
    assert_eq!(
        errors(&[click(0, "a"), on(10, "$error", "/"), on(20, "$error", "/")]),
        (1, 2, 0)
    );
    let request = with(on(10, "$error", "/"), &[("type", "Network")]);
    assert_eq!(errors(&[click(0, "a"), request]), (0, 0, 1));
    let request = with(on(10, "$error", "/"), &[("kind", "network")]);
    assert_eq!(errors(&[click(0, "a"), request]), (0, 0, 1));
}

#[test]
fn a_form_begun_and_not_sent_by_the_end_is_abandoned() {
    let start = |at, form| with(on(at, "$form_start", "/"), &[("form", form)]);
    let submit = |at, form| with(on(at, "$form_submit", "/"), &[("form", form)]);
    let abandons = |events: &[E]| Built::of(events).int("form_abandons");
    assert_eq!(abandons(&[start(0, "a"), submit(1, "a")]), 0);
    assert_eq!(abandons(&[start(0, "a"), submit(1, "b")]), 1);
    assert_eq!(abandons(&[start(0, "a"), start(1, "a"), start(2, "b")]), 2);
    assert_eq!(abandons(&[submit(0, "a"), start(1, "a")]), 1);
    // Forms without a name are told apart by their page.
    assert_eq!(
        abandons(&[on(0, "$form_start", "/x"), on(1, "$form_submit", "/y")]),
        1
    );
    assert_eq!(
        abandons(&[on(0, "$form_start", "/x"), on(1, "$form_submit", "/x")]),
        0
    );
}

#[test]
fn leaving_a_page_within_five_seconds_for_the_one_before_is_a_quick_back() {
    let backs = |events: &[E]| Built::of(events).int("quick_backs");
    assert_eq!(
        backs(&[view(0, "/a"), view(9_000, "/b"), view(14_000, "/a")]),
        1
    );
    assert_eq!(
        backs(&[view(0, "/a"), view(9_000, "/b"), view(14_001, "/a")]),
        0
    );
    assert_eq!(
        backs(&[view(0, "/a"), view(1_000, "/b"), view(2_000, "/c")]),
        0
    );
    // Reloading is no move: it neither counts nor restarts the clock.
    assert_eq!(
        backs(&[view(0, "/a"), view(1_000, "/a"), view(2_000, "/a")]),
        0
    );
    assert_eq!(
        backs(&[
            view(0, "/a"),
            view(1_000, "/b"),
            view(5_000, "/b"),
            view(6_001, "/a")
        ]),
        0
    );
    assert_eq!(
        backs(&[
            view(0, "/a"),
            view(1_000, "/b"),
            view(2_000, "/a"),
            view(3_000, "/b")
        ]),
        2
    );
}

#[test]
fn idle_time_is_the_sum_of_gaps_over_a_minute() {
    let built = Built::of(&[
        view(0, "/"),
        view(60_000, "/"),
        view(120_001, "/"),
        view(200_001, "/"),
    ]);
    assert_eq!(built.int("idle_ms"), 60_001 + 80_000);
}

#[test]
fn the_frustration_score_weighs_the_signals_and_has_one_decimal() {
    assert_eq!(frustration_score(0, 0, 0, 0, 0, 0, 0), 0.0);
    // x = 3 + 2 + 2 + 2 + 1 + 4 + 1 = 15; 100·(1 − e^−1.5) = 77.68…
    assert_eq!(frustration_score(1, 1, 1, 1, 1, 1, 1), 77.7);
    assert_eq!(frustration_score(0, 0, 0, 0, 0, 0, 1), 9.5);
    assert_eq!(frustration_score(u32::MAX, 0, 0, 0, 0, 0, 0), 100.0);
    let built = Built::of(&[view(0, "/"), on(1, "$error", "/")]);
    let score = built
        .sessions
        .column_by_name("frustration_score")
        .unwrap()
        .as_primitive::<Float64Type>()
        .value(0);
    assert_eq!(score, 18.1); // x = 2
}

#[test]
fn feedback_is_noted_and_a_replay_is_never_assumed() {
    let built = Built::of(&[view(0, "/"), on(1, "$feedback", "/")]);
    assert!(built.boolean("has_feedback"));
    assert!(!built.boolean("has_replay"));
    assert!(!Built::of(&[view(0, "/")]).boolean("has_feedback"));
}

#[test]
fn a_project_may_call_its_events_otherwise() {
    let names = EventNames {
        screen_view: vec!["Page Viewed".to_owned()],
        ..EventNames::default()
    };
    let mut builder = Builder::with_names(names);
    builder
        .push(&batch(&[on(0, "Page Viewed", "/"), view(1, "/")]))
        .unwrap();
    let sessions = builder.finish().unwrap();
    assert_eq!(
        sessions
            .column_by_name("screen_view_count")
            .unwrap()
            .as_primitive::<Int64Type>()
            .value(0),
        1
    );
}

#[test]
fn missing_columns_read_as_null_and_json_properties_are_understood() {
    let full = batch(&[view(0, "/"), click(1, "a"), click(2, "a"), click(3, "a")]);
    let minimal = full.project(&[1, 2, 3]).unwrap(); // timestamp, name, profile_id
    let mut builder = Builder::new();
    let ids = builder.push(&minimal).unwrap();
    assert_eq!(ids.value(3), "d1~0");
    assert_eq!(builder.finish().unwrap().num_rows(), 1);

    let json = StringArray::from(vec![
        None,
        Some(r#"{"selector":"a"}"#),
        Some(r#"{"element":"a"}"#),
        Some(r#"{"selector":"a"}"#),
    ]);
    let mut fields: Vec<_> = minimal.schema().fields().iter().cloned().collect();
    fields.push(
        arrow::datatypes::Field::new("properties", arrow::datatypes::DataType::Utf8, true).into(),
    );
    let mut columns = minimal.columns().to_vec();
    columns.push(std::sync::Arc::new(json));
    let with_json =
        RecordBatch::try_new(arrow::datatypes::Schema::new(fields).into(), columns).unwrap();
    let mut builder = Builder::new();
    builder.push(&with_json).unwrap();
    let sessions = builder.finish().unwrap();
    assert_eq!(
        sessions
            .column_by_name("rage_clicks")
            .unwrap()
            .as_primitive::<Int64Type>()
            .value(0),
        1
    );
}

#[test]
fn events_out_of_order_are_refused_within_a_batch_and_across_batches() {
    let mut builder = Builder::new();
    builder.push(&batch(&[view(10, "/")])).unwrap();
    let refused = builder.push(&batch(&[view(9, "/")]));
    assert!(matches!(
        refused,
        Err(LakeError::OutOfOrder {
            earlier: 9,
            later: 10,
            ..
        })
    ));
    assert!(
        Builder::new()
            .push(&batch(&[view(2, "/"), view(1, "/")]))
            .is_err()
    );
}

#[test]
fn memory_is_given_back_as_sessions_end() {
    let mut builder = Builder::new();
    for n in 0..1_000 {
        let device: &'static str = if n % 2 == 0 { "even" } else { "odd" };
        let event = E {
            device: Some(device),
            profile: None,
            ..view(n * 40 * MINUTE, "/")
        };
        builder.push(&batch(&[event])).unwrap();
        assert!(builder.open_sessions() <= 2);
    }
    assert_eq!(builder.drain().unwrap().unwrap().num_rows(), 999);
    assert_eq!(builder.finish().unwrap().num_rows(), 1);
}
