//! Attempts to write, and to read what is not the project's. Each names a part of the refusal, so that one is not refused by accident for another's reason.

use super::{Checked, GuardError, checked};

pub(super) const WRITES: &str = "statements here only read";
pub(super) const SEVERAL: &str = "Only one statement at a time";
pub(super) const NO_TABLE: &str = "There is no table";
pub(super) const QUALIFIED: &str = "is qualified";
pub(super) const NO_FUNCTION: &str = "is not available";
pub(super) const NOT_ALLOWED: &str = "is not allowed";
pub(super) const COMPLEX: &str = "too complex";
pub(super) const SYNTAX: &str = "Syntax error";

const ATTACKS: &[(&str, &str)] = &[
    // Statements that write, configure or administer.
    ("INSERT INTO events VALUES (1)", WRITES),
    ("INSERT INTO events SELECT * FROM events", WRITES),
    ("UPDATE events SET name = 'x'", WRITES),
    ("DELETE FROM events", WRITES),
    (
        "MERGE INTO events USING sessions ON true WHEN MATCHED THEN DELETE",
        WRITES,
    ),
    ("TRUNCATE TABLE events", WRITES),
    ("DROP TABLE events", WRITES),
    ("ALTER TABLE events ADD COLUMN x INT", WRITES),
    ("CREATE TABLE x AS SELECT * FROM events", WRITES),
    (
        "CREATE EXTERNAL TABLE x STORED AS PARQUET LOCATION 's3://other/'",
        WRITES,
    ),
    ("CREATE VIEW v AS SELECT 1", WRITES),
    ("CREATE FUNCTION f() RETURNS INT RETURN 1", WRITES),
    ("COPY events TO '/tmp/x.csv'", WRITES),
    ("COPY (SELECT 1) TO 's3://x/y.parquet'", WRITES),
    ("SET datafusion.execution.time_zone = 'UTC'", WRITES),
    ("RESET datafusion.execution.time_zone", WRITES),
    ("USE other", WRITES),
    ("BEGIN", WRITES),
    ("COMMIT", WRITES),
    ("GRANT ALL ON events TO public", WRITES),
    ("CALL f()", WRITES),
    ("EXECUTE p", WRITES),
    ("PREPARE p AS SELECT 1", WRITES),
    ("DECLARE c CURSOR FOR SELECT 1", WRITES),
    ("ATTACH 'x.db' AS x", WRITES),
    ("INSTALL httpfs", WRITES),
    ("LOAD 'x.so'", WRITES),
    ("PRAGMA table_info('events')", WRITES),
    ("KILL 1", WRITES),
    ("VACUUM", WRITES),
    ("SHOW TABLES", NOT_ALLOWED),
    ("SHOW ALL", NOT_ALLOWED),
    ("DESCRIBE events", NOT_ALLOWED),
    ("DESC events", NOT_ALLOWED),
    ("EXPLAIN ANALYZE SELECT 1", NOT_ALLOWED),
    ("EXPLAIN VERBOSE SELECT 1", NOT_ALLOWED),
    ("EXPLAIN (ANALYZE) SELECT 1", NOT_ALLOWED),
    ("EXPLAIN FORMAT TREE SELECT 1", NOT_ALLOWED),
    ("EXPLAIN INSERT INTO events VALUES (1)", WRITES),
    ("EXPLAIN DROP TABLE events", WRITES),
    ("EXPLAIN events", WRITES),
    ("EXPLAIN EXPLAIN SELECT 1", NOT_ALLOWED),
    ("FROM events", WRITES),
    ("TABLE events", WRITES),
    ("", "is empty"),
    (" ; -- nothing\n ;", "is empty"),
    ("42", SYNTAX),
    // Several statements, openly and in disguise.
    ("SELECT 1; SELECT 2", SEVERAL),
    ("SELECT 1; DROP TABLE events", SEVERAL),
    ("SELECT 1;;; DELETE FROM events;", SEVERAL),
    ("; SELECT 1; SELECT 2", SEVERAL),
    ("SELECT 1 /* ; */ ; /* x */ SELECT 2", SEVERAL),
    ("SELECT 1 SELECT 2", SYNTAX),
    // Writing from within a reading statement.
    (
        "WITH x AS (INSERT INTO events VALUES (1) RETURNING *) SELECT * FROM x",
        WRITES,
    ),
    (
        "WITH x AS (DELETE FROM events RETURNING *) SELECT * FROM x",
        WRITES,
    ),
    (
        "WITH x AS (UPDATE events SET name = 'y' RETURNING *) SELECT * FROM x",
        WRITES,
    ),
    (
        "WITH x AS (SELECT 1) INSERT INTO events SELECT * FROM x",
        WRITES,
    ),
    ("WITH x AS (SELECT 1) DELETE FROM events", WRITES),
    ("WITH x AS (SELECT 1) UPDATE events SET name = 'x'", WRITES),
    ("SELECT * INTO stolen FROM events", NOT_ALLOWED),
    ("SELECT * FROM events FOR UPDATE", NOT_ALLOWED),
    ("SELECT * FROM events FOR SHARE NOWAIT", NOT_ALLOWED),
    (
        "SELECT * FROM (SELECT * FROM events FOR UPDATE)",
        NOT_ALLOWED,
    ),
    // Tables that are not the project's.
    ("SELECT * FROM secrets", NO_TABLE),
    ("SELECT * FROM public.events", QUALIFIED),
    ("SELECT * FROM datafusion.public.events", QUALIFIED),
    ("SELECT * FROM other_project.events", QUALIFIED),
    ("SELECT * FROM information_schema.tables", QUALIFIED),
    ("SELECT * FROM information_schema.df_settings", QUALIFIED),
    ("SELECT * FROM pg_catalog.pg_class", QUALIFIED),
    ("SELECT * FROM system.tables", QUALIFIED),
    (r#"SELECT * FROM "public"."events""#, QUALIFIED),
    (r#"SELECT * FROM "Events""#, NO_TABLE),
    (r#"SELECT * FROM "public.events""#, NO_TABLE),
    ("SELECT * FROM 'events'", NO_TABLE),
    ("SELECT * FROM '/etc/passwd'", NO_TABLE),
    (
        "SELECT * FROM 's3://bucket/other/events/day=2026-01-01/x.parquet'",
        NO_TABLE,
    ),
    ("SELECT * FROM `../other/events`", NO_TABLE),
    ("SELECT * FROM events, secrets", NO_TABLE),
    ("SELECT * FROM events JOIN secrets ON true", NO_TABLE),
    (
        "SELECT * FROM events WHERE id IN (SELECT id FROM secrets)",
        NO_TABLE,
    ),
    ("SELECT (SELECT max(x) FROM secrets)", NO_TABLE),
    (
        "SELECT * FROM events WHERE EXISTS (SELECT 1 FROM secrets)",
        NO_TABLE,
    ),
    (
        "SELECT CASE WHEN true THEN (SELECT x FROM secrets) END",
        NO_TABLE,
    ),
    (
        "SELECT sum(x) OVER (ORDER BY (SELECT y FROM secrets)) FROM events",
        NO_TABLE,
    ),
    (
        "SELECT sum(x) OVER (ROWS BETWEEN (SELECT 1 FROM secrets) PRECEDING AND CURRENT ROW) FROM events",
        NO_TABLE,
    ),
    (
        "SELECT sum(x) OVER w FROM events WINDOW w AS (ORDER BY (SELECT y FROM secrets))",
        NO_TABLE,
    ),
    (
        "SELECT sum(x) FILTER (WHERE (SELECT true FROM secrets)) FROM events",
        NO_TABLE,
    ),
    (
        "SELECT array_agg(x ORDER BY (SELECT y FROM secrets)) FROM events",
        NO_TABLE,
    ),
    (
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY (SELECT y FROM secrets)) FROM events",
        NO_TABLE,
    ),
    (
        "SELECT name FROM events GROUP BY name, (SELECT y FROM secrets)",
        NO_TABLE,
    ),
    (
        "SELECT name FROM events GROUP BY GROUPING SETS ((name), ((SELECT y FROM secrets)))",
        NO_TABLE,
    ),
    (
        "SELECT name FROM events GROUP BY name HAVING (SELECT true FROM secrets)",
        NO_TABLE,
    ),
    (
        "SELECT name FROM events QUALIFY (SELECT true FROM secrets)",
        NO_TABLE,
    ),
    (
        "SELECT DISTINCT ON ((SELECT y FROM secrets)) name FROM events",
        NO_TABLE,
    ),
    (
        "SELECT name FROM events ORDER BY (SELECT y FROM secrets)",
        NO_TABLE,
    ),
    (
        "SELECT name FROM events LIMIT (SELECT y FROM secrets)",
        NO_TABLE,
    ),
    (
        "SELECT name FROM events LIMIT 1 OFFSET (SELECT y FROM secrets)",
        NO_TABLE,
    ),
    (
        "SELECT name FROM events UNION ALL SELECT name FROM secrets",
        NO_TABLE,
    ),
    ("VALUES ((SELECT y FROM secrets))", NO_TABLE),
    (
        "SELECT groups[(SELECT y FROM secrets)] FROM events",
        NO_TABLE,
    ),
    (
        "SELECT groups[1:(SELECT y FROM secrets)] FROM events",
        NO_TABLE,
    ),
    (
        "SELECT * FROM events, unnest((SELECT y FROM secrets)) AS u",
        NO_TABLE,
    ),
    (
        "SELECT * REPLACE ((SELECT y FROM secrets) AS name) FROM events",
        NO_TABLE,
    ),
    (
        "SELECT x LIKE (SELECT y FROM secrets) FROM events",
        NO_TABLE,
    ),
    (
        "SELECT substring(name FROM (SELECT y FROM secrets)) FROM events",
        NO_TABLE,
    ),
    (
        "SELECT trim(BOTH (SELECT y FROM secrets) FROM name) FROM events",
        NO_TABLE,
    ),
    ("SELECT INTERVAL (SELECT y FROM secrets) DAY", NO_TABLE),
    (
        "SELECT name = ANY(SELECT y FROM secrets) FROM events",
        NO_TABLE,
    ),
    ("EXPLAIN SELECT * FROM secrets", NO_TABLE),
    // CTEs: names out of scope, names that shadow, loops.
    (
        "WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a",
        NO_TABLE,
    ),
    ("WITH a AS (SELECT * FROM a) SELECT * FROM a", NO_TABLE),
    (
        "SELECT * FROM (WITH a AS (SELECT 1) SELECT * FROM a) x, a",
        NO_TABLE,
    ),
    (
        "SELECT * FROM a WHERE EXISTS (WITH a AS (SELECT 1) SELECT * FROM a)",
        NO_TABLE,
    ),
    (
        "WITH events AS (SELECT 1) SELECT * FROM events",
        "a second meaning",
    ),
    (
        "WITH EVENTS AS (SELECT 1) SELECT * FROM events",
        "a second meaning",
    ),
    (
        "WITH a AS (SELECT 1), a AS (SELECT 2) SELECT * FROM a",
        "a second meaning",
    ),
    (
        "WITH a AS (SELECT 1) SELECT * FROM (WITH a AS (SELECT 2) SELECT * FROM a)",
        "a second meaning",
    ),
    (
        "WITH secrets AS (SELECT * FROM secrets) SELECT * FROM secrets",
        NO_TABLE,
    ),
    (
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT * FROM r",
        "`WITH RECURSIVE`",
    ),
    (
        "SELECT * FROM (WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n FROM r) SELECT * FROM r)",
        "`WITH RECURSIVE`",
    ),
    (
        "WITH a AS MATERIALIZED (SELECT 1) SELECT * FROM a",
        "`MATERIALIZED`",
    ),
    // Sources that are not tables.
    (
        "SELECT * FROM generate_series(1, 1000000000)",
        "the table function `generate_series`",
    ),
    ("SELECT * FROM range(1, 10)", "the table function `range`"),
    ("SELECT * FROM read_parquet('x')", "the table function"),
    (
        "SELECT * FROM url('http://169.254.169.254/', CSV)",
        "the table function `url`",
    ),
    ("SELECT * FROM events('x')", "the table function `events`"),
    ("SELECT * FROM TABLE(generate_series(1, 10))", "`TABLE(…)`"),
    ("SELECT * FROM LATERAL (SELECT 1)", "`LATERAL`"),
    (
        "SELECT * FROM events, LATERAL generate_series(1, 10)",
        "`LATERAL`",
    ),
    (
        "SELECT * FROM events TABLESAMPLE BERNOULLI (10)",
        "`TABLESAMPLE`",
    ),
    (
        "SELECT * FROM events PIVOT (sum(revenue) FOR country IN ('DE'))",
        "`PIVOT`",
    ),
    (
        "SELECT * FROM events UNPIVOT (a FOR b IN (c, d))",
        "`UNPIVOT`",
    ),
    ("SELECT 1 UNION ALL TABLE secrets", "`TABLE name`"),
    ("SELECT * FROM events CROSS APPLY sessions", "APPLY"),
    ("SELECT * FROM events ARRAY JOIN groups", "`ARRAY JOIN`"),
    (
        "SELECT * FROM JSON_TABLE('[]', '$[*]' COLUMNS(x INT PATH '$'))",
        "`JSON_TABLE`",
    ),
    (
        "SELECT * FROM unnest(groups) WITH OFFSET AS o",
        "`UNNEST … WITH OFFSET`",
    ),
    (
        "SELECT * FROM unnest(groups) WITH ORDINALITY",
        "`WITH ORDINALITY`",
    ),
];

#[test]
fn attempts_to_write_or_to_read_elsewhere_are_refused_for_what_they_are() {
    let wrong: Vec<String> = ATTACKS
        .iter()
        .filter_map(|(sql, reason)| wrongly(sql, reason, checked(sql)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// How an attack's fate differs from the one it should have met.
pub(super) fn wrongly(
    what: &str,
    reason: &str,
    result: Result<Checked, GuardError>,
) -> Option<String> {
    match result {
        Ok(_) => Some(format!("accepted: {what}")),
        Err(error) if error.to_string().contains(reason) => None,
        Err(error) => Some(format!("{what}\nexpected: {reason}\ngot: {error}")),
    }
}
