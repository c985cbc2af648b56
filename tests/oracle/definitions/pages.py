"""The tools about pages (TOOLS §5, web), event by event in Python.

> get_top_pages: per (origin, path): pageViews, visitors, sessions, sharePercent; by pageViews. Latest title.
> get_page_performance: per page pageViews, sessions that saw it, bounceRatePercent (of the sessions that **entered** on it),
> avgTimeOnPageSeconds (to the next view in the session; the last view, which has none, is left out), avgSessionDurationSeconds.
> get_page_conversions: a page is credited for a profile that viewed it before one of its conversions in the range, at most
> windowHours earlier (views before the range count if inside the window). viewers = profiles that viewed it from windowHours before
> the range to its end, converters among them.

Choice: what a view lacks is `(not set)`; the newest of two titles at the same millisecond is the greater one; views at the same
millisecond follow by origin, then path; a session goes on at most a day past the range.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from definitions import filters as filtering
from definitions.events import names_meant
from definitions.sessions import SCREEN_VIEWS
from definitions.text import literal

DAY_MS = 24 * 3_600_000
NOT_SET = "(not set)"


@dataclass
class Page:
    """What is counted of a page."""

    views: int = 0
    visitors: set = field(default_factory=set)
    sessions: set = field(default_factory=set)
    title: tuple = ()
    gaps_ms: list = field(default_factory=list)
    entries: int = 0
    bounced: int = 0


def _views(lake, start_ms, end_ms, filters=None) -> list[dict]:
    return lake.rows(
        f"""
        SELECT timestamp_ms, event_id, profile_id, session_id, title, nullif(origin, '') AS origin, nullif(path, '') AS path,
            {filtering.of_event(lake, filters)} AS passes
        FROM visited AS event
        WHERE timestamp_ms >= {start_ms} AND timestamp_ms < {end_ms} AND name IN {SCREEN_VIEWS}
        """
    )


def _page(view: dict) -> tuple[str, str]:
    return view["origin"] or NOT_SET, view["path"] or NOT_SET


def viewed(lake, start_ms: int, end_ms: int, filters=None) -> dict[tuple, Page]:
    """(origin, path) → views, visitors, sessions, title."""
    pages: dict[tuple, Page] = defaultdict(Page)
    for view in _views(lake, start_ms, end_ms, filters):
        if not view["passes"]:
            continue
        page = pages[_page(view)]
        page.views += 1
        if view["profile_id"]:
            page.visitors.add(view["profile_id"])
        if view["session_id"]:
            page.sessions.add(view["session_id"])
        if view["title"]:
            page.title = max(page.title, (view["timestamp_ms"], view["title"]))
    return pages


def performance(lake, start_ms: int, end_ms: int, filters=None) -> dict[tuple, Page]:
    """As `viewed`, with the gaps to the next views, and the sessions that entered."""
    pages = viewed(lake, start_ms, end_ms, filters)
    by_session = defaultdict(list)
    for view in _views(lake, start_ms, end_ms + DAY_MS, filters):
        if view["session_id"]:
            by_session[view["session_id"]].append(view)
    for views in by_session.values():
        views.sort(
            key=lambda view: (
                view["timestamp_ms"],
                *_page(view),
            )
        )
        for view, following in zip(views, views[1:]):
            if view["passes"] and view["timestamp_ms"] < end_ms:
                pages[_page(view)].gaps_ms.append(following["timestamp_ms"] - view["timestamp_ms"])
    entered = lake.rows(
        f"""
        SELECT entry_origin, entry_path, count(*) AS entries, count(*) FILTER (is_bounce) AS bounced
        FROM sessions AS session
        WHERE started_at_ms >= {start_ms} AND started_at_ms < {end_ms} AND {filtering.of_session(lake, filters)}
        GROUP BY ALL
        """
    )
    for row in entered:
        key = (row["entry_origin"] or NOT_SET, row["entry_path"] or NOT_SET)
        if key in pages:
            pages[key].entries += row["entries"]
            pages[key].bounced += row["bounced"]
    return pages


def durations(lake, start_ms: int, end_ms: int) -> dict[str, int]:
    """Session → its duration in milliseconds, of those that may have an event in the range."""
    rows = lake.rows(
        f"""
        SELECT session_id, max(coalesce(duration_ms, 0)) AS duration_ms FROM sessions
        WHERE started_at_ms >= {start_ms - DAY_MS} AND started_at_ms < {end_ms} GROUP BY 1
        """
    )
    return {row["session_id"]: row["duration_ms"] for row in rows}


def conversions(lake, start_ms: int, end_ms: int, event: str, window_ms: int, filters=None):
    """(conversions, profiles that converted, page → (viewers, converters)), both as sets."""
    names = names_meant([event])
    found = lake.rows(
        f"""
        SELECT profile_id, timestamp_ms FROM events
        WHERE timestamp_ms >= {start_ms} AND timestamp_ms < {end_ms} AND name IN ({", ".join(map(literal, names))})
        """
    )
    converted = defaultdict(list)
    for row in found:
        if row["profile_id"]:
            converted[row["profile_id"]].append(row["timestamp_ms"])
    pages = defaultdict(lambda: (set(), set()))
    for view in _views(lake, start_ms - window_ms, end_ms, filters):
        profile, at = view["profile_id"], view["timestamp_ms"]
        if not profile or not view["passes"]:
            continue
        viewers, converters = pages[_page(view)]
        viewers.add(profile)
        if any(at < then <= at + window_ms for then in converted.get(profile, ())):
            converters.add(profile)
    return len(found), set(converted), pages
