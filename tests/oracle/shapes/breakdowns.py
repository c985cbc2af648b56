"""Answers of the tools that break sessions down: get_top_referrers, get_country_breakdown, get_device_breakdown,
get_entry_exit_pages, aggregate_sessions."""

from dataclasses import dataclass

import answers
from definitions.breakdowns import INTERVALS


@dataclass(frozen=True)
class Row:
    """A row: its values in the order asked for (none for `other` and totals), its measures, and their changes if compared."""

    values: tuple[str, ...]
    measures: dict
    changes: dict | None


# Keys of a row that are neither a dimension's nor a measure's.
_ORIGIN, _PATH = "origin", "path"


def rows(answer: dict, dimensions, measures) -> list[Row]:
    """The rows, in the answer's order."""
    return [_row(row, dimensions, measures) for row in answer["rows"]]


def other(answer: dict, measures) -> Row | None:
    """What is in no row."""
    return _row(answer["other"], (), measures) if "other" in answer else None


def totals(answer: dict, measures) -> Row:
    """All groups together."""
    changes = answer["comparison"]["measures"] if "comparison" in answer else None
    assert set(answer["totals"]) == set(measures), answer["totals"]
    return Row((), {name: answer["totals"][name] for name in measures}, changes)


def _row(row: dict, dimensions, measures) -> Row:
    extra = set(row) - set(dimensions) - set(measures) - {"changes"}
    assert not extra, f"a row has more than was asked for: {extra}"
    values = tuple(
        answers.bucket_label(row[name], name) if name in INTERVALS else row[name] for name in dimensions
    )
    return Row(values, {name: row[name] for name in measures}, row.get("changes"))


def pages(answer: dict, measures) -> list[Row]:
    """The rows of get_entry_exit_pages, with (origin, path) for values; a rate of a page without views is left out."""
    return [_page(row, measures) for row in answer["pages"]]


def other_pages(answer: dict, measures) -> Row | None:
    """What get_entry_exit_pages says of the pages beyond the limit."""
    return _page(answer["other"], measures) if "other" in answer else None


def _page(row: dict, measures) -> Row:
    extra = set(row) - set(measures) - {_ORIGIN, _PATH, "changes"}
    assert not extra, f"a row has more than was asked for: {extra}"
    values = (row.get(_ORIGIN, "(not set)"), row.get(_PATH))
    return Row(values, {name: row.get(name) for name in measures}, row.get("changes"))
