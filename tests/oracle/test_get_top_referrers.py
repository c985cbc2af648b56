"""get_top_referrers against sessions added up one by one."""

import pytest

import cases
from breakdowns import FILTERS, TRAFFIC, Asked, assert_traffic

# As TOOLS §5 names them → the dimension.
BREAKDOWNS = {
    "referrerName": "referrerName",
    "referrerType": "referrerType",
    "referrer": "referrer",
    "utm_source": "utmSource",
    "utm_medium": "utmMedium",
    "utm_campaign": "utmCampaign",
    "utm_content": "utmContent",
    "utm_term": "utmTerm",
}


def referrers(breakdown: str = "referrerName", **more) -> Asked:
    arguments = {} if breakdown == "referrerName" else {"breakdown": breakdown}
    return Asked("get_top_referrers", (BREAKDOWNS[breakdown],), TRAFFIC, arguments, **more)


@pytest.mark.parametrize("project", cases.all_ids())
def test_ranges(project, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    found = cases.ranges(lake, today_in(lake.info.timezone))
    # All days, one day, a day of nothing.
    for item in found[:2] + found[-1:]:
        assert_traffic(referrers(), client, lake, item.period)


@pytest.mark.parametrize("project", ["site_stored", "texts", "nulls", "labels"])
def test_every_breakdown_and_the_rest_of_it(project, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    (whole, *_) = cases.ranges(lake, today_in(lake.info.timezone))
    for breakdown in BREAKDOWNS:
        assert_traffic(referrers(breakdown, limit=2), client, lake, whole.period)
    for limit in (25, 500):
        assert_traffic(referrers("referrer", limit=limit), client, lake, whole.period)


@pytest.mark.parametrize("project", cases.demo_ids())
def test_the_demo(project, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    *_, half, _ = cases.ranges(lake, today_in(lake.info.timezone))
    for breakdown in ("referrerType", "referrer", "utm_campaign"):
        assert_traffic(referrers(breakdown, limit=3, compare="previous"), client, lake, half.period)


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("project", ["site_stored"])
def test_filters(project, name, server, lakes, today_in):
    lake = lakes[project]
    (whole, *_) = cases.ranges(lake, today_in(lake.info.timezone))
    assert_traffic(referrers(filters=FILTERS[name]), server.of_project(project), lake, whole.period)


@pytest.mark.parametrize("compare", ["previous", "year"])
@pytest.mark.parametrize("project", ["site", "site_stored", "midnight_berlin", "texts", "labels", "empty"])
def test_comparisons(project, compare, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    for item in cases.ranges(lake, today_in(lake.info.timezone))[-4:-1]:
        assert_traffic(referrers(limit=2, compare=compare), client, lake, item.period)


def test_openpanels_names_are_read(server):
    for written, breakdown in (("referrer_name", "referrerName"), ("referrer_type", "referrerType")):
        client = server.of_project("site")
        arguments = {"startDate": "2026-10-01", "endDate": "2026-10-31"}
        assert client.call("get_top_referrers", breakdown=written, **arguments) == client.call(
            "get_top_referrers", breakdown=breakdown, **arguments
        )


def test_an_unknown_breakdown_is_told(server):
    refusal = server.of_project("site").refusal("get_top_referrers", breakdown="country")
    assert "`breakdown` must be `referrerName`, `referrerType`" in refusal
