"""query_events against DuckDB: every filter, both orders, and pages to the end."""

from collections import Counter
from datetime import date, timedelta

import pytest

import answers
import cases
from columns import EVENTS
from datasets.texts import AWKWARD, KEYS
from definitions import events
from definitions.period import Period, bounds_ms

# What a row of this tool always has.
IDENTITY = ["event_id", "timestamp", "name", "profile_id", "session_id"]

NARROWINGS = {
    "one event name": {"eventNames": ["signup"]},
    "several event names": {"eventNames": ["signup", "revenue", "$click"]},
    "path": {"path": "/pricing"},
    "path keeps case": {"path": "/login"},
    "country": {"country": "DE"},
    "city": {"city": "München"},
    "device": {"device": "mobile"},
    "browser": {"browser": "Safari"},
    "os": {"os": "iPadOS"},
    "referrer": {"referrer": "https://www.google.com/"},
    "referrer name": {"referrerName": "Hacker News"},
    "referrer type": {"referrerType": "ai"},
    "profile": {"profileId": "user-7"},
    "properties": {"properties": {"plan": "pro"}},
    "two properties": {"properties": {"plan": "Pro", "trial": "true"}},
    "name and country": {"eventNames": ["screen_view"], "country": "US", "device": "mobile"},
    "filter contains": {"filters": [{"field": "title", "op": "contains", "values": ["PRICING", "launch"]}]},
    "filter of size": {"filters": [{"field": "properties.seats", "op": "gt", "values": ["30"]}]},
    "filter of size on text": {"filters": [{"field": "properties.mixed", "op": "gte", "values": ["2"]}]},
    "filter between": {
        "filters": [
            {"field": "properties.score", "op": "gte", "values": ["10"]},
            {"field": "properties.score", "op": "lt", "values": ["42.5"]},
        ]
    },
    "filter on a number column": {"filters": [{"field": "revenue", "op": "lte", "values": ["500.00"]}]},
    "filter is set": {"filters": [{"field": "properties.theme", "op": "isSet"}]},
    "filter is not set": {"filters": [{"field": "country", "op": "isNotSet"}]},
    "filter regex": {"filters": [{"field": "path", "op": "regex", "values": ["^/(docs|blog)/"]}]},
    "filter profile": {"filters": [{"field": "profile.properties.plan", "op": "is", "values": ["enterprise"]}]},
    "filter profile name": {"filters": [{"field": "profile.first_name", "op": "startsWith", "values": ["č"]}]},
    "filter group": {"filters": [{"field": "group.properties.seats", "op": "gte", "values": ["12"]}]},
    "filter group name": {"filters": [{"field": "group.name", "op": "isNot", "values": ["Company A", "Company B"]}]},
    "filter session": {"filters": [{"field": "entry_path", "op": "is", "values": ["/pricing"]}]},
    "filter bounced": {"filters": [{"field": "is_bounce", "op": "is", "values": ["true"]}]},
}


def absent_if_empty(value):
    """A value; an empty text, list or map says as little as none."""
    return None if value in ("", [], {}) else value


def identity(row: dict) -> tuple:
    """A row of an answer, by what identifies it."""
    return tuple(absent_if_empty(answers.event_value(row, column)) for column in IDENTITY)


def wanted(row: dict) -> tuple:
    """A row of the oracle in the same form."""
    return tuple(absent_if_empty(row[column]) for column in IDENTITY)


def walk(client, **arguments) -> list[dict]:
    """All rows, page by page; no page is larger than asked for."""
    rows = []
    for answer in client.walk("query_events", **arguments):
        page = answers.events(answer)
        assert len(page) <= arguments["limit"]
        assert answers.is_truncated(answer) == ("nextCursor" in answer and answer["nextCursor"] is not None)
        rows += page
    return rows


def assert_same(got: list[dict], want: list[dict], where, order: str) -> None:
    """Every row exactly once, in the order asked for."""
    have, expected = Counter(map(identity, got)), Counter(map(wanted, want))
    assert have == expected, (
        where,
        "missing",
        list((expected - have).items())[:3],
        "extra",
        list((have - expected).items())[:3],
    )
    times = [answers.event_value(row, "timestamp") for row in got]
    assert times == sorted(times, reverse=order == "newest"), where


@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("project", cases.adversarial_ids())
def test_pages_to_the_end_hold_every_row_exactly_once(project, order, server, lakes, today_in):
    lake = lakes[project]
    item = cases.few(lake, cases.ranges(lake, today_in(lake.info.timezone)))
    want = events.matching(lake, *bounds_ms(lake, item.period))
    got = walk(server.of_project(project), **item.period.arguments(), order=order, limit=100)
    assert_same(got, want, (project, order), order)


