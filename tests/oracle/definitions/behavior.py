"""What people do over time (TOOLS §5, behavior), event by event in Python.

> get_trend: measure events | users | sessions | eventsPerUser | sum/avg/min/max/p50/p90 of a property; interval, breakdown 0–2, formula.
> get_funnel: level of an entity = longest prefix of steps matched by events in order, first to last at most the window apart, best start
> wins. Equal timestamps may count as ordered; strictOrder: must increase.
> get_user_flow: per session, consecutive repeats collapse; from the first start (after), up to the first start (before), from first start
> to the first end after it (between).
> get_retention_cohort: cohort = period of the profile's first ever start event; only identified profiles unless includeAnonymous.

Choice: of the attempts that get furthest, the first to be there, of those the one begun last; an event is one step; a breakdown's value is
that of the event the attempt began with (of several at that instant the smallest). Within a session what happens at the same millisecond is
in the order of the nodes' names. A session is followed a day past the range.
"""

from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from definitions import filters as filtering
from definitions.events import names_meant
from definitions.period import bucket
from definitions.text import literals

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
NOT_SET = "(not set)"
VIEWS = names_meant(["screen_view"])


def events(lake, start_ms, end_ms, names=None, filters=None, interval="day") -> list[dict]:
    """The events of a range that pass, with the session and the `bucket` each belongs to."""
    named = f"AND name IN {literals(names)}" if names is not None else ""
    return lake.rows(
        f"""
        SELECT *, {bucket(lake, "timestamp_ms", interval)} AS bucket FROM visited AS event
        WHERE timestamp_ms >= {start_ms} AND timestamp_ms < {end_ms} {named} AND {filtering.of_event(lake, filters)}
        """
    )


def shown_name(event: dict) -> str:
    """`$pageview` is read as `screen_view`."""
    return "screen_view" if event["name"] == "$pageview" else event["name"] or ""


def value_of(event: dict, by: str) -> str:
    """What an event is broken down by."""
    if by.startswith("properties."):
        value = (event["properties"] or {}).get(by.removeprefix("properties."))
    else:
        value = shown_name(event) if by == "name" else event[by]
    return str(value) if value not in (None, "") else NOT_SET


# ── get_trend ──


def number(event: dict, property: str):
    """The number a property reads as, or none."""
    if not property.startswith("properties."):
        return event[property]
    text = (event["properties"] or {}).get(property.removeprefix("properties."))
    try:
        value = float(text)
    except (TypeError, ValueError):
        return None
    return value if abs(value) < 1e300 and "_" not in text else None


def measured(lake, found: list[dict], measure: str, property: str | None):
    """(numerator, denominator) of a measure; no denominator: there is none."""
    users = len({event["profile_id"] for event in found if event["profile_id"]})
    if measure == "events":
        return len(found), 1
    if measure == "users":
        return users, 1
    if measure == "sessions":
        return len({event["session_id"] for event in found if event["session_id"]}), 1
    if measure == "eventsPerUser":
        return (len(found), users) if users else (0, 1)
    values = sorted(value for value in (number(event, property) for event in found) if value is not None)
    unit = 10**lake.info.minor_units if property == "revenue" else 1
    if measure == "sum":
        return sum(values), unit
    if not values:
        return None
    if measure == "avg":
        return sum(values), len(values) * unit
    if measure in ("min", "max"):
        return (values[0] if measure == "min" else values[-1]), unit
    place = (len(values) - 1) * {"p50": 0.5, "p90": 0.9}[measure]
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low), unit


# ── get_funnel ──


def best_attempt(moments, steps: int, window_ms: int, strict: bool):
    """(times, value) of the best attempt; `moments` are (instant, set of steps, value). Every start is tried on its own."""
    moments = sorted(moments, key=lambda moment: moment[0])
    best = None
    for place, (first_ms, can_be, _) in enumerate(moments):
        if 0 not in can_be:
            continue
        times = _extend(moments, [first_ms], {place}, steps, window_ms, strict)
        key = (-len(times), times[-1], -times[0], times)
        if best is None or key < best[0]:
            best = (key, times)
    if best is None:
        return None
    began = best[1][0]
    return best[1], min(value for at, can_be, value in moments if at == began and 0 in can_be)


def _extend(moments, times, used, steps, window_ms, strict):
    """The longest way on, each step as early as can be."""
    if len(times) == steps:
        return times
    best = times
    for place, (at_ms, can_be, _) in enumerate(moments):
        late_enough = at_ms > times[-1] if strict else at_ms >= times[-1]
        if place in used or not late_enough or at_ms - times[0] > window_ms or len(times) not in can_be:
            continue
        found = _extend(moments, [*times, at_ms], used | {place}, steps, window_ms, strict)
        if (-len(found), found) < (-len(best), best):
            best = found
        # Later events of another instant cannot do better than the first that can.
        if not any(moments[other][0] == at_ms for other in range(place + 1, len(moments))):
            break
    return best


