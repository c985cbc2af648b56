//! Functions, variables and clauses that are refused, other engines' ways out, and texts made to exhaust the reader.

use super::attacks::{COMPLEX, NO_FUNCTION, NO_TABLE, NOT_ALLOWED, QUALIFIED, SYNTAX, wrongly};
use super::{checked, checked_for_clickhouse};

const ATTACKS: &[(&str, &str)] = &[
    // Functions that tell, change each time, read files, or allocate.
    ("SELECT version()", NO_FUNCTION),
    ("SELECT current_user", NO_FUNCTION),
    ("SELECT current_user()", SYNTAX),
    ("SELECT session_user", NO_FUNCTION),
    ("SELECT current_catalog", NO_FUNCTION),
    ("SELECT current_database()", NO_FUNCTION),
    ("SELECT pg_sleep(10)", NO_FUNCTION),
    ("SELECT sleep(3)", NO_FUNCTION),
    ("SELECT random()", NO_FUNCTION),
    ("SELECT uuid()", NO_FUNCTION),
    ("SELECT input_file_name() FROM events", NO_FUNCTION),
    ("SELECT file_row_index() FROM events", NO_FUNCTION),
    ("SELECT arrow_metadata(name) FROM events", NO_FUNCTION),
    (
        "SELECT arrow_cast(1, 'FixedSizeList(1000000000, Int8)')",
        NO_FUNCTION,
    ),
    ("SELECT load_extension('x')", NO_FUNCTION),
    ("SELECT dictGet('d', 'a', 1)", NO_FUNCTION),
    ("SELECT read_text('/etc/passwd')", NO_FUNCTION),
    (
        "SELECT array_length(generate_series(1, 1000000000))",
        NO_FUNCTION,
    ),
    ("SELECT range(1000000000)", NO_FUNCTION),
    ("SELECT array_repeat('x', 1000000000)", NO_FUNCTION),
    (
        "SELECT array_resize(make_array(1), 1000000000)",
        NO_FUNCTION,
    ),
    (
        "SELECT count(*) FROM events GROUP BY version()",
        NO_FUNCTION,
    ),
    (
        "SELECT count(*) FROM events ORDER BY version()",
        NO_FUNCTION,
    ),
    (
        "SELECT count(*) FROM events JOIN sessions ON version() = ''",
        NO_FUNCTION,
    ),
    (
        "SELECT sum(1) FILTER (WHERE version() = '') FROM events",
        NO_FUNCTION,
    ),
    (
        "SELECT sum(1) OVER (PARTITION BY version()) FROM events",
        NO_FUNCTION,
    ),
    ("SELECT CAST(version() AS TEXT)", NO_FUNCTION),
    ("SELECT 1 LIMIT version()", NO_FUNCTION),
    ("SELECT pg_catalog.version()", "the qualified function"),
    ("SELECT \"COUNT\"(*) FROM events", NO_FUNCTION),
    ("SELECT {fn version()}", "`{fn …}`"),
    (
        "SELECT count(ALL (SELECT 1 FROM secrets)) FROM events",
        NO_TABLE,
    ),
    ("SELECT f(SELECT 1)", SYNTAX),
    ("SELECT array(SELECT name FROM secrets)", NO_FUNCTION),
    ("SELECT quantile(0.5)(x) FROM events", NO_FUNCTION),
    (
        "SELECT sum(0.5)(x) FROM events",
        "a second pair of parentheses",
    ),
    ("SELECT sum(x => 1) FROM events", "a named argument"),
    ("SELECT max(*) FROM events", "`*` in `max(…)`"),
    ("SELECT repeat('x', 1000000000)", "`repeat` with a length"),
    (
        "SELECT repeat('x', event_count) FROM sessions",
        "`repeat` with a length",
    ),
    ("SELECT lpad('x', 2147483647, 'y')", "`lpad` with a length"),
    (
        "SELECT rpad('x', (SELECT 1000000000), 'y')",
        "`rpad` with a length",
    ),
    (
        "SELECT approx_percentile_cont(revenue, 0.5, 1000000000) FROM events",
        "`approx_percentile_cont` with",
    ),
    // Variables, parameters, other ways to name things.
    ("SELECT $1", "the parameter"),
    ("SELECT ?", "the parameter"),
    ("SELECT :name", "the parameter"),
    ("SELECT @@version", "as a name"),
    ("SELECT @x", "as a name"),
    ("SELECT events.@@version FROM events", NOT_ALLOWED),
    ("SELECT e.$1 FROM events e", "as a name"),
    ("SELECT * FROM events LIMIT $1", "the parameter"),
    ("SELECT * FROM @stage", NOT_ALLOWED),
    // SQL of other engines, hints and clauses that engines disagree about.
    (
        "SELECT name FROM events SETTINGS max_threads = 1",
        "`SETTINGS`",
    ),
    ("SELECT name FROM events FORMAT JSON", "`FORMAT`"),
    ("SELECT name FROM events |> WHERE true", SYNTAX),
    ("SELECT TOP 5 name FROM events", "`TOP`"),
    ("SELECT name FROM events FETCH FIRST 5 ROWS ONLY", "`FETCH`"),
    (
        "SELECT name FROM events LIMIT 5, 5",
        "`LIMIT offset, count`",
    ),
    ("SELECT name FROM events LIMIT 1 BY name", "`LIMIT … BY`"),
    (
        "SELECT name FROM events ORDER BY name WITH FILL",
        "`WITH FILL`",
    ),
    (
        "SELECT name FROM events GROUP BY name WITH ROLLUP",
        "`WITH ROLLUP`",
    ),
    (
        "SELECT name FROM events CONNECT BY PRIOR a = b",
        "`CONNECT BY`",
    ),
    (
        "SELECT name FROM events LATERAL VIEW explode(groups) t AS g",
        "`LATERAL VIEW`",
    ),
    ("SELECT name COLLATE \"C\" FROM events", "`COLLATE`"),
    ("SELECT properties->>'x' FROM events", "the operator `->>`"),
    ("SELECT properties #> 'x' FROM events", "the operator `#>`"),
    ("SELECT name RLIKE 'x' FROM events", "`RLIKE`"),
    ("SELECT CONVERT(INT, name) FROM events", NOT_ALLOWED),
    (
        "SELECT CAST(name AS regclass) FROM events",
        "the type `REGCLASS`",
    ),
    (
        "SELECT CAST(name AS my_type) FROM events",
        "the type `CUSTOM`",
    ),
    (
        "SELECT name::DECIMAL(1000, 999) FROM events",
        "the type `DECIMAL`",
    ),
    ("SELECT name::ARRAY<INT> FROM events", "the type `ARRAY`"),
    ("SELECT $$text$$", "this way of quoting text"),
    ("SELECT x -> x + 1", NOT_ALLOWED),
    (
        "SELECT a FROM events UNION BY NAME SELECT a FROM events",
        "`BY NAME`",
    ),
    ("SELECT a FROM events MINUS SELECT a FROM events", "`MINUS`"),
    // Broken text.
    ("SELECT 'open", SYNTAX),
    ("SELECT \"open", SYNTAX),
    ("SELECT /* open", SYNTAX),
    ("SELECT (1", SYNTAX),
    ("SELECT 1)", SYNTAX),
    ("SELECT \u{0}", SYNTAX),
    ("SELECT FROM WHERE", SYNTAX),
    // Small texts for large work.
    (
        "SELECT 1 FROM events GROUP BY CUBE (a, b, c, d, e, f, g, h, i, j)",
        COMPLEX,
    ),
    (
        "SELECT 1 FROM events GROUP BY ROLLUP (a, b, c, d, e, f, g), ROLLUP (a, b, c, d, e, f, g, h)",
        COMPLEX,
    ),
    (
        "SELECT replace(replace(replace('a', 'a', 'aaaaaaaaaa'), 'a', 'aaaaaaaaaa'), 'a', 'aaaaaaaaaa')",
        COMPLEX,
    ),
    (
        "SELECT replace(replace(name, 'a', title), 'b', title) FROM events",
        COMPLEX,
    ),
    ("SELECT repeat(repeat('x', 1000), 1000)", COMPLEX),
];