@pytest.mark.parametrize("project", cases.demo_ids())
def test_a_days_pages_of_the_demo_hold_every_row_exactly_once(project, server, lakes):
    lake = lakes[project]
    day = date.fromisoformat(lake.local_days[-1]) - timedelta(days=3)
    want = events.matching(lake, *bounds_ms(lake, Period(day, day)))
    got = walk(server.of_project(project), **Period(day, day).arguments(), limit=100)
    assert want
    assert_same(got, want, project, "newest")


@pytest.mark.parametrize("limit", [1, 7, 33])
def test_small_pages_cut_ties_in_two_and_lose_none(limit, server, lakes):
    for project, date in [("ties", "2026-05-05"), ("minimal", "2026-05-05")]:
        lake = lakes[project]
        period = Period.of(date, date)
        want = events.matching(lake, *bounds_ms(lake, period))
        assert 100 < len(want) < 1_000
        got = walk(server.of_project(project), **period.arguments(), limit=limit)
        assert_same(got, want, (project, limit), "newest")


@pytest.mark.parametrize("name", NARROWINGS)
@pytest.mark.parametrize("project", ["site", "site_stored", "site_hive"])
def test_every_way_to_narrow(project, name, server, lakes, today_in):
    lake = lakes[project]
    first = date.fromisoformat(lake.local_days[0])
    # Twelve days: every narrowing finds some, none needs many pages.
    period = Period(first, first + timedelta(days=11))
    want = events.matching(lake, *bounds_ms(lake, period), NARROWINGS[name])
    got = walk(server.of_project(project), **period.arguments(), **NARROWINGS[name], limit=100)
    assert_same(got, want, (project, name), "newest")


def test_the_session_filter_returns_the_session(server, lakes, today_in):
    lake = lakes["site"]
    (item, *_) = cases.ranges(lake, today_in(lake.info.timezone))
    session = lake.value(
        "SELECT session_id FROM events GROUP BY 1 HAVING session_id IS NOT NULL ORDER BY count(*) DESC, 1 LIMIT 1"
    )
    want = events.matching(lake, *bounds_ms(lake, item.period), {"sessionId": session})
    assert len(want) > 3
    got = walk(server.of_project("site"), **item.period.arguments(), sessionId=session, limit=100)
    assert_same(got, want, session, "newest")


@pytest.mark.parametrize("project", ["texts", "texts_hive"])
def test_every_awkward_text_is_found_and_nothing_else(project, server, lakes, today_in):
    lake = lakes[project]
    (item, *_) = cases.ranges(lake, today_in(lake.info.timezone))
    for text in AWKWARD:
        for narrowing in (
            {"eventNames": [text]},
            {"path": text},
            {"profileId": f"who {text}"},
            {"properties": {"it's a key": text}},
            {"filters": [{"field": "city", "op": "contains", "values": [text]}]},
            {"filters": [{"field": "properties.dotted.key", "op": "endsWith", "values": [text]}]},
            {"filters": [{"field": "profile.properties.quote", "op": "is", "values": [text]}]},
        ):
            want = events.matching(lake, *bounds_ms(lake, item.period), narrowing)
            if not want and "eventNames" in narrowing:
                continue
            got = walk(server.of_project(project), **item.period.arguments(), **narrowing, limit=100)
            assert_same(got, want, (project, text, narrowing), "newest")


@pytest.mark.parametrize("key", KEYS)
def test_every_awkward_key_can_be_filtered_on(key, server, lakes, today_in):
    for project in ("texts", "texts_hive"):
        lake = lakes[project]
        (item, *_) = cases.ranges(lake, today_in(lake.info.timezone))
        for narrowing in (
            {"properties": {key: "a_b"}},
            {"filters": [{"field": f"properties.{key}", "op": "isNotSet"}]},
        ):
            want = events.matching(lake, *bounds_ms(lake, item.period), narrowing)
            got = walk(server.of_project(project), **item.period.arguments(), **narrowing, limit=100)
            assert_same(got, want, (project, narrowing), "newest")


@pytest.mark.parametrize("project", ["site", "site_hive", "nulls", "texts", "texts_hive", "minimal", *cases.demo_ids()])
def test_every_column_of_a_row_is_the_files(project, server, lakes, today_in):
    lake = lakes[project]
    today = today_in(lake.info.timezone)
    day = [day for day in lake.local_days if day < today.isoformat()][-2]
    period = Period.of(day, day)
    want = {row["event_id"]: row for row in events.matching(lake, *bounds_ms(lake, period)) if row["event_id"]}
    rows = walk(
        server.of_project(project), **period.arguments(), fields=[answers.camel(column) for column in EVENTS], limit=100
    )
    checked = 0
    for row in rows:
        expected = want.get(answers.event_value(row, "event_id"))
        if expected is None:
            continue
        checked += 1
        for column, value in expected.items():
            if column == "revenue" and value is not None:
                value = value / 10**lake.info.minor_units
            got = answers.event_value(row, column)
            assert absent_if_empty(got) == absent_if_empty(value), (project, expected["event_id"], column, got, value)
    assert checked == len(want)
