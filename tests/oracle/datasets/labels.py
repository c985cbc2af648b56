"""Sessions whose values are hard to group by: names of what is absent, pairs that read the same when joined, ten thousand pages.

The sessions lie in the lake, so that every column can lack what sessions built from events always have.
"""

from datasets.instants import HOUR, MILLISECOND, MINUTE, utc
from datasets.project import Project

# Local midnights of New York around the change of 1 November 2026, the hour that comes twice, and the nights before.
_STARTS = [
    utc("2026-10-29 03:59:59.999"),
    utc("2026-10-30 04:00"),
    utc("2026-10-31 04:00"),
    utc("2026-11-01 03:59:59.999"),
    utc("2026-11-01 04:00"),
    utc("2026-11-01 05:30"),
    utc("2026-11-01 06:30"),
    utc("2026-11-02 04:59:59.999"),
    utc("2026-11-02 05:00"),
    utc("2026-11-03 17:00"),
]

# Country and city: each pair is a group of its own, but for those that lack one of the two in several ways.
_PAIRS = [
    ("a", "bc"),
    ("ab", "c"),
    ("1:a", "b"),
    ("1", ":ab"),
    ("a\x1fb", "c"),
    ("a", "b\x1fc"),
    ("ü", "x"),
    ("u\u0308", "x"),
    ("😀", "👩‍👩‍👧"),
    (None, "x"),
    ("", "x"),
    ("(not set)", "x"),
    ("x", None),
    ("x", ""),
    ("X", "(not set)"),
]
_REFERRERS = [None, "", "(direct)", "(not set)", "Google", "google", "GOOGLE ", "it's \"quoted\""]


def project() -> Project:
    """10,400 sessions, each with a page of its own to enter on."""
    project = Project(
        id="labels",
        name="Names of nothing",
        timezone="America/New_York",
        week_start="sunday",
        timestamps="us",
        compression="zstd",
    )
    project.sessions = [_session(number) for number in range(10_400)]
    for session in project.sessions[::20]:
        for place, path in enumerate((session["entry_path"], session["exit_path"])):
            project.events.append(
                {
                    "event_id": f"{session['session_id']}-{place}",
                    # The last view may lie a day past the range the session began in.
                    "timestamp": session["started_at"] + place * 23 * HOUR,
                    "name": ["screen_view", "$pageview"][place],
                    "profile_id": session["profile_id"],
                    "session_id": session["session_id"],
                    "origin": session["entry_origin"],
                    "path": path,
                }
            )
    return project


def _session(number: int) -> dict:
    def lacking(every: int, value):
        return None if number % every == 0 else value

    country, city = _PAIRS[number % len(_PAIRS)]
    started = _STARTS[number % len(_STARTS)] + (number // 1_000) * MILLISECOND
    return {
        "session_id": f"s{number:05}",
        "profile_id": [f"p{number % 301}", None, "", f"p{number % 7}"][number % 4],
        "started_at": started,
        "ended_at": started + 20 * MINUTE,
        "duration_ms": lacking(11, number % 977 * 1_001),
        "is_bounce": lacking(5, number % 3 == 0),
        "entry_origin": lacking(13, "https://example.com"),
        "entry_path": lacking(1_001, f"/p/{number}"),
        "exit_origin": lacking(13, "https://example.com"),
        "exit_path": ["/end", "/pay", None, ""][number % 4],
        "screen_view_count": lacking(7, number % 9),
        "event_count": number % 9,
        # Money may also go back.
        "revenue": lacking(4, number % 50 * 100 - 700),
        "referrer_name": _REFERRERS[number % len(_REFERRERS)],
        "referrer": lacking(3, f"https://ref.example/{number % 6_007}"),
        "utm_source": lacking(2, f"source {number % 5}"),
        "country": country,
        "city": city,
        "browser": ["Chrome", "Safari", None][number % 3],
        "browser_version": lacking(6, f"{number % 4}"),
        "rage_clicks": lacking(3, number % 2),
        "dead_clicks": lacking(3, number % 4),
        "js_errors": lacking(2, number % 3),
        "network_errors": lacking(5, number % 4 // 3),
        "frustration_score": lacking(8, number % 1_000 / 10),
    }
