"""The columns of the lake's tables, by TOOLS §4, as DuckDB types.

Instants are written as `TIMESTAMP_MS` here; `lake` opens every variant a file may hold as milliseconds since 1970.
"""

TEXT = "VARCHAR"
MAP = "MAP(VARCHAR, VARCHAR)"
LIST = "VARCHAR[]"
INSTANT = "TIMESTAMP_MS"

_REFERRER = ["referrer", "referrer_name", "referrer_type"]
_UTM = ["utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"]
_PLACE = {"country": TEXT, "region": TEXT, "city": TEXT, "latitude": "DOUBLE", "longitude": "DOUBLE"}
_DEVICE = ["device", "brand", "model", "browser", "browser_version", "os", "os_version"]


def _texts(*names):
    return {name: TEXT for name in names}


EVENTS = {
    **_texts("event_id"),
    "timestamp": INSTANT,
    **_texts("name", "profile_id", "device_id", "session_id"),
    "groups": LIST,
    **_texts("origin", "path", "title", *_REFERRER, *_UTM),
    **_PLACE,
    **_texts(*_DEVICE),
    "duration_ms": "BIGINT",
    "revenue": "BIGINT",
    **_texts("sdk_name", "sdk_version"),
    "properties": MAP,
}

# Session columns copied from the session's first event.
FROM_FIRST_EVENT = [*_REFERRER, *_UTM, *_PLACE, *_DEVICE]

SESSIONS = {
    **_texts("session_id", "profile_id", "device_id"),
    "started_at": INSTANT,
    "ended_at": INSTANT,
    "duration_ms": "BIGINT",
    "is_bounce": "BOOLEAN",
    **_texts("entry_origin", "entry_path", "exit_origin", "exit_path"),
    "screen_view_count": "BIGINT",
    "event_count": "BIGINT",
    "revenue": "BIGINT",
    **_texts(*_REFERRER, *_UTM),
    **_PLACE,
    **_texts(*_DEVICE),
    "groups": LIST,
    "rage_clicks": "BIGINT",
    "dead_clicks": "BIGINT",
    "error_clicks": "BIGINT",
    "js_errors": "BIGINT",
    "network_errors": "BIGINT",
    "form_abandons": "BIGINT",
    "quick_backs": "BIGINT",
    "idle_ms": "BIGINT",
    "frustration_score": "DOUBLE",
    "has_feedback": "BOOLEAN",
    "has_replay": "BOOLEAN",
}

PROFILES = {
    "profile_id": TEXT,
    "is_identified": "BOOLEAN",
    **_texts("first_name", "last_name", "email", "avatar"),
    "properties": MAP,
    "groups": LIST,
    "created_at": INSTANT,
    "last_seen_at": INSTANT,
}

GROUPS = {
    **_texts("group_id", "type", "name"),
    "properties": MAP,
    "created_at": INSTANT,
    "updated_at": INSTANT,
}

_GSC = {"date": "DATE", "clicks": "BIGINT", "impressions": "BIGINT", "ctr": "DOUBLE", "position": "DOUBLE"}

TABLES = {
    "events": EVENTS,
    "sessions": SESSIONS,
    "profiles": PROFILES,
    "groups": GROUPS,
    "gsc_daily": _GSC,
    "gsc_pages": {**_GSC, "page": TEXT},
    "gsc_queries": {**_GSC, "query": TEXT},
    "gsc_query_pages": {**_GSC, "query": TEXT, "page": TEXT},
}

# The tables foldered by the UTC day of an instant.
INSTANT_OF = {"events": "timestamp", "sessions": "started_at"}
