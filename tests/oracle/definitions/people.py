"""Sessions, profiles and groups as they are found (TOOLS §5, events and sessions; profiles and groups).

> find_sessions: range, the same exact filters, `region?`, `entryPath?`, `exitPath?`, `path?` (visited anywhere), `minDurationSeconds?`,
> `maxDurationSeconds?`, `bounced?`, `profileId?`, `performedEvent?`, `signals?[]` (any of …), `minFrustration?`, filters, `sortBy?`.
> find_profiles: `name?` (up to 5 words, each must occur in id, e-mail or names), `email?` (substring), …

Choice: ties go by start and then id, in the direction of the order; a session is of the range it started in; what a session or profile
lacks counts as 0 or as the earliest time.
"""

from definitions import filters as filtering
from definitions.events import EXACT, names_meant
from definitions.sessions import SCREEN_VIEWS
from definitions.text import literal, literals

DAY_MS = 24 * 3_600_000

SIGNALS = {
    "rage_click": "rage_clicks > 0",
    "dead_click": "dead_clicks > 0",
    "error_click": "error_clicks > 0",
    "js_error": "js_errors > 0",
    "network_error": "network_errors > 0",
    "form_abandon": "form_abandons > 0",
    "quick_back": "quick_backs > 0",
    "feedback": "has_feedback",
}
SORTS = {
    "startedAt": "started_at_ms",
    "duration": "coalesce(duration_ms, 0)",
    "frustration": "coalesce(frustration_score, 0)",
    "errors": "coalesce(js_errors, 0) + coalesce(network_errors, 0)",
    "rageClicks": "coalesce(rage_clicks, 0)",
    "pageViews": "coalesce(screen_view_count, 0)",
    "revenue": "coalesce(revenue, 0)",
}
_OF_SESSION = {"region": "region", "entryPath": "entry_path", "exitPath": "exit_path"}


def sessions(lake, start_ms: int, end_ms: int, arguments=None) -> list[dict]:
    """The sessions `find_sessions` must list, in its order."""
    arguments = dict(arguments or {})
    filters = list(arguments.get("filters") or [])
    exact = {name: column for name, column in EXACT.items() if name != "path"} | _OF_SESSION
    for name, column in exact.items():
        if name in arguments:
            filters.append({"field": column, "op": "is", "values": [arguments[name]]})
    for key, value in (arguments.get("properties") or {}).items():
        filters.append({"field": f"properties.{key}", "op": "is", "values": [value]})
    conditions = [filtering.of_session(lake, filters)]
    if arguments.get("signals"):
        conditions.append(" OR ".join(f"coalesce({SIGNALS[name]}, FALSE)" for name in arguments["signals"]))
    if "minFrustration" in arguments:
        conditions.append(f"frustration_score >= {arguments['minFrustration']}")
    if "minDurationSeconds" in arguments:
        conditions.append(f"coalesce(duration_ms, 0) >= {arguments['minDurationSeconds'] * 1000}")
    if "maxDurationSeconds" in arguments:
        conditions.append(f"coalesce(duration_ms, 0) <= {arguments['maxDurationSeconds'] * 1000}")
    if "bounced" in arguments:
        conditions.append(f"coalesce(is_bounce, FALSE) = {literal(arguments['bounced'])}")
    if "path" in arguments:
        conditions.append(_has(f"one.name IN {SCREEN_VIEWS} AND one.path = {literal(arguments['path'])}"))
    if "performedEvent" in arguments:
        conditions.append(_has(f"one.name IN {literals(names_meant([arguments['performedEvent']]))}"))
    wanted = " AND ".join(f"({condition})" for condition in conditions)
    direction = arguments.get("order", "desc")
    return lake.rows(
        f"""
        SELECT * FROM sessions AS session
        WHERE started_at_ms >= {start_ms} AND started_at_ms < {end_ms} AND {wanted}
        ORDER BY {SORTS[arguments.get("sortBy", "startedAt")]} {direction}, started_at_ms {direction},
            coalesce(session_id, '') {direction}
        """
    )


def _has(condition: str) -> str:
    return f"EXISTS (SELECT 1 FROM assigned AS one WHERE one.session_key = session.session_key AND {condition})"


def events_of(lake, session_id: str) -> list[dict]:
    """The events of a session, in order."""
    return lake.rows(
        f"SELECT * FROM visited WHERE session_id = {literal(session_id)} ORDER BY timestamp_ms, coalesce(event_id, '')"
    )


