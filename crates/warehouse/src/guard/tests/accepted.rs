//! Statements an analyst or a model writes, all of which must pass.

use super::{checked, checked_for_clickhouse};

const STATEMENTS: &[&str] = &[
    "SELECT 1",
    "select count(*) from events;",
    "SELECT * FROM events LIMIT 10",
    "SELECT Name, COUNT(*) AS n FROM Events GROUP BY Name ORDER BY n DESC LIMIT 20",
    r#"SELECT "name", count(*) FROM "events" GROUP BY 1 ORDER BY 2 DESC"#,
    "SELECT e.* FROM events e WHERE e.name = 'screen_view' LIMIT 5",
    "SELECT DISTINCT country FROM sessions ORDER BY country",
    "SELECT count(DISTINCT profile_id) FROM events WHERE profile_id <> ''",
    "SELECT date_trunc('day', timestamp) AS day, count(*) FROM events GROUP BY 1 ORDER BY 1",
    "SELECT bucket_start(timestamp, 'week', 'Europe/Berlin') AS week, count(*) FROM events GROUP BY week",
    "SELECT date_bin(INTERVAL '15 minutes', timestamp, TIMESTAMP '2026-01-01 00:00:00') AS slot, count(*) FROM events GROUP BY 1",
    "SELECT extract(hour FROM timestamp) AS hour, count(*) FROM events GROUP BY 1",
    "SELECT date_part('dow', timestamp), count(*) FROM events GROUP BY 1",
    "SELECT to_char(timestamp, '%Y-%m') AS month, sum(revenue) / 100.0 FROM events WHERE name = 'revenue' GROUP BY 1",
    "SELECT count(*) FROM events WHERE timestamp >= now() - INTERVAL '7 days'",
    "SELECT count(*) FROM events WHERE timestamp >= current_date - INTERVAL '1 month'",
    "SELECT count(*) FROM events WHERE timestamp BETWEEN '2026-01-01' AND '2026-01-31T23:59:59Z'",
    "SELECT count(*) FROM events WHERE timestamp >= TIMESTAMP '2026-01-01' AND timestamp < DATE '2026-02-01'",
    "SELECT timestamp AT TIME ZONE 'Asia/Kolkata' FROM events LIMIT 3",
    "SELECT property(properties, 'plan') AS plan, count(*) FROM events GROUP BY plan",
    "SELECT properties['plan'] AS plan, count(*) FROM events GROUP BY 1",
    "SELECT unnest(map_keys(properties)) AS key, count(*) FROM events GROUP BY 1 ORDER BY 2 DESC LIMIT 50",
    "SELECT unnest(groups) AS g, count(*) FROM events GROUP BY g",
    "SELECT g.name, count(*) FROM events, unnest(events.groups) AS u(group_id) JOIN groups g ON g.group_id = u.group_id GROUP BY 1",
    "SELECT count(*) FILTER (WHERE name = 'signup') * 100.0 / nullif(count(*), 0) AS rate FROM events",
    "SELECT sum(CASE WHEN is_bounce THEN 1 ELSE 0 END)::DOUBLE / count(*) FROM sessions",
    "SELECT avg(duration_ms) / 1000, median(duration_ms), approx_percentile_cont(duration_ms, 0.9) FROM sessions",
    "SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms) FROM sessions",
    "SELECT stddev(duration_ms), var_pop(duration_ms), corr(duration_ms, event_count) FROM sessions",
    "SELECT approx_distinct(profile_id) FROM events",
    "SELECT country, count(*) FROM sessions GROUP BY country HAVING count(*) > 10 ORDER BY count(*) DESC",
    "SELECT country, device, count(*) FROM sessions GROUP BY ROLLUP (country, device)",
    "SELECT country, device, count(*) FROM sessions GROUP BY GROUPING SETS ((country), (device), ())",
    "SELECT country, device, count(*), grouping(country) FROM sessions GROUP BY CUBE (country, device)",
    "SELECT s.country, count(*) FROM events e JOIN sessions s ON e.session_id = s.session_id GROUP BY 1",
    "SELECT count(*) FROM events LEFT JOIN profiles USING (profile_id) WHERE profiles.email IS NULL",
    "SELECT count(*) FROM events e INNER JOIN (sessions s LEFT JOIN profiles p ON p.profile_id = s.profile_id) ON e.session_id = s.session_id",
    "SELECT count(*) FROM profiles p LEFT ANTI JOIN events e ON e.profile_id = p.profile_id",
    "SELECT a.n, b.n FROM (SELECT count(*) AS n FROM events) a CROSS JOIN (SELECT count(*) AS n FROM sessions) b",
    "SELECT * FROM events WHERE session_id IN (SELECT session_id FROM sessions WHERE rage_clicks > 2) LIMIT 100",
    "SELECT * FROM profiles p WHERE EXISTS (SELECT 1 FROM events e WHERE e.profile_id = p.profile_id AND e.name = 'signup')",
    "SELECT * FROM profiles p WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.profile_id = p.profile_id)",
    "SELECT (SELECT max(timestamp) FROM events) AS newest, count(*) FROM sessions",
    "WITH daily AS (SELECT date_trunc('day', timestamp) AS d, count(*) AS n FROM events GROUP BY 1) \
     SELECT d, n, avg(n) OVER (ORDER BY d ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS week FROM daily ORDER BY d",
    "WITH a AS (SELECT profile_id, min(timestamp) AS first FROM events GROUP BY 1), \
     b AS (SELECT a.profile_id, count(*) AS n FROM a JOIN events e ON e.profile_id = a.profile_id AND e.timestamp > a.first GROUP BY 1) \
     SELECT n, count(*) FROM b GROUP BY n ORDER BY n",
    "WITH steps(profile_id, step) AS (SELECT profile_id, 1 FROM events WHERE name = 'a' UNION ALL SELECT profile_id, 2 FROM events WHERE name = 'b') \
     SELECT step, count(DISTINCT profile_id) FROM steps GROUP BY step",
    "SELECT profile_id, timestamp, lag(timestamp) OVER (PARTITION BY profile_id ORDER BY timestamp) AS previous FROM events",
    "SELECT path, lead(path, 1) OVER w AS next FROM events WINDOW w AS (PARTITION BY session_id ORDER BY timestamp)",
    "SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY profile_id ORDER BY timestamp DESC) AS rn FROM events) WHERE rn = 1",
    "SELECT *, rank() OVER (ORDER BY event_count DESC) AS r FROM sessions QUALIFY r <= 10",
    "SELECT first_value(path) IGNORE NULLS OVER (PARTITION BY session_id ORDER BY timestamp) FROM events",
    "SELECT last_value(country ORDER BY timestamp), profile_id FROM events GROUP BY profile_id",
    "SELECT string_agg(DISTINCT name, ', ' ORDER BY name) FROM events",
    "SELECT session_id, array_agg(path ORDER BY timestamp) AS paths FROM events GROUP BY session_id LIMIT 10",
    "SELECT array_length(groups), groups[1], groups[1:2] FROM events WHERE array_has(groups, 'acme')",
    "SELECT count(*) FROM events WHERE path LIKE '/blog/%' AND path NOT ILIKE '%draft%' ESCAPE '!'",
    "SELECT count(*) FROM events WHERE path ~ '^/p/[0-9]+$' OR regexp_like(title, 'offer', 'i')",
    "SELECT regexp_replace(path, '[0-9]+', ':id', 'g') AS route, count(*) FROM events GROUP BY 1",
    "SELECT lower(trim(city)), substring(path, 2, 10), substring(path FROM 2 FOR 3), position('/' IN path), split_part(path, '/', 2) FROM events",
    "SELECT concat(first_name, ' ', last_name), first_name || ' ' || last_name, replace(email, '@', ' at ') FROM profiles",
    "SELECT lpad(CAST(date_part('hour', timestamp) AS VARCHAR), 2, '0') AS hour FROM events",
    "SELECT repeat('#', 20), coalesce(country, 'unknown'), greatest(1, 2), nullif(city, '') FROM sessions",
    "SELECT round(avg(duration_ms) / 1000.0, 2), ceil(1.2), floor(1.8), abs(-3), power(2, 10), sqrt(2), 7 % 3 FROM sessions",
    "SELECT CAST(revenue AS DECIMAL(12, 2)), TRY_CAST(property(properties, 'age') AS INT), event_count::BIGINT FROM events",
    "SELECT count(*) FROM events WHERE country IN ('DE', 'FR', 'US') AND device IS NOT NULL AND NOT (browser = 'Safari')",
    "SELECT is_bounce IS TRUE, country IS DISTINCT FROM 'DE' FROM sessions",
    "SELECT country FROM sessions UNION SELECT country FROM events ORDER BY country LIMIT 10 OFFSET 5",
    "(SELECT name FROM events EXCEPT SELECT name FROM events WHERE country = 'DE') INTERSECT SELECT name FROM events",
    "SELECT v.code, count(e.event_id) FROM (VALUES ('DE'), ('FR')) AS v(code) LEFT JOIN events e ON e.country = v.code GROUP BY 1",
    "VALUES (1, 'a'), (2, 'b')",
    "SELECT DISTINCT ON (profile_id) profile_id, path FROM events ORDER BY profile_id, timestamp",
    "SELECT * EXCEPT (properties, groups) FROM events LIMIT 1",
    "SELECT * EXCLUDE (properties) FROM events LIMIT 1",
    "EXPLAIN SELECT count(*) FROM events",
    "EXPLAIN WITH a AS (SELECT 1 AS x) SELECT x FROM a",
    "SELECT -- how many\n count(*) /* all of them; really */ FROM events",
    "SELECT 'DROP TABLE events; SELECT 1' AS text FROM events",
    "SELECT country, count(*) AS n, 100.0 * count(*) / sum(count(*)) OVER () AS share FROM sessions GROUP BY country",
    "SELECT timestamp - lag(timestamp) OVER (ORDER BY timestamp) > INTERVAL '30' MINUTE FROM events",
    "SELECT count(*) FROM events WHERE country = ANY(make_array('DE', 'FR'))",
    "SELECT 1 AS \"größe\", 2 AS \"two words\" FROM events",
    "SELECT größe FROM (SELECT duration_ms AS größe FROM sessions)",
];