def attempts(lake, start_ms, end_ms, steps, window_ms, by="profile_id", strict=False, breakdown=None, filters=None) -> dict:
    """Entity → (times, value)."""
    moments = defaultdict(list)
    for place, step in enumerate(steps):
        step = {"event": step} if isinstance(step, str) else step
        conditions = [*(filters or []), *step.get("filters", [])]
        if "path" in step:
            conditions.append({"field": "path", "op": "is", "values": [step["path"]]})
        until = end_ms if place == 0 else end_ms + window_ms
        for event in events(lake, start_ms, until, names_meant([step["event"]]), conditions):
            if event[by]:
                moments[event[by], event["event_number"]].append((place, event))
    entities = defaultdict(list)
    for (entity, _), found in moments.items():
        event = found[0][1]
        value = value_of(event, breakdown) if breakdown else ""
        entities[entity].append((event["timestamp_ms"], {place for place, _ in found}, value))
    reached = {
        entity: best_attempt(found, len(steps), window_ms, strict) for entity, found in entities.items()
    }
    return {entity: attempt for entity, attempt in reached.items() if attempt}


# ── get_user_flow ──


def ways(lake, start_ms, end_ms, arguments) -> list[list[str]]:
    """The way of each session that has one, collapsed."""
    mode = arguments.get("mode", "after")
    by_page = arguments.get("nodes", "page" if "startPath" in arguments else "event") == "page"
    excluded = arguments.get("exclude")
    if excluded is None and not by_page and "include" not in arguments:
        excluded = ["session_start", "session_end"]
    from_ms = start_ms - DAY_MS if mode == "before" else start_ms
    until_ms = end_ms if mode == "before" else end_ms + DAY_MS

    def is_point(event, which):
        if f"{which}Event" in arguments:
            return event["name"] in names_meant([arguments[f"{which}Event"]])
        return event["name"] in VIEWS and event["path"] == arguments.get(f"{which}Path", 0)

    def point(which):
        name = arguments.get(f"{which}Event", arguments.get(f"{which}Path"))
        return "screen_view" if name == "$pageview" else name

    def node(event):
        return (event["path"] or NOT_SET) if by_page else shown_name(event)

    def is_node(event):
        if (by_page and event["name"] not in VIEWS) or event["name"] is None:
            return False
        name = node(event)
        listed = lambda names: name in names or (not by_page and event["name"] in names_meant(names))
        if arguments.get("include") and not listed(arguments["include"]):
            return False
        return not (excluded and listed(excluded))

    sessions = defaultdict(list)
    for event in events(lake, from_ms, until_ms, None, arguments.get("filters")):
        if not event["session_id"]:
            continue
        starts = is_point(event, "start")
        ends = not starts and is_point(event, "end")
        if starts or ends or is_node(event):
            name = point("start") if starts else point("end") if ends else node(event)
            in_range = start_ms <= event["timestamp_ms"] < end_ms
            sessions[event["session_id"]].append((event["timestamp_ms"], name, starts and in_range, ends))
    found = []
    for moments in sessions.values():
        moments.sort(key=lambda moment: (moment[0], moment[1].encode()))
        way = []
        for _, name, starts, ends in moments:
            if way and way[-1][0] == name:
                way[-1] = (name, way[-1][1] or starts, way[-1][2] or ends)
            else:
                way.append((name, starts, ends))
        first = next((place for place, at in enumerate(way) if at[1]), None)
        if first is None:
            continue
        if mode == "after":
            part = way[first:]
        elif mode == "before":
            part = way[: first + 1]
        else:
            last = next((place for place in range(first + 1, len(way)) if way[place][2]), None)
            if last is None:
                continue
            part = way[first : last + 1]
        found.append([at[0] for at in part])
    return found


def flow(found: list[list[str]], mode: str, steps: int, branches: int):
    """(nodes, links): (step, node) → sessions and (step, source, target) → sessions, as they are shown."""
    placed = []
    for way in found:
        if mode == "before":
            tail = way[-steps:]
            placed.append((steps - len(tail) + 1, tail, True, len(way) <= steps))
        else:
            placed.append((1, way[:steps], len(way) <= steps, True))
    counts = Counter()
    for first, way, _, _ in placed:
        counts.update((first + place, node) for place, node in enumerate(way))
    shown = defaultdict(set)
    for step in {step for step, _ in counts}:
        of_step = sorted(((node, n) for (at, node), n in counts.items() if at == step), key=lambda one: (-one[1], one[0].encode()))
        shown[step] = {node for node, _ in of_step[:branches]}
    name = lambda step, node: node if node in shown[step] else "(other)"
    nodes, links = Counter(), Counter()
    for first, way, ends, begins in placed:
        for place, node in enumerate(way):
            step = first + place
            nodes[step, name(step, node)] += 1
            if place + 1 < len(way):
                links[step, name(step, node), name(step + 1, way[place + 1])] += 1
            elif ends and step < steps:
                links[step, name(step, node), "(exit)"] += 1
        if first > 1 and begins:
            links[first - 1, "(entry)", name(first, way[0])] += 1
    return nodes, links


