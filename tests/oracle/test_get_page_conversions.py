"""get_page_conversions against every view tried with every conversion."""

import pytest

import answers
import cases
from compare import is_rounded
from definitions import pages
from definitions.period import bounds_ms
from shapes.pages import change, page
from test_get_top_pages import FILTERS

HOUR_MS = 3_600_000


def check(client, lake, period, event, hours=24, limit=50, filters=None, compare=None):
    arguments = {
        "conversionEvent": event,
        "windowHours": hours,
        "limit": limit,
        **({"filters": filters} if filters else {}),
        **({"compare": compare} if compare else {}),
    }
    answer = client.call("get_page_conversions", **period.arguments(), **arguments)
    count, converted, want = pages.conversions(lake, *bounds_ms(lake, period), event, hours * HOUR_MS, filters)
    assert answer["totals"] == {"conversions": count, "converters": len(converted)}
    credited = {key: value for key, value in want.items() if value[1]}
    order = sorted(credited, key=lambda key: (-len(credited[key][1]), key))
    shown = answers.shown(answer, order, limit)
    assert [page(row) for row in answer["pages"]] == shown
    before = {}
    if compare:
        _, _, before = pages.conversions(lake, *bounds_ms(lake, period.previous()), event, hours * HOUR_MS, filters)
    for row, key in zip(answer["pages"], shown, strict=True):
        viewers, converters = want[key]
        assert (row["viewers"], row["converters"]) == (len(viewers), len(converters)), key
        assert is_rounded(row["conversionRatePercent"], 100 * len(converters), len(viewers)), key
        if compare:
            then = before.get(key, (set(), set()))
            assert change(row, "converters") == (len(then[1]), len(converters) - len(then[1])), key


@pytest.mark.parametrize("project", cases.all_ids())
def test_pages_are_credited_for_the_commonest_events(project, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    names = [
        row["name"]
        for row in lake.rows("SELECT name FROM events WHERE name <> '' GROUP BY 1 ORDER BY count(*), 1 LIMIT 2")
    ]
    found = cases.ranges(lake, today_in(lake.info.timezone))
    for item in found[:2] + found[-1:]:
        for event in [*names, "screen_view"]:
            check(client, lake, item.period, event)


@pytest.mark.parametrize("project", cases.demo_ids())
def test_windows_limits_filters_and_comparisons(project, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    event = {"shop": "purchase", "app": "report_exported", "docs": "copy_code"}[project]
    half = cases.ranges(lake, today_in(lake.info.timezone))[-2].period
    for hours in (1, 720):
        check(client, lake, half, event, hours=hours)
    check(client, lake, half, event, limit=3, compare="previous")
    for filters in FILTERS:
        check(client, lake, half, event, filters=filters)


def test_an_event_that_never_happens_is_told_with_the_nearest(server):
    answer = server.of_project("shop").call(
        "get_page_conversions", conversionEvent="purchse", startDate="2026-06-01", endDate="2026-06-30"
    )
    assert answer["pages"] == []
    assert any("`purchase`" in note for note in answer["notes"]), answer["notes"]
