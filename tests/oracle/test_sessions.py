"""Sessions: those the demo stores and those the server derives, against a derivation in SQL of every rule of TOOLS §4."""

from collections import Counter

import pytest

import answers
import cases
from columns import SESSIONS
from datasets.friction import CASES, EVERYTHING_SCORE
from definitions import sessions
from definitions.text import literal
from lake import Lake

SIGNALS = [
    "rage_clicks",
    "dead_clicks",
    "error_clicks",
    "js_errors",
    "network_errors",
    "form_abandons",
    "quick_backs",
    "idle_ms",
]

# A recorded replay is nothing events show.
DERIVED = [column for column in SESSIONS if column not in ("session_id", "has_replay")]


def normal(column: str, value):
    """A cell in a form both sides can be compared in."""
    if column in ("started_at", "ended_at"):
        return answers.instant_ms(value) if isinstance(value, str) else value
    if column == "groups":
        return tuple(sorted(value or ()))
    if value == "":
        return None
    return round(value, 6) if isinstance(value, float) else value


def from_server(client, where: str = "TRUE") -> list[tuple]:
    """Sessions as SQL shows them: (session id, the derived columns)."""
    columns = ", ".join(["session_id", *DERIVED])
    statement = f"SELECT {columns} FROM sessions WHERE {where} ORDER BY started_at, session_id"
    rows = []
    for answer in client.walk("query", sql=statement, limit=1000):
        names, page = answers.result(answer)
        assert names == ["session_id", *DERIVED]
        rows += [(row[0], tuple(map(normal, DERIVED, row[1:]))) for row in page]
    return rows


def from_oracle(lake: Lake, table: str = "sessions", where: str = "TRUE") -> list[tuple]:
    """The same of the oracle's."""
    columns = ", ".join(
        f"{column}_ms AS {column}" if column in ("started_at", "ended_at") else column
        for column in ["session_id", *DERIVED]
    )
    return [
        (row["session_id"], tuple(normal(column, row[column]) for column in DERIVED))
        for row in lake.rows(f"SELECT {columns} FROM {table} WHERE {where}")
    ]


def differing(got: tuple, want: tuple) -> dict:
    """Column → (got, want) where two sessions differ."""
    return {column: (have, should) for column, have, should in zip(DERIVED, got, want, strict=True) if have != should}


def assert_same_sessions(got: list[tuple], want: list[tuple], where) -> None:
    """The same sessions, by id."""
    have, expected = dict(got), dict(want)
    assert len(have) == len(got), (where, "session ids repeat")
    assert set(have) == set(expected), (
        where,
        "missing",
        sorted(set(expected) - set(have))[:5],
        "extra",
        sorted(set(have) - set(expected))[:5],
    )
    wrong = {session: differing(have[session], row) for session, row in expected.items() if have[session] != row}
    assert not wrong, (where, len(wrong), list(wrong.items())[:5])


@pytest.mark.parametrize(
    "project", [project for project in cases.adversarial_ids() if project not in ("site_stored", "empty")]
)
def test_derived_sessions_are_the_rules(project, server, lakes):
    assert_same_sessions(from_server(server.of_project(project)), from_oracle(lakes[project]), project)


def test_an_empty_project_has_no_sessions(server):
    assert from_server(server.of_project("empty")) == []


def test_stored_sessions_are_shown_as_they_are(server, lakes):
    got, want = from_server(server.of_project("site_stored")), from_oracle(lakes["site_stored"])
    assert Counter(got) == Counter(want)


@pytest.mark.parametrize("project", cases.demo_ids())
def test_the_demos_stored_sessions_are_what_its_events_say(project, lakes):
    lake = lakes[project]
    assert lake.has_stored_sessions
    lake.connection.execute(f"CREATE OR REPLACE TABLE assigned_again AS {sessions.assign()}")
    derivation = sessions.derive().replace("FROM assigned\n", "FROM assigned_again\n")
    lake.connection.execute(f"CREATE OR REPLACE TABLE derived AS {derivation}")
    assert_same_sessions(from_oracle(lake), from_oracle(lake, "derived"), project)


@pytest.mark.parametrize("project", cases.demo_ids())
def test_the_server_shows_the_demos_sessions(project, server, lakes):
    lake = lakes[project]
    (many,) = lake.connection.execute("SELECT quantile_disc(screen_view_count, 0.995) FROM sessions").fetchone()
    where = f"screen_view_count >= {many}"
    got, want = from_server(server.of_project(project), where), from_oracle(lake, where=where)
    assert want and Counter(got) == Counter(want)


@pytest.mark.parametrize("name", CASES)
def test_each_signal_has_the_count_worked_out_by_hand(name, server):
    """Hand-computed; the oracle's SQL takes no part."""
    statement = "SELECT " + ", ".join([*SIGNALS, "has_feedback"]) + " FROM sessions WHERE session_id = " + literal(name)
    names, rows = answers.result(server.of_project("friction").call("query", sql=statement))
    (row,) = rows
    got = {column: value for column, value in zip(names, row) if value}
    assert got == CASES[name][1]


def test_the_frustration_score_weighs_them(server):
    statement = "SELECT frustration_score FROM sessions WHERE session_id = 'everything at once'"
    _, rows = answers.result(server.of_project("friction").call("query", sql=statement))
    assert rows == [[EVERYTHING_SCORE]]
