"""Instants as the rows of a data set hold them: whole microseconds since 1970, UTC."""

from datetime import datetime, timedelta, timezone

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

MILLISECOND = 1_000
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def utc(text: str) -> int:
    """`2026-03-08 05:00` or `2026-03-08 05:00:00.999`, read as UTC, in microseconds since 1970."""
    return (datetime.fromisoformat(text).replace(tzinfo=timezone.utc) - _EPOCH) // timedelta(microseconds=1)