def profiles(lake, arguments=None, now_ms: int = 0) -> list[dict]:
    """The profiles `find_profiles` must list, in its order."""
    arguments = arguments or {}
    conditions = []
    for word in arguments.get("name", "").split():
        within = " OR ".join(
            f"contains(lower(coalesce({column}, '')), lower({literal(word)}))"
            for column in ("profile_id", "email", "first_name", "last_name")
        )
        conditions.append(within)
    if "email" in arguments:
        conditions.append(f"contains(lower(email), lower({literal(arguments['email'])}))")
    carried = [
        f"{column} = {literal(arguments[column])}" for column in ("country", "city", "device", "browser") if column in arguments
    ]
    if carried:
        conditions.append(_of_an_event(" AND ".join(carried)))
    if "performedEvent" in arguments:
        conditions.append(_of_an_event(f"name IN {literals(names_meant([arguments['performedEvent']]))}"))
    if "minSessions" in arguments:
        conditions.append(
            f"(SELECT count(*) FROM sessions WHERE sessions.profile_id = profile.profile_id) >= {arguments['minSessions']}"
        )
    if "inactiveDays" in arguments:
        conditions.append(f"coalesce(last_seen_at_ms, created_at_ms) <= {now_ms - arguments['inactiveDays'] * DAY_MS}")
    if "identified" in arguments:
        conditions.append(f"coalesce(is_identified, FALSE) = {literal(arguments['identified'])}")
    for item in arguments.get("filters") or []:
        name = item["field"].removeprefix("profile.")
        value = f"properties[{literal(name.removeprefix('properties.'))}]" if name.startswith("properties.") else name
        (only,) = item["values"]
        compared = {
            "is": f"({value})::VARCHAR = {literal(only)}",
            "contains": f"contains(lower(({value})::VARCHAR), lower({literal(only)}))",
        }
        conditions.append(compared[item["op"]])
    wanted = " AND ".join(f"coalesce({condition}, FALSE)" for condition in conditions) or "TRUE"
    at = {"createdAt": "created_at_ms", "lastSeenAt": "last_seen_at_ms"}[arguments.get("sortBy", "createdAt")]
    direction = arguments.get("order", "desc")
    return lake.rows(
        f"SELECT * FROM profiles AS profile WHERE {wanted} ORDER BY coalesce({at}, 0) {direction}, coalesce(profile_id, '') {direction}"
    )


def _of_an_event(condition: str) -> str:
    return f"profile_id IN (SELECT profile_id FROM events WHERE profile_id <> '' AND {condition})"


def metrics(lake, profile_id: str) -> dict:
    """get_profile_metrics.

    > firstSeen, lastSeen, sessions, screenViews, totalEvents, conversionEvents (all but screen_view, session_start, session_end),
    > activeDays (project days), avg and p90 session duration (minutes; sessions with duration > 0), eventsPerSession,
    > avgSecondsBetweenSessions ((last−first start)/(sessions−1)), bounceRatePercent, revenue.
    """
    of = f"profile_id = {literal(profile_id)} AND profile_id <> ''"
    found = lake.row(
        f"""
        SELECT min(timestamp_ms) AS first_ms, max(timestamp_ms) AS last_ms, count(*) AS events,
            count(*) FILTER (name IN {SCREEN_VIEWS}) AS views,
            count(*) FILTER (name NOT IN ('screen_view', '$pageview', 'session_start', 'session_end')) AS conversions,
            count(DISTINCT timezone('{lake.info.timezone}', make_timestamptz(timestamp_ms * 1000))::DATE) AS days,
            coalesce(sum(revenue) FILTER (name = 'revenue'), 0)::BIGINT AS revenue
        FROM events WHERE {of}
        """
    )
    return found | lake.row(
        f"""
        SELECT count(*) AS sessions, count(*) FILTER (is_bounce) AS bounced,
            count(*) FILTER (duration_ms > 0) AS lasting, coalesce(sum(duration_ms) FILTER (duration_ms > 0), 0)::BIGINT AS lasting_ms,
            quantile_cont(duration_ms, 0.9) FILTER (duration_ms > 0) AS p90_ms,
            max(started_at_ms) - min(started_at_ms) AS between_ms
        FROM sessions WHERE {of}
        """
    )
