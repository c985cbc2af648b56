"""aggregate_sessions against sessions added up one by one."""

import pytest

import cases
from breakdowns import FILTERS, Asked, Check
from definitions.breakdowns import INTERVALS
from shapes import breakdowns as shape

# Every measure of TOOLS §5, in its order.
MEASURES = (
    "sessions",
    "visitors",
    "avgDurationSeconds",
    "medianDurationSeconds",
    "bounceRatePercent",
    "pageViews",
    "revenue",
    "rageClicks",
    "deadClicks",
    "jsErrors",
    "networkErrors",
    "sessionsWithErrors",
    "sessionsWithFriction",
    "avgFrustration",
)
USUAL = (
    "sessions",
    "visitors",
    "avgDurationSeconds",
    "bounceRatePercent",
    "sessionsWithErrors",
    "sessionsWithFriction",
)
# As TOOLS §5 names them → the dimension.
DIMENSIONS = {
    "country": "country",
    "region": "region",
    "city": "city",
    "device": "device",
    "browser": "browser",
    "os": "os",
    "entryPath": "entryPath",
    "exitPath": "exitPath",
    "referrerName": "referrerName",
    "referrerType": "referrerType",
    "referrer": "referrer",
    "utm_source": "utmSource",
    "utm_medium": "utmMedium",
    "utm_campaign": "utmCampaign",
    "utm_content": "utmContent",
    "utm_term": "utmTerm",
    "hour": "hour",
    "day": "day",
    "week": "week",
    "month": "month",
}


def sessions(*group_by: str, measures=None, sort_by=None, **more) -> Asked:
    arguments = {"groupBy": list(group_by)} if group_by else {}
    if measures is not None:
        arguments["measures"] = list(measures)
    if sort_by is not None:
        arguments["sortBy"] = sort_by
    by_time = any(name in INTERVALS for name in group_by)
    sorted_by = sort_by or (None if by_time else "sessions")
    shown = tuple(measures or USUAL)
    if sorted_by is not None and sorted_by not in shown:
        shown += (sorted_by,)
    dimensions = tuple(DIMENSIONS[name] for name in group_by)
    return Asked("aggregate_sessions", dimensions, shown, arguments, sorted_by=sorted_by, **more)


def assert_sessions(asked: Asked, client, lake, period) -> None:
    """Every number of an answer."""
    check = Check(asked, client, lake, period)
    answer = check.answer
    assert ("rows" in answer) == bool(asked.dimensions), check.where
    assert ("currency" in answer) == ("revenue" in asked.measures), check.where
    assert tuple(answer["totals"]) == asked.measures, check.where
    if asked.dimensions:
        check.everything(
            shape.rows(answer, asked.dimensions, asked.measures),
            shape.other(answer, asked.measures),
            shape.totals(answer, asked.measures),
        )
    else:
        assert "other" not in answer and not answer["truncated"], check.where
        check.totals(shape.totals(answer, asked.measures))


@pytest.mark.parametrize("project", cases.all_ids())
def test_totals_of_every_measure(project, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    found = cases.ranges(lake, today_in(lake.info.timezone))
    # All days, one day, a day of nothing.
    for item in found[:2] + found[-1:]:
        assert_sessions(sessions(measures=MEASURES, compare="previous"), client, lake, item.period)


@pytest.mark.parametrize("project", cases.all_ids())
def test_buckets_of_time(project, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    whole, *others = cases.ranges(lake, today_in(lake.info.timezone))
    for interval in INTERVALS:
        assert_sessions(sessions(interval, compare="previous", limit=100, measures=["sessions"]), client, lake, whole.period)
    for item in others[:3] if project.startswith("midnight") or project == "labels" else others[:1]:
        assert_sessions(sessions("day", compare="year"), client, lake, item.period)
        assert_sessions(sessions("hour", compare="previous", measures=["sessions"]), client, lake, item.period)


@pytest.mark.parametrize("dimension", [name for name in DIMENSIONS if name not in INTERVALS])
@pytest.mark.parametrize("project", ["site_stored", "texts", "nulls", "labels"])
def test_every_dimension(project, dimension, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    (whole, *_) = cases.ranges(lake, today_in(lake.info.timezone))
    assert_sessions(sessions(dimension), client, lake, whole.period)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("project", ["site_stored", "labels"])
def test_every_measure_sorts(project, measure, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    (whole, *_) = cases.ranges(lake, today_in(lake.info.timezone))
    asked = sessions("entryPath", "country", measures=["visitors"], sort_by=measure, limit=4)
    assert_sessions(asked, client, lake, whole.period)


@pytest.mark.parametrize(
    "pair",
    [("country", "device"), ("day", "browser"), ("referrerName", "week"), ("hour", "day"), ("exitPath", "utm_source")],
    ids="-".join,
)
@pytest.mark.parametrize("project", ["site", "site_stored", "midnight_lordhowe", "labels"])
def test_two_dimensions_at_once(project, pair, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    *_, half, _ = cases.ranges(lake, today_in(lake.info.timezone))
    asked = sessions(*pair, measures=["sessions", "visitors", "medianDurationSeconds"], compare="previous", limit=7)
    assert_sessions(asked, client, lake, half.period)


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("project", ["site", "site_stored"])
def test_filters(project, name, server, lakes, today_in):
    lake = lakes[project]
    (whole, *_) = cases.ranges(lake, today_in(lake.info.timezone))
    asked = sessions("os", measures=MEASURES, filters=FILTERS[name])
    assert_sessions(asked, server.of_project(project), lake, whole.period)


@pytest.mark.parametrize("project", ["many_values", "labels"])
def test_thousands_of_groups(project, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    (whole, *_) = cases.ranges(lake, today_in(lake.info.timezone))
    assert_sessions(sessions("entryPath", limit=500), client, lake, whole.period)
    assert_sessions(sessions("entryPath", "exitPath", measures=MEASURES), client, lake, whole.period)


def test_without_compare_it_is_the_period_before(server):
    client = server.of_project("site")
    arguments = {"groupBy": ["browser"], "startDate": "2026-10-20", "endDate": "2026-10-31"}
    assert client.call("aggregate_sessions", **arguments) == client.call(
        "aggregate_sessions", compare="previous", **arguments
    )


def test_what_cannot_be_asked_is_told(server):
    refused = server.of_project("site").refusal
    assert "names the same dimension twice" in refused("aggregate_sessions", groupBy=["day", "day"])
    assert "at most 2" in refused("aggregate_sessions", groupBy=["day", "os", "city"])
    assert "`groupBy[0]` must be `country`" in refused("aggregate_sessions", groupBy=["plan"])
    assert "no measure of sessions" in refused("aggregate_sessions", sortBy="clicks")
