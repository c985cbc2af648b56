"""get_page_performance against views followed one by one."""

import pytest

import answers
import cases
from compare import is_rounded
from definitions import pages
from definitions.period import bounds_ms
from shapes.pages import change, page
from test_get_top_pages import FILTERS


def sort_key(name, item, durations):
    known = [durations[session] for session in item.sessions if session in durations]
    if name == "bounceRate":
        return item.bounced / item.entries if item.entries else None
    if name == "avgDuration":
        return sum(known) / len(known) if known else None
    return len(item.sessions) if name == "sessions" else item.views


def check(client, lake, period, limit=50, filters=None, sort="sessions", order="desc", search=None, compare=None):
    arguments = {
        "limit": limit,
        "sortBy": sort,
        "order": order,
        **({"filters": filters} if filters else {}),
        **({"search": search} if search else {}),
        **({"compare": compare} if compare else {}),
    }
    answer = client.call("get_page_performance", **period.arguments(), **arguments)
    start_ms, end_ms = bounds_ms(lake, period)
    want = pages.performance(lake, start_ms, end_ms, filters)
    durations = pages.durations(lake, start_ms, end_ms)
    if search:
        wanted = search.lower()
        want = {
            key: item
            for key, item in want.items()
            if any(wanted in text.lower() for text in (*key, item.title[1] if item.title else ""))
        }

    def place(key):
        value = sort_key(sort, want[key], durations)
        return value is None, (-value if order == "desc" else value) if value is not None else 0, key

    ordered = sorted(want, key=place)
    shown = answers.shown(answer, ordered, limit)
    assert [page(row) for row in answer["pages"]] == shown
    before = pages.performance(lake, *bounds_ms(lake, period.previous()), filters) if compare else {}
    for row, key in zip(answer["pages"], shown, strict=True):
        item = want[key]
        assert (row["pageViews"], row["sessions"], row["entries"]) == (item.views, len(item.sessions), item.entries), key
        assert is_rounded(row.get("bounceRatePercent"), 100 * item.bounced, item.entries), key
        assert ("avgTimeOnPageSeconds" in row) == bool(item.gaps_ms), key
        assert is_rounded(row.get("avgTimeOnPageSeconds"), sum(item.gaps_ms), 1000 * len(item.gaps_ms)), key
        known = [durations[session] for session in item.sessions if session in durations]
        assert is_rounded(row.get("avgSessionDurationSeconds"), sum(known), 1000 * len(known)), key
        assert row.get("title") == (item.title[1] if item.title else None), key
        time = sum(item.gaps_ms) / len(item.gaps_ms) / 1000 if item.gaps_ms else None
        bounce = 100 * item.bounced / item.entries if item.entries else None
        signals = []
        if bounce is not None and bounce > 70:
            signals.append("high_bounce")
        if time is not None and time < 60:
            signals.append("low_engagement")
        if bounce is not None and time is not None and bounce < 40 and time > 120:
            signals.append("good_landing_page")
        assert row.get("signals", []) == signals, (key, time, bounce)
        if compare:
            then = before.get(key, pages.Page())
            assert change(row, "pageViews") == (then.views, item.views - then.views), key


@pytest.mark.parametrize("project", cases.all_ids())
def test_every_page_is_there_with_its_numbers(project, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    found = cases.ranges(lake, today_in(lake.info.timezone))
    for item in found[:3] + found[-1:]:
        check(client, lake, item.period)


@pytest.mark.parametrize("project", ["site", "texts", "nulls", "ties", *cases.demo_ids()])
def test_sorts_filters_searches_and_comparisons(project, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    found = cases.ranges(lake, today_in(lake.info.timezone))
    whole, half = found[0].period, found[-2].period
    for sort in ("pageViews", "bounceRate", "avgDuration"):
        check(client, lake, half, sort=sort, limit=20)
    check(client, lake, half, order="asc", limit=7)
    check(client, lake, half, filters=FILTERS[0])
    check(client, lake, half, filters=FILTERS[1], compare="previous")
    check(client, lake, whole, search="A")
    check(client, lake, half, search="%")
