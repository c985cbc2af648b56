"""get_entry_exit_pages against sessions added up one by one, and the views of their events."""

import pytest

import cases
from breakdowns import FILTERS, Asked, Check
from compare import is_rounded
from definitions import breakdowns as definition
from shapes import breakdowns as shape

MODES = {"entry": ("entryOrigin", "entryPath"), "exit": ("exitOrigin", "exitPath")}
# What is of the sessions alone.
MEASURES = {
    "entry": ("sessions", "bounceRatePercent", "avgSessionDurationSeconds"),
    "exit": ("sessions", "avgSessionDurationSeconds"),
}
# What takes all sessions, or the page's views.
SHARES = {"entry": ("sharePercent", "pageViews"), "exit": ("sharePercent", "pageViews", "exitRatePercent")}


def pages(mode: str, limit: int = 50, **more) -> Asked:
    return Asked("get_entry_exit_pages", MODES[mode], MEASURES[mode], {"mode": mode}, limit=limit, **more)


def assert_pages(asked: Asked, client, lake, period) -> None:
    """Every number of an answer."""
    check = Check(asked, client, lake, period)
    mode = asked.arguments["mode"]
    assert check.answer["mode"] == mode
    own, shares = asked.measures, SHARES[mode]
    rows = shape.pages(check.answer, own + shares)
    other = shape.other_pages(check.answer, own + ("sharePercent",))
    totals = shape.totals(check.answer, own)
    narrowed = [_narrowed(row, own) for row in rows]
    check.everything(narrowed, _narrowed(other, own), _narrowed(totals, own))

    views = definition.page_views(lake, period, check.visits)
    before = definition.page_views(lake, check.earlier, check.visits_before) if check.earlier else {}
    for row in rows:
        seen, sessions = views.get(row.values, 0), len(check.groups[row.values])
        assert row.measures["pageViews"] == seen, (check.where, row, seen)
        assert is_rounded(row.measures["sharePercent"], 100 * sessions, len(check.visits)), (check.where, row)
        if mode == "exit":
            assert (row.measures["exitRatePercent"] is None) == (seen == 0), (check.where, row)
            assert is_rounded(row.measures["exitRatePercent"], 100 * sessions, seen), (check.where, row)
        if row.changes is not None:
            assert row.changes["pageViews"]["earlier"] == before.get(row.values, 0), (check.where, row)
            sessions_before = len(check.groups_before.get(row.values, []))
            earlier = row.changes["sharePercent"]["earlier"]
            assert is_rounded(earlier, 100 * sessions_before, len(check.visits_before)), (check.where, row)
            # A rate of no views is no rate, and has not changed.
            if mode == "exit" and seen and before.get(row.values):
                earlier = row.changes["exitRatePercent"]["earlier"]
                assert is_rounded(earlier, 100 * sessions_before, before[row.values]), (check.where, row)
            elif mode == "exit":
                assert "exitRatePercent" not in row.changes, (check.where, row)


def _narrowed(row, measures):
    """The row with the measures of sessions alone."""
    if row is None:
        return None
    changes = None if row.changes is None else {name: row.changes[name] for name in measures}
    return shape.Row(row.values, {name: row.measures[name] for name in measures}, changes)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("project", cases.all_ids())
def test_pages_over_every_range(project, mode, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    for item in cases.ranges(lake, today_in(lake.info.timezone)):
        assert_pages(pages(mode), client, lake, item.period)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("project", ["site", "site_stored", "many_values", "texts", "texts_hive", "friction"])
def test_limits_and_comparisons(project, mode, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    whole, *_, half, _ = cases.ranges(lake, today_in(lake.info.timezone))
    for limit in (1, 500):
        assert_pages(pages(mode, limit=limit), client, lake, whole.period)
    for limit in (3, 50):
        assert_pages(pages(mode, limit=limit, compare="previous"), client, lake, half.period)


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("mode", MODES)
def test_filters(mode, name, server, lakes, today_in):
    lake = lakes["site"]
    (whole, *_) = cases.ranges(lake, today_in(lake.info.timezone))
    assert_pages(pages(mode, filters=FILTERS[name]), server.of_project("site"), lake, whole.period)


def test_entry_is_the_mode_where_none_is_named(server):
    client = server.of_project("site")
    arguments = {"startDate": "2026-10-01", "endDate": "2026-10-31"}
    assert client.call("get_entry_exit_pages", **arguments) == client.call(
        "get_entry_exit_pages", mode="entry", **arguments
    )
