"""Asks a tool that breaks sessions down, and holds every number of its answer against `definitions.breakdowns`."""

from dataclasses import dataclass
from fractions import Fraction

import answers
from compare import exact, is_rounded
from definitions import breakdowns as definition
from shapes import breakdowns as shape

# The measures of get_top_referrers, get_country_breakdown and get_device_breakdown.
TRAFFIC = (
    "visitors",
    "sessions",
    "pageViews",
    "bounceRatePercent",
    "avgSessionDurationSeconds",
    "revenue",
    "sharePercent",
)

FILTERS = {
    "country": [{"field": "country", "op": "is", "values": ["DE", "IN"]}],
    "no referrer": [{"field": "referrer_name", "op": "isNotSet"}],
    "entry page": [{"field": "entry_path", "op": "startsWith", "values": ["/d"]}],
    "a page seen": [{"field": "path", "op": "is", "values": ["/pricing"]}],
    "an event": [{"field": "name", "op": "is", "values": ["signup", "revenue"]}],
    "a property": [{"field": "properties.theme", "op": "is", "values": ["dark"]}],
    "bounced": [{"field": "is_bounce", "op": "is", "values": ["true"]}],
    "a profile": [{"field": "profile.properties.plan", "op": "is", "values": ["pro"]}],
    "nobody": [{"field": "city", "op": "is", "values": ["Nowhere"]}],
}


@dataclass(frozen=True)
class Asked:
    """A question: the tool, what it groups by, what it measures, and its other arguments."""

    tool: str
    dimensions: tuple[str, ...]
    measures: tuple[str, ...]
    arguments: dict
    limit: int = 25
    sorted_by: str | None = "sessions"
    compare: str = "none"
    filters: list | None = None


def of_totals(measures) -> tuple[str, ...]:
    """The measures totals have: a share of everything is none."""
    return tuple(name for name in measures if name != "sharePercent")


class Check:
    """A question about a range of a project, and the answer."""

    def __init__(self, asked: Asked, client, lake, period):
        self.asked, self.lake, self.period = asked, lake, period
        self.where = (lake.info.id, asked, period)
        given = {"limit": asked.limit, "compare": asked.compare, **asked.arguments, **period.arguments()}
        if asked.filters is not None:
            given["filters"] = asked.filters
        self.answer = client.call(asked.tool, **given)
        self.visits = definition.visits(lake, period, asked.dimensions, asked.filters)
        self.groups = definition.grouped(self.visits)
        self.earlier = {"previous": period.previous, "year": period.a_year_before}.get(asked.compare, lambda: None)()
        self.visits_before = (
            definition.visits(lake, self.earlier, asked.dimensions, asked.filters) if self.earlier else []
        )
        self.groups_before = definition.grouped(self.visits_before)

    def everything(self, rows: list, other, totals) -> None:
        """The right rows in the right order, and every number of rows, `other` and totals."""
        asked, answer = self.asked, self.answer
        minor_units = self.lake.info.minor_units
        ranked = definition.ranked(
            self.lake, self.period, asked.dimensions, self.groups, minor_units, asked.sorted_by
        )
        within = ranked[: asked.limit]
        shown = answers.shown(answer, ranked, asked.limit)
        assert [row.values for row in rows] == shown, self.where
        assert answers.is_truncated(answer) == (len(ranked) > len(shown)), self.where

        then = (
            definition.counterparts(self.lake, self.period, self.earlier, asked.dimensions) if self.earlier else None
        )
        for row in rows:
            before = then(row.values) if then else None
            self.measured(row, self.groups[row.values], None if before is None else self.groups_before.get(before, []))

        self.totals(totals)
        beyond = [visit for visit in self.visits if visit.values not in set(within)]
        compared = {then(values) for values in within} if then else set()
        beyond_before = [visit for visit in self.visits_before if visit.values not in compared]
        assert (other is not None) == bool(asked.dimensions and (beyond or beyond_before)), self.where
        if other is not None:
            self.measured(other, beyond, beyond_before if self.earlier else None)

    def totals(self, row) -> None:
        """The totals and their changes."""
        self.measured(row, self.visits, self.visits_before if self.earlier else None)

    def measured(self, row, now: list, before: list | None) -> None:
        """Every measure of a row, and its change if it is compared."""
        assert (row.changes is not None) == (before is not None), (self.where, row)
        for name, got in row.measures.items():
            want = self.want(name, now, self.visits)
            assert is_rounded(got, want), (self.where, row.values, name, got, float(want))
            if before is not None:
                self.changed(row, name, self.want(name, before, self.visits_before))
        if before is not None:
            assert set(row.changes) == set(row.measures), (self.where, row)

    def want(self, name: str, found: list, all_visits: list) -> Fraction:
        """A measure of some of the sessions."""
        if name == "sharePercent":
            return Fraction(100 * len(found), len(all_visits) or 1)
        return definition.measure(name, found, self.lake.info.minor_units)

    def changed(self, row, name: str, want: Fraction) -> None:
        """The earlier value is the right one, and the change is the difference of the two that are shown."""
        got, now = row.changes[name], exact(row.measures[name])
        assert is_rounded(got["earlier"], want), (self.where, row.values, name, got, float(want))
        earlier = exact(got["earlier"])
        assert is_rounded(got["change"], now - earlier), (self.where, row.values, name, got)
        if earlier == 0:
            assert got["changePercent"] is None, (self.where, row.values, name, got)
        else:
            assert is_rounded(got["changePercent"], 100 * (now - earlier), abs(earlier)), (self.where, name, got)


def assert_traffic(asked: Asked, client, lake, period) -> None:
    """An answer of get_top_referrers, get_country_breakdown or get_device_breakdown."""
    check = Check(asked, client, lake, period)
    answer = check.answer
    check.everything(
        shape.rows(answer, asked.dimensions, asked.measures),
        shape.other(answer, asked.measures),
        shape.totals(answer, of_totals(asked.measures)),
    )
