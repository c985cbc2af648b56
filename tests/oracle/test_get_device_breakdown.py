"""get_device_breakdown against sessions added up one by one."""

import pytest

import cases
from breakdowns import FILTERS, TRAFFIC, Asked, assert_traffic

# Choice: versions are told apart by what they are versions of.
BREAKDOWNS = {
    "device": ("device",),
    "browser": ("browser",),
    "browserVersion": ("browser", "browserVersion"),
    "os": ("os",),
    "osVersion": ("os", "osVersion"),
    "brand": ("brand",),
}


def devices(breakdown: str, **more) -> Asked:
    arguments = {} if breakdown == "device" else {"breakdown": breakdown}
    return Asked("get_device_breakdown", BREAKDOWNS[breakdown], TRAFFIC, arguments, **more)


@pytest.mark.parametrize("project", cases.all_ids())
def test_every_breakdown(project, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    found = cases.ranges(lake, today_in(lake.info.timezone))
    # The demo's months take a while: one range each.
    demo = project in cases.demo_ids()
    for place, breakdown in enumerate(BREAKDOWNS):
        item = found[place % len(found) if demo else 0]
        assert_traffic(devices(breakdown), client, lake, item.period)


@pytest.mark.parametrize("limit", [1, 3])
@pytest.mark.parametrize("breakdown", ["device", "browserVersion", "osVersion"])
@pytest.mark.parametrize("project", ["site", "site_stored", "texts", "nulls", "labels"])
def test_limits_filters_and_comparisons(project, breakdown, limit, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    *_, half, _ = cases.ranges(lake, today_in(lake.info.timezone))
    assert_traffic(devices(breakdown, limit=limit, compare="previous"), client, lake, half.period)
    if project.startswith("site"):
        filters = FILTERS["a profile"]
        assert_traffic(devices(breakdown, limit=limit, compare="year", filters=filters), client, lake, half.period)
