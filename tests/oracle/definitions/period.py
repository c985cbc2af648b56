"""Ranges, earlier ranges and buckets, in a project's timezone (TOOLS §2).

> `YYYY-MM-DD`, both days **included**, in the project's timezone; or RFC 3339 instants.
> `previous` (the range of equal length just before) or `year` (same dates a year before).
> `interval`: `hour`, `day`, `week`, `month`, in the project's timezone; week starts Monday unless the project says Sunday.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from definitions.text import literal


@dataclass(frozen=True)
class Period:
    """Days of a project's calendar, both included."""

    start: date
    end: date

    @staticmethod
    def of(start: str, end: str) -> "Period":
        """From two dates `YYYY-MM-DD`."""
        return Period(date.fromisoformat(start), date.fromisoformat(end))

    def previous(self) -> "Period":
        """As many days, just before."""
        length = self.end - self.start + timedelta(days=1)
        return Period(self.start - length, self.end - length)

    def a_year_before(self) -> "Period":
        """The same dates of the year before; 29 February becomes the 28th."""
        return Period(_year_before(self.start), _year_before(self.end))

    def arguments(self) -> dict:
        """The range as a tool takes it."""
        return {"startDate": self.start.isoformat(), "endDate": self.end.isoformat()}


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def bounds_ms(lake, period: Period) -> tuple[int, int]:
    """The first instant of the range and the first after it, in milliseconds since 1970."""
    row = lake.row(
        f"""
        SELECT epoch_ms(timezone({literal(lake.info.timezone)}, TIMESTAMP '{period.start} 00:00:00')) AS start_ms,
            epoch_ms(timezone({literal(lake.info.timezone)}, TIMESTAMP '{period.end + timedelta(days=1)} 00:00:00')) AS end_ms
        """
    )
    return row["start_ms"], row["end_ms"]


def local(lake, column_ms: str) -> str:
    """An instant's local date and time, as SQL."""
    return f"timezone({literal(lake.info.timezone)}, make_timestamptz(({column_ms}) * 1000))"


def bucket(lake, column_ms: str, interval: str) -> str:
    """The bucket an instant falls in, as SQL giving text.

    Days and weeks are labelled with their first local date, months `YYYY-MM`, hours with the local hour and the offset then in
    force (`2026-11-01T01-04:00`), so that the hour that happens twice is two.
    """
    when = local(lake, column_ms)
    if interval == "day":
        return f"strftime({when}, '%Y-%m-%d')"
    if interval == "month":
        return f"strftime({when}, '%Y-%m')"
    if interval == "week":
        if lake.info.week_start == "sunday":
            return f"strftime(date_trunc('week', {when} + INTERVAL 1 DAY) - INTERVAL 1 DAY, '%Y-%m-%d')"
        return f"strftime(date_trunc('week', {when}), '%Y-%m-%d')"
    # Minutes between the local clock and UTC.
    offset = f"date_diff('minute', make_timestamp(({column_ms}) * 1000), {when})"
    sign = f"CASE WHEN {offset} < 0 THEN '-' ELSE '+' END"
    return f"strftime({when}, '%Y-%m-%dT%H') || {sign} || format('{{:02d}}:{{:02d}}', abs({offset}) // 60, abs({offset}) % 60)"


def buckets(lake, start_ms: int, end_ms: int, interval: str) -> list[str]:
    """Every bucket the range touches, in order of time: what a zero-filled series has."""
    # No timezone's border lies off the quarter hour.
    step = 15 * 60 * 1000
    rows = lake.rows(
        f"""
        SELECT bucket FROM (
            SELECT instant, {bucket(lake, "instant", interval)} AS bucket
            FROM range({start_ms}::BIGINT, {end_ms}::BIGINT, {step}::BIGINT) AS steps(instant)
        ) GROUP BY bucket ORDER BY min(instant)
        """
    )
    return [row["bucket"] for row in rows]
