"""get_analytics_overview: totals, series, comparisons and filters against DuckDB over the same files."""

from datetime import timedelta

import pytest

import answers
import cases
from compare import is_rounded
from definitions import overview
from definitions.period import Period, bounds_ms

INTERVALS = ["day", "week", "month"]

# Filters that say something about the projects of `datasets.site`, `datasets.texts` and the demo.
FILTERS = {
    "is": [{"field": "country", "op": "is", "values": ["DE", "IN"]}],
    "is keeps case": [{"field": "country", "op": "is", "values": ["de"]}],
    "isNot": [{"field": "country", "op": "isNot", "values": ["DE"]}],
    "isNot several": [{"field": "country", "op": "isNot", "values": ["DE", "US"]}],
    "contains ignores case": [{"field": "browser", "op": "contains", "values": ["SAFARI"]}],
    "contains beyond ASCII": [{"field": "city", "op": "contains", "values": ["MÜN", "josé"]}],
    "doesNotContain": [{"field": "browser", "op": "doesNotContain", "values": ["safari"]}],
    "startsWith": [{"field": "os", "op": "startsWith", "values": ["i"]}],
    "endsWith": [{"field": "referrer_name", "op": "endsWith", "values": ["GLE", "gpt"]}],
    "regex keeps case": [{"field": "os", "op": "regex", "values": ["^i(Pad)?OS$"]}],
    "isSet": [{"field": "utm_source", "op": "isSet"}],
    "isNotSet": [{"field": "referrer", "op": "isNotSet"}],
    "two at once": [
        {"field": "device", "op": "is", "values": ["mobile", "tablet"]},
        {"field": "utm_campaign", "op": "is", "values": ["c0", "c1"]},
    ],
    "profile column": [{"field": "profile.first_name", "op": "is", "values": ["Čarna"]}],
    "profile property": [{"field": "profile.properties.plan", "op": "is", "values": ["pro"]}],
    "profile property of size": [{"field": "profile.properties.age", "op": "gte", "values": ["40"]}],
    "profile e-mail": [{"field": "profile.email", "op": "endsWith", "values": ["@example.org"]}],
    "group name": [{"field": "group.name", "op": "is", "values": ["Company C"]}],
    "group type": [{"field": "group.type", "op": "is", "values": ["team"]}],
    "group property": [{"field": "group.properties.tier", "op": "is", "values": ["pro", "free"]}],
    "per cent is a character": [{"field": "path", "op": "contains", "values": ["%"]}],
    "underscore is a character": [{"field": "path", "op": "contains", "values": ["_"]}],
}

# Filters on what only events have, or only sessions.
CROSSING = {
    "path": [{"field": "path", "op": "is", "values": ["/pricing", "/docs"]}],
    "path starts": [{"field": "path", "op": "startsWith", "values": ["/DOCS"]}],
    "property": [{"field": "properties.theme", "op": "is", "values": ["dark"]}],
    "property of size": [{"field": "properties.scroll", "op": "gt", "values": ["50"]}],
    "event name": [{"field": "name", "op": "is", "values": ["signup", "revenue"]}],
    "entry page": [{"field": "entry_path", "op": "is", "values": ["/"]}],
    "bounced": [{"field": "is_bounce", "op": "is", "values": ["true"]}],
    "frustrated": [{"field": "frustration_score", "op": "gte", "values": ["20"]}],
    "path and country": [
        {"field": "path", "op": "is", "values": ["/pricing"]},
        {"field": "country", "op": "is", "values": ["DE"]},
    ],
}

FILTERED = ["site", "site_stored", "site_hive", "texts", "nulls", *cases.demo_ids()]


# Every filter is asked of these, one of each kind of the others.
EVERY_FILTER = ("site", "texts")
EVERYWHERE = [
    "is",
    "isNot",
    "contains beyond ASCII",
    "isNotSet",
    "profile property",
    "group name",
    "per cent is a character",
]
CROSSING_EVERYWHERE = ["path", "property of size", "bounced"]