#[test]
fn what_is_not_on_the_lists_is_refused_for_what_it_is() {
    let wrong: Vec<String> = ATTACKS
        .iter()
        .filter_map(|(sql, reason)| wrongly(sql, reason, checked(sql)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn clickhouse_ways_out_are_refused() {
    let attacks = [
        ("SELECT * FROM system.users", QUALIFIED),
        (
            "SELECT * FROM url('http://x/', CSV, 'a String')",
            "the table function `url`",
        ),
        (
            "SELECT * FROM remote('host', db, t)",
            "the table function `remote`",
        ),
        (
            "SELECT * FROM s3('https://x/y.csv')",
            "the table function `s3`",
        ),
        (
            "SELECT * FROM numbers(1000000000)",
            "the table function `numbers`",
        ),
        (
            "SELECT * FROM merge('db', '.*')",
            "the table function `merge`",
        ),
        ("SELECT * FROM Events", NO_TABLE),
        ("SELECT sleep(3)", NO_FUNCTION),
        ("SELECT file('/etc/passwd')", NO_FUNCTION),
        ("SELECT TOSTARTOFDAY(now())", NO_FUNCTION),
        (
            "SELECT quantile((SELECT 1 FROM system.one))(x) FROM events",
            QUALIFIED,
        ),
        (
            "SELECT name FROM events SETTINGS readonly = 0",
            "`SETTINGS`",
        ),
        ("SELECT name FROM events FORMAT Native", "`FORMAT`"),
        ("SELECT 1 INTO OUTFILE 'x'", SYNTAX),
        (
            "SELECT * FROM events ARRAY JOIN groups AS g",
            "`ARRAY JOIN`",
        ),
        (
            "SELECT * FROM events GLOBAL JOIN sessions ON 1 = 1",
            "`GLOBAL JOIN`",
        ),
        (
            "SELECT * FROM events ORDER BY x WITH FILL FROM 0 TO 1000000000",
            "`WITH FILL`",
        ),
        (
            "SELECT CAST(1 AS FixedString(1000000000))",
            "the type `FIXEDSTRING`",
        ),
    ];
    let wrong: Vec<String> = attacks
        .iter()
        .filter_map(|(sql, reason)| wrongly(sql, reason, checked_for_clickhouse(sql)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// `parts` repeated, for texts too regular to write out.
fn repeated(before: &str, part: &str, times: usize, after: &str) -> String {
    format!("{before}{}{after}", part.repeat(times))
}

#[test]
fn texts_made_to_exhaust_the_reader_are_refused() {
    let chain = |step: &str, last: &str| {
        let mut sql = String::from("WITH a0 AS (SELECT name AS x FROM events)");
        for level in 1..=30 {
            sql.push_str(&format!(
                ", a{level} AS ({})",
                step.replace("{}", &format!("a{}", level - 1))
            ));
        }
        format!("{sql} {last}")
    };
    let attacks = [
        (
            "a megabyte",
            repeated("SELECT 1", " + 1", 300_000, ""),
            "bytes; at most",
        ),
        (
            "a megabyte of brackets",
            repeated("SELECT ", "(", 1_000_000, ""),
            "bytes; at most",
        ),
        (
            "deep brackets",
            repeated("SELECT ", "(", 5_000, "1"),
            COMPLEX,
        ),
        ("deep lists", repeated("SELECT ", "[", 5_000, ""), COMPLEX),
        ("deep calls", repeated("SELECT ", "abs(", 500, "1"), COMPLEX),
        (
            "deep subqueries",
            repeated("", "SELECT * FROM (", 12, "SELECT 1") + &")".repeat(12),
            "subqueries are nested",
        ),
        (
            "deep types",
            repeated("SELECT CAST(x AS ", "ARRAY<", 5_000, "INT"),
            COMPLEX,
        ),
        (
            "a chain of types",
            repeated("SELECT CAST(x AS INT", "[]", 5_000, ") FROM events"),
            "the type `ARRAY`",
        ),
        (
            "a chain of intervals",
            repeated("SELECT ", "INTERVAL ", 5_000, "'1'"),
            COMPLEX,
        ),
        (
            "a chain of signs",
            repeated("SELECT ", "- ", 5_000, "1"),
            COMPLEX,
        ),
        (
            "a chain of NOT",
            repeated("SELECT ", "NOT ", 5_000, "true"),
            COMPLEX,
        ),
        (
            "a chain of operators",
            repeated("SELECT 1", " + 1", 5_000, ""),
            COMPLEX,
        ),
        (
            "a chain just too deep",
            repeated("SELECT 1", " + 1", 250, ""),
            COMPLEX,
        ),
        (
            "a chain of casts",
            repeated("SELECT 1", "::INT", 5_000, ""),
            COMPLEX,
        ),
        (
            "a chain of tests",
            repeated("SELECT 1", " IS NULL", 5_000, ""),
            COMPLEX,
        ),
        (
            "a chain of selects",
            repeated("SELECT 1", " UNION ALL SELECT 1", 1_000, ""),
            COMPLEX,
        ),
        (
            "a chain of explanations",
            repeated("EXPLAIN ", "DESCRIBE ", 3_000, "SELECT 1"),
            "statements here only read",
        ),
        (
            "a chain of operators behind WITH",
            repeated(
                "WITH a AS (SELECT 1) INSERT INTO events SELECT 1",
                " OR 1",
                1_000,
                "",
            ),
            "statements here only read",
        ),
        (
            "a chain of joins",
            repeated("SELECT 1 FROM events", " CROSS JOIN events", 50, ""),
            COMPLEX,
        ),
        (
            "a chain of commas",
            repeated("SELECT 1 FROM events", ", events", 50, ""),
            COMPLEX,
        ),
        (
            "a chain of pivots",
            repeated(
                "SELECT 1 FROM events",
                " PIVOT (sum(a) FOR b IN (1))",
                500,
                "",
            ),
            "`PIVOT`",
        ),
        (
            "a mistake in nested casts",
            repeated("SELECT ", "CAST(", 22, "1 +") + &" AS INT)".repeat(22),
            SYNTAX,
        ),
        (
            "a mistake in nested words",
            repeated("SELECT ", "FLOOR(", 22, "1 +") + &")".repeat(22),
            SYNTAX,
        ),
        (
            "a mistake in nested cases",
            repeated("SELECT ", "CASE(", 16, "1 +") + &")".repeat(16),
            SYNTAX,
        ),
        (
            "tables that double",
            chain("SELECT l.x FROM {} l CROSS JOIN {} r", "SELECT * FROM a30"),
            COMPLEX,
        ),
        (
            "unions that double",
            chain(
                "SELECT x FROM {} UNION ALL SELECT x FROM {}",
                "SELECT * FROM a30",
            ),
            COMPLEX,
        ),
        (
            "texts that double",
            chain("SELECT x || x AS x FROM {}", "SELECT * FROM a30"),
            COMPLEX,
        ),
        (
            "unnamed texts that double",
            chain("SELECT concat(x, x) FROM {}", "SELECT * FROM a30"),
            "",
        ),
        (
            "terms that double",
            chain("SELECT x + x AS x FROM {}", "SELECT * FROM a30 WHERE x > 1"),
            COMPLEX,
        ),
        (
            "lists that double",
            chain(
                "SELECT array_concat(x, x) AS x FROM {}",
                "SELECT * FROM a30",
            ),
            COMPLEX,
        ),
    ];
    let wrong: Vec<String> = attacks
        .iter()
        .filter_map(|(what, sql, reason)| wrongly(what, reason, checked(sql)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
