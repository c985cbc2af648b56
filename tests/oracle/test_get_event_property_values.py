"""get_event_property_values against DuckDB."""

import pytest

import answers
import cases
from compare import is_rounded, share
from datasets.texts import KEYS
from definitions import discover
from definitions.period import bounds_ms

COLUMNS = [
    "name",
    "path",
    "country",
    "city",
    "browser",
    "referrer_name",
    "profile_id",
    "utm_campaign",
    "title",
    "groups",
]


def assert_values(client, lake, item, key, limit=200, **narrowing) -> None:
    """The same values in the same order, with the same numbers."""
    answer = client.call(
        "get_event_property_values", propertyKey=key, **item.period.arguments(), limit=limit, **narrowing
    )
    want = discover.property_values(
        lake,
        *bounds_ms(lake, item.period),
        key,
        narrowing.get("eventName"),
        narrowing.get("search"),
    )
    got = answers.property_values(answer)
    where = (lake.info.id, key, narrowing)
    shown = answers.shown(answer, want, limit)
    assert [row["value"] for row in got] == [row["value"] for row in shown], where
    for have, row in zip(got, shown, strict=True):
        assert (have["events"], have["users"]) == (row["events"], row["users"]), (where, have, row)
        assert is_rounded(have["share"], share(row["share"])), (where, have, row)
    assert answers.is_truncated(answer) == (len(want) > len(shown)), where


def carried_keys(lake, item) -> list[str]:
    """Bare property keys that are carried in the range and are not the name of a column."""
    rows = discover.property_definitions(lake, *bounds_ms(lake, item.period))
    return [row["key"].removeprefix("properties.") for row in rows if row["key"].startswith("properties.")]


@pytest.mark.parametrize("project", [project for project in cases.all_ids() if project not in ("empty", "minimal")])
def test_columns_have_values(project, server, lakes, today_in):
    lake = lakes[project]
    (item, *_) = cases.ranges(lake, today_in(lake.info.timezone))
    for column in COLUMNS:
        if discover.property_values(lake, *bounds_ms(lake, item.period), column):
            assert_values(server.of_project(project), lake, item, column)


@pytest.mark.parametrize(
    "project", ["site", "site_stored", "site_hive", "ties", "many_values", "nulls", "friction", *cases.demo_ids()]
)
def test_property_keys_have_values(project, server, lakes, today_in):
    lake = lakes[project]
    (item, *_) = cases.ranges(lake, today_in(lake.info.timezone))
    for key in carried_keys(lake, item):
        assert_values(server.of_project(project), lake, item, key)


@pytest.mark.parametrize("project", ["texts", "texts_hive"])
@pytest.mark.parametrize("key", KEYS)
def test_awkward_keys_and_values(project, key, server, lakes, today_in):
    lake = lakes[project]
    (item, *_) = cases.ranges(lake, today_in(lake.info.timezone))
    assert_values(server.of_project(project), lake, item, key)


@pytest.mark.parametrize("project", ["site", "site_hive"])
def test_narrowed_to_an_event_and_a_search(project, server, lakes, today_in):
    lake = lakes[project]
    (item, *_) = cases.ranges(lake, today_in(lake.info.timezone))
    client = server.of_project(project)
    assert_values(client, lake, item, "plan", eventName="signup")
    assert_values(client, lake, item, "plan", search="PRO")
    assert_values(client, lake, item, "path", eventName="screen_view", search="doc")
    assert_values(client, lake, item, "path", limit=3)


def test_ten_thousand_values_are_cut_in_order(server, lakes, today_in):
    lake = lakes["many_values"]
    (item, *_) = cases.ranges(lake, today_in(lake.info.timezone))
    client = server.of_project("many_values")
    assert_values(client, lake, item, "token", limit=50)
    assert_values(client, lake, item, "token", limit=200, search="token-0999")
