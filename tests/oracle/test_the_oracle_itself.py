"""The oracle and its data sets, against numbers worked out by hand. Needs no server."""

import json

import pytest

import cases
from compare import is_rounded
from datasets.friction import CASES, EVERYTHING_SCORE
from datasets.instants import MINUTE, SECOND, utc
from datasets.midnights import PROJECT_OF, ZONES, sessions_of, views_of
from datasets.project import Project
from datasets.writer import write_all
from definitions import discover, events, overview
from definitions.period import Period, bounds_ms, bucket, buckets
from lake import Lake, described, flat_json
from test_sessions import SIGNALS

NOON = utc("2026-05-05 12:00")


def opened(project: Project, folder) -> Lake:
    """The project written and opened again."""
    write_all([project], folder / "data", [{"id": "org_oracle", "name": "Oracle"}])
    (info,) = described(folder / "data")
    return Lake(info, folder / "data" / project.id)


@pytest.fixture
def tiny(tmp_path):
    """Six events of two visitors and nobody: what each measure is can be counted on the fingers."""
    return opened(
        Project(
            id="tiny",
            name="Tiny",
            events=[
                {
                    "event_id": "1",
                    "timestamp": NOON,
                    "name": "screen_view",
                    "profile_id": "a",
                    "path": "/",
                    "country": "DE",
                },
                {
                    "event_id": "2",
                    "timestamp": NOON + 10 * SECOND,
                    "name": "screen_view",
                    "profile_id": "a",
                    "path": "/x",
                },
                {
                    "event_id": "3",
                    "timestamp": NOON + 50 * SECOND,
                    "name": "revenue",
                    "profile_id": "a",
                    "revenue": 999,
                },
                # Half an hour and a second later: another visit.
                {"event_id": "4", "timestamp": NOON + 31 * MINUTE, "name": "$pageview", "profile_id": "a", "path": "/"},
                {
                    "event_id": "5",
                    "timestamp": NOON,
                    "name": "screen_view",
                    "profile_id": "b",
                    "path": "/",
                    "session_id": "s",
                },
                {"event_id": "6", "timestamp": NOON, "name": "screen_view", "profile_id": "", "path": "/"},
            ],
            profiles=[{"profile_id": "a", "properties": {"plan": "pro"}}],
        ),
        tmp_path,
    )


def test_overview_of_six_events(tiny):
    day = bounds_ms(tiny, Period.of("2026-05-05", "2026-05-05"))
    counts = overview.totals(tiny, *day)
    assert (counts.visitors, counts.page_views, counts.revenue_minor) == (2, 5, 999)
    # a's two visits and b's; nobody's event belongs to no session.
    assert (counts.sessions, counts.bounced, counts.duration_ms) == (3, 2, 50_000)
    filtered = overview.totals(tiny, *day, [{"field": "country", "op": "is", "values": ["DE"]}])
    assert (filtered.visitors, filtered.page_views, filtered.sessions) == (1, 1, 1)
    filtered = overview.totals(tiny, *day, [{"field": "country", "op": "isNot", "values": ["DE"]}])
    assert (filtered.visitors, filtered.page_views, filtered.sessions) == (2, 4, 2)
    filtered = overview.totals(tiny, *day, [{"field": "profile.properties.plan", "op": "is", "values": ["pro"]}])
    assert (filtered.visitors, filtered.page_views, filtered.sessions) == (1, 3, 2)
    filtered = overview.totals(tiny, *day, [{"field": "path", "op": "is", "values": ["/x"]}])
    assert (filtered.visitors, filtered.page_views, filtered.sessions) == (1, 1, 1)


def test_definitions_of_six_events(tiny):
    day = bounds_ms(tiny, Period.of("2026-05-05", "2026-05-05"))
    rows = [(row["name"], row["events"], row["users"]) for row in discover.event_definitions(tiny, *day)]
    assert rows == [("screen_view", 5, 2), ("revenue", 1, 1)]
    rows = [(row["value"], row["events"], row["users"]) for row in discover.property_values(tiny, *day, "path")]
    assert rows == [("/", 4, 2), ("/x", 1, 1)]
    assert [row["event_id"] for row in events.matching(tiny, *day, {"eventNames": ["screen_view"], "path": "/"})] == [
        "1",
        "5",
        "6",
        "4",
    ]


