"""Sessions built from events (TOOLS §4), as one DuckDB statement.

> Sessions are built from events where a project has none: same `session_id`, or, lacking one, same device with gaps of at
> most 30 minutes of event time.

The builder under test streams; this is set logic over all events at once, so the two share no way of going wrong. What the
specification leaves open follows the module docs of `crates/lake/src/sessions`.
"""

from columns import FROM_FIRST_EVENT

GAP_MS = 30 * 60 * 1000

# "`screen_view` (page or screen view; `$pageview` is read as the same)"
SCREEN_VIEWS = "('screen_view', '$pageview')"

# "x = 3·rage + 2·dead + 2·error click + 2·js + 1·network + 4·form abandon + 1·quick back"
SCORE = (
    "3 * rage_clicks + 2 * dead_clicks + 2 * error_clicks + 2 * js_errors + network_errors + 4 * form_abandons "
    "+ quick_backs"
)


def _property(*keys: str) -> str:
    """The first of the keys that is set and not empty."""
    return "coalesce(" + ", ".join(f"nullif(properties['{key}'], '')" for key in keys) + ")"


def assign() -> str:
    """A SELECT of the events that belong to a session, with its `session_key` and its id in `session_id`; `events` is the only
    table it reads.

    > An event that names no session is given that of its visit, whose id is the visitor's and the visit's first instant in Unix
    > milliseconds: `{device_id}~{ms}`. (docs/data.md)
    """
    return f"""
WITH
-- Events with what decides their session. Choice: without a device, the profile stands for it; without both, the event
-- belongs to no session.
named AS (
    SELECT *,
        nullif(session_id, '') AS named_session,
        coalesce(nullif(device_id, ''), nullif(profile_id, '')) AS visitor
    FROM events
    WHERE timestamp_ms IS NOT NULL
),
-- A visitor's events without a session id; a new visit begins after more than 30 minutes.
unnamed AS (
    SELECT *,
        timestamp_ms - lag(timestamp_ms) OVER (PARTITION BY visitor ORDER BY timestamp_ms, event_id) AS pause_ms
    FROM named
    WHERE named_session IS NULL AND visitor IS NOT NULL
),
visits AS (
    SELECT * EXCLUDE (pause_ms),
        'v' || visitor || '~' || count(*) FILTER (pause_ms > {GAP_MS})
            OVER (PARTITION BY visitor ORDER BY timestamp_ms, event_id ROWS UNBOUNDED PRECEDING) AS session_key
    FROM unnamed
)
SELECT * REPLACE (named_session AS session_id), 's' || named_session AS session_key
FROM named WHERE named_session IS NOT NULL
UNION ALL BY NAME
SELECT * REPLACE (visitor || '~' || min(timestamp_ms) OVER (PARTITION BY session_key) AS session_id) FROM visits
"""


