"""get_country_breakdown against sessions added up one by one."""

import pytest

import cases
from breakdowns import FILTERS, TRAFFIC, Asked, assert_traffic

# Choice: regions and cities are told apart by their country.
BREAKDOWNS = {"country": ("country",), "region": ("country", "region"), "city": ("country", "city")}


def places(breakdown: str, **more) -> Asked:
    arguments = {} if breakdown == "country" else {"breakdown": breakdown}
    return Asked("get_country_breakdown", BREAKDOWNS[breakdown], TRAFFIC, arguments, **more)


@pytest.mark.parametrize("project", cases.all_ids())
def test_every_breakdown(project, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    whole, *others = cases.ranges(lake, today_in(lake.info.timezone))
    for breakdown in BREAKDOWNS:
        assert_traffic(places(breakdown), client, lake, whole.period)
    for item in others[:2]:
        assert_traffic(places("city"), client, lake, item.period)


@pytest.mark.parametrize("limit", [1, 4])
@pytest.mark.parametrize("breakdown", BREAKDOWNS)
@pytest.mark.parametrize("project", ["site", "site_stored", "texts", "nulls", "labels"])
def test_limits_filters_and_comparisons(project, breakdown, limit, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    *_, half, _ = cases.ranges(lake, today_in(lake.info.timezone))
    assert_traffic(places(breakdown, limit=limit, compare="previous"), client, lake, half.period)
    if project.startswith("site"):
        filters = FILTERS["a page seen"]
        assert_traffic(places(breakdown, limit=limit, compare="previous", filters=filters), client, lake, half.period)