@pytest.mark.parametrize("zone, day", [(zone, day) for zone, days in ZONES.items() for day in days])
def test_days_of_the_midnight_sets_begin_and_end_where_the_hand_says(zone, day, lakes):
    lake = lakes[PROJECT_OF[zone]]
    start_ms, end_ms = bounds_ms(lake, Period.of(day.date, day.date))
    assert (start_ms, end_ms) == (utc(day.begins) // 1000, utc(day.ends) // 1000)
    counts = overview.totals(lake, start_ms, end_ms)
    assert (counts.page_views, counts.sessions) == (views_of(day, ZONES[zone]), sessions_of(day))
    hours = buckets(lake, start_ms, end_ms, "hour")
    # Lord Howe's half hour is a bucket of its own in April, and the shorter half of one in October.
    assert len(hours) == {23: 23, 24: 24, 25: 25, 24.5: 25, 23.5: 24}[day.hours]


def test_buckets_carry_local_labels(lakes):
    lake = lakes["midnight_newyork"]
    row = lake.row(
        "SELECT "
        + ", ".join(
            f"{bucket(lake, str(utc('2026-11-01 06:30') // 1000), interval)} AS {interval}_"
            for interval in ("hour", "day", "week", "month")
        )
    )
    # 01:30 for the second time, a Sunday, and New York's weeks begin on Sunday.
    assert row == {"hour_": "2026-11-01T01-05:00", "day_": "2026-11-01", "week_": "2026-11-01", "month_": "2026-11"}


@pytest.mark.parametrize("name", CASES)
def test_signals_of_friction_are_what_the_hand_says(name, lakes):
    (row,) = [row for row in lakes["friction"].rows("SELECT * FROM sessions") if row["session_id"] == name]
    assert {column: row[column] for column in [*SIGNALS, "has_feedback"] if row[column]} == CASES[name][1]
    if name == "everything at once":
        assert row["frustration_score"] == EVERYTHING_SCORE


@pytest.mark.parametrize("project", cases.adversarial_ids())
def test_what_is_written_is_what_is_read(project, lakes):
    from datasets import catalog

    (made,) = [item for item in catalog.projects() if item.id == project]
    lake = lakes[project]
    assert lake.value("SELECT count(*) FROM events") == len(made.events)
    got = lake.rows("SELECT timestamp_ms, name, profile_id FROM events")
    want = [(row["timestamp"] // 1000, row["name"], row.get("profile_id")) for row in made.events]
    assert sorted(map(str, (tuple(row.values()) for row in got))) == sorted(map(str, want))


def test_json_properties_are_flattened_with_dots():
    text = json.dumps({"a": {"b": 1.50, "c": {"d": "x"}}, "t": True, "n": None})
    assert flat_json(text) == {"a.b": "1.5", "a.c.d": "x", "t": "true"}
    assert flat_json('{"big": 12345678901234567890, "spelled": 1.50}') == {
        "big": "12345678901234567890",
        "spelled": "1.50",
    }


def test_periods_before():
    assert Period.of("2026-03-08", "2026-03-08").previous() == Period.of("2026-03-07", "2026-03-07")
    assert Period.of("2026-03-01", "2026-03-31").previous() == Period.of("2026-01-29", "2026-02-28")
    assert Period.of("2024-02-29", "2024-03-01").a_year_before() == Period.of("2023-02-28", "2023-03-01")


def test_rounding_accepts_both_neighbours_of_a_half_and_nothing_else():
    assert is_rounded(33.33, 100, 3) and not is_rounded(33.34, 100, 3) and not is_rounded(33.333, 100, 3)
    assert is_rounded(0.13, 1, 8) and is_rounded(0.12, 1, 8) and not is_rounded(0.125, 1, 8)
    assert is_rounded(None, 0, 0) and not is_rounded(None, 0, 5)


def test_the_largest_set_is_within_reach_of_its_pages(lakes):
    # 120 pages of a hundred.
    assert lakes["many_values"].value("SELECT count(DISTINCT properties['token']) FROM events") == 10_000
