//! ClickHouse: what analysts write there, and its ways out of a project.

use super::super::{GuardError, clickhouse_functions};
use super::attacks::{
    COMPLEX, NO_FUNCTION, NO_TABLE, NOT_ALLOWED, QUALIFIED, SEVERAL, SYNTAX, WRITES, wrongly,
};
use super::checked_for_clickhouse;

const STATEMENTS: &[&str] = &[
    "SELECT count() FROM events",
    "SELECT name, count() AS n FROM events GROUP BY name ORDER BY n DESC LIMIT 10",
    "SELECT toStartOfDay(timestamp, 'Europe/Berlin') AS day, uniqExact(profile_id) FROM events GROUP BY day ORDER BY day",
    "SELECT toDate(timestamp) AS day, countIf(name = 'screen_view') AS views FROM events GROUP BY day",
    "SELECT sumIf(revenue, country = 'DE') / 100 AS euros FROM events",
    "SELECT uniqExactIf(profile_id, name = 'signup') FROM events",
    "SELECT quantile(0.9)(duration_ms), quantiles(0.5, 0.9, 0.99)(duration_ms) FROM sessions",
    "SELECT quantileExactIf(0.5)(duration_ms, is_bounce) FROM sessions",
    "SELECT argMax(title, timestamp) FROM events GROUP BY path",
    "SELECT properties['plan'] AS plan, count() FROM events GROUP BY plan",
    "SELECT arrayJoin(mapKeys(properties)) AS key, count() FROM events GROUP BY key ORDER BY count() DESC LIMIT 50",
    "SELECT arrayFilter(g -> g LIKE 'a%', groups) FROM events",
    "SELECT arrayMap((k, v) -> concat(k, '=', v), mapKeys(properties), mapValues(properties)) FROM events LIMIT 5",
    "SELECT windowFunnel(86400)(toDateTime(timestamp), name = 'screen_view', name = 'signup') FROM events GROUP BY profile_id",
    "SELECT retention(name = 'a', name = 'b') FROM events GROUP BY profile_id",
    "SELECT sequenceMatch('(?1).*(?2)')(toDateTime(timestamp), name = 'a', name = 'b') FROM events GROUP BY profile_id",
    "SELECT groupArray(10)(path) FROM events",
    "SELECT topK(5)(path) FROM events",
    "SELECT has(groups, 'g3') FROM events",
    "SELECT multiIf(revenue > 1000, 'large', revenue > 0, 'small', 'none') AS size, count() FROM events GROUP BY size",
    "SELECT if(country = '', 'unknown', country) AS c, count() FROM sessions GROUP BY c",
    "SELECT ifNull(country, 'unknown') FROM sessions",
    "SELECT dateDiff('day', started_at, ended_at) FROM sessions",
    "SELECT count() FROM events WHERE timestamp >= now() - INTERVAL 7 DAY",
    "SELECT count() FROM events WHERE timestamp >= today() - 30",
    "SELECT count() FROM events WHERE timestamp BETWEEN toDateTime('2026-01-01 00:00:00') AND toDateTime('2026-02-01 00:00:00')",
    "SELECT formatDateTime(timestamp, '%Y-%m') AS month, count() FROM events GROUP BY month",
    "SELECT domain(referrer), count() FROM sessions GROUP BY 1",
    "SELECT extractURLParameter(referrer, 'q') FROM sessions LIMIT 3",
    "SELECT replaceRegexpAll(path, '[0-9]+', 'N') AS route, count() FROM events GROUP BY route",
    "SELECT match(path, '^/doc') FROM events LIMIT 1",
    "SELECT position(path, 'x'), positionCaseInsensitive(path, 'X') FROM events LIMIT 1",
    "SELECT splitByChar('/', path)[2] AS first, count() FROM events GROUP BY first",
    "SELECT JSONExtractString(properties['data'], 'a', 'b') FROM events LIMIT 1",
    "SELECT toFloat64OrNull(properties['amount']) FROM events LIMIT 1",
    "SELECT CAST(revenue AS Float64), CAST(revenue AS Nullable(Int64)) FROM events LIMIT 1",
    "SELECT name, n, row_number() OVER (PARTITION BY name ORDER BY n DESC) FROM (SELECT name, path, count() AS n FROM events GROUP BY name, path)",
    "SELECT lagInFrame(n) OVER (ORDER BY d ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM (SELECT toDate(timestamp) AS d, count() AS n FROM events GROUP BY d)",
    "WITH daily AS (SELECT toDate(timestamp) AS d, count() AS n FROM events GROUP BY d) SELECT avg(n) FROM daily",
    "SELECT e.name, s.is_bounce FROM events AS e LEFT JOIN sessions AS s ON s.session_id = e.session_id LIMIT 5",
    "SELECT count() FROM events WHERE name IN ('a', 'b') AND profile_id IN (SELECT profile_id FROM profiles WHERE is_identified)",
    "SELECT count() FROM events WHERE (name, path) IN (('a', '/'), ('b', '/b'))",
    "SELECT count() FILTER (WHERE name = 'a') FROM events",
    "SELECT name FROM events UNION ALL SELECT entry_path FROM sessions",
    "SELECT DISTINCT ON (path) path, title FROM events",
    "SELECT * EXCEPT (properties) FROM events LIMIT 1",
    "SELECT COUNT(*), MAX(timestamp), Coalesce(NULL, 1) FROM events",
    "EXPLAIN SELECT count() FROM events",
];

