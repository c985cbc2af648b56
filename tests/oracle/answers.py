"""Where each number lies in an answer. The only module that knows the shape of `structuredContent`."""

import re
from datetime import datetime

_CAMEL = re.compile(r"_([a-z])")


def camel(column: str) -> str:
    """`screen_view_count` as keys of answers spell it."""
    return _CAMEL.sub(lambda found: found.group(1).upper(), column)


def instant_ms(text: str | None) -> int | None:
    """An RFC 3339 instant (an offset is required) in milliseconds since 1970."""
    if text is None:
        return None
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise AssertionError(f"{text!r} has no offset")
    return round(moment.timestamp() * 1000)


def offset_of(text: str) -> str:
    """The offset an RFC 3339 instant is written with."""
    return "+00:00" if text.endswith("Z") else text[-6:]


def is_truncated(answer: dict) -> bool:
    """Whether there is more than the answer shows."""
    return answer["truncated"]


_LEFT_OUT = re.compile(r"([\d,]+) of ([\d,]+) rows were left out to keep the answer short")


def left_out(answer: dict) -> int:
    """How many rows the answer says it left out to stay within the tokens an answer may have."""
    found = [_LEFT_OUT.search(note) for note in answer["notes"]]
    return sum(int(note.group(1).replace(",", "")) for note in found if note)


def shown(answer: dict, want: list, limit: int) -> list:
    """The rows of `want` the answer must hold: the first `limit`, but for those it says it left out at the end."""
    rows = want[:limit]
    out = left_out(answer)
    assert out < max(len(rows), 1) and (not out or is_truncated(answer))
    return rows[: len(rows) - out]


# ── get_analytics_overview ──

OVERVIEW = [
    "visitors",
    "sessions",
    "pageViews",
    "pageViewsPerSession",
    "bounceRatePercent",
    "avgSessionDurationSeconds",
    "revenue",
]


def overview_totals(answer: dict) -> dict:
    """Measure → value over the range."""
    return {name: answer["totals"][name] for name in OVERVIEW}


def overview_change(answer: dict, measure: str) -> tuple:
    """(earlier value, change, change in percent) of a measure."""
    change = answer["comparison"]["measures"][measure]
    return change["earlier"], change["change"], change["changePercent"]


def overview_series(answer: dict) -> list[tuple[str, dict]]:
    """(bucket as written, measure → value), in the answer's order."""
    return [(row["start"], {name: row[name] for name in OVERVIEW}) for row in answer["series"]]


def bucket_label(written: str, interval: str) -> str:
    """A bucket as `definitions.period.bucket` labels it."""
    if interval == "hour":
        return written[:13] + offset_of(written)
    return written[:7] if interval == "month" else written[:10]


# ── discover ──


def event_definitions(answer: dict) -> list[dict]:
    """Rows as `definitions.discover.event_definitions` has them."""
    return [
        {
            "name": row["name"],
            "events": row["count"],
            "users": row["users"],
            "first_ms": instant_ms(row["firstSeen"]),
            "last_ms": instant_ms(row["lastSeen"]),
            "share": row["sharePercent"],
        }
        for row in answer["events"]
    ]


def property_definitions(answer: dict) -> list[dict]:
    """Rows as `definitions.discover.property_definitions` has them, and `examples`, `approximate`."""
    keyed = [(row["name"], row) for row in answer["columns"]]
    keyed += [(f"properties.{row['name']}", row) for row in answer["properties"]]
    return [
        {
            "key": key,
            "events": row["events"],
            "share": row["sharePercent"],
            "likely_type": row["type"],
            "distinct_values": row.get("distinctValues"),
            "approximate": row.get("approximate", False),
            "examples": row.get("examples", []),
        }
        for key, row in keyed
    ]


def property_values(answer: dict) -> list[dict]:
    """Rows as `definitions.discover.property_values` has them."""
    return [
        {"value": row["value"], "events": row["count"], "users": row["users"], "share": row["sharePercent"]}
        for row in answer["values"]
    ]


# ── query_events ──


def events(answer: dict) -> list[dict]:
    """The rows as the answer has them."""
    return answer["events"]


def event_value(row: dict, column: str):
    """A column of a row of `query_events`; instants in milliseconds; null where the row leaves it out."""
    if column == "timestamp":
        return instant_ms(row["timestamp"])
    return row.get(camel(column))


# ── query ──


def result(answer: dict) -> tuple[list[str], list[list]]:
    """Names of the columns, and the rows."""
    names = [column["name"] for column in answer["columns"]]
    assert all(set(row) <= set(names) for row in answer["rows"])
    return names, [[row[name] for name in names] for row in answer["rows"]]


# ── list_projects, get_schema ──


def projects(answer: dict) -> list[dict]:
    """The projects, with the facts `definitions.events.project_facts` has."""
    return [
        {
            "id": row["id"],
            "name": row["name"],
            "organization": row["organization"],
            "domain": row.get("domain"),
            "types": row["types"],
            "timezone": row["timezone"],
            "events": row["eventCount"],
            "first_ms": instant_ms(row.get("firstEvent")),
            "last_ms": instant_ms(row.get("lastEvent")),
            "has_sessions": row["hasSessions"],
            "has_groups": row["hasGroups"],
            "has_search_console": row["hasSearchConsole"],
            "has_replay": row["hasReplay"],
        }
        for row in answer["projects"]
    ]


def tables(answer: dict) -> dict[str, dict]:
    """Table → its facts and the names of its columns."""
    return {
        table["name"]: {
            "rows": table.get("rows"),
            "derived": table.get("derived", False),
            "first_day": table.get("firstDay"),
            "last_day": table.get("lastDay"),
            "columns": [column["name"] for column in answer["columns"] if column["table"] == table["name"]],
        }
        for table in answer["tables"]
    }


def schema_property_keys(answer: dict, table: str) -> list[str]:
    """The commonest property keys of `events` or `profiles`."""
    return [row["key"] for row in answer["propertyKeys"] if row["table"] == table]
