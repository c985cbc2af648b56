"""Answers of find_sessions, get_session, find_profiles, get_profile*, and the tools about groups."""

from answers import instant_ms
from compare import is_rounded

SIGNALS = {
    "rageClicks": "rage_clicks",
    "deadClicks": "dead_clicks",
    "errorClicks": "error_clicks",
    "jsErrors": "js_errors",
    "networkErrors": "network_errors",
    "formAbandons": "form_abandons",
    "quickBacks": "quick_backs",
}
_TEXTS = {
    "profileId": "profile_id",
    "entryPath": "entry_path",
    "exitPath": "exit_path",
    "country": "country",
    "city": "city",
    "device": "device",
    "browser": "browser",
    "os": "os",
    "referrerName": "referrer_name",
    "utmSource": "utm_source",
    "utmCampaign": "utm_campaign",
}


def session(row: dict) -> dict:
    """A row, by the columns of `sessions`."""
    signals = row.get("signals", {})
    return {
        "session_id": row["sessionId"],
        "started_at_ms": instant_ms(row["startedAt"]),
        "screen_view_count": row["pageViews"],
        "event_count": row["events"],
        "is_bounce": row["bounced"],
        "revenue": row.get("revenue", 0),
        "frustration_score": row["frustrationScore"],
        "has_feedback": signals.get("feedback", False),
        **{column: signals.get(name, 0) for name, column in SIGNALS.items()},
        **{column: row.get(name) for name, column in _TEXTS.items()},
    }


def wanted_session(lake, row: dict) -> dict:
    """A row of the oracle in the same form."""
    return {
        "session_id": row["session_id"] or "",
        "started_at_ms": row["started_at_ms"],
        "screen_view_count": row["screen_view_count"] or 0,
        "event_count": row["event_count"] or 0,
        "is_bounce": row["is_bounce"] or False,
        "revenue": (row["revenue"] or 0) / 10**lake.info.minor_units,
        "frustration_score": row["frustration_score"] or 0,
        "has_feedback": row["has_feedback"] or False,
        **{column: row[column] or 0 for column in SIGNALS.values()},
        **{column: row[column] or None for column in _TEXTS.values()},
    }


def is_session(lake, row: dict, want: dict) -> bool:
    """Whether a row says of a session what the oracle does; seconds are rounded milliseconds."""
    assert session(row) == wanted_session(lake, want)
    assert is_rounded(row["durationSeconds"], want["duration_ms"] or 0, 1000)
    return is_rounded(row.get("signals", {}).get("idleSeconds", 0), want["idle_ms"] or 0, 1000)


def profile(row: dict) -> dict:
    """A row, by the columns of `profiles`."""
    return {
        "profile_id": row["profileId"],
        "is_identified": row.get("identified"),
        "first_name": row.get("firstName"),
        "last_name": row.get("lastName"),
        "email": row.get("email"),
        "avatar": row.get("avatar"),
        "groups": row.get("groups", []),
        "properties": row.get("properties", {}),
        "created_at_ms": instant_ms(row.get("createdAt")),
        "last_seen_at_ms": instant_ms(row.get("lastSeenAt")),
    }


def wanted_profile(row: dict) -> dict:
    """A row of the oracle in the same form."""
    return {
        "profile_id": row["profile_id"],
        "is_identified": row["is_identified"],
        **{name: row[name] or None for name in ("first_name", "last_name", "email", "avatar")},
        "groups": [group for group in row["groups"] or [] if group],
        "properties": dict(row["properties"] or {}),
        "created_at_ms": row["created_at_ms"],
        "last_seen_at_ms": row["last_seen_at_ms"],
    }


def group(row: dict) -> dict:
    """A row, by the columns of `groups`."""
    return {
        "group_id": row["groupId"],
        "type": row.get("type"),
        "name": row.get("name"),
        "properties": row.get("properties", {}),
        "created_at_ms": instant_ms(row.get("createdAt")),
        "updated_at_ms": instant_ms(row.get("updatedAt")),
    }


def wanted_group(row: dict) -> dict:
    """A row of the oracle in the same form."""
    return {
        "group_id": row["group_id"],
        "type": row["type"] or None,
        "name": row["name"] or None,
        "properties": dict(row["properties"] or {}),
        "created_at_ms": row["created_at_ms"],
        "updated_at_ms": row["updated_at_ms"],
    }