# ── retention ──


def identified(lake) -> set[str] | None:
    """Ids of identified profiles; none where every profile event has to be looked at itself."""
    if "profiles" in lake.stored:
        return {row["profile_id"] for row in lake.rows("SELECT profile_id FROM profiles WHERE is_identified")}
    return None


def is_identified(event: dict, ids) -> bool:
    """A profile the table says is somebody; without a table, an id that is not the device's."""
    if ids is not None:
        return event["profile_id"] in ids
    return event["device_id"] is None or event["profile_id"] != event["device_id"]


class Calendar:
    """Days, weeks and months of a project."""

    def __init__(self, lake):
        self.zone = ZoneInfo(lake.info.timezone)
        self.sunday = lake.info.week_start == "sunday"

    def date(self, ms: int):
        return datetime.fromtimestamp(ms / 1000, timezone.utc).astimezone(self.zone).date()

    def period(self, day, interval: str):
        """The first day of the period a day lies in."""
        if interval == "week":
            return day - timedelta(days=(day.weekday() + 1) % 7 if self.sunday else day.weekday())
        return day.replace(day=1) if interval == "month" else day

    def next(self, start, interval: str):
        """The first day of the period after."""
        length = {"day": 1, "week": 7, "month": 32}[interval]
        return self.period(start + timedelta(days=length), interval)


def cohorts(lake, first, last, interval, periods, now_ms, start=None, back=None, criterion="on", anonymous=False, filters=None):
    """[(cohort, size, counts)], for the periods from that of the day `first` to that of `last`."""
    calendar = Calendar(lake)
    ids = identified(lake)
    found = [event for event in events(lake, 0, now_ms + 1, None, filters) if event["profile_id"]]
    began = {}
    for event in found:
        if start and event["name"] not in names_meant([start]):
            continue
        if not anonymous and not is_identified(event, ids):
            continue
        id, at = event["profile_id"], event["timestamp_ms"]
        began[id] = min(began.get(id, at), at)
    active = defaultdict(set)
    for event in found:
        id = event["profile_id"]
        if id in began and event["timestamp_ms"] >= began[id] and (not back or event["name"] in names_meant([back])):
            active[id].add(calendar.period(calendar.date(event["timestamp_ms"]), interval))
    today = calendar.date(now_ms)
    table = []
    cohort, end = calendar.period(first, interval), calendar.period(last, interval)
    while cohort <= end:
        members = [id for id, at in began.items() if calendar.period(calendar.date(at), interval) == cohort]
        counts, period = [], cohort
        for _ in range(periods):
            if period > today:
                break
            if calendar.next(period, interval) > today:
                counts.append(None)
            elif criterion == "on":
                counts.append(sum(period in active[id] for id in members))
            else:
                counts.append(sum(any(day >= period for day in active[id]) for id in members))
            period = calendar.next(period, interval)
        table.append((cohort, len(members), counts))
        cohort = calendar.next(cohort, interval)
    return table


def weekly(lake, first, last, now_ms, filters=None):
    """[(week, active, retained, whether the week after is over)]."""
    calendar = Calendar(lake)
    active = defaultdict(set)
    for event in events(lake, 0, 2**53, None, filters):
        if event["profile_id"]:
            active[calendar.period(calendar.date(event["timestamp_ms"]), "week")].add(event["profile_id"])
    weeks, week = [], calendar.period(first, "week")
    while week <= calendar.period(last, "week") and week <= calendar.date(now_ms):
        after = calendar.next(week, "week")
        over = calendar.next(after, "week") <= calendar.date(now_ms)
        weeks.append((week, len(active[week]), len(active[week] & active[after]), over))
        week = after
    return weeks


def last_seen(lake, now_ms, filters=None) -> Counter:
    """Days since the last event → identified profiles."""
    calendar = Calendar(lake)
    ids, today = identified(lake), calendar.date(now_ms)
    last = {}
    for event in events(lake, 0, 2**53, None, filters):
        if event["profile_id"] and is_identified(event, ids) and calendar.date(event["timestamp_ms"]) <= today:
            last[event["profile_id"]] = max(last.get(event["profile_id"], 0), event["timestamp_ms"])
    return Counter((today - calendar.date(at)).days for at in last.values())
