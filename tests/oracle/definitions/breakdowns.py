"""Sessions by dimension (TOOLS §5: get_top_referrers, get_country_breakdown, get_device_breakdown, get_entry_exit_pages,
aggregate_sessions), added up one by one in Python.

> visitors, sessions, pageViews, bounceRatePercent, avgSessionDurationSeconds, revenue, share; limit 1–500 (25), "other" row.
> Empty referrer is called `(direct)`.
> Session measures count a session in the bucket of its start.
> Totals row; groups beyond the limit summed as "other".

Choice: everything is a measure of the sessions that started in the range, by their own columns; visitors are their distinct profiles.
What else is empty is called `(not set)`. A number a session lacks is nought. Groups of an earlier range are the same values; a
bucket's counterpart is the bucket at the same place.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from statistics import median

from definitions import filters as filtering
from definitions.period import bounds_ms, bucket, buckets
from definitions.sessions import SCREEN_VIEWS
from definitions.text import literal

INTERVALS = ("hour", "day", "week", "month")

# Dimension → (column, what its absence is called).
COLUMNS = {
    "country": ("country", "(not set)"),
    "region": ("region", "(not set)"),
    "city": ("city", "(not set)"),
    "device": ("device", "(not set)"),
    "brand": ("brand", "(not set)"),
    "browser": ("browser", "(not set)"),
    "browserVersion": ("browser_version", "(not set)"),
    "os": ("os", "(not set)"),
    "osVersion": ("os_version", "(not set)"),
    "entryOrigin": ("entry_origin", "(not set)"),
    "entryPath": ("entry_path", "(not set)"),
    "exitOrigin": ("exit_origin", "(not set)"),
    "exitPath": ("exit_path", "(not set)"),
    "referrerName": ("referrer_name", "(direct)"),
    "referrerType": ("referrer_type", "(direct)"),
    "referrer": ("referrer", "(direct)"),
    "utmSource": ("utm_source", "(not set)"),
    "utmMedium": ("utm_medium", "(not set)"),
    "utmCampaign": ("utm_campaign", "(not set)"),
    "utmContent": ("utm_content", "(not set)"),
    "utmTerm": ("utm_term", "(not set)"),
}

_NUMBERS = [
    "duration_ms",
    "screen_view_count",
    "revenue",
    "rage_clicks",
    "dead_clicks",
    "js_errors",
    "network_errors",
]


@dataclass(frozen=True)
class Visit:
    """A session: its values, and the row of `sessions`."""

    values: tuple[str, ...]
    row: dict


def visits(lake, period, dimensions, filters=None) -> list[Visit]:
    """The sessions that started in the range and pass the filters."""
    rows = _sessions(lake, period, filters)
    for name in dimensions:
        if name in INTERVALS and rows and f"{name}_bucket" not in rows[0]:
            labels = {
                row["session_key"]: row["label"]
                for row in lake.rows(f"SELECT session_key, {bucket(lake, 'started_at_ms', name)} AS label FROM sessions")
            }
            for row in rows:
                row[f"{name}_bucket"] = labels[row["session_key"]]
    return [Visit(tuple(_value(row, name) for name in dimensions), row) for row in rows]


# The sessions last asked for: one range is asked about in many ways.
_READ: dict[tuple, list[dict]] = {}


def _sessions(lake, period, filters) -> list[dict]:
    key = (lake.info.id, period, repr(filters))
    if key not in _READ:
        start_ms, end_ms = bounds_ms(lake, period)
        rows = lake.rows(
            f"""
            SELECT * FROM sessions AS session
            WHERE started_at_ms >= {start_ms} AND started_at_ms < {end_ms} AND {filtering.of_session(lake, filters)}
            """
        )
        for row in rows:
            row |= {name: row[name] or 0 for name in _NUMBERS}
        while len(_READ) >= 8:
            _READ.pop(next(iter(_READ)))
        _READ[key] = rows
    return _READ[key]


def _value(row: dict, dimension: str) -> str:
    if dimension in INTERVALS:
        return row[f"{dimension}_bucket"]
    column, absent = COLUMNS[dimension]
    return row[column] or absent


def grouped(found: list[Visit]) -> dict[tuple[str, ...], list[Visit]]:
    """The sessions of each group."""
    groups: dict[tuple[str, ...], list[Visit]] = {}
    for visit in found:
        groups.setdefault(visit.values, []).append(visit)
    return groups


def measure(name: str, found: list[Visit], minor_units: int) -> Fraction:
    """A measure of some sessions, exactly. A mean or share of none is nought."""
    rows = [visit.row for visit in found]
    count = len(rows)
    if name == "visitors":
        return Fraction(len({row["profile_id"] for row in rows} - {None, ""}))
    if name == "bounceRatePercent":
        return Fraction(100 * sum(bool(row["is_bounce"]) for row in rows), count or 1)
    if name in ("avgDurationSeconds", "avgSessionDurationSeconds"):
        return Fraction(sum(row["duration_ms"] for row in rows), 1000 * (count or 1))
    if name == "medianDurationSeconds":
        return Fraction(median(Fraction(row["duration_ms"]) for row in rows)) / 1000 if rows else Fraction(0)
    if name == "avgFrustration":
        return sum((Fraction(Decimal(repr(row["frustration_score"] or 0.0))) for row in rows), Fraction(0)) / (count or 1)
    if name == "revenue":
        return Fraction(sum(row["revenue"] for row in rows), 10**minor_units)
    return Fraction(sum(_SUMMANDS[name](row) for row in rows))


# What one session adds to a sum.
_SUMMANDS = {
    "sessions": lambda row: 1,
    "pageViews": lambda row: row["screen_view_count"],
    "rageClicks": lambda row: row["rage_clicks"],
    "deadClicks": lambda row: row["dead_clicks"],
    "jsErrors": lambda row: row["js_errors"],
    "networkErrors": lambda row: row["network_errors"],
    "sessionsWithErrors": lambda row: row["js_errors"] > 0 or row["network_errors"] > 0,
    "sessionsWithFriction": lambda row: (row["frustration_score"] or 0) > 0,
}


def places(lake, period, dimensions) -> list[dict[str, int] | None]:
    """For each dimension of time the place of each of its buckets in the range; none for the others."""
    return [
        {label: place for place, label in enumerate(buckets(lake, *bounds_ms(lake, period), name))}
        if name in INTERVALS
        else None
        for name in dimensions
    ]


def ranked(lake, period, dimensions, groups, minor_units: int, by: str | None) -> list[tuple[str, ...]]:
    """The groups in order: by a measure, the greatest first, or else by the first dimension of time; ties by the values in order.

    > Order is always total (ties broken by id or name), so the same question gives the same answer.
    """
    of_time = places(lake, period, dimensions)

    def comparable(values):
        return tuple(value if place is None else place[value] for value, place in zip(values, of_time, strict=True))

    def key(values):
        own = comparable(values)
        if by is not None:
            return -measure(by, groups[values], minor_units), own
        return next(value for value, place in zip(own, of_time) if place is not None), own

    return sorted(groups, key=key)


def counterparts(lake, period, earlier, dimensions):
    """What gives for a group the one of an earlier range it is compared with; none if there is no bucket at its place."""
    now = places(lake, period, dimensions)
    before = [None if place is None else list(place) for place in places(lake, earlier, dimensions)]

    def then(values: tuple[str, ...]) -> tuple[str, ...] | None:
        found = []
        for value, place, labels in zip(values, now, before, strict=True):
            if place is None:
                found.append(value)
            elif place[value] < len(labels):
                found.append(labels[place[value]])
            else:
                return None
        return tuple(found)

    return then


def page_views(lake, period, found: list[Visit]) -> dict[tuple[str, str], int]:
    """Views of each page, (origin, path), in these sessions.

    Choice: in all sessions of the range, wherever they began or ended, so that the rate of exits is of views that could have been
    the last. A session is followed for at most a day past the range's end (docs/data.md).
    """
    start_ms, end_ms = bounds_ms(lake, period)
    keys = {visit.row["session_key"] for visit in found}
    views: dict[tuple[str, str], int] = {}
    for row in lake.rows(
        f"""
        SELECT session_key, coalesce(nullif(origin, ''), {literal("(not set)")}) AS origin,
            coalesce(nullif(path, ''), {literal("(not set)")}) AS path, count(*) AS views
        FROM assigned
        WHERE name IN {SCREEN_VIEWS} AND timestamp_ms >= {start_ms} AND timestamp_ms < {end_ms} + 86400000
        GROUP BY ALL
        """
    ):
        if row["session_key"] in keys:
            page = (row["origin"], row["path"])
            views[page] = views.get(page, 0) + row["views"]
    return views
