//! Statements nobody meant to write: whatever the text, there is an answer, and no accepted one names what it must not.

use std::ops::ControlFlow;

use proptest::prelude::*;
use sqlparser::ast::{Expr, visit_expressions, visit_relations};

use super::{checked, checked_for_clickhouse};

const PIECES: &[&str] = &[
    "SELECT",
    "WITH",
    "FROM",
    "WHERE",
    "GROUP BY",
    "ORDER BY",
    "LIMIT",
    "UNION ALL",
    "JOIN",
    "ON",
    "USING",
    "AS",
    "AND",
    "OR",
    "NOT",
    "IN",
    "EXISTS",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "OVER",
    "PARTITION BY",
    "FILTER",
    "INTERVAL",
    "CAST",
    "EXTRACT",
    "ARRAY",
    "VALUES",
    "UNNEST",
    "LATERAL",
    "TABLE",
    "INTO",
    "INSERT INTO",
    "EXPLAIN",
    "RECURSIVE",
    "FOR UPDATE",
    "WINDOW",
    "QUALIFY",
    "DISTINCT ON",
    "CUBE",
    "events",
    "sessions",
    "secrets",
    "a",
    "x",
    "public",
    "count",
    "sum",
    "version",
    "generate_series",
    "repeat",
    "lag",
    "now",
    "1",
    "-2.5",
    "'t'",
    "\"q\"",
    "`b`",
    "$1",
    "?",
    ":p",
    "@v",
    "(",
    ")",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ".",
    ";",
    "*",
    "+",
    "||",
    "=",
    "<",
    "::",
    "->",
    "|>",
    "--",
    "/*",
    "*/",
    "INT",
    "\u{1F980}",
    "\u{0}",
    "\n",
];

const SEEDS: &[&str] = &[
    "WITH a AS (SELECT name, count(*) AS n FROM events GROUP BY 1) SELECT * FROM a WHERE n > 10 ORDER BY n DESC LIMIT 5",
    "SELECT e.name, lag(e.path) OVER (PARTITION BY e.session_id ORDER BY e.timestamp) FROM events e JOIN sessions s USING (session_id)",
    "SELECT country, sum(CASE WHEN is_bounce THEN 1 ELSE 0 END)::DOUBLE / count(*) FROM sessions GROUP BY ROLLUP (country) HAVING count(*) > 1",
    "SELECT properties['plan'], extract(hour FROM timestamp), CAST('1' AS INT) FROM events WHERE name IN (SELECT name FROM events) UNION SELECT 1, 2, 3",
];

/// What an accepted statement names, found by other means than the guard's.
fn names_nothing_foreign(sql: &str) {
    let Ok(checked) = checked(sql) else { return };
    let rendered = checked.statement.to_string();
    let _ = visit_relations(&checked.statement, |relation| {
        let name = relation.to_string().to_lowercase();
        assert!(
            !name.contains("secrets") && !name.contains("public"),
            "accepted: {rendered}"
        );
        ControlFlow::<()>::Continue(())
    });
    let _ = visit_expressions(&checked.statement, |expression| {
        if let Expr::Function(function) = expression {
            let name = function.name.to_string().to_lowercase();
            assert!(
                !["version", "generate_series", "secrets", "public", "events"]
                    .contains(&name.as_str()),
                "accepted: {rendered}"
            );
        }
        ControlFlow::<()>::Continue(())
    });
}

fn mutated() -> impl Strategy<Value = String> {
    let change = (
        any::<prop::sample::Index>(),
        0..4_u8,
        prop::sample::select(PIECES),
    );
    (
        prop::sample::select(SEEDS),
        prop::collection::vec(change, 1..8),
    )
        .prop_map(|(seed, changes)| {
            let mut words: Vec<String> = seed
                .split_inclusive([' ', '(', ')', ','])
                .map(str::to_owned)
                .collect();
            for (index, kind, piece) in changes {
                let at = index.index(words.len());
                match kind {
                    0 => {
                        if words.len() > 1 {
                            words.remove(at);
                        }
                    }
                    1 => words.insert(at, format!("{piece} ")),
                    2 => words[at] = format!("{piece} "),
                    _ => {
                        let word = words[at].clone();
                        words.push(word);
                    }
                }
            }
            words.concat()
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gets_an_answer(sql in "\\PC{0,200}") {
        let _ = checked(&sql);
        let _ = checked(&format!("SELECT {sql}"));
        let _ = checked_for_clickhouse(&format!("SELECT {sql}"));
    }

    #[test]
    fn any_order_of_words_gets_an_answer(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40)) {
        let text = pieces.join(" ");
        names_nothing_foreign(&text);
        names_nothing_foreign(&format!("SELECT {text}"));
        names_nothing_foreign(&format!("SELECT * FROM {text}"));
        let _ = checked_for_clickhouse(&format!("SELECT {text}"));
    }

    #[test]
    fn any_change_of_a_good_statement_gets_an_answer(sql in mutated()) {
        names_nothing_foreign(&sql);
        let _ = checked_for_clickhouse(&sql);
    }

    #[test]
    fn any_nesting_gets_an_answer_soon(pieces in prop::collection::vec(prop::sample::select(PIECES), 1..4), times in 1..400_usize) {
        let part = format!("{} ", pieces.join(" "));
        let _ = checked(&format!("SELECT {}", part.repeat(times)));
        let _ = checked(&format!("SELECT * FROM {}", part.repeat(times)));
    }
}
