"""Events around local midnight, on ordinary days and on both days of the year when clocks change, in five timezones.

The borders of each day are written out by hand, in UTC, from the zones' published rules. They are the expectation
`test_daylight_saving.py` computes its numbers from, so no timezone library takes part in either.
"""

from dataclasses import dataclass

from datasets.instants import MILLISECOND, MINUTE, utc
from datasets.project import Project


@dataclass(frozen=True)
class LocalDay:
    """A day of the project's calendar: when it begins and ends (excluded), in UTC, and how long it is."""

    date: str
    begins: str
    ends: str
    hours: float


ZONES = {
    # No daylight saving.
    "UTC": [
        LocalDay("2026-03-08", "2026-03-08 00:00", "2026-03-09 00:00", 24),
        LocalDay("2026-07-01", "2026-07-01 00:00", "2026-07-02 00:00", 24),
    ],
    # UTC−5, UTC−4 from 8 March 07:00 UTC to 1 November 06:00 UTC.
    "America/New_York": [
        LocalDay("2026-03-07", "2026-03-07 05:00", "2026-03-08 05:00", 24),
        LocalDay("2026-03-08", "2026-03-08 05:00", "2026-03-09 04:00", 23),
        LocalDay("2026-07-01", "2026-07-01 04:00", "2026-07-02 04:00", 24),
        LocalDay("2026-11-01", "2026-11-01 04:00", "2026-11-02 05:00", 25),
        LocalDay("2026-11-02", "2026-11-02 05:00", "2026-11-03 05:00", 24),
    ],
    # UTC+1, UTC+2 from 29 March 01:00 UTC to 25 October 01:00 UTC.
    "Europe/Berlin": [
        LocalDay("2026-03-29", "2026-03-28 23:00", "2026-03-29 22:00", 23),
        LocalDay("2026-03-30", "2026-03-29 22:00", "2026-03-30 22:00", 24),
        LocalDay("2026-10-25", "2026-10-24 22:00", "2026-10-25 23:00", 25),
        LocalDay("2026-10-26", "2026-10-25 23:00", "2026-10-26 23:00", 24),
    ],
    # UTC+5:30 all year.
    "Asia/Kolkata": [
        LocalDay("2026-03-29", "2026-03-28 18:30", "2026-03-29 18:30", 24),
        LocalDay("2025-12-31", "2025-12-30 18:30", "2025-12-31 18:30", 24),
    ],
    # UTC+11, UTC+10:30 from 5 April (15:00 UTC the day before) to 4 October (15:30 UTC the day before): half an hour.
    "Australia/Lord_Howe": [
        LocalDay("2026-04-04", "2026-04-03 13:00", "2026-04-04 13:00", 24),
        LocalDay("2026-04-05", "2026-04-04 13:00", "2026-04-05 13:30", 24.5),
        LocalDay("2026-07-01", "2026-06-30 13:30", "2026-07-01 13:30", 24),
        LocalDay("2026-10-04", "2026-10-03 13:30", "2026-10-04 13:00", 23.5),
        LocalDay("2026-10-05", "2026-10-04 13:00", "2026-10-05 13:00", 24),
    ],
}

PROJECT_OF = {
    "UTC": "midnight_utc",
    "America/New_York": "midnight_newyork",
    "Europe/Berlin": "midnight_berlin",
    "Asia/Kolkata": "midnight_kolkata",
    "Australia/Lord_Howe": "midnight_lordhowe",
}

_ENCODING = {
    "UTC": {"compression": "uncompressed", "timestamps": "ms"},
    "America/New_York": {"compression": "snappy", "timestamps": "tz", "week_start": "sunday"},
    "Europe/Berlin": {"compression": "gzip", "timestamps": "us", "currency": "EUR"},
    "Asia/Kolkata": {"compression": "lz4", "timestamps": "ns", "currency": "INR"},
    "Australia/Lord_Howe": {"compression": "zstd", "timestamps": "tz", "currency": "AUD"},
}


def views_of(day: LocalDay, days: list[LocalDay]) -> int:
    """Screen views that fall on the day: two an hour, one at each end, and the nights' that touch it."""
    night_before = any(other.ends == day.begins for other in days)
    return round(day.hours * 2) + 2 + 1 + (1 if night_before else 0)


def sessions_of(_day: LocalDay) -> int:
    """Sessions that begin on the day: the day's own and the night's."""
    return 2


def projects() -> list[Project]:
    """One project for each zone."""
    return [_project(zone, days) for zone, days in ZONES.items()]


def _project(zone: str, days: list[LocalDay]) -> Project:
    project = Project(id=PROJECT_OF[zone], name=f"Midnight in {zone}", timezone=zone, **_ENCODING[zone])
    for day in days:
        begins, ends = utc(day.begins), utc(day.ends)
        instants = list(range(begins, ends, 30 * MINUTE)) + [begins + MILLISECOND, ends - MILLISECOND]
        for number, instant in enumerate(sorted(instants)):
            project.events.append(_view(day, f"day-{day.date}", number, instant, "/noon"))
        # A session over midnight: it belongs to the day it began on, its views to their own days.
        project.events.append(_view(day, f"night-{day.date}", 1000, ends - 10 * MINUTE, "/before"))
        project.events.append(_view(day, f"night-{day.date}", 1001, ends + 10 * MINUTE, "/after"))
        project.events.append(
            {
                **_view(day, f"day-{day.date}", 2000, begins + 60 * MINUTE, "/noon"),
                "name": "revenue",
                "revenue": 1_050,
            }
        )
    return project


def _view(day: LocalDay, session: str, number: int, instant: int, path: str) -> dict:
    who = f"visitor-{session}"
    return {
        "event_id": f"{day.date}-{number:05}",
        "timestamp": instant,
        "name": "screen_view",
        "profile_id": who,
        "device_id": who,
        "session_id": session,
        "origin": "https://example.com",
        "path": path,
        "country": "AU" if session.startswith("day") else "DE",
    }
