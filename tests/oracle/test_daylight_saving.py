"""Days on which clocks change, against numbers worked out by hand in `datasets.midnights`; DuckDB takes no part."""

import pytest

import answers
from datasets.midnights import PROJECT_OF, ZONES, sessions_of, views_of

DAYS = [(zone, day) for zone, days in ZONES.items() for day in days]


def overview(server, zone, start, end, interval):
    """The answer over local days."""
    return server.of_project(PROJECT_OF[zone]).call(
        "get_analytics_overview", startDate=start, endDate=end, interval=interval
    )


@pytest.mark.parametrize("zone, day", DAYS, ids=lambda item: item if isinstance(item, str) else item.date)
def test_a_day_is_the_projects_own(zone, day, server):
    answer = overview(server, zone, day.date, day.date, "day")
    totals = answers.overview_totals(answer)
    assert totals["pageViews"] == views_of(day, ZONES[zone])
    assert totals["sessions"] == sessions_of(day)
    assert totals["revenue"] == 10.5
    # The day's visitor and the night's, and the night's before where the set has that day.
    assert totals["visitors"] == 2 + any(other.ends == day.begins for other in ZONES[zone])
    # The day's session lasts from its first millisecond to its last, the night's twenty minutes.
    day_ms = round(day.hours * 3_600_000) - 1
    assert totals["avgSessionDurationSeconds"] == pytest.approx((day_ms + 20 * 60_000) / 2 / 1000, abs=0.005)
    assert totals["bounceRatePercent"] == 0
    ((bucket, row),) = answers.overview_series(answer)
    assert bucket[:10] == day.date
    assert row["pageViews"] == totals["pageViews"]


@pytest.mark.parametrize("zone", ZONES)
def test_a_series_puts_every_view_on_its_own_day(zone, server):
    days = ZONES[zone]
    first, last = min(day.date for day in days), max(day.date for day in days)
    series = dict(
        (bucket[:10], row["pageViews"])
        for bucket, row in answers.overview_series(overview(server, zone, first, last, "day"))
    )
    for day in days:
        assert series[day.date] == views_of(day, days), day
    # One view of each night lies on the day after, which may be past the range.
    nights_into_the_range = sum(
        day.date != last and not any(other.begins == day.ends for other in days) for day in days
    )
    assert sum(series.values()) == sum(views_of(day, days) for day in days) + nights_into_the_range


def hours(server, zone, date):
    """Hour buckets of a day with their views, as the answer labels them."""
    return [
        (bucket[11:13] + answers.offset_of(bucket), row["pageViews"])
        for bucket, row in answers.overview_series(overview(server, zone, date, date, "hour"))
    ]


def test_new_york_skips_two_o_clock_in_march(server):
    got = hours(server, "America/New_York", "2026-03-08")
    assert [label for label, _ in got] == ["00-05:00", "01-05:00"] + [f"{hour:02}-04:00" for hour in range(3, 24)]
    # Two views an hour; at midnight one a millisecond later and one of the night before; at the end the last
    # millisecond's and the night's.
    assert [views for _, views in got] == [4] + [2] * 21 + [4]


def test_new_york_has_one_o_clock_twice_in_november(server):
    got = hours(server, "America/New_York", "2026-11-01")
    assert [label for label, _ in got] == ["00-04:00", "01-04:00", "01-05:00"] + [
        f"{hour:02}-05:00" for hour in range(2, 24)
    ]
    assert [views for _, views in got] == [3] + [2] * 23 + [4]


def test_berlin_skips_two_o_clock_in_march(server):
    got = hours(server, "Europe/Berlin", "2026-03-29")
    assert [label for label, _ in got] == ["00+01:00", "01+01:00"] + [f"{hour:02}+02:00" for hour in range(3, 24)]
    assert [views for _, views in got] == [3] + [2] * 21 + [4]


def test_berlin_has_two_o_clock_twice_in_october(server):
    got = hours(server, "Europe/Berlin", "2026-10-25")
    assert [label for label, _ in got] == [f"{hour:02}+02:00" for hour in range(3)] + [
        f"{hour:02}+01:00" for hour in range(2, 24)
    ]
    assert [views for _, views in got] == [3] + [2] * 23 + [4]


