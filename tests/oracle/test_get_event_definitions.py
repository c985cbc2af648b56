"""get_event_definitions against DuckDB."""

import pytest

import answers
import cases
from compare import is_rounded, share
from definitions import discover
from definitions.period import bounds_ms

SEARCHES = ["view", "VIEW", "sign", "_", "%", "'", "|", "\n", "nothing is called this"]


def assert_rows(got: list[dict], want: list[dict], where) -> None:
    """The same names in the same order, with the same numbers."""
    assert [row["name"] for row in got] == [row["name"] for row in want], where
    for have, row in zip(got, want, strict=True):
        exact = ("events", "users", "first_ms", "last_ms")
        assert [have[key] for key in exact] == [row[key] for key in exact], (where, row["name"])
        assert is_rounded(have["share"], share(row["share"])), (where, row, have)


@pytest.mark.parametrize("project", cases.all_ids())
def test_every_name_is_there_with_its_numbers(project, server, lakes, today_in):
    lake = lakes[project]
    for item in cases.ranges(lake, today_in(lake.info.timezone)):
        answer = server.of_project(project).call("get_event_definitions", **item.period.arguments(), limit=500)
        want = discover.event_definitions(lake, *bounds_ms(lake, item.period))
        shown = answers.shown(answer, want, 500)
        assert_rows(answers.event_definitions(answer), shown, (project, item.name))
        assert answers.is_truncated(answer) == (len(want) > len(shown)), (project, item.name)


@pytest.mark.parametrize("project", ["site", "ties", "texts", "texts_hive", "many_values", *cases.demo_ids()])
@pytest.mark.parametrize("search", SEARCHES)
def test_search_finds_substrings_ignoring_case(project, search, server, lakes, today_in):
    lake = lakes[project]
    (item, *_) = cases.ranges(lake, today_in(lake.info.timezone))
    answer = server.of_project(project).call(
        "get_event_definitions", **item.period.arguments(), search=search, limit=500
    )
    want = discover.event_definitions(lake, *bounds_ms(lake, item.period), search)
    assert_rows(answers.event_definitions(answer), answers.shown(answer, want, 500), (project, search))


def test_the_default_limit_is_fifty_and_truncation_is_told(server, lakes, today_in):
    lake = lakes["many_values"]
    (item, *_) = cases.ranges(lake, today_in(lake.info.timezone))
    answer = server.of_project("many_values").call("get_event_definitions", **item.period.arguments())
    want = discover.event_definitions(lake, *bounds_ms(lake, item.period))
    assert_rows(answers.event_definitions(answer), want[:50], "default limit")
    assert answers.left_out(answer) == 0
    assert answers.is_truncated(answer)
