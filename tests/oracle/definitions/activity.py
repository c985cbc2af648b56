"""get_rolling_active_users (TOOLS §5, web) and get_engagement_metrics (behavior), day by day in Python.

> For each day D in the range, distinct profiles with an event in the `days` days ending with D. No future days.
> Per bucket: active users, DAU/MAU stickiness percent, sessions per user, page views per session, engaged sessions (≥ 10 s of
> duration, or ≥ 2 screen views, or a conversion event), engagement rate, avg engaged seconds.

Choice: stickiness is the mean of the bucket's daily actives over the actives of the 30 days up to its last day.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from definitions import filters as filtering
from definitions.period import bucket, buckets, local
from definitions.events import names_meant

VIEWS = names_meant(["screen_view"])

DAY_MS = 24 * 3_600_000


def by_day(lake, filters=None) -> dict[date, set]:
    """Day → profiles with an event that passes."""
    rows = lake.rows(
        f"""
        SELECT DISTINCT ({local(lake, "timestamp_ms")})::DATE AS day, profile_id FROM visited AS event
        WHERE profile_id <> '' AND {filtering.of_event(lake, filters)}
        """
    )
    active = defaultdict(set)
    for row in rows:
        active[row["day"]].add(row["profile_id"])
    return active


def rolling(active: dict[date, set], day: date, days: int) -> int:
    """Distinct profiles of the days that end with `day`."""
    return len(set().union(*(active.get(day - timedelta(days=back), set()) for back in range(days))))


@dataclass
class Bucket:
    """What is counted of a bucket, or of the range."""

    users: set = field(default_factory=set)
    page_views: int = 0
    sessions: int = 0
    engaged: int = 0
    engaged_ms: int = 0
    days: list = field(default_factory=list)

    def stickiness(self, active: dict[date, set]) -> Fraction:
        """In percent; 0 where nobody was active."""
        monthly = rolling(active, self.days[-1], 30) if self.days else 0
        if not monthly:
            return Fraction(0)
        return Fraction(100 * sum(len(active.get(day, ())) for day in self.days), len(self.days) * monthly)


def engagement(lake, start_ms: int, end_ms: int, interval: str, filters=None) -> tuple[Bucket, dict[str, Bucket]]:
    """The range, and its buckets by label."""
    total = Bucket()
    found = {label: Bucket() for label in buckets(lake, start_ms, end_ms, interval)}
    events = lake.rows(
        f"""
        SELECT {bucket(lake, "timestamp_ms", interval)} AS bucket, profile_id, name FROM visited AS event
        WHERE timestamp_ms >= {start_ms} AND timestamp_ms < {end_ms} AND {filtering.of_event(lake, filters)}
        """
    )
    for row in events:
        for one in (total, found[row["bucket"]]):
            if row["profile_id"]:
                one.users.add(row["profile_id"])
            one.page_views += row["name"] in VIEWS
    rest = (*VIEWS, "session_start", "session_end")
    converted = {
        row["session_id"]
        for row in lake.rows(
            f"""
            SELECT DISTINCT session_id FROM visited
            WHERE session_id <> '' AND name NOT IN {rest} AND timestamp_ms >= {start_ms} AND timestamp_ms < {end_ms + DAY_MS}
            """
        )
    }
    sessions = lake.rows(
        f"""
        SELECT {bucket(lake, "started_at_ms", interval)} AS bucket, session_id, duration_ms, screen_view_count
        FROM sessions AS session
        WHERE started_at_ms >= {start_ms} AND started_at_ms < {end_ms} AND {filtering.of_session(lake, filters)}
        """
    )
    for row in sessions:
        engaged = (
            (row["duration_ms"] or 0) >= 10_000
            or (row["screen_view_count"] or 0) >= 2
            or row["session_id"] in converted
        )
        for one in (total, found[row["bucket"]]):
            one.sessions += 1
            one.engaged += engaged
            one.engaged_ms += (row["duration_ms"] or 0) if engaged else 0
    days = buckets(lake, start_ms, end_ms, "day")
    total.days = [date.fromisoformat(day) for day in days]
    if interval != "hour":
        labels = lake.rows(
            "SELECT day, bucket FROM (SELECT {} AS day, {} AS bucket, instant FROM range({}::BIGINT, {}::BIGINT, 900000::BIGINT) "
            "AS steps(instant)) GROUP BY ALL ORDER BY min(instant)".format(
                bucket(lake, "instant", "day"), bucket(lake, "instant", interval), start_ms, end_ms
            )
        )
        for row in labels:
            found[row["bucket"]].days.append(date.fromisoformat(row["day"]))
    return total, found