#[test]
fn statements_of_analysts_pass() {
    assert!(STATEMENTS.len() >= 60);
    for sql in STATEMENTS {
        if let Err(error) = checked(sql) {
            panic!("refused: {sql}\n{error}");
        }
    }
}

#[test]
fn what_passed_passes_again_as_the_parser_writes_it() {
    for sql in STATEMENTS {
        let Ok(first) = checked(sql) else {
            panic!("refused: {sql}")
        };
        let again = first.statement.to_string();
        match checked(&again) {
            Ok(second) => assert_eq!(second.statement.to_string(), again),
            Err(error) => panic!("refused once written out: {again}\n{error}"),
        }
    }
}

#[test]
fn an_explanation_is_told_from_an_answer() {
    assert!(checked("EXPLAIN SELECT 1").is_ok_and(|checked| checked.is_explain));
    assert!(checked("SELECT 1").is_ok_and(|checked| !checked.is_explain));
}

#[test]
fn answers_that_depend_on_the_time_are_marked() {
    for (sql, reads_clock) in [
        ("SELECT count(*) FROM events", false),
        ("SELECT now()", true),
        (
            "SELECT count(*) FROM events WHERE timestamp > CURRENT_TIMESTAMP - INTERVAL '1 day'",
            true,
        ),
        ("SELECT * FROM (SELECT today() AS d) AS t", true),
    ] {
        assert!(
            checked(sql).is_ok_and(|checked| checked.reads_clock == reads_clock),
            "{sql}"
        );
    }
}

#[test]
fn a_long_list_of_values_passes() {
    let values: Vec<String> = (0..2_000)
        .map(|number| format!("'user-{number}'"))
        .collect();
    let sql = format!(
        "SELECT count(*) FROM events WHERE profile_id IN ({})",
        values.join(", ")
    );
    assert!(checked(&sql).is_ok());
}

#[test]
fn clickhouse_has_its_own_spelling_of_functions_and_types() {
    for sql in [
        "SELECT toStartOfDay(timestamp) AS d, uniqExact(profile_id), COUNT(*) FROM events GROUP BY d ORDER BY d",
        "SELECT quantile(0.9)(duration_ms) FROM sessions",
        "SELECT CAST(revenue AS Nullable(Float64)) FROM events",
    ] {
        if let Err(error) = checked_for_clickhouse(sql) {
            panic!("refused: {sql}\n{error}");
        }
    }
}
