"""get_session: every moment against the events, and the signals of the moments against the session's counts."""

from itertools import groupby

import pytest

import cases
from compare import is_rounded
from definitions import people
from definitions.events import names_meant
from definitions.period import bounds_ms
from shapes.people import is_session

KINDS = {
    "$click": "click",
    "$form_start": "form_start",
    "$form_submit": "form_submit",
    "$feedback": "feedback",
    "revenue": "revenue",
    "session_start": "session_start",
    "session_end": "session_end",
}


def kind(event: dict) -> str:
    if event["name"] in names_meant(["screen_view"]):
        return "page_view"
    if event["name"] == "$error":
        properties = event["properties"] or {}
        network = any((properties.get(key) or "").lower() == "network" for key in ("type", "kind"))
        return "network_error" if network else "js_error"
    return KINDS.get(event["name"], "event")


def read(client, session_id: str) -> tuple[dict, list[dict]]:
    """The first answer, and the whole timeline."""
    arguments = {"sessionId": session_id, "limit": 50}
    first = client.call("get_session", **arguments)
    timeline, answer = list(first["timeline"]), first
    while answer.get("nextCursor"):
        answer = client.call("get_session", **arguments, cursor=answer["nextCursor"])
        assert not {"clicks", "errors", "forms", "idle"} & answer.keys()
        timeline += answer["timeline"]
    return first, timeline


def check(client, lake, row: dict) -> None:
    where = (lake.info.id, row["session_id"])
    events = people.events_of(lake, row["session_id"])
    answer, timeline = read(client, row["session_id"])
    assert is_session(lake, answer["session"], row), where
    first = events[0]["timestamp_ms"] if events else 0
    assert len(timeline) == len(events), where
    rest = iter(timeline)
    # Events of the same millisecond may be in any order among themselves.
    for _, together in groupby(events, key=lambda event: event["timestamp_ms"]):
        want = sorted(kind(event) for event in together)
        assert sorted(next(rest)["kind"] for _ in want) == want, where
    for moment, event in zip(timeline, events, strict=True):
        assert is_rounded(moment["offsetSeconds"], event["timestamp_ms"] - first, 1000), where
    signals = [signal for moment in timeline for signal in moment.get("signals", [])]
    for name, column in [
        ("rage_click", "rage_clicks"),
        ("dead_click", "dead_clicks"),
        ("error_click", "error_clicks"),
        ("quick_back", "quick_backs"),
    ]:
        assert signals.count(name) == (row[column] or 0), (where, name)
    for name, column in [("rageClicks", "rage_clicks"), ("deadClicks", "dead_clicks"), ("errorClicks", "error_clicks")]:
        assert sum(element[name] for element in answer["clicks"]) == (row[column] or 0), (where, name)
    errors = {"js_error": 0, "network_error": 0}
    for error in answer["errors"]:
        errors[error["kind"]] += error["count"]
    assert errors == {"js_error": row["js_errors"] or 0, "network_error": row["network_errors"] or 0}, where
    assert len(answer["forms"]) == (row["form_abandons"] or 0), where
    idle = sum(round(pause["durationSeconds"] * 1000) for pause in answer["idle"])
    assert abs(idle - (row["idle_ms"] or 0)) <= 5 * len(answer["idle"]), where
    assert "feedback" not in answer, where


@pytest.mark.parametrize("project", ["friction", "site", "minimal", "texts", "nulls", "midnight_lordhowe", "ties"])
def test_every_moment_and_every_signal(project, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    item = cases.few(lake, cases.ranges(lake, today_in(lake.info.timezone)))
    found = [row for row in people.sessions(lake, *bounds_ms(lake, item.period)) if row["session_id"]]
    assert found
    # All of a small project, an even choice of a large one.
    step = max(1, len(found) // 60)
    for row in found[::step]:
        check(client, lake, row)


@pytest.mark.parametrize("project", cases.demo_ids())
def test_the_worst_and_the_longest_sessions_of_the_demo(project, server, lakes):
    lake, client = lakes[project], server.of_project(project)
    for sort in ("frustration", "pageViews", "errors"):
        for row in people.sessions(lake, 0, 2**53, {"sortBy": sort})[:3]:
            check(client, lake, row)


def test_what_a_visitor_said_is_told_when_asked_for(server, lakes):
    lake, client = lakes["shop"], server.of_project("shop")
    row = people.sessions(lake, 0, 2**53, {"signals": ["feedback"]})[0]
    answer = client.call("get_session", sessionId=row["session_id"], include=["feedback"])
    said = [event for event in people.events_of(lake, row["session_id"]) if event["name"] == "$feedback"]
    assert [item.get("message") for item in answer["feedback"]] == [event["properties"].get("message") for event in said]
    assert not {"timeline", "clicks", "errors", "forms", "idle"} & answer.keys()


def test_an_unknown_session_is_a_mistake_that_says_where_ids_are(server):
    for project in ("shop", "site", "empty"):
        for unknown in ("nobody", "x~1781000000000", "'; DROP TABLE events; --", "~99999999999999999999"):
            assert "find_sessions" in server.of_project(project).refusal("get_session", sessionId=unknown)
