"""Which projects there are to ask about, and over which ranges; known before any server or file is."""

import os
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from datasets import catalog
from definitions.period import Period, bounds_ms
from lake import described

DEMO = os.environ.get("SIGHTLINE_DEMO_DIR")


def adversarial_ids() -> list[str]:
    """Ids of the projects `datasets.catalog` makes."""
    return [project.id for project in catalog.projects()]


def demo_ids() -> list[str]:
    """Ids of the demo's projects; one that cannot be found where the demo's folder was not named, so that tests fail."""
    if DEMO is None:
        return ["demo-without-SIGHTLINE_DEMO_DIR"]
    return [project.id for project in described(Path(DEMO))]


def all_ids() -> list[str]:
    """Every project."""
    return adversarial_ids() + demo_ids()


@dataclass(frozen=True)
class Range:
    """A range worth asking about."""

    name: str
    period: Period


def ranges(lake, today: date) -> list[Range]:
    """All of a project's days, parts of them, single days, and days on which nothing happened."""
    days = [day for day in lake.local_days if day <= today.isoformat()]
    if not days:
        return [Range("thirty days of nothing", Period(today - timedelta(days=29), today))]
    first, last, middle = days[0], days[-1], days[len(days) // 2]
    before = date.fromisoformat(first) - timedelta(days=40)
    found = [
        Range("every day", Period.of(first, last)),
        Range("the first day", Period.of(first, first)),
        Range("the last day", Period.of(last, last)),
        Range("a day in the middle", Period.of(middle, middle)),
        Range("the second half", Period.of(middle, last)),
        Range("a day before the first", Period(before, before)),
    ]
    return found


def few(lake, found: list[Range], most: int = 1_500) -> Range:
    """The longest of the ranges with few enough events to be read page by page."""
    for item in found:
        start_ms, end_ms = bounds_ms(lake, item.period)
        if (
            lake.value(f"SELECT count(*) FROM events WHERE timestamp_ms >= {start_ms} AND timestamp_ms < {end_ms}")
            <= most
        ):
            return item
    raise AssertionError(f"{lake.info.id} has no range of at most {most} events")
