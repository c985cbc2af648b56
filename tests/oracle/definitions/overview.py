"""get_analytics_overview (TOOLS §5, web).

> visitors (distinct over the range, not summed), sessions, pageViews, pageViewsPerSession, bounceRatePercent =
> 100·bounced/sessions, avgSessionDurationSeconds = mean over all sessions, revenue (events named `revenue`); the series
> zero-filled, buckets labelled with the project's own dates.
> Session measures count a session in the bucket of its start.
> visitor: distinct `profile_id` (events with an empty id are nobody).

Choice: visitors, page views and revenue are counted on events in the range, sessions on those that began in it.
"""

from dataclasses import dataclass

from definitions import filters as filtering
from definitions.period import bucket, buckets
from definitions.sessions import SCREEN_VIEWS


@dataclass(frozen=True)
class Counts:
    """What the measures of a range or a bucket are made of; whole numbers."""

    visitors: int = 0
    page_views: int = 0
    revenue_minor: int = 0
    sessions: int = 0
    bounced: int = 0
    duration_ms: int = 0


def totals(lake, start_ms: int, end_ms: int, filters=None) -> Counts:
    """The counts of the whole range."""
    return _counts(lake, start_ms, end_ms, filters, "'all'").get("all", Counts())


def series(lake, start_ms: int, end_ms: int, interval: str, filters=None) -> list[tuple[str, Counts]]:
    """The counts of every bucket the range touches, in order."""
    counted = _counts(lake, start_ms, end_ms, filters, interval)
    return [(label, counted.get(label, Counts())) for label in buckets(lake, start_ms, end_ms, interval)]


def _counts(lake, start_ms, end_ms, filters, interval) -> dict[str, Counts]:
    def label(column):
        return interval if interval.startswith("'") else bucket(lake, column, interval)

    rows = lake.rows(
        f"""
        WITH event_counts AS (
            SELECT {label("event.timestamp_ms")} AS bucket,
                count(DISTINCT nullif(event.profile_id, '')) AS visitors,
                count(*) FILTER (event.name IN {SCREEN_VIEWS}) AS page_views,
                coalesce(sum(event.revenue) FILTER (event.name = 'revenue'), 0)::BIGINT AS revenue_minor
            FROM visited AS event
            WHERE event.timestamp_ms >= {start_ms} AND event.timestamp_ms < {end_ms} AND {filtering.of_event(lake, filters)}
            GROUP BY 1
        ),
        session_counts AS (
            SELECT {label("session.started_at_ms")} AS bucket,
                count(*) AS sessions,
                count(*) FILTER (session.is_bounce) AS bounced,
                coalesce(sum(session.duration_ms), 0)::BIGINT AS duration_ms
            FROM sessions AS session
            WHERE session.started_at_ms >= {start_ms} AND session.started_at_ms < {end_ms}
                AND {filtering.of_session(lake, filters)}
            GROUP BY 1
        )
        SELECT * FROM event_counts FULL JOIN session_counts USING (bucket)
        """
    )
    return {row["bucket"]: Counts(**{name: row[name] or 0 for name in Counts.__dataclass_fields__}) for row in rows}