#[test]
fn statements_of_analysts_pass_and_pass_again_as_the_parser_writes_them() {
    for sql in STATEMENTS {
        let first = match checked_for_clickhouse(sql) {
            Ok(checked) => checked.statement.to_string(),
            Err(error) => panic!("refused: {sql}\n{error}"),
        };
        match checked_for_clickhouse(&first) {
            Ok(again) => assert_eq!(again.statement.to_string(), first),
            Err(error) => panic!("refused once written out: {first}\n{error}"),
        }
    }
}

#[test]
fn the_functions_are_distinct_and_known_by_their_combinators() {
    let functions = clickhouse_functions();
    assert!(functions.windows(2).all(|pair| pair[0] < pair[1]));
    for (call, passes) in [
        ("countIf(1)", true),
        ("uniqExactOrNull(name)", true),
        ("sumIfOrDefault(1, 1)", true),
        ("uniqState(name)", false),
        ("uniqMerge(name)", false),
        ("lengthIf(name)", false),
        ("COUNTIF(1)", false),
        ("UNIQEXACT(name)", false),
    ] {
        let checked = checked_for_clickhouse(&format!("SELECT {call} FROM events"));
        assert_eq!(checked.is_ok(), passes, "{call}");
    }
}

const ATTACKS: &[(&str, &str)] = &[
    // Other databases, and the server's own tables.
    ("SELECT * FROM system.tables", QUALIFIED),
    ("SELECT * FROM `system`.`tables`", QUALIFIED),
    ("SELECT * FROM \"system\".\"tables\"", QUALIFIED),
    ("SELECT * FROM information_schema.tables", QUALIFIED),
    ("SELECT * FROM INFORMATION_SCHEMA.COLUMNS", QUALIFIED),
    ("SELECT * FROM other.events", QUALIFIED),
    ("SELECT * FROM one", NO_TABLE),
    ("SELECT * FROM tables", NO_TABLE),
    ("SELECT * FROM EVENTS", NO_TABLE),
    ("SELECT * FROM `events;`", NO_TABLE),
    ("SELECT * FROM \u{0435}vents", SYNTAX),
    ("SELECT (SELECT count() FROM system.users)", QUALIFIED),
    (
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM system.users)",
        QUALIFIED,
    ),
    (
        "SELECT 1 UNION ALL SELECT name FROM system.users",
        QUALIFIED,
    ),
    (
        "WITH x AS (SELECT * FROM system.users) SELECT * FROM x",
        QUALIFIED,
    ),
    (
        "SELECT count() FROM events WHERE name IN (SELECT name FROM system.users)",
        QUALIFIED,
    ),
    (
        "SELECT count() FROM events WHERE name = ANY (SELECT name FROM system.users)",
        QUALIFIED,
    ),
    ("SELECT * FROM events JOIN system.users ON 1 = 1", QUALIFIED),
    ("SELECT * FROM events, system.users", QUALIFIED),
    (
        "SELECT quantile((SELECT 1 FROM system.one))(duration_ms) FROM sessions",
        QUALIFIED,
    ),
    (
        "SELECT arrayMap(x -> (SELECT count() FROM system.users), groups) FROM events",
        QUALIFIED,
    ),
    // A name after IN is a table.
    (
        "SELECT count() FROM events WHERE name IN (system.users)",
        NOT_ALLOWED,
    ),
    (
        "SELECT count() FROM events WHERE name IN (users)",
        NOT_ALLOWED,
    ),
    (
        "SELECT count() FROM events WHERE name IN ((users))",
        NOT_ALLOWED,
    ),
    (
        "SELECT count() FROM events WHERE name NOT IN (`system`.`users`)",
        NOT_ALLOWED,
    ),
    ("SELECT count() FROM events WHERE name IN users", SYNTAX),
    (
        "SELECT count() FROM events WHERE name IN system.users",
        SYNTAX,
    ),
    (
        "SELECT count() FROM events WHERE name GLOBAL IN (SELECT 1)",
        SYNTAX,
    ),
    ("SELECT in(name, users) FROM events", NO_FUNCTION),
    // A table's name given a second meaning, which is ours in front of the statement.
    (
        "WITH events AS (SELECT 1) SELECT * FROM events",
        "a second meaning",
    ),
    (
        "WITH `events` AS (SELECT 1) SELECT * FROM events",
        "a second meaning",
    ),
    (
        "SELECT * FROM (WITH sessions AS (SELECT 1) SELECT * FROM sessions)",
        "a second meaning",
    ),
    (
        "WITH RECURSIVE x AS (SELECT 1) SELECT * FROM x",
        "`WITH RECURSIVE`",
    ),
    ("WITH 'x' AS y SELECT y", SYNTAX),
    (
        "WITH (SELECT count() FROM system.users) AS y SELECT y",
        SYNTAX,
    ),
    // Table functions.
    (
        "SELECT * FROM url('http://127.0.0.1/', CSV, 'a String')",
        "the table function `url`",
    ),
    (
        "SELECT * FROM file('/etc/passwd', LineAsString)",
        "the table function `file`",
    ),
    (
        "SELECT * FROM s3('https://x/y.csv')",
        "the table function `s3`",
    ),
    (
        "SELECT * FROM remote('127.0.0.1', system.users)",
        "the table function `remote`",
    ),
    (
        "SELECT * FROM remoteSecure('h', 'd', 't')",
        "the table function `remoteSecure`",
    ),
    (
        "SELECT * FROM cluster('default', system.users)",
        "the table function `cluster`",
    ),
    (
        "SELECT * FROM clusterAllReplicas('default', system, users)",
        "the table function",
    ),
    (
        "SELECT * FROM mysql('h', 'd', 't', 'u', 'p')",
        "the table function `mysql`",
    ),
    (
        "SELECT * FROM postgresql('h', 'd', 't', 'u', 'p')",
        "the table function",
    ),
    ("SELECT * FROM jdbc('x', 'y')", "the table function `jdbc`"),
    (
        "SELECT * FROM executable('id', TSV, 'x String')",
        "the table function `executable`",
    ),
    (
        "SELECT * FROM input('a String')",
        "the table function `input`",
    ),
    ("SELECT * FROM merge('.*')", "the table function `merge`"),
    (
        "SELECT * FROM numbers(1e12)",
        "the table function `numbers`",
    ),
    (
        "SELECT * FROM generateRandom('a String')",
        "the table function",
    ),
    (
        "SELECT * FROM dictionary('d')",
        "the table function `dictionary`",
    ),
    ("SELECT * FROM view(SELECT * FROM system.users)", SYNTAX),
    (
        "SELECT * FROM events JOIN numbers(10) AS n ON 1 = 1",
        "the table function `numbers`",
    ),
    // Functions that read, tell, wait, or answer differently each time.
    ("SELECT dictGet('d', 'a', 1)", NO_FUNCTION),
    ("SELECT joinGet('t', 'a', 1)", NO_FUNCTION),
    ("SELECT file('/etc/passwd')", NO_FUNCTION),
    ("SELECT getSetting('max_threads')", NO_FUNCTION),
    ("SELECT currentUser()", NO_FUNCTION),
    ("SELECT currentDatabase()", NO_FUNCTION),
    ("SELECT hostName(), version()", NO_FUNCTION),
    (
        "SELECT hasColumnInTable('system', 'users', 'name')",
        NO_FUNCTION,
    ),
    ("SELECT sleep(3), sleepEachRow(1)", NO_FUNCTION),
    ("SELECT throwIf(1)", NO_FUNCTION),
    ("SELECT rand(), generateUUIDv4()", NO_FUNCTION),
    ("SELECT getMacro('shard')", NO_FUNCTION),
    ("SELECT addressToLine(1), demangle('x')", NO_FUNCTION),
    ("SELECT initializeAggregation('count', 1)", NO_FUNCTION),
    (
        "SELECT runningDifference(duration_ms) FROM sessions",
        NO_FUNCTION,
    ),
    ("SELECT catboostEvaluate('m', 1)", NO_FUNCTION),
    ("SELECT evalMLMethod(1, 2)", NO_FUNCTION),
    ("SELECT `sleep`(3)", NO_FUNCTION),
    ("SELECT showCertificate()", NO_FUNCTION),
    ("SELECT system.version()", NOT_ALLOWED),
    // Large values out of small ones.
    ("SELECT range(1000000000)", NO_FUNCTION),
    ("SELECT arrayJoin(range(1000000000))", NO_FUNCTION),
    ("SELECT arrayWithConstant(1000000000, 'x')", NO_FUNCTION),
    ("SELECT arrayResize([1], 1000000000)", NO_FUNCTION),
    ("SELECT repeat('x', 1000000000)", NOT_ALLOWED),
    ("SELECT leftPad('x', 1000000000, 'y')", NOT_ALLOWED),
    ("SELECT repeat(repeat('x', 1000), 1000)", COMPLEX),
    ("SELECT space(1000000000)", NO_FUNCTION),
    (
        "SELECT CAST(1 AS FixedString(1000000000))",
        "the type `FIXEDSTRING`",
    ),
    (
        "SELECT name FROM events ORDER BY name WITH FILL FROM 0 TO 1000000000",
        "`WITH FILL`",
    ),
    // Settings, formats, files.
    (
        "SELECT name FROM events SETTINGS additional_table_filters = {}",
        SYNTAX,
    ),
    (
        "SELECT name FROM events SETTINGS readonly = 0",
        "`SETTINGS`",
    ),
    (
        "SELECT * FROM (SELECT name FROM events SETTINGS max_threads = 1)",
        "`SETTINGS`",
    ),
    ("SELECT name FROM events FORMAT Native", "`FORMAT`"),
    ("SELECT 1 INTO OUTFILE 'x'", SYNTAX),
    ("SELECT 1; SELECT 2", SEVERAL),
    ("SELECT 1; SET readonly = 0", SEVERAL),
    ("SET readonly = 0", WRITES),
    ("INSERT INTO events SELECT * FROM events", WRITES),
    (
        "INSERT INTO FUNCTION url('http://x/', CSV) SELECT * FROM events",
        WRITES,
    ),
    ("ALTER TABLE events DELETE WHERE 1", WRITES),
    ("OPTIMIZE TABLE events FINAL", WRITES),
    ("SYSTEM SHUTDOWN", WRITES),
    ("KILL QUERY WHERE 1", WRITES),
    ("CREATE TABLE x ENGINE = Memory AS SELECT 1", WRITES),
    ("GRANT ALL ON *.* TO reader", WRITES),
    ("USE system", WRITES),
    ("EXISTS TABLE system.users", WRITES),
    ("CHECK TABLE events", WRITES),
    ("DESCRIBE TABLE system.users", NOT_ALLOWED),
    ("SHOW CREATE TABLE events", NOT_ALLOWED),
    ("EXPLAIN AST SELECT 1", WRITES),
    ("EXPLAIN PIPELINE SELECT 1", WRITES),
    ("EXPLAIN indexes = 1 SELECT 1", WRITES),
    (
        "EXPLAIN TABLE OVERRIDE mysql('h', 'd', 't', 'u', 'p') SELECT 1",
        WRITES,
    ),
    // Parameters are the server's own.
    ("SELECT {p1:String}", SYNTAX),
    ("SELECT {sightline_project:String}", SYNTAX),
    ("SELECT * FROM {t:Identifier}", SYNTAX),
    ("SELECT @@version", SYNTAX),
    ("SELECT $1", NOT_ALLOWED),
    // Quoting: a backslash makes the next quote part of the text, as in ClickHouse.
    ("SELECT 'a\\'' FROM system.users --'", QUALIFIED),
    ("SELECT 'a\\\\' FROM system.users", QUALIFIED),
    (
        "SELECT 'a\\\\', ' UNION ALL SELECT name FROM system.users --' FROM system.x",
        QUALIFIED,
    ),
    ("SELECT `a\\`, ` FROM events", SYNTAX),
    ("SELECT 1 AS `a\\`", NOT_ALLOWED),
    ("SELECT 1 AS \"a\\\"", NOT_ALLOWED),
    ("SELECT 1 AS `a``b`", NOT_ALLOWED),
    ("SELECT E'a' FROM events", NOT_ALLOWED),
    ("SELECT '\\xff' FROM events", NOT_ALLOWED),
    ("SELECT $$a$$ FROM events", NOT_ALLOWED),
    ("SELECT 1 /* x */ FROM /* y */ system.users", QUALIFIED),
    ("SELECT 1 -- x\nFROM system.users", QUALIFIED),
    ("SELECT 1 # x\nFROM system.users", SYNTAX),
    // Names made of patterns, and what is spread out of a value.
    ("SELECT COLUMNS('.*') FROM events", NO_FUNCTION),
    ("SELECT * APPLY(sum) FROM events", SYNTAX),
    ("SELECT untuple((1, 2))", NO_FUNCTION),
    ("SELECT dynamicElement(1, 'x')", NO_FUNCTION),
    // Joins that are no joins of tables.
    (
        "SELECT * FROM events ARRAY JOIN groups AS g",
        "`ARRAY JOIN`",
    ),
    (
        "SELECT * FROM events LEFT ARRAY JOIN groups AS g",
        "`ARRAY JOIN`",
    ),
    (
        "SELECT * FROM events GLOBAL JOIN sessions ON 1 = 1",
        "`GLOBAL JOIN`",
    ),
    ("SELECT * FROM events ASOF JOIN sessions ON 1 = 1", SYNTAX),
    ("SELECT * FROM events FINAL", "`FINAL` after a table"),
    (
        "SELECT * FROM events ANY JOIN sessions ON 1 = 1",
        "`ANY` after a table",
    ),
    (
        "SELECT * FROM events PASTE JOIN sessions",
        "`PASTE` after a table",
    ),
    ("SELECT * FROM events SAMPLE 0.1", "SAMPLE"),
    ("SELECT name FROM events LIMIT 1 BY name", "`LIMIT … BY`"),
];