def filtered(filters: dict, everywhere: list[str]) -> list[tuple[str, str]]:
    """(project, name of a filter) worth asking."""
    return [(project, name) for project in FILTERED for name in (filters if project in EVERY_FILTER else everywhere)]


def assert_measures(got: dict, counts, minor_units: int, where) -> None:
    """Every measure of a range or bucket is what the counts make it."""
    assert got["visitors"] == counts.visitors, (where, "visitors", got, counts)
    assert got["sessions"] == counts.sessions, (where, "sessions", got, counts)
    assert got["pageViews"] == counts.page_views, (where, "pageViews", got, counts)
    for name, numerator, denominator in ratios(counts):
        assert is_rounded(got[name], numerator, denominator), (where, name, got, counts)
    assert is_rounded(got["revenue"], counts.revenue_minor, 10**minor_units), (where, "revenue", got, counts)


def ratios(counts):
    """The measures that are one count by another."""
    return [
        ("pageViewsPerSession", counts.page_views, counts.sessions),
        ("bounceRatePercent", 100 * counts.bounced, counts.sessions),
        ("avgSessionDurationSeconds", counts.duration_ms, 1000 * counts.sessions),
    ]


def assert_overview(client, lake, period, interval, filters=None) -> None:
    """Totals and series over a range, from one call."""
    arguments = {**period.arguments(), "interval": interval, **({"filters": filters} if filters else {})}
    answer = client.call("get_analytics_overview", **arguments)
    start_ms, end_ms = bounds_ms(lake, period)
    assert_measures(
        answers.overview_totals(answer),
        overview.totals(lake, start_ms, end_ms, filters),
        lake.info.minor_units,
        (lake.info.id, arguments, "totals"),
    )
    want = overview.series(lake, start_ms, end_ms, interval, filters)
    got = [(answers.bucket_label(written, interval), row) for written, row in answers.overview_series(answer)]
    assert [label for label, _ in got] == [label for label, _ in want], (lake.info.id, arguments)
    for (label, measures), (_, counts) in zip(got, want, strict=True):
        assert_measures(measures, counts, lake.info.minor_units, (lake.info.id, arguments, label))


@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize("project", cases.all_ids())
def test_totals_and_series_are_duckdbs(project, interval, server, lakes, today_in):
    lake = lakes[project]
    found = cases.ranges(lake, today_in(lake.info.timezone))
    # Days over every range; the wider buckets where several days fall into one.
    for item in found if interval == "day" else found[:1]:
        assert_overview(server.of_project(project), lake, item.period, interval)


@pytest.mark.parametrize("project", cases.all_ids())
def test_hours_are_duckdbs(project, server, lakes, today_in):
    lake = lakes[project]
    for item in cases.ranges(lake, today_in(lake.info.timezone))[:3]:
        days = (item.period.end - item.period.start).days
        if days <= 7:
            assert_overview(server.of_project(project), lake, item.period, "hour")


@pytest.mark.parametrize("project", cases.all_ids())
def test_the_default_range_is_thirty_days_up_to_today(project, server, lakes, today_in):
    lake = lakes[project]
    today = today_in(lake.info.timezone)
    answer = server.of_project(project).call("get_analytics_overview")
    start_ms, end_ms = bounds_ms(lake, Period(today - timedelta(days=29), today))
    assert_measures(
        answers.overview_totals(answer), overview.totals(lake, start_ms, end_ms), lake.info.minor_units, project
    )
    assert len(answers.overview_series(answer)) == 30


@pytest.mark.parametrize("project, name", filtered(FILTERS, EVERYWHERE))
def test_filters_on_what_events_and_sessions_share(project, name, server, lakes, today_in):
    lake = lakes[project]
    if "group" in name and "groups" not in lake.stored:
        # Choice: nothing can be asked of what a project does not have; zeros would read as an answer.
        refusal = server.of_project(project).refusal("get_analytics_overview", filters=FILTERS[name])
        assert "This project has no groups" in refusal
        return
    for item in cases.ranges(lake, today_in(lake.info.timezone))[:1]:
        assert_overview(server.of_project(project), lake, item.period, "week", FILTERS[name])


