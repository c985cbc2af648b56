"""get_engagement_metrics against events and sessions gone through one by one."""

import pytest

import answers
import cases
from compare import is_rounded
from definitions import activity
from definitions.period import bounds_ms
from test_get_top_pages import FILTERS


def assert_measures(got, want, active, interval, where):
    assert got["activeUsers"] == len(want.users), where
    assert (got["sessions"], got["engagedSessions"]) == (want.sessions, want.engaged), where
    assert is_rounded(got["sessionsPerUser"], want.sessions, len(want.users)), where
    assert is_rounded(got["pageViewsPerSession"], want.page_views, want.sessions), where
    assert is_rounded(got["engagementRatePercent"], 100 * want.engaged, want.sessions), where
    assert is_rounded(got["avgEngagedSeconds"], want.engaged_ms, 1000 * want.engaged), where
    if interval == "hour":
        assert "stickinessPercent" not in got
    else:
        assert is_rounded(got["stickinessPercent"], want.stickiness(active)), where


def check(client, lake, period, interval="day", filters=None):
    arguments = {"interval": interval, **({"filters": filters} if filters else {})}
    answer = client.call("get_engagement_metrics", **period.arguments(), **arguments)
    total, found = activity.engagement(lake, *bounds_ms(lake, period), interval, filters)
    active = activity.by_day(lake, filters)
    assert_measures(answer["totals"], total, active, interval, (lake.info.id, period))
    labels = [answers.bucket_label(row["start"], interval) for row in answer["series"]]
    assert labels == list(found)[: len(labels)]
    assert len(labels) == len(found) - answers.left_out(answer)
    for label, row in zip(labels, answer["series"], strict=True):
        assert_measures(row, found[label], active, interval, (lake.info.id, label))


@pytest.mark.parametrize("project", cases.all_ids())
def test_every_range(project, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    found = cases.ranges(lake, today_in(lake.info.timezone))
    for item in found[:2] + found[-1:]:
        check(client, lake, item.period)
    # Of a project of nothing the range ends today, whose later hours have not begun.
    if len(found) > 1:
        check(client, lake, found[1].period, "hour")


@pytest.mark.parametrize("project", ["site", "midnight_lordhowe", *cases.demo_ids()])
def test_intervals_and_filters(project, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    found = cases.ranges(lake, today_in(lake.info.timezone))
    for interval in ("week", "month"):
        check(client, lake, found[0].period, interval)
    for filters in FILTERS:
        check(client, lake, found[-2].period, "week", filters)