def test_kolkata_hours_begin_on_the_half_hour_of_utc(server):
    got = hours(server, "Asia/Kolkata", "2026-03-29")
    assert got == [("00+05:30", 3)] + [(f"{hour:02}+05:30", 2) for hour in range(1, 23)] + [("23+05:30", 4)]


def test_lord_howe_loses_half_an_hour_in_october(server):
    got = hours(server, "Australia/Lord_Howe", "2026-10-04")
    # 02:00 becomes 02:30: the hour from two has one view, at half past.
    assert got[:4] == [("00+10:30", 3), ("01+10:30", 2), ("02+11:00", 1), ("03+11:00", 2)]
    assert got[4:] == [(f"{hour:02}+11:00", 2) for hour in range(4, 23)] + [("23+11:00", 4)]


def test_lord_howe_gains_half_an_hour_in_april(server):
    got = hours(server, "Australia/Lord_Howe", "2026-04-05")
    # 02:00 becomes 01:30: half an hour of one o'clock is lived twice, once at each offset.
    assert sum(views for _, views in got) == 49 + 2 + 1 + 1
    assert got[0] == ("00+11:00", 4)
    assert got[-22:] == [(f"{hour:02}+10:30", 2) for hour in range(2, 23)] + [("23+10:30", 4)]
    assert sum(views for label, views in got if label.startswith("01")) == 3


def test_weeks_begin_on_the_projects_own_day(server):
    # 7 March 2026 is a Saturday. New York's project counts from Sunday, Berlin's from Monday.
    newyork = answers.overview_series(overview(server, "America/New_York", "2026-03-07", "2026-03-08", "week"))
    assert [(bucket[:10], row["pageViews"]) for bucket, row in newyork] == [("2026-03-01", 51), ("2026-03-08", 50)]
    berlin = answers.overview_series(overview(server, "Europe/Berlin", "2026-03-29", "2026-03-30", "week"))
    assert [(bucket[:10], row["pageViews"]) for bucket, row in berlin] == [("2026-03-23", 49), ("2026-03-30", 52)]


def test_a_session_over_midnight_counts_on_the_day_it_began(server):
    # The night of 1 July begins at 23:50 and ends at 00:10: no session begins on the 2nd, yet one is seen there.
    answer = overview(server, "Europe/Berlin", "2026-10-27", "2026-10-27", "day")
    totals = answers.overview_totals(answer)
    assert (totals["visitors"], totals["pageViews"], totals["sessions"]) == (1, 1, 0)


@pytest.mark.parametrize("zone, day", DAYS, ids=lambda item: item if isinstance(item, str) else item.date)
def test_event_times_carry_the_offset_of_their_day(zone, day, server):
    expected = {
        "UTC": {"+00:00"},
        "America/New_York": {"-05:00"} if day.date in ("2026-03-07", "2026-11-02") else {"-04:00"},
        "Europe/Berlin": {"+02:00"} if day.date == "2026-03-30" else {"+01:00"},
        "Asia/Kolkata": {"+05:30"},
        "Australia/Lord_Howe": {"+10:30"} if day.date == "2026-07-01" else {"+11:00"},
    }[zone]
    if day.hours != 24:
        expected = {
            "America/New_York": {"-05:00", "-04:00"},
            "Europe/Berlin": {"+01:00", "+02:00"},
            "Australia/Lord_Howe": {"+10:30", "+11:00"},
        }[zone]
    rows = []
    for answer in server.of_project(PROJECT_OF[zone]).walk(
        "query_events", startDate=day.date, endDate=day.date, limit=100
    ):
        rows += answers.events(answer)
    assert {answers.offset_of(row["timestamp"]) for row in rows} == expected
    assert {row["timestamp"][:10] for row in rows} == {day.date}
    assert len(rows) == views_of(day, ZONES[zone]) + 1  # and the revenue