#[test]
fn texts_stay_texts_once_the_statement_is_written_out() {
    for (sql, written) in [
        (
            "SELECT '\\\\', ' UNION ALL SELECT name FROM system.users --'",
            "SELECT '\\\\', ' UNION ALL SELECT name FROM system.users --'",
        ),
        ("SELECT 'it''s', 'it\\'s'", "SELECT 'it\\x27s', 'it\\x27s'"),
        (
            "SELECT match(path, '\\d+'), match(path, '\\\\d+') FROM events",
            "SELECT match(path, '\\\\d+'), match(path, '\\\\d+') FROM events",
        ),
        (
            "SELECT CAST(timestamp AS DateTime64(3, 'a\\\\')) FROM events",
            "SELECT CAST(timestamp AS DateTime64(3, 'a\\\\')) FROM events",
        ),
        (
            "SELECT count() FROM events WHERE path LIKE '%\\_%'",
            "SELECT count() FROM events WHERE path LIKE '%\\\\_%'",
        ),
    ] {
        let checked = checked_for_clickhouse(sql).map(|checked| checked.statement.to_string());
        assert_eq!(checked.as_deref(), Ok(written));
    }
}

#[test]
fn ways_out_of_a_project_are_refused() {
    assert!(ATTACKS.len() >= 100);
    let wrong: Vec<String> = ATTACKS
        .iter()
        .filter_map(|(sql, reason)| wrongly(sql, reason, checked_for_clickhouse(sql)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn what_others_call_otherwise_is_named() {
    let told = |sql: &str| {
        checked_for_clickhouse(sql)
            .err()
            .as_ref()
            .map(GuardError::to_string)
            .unwrap_or_default()
    };
    assert!(told("SELECT strftime(timestamp, '%Y') FROM events").contains("formatDateTime"));
    assert!(told("SELECT unnest(groups) FROM events").contains("arrayJoin(list)"));
    assert!(told("SELECT uniqexact(name) FROM events").contains("uniqExact"));
}
