"""get_event_definitions, get_property_definitions, get_event_property_values (TOOLS §5, discover)."""

from columns import EVENTS, INSTANT, LIST, MAP
from definitions.events import SHOWN_NAME, names_meant
from definitions.text import literal, literals


def _in_range(start_ms: int, end_ms: int, event_name: str | None = None) -> str:
    condition = f"timestamp_ms >= {start_ms} AND timestamp_ms < {end_ms}"
    if event_name is not None:
        condition += f" AND name IN {literals(names_meant([event_name]))}"
    return condition


def _searched(text: str, search: str | None) -> str:
    """`search`: a substring, ignoring case; `%` and `_` are ordinary characters (TOOLS §2)."""
    return "TRUE" if search is None else f"contains(lower({text}), lower({literal(search)}))"


def event_definitions(lake, start_ms: int, end_ms: int, search: str | None = None) -> list[dict]:
    """Every event name in the range.

    > Every event name with count, users, first and last seen, share; by count, descending.

    Share: of all events in the range, whatever was searched for. Ties by name (TOOLS §3, "ties broken by id or name").
    """
    return lake.rows(
        f"""
        SELECT * FROM (
            SELECT {SHOWN_NAME} AS name, count(*) AS events, count(DISTINCT nullif(profile_id, '')) AS users,
                min(timestamp_ms) AS first_ms, max(timestamp_ms) AS last_ms,
                100.0 * count(*) / sum(count(*)) OVER () AS share
            FROM events WHERE {_in_range(start_ms, end_ms)} GROUP BY ALL
        ) WHERE {_searched("name", search)} ORDER BY events DESC, name
        """
    )


def property_definitions(
    lake, start_ms: int, end_ms: int, event_name: str | None = None, search: str | None = None
) -> list[dict]:
    """Columns and property keys that an event of the range carries.

    > Columns, and property keys with: events carrying it, share, likely type (text, number, boolean, date), distinct values
    > (approximate above 1,000), up to 3 examples.

    Choice: an empty text is not carried, as an unset column is not.
    """
    condition = _in_range(start_ms, end_ms, event_name)
    carried = " UNION ALL ".join(
        f"SELECT {literal(key)} AS key, event_number, value FROM ({source})"
        for key, source in _sources(lake, condition)
    )
    rows = lake.rows(
        f"""
        SELECT key, count(DISTINCT event_number) AS events,
            (SELECT count(*) FROM events WHERE {condition}) AS all_events,
            count(DISTINCT value) AS distinct_values,
            CASE
                WHEN bool_and(regexp_full_match(value, '(?i)true|false')) THEN 'boolean'
                WHEN bool_and(regexp_full_match(value, '[-+]?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]+)?')) THEN 'number'
                WHEN bool_and(regexp_full_match(value, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}([T ].*)?')) THEN 'date'
                ELSE 'text'
            END AS likely_type
        FROM ({carried}) GROUP BY key ORDER BY events DESC, key
        """
    )
    return [row for row in rows if search is None or search.lower() in row["key"].removeprefix("properties.").lower()]


def carried_values(lake, start_ms: int, end_ms: int, key: str, event_name: str | None = None) -> set[str]:
    """Every value of a property in the range: what examples must be taken from."""
    source = _source(key, _in_range(start_ms, end_ms, event_name))
    return {row["value"] for row in lake.rows(f"SELECT DISTINCT value FROM ({source})")}


def property_values(
    lake, start_ms: int, end_ms: int, key: str, event_name: str | None = None, search: str | None = None
) -> list[dict]:
    """The values of one property or column.

    > Values with count, users and share; by count.

    Share: of the events in the range that carry the property, whatever was searched for. Ties by value.
    """
    condition = _in_range(start_ms, end_ms, event_name)
    source = _source(key, condition)
    # Choice: a key that itself begins with `properties.` may be given as it is listed, where no other key is meant.
    if key.startswith("properties.") and not lake.rows(source):
        source = _source(f"properties.{key}", condition)
    return lake.rows(
        f"""
        WITH carried AS ({source})
        SELECT * FROM (
            SELECT value, count(*) AS events, count(DISTINCT nullif(profile_id, '')) AS users,
                100.0 * count(*) / (SELECT count(DISTINCT event_number) FROM carried) AS share
            FROM carried GROUP BY value
        ) WHERE {_searched("value", search)} ORDER BY events DESC, value
        """
    )


def _sources(lake, condition: str) -> list[tuple[str, str]]:
    """Every column, and every property key of the events, with the rows that carry it."""
    keys = lake.rows(
        f"SELECT DISTINCT key FROM (SELECT unnest(map_keys(properties)) AS key FROM events WHERE {condition}) ORDER BY key"
    )
    names = [name for name in EVENTS if name != "properties"] + [f"properties.{row['key']}" for row in keys]
    return [(name, _source(name, condition)) for name in names]


def _source(key: str, condition: str) -> str:
    """Rows `(event_number, profile_id, value)` of the events that carry `key`: a column, `properties.KEY` or a bare key."""
    kind = EVENTS.get(key)
    if key.startswith("properties.") or kind is None:
        value = f"properties[{literal(key.removeprefix('properties.'))}]"
    elif key == "name":
        value = SHOWN_NAME
    elif kind == INSTANT:
        value = f"{key}_ms::VARCHAR"
    elif kind == LIST:
        value = f"unnest({key})"
    elif kind == MAP:
        raise ValueError("properties as a whole have no values")
    else:
        value = f"{key}::VARCHAR"
    return (
        f"SELECT * FROM (SELECT event_number, profile_id, {value} AS value FROM events WHERE {condition}) "
        "WHERE nullif(value, '') IS NOT NULL"
    )
