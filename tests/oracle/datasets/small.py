"""Small projects, each with one thing wrong or unusual: ties, nothing at all, three columns only, nulls, many values."""

from datasets.instants import HOUR, MINUTE, SECOND, utc
from datasets.project import Project

_START = utc("2026-05-04 08:00")  # a Monday


def ties() -> Project:
    """4,000 events on 40 instants: a hundred events share each millisecond, half of them across two files."""
    project = Project(id="ties", name="Ties in time", timestamps="ms", compression="zstd", files_per_day=3)
    for number in range(4_000):
        instant = _START + (number % 40) * 7 * HOUR // 2
        project.events.append(
            {
                # Ids that sort differently from the order of writing.
                "event_id": f"e{(number * 7919) % 4_000:04}",
                "timestamp": instant,
                "name": ["screen_view", "signup", "screen_view", "Signup", "zeta"][number % 5],
                "profile_id": f"p{number % 97}",
                "device_id": f"d{number % 97}",
                "session_id": f"s{number % 97}-{number % 40}",
                "path": f"/page/{number % 13}",
                "country": ["DE", "US", None][number % 3],
                "properties": {"n": str(number % 11), "same": "same"},
            }
        )
    return project


def empty() -> Project:
    """A project that exists and has no file at all."""
    return Project(id="empty", name="Nothing yet", timezone="Europe/Berlin", currency="EUR", domain=None)


def cohorts() -> Project:
    """The golden data of retention: U1 active on D0, D1, D2; U2 on D0, D2; U3 on D0; U4 on D1, D2; U5 on D1."""
    project = Project(id="cohorts", name="Five people", timestamps="ms", compression="zstd")
    for person, active in {"u1": (0, 1, 2), "u2": (0, 2), "u3": (0,), "u4": (1, 2), "u5": (1,)}.items():
        for day in active:
            project.events.append(
                {
                    "event_id": f"{person}-{day}",
                    "timestamp": _START + day * 24 * HOUR,
                    "name": "screen_view",
                    "profile_id": person,
                    "device_id": f"device-{person}",
                    "path": "/",
                }
            )
    return project


def other_tenant() -> Project:
    """A project of another organization, with the names of the first one's events and profiles."""
    project = Project(
        id="other_tenant", name="Somebody else's", organization="org_other", timestamps="tz", compression="snappy"
    )
    for number in range(50):
        project.events.append(
            {
                "event_id": f"e{number:04}",
                "timestamp": _START + number * MINUTE,
                "name": "screen_view",
                "profile_id": f"p{number % 5}",
                "device_id": f"p{number % 5}",
                "session_id": f"s{number % 5}",
                "path": "/secret",
            }
        )
    return project


