"""get_retention_cohort, get_weekly_retention_series, get_user_last_seen_distribution against each profile's own history."""

import time
from datetime import date, timedelta

import pytest

import cases
from compare import is_rounded
from definitions import behavior
from definitions.period import Period

MOBILE = [{"field": "device", "op": "is", "values": ["mobile"]}]


def now_ms() -> int:
    return round(time.time() * 1000)


def check_cohorts(client, lake, period, interval, periods=12, filters=None, **more):
    arguments = {"interval": interval, "periods": periods, **({"filters": filters} if filters else {})}
    answer = client.call("get_retention_cohort", **period.arguments(), **arguments, **more)
    want = behavior.cohorts(
        lake,
        period.start,
        period.end,
        interval,
        periods,
        now_ms(),
        start=more.get("startEvent"),
        back=more.get("returnEvent"),
        criterion=more.get("criterion", "on"),
        anonymous=more.get("includeAnonymous", False),
        filters=filters,
    )
    where = (lake.info.id, period, arguments, more)
    label = lambda day: day.isoformat()[:7] if interval == "month" else day.isoformat()
    got = [(row["start"], row["size"], row["counts"]) for row in answer["cohorts"]]
    assert got == [(label(day), size, counts) for day, size, counts in want], where
    sums = [[0, 0] for _ in range(periods)]
    for row in answer["cohorts"]:
        for k, (count, share) in enumerate(zip(row["counts"], row["percent"], strict=True)):
            assert (share is None) == (count is None), where
            if count is not None:
                assert is_rounded(share, 100 * count, row["size"]), where
                sums[k][0] += count
                sums[k][1] += row["size"]
    for got, (retained, size) in zip(answer["weightedAveragePercent"], sums, strict=True):
        assert is_rounded(got, 100 * retained, size), where
    return answer


def days(lake, most: int) -> Period:
    """The last days of a project that has any, else some days of nothing."""
    if not lake.local_days:
        return Period(date(2026, 6, 1), date(2026, 6, 5))
    last = date.fromisoformat(lake.local_days[-1])
    return Period(max(date.fromisoformat(lake.local_days[0]), last - timedelta(days=most - 1)), last)


@pytest.mark.parametrize("project", cases.all_ids())
def test_cohorts_of_every_interval(project, server, lakes):
    lake, client = lakes[project], server.of_project(project)
    check_cohorts(client, lake, days(lake, 9), "day", periods=6)
    check_cohorts(client, lake, days(lake, 60), "week", includeAnonymous=True, criterion="onOrAfter")
    check_cohorts(client, lake, days(lake, 90), "month", periods=3, includeAnonymous=True)


@pytest.mark.parametrize("project", ["site", "shop"])
def test_cohorts_of_events_and_filters(project, server, lakes):
    lake, client = lakes[project], server.of_project(project)
    rows = lake.rows("SELECT name FROM events WHERE name <> '' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 3")
    first, second, third = (row["name"] for row in rows)
    period = days(lake, 30)
    check_cohorts(client, lake, period, "week", startEvent=second, returnEvent=third)
    check_cohorts(client, lake, period, "week", startEvent=second, returnEvent=second)
    check_cohorts(client, lake, period, "day", returnEvent=third, includeAnonymous=True)
    check_cohorts(client, lake, period, "week", startEvent=first, criterion="onOrAfter", includeAnonymous=True, filters=MOBILE)


def test_the_golden_data(server, lakes):
    """U1 active D0, D1, D2; U2 D0, D2; U3 D0; U4 D1, D2; U5 D1. `on`: 3,1,2 and 2,1. `onOrAfter`: 3,2,2 and 2,1."""
    client = server.of_project("cohorts")
    arguments = {"interval": "day", "periods": 3, "startDate": "2026-05-04", "endDate": "2026-05-06"}
    for criterion, want in [("on", [[3, 1, 2], [2, 1, 0], [0, 0, 0]]), ("onOrAfter", [[3, 2, 2], [2, 1, 0], [0, 0, 0]])]:
        answer = client.call("get_retention_cohort", **arguments, criterion=criterion)
        assert [row["counts"] for row in answer["cohorts"]] == want
        assert [row["size"] for row in answer["cohorts"]] == [3, 2, 0]


@pytest.mark.parametrize("project", cases.all_ids())
def test_weeks_and_those_who_come_back(project, server, lakes):
    lake, client = lakes[project], server.of_project(project)
    for period, filters in [(days(lake, 400), None), (days(lake, 20), MOBILE)]:
        more = {"filters": filters} if filters else {}
        answer = client.call("get_weekly_retention_series", **period.arguments(), **more)
        want = behavior.weekly(lake, period.start, period.end, now_ms(), filters)
        got = [(row["start"], row["active"], row["retained"], not row.get("unfinished", False)) for row in answer["weeks"]]
        assert got == [(week.isoformat(), *rest) for week, *rest in want], (project, period)
        for row in answer["weeks"]:
            if row.get("unfinished"):
                assert row["retentionPercent"] is None
            else:
                assert is_rounded(row["retentionPercent"], 100 * row["retained"], row["active"])


BUCKETS = {"0-7": (0, 7), "8-14": (8, 14), "15-30": (15, 30), "31-60": (31, 60), "61+": (61, 10**6)}


@pytest.mark.parametrize("project", cases.all_ids())
def test_days_since_people_were_last_seen(project, server, lakes):
    lake, client = lakes[project], server.of_project(project)
    for filters in (None, MOBILE):
        answer = client.call("get_user_last_seen_distribution", **({"filters": filters} if filters else {}))
        want = behavior.last_seen(lake, now_ms(), filters)
        assert {row["daysSince"]: row["users"] for row in answer["days"]} == dict(want), project
        assert answer["total"] == sum(want.values()), project
        for row in answer["buckets"]:
            first, last = BUCKETS[row["daysSince"]]
            count = sum(users for since, users in want.items() if first <= since <= last)
            assert row["users"] == count and is_rounded(row["percent"], 100 * count, answer["total"]), project
