"""get_user_flow against the ways of single sessions."""

from collections import Counter

import pytest

import cases
from compare import is_rounded
from definitions import behavior
from definitions.period import bounds_ms


def check(client, lake, period, steps=5, branches=5, **arguments) -> int:
    answer = client.call("get_user_flow", **period.arguments(), steps=steps, branches=branches, **arguments)
    mode = arguments.get("mode", "after")
    found = behavior.ways(lake, *bounds_ms(lake, period), arguments)
    want_nodes, want_links = behavior.flow(found, mode, steps, branches)
    where = (lake.info.id, period, steps, branches, arguments)
    assert answer["sessions"] == len(found), where
    nodes = {(row["step"], row["node"]): row["sessions"] for row in answer["nodes"]}
    links = {(row["step"], row["source"], row["target"]): row["sessions"] for row in answer["links"]}
    assert nodes == dict(want_nodes), where
    assert links == dict(want_links), where
    for row in answer["nodes"]:
        assert is_rounded(row["percent"], 100 * row["sessions"], len(found)), where
    conserved(nodes, links, steps, where)
    return len(found)


def conserved(nodes, links, steps, where):
    """At every step, what comes in goes out: sessions of a node = its links = the links to it."""
    out, into = Counter(), Counter()
    for (step, source, target), sessions in links.items():
        if source != "(entry)":
            out[step, source] += sessions
        if target != "(exit)":
            into[step + 1, target] += sessions
    for (step, node), sessions in nodes.items():
        if step < steps:
            assert out[step, node] == sessions, (where, step, node)
        if step > 1:
            assert into[step, node] == sessions, (where, step, node)


def commonest(lake, what, condition="TRUE", count=3) -> list[str]:
    rows = lake.rows(
        f"SELECT {what} AS it FROM events WHERE {what} <> '' AND {condition} GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT {count}"
    )
    return [row["it"] for row in rows]


VIEWED = "name IN ('screen_view', '$pageview')"


@pytest.mark.parametrize("project", cases.all_ids())
def test_ways_from_to_and_between(project, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    found = cases.ranges(lake, today_in(lake.info.timezone))
    names = commonest(lake, "name") or ["nothing"]
    paths = commonest(lake, "path", VIEWED) or ["/nowhere"]
    whole, day = found[0].period, found[min(1, len(found) - 1)].period
    for period in (whole, day):
        check(client, lake, period, startPath=paths[0])
        check(client, lake, period, startEvent=names[-1], mode="before", steps=3, branches=2)
    if len(paths) > 1:
        check(client, lake, whole, startPath=paths[0], endPath=paths[1], mode="between", steps=4)
    check(client, lake, whole, startEvent=names[0], nodes="page", steps=10, branches=20)


@pytest.mark.parametrize("project", ["site", "shop"])
def test_nodes_are_chosen_and_events_filtered(project, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    half = cases.ranges(lake, today_in(lake.info.timezone))[-2].period
    names = commonest(lake, "name", count=5)
    paths = commonest(lake, "path", VIEWED, count=4)
    mobile = [{"field": "device", "op": "is", "values": ["mobile"]}]
    assert check(client, lake, half, startEvent=names[0], include=names[1:3], filters=mobile)
    assert check(client, lake, half, startEvent=names[0], exclude=["session_start", names[1]], branches=1)
    assert check(client, lake, half, startPath=paths[0], include=paths[1:3], mode="before")
    assert check(client, lake, half, startPath=paths[0], nodes="event", exclude=[])
    check(client, lake, half, startPath=paths[0], endEvent=names[-1], mode="between", nodes="event")


def test_a_start_that_never_happens_says_so(server):
    answer = server.of_project("shop").call("get_user_flow", startEvent="purchse", startDate="2026-06-01", endDate="2026-06-30")
    assert answer["nodes"] == [] and any("`purchase`" in note for note in answer["notes"])
