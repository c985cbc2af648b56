"""Puts the oracle's projects into OpenPanel's tables, as OpenPanel would have written them.

Where it has no null it has an empty text; a session is written again with every event, the row before taken back (`sign`); profiles and
groups are written anew when they change.
"""

from pathlib import Path

TABLES = Path(__file__).parent / "openpanel.sql"
SOURCE = "sightline"

_TEXTS = ["referrer", "referrer_name", "referrer_type", "city", "region", "os", "os_version", "browser", "browser_version", "device", "brand", "model"]
_UTM = ["utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"]


def _empty(name: str) -> str:
    return f"ifNull({name}, '') AS {name}"


def move(engine):
    """All there is in the database `sightline` of the same store."""
    engine.run("CREATE DATABASE openpanel")
    engine.run("USE openpanel")
    text = "\n".join(line for line in TABLES.read_text(encoding="utf-8").splitlines() if not line.startswith("--"))
    for statement in filter(str.strip, text.split(";")):
        engine.run(statement)
    texts = ", ".join(_empty(name) for name in _TEXTS)
    names = ", ".join(_TEXTS)
    utm = ", ".join(f"'__query.{name}', ifNull({name}, '')" for name in _UTM)
    engine.run(
        f"INSERT INTO events (name, device_id, profile_id, project_id, session_id, groups, path, origin, {names}, revenue, duration, properties, "
        f"created_at, country, longitude, latitude) SELECT ifNull(name, ''), ifNull(device_id, ''), ifNull(profile_id, ''), project_id, "
        f"ifNull(session_id, ''), groups, ifNull(path, ''), ifNull(origin, ''), {texts}, ifNull(revenue, 0), ifNull(duration_ms, 0), "
        f"mapFilter((k, v) -> v != '', mapUpdate(CAST(properties AS Map(String, String)), map('__title', ifNull(title, ''), {utm}))), "
        f"timestamp, ifNull(country, ''), longitude, latitude FROM {SOURCE}.events"
    )
    # First as it was after its first event, then that taken back, then as it is.
    for sign, version, views in ((1, 1, "1"), (-1, 1, "1"), (1, 2, "ifNull(screen_view_count, 0)")):
        engine.run(
            f"INSERT INTO sessions (id, project_id, profile_id, device_id, groups, created_at, ended_at, is_bounce, entry_origin, entry_path, "
            f"exit_origin, exit_path, screen_view_count, revenue, event_count, duration, country, longitude, latitude, {names}, "
            f"{', '.join(_UTM)}, sign, version) SELECT session_id, project_id, ifNull(profile_id, ''), ifNull(device_id, ''), groups, started_at, ended_at, "
            f"is_bounce, ifNull(entry_origin, ''), ifNull(entry_path, ''), ifNull(exit_origin, ''), ifNull(exit_path, ''), {views}, ifNull(revenue, 0), "
            f"event_count - screen_view_count, duration_ms, ifNull(country, ''), longitude, latitude, {texts}, {', '.join(_empty(name) for name in _UTM)}, "
            f"{sign}, {version} FROM {SOURCE}.sessions"
        )
    for again in (0, 1):
        engine.run(
            f"INSERT INTO profiles SELECT profile_id, is_identified, ifNull(first_name, ''), ifNull(last_name, ''), ifNull(email, ''), "
            f"ifNull(avatar, ''), properties, project_id, groups, created_at FROM {SOURCE}.profiles"
        )
        engine.run(
            f"INSERT INTO groups SELECT group_id, project_id, type, if({again} = 0, 'as it was', name), properties, created_at, {again}, 0 "
            f"FROM {SOURCE}.groups"
        )
