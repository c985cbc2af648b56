"""get_top_pages against views counted one by one."""

import pytest

import answers
import cases
from compare import is_rounded
from definitions import pages
from definitions.period import bounds_ms
from shapes.pages import change, page

FILTERS = [
    [{"field": "country", "op": "isNot", "values": ["DE"]}],
    [{"field": "path", "op": "contains", "values": ["a"]}, {"field": "device", "op": "isSet"}],
]


def check(client, lake, period, limit=50, filters=None, compare=None):
    arguments = {"limit": limit, **({"filters": filters} if filters else {}), **({"compare": compare} if compare else {})}
    answer = client.call("get_top_pages", **period.arguments(), **arguments)
    want = pages.viewed(lake, *bounds_ms(lake, period), filters)
    order = sorted(want, key=lambda key: (-want[key].views, key))
    shown = answers.shown(answer, order, limit)
    assert [page(row) for row in answer["pages"]] == shown
    assert answers.is_truncated(answer) == (len(order) > len(shown))
    all_views = sum(item.views for item in want.values())
    totals = answer["totals"]
    assert totals["pageViews"] == all_views
    assert totals["visitors"] == len(set().union(*(item.visitors for item in want.values())))
    assert totals["sessions"] == len(set().union(*(item.sessions for item in want.values())))
    before = pages.viewed(lake, *bounds_ms(lake, period.previous()), filters) if compare else {}
    for row, key in zip(answer["pages"], shown, strict=True):
        item = want[key]
        assert (row["pageViews"], row["visitors"], row["sessions"]) == (item.views, len(item.visitors), len(item.sessions)), key
        assert row.get("title") == (item.title[1] if item.title else None), key
        assert is_rounded(row["sharePercent"], 100 * item.views, all_views), key
        if compare:
            then = before.get(key, pages.Page())
            assert change(row, "visitors") == (len(then.visitors), len(item.visitors) - len(then.visitors)), key


@pytest.mark.parametrize("project", cases.all_ids())
def test_every_page_is_there_with_its_numbers(project, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    for item in cases.ranges(lake, today_in(lake.info.timezone)):
        check(client, lake, item.period)


@pytest.mark.parametrize("project", ["site", "texts", "nulls", *cases.demo_ids()])
def test_filters_limits_and_comparisons(project, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    found = cases.ranges(lake, today_in(lake.info.timezone))
    for filters in FILTERS:
        check(client, lake, found[0].period, filters=filters)
    check(client, lake, found[-2].period, limit=3, compare="previous")
    check(client, lake, found[0].period, limit=500)
