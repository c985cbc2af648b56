"""find_profiles, get_profile, get_profile_sessions, get_profile_metrics against DuckDB."""

import time

import pytest

import answers
import cases
from compare import is_rounded
from definitions import events, people
from shapes.people import is_session, profile, wanted_profile

WITH_PROFILES = ["site", "site_stored", "texts", "nulls", "labels"]

NARROWINGS = {
    "a name": {"name": "a"},
    "two words": {"name": "user 1"},
    "a quote": {"name": "o'"},
    "an underscore is a letter": {"name": "_"},
    "an e-mail": {"email": "EXAMPLE"},
    "a country": {"country": "DE"},
    "one event's place and device": {"country": "US", "device": "mobile", "browser": "Safari"},
    "a city": {"city": "München"},
    "performed": {"performedEvent": "signup"},
    "sessions": {"minSessions": 3},
    "inactive": {"inactiveDays": 3},
    "identified": {"identified": True},
    "anonymous": {"identified": False},
    "a property": {"filters": [{"field": "profile.properties.plan", "op": "is", "values": ["enterprise"]}]},
    "a column": {"filters": [{"field": "profile.first_name", "op": "contains", "values": ["a"]}]},
    "last seen first": {"sortBy": "lastSeenAt"},
    "longest unseen first": {"sortBy": "lastSeenAt", "order": "asc"},
    "all together": {"name": "a", "identified": True, "minSessions": 2, "sortBy": "lastSeenAt"},
}


def has_profiles(lake) -> bool:
    return "profiles" in lake.stored


def walk(client, **arguments) -> list[dict]:
    return [row for answer in client.walk("find_profiles", **arguments) for row in answer["profiles"]]


@pytest.mark.parametrize("project", cases.adversarial_ids())
def test_pages_to_the_end_hold_every_profile_once(project, server, lakes):
    lake, client = lakes[project], server.of_project(project)
    if not has_profiles(lake):
        assert "stores no profiles" in client.refusal("find_profiles")
        return
    want = people.profiles(lake)
    got = walk(client, limit=100)
    # Rows without an id are in any order among themselves.
    got, want = [profile(row) for row in got], [wanted_profile(row) for row in want]
    assert [row["profile_id"] for row in got] == [row["profile_id"] or "" for row in want], project
    assert sorted(map(repr, got)) == sorted(repr({**row, "profile_id": row["profile_id"] or ""}) for row in want), project


@pytest.mark.parametrize("name", NARROWINGS)
@pytest.mark.parametrize("project", ["site", "site_stored"])
def test_every_way_to_narrow(project, name, server, lakes):
    lake, client = lakes[project], server.of_project(project)
    assert has_profiles(lake)
    want = people.profiles(lake, NARROWINGS[name], now_ms=round(time.time() * 1000))
    got = walk(client, **NARROWINGS[name], limit=43)
    assert [row["profileId"] for row in got] == [row["profile_id"] for row in want], (project, name)


@pytest.mark.parametrize("project", cases.demo_ids())
def test_people_of_the_demo_are_found_by_name(project, server, lakes):
    lake, client = lakes[project], server.of_project(project)
    for arguments in ({"name": "julia dubois"}, {"name": "anna", "identified": True}, {"email": "dubois"}):
        want = people.profiles(lake, arguments)
        assert [row["profileId"] for row in walk(client, **arguments, limit=50)] == [row["profile_id"] for row in want]


def some_ids(lake) -> list[str]:
    """The busiest, the quietest, one in the middle, and one with an awkward id."""
    rows = lake.rows(
        "SELECT profile_id FROM events WHERE profile_id <> '' GROUP BY 1 ORDER BY count(*) DESC, 1"
    )
    ids = [row["profile_id"] for row in rows]
    awkward = [one for one in ids if not one.isascii() or "'" in one]
    return list(dict.fromkeys(ids[:1] + ids[len(ids) // 2 : len(ids) // 2 + 1] + ids[-1:] + awkward[:2]))


@pytest.mark.parametrize("project", cases.all_ids())
def test_one_profile_its_numbers_and_its_sessions(project, server, lakes):
    lake, client = lakes[project], server.of_project(project)
    stored = {row["profile_id"]: row for row in people.profiles(lake)}
    for profile_id in some_ids(lake):
        where = (project, profile_id)
        answer = client.call("get_profile", profileId=profile_id, eventLimit=7)
        of = events.matching(lake, 0, 2**53, {"profileId": profile_id})
        if profile_id in stored:
            assert profile(answer["profile"]) == wanted_profile(stored[profile_id]), where
        else:
            seen = profile(answer["profile"])
            assert (seen["created_at_ms"], seen["last_seen_at_ms"]) == (of[0]["timestamp"], of[-1]["timestamp"]), where
        got = [answers.instant_ms(row["timestamp"]) for row in answer["events"]]
        assert got == [event["timestamp"] for event in reversed(of)][:7], where
        assert answer["truncated"] == (len(of) > 7), where

        want = people.metrics(lake, profile_id)
        answer = client.call("get_profile_metrics", profileId=profile_id)
        counts = ("sessions", "screenViews", "totalEvents", "conversionEvents", "activeDays")
        wanted = ("sessions", "views", "events", "conversions", "days")
        assert [answer[name] for name in counts] == [want[name] for name in wanted], where
        assert answers.instant_ms(answer["firstSeen"]) == want["first_ms"], where
        assert answers.instant_ms(answer["lastSeen"]) == want["last_ms"], where
        sessions = want["sessions"]
        for name, number, over in [
            ("avgSessionDurationMinutes", want["lasting_ms"], want["lasting"] * 60_000),
            ("p90SessionDurationMinutes", round((want["p90_ms"] or 0) * 10), 600_000),
            ("eventsPerSession", want["events"], sessions),
            ("bounceRatePercent", 100 * want["bounced"], sessions),
            ("revenue", want["revenue"], 10**lake.info.minor_units),
        ]:
            assert is_rounded(answer[name], number, over), (where, name, answer[name], number, over)
        if sessions > 1:
            assert is_rounded(answer["avgSecondsBetweenSessions"], want["between_ms"], 1000 * (sessions - 1)), where
        else:
            assert "avgSecondsBetweenSessions" not in answer, where

        visits = [row for row in people.sessions(lake, 0, 2**53) if row["profile_id"] == profile_id]
        got = [
            row for page in client.walk("get_profile_sessions", profileId=profile_id, limit=23) for row in page["sessions"]
        ]
        assert len(got) == len(visits), where
        assert all(is_session(lake, row, want) for row, want in zip(got, visits)), where


def test_nobody_is_a_mistake_in_every_tool(server):
    for project in ("shop", "site", "minimal", "empty"):
        for tool in ("get_profile", "get_profile_sessions", "get_profile_metrics"):
            for nobody in ("nobody", "", "' OR TRUE --"):
                assert "find_profiles" in server.of_project(project).refusal(tool, profileId=nobody)