def minimal() -> Project:
    """`timestamp, name, profile_id` and nothing else, with rows that are equal in every column."""
    project = Project(
        id="minimal",
        name="Three columns",
        timestamps="us",
        compression="snappy",
        timezone="America/New_York",
        event_columns=("timestamp", "name", "profile_id"),
    )
    for number in range(600):
        # Eleven visitors; bursts of equal rows; pauses of exactly 30 minutes, of a millisecond more, and of hours.
        visitor = number % 11
        step = number // 11
        pause = [0, 0, 5 * SECOND, 30 * MINUTE, 30 * MINUTE + 1_000, 3 * HOUR][step % 6]
        project.events.append(
            {
                "timestamp": _START + (step // 6) * 12 * HOUR + pause * (1 + step % 2) + visitor * SECOND,
                "name": ["screen_view", "screen_view", "revenue", "signup"][number % 4],
                "profile_id": ["", None][number % 2] if visitor == 10 else f"visitor-{visitor}",
            }
        )
    return project


def nulls() -> Project:
    """Every optional column is null in some rows; some have the empty text instead; profiles without an id."""
    project = Project(id="nulls", name="Null and void", timestamps="tz", compression="gzip", timezone="Asia/Kolkata")
    columns = {
        "event_id": "id",
        "device_id": "device",
        "session_id": "session",
        "origin": "https://example.com",
        "path": "/path",
        "title": "Title",
        "referrer": "https://ref.example/",
        "referrer_name": "Ref",
        "referrer_type": "search",
        "utm_source": "source",
        "utm_medium": "medium",
        "utm_campaign": "campaign",
        "utm_content": "content",
        "utm_term": "term",
        "country": "IN",
        "region": "Region",
        "city": "City",
        "device": "desktop",
        "brand": "Brand",
        "model": "Model",
        "browser": "Firefox",
        "browser_version": "142",
        "os": "Linux",
        "os_version": "6",
        "sdk_name": "web",
        "sdk_version": "1.0",
    }
    for number in range(520):
        row = {
            "timestamp": _START + number * 17 * MINUTE,
            "name": "screen_view" if number % 3 else "revenue",
            "profile_id": [f"p{number % 20}", None, "", f"p{number % 20}"][number % 4],
        }
        for place, (column, text) in enumerate(columns.items()):
            # Each column has its own rhythm of null, empty text and value.
            state = (number + place) % 5
            row[column] = None if state == 0 else "" if state == 1 and column != "event_id" else f"{text}-{number % 3}"
        if row["session_id"]:
            # A visit of a day at most: sessions that are not stored are not followed further past a range's end (docs/data.md).
            row["session_id"] += f"-{number // 60}"
        if row["event_id"] is not None:
            row["event_id"] = f"id-{number}"
        row["latitude"] = None if number % 5 == 0 else 12.5 + number / 64
        row["longitude"] = None if number % 7 == 0 else -number / 32
        row["duration_ms"] = None if number % 4 == 0 else number * 10
        row["revenue"] = None if number % 6 == 0 else number
        row["groups"] = [None, [], ["g1"], ["g1", "g2"]][number % 4]
        row["properties"] = [None, {}, {"a": "1"}, {"a": "", "b": "2"}][number % 4]
        project.events.append(row)
    project.profiles = [
        {"profile_id": f"p{number}", "is_identified": [True, False, None][number % 3], "first_name": None}
        for number in range(0, 20, 2)
    ] + [{"profile_id": None, "first_name": "Nobody"}, {"profile_id": "", "first_name": "Empty"}]
    return project


def many_values() -> Project:
    """10,000 distinct values of one property, exactly 1,000 and 1,001 of two others, 3,000 event names."""
    project = Project(id="many_values", name="Ten thousand things", timestamps="ms", compression="lz4")
    for number in range(12_000):
        project.events.append(
            {
                "event_id": f"e{number:05}",
                "timestamp": _START + number * 20 * SECOND,
                "name": f"event_{number % 3_000:04}" if number % 2 else "screen_view",
                "profile_id": f"p{number % 2_003}",
                "device_id": f"p{number % 2_003}",
                "session_id": f"s{number // 4}",
                "path": f"/p/{number % 5_000}",
                "properties": {
                    "token": f"token-{number % 10_000:05}",
                    "thousand": str(number % 1_000),
                    "thousand_one": f"v{number % 1_001}",
                    **({"rare": "yes"} if number % 4_000 == 0 else {}),
                },
            }
        )
    return project


def aliases() -> Project:
    """`$pageview` beside `screen_view`: the same thing under two names; and yen, which have no minor unit."""
    project = Project(id="aliases", name="Two names", timestamps="ns", compression="zstd", currency="JPY")
    for number in range(300):
        name = ["$pageview", "screen_view", "revenue", "signup"][number % 4]
        project.events.append(
            {
                "event_id": f"e{number:04}",
                "timestamp": _START + number * 11 * MINUTE,
                "name": name,
                "profile_id": f"p{number % 7}",
                "device_id": f"p{number % 7}",
                "session_id": f"s{number // 3}",
                "path": f"/{number % 5}",
                "revenue": 1_000 + number if name == "revenue" else None,
            }
        )
    return project
