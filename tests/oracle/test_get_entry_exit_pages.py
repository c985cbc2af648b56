"""get_entry_exit_pages against sessions added up one by one, and the views of their events."""

from fractions import Fraction

import pytest

import cases
from breakdowns import FILTERS, Asked, Check, of_totals
from compare import is_rounded
from definitions import breakdowns as definition
from shapes import breakdowns as shape

MODES = {"entry": ("entryOrigin", "entryPath"), "exit": ("exitOrigin", "exitPath")}
# What is of the sessions alone.
MEASURES = {
    "entry": ("sessions", "sharePercent", "bounceRatePercent", "avgSessionDurationSeconds"),
    "exit": ("sessions", "sharePercent", "avgSessionDurationSeconds"),
}
# What takes the page's views.
OF_VIEWS = {"entry": ("pageViews",), "exit": ("pageViews", "exitRatePercent")}


def pages(mode: str, limit: int = 50, **more) -> Asked:
    return Asked("get_entry_exit_pages", MODES[mode], MEASURES[mode], {"mode": mode}, limit=limit, **more)


def assert_pages(asked: Asked, client, lake, period) -> None:
    """Every number of an answer."""
    check = Check(asked, client, lake, period)
    mode = asked.arguments["mode"]
    assert check.answer["mode"] == mode
    rows = shape.pages(check.answer, asked.measures + OF_VIEWS[mode])
    other = shape.other_pages(check.answer, asked.measures)
    check.everything(
        [of_sessions(row, asked.measures) for row in rows],
        other,
        shape.totals(check.answer, of_totals(asked.measures)),
    )
    views = definition.page_views(lake, period, check.visits)
    before = definition.page_views(lake, check.earlier, check.visits_before) if check.earlier else {}
    for row in rows:
        assert_views(check, row, views.get(row.values, 0), before.get(row.values, 0))


def assert_views(check: Check, row, views: int, before: int) -> None:
    """The views of a page, the share of them that were a session's last, and how both changed."""
    where = (check.where, row, views, before)
    assert row.measures["pageViews"] == views, where
    exits = "exitRatePercent" in row.measures
    # A rate of no views is no rate, and has not changed.
    if exits:
        assert (row.measures["exitRatePercent"] is None) == (views == 0), where
        assert is_rounded(row.measures["exitRatePercent"], 100 * len(check.groups[row.values]), views), where
    if row.changes is not None:
        assert row.changes["pageViews"]["earlier"] == before, where
        assert row.changes["pageViews"]["change"] == views - before, where
        assert ("exitRatePercent" in row.changes) == (exits and views > 0 and before > 0), where
    if row.changes is not None and "exitRatePercent" in row.changes:
        check.changed(
            row, "exitRatePercent", Fraction(100 * len(check.groups_before.get(row.values, [])), before)
        )


def of_sessions(row, measures):
    """The row without what takes the page's views."""
    changes = None if row.changes is None else {name: row.changes[name] for name in measures}
    return shape.Row(row.values, {name: row.measures[name] for name in measures}, changes)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("project", cases.all_ids())
def test_ranges(project, mode, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    found = cases.ranges(lake, today_in(lake.info.timezone))
    # The demo's months take a while: its days will do.
    for item in found[1:3] if project in cases.demo_ids() else found[:2] + found[-1:]:
        assert_pages(pages(mode), client, lake, item.period)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("project", ["site", "site_stored", "texts", "labels"])
def test_limits_and_comparisons(project, mode, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    whole, *_, half, _ = cases.ranges(lake, today_in(lake.info.timezone))
    assert_pages(pages(mode, limit=500), client, lake, whole.period)
    for limit in (3, 50):
        assert_pages(pages(mode, limit=limit, compare="previous"), client, lake, half.period)


@pytest.mark.parametrize("name", FILTERS)
def test_filters(name, server, lakes, today_in):
    lake = lakes["site"]
    (whole, *_) = cases.ranges(lake, today_in(lake.info.timezone))
    assert_pages(pages("exit", filters=FILTERS[name]), server.of_project("site"), lake, whole.period)


def test_entry_is_the_mode_where_none_is_named(server):
    client = server.of_project("site")
    arguments = {"startDate": "2026-10-01", "endDate": "2026-10-31"}
    assert client.call("get_entry_exit_pages", **arguments) == client.call(
        "get_entry_exit_pages", mode="entry", **arguments
    )
