"""get_trend against measures taken event by event."""

from collections import Counter

import pytest

import answers
import cases
from compare import exact, is_rounded
from definitions import behavior
from definitions.events import names_meant
from definitions.period import bounds_ms, buckets

MEASURES = ("events", "users", "sessions", "eventsPerUser")
OTHER = "(other)"


def assert_measured(got, want, where):
    """Two decimals; floats of long sums may differ in the last bit, so they may round to either side of a half."""
    if want is None:
        assert got is None, where
        return
    value, over = want
    if isinstance(value, float):
        assert abs(got - value / over) <= 0.005 + 1e-9 * max(1, abs(value / over)), (where, got, value / over)
    else:
        assert is_rounded(got, value, over), (where, got, value, over)


def check(client, lake, period, series, interval="day", breakdown=(), limit=10, filters=None):
    arguments = {
        "series": series,
        "interval": interval,
        "breakdown": list(breakdown),
        "limit": limit,
        **({"filters": filters} if filters else {}),
    }
    answer = client.call("get_trend", **period.arguments(), **arguments)
    start_ms, end_ms = bounds_ms(lake, period)
    found = [
        behavior.events(
            lake, start_ms, end_ms, names_meant([item["event"]]), [*(filters or []), *item.get("filters", [])], interval
        )
        for item in series
    ]
    group = lambda event: tuple(behavior.value_of(event, by) for by in breakdown)
    counts = Counter(group(event) for events in found for event in events)
    order = sorted(counts, key=lambda key: (-counts[key], tuple(part.encode() for part in key)))
    shown = order[:limit] if breakdown else [()]
    other = (OTHER,) * len(breakdown)
    groups = shown + ([other] if len(order) > limit and breakdown else [])
    labels = buckets(lake, start_ms, end_ms, interval)
    where = (lake.info.id, period, arguments)
    lines = {line["key"]: line for line in answer["series"]}
    assert len(lines) == len(groups) * len(series), where
    rows = answer["buckets"]
    assert len(rows) + answers.left_out(answer) == len(labels), where
    for key in groups:
        for letter, item, events in zip("ABCDE", series, found):
            name = " ".join((letter, *key))
            own = [event for event in events if (group(event) if group(event) in shown else other) == key]
            ask = (item.get("measure", "events"), item.get("property"))
            assert_measured(lines[name]["total"], behavior.measured(lake, own, *ask), (where, name))
            by_bucket = {}
            for event in own:
                by_bucket.setdefault(event["bucket"], []).append(event)
            for row, label in zip(rows, labels):
                assert answers.bucket_label(row["start"], interval) == label, where
                assert_measured(row[name], behavior.measured(lake, by_bucket.get(label, []), *ask), (where, name, label))
    return answer


def commonest(lake, count=3) -> list[str]:
    rows = lake.rows(f"SELECT name FROM events WHERE name <> '' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT {count}")
    return [row["name"] for row in rows]


@pytest.mark.parametrize("project", cases.all_ids())
def test_counts_of_every_project(project, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    found = cases.ranges(lake, today_in(lake.info.timezone))
    names = commonest(lake) or ["nothing"]
    series = [{"event": name, "measure": measure} for name, measure in zip(names * 4, MEASURES)]
    for item in found[:2] + found[-1:]:
        check(client, lake, item.period, series)
    for interval in ("hour", "week", "month"):
        check(client, lake, found[min(1, len(found) - 1)].period, series[:2], interval)


@pytest.mark.parametrize("property", ["revenue", "duration_ms", "properties.seats", "properties.mixed", "properties.score"])
@pytest.mark.parametrize("project", ["site", "nulls"])
def test_numbers_of_properties(project, property, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    (whole, *_) = cases.ranges(lake, today_in(lake.info.timezone))
    event = lake.rows("SELECT name FROM events WHERE revenue IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1")
    name = event[0]["name"] if property == "revenue" and event else commonest(lake, 1)[0]
    for measures in (("sum", "avg", "min", "max"), ("p50", "p90")):
        series = [{"event": name, "measure": measure, "property": property} for measure in measures]
        check(client, lake, whole.period, series, "week")


@pytest.mark.parametrize("project", ["site", "texts", "many_values", "labels", "shop"])
def test_breakdowns_with_the_rest_together(project, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    (whole, *_) = cases.ranges(lake, today_in(lake.info.timezone))
    names = commonest(lake, 2)
    series = [{"event": names[0]}, {"event": names[-1], "measure": "users"}]
    check(client, lake, whole.period, series[:1], "month", ("country",), limit=3)
    check(client, lake, whole.period, series[: len(names)], "month", ("device", "browser"), limit=4)
    key = lake.rows(
        "SELECT key FROM (SELECT unnest(map_keys(properties)) AS key FROM events) GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
    )
    if key:
        check(client, lake, whole.period, series[:1], "month", (f"properties.{key[0]['key']}",), limit=5)


@pytest.mark.parametrize("project", ["site", "shop"])
def test_filters_comparisons_and_formulas(project, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    half = cases.ranges(lake, today_in(lake.info.timezone))[-2].period
    names = commonest(lake, 2)
    mobile = [{"field": "device", "op": "is", "values": ["mobile"]}]
    known = [{"field": "profile.is_identified", "op": "is", "values": ["true"]}]
    series = [{"event": names[0], "filters": mobile}, {"event": names[1], "measure": "users"}]
    check(client, lake, half, series, "week", filters=known)
    answer = client.call(
        "get_trend", **half.arguments(), series=series, formula="A / B * 100 - min(A, 3)", compare="previous", interval="week"
    )
    a, b = (line["total"] for line in answer["series"])
    assert abs(exact(answer["formula"]["total"]) - (exact(a) / exact(b) * 100 - min(exact(a), 3))) <= exact(0.005)
    for row in answer["buckets"]:
        want = row["A"] / row["B"] * 100 - min(row["A"], 3) if row["B"] else None
        assert row["formula"] == want or abs(row["formula"] - want) <= 0.0051
    earlier = client.call("get_trend", **half.previous().arguments(), series=series, interval="week")
    for line, before in zip(answer["series"], earlier["series"]):
        change = line["changes"]["total"]
        assert (change["earlier"], change["change"]) == (before["total"], line["total"] - before["total"])
