"""get_rolling_active_users against sets of profiles, day by day."""

from datetime import timedelta

import pytest

import cases
from definitions import activity
from shapes.pages import change
from test_get_top_pages import FILTERS


def check(client, lake, period, today, days, filters=None, compare=None):
    words = {"DAU": 1, "WAU": 7, "MAU": 30}
    arguments = {"days": days, **({"filters": filters} if filters else {}), **({"compare": compare} if compare else {})}
    answer = client.call("get_rolling_active_users", **period.arguments(), **arguments)
    length = words.get(days, days)
    assert answer["days"] == length
    active = activity.by_day(lake, filters)
    dates = [period.start + timedelta(days=n) for n in range((period.end - period.start).days + 1)]
    dates = [day for day in dates if day <= today]
    assert [row["date"] for row in answer["series"]] == [day.isoformat() for day in dates]
    first = min(activity.by_day(lake), default=None)
    back = period.end - period.start + timedelta(days=1)
    for row, day in zip(answer["series"], dates, strict=True):
        assert row["activeUsers"] == activity.rolling(active, day, length), day
        if first is not None and lake.value("SELECT count(*) FROM events WHERE coalesce(profile_id, '') = ''") == 0:
            partial = day >= today or day - timedelta(days=length - 1) < first
            assert row.get("partial", False) == partial, day
        if compare:
            then = activity.rolling(active, day - back, length)
            assert change(row, "activeUsers") == (then, row["activeUsers"] - then), day


@pytest.mark.parametrize("project", cases.all_ids())
def test_every_window_of_every_range(project, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    today = today_in(lake.info.timezone)
    for item in cases.ranges(lake, today):
        for days in (1, 7, "MAU"):
            check(client, lake, item.period, today, days)


@pytest.mark.parametrize("project", ["site", *cases.demo_ids()])
def test_filters_and_comparisons(project, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    today = today_in(lake.info.timezone)
    half = cases.ranges(lake, today)[-2].period
    for filters in FILTERS:
        check(client, lake, half, today, "WAU", filters=filters)
    check(client, lake, half, today, 90, compare="previous")
    check(client, lake, half, today, 3)


def test_windows_that_are_none_are_refused(server):
    client = server.of_project("shop")
    for days in (0, 91, "QAU", 2.5):
        assert "1 to 90" in client.refusal("get_rolling_active_users", days=days)
    assert "`days` is missing" in client.refusal("get_rolling_active_users")