@pytest.mark.parametrize("project, name", filtered(CROSSING, CROSSING_EVERYWHERE))
def test_filters_on_what_only_events_or_only_sessions_have(project, name, server, lakes, today_in):
    lake = lakes[project]
    for item in cases.ranges(lake, today_in(lake.info.timezone))[:1]:
        assert_overview(server.of_project(project), lake, item.period, "week", CROSSING[name])


def test_filters_on_every_awkward_text(server, lakes, today_in):
    from datasets.texts import AWKWARD

    for project in ("texts", "texts_hive"):
        lake = lakes[project]
        (whole, *_) = cases.ranges(lake, today_in(lake.info.timezone))
        for text in AWKWARD:
            for op in (
                ("is", "isNot", "contains", "startsWith", "endsWith") if project == "texts" else ("is", "contains")
            ):
                filters = [{"field": "title", "op": op, "values": [text]}]
                assert_overview(server.of_project(project), lake, whole.period, "month", filters)


@pytest.mark.parametrize("compare", ["previous", "year"])
@pytest.mark.parametrize(
    "project", ["site", "site_stored", "midnight_newyork", "midnight_lordhowe", "empty", *cases.demo_ids()]
)
def test_comparisons_are_duckdbs(project, compare, server, lakes, today_in):
    lake = lakes[project]
    for item in cases.ranges(lake, today_in(lake.info.timezone))[:3]:
        period = item.period
        earlier = period.previous() if compare == "previous" else period.a_year_before()
        answer = server.of_project(project).call("get_analytics_overview", **period.arguments(), compare=compare)
        now = overview.totals(lake, *bounds_ms(lake, period))
        before = overview.totals(lake, *bounds_ms(lake, earlier))
        where = (project, item.name, compare)
        assert_measures(answers.overview_totals(answer), now, lake.info.minor_units, where)
        previous = {name: answers.overview_change(answer, name)[0] for name in answers.OVERVIEW}
        assert_measures(previous, before, lake.info.minor_units, (*where, "earlier"))
        scale = 10**lake.info.minor_units
        for name, new, old in [
            ("visitors", now.visitors, before.visitors),
            ("sessions", now.sessions, before.sessions),
            ("pageViews", now.page_views, before.page_views),
        ]:
            _, change, percent = answers.overview_change(answer, name)
            assert change == new - old, (where, name)
            assert (percent is None) if old == 0 else is_rounded(percent, 100 * (new - old), old), (where, name)
        _, change, percent = answers.overview_change(answer, "revenue")
        assert is_rounded(change, now.revenue_minor - before.revenue_minor, scale), where
        if before.revenue_minor == 0:
            assert percent is None, where
        else:
            assert is_rounded(percent, 100 * (now.revenue_minor - before.revenue_minor), before.revenue_minor), where


def test_instants_may_be_the_range(server, lakes):
    lake = lakes["site"]
    # 10:30 to 18:45 in Berlin; no event lies on either border.
    answer = server.of_project("site").call(
        "get_analytics_overview", startDate="2026-10-05T10:30:00+02:00", endDate="2026-10-07T16:45:00Z"
    )
    start_ms, end_ms = answers.instant_ms("2026-10-05T08:30:00Z"), answers.instant_ms("2026-10-07T16:45:00Z")
    assert lake.value(f"SELECT count(*) FROM events WHERE timestamp_ms IN ({start_ms}, {end_ms})") == 0
    assert_measures(answers.overview_totals(answer), overview.totals(lake, start_ms, end_ms), 2, "instants")


def test_dollar_pageview_is_a_screen_view_and_yen_have_no_minor_unit(server):
    answer = server.of_project("aliases").call("get_analytics_overview", startDate="2026-05-04", endDate="2026-05-06")
    totals = answers.overview_totals(answer)
    # 300 events in turn: $pageview, screen_view, revenue, signup. Revenue: 1,000 + its number.
    assert totals["pageViews"] == 150
    assert totals["revenue"] == sum(1_000 + number for number in range(2, 300, 4))
