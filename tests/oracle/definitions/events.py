"""query_events (TOOLS §5, events) and what projects and tables say of themselves (list_projects, get_schema)."""

from columns import EVENTS, INSTANT, INSTANT_OF
from definitions import filters as filtering

# "the same exact filters": input name → column.
EXACT = {
    "path": "path",
    "country": "country",
    "city": "city",
    "device": "device",
    "browser": "browser",
    "os": "os",
    "referrer": "referrer",
    "referrerName": "referrer_name",
    "referrerType": "referrer_type",
    "profileId": "profile_id",
    "sessionId": "session_id",
}


def matching(lake, start_ms: int, end_ms: int, arguments=None) -> list[dict]:
    """The events of the range that `query_events` with these arguments must return, oldest first.

    > range, `eventNames?[]`, `path?`, … `properties?{}` (exact), filters, … `order?` (`newest` default, `oldest`)
    > "`$pageview` is read as the same [as `screen_view`]"

    Instants are milliseconds since 1970.
    """
    arguments = arguments or {}
    filters = list(arguments.get("filters") or [])
    for name, column in EXACT.items():
        if name in arguments:
            filters.append({"field": column, "op": "is", "values": [arguments[name]]})
    for key, value in (arguments.get("properties") or {}).items():
        filters.append({"field": f"properties.{key}", "op": "is", "values": [value]})
    if "eventNames" in arguments:
        filters.append({"field": "name", "op": "is", "values": names_meant(arguments["eventNames"])})
    shown = {"name": f"{SHOWN_NAME} AS name"}
    selection = ", ".join(
        f"{name}_ms AS {name}" if kind == INSTANT else shown.get(name, name) for name, kind in EVENTS.items()
    )
    return lake.rows(
        f"""
        SELECT {selection} FROM visited AS event
        WHERE timestamp_ms >= {start_ms} AND timestamp_ms < {end_ms} AND {filtering.of_event(lake, filters)}
        ORDER BY timestamp, event_id
        """
    )


# Which is why a row is shown under the one name (the other is an alias of it).
SHOWN_NAME = "CASE name WHEN '$pageview' THEN 'screen_view' ELSE name END"


def names_meant(names: list[str]) -> list[str]:
    """The names an input may stand for: `screen_view` and `$pageview` are the same."""
    alike = {"screen_view", "$pageview"}
    return sorted(set(names) | (alike if alike & set(names) else set()))


def project_facts(lake) -> dict:
    """What `list_projects` says of a project's data.

    > event count, first and last event, whether it has sessions, groups, Search Console, replay
    """
    return lake.row(
        """
        SELECT count(*) AS events, min(timestamp_ms) AS first_ms, max(timestamp_ms) AS last_ms,
            (SELECT count(*) > 0 FROM sessions) AS has_sessions,
            (SELECT count(*) > 0 FROM groups) AS has_groups,
            (SELECT count(*) > 0 FROM gsc_daily) AS has_search_console,
            (SELECT count(*) > 0 FROM sessions WHERE has_replay) AS has_replay
        FROM events
        """
    )


def table_facts(lake, table: str) -> dict:
    """What `get_schema` says of a table.

    > Tables with row counts and covered days

    Choice: days of the project's timezone, as everywhere else.
    """
    if table not in INSTANT_OF:
        return lake.row(f"SELECT count(*) AS rows, NULL AS first_day, NULL AS last_day, NULL AS days FROM {table}")
    return lake.row(
        f"""
        SELECT count(*) AS rows, min(day)::VARCHAR AS first_day, max(day)::VARCHAR AS last_day, count(DISTINCT day) AS days
        FROM (
            SELECT timezone('{lake.info.timezone}', make_timestamptz({INSTANT_OF[table]}_ms * 1000))::DATE AS day FROM {table}
        )
        """
    )


def property_keys(lake, table: str) -> list[dict]:
    """The property keys of `events` or `profiles` with the number of rows carrying them, commonest first.

    > the commonest property keys of events and profiles

    Choice: of events, those of the thirty days up to the newest one.
    """
    recent = "timestamp_ms >= (SELECT max(timestamp_ms) FROM events) - 2592000000" if table == "events" else "TRUE"
    return lake.rows(
        f"""
        SELECT key, count(*) AS carrying FROM (SELECT unnest(map_keys(properties)) AS key FROM {table} WHERE {recent})
        GROUP BY key ORDER BY carrying DESC, key
        """
    )