def derive() -> str:
    """A SELECT of `sessions` from the table `assigned` (what `assign` selects), with `session_key`, `started_at_ms` and
    `ended_at_ms` beside the columns of TOOLS §4.
    """
    first_event = ", ".join(
        f"first({column} ORDER BY place)::VARCHAR AS {column}" for column in FROM_FIRST_EVENT
    )
    typed = ", ".join(
        f"firsts.{column}::DOUBLE AS {column}" if column in ("latitude", "longitude") else f"firsts.{column}"
        for column in FROM_FIRST_EVENT
    )
    return f"""
WITH
ordered AS (
    SELECT *,
        row_number() OVER of_session AS place,
        timestamp_ms - lag(timestamp_ms) OVER of_session AS gap_ms,
        name IN {SCREEN_VIEWS} AS is_view,
        name = '$click' AS is_click,
        name = '$error' AND lower({_property("type", "kind")}) IS NOT DISTINCT FROM 'network' AS is_network_error,
        name = '$error' AND lower({_property("type", "kind")}) IS DISTINCT FROM 'network' AS is_js_error,
        CASE WHEN nullif(path, '') IS NOT NULL THEN coalesce(origin, '') || chr(0) || path END AS own_page
    FROM assigned
    WINDOW of_session AS (PARTITION BY session_key ORDER BY timestamp_ms, event_id)
),
paged AS (
    -- Choice: an event that names no page is on the one before.
    SELECT *, last_value(own_page IGNORE NULLS) OVER (PARTITION BY session_key ORDER BY place) AS page FROM ordered
),

-- "bounce: fewer than two screen views. duration: last minus first event."
basics AS (
    SELECT session_key,
        first(session_id) AS session_id,
        min(timestamp_ms) AS started_at_ms,
        max(timestamp_ms) AS ended_at_ms,
        max(timestamp_ms) - min(timestamp_ms) AS duration_ms,
        count(*) FILTER (is_view) AS screen_view_count,
        count(*) AS event_count,
        coalesce(sum(revenue) FILTER (name = 'revenue'), 0)::BIGINT AS revenue,
        count(*) FILTER (is_js_error) AS js_errors,
        count(*) FILTER (is_network_error) AS network_errors,
        -- "idle: gaps over 60 s, summed."
        coalesce(sum(gap_ms) FILTER (gap_ms > 60000), 0)::BIGINT AS idle_ms,
        count(*) FILTER (name = '$feedback') > 0 AS has_feedback
    FROM paged GROUP BY session_key
),
-- "geo, device, referrer and utm columns as in events (from the first event)"
firsts AS (
    SELECT session_key, first(device_id ORDER BY place) FILTER (nullif(device_id, '') IS NOT NULL) AS device_id, {first_event}
    FROM paged GROUP BY session_key
),
-- Choice: the last identified profile (its id is not the device's), else the first of all.
people AS (
    SELECT session_key,
        coalesce(
            last(profile_id ORDER BY place) FILTER (nullif(profile_id, '') IS NOT NULL AND profile_id IS DISTINCT FROM device_id),
            first(profile_id ORDER BY place) FILTER (nullif(profile_id, '') IS NOT NULL)
        ) AS profile_id
    FROM paged GROUP BY session_key
),
-- Choice: entry and exit are the first and last screen view that names a page, or, without any, the first and last event with a path.
pages AS (
    SELECT session_key,
        arg_min(struct_pack(origin, path), place) AS entry,
        arg_max(struct_pack(origin, path), place) AS exit
    FROM paged
    WHERE (is_view AND own_page IS NOT NULL) OR (
        own_page IS NOT NULL AND session_key NOT IN (SELECT session_key FROM basics WHERE screen_view_count > 0)
    )
    GROUP BY session_key
),
grouped AS (
    SELECT session_key, list(DISTINCT member ORDER BY member) AS groups
    FROM (SELECT session_key, unnest(groups) AS member FROM paged) WHERE nullif(member, '') IS NOT NULL
    GROUP BY session_key
),

clicks AS (
    SELECT session_key, place, timestamp_ms, page, {_property("selector", "element")} AS element,
        coalesce(lower(properties['dead']) IN ('true', '1'), false) AS marked_dead
    FROM paged WHERE is_click
),
-- "rage click: at least 3 clicks on the same element within 1 s, counted once per burst."
-- Choice: a burst ends with a pause of more than 1 s; clicks without an element are none; the same element is one of the same page.
paused AS (
    SELECT *, timestamp_ms - lag(timestamp_ms) OVER (PARTITION BY session_key, page, element ORDER BY place) AS pause_ms,
        timestamp_ms - lag(timestamp_ms, 2) OVER (PARTITION BY session_key, page, element ORDER BY place) AS three_within_ms
    FROM clicks WHERE element IS NOT NULL
),
bursts AS (
    SELECT *, count(*) FILTER (pause_ms > 1000)
        OVER (PARTITION BY session_key, page, element ORDER BY place ROWS UNBOUNDED PRECEDING) AS burst
    FROM paused
),
rage AS (
    SELECT session_key, count(DISTINCT (page, element, burst)) AS rage_clicks
    FROM bursts WHERE three_within_ms <= 1000 GROUP BY session_key
),
-- "dead click: a click the recorder marked dead, or one after which no event of the session follows within 2 s though the
-- session goes on later on the same page." Choice: a `session_end` is no event in this sense.
followed AS (
    SELECT *, lead(timestamp_ms) OVER steps - timestamp_ms AS next_after_ms, lead(page) OVER steps AS next_page
    FROM paged WHERE name <> 'session_end'
    WINDOW steps AS (PARTITION BY session_key ORDER BY place)
),
dead AS (
    SELECT session_key, count(*) AS dead_clicks
    FROM clicks JOIN followed USING (session_key, place)
    WHERE marked_dead OR (next_after_ms > 2000 AND next_page IS NOT DISTINCT FROM followed.page)
    GROUP BY session_key
),
-- "error click: a click followed by a JS error within 1 s."
error_clicked AS (
    SELECT session_key, count(*) AS error_clicks
    FROM clicks
    WHERE EXISTS (
        SELECT 1 FROM paged AS error
        WHERE error.session_key = clicks.session_key AND error.is_js_error AND error.place > clicks.place
            AND error.timestamp_ms - clicks.timestamp_ms <= 1000
    )
    GROUP BY session_key
),
-- "form abandon: `$form_start` without `$form_submit` of the same form by the session's end."
-- Choice: a form without a name is its page's; of one form only the last start counts.
forms AS (
    SELECT session_key, place, name,
        coalesce('f' || {_property("form", "form_id", "form_name", "selector")}, 'p' || page, '') AS form
    FROM paged WHERE name IN ('$form_start', '$form_submit')
),
abandons AS (
    SELECT session_key, count(*) AS form_abandons
    FROM (
        SELECT session_key, form, max(place) FILTER (name = '$form_start') AS started,
            max(place) FILTER (name = '$form_submit') AS sent
        FROM forms GROUP BY session_key, form
    )
    WHERE started IS NOT NULL AND (sent IS NULL OR sent < started)
    GROUP BY session_key
),
-- "quick back: leaving a page within 5 s to the page before." Choice: pages are those of screen views; seeing the same page
-- again is not a move.
viewed AS (
    SELECT *, lag(own_page) OVER (PARTITION BY session_key ORDER BY place) AS page_before
    FROM paged WHERE is_view AND own_page IS NOT NULL
),
moves AS (
    SELECT session_key, own_page, timestamp_ms - lag(timestamp_ms) OVER steps AS stayed_ms,
        lag(own_page, 2) OVER steps AS two_before
    FROM viewed WHERE page_before IS DISTINCT FROM own_page
    WINDOW steps AS (PARTITION BY session_key ORDER BY place)
),
backs AS (
    SELECT session_key, count(*) AS quick_backs
    FROM moves WHERE two_before = own_page AND stayed_ms <= 5000 GROUP BY session_key
),
counted AS (
    SELECT basics.*, people.profile_id, firsts.device_id, {typed},
        screen_view_count < 2 AS is_bounce,
        entry.origin AS entry_origin, entry.path AS entry_path, exit.origin AS exit_origin, exit.path AS exit_path,
        grouped.groups AS groups,
        coalesce(rage_clicks, 0) AS rage_clicks,
        coalesce(dead_clicks, 0) AS dead_clicks,
        coalesce(error_clicks, 0) AS error_clicks,
        coalesce(form_abandons, 0) AS form_abandons,
        coalesce(quick_backs, 0) AS quick_backs
    FROM basics
    JOIN people USING (session_key)
    JOIN firsts USING (session_key)
    LEFT JOIN pages USING (session_key)
    LEFT JOIN grouped USING (session_key)
    LEFT JOIN rage USING (session_key)
    LEFT JOIN dead USING (session_key)
    LEFT JOIN error_clicked USING (session_key)
    LEFT JOIN abandons USING (session_key)
    LEFT JOIN backs USING (session_key)
)
SELECT *,
    make_timestamp(started_at_ms * 1000)::TIMESTAMP_MS AS started_at,
    make_timestamp(ended_at_ms * 1000)::TIMESTAMP_MS AS ended_at,
    -- "`frustration_score` 0–100 = 100·(1 − exp(−x/10)), one decimal"
    round(100 * (1 - exp(-({SCORE}) / 10.0)), 1) AS frustration_score,
    false AS has_replay
FROM counted
"""
