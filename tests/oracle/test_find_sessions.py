"""find_sessions against sessions derived by DuckDB: every column, every order, every way to narrow, pages to the end."""

from datetime import date, timedelta

import pytest

import cases
from definitions import people
from definitions.period import Period, bounds_ms
from shapes.people import is_session

NARROWINGS = {
    "country": {"country": "DE"},
    "region and city": {"region": "Bavaria", "city": "München"},
    "device": {"device": "mobile"},
    "browser and os": {"browser": "Safari", "os": "iPadOS"},
    "referrer": {"referrerName": "Google", "referrerType": "search"},
    "profile": {"profileId": "user-7"},
    "entry": {"entryPath": "/pricing"},
    "exit": {"exitPath": "/pricing"},
    "path": {"path": "/pricing"},
    "performed": {"performedEvent": "signup"},
    "performed by its other name": {"performedEvent": "$pageview"},
    "short": {"maxDurationSeconds": 30},
    "long": {"minDurationSeconds": 60.5, "maxDurationSeconds": 600},
    "bounced": {"bounced": True},
    "stayed": {"bounced": False},
    "any of some signals": {"signals": ["js_error", "form_abandon", "feedback"]},
    "frustrated": {"minFrustration": 18.1},
    "properties": {"properties": {"plan": "pro"}},
    "filter of the session": {"filters": [{"field": "screen_view_count", "op": "gte", "values": ["3"]}]},
    "filter of the profile": {"filters": [{"field": "profile.properties.plan", "op": "is", "values": ["enterprise"]}]},
    "all together": {"path": "/pricing", "performedEvent": "signup", "device": "desktop", "bounced": False},
}


def walk(client, **arguments) -> list[dict]:
    rows = []
    for answer in client.walk("find_sessions", **arguments):
        assert len(answer["sessions"]) <= arguments["limit"]
        rows += answer["sessions"]
    return rows


def assert_found(client, lake, period, limit=100, **arguments) -> int:
    """Every session, in order, with everything said of it. How many there were."""
    want = people.sessions(lake, *bounds_ms(lake, period), arguments)
    got = walk(client, **period.arguments(), **arguments, limit=limit)
    where = (lake.info.id, period, arguments)
    assert [row["sessionId"] for row in got] == [row["session_id"] or "" for row in want], where
    for row, wanted in zip(got, want, strict=True):
        assert is_session(lake, row, wanted), where
        assert row["summary"], where
    return len(want)


@pytest.mark.parametrize("project", cases.all_ids())
def test_pages_to_the_end_hold_every_session_once_and_in_order(project, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    found = cases.ranges(lake, today_in(lake.info.timezone))
    assert_found(client, lake, cases.few(lake, found).period)
    for item in found[1:3] + found[-1:]:
        assert_found(client, lake, item.period)


@pytest.mark.parametrize("sort", people.SORTS)
@pytest.mark.parametrize("project", ["friction", "site_stored", "nulls", "ties"])
def test_every_order_both_ways_in_small_pages(project, sort, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    item = cases.few(lake, cases.ranges(lake, today_in(lake.info.timezone)), most=600)
    for order in ("desc", "asc"):
        assert_found(client, lake, item.period, limit=37, sortBy=sort, order=order)


@pytest.mark.parametrize("name", NARROWINGS)
@pytest.mark.parametrize("project", ["site", "site_stored"])
def test_every_way_to_narrow(project, name, server, lakes):
    lake, client = lakes[project], server.of_project(project)
    first = date.fromisoformat(lake.local_days[0])
    assert_found(client, lake, Period(first, first + timedelta(days=11)), **NARROWINGS[name])


@pytest.mark.parametrize("signal", people.SIGNALS)
def test_every_signal(signal, server, lakes, today_in):
    lake, client = lakes["friction"], server.of_project("friction")
    (whole, *_) = cases.ranges(lake, today_in(lake.info.timezone))
    found = assert_found(client, lake, whole.period, signals=[signal])
    assert found or signal == "feedback"


def test_the_broken_checkout_of_the_shop_is_found(server, lakes):
    lake, client = lakes["shop"], server.of_project("shop")
    period = Period.of("2026-06-19", "2026-06-21")
    found = assert_found(client, lake, period, signals=["rage_click"], path="/checkout", sortBy="frustration")
    assert found > 10


def test_an_unknown_event_is_told(server):
    answer = server.of_project("shop").call(
        "find_sessions", performedEvent="purchse", startDate="2026-06-01", endDate="2026-06-30"
    )
    assert answer["sessions"] == []
    assert any("`purchase`" in note for note in answer["notes"]), answer["notes"]
