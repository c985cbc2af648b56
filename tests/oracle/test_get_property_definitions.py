"""get_property_definitions against DuckDB."""

import pytest

import answers
import cases
from columns import EVENTS, LIST
from compare import is_rounded
from definitions import discover
from definitions.period import bounds_ms

# "distinct values (approximate above 1,000)": the answer says by how much; no sketch in use errs by more.
DISTINCT_ERROR = 0.05


def assert_definitions(got, lake, bounds, event_name, search, where) -> None:
    """Every carried column and key is there once, with its numbers; what else is there is a column nothing carries."""
    want = {row["key"]: row for row in discover.property_definitions(lake, *bounds, event_name, search)}
    have = {}
    for row in got:
        key = row["key"] if row["key"] in EVENTS or row["key"] in want else f"properties.{row['key']}"
        assert key not in have, (where, key)
        have[key] = row
    assert set(want) <= set(have), (where, "missing", set(want) - set(have))
    for key in set(have) - set(want):
        assert key in EVENTS and have[key]["events"] == 0, (where, "unexpected", have[key])
    for key, row in want.items():
        assert have[key]["events"] == row["events"], (where, key, have[key], row)
        assert is_rounded(have[key]["share"], 100 * row["events"], row["all_events"]), (where, key, have[key], row)
        if EVENTS.get(key) == LIST:
            # Choice: a list is no single value; get_event_property_values counts its members.
            assert have[key]["distinct_values"] is None and not have[key]["examples"], (where, key)
        elif row["distinct_values"] <= 1_000:
            assert have[key]["distinct_values"] == row["distinct_values"], (where, key)
        else:
            assert have[key]["distinct_values"] == pytest.approx(row["distinct_values"], rel=DISTINCT_ERROR), (
                where,
                key,
            )
            exact = have[key]["distinct_values"] == row["distinct_values"]
            assert exact or have[key]["approximate"], (where, key, "an approximate number must say so")
        if key not in EVENTS:
            assert have[key]["likely_type"] == row["likely_type"], (where, key, have[key], row)
            examples = have[key]["examples"]
            assert 1 <= len(examples) == min(3, row["distinct_values"]) == len(set(examples)), (where, key, examples)
            values = discover.carried_values(lake, *bounds, key, event_name)
            # A long text may be shown by its beginning.
            assert all(
                example in values or any(value.startswith(example.rstrip("…")) for value in values)
                for example in examples
            ), (
                where,
                key,
                examples,
            )


@pytest.mark.parametrize("project", cases.all_ids())
def test_columns_and_keys_have_their_numbers(project, server, lakes, today_in):
    lake = lakes[project]
    for item in cases.ranges(lake, today_in(lake.info.timezone))[:3]:
        answer = server.of_project(project).call("get_property_definitions", **item.period.arguments(), limit=500)
        bounds = bounds_ms(lake, item.period)
        assert_definitions(answers.property_definitions(answer), lake, bounds, None, None, (project, item.name))


@pytest.mark.parametrize("project", ["site", "site_hive", "texts", "aliases", *cases.demo_ids()])
def test_one_events_properties(project, server, lakes, today_in):
    lake = lakes[project]
    (item, *_) = cases.ranges(lake, today_in(lake.info.timezone))
    bounds = bounds_ms(lake, item.period)
    names = [row["name"] for row in discover.event_definitions(lake, *bounds)]
    for event_name in names[:12]:
        answer = server.of_project(project).call(
            "get_property_definitions", **item.period.arguments(), eventName=event_name, limit=500
        )
        where = (project, event_name)
        assert_definitions(answers.property_definitions(answer), lake, bounds, event_name, None, where)


@pytest.mark.parametrize("search", ["s", "KEY", "%", "_", "|", "'"])
def test_search_finds_substrings_of_keys(search, server, lakes, today_in):
    lake = lakes["texts"]
    (item, *_) = cases.ranges(lake, today_in(lake.info.timezone))
    answer = server.of_project("texts").call(
        "get_property_definitions", **item.period.arguments(), search=search, limit=500
    )
    bounds = bounds_ms(lake, item.period)
    assert_definitions(answers.property_definitions(answer), lake, bounds, None, search, search)
