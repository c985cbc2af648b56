"""get_funnel against every attempt there is, tried one by one."""

from collections import Counter
from statistics import median

import pytest

import cases
from compare import is_rounded
from definitions import behavior
from definitions.period import bounds_ms

HOUR_MS = 3_600_000


def check(client, lake, period, steps, hours=24, by="profile_id", strict=False, breakdown=None, filters=None):
    arguments = {
        "steps": steps,
        "windowHours": hours,
        "groupBy": by,
        "strictOrder": strict,
        **({"breakdown": breakdown} if breakdown else {}),
        **({"filters": filters} if filters else {}),
    }
    answer = client.call("get_funnel", **period.arguments(), **arguments)
    found = behavior.attempts(lake, *bounds_ms(lake, period), steps, hours * HOUR_MS, by, strict, breakdown, filters)
    where = (lake.info.id, period, arguments)
    counts = [sum(len(times) > place for times, _ in found.values()) for place in range(len(steps))]
    got = answer["steps"]
    assert [step["count"] for step in got] == counts, where
    drops = [0] + [before - now for before, now in zip(counts, counts[1:])]
    assert [step["dropOff"] for step in got] == drops, where
    marked = [step["step"] for step in got if step.get("largestDropOff")]
    assert marked == ([drops.index(max(drops)) + 1] if max(drops) else []), where
    for place, step in enumerate(got):
        assert is_rounded(step["percentOfStart"], 100 * counts[place], counts[0]), where
        assert is_rounded(step["percentOfPrevious"], 100 * counts[place], counts[max(place - 1, 0)]), where
        gaps = [times[place] - times[place - 1] for times, _ in found.values() if len(times) > place > 0]
        if gaps:
            assert is_rounded(step["medianSecondsFromPrevious"], round(2 * median(gaps)), 2000), where
        else:
            assert "medianSecondsFromPrevious" not in step, where
    assert is_rounded(answer["conversionRatePercent"], 100 * counts[-1], counts[0]), where
    if breakdown:
        began = Counter(value for _, value in found.values())
        order = sorted(began, key=lambda value: (-began[value], value.encode()))
        rows = answer["breakdown"]
        assert [row[breakdown] for row in rows] == order[:10] + ["(other)"] * (len(order) > 10), where
        for row in rows:
            own = [
                times
                for times, value in found.values()
                if value == row[breakdown] or (row[breakdown] == "(other)" and value not in order[:10])
            ]
            for place in range(len(steps)):
                assert row[f"step{place + 1}"] == sum(len(times) > place for times in own), (where, row)
    return counts


def commonest(lake, count) -> list[str]:
    rows = lake.rows(
        "SELECT name FROM events WHERE name <> '' AND name <> '$pageview' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT ?", [count]
    )
    return [row["name"] for row in rows]


@pytest.mark.parametrize("project", cases.adversarial_ids())
def test_funnels_of_the_commonest_events(project, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    found = cases.ranges(lake, today_in(lake.info.timezone))
    names = [*commonest(lake, 3), "no such event", "nor this"][:3]
    for item in found[:2] + found[-2:]:
        for by in ("profile_id", "session_id"):
            check(client, lake, item.period, names, by=by)
            check(client, lake, item.period, names[::-1], hours=1, by=by, strict=True)


def test_events_at_the_same_millisecond(server, lakes, today_in):
    lake, client = lakes["ties"], server.of_project("ties")
    (whole, *_) = cases.ranges(lake, today_in(lake.info.timezone))
    names = commonest(lake, 4)
    assert len(names) > 2
    for strict in (False, True):
        for steps in (names[:3], names[::-1], [{"event": names[0], "filters": [{"field": "path", "op": "isSet"}]}, names[0]]):
            check(client, lake, whole.period, steps, hours=1, strict=strict)


STEPS = {
    "shop": ["add_to_cart", "checkout_started", "purchase"],
    "app": [{"event": "screen_view", "path": "/signup"}, "card_created", "comment_added"],
    "docs": ["docs_search", "copy_code"],
}


@pytest.mark.parametrize("project", cases.demo_ids())
def test_funnels_of_the_demo(project, server, lakes, today_in):
    lake, client = lakes[project], server.of_project(project)
    half = cases.ranges(lake, today_in(lake.info.timezone))[-2].period
    counts = check(client, lake, half, STEPS[project])
    assert counts[0] > 0
    check(client, lake, half, STEPS[project], hours=720, breakdown="country")
    check(client, lake, half, STEPS[project], hours=1, by="session_id", breakdown="device")


def test_steps_with_pages_and_filters_of_profiles_and_sessions(server, lakes, today_in):
    lake, client = lakes["site"], server.of_project("site")
    (whole, *_) = cases.ranges(lake, today_in(lake.info.timezone))
    steps = [
        {"event": "$pageview", "path": "/pricing"},
        {"event": "screen_view", "filters": [{"field": "profile.properties.plan", "op": "is", "values": ["enterprise", "pro"]}]},
        {"event": "signup", "filters": [{"field": "group.name", "op": "isNot", "values": ["Company A"]}]},
    ]
    check(client, lake, whole.period, steps, hours=720)
    check(client, lake, whole.period, steps, hours=720, filters=[{"field": "is_bounce", "op": "is", "values": ["false"]}])
    check(client, lake, whole.period, steps[:2], hours=720, breakdown="properties.plan")


def test_a_breakdown_of_many_values_has_the_rest_together(server, lakes, today_in):
    lake, client = lakes["texts"], server.of_project("texts")
    (whole, *_) = cases.ranges(lake, today_in(lake.info.timezone))
    names = commonest(lake, 2)
    check(client, lake, whole.period, names, hours=720, breakdown="path")
